//! Warnings: one short line each, for the person at kubectl.

use std::fmt::Display;

use super::MAX_LISTED;
use super::phrases::{Group, in_short, lookup_problem, manager_phrase, object, set_phrase};
use super::text::warning;
use crate::controller::annotations::INGRESS_TARGET_TYPE;
use crate::decide::{Evaluation, Fate, Finding, Fix, Hint, Outcome, Refusal, Remedy, Unchecked};
use crate::kubernetes::{DecodeError, ObjectRef, display_text, shown_name};

/// Every warning. A refusal gives its short form as a warning too: the engine's monitor mode drops messages and patches but
/// keeps warnings.
pub fn warnings(evaluation: &Evaluation) -> Vec<String> {
    let mut warnings = Vec::new();
    let findings = |fate: Fate| evaluation.findings.iter().filter(move |finding| finding.fate == fate);
    match &evaluation.outcome {
        Outcome::Reject(refusal @ (Refusal::InvalidRequest(_) | Refusal::InvalidSettings(_))) => {
            let message = super::messages::message(evaluation, refusal);
            warnings.push(warning(&|f, _| f.write_str(message.trim_end_matches('.'))));
            return warnings;
        }
        Outcome::Reject(Refusal::InvalidObject(errors)) => {
            warnings.extend(errors.iter().take(MAX_LISTED).map(|error| invalid(evaluation, "is invalid", error)));
            warnings.extend(failures(evaluation));
        }
        Outcome::Reject(Refusal::Findings) => {
            warnings.extend(findings(Fate::Refused).take(MAX_LISTED).map(short_form));
            warnings.extend(failures(evaluation));
            warnings.extend(findings(Fate::Warned).take(MAX_LISTED).map(short_form));
        }
        Outcome::Reject(Refusal::Lookups) => {
            warnings.extend(failures(evaluation));
            // None of the findings is the reason, but all are worth knowing.
            warnings.extend(findings(Fate::Warned).take(MAX_LISTED).map(short_form));
        }
        Outcome::Accept | Outcome::Mutate(_) => {
            warnings.extend(fixed(evaluation, &findings(Fate::Fixed).collect::<Vec<_>>()));
            warnings.extend(findings(Fate::Warned).take(MAX_LISTED).map(short_form));
            warnings.extend(failures(evaluation));
            let invalid_before = evaluation.invalid.iter().take(MAX_LISTED);
            warnings.extend(invalid_before.map(|error| invalid(evaluation, "is still invalid", error)));
        }
    }
    warnings.extend(listed_hints(&evaluation.advice).map(hint));
    warnings
}

/// Up to so many hints of one sort.
fn listed_hints(hints: &[Hint]) -> impl Iterator<Item = &Hint> {
    let sort = std::mem::discriminant::<Hint>;
    hints.iter().enumerate().filter_map(move |(index, hint)| {
        let earlier = hints.iter().take(index).filter(|other| sort(other) == sort(hint)).count();
        (earlier < MAX_LISTED).then_some(hint)
    })
}

fn invalid(evaluation: &Evaluation, what: &str, error: &DecodeError) -> String {
    warning(&|f, max| {
        match &evaluation.object {
            Some(admitted) => admitted.write(f, max)?,
            None => f.write_str("The object")?,
        }
        write!(f, " {what}: {error}")
    })
}

fn failures(evaluation: &Evaluation) -> impl Iterator<Item = String> {
    let told = evaluation.failures.iter().filter(|_| evaluation.tells_failures).take(MAX_LISTED);
    told.map(|Unchecked { object: unchecked, lookup }| {
        warning(&|f, max| {
            write!(f, "{} was not checked: {}", object(unchecked, max), lookup_problem(lookup, max, false))
        })
    })
}

/// One line on a finding: at most 120 characters with names of usual length.
fn short_form(finding: &Finding) -> String {
    warning(&|f, max| in_short(&Group::of(finding), None, max).fmt(f))
}

