//! The Gateway API with the controller's additions: classes, Gateways, listeners, routes, configurations and grants.

use arbitrary::{Result, Unstructured};
use serde_json::{Value, json};

use super::{NAMESPACES, SERVICES, metadata, one_of, set};

const GATEWAY_API: &str = "gateway.networking.k8s.io/v1";
const AWS: &str = "gateway.k8s.aws/v1";
const ROUTES: [&str; 5] = ["HTTPRoute", "GRPCRoute", "TCPRoute", "UDPRoute", "TLSRoute"];

/// Some objects of each kind.
pub fn gateway_api(random: &mut Unstructured<'_>) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    if random.ratio(3, 4)? {
        objects.extend(served_gateways());
    }
    for name in ["alb", "nlb"] {
        if random.ratio(1, 3)? {
            objects.push(class(random, name)?);
        }
    }
    let counts = [
        ("Gateway", 1),
        ("ListenerSet", 1),
        ("TargetGroupConfiguration", 2),
        ("LoadBalancerConfiguration", 2),
        ("ReferenceGrant", 1),
        ("ListenerRuleConfiguration", 1),
    ];
    for (kind, most) in counts {
        for _ in 0..random.int_in_range(0..=most)? {
            objects.extend(of_kind(random, kind)?);
        }
    }
    for _ in 0..random.int_in_range(1..=3)? {
        let kind =
            one_of(random, &["HTTPRoute", "HTTPRoute", "GRPCRoute", "TCPRoute", "TCPRoute", "UDPRoute", "TLSRoute"])?;
        objects.push(route(random, kind)?);
    }
    Ok(objects)
}

/// A Gateway of each layer that the controller serves: without one, hardly any cluster has a route that counts.
fn served_gateways() -> Vec<Value> {
    let certificates = json!({"mode": "Terminate", "certificateRefs": [{"name": "shop"}]});
    let layers = [
        (
            "alb",
            "edge",
            json!([{"name": "http", "port": 80, "protocol": "HTTP"}, {"name": "more", "port": 443, "protocol": "HTTPS", "hostname": "shop.example.com"}]),
        ),
        (
            "nlb",
            "network",
            json!([
                {"name": "tcp", "port": 80, "protocol": "TCP"},
                {"name": "udp", "port": 80, "protocol": "UDP"},
                {"name": "more", "port": 443, "protocol": "TLS", "tls": certificates},
            ]),
        ),
    ];
    let of_layer = |(class, gateway, listeners): (&str, &str, Value)| {
        let controller = format!("gateway.k8s.aws/{class}");
        [
            json!({"apiVersion": GATEWAY_API, "kind": "GatewayClass", "metadata": {"name": class}, "spec": {"controllerName": controller}}),
            json!({
                "apiVersion": GATEWAY_API, "kind": "Gateway", "metadata": {"name": gateway, "namespace": "shop"},
                "spec": {"gatewayClassName": class, "listeners": listeners},
            }),
        ]
    };
    layers.into_iter().flat_map(of_layer).collect()
}

/// An object of a kind of this module; nothing for another kind.
pub fn of_kind(random: &mut Unstructured<'_>, kind: &str) -> Result<Option<Value>> {
    let object = match kind {
        "GatewayClass" => class(random, "alb")?,
        "Gateway" => gateway(random)?,
        "ListenerSet" => listener_set(random)?,
        "TargetGroupConfiguration" => target_group_configuration(random)?,
        "LoadBalancerConfiguration" => load_balancer_configuration(random)?,
        "ReferenceGrant" => reference_grant(random)?,
        "ListenerRuleConfiguration" => listener_rule_configuration(random)?,
        kind if ROUTES.contains(&kind) => route(random, kind)?,
        _ => return Ok(None),
    };
    Ok(Some(object))
}

fn class(random: &mut Unstructured<'_>, name: &str) -> Result<Value> {
    let own = format!("gateway.k8s.aws/{name}");
    let auto = format!("eks.amazonaws.com/gateway-{name}");
    let controller = one_of(random, &[&own, &own, &own, &own, &own, &auto, "example.com/gateway"])?.to_owned();
    let mut spec = json!({"controllerName": controller});
    if random.ratio(1, 4)? {
        spec["parametersRef"] = json!({
            "group": "gateway.k8s.aws", "kind": "LoadBalancerConfiguration", "name": "edge",
            "namespace": one_of(random, &NAMESPACES)?,
        });
    }
    Ok(json!({"apiVersion": GATEWAY_API, "kind": "GatewayClass", "metadata": {"name": name}, "spec": spec}))
}

