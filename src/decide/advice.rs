//! Advice for headless Services that are served in ip mode, as they should be, or have just been moved there.
//!
//! Advice never refuses and never mutates; a lookup that failed for it is silent.

use super::evaluation::Hint;
use super::exposure::{ExposerDetails, Exposure};
use crate::cluster::World;
use crate::controller::annotations::{INGRESS_HEALTH_CHECK_PORT, NLB_HEALTH_CHECK_PORT};
use crate::controller::{health_check_port_of_ingress, is_in_node_port_range};
use crate::index::Names;
use crate::kubernetes::{
    Edition, IntOrString, Kind, NameKey, ObjectRef, ObjectWithMetadata, Service, StatefulSet, display_port,
    is_valid_name,
};
use crate::settings::{Advice, Settings};

/// The pieces of advice that the settings ask for, on exposures of headless Services in ip mode.
pub fn advise(served: &[&Exposure], settings: &Settings, world: &World<'_>) -> Vec<Hint> {
    let mut hints = Vec::new();
    if served.is_empty() {
        return hints;
    }
    for advice in Advice::ALL.into_iter().filter(|advice| settings.advice.contains(advice)) {
        match advice {
            Advice::SecurityGroups => security_groups(served, &mut hints),
            Advice::TargetHealth => target_health(served, world, &mut hints),
            Advice::NetworkPlugin => network_plugin(served, world, &mut hints),
            Advice::StatelessService => stateless_service(served, world, &mut hints),
            Advice::ServicePort => service_port(served, &mut hints),
            Advice::ServiceSelector => service_selector(served, &mut hints),
            Advice::NodePortNumber => node_port_number(served, &mut hints),
        }
    }
    hints
}

/// What is said beside a refusal too, since the fix alone would not help.
pub fn advise_beside_refusal(refused: &[&Exposure], settings: &Settings) -> Vec<Hint> {
    let mut hints = Vec::new();
    let headless: Vec<&Exposure> =
        refused.iter().filter(|it| it.backend.service().is_some_and(Service::is_headless)).copied().collect();
    if settings.advice.contains(&Advice::ServicePort) {
        service_port(refused, &mut hints);
    }
    if settings.advice.contains(&Advice::ServiceSelector) {
        service_selector(&headless, &mut hints);
    }
    hints
}

fn add(hints: &mut Vec<Hint>, hint: Hint) {
    if !hints.contains(&hint) {
        hints.push(hint);
    }
}

/// LBC `pkg/networking/networking_manager.go`: rules are written only for what `spec.networking` says.
fn security_groups(served: &[&Exposure], hints: &mut Vec<Hint>) {
    for exposure in served {
        if let ExposerDetails::Binding(binding) = &exposure.details
            && binding.spec.networking.is_none()
        {
            add(hints, Hint::SecurityGroups { binding: exposure.exposer.clone() });
        }
    }
}

/// LBC `pkg/inject/pod_readiness/pod_readiness_gate.go`: gates are injected in namespaces with the label.
fn target_health(served: &[&Exposure], world: &World<'_>, hints: &mut Vec<Hint>) {
    let mut asked = Names::default();
    for exposure in served {
        let (name, label) = (&*exposure.service.namespace, exposure.role.edition().readiness_gate_label());
        if !asked.insert(NameKey::of_object(name, label), ()) {
            continue;
        }
        let Ok(Some(namespace)) = world.get::<ObjectWithMetadata>(Kind::Namespace, "", name) else { continue };
        if namespace.metadata.labels.read().get(label) != Some("enabled") {
            add(hints, Hint::TargetHealth { namespace: name.to_owned(), label });
        }
    }
}

/// The DaemonSet of amazon-vpc-cni-k8s; Auto Mode brings its own.
fn network_plugin(served: &[&Exposure], world: &World<'_>, hints: &mut Vec<Hint>) {
    let is_standard = served.iter().any(|exposure| exposure.role.edition() == Edition::Standard);
    if is_standard && world.get::<ObjectWithMetadata>(Kind::DaemonSet, "kube-system", "aws-node") == Ok(None) {
        add(hints, Hint::NetworkPlugin);
    }
}

