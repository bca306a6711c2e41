//! `metadata`, as far as it is read.

use std::collections::BTreeMap;

use super::decode::{Fields, Shape, View};

/// The metadata of any object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Empty for an object whose name is generated after admission.
    pub name: String,
    /// The prefix of a name that is generated after admission.
    pub generate_name: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// Whether the object is being deleted (`deletionTimestamp` is set).
    pub is_being_deleted: bool,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// The one field that every view reads.
pub(super) const METADATA: (&str, Shape) = (
    "metadata",
    Shape::Map(&[
        ("name", Shape::Text),
        ("generateName", Shape::Text),
        ("namespace", Shape::Text),
        ("deletionTimestamp", Shape::Present),
        ("labels", Shape::TextMap),
        ("annotations", Shape::TextMap),
    ]),
);

impl Metadata {
    /// The metadata of an object of which [`METADATA`] was read.
    pub(super) fn of(object: &mut Fields<'_>) -> Self {
        let mut metadata = object.map("metadata");
        Self {
            name: metadata.text("name"),
            generate_name: metadata.text("generateName"),
            namespace: metadata.text("namespace"),
            is_being_deleted: metadata.is_present("deletionTimestamp"),
            labels: metadata.text_map("labels"),
            annotations: metadata.text_map("annotations"),
        }
    }

    /// The value of one annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(String::as_str)
    }
}

/// An object of which only the metadata is read (Namespace, DaemonSet).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectWithMetadata {
    /// Its metadata.
    pub metadata: Metadata,
}

impl View for ObjectWithMetadata {
    const FIELDS: &'static [(&'static str, Shape)] = &[METADATA];

    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { metadata: Metadata::of(fields) }
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
