//! What holds for every case, whatever it shows, in every mode: what is told, and what is never refused.

#![cfg(test)]

use std::cell::RefCell;
use std::sync::LazyLock;

use e2e_tests::cases::{self, Case, CaseOutcome, Observed};
use e2e_tests::engine::{Core, Engine};
use e2e_tests::host;
use serde_json::{Map, Value, json};

const MODES: [&str; 3] = ["reject", "mutate", "warn"];

/// So many findings are told one by one.
const MAX_LISTED: usize = 5;

/// A case in one of the modes, with the answer.
struct Told {
    case: &'static Case,
    mode: &'static str,
    payload: Vec<u8>,
    observed: Observed,
    /// The evaluation as data.
    evaluation: Value,
}

/// Every case in every mode, but for payloads that hold no request.
static TOLD: LazyLock<Vec<Told>> = LazyLock::new(|| {
    let cases = cases::all().expect("readable cases");
    let mut told = Vec::new();
    for case in cases.iter().filter(|case| case.request.is_some()) {
        for mode in MODES {
            let mut settings = case.settings.clone();
            settings.insert("mode".to_owned(), json!(mode));
            let payload = host::payload(case.request.as_ref().expect("a request"), &settings).into_bytes();
            let observed = Core.run(&payload, &case.cluster).expect("an answer");
            let evaluation = serde_json::to_value(Core::evaluation(&payload, &case.cluster)).expect("data");
            told.push(Told { case, mode, payload, observed, evaluation });
        }
    }
    assert!(told.len() > 4000, "only {} answers", told.len());
    told
});

impl Told {
    fn message(&self) -> Option<String> {
        self.observed.derived().message
    }

    /// The payload with a changed request.
    fn run_with(&self, change: impl FnOnce(&mut Value)) -> Observed {
        let mut payload: Value = serde_json::from_slice(&self.payload).expect("a payload");
        change(&mut payload["request"]);
        Core.run(payload.to_string().as_bytes(), &self.case.cluster).expect("an answer")
    }

    /// The UPDATE of one object to another.
    fn update(&self, object: &Value, old_object: &Value) -> Observed {
        self.run_with(|request| {
            request["operation"] = json!("UPDATE");
            request["object"] = object.clone();
            request["oldObject"] = old_object.clone();
        })
    }

