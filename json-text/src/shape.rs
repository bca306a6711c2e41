//! Reading no more than some fields, in one pass over the text.
//!
//! What is wanted is said by a [`Shape`], and one walker reads them all: a derived `Deserialize` for each view of an object
//! would be a multiple of the module's size.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use crate::reader::{JsonError, Reader, ValueKind};

/// The fields of a map that are read, by name.
pub type Shapes = &'static [(&'static str, Shape)];

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
    /// Anything, kept as it stands, and in the same pass read as a map of the fields that those before it call for.
    Typed(fn(&Fields<'_>) -> Option<Shapes>),
    /// A map of strings, of which the entries with such keys are read.
    TextMap(fn(&str) -> bool),
    /// A list.
    List(&'static Shape),
    /// A map of which these fields are read.
    Map(Shapes),
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
    /// [`Shape::Typed`].
    Typed(Box<Typed<'a>>),
    /// [`Shape::TextMap`]; the last of two equal keys counts.
    TextMap(BTreeMap<String, String>),
    /// [`Shape::List`].
    List(Vec<Node<'a>>),
    /// [`Shape::Map`].
    Map(Fields<'a>),
}

/// A value as it stands, and what was read of it.
#[derive(Debug)]
pub struct Typed<'a> {
    /// Its text.
    pub json: &'a str,
    /// Its fields, or what is wrong with them; nothing where it was not known which ones to read.
    pub fields: Option<Result<Fields<'a>, Wrong>>,
}

/// The fields of a map that were read.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<(&'static str, Node<'a>)>);

impl<'a> Fields<'a> {
    /// Takes a field out.
    pub fn take(&mut self, name: &str) -> Node<'a> {
        let field = self.0.iter_mut().find(|(field, _)| are_same(field, name));
        field.map(|(_, node)| std::mem::take(node)).unwrap_or_default()
    }

    /// A field, which is left there.
    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.0.iter().find(|(field, _)| are_same(field, name)).map(|(_, node)| node)
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

    /// [`Shape::Text`], as it stands in the text; empty where there is none.
    pub fn borrowed_text(&mut self, name: &str) -> Cow<'a, str> {
        if let Node::Text(text) = self.take(name) { text } else { Cow::default() }
    }

    /// [`Shape::Text`].
    pub fn optional_text(&mut self, name: &str) -> Option<String> {
        self.take(name).text()
    }

    /// [`Shape::Present`].
    pub fn is_present(&mut self, name: &str) -> bool {
        matches!(self.take(name), Node::Present)
    }

    /// [`Shape::Raw`].
    pub fn raw(&mut self, name: &str) -> Option<&'a str> {
        if let Node::Raw(json) = self.take(name) { Some(json) } else { None }
    }

    /// [`Shape::Typed`].
    pub fn typed(&mut self, name: &str) -> Option<Typed<'a>> {
        if let Node::Typed(typed) = self.take(name) { Some(*typed) } else { None }
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

/// A field that does not hold what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct Wrong {
    /// The field, as `spec.rules[0].http`; `.` stands for the whole.
    pub path: String,
    /// What was found there and what was expected.
    pub reason: String,
}

/// Reads the fields of a map.
///
/// # Errors
/// The first field that has a wrong type, with its path; text that is no JSON, without its place.
pub fn fields<'a>(json: &'a str, shapes: Shapes) -> Result<Fields<'a>, Wrong> {
    let mut reader = Reader::new(json);
    let fields = read_map(&mut reader, shapes)?;
    reader.end().map_err(Box::<Failure>::from)?;
    Ok(fields)
}

/// A value that could not be read, and the way to it.
struct Failure {
    reason: String,
    /// From the value to the whole: each step is added where its container was being read.
    steps: Vec<Step>,
}

enum Step {
    Field(&'static str),
    Key(String),
    Index(usize),
}

impl Failure {
    fn new(reason: String) -> Box<Self> {
        Box::new(Self { reason, steps: Vec::new() })
    }

    fn at(mut self: Box<Self>, step: Step) -> Box<Self> {
        self.steps.push(step);
        self
    }

    fn path(&self) -> String {
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

impl From<Box<Failure>> for Wrong {
    fn from(failure: Box<Failure>) -> Self {
        Self { path: failure.path(), reason: failure.reason }
    }
}

impl From<JsonError> for Box<Failure> {
    fn from(error: JsonError) -> Self {
        Failure::new(error.reason.to_owned())
    }
}

type Read<T> = Result<T, Box<Failure>>;

/// Reads a value of a shape.
fn read<'a>(reader: &mut Reader<'a>, shape: &Shape) -> Read<Node<'a>> {
    let kind = reader.kind()?;
    Ok(match (shape, kind) {
        (_, ValueKind::Null) => {
            reader.skip()?;
            Node::Absent
        }
        (Shape::Bool, ValueKind::Bool) => Node::Bool(reader.value()? == "true"),
        (Shape::Int | Shape::IntOrText, ValueKind::Number) => read_number(reader, shape)?,
        (Shape::Text | Shape::IntOrText, ValueKind::String) => Node::Text(reader.string()?),
        (Shape::Present, _) => {
            reader.skip()?;
            Node::Present
        }
        (Shape::Raw, _) => Node::Raw(reader.value()?),
        (Shape::Typed(_), _) => read_typed(reader, None)?,
        (Shape::TextMap(is_read), ValueKind::Map) => Node::TextMap(read_texts(reader, *is_read)?),
        (Shape::List(shape), ValueKind::List) => Node::List(read_items(reader, shape)?),
        (Shape::Map(shapes), ValueKind::Map) => Node::Map(read_fields(reader, shapes)?),
        _ => return Err(wrong(reader, shape)),
    })
}

fn read_number<'a>(reader: &mut Reader<'a>, shape: &Shape) -> Read<Node<'a>> {
    let number = reader.value()?;
    number.parse().map(Node::Int).map_err(|_| {
        let wrong = if is_integer(number) { "value" } else { "type" };
        Failure::new(format!(
            "invalid {wrong}: {}, expected {}",
            described(ValueKind::Number, number),
            shape.expected()
        ))
    })
}

