//! Writes what became of the objects, for people and for programs.
//!
//! Invariant: both forms say the same, and the same objects give the same bytes.

use serde_json::{Value, json};
use similar::TextDiff;
use test_kit::admission::AdmissionOperation;
use test_kit::in_memory_cluster::ObjectKey;

use crate::apply::{AppliedObject, Judgement, ObjectOutcome};

/// The column at which the subject of a line begins.
const WORD_WIDTH: usize = 9;

/// How often each outcome occurred.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub admitted: usize,
    pub mutated: usize,
    pub refused: usize,
    pub stored: usize,
}

impl Counts {
    /// Counts the outcomes.
    pub fn of(objects: &[AppliedObject]) -> Counts {
        let mut counts = Counts::default();
        for object in objects {
            match object.outcome() {
                ObjectOutcome::Admitted => counts.admitted += 1,
                ObjectOutcome::Mutated => counts.mutated += 1,
                ObjectOutcome::Refused => counts.refused += 1,
                ObjectOutcome::Stored => counts.stored += 1,
            }
        }
        counts
    }
}

/// The report for people. `not_judged` has the sentences of each object.
pub fn text(objects: &[AppliedObject], not_judged: &[Vec<String>]) -> String {
    let mut text = String::new();
    for object in objects {
        object_text(object, &mut text);
    }
    if !objects.is_empty() {
        text.push('\n');
    }
    let Counts { admitted, mutated, refused, stored } = Counts::of(objects);
    text.push_str(&format!("{admitted} admitted, {mutated} mutated, {refused} refused, {stored} stored\n"));
    let lines: Vec<String> = objects
        .iter()
        .zip(not_judged)
        .flat_map(|(object, sentences)| sentences.iter().map(|sentence| format!("  {}: {sentence}\n", subject(object))))
        .collect();
    if !lines.is_empty() {
        text.push_str("\nNot judged:\n");
        text.extend(lines);
    }
    text
}

/// The report for programs: one JSON document.
pub fn json(objects: &[AppliedObject], not_judged: &[Vec<String>]) -> String {
    let reports: Vec<Value> =
        objects.iter().zip(not_judged).map(|(object, sentences)| object_json(object, sentences)).collect();
    let Counts { admitted, mutated, refused, stored } = Counts::of(objects);
    let not_judged: usize = not_judged.iter().map(Vec::len).sum();
    let summary = json!({"admitted": admitted, "mutated": mutated, "refused": refused, "stored": stored,
                         "notJudged": not_judged});
    format!("{:#}\n", json!({"objects": reports, "summary": summary}))
}

fn object_text(object: &AppliedObject, text: &mut String) {
    let word = word(object.outcome());
    text.push_str(&format!("{word:WORD_WIDTH$} {}", subject(object)));
    let Some(judgement) = &object.judgement else {
        text.push_str(": not a kind that the policy looks at\n");
        return;
    };
    text.push('\n');
    let response = &judgement.evaluation.response;
    if judgement.admitted.is_none() {
        let message = one_line(response.message.as_deref().unwrap_or("no message"));
        match response.code {
            Some(code) => text.push_str(&format!("    {message} (code {code})\n")),
            None => text.push_str(&format!("    {message}\n")),
        }
    }
    for warning in &response.warnings {
        text.push_str(&format!("    Warning: {}\n", one_line(warning)));
    }
    if object.outcome() == ObjectOutcome::Mutated {
        text.push_str(&diff(&object.object, judgement));
    }
}

fn object_json(object: &AppliedObject, not_judged: &[String]) -> Value {
    let ObjectKey { api_version, kind, namespace, name } = &object.key;
    let response = object.judgement.as_ref().map(|judgement| &judgement.evaluation.response);
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "namespace": namespace,
        "name": name,
        "source": object.origin.source,
        "line": object.origin.line,
        "operation": object.judgement.as_ref().map(|judgement| judgement.operation.name()),
        "outcome": word(object.outcome()).to_lowercase(),
        "code": response.and_then(|response| response.code),
        "message": response.and_then(|response| response.message.as_deref()),
        "warnings": response.map(|response| response.warnings.as_slice()).unwrap_or_default(),
        "auditAnnotations": response.map(|response| json!(response.audit_annotations)).unwrap_or(json!({})),
        "patch": response.and_then(|response| response.patch.as_ref()),
        "notJudged": not_judged,
    })
}

fn word(outcome: ObjectOutcome) -> &'static str {
    match outcome {
        ObjectOutcome::Stored => "STORED",
        ObjectOutcome::Admitted => "ADMITTED",
        ObjectOutcome::Mutated => "MUTATED",
        ObjectOutcome::Refused => "REFUSED",
    }
}

