//! Objects that are looked up for advice and for labels, as far as they are read.

use serde::Deserialize;

use super::decode::Presence;
use super::resource::Resource;

/// An object of which only the metadata is read (Namespace, DaemonSet).
pub type ObjectWithMetadata = Resource<Presence>;

/// A StatefulSet.
pub type StatefulSet = Resource<StatefulSetSpec>;

/// `spec` of a StatefulSet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatefulSetSpec {
    /// The headless Service that gives its pods their names.
    #[serde(default)]
    pub service_name: String,
}
