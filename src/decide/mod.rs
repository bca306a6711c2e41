//! From a request to an evaluation: what the object makes the controller serve, what of that the request introduces, and
//! what the mode makes of it.
//!
//! This is the only place that knows the mode. It does no IO but through the lookups, makes no text, and cannot fail: what
//! cannot be read or looked up becomes part of the evaluation.

mod advice;
mod evaluation;
mod exposure;
mod judge;
mod remedy;
mod touched;

pub use evaluation::{EVALUATION_VERSION, Evaluation, Fate, Finding, Hint, Manager, Outcome, Refusal};
pub use exposure::{Reach, Role};
pub use judge::Unchecked;
pub use remedy::{Fix, Instead, Moved, MovedWhy, Remedy};

use std::cell::OnceCell;

use serde::Deserialize;

use crate::cluster::{Cluster, Lookups, Overlay, World};
use crate::controller::annotations::DEFAULT_INGRESS_CLASS;
use crate::controller::{annotations_of_ingress, annotations_of_service, has_ignored_annotation, labels_of_binding};
use crate::edit;
use crate::index::{ByName, Names, each_once};
use crate::kubernetes::{
    DecodeError, Json, Kind, Metadata, Object, ObjectRef, ObjectWithMetadata, OwnerReference, Presence, Service, Unread,
};
use crate::request::{Operation, Request};
use crate::rules::Problem;
use crate::settings::{Advice, Mode, Reaction, Settings};
use evaluation::Harm;
use exposure::{Backend, ExposerDetails, Exposure};
use judge::{Judge, Judgement, Needs};
use remedy::Case;
use touched::Admitted;

/// The evaluation of a request. It depends on the request, the settings and the objects looked up, and on nothing else.
pub fn decide(request: &Request<'_>, cluster: &dyn Cluster, settings: &Settings) -> Evaluation {
    let object = match &request.object.object {
        Ok(object) if object.metadata().is_being_deleted() && serves_nothing_when_deleted(request.kind) => {
            return Evaluation::accept();
        }
        Ok(object) => object,
        // An object that cannot be read can still lose its finalizers.
        Err(_) if is_being_deleted(request.object.json) => return Evaluation::accept(),
        Err(error) => return unreadable_object(request, error),
    };
    let old_object = match request.old_object.as_ref().map(|old| &old.object) {
        None => OldObject::None,
        Some(Ok(old)) => OldObject::Known(old),
        Some(Err(_)) => OldObject::Unreadable,
    };
    let changes_something = match (&old_object, &request.old_object) {
        (OldObject::Known(old), Some(old_text)) => {
            deciding_metadata(object, settings) != deciding_metadata(old, settings)
                || !have_same_spec(request.object.json, old_text.json)
        }
        _ => true,
    };
    // Objects that are no end of a pair: what they change is all that there is to say. A Service that is being deleted can
    // still lose its finalizers.
    let is_deleted_service = request.kind == Kind::Service && object.metadata().is_being_deleted();
    let is_update = request.operation == Operation::Update;
    if (!is_end(request.kind) && !changes_something) || (is_deleted_service && !(is_update && changes_something)) {
        return Evaluation::accept();
    }
    let lookups = Lookups::new(cluster, &request.namespace);
    let admitted = ObjectRef::new(request.kind, &request.namespace, &object.metadata().name);
    let overlay = Overlay { identity: admitted.clone(), object: Some(object.clone()) };
    let world = World::new(&lookups, overlay);
    let context =
        Context { settings, request, admitted, object, old_object: &old_object, world: &world, changes_something };
    let judgement = context.judge(&world, None);
    Review::new(&context, judgement).evaluate()
}

/// Whether objects of a kind serve or are served themselves; the others only change what others do.
fn is_end(kind: Kind) -> bool {
    matches!(kind, Kind::Service | Kind::Ingress | Kind::TargetGroupBinding(_) | Kind::Route(_))
}

/// Whether the controller ignores objects of a kind that are being deleted. Services behind other objects, routes and
/// configurations count as long as they are there.
///
/// LBC `pkg/ingress/group_loader.go` loadGroupIDIfAnyHelper, `controllers/elbv2/targetgroupbinding_controller.go` reconcile,
/// `pkg/gateway/model/base_model_builder.go` Build.
fn serves_nothing_when_deleted(kind: Kind) -> bool {
    matches!(kind, Kind::Ingress | Kind::TargetGroupBinding(_) | Kind::Gateway)
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

/// What everything depends on.
struct Context<'r> {
    settings: &'r Settings,
    request: &'r Request<'r>,
    admitted: ObjectRef,
    object: &'r Object,
    old_object: &'r OldObject<'r>,
    world: &'r World<'r>,
    /// Whether anything that decides differs from the stored object; always so for a new one.
    changes_something: bool,
}

