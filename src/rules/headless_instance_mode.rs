//! Rule `headless-instance-mode`.
//!
//! ## What it does
//! Finds headless Services (`clusterIP: None`) that an object makes the controller serve in instance mode: a
//! TargetGroupBinding, an Ingress, a Service with a Network Load Balancer (itself, or through its weighted actions), or a
//! route of the Gateway API.
//!
//! ## Why it is harmful
//! Instance mode registers nodes on the Service's node port, and a headless Service has none: it can never be served.
//! Behind an Ingress, one such backend stops the reconcile of the whole load balancer, other teams' Ingresses too. Behind
//! a route, it stops the whole Gateway, for every route on it, while the status of the routes says `Accepted`.
//!
//! ## What the controller does
//! It accepts the objects, and fails when it reconciles them:
//!
//! - for an Ingress or an NLB Service, `TargetGroup port is empty. When using Instance targets, your service be must of
//!   type 'NodePort' or 'LoadBalancer'` (`pkg/ingress/model_build_target_group.go` buildTargetGroupSpec,
//!   `pkg/service/model_build_target_group.go` buildTargetGroupSpec);
//! - for a Gateway, `TargetGroup port is empty. When using Instance targets, your service must be of type 'NodePort' or
//!   'LoadBalancer'` (`pkg/gateway/model/model_build_target_group.go` buildTargetGroupSpec);
//! - for an NLB Service before that, `unsupported service type "ClusterIP" for load balancer target type "instance"`
//!   (`pkg/service/model_build_target_group.go` buildTargetType);
//! - for a TargetGroupBinding, `service type must be either 'NodePort' or 'LoadBalancer': NAMESPACE/NAME`
//!   (`pkg/backend/endpoint_resolver.go` ResolveNodePortEndpoints).
//!
//! ## Fix
//! Target type `ip`, in the place that decides:
//!
//! - a TargetGroupBinding: `spec.targetType: ip`, and no `spec.nodeSelector`, which `ip` refuses. The annotation
//!   `alb.ingress.kubernetes.io/target-type: ip` is set too: people look for it there, though the controller does not
//!   read it on a binding;
//! - an Ingress: the annotation `alb.ingress.kubernetes.io/target-type: ip`, on the Ingress or on the headless Service;
//! - a Service with a Network Load Balancer, its own or one that forwards to a headless Service: the annotation
//!   `service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip`. Charts copy the annotations of an NLB onto the
//!   headless twin of a Service; then remove them there;
//! - IngressClassParams: `spec.targetType: ip`;
//! - a route: `targetType: ip` in the TargetGroupConfiguration that decides. Where the Service has none, apply one. The
//!   controller reads no annotation there.
//!
//! ```yaml
//! apiVersion: gateway.k8s.aws/v1
//! kind: TargetGroupConfiguration
//! metadata:
//!   name: cart
//!   # The namespace of the Service.
//!   namespace: shop
//! spec:
//!   targetReference:
//!     name: cart
//!   defaultConfiguration:
//!     targetType: ip
//! ```
//!
//! Or a second Service of type NodePort beside the headless one. The headless Service must stay headless: `clusterIP`
//! is immutable, and StatefulSets need it.
//!
//! ## Fix safety
//! With `mode: mutate`, the admitted object alone is changed, and only where no other Service would be moved to ip mode
//! with it. For an Ingress, a Service or a route the controller makes a new target group. For a TargetGroupBinding it cannot: the
//! target group that the binding names must be of type ip itself, which can never be changed, and a stored binding's
//! `spec.targetType` is immutable. Ip mode needs pod addresses that are routable in the VPC, and security groups that
//! let the load balancer reach the pods' ports; for a binding, nobody opens them without `spec.networking`.
//!
//! ## Example
//! `headless-instance-mode/target-group-binding/instance--rejected`: a binding in instance mode, with the default
//! settings.
//!
//! `headless-instance-mode/target-group-binding/instance--mutated`: the same binding, fixed.
//!
//! `headless-instance-mode/ingress/default-instance--mutated`: an Ingress that says nothing, so that the controller's
//! default decides.
//!
//! `headless-instance-mode/target-group-binding/managed-fields-type-of-aws-in-mutate-mode--rejected`: a binding whose target
//! type came from AWS, which no fix helps.
//!
//! `headless-instance-mode/ingress/missing-backend-in-mutate-mode--rejected`: an Ingress that also sends traffic to a Service
//! that does not exist yet.
//!
//! `headless-instance-mode/ingress/ip-gate-off-in-mutate-mode--rejected`: an Ingress of a controller without ip mode.
//!
//! `headless-instance-mode/ingress/update-moved-into-group--rejected`: an Ingress that is moved into another group.
//!
//! ## References
//! - [Target type of an Ingress](https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/guide/ingress/annotations.md)
//! - [TargetGroupBinding](https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/guide/targetgroupbinding/targetgroupbinding.md)
//! - [Target type of an NLB Service](https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/guide/service/annotations.md)
//! - [TargetGroupConfiguration](https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/guide/gateway/targetgroupconfig.md)
//! - Issues [#1723](https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/1723),
//!   [#3636](https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3636),
//!   [#3790](https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3790) and
//!   [#4597](https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/4597)

use super::Problem;
use crate::controller::TargetType;
use crate::kubernetes::Service;

/// Whether a Service breaks the rule when it is served in this way.
pub fn check(service: &Service, target_type: &TargetType) -> Option<Problem> {
    (service.is_headless() && *target_type == TargetType::Instance).then_some(Problem::HeadlessInstanceMode)
}
