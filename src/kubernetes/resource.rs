//! What all views have in common.

use serde::Deserialize;

use super::decode::DecodeError;
use super::json::{Json, Unread};
use super::metadata::Metadata;

/// An object with a specification of type `S`, as far as they are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resource<S> {
    /// Its metadata.
    pub metadata: Box<Metadata>,
    /// Its specification.
    pub spec: S,
}

/// The parts of an object. They are the same for every kind, so that one piece of code tells them apart.
#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    metadata: Box<Metadata>,
    #[serde(default)]
    spec: Option<Unread>,
}

impl<'a, S: Deserialize<'a>> Resource<S> {
    /// Reads an object.
    ///
    /// # Errors
    /// The first field that has a wrong type, with its path.
    pub fn read(json: Json<'a>) -> Result<Self, DecodeError> {
        let Parts { metadata, spec } = json.read()?;
        let spec = json.at(spec).read_at("spec")?;
        Ok(Self { metadata, spec })
    }
}
