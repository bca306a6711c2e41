//! Every case on every engine, and what must hold for each of them whatever it shows.

#![cfg(test)]

use std::collections::BTreeSet;

use e2e_tests::cases::{self, Case, CaseOutcome, Observed};
use e2e_tests::engine::{Core, Engine, Wasm, repository};
use e2e_tests::host::{self, Deployment};
use serde_json::{Value, json};

/// The most lookups that one request may lead to, as ARCHITECTURE.md says.
const MAX_LOOKUPS: usize = 48;

fn all_cases() -> &'static [Case] {
    cases::all().expect("readable cases")
}

fn wasm() -> &'static Wasm {
    Wasm::built().expect("policy.wasm; `make policy.wasm` builds it")
}

/// What an engine makes of a case.
fn run(engine: &impl Engine, case: &Case) -> Observed {
    engine.run(&case.payload, &case.cluster).expect("an answer")
}

/// Runs `check` on every case, and fails with all that it found.
fn check_all(check: impl Fn(&Case) -> Vec<String>) {
    let cases = all_cases();
    assert!(cases.len() >= 1_600, "only {} cases", cases.len());
    let mut failures = Vec::new();
    for case in cases {
        failures.extend(check(case).into_iter().map(|difference| format!("{}\n  {difference}", case.name)));
    }
    assert!(failures.is_empty(), "{} differences in {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn core_answers_every_case() {
    let updates = std::env::var_os("UPDATE_EXPECT").is_some();
    check_all(|case| {
        let observed = run(&Core, case);
        if updates {
            case.write_down(&observed).expect("a writable case");
            case.compare_demands(&observed)
        } else {
            case.compare(&observed)
        }
    });
}

/// What a finding, an outcome or an advice is like, as data: one text for each thing that one can differ in.
fn shapes(evaluation: &Value) -> Vec<String> {
    let list = |name: &str| evaluation[name].as_array().into_iter().flatten();
    // Numbers and names of actions are of one case.
    let field = |field: &Value| {
        let field = field.as_str().unwrap_or_default();
        let (before, after) = field.split_once("/actions.").unwrap_or((field, ""));
        let after = after.split_once(']').map_or("", |(_, after)| after);
        format!("{before} {after}").replace(|c: char| c.is_ascii_digit(), "#")
    };
    let mut shapes = vec![format!("{} {}", evaluation["outcome"]["verdict"], evaluation["outcome"]["reason"])];
    shapes.extend(list("advice").map(|advice| advice["advice"].to_string()));
    for finding in list("findings") {
        let (remedy, source) = (&finding["remedy"], &finding["targetType"]["source"]);
        shapes.extend([
            format!("{} {} {}", finding["role"], finding["rule"], finding["noNodePort"]),
            format!("{} at {}", finding["role"], field(&finding["field"])),
            format!("{} by {} {}", finding["role"], field(&source["field"]), source["setting"]),
            format!("by way of {}", source["byWayOf"]["mergingMode"]),
            format!("{} {} {} {}", remedy["action"], field(&remedy["field"]), remedy["value"], remedy["safe"]),
            format!("{} {} managed {}", finding["role"], remedy["action"], finding["managedBy"].is_string()),
            format!("{} {}", finding["introduced"], finding["fate"]),
            format!("also {}", finding["otherConfiguration"].is_object()),
        ]);
    }
    shapes
}

/// The evaluation as data, which programs read: a line for each case that shows something for the first time.
#[test]
fn core_evaluations_are_what_was_written_down() {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for case in all_cases() {
        let mut evaluation = serde_json::to_value(Core::evaluation(&case.payload, &case.cluster)).expect("data");
        let mut shapes = shapes(&evaluation);
        // What cannot be resolved is told of the admitted object alone.
        if ["class-missing", "gateway-missing"].iter().any(|condition| case.name.contains(condition)) {
            shapes.push(case.name.clone());
        }
        let new = shapes.into_iter().filter(|shape| seen.insert(shape.clone())).count();
        if new > 0 {
            // The case itself has the object as it was fixed.
            evaluation["outcome"].as_object_mut().expect("an outcome").remove("object");
            lines.push(format!("{}: {evaluation}", Value::from(&*case.name)));
        }
    }
    let text = format!("{{\n{}\n}}\n", lines.join(",\n"));
    let file = repository().join("e2e-tests/evaluations.json");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, &text).expect("a writable file");
    }
    let written = std::fs::read_to_string(&file).expect("a file");
    for (line, written) in text.lines().zip(written.lines()) {
        assert_eq!(line, written);
    }
    assert_eq!(text, written);
}

