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

use std::cell::{LazyCell, OnceCell};
use std::collections::BTreeSet;

use crate::cluster::{Cluster, Lookups};
use crate::edit;
use crate::kubernetes::{DecodeError, Metadata, ObjectRef, ObjectWithMetadata, decode};
use crate::request::{Object, Request};
use crate::rules::{Finding, Fix, Remedy, RuleId, Unjudged};
use crate::settings::{Mode, Reaction, Settings};
use crate::verdict::{MAX_LISTED, Refusal, Report, Verdict};
use object::{have_same_spec, is_being_deleted};
use path::{Context, Judgement, Pair};

/// The verdict on a request. It depends on the request, the settings and the objects looked up, and on nothing else.
pub fn decide(request: &Request<'_>, cluster: &dyn Cluster, settings: &Settings) -> Verdict {
    let object = match &request.object.object {
        Ok(object) if object.metadata().is_being_deleted => return Verdict::accept(),
        Ok(object) => object,
        // An object that cannot be read can still lose its finalizers.
        Err(_) if is_being_deleted(request.object.json) => return Verdict::accept(),
        Err(error) => return unreadable_object(request, error),
    };
    let old_object = match request.old_object.as_ref().map(|old| &old.object) {
        None => OldObject::None,
        Some(Ok(old)) => OldObject::Known(old),
        Some(Err(_)) => OldObject::Unreadable,
    };
    let lookups = Lookups::new(cluster, &request.namespace);
    let context = Context {
        lookups: &lookups,
        settings,
        admitted: admitted(request, object.metadata()),
        is_new: matches!(old_object, OldObject::None),
        changes_something: LazyCell::new(Box::new(|| match (&old_object, &request.old_object) {
            (OldObject::Known(old), Some(old_json)) => {
                object.deciding_metadata() != old.deciding_metadata()
                    || !have_same_spec(request.object.json, old_json.json)
            }
            _ => true,
        })),
    };
    let judgement = object.judge(&context, &old_object, None);
    let review = Review::new(&context, judgement, &old_object);
    let mut report = Report::new(context.admitted.clone());
    if let Some(refusal) = review.refusal() {
        return review.refuse(refusal, report);
    }
    let fixes = review.fixes();
    let mutated = match edit::apply(&fixes, request.object.json) {
        Ok(mutated) => mutated,
        // The object was read before, so it has the maps that are edited; the rest of it is looked at now.
        Err(error) => return report.refuse(&Refusal::Unreadable(vec![error])),
    };
    review.warn(&fixes, &mut report);
    if context.wants_advice() {
        advice::advise(&review.judgement.paths, &fixes, &context, &mut report);
    }
    match mutated {
        Some(mutated) => report.mutate(mutated),
        None => report.accept(),
    }
}

/// The admitted object, as people know it.
fn admitted(request: &Request<'_>, metadata: &Metadata) -> ObjectRef {
    // An object whose name is generated has none yet.
    let given = [&*request.name, &metadata.name].into_iter().find(|name| !name.is_empty());
    let name = given.map_or_else(|| format!("{}<generated>", metadata.generate_name).into(), |name| name.into());
    ObjectRef { kind: request.kind.name(), namespace: request.namespace.as_ref().into(), name }
}

/// An object that cannot be read is refused, unless the stored one cannot be read in the same place.
fn unreadable_object(request: &Request<'_>, error: &DecodeError) -> Verdict {
    let old_error = request.old_object.as_ref().and_then(|old| old.object.as_ref().err());
    let was_unreadable = old_error.is_some_and(|old| old.path == error.path);
    let named = decode::<ObjectWithMetadata>(request.object.json).unwrap_or_default();
    let mut report = Report::new(admitted(request, &named.metadata));
    if was_unreadable {
        report.unreadable_before(error);
        report.accept()
    } else {
        report.refuse(&Refusal::Unreadable(vec![error.clone()]))
    }
}

/// What was found, and which of it the request introduces.
struct Review<'r, 'c> {
    context: &'r Context<'c>,
    judgement: Judgement,
    findings: Vec<Finding>,
    old_object: &'r OldObject<'r>,
    /// Made when somebody first asks: most verdicts need not know what was there before.
    before: OnceCell<Before>,
}

/// What was there before, as far as the findings go.
#[derive(Default)]
struct Before {
    pairs: BTreeSet<Pair>,
    unreadable: Vec<DecodeError>,
    /// What could not be looked up for the old object alone. A failure that both objects share hides the same paths in
    /// both, and tells nothing about the others.
    failures: Vec<Unjudged>,
}

impl<'r, 'c> Review<'r, 'c> {
    fn new(context: &'r Context<'c>, judgement: Judgement, old_object: &'r OldObject<'r>) -> Self {
        let findings = judgement.findings(context.settings);
        Self { context, judgement, findings, old_object, before: OnceCell::new() }
    }

