//! From JSON to a view, with the path of the field that is wrong.
//!
//! Views are `#[derive(Deserialize)]` structs, read as the API server's own Go code reads JSON: `null` leaves a field
//! empty, and only a map can be read as a struct (serde would take a list as well). A field that is given twice is an error.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::text::display_text;

/// Longest part of an object's own text that an error repeats.
const MAX_QUOTED: usize = 160;

/// A field that does not hold what Kubernetes' API says it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error, serde::Serialize)]
#[error("{path} {reason}")]
pub struct DecodeError {
    /// The field, as `spec.rules[0].http`; [`DecodeError::WHOLE`] stands for the whole text.
    pub path: String,
    /// What is wrong, as in `must be a list, not the string "80"`.
    pub reason: String,
}

impl DecodeError {
    /// The path of an error that is about the whole text.
    pub const WHOLE: &'static str = "it";

    /// An error at `path`; text that comes from an object is made safe to print.
    pub fn new(path: &str, reason: &str) -> Self {
        Self {
            path: display_text(path, MAX_QUOTED).into_owned(),
            reason: display_text(reason, MAX_QUOTED).into_owned(),
        }
    }

    /// A value of the wrong type, in the words of Kubernetes.
    pub fn wrong_type(path: &str, expected: &str, found: &str) -> Self {
        Self::new(path, &format!("must be {expected}, not {found}"))
    }
}

/// Reads a view out of `json`.
///
/// # Errors
/// The first field that has a wrong type, with its path.
pub fn decode<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, DecodeError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    T::deserialize(AsGo(&mut deserializer))
        .and_then(|view| deserializer.end().map(|()| view))
        .map_err(|error| explain(json, &error))
}

/// Why a text is no JSON, in words that Kubernetes' users know from Go.
pub fn not_valid_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = match text.split(" at line ").next().unwrap_or_default() {
        _ if error.is_eof() => "unexpected end of JSON input",
        "expected ident" => "expected true, false or null",
        other => other,
    };
    format!("is not valid JSON: {reason}")
}

/// What serde_json says, with the path of the place it names.
fn explain(json: &str, error: &serde_json::Error) -> DecodeError {
    if !error.is_data() {
        return DecodeError::new(DecodeError::WHOLE, &not_valid_json(error));
    }
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    // Where a number or a string may come, a list or a map has been entered before it is refused.
    let is_entered =
        ["sequence, expected IntOrString", "map, expected IntOrString"].iter().any(|end| text.ends_with(end));
    let offset = offset_of(json, error).saturating_sub(usize::from(is_entered));
    let path = path_at(json, offset);
    if let Some((found, expected)) = text.strip_prefix("invalid type: ").and_then(|text| text.split_once(", expected "))
    {
        return DecodeError::wrong_type(&path, &in_words(expected), &in_words(found));
    }
    if let Some((found, expected)) =
        text.strip_prefix("invalid value: ").and_then(|text| text.split_once(", expected "))
    {
        return DecodeError::wrong_type(&path, &in_words(expected), &in_words(found));
    }
    if let Some(field) = text.strip_prefix("duplicate field `").and_then(|text| text.strip_suffix('`')) {
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        let path = if parent.is_empty() { field.to_owned() } else { format!("{parent}.{field}") };
        return DecodeError::new(&path, "is given twice");
    }
    DecodeError::new(&path, &format!("cannot be read: {text}"))
}

/// serde's words for types, in those of Kubernetes.
fn in_words(words: &str) -> String {
    let value = |prefix: &str| words.strip_prefix(prefix).map(|value| value.trim_matches('`'));
    match words {
        "sequence" | "a sequence" => "a list".to_owned(),
        "map" => "a map".to_owned(),
        "null" | "unit value" => "null".to_owned(),
        "a borrowed string" | "string" => "a string".to_owned(),
        "i32" | "i64" | "u64" => "an integer".to_owned(),
        "IntOrString" => "a number or a string".to_owned(),
        _ => {
            if let Some(text) = words.strip_prefix("string ") {
                format!("the string {text}")
            } else if let Some(number) = value("integer ").or_else(|| value("floating point ")) {
                format!("the number {number}")
            } else if let Some(boolean) = value("boolean ") {
                boolean.to_owned()
            } else {
                words.to_owned()
            }
        }
    }
}

/// The byte that serde_json stopped at: it counts lines from 1, and columns in bytes.
fn offset_of(json: &str, error: &serde_json::Error) -> usize {
    let before = json.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    (before + error.column()).min(json.len())
}