#[test]
fn wasm_answers_every_case() {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        return;
    }
    let wasm = wasm();
    check_all(|case| case.compare(&run(wasm, case)));
}

/// The same requests to the same host: also the field masks, which a case does not spell out.
#[test]
fn both_engines_make_the_same_host_calls() {
    let wasm = wasm();
    check_all(|case| {
        let (native, wasm) = (run(&Core, case), run(wasm, case));
        if native == wasm { Vec::new() } else { vec![format!("{native:#?}\n{wasm:#?}")] }
    });
}

/// What the API server stores after the host's patch is what the policy meant.
#[test]
fn the_patch_of_the_host_leads_to_the_mutated_object() {
    let wasm = wasm();
    check_all(|case| {
        let (Some(request), Some(object)) = (&case.request, case.object()) else { return Vec::new() };
        let deployment = Deployment { settings: case.settings.clone(), mutating: true };
        let evaluation = wasm.policy.validate(request, &deployment, &case.cluster).expect("a module that starts");
        let stored = evaluation.response.apply_to(object).expect("a patch that applies");
        let expected =
            if case.expect.outcome == CaseOutcome::Mutate { case.expected_object() } else { Ok(object.clone()) };
        let is_allowed = evaluation.response.allowed == (case.expect.outcome != CaseOutcome::Reject);
        if expected == Ok(stored.clone()) && is_allowed { Vec::new() } else { vec![format!("{stored:#}")] }
    });
}

#[test]
fn the_answer_depends_on_nothing_else() {
    check_all(|case| {
        let first = run(&Core, case);
        let again = run(&Core, case);
        let reversed = Core.run(&case.payload, &case.cluster.reversed()).expect("an answer");
        let mut differences = Vec::new();
        if first != again {
            differences.push("another answer the second time".to_owned());
        }
        if (&first.response, &first.logs) != (&reversed.response, &reversed.logs)
            || first.derived().lookups != reversed.derived().lookups
        {
            differences.push(format!("another answer with the cluster in another order: {:#}", reversed.response));
        }
        differences
    });
}

/// Whether the host sorts keys, keeps their order, or writes in a way that the fast path does not know, decides nothing.
#[test]
fn the_form_of_the_payload_changes_nothing() {
    check_all(|case| {
        let Some(request) = &case.request else { return Vec::new() };
        let first = run(&Core, case);
        let sorted = host::payload(&host::as_the_host_reads_it(request), &case.settings);
        let spaced = sorted.replacen('{', "{ ", 1);
        let mut differences = Vec::new();
        for payload in [sorted, spaced] {
            let observed = Core.run(payload.as_bytes(), &case.cluster).expect("an answer");
            if observed != first {
                differences.push(format!("{:#}", observed.response));
            }
        }
        differences
    });
}

/// A host with `RUST_BACKTRACE` set ends every error in a backtrace.
#[test]
fn errors_with_a_backtrace_mean_the_same() {
    check_all(|case| {
        let plain = run(&Core, case);
        let traced = Core.run(&case.payload, &case.cluster.clone().with_backtraces()).expect("an answer");
        if (&plain.response, &plain.logs) == (&traced.response, &traced.logs) {
            Vec::new()
        } else {
            vec![format!("{:#}", traced.response)]
        }
    });
}

