//! `metadata`, as far as it is read.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::decode::{is_present, map, null_as_default};

/// The metadata of any object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a map")]
pub struct Metadata {
    /// Empty for an object whose name is generated after admission.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// The prefix of a name that is generated after admission.
    #[serde(deserialize_with = "null_as_default")]
    pub generate_name: String,
    /// Empty for cluster-scoped objects.
    #[serde(deserialize_with = "null_as_default")]
    pub namespace: String,
    /// Whether the object is being deleted (`deletionTimestamp` is set).
    #[serde(rename = "deletionTimestamp", deserialize_with = "is_present")]
    pub is_being_deleted: bool,
    /// Labels.
    #[serde(deserialize_with = "null_as_default")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(deserialize_with = "null_as_default")]
    pub annotations: BTreeMap<String, String>,
}

impl Metadata {
    /// The value of one annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(String::as_str)
    }
}

/// An object of which only the metadata is read (Namespace, DaemonSet).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct ObjectWithMetadata {
    /// Its metadata.
    #[serde(deserialize_with = "map")]
    pub metadata: Metadata,
}
