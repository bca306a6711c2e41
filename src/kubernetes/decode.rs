//! From JSON to a view, with the path of the field that could not be read.
//!
//! A view says by a [`Shape`] which fields it reads. One walker reads them all, in one pass over the text and without
//! looking at the rest: a derived `Deserialize` for each view would be a multiple of the module's size.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

use super::metadata::Metadata;
use super::name::display_text;
use super::service::IntOrString;

/// Longest part of an object's own text that an error repeats.
const MAX_QUOTED: usize = 160;

/// A field that does not hold what Kubernetes' API says it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct DecodeError {
    /// The field, as `spec.rules[0].http`; `.` stands for the object itself.
    pub path: String,
    /// What was found there and what was expected.
    pub reason: String,
}

impl DecodeError {
    /// An error at `path`; text that comes from an object is made safe to print.
    pub fn new(path: &str, reason: &str) -> Self {
        Self {
            path: display_text(path, MAX_QUOTED).into_owned(),
            reason: display_text(reason, MAX_QUOTED).into_owned(),
        }
    }
}

impl DecodeError {
    /// Text that is no JSON, or not of the wanted type as a whole.
    pub fn of_json(error: &serde_json::Error) -> Self {
        Self::new(".", &without_position(error))
    }
}

/// What is read of a value. Any value may be absent or `null`, which is the same.
#[derive(Debug)]
pub enum Shape {
    /// `true` or `false`.
    Bool,
    /// A number of 32 bits.
    Int,
    /// A string.
    Text,
    /// A string or a number of 32 bits.
    IntOrText,
    /// Anything: only that it is there is read.
    Present,
    /// Anything, kept as it stands.
    Raw,
    /// A map of strings, of which the entries with such keys are read.
    TextMap(fn(&str) -> bool),
    /// A list.
    List(&'static Shape),
    /// A map of which these fields are read.
    Map(&'static [(&'static str, Shape)]),
}

/// What was read, in the form of its [`Shape`].
#[derive(Debug, Default)]
pub enum Node<'a> {
    /// Nothing, or `null`.
    #[default]
    Absent,
    /// [`Shape::Bool`].
    Bool(bool),
    /// [`Shape::Int`], [`Shape::IntOrText`].
    Int(i32),
    /// [`Shape::Text`], [`Shape::IntOrText`].
    Text(Cow<'a, str>),
    /// [`Shape::Present`].
    Present,
    /// [`Shape::Raw`].
    Raw(&'a str),
    /// [`Shape::TextMap`]; the last of two equal keys counts.
    TextMap(BTreeMap<String, String>),
    /// [`Shape::List`].
    List(Vec<Node<'a>>),
    /// [`Shape::Map`].
    Map(Fields<'a>),
}

/// The fields of a map that were read.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<(&'static str, Node<'a>)>);

impl<'a> Fields<'a> {
    /// Takes a field out.
    fn take(&mut self, name: &str) -> Node<'a> {
        let field = self.0.iter_mut().find(|(field, _)| *field == name);
        field.map(|(_, node)| std::mem::take(node)).unwrap_or_default()
    }

    /// [`Shape::Bool`].
    pub fn bool(&mut self, name: &str) -> Option<bool> {
        if let Node::Bool(value) = self.take(name) { Some(value) } else { None }
    }

    /// [`Shape::Int`]; 0 where there is none.
    pub fn int(&mut self, name: &str) -> i32 {
        if let Node::Int(value) = self.take(name) { value } else { 0 }
    }

    /// [`Shape::Text`]; empty where there is none.
    pub fn text(&mut self, name: &str) -> String {
        self.optional_text(name).unwrap_or_default()
    }

    /// [`Shape::Text`].
    pub fn optional_text(&mut self, name: &str) -> Option<String> {
        self.take(name).text()
    }

    /// [`Shape::IntOrText`].
    pub fn int_or_text(&mut self, name: &str) -> Option<IntOrString> {
        match self.take(name) {
            Node::Int(number) => Some(IntOrString::Int(number)),
            other => other.text().map(IntOrString::String),
        }
    }

    /// [`Shape::Present`].
    pub fn is_present(&mut self, name: &str) -> bool {
        matches!(self.take(name), Node::Present)
    }

    /// [`Shape::Raw`].
    pub fn raw(&mut self, name: &str) -> Option<&'a str> {
        if let Node::Raw(json) = self.take(name) { Some(json) } else { None }
    }

    /// [`Shape::TextMap`]; empty where there is none.
    pub fn text_map(&mut self, name: &str) -> BTreeMap<String, String> {
        if let Node::TextMap(map) = self.take(name) { map } else { BTreeMap::new() }
    }

    /// [`Shape::List`]; empty where there is none.
    pub fn list(&mut self, name: &str) -> Vec<Node<'a>> {
        self.optional_list(name).unwrap_or_default()
    }

    /// [`Shape::List`].
    pub fn optional_list(&mut self, name: &str) -> Option<Vec<Node<'a>>> {
        if let Node::List(list) = self.take(name) { Some(list) } else { None }
    }

    /// [`Shape::Map`]; without fields where there is none.
    pub fn map(&mut self, name: &str) -> Fields<'a> {
        self.optional_map(name).unwrap_or_default()
    }

    /// [`Shape::Map`].
    pub fn optional_map(&mut self, name: &str) -> Option<Fields<'a>> {
        if let Node::Map(fields) = self.take(name) { Some(fields) } else { None }
    }

    /// [`Shape::List`] of [`Shape::Map`]; empty where there is none.
    pub fn maps(&mut self, name: &str) -> impl Iterator<Item = Fields<'a>> {
        self.list(name).into_iter().map(|node| if let Node::Map(fields) = node { fields } else { Fields::default() })
    }
}