impl Context<'_> {
    fn old(&self) -> Option<&Object> {
        match self.old_object {
            OldObject::Known(old) => Some(old),
            OldObject::None | OldObject::Unreadable => None,
        }
    }

    /// What the admitted object touches, in one world; of these Services alone, where there are any here.
    fn judge(&self, world: &World<'_>, wanted: Option<Names<'static>>) -> Judgement {
        let advice = &self.settings.advice;
        let is_advised = self.changes_something && is_end(self.request.kind) && !world.is_old();
        let needs = Needs {
            missing: self.settings.missing_service != Reaction::Allow && is_end(self.request.kind),
            advice: is_advised && advice.iter().any(|advice| *advice != Advice::SecurityGroups),
            binding_advice: is_advised && advice.contains(&Advice::SecurityGroups),
            siblings: matches!(self.request.kind, Kind::TargetGroupConfiguration(_)) && !world.is_old(),
        };
        let mut judge = Judge::new(self.settings, world, &self.admitted, needs);
        judge.is_new = matches!(self.old_object, OldObject::None) && !world.is_old();
        judge.wanted = wanted;
        judge.judge(Admitted { kind: self.request.kind, new: self.object, old: self.old() });
        judge.found
    }

    /// Whether the stored binding is of type ip already, or there is none.
    fn binding_can_change(&self) -> bool {
        match self.old_object {
            OldObject::None => true,
            OldObject::Known(Object::TargetGroupBinding(old)) => old.spec.target_type == "ip",
            OldObject::Known(_) | OldObject::Unreadable => false,
        }
    }
}

/// What was found, and which of it the request introduces.
struct Review<'r> {
    context: &'r Context<'r>,
    judgement: Judgement,
    /// The exposures that are findings, by place in the judgement, most harmful first.
    found: Vec<(usize, Problem)>,
    /// Made when somebody first asks: most verdicts need not know what was there before.
    before: OnceCell<Before>,
}

/// What was there before, as far as the findings go.
#[derive(Default)]
struct Before {
    /// The pairs by [`Exposure::pair`], with all that stopped with each.
    pairs: ByName<'static, Vec<Reach>>,
    invalid: Vec<DecodeError>,
    /// What could not be looked up for the old object alone. A failure that both objects share hides the same in both.
    failures: Vec<Unchecked>,
}

impl<'r> Review<'r> {
    fn new(context: &'r Context<'r>, judgement: Judgement) -> Self {
        let problems: Vec<Option<Problem>> = judgement
            .exposures
            .iter()
            .map(|it| it.problem(context.settings).filter(|problem| is_judged(context, it, *problem)))
            .collect();
        let mut found = Vec::new();
        for harm in Harm::ALL {
            let exposures = judgement.exposures.iter().zip(&problems).enumerate();
            found.extend(exposures.filter_map(|(index, (exposure, problem))| {
                problem.filter(|problem| Harm::of(exposure, *problem) == harm).map(|problem| (index, problem))
            }));
        }
        Self { context, judgement, found, before: OnceCell::new() }
    }

    /// The findings with their exposures.
    fn exposures(&self) -> impl Iterator<Item = (&Exposure, Problem)> {
        self.found.iter().filter_map(|(index, problem)| Some((self.judgement.exposures.get(*index)?, *problem)))
    }

    fn before(&self) -> &Before {
        self.before.get_or_init(|| {
            let old = match self.context.old_object {
                OldObject::None => None,
                OldObject::Known(old) => Some((*old).clone()),
                OldObject::Unreadable => return Before::default(),
            };
            let wanted = each_once(self.exposures().map(|(exposure, _)| exposure.service.key()));
            let world = self.context.world.before(old);
            let old = self.context.judge(&world, Some(wanted));
            let mut pairs = ByName::<Vec<Reach>>::default();
            for exposure in &old.exposures {
                let problem = exposure.problem(self.context.settings);
                if problem.is_some_and(|problem| is_judged(self.context, exposure, problem)) {
                    let reaches = pairs.get_or_insert_with(exposure.pair(), Vec::new);
                    reaches.into_iter().for_each(|reaches| reaches.push(exposure.reach.clone()));
                }
            }
            let failures = old.failures.iter().filter(|failure| !self.judgement.failures.contains(failure));
            Before { pairs, failures: failures.cloned().collect(), invalid: old.invalid }
        })
    }

