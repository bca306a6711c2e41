//! From a request to a verdict: what the object serves, what of it the request introduces, and what the mode makes of
//! it.
//!
//! This is the only place that knows the mode. It does no IO but through the [`Cluster`], and cannot fail: what cannot
//! be read or looked up becomes part of the verdict.

mod advice;
mod ingress;
mod object;
mod path;
mod service;
mod target_group_binding;

use std::cell::LazyCell;
use std::collections::BTreeSet;

use crate::cluster::{Cluster, Lookups};
use crate::edit;
use crate::kubernetes::{DecodeError, ObjectWithMetadata, decode};
use crate::request::{Operation, Request};
use crate::rules::{Finding, Fix, Remedy, RuleId};
use crate::settings::{Mode, Reaction, Settings};
use crate::verdict::{MAX_LISTED, Refusal, Report, Verdict};
use object::{Object, decides_alike, is_being_deleted, name_of_object};
use path::{Context, Judgement, Pair};

/// The verdict on a request. It depends on the request, the settings and the objects looked up, and on nothing else.
pub fn decide(request: &Request<'_>, cluster: &dyn Cluster, settings: &Settings) -> Verdict {
    let object = match Object::decode(request.kind, request.object) {
        Ok(object) if object.metadata().is_being_deleted => return Verdict::accept(),
        Ok(object) => object,
        // An object that cannot be read can still lose its finalizers.
        Err(_) if is_being_deleted(request.object) == Ok(true) => return Verdict::accept(),
        Err(error) => return unreadable_object(request, error),
    };
    let lookups = Lookups::new(cluster, &request.namespace);
    let context = Context {
        lookups: &lookups,
        settings,
        name: object.name(&request.name),
        changes_something: LazyCell::new(Box::new(|| changes_something(request))),
    };
    let old_object = match request.old_object.map(|json| Object::decode(request.kind, json)) {
        None => OldObject::None,
        Some(Ok(old)) => OldObject::Known(Box::new(old)),
        Some(Err(_)) => OldObject::Unreadable,
    };
    let judgement = object.judge(&context, &old_object, None);
    let review = Review::new(&context, judgement, &old_object);
    let mut report = Report::new(request.kind, &request.namespace, &context.name);
    if let Some(refusal) = review.refusal(settings) {
        return review.refuse(refusal, settings, report);
    }
    let mut fixes = review.fixes(settings.mode);
    let mutated = match edit::apply(&fixes, request.object) {
        Ok(mutated) => mutated,
        Err(error) if review.introduced().any(|finding| is_fixed_by(finding, &fixes)) => {
            return report.refuse(Refusal::Unreadable(vec![error]));
        }
        // What was there before stays as it is.
        Err(_) => {
            fixes.clear();
            None
        }
    };
    review.warn(&fixes, settings, &mut report);
    if context.wants_advice() {
        advice::advise(&review.judgement.paths, &fixes, &context, &mut report);
    }
    match mutated {
        Some(mutated) => report.mutate(mutated),
        None => report.accept(),
    }
}

/// Whether the request changes anything that decides; a new object always does.
fn changes_something(request: &Request<'_>) -> bool {
    match (request.operation, request.old_object) {
        (Operation::Update, Some(old)) => !decides_alike(request.kind, request.object, old),
        (Operation::Update, None) | (Operation::Create, _) => true,
    }
}

/// An object that cannot be read is refused, unless the stored one cannot be read in the same place.
fn unreadable_object(request: &Request<'_>, error: DecodeError) -> Verdict {
    let was_unreadable = request
        .old_object
        .is_some_and(|old| Object::decode(request.kind, old).err().is_some_and(|old| old.path == error.path));
    let metadata = decode::<ObjectWithMetadata>(request.object).unwrap_or_default().metadata;
    let mut report = Report::new(request.kind, &request.namespace, &name_of_object(&request.name, &metadata));
    if was_unreadable {
        report.unreadable_before(&error);
        report.accept()
    } else {
        report.refuse(Refusal::Unreadable(vec![error]))
    }
}

/// What was found, and which of it the request introduces.
struct Review {
    judgement: Judgement,
    findings: Vec<Reviewed<Finding>>,
    unreadable: Vec<Reviewed<DecodeError>>,
    /// Whether anything that decides differs from the stored object, where that matters.
    changes_something: bool,
}

struct Reviewed<T> {
    item: T,
    is_introduced: bool,
}

impl Review {
    fn new(context: &Context<'_>, mut judgement: Judgement, old: &OldObject) -> Self {
        let findings = judgement.findings(context.settings);
        let names: BTreeSet<&str> = findings.iter().map(|finding| finding.service.name.as_str()).collect();
        let is_anything_judged =
            !findings.is_empty() || !judgement.unreadable.is_empty() || !judgement.failures.is_empty();
        let changes_something = is_anything_judged && *context.changes_something;
        // In mode `warn`, nobody asks since when a finding is there.
        let is_old_needed =
            (!findings.is_empty() && context.settings.mode != Mode::Warn) || !judgement.unreadable.is_empty();
        let (old_judgement, is_old_known) = match old {
            OldObject::Known(old) if changes_something && is_old_needed => {
                let old_judgement = old.judge(context, &OldObject::None, Some(&names));
                let is_known = old_judgement.failures.is_empty();
                (old_judgement, is_known)
            }
            OldObject::Known(_) | OldObject::None => (Judgement::default(), true),
            OldObject::Unreadable => (Judgement::default(), false),
        };
        let old_pairs = old_judgement.pairs(context.settings);
        let was_there = |pair: &Pair| !changes_something || old_pairs.contains(pair) || !is_old_known;
        let findings: Vec<_> =
            findings.into_iter().map(|item| Reviewed { is_introduced: !was_there(&Pair::of(&item)), item }).collect();
        let was_unreadable = |item: &DecodeError| {
            !changes_something || old_judgement.unreadable.iter().any(|old| is_same_place(old, item)) || !is_old_known
        };
        let unreadable: Vec<_> = judgement
            .unreadable
            .drain(..)
            .map(|item| Reviewed { is_introduced: !was_unreadable(&item), item })
            .collect();
        // Whether it was there before could not be looked up: that is for `lookupFailure` to decide.
        judgement.failures.extend(old_judgement.failures);
        Self { findings, unreadable, judgement, changes_something }
    }