fn gateway(random: &mut Unstructured<'_>) -> Result<Value> {
    let name = one_of(random, &["edge", "network"])?;
    let mut metadata = metadata(random, name)?;
    let class = one_of(
        random,
        if name == "edge" {
            &["alb", "alb", "alb", "alb", "alb", "other"]
        } else {
            &["nlb", "nlb", "nlb", "nlb", "nlb", "alb"]
        },
    )?;
    let mut spec = json!({"gatewayClassName": class, "listeners": listeners(random, class == "nlb")?});
    if random.ratio(1, 3)? {
        let reference = json!({"group": "gateway.k8s.aws", "kind": "LoadBalancerConfiguration", "name": "edge"});
        spec["infrastructure"] = json!({"parametersRef": reference});
    }
    if random.ratio(1, 2)? {
        spec["allowedListeners"] = json!({"namespaces": {"from": one_of(random, &["All", "Same", "None"])?}});
    }
    if random.ratio(1, 24)? {
        metadata["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        metadata["finalizers"] = json!(["gateway.k8s.aws/alb"]);
    }
    Ok(json!({"apiVersion": GATEWAY_API, "kind": "Gateway", "metadata": metadata, "spec": spec}))
}

/// One listener or two, of names that routes may ask for.
fn listeners(random: &mut Unstructured<'_>, is_network: bool) -> Result<Value> {
    let pools: [&[(&str, u16, &str)]; 2] = [
        &[("http", 80, "HTTP"), ("more", 8080, "HTTP")],
        &[("tcp", 80, "TCP"), ("udp", 80, "UDP"), ("more", 8080, "TCP")],
    ];
    let pool = pools.get(usize::from(is_network)).copied().unwrap_or_default();
    let first = random.int_in_range(0..=pool.len().saturating_sub(1))?;
    let count = random.int_in_range(1..=2)?;
    let mut listeners = Vec::new();
    for (name, port, protocol) in pool.iter().cycle().skip(first).take(count) {
        let mut listener = json!({"name": name, "port": port, "protocol": protocol});
        let from = one_of(random, &["", "", "Same", "All", "Selector"])?;
        if from == "Selector" {
            let selector = json!({"matchLabels": {"team": "shop"}});
            listener["allowedRoutes"] = json!({"namespaces": {"from": from, "selector": selector}});
        } else if !from.is_empty() {
            listener["allowedRoutes"] = json!({"namespaces": {"from": from}});
        }
        if *protocol == "HTTP" {
            set(&mut listener, "hostname", one_of(random, &["", "", "shop.example.com", "*.example.com"])?);
        }
        listeners.push(listener);
    }
    Ok(Value::from(listeners))
}

fn listener_set(random: &mut Unstructured<'_>) -> Result<Value> {
    let mut parent = json!({"name": one_of(random, &["edge", "network"])?});
    set(&mut parent, "namespace", one_of(random, &["", "", "shop", "blog"])?);
    let is_network = parent["name"] == "network";
    let spec = json!({"parentRef": parent, "listeners": listeners(random, is_network)?});
    Ok(json!({"apiVersion": GATEWAY_API, "kind": "ListenerSet", "metadata": metadata(random, "set")?, "spec": spec}))
}

fn route(random: &mut Unstructured<'_>, kind: &str) -> Result<Value> {
    let is_network = !matches!(kind, "HTTPRoute" | "GRPCRoute");
    let name = one_of(random, &["web", "cart"])?;
    let mut metadata = metadata(random, name)?;
    metadata["creationTimestamp"] = json!(format!("2026-01-0{}T00:00:00Z", random.int_in_range(1..=3)?));
    let mut parents = Vec::new();
    for _ in 0..random.int_in_range(1..=2)? {
        parents.push(parent(random, is_network)?);
    }
    parents.dedup();
    let mut backends = Vec::new();
    for _ in 0..random.int_in_range(1..=2)? {
        let mut backend = json!({"name": one_of(random, &SERVICES)?, "port": random.choose(&[80, 80, 9090])?});
        set(&mut backend, "namespace", one_of(random, &["", "", "", "shop", "blog"])?);
        backends.push(backend);
    }
    let mut rule = json!({"backendRefs": backends});
    if kind == "HTTPRoute" && random.ratio(1, 6)? {
        let reference = json!({"group": "gateway.k8s.aws", "kind": "ListenerRuleConfiguration", "name": "rule"});
        rule["filters"] = json!([{"type": "ExtensionRef", "extensionRef": reference}]);
    }
    let mut spec = json!({"parentRefs": parents, "rules": [rule]});
    if kind == "TLSRoute" || (!is_network && random.ratio(1, 3)?) {
        spec["hostnames"] = json!([one_of(random, &["shop.example.com", "other.example.com", "example.org"])?]);
    }
    Ok(json!({"apiVersion": GATEWAY_API, "kind": kind, "metadata": metadata, "spec": spec}))
}

fn parent(random: &mut Unstructured<'_>, is_network: bool) -> Result<Value> {
    if random.ratio(1, 8)? {
        return Ok(json!({"group": "gateway.networking.k8s.io", "kind": "ListenerSet", "name": "set"}));
    }
    let own = if is_network { "network" } else { "edge" };
    let mut parent = json!({"name": one_of(random, &[own, own, own, own, own, own, "edge", "network"])?});
    set(&mut parent, "namespace", one_of(random, &["", "shop", "shop", "shop", "blog"])?);
    set(&mut parent, "sectionName", one_of(random, &["", "", "", "", "", "", "", "", "http", "tcp", "more"])?);
    Ok(parent)
}

fn target_group_configuration(random: &mut Unstructured<'_>) -> Result<Value> {
    let mut spec = json!({"defaultConfiguration": {}});
    let name = one_of(random, &["default", "cart", "web"])?;
    if name != "default" || random.ratio(1, 6)? {
        spec["targetReference"] = json!({"name": one_of(random, &SERVICES)?});
    }
    set(&mut spec["defaultConfiguration"], "targetType", one_of(random, &["", "instance", "ip"])?);
    if random.ratio(1, 6)? {
        spec["defaultConfiguration"]["healthCheckConfig"] = json!({"healthCheckPort": "http"});
    }
    if random.ratio(1, 3)? {
        let mut identifier = json!({"kind": one_of(random, &["HTTPRoute", "TCPRoute", ""])?});
        set(&mut identifier, "namespace", one_of(random, &["", "shop", "blog"])?);
        set(&mut identifier, "name", one_of(random, &["", "web", "cart"])?);
        let props = json!({"targetType": one_of(random, &["instance", "ip"])?});
        spec["routeConfigurations"] = json!([{"routeIdentifier": identifier, "targetGroupProps": props}]);
    }
    let api_version = one_of(random, &[AWS, AWS, AWS, "eks.amazonaws.com/v1"])?;
    let metadata = metadata(random, name)?;
    Ok(json!({"apiVersion": api_version, "kind": "TargetGroupConfiguration", "metadata": metadata, "spec": spec}))
}

fn load_balancer_configuration(random: &mut Unstructured<'_>) -> Result<Value> {
    let mut spec = json!({});
    let default = one_of(random, &["", "default", "default", "default", "default", "missing"])?;
    if !default.is_empty() {
        spec["defaultTargetGroupConfiguration"] = json!({"name": default});
    }
    set(&mut spec, "mergingMode", one_of(random, &["", "prefer-gateway", "prefer-gateway-class"])?);
    let metadata = metadata(random, "edge")?;
    let api_version = one_of(random, &[AWS, AWS, AWS, "eks.amazonaws.com/v1"])?;
    Ok(json!({"apiVersion": api_version, "kind": "LoadBalancerConfiguration", "metadata": metadata, "spec": spec}))
}

fn reference_grant(random: &mut Unstructured<'_>) -> Result<Value> {
    let kind = one_of(random, &["HTTPRoute", "HTTPRoute", "TCPRoute"])?;
    let mut to = json!({"group": "", "kind": "Service"});
    set(&mut to, "name", one_of(random, &["", "cart"])?);
    let from = json!({"group": "gateway.networking.k8s.io", "kind": kind, "namespace": one_of(random, &NAMESPACES)?});
    Ok(json!({
        "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
        "metadata": metadata(random, "routes")?, "spec": {"from": [from], "to": [to]},
    }))
}

fn listener_rule_configuration(random: &mut Unstructured<'_>) -> Result<Value> {
    Ok(json!({
        "apiVersion": AWS, "kind": "ListenerRuleConfiguration", "metadata": metadata(random, "rule")?,
        "spec": {"actions": [{"type": "fixed-response", "fixedResponseConfig": {"statusCode": 404}}]},
        "status": {"accepted": random.ratio(3, 4)?},
    }))
}
