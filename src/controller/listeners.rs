//! Which listeners of a Gateway take a route.

use std::net::IpAddr;
use std::rc::Rc;

use super::{Controller, GatewayOwner, Layer};
use crate::cluster::{Lookup, World};
use crate::index::{ByName, ByPort, Names, Ports, sorted};
use crate::kubernetes::{
    AllowedNamespaces, Edition, Gateway, Kind, Listener, ListenerSet, Metadata, NameKey, ObjectRef, ObjectWithMetadata,
    ParentRef, Route, RouteKind, label_selector,
};

/// A listener, and the object that it is part of.
#[derive(Debug, Clone, PartialEq)]
pub struct ListenerOf {
    /// Gateway or ListenerSet.
    pub parent_kind: Kind,
    /// Its namespace: what "the same namespace" is relative to.
    pub namespace: Rc<str>,
    /// Its name.
    pub name: Rc<str>,
    /// The listener.
    pub listener: Listener,
}

/// The valid listeners of a Gateway, with those that ListenerSets add.
///
/// LBC `pkg/gateway/routeutils/listener_utils.go` validateListeners, arrangeListenerSetsForValidation,
/// `pkg/gateway/routeutils/listener_set.go` retrieveListenersFromListenerSets. Without `allowedListeners` no ListenerSet
/// counts.
///
/// # Errors
/// A lookup that failed, so that it cannot be told.
pub fn valid_listeners(
    gateway: &Gateway,
    owner: &GatewayOwner,
    controller: &Controller,
    world: &World<'_>,
) -> Lookup<Vec<ListenerOf>> {
    let mut listeners = of_parent(Kind::Gateway, &gateway.metadata, &gateway.spec.listeners);
    let allowed = &gateway.spec.allowed_listeners.namespaces;
    let has_listener_sets = owner.edition == Edition::AutoMode || controller.feature_gates.gateway_listener_set;
    if has_listener_sets && !matches!(allowed.from.as_deref(), None | Some("None")) {
        for set in listener_sets(gateway, allowed, world)? {
            listeners.extend(of_parent(Kind::ListenerSet, &set.metadata, &set.spec.listeners));
        }
    }
    let mut taken = ByPort::default();
    listeners.retain(|it| is_valid(&it.listener, owner.layer, &mut taken));
    Ok(listeners)
}

fn of_parent(parent_kind: Kind, metadata: &Metadata, listeners: &[Listener]) -> Vec<ListenerOf> {
    let (namespace, name): (Rc<str>, Rc<str>) = (metadata.namespace.as_str().into(), metadata.name.as_str().into());
    let of = |listener: &Listener| ListenerOf {
        parent_kind,
        namespace: Rc::clone(&namespace),
        name: Rc::clone(&name),
        listener: listener.clone(),
    };
    listeners.iter().map(of).collect()
}

/// The ListenerSets of a Gateway: the oldest first, then by namespace and name.
fn listener_sets(gateway: &Gateway, allowed: &AllowedNamespaces, world: &World<'_>) -> Lookup<Vec<Rc<ListenerSet>>> {
    let mut sets = Vec::new();
    let names: [&str; 2] = [&gateway.metadata.name, &gateway.metadata.namespace];
    for set in world.mentioning::<ListenerSet>(Kind::ListenerSet, &names)? {
        let set = set?;
        let namespace = &set.metadata.namespace;
        if is_gateway(&set.spec.parent_ref, namespace, gateway)
            && is_allowed(allowed, "None", namespace, &gateway.metadata.namespace, world)?
        {
            sets.push(set);
        }
    }
    Ok(sorted(&sets, |set: &Rc<ListenerSet>| age(&set.metadata)))
}

/// When an object was created, and its `namespace/name`.
pub type Age = NameKey<'static>;

/// The order in which the controller takes objects: by age, then by `namespace/name`. An object that is not stored yet is
/// the youngest.
pub fn age(metadata: &Metadata) -> Age {
    let created = &metadata.creation_timestamp;
    let created = if created.is_empty() { "~" } else { created };
    [created, " ", &metadata.namespace, "/", &metadata.name].concat().into()
}

/// What the listeners of a port have already.
struct Taken {
    /// The protocol of the first one.
    protocol: String,
    hostnames: Names<'static>,
}

