//! A Service is admitted: as a load balancer of its own, and as the Service that other objects refer to.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::ingress::path_of_backend;
use super::path::{Backend, Context, Judgement, Path, services_of};
use super::target_group_binding::path_of_binding;
use crate::cluster::Resource;
use crate::controller::{
    ACTIONS_PREFIX, NLB_HEALTH_CHECK_PORT, NetworkLoadBalancer, TargetType, has_or_gets_node_ports,
    is_made_by_controller, named_health_check_port, network_load_balancer, owner_of_ingress, references_of_ingress,
    references_of_listeners,
};
use crate::kubernetes::{Edition, Ingress, Service, TargetGroupBinding, is_valid_name};
use crate::rules::{Fix, Instead, Remedy, Role, rule_of_service};

/// The paths of a Service, in a fixed order: its own load balancer, its weighted actions, then the Ingresses,
/// TargetGroupBindings and NLB Services of its namespace that refer to it, each by name.
pub fn judge(service: &Service, context: &Context<'_>, only: Option<&BTreeSet<&str>>) -> Judgement {
    let mut judgement = Judgement::default();
    let can_be_found = rule_of_service(service, context.settings.services).is_some();
    let has_actions = service.metadata.annotations.keys().any(|key| key.starts_with(ACTIONS_PREFIX));
    if !can_be_found && !has_actions {
        return judgement;
    }
    if let Some(load_balancer) = network_load_balancer(service, &context.settings.controller) {
        judge_load_balancer(service, &load_balancer, context, only, &mut judgement);
    }
    if context.is_refused_for(&judgement) {
        return judgement;
    }
    // A name that is still to be generated is referred to by nothing.
    if can_be_found && is_valid_name(context.name()) && only.is_none_or(|only| only.contains(context.name())) {
        let service = Rc::new(service.clone());
        judge_ingresses(&service, context, &mut judgement);
        for edition in Edition::ALL {
            judge_bindings(&service, edition, context, &mut judgement);
        }
        judge_weighted_actions(&service, context, &mut judgement);
    }
    judgement
}

/// The Service's own load balancer, and the other Services that it forwards to by weight.
fn judge_load_balancer(
    service: &Service,
    load_balancer: &NetworkLoadBalancer,
    context: &Context<'_>,
    only: Option<&BTreeSet<&str>>,
    judgement: &mut Judgement,
) {
    let server = context.admitted.clone();
    let (references, unreadable) = references_of_listeners(service);
    judgement.unreadable.extend(unreadable);
    // Without ports there are no listeners: LBC `pkg/service/model_build_listener.go` buildListenersLegacy.
    if context.is_refused_for(judgement) || service.spec.ports.is_empty() {
        return;
    }
    let is_instance = load_balancer.target_type.value == TargetType::Instance;
    let base = Rc::new(service.clone());
    let own = Path {
        service: server.clone(),
        server: server.clone(),
        role: Role::OwnLoadBalancer(load_balancer.edition),
        backend: Backend::Found(Rc::clone(&base)),
        target_type: Some(load_balancer.target_type.clone()),
        ports: BTreeSet::new(),
        has_networking: true,
        has_ignored_annotation: false,
        remedy: Remedy::Fix(Fix::LoadBalancer),
    };
    let decides = is_instance || context.wants_missing_services();
    let mut paths = vec![own.clone()];
    if decides || context.wants_advice_on_services() {
        let is_wanted = |name: &str| name != context.name() && only.is_none_or(|only| only.contains(name));
        let services = services_of(&references, &is_wanted);
        context.lookups.look_up_services(&mut services.iter().map(|(name, _)| *name));
        for (name, ports) in services {
            paths.push(Path {
                service: context.object("Service", name),
                role: Role::WeightedAction(load_balancer.edition),
                backend: judgement.backend(context.lookups.service(name), decides, &server),
                ports,
                ..own.clone()
            });
        }
    }
    // Two are enough: for each path, one of them is another one.
    let moved: Vec<Path> = paths.iter().filter(|path| would_be_moved(path)).take(2).cloned().collect();
    let health_check_port = refused_health_check_port(service, &paths);
    for mut path in paths {
        path.remedy = remedy(&path, &moved, health_check_port.as_deref());
        if only.is_none_or(|only| only.contains(&*path.service.name)) {
            judgement.paths.push(path);
        }
    }
}

