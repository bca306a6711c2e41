//! Hosts that fail: every lookup of many cases, one at a time, is answered with every error and every broken answer that a
//! real host has.

#![cfg(test)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_headless_service_policy::cluster::HostCalls;
use aws_headless_service_policy::decide::{Evaluation, Outcome, Refusal};
use aws_headless_service_policy::evaluate;
use aws_headless_service_policy::report::Answer;
use e2e_tests::cases::{self, Case};
use e2e_tests::engine::Wasm;
use reliability::answers::problems_of;
use serde_json::{Value, json};
use test_kit::in_memory_cluster::{Fault, FaultTarget, InMemoryCluster};

/// One case for each set of kinds that are looked up, of those in which no lookup fails anyway.
fn representative_cases() -> Vec<&'static Case> {
    let mut chosen: BTreeMap<Vec<String>, &Case> = BTreeMap::new();
    for case in cases::all().expect("readable cases") {
        let lookups = case.expect.derived.as_ref().map(|derived| derived.lookups.clone()).unwrap_or_default();
        let kinds = lookups.iter().map(|lookup| lookup.split(' ').take(2).collect::<Vec<_>>().join(" "));
        let mut kinds: Vec<String> = kinds.collect();
        kinds.sort();
        kinds.dedup();
        let has_faults = case.name.starts_with("lookup-failure") || case.name.contains("not-answered");
        if !kinds.is_empty() && !has_faults && case.request.is_some() {
            chosen.entry(kinds).or_insert(case);
        }
    }
    let cases: Vec<&Case> = chosen.into_values().collect();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    cases
}

/// The payload of a case with other settings.
fn payload(case: &Case, changes: &[(&str, &str)]) -> Vec<u8> {
    let mut settings = case.settings.clone();
    for (key, value) in changes {
        settings.insert((*key).to_owned(), Value::from(*value));
    }
    json!({"request": case.request, "settings": settings}).to_string().into_bytes()
}

/// A lookup, as the policy made it.
#[derive(Debug, Clone)]
struct Lookup {
    operation: String,
    request: Value,
}

impl Lookup {
    fn field(&self, name: &str) -> &str {
        self.request[name].as_str().unwrap_or_default()
    }

    fn is_list(&self) -> bool {
        self.operation == "list_resources_all"
    }

    /// A question for a name that no object has, or for the Service that every cluster has, which a list follows.
    fn is_probe(&self) -> bool {
        self.field("name") == "_" || (self.field("namespace"), self.field("name")) == ("default", "kubernetes")
    }

    /// The kinds that are looked up for advice alone.
    fn is_for_advice(&self) -> bool {
        matches!(self.field("kind"), "DaemonSet" | "StatefulSet")
    }
}

/// Evaluates a payload while the lookup of this number has another answer; what was looked up, too.
fn evaluate_with(
    payload: &[u8],
    cluster: &InMemoryCluster,
    number: usize,
    answer: &Answered,
) -> (Evaluation, Vec<Lookup>) {
    let lookups = RefCell::new(Vec::new());
    let count = Cell::new(0);
    let host = HostCalls::new(|call| {
        let request: Value = serde_json::from_slice(call.request).expect("JSON");
        lookups.borrow_mut().push(Lookup { operation: call.operation.to_owned(), request });
        if count.replace(count.get() + 1) == number {
            return answer.clone();
        }
        let answer = cluster.look_up(call.operation, call.request, None);
        assert_eq!(answer.misuse, None, "{}", String::from_utf8_lossy(call.request));
        answer.response.map_err(|text| format!("Host error: {text}"))
    });
    let evaluation = evaluate(payload, &host);
    (evaluation, lookups.into_inner())
}

type Answered = Result<Vec<u8>, String>;

/// No lookup has this number.
const NONE: usize = usize::MAX;

