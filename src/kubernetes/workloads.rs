//! StatefulSet (`apps/v1`), as far as it is read.

use serde::Deserialize;

use super::decode::{map, null_as_default};
use super::metadata::Metadata;

/// A StatefulSet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct StatefulSet {
    /// Its metadata.
    #[serde(deserialize_with = "map")]
    pub metadata: Metadata,
    /// Its specification.
    #[serde(deserialize_with = "map")]
    pub spec: StatefulSetSpec,
}

/// `spec` of a StatefulSet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a map")]
pub struct StatefulSetSpec {
    /// The headless Service that gives its pods their names.
    #[serde(deserialize_with = "null_as_default")]
    pub service_name: String,
}
