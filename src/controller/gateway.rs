//! Whose Gateway is it, and which TargetGroupConfigurations are its defaults?

use std::rc::Rc;

use super::annotations::GATEWAY_ADD_ONS;
use super::network_load_balancer::parse_bool;
use super::{ByWayOf, Controller};
use crate::cluster::{Lookup, World};
use crate::kubernetes::{
    Edition, Gateway, GatewayClass, Kind, LoadBalancerConfiguration, ObjectRef, ParametersRef, RouteKind,
    TargetGroupConfiguration,
};

/// The kind of load balancer that a Gateway becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// An Application Load Balancer.
    Application,
    /// A Network Load Balancer.
    Network,
}

impl Layer {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Application, Self::Network];

    /// The routes that it serves.
    ///
    /// LBC `pkg/gateway/routeutils/loader.go` L7RouteFilter, L4RouteFilter.
    pub fn route_kinds(self) -> &'static [RouteKind] {
        match self {
            Self::Application => &[RouteKind::Http, RouteKind::Grpc],
            Self::Network => &[RouteKind::Tcp, RouteKind::Udp, RouteKind::Tls],
        }
    }
}

/// The controller that serves a Gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayOwner {
    /// Which edition serves it.
    pub edition: Edition,
    /// The kind of load balancer.
    pub layer: Layer,
    /// Its class.
    pub class: Rc<GatewayClass>,
}

/// Which edition serves Gateways of a class, as which kind of load balancer; none where it is of another controller, or
/// the feature gates leave it out. The gates are not those of Auto Mode.
///
/// LBC `controllers/gateway/gateway_controller.go` reconcileHelper, `pkg/gateway/constants/controller_constants.go`. The
/// names of Auto Mode are those that a public article gives.
pub fn owner_of_gateway_class(class: &GatewayClass, controller: &Controller) -> Option<(Edition, Layer)> {
    let gates = &controller.feature_gates;
    let (edition, layer, is_on) = match class.spec.controller_name.as_str() {
        "gateway.k8s.aws/alb" => (Edition::Standard, Layer::Application, gates.alb_gateway_api),
        "gateway.k8s.aws/nlb" => (Edition::Standard, Layer::Network, gates.nlb_gateway_api),
        "eks.amazonaws.com/gateway-alb" => (Edition::AutoMode, Layer::Application, true),
        "eks.amazonaws.com/gateway-nlb" => (Edition::AutoMode, Layer::Network, true),
        _ => return None,
    };
    (is_on && controller.has(edition)).then_some((edition, layer))
}

/// Who serves a Gateway; nobody where its class is missing or of another controller, or where it is being deleted, unless
/// add-ons are recorded on it.
///
/// LBC `pkg/gateway/model/base_model_builder.go` Build.
///
/// # Errors
/// A lookup that failed, so that it cannot be told.
pub fn owner_of_gateway(gateway: &Gateway, controller: &Controller, world: &World<'_>) -> Lookup<Option<GatewayOwner>> {
    let has_add_ons =
        GATEWAY_ADD_ONS.iter().any(|key| gateway.metadata.annotation(key).and_then(parse_bool) == Some(true));
    if gateway.metadata.is_being_deleted() && !has_add_ons {
        return Ok(None);
    }
    let class = world.get::<GatewayClass>(Kind::GatewayClass, "", &gateway.spec.gateway_class_name)?;
    Ok(class.and_then(|class| {
        let (edition, layer) = owner_of_gateway_class(&class, controller)?;
        Some(GatewayOwner { edition, layer, class })
    }))
}

/// A TargetGroupConfiguration that is a Gateway's default, for Services that have no value of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultConfiguration {
    /// The configuration.
    pub configuration: Rc<TargetGroupConfiguration>,
    /// Its group.
    pub kind: Kind,
    /// How it became the default.
    pub by_way_of: ByWayOf,
    /// Whether its `routeConfigurations` count: of two defaults only those of the winner do.
    pub has_route_configurations: bool,
}