/// Every error with which a real host answers a lookup, in its own words. A list that the API server refuses is not among
/// them, as it is never answered.
fn errors_of(lookup: &Lookup, cluster: &InMemoryCluster) -> Vec<Answered> {
    let faults = [
        Fault::Unavailable,
        Fault::Error,
        Fault::Forbidden,
        Fault::DiscoveryFailed,
        Fault::NotGranted,
        Fault::NoCapability,
    ];
    let answer = |fault| {
        let mut faulty = cluster.clone();
        faulty.set_fault(FaultTarget::Everything, fault);
        let answer = faulty.look_up(&lookup.operation, lookup.request.to_string().as_bytes(), None);
        let text = answer.response.expect_err("a fault");
        answer.misuse.is_none().then(|| Err(format!("Host error: {text}")))
    };
    let mut errors: Vec<Answered> = faults.into_iter().filter_map(answer).collect();
    errors.push(Err(String::new()));
    errors.push(Err("Host error: something that no host says today".to_owned()));
    errors
}

/// Answers that are none. An object of a probe is one: it shows that the kind is installed, whatever it is.
fn broken_answers_to(lookup: &Lookup) -> Vec<Answered> {
    if lookup.is_probe() {
        return Vec::new();
    }
    let mut texts = vec!["", "{", "null", "7", "[]", "\"x\"", "{\"a\":1} x", "\u{0}"];
    if lookup.is_list() {
        texts.extend([
            "{}",
            r#"{"items":null}"#,
            r#"{"items":{}}"#,
            r#"{"items":[{]}"#,
            r#"{"items":["#,
            r#"{"items":[7]}"#,
            r#"{"items":["cart"]}"#,
        ]);
    } else {
        texts.extend([
            r#"{"metadata":7}"#,
            r#"{"metadata":{"name":7}}"#,
            r#"{"metadata":{"name":"another-one"}}"#,
            r#"{"metadata":{"name":""}}"#,
            r#"{"metadata":{"name":null}}"#,
            r#"{"metadata":[]}"#,
            "{}",
        ]);
    }
    let mut answers: Vec<Answered> = texts.into_iter().map(|text| Ok(text.as_bytes().to_vec())).collect();
    answers.push(Ok(b"{\"metadata\":{\"name\":\"\xff\"}}".to_vec()));
    answers
}

/// Of all failures, every fifth is tried, and with `PROPERTY_RUNS` every one.
const STEP: usize = 5;

/// Runs `check` for each lookup of each case and each answer that it may get instead of the right one.
fn check_all(check: impl Fn(&Case, usize, &Lookup, &Answered) -> Result<(), String>) {
    let mut failures = Vec::new();
    let mut count = 0;
    let step = if std::env::var_os("PROPERTY_RUNS").is_some() { 1 } else { STEP };
    let mut place = 0;
    for case in representative_cases() {
        let (_, lookups) = evaluate_with(&payload(case, &[]), &case.cluster, NONE, &Err(String::new()));
        for (number, lookup) in lookups.iter().enumerate() {
            let answers = errors_of(lookup, &case.cluster).into_iter().chain(broken_answers_to(lookup));
            for answer in answers {
                place += 1;
                if place % step != 0 {
                    continue;
                }
                count += 1;
                if let Err(problem) = check(case, number, lookup, &answer) {
                    let answer = answer.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                    failures.push(format!("{} {} {answer:?}\n  {problem}", case.name, lookup.request));
                }
            }
        }
    }
    println!("{count} failures of a host were tried");
    failures.sort();
    let shown: Vec<&str> = failures.iter().take(10).map(String::as_str).collect();
    assert!(failures.is_empty(), "{} of {count}:\n{}", failures.len(), shown.join("\n"));
    assert!(count > 2_000, "only {count} failures were tried");
}

fn is_refused(evaluation: &Evaluation) -> bool {
    matches!(evaluation.outcome, Outcome::Reject(_))
}

fn response(evaluation: &Evaluation) -> Value {
    serde_json::from_slice(&Answer::of(evaluation).response).expect("JSON")
}

