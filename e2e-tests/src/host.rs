//! An embedded host: runs the module of a policy as policy-evaluator and policy-server 1.36 run it.
//!
//! Invariant: only JSON goes in and out, over waPC; no type of the policy is known here. Each call has a fresh instance of
//! the module, as each request has in policy-server.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use test_kit::in_memory_cluster::{Exchange, InMemoryCluster, Recording, RecordingCluster};
use thiserror::Error;

use crate::wapc::{Compiled, INTERRUPTED, Instance};

/// The name of the policy in policy-server's texts: that of a ClusterAdmissionPolicy.
const POLICY_ID: &str = "clusterwide-aws-headless-service-policy";

/// policy-server's default limit for one evaluation is two seconds, in which wasmtime comes about so far. A count is the same
/// on every machine.
const FUEL_OF_AN_EVALUATION: u64 = 60_000_000_000;

/// The fields of an AdmissionRequest that the host knows (`admission_request.rs`), in its order.
const ADMISSION_REQUEST_FIELDS: [&str; 15] = [
    "uid",
    "kind",
    "resource",
    "subResource",
    "requestKind",
    "requestResource",
    "requestSubResource",
    "name",
    "namespace",
    "operation",
    "userInfo",
    "object",
    "oldObject",
    "dryRun",
    "options",
];

/// Why a policy cannot be run at all.
#[derive(Debug, Error)]
pub enum HostError {
    /// The file of the module cannot be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// The file, as it was given.
        path: String,
        /// What the operating system says.
        error: io::Error,
    },
    /// The module is no WebAssembly, or imports what the host does not have.
    #[error("not a module that a Kubewarden host can load: {0}")]
    Module(String),
    /// The module's start-up code failed.
    #[error("the module does not start: {0}")]
    Start(String),
    /// The module has no answer where it needs one.
    #[error("the module does not answer `{operation}`: {error}")]
    NoAnswer {
        /// The waPC operation.
        operation: &'static str,
        /// What came instead.
        error: String,
    },
}

/// One import of a module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The module that is imported from.
    pub module: String,
    /// What is imported.
    pub name: String,
}

/// What a ClusterAdmissionPolicy says about the policy that it deploys.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deployment {
    /// `spec.settings`.
    pub settings: Map<String, Value>,
    /// `spec.mutating`.
    pub mutating: bool,
}

/// What the API server is answered: the AdmissionResponse with its status spread out and its patch decoded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AdmissionResponse {
    /// The uid of the request.
    pub uid: String,
    /// Whether the request may go on.
    pub allowed: bool,
    /// `status.message`.
    pub message: Option<String>,
    /// `status.code`.
    pub code: Option<u16>,
    /// The warnings, in order.
    pub warnings: Vec<String>,
    /// The audit annotations.
    pub audit_annotations: BTreeMap<String, String>,
    /// The JSON patch; none where the policy left the object as it was.
    pub patch: Option<json_patch::Patch>,
}

impl AdmissionResponse {
    /// The object as the API server goes on with it.
    ///
    /// # Errors
    ///
    /// A patch that does not fit the object: never where `object` is the request's.
    pub fn apply_to(&self, object: &Value) -> Result<Value, json_patch::PatchError> {
        let mut patched = object.clone();
        if let Some(patch) = &self.patch {
            json_patch::patch(&mut patched, patch)?;
        }
        Ok(patched)
    }

    fn refusal(uid: &str, message: String, code: Option<u16>) -> Self {
        AdmissionResponse { uid: uid.to_owned(), message: Some(message), code, ..Self::default() }
    }

    fn internal_server_error(uid: &str, error: &str) -> Self {
        Self::refusal(uid, format!("internal server error: {error}"), Some(500))
    }
}

/// What the policy says about settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsValidationResponse {
    /// Whether a policy can be deployed with them.
    pub valid: bool,
    /// What is wrong with them.
    pub message: Option<String>,
}

/// One call of the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The payload that the module answered, or the text of its error or trap.
    pub answer: Result<Vec<u8>, String>,
    /// What the module asked the host for, and what it logged.
    pub recording: Recording,
}

