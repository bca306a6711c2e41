//! IngressClass (`networking.k8s.io/v1`) and the controller's IngressClassParams, as far as they are read.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::Deserialize;

use super::metadata::Metadata;

/// An IngressClass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IngressClass {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: IngressClassSpec,
}

/// `spec` of an IngressClass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IngressClassSpec {
    /// Whose class it is.
    pub controller: String,
    /// More configuration, in an object of the controller's own kind.
    pub parameters: Option<ParametersReference>,
}

/// A reference to the parameters of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ParametersReference {
    /// The group; absent for the core group.
    pub api_group: Option<String>,
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: String,
}

/// IngressClassParams, of `elbv2.k8s.aws` or of `eks.amazonaws.com`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct IngressClassParams {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: IngressClassParamsSpec,
}

/// `spec` of IngressClassParams.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressClassParamsSpec {
    /// The target type of every Ingress of the class; empty when not set.
    pub target_type: String,
    /// The namespaces whose Ingresses may use the class; all of them when absent.
    pub namespace_selector: Option<LabelSelector>,
    /// The group of every Ingress of the class.
    pub group: Option<IngressGroup>,
}

/// Ingresses that share a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IngressGroup {
    /// Its name.
    pub name: String,
}
