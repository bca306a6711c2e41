//! Routes of the Gateway API: their backends, and the target type of each.

use std::borrow::Cow;
use std::rc::Rc;

use super::gateway::configuration_editions;
use super::{
    BackendReference, Controller, DefaultConfiguration, Place, Resolved, Source, TargetType, TargetTypeField,
    default_target_type,
};
use crate::cluster::{Lookup, World};
use crate::kubernetes::kind::GATEWAY_GROUP;
use crate::kubernetes::{
    Edition, ExtensionRef, IntOrString, Kind, Metadata, ObjectRef, ObjectWithMetadata, ReferenceGrant, Route,
    RouteConfiguration, RouteKind, RouteRule, TargetGroupConfiguration, TargetGroupProps,
};

/// Every Service that a route refers to with a port, in its order. Whether it may refer to another namespace is
/// [`is_granted`].
///
/// LBC `pkg/gateway/routeutils/backend.go` commonBackendLoader: the group is not looked at; the kinds `TargetGroupName`
/// and `Gateway` are no Services. `pkg/gateway/routeutils/backend_service.go` serviceLoader: without a port, no backend.
pub fn references_of_route(route: &Route) -> Vec<BackendReference<'_>> {
    let mut references = Vec::new();
    for (rule, it) in route.spec.rules.iter().enumerate() {
        for (backend, reference) in it.backend_refs.iter().enumerate() {
            let is_service = matches!(reference.kind.as_deref(), None | Some("Service"));
            if let (true, Some(port)) = (is_service, reference.port) {
                references.push(BackendReference {
                    namespace: reference.namespace.as_deref().unwrap_or(&route.metadata.namespace),
                    name: Cow::Borrowed(&reference.name),
                    port: Some(IntOrString::Int(port)),
                    place: Place::BackendRef { rule, backend },
                });
            }
        }
    }
    references
}

/// The references of rules whose backends are not skipped: those of a rule with a ListenerRuleConfiguration that does not
/// exist are, and so are those of a rule with several. Whether one is accepted is not looked at: its status lags behind.
///
/// LBC `pkg/gateway/routeutils/backend.go` listenerRuleConfigLoader, accumulateRules.
///
/// # Errors
/// A lookup that failed, so that it cannot be told.
pub fn served_references<'a>(
    route: &Route,
    references: Vec<BackendReference<'a>>,
    world: &World<'_>,
) -> Lookup<Vec<BackendReference<'a>>> {
    let mut skipped = Vec::new();
    for (index, rule) in route.spec.rules.iter().enumerate() {
        let mut configurations = rule_configurations(rule);
        let is_skipped = match (configurations.next(), configurations.next()) {
            (None, _) => false,
            (Some(one), None) => {
                let kind = Kind::ListenerRuleConfiguration;
                world.get::<ObjectWithMetadata>(kind, &route.metadata.namespace, &one.name)?.is_none()
            }
            (Some(_), Some(_)) => true,
        };
        if is_skipped {
            skipped.push(index);
        }
    }
    let is_served = |reference: &BackendReference<'_>| !matches!(reference.place, Place::BackendRef { rule, .. } if skipped.contains(&rule));
    Ok(references.into_iter().filter(is_served).collect())
}

fn rule_configurations(rule: &RouteRule) -> impl Iterator<Item = &ExtensionRef> {
    let filters = rule.filters.iter().filter(|filter| filter.filter_type == "ExtensionRef");
    filters.filter_map(|filter| filter.extension_ref.as_ref()).filter(|reference| {
        let kind = Kind::ListenerRuleConfiguration;
        reference.group == kind.group() && reference.kind == kind.name()
    })
}

