//! Rule `instance-mode-without-node-port`, with `services: withoutNodePort`.
//!
//! ## What it does
//! Finds Services that are not headless, but that instance mode cannot serve either: of type ClusterIP, and of type
//! LoadBalancer with `allocateLoadBalancerNodePorts: false` and no node port.
//!
//! ## Why it is harmful
//! Instance mode registers nodes on the Service's node port, and there is none. Behind an Ingress, one such backend
//! stops the reconcile of the whole load balancer, other teams' Ingresses too.
//!
//! ## What the controller does
//! It accepts the objects, and fails when it reconciles them:
//!
//! - for an Ingress, `TargetGroup port is empty. When using Instance targets, your service be must of type 'NodePort' or
//!   'LoadBalancer'` (`pkg/ingress/model_build_target_group.go` buildTargetGroupSpec);
//! - for an NLB Service, `unsupported service type "ClusterIP" for load balancer target type "instance"`, or `unable to
//!   support instance target type with an unallocated NodePort` (`pkg/service/model_build_target_group.go`
//!   buildTargetType);
//! - for a TargetGroupBinding to a Service of type ClusterIP, `service type must be either 'NodePort' or 'LoadBalancer':
//!   NAMESPACE/NAME` (`pkg/backend/endpoint_resolver.go` ResolveNodePortEndpoints).
//!
//! ## Fix
//! Target type `ip`, in the same places as for a headless Service; or a Service with node ports: type NodePort, or type
//! LoadBalancer without `allocateLoadBalancerNodePorts: false`.
//!
//! ## Fix safety
//! As for a headless Service. The policy never gives a Service node ports: that would open a port on every node.
//!
//! ## Example
//! `instance-mode-without-node-port/target-group-binding-cluster-ip-service--mutated`: a binding in instance mode to a
//! Service of type ClusterIP.
//!
//! `instance-mode-without-node-port/nlb-class-without-node-ports--mutated`: an NLB Service that allocates no node ports.
//!
//! ## References
//! - [Target type of an Ingress](https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/guide/ingress/annotations.md)
//! - [Target type of an NLB Service](https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/guide/service/annotations.md)
//! - [Load balancers without node ports](https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-nodeport-allocation)

use crate::controller::has_or_gets_node_ports;
use crate::kubernetes::{Service, ServiceType};

/// Whether a Service, served in instance mode, breaks the rule. A missing node port alone does not count: it is
/// allocated after admission.
pub fn is_broken_by(service: &Service) -> bool {
    !service.is_headless()
        && matches!(service.spec.service_type, ServiceType::ClusterIp | ServiceType::LoadBalancer)
        && !has_or_gets_node_ports(service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(spec: &str, expected: bool) {
        let service = crate::kubernetes::decode::<Service>(&format!(r#"{{"spec":{spec}}}"#)).unwrap();
        assert_eq!(is_broken_by(&service), expected, "{spec}");
    }

    #[test]
    fn services_without_node_port() {
        check("{}", true);
        check(r#"{"type":"ClusterIP","clusterIP":"10.0.0.1"}"#, true);
        check(r#"{"type":"ClusterIP","clusterIP":"None"}"#, false);
        check(r#"{"type":"NodePort","ports":[{"port":80}]}"#, false);
        check(r#"{"type":"LoadBalancer","ports":[{"port":80}]}"#, false);
        check(r#"{"type":"LoadBalancer","allocateLoadBalancerNodePorts":true,"ports":[{"port":80}]}"#, false);
        check(r#"{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"port":80}]}"#, true);
        check(
            r#"{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"port":80,"nodePort":30080}]}"#,
            false,
        );
        check(r#"{"type":"ExternalName","externalName":"example.com"}"#, false);
    }
}
