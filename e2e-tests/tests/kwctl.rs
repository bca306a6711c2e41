//! The rendered cases are what kwctl reads, and expect what the embedded host answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use e2e_tests::cases::{self, Case};
use e2e_tests::engine::{Core, Engine, Wasm, granted_access};
use e2e_tests::host::Deployment;
use e2e_tests::kwctl::{RenderError, Rendered, Skip, render};
use k8s_openapi::api::authentication::v1::UserInfo;
use k8s_openapi::apimachinery::pkg::runtime::RawExtension;
use kubewarden_policy_sdk::crd::policies::ClusterAdmissionPolicy;
use serde::Deserialize;
use serde_json::{Value, json};
use test_kit::in_memory_cluster::AnsweredBy;

/// `kwctl/src/callback_handler/proxy.rs`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    #[serde(rename = "type")]
    kind: String,
    request: String,
    response: Response,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, tag = "type")]
enum Response {
    Success { payload: String },
    Error { message: String },
}

/// `policy-evaluator/src/callback_requests.rs`: those that the policy makes, and every field is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that they can be read is what is tested")]
enum CallbackRequestType {
    KubernetesListResourceAll {
        api_version: String,
        kind: String,
        label_selector: Option<String>,
        field_selector: Option<String>,
        field_masks: Option<BTreeSet<String>>,
    },
    KubernetesGetResource {
        api_version: String,
        kind: String,
        name: String,
        namespace: Option<String>,
        disable_cache: bool,
        field_masks: Option<BTreeSet<String>>,
    },
}