    /// What could not be looked up for either object: what is introduced may be hidden, for `lookupFailure` to decide.
    fn failures(&self) -> Vec<Unchecked> {
        let mut failures = self.judgement.failures.clone();
        if let Some(before) = self.before.get() {
            failures.extend_from_slice(&before.failures);
        }
        failures
    }

    /// Whether anything can be new: something that decides has changed, in an object that was known.
    fn can_introduce(&self) -> bool {
        self.context.changes_something && !matches!(self.context.old_object, OldObject::Unreadable)
    }

    /// Whether the request introduces a finding. Where the old object could not be judged, it does not. Moving into another
    /// group or onto another Gateway is an introduction, leaving a group is not.
    fn is_introduced(&self, exposure: &Exposure) -> bool {
        if !self.can_introduce() {
            return false;
        }
        // Nothing was wrong with an object that was not there.
        if matches!(self.context.old_object, OldObject::None) && exposure.exposer == self.context.admitted {
            return true;
        }
        if !self.before().failures.is_empty() {
            return false;
        }
        // Leaving a group introduces nothing: the object stops itself alone.
        let was_there = |reaches: &Vec<Reach>| exposure.reach == Reach::Itself || reaches.contains(&exposure.reach);
        !self.before().pairs.get(&exposure.pair()).is_some_and(was_there)
    }

    fn newly_invalid(&self) -> Vec<DecodeError> {
        let is_new = |error: &&DecodeError| {
            self.can_introduce() && !self.before().invalid.iter().any(|old| is_same_place(old, error))
        };
        self.judgement.invalid.iter().filter(is_new).cloned().collect()
    }

    /// What a failed lookup leads to, for what this request introduces.
    fn lookup_reaction(&self) -> Reaction {
        let settings = self.context.settings;
        let can_refuse = settings.mode != Mode::Warn && self.context.changes_something;
        settings.lookup_failure.min(if can_refuse { Reaction::Reject } else { Reaction::Warn })
    }

    fn evaluate(self) -> Evaluation {
        let mut findings = self.findings();
        let settings = self.context.settings;
        let mut refusal = None;
        let invalid = self.newly_invalid();
        if !invalid.is_empty() {
            refusal = Some(Refusal::InvalidObject(invalid));
        } else if self.refuse_introduced(&mut findings) {
            refusal = Some(Refusal::Findings);
        } else if !self.failures().is_empty() && self.lookup_reaction() == Reaction::Reject {
            refusal = Some(Refusal::Lookups);
        }
        let mut outcome = Outcome::Accept;
        if let Some(refusal) = refusal {
            outcome = Outcome::Reject(refusal);
        } else if settings.mode == Mode::Mutate {
            match self.fix(&mut findings) {
                Ok(Some(object)) => outcome = Outcome::Mutate(object),
                Ok(None) => {}
                // The object was read before, so it has the maps that are edited; the rest of it is looked at now.
                Err(error) => outcome = Outcome::Reject(Refusal::InvalidObject(vec![error])),
            }
        }
        let advice = self.advice(&findings, &outcome);
        let is_missing = |exposure: &&Exposure| {
            matches!(exposure.backend, Backend::Missing) && exposure.exposer == self.context.admitted
        };
        let mut unresolved = self.judgement.unresolved.clone();
        unresolved.extend(self.judgement.exposures.iter().filter(is_missing).map(|exposure| exposure.service.clone()));
        Evaluation {
            object: Some(self.context.admitted.clone()),
            operation: Some(self.context.request.operation),
            outcome,
            findings,
            advice,
            failures: self.failures(),
            tells_failures: self.lookup_reaction() != Reaction::Allow,
            invalid: self.judgement.invalid,
            unresolved,
        }
    }

    fn findings(&self) -> Vec<Finding> {
        let case = Case {
            settings: self.context.settings,
            admitted: &self.context.admitted,
            operation: self.context.request.operation,
            binding_can_change: self.context.binding_can_change(),
            exposures: &self.judgement.exposures,
        };
        self.exposures().map(|(exposure, problem)| self.finding(exposure, problem, case.remedy(exposure))).collect()
    }

