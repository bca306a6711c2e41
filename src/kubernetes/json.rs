//! JSON that is known to be valid, cut into its parts where they are needed.

use std::borrow::Cow;

use json_scan::Parts;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::value::RawValue;

use super::decode::{DecodeError, Error};
use super::text::display_text;

/// Longest part of a value that an error repeats.
const MAX_SHOWN: usize = 60;

/// One JSON value, without white space around it. serde_json has checked its syntax, so that nothing in it has to be checked
/// again where it is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Nothing.
    pub const NULL: Self = Self("null");

    /// The name under which a field of this type asks for the text as it is.
    pub(super) const NAME: &'static str = "Json";

    /// Checks the syntax of a text. It may be nested without limit, as what is passed over does no harm.
    ///
    /// # Errors
    /// Text that is no JSON.
    pub fn parse(text: &'a str) -> Result<Self, DecodeError> {
        match serde_json::from_str::<&RawValue>(text) {
            Ok(value) => Ok(Self(value.get())),
            Err(error) => Err(invalid(&error)),
        }
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
        Ok(T::deserialize(self)?)
    }

    /// The text of a string without its escapes; nothing where it is no string, or has an escape of half a character.
    pub fn string(self) -> Option<Cow<'a, str>> {
        self.unescaped().ok()
    }

    /// The items of a list; nothing where it is no list.
    pub fn items(self) -> Option<Vec<Self>> {
        let mut parts = self.0.starts_with('[').then(|| Parts::new(self.0))?;
        Some(std::iter::from_fn(|| parts.next_item().map(Self)).collect())
    }

    /// The entries of a map in their order, also of two equal keys; nothing where it is no map. Keys are strings.
    pub fn entries(self) -> Option<Vec<(Self, Self)>> {
        let mut parts = self.0.starts_with('{').then(|| Parts::new(self.0))?;
        Some(std::iter::from_fn(|| parts.next_entry().map(|(key, value)| (Self(key), Self(value)))).collect())
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

    /// The parts of a list or map that begins with `bracket`; none of `null`.
    pub(super) fn parts(self, bracket: char, expected: &str) -> Result<Parts<'a>, Error> {
        if self.0.starts_with(bracket) || self.is_null() { Ok(Parts::new(self.0)) } else { Err(self.wrong(expected)) }
    }

    /// A part of valid JSON.
    pub(super) fn of_part(text: &'a str) -> Self {
        Self(text)
    }

    /// The text of a string; empty for `null`.
    pub(super) fn text_or_empty(self) -> Result<Cow<'a, str>, Error> {
        if self.is_null() { Ok(Cow::Borrowed("")) } else { self.unescaped() }
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

    fn unescaped(self) -> Result<Cow<'a, str>, Error> {
        let inner = self.0.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let inner = inner.ok_or_else(|| self.wrong("a string"))?;
        if !inner.contains('\\') {
            return Ok(Cow::Borrowed(inner));
        }
        // Half of a surrogate pair is valid JSON, and no text.
        serde_json::from_str(self.0).map(Cow::Owned).map_err(|error| Error::new(invalid(&error).reason))
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

/// Why a text is no JSON, in words that Kubernetes' users know from Go.
fn invalid(error: &serde_json::Error) -> DecodeError {
    let text = error.to_string();
    let reason = match text.split(" at line ").next().unwrap_or_default() {
        "expected ident" => "expected true, false or null",
        _ if error.is_eof() => "unexpected end of JSON input",
        other => other,
    };
    DecodeError::new(DecodeError::WHOLE, &format!("is not valid JSON: {reason}"))
}
