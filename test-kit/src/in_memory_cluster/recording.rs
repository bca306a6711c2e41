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
    /// What the host handed over for all of it.
    pub handed_over: HandedOver,
}

/// What a host copies for a guest: it pays for each object, and the guest for each byte.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// Objects that were got or listed.
    pub objects: usize,
    /// The bytes of all payloads. Errors are not counted.
    pub bytes: usize,
}

impl HandedOver {
    /// Adds what an answer hands over.
    pub fn add(&mut self, answer: &HostAnswer) {
        self.objects += answer.objects;
        self.bytes += answer.response.as_ref().map_or(0, Vec::len);
    }
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
        let mut recording = self.lock();
        recording.handed_over.add(&answer);
        recording.exchanges.push(Exchange {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Access;
    use super::*;

    #[test]
    fn what_is_handed_over_is_counted() {
        let mut cluster = InMemoryCluster::new(Access {
            context_aware_resources: ["v1/Service".parse().unwrap()].into(),
            host_capabilities: vec!["kubernetes/*".to_owned()],
        });
        for name in ["cart", "search", "stock"] {
            let metadata = json!({"name": name, "namespace": "shop"});
            cluster.insert(json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata})).unwrap();
        }
        let cluster = RecordingCluster::new(cluster);
        let mut bytes = 0;
        let mut ask = |operation: &str, mut request: Value, more: Value| {
            request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let answer = cluster.answer("kubewarden", "kubernetes", operation, request.to_string().as_bytes());
            bytes += answer.as_ref().map_or(0, Vec::len);
            answer.is_ok()
        };
        let service = json!({"api_version": "v1", "kind": "Service", "disable_cache": false});
        assert!(ask("get_resource", service.clone(), json!({"name": "cart", "namespace": "shop"})));
        assert!(!ask("get_resource", service.clone(), json!({"name": "web", "namespace": "shop"})));
        assert!(ask("list_resources_all", service.clone(), json!({"field_selector": "spec.type=ClusterIP"})));
        // The API server cannot select by it.
        assert!(!ask("list_resources_all", service, json!({"field_selector": "spec.ports=80"})));
        assert!(cluster.answer("kubewarden", "tracing", "log", b"{}").is_ok());
        assert_eq!(cluster.take().handed_over, HandedOver { objects: 4, bytes });
        assert_eq!(cluster.take().handed_over, HandedOver::default());
    }
}