/// `policy-evaluator/src/admission_request.rs`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "that they can be read is what is tested")]
struct AdmissionRequest {
    uid: String,
    kind: GroupVersionKind,
    resource: GroupVersionResource,
    sub_resource: Option<String>,
    request_kind: Option<GroupVersionKind>,
    request_resource: Option<GroupVersionResource>,
    request_sub_resource: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
    operation: String,
    user_info: UserInfo,
    object: Option<RawExtension>,
    old_object: Option<RawExtension>,
    dry_run: Option<bool>,
    options: Option<RawExtension>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that they can be read is what is tested")]
struct GroupVersionKind {
    group: String,
    version: String,
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that they can be read is what is tested")]
struct GroupVersionResource {
    group: String,
    version: String,
    resource: String,
}

/// Every case, and what is rendered of it.
static RENDERED: LazyLock<Vec<(&Case, Result<Rendered, Skip>)>> = LazyLock::new(|| {
    let cases = cases::all().expect("readable cases");
    cases.iter().map(|case| (case, render_case(case))).collect()
});

fn render_case(case: &Case) -> Result<Rendered, Skip> {
    let observed = Core.run(&case.payload, &case.cluster).expect("an answer");
    let module = Path::new("/policies/annotated-policy.wasm");
    match render(case, &observed.exchanges, &granted_access().expect("metadata"), module) {
        Ok(rendered) => Ok(rendered),
        Err(RenderError::Skip(reason)) => Err(reason),
        Err(error) => panic!("{}: {error}", case.name),
    }
}

fn rendered_cases() -> impl Iterator<Item = (&'static Case, &'static Rendered)> {
    RENDERED.iter().filter_map(|(case, rendered)| rendered.as_ref().ok().map(|rendered| (*case, rendered)))
}

fn json(rendered: &Rendered, file: &str) -> Value {
    serde_json::from_str(&rendered.files[file]).expect("JSON")
}

#[test]
fn every_case_is_rendered_but_what_kwctl_cannot_run() {
    let mut skipped: BTreeMap<&Skip, usize> = BTreeMap::new();
    for reason in RENDERED.iter().filter_map(|(_, rendered)| rendered.as_ref().err()) {
        *skipped.entry(reason).or_default() += 1;
    }
    assert_eq!(skipped, BTreeMap::from([(&Skip::NoRequest, 4), (&Skip::CapabilityOfOneKind, 1)]));
    assert_eq!(rendered_cases().count(), cases::all().expect("readable cases").len() - 5);
}

#[test]
fn requests_are_what_kwctl_reads() {
    for (case, rendered) in rendered_cases() {
        let request: AdmissionRequest = serde_json::from_value(json(rendered, "request.json"))
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert!(!request.uid.is_empty() && request.user_info.username.is_some(), "{}", case.name);
    }
}

#[test]
fn sessions_are_what_kwctl_reads() {
    for (case, rendered) in rendered_cases() {
        let exchanges: Vec<Exchange> = yaml_serde::from_str(&rendered.files["session.yaml"])
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let observed = Core.run(&case.payload, &case.cluster).expect("an answer");
        let answered = observed.exchanges.iter().filter(|exchange| exchange.by == AnsweredBy::Cluster).count();
        assert_eq!(exchanges.len(), answered, "{}", case.name);
        for Exchange { kind, request, response } in exchanges {
            assert_eq!(kind, "Exchange", "{}", case.name);
            yaml_serde::from_str::<CallbackRequestType>(&request)
                .unwrap_or_else(|error| panic!("{}: {error}: {request}", case.name));
            match response {
                Response::Success { payload } => {
                    serde_json::from_str::<Value>(&payload).unwrap_or_else(|error| panic!("{}: {error}", case.name));
                }
                Response::Error { message } => assert!(!message.is_empty(), "{}", case.name),
            }
        }
    }
}

/// Either all that the metadata asks for is granted, or a deployment says what is.
#[test]
fn settings_or_a_policy_are_what_kwctl_reads() {
    let mut policies = 0;
    for (case, rendered) in rendered_cases() {
        let settings = if let Some(text) = rendered.files.get("policy.yaml") {
            policies += 1;
            let policy: ClusterAdmissionPolicy =
                yaml_serde::from_str(text).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            let spec = policy.spec.expect("a spec");
            let all = granted_access().expect("metadata").context_aware_resources.len();
            assert!(spec.context_aware_resources.len() < all, "{}", case.name);
            assert_eq!((spec.mutating, spec.module.as_str()), (true, "file:///policies/annotated-policy.wasm"));
            assert!(!rendered.files.contains_key("settings.json"), "{}", case.name);
            spec.settings.0
        } else {
            json(rendered, "settings.json")
        };
        assert_eq!(settings, Value::Object(case.settings.clone()), "{}", case.name);
    }
    assert_eq!(policies, 10);
}

/// What kwctl must answer is what the embedded host answers.
#[test]
fn expectations_are_what_the_embedded_host_answers() {
    let wasm = Wasm::built().expect("policy.wasm; `make policy.wasm` builds it");
    for (case, rendered) in rendered_cases() {
        let deployment = Deployment { settings: case.settings.clone(), mutating: true };
        let request = json(rendered, "request.json");
        let evaluation = wasm.policy.validate(&request, &deployment, &case.cluster).expect("a module that starts");
        let response = evaluation.response;
        let object = response.patch.as_ref().map(|_| response.apply_to(&request["object"]).expect("a fitting patch"));
        let mut expected = json!({
            "uid": response.uid,
            "allowed": response.allowed,
            "auditAnnotations": Some(&response.audit_annotations).filter(|annotations| !annotations.is_empty()),
            "warnings": Some(&response.warnings).filter(|warnings| !warnings.is_empty()),
        });
        if object.is_some() {
            expected["patchType"] = json!("JSONPatch");
        }
        if response.message.is_some() || response.code.is_some() {
            expected["status"] = json!({"message": response.message, "code": response.code});
        }
        let errors = evaluation.exchanges.iter().filter(|exchange| exchange.response.is_err()).count();
        let expected = json!({"response": expected, "object": object, "errors": errors});
        assert_eq!(json(rendered, "expect.json"), expected, "{}", case.name);
    }
}