/// The path of the last value that begins before `offset`: the one that serde_json has just looked at.
fn path_at(json: &str, offset: usize) -> String {
    enum Step {
        Key(String),
        Index(usize),
    }
    let bytes = json.as_bytes();
    let mut path: Vec<Step> = Vec::new();
    let mut expects_key = false;
    let mut at = 0;
    while at < offset {
        match bytes.get(at) {
            Some(b'{') => {
                path.push(Step::Key(String::new()));
                expects_key = true;
            }
            Some(b'[') => path.push(Step::Index(0)),
            Some(b'}' | b']') => drop(path.pop()),
            Some(b',') => match path.last_mut() {
                Some(Step::Index(index)) => *index += 1,
                _ => expects_key = true,
            },
            Some(b'"') => {
                let start = at;
                at += 1;
                while bytes.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if bytes.get(at) == Some(&b'\\') { 2 } else { 1 };
                }
                if let (true, Some(Step::Key(key)), Some(text)) = (expects_key, path.last_mut(), json.get(start..=at)) {
                    *key = serde_json::from_str(text).unwrap_or_default();
                    expects_key = false;
                }
            }
            _ => {}
        }
        at += 1;
    }
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if is_plain(&key) => {
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(&key);
            }
            Step::Key(key) => text.push_str(&format!("[{key}]")),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    if text.is_empty() { DecodeError::WHOLE.to_owned() } else { text }
}

/// Keys of annotations and labels stand in brackets.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric())
}

/// A deserializer, or a part of one, that reads as Go does.
struct AsGo<T>(T);

/// What `null` is read as.
#[derive(Clone, Copy)]
enum Zero {
    Bool,
    Integer,
    Text,
    List,
    Map,
    Struct,
}

/// Takes a value for `visitor`, or its zero value where there is `null`.
struct OrZero<V> {
    zero: Zero,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for OrZero<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        match self.zero {
            Zero::Bool => self.visitor.visit_bool(false),
            Zero::Integer => self.visitor.visit_i64(0),
            Zero::Text => self.visitor.visit_borrowed_str(""),
            Zero::List => self.visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<NoValue<E>>())),
            Zero::Map | Zero::Struct => {
                self.visitor.visit_map(MapDeserializer::new(std::iter::empty::<(NoValue<E>, NoValue<E>)>()))
            }
        }
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        match self.zero {
            Zero::Bool => deserializer.deserialize_bool(AsGo(self.visitor)),
            Zero::Integer => deserializer.deserialize_i32(AsGo(self.visitor)),
            Zero::Text => deserializer.deserialize_str(AsGo(self.visitor)),
            Zero::List => deserializer.deserialize_seq(AsGo(self.visitor)),
            Zero::Map => deserializer.deserialize_map(AsGo(self.visitor)),
            Zero::Struct => deserializer.deserialize_map(StructVisitor(AsGo(self.visitor))),
        }
    }
}

/// An item that there is none of.
struct NoValue<E>(PhantomData<E>);

impl<'de, E: de::Error> IntoDeserializer<'de, E> for NoValue<E> {
    type Deserializer = de::value::UnitDeserializer<E>;

    fn into_deserializer(self) -> Self::Deserializer {
        ().into_deserializer()
    }
}

/// Reads a struct out of a map, and out of nothing else.
struct StructVisitor<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for StructVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(map)
    }
}

