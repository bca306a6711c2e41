//! The rules: what the policy finds. One file per rule; none knows the mode, and none makes text.

pub mod headless_instance_mode;
pub mod instance_mode_without_node_port;
pub mod missing_service;

use crate::cluster::LookupFailure;
use crate::controller::Source;
use crate::kubernetes::{Edition, ObjectRef, Service};
use crate::settings::ServiceScope;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleId {
    /// See [`headless_instance_mode`].
    HeadlessInstanceMode,
    /// See [`instance_mode_without_node_port`].
    InstanceModeWithoutNodePort,
    /// See [`missing_service`].
    MissingService,
}

impl RuleId {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::HeadlessInstanceMode, Self::InstanceModeWithoutNodePort, Self::MissingService];

    /// The id in audit annotations and log lines; its file and its cases are named after it.
    pub fn id(self) -> &'static str {
        match self {
            Self::HeadlessInstanceMode => "headless-instance-mode",
            Self::InstanceModeWithoutNodePort => "instance-mode-without-node-port",
            Self::MissingService => "missing-service",
        }
    }
}

/// The rule that a Service breaks when it is served in instance mode, if it breaks one.
pub fn rule_of_service(service: &Service, scope: ServiceScope) -> Option<RuleId> {
    if headless_instance_mode::is_broken_by(service) {
        Some(RuleId::HeadlessInstanceMode)
    } else if scope == ServiceScope::WithoutNodePort && instance_mode_without_node_port::is_broken_by(service) {
        Some(RuleId::InstanceModeWithoutNodePort)
    } else {
        None
    }
}

/// The way in which an object serves a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A TargetGroupBinding.
    TargetGroupBinding(Edition),
    /// An Ingress.
    Ingress(Edition),
    /// An NLB Service, itself.
    OwnLoadBalancer(Edition),
    /// Another NLB Service, by a weighted action.
    WeightedAction(Edition),
}

impl Role {
    /// The edition of the controller that serves.
    pub fn edition(self) -> Edition {
        match self {
            Self::TargetGroupBinding(edition)
            | Self::Ingress(edition)
            | Self::OwnLoadBalancer(edition)
            | Self::WeightedAction(edition) => edition,
        }
    }
}

/// A Service and an object that serves it, where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// The Service.
    pub service: ObjectRef,
    /// The object that serves it.
    pub server: ObjectRef,
    /// How it does.
    pub role: Role,
    /// The line that decided the target type; none for a missing Service.
    pub source: Option<Source>,
    /// Why the Service has no node port.
    pub no_node_port: NoNodePort,
    /// Whether the object carries the Ingress annotation in a place where the controller does not read it.
    pub has_ignored_annotation: bool,
    /// What to do.
    pub remedy: Remedy,
}

/// An object that could not be judged, and the lookup that failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unjudged {
    /// The object.
    pub server: ObjectRef,
    /// The lookup.
    pub lookup: Box<LookupFailure>,
}

/// Why a Service has no node port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoNodePort {
    /// It is headless.
    Headless,
    /// Type ClusterIP.
    ClusterIp,
    /// Type LoadBalancer, with `allocateLoadBalancerNodePorts: false`.
    LoadBalancerWithoutNodePorts,
    /// It does not exist.
    Missing,
}

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Change the admitted object, which the policy can do.
    Fix(Fix),
    /// Change something else, or the object in a way that the policy must not choose.
    Instead(Instead),
}

/// A change of the admitted object that makes the path work. The setting `mode` says whether it is applied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fix {
    /// `spec.targetType: ip` and the annotation on a TargetGroupBinding, whose node selector `ip` refuses.
    TargetGroupBinding {
        /// Whether there is a node selector to remove.
        removes_node_selector: bool,
    },
    /// The target type annotation on an Ingress.
    Ingress,
    /// The Ingress target type annotation on a Service behind an Ingress.
    ServiceBehindIngress,
    /// The NLB target type annotation on an NLB Service.
    LoadBalancer,
}

/// Why the admitted object is not changed, which is what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// The stored binding's target type can never be changed.
    RecreateBinding,
    /// These IngressClassParams override every annotation.
    ChangeClassParams(String),
    /// The Service's own annotation wins over the Ingress'.
    ChangeServiceAnnotation,
    /// Annotate the Service: on the Ingress, the annotation would move another backend too.
    AnnotateService {
        /// The other backend.
        other: ObjectRef,
        /// Whether it is known that it would be moved, or could not be looked up.
        is_known: bool,
    },
    /// The controller refuses this health check port by name in ip mode.
    NumberHealthCheckPort {
        /// The name.
        port: String,
    },
    /// The load balancer serves another Service that would be moved to ip mode too.
    SplitLoadBalancer {
        /// The other Service.
        other: ObjectRef,
        /// Whether it is known that it would be moved, or could not be looked up.
        is_known: bool,
    },
    /// The TargetGroupBinding is what to change.
    ChangeBinding,
    /// The NLB Service is what to change.
    ChangeLoadBalancer,
    /// The Service is to be created, or the reference corrected.
    CreateService,
}