    fn refusal(&self, settings: &Settings) -> Option<RefusalKind> {
        if self.unreadable.iter().any(|entry| entry.is_introduced) {
            Some(RefusalKind::Unreadable)
        } else if self.introduced().any(|finding| is_refused(finding, settings)) {
            Some(RefusalKind::Findings)
        } else if self.lookup_reaction(settings) == Reaction::Reject && !self.judgement.failures.is_empty() {
            Some(RefusalKind::Lookups)
        } else {
            None
        }
    }

    /// What a failed lookup leads to, for what this request introduces.
    fn lookup_reaction(&self, settings: &Settings) -> Reaction {
        let most =
            if self.changes_something && settings.mode != Mode::Warn { Reaction::Reject } else { Reaction::Warn };
        settings.lookup_failure.min(most)
    }

    fn introduced(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|entry| entry.is_introduced).map(|entry| &entry.item)
    }

    fn refuse(self, kind: RefusalKind, settings: &Settings, mut report: Report) -> Verdict {
        if kind != RefusalKind::Lookups && self.lookup_reaction(settings) != Reaction::Allow {
            report.failed_lookups(&self.judgement.failures);
        }
        let refusal = match kind {
            RefusalKind::Unreadable => {
                let introduced = self.unreadable.into_iter().filter(|entry| entry.is_introduced);
                Refusal::Unreadable(introduced.map(|entry| entry.item).collect())
            }
            RefusalKind::Findings => {
                let is_only_warned_of = |finding: &&Finding| {
                    finding.rule == RuleId::MissingService && settings.missing_service != Reaction::Reject
                };
                let (warned, refused): (Vec<&Finding>, Vec<&Finding>) = self.introduced().partition(is_only_warned_of);
                report.findings(&warned);
                Refusal::Findings(refused.into_iter().cloned().collect())
            }
            RefusalKind::Lookups => Refusal::Lookups(self.judgement.failures),
        };
        report.refuse(refusal)
    }

    /// Every fix that can be applied, each once.
    fn fixes(&self, mode: Mode) -> BTreeSet<Fix> {
        let fix_of = |finding: &Finding| match &finding.remedy {
            Remedy::Fix(fix) => Some(fix.clone()),
            Remedy::Instead(_) => None,
        };
        let findings = self.findings.iter().filter(|_| mode == Mode::Mutate);
        findings.filter_map(|entry| fix_of(&entry.item)).collect()
    }

    fn warn(&self, fixes: &BTreeSet<Fix>, settings: &Settings, report: &mut Report) {
        let (fixed, left): (Vec<&Finding>, Vec<&Finding>) =
            self.findings.iter().map(|entry| &entry.item).partition(|finding| is_fixed_by(finding, fixes));
        report.fixed(&fixed);
        report.findings(&left);
        if self.lookup_reaction(settings) == Reaction::Allow {
            report.note_failed_lookups(&self.judgement.failures);
        } else {
            report.failed_lookups(&self.judgement.failures);
        }
        for entry in self.unreadable.iter().take(MAX_LISTED) {
            report.unreadable_before(&entry.item);
        }
    }
}

/// The object as it is stored.
pub enum OldObject {
    /// There is none.
    None,
    /// It can be read.
    Known(Box<Object>),
    /// It cannot be read, so that nobody knows what was there before.
    Unreadable,
}

fn is_fixed_by(finding: &Finding, fixes: &BTreeSet<Fix>) -> bool {
    matches!(&finding.remedy, Remedy::Fix(fix) if fixes.contains(fix))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RefusalKind {
    Unreadable,
    Findings,
    Lookups,
}

/// Whether the settings want to hear of a finding at all.
fn is_judged(finding: &Finding, settings: &Settings) -> bool {
    finding.rule != RuleId::MissingService || settings.missing_service != Reaction::Allow
}

/// Whether the request is refused for a finding that it introduces.
fn is_refused(finding: &Finding, settings: &Settings) -> bool {
    match (settings.mode, finding.rule) {
        (Mode::Warn, _) => false,
        (_, RuleId::MissingService) => settings.missing_service == Reaction::Reject,
        (Mode::Reject, _) => true,
        (Mode::Mutate, _) => matches!(finding.remedy, Remedy::Instead(_)),
    }
}

/// Two errors in the same annotation are in the same place, whatever broke inside.
fn is_same_place(one: &DecodeError, other: &DecodeError) -> bool {
    let annotation = |error: &DecodeError| error.path.split_once(']').map(|(annotation, _)| annotation.to_owned());
    one.path == other.path || (annotation(one).is_some() && annotation(one) == annotation(other))
}
