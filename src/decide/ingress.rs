//! An Ingress is admitted.

use std::collections::BTreeSet;

use super::path::{Backend, Context, Judgement, Path, services_of};
use crate::controller::{
    INGRESS_HEALTH_CHECK_PORT, IngressOwner, Source, TargetType, has_or_gets_node_ports, named_health_check_port,
    owner_of_ingress, references_of_ingress, target_type_of_backend,
};
use crate::kubernetes::{Ingress, IntOrString, Metadata, Service};
use crate::rules::{Fix, Instead, Remedy, Role};

/// The paths of an Ingress: one per Service, however many hosts, paths and ports lead there.
pub fn judge(ingress: &Ingress, context: &Context<'_>, only: Option<&BTreeSet<&str>>) -> Judgement {
    let mut judgement = Judgement::default();
    let server = context.admitted.clone();
    let (references, unreadable) = references_of_ingress(ingress);
    if references.is_empty() && unreadable.is_empty() {
        return judgement;
    }
    let owner = match owner_of_ingress(ingress, &context.settings.controller, context.lookups) {
        Ok(Some(owner)) => owner,
        Ok(None) => return judgement,
        Err(failure) => {
            judgement.fail(&server, failure);
            // What an old object had unreadable is known whoever serves it.
            judgement.unreadable = if only.is_some() { unreadable } else { Vec::new() };
            return judgement;
        }
    };
    judgement.unreadable = unreadable;
    if context.is_refused_for(&judgement) {
        return judgement;
    }
    let is_wanted = |name: &str| only.is_none_or(|only| only.contains(name));
    let services = services_of(&references, &is_wanted);
    let need = need_of_services(&owner, context);
    if need.is_some() {
        context.lookups.look_up_services(&mut services.iter().map(|(name, _)| *name));
    }
    for (name, ports) in services {
        let backend = match &need {
            Some(need) => judgement.backend(context.lookups.service(name), matches!(need, Need::Deciding), &server),
            None => Backend::Unknown,
        };
        let path = path_of_backend(ingress, &owner, context, (&server.name, name), backend, ports);
        judgement.paths.push(path);
    }
    // Two are enough: for each path, one of them is another one.
    let moved: Vec<Path> = judgement.paths.iter().filter(|path| would_suffer(ingress, path)).take(2).cloned().collect();
    for path in &mut judgement.paths {
        path.remedy = remedy(ingress, path, &moved);
    }
    judgement
}

/// The path from an Ingress to a Service; seen from the Service, which can be annotated.
pub fn path_of_backend(
    ingress: &Ingress,
    owner: &IngressOwner,
    context: &Context<'_>,
    (ingress_name, service_name): (&str, &str),
    backend: Backend,
    ports: BTreeSet<IntOrString>,
) -> Path {
    let default = context.settings.controller.default_target_type;
    let target_type = target_type_of_backend(ingress, owner, backend.service(), default);
    let remedy = match (target_type.as_ref().map(|resolved| &resolved.source), backend.service()) {
        (Some(Source::IngressClassParams(name)), _) => Remedy::Instead(Instead::ChangeClassParams(name.clone())),
        (_, Some(service)) => without_named_health_check(ingress, service, Fix::ServiceBehindIngress),
        (_, None) => Remedy::Fix(Fix::ServiceBehindIngress),
    };
    Path {
        service: context.object("Service", service_name),
        server: context.object("Ingress", ingress_name),
        role: Role::Ingress(owner.edition),
        backend,
        target_type,
        ports,
        has_networking: true,
        has_ignored_annotation: false,
        remedy,
    }
}

/// What Services are looked up for.
enum Need {
    /// They decide the verdict.
    Deciding,
    /// They lead to advice at most.
    Advising,
}

/// What the Services behind an Ingress are needed for: with `targetType: ip` in the IngressClassParams none is, but for
/// advice and for what is missing.
fn need_of_services(owner: &IngressOwner, context: &Context<'_>) -> Option<Need> {
    let of_params = owner.params.as_ref().map_or("", |params| params.spec.target_type.as_str());
    if matches!(of_params, "" | "instance") || context.wants_missing_services() {
        Some(Need::Deciding)
    } else {
        (context.wants_advice_on_services() && of_params == "ip").then_some(Need::Advising)
    }
}

/// What to do about a backend, seen from the Ingress; `moved` are backends that the annotation would harm.
fn remedy(ingress: &Ingress, path: &Path, moved: &[Path]) -> Remedy {
    let source = path.target_type.as_ref().map(|resolved| &resolved.source);
    if let Some(Source::IngressClassParams(name)) = source {
        return Remedy::Instead(Instead::ChangeClassParams(name.clone()));
    }
    let fix = path
        .backend
        .service()
        .map_or(Remedy::Fix(Fix::Ingress), |service| without_named_health_check(ingress, service, Fix::Ingress));
    if matches!(fix, Remedy::Instead(_)) {
        return fix;
    }
    if source == Some(&Source::ServiceAnnotation) {
        return Remedy::Instead(Instead::ChangeServiceAnnotation);
    }
    match moved.iter().find(|other| other.service != path.service) {
        Some(other) => {
            let is_known = other.backend.service().is_some();
            Remedy::Instead(Instead::AnnotateService { other: other.service.clone(), is_known })
        }
        None => fix,
    }
}

/// Whether the annotation on the Ingress would move a backend that instance mode may serve today, or that ip mode
/// refuses for its health check port. What could not be looked up may be such a backend.
fn would_suffer(ingress: &Ingress, path: &Path) -> bool {
    match &path.backend {
        Backend::Missing => false,
        Backend::Unknown => true,
        Backend::Found(service) => {
            let source = path.target_type.as_ref().map(|resolved| &resolved.source);
            let is_of_ingress =
                matches!(source, Some(Source::IngressAnnotation | Source::ControllerDefault | Source::AutoModeDefault));
            is_of_ingress
                && path.is_served_by(TargetType::Instance)
                && (has_or_gets_node_ports(service) || refused_health_check_port(ingress, service).is_some())
        }
    }
}

/// The fix, unless ip mode refuses the health check port.
fn without_named_health_check(ingress: &Ingress, service: &Service, fix: Fix) -> Remedy {
    match refused_health_check_port(ingress, service) {
        Some(port) => Remedy::Instead(Instead::NumberHealthCheckPort { port }),
        None => Remedy::Fix(fix),
    }
}

/// The health check port that ip mode refuses: the Service's annotation is read first.
fn refused_health_check_port(ingress: &Ingress, service: &Service) -> Option<String> {
    let annotation = |metadata: &Metadata| metadata.annotation(INGRESS_HEALTH_CHECK_PORT).map(str::to_owned);
    let value = annotation(&service.metadata).or_else(|| annotation(&ingress.metadata));
    named_health_check_port(value.as_deref(), service)
}
