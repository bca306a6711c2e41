//! What answers requests: the policy that is built into this crate, or a module behind the same trait.

use aws_headless_service_policy::cluster::HostCalls;
use aws_headless_service_policy::decide::Evaluation;
use aws_headless_service_policy::report::Answer;
use serde::Serialize;
use serde_json::{Map, Value};
use test_kit::in_memory_cluster::{Exchange, InMemoryCluster};

use crate::answer::AdmissionAnswer;

/// What the policy makes of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// What the API server is answered.
    pub answer: AdmissionAnswer,
    /// The reasons as data.
    pub evaluation: Evaluation,
    /// The host calls, where they are recorded.
    pub exchanges: Vec<Exchange>,
}

/// Something that answers requests.
pub trait PolicyUnderTest {
    /// Why settings are refused; nothing if they are valid.
    ///
    /// # Errors
    /// A policy that does not run.
    fn problem_of_settings(&self, settings: &Map<String, Value>) -> Result<Option<String>, String>;

    /// Answers an admission request while the cluster is as given.
    ///
    /// # Errors
    /// A policy that does not run.
    fn evaluate(
        &self,
        request: &Value,
        settings: &Map<String, Value>,
        cluster: &InMemoryCluster,
    ) -> Result<Evaluated, String>;
}

/// The policy of this build.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn;

/// What a host hands over.
#[derive(Serialize)]
struct Payload<'a> {
    request: &'a Value,
    settings: &'a Map<String, Value>,
}

impl BuiltIn {
    /// The evaluation as data. A list has only the objects that mention what is asked for, so that its cost does not grow
    /// with the number of objects.
    #[must_use]
    pub fn evaluation(request: &Value, settings: &Map<String, Value>, cluster: &InMemoryCluster) -> Evaluation {
        let host = HostCalls::narrowing(|call| {
            let answer = cluster.look_up(call.operation, call.request, call.mention);
            answer.response.map_err(|text| format!("Host error: {text}"))
        });
        let payload = serde_json::to_vec(&Payload { request, settings }).unwrap_or_default();
        aws_headless_service_policy::evaluate(&payload, &host)
    }
}

impl PolicyUnderTest for BuiltIn {
    fn problem_of_settings(&self, settings: &Map<String, Value>) -> Result<Option<String>, String> {
        let payload = serde_json::to_vec(settings).unwrap_or_default();
        let answer = aws_headless_service_policy::validate_settings(&payload);
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        Ok(answer.get("message").and_then(Value::as_str).map(str::to_owned))
    }

    fn evaluate(
        &self,
        request: &Value,
        settings: &Map<String, Value>,
        cluster: &InMemoryCluster,
    ) -> Result<Evaluated, String> {
        let evaluation = Self::evaluation(request, settings, cluster);
        let object = request.get("object").unwrap_or(&Value::Null);
        let answer = AdmissionAnswer::of_response(&Answer::of(&evaluation).response, object)
            .map_err(|error| error.to_string())?;
        Ok(Evaluated { answer, evaluation, exchanges: Vec::new() })
    }
}
