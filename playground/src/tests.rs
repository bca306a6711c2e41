//! The playground answers the cases as the core does.

use std::fs;

use e2e_tests::cases::{self, Case};
use e2e_tests::engine::{Core, Engine};
use serde_json::{Value, json};

use super::*;

/// The manifests of a case in the order in which people apply them; none if they cannot say what the case is about.
fn manifests(case: &Case) -> Option<String> {
    let read = |file: &str| fs::read_to_string(case.folder.join(file)).ok();
    if case.request.is_none() || read("faults.yaml").is_some() || read("request.yaml").is_some() {
        return None;
    }
    let files = ["cluster.yaml", "old-object.yaml", "object.yaml"];
    Some(files.into_iter().filter_map(read).collect::<Vec<_>>().join("\n---\n"))
}

/// Where everything before the last object is admitted as it is, the last one is what the case is about.
#[test]
fn cases_have_the_answer_of_the_core() {
    let cases = cases::all().unwrap();
    let mut compared = 0;
    for case in cases {
        let Some(manifests) = manifests(case) else { continue };
        let Ok(report) = evaluate(&manifests, &json!({"settings": case.settings}).to_string()) else { continue };
        let report: Value = serde_json::from_str(&report).unwrap();
        let (last, before) = report["evaluations"].as_array().unwrap().split_last().unwrap();
        // Versions that the API server converts before it asks are stored.
        let is_as_given = before.iter().all(|entry| entry["outcome"] == "admitted" || entry["outcome"] == "stored");
        if !is_as_given || last["outcome"] == "stored" {
            continue;
        }
        let expected = Core.run(&case.payload, &case.cluster).unwrap();
        let answer = |name: &str| last["answer"].get(name).cloned().unwrap_or_default();
        let of_core = |name: &str| expected.response.get(name).cloned().unwrap_or_default();
        let name = &case.name;
        assert_eq!(answer("allowed"), of_core("accepted"), "{name}");
        assert_eq!(answer("code"), of_core("code"), "{name}");
        assert_eq!(answer("message"), of_core("message"), "{name}");
        assert_eq!(answer("warnings"), json!(expected.derived().warnings), "{name}");
        assert_eq!(answer("patch").is_null(), expected.mutated_object().is_none(), "{name}");
        compared += 1;
    }
    assert!(compared >= 150, "only {compared} of {} cases can be shown", cases.len());
}

#[test]
fn options_are_those_of_the_command_line() {
    let text = include_str!("../tests/manifests.yaml");
    let summary = |options: &str| {
        let report: Value = serde_json::from_str(&evaluate(text, options).unwrap()).unwrap();
        let entry = report["evaluations"][1].clone();
        (entry["file"].clone(), entry["line"].clone(), entry["namespace"].clone(), entry["outcome"].clone())
    };
    let expected =
        |namespace: &str, outcome: &str| (json!("manifests.yaml"), json!(7), json!(namespace), json!(outcome));
    assert_eq!(summary(""), expected("default", "admitted"));
    assert_eq!(summary("namespace: shop\ningressClasses: [alb]"), expected("shop", "refused"));
    assert_eq!(
        summary(r#"{"ingressClasses": ["alb"], "settings": {"mode": "mutate"}}"#),
        expected("default", "mutated")
    );
}

#[test]
fn what_cannot_be_evaluated_is_one_sentence() {
    let error = |manifests: &str, options: &str| evaluate(manifests, options).unwrap_err().to_string();
    let service = "{apiVersion: v1, kind: Service, metadata: {name: cart}}";
    assert_eq!(error("kind: A", ""), "manifests.yaml:1: apiVersion is missing");
    assert_eq!(error("", ""), "no object in what was given");
    assert!(error(service, "{x: 1}").starts_with("invalid options: unknown field `x`"));
    assert!(error(service, "a: b: c").starts_with("options:1: "));
    assert!(error(service, "settings: {mode: x}").starts_with("invalid settings: "));
}
