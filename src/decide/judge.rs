//! What objects serve in a world: one function for each kind of object that serves, the same whoever was admitted.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use serde::{Serialize, Serializer};

use super::exposure::{Backend, ExposerDetails, Exposure, Reach, Referred, Role, services_of};
use crate::cluster::{Lookup, LookupFailure, World};
use crate::controller::annotations::INGRESS_TARGET_TYPE;
use crate::controller::{
    Age, BackendReference, Controller, DefaultConfiguration, GatewayOwner, IngressOwner, Layer, ListenerOf, Ownership,
    Place, Resolved, TargetType, age, configurations_of_service, default_configurations, gateways_of_parents,
    is_granted, is_made_by_controller, network_load_balancer, owner_of_gateway, owner_of_ingress, ports_of_route,
    references_of_ingress, references_of_listeners, references_of_route, served_references, target_type_of_backend,
    target_type_of_binding, target_type_of_route, valid_listeners,
};
use crate::index::{ByName, ByPort, Names, each_once};
use crate::kubernetes::{
    DecodeError, Edition, Gateway, Ingress, Kind, Metadata, NameKey, ObjectRef, Route, RouteKind, Service,
    TargetGroupBinding, View,
};
use crate::rules::can_be_found;
use crate::settings::Settings;

/// An object that could not be checked, and the lookup that failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unchecked {
    /// The object.
    pub object: ObjectRef,
    /// The lookup.
    #[serde(serialize_with = "shared")]
    pub lookup: Rc<LookupFailure>,
}

fn shared<S: Serializer>(lookup: &Rc<LookupFailure>, serializer: S) -> Result<S::Ok, S::Error> {
    LookupFailure::serialize(lookup, serializer)
}

/// What was found out about a world.
#[derive(Debug, Default)]
pub struct Judgement {
    /// The exposures, in the order in which they were found.
    pub exposures: Vec<Exposure>,
    /// What could not be looked up.
    pub failures: Vec<Unchecked>,
    /// What could not be read in the admitted object.
    pub invalid: Vec<DecodeError>,
    /// Objects that do not exist (yet), without which something could not be checked.
    pub unresolved: Vec<ObjectRef>,
}

/// What Services are looked up for, besides for findings.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// To say that one is missing.
    pub missing: bool,
    /// To give advice on one.
    pub advice: bool,
    /// To give advice on a TargetGroupBinding alone.
    pub binding_advice: bool,
    /// To know what else a default configuration would move.
    pub siblings: bool,
}

/// Finds out what objects serve in one world.
pub struct Judge<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// The world.
    pub world: &'a World<'a>,
    /// The admitted object.
    pub admitted: &'a ObjectRef,
    /// What Services are looked up for.
    pub needs: Needs,
    /// Whether a request with something unreadable is refused for sure, so that nothing else needs to be known.
    pub is_new: bool,
    /// The Services that are of interest; all of them where there is nothing here.
    pub wanted: Option<Names<'static>>,
    /// What was found out.
    pub found: Judgement,
    /// Gateways by namespace and name.
    gateways: RefCell<ByName<'static, Served>>,
}

/// A Gateway, where the controller serves it.
type Served = Lookup<Option<Rc<ServedGateway>>>;

/// A Gateway that the controller serves.
pub struct ServedGateway {
    /// The Gateway.
    pub gateway: Rc<Gateway>,
    /// Who serves it.
    pub owner: GatewayOwner,
    /// Its valid listeners.
    pub listeners: Vec<ListenerOf>,
    /// Its default configurations.
    pub defaults: Vec<DefaultConfiguration>,
    /// The age of the oldest L4 route on each port, once it was asked for.
    oldest_routes: OnceCell<Lookup<Rc<ByPort<Age>>>>,
}

impl ServedGateway {
    /// The names by which routes refer to it, each with its namespace: its own and those of its ListenerSets.
    pub fn names(&self) -> Vec<[&str; 2]> {
        let metadata = &self.gateway.metadata;
        let own = std::iter::once([metadata.name.as_str(), metadata.namespace.as_str()]);
        let mut names = ByName::default();
        for [name, namespace] in own.chain(self.listeners.iter().map(|it| [&*it.name, &*it.namespace])) {
            names.insert(NameKey::of_object(namespace, name), [name, namespace]);
        }
        names.in_order().copied().collect()
    }
}

impl<'a> Judge<'a> {
    /// Nothing is found out yet.
    pub fn new(settings: &'a Settings, world: &'a World<'a>, admitted: &'a ObjectRef, needs: Needs) -> Self {
        Self {
            settings,
            world,
            admitted,
            needs,
            is_new: false,
            wanted: None,
            found: Judgement::default(),
            gateways: RefCell::default(),
        }
    }

