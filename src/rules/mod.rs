//! The rules: what is wrong with a Service and an object that serves it. One file per rule; facts in, one [`Problem`] out.
//! None knows the mode, and none makes text.

pub mod headless_instance_mode;
pub mod instance_mode_without_node_port;
pub mod invalid_target_type;
pub mod missing_service;

use serde::{Serialize, Serializer};

use crate::controller::{Needed, NoNodePort, TargetType};
use crate::kubernetes::{Service, ServiceType};
use crate::settings::ServiceScope;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// See [`headless_instance_mode`].
    HeadlessInstanceMode,
    /// See [`instance_mode_without_node_port`].
    InstanceModeWithoutNodePort(NoNodePort),
    /// See [`invalid_target_type`].
    InvalidTargetType(NoNodePort),
    /// See [`missing_service`].
    MissingService,
}

impl Problem {
    /// The ids of all rules, in the order of the documentation.
    pub const IDS: [&'static str; 4] =
        ["headless-instance-mode", "instance-mode-without-node-port", "invalid-target-type", "missing-service"];

    /// The rule's id in audit annotations and log lines; its file and its cases are named after it.
    pub fn id(self) -> &'static str {
        match self {
            Self::HeadlessInstanceMode => "headless-instance-mode",
            Self::InstanceModeWithoutNodePort(_) => "instance-mode-without-node-port",
            Self::InvalidTargetType(_) => "invalid-target-type",
            Self::MissingService => "missing-service",
        }
    }

    /// Why instance mode could not serve the Service; nothing for a missing one.
    pub fn no_node_port(self) -> Option<NoNodePort> {
        match self {
            Self::HeadlessInstanceMode => Some(NoNodePort::Headless),
            Self::InstanceModeWithoutNodePort(reason) | Self::InvalidTargetType(reason) => Some(reason),
            Self::MissingService => None,
        }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// What is wrong with serving a Service in this way.
pub fn problem(
    service: &Service,
    needed: Needed<'_>,
    target_type: &TargetType,
    scope: ServiceScope,
) -> Option<Problem> {
    headless_instance_mode::check(service, target_type)
        .or_else(|| instance_mode_without_node_port::check(service, needed, target_type, scope))
        .or_else(|| invalid_target_type::check(service, needed, target_type, scope))
}

/// Whether anything can be wrong with serving the Service at all. A Service without ports is served by nothing.
pub fn can_be_found(service: &Service, scope: ServiceScope) -> bool {
    let is_in_scope = service.is_headless()
        || (scope == ServiceScope::WithoutNodePort
            && match service.service_type() {
                ServiceType::ClusterIp | ServiceType::ExternalName => true,
                ServiceType::LoadBalancer => service.spec.allocate_load_balancer_node_ports == Some(false),
                ServiceType::NodePort | ServiceType::Unknown => false,
            });
    is_in_scope && !service.spec.ports.is_empty()
}