impl Node<'_> {
    /// The text, where it is one.
    pub fn text(self) -> Option<String> {
        if let Node::Text(text) = self { Some(text.into_owned()) } else { None }
    }
}

/// A narrow, read-only view of an object.
pub trait View: Sized {
    /// The fields that are read.
    const FIELDS: &'static [(&'static str, Shape)];

    /// The view of what was read.
    fn from_fields(fields: &mut Fields<'_>) -> Self;

    /// The metadata, which every view has.
    fn metadata(&self) -> &Metadata;
}

/// Reads a view out of `json`.
///
/// # Errors
/// The first field that has a wrong type, with its path.
pub fn decode<V: View>(json: &str) -> Result<V, DecodeError> {
    decode_fields(json, V::FIELDS).map(|mut fields| V::from_fields(&mut fields))
}

/// Reads the fields of a map.
///
/// # Errors
/// The first field that has a wrong type, with its path.
pub fn decode_fields<'a>(json: &'a str, shape: &'static [(&'static str, Shape)]) -> Result<Fields<'a>, DecodeError> {
    let mut path = Path::default();
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let shape = Shape::Map(shape);
    let walker = Walker { shape: &shape, path: &mut path };
    let result = walker.deserialize(&mut deserializer).and_then(|node| deserializer.end().map(|()| node));
    match result {
        Ok(Node::Map(fields)) => Ok(fields),
        Ok(_) => Err(DecodeError::new(".", "invalid type: null, expected a map")),
        Err(error) => Err(DecodeError::new(&path.to_string(), &without_position(&error))),
    }
}

/// serde_json ends its messages with a place in the text that nobody outside sees.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}

/// The way from the whole to what is being read. Where reading fails, it stays as it was.
#[derive(Default)]
struct Path(Vec<Step>);

enum Step {
    Field(&'static str),
    Key(String),
    Index(usize),
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Field(name) if depth == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        if self.0.is_empty() { f.write_char('.') } else { Ok(()) }
    }
}

/// Reads one value of a shape.
struct Walker<'p> {
    shape: &'p Shape,
    path: &'p mut Path,
}