    /// The findings that have one of these fates, as data, in their order and as many as are told.
    fn findings(&self, fates: &[&str]) -> Vec<&Value> {
        let findings = self.evaluation["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut found = Vec::new();
        for fate in fates {
            found.extend(findings.iter().filter(|finding| finding["fate"] == **fate).take(MAX_LISTED));
        }
        found
    }

    /// Everything that people read: the message, the warnings, the audit annotations and the log line.
    fn texts(&self) -> Vec<String> {
        let derived = self.observed.derived();
        let strings = |map: &Map<String, Value>| -> Vec<String> {
            map.values().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let mut texts: Vec<String> = derived.message.into_iter().chain(derived.warnings).collect();
        texts.extend(strings(&derived.audit_annotations));
        texts.extend(self.observed.logs.iter().filter_map(Value::as_object).flat_map(strings));
        texts
    }
}

/// Runs `check` on every case in some of the modes, and fails with all that it found.
fn check_in(modes: &[&str], check: impl Fn(&Told) -> Vec<String>) {
    let mut failures = Vec::new();
    for told in TOLD.iter().filter(|told| modes.contains(&told.mode)) {
        let problems = check(told).into_iter();
        failures.extend(problems.map(|problem| format!("{} ({}): {problem}", told.case.name, told.mode)));
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

fn check_all(check: impl Fn(&Told) -> Vec<String>) {
    check_in(&MODES, check);
}

/// A text without what it quotes.
fn without_quotes(text: &str) -> String {
    text.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// The words that say a remedy in whatever text, from the data: each of these, in one of its forms.
fn words_of(finding: &Value) -> Vec<Vec<String>> {
    let remedy = &finding["remedy"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let field = text(&remedy["field"]);
    // An annotation is named by its key, a field by its path.
    let field = field.strip_prefix("metadata.annotations[").and_then(|it| it.strip_suffix(']')).unwrap_or(&field);
    let one = |word: &str| vec![vec![word.to_owned()]];
    let mut words = match text(&remedy["action"]).as_str() {
        "recreateBinding" => one("create it again with spec.targetType: ip"),
        "newTargetGroup" => one("a target group of type ip and a"),
        "numberHealthCheckPort" => vec![vec![field.to_owned()], vec!["numeric".to_owned(), "as a number".to_owned()]],
        "splitLoadBalancer" => {
            vec![vec!["a load balancer of its own".to_owned(), "a load balancer of their own".to_owned()]]
        }
        "configureService" => vec![vec!["TargetGroupConfiguration".to_owned()], vec!["targetType: ip".to_owned()]],
        "otherService" => vec![vec![
            "a second Service of type".to_owned(),
            "the type NodePort".to_owned(),
            "allocate node ports".to_owned(),
        ]],
        "createService" => {
            let forms = ["create Service", "Create Service", "create them", "orrect the reference"];
            vec![forms.map(str::to_owned).to_vec()]
        }
        "fix" | "changeClassParams" | "annotateService" | "changeLoadBalancer" | "changeConfiguration" => {
            one(&format!("{field}: ip"))
        }
        other => panic!("no words for {other}"),
    };
    // What is changed is named where it is not the object that serves.
    let changed = &remedy["object"];
    if remedy["value"] == "ip" && *changed != finding["exposer"] {
        let path = [text(&changed["namespace"]), text(&changed["name"])].into_iter().filter(|part| !part.is_empty());
        let path = path.collect::<Vec<_>>().join("/");
        let kind = text(&changed["kind"]);
        words.push(vec![format!("the {kind}"), path]);
    }
    if let Some(manager) = finding["managedBy"].as_str() {
        words.push(vec![manager.to_owned()]);
    }
    words
}

fn lacks(text: &str, finding: &Value) -> Option<String> {
    let lacking = words_of(finding).into_iter().find(|forms| !forms.iter().any(|form| text.contains(form)))?;
    Some(format!("{lacking:?} is not in {text:?}"))
}

/// One remedy per finding: message, warning, audit annotation and log line say the same, which is what the data says.
#[test]
fn every_text_gives_the_remedy_of_the_data() {
    check_all(|told| {
        let derived = told.observed.derived();
        let mut problems = Vec::new();
        let is_shortened = told.texts().iter().any(|text| text.contains('…'));
        if is_shortened {
            return problems;
        }
        let fixes = |texts: &[&String]| -> Vec<String> {
            texts.iter().filter_map(|text| text.split_once("; fix: ")).map(|(_, fix)| fix.to_owned()).collect()
        };
        let in_warnings = fixes(&derived.warnings.iter().collect::<Vec<_>>());
        let refused = told.findings(&["refused"]);
        let warned = told.findings(&["refused", "warned"]);
        for (finding, warning) in warned.iter().zip(&in_warnings) {
            problems.extend(lacks(warning, finding));
        }
        let is_invalid = told.observed.response["code"] == 400;
        if !is_invalid && warned.len() != in_warnings.len() {
            problems.push(format!("{} findings, and the warnings {:?}", warned.len(), derived.warnings));
        }
        let in_audit = derived.audit_annotations.get("fix").and_then(Value::as_str).unwrap_or_default();
        if in_audit != in_warnings.iter().take(refused.len()).cloned().collect::<Vec<_>>().join(", ") {
            problems.push(format!("the audit annotation says {in_audit:?}, the warnings say {in_warnings:?}"));
        }
        let in_log = told.observed.logs.first().and_then(|line| line["fix"].as_str()).unwrap_or_default();
        let fixed = told.findings(&["fixed"]);
        let of_warned = in_warnings.join(", ");
        if fixed.is_empty() && in_log != of_warned {
            problems.push(format!("the log says {in_log:?}, the warnings say {in_warnings:?}"));
        }
        for finding in &fixed {
            problems.extend(lacks(in_log, finding));
            problems
                .extend(lacks(&derived.warnings.join("\n"), finding).filter(|_| finding["remedy"]["action"] != "fix"));
        }
        if let Some(message) = told.message().filter(|_| !refused.is_empty()) {
            let told_in_full = if message.contains(" more.") { 1 } else { refused.len() };
            problems.extend(refused.iter().take(told_in_full).filter_map(|finding| lacks(&message, finding)));
        }
        problems
    });
}

/// A fix is told by what it sets, and on which object.
#[test]
fn every_fix_is_told_once() {
    check_all(|told| {
        let fixed = told.findings(&["fixed"]);
        let warnings = told.observed.derived().warnings;
        let set: Vec<&String> = warnings.iter().filter(|warning| warning.contains(": set ")).collect();
        let mut fixes: Vec<String> = fixed.iter().map(|finding| finding["remedy"].to_string()).collect();
        fixes.dedup();
        if set.len() == fixes.len() && fixed.is_empty() == told.observed.mutated_object().is_none() {
            return Vec::new();
        }
        vec![format!("{fixes:?} is told as {set:?}")]
    });
}

/// The message of a refusal names the admitted object, the Service and the object that serves it.
#[test]
fn a_refusal_names_all_that_it_is_about() {
    check_all(|told| {
        let Some(message) = told.message().filter(|message| !message.contains('…')) else { return Vec::new() };
        let request = told.case.request.as_ref().expect("a request");
        let mut names = Vec::new();
        let name_of = |object: &Value| object["name"].as_str().unwrap_or_default().to_owned();
        for finding in told.findings(&["refused"]).into_iter().take(1) {
            names.extend([&finding["service"], &finding["exposer"]].map(name_of));
        }
        if request["object"].is_object() {
            let (kind, name) = (&request["kind"]["kind"], name_of(&request["object"]["metadata"]));
            names.push(kind.as_str().unwrap_or_default().to_owned());
            names.push(name);
        }
        let lacking = |name: &String| !message.contains(name.as_str());
        names.into_iter().filter(lacking).map(|name| format!("{name:?} is not in {message:?}")).collect()
    });
}

/// Short enough for the API server and for people; the engine's monitor mode keeps warnings alone.
#[test]
fn texts_are_short() {
    let lengths = RefCell::new(Vec::new());
    check_all(|told| {
        let derived = told.observed.derived();
        let mut problems = Vec::new();
        if let Some(message) = &derived.message {
            if message.chars().count() > 700 {
                problems.push(format!("{} characters: {message}", message.chars().count()));
            }
            if derived.warnings.is_empty() {
                problems.push("a refusal without a warning".to_owned());
            }
        }
        for warning in &derived.warnings {
            lengths.borrow_mut().push(warning.len());
            if warning.len() > 256 {
                problems.push(format!("{} bytes: {warning}", warning.len()));
            }
        }
        problems
    });
    let lengths = lengths.into_inner();
    let average = lengths.iter().sum::<usize>() / lengths.len();
    assert!(average <= 125, "warnings are {average} bytes long on average");
}

/// No riddles: no brackets in brackets, no word of the host's wire, no advice that harms.
#[test]
fn texts_are_plain() {
    check_all(|told| {
        let mut problems = Vec::new();
        for text in told.texts() {
            let text = without_quotes(&text);
            let is_broken = ["((", "))", "  ", "..", ",,", " ,", "is invalid: is", "Host error", "Callback"];
            problems
                .extend(is_broken.iter().filter(|part| text.contains(**part)).map(|part| format!("{part:?}: {text}")));
            // The name that a probe asks for.
            let is_probe =
                text.contains(" \"_\"") || text.contains("/_") || text.contains(" _ ") || text.ends_with(" _");
            if is_probe {
                problems.push(format!("the name of the probe: {text}"));
            }
            // `clusterIP` is immutable, and StatefulSets need it.
            if text.contains("clusterIP") && !text.contains("is invalid: ") && !text.contains("is still invalid: ") {
                problems.push(format!("advice on clusterIP: {text}"));
            }
        }
        problems
    });
}

/// Controllers add and remove finalizers by UPDATE: what was there before is never refused.
#[test]
fn an_update_is_not_refused_for_what_was_there_before() {
    check_in(&["reject", "mutate"], |told| {
        let object = told.case.object().expect("a request");
        if told.case.request.as_ref().is_some_and(|request| request.get("subResource").is_some()) || !object.is_object()
        {
            return Vec::new();
        }
        let mut labelled = object.clone();
        if let Some(metadata) = labelled.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("finalizers".to_owned(), json!(["shop.example.com/keep"]));
        }
        let added = told.update(&labelled, object);
        let removed = told.update(object, &labelled);
        let refused = [added, removed].into_iter().filter(|observed| observed.outcome() == CaseOutcome::Reject);
        refused.map(|observed| format!("{:#}", observed.response)).collect()
    });
}

/// An object that is being deleted loses its finalizers by UPDATE.
#[test]
fn an_object_that_is_being_deleted_is_not_refused() {
    check_in(&["reject", "mutate"], |told| {
        let object = told.case.object().expect("a request");
        let mut deleted = object.clone();
        let Some(metadata) = deleted.get_mut("metadata").and_then(Value::as_object_mut) else { return Vec::new() };
        metadata.insert("deletionTimestamp".to_owned(), json!("2026-01-05T10:00:00Z"));
        let mut before = deleted.clone();
        before["metadata"]["finalizers"] = json!(["shop.example.com/keep"]);
        let observed = told.update(&deleted, &before);
        if observed.outcome() == CaseOutcome::Reject { vec![format!("{:#}", observed.response)] } else { Vec::new() }
    });
}

#[test]
fn deletions_and_connections_pass_without_a_lookup() {
    check_in(&["reject"], |told| {
        let mut problems = Vec::new();
        for operation in ["DELETE", "CONNECT"] {
            let observed = told.run_with(|request| {
                request["oldObject"] = request["object"].take();
                request["operation"] = json!(operation);
            });
            if observed.response != json!({ "accepted": true }) || !observed.exchanges.is_empty() {
                problems.push(format!("{operation}: {:#}", observed.response));
            }
        }
        problems
    });
}

/// In mode warn nothing is refused for a finding or a lookup: only what cannot be read.
#[test]
fn mode_warn_refuses_what_cannot_be_read_alone() {
    check_all(|told| {
        let is_refused = told.observed.outcome() == CaseOutcome::Reject;
        if told.mode != "warn" || !is_refused || told.observed.response["code"] == 400 {
            return Vec::new();
        }
        vec![format!("{:#}", told.observed.response)]
    });
}

/// What one mode refuses and another fixes or warns of is the same.
#[test]
fn the_modes_agree_on_what_is_wrong() {
    let mut failures = Vec::new();
    for of_case in TOLD.chunks(MODES.len()) {
        let pairs = |told: &Told| -> Vec<Value> {
            let findings = told.evaluation["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
            let keys = ["rule", "service", "exposer", "reach", "targetType"];
            findings.iter().map(|finding| keys.iter().map(|key| finding[key].clone()).collect()).collect()
        };
        let differs = |told: &Told| pairs(told) != pairs(&of_case[0]);
        failures.extend(of_case.iter().filter(|told| differs(told)).map(|told| (&told.case.name, told.mode)));
    }
    assert_eq!(failures, []);
}

/// The audit scanner asks with a user of its own, and kubectl may ask with a dry run.
#[test]
fn who_asks_decides_nothing() {
    check_in(&["mutate"], |told| {
        let observed = told.run_with(|request| {
            request["uid"] = json!("c0ffee00-0000-4000-8000-000000000000");
            request["dryRun"] = json!(true);
            request["userInfo"] = json!({ "username": "system:serviceaccount:kubewarden:audit-scanner" });
        });
        if observed == told.observed { Vec::new() } else { vec![format!("{:#}", observed.response)] }
    });
}
