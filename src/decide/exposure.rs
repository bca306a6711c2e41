//! Exposures: a Service and an object that serves it, with what decides about them.

use std::rc::Rc;

use serde::Serialize;

use crate::controller::{
    BackendReference, IngressOwner, Needed, Place, Resolved, Source, TargetType, could_be_served_in_instance_mode,
};
use crate::index::ByName;
use crate::kubernetes::{Edition, Ingress, IntOrString, NameKey, ObjectRef, Service, TargetGroupBinding};
use crate::rules::{Problem, problem};
use crate::settings::Settings;

/// The way in which an object serves a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase", tag = "way", content = "edition")]
pub enum Role {
    /// A TargetGroupBinding.
    TargetGroupBinding(Edition),
    /// An Ingress.
    Ingress(Edition),
    /// An NLB Service, itself.
    LoadBalancer(Edition),
    /// Another NLB Service, by a weighted action.
    WeightedAction(Edition),
    /// A route, on a Gateway.
    Route(Edition),
}

impl Role {
    /// The edition of the controller that serves.
    pub fn edition(self) -> Edition {
        match self {
            Self::TargetGroupBinding(edition)
            | Self::Ingress(edition)
            | Self::LoadBalancer(edition)
            | Self::WeightedAction(edition)
            | Self::Route(edition) => edition,
        }
    }
}

/// What stops with an object that cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase", tag = "what", content = "name")]
pub enum Reach {
    /// That object alone.
    Itself,
    /// Every Ingress of an explicit group.
    IngressGroup(String),
    /// Every route of a Gateway.
    Gateway(ObjectRef),
}

/// The Service at the end of an exposure.
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
    /// The Service, where it is known.
    pub fn service(&self) -> Option<&Service> {
        match self {
            Self::Found(service) => Some(service),
            Self::Missing | Self::Unknown => None,
        }
    }
}

/// The object that serves, as far as a remedy depends on it.
#[derive(Debug, Clone)]
pub enum ExposerDetails {
    /// A TargetGroupBinding.
    Binding(Rc<TargetGroupBinding>),
    /// An Ingress and what its class says.
    Ingress(Rc<Ingress>, Rc<IngressOwner>),
    /// An NLB Service.
    LoadBalancer(Rc<Service>),
    /// A route.
    Route {
        /// A TargetGroupConfiguration of the Service, where it has any.
        configuration: Option<ObjectRef>,
        /// Another one: the controller takes either.
        other_configuration: Option<ObjectRef>,
        /// The health check port setting that counts.
        health_check_port: Option<String>,
        /// Whether the annotation for Ingresses is on the route, its Gateway or its Service, where nothing reads it.
        has_ignored_annotation: bool,
    },
}

/// A Service and an object that serves it.
#[derive(Debug, Clone)]
pub struct Exposure {
    /// The Service.
    pub service: ObjectRef,
    /// The Service, as far as it is known.
    pub backend: Backend,
    /// The object that serves it.
    pub exposer: ObjectRef,
    /// The same, as far as a remedy depends on it.
    pub details: ExposerDetails,
    /// How it does.
    pub role: Role,
    /// What stops with it.
    pub reach: Reach,
    /// The target type.
    pub target_type: Resolved,
    /// The ports that are referred to.
    pub ports: Vec<IntOrString>,
    /// Where the first reference is in the object that serves.
    pub place: Place,
}

impl Exposure {
    /// The ports of which node ports are needed.
    pub fn needed(&self) -> Needed<'_> {
        match self.role {
            Role::TargetGroupBinding(_) => Needed::Any,
            Role::LoadBalancer(_) => Needed::EveryPort,
            Role::Ingress(_) | Role::WeightedAction(_) | Role::Route(_) => Needed::Ports(&self.ports),
        }
    }

    /// What is wrong with it.
    pub fn problem(&self, settings: &Settings) -> Option<Problem> {
        match &self.backend {
            Backend::Found(service) => problem(service, self.needed(), &self.target_type.value, settings.services),
            Backend::Missing => Some(Problem::MissingService),
            Backend::Unknown => None,
        }
    }

    /// What makes two findings the same, but for what stops with them: the rule's subject, not its circumstances.
    pub fn pair(&self) -> NameKey<'static> {
        let is_missing = if matches!(self.backend, Backend::Missing) { "missing" } else { "" };
        let ObjectRef { kind, namespace, name } = &self.exposer;
        [is_missing, &self.service.namespace, &self.service.name, kind.group(), kind.name(), namespace, name]
            .join("/")
            .into()
    }

    /// Whether the Service is headless and served in ip mode, as it should be.
    pub fn is_headless_in_ip_mode(&self) -> bool {
        self.target_type.value == TargetType::Ip && self.backend.service().is_some_and(Service::is_headless)
    }

    /// Whether the controller could serve the Service here in instance mode, or that is not known: it would be moved if
    /// the target type became ip. A Service that does not exist yet may be born with node ports.
    pub fn may_work_in_instance_mode(&self) -> bool {
        match &self.backend {
            Backend::Missing | Backend::Unknown => true,
            Backend::Found(service) => {
                self.target_type.value == TargetType::Instance && could_be_served_in_instance_mode(service)
            }
        }
    }

    /// Whether the type comes from a default or from this object's annotation.
    pub fn is_decided_by(&self, object: &ObjectRef) -> bool {
        self.target_type.source.is_default() || self.target_type.source.object() == Some(object)
    }

    /// The line that decided the target type.
    pub fn source(&self) -> &Source {
        &self.target_type.source
    }
}

/// The Services that are referred to, each once in the order of its first reference, with all of the ports.
pub struct Referred<'a> {
    /// The Service's namespace.
    pub namespace: &'a str,
    /// The Service's name.
    pub name: &'a str,
    /// The ports, each once.
    pub ports: Vec<IntOrString>,
    /// Where the first reference is.
    pub place: Place,
}

/// Groups references by Service.
pub fn services_of<'a>(
    references: &'a [BackendReference<'_>],
    is_wanted: &dyn Fn(&str, &str) -> bool,
) -> Vec<Referred<'a>> {
    let mut services = ByName::default();
    for reference in references.iter().filter(|it| is_wanted(it.namespace, &it.name)) {
        let (namespace, name) = (reference.namespace, &*reference.name);
        let referred = || Referred { namespace, name, ports: Vec::new(), place: reference.place.clone() };
        let service = services.get_or_insert_with(NameKey::of_object(namespace, name), referred);
        if let (Some(service), Some(port)) = (service, &reference.port)
            && !service.ports.contains(port)
        {
            service.ports.push(port.clone());
        }
    }
    services.into_values()
}