    fn finding(&self, exposure: &Exposure, problem: Problem, remedy: Remedy) -> Finding {
        let changed = remedy.change(&exposure.service, &exposure.exposer, &self.context.admitted).object;
        let managed_by =
            self.manager_of(changed, exposure).map(|(kind, name)| Manager { object: changed.clone(), kind, name });
        let (other_configuration, is_annotated_in_vain) = match &exposure.details {
            ExposerDetails::Binding(binding) => (None, has_ignored_annotation(binding)),
            ExposerDetails::Route { other_configuration, has_ignored_annotation, .. } => {
                (other_configuration.clone(), *has_ignored_annotation)
            }
            ExposerDetails::Ingress(..) | ExposerDetails::LoadBalancer(_) => (None, false),
        };
        Finding {
            problem,
            service: exposure.service.clone(),
            exposer: exposure.exposer.clone(),
            role: exposure.role,
            reach: exposure.reach.clone(),
            place: exposure.place.clone(),
            ports: exposure.ports.clone(),
            target_type: (problem != Problem::MissingService).then(|| exposure.target_type.clone()),
            other_configuration,
            has_ignored_annotation: is_annotated_in_vain,
            remedy,
            managed_by,
            introduced: None,
            fate: Fate::Warned,
        }
    }

    /// The controller that manages an object, by kind and name, where the object is known.
    fn manager_of(&self, object: &ObjectRef, exposure: &Exposure) -> Option<(String, String)> {
        let named = |owner: &OwnerReference| (owner.kind.clone(), owner.name.clone());
        let of = |metadata: &Metadata| metadata.controller().map(named);
        if *object == self.context.admitted {
            return of(self.context.object.metadata());
        }
        if *object == exposure.service {
            return exposure.backend.service().and_then(|service| of(&service.metadata));
        }
        match &exposure.details {
            ExposerDetails::Binding(binding) => of(&binding.metadata),
            ExposerDetails::LoadBalancer(service) => of(&service.metadata),
            // Behind an Ingress or a route, the Service is changed, or IngressClassParams or a configuration.
            ExposerDetails::Ingress(..) | ExposerDetails::Route { .. } => None,
        }
    }

    /// Marks the findings for which the request is refused; whether there are any. Then only what is introduced is told.
    fn refuse_introduced(&self, findings: &mut [Finding]) -> bool {
        let settings = self.context.settings;
        let mut is_refused = false;
        for (finding, (exposure, _)) in findings.iter_mut().zip(self.exposures()) {
            if leads_to_refusal(finding, settings) {
                let is_introduced = self.is_introduced(exposure);
                finding.introduced = Some(is_introduced);
                is_refused |= is_introduced;
            }
        }
        if is_refused {
            for (finding, (exposure, _)) in findings.iter_mut().zip(self.exposures()) {
                let is_introduced = finding.introduced.unwrap_or_else(|| self.is_introduced(exposure));
                finding.introduced = Some(is_introduced);
                let is_only_warned_of =
                    finding.problem == Problem::MissingService && settings.missing_service != Reaction::Reject;
                finding.fate = match (is_introduced, is_only_warned_of) {
                    (true, false) => Fate::Refused,
                    (true, true) => Fate::Warned,
                    (false, _) => Fate::Untold,
                };
            }
        }
        is_refused
    }

    /// The object with every fix applied that can be.
    fn fix(&self, findings: &mut [Finding]) -> Result<Option<String>, DecodeError> {
        let mut fixes: Vec<&Fix> = Vec::new();
        for finding in findings.iter() {
            if let Remedy::Fix(fix) = &finding.remedy
                && !fixes.contains(&fix)
            {
                fixes.push(fix);
            }
        }
        if fixes.is_empty() {
            return Ok(None);
        }
        let edits: Vec<edit::Edit> = fixes.iter().flat_map(|fix| fix.edits()).collect();
        let object = edit::apply(&edits, self.context.request.object.json)?;
        for finding in findings.iter_mut().filter(|finding| matches!(finding.remedy, Remedy::Fix(_))) {
            finding.fate = Fate::Fixed;
        }
        Ok(Some(object))
    }

