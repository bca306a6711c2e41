//! From JSON to a view, with the path of the field that could not be read.

use std::rc::Rc;

use json_text::{JsonError, Read, Reader, Wrong};

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

impl From<Box<Wrong>> for DecodeError {
    fn from(wrong: Box<Wrong>) -> Self {
        Self::new(&wrong.path(), wrong.reason())
    }
}

/// A narrow, read-only view of an object.
pub trait View: Default {
    /// Reads the fields that are needed, and looks at no others.
    ///
    /// # Errors
    /// The first of them that has a wrong type.
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()>;

    /// The metadata, which every view has.
    fn metadata(&self) -> &Metadata;
}

/// Reads a view out of `json`. Views are large and are handed on often, so that they are shared, not moved.
///
/// # Errors
/// The first field that has a wrong type, with its path.
pub fn decode<V: View>(json: &str) -> Result<Rc<V>, DecodeError> {
    let mut view = V::default();
    json_text::map(json, |reader| view.read(reader))?;
    Ok(Rc::new(view))
}