fn read_texts(reader: &mut Reader<'_>, is_read: fn(&str) -> bool) -> Read<BTreeMap<String, String>> {
    reader.open()?;
    let mut texts = BTreeMap::new();
    while let Some(key) = reader.key()? {
        if !is_read(&key) {
            reader.skip()?;
            continue;
        }
        match read(reader, &Shape::Text) {
            Ok(node) => texts.insert(key.into_owned(), node.text().unwrap_or_default()),
            Err(error) => return Err(error.at(Step::Key(key.into_owned()))),
        };
    }
    Ok(texts)
}

fn read_items<'a>(reader: &mut Reader<'a>, shape: &Shape) -> Read<Vec<Node<'a>>> {
    reader.open()?;
    let mut nodes = Vec::new();
    while reader.has_item()? {
        let node = read(reader, shape).map_err(|error| error.at(Step::Index(nodes.len())))?;
        nodes.push(node);
    }
    Ok(nodes)
}

fn read_map<'a>(reader: &mut Reader<'a>, shapes: Shapes) -> Read<Fields<'a>> {
    match reader.kind()? {
        ValueKind::Map => read_fields(reader, shapes),
        _ => Err(wrong(reader, &Shape::Map(shapes))),
    }
}

fn read_typed<'a>(reader: &mut Reader<'a>, shapes: Option<Shapes>) -> Result<Node<'a>, JsonError> {
    if reader.kind()? == ValueKind::Null {
        return reader.skip().map(|()| Node::Absent);
    }
    let start = reader.clone();
    let fields = shapes.map(|shapes| read_map(reader, shapes).map_err(Wrong::from));
    if !matches!(fields, Some(Ok(_))) {
        *reader = start.clone();
        reader.skip()?;
    }
    Ok(Node::Typed(Box::new(Typed { json: reader.since(&start), fields })))
}

fn read_fields<'a>(reader: &mut Reader<'a>, shapes: Shapes) -> Read<Fields<'a>> {
    reader.open()?;
    let mut fields = Fields(Vec::with_capacity(shapes.len()));
    // A bit for each field that was there.
    let mut known = 0_u64;
    while let Some(key) = reader.key()? {
        let Some((index, (name, shape))) = (0..).zip(shapes).find(|(_, (name, _))| are_same(name, &key)) else {
            reader.skip()?;
            continue;
        };
        let bit = 1_u64.checked_shl(index).unwrap_or_default();
        if known & bit != 0 {
            return Err(Failure::new(format!("duplicate field `{name}`")));
        }
        known |= bit;
        let node = match shape {
            Shape::Typed(choose) => read_typed(reader, choose(&fields)).map_err(Box::from),
            _ => read(reader, shape),
        };
        fields.0.push((*name, node.map_err(|error: Box<Failure>| error.at(Step::Field(name)))?));
    }
    Ok(fields)
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

/// The error on a value whose type is not that of the shape.
fn wrong(reader: &mut Reader<'_>, shape: &Shape) -> Box<Failure> {
    match reader.kind().and_then(|kind| Ok((kind, reader.value()?))) {
        Ok((kind, value)) => {
            Failure::new(format!("invalid type: {}, expected {}", described(kind, value), shape.expected()))
        }
        Err(error) => error.into(),
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

impl Shape {
    fn expected(&self) -> &'static str {
        match self {
            Self::Bool => "a boolean",
            Self::Int => "a number of 32 bits",
            Self::Text => "a string",
            Self::IntOrText => "a port number or a port name",
            Self::Present | Self::Raw | Self::Typed(_) => "a value",
            Self::TextMap(_) | Self::Map(_) => "a map",
            Self::List(_) => "a sequence",
        }
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
        let error = fields(json, SHAPE).map(|_| ()).map_err(|error| error.to_string());
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
        refuses(r#"{"flag":true"#, ".: unexpected end");
        refuses("{} {}", ".: trailing characters");
    }

    #[test]
    fn null_is_absent_and_what_is_not_read_may_be_anything() {
        let json = r#"{"flag":null,"ports":[{"port":null,"target":"http"},null],"labels":{"a":"b","other":[1]},
            "unknown":{"a":[1,{}]},"any":{"x":[]},"raw":{"n":1.50}}"#;
        let mut fields = fields(json, SHAPE).unwrap();
        assert_eq!(fields.bool("flag"), None);
        let ports: Vec<_> =
            fields.maps("ports").map(|mut port| (port.int("port"), port.optional_text("target"))).collect();
        assert_eq!(ports, [(0, Some("http".to_owned())), (0, None)]);
        assert_eq!(fields.text_map("labels"), BTreeMap::from([("a".to_owned(), "b".to_owned())]));
        assert!(fields.is_present("any"));
        assert_eq!(fields.raw("raw"), Some(r#"{"n":1.50}"#));
    }
}
