//! Reading no more than some fields, in one pass over the text, with the path of what is wrong.
//!
//! One walker passes over every map and finds the fields that somebody wants, who reads them in turn ([`fields!`]). A
//! derived `Deserialize` for each view of an object would be a multiple of the module's size.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter, Write};

use crate::reader::{JsonError, Reader, ValueKind};

/// What was read, or what could not be.
pub type Read<T> = Result<T, Box<Wrong>>;

/// A string or a number.
#[derive(Debug, PartialEq, Eq)]
pub enum IntOrText<'a> {
    /// A number.
    Int(i32),
    /// A string.
    Text(Cow<'a, str>),
}

/// What reads the value of one entry of a map, by the index of its name.
type ReadField<'r, 'a> = &'r mut dyn FnMut(usize, &mut Reader<'a>) -> Read<()>;
/// What reads one item of a list.
type ReadItem<'r, 'a> = &'r mut dyn FnMut(&mut Reader<'a>) -> Read<()>;

/// A value that does not hold what it should, and the way to it.
#[derive(Debug)]
pub struct Wrong {
    reason: String,
    /// From the value to the whole: each step is added where its container was being read.
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Field(&'static str),
    Key(String),
    Index(usize),
}

/// Reads the map that comes next, if it is not `null`: of each entry of such a name, the value as the expression behind
/// it does; nothing of all others. Any entry may be missing.
///
/// ```
/// # let reader = &mut json_text::Reader::new(r#"{"other":[],"port":80}"#);
/// let mut port = 0;
/// let read = json_text::fields!(reader, { "port" => reader.int(&mut port) });
/// # assert!(read.is_ok() && port == 80);
/// ```
#[macro_export]
macro_rules! fields {
    ($reader:ident, { $($name:literal => $read:expr),+ $(,)? }) => {
        $reader.fields(&[$($name),+], &mut |index, $reader| {
            let mut entries = 0..;
            $(
                if entries.next() == Some(index) {
                    return $read;
                }
            )+
            Ok(())
        })
    };
}

/// Reads the only value in `json`, which must be a map.
///
/// # Errors
/// Those of `read`; what is no map, or no JSON.
pub fn map<'a>(json: &'a str, read: impl FnOnce(&mut Reader<'a>) -> Read<()>) -> Read<()> {
    let mut reader = Reader::new(json);
    reader.map(read)?;
    Ok(reader.end()?)
}

/// Values as Kubernetes' API has them: any may be missing or `null`, which is the same, and leaves what is read `to` as
/// it was.
///
/// The errors of all of these are what is wrong with the value, with its path, and text that is no JSON.
impl<'a> Reader<'a> {
    /// Reads a value that must be a map.
    fn map(&mut self, read: impl FnOnce(&mut Self) -> Read<()>) -> Read<()> {
        if self.kind()? == ValueKind::Map { read(self) } else { Err(self.wrong("a map")) }
    }

    /// Reads some fields of a map: see [`fields!`].
    ///
    /// # Errors
    /// Those of `read`; a field given twice.
    pub fn fields(&mut self, names: &[&'static str], read: ReadField<'_, 'a>) -> Read<()> {
        if !self.opens_or_null(ValueKind::Map, "a map")? {
            return Ok(());
        }
        // A bit for each field that was there.
        let mut known = 0_u64;
        while let Some(key) = self.key()? {
            let Some((index, name)) = names.iter().enumerate().find(|(_, name)| are_same(name, &key)) else {
                self.skip()?;
                continue;
            };
            let bit = u32::try_from(index).ok().and_then(|index| 1_u64.checked_shl(index)).unwrap_or_default();
            if known & bit != 0 {
                return Err(Wrong::new(format!("duplicate field `{name}`")));
            }
            known |= bit;
            read(index, self).map_err(|wrong| wrong.at(Step::Field(name)))?;
        }
        Ok(())
    }

    /// Reads the items of a list.
    ///
    /// # Errors
    /// Those of `read`, which reads each item.
    pub fn items(&mut self, read: ReadItem<'_, 'a>) -> Read<()> {
        if !self.opens_or_null(ValueKind::List, "a sequence")? {
            return Ok(());
        }
        let mut items = 0..;
        while self.has_item()? {
            let index = items.next().unwrap_or_default();
            read(self).map_err(|wrong| wrong.at(Step::Index(index)))?;
        }
        Ok(())
    }

    /// Reads a list of values that `read` reads.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn list<T: Default>(&mut self, to: &mut Vec<T>, read: fn(&mut T, &mut Self) -> Read<()>) -> Read<()> {
        self.items(&mut |reader| {
            let mut item = T::default();
            read(&mut item, reader)?;
            to.push(item);
            Ok(())
        })
    }