/// What is refused with a host that works is refused with one that does not, in the default settings; and nothing that is
/// looked up for advice refuses anything.
#[test]
fn a_failure_never_lets_a_finding_pass() {
    check_all(|case, number, lookup, answer| {
        for mode in ["reject", "mutate"] {
            let payload = payload(case, &[("mode", mode), ("lookupFailure", "reject")]);
            let (right, _) = evaluate_with(&payload, &case.cluster, NONE, answer);
            let (wrong, _) = evaluate_with(&payload, &case.cluster, number, answer);
            let problems = problems_of(&Answer::of(&wrong));
            if !problems.is_empty() {
                return Err(problems.join("; "));
            }
            if is_refused(&right) && !is_refused(&wrong) {
                return Err(format!("{mode}: it passes: {}", response(&wrong)));
            }
            if lookup.is_for_advice() && right.outcome != wrong.outcome {
                return Err(format!("{mode}: advice decides: {}", response(&wrong)));
            }
        }
        Ok(())
    });
}

/// The verdict is what `lookupFailure` says, where something could not be checked; else it is what it was.
#[test]
fn the_setting_decides_about_what_could_not_be_checked() {
    check_all(|case, number, _, answer| {
        let evaluate =
            |changes: &[(&str, &str)], number| evaluate_with(&payload(case, changes), &case.cluster, number, answer).0;
        let rejecting = evaluate(&[("mode", "reject"), ("lookupFailure", "reject")], number);
        let warning = evaluate(&[("mode", "reject"), ("lookupFailure", "warn")], number);
        let allowing = evaluate(&[("mode", "reject"), ("lookupFailure", "allow")], number);
        let never = evaluate(&[("mode", "warn"), ("lookupFailure", "reject")], number);
        let is_for_lookups = |evaluation: &Evaluation| matches!(evaluation.outcome, Outcome::Reject(Refusal::Lookups));
        if is_for_lookups(&warning) || is_for_lookups(&allowing) || is_for_lookups(&never) {
            return Err("it is refused against the settings".to_owned());
        }
        let is_silent = |evaluation: &Evaluation| !response(evaluation).to_string().contains("was not checked");
        if !is_silent(&allowing) {
            return Err(format!("`allow` tells it: {}", response(&allowing)));
        }
        if rejecting.failures.is_empty() {
            let right = evaluate(&[("mode", "reject"), ("lookupFailure", "reject")], NONE);
            let is_alike = right.outcome == rejecting.outcome && right.findings == rejecting.findings;
            return if is_alike {
                Ok(())
            } else {
                Err(format!("{} instead of {}", response(&rejecting), response(&right)))
            };
        }
        // An unreadable object, and findings that stand without the lookup, are refused for themselves.
        let is_update = case.request.as_ref().is_some_and(|request| request["operation"] == "UPDATE");
        if !is_refused(&rejecting) && !is_update {
            return Err(format!("it passes: {}", response(&rejecting)));
        }
        if !is_refused(&warning) && is_silent(&warning) {
            return Err(format!("`warn` is silent: {}", response(&warning)));
        }
        Ok(())
    });
}

/// A refusal for a lookup says what could not be asked, why, and who mends it.
#[test]
fn the_message_says_what_and_why_and_who_mends_it() {
    let helps = [
        "Try again; if it lasts, see why the policy server cannot reach the API server",
        "Grant the policy server's service account get, list and watch on the kind (deploy/rbac.yaml)",
        "Add the kind to spec.contextAwareResources of the policy (deploy/ has the whole list)",
        "Grant it: hostCapabilities in the policies.yml of the policy server",
        "Correct that object",
    ];
    check_all(|case, number, lookup, answer| {
        let payload = payload(case, &[("mode", "reject"), ("lookupFailure", "reject")]);
        let (evaluation, _) = evaluate_with(&payload, &case.cluster, number, answer);
        if !matches!(evaluation.outcome, Outcome::Reject(Refusal::Lookups)) {
            return Ok(());
        }
        let response = response(&evaluation);
        let message = response["message"].as_str().unwrap_or_default();
        let name = if lookup.is_list() || lookup.is_probe() { "" } else { lookup.field("name") };
        let reason = match answer {
            Ok(_) => "cannot be read",
            Err(text) if text.contains("code: 403") => "the policy server is not allowed to read",
            Err(text) if text.contains("has not been granted") => "is not granted",
            Err(_) => "the API server could not be asked",
        };
        let mentions = [lookup.field("kind"), name, reason, "or set lookupFailure: warn"];
        let missing: Vec<&&str> = mentions.iter().filter(|mention| !message.contains(**mention)).collect();
        let has_help = helps.iter().any(|help| message.contains(help));
        let is_right = missing.is_empty() && has_help && response["code"] == 500;
        if is_right { Ok(()) } else { Err(format!("{missing:?} in {response}")) }
    });
}

