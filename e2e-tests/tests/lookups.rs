//! How many lookups a request leads to, whatever its size.

use e2e_tests::cases::Observed;
use e2e_tests::engine::{Core, Engine, Wasm, granted_access};
use serde_json::{Value, json};
use test_kit::in_memory_cluster::InMemoryCluster;

const CLASS: &str = "networking.k8s.io/v1/IngressClass";

fn service(name: &str, cluster_ip: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"clusterIP": cluster_ip, "ports": [{"name": "http", "port": 80}]},
    })
}

fn ingress(name: &str, class: Option<&str>, services: &[String]) -> Value {
    let path = |service: &String| {
        let backend = json!({"service": {"name": service, "port": {"number": 80}}});
        json!({"path": format!("/{service}"), "pathType": "Prefix", "backend": backend})
    };
    let paths: Vec<Value> = services.iter().map(path).collect();
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"ingressClassName": class, "rules": [{"http": {"paths": paths}}]},
    })
}

fn class(name: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name},
        "spec": {
            "controller": "ingress.k8s.aws/alb",
            "parameters": {"apiGroup": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": name},
        },
    })
}

fn params(name: &str, target_type: &str) -> Value {
    json!({
        "apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "IngressClassParams", "metadata": {"name": name},
        "spec": {"targetType": target_type, "namespaceSelector": {"matchLabels": {"team": "shop"}}},
    })
}

fn cluster(objects: Vec<Value>) -> InMemoryCluster {
    let mut cluster = InMemoryCluster::new(granted_access().expect("metadata"));
    for object in objects {
        cluster.insert(object).expect("an object with a name");
    }
    cluster
}

/// Runs a CREATE on both engines.
fn create(object: &Value, settings: Value, cluster: &InMemoryCluster) -> Observed {
    let request = test_kit::admission::request(test_kit::admission::AdmissionOperation::Create, Some(object), None);
    let payload = json!({"request": request, "settings": settings}).to_string();
    let wasm = Wasm::built().expect("policy.wasm; `make policy.wasm` builds it");
    let observed = wasm.run(payload.as_bytes(), cluster).expect("an answer");
    assert_eq!(observed, Core.run(payload.as_bytes(), cluster).expect("an answer"));
    observed
}

fn numbered(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}-{number}")).collect()
}

#[test]
fn an_ingress_with_500_services_reads_one_list() {
    let names = numbered("service", 500);
    let mut objects: Vec<Value> = names.iter().map(|name| service(name, "None")).collect();
    objects.extend([class("alb"), params("alb", "ip")]);
    objects.push(json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "shop"}},
    }));
    let observed = create(&ingress("web", Some("alb"), &names), json!({}), &cluster(objects));
    assert_eq!(
        observed.derived().lookups,
        [
            &format!("get {CLASS} alb"),
            "get elbv2.k8s.aws/v1beta1/IngressClassParams alb",
            "get v1/Namespace shop",
            "get v1/Service default/kubernetes",
            "list v1/Service",
            "get apps/v1/DaemonSet kube-system/aws-node",
            "get apps/v1/StatefulSet shop/_",
            "list apps/v1/StatefulSet",
        ]
    );
}

#[test]
fn few_services_are_asked_for_by_name() {
    let settings = json!({"advice": [], "controller": {"ingressClass": ""}});
    let lookups = |count: usize| {
        let names = numbered("service", count);
        let mut object = ingress("web", None, &names);
        object["metadata"]["annotations"] = json!({"kubernetes.io/ingress.class": "alb"});
        create(&object, settings.clone(), &cluster(vec![])).derived().lookups
    };
    let gets = |count: usize| -> Vec<String> { numbered("get v1/Service shop/service", count) };
    assert_eq!(lookups(1), gets(1));
    assert_eq!(lookups(4), gets(4));
    assert_eq!(lookups(5), ["get v1/Service default/kubernetes", "list v1/Service"]);
}

/// The most that one request can lead to: a headless Service with weighted actions of its own, behind Ingresses of many
/// classes, with everything to be advised on. Where a Gateway API is
/// installed, its kinds come on top.
#[test]
fn a_headless_service_behind_everything_stays_within_the_bound() {
    let mut object = service("cart", "None");
    let targets: Vec<Value> =
        numbered("target", 4).iter().map(|name| json!({"serviceName": name, "servicePort": 80, "weight": 1})).collect();
    object["metadata"]["annotations"] = json!({
        "service.beta.kubernetes.io/aws-load-balancer-type": "nlb-ip",
        "service.beta.kubernetes.io/actions.TCP-80":
            json!({"type": "forward", "forwardConfig": {"targetGroups": targets}}).to_string(),
    });
    let mut objects = vec![];
    for name in numbered("class", 40) {
        objects.extend([ingress(&name, Some(&name), &["cart".to_owned()]), class(&name), params(&name, "ip")]);
    }
    objects.push(json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "shop"}},
    }));
    let observed = create(&object, json!({}), &cluster(objects));
    let params = "elbv2.k8s.aws/v1beta1/IngressClassParams";
    let lookups = [
        numbered("get v1/Service shop/target", 4),
        vec!["get networking.k8s.io/v1/Ingress shop/_".to_owned(), "list networking.k8s.io/v1/Ingress".to_owned()],
        vec![format!("get {CLASS} class-0"), format!("get {params} class-0"), "get v1/Namespace shop".to_owned()],
        vec![format!("get {CLASS} class-1"), format!("get {params} class-1")],
        vec![format!("list {CLASS}"), format!("list {params}")],
        ["elbv2.k8s.aws/v1beta1", "eks.amazonaws.com/v1"]
            .iter()
            .flat_map(|api| [format!("get {api}/TargetGroupBinding shop/_"), format!("list {api}/TargetGroupBinding")])
            .collect(),
        vec!["list v1/Service spec.type=LoadBalancer".to_owned(), "list v1/Service spec.type=NodePort".to_owned()],
        vec!["get gateway.networking.k8s.io/v1/GatewayClass _".to_owned()],
        vec!["get apps/v1/DaemonSet kube-system/aws-node".to_owned()],
        vec!["get apps/v1/StatefulSet shop/_".to_owned(), "list apps/v1/StatefulSet".to_owned()],
    ];
    assert_eq!(observed.derived().lookups, lookups.concat());
    assert!(observed.exchanges.len() <= 24, "{}", observed.exchanges.len());
}
