//! A cluster of any size in which an object of each admitted kind touches as much as it can.
//!
//! Invariant: an object that is admitted is one of the cluster's own, so that it fits in.

use aws_headless_service_policy::kubernetes::{Edition, Kind, RouteKind};
use e2e_tests::cases::CaseOutcome;
use serde_json::{Value, json};

use crate::workloads::{Workload, headless_service, metadata, node_port_service, target_group_binding};

/// The names of the objects that are admitted.
#[must_use]
pub fn admitted_names(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Service => &["cart"],
        Kind::Ingress => &["standard-0000"],
        Kind::TargetGroupBinding(_) | Kind::Route(_) | Kind::ListenerSet => &["number-0000"],
        Kind::IngressClass | Kind::IngressClassParams(Edition::Standard) => &["standard"],
        Kind::IngressClassParams(Edition::AutoMode) => &["auto"],
        Kind::GatewayClass => &["application", "network", "auto"],
        Kind::Gateway => &["application", "network", "auto"],
        Kind::ReferenceGrant => &["blog"],
        // One for a Service, and one for all that have none of their own.
        Kind::TargetGroupConfiguration(_) => &["cart", "defaults"],
        Kind::LoadBalancerConfiguration(_) => &["defaults"],
        Kind::ListenerRuleConfiguration | Kind::Namespace | Kind::DaemonSet | Kind::StatefulSet => &[],
    }
}

/// The creation of one object in a cluster with `size` objects of most kinds. The policy only warns, so that it looks at
/// everything.
#[must_use]
pub fn workload(kind: Kind, name: &str, size: usize) -> Option<Workload> {
    let mut cluster = objects(size);
    let is_admitted = |object: &Value| {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        (text("/apiVersion"), text("/kind"), text("/metadata/name")) == (kind.api_version(), kind.name(), name)
    };
    let position = cluster.iter().position(is_admitted)?;
    let object = cluster.swap_remove(position);
    let mut workload = Workload::new(kind.name(), &object, cluster, CaseOutcome::Accept);
    workload.settings.insert("mode".to_owned(), "warn".into());
    Some(workload)
}

fn objects(size: usize) -> Vec<Value> {
    let mut objects = vec![
        headless_service("shop", "cart"),
        ingress_class("standard", "ingress.k8s.aws/alb", Edition::Standard),
        ingress_class("auto", "eks.amazonaws.com/alb", Edition::AutoMode),
        gateway_class("application", "gateway.k8s.aws/alb", Edition::Standard),
        gateway_class("network", "gateway.k8s.aws/nlb", Edition::Standard),
        gateway_class("auto", "eks.amazonaws.com/gateway-alb", Edition::AutoMode),
        gateway("application", "application"),
        gateway("network", "network"),
        gateway("auto", "auto"),
        reference_grant(),
    ];
    for edition in Edition::ALL {
        let spec = json!({"scheme": "internal", "targetType": "instance"});
        let params = Kind::IngressClassParams(edition);
        let name = admitted_names(params).first().copied().unwrap_or_default();
        objects.push(object(params, "", name, spec));
        let spec = json!({"defaultTargetGroupConfiguration": {"name": "defaults"}});
        objects.push(object(Kind::LoadBalancerConfiguration(edition), "shop", "defaults", spec));
        let spec = json!({"defaultConfiguration": {"targetType": "instance"}});
        objects.push(object(Kind::TargetGroupConfiguration(edition), "shop", "defaults", spec));
        objects.push(configuration_for("cart", edition));
    }
    objects.extend((0..size).flat_map(numbered));
    objects
}

/// What there is once for each number. All of it refers to Service shop/cart, and to a Service of its own.
fn numbered(number: usize) -> Vec<Value> {
    let of = |prefix: &str| format!("{prefix}-{number:04}");
    let (name, service) = (of("number"), of("service"));
    let mut objects = vec![
        if number.is_multiple_of(2) { headless_service("shop", &service) } else { node_port_service("shop", &service) },
        load_balancer_service(&of("load-balancer"), &service),
        ingress(&of("standard"), "standard", &service),
        ingress(&of("auto"), "auto", &service),
        gateway(&of("application"), "application"),
        gateway(&of("network"), "network"),
        listener_set(&name, &of("application")),
    ];
    for edition in Edition::ALL {
        let mut binding = target_group_binding("shop", &name, "cart");
        set(&mut binding, "", "apiVersion", edition.api_version());
        objects.extend([binding, configuration_for(&service, edition)]);
    }
    objects.extend(RouteKind::ALL.into_iter().map(|kind| route(kind, number, &service)));
    objects
}

fn object(kind: Kind, namespace: &str, name: &str, spec: Value) -> Value {
    let mut metadata = metadata(namespace, name);
    if let (false, Some(metadata)) = (kind.is_namespaced(), metadata.as_object_mut()) {
        metadata.shift_remove("namespace");
    }
    json!({"apiVersion": kind.api_version(), "kind": kind.name(), "metadata": metadata, "spec": spec})
}

