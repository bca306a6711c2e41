//! Reads YAML text into JSON values, document by document, and knows the line of each.
//!
//! Invariant: what comes out is JSON as the API server would store it, or an error that names source and line; nothing
//! is guessed. No input makes it panic or grow without bounds.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use thiserror::Error;

/// How much larger than its text a document may become through its aliases.
const EXPANSION_LIMIT: usize = 10;
/// What a document may be large in any case, so that a small one can use an alias or two.
const EXPANSION_ALLOWANCE: usize = 64 * 1024;

/// Where something was read: a file (or `stdin`) and a line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file's path as it was given, or `stdin`.
    pub source: String,
    /// The line, counted from 1 in the whole file, whatever document it is in.
    pub line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.source, self.line)
    }
}

/// One document of a YAML stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The document as JSON; never null.
    pub value: Value,
    /// The line on which its content starts.
    pub origin: Origin,
}

/// Why text is no YAML that can be JSON.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum YamlError {
    /// The text breaks the syntax, or says something that JSON cannot.
    #[error("{origin}: {message}")]
    Syntax {
        /// The line that the parser stopped at.
        origin: Origin,
        /// What the parser says.
        message: String,
    },
    /// One document was asked for, and the text has more.
    #[error("{origin}: a second document, where one is expected")]
    MoreThanOneDocument {
        /// Where the second document starts.
        origin: Origin,
    },
}

/// Reads every document of a YAML stream. Empty documents are left out.
///
/// # Errors
///
/// The first document that is no YAML, or that JSON cannot express: keys that are no strings, keys given twice, merge keys,
/// tags, infinite numbers.
pub fn documents(text: &str, source: &str) -> Result<Vec<Document>, YamlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    for chunk in chunks(text) {
        let value = parse(&chunk, source)?;
        if !value.is_null() {
            documents.push(Document { value, origin: Origin { source: source.to_owned(), line: chunk.content_line } });
        }
    }
    Ok(documents)
}

/// Reads the one document of a YAML text. Text without a document is null.
///
/// # Errors
///
/// As [`documents`], and a second document.
pub fn single(text: &str, source: &str) -> Result<Value, YamlError> {
    let mut documents = documents(text, source)?.into_iter();
    let first = documents.next().map_or(Value::Null, |document| document.value);
    match documents.next() {
        Some(second) => Err(YamlError::MoreThanOneDocument { origin: second.origin }),
        None => Ok(first),
    }
}

/// The text of one document.
struct Chunk<'text> {
    text: &'text str,
    /// How many lines stand before it.
    lines_before: usize,
    /// The first line with content, counted from 1 in the whole text.
    content_line: usize,
}

/// Cuts a stream into its documents.
///
/// YAML 1.2.2, section 9.1.2: a line that begins with `---` or `...` and then ends or goes on with white space is a marker,
/// wherever it stands, in block scalars and quoted strings too. So lines are all that has to be looked at.
fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let (mut start, mut lines_before, mut content_line) = (0, 0, None);
    let mut position = 0;
    for (line_number, line) in text.split_inclusive('\n').enumerate() {
        let end = position + line.len();
        if is_marker(line, "---") {
            push_chunk(&mut chunks, text.get(start..position), lines_before, content_line);
            (start, lines_before, content_line) = (position, line_number, None);
        }
        if is_marker(line, "...") {
            push_chunk(&mut chunks, text.get(start..position), lines_before, content_line);
            (start, lines_before, content_line) = (end, line_number + 1, None);
        } else if content_line.is_none() && has_content(line) {
            content_line = Some(line_number + 1);
        }
        position = end;
    }
    push_chunk(&mut chunks, text.get(start..), lines_before, content_line);
    chunks
}