/// Whether ip mode would move a Service that instance mode may serve today. What could not be looked up may be one.
fn would_be_moved(path: &Path) -> bool {
    match &path.backend {
        Backend::Missing => false,
        Backend::Unknown => true,
        Backend::Found(service) => has_or_gets_node_ports(service),
    }
}

/// The health check port that ip mode refuses for one of the Services: the base's annotation is for all of them.
///
/// LBC `pkg/service/model_build_target_group.go` buildTargetGroupTuples.
fn refused_health_check_port(base: &Service, paths: &[Path]) -> Option<String> {
    let value = base.metadata.annotation(NLB_HEALTH_CHECK_PORT);
    let mut services = paths.iter().filter_map(|path| path.backend.service());
    services.find_map(|service| named_health_check_port(value, service))
}

/// What to do about a Service behind a load balancer, seen from the NLB Service, whose annotations decide for all.
fn remedy(path: &Path, moved: &[Path], health_check_port: Option<&str>) -> Remedy {
    if let Some(other) = moved.iter().find(|other| other.service != path.service) {
        let is_known = other.backend.service().is_some();
        return Remedy::Instead(Instead::SplitLoadBalancer { other: other.service.clone(), is_known });
    }
    match health_check_port {
        Some(port) => Remedy::Instead(Instead::NumberHealthCheckPort { port: port.to_owned() }),
        None => Remedy::Fix(Fix::LoadBalancer),
    }
}

/// The Ingresses that refer to the Service.
fn judge_ingresses(service: &Rc<Service>, context: &Context<'_>, judgement: &mut Judgement) {
    let list = context.lookups.mentioning::<Ingress>(Resource::Ingress, context.name());
    for ingress in judgement.readable(list, &context.admitted) {
        if ingress.metadata.is_being_deleted {
            continue;
        }
        let (references, _) = references_of_ingress(&ingress);
        let Some((_, ports)) = services_of(&references, &|name| name == context.name()).pop() else { continue };
        let name = ingress.metadata.name.as_str();
        match owner_of_ingress(&ingress, &context.settings.controller, context.lookups) {
            Ok(None) => {}
            Ok(Some(owner)) => judgement.paths.push(path_of_backend(
                &ingress,
                &owner,
                context,
                (name, context.name()),
                Backend::Found(Rc::clone(service)),
                ports,
            )),
            Err(failure) => judgement.fail(&context.object("Ingress", name), failure),
        }
    }
}

/// The TargetGroupBindings that refer to the Service; never those that the controller made.
fn judge_bindings(service: &Rc<Service>, edition: Edition, context: &Context<'_>, judgement: &mut Judgement) {
    let resource = Resource::TargetGroupBinding(edition);
    let list = context.lookups.mentioning::<TargetGroupBinding>(resource, context.name());
    for binding in judgement.readable(list, &context.admitted) {
        let is_live = !binding.metadata.is_being_deleted && !is_made_by_controller(&binding.metadata.labels);
        if is_live && binding.spec.service_ref.name == context.name() {
            let server = context.object("TargetGroupBinding", &binding.metadata.name);
            let path = path_of_binding(&binding, edition, context, server);
            judgement.paths.push(Path { backend: Backend::Found(Rc::clone(service)), ..path });
        }
    }
}

/// The NLB Services that forward to the Service by weight: they are what to change.
fn judge_weighted_actions(service: &Rc<Service>, context: &Context<'_>, judgement: &mut Judgement) {
    let list = context.lookups.mentioning::<Service>(Resource::Service, context.name());
    for base in judgement.readable(list, &context.admitted) {
        if base.metadata.is_being_deleted || base.metadata.name == context.name() {
            continue;
        }
        let Some(load_balancer) = network_load_balancer(&base, &context.settings.controller) else { continue };
        let (references, _) = references_of_listeners(&base);
        if let Some((_, ports)) = services_of(&references, &|name| name == context.name()).pop() {
            judgement.paths.push(Path {
                service: context.admitted.clone(),
                server: context.object("Service", &base.metadata.name),
                role: Role::WeightedAction(load_balancer.edition),
                backend: Backend::Found(Rc::clone(service)),
                target_type: Some(load_balancer.target_type),
                ports,
                has_networking: true,
                has_ignored_annotation: false,
                remedy: Remedy::Instead(Instead::ChangeLoadBalancer),
            });
        }
    }
}
