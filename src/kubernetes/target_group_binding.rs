//! TargetGroupBinding (`elbv2.k8s.aws/v1beta1` and `eks.amazonaws.com/v1`), as far as it is read.

use serde::Deserialize;

use super::decode::{is_present, map, null_as_default};
use super::metadata::Metadata;
use super::service::IntOrString;

/// A TargetGroupBinding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct TargetGroupBinding {
    /// Its metadata.
    #[serde(deserialize_with = "map")]
    pub metadata: Metadata,
    /// Its specification.
    #[serde(deserialize_with = "map")]
    pub spec: TargetGroupBindingSpec,
}

/// `spec` of a TargetGroupBinding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a map")]
pub struct TargetGroupBindingSpec {
    /// The Service that is bound, in the same namespace.
    #[serde(deserialize_with = "map")]
    pub service_ref: ServiceReference,
    /// `instance` or `ip`; empty when not set.
    #[serde(deserialize_with = "null_as_default")]
    pub target_type: String,
    /// Whether the binding says who may reach the targets.
    #[serde(rename = "networking", deserialize_with = "is_present")]
    pub has_networking: bool,
    /// Whether the binding chooses nodes.
    #[serde(rename = "nodeSelector", deserialize_with = "is_present")]
    pub has_node_selector: bool,
}

/// A Service and one of its ports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct ServiceReference {
    /// The Service's name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// The Service's port.
    pub port: Option<IntOrString>,
}
