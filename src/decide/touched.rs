//! Which objects that serve does the admitted object touch? The only code that knows the admitted kind.
//!
//! It may name too many, never too few: what is not there in both worlds makes no difference.

use std::rc::Rc;

use super::judge::Judge;
use crate::cluster::{Lookup, Selector};
use crate::controller::annotations::NLB_ACTIONS;
use crate::controller::{
    Layer, gateways_of_parents, is_default_class, owner_of_gateway_class, references_of_listeners, uses_class,
};
use crate::index::each_once;
use crate::kubernetes::{
    Edition, Gateway, GatewayClass, Ingress, IngressClass, Kind, ListenerSet, LoadBalancerConfiguration, NameKey,
    Object, ObjectRef, ReferenceGrant, Route, RouteKind, Service, TargetGroupBinding, TargetGroupConfiguration, View,
    is_valid_name,
};
use crate::rules::can_be_found;

/// The admitted object, new and old: what either of them touches is judged in both worlds.
#[derive(Clone, Copy)]
pub struct Admitted<'a> {
    /// Its kind.
    pub kind: Kind,
    /// The object as it will be stored.
    pub new: &'a Object,
    /// The object as it is stored, where there is one that can be read.
    pub old: Option<&'a Object>,
}

impl<'a> Admitted<'a> {
    /// Both as views of a type.
    fn both<V: View + 'a>(&self) -> impl Iterator<Item = &'a Rc<V>> {
        [Some(self.new), self.old].into_iter().flatten().filter_map(V::of)
    }
}

