//! The built module: what it imports, and what it answers to input that nobody should send.

use e2e_tests::engine::{Core, Engine, Wasm, granted_access};
use e2e_tests::host;
use serde_json::{Value, json};
use test_kit::admission::{self, AdmissionOperation};
use test_kit::in_memory_cluster::InMemoryCluster;

fn wasm() -> &'static Wasm {
    Wasm::built().expect("policy.wasm; `make policy.wasm` builds it")
}

/// An import from anywhere else, `__wbindgen_placeholder__` above all, would make the module unloadable.
#[test]
fn imports_only_from_wapc_and_wasi() {
    let mut modules: Vec<String> = wasm().policy.imports().into_iter().map(|import| import.module).collect();
    modules.sort();
    modules.dedup();
    assert_eq!(modules, ["wapc", "wasi_snapshot_preview1"]);
}

#[test]
fn speaks_the_protocol_of_kubewarden() {
    assert_eq!(wasm().policy.protocol_version().expect("an answer"), "v1");
}

#[test]
fn settings_are_validated_in_the_module() {
    let wasm = wasm();
    let check = |settings: &str, valid: bool, message: Option<&str>| {
        let answer = wasm.policy.validate_settings(settings).expect("an answer");
        assert_eq!((answer.valid, answer.message.as_deref()), (valid, message), "{settings}");
    };
    check("{}", true, None);
    check(r#"{"mode":"mutate","advice":[],"controller":{"ingressClass":""}}"#, true, None);
    check(
        r#"{"mode":"enforce","controler":{}}"#,
        false,
        Some(
            "invalid settings: unknown key `controler`; allowed: mode, services, controller, lookupFailure, \
             missingService, advice; `mode` is \"enforce\"; allowed: reject, mutate, warn",
        ),
    );
    check("{", false, Some("invalid settings: not valid JSON: unexpected end of JSON input"));
}

/// Evaluates a payload on both engines, and returns the answer.
#[track_caller]
fn answer(payload: &[u8]) -> Value {
    let cluster = InMemoryCluster::new(granted_access().expect("metadata"));
    let observed = wasm().run(payload, &cluster).expect("an answer");
    assert_eq!(observed, Core.run(payload, &cluster).expect("an answer"));
    assert_eq!(observed.exchanges, []);
    observed.response
}

#[track_caller]
fn refuses(payload: &[u8], code: u16, message: &str) {
    let warning = message.trim_end_matches('.');
    let expected = json!({"accepted": false, "message": message, "code": code, "warnings": [warning]});
    assert_eq!(answer(payload), expected);
}

#[test]
fn what_is_no_admission_request_is_refused() {
    refuses(b"", 400, "The admission request is invalid: it is not valid JSON: unexpected end of JSON input.");
    refuses(b"{", 400, "The admission request is invalid: it is not valid JSON: unexpected end of JSON input.");
    refuses(b"\xff", 400, "The admission request is invalid: it is not UTF-8.");
    refuses(b"[]", 400, "The admission request is invalid: it must be a map, not a list.");
    refuses(b"7", 400, "The admission request is invalid: it must be a map, not the number 7.");
    refuses(
        br#"{"request":{"kind":{"kind":7}}}"#,
        400,
        "The admission request is invalid: request.kind.kind must be a string, not the number 7.",
    );
    let service =
        |rest: &str| format!(r#"{{"request":{{"kind":{{"group":"","kind":"Service"}}{rest}}}}}"#).into_bytes();
    refuses(
        &service(r#","operation":"PATCH","object":{},"namespace":"shop""#),
        400,
        "The admission request is invalid: request.operation must be CREATE, UPDATE, DELETE or CONNECT, not the string \"PATCH\".",
    );
    refuses(
        &service(r#","operation":"CREATE","object":null,"namespace":"shop""#),
        400,
        "The admission request is invalid: request.object is missing.",
    );
    refuses(
        &service(r#","operation":"CREATE","object":{}"#),
        400,
        "The admission request is invalid: request.namespace is missing.",
    );
}

#[test]
fn with_invalid_settings_nothing_is_judged() {
    refuses(
        br#"{"request":{"kind":{"group":"","kind":"Service"},"operation":"CREATE","namespace":"shop","object":{}},"settings":{"mode":1}}"#,
        500,
        "The policy cannot check anything with invalid settings: `mode` is 1; allowed: reject, mutate, warn.",
    );
}

/// All problems belong to `validate_settings`. A refusal stays short.
#[test]
fn of_many_wrong_settings_the_first_are_told() {
    let allowed = "mode, services, controller, lookupFailure, missingService, advice";
    let unknown: Vec<String> = (1..=9).map(|number| format!(r#""key{number}":1"#)).collect();
    let told: Vec<String> = (1..=5).map(|number| format!("unknown key `key{number}`; allowed: {allowed}")).collect();
    let message = format!("The policy cannot check anything with invalid settings: {}; and 4 more.", told.join("; "));
    let payload = format!(
        r#"{{"request":{{"kind":{{"group":"","kind":"Service"}},"operation":"CREATE","namespace":"shop","object":{{}}}},"settings":{{{}}}}}"#,
        unknown.join(",")
    );
    let warning: String = message.chars().take(253).chain(['…']).collect();
    let expected = json!({"accepted": false, "message": message, "code": 500, "warnings": [warning]});
    assert_eq!(answer(payload.as_bytes()), expected);
}

/// Both engines refuse invalid settings in every form of the payload, also for a Service that needs no judgement.
#[test]
fn invalid_settings_are_refused_for_an_ordinary_service_too() {
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"type": "ClusterIP", "clusterIP": "10.100.0.1", "ports": [{"port": 80}]},
    });
    let in_order = admission::request(AdmissionOperation::Create, Some(&service), None);
    let sorted = host::as_the_host_reads_it(&in_order);
    for settings in [json!({"mode": 1}), json!({"controller": {"flag": true}}), json!([])] {
        for request in [&in_order, &sorted] {
            let payload = json!({"request": request, "settings": settings}).to_string();
            let spaced = answer(payload.replacen('{', "{ ", 1).as_bytes());
            assert_eq!(spaced["code"], 500);
            let is_alike = answer(payload.as_bytes()) == spaced;
            assert!(is_alike, "an ordinary Service was admitted with invalid settings: {payload}");
        }
    }
}

/// Depth and size alone must neither trap nor hang.
#[test]
fn large_and_deep_input_gets_an_answer() {
    let ingress = |spec: &str, annotation: &str| {
        json!({
            "request": {
                "kind": {"group": "networking.k8s.io", "kind": "Ingress"}, "operation": "CREATE", "namespace": "shop",
                "object": {
                    "metadata": {"name": "web", "annotations": {
                        "kubernetes.io/ingress.class": "alb",
                        "alb.ingress.kubernetes.io/actions.a": annotation,
                    }},
                    "spec": "SPEC",
                },
            },
        })
        .to_string()
        .replace(r#""SPEC""#, spec)
        .into_bytes()
    };
    let nothing_wrong = json!({"accepted": true});
    let use_annotation = r#"{"defaultBackend":{"service":{"name":"a","port":{"name":"use-annotation"}}}}"#;
    // As deep as a host can send it, and deeper: what nobody reads may be nested without limit.
    let deep = |depth: usize| format!(r#"{{"unknown":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert_eq!(answer(&ingress(&deep(123), "")), nothing_wrong);
    assert_eq!(answer(&ingress(&deep(100_000), "")), nothing_wrong);
    assert_eq!(answer(&ingress("{}", &"x".repeat(1_000_000))), nothing_wrong);
    let long = format!(
        r#"{{"type":"redirect","redirectConfig":{{"statusCode":"HTTP_301"}},"unknown":"{}"}}"#,
        "x".repeat(260_000)
    );
    assert_eq!(answer(&ingress(use_annotation, &long)), nothing_wrong);

    let broken = "[".repeat(260_000);
    let refused = answer(&ingress(use_annotation, &broken));
    assert_eq!(refused["code"], 400);
    assert_eq!(
        refused["message"],
        "Ingress shop/web is invalid: metadata.annotations[alb.ingress.kubernetes.io/actions.a] is not valid JSON: \
         unexpected end of JSON input. Correct it and apply the object again."
    );
}
