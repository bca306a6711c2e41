//! The controller's own kinds for Gateways: TargetGroupConfiguration and LoadBalancerConfiguration, as far as they are read.

use serde::Deserialize;

use super::metadata::Metadata;

/// A TargetGroupConfiguration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TargetGroupConfiguration {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: TargetGroupConfigurationSpec,
}

/// `spec` of a TargetGroupConfiguration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TargetGroupConfigurationSpec {
    /// The Service that it is for; without one, it can be a Gateway's default.
    pub target_reference: Option<TargetReference>,
    /// For all routes.
    pub default_configuration: TargetGroupProps,
    /// For some routes.
    pub route_configurations: Vec<RouteConfiguration>,
}

/// The object that a configuration is for. The controller does not look at its group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TargetReference {
    /// `Service` when absent.
    pub kind: Option<String>,
    /// The name.
    pub name: String,
}

impl TargetReference {
    /// The name of the Service that it is for; nothing where it is for something else.
    pub fn service(&self) -> Option<&str> {
        matches!(self.kind.as_deref(), None | Some("Service")).then_some(&self.name)
    }
}

/// Properties of target groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TargetGroupProps {
    /// `instance` or `ip`.
    pub target_type: Option<String>,
    /// How targets are checked.
    pub health_check_config: Option<HealthCheckConfig>,
}

/// How targets are checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HealthCheckConfig {
    /// The port, by number or by name.
    pub health_check_port: Option<String>,
}

/// Properties for the routes that match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RouteConfiguration {
    /// The routes.
    pub route_identifier: RouteIdentifier,
    /// The properties.
    pub target_group_props: TargetGroupProps,
}

/// Routes by kind, namespace and name; what is empty matches any, but for the kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RouteIdentifier {
    /// The kind.
    pub kind: String,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// A LoadBalancerConfiguration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LoadBalancerConfiguration {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: LoadBalancerConfigurationSpec,
}

/// `spec` of a LoadBalancerConfiguration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LoadBalancerConfigurationSpec {
    /// Which one wins, of the configurations of a class and of its Gateway.
    pub merging_mode: Option<String>,
    /// The TargetGroupConfiguration for Services without one of their own, in the same namespace.
    pub default_target_group_configuration: Option<DefaultTargetGroupConfiguration>,
}

/// A TargetGroupConfiguration by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DefaultTargetGroupConfiguration {
    /// The name.
    pub name: String,
}