/// LBC `pkg/gateway/routeutils/listener_utils.go` validateListenerList, getSupportedKinds: a listener of kinds or of a
/// protocol of the other layer, with a second protocol on its port, or with a hostname that its port has already.
fn is_valid(listener: &Listener, layer: Layer, taken: &mut ByPort<Taken>) -> bool {
    let is_of_layer = |kind: &str| layer.route_kinds().iter().any(|route| route.name() == kind);
    let is_protocol = match layer {
        Layer::Application => matches!(listener.protocol.as_str(), "HTTP" | "HTTPS"),
        Layer::Network => matches!(listener.protocol.as_str(), "TCP" | "UDP" | "TLS"),
    };
    if !listener.allowed_routes.kinds.iter().all(|kind| is_of_layer(&kind.kind))
        || !(1..=65_535).contains(&listener.port)
        || !is_protocol
    {
        return false;
    }
    let first = || Taken { protocol: listener.protocol.clone(), hostnames: Names::default() };
    let Some(taken) = taken.get_or_insert_with(listener.port, first) else { return false };
    let protocols = (taken.protocol.as_str(), listener.protocol.as_str());
    let mut is_valid = protocols.0 == protocols.1 || matches!(protocols, ("TCP", "UDP") | ("UDP", "TCP"));
    if let Some(hostname) = &listener.hostname {
        is_valid &= taken.hostnames.insert(hostname.clone().into(), ());
    }
    is_valid
}

/// The ports of a Gateway that a route gets on.
///
/// LBC `pkg/gateway/routeutils/route_listener_mapper.go` resolveParentRef, attemptListenerRouteAttachment.
///
/// # Errors
/// A lookup that failed, so that it cannot be told.
pub fn ports_of_route(kind: RouteKind, route: &Route, listeners: &[ListenerOf], world: &World<'_>) -> Lookup<Ports> {
    let namespace = &route.metadata.namespace;
    let mut ports = Ports::default();
    for it in listeners {
        let listener = &it.listener;
        let is_meant = |parent: &ParentRef| {
            let parent_kind = parent.kind.as_deref().unwrap_or(Kind::Gateway.name());
            parent_kind == it.parent_kind.name()
                && *parent.name == *it.name
                && *parent.namespace.as_ref().unwrap_or(namespace).as_str() == *it.namespace
                && parent.section_name.as_ref().is_none_or(|section| *section == listener.name)
                && parent.port.is_none_or(|port| port == listener.port)
        };
        if ports.contains(&listener.port)
            || !route.spec.parent_refs.iter().any(is_meant)
            || !allows_kind(listener, kind)
            || !allows_hostnames(listener, kind, route)
        {
            continue;
        }
        if is_allowed(&listener.allowed_routes.namespaces, "Same", namespace, &it.namespace, world)? {
            ports.insert(listener.port, ());
        }
    }
    Ok(ports)
}

/// The Gateways that the parents of a route name, directly or by way of a ListenerSet, each once.
///
/// # Errors
/// A lookup that failed, so that it cannot be told.
pub fn gateways_of_parents(route_namespace: &str, parents: &[ParentRef], world: &World<'_>) -> Lookup<Vec<ObjectRef>> {
    let mut gateways = ByName::default();
    for parent in parents {
        let mut add = |gateway: Option<(&str, &str)>| {
            if let Some((namespace, name)) = gateway {
                let gateway = ObjectRef::new(Kind::Gateway, namespace, name);
                gateways.insert(gateway.key(), gateway);
            }
        };
        if parent.kind.as_deref() == Some("ListenerSet") {
            let namespace = parent.namespace.as_deref().unwrap_or(route_namespace);
            if let Some(set) = world.get::<ListenerSet>(Kind::ListenerSet, namespace, &parent.name)? {
                add(set.spec.parent_ref.gateway(namespace));
            }
        } else {
            add(parent.gateway(route_namespace));
        }
    }
    Ok(gateways.in_order().cloned().collect())
}

/// LBC `pkg/gateway/routeutils/attachment_helper.go` doesResourceAttachToGateway. The group is not looked at.
fn is_gateway(parent: &ParentRef, default_namespace: &str, gateway: &Gateway) -> bool {
    parent.gateway(default_namespace) == Some((&gateway.metadata.namespace, &gateway.metadata.name))
}

/// LBC `pkg/gateway/routeutils/attachment_helper.go` doesResourceAllowNamespace.
fn is_allowed(
    allowed: &AllowedNamespaces,
    default: &str,
    namespace: &str,
    parent_namespace: &str,
    world: &World<'_>,
) -> Lookup<bool> {
    Ok(match allowed.from.as_deref().unwrap_or(default) {
        "All" => true,
        "Same" => namespace == parent_namespace,
        "Selector" => match &allowed.selector {
            None => false,
            Some(selector) => world
                .get::<ObjectWithMetadata>(Kind::Namespace, "", namespace)?
                .is_some_and(|found| label_selector::matches(selector, found.metadata.labels.read())),
        },
        _ => false,
    })
}

