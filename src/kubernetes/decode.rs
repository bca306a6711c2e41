//! From JSON to a view, with the path of the field that is wrong.
//!
//! Views are `#[derive(Deserialize)]` structs, read as the API server's own Go code reads JSON: `null` leaves a field
//! empty, and only a map can be read as a struct (serde would take a list as well). A field that is given twice is an error.
//!
//! `json-scan` checks the syntax. What this adds is small on purpose: each view is code of its own, and with serde_json's
//! deserializer in each of them the module would be a fifth larger.

use std::borrow::Cow;
use std::fmt;

use json_scan::{Entries, Items, Value};
use serde::de::{self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::json::{Json, Unread, parse};
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
/// Text that is no JSON; the first field that has a wrong type, with its path.
pub fn decode<T: DeserializeOwned>(json: &str) -> Result<T, DecodeError> {
    Json::of(&parse(json)?).read()
}

/// A [`DecodeError`] whose path grows on the way up.
#[derive(Debug)]
pub struct Error(Box<Wrong>);

#[derive(Debug)]
struct Wrong {
    path: String,
    reason: String,
}

impl Error {
    /// An error of the value at hand.
    #[cold]
    pub fn new(reason: String) -> Self {
        Self(Box::new(Wrong { path: String::new(), reason }))
    }

    /// The same error, in the value of `key`.
    #[cold]
    pub(super) fn below(mut self, key: &str) -> Self {
        let rest = &self.0.path;
        let dot = if rest.is_empty() || rest.starts_with('[') { "" } else { "." };
        self.0.path = if is_plain(key) { format!("{key}{dot}{rest}") } else { format!("[{key}]{dot}{rest}") };
        self
    }

    /// The same error, in the item at `index`.
    #[cold]
    fn at(mut self, index: usize) -> Self {
        let rest = &self.0.path;
        let dot = if rest.is_empty() || rest.starts_with('[') { "" } else { "." };
        self.0.path = format!("[{index}]{dot}{rest}");
        self
    }
}

/// Keys of annotations and labels stand in brackets.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric())
}

impl From<Error> for DecodeError {
    fn from(error: Error) -> Self {
        let Wrong { path, reason } = *error.0;
        Self::new(if path.is_empty() { Self::WHOLE } else { &path }, &reason)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.reason)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(format!("cannot be read: {reason}"))
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("must be {expected}"))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("must be {expected}"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self(Box::new(Wrong { path: field.to_owned(), reason: "is given twice".to_owned() }))
    }
}

/// The name under which a field asks for a map of strings as it is, once its types are checked.
pub(super) const STRINGS: &str = "strings";

impl<'de> Json<'de> {
    /// The entries of a map; `null` has none.
    fn entries_or_null(self) -> Result<Entries<'de>, Error> {
        match self.0.entries() {
            Some(entries) => Ok(entries),
            None if self.is_null() => Ok(Entries::NONE),
            None => Err(self.wrong("a map")),
        }
    }

    /// A map whose keys and values are strings.
    fn strings(self) -> Result<Self, Error> {
        for (key, value) in self.entries_or_null()? {
            let key = Json(key).string_or_null()?;
            Json(value).string_or_null().map_err(|error| error.below(&key))?;
        }
        Ok(self)
    }
}

/// The entries of a map that are still to come.
struct Map<'de> {
    entries: Entries<'de>,
    /// The last one.
    entry: (Value<'de>, Value<'de>),
}

impl<'de> MapAccess<'de> for Map<'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.entry = entry;
        seed.deserialize(Json(entry.0)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let (key, value) = self.entry;
        seed.deserialize(Json(value)).map_err(|error| error.below(&Json(key).string().unwrap_or_default()))
    }
}

/// The fields of a struct that are still to come.
struct Fields<'de> {
    entries: Entries<'de>,
    names: &'static [&'static str],
    /// The place of the last one's name, and its value.
    field: (usize, Value<'de>),
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(field) = self.entries.field(self.names) else { return Ok(None) };
        self.field = field;
        seed.deserialize(Field(field.0 as u64)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let (name, value) = self.field;
        let name = || self.names.get(name).copied().unwrap_or_default();
        seed.deserialize(Json(value)).map_err(|error| error.below(name()))
    }
}

