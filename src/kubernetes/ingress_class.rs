//! IngressClass (`networking.k8s.io/v1`) and the controller's IngressClassParams, as far as they are read.

use serde::Deserialize;

use super::label_selector::LabelSelector;
use super::resource::Resource;

/// An IngressClass.
pub type IngressClass = Resource<IngressClassSpec>;

/// `spec` of an IngressClass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct IngressClassSpec {
    /// Whose class it is.
    #[serde(default)]
    pub controller: String,
    /// More configuration, in an object of the controller's own kind.
    #[serde(default)]
    pub parameters: Option<ParametersReference>,
}

/// A reference to the parameters of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParametersReference {
    /// The group; absent for the core group.
    #[serde(default)]
    pub api_group: Option<String>,
    /// The kind.
    #[serde(default)]
    pub kind: String,
    /// The name.
    #[serde(default)]
    pub name: String,
}

/// IngressClassParams, of `elbv2.k8s.aws` or of `eks.amazonaws.com`.
pub type IngressClassParams = Resource<IngressClassParamsSpec>;

/// `spec` of IngressClassParams.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressClassParamsSpec {
    /// The target type of every Ingress of the class; empty when not set.
    #[serde(default)]
    pub target_type: String,
    /// The namespaces whose Ingresses may use the class; all of them when absent.
    #[serde(default)]
    pub namespace_selector: Option<LabelSelector>,
    /// The group of every Ingress of the class.
    #[serde(default)]
    pub group: Option<IngressGroup>,
}

/// Ingresses that share a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct IngressGroup {
    /// Its name.
    #[serde(default)]
    pub name: String,
}
