//! The inputs of the policy that somebody else writes, as functions of arbitrary bytes: the payload, the settings, an
//! `actions.` annotation, and what the host answers. Beside them, any JSON: `json-scan` reads it as serde_json does.
//!
//! Invariant: the same bytes always have the same outcome, so that what a fuzzer found can be replayed.

use std::cell::Cell;

use aws_headless_service_policy::cluster::{HostCall, HostCalls};
use aws_headless_service_policy::{validate, validate_settings};
use json_scan::Document;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::answers::problems_of;
use crate::small_cluster;

/// The most lookups that one request may lead to, as ARCHITECTURE.md says.
pub const MAX_LOOKUPS: usize = 48;

/// What ends the payload, and each answer of the host, in an input of [`Target::Host`].
pub const SEPARATOR: u8 = 0;

/// What an answer of the host begins with, if it is the text of an error and no JSON.
pub const ERROR: u8 = b'!';

/// An input that somebody else writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The payload, in a small cluster that has an object of every kind.
    Request,
    /// The settings, to be validated and then to be used.
    Settings,
    /// The JSON of an `actions.` annotation: of an Ingress, and of an NLB Service.
    Actions,
    /// A payload, and what the host answers to one lookup after another.
    Host,
    /// JSON, or what is none.
    Json,
}

impl Target {
    /// Every target.
    pub const ALL: [Self; 5] = [Self::Request, Self::Settings, Self::Actions, Self::Host, Self::Json];