    fn advice(&self, findings: &[Finding], outcome: &Outcome) -> Vec<Hint> {
        if !self.context.changes_something {
            return Vec::new();
        }
        let with_fate = |fate: Fate| {
            let zipped = findings.iter().zip(self.exposures()).filter(move |(finding, _)| finding.fate == fate);
            zipped.map(|(_, (exposure, _))| exposure)
        };
        let settings = self.context.settings;
        match outcome {
            Outcome::Reject(Refusal::Findings) => {
                advice::advise_beside_refusal(&with_fate(Fate::Refused).collect::<Vec<_>>(), settings)
            }
            Outcome::Reject(_) => Vec::new(),
            Outcome::Accept | Outcome::Mutate(_) => {
                // What an object that is no end of a pair leaves in ip mode is for the ends to say.
                let is_end = is_end(self.context.request.kind);
                let in_ip_mode = self.judgement.exposures.iter().filter(|it| is_end && it.is_headless_in_ip_mode());
                let fixed = with_fate(Fate::Fixed)
                    .filter(|exposure| exposure.backend.service().is_some_and(Service::is_headless));
                advice::advise(&in_ip_mode.chain(fixed).collect::<Vec<_>>(), settings, self.context.world)
            }
        }
    }
}

/// Whether the settings want to hear of a finding at all. A missing Service is told where the object that refers to it is
/// admitted.
fn is_judged(context: &Context<'_>, exposure: &Exposure, problem: Problem) -> bool {
    problem != Problem::MissingService
        || (context.settings.missing_service != Reaction::Allow && exposure.exposer == context.admitted)
}

/// Whether the request is refused for a finding, if it introduces it.
fn leads_to_refusal(finding: &Finding, settings: &Settings) -> bool {
    match (settings.mode, finding.problem) {
        (Mode::Warn, _) => false,
        (_, Problem::MissingService) => settings.missing_service == Reaction::Reject,
        (Mode::Reject, _) => true,
        (Mode::Mutate, _) => matches!(finding.remedy, Remedy::Instead(_)),
    }
}

/// An object that cannot be read is refused, unless the stored one cannot be read in the same place.
fn unreadable_object(request: &Request<'_>, error: &DecodeError) -> Evaluation {
    let old_error = request.old_object.as_ref().and_then(|old| old.object.as_ref().err());
    let was_unreadable = old_error.is_some_and(|old| old.path == error.path);
    let named = ObjectWithMetadata::read(request.object.json).unwrap_or_default();
    let name = [named.metadata.name.as_str(), &request.name].into_iter().find(|name| !name.is_empty());
    let name = name.map_or_else(|| format!("{}<generated>", named.metadata.generate_name), str::to_owned);
    let outcome =
        if was_unreadable { Outcome::Accept } else { Outcome::Reject(Refusal::InvalidObject(vec![error.clone()])) };
    Evaluation {
        object: Some(ObjectRef::new(request.kind, &request.namespace, &name)),
        operation: Some(request.operation),
        outcome,
        invalid: vec![error.clone()],
        ..Evaluation::accept()
    }
}

/// Whether an object has a deletionTimestamp, where the rest of it cannot be read.
fn is_being_deleted(json: Json<'_>) -> bool {
    #[derive(Default, Deserialize)]
    struct Deletable {
        #[serde(default)]
        metadata: Deletion,
    }

    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Deletion {
        #[serde(default)]
        deletion_timestamp: Presence,
    }

    json.read::<Deletable>().is_ok_and(|it| it.metadata.deletion_timestamp.0)
}

/// What of the metadata decides, which depends on the kind, and on the specification: an action that nothing uses decides
/// nothing.
fn deciding_metadata<'o>(object: &'o Object, settings: &Settings) -> Vec<(&'o str, &'o str)> {
    match object {
        Object::Service(service) => annotations_of_service(service, &settings.controller),
        Object::Ingress(ingress) => annotations_of_ingress(ingress),
        Object::TargetGroupBinding(binding) => labels_of_binding(binding),
        Object::IngressClass(class) => class
            .metadata
            .annotation(DEFAULT_INGRESS_CLASS)
            .map(|value| (DEFAULT_INGRESS_CLASS, value))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether the specifications are the same JSON, to the letter: a host writes both in the same way.
fn have_same_spec(new: Json<'_>, old: Json<'_>) -> bool {
    #[derive(Default, Deserialize)]
    struct Specified {
        #[serde(default)]
        spec: Option<Unread>,
    }

    fn spec(json: Json<'_>) -> Result<&str, DecodeError> {
        json.read().map(|Specified { spec }| json.at(spec).text())
    }

    matches!((spec(new), spec(old)), (Ok(new), Ok(old)) if new == old)
}

/// Two errors in the same annotation are in the same place, whatever broke inside.
fn is_same_place(one: &DecodeError, other: &DecodeError) -> bool {
    let annotation = |error: &DecodeError| error.path.split_once(']').map(|(annotation, _)| annotation.to_owned());
    one.path == other.path || (annotation(one).is_some() && annotation(one) == annotation(other))
}
