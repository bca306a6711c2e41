//! The message of a refusal.

use std::fmt::{self, Display, Formatter};

use super::MAX_LISTED;
use super::phrases::{Group, help, in_short, lookup_help, lookup_problem, object, what};
use super::text::{text, written};
use crate::decide::{Evaluation, Fate, Finding, Reach, Refusal, Role, Unchecked};
use crate::kubernetes::{DecodeError, Kind, ObjectRef, display_text};
use crate::rules::Problem;

/// No message is longer, in characters.
const MAX_MESSAGE: usize = 700;

/// Why a request is refused, and what to do.
pub fn message(evaluation: &Evaluation, refusal: &Refusal) -> String {
    match refusal {
        Refusal::InvalidRequest(error) => format!("The admission request is invalid: {error}."),
        Refusal::InvalidSettings(error) => fitted(error.problems.len(), &|f, _, count| {
            f.write_str("The policy cannot check anything with ")?;
            error.write(f, count)?;
            f.write_str(".")
        }),
        Refusal::InvalidObject(errors) => fitted(errors.len(), &|f, max, count| {
            write_list(f, errors, count, |f, error| write_invalid(f, evaluation.object.as_ref(), error, max))
        }),
        Refusal::Findings => {
            let refused: Vec<&Finding> =
                evaluation.findings.iter().filter(|finding| finding.fate == Fate::Refused).collect();
            let groups = groups(&refused);
            let is_named =
                |admitted: &&ObjectRef| refused.iter().any(|it| [&it.service, &it.exposer].contains(admitted));
            let admitted = evaluation.object.as_ref().filter(|admitted| !is_named(admitted));
            let write = |f: &mut Formatter<'_>, max, count, in_full| {
                write_effect(f, admitted, max, in_full)?;
                write_findings(f, &groups, refused.len(), count, max, in_full)
            };
            // In full where there is room, else all but the first in short.
            let in_full = written(text(|f| write(f, 253, groups.len(), true)));
            if is_short(&in_full) {
                return in_full;
            }
            fitted(groups.len(), &|f, max, count| write(f, max, count, false))
        }
        Refusal::Lookups => fitted(evaluation.failures.len(), &|f, max, count| {
            let unchecked = |admitted: &&ObjectRef| evaluation.failures.iter().any(|it| it.object == **admitted);
            let admitted = evaluation.object.as_ref().filter(|admitted| !unchecked(admitted));
            write_effect(f, admitted, max, true)?;
            write_failures(f, &evaluation.failures, max, count)
        }),
    }
}

/// What an admitted object has to do with those that are named, where it is none of them. Where there is little room, its
/// name alone.
fn write_effect(f: &mut Formatter<'_>, admitted: Option<&ObjectRef>, max: usize, in_full: bool) -> fmt::Result {
    let Some(admitted) = admitted else { return Ok(()) };
    let effect = match admitted.kind {
        Kind::IngressClass => "decides whether and how the controller serves its Ingresses",
        Kind::IngressClassParams(_) => "decides how the controller serves the Ingresses of its classes",
        Kind::GatewayClass => "decides whether and how the controller serves its Gateways",
        Kind::Gateway => "decides which routes the controller serves, and how",
        Kind::ListenerSet => "decides which routes its Gateway takes",
        Kind::ReferenceGrant => "lets routes of other namespaces send traffic to Services of its own",
        Kind::LoadBalancerConfiguration(_) => "decides the default target type of its Gateways",
        Kind::TargetGroupConfiguration(_) => "decides the target type of Services behind routes",
        Kind::Route(_) => "decides which route of its port the controller serves",
        Kind::Service => "is referred to by other objects",
        _ => return Ok(()),
    };
    let admitted = object(admitted, max);
    if in_full { write!(f, "{admitted} {effect}. ") } else { write!(f, "With {admitted}, ") }
}

