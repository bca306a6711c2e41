//! JSON that is known to be valid, cut into its parts where they are needed.

use std::borrow::Cow;

use json_scan::{Reader, Text};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use super::decode::{Cursor, DecodeError, Error};
use super::text::display_text;

/// Longest part of a value that an error repeats.
const MAX_SHOWN: usize = 60;

/// One JSON value, without white space around it. Its syntax is checked, so that nothing in it has to be checked
/// again where it is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Nothing.
    pub const NULL: Self = Self("null");

    /// The name under which a field of this type asks for the text as it is.
    pub(super) const NAME: &'static str = json_scan::RAW;

    /// Checks the syntax of a text. It may be nested without limit, as what is passed over does no harm.
    ///
    /// # Errors
    /// Text that is no JSON.
    pub fn parse(text: &'a str) -> Result<Self, DecodeError> {
        json_scan::check(text).map(Self).map_err(|error| invalid(&error))
    }

    /// Its text.
    pub fn text(self) -> &'a str {
        self.0
    }

    /// Whether it is `null`, which Go reads as nothing at all.
    pub fn is_null(self) -> bool {
        self.0 == "null"
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
        T::deserialize(&mut Cursor(Reader::new(self.0)))
    }

    /// The text of a string without its escapes; nothing where it is no string, or has an escape of half a character.
    pub fn string(self) -> Option<Cow<'a, str>> {
        self.string_or_error().ok()
    }

    /// The items of a list; nothing where it is no list.
    pub fn items(self) -> Option<Vec<Self>> {
        let mut reader = Reader::new(self.0);
        if !reader.takes(b'[') {
            return None;
        }
        let mut items = Vec::new();
        while let Some(item) = reader.value() {
            items.push(Self(item));
            reader.takes(b',');
        }
        Some(items)
    }

    /// The entries of a map in their order, also of two equal keys; nothing where it is no map. Keys are strings.
    pub fn entries(self) -> Option<Vec<(Self, Self)>> {
        let mut reader = Reader::new(self.0);
        if !reader.takes(b'{') {
            return None;
        }
        let mut entries = Vec::new();
        while let Some(key) = reader.key() {
            entries.push((Self(key.json), reader.value().map(Self)?));
        }
        Some(entries)
    }

    /// What it is, in the words of Kubernetes.
    pub fn description(self) -> String {
        let shown = display_text(self.0, MAX_SHOWN);
        match self.0.as_bytes().first() {
            Some(b'"') => format!("the string {shown}"),
            Some(b'[') => "a list".to_owned(),
            Some(b'{') => "a map".to_owned(),
            Some(b't' | b'f' | b'n') => shown.into_owned(),
            _ => format!("the number {shown}"),
        }
    }

    /// A part of valid JSON.
    pub(crate) fn of_part(text: &'a str) -> Self {
        Self(text)
    }

    /// An integer; 0 for `null`. As to Go, `1.0` is none.
    pub(super) fn integer(self) -> Result<i32, Error> {
        if self.is_null() { Ok(0) } else { self.0.parse().map_err(|_| self.wrong("an integer")) }
    }

    /// A boolean; false for `null`.
    pub(super) fn boolean(self) -> Result<bool, Error> {
        match self.0 {
            "true" => Ok(true),
            "false" | "null" => Ok(false),
            _ => Err(self.wrong("a boolean")),
        }
    }

    /// The error that something else was expected.
    pub(super) fn wrong(self, expected: &str) -> Error {
        Error::new(format!("must be {expected}, not {}", self.description()))
    }

    pub(super) fn string_or_error(self) -> Result<Cow<'a, str>, Error> {
        Reader::new(self.0).string().map_or_else(|| Err(self.wrong("a string")), unescaped)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;

        impl<'de> Visitor<'de> for Whole {
            type Value = Json<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
                Ok(Json(text))
            }
        }

        deserializer.deserialize_newtype_struct(Self::NAME, Whole)
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(Self::NAME, self.0)
    }
}

/// What a string says.
pub(super) fn unescaped(text: Text<'_>) -> Result<Cow<'_, str>, Error> {
    text.read().ok_or_else(|| Error::new("must not have half of a surrogate pair in a \\u escape".to_owned()))
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
