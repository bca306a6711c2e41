//! TargetGroupBinding (`elbv2.k8s.aws/v1beta1` and `eks.amazonaws.com/v1`), as far as it is read.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;

use super::decode::Presence;
use super::metadata::Metadata;

/// A TargetGroupBinding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TargetGroupBinding {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: TargetGroupBindingSpec,
}

/// `spec` of a TargetGroupBinding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TargetGroupBindingSpec {
    /// The Service that is bound, in the same namespace.
    pub service_ref: ServiceReference,
    /// `instance` or `ip`; empty when not set.
    pub target_type: String,
    /// Who may reach the targets, where the binding says so.
    pub networking: Option<Networking>,
    /// Whether the binding chooses nodes.
    pub node_selector: Presence,
}

/// A Service and one of its ports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ServiceReference {
    /// The Service's name.
    pub name: String,
    /// The Service's port.
    pub port: Option<IntOrString>,
}

/// `spec.networking` of a TargetGroupBinding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Networking {
    /// The rules.
    pub ingress: Vec<NetworkingRule>,
}

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NetworkingRule {
    /// The ports that are opened.
    pub ports: Vec<NetworkingPort>,
}

/// One port of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NetworkingPort {
    /// By number, or in ip mode by name.
    pub port: Option<IntOrString>,
}