/// Whether a route may refer to a Service of another namespace.
///
/// LBC `pkg/shared_utils/cross_namespace_validator.go` ValidateCrossNamespaceReference.
///
/// # Errors
/// A lookup that failed, so that it cannot be told.
pub fn is_granted(
    kind: RouteKind,
    route_namespace: &str,
    namespace: &str,
    name: &str,
    world: &World<'_>,
) -> Lookup<bool> {
    if namespace == route_namespace {
        return Ok(true);
    }
    for grant in world.mentioning::<ReferenceGrant>(Kind::ReferenceGrant, &[namespace])? {
        let grant = grant?;
        let from = &mut grant.spec.from.iter();
        if grant.metadata.namespace == namespace
            && from.any(|from| {
                from.group == GATEWAY_GROUP && from.kind == kind.name() && from.namespace == route_namespace
            })
            && grant.spec.to.iter().any(|to| {
                to.group.is_empty()
                    && to.kind == Kind::Service.name()
                    && to.name.as_ref().is_none_or(|granted| granted == name)
            })
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A TargetGroupConfiguration of a Service.
pub struct ServiceConfiguration {
    /// Its group.
    pub kind: Kind,
    /// The configuration.
    pub configuration: Rc<TargetGroupConfiguration>,
}

/// The TargetGroupConfigurations that refer to a Service. The controller takes one of them, in no order.
///
/// LBC `pkg/gateway/routeutils/backend.go` LookUpTargetGroupConfiguration: in the Service's namespace; the group of the
/// reference is not looked at.
///
/// # Errors
/// A lookup that failed, so that it cannot be told.
pub fn configurations_of_service(
    edition: Edition,
    namespace: &str,
    name: &str,
    world: &World<'_>,
) -> Lookup<Vec<ServiceConfiguration>> {
    let mut configurations = Vec::new();
    for edition in configuration_editions(edition) {
        let kind = Kind::TargetGroupConfiguration(*edition);
        for configuration in world.mentioning::<TargetGroupConfiguration>(kind, &[name, namespace])? {
            let configuration = configuration?;
            let reference = configuration.spec.target_reference.as_ref();
            if reference.and_then(|reference| reference.service()) == Some(name)
                && configuration.metadata.namespace == namespace
            {
                configurations.push(ServiceConfiguration { kind, configuration });
            }
        }
    }
    Ok(configurations)
}

/// The target type of a backend of a route on a Gateway, and its health check port setting.
///
/// LBC `pkg/gateway/routeutils/backend_service.go` serviceLoader, GetTargetType, `pkg/gateway/tg_config_constructor.go`
/// mergeWithLongestMatch, performTakeOneMerges: the first one that sets a value, of the Service's configuration and then of
/// the Gateway's defaults, and in each of the matching `routeConfigurations` and then of `defaultConfiguration`.
/// `healthCheckConfig` is merged as one value.
pub fn target_type_of_route(
    kind: RouteKind,
    route: &Metadata,
    of_service: Option<&ServiceConfiguration>,
    defaults: &[DefaultConfiguration],
    edition: Edition,
    controller: &Controller,
) -> (Resolved, Option<String>) {
    let mut candidates: Vec<Candidate<'_>> = Vec::new();
    if let Some(configuration) = of_service {
        candidates.extend(Candidate::of(&configuration.configuration, configuration.kind, None, true, kind, route));
    }
    for default in defaults {
        candidates.extend(Candidate::of(
            &default.configuration,
            default.kind,
            Some(default),
            default.has_route_configurations,
            kind,
            route,
        ));
    }
    let target_type = candidates.iter().find_map(Candidate::target_type);
    let health_check = candidates.iter().find_map(|candidate| candidate.props.health_check_config.as_ref());
    (
        target_type.unwrap_or_else(|| default_target_type(edition, controller)),
        health_check.and_then(|config| config.health_check_port.clone()),
    )
}

/// Properties that may decide.
struct Candidate<'a> {
    configuration: &'a TargetGroupConfiguration,
    kind: Kind,
    default: Option<&'a DefaultConfiguration>,
    props: &'a TargetGroupProps,
    /// The field of theirs that can decide.
    field: TargetTypeField,
}

impl<'a> Candidate<'a> {
    fn of(
        configuration: &'a TargetGroupConfiguration,
        kind: Kind,
        default: Option<&'a DefaultConfiguration>,
        has_route_configurations: bool,
        route_kind: RouteKind,
        route: &Metadata,
    ) -> impl Iterator<Item = Self> {
        let spec = &configuration.spec;
        let matching = matching(&spec.route_configurations, route_kind, route).filter(|_| has_route_configurations);
        let of_route = matching
            .map(|(index, matching)| (&matching.target_group_props, TargetTypeField::RouteConfiguration(index)));
        let all = of_route.into_iter().chain([(&spec.default_configuration, TargetTypeField::DefaultConfiguration)]);
        all.map(move |(props, field)| Self { configuration, kind, default, props, field })
    }

    fn target_type(&self) -> Option<Resolved> {
        let value = TargetType::from_name(self.props.target_type.as_ref()?);
        let metadata = &self.configuration.metadata;
        let object = ObjectRef::new(self.kind, &metadata.namespace, &metadata.name);
        let by_way_of = self.default.map(|default| default.by_way_of.clone());
        Some(Resolved { value, source: Source::Field { object, field: self.field, by_way_of } })
    }
}

/// The entry that matches a route best. The kind must always be equal; kind, namespace and name win at once; else, of the
/// entries without a name, kind and namespace come before the kind alone, and the first of equals.
///
/// LBC `pkg/gateway/tg_config_constructor.go` mergeWithLongestMatch.
fn matching<'a>(
    configurations: &'a [RouteConfiguration],
    kind: RouteKind,
    route: &Metadata,
) -> Option<(usize, &'a RouteConfiguration)> {
    let rank = |configuration: &RouteConfiguration| {
        let identifier = &configuration.route_identifier;
        if identifier.kind != kind.name() {
            return 0;
        }
        match (identifier.namespace.as_str(), identifier.name.as_str()) {
            (namespace, name) if namespace == route.namespace && name == route.name => 3,
            (namespace, "") if namespace == route.namespace => 2,
            ("", "") => 1,
            _ => 0,
        }
    };
    let mut best: Option<(usize, &RouteConfiguration)> = None;
    let mut best_rank = 0;
    for (index, configuration) in configurations.iter().enumerate() {
        let rank = rank(configuration);
        if rank > best_rank {
            (best, best_rank) = (Some((index, configuration)), rank);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(configurations: &[[&str; 3]], expected: Option<usize>) {
        let configurations: Vec<RouteConfiguration> = configurations
            .iter()
            .map(|[kind, namespace, name]| {
                let json =
                    format!(r#"{{"routeIdentifier":{{"kind":"{kind}","namespace":"{namespace}","name":"{name}"}}}}"#);
                crate::kubernetes::decode(&json).unwrap()
            })
            .collect();
        let route = Metadata { namespace: "shop".to_owned(), name: "web".to_owned(), ..Metadata::default() };
        let found = matching(&configurations, RouteKind::Http, &route).map(|(index, _)| index);
        assert_eq!(found, expected, "{configurations:?}");
    }

    #[test]
    fn the_longest_match_wins() {
        let (kind, namespace, name) = (["HTTPRoute", "", ""], ["HTTPRoute", "shop", ""], ["HTTPRoute", "shop", "web"]);
        check(&[kind, namespace, name], Some(2));
        check(&[kind, namespace], Some(1));
        check(&[kind, kind], Some(0));
        check(&[namespace, kind], Some(0));
        check(&[["GRPCRoute", "shop", "web"], ["", "shop", ""], ["", "", ""]], None);
        check(&[["HTTPRoute", "", "web"], ["HTTPRoute", "shop", "other"], ["HTTPRoute", "other", ""]], None);
        check(&[], None);
    }
}
