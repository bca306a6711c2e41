//! What runs the policy: its crate natively, or the built module in the embedded host.
//!
//! Invariant: both get the same payload and the same cluster, and are asked for nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use aws_headless_service_policy::cluster::{Cluster, HostCalls};
use aws_headless_service_policy::decide::Evaluation;
use aws_headless_service_policy::{evaluate, validate, validate_settings};
use serde_json::Value;
use test_kit::in_memory_cluster::{Access, InMemoryCluster, RecordingCluster};
use test_kit::metadata::PolicyMetadata;

use crate::cases::Observed;
use crate::host::{HostError, Policy};

/// Something that runs the policy.
pub trait Engine {
    /// Evaluates one payload.
    ///
    /// # Errors
    /// An answer that is none: a trap, an error, no JSON.
    fn run(&self, payload: &[u8], cluster: &InMemoryCluster) -> Result<Observed, String>;
}

/// The policy's crate, natively.
#[derive(Debug, Clone, Copy)]
pub struct Core;

impl Core {
    /// The evaluation of a payload, as data.
    #[must_use]
    pub fn evaluation(payload: &[u8], cluster: &InMemoryCluster) -> Evaluation {
        let cluster = RecordingCluster::new(cluster);
        evaluate(payload, &host(&cluster))
    }

    /// Why the policy refuses settings, in the words of `validate_settings`; nothing if they are valid.
    #[must_use]
    pub fn problem_of_settings(settings: &Value) -> Option<String> {
        let answer: Value = serde_json::from_slice(&validate_settings(settings.to_string().as_bytes())).ok()?;
        answer.get("message").and_then(Value::as_str).map(str::to_owned)
    }
}

/// The built module in the embedded host, a fresh instance for every request.
pub struct Wasm {
    /// The module.
    pub policy: Policy,
}

impl Wasm {
    /// The module that `make policy.wasm` leaves at the top of the repository, compiled once per process.
    ///
    /// # Errors
    /// No module there, or one that does not load.
    pub fn built() -> Result<&'static Self, &'static HostError> {
        static BUILT: LazyLock<Result<Wasm, HostError>> = LazyLock::new(|| {
            let module = repository().join("policy.wasm");
            Ok(Wasm { policy: Policy::from_file(&module)? })
        });
        BUILT.as_ref()
    }
}

/// The top of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    let member = Path::new(env!("CARGO_MANIFEST_DIR"));
    member.parent().unwrap_or(member).to_owned()
}

/// What the policy may look up when it is deployed as its metadata asks for.
///
/// # Errors
/// A `policy-metadata.yml` that cannot be read.
pub fn granted_access() -> Result<Access, String> {
    let name = "policy-metadata.yml";
    let text = fs::read_to_string(repository().join(name)).map_err(|error| format!("{name}: {error}"))?;
    PolicyMetadata::parse(&text, name).map(|metadata| metadata.access()).map_err(|error| error.to_string())
}

/// The cluster as the host shows it, with the host's errors.
fn host(cluster: &RecordingCluster<&InMemoryCluster>) -> impl Cluster {
    HostCalls::new(|call| {
        let answer = cluster.look_up(call.operation, call.request, None);
        answer.map_err(|text| format!("Host error: {text}"))
    })
}

impl Engine for Core {
    fn run(&self, payload: &[u8], cluster: &InMemoryCluster) -> Result<Observed, String> {
        let cluster = RecordingCluster::new(cluster);
        let answer = validate(payload, &host(&cluster));
        let read = |json: &[u8]| serde_json::from_slice(json).map_err(|error| error.to_string());
        let logs = answer.log.iter().map(|line| read(line)).collect::<Result<Vec<Value>, String>>()?;
        Ok(Observed { response: read(&answer.response)?, exchanges: cluster.take().exchanges, logs })
    }
}

impl Engine for Wasm {
    fn run(&self, payload: &[u8], cluster: &InMemoryCluster) -> Result<Observed, String> {
        let call = self.policy.validate_payload(payload, cluster).map_err(|error| error.to_string())?;
        Ok(Observed {
            response: serde_json::from_slice(&call.answer?).map_err(|error| error.to_string())?,
            exchanges: call.recording.exchanges,
            logs: call.recording.logs,
        })
    }
}