/// LBC `pkg/gateway/routeutils/listener_attachment_helper.go` kindCheck, `pkg/gateway/routeutils/constants.go`
/// DefaultProtocolToRouteKindMap. The group is not looked at.
fn allows_kind(listener: &Listener, kind: RouteKind) -> bool {
    let kinds = &listener.allowed_routes.kinds;
    if !kinds.is_empty() {
        return kinds.iter().any(|allowed| allowed.kind == kind.name());
    }
    matches!(
        (listener.protocol.as_str(), kind),
        ("HTTP", RouteKind::Http)
            | ("HTTPS", RouteKind::Http | RouteKind::Grpc)
            | ("TCP", RouteKind::Tcp)
            | ("UDP", RouteKind::Udp)
            | ("TLS", RouteKind::Tls | RouteKind::Tcp)
    )
}

/// LBC `pkg/gateway/routeutils/listener_attachment_helper.go` hostnameCheck.
fn allows_hostnames(listener: &Listener, kind: RouteKind, route: &Route) -> bool {
    let Some(hostname) = &listener.hostname else { return true };
    if matches!(kind, RouteKind::Tcp | RouteKind::Udp) || route.spec.hostnames.is_empty() {
        return true;
    }
    is_valid_hostname(hostname)
        && route.spec.hostnames.iter().any(|of_route| is_valid_hostname(of_route) && overlaps(of_route, hostname))
}

/// LBC `pkg/gateway/routeutils/utils.go` IsHostNameInValidFormat: no IP address, and labels of 1 to 63 characters.
fn is_valid_hostname(hostname: &str) -> bool {
    hostname.parse::<IpAddr>().is_err()
        && hostname.strip_prefix("*.").unwrap_or(hostname).split('.').all(|label| (1..=63).contains(&label.len()))
}

/// LBC `pkg/gateway/routeutils/utils.go` getCompatibleHostname.
fn overlaps(one: &str, other: &str) -> bool {
    let is_below = |name: &str, wildcard: &str| {
        wildcard.strip_prefix('*').is_some_and(|end| end.starts_with('.') && name.ends_with(end))
    };
    one == other || is_below(one, other) || is_below(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostnames_overlap_as_the_controller_says() {
        for (one, other) in [
            ("a.example.com", "a.example.com"),
            ("*.example.com", "a.example.com"),
            ("a.b.example.com", "*.example.com"),
            ("*.example.com", "*.a.example.com"),
        ] {
            assert!(overlaps(one, other), "{one} {other}");
        }
        for (one, other) in [("a.example.com", "b.example.com"), ("example.com", "*.example.com"), ("*", "a")] {
            assert!(!overlaps(one, other), "{one} {other}");
        }
    }

    #[test]
    fn addresses_are_no_hostnames() {
        for name in ["example.com", "*.example.com", &"a".repeat(63)] {
            assert!(is_valid_hostname(name), "{name}");
        }
        for name in ["10.0.0.1", "::1", "a..b", "", &"a".repeat(64)] {
            assert!(!is_valid_hostname(name), "{name}");
        }
    }

    #[track_caller]
    fn check_valid(layer: Layer, listeners: &str, expected: &[bool]) {
        let listeners: Vec<Listener> = crate::kubernetes::decode(listeners).unwrap();
        let mut taken = ByPort::default();
        let valid: Vec<bool> = listeners.iter().map(|listener| is_valid(listener, layer, &mut taken)).collect();
        assert_eq!(valid, expected);
    }

    #[test]
    fn listeners_in_conflict_are_left_out() {
        check_valid(
            Layer::Network,
            r#"[{"port":53,"protocol":"TCP"},{"port":53,"protocol":"UDP"},{"port":53,"protocol":"TLS"},{"port":0,"protocol":"TCP"},{"port":80,"protocol":"HTTP"},{"port":54,"protocol":"TCP","allowedRoutes":{"kinds":[{"kind":"TLSRoute"},{"kind":"HTTPRoute"}]}}]"#,
            &[true, true, false, false, false, false],
        );
        check_valid(
            Layer::Application,
            r#"[{"port":80,"protocol":"HTTP","hostname":"a"},{"port":80,"protocol":"HTTP","hostname":"a"},{"port":80,"protocol":"HTTP"},{"port":80,"protocol":"HTTP"},{"port":80,"protocol":"HTTPS","hostname":"b"},{"port":81,"protocol":"HTTP","hostname":"a"}]"#,
            &[true, false, true, true, false, true],
        );
    }
}