impl Judge<'_> {
    /// Finds out what everything serves that the admitted object touches.
    pub fn judge(&mut self, admitted: Admitted<'_>) {
        match admitted.kind {
            Kind::Service => self.touched_by_service(),
            Kind::Ingress => {
                if let Some(ingress) = self.overlaid::<Ingress>() {
                    self.ingress(&ingress, None);
                }
            }
            Kind::TargetGroupBinding(edition) => {
                if let Some(binding) = self.overlaid::<TargetGroupBinding>() {
                    self.binding(&binding, edition);
                }
            }
            Kind::Route(kind) => self.touched_by_route(kind, admitted),
            Kind::IngressClass => self.touched_by_ingress_class(admitted),
            Kind::IngressClassParams(edition) => self.touched_by_params(edition),
            Kind::GatewayClass => {
                let name = self.admitted.name.clone();
                self.on_gateways(&|_, class| *class.metadata.name == *name);
            }
            Kind::Gateway => {
                self.routes_on(vec![self.admitted.clone()]);
            }
            Kind::ListenerSet => {
                let namespace = &self.admitted.namespace;
                let parents = admitted.both::<ListenerSet>().filter_map(|set| set.spec.parent_ref.gateway(namespace));
                let gateways = parents.map(|(namespace, name)| ObjectRef::new(Kind::Gateway, namespace, name));
                self.routes_on(gateways.collect());
            }
            Kind::ReferenceGrant => self.touched_by_grant(admitted),
            Kind::TargetGroupConfiguration(edition) => self.touched_by_configuration(edition, admitted),
            Kind::LoadBalancerConfiguration(_) => {
                let name = (self.admitted.namespace.to_string(), self.admitted.name.to_string());
                self.on_gateways(&|gateway, class| uses_configuration(gateway, class, &name));
            }
            Kind::ListenerRuleConfiguration | Kind::Namespace | Kind::DaemonSet | Kind::StatefulSet => {}
        }
    }

    /// The admitted object in this world.
    fn overlaid<V: View>(&self) -> Option<Rc<V>> {
        self.world.overlay().object.as_ref().and_then(V::of).cloned()
    }

    /// A Service: its own load balancer and its weighted actions; then the Ingresses, TargetGroupBindings, NLB Services and
    /// routes that refer to it, each by name.
    fn touched_by_service(&mut self) {
        let Some(service) = self.overlaid::<Service>() else { return };
        let can_be_found = can_be_found(&service, self.settings.services);
        let has_actions = service.metadata.annotations.0.keys().any(|key| key.starts_with(NLB_ACTIONS));
        if !can_be_found && !has_actions {
            return;
        }
        if !service.metadata.is_being_deleted() {
            self.load_balancer(&service, None);
        }
        // A name that is still to be generated is referred to by nothing.
        let name = service.metadata.name.as_str();
        let is_wanted = self.wanted.as_ref().is_none_or(|wanted| wanted.contains(&self.admitted.key()));
        if self.is_refused_for_sure() || !can_be_found || !is_valid_name(name) || !is_wanted {
            return;
        }
        self.ingresses_of(&service);
        for edition in &self.controller().editions {
            self.bindings_of(&service, *edition);
        }
        self.load_balancers_of(&service);
        self.routes_of(&service.metadata.namespace.clone(), name);
    }

    fn ingresses_of(&mut self, service: &Service) {
        let list =
            self.world.mentioning::<Ingress>(Kind::Ingress, &[&service.metadata.name, &service.metadata.namespace]);
        for ingress in self.readable(list) {
            let is_live = !ingress.metadata.is_being_deleted();
            if is_live && ingress.metadata.namespace == service.metadata.namespace {
                self.ingress(&ingress, Some(&service.metadata.name));
            }
        }
    }

    fn bindings_of(&mut self, service: &Service, edition: Edition) {
        let names: [&str; 2] = [&service.metadata.name, &service.metadata.namespace];
        let list = self.world.mentioning::<TargetGroupBinding>(Kind::TargetGroupBinding(edition), &names);
        for binding in self.readable(list) {
            let is_live = !binding.metadata.is_being_deleted();
            let is_meant = binding.spec.service_ref.name == service.metadata.name
                && binding.metadata.namespace == service.metadata.namespace;
            if is_live && is_meant {
                self.binding(&binding, edition);
            }
        }
    }

    /// The NLB Services that forward to the Service. In instance mode, one of type ClusterIP fails by itself, so that only
    /// Services of two types matter, which the API server can select.
    fn load_balancers_of(&mut self, service: &Service) {
        let gates = &self.controller().feature_gates;
        let is_off = !gates.service_controller && !self.controller().has(Edition::AutoMode);
        let mut selectors = vec![Selector::LoadBalancer];
        if gates.service_controller && !gates.load_balancer_services_only && self.controller().has(Edition::Standard) {
            selectors.push(Selector::NodePort);
        }
        let names: [&str; 2] = [&service.metadata.name, &service.metadata.namespace];
        for selector in selectors.into_iter().filter(|_| !is_off) {
            let list = self.world.selected::<Service>(Kind::Service, selector, &names);
            for base in self.readable(list) {
                let is_other = base.metadata.name != service.metadata.name;
                let is_near = base.metadata.namespace == service.metadata.namespace;
                if is_other && is_near && !base.metadata.is_being_deleted() {
                    let (references, _) = references_of_listeners(&base, self.controller());
                    if references.iter().any(|reference| *reference.name == service.metadata.name) {
                        self.load_balancer(&base, Some(&service.metadata.name));
                    }
                }
            }
        }
    }

    /// The routes that refer to a Service, on whatever Gateway.
    fn routes_of(&mut self, namespace: &str, name: &str) {
        let Some(layers) = self.answered(self.layers()) else { return };
        for kind in layers.iter().flat_map(|layer| layer.route_kinds()) {
            let list = self.world.mentioning::<Route>(Kind::Route(*kind), &[name, namespace]);
            for route in self.readable(list) {
                self.route(*kind, &route, None, &|its_namespace, its_name| {
                    its_namespace == namespace && its_name == name
                });
            }
        }
    }

    /// The layers of which the controller has GatewayClasses. Where there are none, no route can matter.
    fn layers(&self) -> Lookup<Vec<Layer>> {
        let mut layers = Vec::new();
        let gates = &self.controller().feature_gates;
        let is_on = self.controller().has(Edition::AutoMode) || gates.alb_gateway_api || gates.nlb_gateway_api;
        if is_on {
            for class in self.world.all::<GatewayClass>(Kind::GatewayClass)? {
                layers.extend(owner_of_gateway_class(&*class?, self.controller()).map(|(_, layer)| layer));
            }
        }
        Ok(Layer::ALL.into_iter().filter(|layer| layers.contains(layer)).collect())
    }

    /// A route; and, where an L4 route was changed, the others on its Gateways: a younger one may take its place.
    fn touched_by_route(&mut self, kind: RouteKind, admitted: Admitted<'_>) {
        if let Some(route) = self.overlaid::<Route>() {
            self.route(kind, &route, None, &|_, _| true);
        }
        let is_of_network = Layer::Network.route_kinds().contains(&kind);
        let Some(old) = admitted.old.and_then(Route::of).filter(|_| is_of_network) else { return };
        let of_old = gateways_of_parents(&old.metadata.namespace, &old.spec.parent_refs, self.world);
        if let Some(gateways) = self.answered(of_old) {
            self.routes_on(gateways);
        }
    }

    /// An IngressClass: the Ingresses that name it, and those that name none where it is or was a default class.
    fn touched_by_ingress_class(&mut self, admitted: Admitted<'_>) {
        let class = self.admitted.name.clone();
        let is_default = admitted.both::<IngressClass>().any(|class| is_default_class(class));
        self.ingresses_by(&|judge, ingress| uses_class(ingress, &class, is_default, judge.controller()));
    }

    /// IngressClassParams: the Ingresses of the classes that name them.
    fn touched_by_params(&mut self, edition: Edition) {
        if !self.controller().has(edition) {
            return;
        }
        let list = self.world.mentioning::<IngressClass>(Kind::IngressClass, &[&self.admitted.name]);
        let classes = self.readable(list);
        let is_of_params = |class: &&Rc<IngressClass>| {
            class.spec.parameters.as_ref().is_some_and(|parameters| *parameters.name == *self.admitted.name)
        };
        let classes: Vec<(String, bool)> = classes
            .iter()
            .filter(is_of_params)
            .map(|class| (class.metadata.name.clone(), is_default_class(class)))
            .collect();
        if classes.is_empty() {
            return;
        }
        self.ingresses_by(&|judge, ingress| {
            classes.iter().any(|(class, is_default)| uses_class(ingress, class, *is_default, judge.controller()))
        });
    }

    fn ingresses_by(&mut self, is_touched: &dyn Fn(&Self, &Ingress) -> bool) {
        let list = self.world.all::<Ingress>(Kind::Ingress);
        for ingress in self.readable(list) {
            if !ingress.metadata.is_being_deleted() && is_touched(self, &ingress) {
                self.ingress(&ingress, None);
            }
        }
    }

    /// All routes on the Gateways of the controller for which `is_touched` holds.
    fn on_gateways(&mut self, is_touched: &dyn Fn(&Gateway, &GatewayClass) -> bool) {
        let list = self.world.all::<GatewayClass>(Kind::GatewayClass);
        let classes = self.readable(list);
        let is_of_controller = |class: &Rc<GatewayClass>| owner_of_gateway_class(class, self.controller()).is_some();
        let of_controller: Vec<Rc<GatewayClass>> = classes.into_iter().filter(is_of_controller).collect();
        if of_controller.is_empty() {
            return;
        }
        let list = self.world.all::<Gateway>(Kind::Gateway);
        let mut touched = Vec::new();
        for gateway in self.readable(list) {
            let class = of_controller.iter().find(|class| class.metadata.name == gateway.spec.gateway_class_name);
            if class.is_some_and(|class| is_touched(&gateway, class)) {
                touched.push(ObjectRef::new(Kind::Gateway, &gateway.metadata.namespace, &gateway.metadata.name));
            }
        }
        self.routes_on(touched);
    }

    /// A TargetGroupConfiguration: the routes to the Service that it is or was for; or, where it is for none, all routes of
    /// the Gateways whose default it is or can be.
    fn touched_by_configuration(&mut self, edition: Edition, admitted: Admitted<'_>) {
        let namespace = self.admitted.namespace.clone();
        let mut services = Vec::new();
        let mut can_be_default = false;
        for configuration in admitted.both::<TargetGroupConfiguration>() {
            match &configuration.spec.target_reference {
                Some(reference) => services.extend(reference.service().map(str::to_owned)),
                None => can_be_default = true,
            }
        }
        for name in each_once(services.into_iter().map(NameKey::from)).keys().map(NameKey::as_str) {
            // The Service decides most, and costs least.
            let service = self.answered(self.world.get::<Service>(Kind::Service, &namespace, name)).flatten();
            if service.is_some_and(|service| can_be_found(&service, self.settings.services)) {
                self.routes_of(&namespace, name);
            }
        }
        if can_be_default {
            self.touched_by_default_configuration(edition);
        }
    }

    fn touched_by_default_configuration(&mut self, edition: Edition) {
        let default = self.admitted.clone();
        let kind = Kind::LoadBalancerConfiguration(edition);
        let list = self.world.mentioning::<LoadBalancerConfiguration>(kind, &[&default.name, &default.namespace]);
        let names_default = |configuration: &LoadBalancerConfiguration| {
            let named = configuration.spec.default_target_group_configuration.as_ref();
            *configuration.metadata.namespace == *default.namespace
                && named.is_some_and(|named| *named.name == *default.name)
        };
        let configurations: Vec<(String, String)> = self
            .readable(list)
            .into_iter()
            .filter(|configuration| names_default(configuration))
            .map(|configuration| (configuration.metadata.namespace.clone(), configuration.metadata.name.clone()))
            .collect();
        if !configurations.is_empty() {
            self.on_gateways(&|gateway, class| {
                configurations.iter().any(|configuration| uses_configuration(gateway, class, configuration))
            });
        }
    }

    /// A ReferenceGrant: the routes of other namespaces that refer to Services of its own.
    fn touched_by_grant(&mut self, admitted: Admitted<'_>) {
        let namespace = self.admitted.namespace.to_string();
        let Some(layers) = self.answered(self.layers()) else { return };
        let from: Vec<_> = admitted.both::<ReferenceGrant>().flat_map(|grant| grant.spec.from.clone()).collect();
        for kind in layers.iter().flat_map(|layer| layer.route_kinds()) {
            if !from.iter().any(|from| from.kind == kind.name()) {
                continue;
            }
            let list = self.world.mentioning::<Route>(Kind::Route(*kind), &[&namespace]);
            for route in self.readable(list) {
                let of = &route.metadata.namespace;
                if *of != namespace && from.iter().any(|from| from.kind == kind.name() && from.namespace == *of) {
                    self.route(*kind, &route, None, &|its_namespace, _| its_namespace == namespace);
                }
            }
        }
    }
}

/// Whether a Gateway or its class is configured by a LoadBalancerConfiguration, by namespace and name. The controller looks
/// at neither group nor kind of the reference.
fn uses_configuration(gateway: &Gateway, class: &GatewayClass, (namespace, name): &(String, String)) -> bool {
    let of_gateway = gateway.spec.infrastructure.parameters_ref.as_ref();
    let of_class = class.spec.parameters_ref.as_ref();
    of_gateway.is_some_and(|reference| reference.name == *name && gateway.metadata.namespace == *namespace)
        || of_class.is_some_and(|reference| reference.name == *name && reference.namespace.as_ref() == Some(namespace))
}