fn push_chunk<'text>(
    chunks: &mut Vec<Chunk<'text>>,
    text: Option<&'text str>,
    lines_before: usize,
    content_line: Option<usize>,
) {
    if let (Some(text), Some(content_line)) = (text, content_line) {
        chunks.push(Chunk { text, lines_before, content_line });
    }
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// Whether a line is more than white space, a comment, a directive or a bare marker.
fn has_content(line: &str) -> bool {
    let after_marker = if is_marker(line, "---") { line.trim_start_matches('-') } else { line };
    let content = after_marker.trim();
    !(content.is_empty() || content.starts_with('#') || line.starts_with('%'))
}

fn parse(chunk: &Chunk<'_>, source: &str) -> Result<Value, YamlError> {
    let budget = Cell::new(chunk.text.len().saturating_mul(EXPANSION_LIMIT).saturating_add(EXPANSION_ALLOWANCE));
    let result = JsonSeed { budget: &budget }.deserialize(yaml_serde::Deserializer::from_str(chunk.text));
    result.map_err(|error| {
        let message = error.to_string();
        let line = match (line_of_position(&message, chunk.text), error.location()) {
            (Some(line), _) => chunk.lines_before + line,
            (None, Some(location)) => chunk.lines_before + location.line(),
            (None, None) => chunk.content_line,
        };
        let message = with_lines_moved(&message, chunk.lines_before);
        YamlError::Syntax { origin: Origin { source: source.to_owned(), line }, message }
    })
}

/// The parser's errors about single bytes (control characters) have a byte's position in place of a line.
fn line_of_position(message: &str, text: &str) -> Option<usize> {
    let (_, position) = message.rsplit_once(" at position ")?;
    let before = text.as_bytes().get(..position.parse().ok()?)?;
    Some(before.iter().filter(|byte| **byte == b'\n').count() + 1)
}

/// The parser counts lines from the start of the document; this makes them lines of the file.
fn with_lines_moved(message: &str, lines_before: usize) -> String {
    const LINE: &str = " at line ";
    let mut parts = message.split(LINE);
    let mut moved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        moved.push_str(LINE);
        let digits = part.find(|character: char| !character.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at(digits);
        match number.parse::<usize>() {
            Ok(line) => moved.push_str(&line.saturating_add(lines_before).to_string()),
            Err(_) => moved.push_str(number),
        }
        moved.push_str(rest);
    }
    moved
}

/// Builds a JSON value from whatever the parser finds, within a budget of bytes.
///
/// The parser bounds the depth of a document and the number of alias jumps, but a jump may bring a large value.
#[derive(Clone, Copy)]
struct JsonSeed<'budget> {
    budget: &'budget Cell<usize>,
}

