//! Services, and the actions by which they and Ingresses forward to others.

use arbitrary::{Result, Unstructured};
use serde_json::{Value, json};

use super::{PORTS, SERVICES, metadata, one_of, set};

const NLB: &str = "service.beta.kubernetes.io/aws-load-balancer-";

/// The headless Service that most clusters have: without it, hardly any has a finding.
pub fn headless_cart() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"type": "ClusterIP", "clusterIP": "None", "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}]},
    })
}

/// A Service of any type, alone or with a load balancer of its own.
pub fn service(random: &mut Unstructured<'_>) -> Result<Value> {
    let name = one_of(random, &SERVICES)?;
    let mut metadata = metadata(random, name)?;
    metadata["annotations"] = annotations(random)?;
    if random.ratio(1, 12)? {
        metadata["ownerReferences"] =
            json!([{"apiVersion": "example.com/v1", "kind": "Shop", "name": "shop", "uid": "u", "controller": true}]);
    }
    if random.ratio(1, 24)? {
        metadata["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        metadata["finalizers"] = json!(["service.k8s.aws/resources"]);
    }
    Ok(json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec(random)?}))
}

fn spec(random: &mut Unstructured<'_>) -> Result<Value> {
    let shapes =
        ["headless", "headless", "headless", "clusterIP", "nodePort", "nodePort", "loadBalancer", "externalName"];
    let shape = one_of(random, &shapes)?;
    let mut spec = match shape {
        "headless" => json!({"type": "ClusterIP", "clusterIP": "None", "clusterIPs": ["None"]}),
        "clusterIP" => json!({"type": "ClusterIP", "clusterIP": "10.100.0.1", "clusterIPs": ["10.100.0.1"]}),
        "nodePort" => json!({"type": "NodePort", "clusterIP": "10.100.0.1", "clusterIPs": ["10.100.0.1"]}),
        "loadBalancer" => json!({"type": "LoadBalancer", "clusterIP": "10.100.0.1", "clusterIPs": ["10.100.0.1"]}),
        _ => json!({"type": "ExternalName", "externalName": "shop.example.com"}),
    };
    let needs_ports = !matches!(shape, "headless" | "externalName");
    let mut has_node_ports = shape == "nodePort";
    if shape == "loadBalancer" {
        let class = one_of(random, &["", "", "service.k8s.aws/nlb", "eks.amazonaws.com/nlb", "example.com/lb"])?;
        set(&mut spec, "loadBalancerClass", class);
        let allocates: bool = random.ratio(2, 3)?;
        spec["allocateLoadBalancerNodePorts"] = json!(allocates);
        has_node_ports = allocates;
    }
    let names: &[&str] = random.choose(&[&PORTS[..1], &PORTS[..1], &PORTS[..], &PORTS[..], &PORTS[1..], &[]])?;
    let names = if names.is_empty() && needs_ports { &PORTS[..1] } else { names };
    let mut ports = Vec::new();
    for name in names {
        ports.push(port(random, name, has_node_ports)?);
    }
    if !ports.is_empty() {
        spec["ports"] = Value::from(ports);
    }
    if random.ratio(2, 3)? && shape != "externalName" {
        spec["selector"] = json!({"app": "cart"});
    }
    Ok(spec)
}

fn port(random: &mut Unstructured<'_>, name: &str, has_node_port: bool) -> Result<Value> {
    let number = if name == "http" { 80 } else { 9090 };
    let target = random.choose(&[json!(8080), json!("main")])?.clone();
    let mut port = json!({"name": name, "port": number, "protocol": "TCP", "targetPort": target});
    if has_node_port {
        port["nodePort"] = json!(30_000 + number);
    }
    Ok(port)
}

fn annotations(random: &mut Unstructured<'_>) -> Result<Value> {
    let mut annotations = json!({});
    let target_type = one_of(random, &["", "", "", "", "ip", "instance", "IP"])?;
    set(&mut annotations, "alb.ingress.kubernetes.io/target-type", target_type);
    let health_check_port = one_of(random, &["", "", "", "", "", "http", "80", "traffic-port"])?;
    set(&mut annotations, "alb.ingress.kubernetes.io/healthcheck-port", health_check_port);
    let load_balancers = [
        ("", ""),
        ("", ""),
        ("external", "instance"),
        ("external", "instance"),
        ("external", "ip"),
        ("nlb-ip", "instance"),
        ("external", ""),
    ];
    let (lb_type, target_type) = random.choose(&load_balancers)?;
    set(&mut annotations, &format!("{NLB}type"), lb_type);
    set(&mut annotations, &format!("{NLB}nlb-target-type"), target_type);
    if random.ratio(1, 8)? {
        annotations[format!("{NLB}healthcheck-port")] = json!("http");
    }
    if random.ratio(1, 3)? {
        let key = one_of(random, &["TCP-80", "TCP-80", "TCP-9090", "UDP-80"])?;
        annotations[format!("service.beta.kubernetes.io/actions.{key}")] = json!(action(random, true)?);
    }
    Ok(annotations)
}

/// An action that the controller takes: one that forwards to one Service or two, or answers by itself.
pub fn action(random: &mut Unstructured<'_>, is_of_service: bool) -> Result<String> {
    if !is_of_service && random.ratio(1, 6)? {
        return Ok(json!({"type": "fixed-response", "fixedResponseConfig": {"statusCode": "404"}}).to_string());
    }
    let mut groups = Vec::new();
    for _ in 0..random.int_in_range(1..=2)? {
        let port = random.choose(&[json!(80), json!("http"), json!(9090)])?.clone();
        let weight: i32 = random.int_in_range(0..=2)?;
        groups.push(json!({"serviceName": one_of(random, &SERVICES)?, "servicePort": port, "weight": weight}));
    }
    Ok(json!({"type": "forward", "forwardConfig": {"targetGroups": groups}}).to_string())
}