/// The object as people name it: kind, namespace and name, what is done to it where that is not plain, and where it stands.
fn subject(object: &AppliedObject) -> String {
    let ObjectKey { kind, namespace, name, .. } = &object.key;
    let namespace = namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let update = match &object.judgement {
        Some(Judgement { operation: AdmissionOperation::Update, .. }) => " update",
        _ => "",
    };
    format!("{kind} {namespace}{name}{update} ({})", object.origin)
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What the policy changed, as a unified diff of the object's YAML.
fn diff(object: &Value, judgement: &Judgement) -> String {
    let yaml = |object: &Value| yaml_serde::to_string(object).unwrap_or_else(|_| format!("{object:#}\n"));
    let (before, after) = (yaml(object), judgement.admitted.as_ref().map(yaml).unwrap_or_default());
    let diff = TextDiff::from_lines(&before, &after);
    let unified = diff.unified_diff().context_radius(3).to_string();
    unified.lines().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use e2e_tests::host::{AdmissionResponse, Evaluation};
    use std::collections::BTreeMap;
    use test_kit::admission;
    use test_kit::yaml::Origin;

    fn applied(kind: &str, object: Value, line: usize, response: Option<AdmissionResponse>) -> AppliedObject {
        let judgement = response.map(|response| Judgement {
            operation: if line == 7 { AdmissionOperation::Update } else { AdmissionOperation::Create },
            request: admission::request(AdmissionOperation::Create, Some(&object), None),
            admitted: response.allowed.then(|| response.apply_to(&object).unwrap()),
            evaluation: Evaluation { response, raw: Value::Null, exchanges: vec![], logs: vec![] },
        });
        AppliedObject {
            key: ObjectKey {
                api_version: "v1".to_owned(),
                kind: kind.to_owned(),
                namespace: (kind != "Namespace").then(|| "shop".to_owned()),
                name: "cart".to_owned(),
            },
            origin: Origin { source: "a.yaml".to_owned(), line },
            object,
            judgement,
        }
    }

    fn objects() -> Vec<AppliedObject> {
        let allowed = AdmissionResponse { allowed: true, ..AdmissionResponse::default() };
        let patch = json!([{"op": "add", "path": "/spec/b", "value": "x"}]);
        let mutated = AdmissionResponse {
            warnings: vec!["b was set".to_owned()],
            patch: Some(serde_json::from_value(patch).unwrap()),
            ..allowed.clone()
        };
        let refused = AdmissionResponse {
            message: Some("no.\n  Not so.".to_owned()),
            code: Some(403),
            warnings: vec!["no".to_owned()],
            audit_annotations: BTreeMap::from([("finding".to_owned(), "f".to_owned())]),
            ..AdmissionResponse::default()
        };
        vec![
            applied("Namespace", json!({}), 1, None),
            applied("Service", json!({"spec": {"a": 1}}), 3, Some(mutated)),
            applied("Service", json!({}), 7, Some(allowed)),
            applied("Ingress", json!({}), 9, Some(refused)),
        ]
    }

    fn not_judged() -> Vec<Vec<String>> {
        vec![vec![], vec![], vec![], vec!["x is not there".to_owned(), "y is not there".to_owned()]]
    }

    #[test]
    fn the_text_is_for_people() {
        assert_eq!(
            text(&objects(), &not_judged()),
            "\
STORED    Namespace cart (a.yaml:1): not a kind that the policy looks at
MUTATED   Service shop/cart (a.yaml:3)
    Warning: b was set
    @@ -1,2 +1,3 @@
     spec:
       a: 1
    +  b: x
ADMITTED  Service shop/cart update (a.yaml:7)
REFUSED   Ingress shop/cart (a.yaml:9)
    no. Not so. (code 403)
    Warning: no

1 admitted, 1 mutated, 1 refused, 1 stored

Not judged:
  Ingress shop/cart (a.yaml:9): x is not there
  Ingress shop/cart (a.yaml:9): y is not there
"
        );
        assert_eq!(text(&[], &[]), "0 admitted, 0 mutated, 0 refused, 0 stored\n");
    }

    #[test]
    fn the_json_is_for_programs() {
        let report: Value = serde_json::from_str(&json(&objects(), &not_judged())).unwrap();
        assert_eq!(report["summary"], json!({"admitted": 1, "mutated": 1, "refused": 1, "stored": 1, "notJudged": 2}));
        assert_eq!(
            report["objects"][0],
            json!({"apiVersion": "v1", "kind": "Namespace", "namespace": null, "name": "cart", "source": "a.yaml",
                   "line": 1, "operation": null, "outcome": "stored", "code": null, "message": null, "warnings": [],
                   "auditAnnotations": {}, "patch": null, "notJudged": []})
        );
        assert_eq!(report["objects"][1]["patch"], json!([{"op": "add", "path": "/spec/b", "value": "x"}]));
        assert_eq!(
            report["objects"][3],
            json!({"apiVersion": "v1", "kind": "Ingress", "namespace": "shop", "name": "cart", "source": "a.yaml",
                   "line": 9, "operation": "CREATE", "outcome": "refused", "code": 403, "message": "no.\n  Not so.",
                   "warnings": ["no"], "auditAnnotations": {"finding": "f"}, "patch": null,
                   "notJudged": ["x is not there", "y is not there"]})
        );
    }
}
