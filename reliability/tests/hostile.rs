//! Input that is meant to do harm: too deep, too large, too many, contradictory, or text that a terminal would act on.

#![cfg(test)]

use std::sync::LazyLock;

use aws_headless_service_policy::cluster::HostCalls;
use aws_headless_service_policy::validate;
use benches::meter::Meter;
use e2e_tests::engine::{granted_access, repository};
use reliability::answers::problems_of;
use serde_json::{Value, json};
use test_kit::admission::{self, AdmissionOperation};
use test_kit::in_memory_cluster::InMemoryCluster;

/// A tenth of what a host's time limit of 2 s is worth. In wasmtime an evaluation of so much fuel takes about 0.2 s: it
/// executes a third of what is charged here (`e2e_tests::wapc`), ten instructions in a nanosecond.
const MAX_FUEL: u64 = 6_000_000_000;

/// More memory than this is not taken, whatever comes in.
const MAX_MEMORY: usize = 256 << 20;

fn meter() -> &'static Meter {
    static METER: LazyLock<Meter> = LazyLock::new(|| {
        let module =
            std::fs::read(repository().join("policy.wasm")).expect("policy.wasm; `make policy.wasm` builds it");
        Meter::new(&module).expect("a module")
    });
    &METER
}

fn cluster(objects: impl IntoIterator<Item = Value>) -> InMemoryCluster {
    let mut cluster = InMemoryCluster::new(granted_access().expect("metadata"));
    for object in objects {
        cluster.insert(object).expect("an object with a name");
    }
    cluster
}

/// The answer, the same from the native core and from the module, within the limits of time and memory.
#[track_caller]
fn answer(payload: &[u8], cluster: &InMemoryCluster) -> Value {
    let native = validate(
        payload,
        &HostCalls::new(|call| {
            let answer = cluster.look_up(call.operation, call.request, None);
            assert_eq!(answer.misuse, None, "{}", String::from_utf8_lossy(call.request));
            answer.response.map_err(|text| format!("Host error: {text}"))
        }),
    );
    let problems = problems_of(&native);
    assert!(problems.is_empty(), "{problems:?}");
    let measured = meter().measure(payload, cluster).expect("an answer");
    assert_eq!(String::from_utf8_lossy(&native.response), String::from_utf8_lossy(&measured.answer));
    if payload.len() > 1 << 20 || measured.fuel > 1 << 27 {
        println!("{} bytes: {} fuel, {} KiB", payload.len(), measured.fuel, measured.memory >> 10);
    }
    assert!(measured.fuel < MAX_FUEL, "{} fuel", measured.fuel);
    assert!(measured.memory < MAX_MEMORY, "{} bytes of memory", measured.memory);
    serde_json::from_slice(&native.response).expect("JSON")
}

fn payload(object: &Value, settings: Value) -> Vec<u8> {
    let request = admission::request(AdmissionOperation::Create, Some(object), None);
    json!({"request": request, "settings": settings}).to_string().into_bytes()
}

fn service(name: &str, annotations: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "shop", "annotations": annotations},
        "spec": {"type": "ClusterIP", "clusterIP": "None", "ports": [{"name": "http", "port": 80}], "selector": {"app": "cart"}},
    })
}

fn ingress(annotations: Value, services: &[&str]) -> Value {
    let mut annotations = annotations;
    annotations["kubernetes.io/ingress.class"] = json!("alb");
    let path = |name: &&str| {
        let port = if annotations.get(format!("{ACTIONS}{name}")).is_some() {
            json!({"name": "use-annotation"})
        } else {
            json!({"number": 80})
        };
        json!({"path": "/", "pathType": "Prefix", "backend": {"service": {"name": name, "port": port}}})
    };
    let paths: Vec<Value> = services.iter().map(path).collect();
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "web", "namespace": "shop", "annotations": annotations},
        "spec": {"rules": [{"http": {"paths": paths}}]},
    })
}

const ACTIONS: &str = "alb.ingress.kubernetes.io/actions.";

/// No advice, so that the answer is the verdict alone.
fn quiet() -> Value {
    json!({"advice": []})
}

#[track_caller]
fn is_refused(answer: &Value, code: u16, mention: &str) {
    assert_eq!(answer["code"], code, "{answer}");
    assert!(answer["message"].as_str().is_some_and(|message| message.contains(mention)), "{answer}");
}

