//! Which fields of each kind are asked for.

use crate::kubernetes::Kind;

/// The fields that are read, in their order: the host copies no others into the guest. Metadata always comes whole; a mask
/// that names nothing else leaves just that.
pub fn field_masks(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Namespace | Kind::DaemonSet | Kind::ListenerRuleConfiguration => &["metadata.name"],
        Kind::Service => &[
            "spec.allocateLoadBalancerNodePorts",
            "spec.clusterIP",
            "spec.clusterIPs",
            "spec.loadBalancerClass",
            "spec.ports",
            "spec.selector",
            "spec.type",
        ],
        Kind::StatefulSet => &["spec.serviceName"],
        Kind::Ingress => {
            &["spec.defaultBackend.service", "spec.ingressClassName", "spec.rules.http.paths.backend.service"]
        }
        Kind::IngressClass => &["spec.controller", "spec.parameters"],
        Kind::IngressClassParams(_) => &["spec.group", "spec.namespaceSelector", "spec.targetType"],
        Kind::TargetGroupBinding(_) => &["spec.networking", "spec.serviceRef", "spec.targetType"],
        Kind::Route(_) => &[
            "spec.hostnames",
            "spec.parentRefs",
            "spec.rules.backendRefs",
            "spec.rules.filters.extensionRef",
            "spec.rules.filters.type",
        ],
        Kind::GatewayClass => &["spec.controllerName", "spec.parametersRef"],
        Kind::Gateway => &[
            "spec.allowedListeners",
            "spec.gatewayClassName",
            "spec.infrastructure.parametersRef",
            "spec.listeners.allowedRoutes",
            "spec.listeners.hostname",
            "spec.listeners.name",
            "spec.listeners.port",
            "spec.listeners.protocol",
        ],
        Kind::ListenerSet => &[
            "spec.listeners.allowedRoutes",
            "spec.listeners.hostname",
            "spec.listeners.name",
            "spec.listeners.port",
            "spec.listeners.protocol",
            "spec.parentRef",
        ],
        Kind::ReferenceGrant => &["spec.from", "spec.to"],
        Kind::TargetGroupConfiguration(_) => &[
            "spec.defaultConfiguration.healthCheckConfig.healthCheckPort",
            "spec.defaultConfiguration.targetType",
            "spec.routeConfigurations.routeIdentifier",
            "spec.routeConfigurations.targetGroupProps.healthCheckConfig.healthCheckPort",
            "spec.routeConfigurations.targetGroupProps.targetType",
            "spec.targetReference",
        ],
        Kind::LoadBalancerConfiguration(_) => &["spec.defaultTargetGroupConfiguration", "spec.mergingMode"],
    }
}

/// The object to ask for, by namespace and name, to find out whether a list of its kind would be answered. Whether it
/// exists does not matter: a refusal does.
///
/// The API server itself keeps the Service `default/kubernetes`, and a host remembers for some seconds what it found. Of
/// other kinds no object is known to exist: `_` is a name that no object can have but a URL can.
pub fn probe(kind: Kind, namespace: &str) -> (&str, &'static str) {
    match kind {
        Kind::Service => ("default", "kubernetes"),
        _ => (namespace, "_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SDK writes a sorted set.
    #[test]
    fn masks_are_sorted() {
        for kind in Kind::ADMITTED.into_iter().chain(Kind::LOOKED_UP) {
            assert!(field_masks(kind).is_sorted(), "{kind:?}");
        }
    }
}