/// A Service that something manages is as its owner wants it.
fn stateless_service(served: &[&Exposure], world: &World<'_>, hints: &mut Vec<Hint>) {
    let is_free = |exposure: &&&Exposure| {
        let service = exposure.backend.service();
        // A name that is still to be generated is named by nothing yet.
        is_valid_name(&exposure.service.name) && service.is_some_and(|it| it.metadata.controller().is_none())
    };
    let services: Vec<&ObjectRef> = served.iter().filter(is_free).map(|exposure| &exposure.service).collect();
    if services.is_empty() {
        return;
    }
    for service in services {
        let Ok(sets) = world.mentioning::<StatefulSet>(Kind::StatefulSet, &[&service.name, &service.namespace]) else {
            return;
        };
        let names = |set: &StatefulSet| {
            *set.metadata.namespace == *service.namespace && *set.spec.service_name == *service.name
        };
        if sets.iter().all(|set| set.as_ref().is_ok_and(|set| !names(set))) {
            add(hints, Hint::StatelessService { service: service.clone() });
        }
    }
}

/// LBC `pkg/k8s/service_utils.go` LookupServicePort: a number is compared with the ports, a name with their names.
fn service_port(served: &[&Exposure], hints: &mut Vec<Hint>) {
    for exposure in served {
        let Some(service) = exposure.backend.service() else { continue };
        for port in exposure.ports.iter().filter(|port| service.port(port).is_none()) {
            add(
                hints,
                Hint::ServicePort {
                    exposer: exposure.exposer.clone(),
                    service: exposure.service.clone(),
                    port: display_port(port),
                },
            );
        }
    }
}

/// LBC `pkg/backend/endpoint_resolver.go` resolvePodEndpointsWithEndpointsData: only endpoints that are Pods are
/// registered.
fn service_selector(served: &[&Exposure], hints: &mut Vec<Hint>) {
    for exposure in served {
        if exposure.backend.service().is_some_and(|service| service.spec.selector.is_empty()) {
            add(hints, Hint::ServiceSelector { service: exposure.service.clone() });
        }
    }
}

/// Numbers that were meant for nodes stay as they are.
fn node_port_number(served: &[&Exposure], hints: &mut Vec<Hint>) {
    for exposure in served {
        for (object, field, port) in numbers_of(exposure) {
            if is_in_node_port_range(port) {
                add(hints, Hint::NodePortNumber { object, field, port });
            }
        }
    }
}

/// The numbers in the places that hold node ports in instance mode.
fn numbers_of(exposure: &Exposure) -> Vec<(ObjectRef, String, i32)> {
    let annotated = |object: &ObjectRef, key: &str, value: &str| {
        value.parse().ok().map(|port| (object.clone(), key.to_owned(), port)).into_iter().collect()
    };
    match (&exposure.details, exposure.backend.service()) {
        (ExposerDetails::Binding(binding), _) => {
            let mut numbers = Vec::new();
            let rules = binding.spec.networking.iter().flat_map(|networking| networking.ingress.iter().enumerate());
            for (rule, it) in rules {
                for (index, port) in it.ports.iter().enumerate() {
                    if let Some(IntOrString::Int(port)) = port.port {
                        let field = format!("spec.networking.ingress[{rule}].ports[{index}].port");
                        numbers.push((exposure.exposer.clone(), field, port));
                    }
                }
            }
            numbers
        }
        (ExposerDetails::Ingress(ingress, _), Some(service)) => match health_check_port_of_ingress(ingress, service) {
            Some((value, true)) => annotated(&exposure.service, INGRESS_HEALTH_CHECK_PORT, value),
            Some((value, false)) => annotated(&exposure.exposer, INGRESS_HEALTH_CHECK_PORT, value),
            None => Vec::new(),
        },
        (ExposerDetails::LoadBalancer(base), _) => match base.metadata.annotation(NLB_HEALTH_CHECK_PORT) {
            Some(value) => annotated(&exposure.exposer, NLB_HEALTH_CHECK_PORT, value),
            None => Vec::new(),
        },
        (ExposerDetails::Route { health_check_port: Some(value), configuration, .. }, _) => {
            let object = configuration.as_ref().or(exposure.source().object()).unwrap_or(&exposure.exposer);
            annotated(object, "healthCheckPort", value)
        }
        _ => Vec::new(),
    }
}