/// Sets a field of the map at a JSON pointer.
fn set<V: Into<Value>>(object: &mut Value, parent: &str, key: &str, value: V) {
    if let Some(map) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
        map.insert(key.to_owned(), value.into());
    }
}

fn ingress_class(name: &str, controller: &str, edition: Edition) -> Value {
    let parameters = json!({"apiGroup": edition.group(), "kind": "IngressClassParams", "name": name});
    object(Kind::IngressClass, "", name, json!({"controller": controller, "parameters": parameters}))
}

fn ingress(name: &str, class: &str, service: &str) -> Value {
    let path = |service: &str| {
        let backend = json!({"service": {"name": service, "port": {"number": 80}}});
        json!({"path": format!("/{service}"), "pathType": "Prefix", "backend": backend})
    };
    let spec = json!({
        "ingressClassName": class,
        "rules": [{"host": format!("{name}.example.com"), "http": {"paths": [path("cart"), path(service)]}}],
    });
    object(Kind::Ingress, "shop", name, spec)
}

/// A Network Load Balancer that forwards to both Services.
fn load_balancer_service(name: &str, service: &str) -> Value {
    let target = |service: &str| json!({"serviceName": service, "servicePort": 80, "weight": 1});
    let action = json!({"type": "forward", "forwardConfig": {"targetGroups": [target("cart"), target(service)]}});
    let mut object = node_port_service("shop", name);
    set(&mut object, "/spec", "type", "LoadBalancer");
    set(&mut object, "/spec", "loadBalancerClass", "service.k8s.aws/nlb");
    let key = "service.beta.kubernetes.io/actions.TCP-80";
    set(&mut object, "/metadata/annotations", key, action.to_string());
    object
}

fn gateway_class(name: &str, controller: &str, edition: Edition) -> Value {
    let configuration = Kind::LoadBalancerConfiguration(edition);
    let parameters = json!({
        "group": configuration.group(), "kind": configuration.name(), "name": "defaults", "namespace": "shop",
    });
    object(Kind::GatewayClass, "", name, json!({"controllerName": controller, "parametersRef": parameters}))
}

fn gateway(name: &str, class: &str) -> Value {
    let protocols = if class == "network" { ["TCP", "UDP", "TLS"].as_slice() } else { &["HTTP", "HTTPS"] };
    let listener = |(number, protocol): (usize, &&str)| {
        json!({
            "name": protocol.to_lowercase(), "port": 8000 + number, "protocol": protocol,
            "allowedRoutes": {"namespaces": {"from": "All"}},
        })
    };
    let listeners: Vec<Value> = protocols.iter().enumerate().map(listener).collect();
    let spec = json!({
        "allowedListeners": {"namespaces": {"from": "All"}}, "gatewayClassName": class, "listeners": listeners,
    });
    object(Kind::Gateway, "shop", name, spec)
}

/// On a Gateway of its own, since AWS limits the listeners of a load balancer, and so the ListenerSets of a Gateway.
fn listener_set(name: &str, gateway: &str) -> Value {
    let listener = json!({
        "name": "set", "port": 9000, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}},
    });
    object(Kind::ListenerSet, "shop", name, json!({"parentRef": {"name": gateway}, "listeners": [listener]}))
}

/// A route of another namespace, on a Gateway that all routes share, on one of its own, and on a ListenerSet.
fn route(kind: RouteKind, number: usize, service: &str) -> Value {
    let parent = |name: &str| json!({"name": name, "namespace": "shop"});
    let backend = |service: &str| json!({"name": service, "namespace": "shop", "port": 80});
    let is_of_application = matches!(kind, RouteKind::Http | RouteKind::Grpc);
    let mut parents = if is_of_application {
        let listener_set = json!({
            "group": "gateway.networking.k8s.io", "kind": "ListenerSet", "name": format!("number-{number:04}"),
            "namespace": "shop",
        });
        vec![parent("application"), parent("auto"), listener_set]
    } else {
        vec![parent("network")]
    };
    let own = if is_of_application { "application" } else { "network" };
    parents.push(parent(&format!("{own}-{number:04}")));
    let mut spec = json!({"parentRefs": parents, "rules": [{"backendRefs": [backend("cart"), backend(service)]}]});
    if kind == RouteKind::Tls {
        set(&mut spec, "", "hostnames", vec![format!("{service}.example.com")]);
    }
    object(Kind::Route(kind), "blog", &format!("number-{number:04}"), spec)
}

fn reference_grant() -> Value {
    let from =
        |kind: RouteKind| json!({"group": "gateway.networking.k8s.io", "kind": kind.name(), "namespace": "blog"});
    let spec = json!({"from": RouteKind::ALL.map(from), "to": [{"group": "", "kind": "Service"}]});
    object(Kind::ReferenceGrant, "shop", "blog", spec)
}

/// A configuration that says as much as the defaults.
fn configuration_for(service: &str, edition: Edition) -> Value {
    let spec = json!({
        "targetReference": {"group": "", "kind": "Service", "name": service},
        "defaultConfiguration": {"targetType": "instance"},
    });
    object(Kind::TargetGroupConfiguration(edition), "shop", service, spec)
}