/// A message that is short enough: names are shortened a little before entries are left out, and more afterwards.
fn fitted(entries: usize, write: &dyn Fn(&mut Formatter<'_>, usize, usize) -> fmt::Result) -> String {
    let mut message = String::new();
    for max_name in [253, 63, 40, 24, 12] {
        for count in (1..=entries.min(MAX_LISTED)).rev() {
            message = written(text(|f| write(f, max_name, count)));
            if is_short(&message) {
                return message;
            }
        }
    }
    display_text(&message, MAX_MESSAGE).into_owned()
}

/// Some entries, then how many more.
fn write_list<T>(
    f: &mut Formatter<'_>,
    entries: &[T],
    count: usize,
    write: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (index, entry) in entries.iter().take(count).enumerate() {
        f.write_str(if index > 0 { " " } else { "" })?;
        write(f, entry)?;
    }
    write_rest(f, entries.len().saturating_sub(count))
}

fn write_rest(f: &mut Formatter<'_>, more: usize) -> fmt::Result {
    if more == 0 { Ok(()) } else { write!(f, " And {more} more.") }
}

/// Findings that share everything but the Service, of the first that are listed.
fn groups<'e>(findings: &[&'e Finding]) -> Vec<Group<'e>> {
    let mut groups: Vec<Group<'e>> = Vec::new();
    for finding in findings.iter().take(MAX_LISTED) {
        match groups.iter_mut().find(|group| group.takes(finding)) {
            Some(group) => group.services.push(&finding.service),
            None => groups.push(Group::of(finding)),
        }
    }
    groups
}

fn write_findings(
    f: &mut Formatter<'_>,
    groups: &[Group<'_>],
    findings: usize,
    count: usize,
    max: usize,
    in_full: bool,
) -> fmt::Result {
    let mut told = 0;
    for (index, group) in groups.iter().take(count).enumerate() {
        f.write_str(if index > 0 { " " } else { "" })?;
        if index == 0 || in_full {
            write!(f, "{} {}", what(group, max), help(group, max))?;
        } else {
            write!(f, "Also {}.", in_short(group, groups.first(), max))?;
        }
        told += group.services.len();
    }
    write_rest(f, findings.saturating_sub(told))?;
    let listed = || groups.iter().take(count).map(|group| group.finding);
    let stops = |finding: &&Finding| finding.problem != Problem::MissingService;
    if listed().filter(stops).any(|finding| matches!(finding.role, Role::Ingress(_))) {
        f.write_str(" One such backend of an Ingress stops the reconcile of the whole load balancer, for every Ingress of its group.")?;
    }
    if listed().filter(stops).any(|finding| matches!(finding.reach, Reach::Gateway(_))) {
        f.write_str(" One such backend stops the reconcile of the whole Gateway, for every route on it.")?;
    }
    Ok(())
}

fn write_invalid(f: &mut Formatter<'_>, admitted: Option<&ObjectRef>, error: &DecodeError, max: usize) -> fmt::Result {
    match admitted {
        Some(admitted) => object(admitted, max).fmt(f)?,
        None => f.write_str("The object")?,
    }
    write!(f, " is invalid: {error}. Correct it and apply the object again.")
}

/// What could not be looked up; what to do about it comes once, after the last of those that it is for.
fn write_failures(f: &mut Formatter<'_>, failures: &[Unchecked], max: usize, count: usize) -> fmt::Result {
    let mut listed = failures.iter().take(count).peekable();
    while let Some(failure) = listed.next() {
        let problem = lookup_problem(&failure.lookup, max, true);
        write!(f, "{} was not checked: {problem}.", object(&failure.object, max))?;
        let help = lookup_help(&failure.lookup);
        match listed.peek() {
            Some(next) if lookup_help(&next.lookup) == help => f.write_str(" ")?,
            next => {
                write!(f, " {help}, or set lookupFailure: warn.")?;
                f.write_str(if next.is_some() { " " } else { "" })?;
            }
        }
    }
    write_rest(f, failures.len().saturating_sub(count))
}

/// Whether a message has few enough characters; in most, each is a byte.
fn is_short(message: &str) -> bool {
    message.len() <= MAX_MESSAGE || message.chars().count() <= MAX_MESSAGE
}