/// What was set, each fix once; and who may take it back.
fn fixed(evaluation: &Evaluation, findings: &[&Finding]) -> Vec<String> {
    let mut told: Vec<&Remedy> = Vec::new();
    let mut warnings = Vec::new();
    for finding in findings {
        if told.contains(&&finding.remedy) {
            continue;
        }
        told.push(&finding.remedy);
        // A fix is a change of the admitted object.
        let (Remedy::Fix(fix), Some(admitted)) = (&finding.remedy, &evaluation.object) else { continue };
        warnings.push(set(admitted, finding, fix));
        if let Some(manager) = &finding.managed_by {
            warnings.push(warning(&|f, max| {
                let manager = manager_phrase(manager, max);
                write!(f, "{}: its owner {manager} may take the change back; make it there", object(admitted, max))
            }));
        }
    }
    warnings
}

fn set(admitted: &ObjectRef, finding: &Finding, fix: &Fix) -> String {
    warning(&|f, max| {
        let is_annotation = matches!(fix, Fix::Ingress | Fix::ServiceBehindIngress | Fix::LoadBalancer);
        let field = if is_annotation { "annotation " } else { "" };
        write!(f, "{}: set {field}{}", object(admitted, max), set_phrase(fix))?;
        let replaced = finding
            .target_type
            .as_ref()
            .filter(|resolved| !resolved.source.is_default() && resolved.value.name() != "ip");
        if let Some(resolved) = replaced.filter(|_| is_in_place(finding, fix)) {
            write!(f, " (instead of {})", display_text(resolved.value.name(), 20))?;
        }
        let Fix::TargetGroupBinding { removes_node_selector } = fix else { return Ok(()) };
        let selector = if *removes_node_selector { ", removed spec.nodeSelector" } else { "" };
        write!(
            f,
            ", annotation {INGRESS_TARGET_TYPE}: ip{selector}; its target group must be of type ip; the type never changes: replace an instance one"
        )
    })
}

/// Whether the fix replaces the value that decided.
fn is_in_place(finding: &Finding, fix: &Fix) -> bool {
    let source = finding.target_type.as_ref().and_then(|resolved| resolved.source.object());
    match fix {
        Fix::ServiceBehindIngress => source == Some(&finding.service),
        Fix::TargetGroupBinding { .. } | Fix::Ingress | Fix::LoadBalancer => source == Some(&finding.exposer),
        Fix::IngressClassParams | Fix::TargetGroupConfiguration(_) => true,
    }
}

fn hint(hint: &Hint) -> String {
    warning(&|f, max| match hint {
        Hint::SecurityGroups { binding } => {
            write!(f, "{}: without spec.networking nobody opens the security groups to the pods", object(binding, max))
        }
        Hint::TargetHealth { namespace, label } => write!(
            f,
            "Namespace {}: without label {label}: enabled, rollouts do not wait for healthy targets",
            display_text(namespace, max)
        ),
        Hint::NetworkPlugin => {
            f.write_str("no DaemonSet kube-system/aws-node: ip mode needs pod addresses that are routable in the VPC")
        }
        Hint::StatelessService { service } => {
            write!(f, "{} is headless but no StatefulSet uses it; a ClusterIP Service would do", object(service, max))
        }
        Hint::ServicePort { exposer, service, port } => write!(
            f,
            "{}: {} has no port {}, so the controller would not find it",
            object(exposer, max),
            object(service, max),
            shown_name(port, max)
        ),
        Hint::ServiceSelector { service } => {
            write!(f, "{} has no spec.selector: ip mode registers only endpoints that are Pods", object(service, max))
        }
        Hint::NodePortNumber { object: changed, field, port } => write!(
            f,
            "{}: {field} is {port}, which looks like a node port; ip mode needs the pods' port",
            object(changed, max)
        ),
    })
}
