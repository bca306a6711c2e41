//! Objects as the policy judges them, natively.

use std::collections::BTreeSet;

use aws_headless_service_policy::cluster::HostCalls;
use aws_headless_service_policy::decide::{Evaluation, Finding, Outcome, Reach, Refusal};
use aws_headless_service_policy::evaluate;
use aws_headless_service_policy::kubernetes::ObjectRef;
use aws_headless_service_policy::report::Answer;
use reliability::clusters::RandomCluster;
use serde_json::{Value, json};
use test_kit::admission::{self, AdmissionOperation};
use test_kit::in_memory_cluster::{InMemoryCluster, ObjectKey};
use test_kit::kinds::stored_version;

/// A Service and what serves it, where something is wrong: what two findings have in common that are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    pub rule: &'static str,
    pub service: ObjectKey,
    pub exposer: ObjectKey,
    pub reach: Reach,
}

/// A request: what is admitted, and what is stored.
#[derive(Debug, Clone)]
pub struct Request<'c> {
    pub cluster: &'c RandomCluster,
    pub mode: &'static str,
    pub object: &'c Value,
    pub old_object: Option<&'c Value>,
}

impl<'c> Request<'c> {
    /// A new object, in a mode.
    pub fn create(cluster: &'c RandomCluster, mode: &'static str, object: &'c Value) -> Self {
        Self { cluster, mode, object, old_object: None }
    }

    /// What lookups see: the old object, or none of that name.
    pub fn stored(&self) -> InMemoryCluster {
        let mut stored = self.cluster.stored();
        stored.remove(&key(self.object));
        if let Some(old) = self.old_object {
            stored.insert(old.clone()).expect("an object with a name");
        }
        stored
    }

    pub fn payload(&self) -> Vec<u8> {
        let operation = if self.old_object.is_some() { AdmissionOperation::Update } else { AdmissionOperation::Create };
        let request = admission::request(operation, Some(self.object), self.old_object);
        let mut settings = self.cluster.settings.clone();
        settings.insert("mode".to_owned(), Value::from(self.mode));
        json!({"request": request, "settings": settings}).to_string().into_bytes()
    }

    pub fn evaluate(&self) -> Evaluation {
        evaluate_in(&self.stored(), &self.payload())
    }

    pub fn pairs(&self) -> BTreeSet<Pair> {
        pairs(&self.evaluate())
    }
}

/// What the policy makes of a payload in a cluster.
pub fn evaluate_in(stored: &InMemoryCluster, payload: &[u8]) -> Evaluation {
    let host = HostCalls::new(|call| {
        let answer = stored.look_up(call.operation, call.request, None);
        assert_eq!(answer.misuse, None, "{}", String::from_utf8_lossy(call.request));
        answer.response.map_err(|text| format!("Host error: {text}"))
    });
    evaluate(payload, &host)
}

pub fn key(object: &Value) -> ObjectKey {
    ObjectKey::of(object).expect("an object with a name")
}

fn key_of(object: &ObjectRef) -> ObjectKey {
    ObjectKey {
        api_version: stored_version(object.kind.api_version(), object.kind.name()),
        kind: object.kind.name().to_owned(),
        namespace: object.kind.is_namespaced().then(|| object.namespace.to_string()),
        name: object.name.to_string(),
    }
}

/// The findings, however many there are and whatever becomes of them.
pub fn pairs(evaluation: &Evaluation) -> BTreeSet<Pair> {
    let pair = |finding: &Finding| Pair {
        rule: finding.problem.id(),
        service: key_of(&finding.service),
        exposer: key_of(&finding.exposer),
        reach: finding.reach.clone(),
    };
    evaluation.findings.iter().map(pair).collect()
}

/// Whether a request is refused for findings.
pub fn is_refused(evaluation: &Evaluation) -> bool {
    matches!(evaluation.outcome, Outcome::Reject(Refusal::Findings))
}

/// Whether a request is refused for an object that cannot be read.
pub fn is_invalid(evaluation: &Evaluation) -> bool {
    matches!(evaluation.outcome, Outcome::Reject(Refusal::InvalidObject(_)))
}

/// The object as it was fixed, where it was.
pub fn fixed(evaluation: &Evaluation) -> Option<Value> {
    match &evaluation.outcome {
        Outcome::Mutate(object) => Some(serde_json::from_str(object).expect("an object")),
        _ => None,
    }
}

/// The answer, for a comparison and to be shown.
pub fn answer(evaluation: &Evaluation) -> Value {
    serde_json::from_slice(&Answer::of(evaluation).response).expect("an answer")
}