/// One evaluation of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// What the API server is answered.
    pub response: AdmissionResponse,
    /// What the module answered; null where it was no JSON.
    pub raw: Value,
    /// What the module asked the host for.
    pub exchanges: Vec<Exchange>,
    /// What the module logged.
    pub logs: Vec<Value>,
}

/// The answer of a policy to `validate`, in the SDK's wire format (kubewarden-policy-sdk 0.17.3, `response.rs`).
#[derive(Deserialize)]
struct ValidationResponse {
    accepted: bool,
    message: Option<String>,
    code: Option<u16>,
    mutated_object: Option<Value>,
    audit_annotations: Option<BTreeMap<String, String>>,
    warnings: Option<Vec<String>>,
}

/// A compiled policy. Threads may share it.
#[derive(Debug)]
pub struct Policy {
    compiled: Compiled,
    fuel: u64,
}

impl Policy {
    /// Reads and compiles a module.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or as [`Policy::from_bytes`].
    pub fn from_file(path: &Path) -> Result<Policy, HostError> {
        let bytes =
            fs::read(path).map_err(|error| HostError::Unreadable { path: path.display().to_string(), error })?;
        Policy::from_bytes(&bytes)
    }

    /// Reads a module.
    ///
    /// # Errors
    ///
    /// Bytes that are no WebAssembly, and a module with an import that the host does not have.
    pub fn from_bytes(bytes: &[u8]) -> Result<Policy, HostError> {
        let compiled = Compiled::new(bytes).map_err(|error| HostError::Module(error.to_string()))?;
        Ok(Policy { compiled, fuel: FUEL_OF_AN_EVALUATION })
    }

    /// What the module imports, in its order.
    #[must_use]
    pub fn imports(&self) -> Vec<Import> {
        let import = |import: wasmi::ImportType<'_>| Import {
            module: import.module().to_owned(),
            name: import.name().to_owned(),
        };
        self.compiled.module().imports().map(import).collect()
    }

    /// Evaluates a request as a deployed policy, from the AdmissionRequest to the AdmissionResponse.
    ///
    /// # Errors
    ///
    /// A module that does not start. An error or a trap of the evaluation is none: it is answered as the host answers it.
    pub fn validate(
        &self,
        request: &Value,
        deployment: &Deployment,
        cluster: &InMemoryCluster,
    ) -> Result<Evaluation, HostError> {
        let request = as_the_host_reads_it(request);
        let payload = payload(&request, &deployment.settings);
        let Call { answer, recording } = self.validate_payload(payload.as_bytes(), cluster)?;
        let raw = answer.as_ref().ok().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        let response = admission_response(&request, answer);
        Ok(Evaluation {
            response: if deployment.mutating { response } else { without_mutation(response) },
            raw,
            exchanges: recording.exchanges,
            logs: recording.logs,
        })
    }

    /// Calls `validate` with a payload that may be anything.
    ///
    /// # Errors
    ///
    /// A module that does not start.
    pub fn validate_payload(&self, payload: &[u8], cluster: &InMemoryCluster) -> Result<Call, HostError> {
        self.call("validate", payload, cluster)
    }

    /// Asks the policy whether it can be deployed with settings, given as JSON.
    ///
    /// # Errors
    ///
    /// A module that does not start, or does not answer.
    pub fn validate_settings(&self, settings: &str) -> Result<SettingsValidationResponse, HostError> {
        let operation = "validate_settings";
        let answer = self.answer_of(operation, settings.as_bytes())?;
        serde_json::from_slice(&answer).map_err(|error| HostError::NoAnswer { operation, error: error.to_string() })
    }

    /// Asks the policy for the version of the protocol that it speaks: `v1`.
    ///
    /// # Errors
    ///
    /// A module that does not start, or does not answer.
    pub fn protocol_version(&self) -> Result<String, HostError> {
        let operation = "protocol_version";
        let answer = self.answer_of(operation, &[])?;
        serde_json::from_slice(&answer).map_err(|error| HostError::NoAnswer { operation, error: error.to_string() })
    }

    fn answer_of(&self, operation: &'static str, payload: &[u8]) -> Result<Vec<u8>, HostError> {
        let call = self.call(operation, payload, &InMemoryCluster::default())?;
        call.answer.map_err(|error| HostError::NoAnswer { operation, error })
    }

    /// Calls a fresh instance.
    fn call(&self, operation: &str, payload: &[u8], cluster: &InMemoryCluster) -> Result<Call, HostError> {
        let cluster = Arc::new(RecordingCluster::new(cluster.clone()));
        let answering = Arc::clone(&cluster);
        let mut instance = self.instance(move |binding, namespace, operation, payload| {
            answering.answer(binding, namespace, operation, payload)
        })?;
        let answer = instance.call(operation, payload);
        Ok(Call { answer, recording: cluster.take() })
    }

    /// A fresh instance, whose host calls `answer` answers: binding, namespace, operation and payload come in.
    ///
    /// # Errors
    ///
    /// A module that does not start.
    pub fn instance<A>(&self, answer: A) -> Result<Instance, HostError>
    where
        A: FnMut(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + 'static,
    {
        self.compiled.start(self.fuel, answer).map_err(HostError::Start)
    }
}