    /// How the controller was started.
    pub fn controller(&self) -> &'a Controller {
        &self.settings.controller
    }

    /// Notes that a lookup failed; the same one again says nothing new.
    pub fn fail(&mut self, object: &ObjectRef, lookup: Rc<LookupFailure>) {
        let failure = Unchecked { object: object.clone(), lookup };
        if !self.found.failures.contains(&failure) {
            self.found.failures.push(failure);
        }
    }

    /// The answer, where there is one; else that it failed is noted for the admitted object.
    pub fn answered<T>(&mut self, lookup: Lookup<T>) -> Option<T> {
        lookup.map_err(|failure| self.fail(self.admitted, failure)).ok()
    }

    /// The objects of a list that could be read; the others are noted.
    pub fn readable<V: View>(&mut self, list: Lookup<Vec<Lookup<Rc<V>>>>) -> Vec<Rc<V>> {
        let list = self.answered(list).unwrap_or_default();
        list.into_iter().filter_map(|object| self.answered(object)).collect()
    }

    /// Whether the request is refused for sure.
    pub fn is_refused_for_sure(&self) -> bool {
        self.is_new && !self.found.invalid.is_empty()
    }

    fn is_wanted(&self, namespace: &str, name: &str) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.contains(&NameKey::of_object(namespace, name)))
    }

    /// The Service that is referred to. A failed lookup counts only where the Service decides something.
    fn backend(&mut self, referred: &Referred<'_>, decides: bool, exposer: &ObjectRef) -> Backend {
        match self.world.get::<Service>(Kind::Service, referred.namespace, referred.name) {
            Ok(Some(service)) => Backend::Found(service),
            Ok(None) => Backend::Missing,
            Err(failure) => {
                if decides {
                    self.fail(exposer, failure);
                }
                Backend::Unknown
            }
        }
    }

    /// The exposure of a TargetGroupBinding. One that the controller made follows its owner, which is checked itself; when its
    /// labels are taken off, what was wrong with it was there before.
    pub fn binding(&mut self, binding: &Rc<TargetGroupBinding>, edition: Edition) {
        let metadata = &binding.metadata;
        let name = binding.spec.service_ref.name.as_str();
        let is_of_controller = is_made_by_controller(metadata) && !self.world.is_old();
        if is_of_controller || !self.controller().has(edition) || !self.is_wanted(&metadata.namespace, name) {
            return;
        }
        let exposer = object_ref(Kind::TargetGroupBinding(edition), metadata);
        let target_type = target_type_of_binding(binding, edition, self.controller());
        let decides = target_type.value != TargetType::Ip || self.needs.missing;
        let can_be_advised = self.needs.advice || (self.needs.binding_advice && binding.spec.networking.is_none());
        if !decides && !can_be_advised {
            return;
        }
        let referred = Referred {
            namespace: &metadata.namespace,
            name,
            ports: binding.spec.service_ref.port.iter().cloned().collect(),
            place: Place::ServiceRef,
        };
        let backend = self.backend(&referred, decides, &exposer);
        self.found.exposures.push(Exposure {
            service: service_ref(&metadata.namespace, name),
            backend,
            exposer,
            details: ExposerDetails::Binding(Rc::clone(binding)),
            role: Role::TargetGroupBinding(edition),
            reach: Reach::Itself,
            target_type,
            ports: referred.ports,
            place: referred.place,
        });
    }

    /// The exposures of an Ingress, of one of its Services where one is named: one for each Service, however many hosts,
    /// paths and ports lead there.
    pub fn ingress(&mut self, ingress: &Rc<Ingress>, only: Option<&str>) {
        let exposer = object_ref(Kind::Ingress, &ingress.metadata);
        let is_admitted = exposer == *self.admitted;
        let (references, invalid) = references_of_ingress(ingress);
        let services = services_of(&references, &|namespace, name| {
            only.is_none_or(|only| only == name) && self.is_wanted(namespace, name)
        });
        if services.is_empty() && (invalid.is_empty() || !is_admitted) {
            return;
        }
        let owner = match owner_of_ingress(ingress, self.controller(), self.world) {
            Ok(Ownership::Controller(owner)) => owner,
            Ok(Ownership::Others) => return,
            Ok(Ownership::Missing(object)) => {
                if is_admitted && !self.found.unresolved.contains(&object) {
                    self.found.unresolved.push(object);
                }
                return;
            }
            Err(failure) => {
                self.fail(&exposer, failure);
                // What an old object had invalid is known whoever serves it.
                if is_admitted && self.world.is_old() {
                    self.found.invalid.extend(invalid);
                }
                return;
            }
        };
        if is_admitted {
            self.found.invalid.extend(invalid);
            if self.is_refused_for_sure() {
                return;
            }
        }
        self.backends_of_ingress(ingress, Rc::new(owner), exposer, services);
    }

    fn backends_of_ingress(
        &mut self,
        ingress: &Rc<Ingress>,
        owner: Rc<IngressOwner>,
        exposer: ObjectRef,
        services: Vec<Referred<'_>>,
    ) {
        let of_params = owner.params.as_ref().map_or("", |params| params.spec.target_type.as_str());
        let decides = of_params != "ip" || self.needs.missing;
        if !decides && !self.needs.advice {
            return;
        }
        let names = &mut services.iter().map(|it| it.name);
        self.world.prepare(Kind::Service, &ingress.metadata.namespace, names);
        let reach = owner.group.clone().map_or(Reach::Itself, Reach::IngressGroup);
        for referred in services {
            let backend = self.backend(&referred, decides, &exposer);
            let target_type = target_type_of_backend(ingress, &owner, backend.service(), self.controller());
            self.found.exposures.push(Exposure {
                service: service_ref(referred.namespace, referred.name),
                backend,
                exposer: exposer.clone(),
                details: ExposerDetails::Ingress(Rc::clone(ingress), Rc::clone(&owner)),
                role: Role::Ingress(owner.edition),
                reach: reach.clone(),
                target_type,
                ports: referred.ports,
                place: referred.place,
            });
        }
    }

    /// The exposures of an NLB Service, of one Service where one is named: itself, and the other Services that it forwards
    /// to by weight.
    pub fn load_balancer(&mut self, base: &Rc<Service>, only: Option<&str>) {
        let Some(load_balancer) = network_load_balancer(base, self.controller()) else { return };
        let exposer = object_ref(Kind::Service, &base.metadata);
        let namespace = base.metadata.namespace.as_str();
        let (references, invalid) = references_of_listeners(base, self.controller());
        if exposer == *self.admitted {
            self.found.invalid.extend(invalid);
        }
        // Without ports there are no listeners: LBC `pkg/service/model_build_listener.go` buildListenersLegacy.
        if self.is_refused_for_sure() || base.spec.ports.is_empty() {
            return;
        }
        let is_instance = load_balancer.target_type.value != TargetType::Ip;
        let own = Exposure {
            service: exposer.clone(),
            backend: Backend::Found(Rc::clone(base)),
            exposer: exposer.clone(),
            details: ExposerDetails::LoadBalancer(Rc::clone(base)),
            role: Role::LoadBalancer(load_balancer.edition),
            reach: Reach::Itself,
            target_type: load_balancer.target_type,
            ports: Vec::new(),
            place: Place::Itself,
        };
        if only.is_none_or(|only| *only == *exposer.name) && self.is_wanted(namespace, &exposer.name) {
            self.found.exposures.push(own.clone());
        }
        let decides = is_instance || self.needs.missing;
        if !decides && !self.needs.advice {
            return;
        }
        let services = services_of(&references, &|namespace, name| {
            *name != *exposer.name && only.is_none_or(|only| only == name) && self.is_wanted(namespace, name)
        });
        self.world.prepare(Kind::Service, namespace, &mut services.iter().map(|it| it.name));
        for referred in services {
            let backend = self.backend(&referred, decides, &exposer);
            self.found.exposures.push(Exposure {
                service: service_ref(namespace, referred.name),
                backend,
                role: Role::WeightedAction(load_balancer.edition),
                ports: referred.ports,
                place: referred.place,
                ..own.clone()
            });
        }
    }

    /// The exposures of a route, on some of its Gateways where these are named, of some of its Services where these are.
    pub fn route(
        &mut self,
        kind: RouteKind,
        route: &Rc<Route>,
        on: Option<&ObjectRef>,
        only: &dyn Fn(&str, &str) -> bool,
    ) {
        let exposer = object_ref(Kind::Route(kind), &route.metadata);
        let references = references_of_route(route);
        let services =
            services_of(&references, &|namespace, name| only(namespace, name) && self.is_wanted(namespace, name));
        let backends = self.backends_that_matter(&services, &exposer);
        if backends.is_empty() {
            return;
        }
        let references = match served_references(route, references, self.world) {
            Ok(references) => references,
            Err(failure) => return self.fail(&exposer, failure),
        };
        let found = gateways_of_parents(&route.metadata.namespace, &route.spec.parent_refs, self.world);
        let result = found.and_then(|gateways| {
            let mut served = Vec::new();
            for gateway in gateways {
                if on.is_none_or(|on| *on == gateway) {
                    served.extend(self.served_gateway(&gateway)?);
                    let ObjectRef { kind, namespace, name } = &gateway;
                    if exposer == *self.admitted
                        && self.world.get::<Gateway>(*kind, namespace, name)?.is_none()
                        && !self.found.unresolved.contains(&gateway)
                    {
                        self.found.unresolved.push(gateway);
                    }
                }
            }
            Ok(served)
        });
        let served = match result {
            Ok(served) => served,
            Err(failure) => return self.fail(&exposer, failure),
        };
        for gateway in served {
            if let Err(failure) = self.route_on_gateway(kind, route, &exposer, &gateway, &backends, &references) {
                self.fail(&exposer, failure);
            }
        }
    }

    /// The Services of a route that can be findings, or that something else is wanted of, by namespace and name.
    fn backends_that_matter(&mut self, services: &[Referred<'_>], exposer: &ObjectRef) -> ByName<'static, Backend> {
        // Services decide most, and cost least.
        for namespace in each_once(services.iter().map(|referred| NameKey::from(referred.namespace))).keys() {
            let near = services.iter().filter(|referred| referred.namespace == namespace.as_str());
            self.world.prepare(Kind::Service, namespace.as_str(), &mut near.map(|referred| referred.name));
        }
        let mut backends = ByName::default();
        for referred in services {
            let backend = self.backend(referred, true, exposer);
            let matters = match &backend {
                Backend::Found(service) => self.needs.siblings || can_be_found(service, self.settings.services),
                Backend::Missing => self.needs.siblings || (self.needs.missing && *exposer == *self.admitted),
                Backend::Unknown => self.needs.siblings,
            };
            if matters {
                backends.insert(NameKey::of_object(referred.namespace, referred.name), backend);
            }
        }
        backends
    }

    fn route_on_gateway(
        &mut self,
        kind: RouteKind,
        route: &Rc<Route>,
        exposer: &ObjectRef,
        served: &ServedGateway,
        backends: &ByName<'static, Backend>,
        references: &[BackendReference<'_>],
    ) -> Lookup<()> {
        if !served.owner.layer.route_kinds().contains(&kind) {
            return Ok(());
        }
        let ports = ports_of_route(kind, route, &served.listeners, self.world)?;
        let mut is_programmed = !ports.is_empty();
        if served.owner.layer == Layer::Network && is_programmed {
            let oldest = self.oldest_routes(served)?;
            let age = age(&route.metadata);
            is_programmed = ports.keys().any(|port| oldest.get(port).is_none_or(|oldest| age <= *oldest));
        }
        if !is_programmed {
            return Ok(());
        }
        for referred in services_of(references, &|_, _| true) {
            let key = NameKey::of_object(referred.namespace, referred.name);
            let Some(backend) = backends.get(&key) else { continue };
            if is_granted(kind, &route.metadata.namespace, referred.namespace, referred.name, self.world)? {
                let exposure = self.exposure_of_route(kind, route, exposer, served, &referred, backend)?;
                self.found.exposures.extend(exposure);
            }
        }
        Ok(())
    }

    fn exposure_of_route(
        &self,
        kind: RouteKind,
        route: &Route,
        exposer: &ObjectRef,
        served: &ServedGateway,
        referred: &Referred<'_>,
        backend: &Backend,
    ) -> Lookup<Option<Exposure>> {
        let mut ports = referred.ports.clone();
        if let Some(service) = backend.service() {
            // A port that the Service does not have leaves out that backend alone.
            ports.retain(|port| service.port(port).is_some());
            if ports.is_empty() {
                return Ok(None);
            }
        }
        let edition = served.owner.edition;
        let configurations = configurations_of_service(edition, referred.namespace, referred.name, self.world)?;
        let decided = |configuration| {
            target_type_of_route(kind, &route.metadata, configuration, &served.defaults, edition, self.controller())
        };
        let mut candidates: Vec<(Resolved, Option<String>)> =
            configurations.iter().map(|it| decided(Some(it))).collect();
        if candidates.is_empty() {
            candidates.push(decided(None));
        }
        // Of several configurations the controller takes any: one that leads to instance mode is enough.
        let is_instance = |(target_type, _): &(Resolved, Option<String>)| target_type.value != TargetType::Ip;
        let index = candidates.iter().position(is_instance).unwrap_or(0);
        let (target_type, health_check_port) = candidates.swap_remove(index);
        let configuration = |index: usize| {
            let found = configurations.get(index)?;
            let metadata = &found.configuration.metadata;
            Some(ObjectRef::new(found.kind, &metadata.namespace, &metadata.name))
        };
        let gateway = &served.gateway.metadata;
        let is_annotated = |metadata: &Metadata| metadata.annotation(INGRESS_TARGET_TYPE) == Some("ip");
        Ok(Some(Exposure {
            service: service_ref(referred.namespace, referred.name),
            backend: backend.clone(),
            exposer: exposer.clone(),
            details: ExposerDetails::Route {
                configuration: configuration(index),
                other_configuration: configuration(usize::from(index == 0)),
                health_check_port,
                has_ignored_annotation: is_annotated(&route.metadata)
                    || is_annotated(gateway)
                    || backend.service().is_some_and(|service| is_annotated(&service.metadata)),
            },
            role: Role::Route(edition),
            reach: Reach::Gateway(object_ref(Kind::Gateway, gateway)),
            target_type,
            ports,
            place: referred.place.clone(),
        }))
    }

    /// A Gateway, where the controller serves it and it does not fail as a whole.
    pub fn served_gateway(&self, gateway: &ObjectRef) -> Served {
        let key = gateway.key();
        let known = self.gateways.borrow().get(&key).cloned();
        known.unwrap_or_else(|| {
            let served = self.look_at_gateway(gateway);
            self.gateways.borrow_mut().insert(key, served.clone());
            served
        })
    }

    fn look_at_gateway(&self, ObjectRef { kind, namespace, name }: &ObjectRef) -> Served {
        let (world, controller) = (self.world, self.controller());
        let Some(gateway) = world.get::<Gateway>(*kind, namespace, name)? else { return Ok(None) };
        let Some(owner) = owner_of_gateway(&gateway, controller, world)? else { return Ok(None) };
        let Some(defaults) = default_configurations(&gateway, &owner, world)? else { return Ok(None) };
        let listeners = valid_listeners(&gateway, &owner, controller, world)?;
        Ok(Some(Rc::new(ServedGateway { gateway, owner, listeners, defaults, oldest_routes: OnceCell::new() })))
    }

    /// The age of the oldest L4 route on each port of a Gateway: it alone is programmed there.
    ///
    /// LBC `pkg/gateway/model/model_build_listener.go` pickOneL4Route.
    fn oldest_routes(&self, served: &ServedGateway) -> Lookup<Rc<ByPort<Age>>> {
        served.oldest_routes.get_or_init(|| self.find_oldest_routes(served).map(Rc::new)).clone()
    }

    fn find_oldest_routes(&self, served: &ServedGateway) -> Lookup<ByPort<Age>> {
        let mut oldest = ByPort::<Age>::default();
        for kind in served.owner.layer.route_kinds() {
            for names in served.names() {
                for route in self.world.mentioning::<Route>(Kind::Route(*kind), &names)? {
                    let route = route?;
                    let age = age(&route.metadata);
                    for port in ports_of_route(*kind, &route, &served.listeners, self.world)?.keys() {
                        if let Some(of_port) = oldest.get_or_insert_with(*port, || age.clone())
                            && age < *of_port
                        {
                            of_port.clone_from(&age);
                        }
                    }
                }
            }
        }
        Ok(oldest)
    }

    /// The exposures of all routes on some Gateways.
    pub fn routes_on(&mut self, gateways: Vec<ObjectRef>) {
        let mut each_gateway = ByName::default();
        for gateway in gateways {
            each_gateway.insert(gateway.key(), gateway);
        }
        for gateway in each_gateway.in_order() {
            let served = match self.served_gateway(gateway) {
                Ok(Some(served)) => served,
                Ok(None) => continue,
                Err(failure) => {
                    self.fail(gateway, failure);
                    continue;
                }
            };
            for kind in served.owner.layer.route_kinds() {
                let mut seen = Names::default();
                for names in served.names() {
                    let list = self.world.mentioning::<Route>(Kind::Route(*kind), &names);
                    for route in self.readable(list) {
                        let identity = object_ref(Kind::Route(*kind), &route.metadata);
                        // An admitted route has been judged before the others on its Gateways.
                        if identity != *self.admitted && seen.insert(identity.key(), ()) {
                            self.route(*kind, &route, Some(gateway), &|_, _| true);
                        }
                    }
                }
            }
        }
    }
}

/// An object with this metadata, as people know it.
fn object_ref(kind: Kind, metadata: &Metadata) -> ObjectRef {
    ObjectRef::new(kind, &metadata.namespace, &metadata.name)
}

fn service_ref(namespace: &str, name: &str) -> ObjectRef {
    ObjectRef::new(Kind::Service, namespace, name)
}