impl Walker<'_> {
    fn wrong<T, E: Error>(&self, found: Unexpected<'_>) -> Result<T, E> {
        Err(E::invalid_type(found, self))
    }

    fn number<'de, E: Error>(&self, number: Option<i32>, found: Unexpected<'_>) -> Result<Node<'de>, E> {
        match (self.shape, number) {
            (Shape::Int | Shape::IntOrText, Some(number)) => Ok(Node::Int(number)),
            (Shape::Int | Shape::IntOrText, None) => Err(E::invalid_value(found, self)),
            (Shape::Present, _) => Ok(Node::Present),
            _ => self.wrong(found),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walker<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        if matches!(self.shape, Shape::Raw) {
            let raw: &'de RawValue = Deserialize::deserialize(deserializer)?;
            return Ok(if raw.get() == "null" { Node::Absent } else { Node::Raw(raw.get()) });
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walker<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.shape {
            Shape::Bool => "a boolean",
            Shape::Int => "a number of 32 bits",
            Shape::Text => "a string",
            Shape::IntOrText => "a port number or a port name",
            Shape::Present | Shape::Raw => "a value",
            Shape::TextMap(_) | Shape::Map(_) => "a map",
            Shape::List(_) => "a sequence",
        })
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'de>, E> {
        Ok(Node::Absent)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node<'de>, E> {
        match self.shape {
            Shape::Bool => Ok(Node::Bool(value)),
            Shape::Present => Ok(Node::Present),
            _ => self.wrong(Unexpected::Bool(value)),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node<'de>, E> {
        self.number(number.try_into().ok(), Unexpected::Signed(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node<'de>, E> {
        self.number(number.try_into().ok(), Unexpected::Unsigned(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Node<'de>, E> {
        match self.shape {
            Shape::Present => Ok(Node::Present),
            _ => self.wrong(Unexpected::Float(number)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node<'de>, E> {
        match self.shape {
            Shape::Text | Shape::IntOrText => Ok(Node::Text(Cow::Owned(text.to_owned()))),
            Shape::Present => Ok(Node::Present),
            _ => self.wrong(Unexpected::Str(text)),
        }
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Node<'de>, E> {
        match self.shape {
            Shape::Text | Shape::IntOrText => Ok(Node::Text(Cow::Borrowed(text))),
            _ => self.visit_str(text),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node<'de>, A::Error> {
        match self.shape {
            Shape::List(shape) => {
                let mut nodes = Vec::new();
                loop {
                    self.path.0.push(Step::Index(nodes.len()));
                    let Some(node) = list.next_element_seed(Walker { shape, path: self.path })? else { break };
                    self.path.0.pop();
                    nodes.push(node);
                }
                self.path.0.pop();
                Ok(Node::List(nodes))
            }
            Shape::Present => {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Node::Present)
            }
            _ => self.wrong(Unexpected::Seq),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        match self.shape {
            Shape::Map(shapes) => {
                let mut fields = Vec::new();
                while let Some(field) = map.next_key_seed(FieldName(shapes))? {
                    let Some((name, shape)) = field else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    if fields.iter().any(|(known, _)| known == name) {
                        return Err(A::Error::duplicate_field(name));
                    }
                    self.path.0.push(Step::Field(name));
                    fields.push((*name, map.next_value_seed(Walker { shape, path: self.path })?));
                    self.path.0.pop();
                }
                Ok(Node::Map(Fields(fields)))
            }
            Shape::TextMap(is_read) => {
                let mut texts = BTreeMap::new();
                while let Some(key) = map.next_key_seed(Key(*is_read))? {
                    let Some(key) = key else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    self.path.0.push(Step::Key(key));
                    let node = map.next_value_seed(Walker { shape: &Shape::Text, path: self.path })?;
                    let (Some(Step::Key(key)), text) = (self.path.0.pop(), node.text()) else { continue };
                    texts.insert(key, text.unwrap_or_default());
                }
                Ok(Node::TextMap(texts))
            }
            Shape::Present => {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Node::Present)
            }
            _ => self.wrong(Unexpected::Map),
        }
    }
}

/// Keeps a key of a map of strings that is read.
struct Key(fn(&str) -> bool);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok((self.0)(key).then(|| key.to_owned()))
    }
}

/// Finds a key among the fields that are read.
struct FieldName(&'static [(&'static str, Shape)]);

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = Option<&'static (&'static str, Shape)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = Option<&'static (&'static str, Shape)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|(name, _)| *name == key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: &[(&str, Shape)] = &[
        ("flag", Shape::Bool),
        ("ports", Shape::List(&Shape::Map(&[("port", Shape::Int), ("target", Shape::IntOrText)]))),
        ("labels", Shape::TextMap(|key| key != "other")),
        ("any", Shape::Present),
        ("raw", Shape::Raw),
    ];

    #[track_caller]
    fn refuses(json: &str, message: &str) {
        let error = decode_fields(json, SHAPE).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err(message.to_owned()), "{json}");
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
        refuses(r#"{"flag":true"#, ".: EOF while parsing an object");
        refuses("{} {}", ".: trailing characters");
    }

    #[test]
    fn null_is_absent_and_what_is_not_read_may_be_anything() {
        let json = r#"{"flag":null,"ports":[{"port":null,"target":"http"},null],"labels":{"a":"b","other":[1]},
            "unknown":{"a":[1,{}]},"any":{"x":[]},"raw":{"n":1.50}}"#;
        let mut fields = decode_fields(json, SHAPE).unwrap();
        assert_eq!(fields.bool("flag"), None);
        let ports: Vec<_> =
            fields.maps("ports").map(|mut port| (port.int("port"), port.int_or_text("target"))).collect();
        assert_eq!(ports, [(0, Some(IntOrString::String("http".to_owned()))), (0, None)]);
        assert_eq!(fields.text_map("labels"), BTreeMap::from([("a".to_owned(), "b".to_owned())]));
        assert!(fields.is_present("any"));
        assert_eq!(fields.raw("raw"), Some(r#"{"n":1.50}"#));
    }
}
