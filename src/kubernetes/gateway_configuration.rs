//! The controller's own kinds for Gateways: TargetGroupConfiguration and LoadBalancerConfiguration, as far as they are read.

use serde::Deserialize;

use super::resource::Resource;

/// A TargetGroupConfiguration.
pub type TargetGroupConfiguration = Resource<TargetGroupConfigurationSpec>;

/// `spec` of a TargetGroupConfiguration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroupConfigurationSpec {
    /// The Service that it is for; without one, it can be a Gateway's default.
    #[serde(default)]
    pub target_reference: Option<TargetReference>,
    /// For all routes.
    #[serde(default)]
    pub default_configuration: TargetGroupProps,
    /// For some routes.
    #[serde(default)]
    pub route_configurations: Vec<RouteConfiguration>,
}

/// The object that a configuration is for. The controller does not look at its group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct TargetReference {
    /// `Service` when absent.
    #[serde(default)]
    pub kind: Option<String>,
    /// The name.
    #[serde(default)]
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
#[serde(rename_all = "camelCase")]
pub struct TargetGroupProps {
    /// `instance` or `ip`.
    #[serde(default)]
    pub target_type: Option<String>,
    /// How targets are checked.
    #[serde(default)]
    pub health_check_config: Option<HealthCheckConfig>,
}

/// How targets are checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheckConfig {
    /// The port, by number or by name.
    #[serde(default)]
    pub health_check_port: Option<String>,
}

/// Properties for the routes that match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteConfiguration {
    /// The routes.
    #[serde(default)]
    pub route_identifier: RouteIdentifier,
    /// The properties.
    #[serde(default)]
    pub target_group_props: TargetGroupProps,
}

/// Routes by kind, namespace and name; what is empty matches any, but for the kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RouteIdentifier {
    /// The kind.
    #[serde(default)]
    pub kind: String,
    /// The namespace.
    #[serde(default)]
    pub namespace: String,
    /// The name.
    #[serde(default)]
    pub name: String,
}

/// A LoadBalancerConfiguration.
pub type LoadBalancerConfiguration = Resource<LoadBalancerConfigurationSpec>;

/// `spec` of a LoadBalancerConfiguration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancerConfigurationSpec {
    /// Which one wins, of the configurations of a class and of its Gateway.
    #[serde(default)]
    pub merging_mode: Option<String>,
    /// The TargetGroupConfiguration for Services without one of their own, in the same namespace.
    #[serde(default)]
    pub default_target_group_configuration: Option<DefaultTargetGroupConfiguration>,
}

/// A TargetGroupConfiguration by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct DefaultTargetGroupConfiguration {
    /// The name.
    #[serde(default)]
    pub name: String,
}
