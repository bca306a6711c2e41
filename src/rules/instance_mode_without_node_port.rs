//! Rule `instance-mode-without-node-port`, with `services: withoutNodePort`.
//!
//! ## What it does
//! Finds Services that are not headless, but that instance mode cannot serve either, by the port that is referred to: of
//! type ClusterIP; of type LoadBalancer with `allocateLoadBalancerNodePorts: false` and no node port on that port; of type
//! ExternalName with ports. For a TargetGroupBinding the Service's type decides, and a LoadBalancer Service without any node
//! port counts too: AWS refuses port 0. A missing node port alone does not count, as it is allocated after admission.
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
//! `instance-mode-without-node-port/target-group-binding/cluster-ip-service--mutated`: a binding in instance mode to a
//! Service of type ClusterIP.
//!
//! `instance-mode-without-node-port/nlb-service/class-without-node-ports--mutated`: an NLB Service that allocates no node ports.
//!
//! `instance-mode-without-node-port/ingress/load-balancer-port-without-node-port--rejected`: a Service that has a node port on
//! another port only.
//!
//! `instance-mode-without-node-port/ingress/external-name-service--rejected`: a Service of type ExternalName.
//!
//! ## References
//! - [Target type of an Ingress](https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/guide/ingress/annotations.md)
//! - [Target type of an NLB Service](https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/guide/service/annotations.md)
//! - [Load balancers without node ports](https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-nodeport-allocation)

use super::Problem;
use crate::controller::{Needed, TargetType, missing_node_port};
use crate::kubernetes::Service;
use crate::settings::ServiceScope;

/// Whether a Service that is not headless breaks the rule when these ports of it are served in this way.
pub fn check(service: &Service, needed: Needed<'_>, target_type: &TargetType, scope: ServiceScope) -> Option<Problem> {
    let is_judged =
        !service.is_headless() && scope == ServiceScope::WithoutNodePort && *target_type == TargetType::Instance;
    let reason = missing_node_port(service, needed).filter(|_| is_judged)?;
    Some(Problem::InstanceModeWithoutNodePort(reason))
}