/// The default configurations of a Gateway, the one that wins first. Nothing where the Gateway fails as a whole: a
/// configuration that is referred to is missing, or is no default.
///
/// LBC `controllers/gateway/config_resolver.go` getLoadBalancerConfigForGateway, resolveAndMergeDefaultTGCs,
/// lookUpDefaultTGCByName, `pkg/gateway/gatewayutils/lb_config_utils.go` ResolveLoadBalancerConfig,
/// `pkg/gateway/tg_config_constructor.go` MergeDefaultTGCs.
///
/// # Errors
/// A lookup that failed, so that it cannot be told.
pub fn default_configurations(
    gateway: &Gateway,
    owner: &GatewayOwner,
    world: &World<'_>,
) -> Lookup<Option<Vec<DefaultConfiguration>>> {
    let of_class = owner.class.spec.parameters_ref.as_ref();
    let of_class = of_class.map(|reference| (reference, reference.namespace.as_deref()));
    let of_gateway = gateway.spec.infrastructure.parameters_ref.as_ref();
    let of_gateway = of_gateway.map(|reference| (reference, Some(gateway.metadata.namespace.as_str())));
    let mut configurations = Vec::new();
    for (reference, namespace) in of_class.into_iter().chain(of_gateway) {
        let Some(namespace) = namespace else { return Ok(None) };
        let found = load_balancer_configuration(owner.edition, reference, namespace, world)?;
        let Some(configuration) = found else { return Ok(None) };
        configurations.push(configuration);
    }
    let prefers_gateway = of_class.is_some()
        && configurations
            .first()
            .is_some_and(|(_, of_class)| of_class.spec.merging_mode.as_deref() == Some("prefer-gateway"));
    let mut defaults = Vec::new();
    for configuration in configurations {
        match default_of(&configuration, world)? {
            Found::Nothing => {}
            Found::Broken => return Ok(None),
            Found::Default(default) => defaults.push(default),
        }
    }
    if prefers_gateway {
        defaults.reverse();
    }
    if defaults.len() > 1 {
        let merging_mode = if prefers_gateway { "prefer-gateway" } else { "prefer-gateway-class" };
        for (index, default) in defaults.iter_mut().enumerate() {
            default.by_way_of.merging_mode = Some(merging_mode);
            default.has_route_configurations = index == 0;
        }
    }
    Ok(Some(defaults))
}

/// The groups in which the configurations of an edition are looked for: that of Auto Mode's is not documented yet.
pub fn configuration_editions(edition: Edition) -> &'static [Edition] {
    match edition {
        Edition::Standard => &[Edition::Standard],
        Edition::AutoMode => &[Edition::AutoMode, Edition::Standard],
    }
}

fn load_balancer_configuration(
    edition: Edition,
    reference: &ParametersRef,
    namespace: &str,
    world: &World<'_>,
) -> Lookup<Option<(Edition, Rc<LoadBalancerConfiguration>)>> {
    for edition in configuration_editions(edition) {
        let kind = Kind::LoadBalancerConfiguration(*edition);
        if let Some(found) = world.get(kind, namespace, &reference.name)? {
            return Ok(Some((*edition, found)));
        }
    }
    Ok(None)
}

enum Found {
    Nothing,
    Broken,
    Default(DefaultConfiguration),
}

fn default_of((edition, configuration): &(Edition, Rc<LoadBalancerConfiguration>), world: &World<'_>) -> Lookup<Found> {
    let Some(reference) = &configuration.spec.default_target_group_configuration else { return Ok(Found::Nothing) };
    let kind = Kind::TargetGroupConfiguration(*edition);
    let metadata = &configuration.metadata;
    let default = world.get::<TargetGroupConfiguration>(kind, &metadata.namespace, &reference.name)?;
    Ok(match default {
        Some(default) if default.spec.target_reference.is_none() => Found::Default(DefaultConfiguration {
            configuration: default,
            kind,
            by_way_of: ByWayOf {
                configuration: ObjectRef::new(
                    Kind::LoadBalancerConfiguration(*edition),
                    &metadata.namespace,
                    &metadata.name,
                ),
                merging_mode: None,
            },
            has_route_configurations: true,
        }),
        _ => Found::Broken,
    })
}