macro_rules! visits {
    ($($method:ident($type:ty))*) => {
        $(fn $method<E: de::Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for AsGo<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    visits! {
        visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64)
        visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
    }

    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(AsGo(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(AsGo(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(AsGo(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(AsGo(map))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for AsGo<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(AsGo(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for AsGo<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(AsGo(seed))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for AsGo<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(AsGo(seed))
    }
}

macro_rules! or_zero {
    ($($method:ident($zero:ident))*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.deserialize_option(OrZero { zero: Zero::$zero, visitor })
        })*
    };
}

macro_rules! forwards {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(AsGo(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for AsGo<D> {
    type Error = D::Error;

    or_zero! {
        deserialize_bool(Bool)
        deserialize_i32(Integer)
        deserialize_str(Text) deserialize_string(Text)
        deserialize_seq(List) deserialize_map(Map)
    }

    forwards! {
        deserialize_any deserialize_i8 deserialize_i16 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_bytes deserialize_byte_buf
        deserialize_option deserialize_unit deserialize_identifier
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_ignored_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(OrZero { zero: Zero::Struct, visitor })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, AsGo(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(length, AsGo(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(name, length, AsGo(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }
}

/// Every entry of a JSON map in its order, also of two equal keys; keys without escapes, values as they are.
///
/// # Errors
/// Text that is no JSON map.
pub fn entries(json: &str) -> serde_json::Result<Vec<(String, &RawValue)>> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(json);
    let entries = deserializer.deserialize_map(Entries)?;
    deserializer.end()?;
    Ok(entries)
}

/// Whether a field is there and is not `null`, whatever it holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Presence(pub bool);

impl<'de> Deserialize<'de> for Presence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<de::IgnoredAny>::deserialize(deserializer).map(|value| Self(value.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Spec<'a> {
        name: String,
        port_number: i32,
        is_open: bool,
        items: Vec<Item>,
        item: Item,
        labels: BTreeMap<String, String>,
        optional: Option<Item>,
        presence: Presence,
        port: Option<k8s_openapi::apimachinery::pkg::util::intstr::IntOrString>,
        #[serde(borrow)]
        raw: Option<&'a RawValue>,
    }

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default)]
    struct Item {
        name: String,
    }

    #[track_caller]
    fn refuses(json: &str, message: &str) {
        let error = decode::<Spec<'_>>(json).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err(message.to_owned()), "{json}");
    }

    #[test]
    fn null_is_a_zero_value() {
        let json = r#"{"name":null,"portNumber":null,"isOpen":null,"items":null,"item":null,"labels":null,"optional":null,"presence":null,"raw":null}"#;
        let spec: Spec<'_> = decode(json).unwrap();
        assert_eq!((spec.name.as_str(), spec.port_number, spec.is_open, spec.items.len()), ("", 0, false, 0));
        assert!(spec.item == Item::default() && spec.labels.is_empty() && spec.optional.is_none());
        assert!(!spec.presence.0 && spec.raw.is_none_or(|raw| raw.get() == "null"));
        let spec: Spec<'_> = decode(r#"{"items":[null,{"name":"a"}],"labels":{"a":null},"presence":[]}"#).unwrap();
        assert_eq!(spec.items, [Item::default(), Item { name: "a".to_owned() }]);
        assert_eq!(spec.labels, BTreeMap::from([("a".to_owned(), String::new())]));
        assert!(spec.presence.0);
        assert!(decode::<Spec<'_>>("null").is_ok_and(|spec| spec.name.is_empty()));
    }

    #[test]
    fn errors_have_a_path_and_the_words_of_kubernetes() {
        refuses(r#"{"name":80}"#, "name must be a string, not the number 80");
        refuses(r#"{"name":["a"]}"#, "name must be a string, not a list");
        refuses(r#"{"name": {"a":1}}"#, "name must be a string, not a map");
        refuses(r#"{"portNumber":"80"}"#, r#"portNumber must be an integer, not the string "80""#);
        refuses(r#"{"portNumber":1.5}"#, "portNumber must be an integer, not the number 1.5");
        refuses(r#"{"portNumber":99999999999}"#, "portNumber must be an integer, not the number 99999999999");
        refuses(r#"{"isOpen":"true"}"#, r#"isOpen must be a boolean, not the string "true""#);
        refuses(r#"{"items":{"a":1}}"#, "items must be a list, not a map");
        refuses(r#"{"items":[{"name":"a"},{"name":true}]}"#, "items[1].name must be a string, not true");
        refuses(r#"{"items":[{"name":"a"}, 7]}"#, "items[1] must be a map, not the number 7");
        refuses(r#"{"labels":{"a/b":1}}"#, "labels[a/b] must be a string, not the number 1");
        refuses("{\n  \"item\": {\n    \"name\": 1\n  }\n}", "item.name must be a string, not the number 1");
        refuses("[]", "it must be a map, not a list");
        refuses(r#"{"port":[80]}"#, "port must be a number or a string, not a list");
        refuses(r#"{"port":{"number":80}}"#, "port must be a number or a string, not a map");
    }

    #[test]
    fn a_list_is_no_struct() {
        refuses(r#"{"item":["cart"]}"#, "item must be a map, not a list");
        refuses(r#"{"items":[["cart"]]}"#, "items[0] must be a map, not a list");
        refuses(r#"{"optional":[null]}"#, "optional must be a map, not a list");
    }

    #[test]
    fn a_field_given_twice_is_an_error() {
        refuses(r#"{"name":"a","name":"a"}"#, "name is given twice");
        refuses(r#"{"item":{"name":"a","name":"b"}}"#, "item.name is given twice");
    }

    #[test]
    fn what_is_no_json_is_refused() {
        refuses("", "it is not valid JSON: unexpected end of JSON input");
        refuses(r#"{"name":"a"} x"#, "it is not valid JSON: trailing characters");
        refuses(r#"{"name":"\ud800"}"#, "it is not valid JSON: unexpected end of hex escape");
    }

    /// Values that nobody asked for are skipped without recursion.
    #[test]
    fn unknown_fields_may_be_nested_without_limit() {
        let deep = format!(r#"{{"unknown":{}{},"name":"a"}}"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert!(decode::<Spec<'_>>(&deep).is_ok_and(|spec| spec.name == "a"));
        let raw = format!(r#"{{"raw":{}{}}}"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert!(decode::<Spec<'_>>(&raw).is_ok());
        let wanted = format!(r#"{{"items":{}{}}}"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
        let error = decode::<Spec<'_>>(&wanted).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err("items[0] must be a map, not a list".to_owned()));
    }
}
