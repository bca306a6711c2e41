//! The evaluation as people read it: the answer to the host, with messages, warnings, audit annotations and a log line.
//!
//! Every sentence is made here and nowhere else. A message is one line; a warning is one short line. Text of objects is
//! quoted, never interpreted.

mod audit;
mod messages;
mod phrases;
mod text;
mod warnings;

use std::borrow::Cow;

use json_scan::Raw;
use serde::Serialize;

use crate::decide::{Evaluation, Outcome};
use audit::Facts;

/// So many findings are told one by one; of the others only how many they are.
const MAX_LISTED: usize = 5;

/// What the policy answers to the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The response to `validate`, as JSON.
    pub response: Vec<u8>,
    /// A line for the host's tracing, as JSON, where there is anything to tell.
    pub log: Option<Vec<u8>>,
}

/// The waPC response.
#[derive(Serialize)]
struct Response<'a> {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutated_object: Option<Raw<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Facts::is_empty")]
    audit_annotations: &'a Facts,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
}

/// The log line, in the form of the SDK's.
#[derive(Serialize)]
struct LogLine<'a> {
    level: &'static str,
    message: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    outcome: &'static str,
    #[serde(flatten)]
    facts: &'a Facts,
}

impl Answer {
    /// The answer to a request that the policy has nothing to say about.
    pub fn accept() -> Self {
        Self { response: br#"{"accepted":true}"#.to_vec(), log: None }
    }

    /// The evaluation as an answer.
    pub fn of(evaluation: &Evaluation) -> Self {
        let warnings = warnings::warnings(evaluation);
        let refused = match &evaluation.outcome {
            Outcome::Reject(refusal) => Some((refusal.code(), messages::message(evaluation, refusal))),
            Outcome::Accept | Outcome::Mutate(_) => None,
        };
        let audit_annotations = audit::facts_of_refusal(evaluation);
        let mutated = match &evaluation.outcome {
            Outcome::Mutate(object) => Some(Raw(object)),
            Outcome::Accept | Outcome::Reject(_) => None,
        };
        let response = Response {
            accepted: refused.is_none(),
            mutated_object: mutated,
            message: refused.as_ref().map(|(_, message)| message.as_str()),
            code: refused.as_ref().map(|(code, _)| *code),
            audit_annotations: &audit_annotations,
            warnings: &warnings,
        };
        let message =
            refused.as_ref().map_or_else(|| warnings.join(" ").into(), |(_, message)| message.as_str().into());
        let log = log_line(evaluation, message, &audit_annotations);
        Self { response: json_scan::to_vec(&response).unwrap_or_default(), log }
    }
}

fn log_line(evaluation: &Evaluation, message: Cow<'_, str>, of_refusal: &Facts) -> Option<Vec<u8>> {
    let facts = audit::facts_of_log(evaluation, of_refusal);
    let (level, outcome) = match &evaluation.outcome {
        Outcome::Accept if facts.is_empty() => return None,
        Outcome::Accept => ("warning", "accept"),
        Outcome::Mutate(_) => ("info", "mutate"),
        Outcome::Reject(_) => ("warning", "reject"),
    };
    let object = evaluation.object.as_ref().map(text::written);
    json_scan::to_vec(&LogLine { level, message, object, outcome, facts: &facts }).ok()
}
