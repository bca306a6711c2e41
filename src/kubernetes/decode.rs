//! From JSON to a view, with the path of the field that could not be read.
//!
//! A view says by its [`Shapes`] which fields it reads; nobody looks at the rest.

use json_text::{Fields, JsonError, Shapes, Wrong};

use super::metadata::Metadata;
use super::name::display_text;

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

impl From<JsonError> for DecodeError {
    /// Text that is no JSON. The place in it is not told: nobody outside sees the text.
    fn from(error: JsonError) -> Self {
        Self::new(".", error.reason)
    }
}

impl From<Wrong> for DecodeError {
    fn from(wrong: Wrong) -> Self {
        Self::new(&wrong.path, &wrong.reason)
    }
}

/// A narrow, read-only view of an object.
pub trait View: Sized {
    /// The fields that are read.
    const FIELDS: Shapes;

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
pub fn decode_fields<'a>(json: &'a str, shapes: Shapes) -> Result<Fields<'a>, DecodeError> {
    Ok(json_text::fields(json, shapes)?)
}