    /// The name, also of its folder of seeds.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Settings => "settings",
            Self::Actions => "actions",
            Self::Host => "host",
            Self::Json => "json",
        }
    }

    /// Hands an input to the policy.
    ///
    /// # Errors
    /// Everything that must not be so, whatever the input is. A panic is worse, and is not caught.
    pub fn run(self, input: &[u8]) -> Result<(), Vec<String>> {
        let problems = match self {
            Self::Request => request(input),
            Self::Settings => settings(input),
            Self::Actions => actions(&String::from_utf8_lossy(input)),
            Self::Host => host(input),
            Self::Json => json(&String::from_utf8_lossy(input)),
        };
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// Evaluates a payload, and counts what it makes the policy look up.
fn request(payload: &[u8]) -> Vec<String> {
    evaluate(payload, |call| small_cluster::answer(call.operation, call.request))
}

fn evaluate(payload: &[u8], answer: impl Fn(HostCall<'_>) -> Result<Vec<u8>, String>) -> Vec<String> {
    let lookups = Cell::new(0);
    let host = HostCalls::new(|call: HostCall<'_>| {
        lookups.set(lookups.get() + 1);
        answer(call)
    });
    let mut problems = problems_of(&validate(payload, &host));
    if lookups.get() > MAX_LOOKUPS {
        problems.push(format!("{} lookups", lookups.get()));
    }
    problems
}

/// Settings are either refused with a reason, or an object can be judged by them.
fn settings(settings: &[u8]) -> Vec<String> {
    let answer: Value = match serde_json::from_slice(&validate_settings(settings)) {
        Ok(answer) => answer,
        Err(error) => return vec![format!("the answer is no JSON: {error}")],
    };
    let message = answer.get("message").and_then(Value::as_str);
    match (answer.get("valid").and_then(Value::as_bool), message) {
        (Some(true), None) => {
            let payload = [br#"{"settings":"#, settings, HEADLESS_SERVICE].concat();
            let answer =
                validate(&payload, &HostCalls::new(|call| small_cluster::answer(call.operation, call.request)));
            let mut problems = problems_of(&answer);
            if String::from_utf8_lossy(&answer.response).contains("invalid settings") {
                problems.push("settings that are valid for `validate_settings` alone".to_owned());
            }
            problems
        }
        (Some(false), Some(message)) if !message.is_empty() && !message.chars().any(char::is_control) => Vec::new(),
        _ => vec![format!("{answer}")],
    }
}

/// A request behind the settings.
const HEADLESS_SERVICE: &[u8] = br#","request":{"kind":{"group":"","kind":"Service"},"operation":"CREATE","name":"cart","namespace":"shop","object":{"metadata":{"name":"cart","namespace":"shop"},"spec":{"clusterIP":"None","ports":[{"port":80}]}}}}"#;

/// An action of an Ingress and of an NLB Service, which the controller reads into different types.
fn actions(action: &str) -> Vec<String> {
    let action = Value::from(action).to_string();
    let mut problems = request(&[INGRESS, action.as_bytes(), BEHIND_ACTION].concat());
    problems.extend(request(&[SERVICE, action.as_bytes(), BEHIND_ACTION].concat()));
    problems
}

/// An Ingress up to its action.
const INGRESS: &[u8] = br#"{"settings":{"mode":"mutate","missingService":"warn","advice":[]},"request":{"kind":{"group":"networking.k8s.io","kind":"Ingress"},"operation":"CREATE","name":"web","namespace":"shop","object":{"spec":{"defaultBackend":{"service":{"name":"cart","port":{"name":"use-annotation"}}}},"metadata":{"name":"web","namespace":"shop","annotations":{"kubernetes.io/ingress.class":"alb","alb.ingress.kubernetes.io/actions.cart":"#;

/// A Service of type LoadBalancer up to its action.
const SERVICE: &[u8] = br#"{"settings":{"mode":"mutate","missingService":"warn","advice":[]},"request":{"kind":{"group":"","kind":"Service"},"operation":"CREATE","name":"edge","namespace":"shop","object":{"spec":{"type":"LoadBalancer","ports":[{"port":80,"nodePort":30080}]},"metadata":{"name":"edge","namespace":"shop","annotations":{"service.beta.kubernetes.io/aws-load-balancer-type":"external","service.beta.kubernetes.io/aws-load-balancer-nlb-target-type":"instance","service.beta.kubernetes.io/actions.TCP-80":"#;

/// What closes either of them.
const BEHIND_ACTION: &[u8] = b"}}}}}";

/// A payload, and the answers of a host in their order. When they are used up, nothing is there.
fn host(input: &[u8]) -> Vec<String> {
    let mut parts = input.split(|byte| *byte == SEPARATOR);
    let payload = parts.next().unwrap_or_default();
    let answers: Vec<&[u8]> = parts.collect();
    let next = Cell::new(0);
    evaluate(payload, |call| {
        let answer = answers.get(next.replace(next.get() + 1));
        match answer.map(|answer| answer.split_first()) {
            Some(Some((&ERROR, text))) => Err(String::from_utf8_lossy(text).into_owned()),
            Some(_) => Ok(answer.copied().unwrap_or_default().to_vec()),
            None => small_cluster::nothing(call.request),
        }
    })
}

/// What serde_json takes for JSON, and nothing else; the same value, where that can read it; its strings written alike.
fn json(text: &str) -> Vec<String> {
    let document = Document::parse(text).ok();
    let expected = serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get);
    let found = document.as_ref().map(|document| document.value());
    if found.map(json_scan::Value::text) != expected {
        return vec![format!("{found:?} is {expected:?} to serde_json")];
    }
    let mut problems = Vec::new();
    // This one reads no value that is nested deep, and no half of a character.
    if let (Some(found), Ok(expected)) = (found, serde_json::from_str::<Value>(text)) {
        let found = value(found, &mut problems);
        if found.as_ref() != Some(&expected) {
            problems.push(format!("{found:?} is {expected:?} to serde_json"));
        }
    }
    problems
}

/// The value as serde_json's; of two equal keys the last one counts.
fn value(json: json_scan::Value<'_>, problems: &mut Vec<String>) -> Option<Value> {
    if let Some(text) = json.string() {
        let text = text.read()?;
        if json_scan::to_vec(&text).ok() != serde_json::to_vec(&text).ok() {
            problems.push(format!("{text:?} is written otherwise"));
        }
        return Some(Value::from(&*text));
    }
    if let Some(mut items) = json.items() {
        return items
            .try_fold(Vec::new(), |mut list, item| {
                list.push(value(item, problems)?);
                Some(list)
            })
            .map(Value::Array);
    }
    if let Some(entries) = json.entries() {
        let mut map = serde_json::Map::new();
        for (key, entry) in entries {
            map.insert(key.string()?.read()?.into_owned(), value(entry, problems)?);
        }
        return Some(Value::Object(map));
    }
    serde_json::from_str(json.text()).ok()
}
