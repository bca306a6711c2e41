//! Rule `invalid-target-type`.
//!
//! ## What it does
//! Finds headless Services behind an object whose target type is a value that the controller does not know, such as `IP`,
//! `ip ` or `pod`. With `services: withoutNodePort`, Services without node ports too.
//!
//! ## Why it is harmful
//! The author meant ip mode, or does not know that it is needed. Behind an Ingress, one such backend stops the reconcile of
//! the whole load balancer, other teams' Ingresses too.
//!
//! ## What the controller does
//! It accepts the objects, and fails when it reconciles them: `unknown targetType: IP`
//! (`pkg/ingress/model_build_target_group.go` buildTargetGroupTargetType). For an NLB Service, any value but `ip` counts as
//! `instance` (`pkg/service/model_build_target_group.go` buildTargetType), which is the rule `headless-instance-mode`.
//!
//! ## Fix
//! Target type `ip` in that place, as for the rule `headless-instance-mode`.
//!
//! ## Fix safety
//! As for the rule `headless-instance-mode`.
//!
//! ## Example
//! `invalid-target-type/ingress/annotation-in-capitals--rejected`: an Ingress whose annotation says `INSTANCE`.
//!
//! `invalid-target-type/ingress/annotation-in-capitals--mutated`: the same Ingress, fixed.
//!
//! ## References
//! - [Target type of an Ingress](https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/guide/ingress/annotations.md)

use super::Problem;
use crate::controller::{Needed, TargetType, missing_node_port};
use crate::kubernetes::Service;
use crate::settings::ServiceScope;

/// Whether a Service breaks the rule when these ports of it are served in this way.
pub fn check(service: &Service, needed: Needed<'_>, target_type: &TargetType, scope: ServiceScope) -> Option<Problem> {
    let is_judged = matches!(target_type, TargetType::Unknown(_))
        && (service.is_headless() || scope == ServiceScope::WithoutNodePort);
    let reason = missing_node_port(service, needed).filter(|_| is_judged)?;
    Some(Problem::InvalidTargetType(reason))
}