/// The host decodes a request into a type of its own and encodes that: unknown fields and nulls are lost, and its maps
/// are sorted.
#[must_use]
pub fn as_the_host_reads_it(request: &Value) -> Value {
    let field =
        |key: &str| request.get(key).filter(|value| !value.is_null()).map(|value| (key.to_owned(), value.clone()));
    let mut request = Value::Object(ADMISSION_REQUEST_FIELDS.into_iter().filter_map(field).collect());
    request.sort_all_objects();
    request
}

/// What the host hands to `validate` (`runtimes/wapc/runtime.rs`).
#[must_use]
pub fn payload(request: &Value, settings: &Map<String, Value>) -> String {
    json!({"request": request, "settings": settings}).to_string()
}

/// What the host makes of the answer to `validate` (`runtimes/wapc/runtime.rs`).
#[must_use]
pub fn admission_response(request: &Value, answer: Result<Vec<u8>, String>) -> AdmissionResponse {
    let uid = request.get("uid").and_then(Value::as_str).unwrap_or_default();
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if error.contains(INTERRUPTED) => {
            let message = "Policy execution interrupted because it exceeded the allowed execution time";
            return AdmissionResponse::refusal(uid, message.to_owned(), Some(500));
        }
        Err(error) => return AdmissionResponse::internal_server_error(uid, &error),
    };
    match serde_json::from_slice(&answer) {
        Ok(validation) => from_validation_response(uid, request.get("object"), validation),
        Err(error) => AdmissionResponse::internal_server_error(uid, &format!("invalid response from policy: {error}")),
    }
}

/// `admission_response.rs`, `from_policy_validation_response`.
fn from_validation_response(uid: &str, object: Option<&Value>, validation: ValidationResponse) -> AdmissionResponse {
    let patch = match (validation.mutated_object, object) {
        (None, _) => None,
        (Some(mutated), Some(object)) => Some(json_patch::diff(object, &mutated)).filter(|patch| !patch.is_empty()),
        (Some(_), None) => {
            let message = "Incoming object is null, which happens only with DELETE operations, but the policy is attempting a mutation. This is not allowed";
            return AdmissionResponse::refusal(uid, message.to_owned(), None);
        }
    };
    AdmissionResponse {
        uid: uid.to_owned(),
        allowed: validation.accepted,
        message: validation.message,
        code: validation.code,
        warnings: validation.warnings.unwrap_or_default(),
        audit_annotations: validation.audit_annotations.unwrap_or_default(),
        patch,
    }
}