impl JsonSeed<'_> {
    fn spend<E: de::Error>(self, bytes: usize) -> Result<(), E> {
        match self.budget.get().checked_sub(bytes.saturating_add(1)) {
            Some(left) => {
                self.budget.set(left);
                Ok(())
            }
            None => Err(E::custom("aliases make the document too large")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for JsonSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonSeed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value that JSON can express")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.spend(0)?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.spend(0)?;
        Ok(Value::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.spend(0)?;
        Ok(Value::from(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.spend(0)?;
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("JSON has no infinite number"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.spend(value.len())?;
        Ok(Value::from(value))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.spend(0)?;
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        self.spend(0)?;
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Value, A::Error> {
        self.spend(0)?;
        let mut object = Map::new();
        while let Some(key) = mapping.next_key_seed(KeySeed { earlier: &object })? {
            self.spend(key.len())?;
            let value = mapping.next_value_seed(self)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _tagged: A) -> Result<Value, A::Error> {
        Err(de::Error::custom("a YAML tag, which JSON does not have"))
    }
}

/// Reads the key of a mapping: a string, not one of the earlier keys, and no merge key.
struct KeySeed<'object> {
    earlier: &'object Map<String, Value>,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        // `deserialize_any` and not `deserialize_string`: when asked for a string, the parser makes one of any plain scalar.
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string as a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<String, E> {
        if key == "<<" {
            return Err(E::custom("merge keys (`<<`) are not supported"));
        }
        if self.earlier.contains_key(key) {
            return Err(E::custom(format_args!("the key `{key}` is given twice")));
        }
        Ok(key.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expected: &[(Value, usize)]) {
        let found: Vec<(Value, usize)> = documents(text, "a.yaml")
            .unwrap()
            .into_iter()
            .map(|document| (document.value, document.origin.line))
            .collect();
        assert_eq!(found, expected);
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        assert_eq!(documents(text, "a.yaml").unwrap_err().to_string(), expected);
    }

    #[test]
    fn a_stream_has_documents_and_lines() {
        check("a: 1\n", &[(json!({"a": 1}), 1)]);
        check("# comment\n\na: 1\n---\n# more\n\nb: 2\n", &[(json!({"a": 1}), 3), (json!({"b": 2}), 7)]);
        check("--- {a: 1}\n---\n--- # none\n---   \nb: 2", &[(json!({"a": 1}), 1), (json!({"b": 2}), 5)]);
        check("%YAML 1.2\n---\na: 1\n...\n# end\n---\nb: 2\n", &[(json!({"a": 1}), 3), (json!({"b": 2}), 7)]);
        check("a: 1\r\n---\r\nb: 2\r\n", &[(json!({"a": 1}), 1), (json!({"b": 2}), 3)]);
        check("\u{feff}a: 1\n", &[(json!({"a": 1}), 1)]);
        check("a: |\n  ---\n  x\n", &[(json!({"a": "---\nx\n"}), 1)]);
        check("", &[]);
        check("---\n---\nnull\n--- ~\n", &[]);
    }

    #[test]
    fn values_are_those_of_json() {
        check(
            "i: -3\nu: 18446744073709551615\nf: 0.5\nt: true\nn: ~\ns: None\nq: '1'\nl: [a, 1]\n\"1\": x\n",
            &[(
                json!({"i": -3, "u": 18_446_744_073_709_551_615_u64, "f": 0.5, "t": true, "n": null, "s": "None",
                       "q": "1", "l": ["a", 1], "1": "x"}),
                1,
            )],
        );
        check("{\n\t\"a\": [1,\n\t2]\n}\n", &[(json!({"a": [1, 2]}), 1)]);
        check("a: &x {b: 1}\nc: *x\n", &[(json!({"a": {"b": 1}, "c": {"b": 1}}), 1)]);
    }

    #[test]
    fn errors_name_the_line_of_the_file() {
        check_error(
            "a: 1\n---\nb: 2\n---\nc: 3\nd: [\n",
            "a.yaml:7: did not find expected node content at line 7 column 1, while parsing a flow node",
        );
        check_error(
            "a: 1\n---\n\nb:\n  1: 2\n",
            "a.yaml:5: b: invalid type: integer `1`, expected a string as a key at line 5 column 3",
        );
        check_error(
            "a: 1\n---\nb:\n  c: 1\n  d: 1\n  c: 2\n",
            "a.yaml:6: b: the key `c` is given twice at line 6 column 3",
        );
        check_error("---\nb: !tag c\n", "a.yaml:2: b: a YAML tag, which JSON does not have at line 2 column 4");
        check_error("---\nb: .inf\n", "a.yaml:2: b: JSON has no infinite number at line 2 column 4");
        check_error("b:\n  <<: {c: 1}\n", "a.yaml:2: b: merge keys (`<<`) are not supported at line 2 column 3");
        check_error("a: *b\n", "a.yaml:1: unknown anchor at line 1 column 4");
        check_error("a: 1\n b: 2\n", "a.yaml:2: mapping values are not allowed in this context at line 2 column 3");
        check_error("? [a]\n: 1\n", "a.yaml:1: invalid type: sequence, expected a string as a key at line 1 column 3");
        check_error("---\n\na: \0\n", "a.yaml:3: control characters are not allowed at position 8");
    }

    #[test]
    fn one_document_is_one_document() {
        assert_eq!(single("# none\n", "a.yaml"), Ok(Value::Null));
        assert_eq!(single("a: 1\n---\n", "a.yaml"), Ok(json!({"a": 1})));
        assert_eq!(
            single("a: 1\n---\nb: 2\n", "a.yaml").unwrap_err().to_string(),
            "a.yaml:3: a second document, where one is expected"
        );
    }

    #[test]
    fn no_input_grows_without_bounds() {
        let nested = "[".repeat(1000);
        check_error(&nested, "a.yaml:1: recursion limit exceeded at line 1 column 129");
        let lists =
            (0..9).map(|depth| format!("l{}: &l{} [{}]\n", depth + 1, depth + 1, format!("*l{depth},").repeat(9)));
        let doubling = format!("l0: &l0 x\n{}", lists.collect::<String>());
        check_error(&doubling, "a.yaml:1: repetition limit exceeded");
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(10_000), "*a,".repeat(1000));
        let error = documents(&long, "a.yaml").unwrap_err().to_string();
        assert!(error.contains("aliases make the document too large"), "{error}");
    }
}
