//! Objects that are looked up for advice and for labels, as far as they are read.

use serde::Deserialize;

use super::metadata::Metadata;

/// An object of which only the metadata is read (Namespace, DaemonSet).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ObjectWithMetadata {
    /// Its metadata.
    pub metadata: Metadata,
}

/// A StatefulSet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StatefulSet {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: StatefulSetSpec,
}

/// `spec` of a StatefulSet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatefulSetSpec {
    /// The headless Service that gives its pods their names.
    pub service_name: String,
}
