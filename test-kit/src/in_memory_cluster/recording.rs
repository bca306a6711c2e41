//! A cluster that remembers what it was asked.
//!
//! Invariant: remembering changes no answer; every call but a log line is an exchange, in the order of the calls.

use std::borrow::Borrow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::{AnsweredBy, HostAnswer, InMemoryCluster, Misuse};

/// One host call and its answer. Log lines are none.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The waPC namespace and operation, as in `kubernetes/get_resource`.
    pub operation: String,
    /// The request; a string where it is no JSON.
    pub request: Value,
    /// The payload as text, or the error as it reached the guest's waPC layer.
    pub response: Result<String, String>,
    /// How many objects the response has.
    pub objects: usize,
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

impl Recording {
    /// What the host handed over for all of it.
    #[must_use]
    pub fn handed_over(&self) -> HandedOver {
        let mut sum = HandedOver::default();
        for exchange in &self.exchanges {
            sum.objects += exchange.objects;
            sum.bytes += exchange.response.as_ref().map_or(0, String::len);
        }
        sum
    }
}

/// What a host copies for a guest: it pays for each object, and the guest for each byte.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// Objects that were got or listed.
    pub objects: usize,
    /// The bytes of all payloads. Errors are not counted.
    pub bytes: usize,
}

/// A cluster, owned or borrowed, and what it was asked so far.
#[derive(Debug)]
pub struct RecordingCluster<C> {
    cluster: C,
    recording: Mutex<Recording>,
}

impl<C: Borrow<InMemoryCluster>> RecordingCluster<C> {
    /// Starts with an empty recording.
    #[must_use]
    pub fn new(cluster: C) -> Self {
        RecordingCluster { cluster, recording: Mutex::default() }
    }

    /// Answers a host call as [`InMemoryCluster::answer`] does, and remembers it.
    ///
    /// # Errors
    ///
    /// The errors that the guest gets.
    pub fn answer(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let answer = self.cluster.borrow().answer(binding, namespace, operation, payload);
        if namespace == "tracing" && answer.response.is_ok() {
            self.lock().logs.push(json_or_text(payload));
            return answer.response;
        }
        self.remember(format!("{namespace}/{operation}"), payload, answer)
    }

    /// Answers a lookup as [`InMemoryCluster::look_up`] does, and remembers it.
    ///
    /// # Errors
    ///
    /// The errors that the guest gets.
    pub fn look_up(&self, operation: &str, request: &[u8], mention: Option<&str>) -> Result<Vec<u8>, String> {
        let answer = self.cluster.borrow().look_up(operation, request, mention);
        self.remember(format!("kubernetes/{operation}"), request, answer)
    }

    fn remember(&self, operation: String, payload: &[u8], answer: HostAnswer) -> Result<Vec<u8>, String> {
        self.lock().exchanges.push(Exchange {
            operation,
            request: json_or_text(payload),
            response: answer.response.clone().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            objects: answer.objects,
            by: answer.by,
            misuse: answer.misuse,
        });
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