    fn before(&self) -> &Before {
        self.before.get_or_init(|| {
            let OldObject::Known(old) = self.old_object else { return Before::default() };
            let mut names = BTreeSet::new();
            names.extend(self.findings.iter().map(|finding| &*finding.service.name));
            let mut old = old.judge(self.context, &OldObject::None, Some(&names));
            old.failures.retain(|failure| !self.judgement.failures.contains(failure));
            Before { pairs: old.pairs(self.context.settings), unreadable: old.unreadable, failures: old.failures }
        })
    }

    /// What could not be looked up for either object: what is introduced may be hidden, for `lookupFailure` to decide.
    fn failures(&self) -> Vec<Unjudged> {
        let of_old = self.before.get().map(|before| before.failures.as_slice()).unwrap_or_default();
        self.judgement.failures.iter().chain(of_old).cloned().collect()
    }

    /// Whether anything can be new: something that decides has changed, in an object that was known.
    fn can_introduce(&self) -> bool {
        *self.context.changes_something && !matches!(self.old_object, OldObject::Unreadable)
    }

    /// Whether the request introduces any such finding. Where the old object could not be judged, it does not.
    fn introduces(&self, is_meant: impl Fn(&Finding) -> bool) -> bool {
        self.findings.iter().any(|finding| is_meant(finding) && self.is_introduced(finding))
    }

    fn is_introduced(&self, finding: &Finding) -> bool {
        self.can_introduce() && self.before().failures.is_empty() && !self.before().pairs.contains(&Pair::of(finding))
    }

    fn newly_unreadable(&self) -> impl Iterator<Item = &DecodeError> {
        let is_new = |error: &&DecodeError| {
            self.can_introduce() && !self.before().unreadable.iter().any(|old| is_same_place(old, error))
        };
        self.judgement.unreadable.iter().filter(is_new)
    }

    fn refusal(&self) -> Option<RefusalKind> {
        if self.newly_unreadable().next().is_some() {
            Some(RefusalKind::Unreadable)
        } else if self.introduces(|finding| is_refused(finding, self.context.settings)) {
            Some(RefusalKind::Findings)
        } else if !self.failures().is_empty() && self.lookup_reaction() == Reaction::Reject {
            Some(RefusalKind::Lookups)
        } else {
            None
        }
    }

    /// What a failed lookup leads to, for what this request introduces.
    fn lookup_reaction(&self) -> Reaction {
        let settings = self.context.settings;
        let is_refused = settings.mode != Mode::Warn && *self.context.changes_something;
        settings.lookup_failure.min(if is_refused { Reaction::Reject } else { Reaction::Warn })
    }

    fn refuse(&self, kind: RefusalKind, mut report: Report) -> Verdict {
        let settings = self.context.settings;
        if kind != RefusalKind::Lookups {
            self.tell_failures(&mut report);
        }
        let refusal = match kind {
            RefusalKind::Unreadable => Refusal::Unreadable(self.newly_unreadable().cloned().collect()),
            RefusalKind::Findings => {
                let is_only_warned_of = |finding: &&Finding| {
                    finding.rule == RuleId::MissingService && settings.missing_service != Reaction::Reject
                };
                let introduced = self.findings.iter().filter(|finding| self.is_introduced(finding));
                let (warned, refused): (Vec<&Finding>, Vec<&Finding>) = introduced.partition(is_only_warned_of);
                report.findings(&warned);
                Refusal::Findings(refused)
            }
            // None of the findings is the reason, but all are worth knowing: monitor mode keeps nothing but warnings.
            RefusalKind::Lookups => {
                report.findings(&self.findings.iter().collect::<Vec<_>>());
                Refusal::Lookups(self.failures())
            }
        };
        report.refuse(&refusal)
    }

    fn tell_failures(&self, report: &mut Report) {
        let failures = self.failures();
        if failures.is_empty() {
            return;
        }
        match self.lookup_reaction() {
            Reaction::Allow => report.note_failed_lookups(&failures),
            Reaction::Warn | Reaction::Reject => report.failed_lookups(&failures),
        }
    }

    /// Every fix that can be applied, each once.
    fn fixes(&self) -> Vec<Fix> {
        let mut fixes = Vec::new();
        for finding in self.findings.iter().filter(|_| self.context.settings.mode == Mode::Mutate) {
            match &finding.remedy {
                Remedy::Fix(fix) if !fixes.contains(fix) => fixes.push(fix.clone()),
                Remedy::Fix(_) | Remedy::Instead(_) => {}
            }
        }
        fixes
    }

    fn warn(&self, fixes: &[Fix], report: &mut Report) {
        let (fixed, left): (Vec<&Finding>, Vec<&Finding>) =
            self.findings.iter().partition(|finding| is_fixed_by(finding, fixes));
        report.fixed(&fixed);
        report.findings(&left);
        self.tell_failures(report);
        for error in self.judgement.unreadable.iter().take(MAX_LISTED) {
            report.unreadable_before(error);
        }
    }
}

/// The object as it is stored.
enum OldObject<'r> {
    /// There is none.
    None,
    /// It can be read.
    Known(&'r Object),
    /// It cannot be read, so that nobody knows what was there before.
    Unreadable,
}

fn is_fixed_by(finding: &Finding, fixes: &[Fix]) -> bool {
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
