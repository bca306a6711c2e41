//! Paths: pairs of a Service and an object that serves it, with what decides about them.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::cluster::{Lookup, LookupFailure, Lookups};
use crate::controller::{BackendReference, Resolved, TargetType};
use crate::kubernetes::{DecodeError, IntOrString, NameKey, ObjectRef, Service, ServiceType};
use crate::rules::{Finding, Instead, NoNodePort, Remedy, Role, RuleId, Unjudged, rule_of_service};
use crate::settings::{Advice, Reaction, Settings};

/// What every judgement needs.
pub struct Context<'a> {
    /// The lookups of the request.
    pub lookups: &'a Lookups<'a>,
    /// The settings.
    pub settings: &'a Settings,
    /// The admitted object.
    pub admitted: ObjectRef,
    /// Whether no object is stored yet.
    pub is_new: bool,
    /// Whether anything that decides differs from the stored object; always so for a new one.
    pub changes_something: LazyCell<bool, Box<dyn FnOnce() -> bool + 'a>>,
}

impl Context<'_> {
    /// An object of the request's namespace.
    pub fn object(&self, kind: &'static str, name: &str) -> ObjectRef {
        ObjectRef { kind, namespace: self.admitted.namespace.clone(), name: name.into() }
    }

    /// The name of the admitted object.
    pub fn name(&self) -> &str {
        &self.admitted.name
    }

    /// Whether a Service must be known even where no finding is possible: to say that it is missing.
    pub fn wants_missing_services(&self) -> bool {
        self.settings.missing_service != Reaction::Allow
    }

    /// Whether any advice is given: never for an update that changes nothing which decides.
    pub fn wants_advice(&self) -> bool {
        !self.settings.advice.is_empty() && *self.changes_something
    }

    /// Whether any advice is given that is not about TargetGroupBindings alone.
    pub fn wants_advice_on_services(&self) -> bool {
        self.settings.advice.iter().any(|advice| *advice != Advice::SecurityGroups) && *self.changes_something
    }

    /// Whether the request is refused for sure, so that nothing more needs to be known: something of a new object cannot
    /// be read.
    pub fn is_refused_for(&self, judgement: &Judgement) -> bool {
        self.is_new && !judgement.unreadable.is_empty()
    }

    /// Whether this advice is given.
    pub fn gives(&self, advice: Advice) -> bool {
        self.settings.advice.contains(&advice)
    }
}

/// The Service at the end of a path.
#[derive(Debug, Clone)]
pub enum Backend {
    /// It is there.
    Found(Rc<Service>),
    /// It does not exist.
    Missing,
    /// It was not looked up, or could not be.
    Unknown,
}

impl Backend {
    pub fn service(&self) -> Option<&Service> {
        match self {
            Self::Found(service) => Some(service),
            Self::Missing | Self::Unknown => None,
        }
    }
}

/// A Service and an object that serves it.
#[derive(Debug, Clone)]
pub struct Path {
    /// The Service.
    pub service: ObjectRef,
    /// The object that serves it.
    pub server: ObjectRef,
    /// How it does.
    pub role: Role,
    /// The Service, as far as it is known.
    pub backend: Backend,
    /// The target type; none where the deciding value is unknown to the controller.
    pub target_type: Option<Resolved<TargetType>>,
    /// The ports that are referred to.
    pub ports: BTreeSet<IntOrString>,
    /// Whether the object says itself who may reach the targets (TargetGroupBinding).
    pub has_networking: bool,
    /// Whether the object carries the Ingress annotation in a place where the controller does not read it.
    pub has_ignored_annotation: bool,
    /// What to do where the path is a finding.
    pub remedy: Remedy,
}

impl Path {
    /// Whether the target type is known to be this one.
    pub fn is_served_by(&self, target_type: TargetType) -> bool {
        self.target_type.as_ref().is_some_and(|resolved| resolved.value == target_type)
    }

    fn rule(&self, settings: &Settings) -> Option<RuleId> {
        match &self.backend {
            Backend::Found(service) if self.is_served_by(TargetType::Instance) => {
                rule_of_service(service, settings.services)
            }
            Backend::Missing => Some(RuleId::MissingService),
            Backend::Found(_) | Backend::Unknown => None,
        }
    }

