//! IngressClass (`networking.k8s.io/v1`) and the controller's IngressClassParams, as far as they are read.

use serde::Deserialize;

use super::decode::{map, null_as_default, optional_map};
use super::label_selector::LabelSelector;
use super::metadata::Metadata;

/// An IngressClass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct IngressClass {
    /// Its metadata.
    #[serde(deserialize_with = "map")]
    pub metadata: Metadata,
    /// Its specification.
    #[serde(deserialize_with = "map")]
    pub spec: IngressClassSpec,
}

/// `spec` of an IngressClass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct IngressClassSpec {
    /// Whose class it is.
    #[serde(deserialize_with = "null_as_default")]
    pub controller: String,
    /// More configuration, in an object of the controller's own kind.
    #[serde(deserialize_with = "optional_map")]
    pub parameters: Option<ParametersReference>,
}

/// A reference to the parameters of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a map")]
pub struct ParametersReference {
    /// The group; absent for the core group.
    pub api_group: Option<String>,
    /// The kind.
    #[serde(deserialize_with = "null_as_default")]
    pub kind: String,
    /// The name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
}

/// IngressClassParams, of `elbv2.k8s.aws` or of `eks.amazonaws.com`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct IngressClassParams {
    /// Its metadata.
    #[serde(deserialize_with = "map")]
    pub metadata: Metadata,
    /// Its specification.
    #[serde(deserialize_with = "map")]
    pub spec: IngressClassParamsSpec,
}

/// `spec` of IngressClassParams.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a map")]
pub struct IngressClassParamsSpec {
    /// The target type of every Ingress of the class; empty when not set.
    #[serde(deserialize_with = "null_as_default")]
    pub target_type: String,
    /// The namespaces whose Ingresses may use the class; all of them when absent.
    #[serde(deserialize_with = "optional_map")]
    pub namespace_selector: Option<LabelSelector>,
    /// The group of every Ingress of the class.
    #[serde(deserialize_with = "optional_map")]
    pub group: Option<IngressGroup>,
}

/// Ingresses that share a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct IngressGroup {
    /// Its name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
}
