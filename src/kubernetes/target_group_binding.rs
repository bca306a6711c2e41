//! TargetGroupBinding (`elbv2.k8s.aws/v1beta1` and `eks.amazonaws.com/v1`), as far as it is read.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;

use super::decode::Presence;
use super::resource::Resource;

/// A TargetGroupBinding.
pub type TargetGroupBinding = Resource<TargetGroupBindingSpec>;

/// `spec` of a TargetGroupBinding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroupBindingSpec {
    /// The Service that is bound, in the same namespace.
    #[serde(default)]
    pub service_ref: ServiceReference,
    /// `instance` or `ip`; empty when not set.
    #[serde(default)]
    pub target_type: String,
    /// Who may reach the targets, where the binding says so.
    #[serde(default)]
    pub networking: Option<Networking>,
    /// Whether the binding chooses nodes.
    #[serde(default)]
    pub node_selector: Presence,
}

/// A Service and one of its ports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ServiceReference {
    /// The Service's name.
    #[serde(default)]
    pub name: String,
    /// The Service's port.
    #[serde(default)]
    pub port: Option<IntOrString>,
}

/// `spec.networking` of a TargetGroupBinding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Networking {
    /// The rules.
    #[serde(default)]
    pub ingress: Vec<NetworkingRule>,
}

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct NetworkingRule {
    /// The ports that are opened.
    #[serde(default)]
    pub ports: Vec<NetworkingPort>,
}

/// One port of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct NetworkingPort {
    /// By number, or in ip mode by name.
    #[serde(default)]
    pub port: Option<IntOrString>,
}