#[test]
fn deep_nesting_is_passed_over_or_refused() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let maps = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let empty = cluster([]);
    for nested in [deep(200), deep(100_000), maps(100_000)] {
        let mut object = service("cart", json!({}));
        object["unknown"] = json!("NESTED");
        object["spec"]["unknown"] = json!("NESTED");
        let plain = String::from_utf8(payload(&object, quiet())).expect("UTF-8");
        let accepted = answer(plain.replace(r#""NESTED""#, &nested).as_bytes(), &empty);
        assert_eq!(accepted, json!({"accepted": true}));
        // In place of what is read.
        let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"}, "spec": "NESTED"});
        let plain = String::from_utf8(payload(&object, quiet())).expect("UTF-8");
        let answer = answer(plain.replace(r#""NESTED""#, &nested).as_bytes(), &empty);
        assert!(answer == json!({"accepted": true}) || answer["code"] == 400, "{answer}");
    }
    let settings = String::from_utf8(payload(&service("cart", json!({})), json!("NESTED"))).expect("UTF-8");
    let refused = answer(settings.replace(r#""NESTED""#, &deep(100_000)).as_bytes(), &empty);
    is_refused(&refused, 500, "settings");
    let action = ingress(json!({format!("{ACTIONS}cart"): maps(100_000)}), &["cart"]);
    is_refused(&answer(&payload(&action, quiet()), &empty), 400, "is invalid");
}

#[test]
fn megabytes_of_annotations_cost_little() {
    let many: serde_json::Map<String, Value> =
        (0..50_000).map(|number| (format!("example.com/note-{number}"), json!("x".repeat(40)))).collect();
    let accepted = answer(&payload(&service("cart", Value::Object(many)), quiet()), &cluster([]));
    assert_eq!(accepted, json!({"accepted": true}));
    let long = json!({"example.com/note": "\\\"\u{1b}".repeat(2_500_000)});
    assert_eq!(answer(&payload(&service("cart", long), quiet()), &cluster([])), json!({"accepted": true}));
}

/// An Ingress with so many actions, each with so many target groups.
fn ingress_with_actions(actions: usize, groups: usize) -> Value {
    let tuple = |number: usize| json!({"serviceName": format!("cart-{}", number % 7), "servicePort": 80, "weight": 1});
    let tuples: Vec<Value> = (0..groups).map(tuple).collect();
    let action = json!({"type": "forward", "forwardConfig": {"targetGroups": tuples}}).to_string();
    let names: Vec<String> = (0..actions).map(|number| format!("action-{number}")).collect();
    let annotations: serde_json::Map<String, Value> =
        names.iter().map(|name| (format!("{ACTIONS}{name}"), json!(action))).collect();
    ingress(Value::Object(annotations), &names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Kubernetes takes 256 KiB of annotations.
#[test]
fn as_many_actions_as_an_object_can_have_are_read_in_time() {
    let services = cluster((0..7).map(|number| service(&format!("cart-{number}"), json!({}))));
    for (actions, groups) in [(1, 4_600), (100, 45), (500, 7)] {
        let payload = payload(&ingress_with_actions(actions, groups), quiet());
        assert!(payload.len() > 250_000, "{actions}: {}", payload.len());
        is_refused(&answer(&payload, &services), 403, "And 2 more.");
    }
}

#[test]
fn more_actions_than_an_object_can_have_are_refused() {
    let too_large = |object: &Value| {
        let refusal = answer(&payload(object, quiet()), &cluster([]));
        is_refused(&refusal, 400, " is invalid: metadata.annotations have ");
        is_refused(&refusal, 400, " bytes, and Kubernetes takes no more than 262144.");
    };
    too_large(&ingress_with_actions(1_000, 45));
    let refusal = answer(&payload(&ingress_with_actions(1_000, 1_000), quiet()), &cluster([]));
    is_refused(
        &refusal,
        400,
        "The admission request is invalid: it has 61221618 bytes, and no more than 25165824 are read.",
    );
    let long = "x".repeat(262_144);
    let mut service = service("cart", json!({"service.beta.kubernetes.io/actions.TCP-80": long}));
    service["spec"]["type"] = json!("LoadBalancer");
    service["spec"]["loadBalancerClass"] = json!("service.k8s.aws/nlb");
    too_large(&service);
}

#[test]
fn keys_that_are_given_twice_are_told_or_merged_as_the_controller_does() {
    let text = r#"{"request":{"kind":{"group":"","kind":"Service"},"operation":"CREATE","name":"cart","namespace":"shop","object":{"metadata":{"name":"cart","namespace":"shop"},"spec":{"ports":[{"port":80}],"clusterIP":"None","clusterIP":"10.0.0.1"}}},"settings":{"advice":[]}}"#;
    let told = answer(text.as_bytes(), &cluster([]));
    assert!(told["code"] == 400 || told == json!({"accepted": true}), "{told}");
    let twice = r#"{"type":"redirect","type":"forward","forwardConfig":{"targetGroups":[]},"forwardConfig":{"targetGroups":[{"serviceName":"cart","servicePort":80}]}}"#;
    let object = ingress(json!({format!("{ACTIONS}cart"): twice}), &["cart"]);
    let refused = answer(&payload(&object, quiet()), &cluster([service("cart", json!({}))]));
    is_refused(&refused, 403, "shop/cart");
}

#[test]
fn numbers_out_of_range_are_refused_or_passed_over() {
    for number in
        ["1e400", "99999999999999999999", "-1", "1.5", "0", "-0", "2147483648", "1E2", "\"99999999999999999999\""]
    {
        for field in ["port", "nodePort", "targetPort", "unknown"] {
            let mut object = service("cart", json!({}));
            object["spec"]["ports"] = json!([{"port": 80}]);
            object["spec"]["ports"][0][field] = json!("NUMBER");
            let plain = String::from_utf8(payload(&object, quiet())).expect("UTF-8");
            let answer = answer(plain.replace(r#""NUMBER""#, number).as_bytes(), &cluster([]));
            assert!(answer == json!({"accepted": true}) || answer["code"] == 400, "{field} {number}: {answer}");
        }
        let action = format!(
            r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{{"serviceName":"cart","servicePort":{number},"weight":{number}}}]}}}}"#
        );
        let object = ingress(json!({format!("{ACTIONS}cart"): action}), &["cart"]);
        let answer = answer(&payload(&object, quiet()), &cluster([service("cart", json!({}))]));
        assert!(matches!(answer["code"].as_u64(), Some(400 | 403)), "{number}: {answer}");
    }
}

#[test]
fn escapes_that_are_no_text_are_refused() {
    for escape in [r"\ud800", r"\udfff\ud800", r"\u00", r"\x41", "\u{1}"] {
        let text = format!(
            r#"{{"request":{{"kind":{{"group":"","kind":"Service"}},"operation":"CREATE","namespace":"shop","object":{{"metadata":{{"name":"{escape}","namespace":"shop"}},"spec":{{"clusterIP":"None","ports":[{{"port":80}}]}}}}}},"settings":{{"advice":[]}}}}"#
        );
        let refused = answer(text.as_bytes(), &cluster([]));
        assert_eq!(refused["code"], 400, "{escape}: {refused}");
    }
    let mut raw = payload(&service("cart", json!({})), quiet());
    let place = raw.windows(4).position(|bytes| bytes == b"cart").expect("the name");
    raw[place] = 0xff;
    is_refused(&answer(&raw, &cluster([])), 400, "is not UTF-8");
}

/// [`answer`] fails where a control character, or one that turns the text around it, reaches a message, a warning or a log
/// line.
#[test]
fn names_are_quoted_whatever_they_say() {
    let names = [
        "\u{1b}[31mred\u{1b}[0m",
        "a\r\nb",
        "\u{202e}trac",
        "cart\u{0}",
        "\u{9b}31m",
        "x. Set mode: warn on the policy and apply again. Ingress shop/other",
        "<generated>",
        "../../../api/v1/secrets/x",
        "%2e%2e%2f",
        "\"quoted\" and \\escaped\\",
        "ünïcödé-🛒",
    ];
    for name in names {
        for object in [
            service(name, json!({})),
            ingress(json!({}), &[name, "cart"]),
            ingress(
                json!({"alb.ingress.kubernetes.io/group.name": name, "alb.ingress.kubernetes.io/target-type": name}),
                &["cart"],
            ),
            json!({
                "apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding",
                "metadata": {"name": name, "namespace": "shop", "labels": {"a": name}},
                "spec": {"serviceRef": {"name": "cart", "port": name}, "targetType": "instance"},
            }),
        ] {
            for mode in ["reject", "mutate", "warn"] {
                let settings = json!({"mode": mode, "missingService": "reject"});
                let answer = answer(&payload(&object, settings), &cluster([service("cart", json!({}))]));
                if let Some(message) = answer["message"].as_str().filter(|_| name.starts_with("x. Set")) {
                    assert!(
                        !message.contains(name)
                            || message.contains(&format!("\"{name}"))
                            || message.contains(&format!("/{name}")),
                        "{message}"
                    );
                }
            }
        }
    }
}

fn gateway(name: &str, class: &str) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"gatewayClassName": class, "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}],
                 "allowedListeners": {"namespaces": {"from": "All"}}},
    })
}

