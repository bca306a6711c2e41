//! What would the AWS Load Balancer Controller do? Its rules, each with the Go file and function that it was read from.
//!
//! Source: kubernetes-sigs/aws-load-balancer-controller v3.5.0. Nothing here knows a rule, a mode or a fix.

mod actions;
pub mod annotations;
mod gateway;
mod health_check;
mod ingress;
mod ingress_class;
mod listeners;
mod network_load_balancer;
mod node_ports;
mod routes;
mod target_group_binding;
mod target_type;

pub use gateway::{
    DefaultConfiguration, GatewayOwner, Layer, default_configurations, owner_of_gateway, owner_of_gateway_class,
};
pub use health_check::{RefusedHealthCheckPort, is_in_node_port_range, refused_health_check_port};
pub use ingress::{
    annotations_of_ingress, health_check_port_of_ingress, references_of_ingress, target_type_of_backend,
};
pub use ingress_class::{IngressOwner, Ownership, is_default_class, owner_of_ingress, uses_class};
pub use listeners::{Age, ListenerOf, age, gateways_of_parents, ports_of_route, valid_listeners};
pub use network_load_balancer::{
    NetworkLoadBalancer, annotations_of_service, network_load_balancer, references_of_listeners,
};
pub use node_ports::{Needed, NoNodePort, could_be_served_in_instance_mode, missing_node_port};
pub use routes::{
    ServiceConfiguration, configurations_of_service, is_granted, references_of_route, served_references,
    target_type_of_route,
};
pub use target_group_binding::{
    has_ignored_annotation, is_made_by_controller, labels_of_binding, target_type_is_of_aws, target_type_of_binding,
};
pub use target_type::{ByWayOf, Resolved, Source, TargetType, TargetTypeField, default_target_type};

use std::borrow::Cow;
use std::fmt;

use crate::kubernetes::{BackendPlace, Edition, IntOrString, StringMap};

/// How the controller was started, as far as it decides something; the defaults are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// `--default-target-type`.
    pub default_target_type: TargetType,
    /// `--ingress-class`.
    pub ingress_class: Cow<'static, str>,
    /// `--load-balancer-class`.
    pub load_balancer_class: Cow<'static, str>,
    /// `--feature-gates`.
    pub feature_gates: FeatureGates,
    /// The editions that are in the cluster.
    pub editions: Vec<Edition>,
}

impl Default for Controller {
    fn default() -> Self {
        Self {
            default_target_type: TargetType::Instance,
            ingress_class: Cow::Borrowed("alb"),
            load_balancer_class: Cow::Borrowed("service.k8s.aws/nlb"),
            feature_gates: FeatureGates::default(),
            editions: Edition::ALL.to_vec(),
        }
    }
}

impl Controller {
    /// Whether the edition is in the cluster.
    pub fn has(&self, edition: Edition) -> bool {
        self.editions.contains(&edition)
    }
}

/// The feature gates that decide something.
///
/// LBC `pkg/config/feature_gates.go`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureGates {
    /// `EnableServiceController`: NLB Services are taken at all.
    pub service_controller: bool,
    /// `ServiceTypeLoadBalancerOnly`: only Services of type LoadBalancer are taken.
    pub load_balancer_services_only: bool,
    /// `EnableTCPUDPListener`: TCP and UDP of one port are one listener, without an annotation.
    pub tcp_udp_listener: bool,
    /// `EnableIPTargetType`: Ingresses and NLB Services may have the target type ip.
    pub ip_target_type: bool,
    /// `ALBGatewayAPI`: Gateways of ALB classes are served.
    pub alb_gateway_api: bool,
    /// `NLBGatewayAPI`: Gateways of NLB classes are served.
    pub nlb_gateway_api: bool,
    /// `GatewayListenerSet`: ListenerSets add listeners to Gateways.
    pub gateway_listener_set: bool,
}

impl Default for FeatureGates {
    fn default() -> Self {
        Self {
            service_controller: true,
            load_balancer_services_only: false,
            tcp_udp_listener: false,
            ip_target_type: true,
            alb_gateway_api: true,
            nlb_gateway_api: true,
            gateway_listener_set: true,
        }
    }
}

/// A reference to a Service, and a port of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendReference<'a> {
    /// The Service's namespace.
    pub namespace: &'a str,
    /// The Service's name.
    pub name: Cow<'a, str>,
    /// The Service's port; in the action of an NLB Service, a string is a name, even `"80"`.
    pub port: Option<IntOrString>,
    /// Where the reference is in the object.
    pub place: Place,
}

/// Where a reference to a Service is in an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `spec.serviceRef` of a TargetGroupBinding.
    ServiceRef,
    /// The Service is the object itself.
    Itself,
    /// A backend of an Ingress.
    Backend(BackendPlace),
    /// An entry of an action.
    Action {
        /// The annotation.
        key: String,
        /// The target group.
        index: usize,
    },
    /// `spec.rules[…].backendRefs[…]` of a route.
    BackendRef {
        /// The rule.
        rule: usize,
        /// The backend of the rule.
        backend: usize,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceRef => f.write_str("spec.serviceRef"),
            Self::Itself => f.write_str("spec"),
            Self::Backend(place) => write!(f, "{place}"),
            Self::Action { key, index } => {
                write!(f, "metadata.annotations[{key}].forwardConfig.targetGroups[{index}]")
            }
            Self::BackendRef { rule, backend } => write!(f, "spec.rules[{rule}].backendRefs[{backend}]"),
        }
    }
}

/// The entries whose keys are read.
fn entries_read(map: &StringMap, is_read: impl Fn(&str) -> bool) -> Vec<(&str, &str)> {
    map.iter().filter(|(key, _)| is_read(key)).collect()
}
