//! Ingresses, their classes, and TargetGroupBindings.

use arbitrary::{Result, Unstructured};
use serde_json::{Value, json};

use super::services::action;
use super::{SERVICES, metadata, one_of, set};

const ALB: &str = "alb.ingress.kubernetes.io/";

/// An Ingress with up to three backends, of the controller or not.
pub fn ingress(random: &mut Unstructured<'_>) -> Result<Value> {
    let name = one_of(random, &["web", "cart"])?;
    let mut metadata = metadata(random, name)?;
    let mut annotations = json!({});
    set(&mut annotations, &format!("{ALB}target-type"), one_of(random, &["", "", "", "instance", "ip", "Ip"])?);
    set(&mut annotations, &format!("{ALB}group.name"), one_of(random, &["", "", "", "shared", "shared", "Shared"])?);
    set(&mut annotations, &format!("{ALB}healthcheck-port"), one_of(random, &["", "", "", "", "http", "8080"])?);
    let mut spec = json!({});
    // The API server takes one of the two on CREATE.
    let (annotation, class) =
        *random.choose(&[("alb", ""), ("", "alb"), ("", "alb"), ("", "auto"), ("other", ""), ("", "")])?;
    set(&mut annotations, "kubernetes.io/ingress.class", annotation);
    set(&mut spec, "ingressClassName", class);
    let mut paths = Vec::new();
    for path in ["/", "/cart"].into_iter().take(random.int_in_range(0..=2)?) {
        let backend = backend(random, &mut annotations)?;
        paths.push(json!({"path": path, "pathType": "Prefix", "backend": backend}));
    }
    if paths.is_empty() || random.ratio(1, 4)? {
        spec["defaultBackend"] = backend(random, &mut annotations)?;
    }
    if !paths.is_empty() {
        spec["rules"] = json!([{"host": "shop.example.com", "http": {"paths": paths}}]);
    }
    metadata["annotations"] = annotations;
    if random.ratio(1, 24)? {
        metadata["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        metadata["finalizers"] = json!(["ingress.k8s.aws/resources"]);
    }
    Ok(json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}))
}

fn backend(random: &mut Unstructured<'_>, annotations: &mut Value) -> Result<Value> {
    let name = one_of(random, &SERVICES)?;
    if random.ratio(1, 5)? {
        annotations[format!("{ALB}actions.{name}")] = json!(action(random, false)?);
        return Ok(json!({"service": {"name": name, "port": {"name": "use-annotation"}}}));
    }
    let port = random.choose(&[json!({"number": 80}), json!({"name": "http"}), json!({"number": 9090})])?.clone();
    Ok(json!({"service": {"name": name, "port": port}}))
}

/// The classes `alb` and `auto`, each with its parameters or without.
pub fn classes(random: &mut Unstructured<'_>) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    for name in ["alb", "auto"] {
        if random.ratio(9, 10)? {
            objects.push(ingress_class(random, name)?);
        }
        if random.ratio(2, 3)? {
            objects.push(ingress_class_params(random, name)?);
        }
    }
    Ok(objects)
}

/// An IngressClass of the controller or of another, with parameters or without.
pub fn ingress_class(random: &mut Unstructured<'_>, name: &str) -> Result<Value> {
    let (own, group) = if name == "auto" {
        ("eks.amazonaws.com/alb", "eks.amazonaws.com")
    } else {
        ("ingress.k8s.aws/alb", "elbv2.k8s.aws")
    };
    let controller = one_of(random, &[own, own, own, own, own, own, own, "example.com/controller"])?;
    let mut class = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name, "annotations": {}},
        "spec": {"controller": controller},
    });
    if random.ratio(2, 3)? {
        let group = one_of(random, &[group, group, group, group, group, group, "example.com"])?;
        class["spec"]["parameters"] =
            json!({"apiGroup": group, "kind": "IngressClassParams", "name": name, "scope": "Cluster"});
    }
    if random.ratio(1, 4)? {
        class["metadata"]["annotations"]["ingressclass.kubernetes.io/is-default-class"] = json!("true");
    }
    Ok(class)
}

/// IngressClassParams of the edition that the class of this name has.
pub fn ingress_class_params(random: &mut Unstructured<'_>, name: &str) -> Result<Value> {
    let api_version = if name == "auto" { "eks.amazonaws.com/v1" } else { "elbv2.k8s.aws/v1beta1" };
    let mut spec = json!({});
    set(&mut spec, "targetType", one_of(random, &["", "", "instance", "ip"])?);
    if random.ratio(1, 4)? {
        spec["group"] = json!({"name": one_of(random, &["shared", "shared", "shared", "Shared"])?});
    }
    if random.ratio(1, 4)? {
        spec["namespaceSelector"] = json!({"matchLabels": {"team": "shop"}});
    }
    Ok(json!({"apiVersion": api_version, "kind": "IngressClassParams", "metadata": {"name": name}, "spec": spec}))
}

/// A TargetGroupBinding of either edition, made by a person or by the controller.
pub fn target_group_binding(random: &mut Unstructured<'_>) -> Result<Value> {
    let name = one_of(random, &["cart", "web"])?;
    let mut metadata = metadata(random, name)?;
    let is_of_auto_mode = random.ratio(1, 4)?;
    let (api_version, types): (_, &[&str]) = if is_of_auto_mode {
        ("eks.amazonaws.com/v1", &["instance", "ip"])
    } else {
        ("elbv2.k8s.aws/v1beta1", &["instance", "instance", "ip", ""])
    };
    let mut spec = json!({
        "serviceRef": {"name": one_of(random, &SERVICES)?, "port": random.choose(&[json!(80), json!("http"), json!(9090)])?},
        "targetGroupARN": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/cart/0123456789abcdef",
    });
    let target_type = one_of(random, types)?;
    set(&mut spec, "targetType", target_type);
    if target_type != "ip" && random.ratio(1, 4)? {
        spec["nodeSelector"] = json!({"matchLabels": {"pool": "edge"}});
    }
    if random.ratio(1, 3)? {
        spec["networking"] = json!({"ingress": [{"from": [{"securityGroup": {"groupID": "sg-1"}}], "ports": [{"port": 30080, "protocol": "TCP"}]}]});
    }
    if random.ratio(1, 8)? {
        metadata["labels"] = json!({"ingress.k8s.aws/stack-namespace": "shop", "ingress.k8s.aws/stack-name": "web"});
    }
    if random.ratio(1, 6)? {
        metadata["annotations"] = json!({"alb.ingress.kubernetes.io/target-type": "ip"});
    }
    if random.ratio(1, 24)? {
        metadata["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        metadata["finalizers"] = json!(["elbv2.k8s.aws/resources"]);
    }
    Ok(json!({"apiVersion": api_version, "kind": "TargetGroupBinding", "metadata": metadata, "spec": spec}))
}