/// Each kind in turn is refused by the API server, in every case that looks it up: the real host never answers a list then.
#[test]
fn no_list_is_asked_for_that_the_api_server_refuses() {
    for case in representative_cases() {
        let (_, lookups) = evaluate_with(&payload(case, &[]), &case.cluster, NONE, &Err(String::new()));
        for lookup in &lookups {
            for fault in [Fault::Forbidden, Fault::Unavailable, Fault::Error] {
                let kind = format!("{}/{}", lookup.field("api_version"), lookup.field("kind"));
                let mut cluster = case.cluster.clone();
                cluster.set_fault(kind.parse().expect("a kind"), fault);
                // The host of this test fails at a list that would never be answered.
                evaluate_with(&payload(case, &[]), &cluster, NONE, &Err(String::new()));
            }
        }
    }
}

/// The API server is away: what needed a lookup does not pass in the default settings, and nothing else is refused.
#[test]
fn without_any_answer_nothing_passes_that_needed_one() {
    for case in cases::all().expect("readable cases") {
        if case.request.is_none() || case.request.as_ref().is_some_and(|request| request["operation"] == "UPDATE") {
            continue;
        }
        for fault in [Fault::Unavailable, Fault::NoCapability, Fault::NotGranted, Fault::DiscoveryFailed] {
            let mut cluster = case.cluster.clone();
            cluster.set_fault(FaultTarget::Everything, fault);
            let payload = payload(case, &[("mode", "reject"), ("lookupFailure", "reject")]);
            let (evaluation, lookups) = evaluate_with(&payload, &cluster, NONE, &Err(String::new()));
            let needed = lookups.iter().any(|lookup| !lookup.is_for_advice() && lookup.field("kind") != "Namespace");
            let is_for_lookups = matches!(evaluation.outcome, Outcome::Reject(Refusal::Lookups));
            let shown = format!("{} {fault:?}: {}", case.name, response(&evaluation));
            if evaluation.failures.is_empty() {
                assert!(!is_for_lookups, "{shown}");
            } else {
                assert!(is_refused(&evaluation), "{shown}");
            }
            // What was looked up for a verdict was noted; what was looked up for advice was not.
            if !needed {
                assert!(evaluation.failures.is_empty(), "{shown}");
            }
        }
    }
}

/// An instance of the module that is used again has forgotten what failed.
#[test]
fn the_module_remembers_no_failure() {
    let wasm = Wasm::built().expect("policy.wasm; `make policy.wasm` builds it");
    for case in representative_cases().iter().take(5) {
        let payload = payload(case, &[("mode", "reject"), ("lookupFailure", "reject")]);
        let fails = Arc::new(AtomicBool::new(true));
        let (is_failing, cluster) = (fails.clone(), case.cluster.clone());
        let instance = wasm.policy.instance(move |binding, namespace, operation, payload| {
            if namespace == "kubernetes" && is_failing.load(Ordering::Relaxed) {
                return Err("Callback evaluation failure: ServiceError: client error (Connect)".to_owned());
            }
            cluster.answer(binding, namespace, operation, payload).response
        });
        let mut instance = instance.expect("a module that starts");
        let failed = instance.call("validate", &payload).expect("an answer");
        fails.store(false, Ordering::Relaxed);
        let again = instance.call("validate", &payload).expect("an answer");
        let fresh = wasm.policy.validate_payload(&payload, &case.cluster).expect("a module that starts");
        assert_eq!(Ok(&again), fresh.answer.as_ref(), "{}", case.name);
        assert_ne!(failed, again, "{}: nothing failed", case.name);
    }
}
