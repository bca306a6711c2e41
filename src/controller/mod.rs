//! What would the AWS Load Balancer Controller do? Its rules, each with the Go file and function that it was read from.
//!
//! Source: kubernetes-sigs/aws-load-balancer-controller v3.5.0. Nothing here knows a rule, a mode or a fix.

mod actions;
mod health_check;
mod ingress;
mod ingress_class;
mod network_load_balancer;
mod target_group_binding;

pub use actions::{ActionError, TargetGroup};
pub use health_check::named_health_check_port;
pub use ingress::{annotations_of_ingress, references_of_ingress, target_type_of_backend};
pub use ingress_class::{IngressOwner, owner_of_ingress};
pub use network_load_balancer::{
    ACTIONS_PREFIX, NetworkLoadBalancer, annotations_of_service, network_load_balancer, references_of_listeners,
};
pub use target_group_binding::{is_made_by_controller, labels_of_binding, target_type_of_binding};

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::kubernetes::{Edition, IntOrString, Service, ServiceType};

/// A Service that an Ingress or a listener of an NLB Service refers to, and a port of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendReference<'a> {
    /// The Service's name.
    pub service_name: Cow<'a, str>,
    /// The Service's port; in the action of an NLB Service, a string is a name, even `"80"`.
    pub port: Option<IntOrString>,
}

/// What a target group holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetType {
    /// Nodes, reached on the Service's node port.
    Instance,
    /// Pods, reached on their own addresses.
    Ip,
}

impl TargetType {
    /// The value as objects spell it; any other text is none.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "instance" => Some(Self::Instance),
            "ip" => Some(Self::Ip),
            _ => None,
        }
    }
}

/// The flags of the controller that decide something, with its own defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags {
    /// `--default-target-type`.
    pub default_target_type: TargetType,
    /// `--ingress-class`.
    pub ingress_class: Cow<'static, str>,
    /// `--load-balancer-class`.
    pub load_balancer_class: Cow<'static, str>,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            default_target_type: TargetType::Instance,
            ingress_class: Cow::Borrowed("alb"),
            load_balancer_class: Cow::Borrowed("service.k8s.aws/nlb"),
        }
    }
}

/// The line that decided a target type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The controller's `--default-target-type`: no object says anything.
    ControllerDefault,
    /// EKS Auto Mode's own default: no object says anything.
    AutoModeDefault,
    /// `alb.ingress.kubernetes.io/target-type` on the Ingress.
    IngressAnnotation,
    /// `alb.ingress.kubernetes.io/target-type` on the backend Service.
    ServiceAnnotation,
    /// `spec.targetType` of the IngressClassParams of that name.
    IngressClassParams(String),
    /// `spec.targetType` of the TargetGroupBinding.
    TargetGroupBinding,
    /// `service.beta.kubernetes.io/aws-load-balancer-nlb-target-type` on the NLB Service.
    NlbTargetTypeAnnotation,
    /// `service.beta.kubernetes.io/aws-load-balancer-type: nlb-ip` on the NLB Service.
    NlbTypeAnnotation,
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved<T> {
    /// The value.
    pub value: T,
    /// The line that decided it.
    pub source: Source,
}

/// The default of an edition: the flag, or Auto Mode's `ip`, to which the flag does not apply.
fn default_target_type(edition: Edition, flag: TargetType) -> Resolved<TargetType> {
    match edition {
        Edition::Standard => Resolved { value: flag, source: Source::ControllerDefault },
        Edition::AutoMode => Resolved { value: TargetType::Ip, source: Source::AutoModeDefault },
    }
}

/// The annotation that sets the target type of an Ingress' target groups.
pub const INGRESS_TARGET_TYPE: &str = "alb.ingress.kubernetes.io/target-type";
/// The annotation that sets the health check port of an Ingress' target groups.
pub const INGRESS_HEALTH_CHECK_PORT: &str = "alb.ingress.kubernetes.io/healthcheck-port";
/// The annotation that sets the target type of an NLB Service's target groups.
pub const NLB_TARGET_TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type";
/// The annotation that sets the health check port of an NLB Service's target groups.
pub const NLB_HEALTH_CHECK_PORT: &str = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-port";

/// Whether a Service could be served in instance mode: it has node ports, or gets them.
///
/// LBC `pkg/ingress/model_build_target_group.go` buildTargetGroupPort and `pkg/service/model_build_target_group.go`
/// buildTargetType: a port without node port is refused. A missing node port alone does not count, as it is allocated
/// after admission, unless `allocateLoadBalancerNodePorts: false` says that none will be.
pub fn has_or_gets_node_ports(service: &Service) -> bool {
    match service.spec.service_type {
        ServiceType::NodePort => true,
        ServiceType::LoadBalancer => {
            service.spec.allocate_load_balancer_node_ports != Some(false) || service.has_node_port()
        }
        _ => false,
    }
}

/// The entries whose keys are read.
fn entries_read(map: &BTreeMap<String, String>, is_read: impl Fn(&str) -> bool) -> Vec<(&str, &str)> {
    map.iter().map(|(key, value)| (key.as_str(), value.as_str())).filter(|(key, _)| is_read(key)).collect()
}
