//! A cluster that remembers what it was asked.
//!
//! Invariant: remembering changes no answer; every call but a log line is an exchange, in the order of the calls.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::{AnsweredBy, InMemoryCluster, Misuse};

/// One host call and its answer. Log lines are none.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The waPC namespace and operation, as in `kubernetes/get_resource`.
    pub operation: String,
    /// The request; a string where it is no JSON.
    pub request: Value,
    /// The payload as text, or the error as it reached the guest's waPC layer.
    pub response: Result<String, String>,
    /// Who answered.
    pub by: AnsweredBy,
    /// What the call did wrong, where it did.
    pub misuse: Option<Misuse>,
}

/// What was asked and logged during one evaluation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recording {
    /// The host calls.
    pub exchanges: Vec<Exchange>,
    /// The log lines (`tracing/log`); a string where one is no JSON.
    pub logs: Vec<Value>,
}

/// A cluster and what it was asked so far.
#[derive(Debug)]
pub struct RecordingCluster {
    cluster: InMemoryCluster,
    recording: Mutex<Recording>,
}

impl RecordingCluster {
    /// Starts with an empty recording.
    #[must_use]
    pub fn new(cluster: InMemoryCluster) -> Self {
        RecordingCluster { cluster, recording: Mutex::default() }
    }

    /// Answers a host call as [`InMemoryCluster::answer`] does, and remembers it.
    ///
    /// # Errors
    ///
    /// The errors that the guest gets.
    pub fn answer(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let answer = self.cluster.answer(binding, namespace, operation, payload);
        let mut recording = self.lock();
        if namespace == "tracing" && answer.response.is_ok() {
            recording.logs.push(json_or_text(payload));
        } else {
            recording.exchanges.push(Exchange {
                operation: format!("{namespace}/{operation}"),
                request: json_or_text(payload),
                response: answer.response.clone().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
                by: answer.by,
                misuse: answer.misuse,
            });
        }
        answer.response
    }

    /// Hands over what was recorded, and starts again with an empty recording.
    #[must_use]
    pub fn take(&self) -> Recording {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn json_or_text(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(payload)))
}
