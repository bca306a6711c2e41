//! Which Services instance mode can serve, and by which ports.

use serde::Serialize;

use crate::kubernetes::{IntOrString, Service, ServicePort, ServiceType};

/// Why instance mode cannot serve a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum NoNodePort {
    /// It is headless.
    Headless,
    /// It has the type ClusterIP.
    ClusterIp,
    /// It has the type ExternalName.
    ExternalName,
    /// It has the type LoadBalancer, `allocateLoadBalancerNodePorts: false`, and no node port on that port.
    NotAllocated,
}

/// Which node ports of a Service an object that serves it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed<'a> {
    /// Those of these ports: an Ingress, an action, a route.
    Ports(&'a [IntOrString]),
    /// That of every port number: an NLB Service itself.
    EveryPort,
    /// Any: a TargetGroupBinding, for which the controller looks at the Service's type alone, and AWS refuses port 0.
    Any,
}

/// Why instance mode cannot serve the ports that are needed. A missing node port alone is no reason: it is allocated after
/// admission, unless `allocateLoadBalancerNodePorts: false` says that none will be.
///
/// LBC `pkg/ingress/model_build_target_group.go` buildTargetGroupPort, `pkg/service/model_build_target_group.go`
/// buildTargetType, `pkg/gateway/model/model_build_target_group.go` buildTargetGroupSpec: the port's node port is 0.
/// `pkg/backend/endpoint_resolver.go` ResolveNodePortEndpoints: the Service's type.
pub fn missing_node_port(service: &Service, needed: Needed<'_>) -> Option<NoNodePort> {
    if service.is_headless() {
        return Some(NoNodePort::Headless);
    }
    match service.service_type() {
        ServiceType::ClusterIp => Some(NoNodePort::ClusterIp),
        ServiceType::ExternalName => {
            (!service.spec.ports.is_empty() || needed == Needed::Any).then_some(NoNodePort::ExternalName)
        }
        ServiceType::NodePort | ServiceType::Unknown => None,
        ServiceType::LoadBalancer => {
            let lacks = lacks_allocated_port(service, needed);
            (service.spec.allocate_load_balancer_node_ports == Some(false) && lacks).then_some(NoNodePort::NotAllocated)
        }
    }
}

fn lacks_allocated_port(service: &Service, needed: Needed<'_>) -> bool {
    let ports = &service.spec.ports;
    let lacks = |port: &ServicePort| port.node_port == 0;
    match needed {
        Needed::Ports(references) => references.iter().filter_map(|port| service.port(port)).any(lacks),
        // Of several ports with one number the first counts.
        Needed::EveryPort => ports.iter().enumerate().any(|(index, port)| {
            let is_first = !ports.iter().take(index).any(|earlier| earlier.port == port.port);
            is_first && lacks(port)
        }),
        Needed::Any => ports.iter().all(lacks),
    }
}

/// Whether instance mode could serve the Service by any port: it has node ports, or gets them.
pub fn could_be_served_in_instance_mode(service: &Service) -> bool {
    match service.service_type() {
        ServiceType::NodePort => true,
        ServiceType::LoadBalancer => {
            service.spec.allocate_load_balancer_node_ports != Some(false)
                || service.spec.ports.iter().any(|port| port.node_port != 0)
        }
        ServiceType::ClusterIp | ServiceType::ExternalName | ServiceType::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::{Json, parse};

    #[track_caller]
    fn check(spec: &str, needed: Needed<'_>, expected: Option<NoNodePort>) {
        let service = Service::read(Json::of(&parse(&format!(r#"{{"spec":{spec}}}"#)).unwrap())).unwrap();
        assert_eq!(missing_node_port(&service, needed), expected, "{spec}");
    }

    #[test]
    fn services_without_node_ports() {
        use NoNodePort::{ClusterIp, ExternalName, Headless, NotAllocated};
        let http = [IntOrString::Int(80)];
        let both = [IntOrString::Int(80), IntOrString::String("https".to_owned())];
        let (http, both) = (Needed::Ports(&http), Needed::Ports(&both));
        check("{}", http, Some(ClusterIp));
        check(r#"{"type":"ClusterIP","clusterIP":"None"}"#, http, Some(Headless));
        check(r#"{"type":"NodePort","ports":[{"port":80}]}"#, http, None);
        check(r#"{"type":"LoadBalancer","ports":[{"port":80}]}"#, http, None);
        check(r#"{"type":"ExternalName","ports":[{"port":80}]}"#, http, Some(ExternalName));
        check(r#"{"type":"ExternalName"}"#, http, None);
        check(r#"{"type":"ExternalName"}"#, Needed::Any, Some(ExternalName));
        let some = r#"{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"name":"http","port":80,"nodePort":30080},{"name":"https","port":443},{"name":"udp","port":80}]}"#;
        check(some, http, None);
        check(some, both, Some(NotAllocated));
        check(some, Needed::EveryPort, Some(NotAllocated));
        check(some, Needed::Any, None);
        let first = r#"{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"name":"tcp","port":53,"nodePort":30053},{"name":"udp","port":53}]}"#;
        check(first, Needed::EveryPort, None);
        let none = r#"{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"port":80}]}"#;
        check(none, Needed::Any, Some(NotAllocated));
        check(none, Needed::Ports(&[IntOrString::Int(81)]), None);
    }
}
