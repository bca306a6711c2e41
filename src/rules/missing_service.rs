//! Rule `missing-service`, with `missingService: warn` or `reject`.
//!
//! ## What it does
//! Finds references of an object that the controller serves to a Service that does not exist, whatever the target
//! type.
//!
//! ## Why it is harmful
//! Nothing is served there, and what the Service will be is not known yet.
//!
//! ## What the controller does
//! - An Ingress answers a fixed 503 where the Service is the only target of its backend; among several targets it is an
//!   error, which stops the whole load balancer (`pkg/ingress/enhanced_backend_builder.go` loadBackendServices).
//! - In the weighted action of an NLB Service it is an error (`pkg/service/enhanced_backend_builder.go`
//!   loadBackendServices).
//! - A TargetGroupBinding gets the event `BackendNotFound`, and its targets are deregistered
//!   (`pkg/targetgroupbinding/resource_manager.go` reconcileWithIPTargetType, reconcileWithInstanceTargetType).
//!
//! ## Fix
//! None: the Service is to be created first, or the reference corrected.
//!
//! ## Fix safety
//! Nothing is changed. With `missingService: reject`, a folder of manifests must be applied in order: Services first.
//!
//! ## Example
//! `missing-service/target-group-binding/ip--rejected`: a binding to a Service that does not exist.
//!
//! `missing-service/target-group-binding/service-exists--accepted`: a binding whose Service was created first.
//!
//! ## References
//! - [TargetGroupBinding](https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/guide/targetgroupbinding/targetgroupbinding.md)
//! - [`--tolerate-non-existent-backend-service`](https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/deploy/configurations.md)