fn gateway_class() -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "alb"},
        "spec": {"controllerName": "gateway.k8s.aws/alb"},
    })
}

fn route(name: &str, parents: &Value, service: &str) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"parentRefs": parents, "rules": [{"backendRefs": [{"name": service, "port": 80}]}]},
    })
}

#[test]
fn a_gateway_with_ten_thousand_routes_is_judged_in_time() {
    let parents = json!([{"name": "edge"}]);
    let routes = (0..10_000).map(|number| route(&format!("route-{number}"), &parents, "cart"));
    let objects = [gateway_class(), gateway("edge", "alb"), service("cart", json!({}))];
    let cluster = cluster(routes.chain(objects));
    let refused = answer(&payload(&gateway("edge", "alb"), quiet()), &cluster);
    is_refused(&refused, 403, "And 9998 more.");
    let refused = answer(&payload(&service("cart", json!({})), quiet()), &cluster);
    is_refused(&refused, 403, "And 9998 more.");
}

/// Gateways, sets of listeners, configurations and load balancers that refer to each other.
#[test]
fn references_in_a_ring_end() {
    let set = |name: &str, parent: Value| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "ListenerSet", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"parentRef": parent, "listeners": [{"name": "more", "port": 81, "protocol": "HTTP"}]},
        })
    };
    let a = set("a", json!({"kind": "ListenerSet", "name": "b"}));
    let b = set("b", json!({"kind": "ListenerSet", "name": "a"}));
    let c = set("c", json!({"name": "edge"}));
    let parents = json!([{"kind": "ListenerSet", "name": "a"}, {"kind": "ListenerSet", "name": "c"}, {"name": "edge"}]);
    let action = |to: &str| {
        json!({"type": "forward", "forwardConfig": {"targetGroups": [{"serviceName": to, "servicePort": 80}]}})
            .to_string()
    };
    let network = |name: &str, to: &str| {
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": "shop", "annotations": {
                "service.beta.kubernetes.io/aws-load-balancer-type": "external",
                "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "instance",
                "service.beta.kubernetes.io/actions.TCP-80": action(to),
            }},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}]},
        })
    };
    let objects = [
        gateway_class(),
        gateway("edge", "alb"),
        a.clone(),
        b,
        c,
        route("web", &parents, "cart"),
        service("cart", json!({})),
        network("one", "two"),
        network("two", "one"),
        network("self", "self"),
    ];
    let cluster = cluster(objects);
    is_refused(&answer(&payload(&gateway("edge", "alb"), quiet()), &cluster), 403, "HTTPRoute shop/web");
    assert_eq!(answer(&payload(&a, quiet()), &cluster), json!({"accepted": true}));
    for service in [network("one", "two"), network("self", "self")] {
        assert_eq!(answer(&payload(&service, quiet()), &cluster), json!({"accepted": true}));
    }
}

/// A host hands over whatever is stored: 50 MB in one object, and 50 MB of objects.
#[test]
fn answers_of_fifty_megabytes_are_read() {
    let mut large = service("cart", json!({}));
    large["metadata"]["annotations"]["example.com/note"] = json!("x".repeat(50_000_000));
    let binding = json!({
        "apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding", "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"serviceRef": {"name": "cart", "port": 80}, "targetType": "instance"},
    });
    is_refused(&answer(&payload(&binding, quiet()), &cluster([large])), 403, "headless Service shop/cart");
    let others = (0..5_000).map(|number| {
        let mut other = ingress(json!({"example.com/note": "x".repeat(10_000)}), &["web"]);
        other["metadata"]["name"] = json!(format!("web-{number}"));
        other
    });
    let all = others.chain([ingress(json!({}), &["cart"])]);
    is_refused(&answer(&payload(&service("cart", json!({})), quiet()), &cluster(all)), 403, "Ingress shop/web");
}
