//! JSON values whose syntax is checked.

use std::borrow::Cow;

use json_scan::{Document, Value};
use serde::de::{Deserialize, Deserializer, Visitor};

use super::decode::{DecodeError, Error};
use super::text::display_text;

/// Longest part of a value that an error repeats.
const MAX_SHOWN: usize = 60;

/// Checks the syntax of a text. It may be nested without limit, as what is passed over does no harm.
///
/// # Errors
/// Text that is no JSON.
pub fn parse(text: &str) -> Result<Document<'_>, DecodeError> {
    Document::parse(text).map_err(|error| invalid(&error))
}

/// One JSON value in a document, whose syntax is checked.
#[derive(Debug, Clone, Copy)]
pub struct Json<'a>(pub(super) Value<'a>);

/// A value that is read when somebody asks ([`Json::at`]): where it is in its document.
#[derive(Debug, Clone, Copy)]
pub struct Unread(usize);

impl<'a> Json<'a> {
    /// Nothing.
    pub const NULL: Json<'static> = Json(Value::NULL);

    /// The value of a document.
    pub fn of(document: &'a Document<'_>) -> Self {
        Self(document.value())
    }

    /// A value of the same document that was left unread; nothing where there is none.
    pub fn at(self, unread: Option<Unread>) -> Self {
        unread.map_or(Self::NULL, |Unread(place)| Self(self.0.document().at(place)))
    }

    /// Its text.
    pub fn text(self) -> &'a str {
        self.0.text()
    }

    /// Whether it is `null`, which Go reads as nothing at all.
    pub fn is_null(self) -> bool {
        self.0.first_byte() == b'n'
    }

    /// Reads a view.
    ///
    /// # Errors
    /// The first field that has a wrong type, with its path.
    pub fn read<T: Deserialize<'a>>(self) -> Result<T, DecodeError> {
        Ok(self.view()?)
    }

    /// Reads a view out of what the field `name` of an object holds.
    ///
    /// # Errors
    /// The first field that has a wrong type, with its path.
    pub(super) fn read_at<T: Deserialize<'a>>(self, name: &str) -> Result<T, DecodeError> {
        Ok(self.view().map_err(|error| error.below(name))?)
    }

    fn view<T: Deserialize<'a>>(self) -> Result<T, Error> {
        T::deserialize(self)
    }

    /// The text of a string without its escapes; nothing where it is no string, or has an escape of half a character.
    pub fn string(self) -> Option<Cow<'a, str>> {
        self.0.string()?.read()
    }

    /// The items of a list; nothing where it is no list.
    pub fn items(self) -> Option<Vec<Self>> {
        Some(self.0.items()?.map(Self).collect())
    }

    /// The entries of a map in their order, also of two equal keys; nothing where it is no map. Keys are strings.
    pub fn entries(self) -> Option<Vec<(Self, Self)>> {
        Some(self.0.entries()?.map(|(key, value)| (Self(key), Self(value))).collect())
    }

    /// Whether it is a map without entries.
    pub fn is_empty_map(self) -> bool {
        self.0.entries().is_some_and(|mut entries| entries.next().is_none())
    }

    /// What it is, in the words of Kubernetes.
    pub fn description(self) -> String {
        let shown = display_text(self.text(), MAX_SHOWN);
        match self.0.first_byte() {
            b'"' => format!("the string {shown}"),
            b'[' => "a list".to_owned(),
            b'{' => "a map".to_owned(),
            b't' | b'f' | b'n' => shown.into_owned(),
            _ => format!("the number {shown}"),
        }
    }

    /// An integer; 0 for `null`. As to Go, `1.0` is none.
    pub(super) fn integer(self) -> Result<i32, Error> {
        if self.is_null() { Ok(0) } else { self.text().parse().map_err(|_| self.wrong("an integer")) }
    }

    /// A boolean; false for `null`.
    pub(super) fn boolean(self) -> Result<bool, Error> {
        match self.text() {
            "true" => Ok(true),
            "false" | "null" => Ok(false),
            _ => Err(self.wrong("a boolean")),
        }
    }

    /// The error that something else was expected.
    pub(super) fn wrong(self, expected: &str) -> Error {
        Error::new(format!("must be {expected}, not {}", self.description()))
    }

    /// A string; empty for `null`.
    pub(super) fn string_or_null(self) -> Result<Cow<'a, str>, Error> {
        if let Some(text) = self.0.plain_string() {
            return Ok(Cow::Borrowed(text));
        }
        match self.0.string() {
            Some(text) => text
                .read()
                .ok_or_else(|| Error::new("must not have half of a surrogate pair in a \\u escape".to_owned())),
            None if self.is_null() => Ok(Cow::Borrowed("")),
            None => Err(self.wrong("a string")),
        }
    }
}

impl Unread {
    /// The name under which a field of this type asks for its place.
    pub(super) const NAME: &'static str = "unread";

    pub(super) fn of(json: Json<'_>) -> u64 {
        json.0.place() as u64
    }
}

impl<'de> Deserialize<'de> for Unread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Unread;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON")
            }

            fn visit_u64<E>(self, place: u64) -> Result<Unread, E> {
                Ok(Unread(place as usize))
            }
        }

        deserializer.deserialize_newtype_struct(Self::NAME, Number)
    }
}

/// Why a text is no JSON, in words that Kubernetes' users know from Go.
fn invalid(error: &serde_json::Error) -> DecodeError {
    let text = error.to_string();
    let reason = match text.split(" at line ").next().unwrap_or_default() {
        _ if error.is_eof() => "unexpected end of JSON input",
        "expected ident" => "expected true, false or null",
        other => other,
    };
    DecodeError::new(DecodeError::WHOLE, &format!("is not valid JSON: {reason}"))
}