    fn finding(&self, rule: RuleId) -> Finding {
        let no_node_port = match (rule, self.backend.service()) {
            (RuleId::HeadlessInstanceMode, _) => NoNodePort::Headless,
            (RuleId::InstanceModeWithoutNodePort, Some(service))
                if service.spec.service_type == ServiceType::LoadBalancer =>
            {
                NoNodePort::LoadBalancerWithoutNodePorts
            }
            (RuleId::InstanceModeWithoutNodePort, _) => NoNodePort::ClusterIp,
            (RuleId::MissingService, _) => NoNodePort::Missing,
        };
        let is_missing = rule == RuleId::MissingService;
        Finding {
            rule,
            service: self.service.clone(),
            server: self.server.clone(),
            role: self.role,
            source: self.target_type.as_ref().map(|resolved| resolved.source.clone()).filter(|_| !is_missing),
            no_node_port,
            has_ignored_annotation: self.has_ignored_annotation,
            remedy: if is_missing { Remedy::Instead(Instead::CreateService) } else { self.remedy.clone() },
        }
    }
}

/// The Services that are wanted, each once in the order of its first reference, with all of the ports that are referred
/// to.
pub fn services_of<'a>(
    references: &'a [BackendReference<'_>],
    is_wanted: &dyn Fn(&str) -> bool,
) -> Vec<(&'a str, BTreeSet<IntOrString>)> {
    let mut services: Vec<(&str, BTreeSet<IntOrString>)> = Vec::new();
    let mut places: BTreeMap<NameKey<'_>, usize> = BTreeMap::new();
    for BackendReference { service_name, port } in references.iter().filter(|it| is_wanted(&it.service_name)) {
        let name = &**service_name;
        let place = *places.entry(name.into()).or_insert(services.len());
        if place == services.len() {
            services.push((name, BTreeSet::new()));
        }
        if let Some((_, ports)) = services.get_mut(place) {
            ports.extend(port.clone());
        }
    }
    services
}

/// What the controller would do with an object.
#[derive(Debug, Default)]
pub struct Judgement {
    /// The paths that the object is part of, in its order.
    pub paths: Vec<Path>,
    /// What could not be looked up.
    pub failures: Vec<Unjudged>,
    /// What could not be read in the object.
    pub unreadable: Vec<DecodeError>,
}

impl Judgement {
    /// Notes that a lookup failed; the same one again says nothing new.
    pub fn fail(&mut self, server: &ObjectRef, lookup: Box<LookupFailure>) {
        let failure = Unjudged { server: server.clone(), lookup };
        if !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
    }

    /// The Service that `server` refers to. A failed lookup counts only where the Service decides something.
    pub fn backend(&mut self, answer: Lookup<Option<Rc<Service>>>, decides: bool, server: &ObjectRef) -> Backend {
        match answer {
            Ok(Some(service)) => Backend::Found(service),
            Ok(None) => Backend::Missing,
            Err(failure) => {
                if decides {
                    self.fail(server, failure);
                }
                Backend::Unknown
            }
        }
    }

    /// The objects of a list that could be read.
    pub fn readable<T>(&mut self, list: Lookup<Vec<Lookup<Rc<T>>>>, server: &ObjectRef) -> Vec<Rc<T>> {
        let list = list.unwrap_or_else(|failure| vec![Err(failure)]);
        let mut readable = Vec::new();
        for object in list {
            match object {
                Ok(object) => readable.push(object),
                Err(failure) => self.fail(server, failure),
            }
        }
        readable
    }

    /// The paths where a rule is broken that the settings want to hear of.
    pub fn findings(&self, settings: &Settings) -> Vec<Finding> {
        let findings = self.paths.iter().filter_map(|path| path.rule(settings).map(|rule| path.finding(rule)));
        findings.filter(|finding| super::is_judged(finding, settings)).collect()
    }

    /// The pairs where a rule is broken.
    pub fn pairs(&self, settings: &Settings) -> BTreeSet<Pair> {
        // Extended, not collected: that sorts first, which is several kilobytes of code for each type.
        let mut pairs = BTreeSet::new();
        pairs.extend(self.findings(settings).iter().map(Pair::of));
        pairs
    }
}

/// What makes two findings the same: the rule's subject, not its circumstances.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    service: Rc<str>,
    server: ObjectRef,
    is_missing: bool,
}

impl Pair {
    /// The pair of a finding.
    pub fn of(finding: &Finding) -> Self {
        Self {
            service: finding.service.name.clone(),
            server: finding.server.clone(),
            is_missing: finding.rule == RuleId::MissingService,
        }
    }
}