/// A field of a struct, by its place among the names of all: nobody compares names again.
struct Field(u64);

impl<'de> Deserializer<'de> for Field {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(self.0)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The items of a list that are still to come.
struct List<'de> {
    items: Items<'de>,
    index: usize,
}

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(item) = self.items.next() else { return Ok(None) };
        self.index += 1;
        seed.deserialize(Json(item)).map(Some).map_err(|error| error.at(self.index - 1))
    }
}

impl<'de> Deserializer<'de> for Json<'de> {
    type Error = Error;

    /// For IntOrString alone, which may be two types.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.first_byte() {
            b'"' => visitor.visit_string(self.string_or_null()?.into_owned()),
            b'-' | b'0'..=b'9' => visitor.visit_i32(self.integer()?),
            _ => Err(self.wrong("an integer or a string")),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.boolean()?)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i32(self.integer()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.string_or_null()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(match self.string_or_null()? {
            Cow::Borrowed(text) => json_scan::owned(text),
            Cow::Owned(text) => text,
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let items = match self.0.items() {
            Some(items) => items,
            None if self.is_null() => Items::NONE,
            None => return Err(self.wrong("a list")),
        };
        visitor.visit_seq(List { items, index: 0 })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Map { entries: self.entries_or_null()?, entry: (Value::NULL, Value::NULL) })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { entries: self.entries_or_null()?, names, field: (0, Value::NULL) })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        match name {
            Unread::NAME => visitor.visit_u64(Unread::of(self)),
            STRINGS => visitor.visit_borrowed_str(self.strings()?.text()),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    // No view has a field of these types.
    serde::forward_to_deserialize_any! {
        i8 i16 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier
    }
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
    #[serde(rename_all = "camelCase")]
    struct Spec {
        #[serde(default)]
        name: String,
        #[serde(default)]
        port_number: i32,
        #[serde(default)]
        is_open: bool,
        #[serde(default)]
        items: Vec<Item>,
        #[serde(default)]
        item: Item,
        #[serde(default)]
        labels: BTreeMap<String, String>,
        #[serde(default)]
        optional: Option<Item>,
        #[serde(default)]
        presence: Presence,
        #[serde(default)]
        raw: Option<Unread>,
    }

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    struct Item {
        #[serde(default)]
        name: String,
    }

    #[track_caller]
    fn refuses(json: &str, message: &str) {
        let error = decode::<Spec>(json).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err(message.to_owned()), "{json}");
    }

    #[test]
    fn null_is_a_zero_value() {
        let json = r#"{"name":null,"portNumber":null,"isOpen":null,"items":null,"item":null,"labels":null,"optional":null,"presence":null,"raw":null}"#;
        let spec: Spec = decode(json).unwrap();
        assert_eq!((spec.name.as_str(), spec.port_number, spec.is_open, spec.items.len()), ("", 0, false, 0));
        assert!(spec.item == Item::default() && spec.labels.is_empty() && spec.optional.is_none());
        assert!(!spec.presence.0 && spec.raw.is_none());
        let spec: Spec = decode(r#"{"items":[null,{"name":"a"}],"labels":{"a":null},"presence":[]}"#).unwrap();
        assert_eq!(spec.items, [Item::default(), Item { name: "a".to_owned() }]);
        assert_eq!(spec.labels, BTreeMap::from([("a".to_owned(), String::new())]));
        assert!(spec.presence.0);
        assert!(decode::<Spec>("null").is_ok_and(|spec| spec.name.is_empty()));
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
        refuses(r#"{"name":"\ud800"}"#, r"name must not have half of a surrogate pair in a \u escape");
    }

    /// Values that nobody asked for are skipped without recursion.
    #[test]
    fn unknown_fields_may_be_nested_without_limit() {
        let deep = format!(r#"{{"unknown":{}{},"name":"a"}}"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert!(decode::<Spec>(&deep).is_ok_and(|spec| spec.name == "a"));
        let raw = format!(r#"{{"raw":{}{}}}"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert!(decode::<Spec>(&raw).is_ok());
        let wanted = format!(r#"{{"items":{}{}}}"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
        let error = decode::<Spec>(&wanted).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err("items[0] must be a map, not a list".to_owned()));
    }
}