    /// Reads a value that `read` reads, where there is one.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn optional<T: Default>(&mut self, to: &mut Option<T>, read: fn(&mut T, &mut Self) -> Read<()>) -> Read<()> {
        if self.takes_null()? { Ok(()) } else { read(to.insert(T::default()), self) }
    }

    /// Reads those entries of a map of strings that have such keys; the last of two equal keys counts.
    ///
    /// # Errors
    /// What is something else.
    pub fn texts(&mut self, to: &mut BTreeMap<String, String>, is_read: fn(&str) -> bool) -> Read<()> {
        if !self.opens_or_null(ValueKind::Map, "a map")? {
            return Ok(());
        }
        while let Some(key) = self.key()? {
            if !is_read(&key) {
                self.skip()?;
                continue;
            }
            let mut text = String::new();
            match self.text(&mut text) {
                Ok(()) => to.insert(key.into_owned(), text),
                Err(wrong) => return Err(wrong.at(Step::Key(key.into_owned()))),
            };
        }
        Ok(())
    }

    /// Reads a string.
    ///
    /// # Errors
    /// What is something else.
    pub fn text(&mut self, to: &mut String) -> Read<()> {
        let mut text = Cow::default();
        self.borrowed_text(&mut text)?;
        *to = text.into_owned();
        Ok(())
    }

    /// Reads a string, which is not copied unless it has escapes.
    ///
    /// # Errors
    /// What is something else.
    pub fn borrowed_text(&mut self, to: &mut Cow<'a, str>) -> Read<()> {
        match self.kind()? {
            ValueKind::String => *to = self.string()?,
            ValueKind::Null => self.null()?,
            _ => return Err(self.wrong("a string")),
        }
        Ok(())
    }

    /// Reads a string, where there is one.
    ///
    /// # Errors
    /// What is something else.
    pub fn optional_text(&mut self, to: &mut Option<String>) -> Read<()> {
        self.optional(to, |text, reader| reader.text(text))
    }

    /// Reads a string as what `of` makes of it; what it makes of an empty one where there is none.
    ///
    /// # Errors
    /// What is something else.
    pub fn text_as<T>(&mut self, to: &mut T, of: fn(&str) -> T) -> Read<()> {
        let mut text = Cow::default();
        self.borrowed_text(&mut text)?;
        *to = of(&text);
        Ok(())
    }

    /// Reads a number of 32 bits.
    ///
    /// # Errors
    /// What is something else.
    pub fn int(&mut self, to: &mut i32) -> Read<()> {
        if !self.takes_null()? {
            *to = self.number("a number of 32 bits")?;
        }
        Ok(())
    }

    /// Reads a string or a number of 32 bits.
    ///
    /// # Errors
    /// What is something else.
    pub fn int_or_text(&mut self) -> Read<Option<IntOrText<'a>>> {
        const EXPECTED: &str = "a port number or a port name";
        Ok(match self.kind()? {
            ValueKind::Number => Some(IntOrText::Int(self.number(EXPECTED)?)),
            ValueKind::String => Some(IntOrText::Text(self.string()?)),
            ValueKind::Null => self.null().map(|()| None)?,
            _ => return Err(self.wrong(EXPECTED)),
        })
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// What is something else.
    pub fn bool(&mut self, to: &mut Option<bool>) -> Read<()> {
        match self.kind()? {
            ValueKind::Bool => *to = Some(self.value()? == "true"),
            ValueKind::Null => self.null()?,
            _ => return Err(self.wrong("a boolean")),
        }
        Ok(())
    }

    /// Reads anything, of which nothing but that it is there is wanted.
    ///
    /// # Errors
    /// Those of [`Reader::skip`].
    pub fn present(&mut self, to: &mut bool) -> Read<()> {
        let mut json = None;
        self.raw(&mut json)?;
        *to = json.is_some();
        Ok(())
    }

    /// Reads anything, as it stands. As for [`Reader::skip`], it need be no JSON inside.
    ///
    /// # Errors
    /// Those of [`Reader::skip`].
    pub fn raw(&mut self, to: &mut Option<&'a str>) -> Read<()> {
        if !self.takes_null()? {
            let start = self.clone();
            self.skip()?;
            *to = Some(self.since(&start));
        }
        Ok(())
    }

