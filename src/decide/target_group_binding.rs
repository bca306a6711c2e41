//! A TargetGroupBinding is admitted.

use std::collections::BTreeSet;

use super::path::{Backend, Context, Judgement, Path};
use crate::controller::{INGRESS_TARGET_TYPE, TargetType, is_made_by_controller, target_type_of_binding};
use crate::kubernetes::{Edition, ObjectRef, TargetGroupBinding};
use crate::rules::{Fix, Instead, Remedy, Role};

/// The path of a binding, whose target type can be changed where none but `ip` is stored. Bindings that the controller made
/// follow their owner, which is judged itself.
pub fn judge(
    binding: &TargetGroupBinding,
    edition: Edition,
    can_be_changed: bool,
    context: &Context<'_>,
    only: Option<&BTreeSet<&str>>,
) -> Judgement {
    let mut judgement = Judgement::default();
    let name = binding.spec.service_ref.name.as_str();
    if is_made_by_controller(&binding.metadata.labels) || only.is_some_and(|only| !only.contains(name)) {
        return judgement;
    }
    let server = context.admitted.clone();
    let mut path = path_of_binding(binding, edition, context, server.clone());
    let is_instance = path.is_served_by(TargetType::Instance);
    let decides = is_instance || context.wants_missing_services();
    let can_be_advised = context.wants_advice_on_services() || (context.wants_advice() && !path.has_networking);
    let advises = can_be_advised && path.is_served_by(TargetType::Ip);
    if !decides && !advises {
        return judgement;
    }
    path.backend = judgement.backend(context.lookups.service(name), decides, &server);
    path.remedy = remedy(binding, can_be_changed);
    judgement.paths.push(path);
    judgement
}

/// The path of a stored or admitted binding, its Service not looked up yet; seen from the Service, the binding is what
/// to change.
pub fn path_of_binding(
    binding: &TargetGroupBinding,
    edition: Edition,
    context: &Context<'_>,
    server: ObjectRef,
) -> Path {
    let mut ports = BTreeSet::new();
    ports.extend(binding.spec.service_ref.port.clone());
    Path {
        service: context.object("Service", &binding.spec.service_ref.name),
        server,
        role: Role::TargetGroupBinding(edition),
        backend: Backend::Unknown,
        target_type: target_type_of_binding(binding, edition, context.settings.controller.default_target_type),
        ports,
        has_networking: binding.spec.has_networking,
        has_ignored_annotation: binding.metadata.annotation(INGRESS_TARGET_TYPE) == Some("ip"),
        remedy: Remedy::Instead(Instead::ChangeBinding),
    }
}

/// LBC `webhooks/elbv2/targetgroupbinding_validator.go` checkImmutableFields: `spec.targetType` can never be changed,
/// and from unset to set is a change too. checkNodeSelector: a node selector is refused with `ip`.
fn remedy(binding: &TargetGroupBinding, can_be_changed: bool) -> Remedy {
    if !can_be_changed {
        return Remedy::Instead(Instead::RecreateBinding);
    }
    Remedy::Fix(Fix::TargetGroupBinding { removes_node_selector: binding.spec.has_node_selector })
}