/// `admission_response_handler.rs`, `apply_mutation_constraint`.
fn without_mutation(response: AdmissionResponse) -> AdmissionResponse {
    if response.patch.is_none() {
        return response;
    }
    let message = format!(
        "Request rejected by policy {POLICY_ID}. The policy attempted to mutate the request, but it is currently configured to not allow mutations."
    );
    AdmissionResponse { allowed: false, message: Some(message), code: None, patch: None, ..response }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(wat: &str) -> Result<Policy, HostError> {
        Policy::from_bytes(&wat::parse_str(wat).unwrap())
    }

    /// A module that answers every call with the same text.
    fn policy_that_answers(answer: &str) -> Policy {
        let data: String = answer.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let length = answer.len();
        let wat = format!(
            r#"(module
                (import "wapc" "__guest_response" (func $answer (param i32 i32)))
                (memory (export "memory") 1)
                (data (i32.const 0) "{data}")
                (func (export "__guest_call") (param i32 i32) (result i32)
                    (call $answer (i32.const 0) (i32.const {length}))
                    (i32.const 1)))"#
        );
        policy(&wat).unwrap()
    }

    /// A module whose calls and start-up have a body of their own.
    fn policy_that_runs(call: &str, start: &str) -> Policy {
        let wat = format!(
            r#"(module
                (func (export "__guest_call") (param i32 i32) (result i32) {call})
                (func (export "wapc_init") {start}))"#
        );
        policy(&wat).unwrap()
    }

    fn request() -> Value {
        json!({"uid": "u", "operation": "CREATE", "object": {"metadata": {"name": "n"}, "spec": {"a": 1}}, "oldObject": null})
    }

    #[track_caller]
    fn check(answer: &str, mutating: bool, expected: AdmissionResponse) {
        let deployment = Deployment { mutating, ..Deployment::default() };
        let policy = policy_that_answers(answer);
        let evaluation = policy.validate(&request(), &deployment, &InMemoryCluster::default()).unwrap();
        assert_eq!(evaluation.response, expected);
        assert_eq!(evaluation.raw, serde_json::from_str::<Value>(answer).unwrap_or_default());
        assert_eq!((evaluation.exchanges, evaluation.logs), (vec![], vec![]));
    }

    fn refusal(message: &str, code: Option<u16>) -> AdmissionResponse {
        AdmissionResponse::refusal("u", message.to_owned(), code)
    }

    #[test]
    fn an_answer_becomes_an_admission_response() {
        let accepted = AdmissionResponse { uid: "u".to_owned(), allowed: true, ..AdmissionResponse::default() };
        check(r#"{"accepted": true}"#, false, accepted.clone());
        check(
            r#"{"accepted": false, "message": "m", "code": 403, "warnings": ["b", "a"], "audit_annotations": {"k": "v"}}"#,
            false,
            AdmissionResponse {
                warnings: vec!["b".to_owned(), "a".to_owned()],
                audit_annotations: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
                ..refusal("m", Some(403))
            },
        );
        let same = r#"{"accepted": true, "mutated_object": {"metadata": {"name": "n"}, "spec": {"a": 1}}}"#;
        check(same, false, accepted);
    }

    #[test]
    fn a_mutation_becomes_a_patch_where_the_deployment_allows_it() {
        let mutation = r#"{"accepted": true, "mutated_object": {"metadata": {"name": "n"}, "spec": {"a": 2}}}"#;
        let patch = json!([{"op": "replace", "path": "/spec/a", "value": 2}]);
        let patched = AdmissionResponse {
            uid: "u".to_owned(),
            allowed: true,
            patch: Some(serde_json::from_value(patch).unwrap()),
            ..AdmissionResponse::default()
        };
        let object = request()["object"].clone();
        assert_eq!(patched.apply_to(&object).unwrap(), json!({"metadata": {"name": "n"}, "spec": {"a": 2}}));
        check(mutation, true, patched);
        let message = "Request rejected by policy clusterwide-aws-headless-service-policy. The policy attempted to mutate the request, but it is currently configured to not allow mutations.";
        check(mutation, false, refusal(message, None));
    }

    #[test]
    fn a_mutation_without_an_object_is_refused() {
        let policy = policy_that_answers(r#"{"accepted": true, "mutated_object": {}}"#);
        let request = json!({"uid": "u", "operation": "DELETE", "object": null, "oldObject": {}});
        let evaluation = policy.validate(&request, &Deployment::default(), &InMemoryCluster::default()).unwrap();
        let message = "Incoming object is null, which happens only with DELETE operations, but the policy is attempting a mutation. This is not allowed";
        assert_eq!(evaluation.response, refusal(message, None));
    }

    #[test]
    fn an_answer_that_is_none_is_an_internal_server_error() {
        check(
            "no JSON",
            true,
            refusal(
                "internal server error: invalid response from policy: expected ident at line 1 column 2",
                Some(500),
            ),
        );
        check(
            "{}",
            true,
            refusal(
                "internal server error: invalid response from policy: missing field `accepted` at line 1 column 2",
                Some(500),
            ),
        );
    }

    #[test]
    fn a_trap_is_an_internal_server_error() {
        let policy = policy_that_runs("unreachable", "");
        let evaluation = policy.validate(&request(), &Deployment::default(), &InMemoryCluster::default()).unwrap();
        let message = evaluation.response.message.unwrap();
        let expected = "internal server error: Guest call failure: wasm `unreachable` instruction executed";
        assert!(message.starts_with(expected), "{message}");
        assert_eq!((evaluation.response.allowed, evaluation.response.code), (false, Some(500)));
    }

    #[test]
    fn an_evaluation_without_end_is_interrupted() {
        let mut policy = policy_that_runs("(loop (br 0)) (i32.const 1)", "");
        policy.fuel = 1_000_000;
        let evaluation = policy.validate(&request(), &Deployment::default(), &InMemoryCluster::default()).unwrap();
        let message = "Policy execution interrupted because it exceeded the allowed execution time";
        assert_eq!(evaluation.response, refusal(message, Some(500)));
    }

    #[test]
    fn a_module_that_cannot_be_run_is_an_error() {
        let error = |policy: Result<Policy, HostError>| policy.unwrap_err().to_string();
        let no_module = "not a module that a Kubewarden host can load: ";
        assert_eq!(
            error(policy(r#"(module (import "__wbindgen_placeholder__" "x" (func)))"#)),
            format!(
                "{no_module}cannot find definition for import (__wbindgen_placeholder__,x) with type Func(FuncType {{ core: FuncType {{ params: [], results: [] }} }})"
            )
        );
        let text = error(Policy::from_bytes(b"(module)"));
        assert!(text.starts_with(no_module) && text.contains("bad magic number"), "{text}");
        assert_eq!(
            error(Policy::from_file(Path::new("nowhere/policy.wasm"))),
            "nowhere/policy.wasm: No such file or directory (os error 2)"
        );
        let silent = policy("(module)").unwrap();
        assert_eq!(
            silent.protocol_version().unwrap_err().to_string(),
            "the module does not start: Initialization failed: Guest call function (__guest_call) not exported by wasm module."
        );
        let start = policy_that_runs("(i32.const 1)", "unreachable").protocol_version().unwrap_err().to_string();
        assert!(start.starts_with("the module does not start: Initialization failed: "), "{start}");
    }

    #[test]
    fn other_operations_have_their_answers() {
        let settings = policy_that_answers(r#"{"valid": false, "message": "m"}"#).validate_settings("{}").unwrap();
        assert_eq!(settings, SettingsValidationResponse { valid: false, message: Some("m".to_owned()) });
        assert_eq!(policy_that_answers(r#""v1""#).protocol_version().unwrap(), "v1");
        assert_eq!(
            policy_that_answers("[]").protocol_version().unwrap_err().to_string(),
            "the module does not answer `protocol_version`: invalid type: sequence, expected a string at line 1 column 0"
        );
    }

    #[test]
    fn threads_may_share_a_policy() {
        fn check<T: Send + Sync>() {}
        check::<Policy>();
    }

    #[test]
    fn imports_are_listed() {
        let import = Import { module: "wapc".to_owned(), name: "__guest_response".to_owned() };
        assert_eq!(policy_that_answers("").imports(), [import]);
    }

    #[test]
    fn the_host_drops_nulls_and_what_it_does_not_know() {
        let request =
            json!({"x": 1, "operation": "CREATE", "uid": "u", "oldObject": null, "object": {"y": null, "a": 1}});
        let read = as_the_host_reads_it(&request);
        assert_eq!(read.to_string(), r#"{"object":{"a":1,"y":null},"operation":"CREATE","uid":"u"}"#);
    }
}