    /// Reads a map with `read`, or nothing, and returns its text with the result. What is wrong with the map does not
    /// hurt what is around it.
    ///
    /// # Errors
    /// Those of [`Reader::skip`].
    pub fn apart(&mut self, read: impl FnOnce(&mut Self) -> Read<()>) -> Read<Option<(&'a str, Read<()>)>> {
        if self.takes_null()? {
            return Ok(None);
        }
        let start = self.clone();
        let result = self.map(read);
        if result.is_err() {
            *self = start.clone();
            self.skip()?;
        }
        Ok(Some((self.since(&start), result)))
    }

    /// Whether `null` comes next, which is read then.
    fn takes_null(&mut self) -> Result<bool, JsonError> {
        if self.kind()? == ValueKind::Null { self.null().map(|()| true) } else { Ok(false) }
    }

    #[cold]
    fn null(&mut self) -> Result<(), JsonError> {
        self.value().map(|_| ())
    }

    /// Whether a list or a map comes next, which is open then. All it may be besides is `null`, which is read.
    fn opens_or_null(&mut self, kind: ValueKind, expected: &str) -> Read<bool> {
        if self.opens(kind)? {
            return Ok(true);
        }
        if self.takes_null()? { Ok(false) } else { Err(self.wrong(expected)) }
    }

    fn number(&mut self, expected: &str) -> Read<i32> {
        if self.kind()? != ValueKind::Number {
            return Err(self.wrong(expected));
        }
        let number = self.value()?;
        number.parse().map_err(|_| {
            let wrong = if is_integer(number) { "value" } else { "type" };
            Wrong::new(format!("invalid {wrong}: {}, expected {expected}", described(ValueKind::Number, number)))
        })
    }

    /// The error on the value that comes next, whose type is not the expected one.
    #[cold]
    fn wrong(&mut self, expected: &str) -> Box<Wrong> {
        match self.kind().and_then(|kind| Ok((kind, self.value()?))) {
            Ok((kind, value)) => Wrong::new(format!("invalid type: {}, expected {expected}", described(kind, value))),
            Err(error) => error.into(),
        }
    }
}

impl Wrong {
    fn new(reason: String) -> Box<Self> {
        Box::new(Self { reason, steps: Vec::new() })
    }

    fn at(mut self: Box<Self>, step: Step) -> Box<Self> {
        self.steps.push(step);
        self
    }

    /// What was found there and what was expected.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The way to the value, as `spec.rules[0].http`; `.` stands for the whole.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in self.steps.iter().rev() {
            // Writing to a string cannot fail.
            let _ = match step {
                Step::Index(index) => write!(path, "[{index}]"),
                Step::Field(name) if path.is_empty() => path.write_str(name),
                Step::Field(name) => write!(path, ".{name}"),
                Step::Key(key) => write!(path, ".{key}"),
            };
        }
        if path.is_empty() { ".".to_owned() } else { path }
    }
}

impl Display for Wrong {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path(), self.reason)
    }
}

impl std::error::Error for Wrong {}

impl From<JsonError> for Box<Wrong> {
    fn from(error: JsonError) -> Self {
        Wrong::new(error.reason.to_owned())
    }
}

/// Whether two names are the same. Most are at most sixteen bytes long, which are two words that may overlap; a call for
/// each would take longer.
#[inline]
fn are_same(one: &str, other: &str) -> bool {
    fn ends<const N: usize>(name: &[u8]) -> Option<([u8; N], [u8; N])> {
        Some((*name.first_chunk()?, *name.last_chunk()?))
    }
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        8..=16 => ends::<8>(one) == ends::<8>(other),
        4..8 => ends::<4>(one) == ends::<4>(other),
        _ => one == other,
    }
}

/// A value as an error names it.
fn described(kind: ValueKind, value: &str) -> String {
    match kind {
        ValueKind::Null => "null".to_owned(),
        ValueKind::Bool => format!("boolean `{value}`"),
        ValueKind::Number if is_integer(value) => format!("integer `{value}`"),
        ValueKind::Number => format!("floating point `{value}`"),
        ValueKind::String => format!("string {value}"),
        ValueKind::List => "sequence".to_owned(),
        ValueKind::Map => "map".to_owned(),
    }
}