#[test]
fn a_fixed_object_is_not_changed_again() {
    check_all(|case| {
        let observed = run(&Core, case);
        let Some(fixed) = observed.mutated_object() else { return Vec::new() };
        let again = Core.run(&payload_with(case, fixed.clone(), None), &case.cluster).expect("an answer");
        match again.outcome() {
            CaseOutcome::Accept => Vec::new(),
            outcome => vec![format!("{outcome:?}: {:#}", again.response)],
        }
    });
}

/// The payload of a case with another object (and another old object).
fn payload_with(case: &Case, object: Value, old_object: Option<Value>) -> Vec<u8> {
    let mut request = case.request.clone().expect("a case with a request");
    request["object"] = object;
    if let Some(old_object) = old_object {
        request["oldObject"] = old_object;
    }
    host::payload(&request, &case.settings).into_bytes()
}

#[test]
fn unknown_fields_survive_and_change_nothing() {
    check_all(|case| {
        let Some(object) = case.object().filter(|object| object.is_object()) else { return Vec::new() };
        let plant = |object: &Value| {
            let mut object = object.clone();
            for parent in ["", "/metadata", "/spec"] {
                if let Some(parent) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
                    parent.insert("unknownField".to_owned(), json!({ "deep": [1, null, "x"] }));
                }
            }
            object
        };
        let old_object =
            case.request.as_ref().and_then(|request| request.get("oldObject")).filter(|old| old.is_object());
        let plain = run(&Core, case);
        let planted =
            Core.run(&payload_with(case, plant(object), old_object.map(plant)), &case.cluster).expect("an answer");
        let expected = plain.mutated_object().map(plant);
        let mut differences = Vec::new();
        if expected.as_ref() != planted.mutated_object() {
            differences.push(format!("{:#}", planted.response));
        }
        if plain.derived() != planted.derived() || plain.outcome() != planted.outcome() {
            differences.push(format!("another answer: {:#}", planted.response));
        }
        differences
    });
}

/// On CREATE the name may still be to come. What refers to a Service knows its name; the other kinds need none.
#[test]
fn no_name_does_no_harm() {
    check_all(|case| {
        let Some(request) = case.request.clone() else { return Vec::new() };
        let mut object = request["object"].clone();
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return Vec::new() };
        metadata.remove("name");
        metadata.insert("generateName".to_owned(), json!("generated-"));
        let mut unnamed = case.clone();
        unnamed.request.as_mut().and_then(Value::as_object_mut).expect("a request").remove("name");
        let observed = Core.run(&payload_with(&unnamed, object, None), &case.cluster).expect("an answer");
        let is_create = request["operation"] == "CREATE";
        let is_referring = request["kind"]["kind"] == "Ingress" || request["kind"]["kind"] == "TargetGroupBinding";
        if is_create && is_referring && observed.outcome() != case.expect.outcome {
            return vec![format!("{:#}", observed.response)];
        }
        Vec::new()
    });
}

#[test]
fn lookups_are_few_and_harmless() {
    check_all(|case| {
        let observed = run(&Core, case);
        let mut differences = Vec::new();
        if observed.exchanges.len() > MAX_LOOKUPS {
            differences.push(format!("{} lookups", observed.exchanges.len()));
        }
        for exchange in &observed.exchanges {
            if let Some(misuse) = &exchange.misuse {
                differences.push(format!("{misuse:?}: {:#}", exchange.request));
            }
        }
        let requests: BTreeSet<String> =
            observed.exchanges.iter().map(|exchange| format!("{} {}", exchange.operation, exchange.request)).collect();
        if requests.len() != observed.exchanges.len() {
            differences.push(format!("a lookup was made twice: {requests:#?}"));
        }
        differences
    });
}

/// One line each, and nothing in them that a terminal would act on.
#[test]
fn texts_are_fit_for_people() {
    check_all(|case| {
        let derived = run(&Core, case).derived();
        let mut differences = Vec::new();
        let of_annotations = derived.audit_annotations.values().filter_map(Value::as_str).map(str::to_owned);
        for text in derived.warnings.iter().cloned().chain(derived.message.clone()).chain(of_annotations) {
            if text.chars().any(char::is_control) {
                differences.push(format!("{text:?}"));
            }
        }
        differences
    });
}
