//! Advice for headless Services that are served in ip mode, as they should be, or have just been moved there.
//!
//! Advice never refuses and never mutates; a lookup that failed for it is silent.

use std::collections::BTreeSet;

use super::path::{Context, Path};
use crate::controller::TargetType;
use crate::kubernetes::{Edition, IntOrString, ObjectRef, Service, is_valid_name};
use crate::rules::{Fix, Remedy, Role};
use crate::settings::Advice;
use crate::verdict::{Hint, Report};

/// Adds the warnings that the settings ask for.
pub fn advise(paths: &[Path], fixes: &[Fix], context: &Context<'_>, report: &mut Report) {
    let served: Vec<(&Path, &Service)> = paths
        .iter()
        .filter(|path| path.is_served_by(TargetType::Ip) || is_fixed(path, fixes))
        .filter_map(|path| Some((path, path.backend.service().filter(|service| service.is_headless())?)))
        .collect();
    if served.is_empty() {
        return;
    }
    for advice in Advice::ALL.into_iter().filter(|advice| context.gives(*advice)) {
        let hints = match advice {
            Advice::SecurityGroups => security_groups(&served),
            Advice::TargetHealth => target_health(&served, context),
            Advice::NetworkPlugin => network_plugin(&served, context),
            Advice::StatelessService => stateless_service(&served, context),
            Advice::ServicePort => service_port(&served),
        };
        report.hints(hints);
    }
}

fn is_fixed(path: &Path, fixes: &[Fix]) -> bool {
    path.is_served_by(TargetType::Instance) && matches!(&path.remedy, Remedy::Fix(fix) if fixes.contains(fix))
}

/// LBC `pkg/networking/networking_manager.go`: rules are written only for what `spec.networking` says.
fn security_groups(served: &[(&Path, &Service)]) -> Vec<Hint> {
    let bindings = served.iter().filter(|(path, _)| matches!(path.role, Role::TargetGroupBinding(_)));
    let open_to_nobody = bindings.filter(|(path, _)| !path.has_networking);
    open_to_nobody.map(|(path, _)| Hint::SecurityGroups { binding: path.server.clone() }).collect()
}

/// LBC `pkg/inject/pod_readiness/pod_readiness_gate.go`: gates are injected in namespaces with the label.
fn target_health(served: &[(&Path, &Service)], context: &Context<'_>) -> Vec<Hint> {
    let Ok(Some(namespace)) = context.lookups.own_namespace() else { return Vec::new() };
    let editions = Edition::ALL.into_iter().filter(|edition| is_served_by_edition(served, *edition));
    editions
        .map(Edition::readiness_gate_label)
        .filter(|label| namespace.metadata.labels.get(*label).map(String::as_str) != Some("enabled"))
        .map(|label| Hint::TargetHealth { namespace: context.lookups.namespace().to_owned(), label })
        .collect()
}

/// The DaemonSet of amazon-vpc-cni-k8s; Auto Mode brings its own.
fn network_plugin(served: &[(&Path, &Service)], context: &Context<'_>) -> Vec<Hint> {
    if !is_served_by_edition(served, Edition::Standard) {
        return Vec::new();
    }
    match context.lookups.daemon_set("kube-system", "aws-node") {
        Ok(None) => vec![Hint::NetworkPlugin],
        Ok(Some(_)) | Err(_) => Vec::new(),
    }
}

fn stateless_service(served: &[(&Path, &Service)], context: &Context<'_>) -> Vec<Hint> {
    // A name that is still to be generated is named by nothing yet.
    let services: Vec<&ObjectRef> =
        served.iter().map(|(path, _)| &path.service).filter(|service| is_valid_name(&service.name)).collect();
    if services.is_empty() {
        return Vec::new();
    }
    let Ok(stateful_sets) = context.lookups.stateful_sets() else { return Vec::new() };
    let mut named = BTreeSet::new();
    named.extend(stateful_sets.iter().map(|set| set.spec.service_name.as_str()));
    let mut seen = BTreeSet::new();
    let stateless = services.into_iter().filter(|service| !named.contains(&*service.name) && seen.insert(*service));
    stateless.map(|service| Hint::StatelessService { service: service.clone() }).collect()
}

/// LBC `pkg/k8s/service_utils.go` LookupServicePort: a number is compared with the ports, a name with their names.
fn service_port(served: &[(&Path, &Service)]) -> Vec<Hint> {
    let is_port = |service: &Service, port: &IntOrString| {
        service.spec.ports.iter().any(|candidate| match port {
            IntOrString::Int(number) => candidate.port == *number,
            IntOrString::String(name) => candidate.name == *name,
        })
    };
    let mut hints = Vec::new();
    for (path, service) in served {
        for port in path.ports.iter().filter(|port| !is_port(service, port)) {
            hints.push(Hint::ServicePort {
                server: path.server.clone(),
                service: path.service.clone(),
                port: port.to_string(),
            });
        }
    }
    hints
}

fn is_served_by_edition(served: &[(&Path, &Service)], edition: Edition) -> bool {
    served.iter().any(|(path, _)| path.role.edition() == edition)
}