fn is_integer(number: &str) -> bool {
    !number.contains(['.', 'e', 'E'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Known<'a> {
        flag: Option<bool>,
        ports: Vec<Port>,
        labels: BTreeMap<String, String>,
        is_any: bool,
        raw: Option<&'a str>,
    }

    #[derive(Debug, Default, PartialEq)]
    struct Port {
        port: i32,
        target: Option<String>,
    }

    impl<'a> Known<'a> {
        fn read(&mut self, reader: &mut Reader<'a>) -> Read<()> {
            fields!(reader, {
                "flag" => reader.bool(&mut self.flag),
                "ports" => reader.list(&mut self.ports, Port::read),
                "labels" => reader.texts(&mut self.labels, |key| key != "other"),
                "any" => reader.present(&mut self.is_any),
                "raw" => reader.raw(&mut self.raw),
            })
        }
    }

    impl Port {
        fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
            fields!(reader, {
                "port" => reader.int(&mut self.port),
                "target" => reader.int_or_text().map(|target| self.target = target.map(|target| format!("{target:?}"))),
            })
        }
    }

    fn read(json: &str) -> Result<Known<'_>, String> {
        let mut known = Known::default();
        map(json, |reader| known.read(reader)).map_err(|wrong| wrong.to_string())?;
        Ok(known)
    }

    #[track_caller]
    fn refuses(json: &str, message: &str) {
        assert_eq!(read(json), Err(message.to_owned()), "{json}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_path() {
        refuses("null", ".: invalid type: null, expected a map");
        refuses("[]", ".: invalid type: sequence, expected a map");
        refuses(r#"{"flag":1}"#, "flag: invalid type: integer `1`, expected a boolean");
        refuses(r#"{"flag":true,"flag":true}"#, ".: duplicate field `flag`");
        refuses(r#"{"ports":{}}"#, "ports: invalid type: map, expected a sequence");
        refuses(
            r#"{"ports":[{},{"port":3000000000}]}"#,
            "ports[1].port: invalid value: integer `3000000000`, expected a number of 32 bits",
        );
        refuses(
            r#"{"ports":[{"port":1.5}]}"#,
            "ports[0].port: invalid type: floating point `1.5`, expected a number of 32 bits",
        );
        refuses(
            r#"{"ports":[{"target":[]}]}"#,
            "ports[0].target: invalid type: sequence, expected a port number or a port name",
        );
        refuses(r#"{"labels":{"a.b/c":7}}"#, "labels.a.b/c: invalid type: integer `7`, expected a string");
        refuses(r#"{"flag":true"#, ".: unexpected end");
        refuses("{} {}", ".: trailing characters");
    }

    #[test]
    fn null_is_absent_and_what_is_not_read_may_be_anything() {
        let json = r#"{"flag":null,"ports":[{"port":null,"target":"http"},null,{"target":80}],
            "labels":{"a":"b","other":[1]},"unknown":{"a":[1,{}]},"any":{"x":[]},"raw":{"n":1.50}}"#;
        let port = |target: Option<&str>| Port { port: 0, target: target.map(str::to_owned) };
        let known = Known {
            flag: None,
            ports: vec![port(Some(r#"Text("http")"#)), port(None), port(Some("Int(80)"))],
            labels: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
            is_any: true,
            raw: Some(r#"{"n":1.50}"#),
        };
        assert_eq!(read(json), Ok(known));
        assert_eq!(read("{}"), Ok(Known::default()));
        assert_eq!(read(r#"{"flag":null,"ports":null,"labels":null,"any":null,"raw":null}"#), Ok(Known::default()));
    }

    /// What is read apart is read as it is alone, and its errors do not hurt the whole.
    #[test]
    fn what_is_wrong_apart_does_not_hurt_the_whole() {
        let read = |json| {
            let (mut number, mut apart, mut rest) = (0, None, String::new());
            let read = map(json, |reader| {
                fields!(reader, {
                    "object" => {
                        apart = reader.apart(|reader| fields!(reader, { "n" => reader.int(&mut number) }))?;
                        Ok(())
                    },
                    "rest" => reader.text(&mut rest),
                })
            });
            let apart =
                apart.map(|(json, read)| (json.to_owned(), read.map(|()| number).map_err(|wrong| wrong.to_string())));
            read.map(|()| (apart, rest)).map_err(|wrong| wrong.to_string())
        };
        let check = |json, apart: Option<(&str, Result<i32, &str>)>| {
            let apart = apart.map(|(json, number)| (json.to_owned(), number.map_err(str::to_owned)));
            assert_eq!(read(json), Ok((apart, "r".to_owned())), "{json}");
        };
        check(r#"{"object": {"n":7,"x":[]} ,"rest":"r"}"#, Some((r#"{"n":7,"x":[]}"#, Ok(7))));
        check(
            r#"{"object":{"y":[{}],"n":true},"rest":"r"}"#,
            Some((r#"{"y":[{}],"n":true}"#, Err("n: invalid type: boolean `true`, expected a number of 32 bits"))),
        );
        check(r#"{"object":[1],"rest":"r"}"#, Some(("[1]", Err(".: invalid type: sequence, expected a map"))));
        check(r#"{"object":null,"rest":"r"}"#, None);
        assert_eq!(read(r#"{"object":{"n":7,"#), Err("object: unexpected end".to_owned()));
    }
}
