//! Writes what became of the objects, for people and for programs.
//!
//! Invariant: both forms say the same, and the same objects give the same bytes.

use aws_headless_service_policy::decide::Evaluation;
use serde::Serialize;
use serde_json::Value;
use similar::TextDiff;
use test_kit::admission::AdmissionOperation;
use test_kit::in_memory_cluster::ObjectKey;

use crate::answer::AdmissionAnswer;
use crate::apply::{AppliedObject, Judgement, ObjectOutcome};
use crate::unchecked::{GivenObjects, reasons};

/// The version of the JSON form. It grows when a field changes its meaning or goes away.
pub const REPORT_VERSION: u32 = 1;

/// The column at which the subject of a line begins.
const WORD_WIDTH: usize = 9;

/// How often each outcome occurred.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Admitted as they are.
    pub admitted: usize,
    /// Admitted with changes.
    pub mutated: usize,
    /// Refused.
    pub refused: usize,
    /// Of a kind that the policy is not asked about.
    pub stored: usize,
    /// Of a version that the API server does not know any more.
    pub skipped: usize,
}

impl Counts {
    /// Counts the outcomes.
    #[must_use]
    pub fn of(objects: &[AppliedObject]) -> Counts {
        let mut counts = Counts::default();
        for object in objects {
            match object.outcome() {
                ObjectOutcome::Admitted => counts.admitted += 1,
                ObjectOutcome::Mutated => counts.mutated += 1,
                ObjectOutcome::Refused => counts.refused += 1,
                ObjectOutcome::Stored => counts.stored += 1,
                ObjectOutcome::Skipped => counts.skipped += 1,
            }
        }
        counts
    }
}

/// The JSON form.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    version: u32,
    evaluations: Vec<Entry<'a>>,
    summary: Counts,
}

/// One object in the JSON form.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    file: &'a str,
    line: usize,
    api_version: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'static str>,
    outcome: ObjectOutcome,
    /// Why it could not be checked, or not all of it.
    not_checked: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a AdmissionAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluation: Option<&'a Evaluation>,
}

/// The report for people.
#[must_use]
pub fn text(objects: &[AppliedObject]) -> String {
    let mut text = String::new();
    for object in objects {
        object_text(object, &mut text);
    }
    if !objects.is_empty() {
        text.push('\n');
    }
    let Counts { admitted, mutated, refused, stored, skipped } = Counts::of(objects);
    text.push_str(&format!("{admitted} admitted, {mutated} mutated, {refused} refused, {stored} stored"));
    if skipped > 0 {
        text.push_str(&format!(", {skipped} skipped"));
    }
    text.push('\n');
    let given = GivenObjects::of(objects);
    let line = |object: &AppliedObject, reason: &str| format!("  {}: {reason}\n", subject(object));
    let of_object = |object| reasons(object, &given).into_iter().map(move |reason| line(object, &reason));
    let lines: Vec<String> = objects.iter().flat_map(of_object).collect();
    if !lines.is_empty() {
        text.push_str("\nNot checked:\n");
        text.extend(lines);
    }
    text
}

/// The report for programs: one JSON document.
///
/// # Errors
/// None that is known: all that is written can be.
pub fn json(objects: &[AppliedObject]) -> Result<String, serde_json::Error> {
    let given = GivenObjects::of(objects);
    let evaluations = objects.iter().map(|object| entry(object, &given)).collect();
    let report = Report { version: REPORT_VERSION, evaluations, summary: Counts::of(objects) };
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}

fn entry<'a>(object: &'a AppliedObject, given: &GivenObjects<'_>) -> Entry<'a> {
    let ObjectKey { api_version, kind, namespace, name } = &object.key;
    let judgement = object.judgement.as_ref();
    Entry {
        file: &object.origin.source,
        line: object.origin.line,
        api_version,
        kind,
        namespace: namespace.as_deref(),
        name,
        operation: judgement.map(|judgement| judgement.operation.name()),
        outcome: object.outcome(),
        not_checked: reasons(object, given),
        answer: judgement.map(|judgement| &judgement.evaluated.answer),
        evaluation: judgement.map(|judgement| &judgement.evaluated.evaluation),
    }
}

fn object_text(object: &AppliedObject, text: &mut String) {
    let word = word(object.outcome());
    text.push_str(&format!("{word:WORD_WIDTH$} {}", subject(object)));
    let Some(judgement) = &object.judgement else {
        let reason = match &object.removed_version {
            Some(removed) => removed.to_string(),
            None => "the policy does not check this kind".to_owned(),
        };
        text.push_str(&format!(": {reason}\n"));
        return;
    };
    text.push('\n');
    let answer = &judgement.evaluated.answer;
    if judgement.admitted.is_none() {
        let message = one_line(answer.message.as_deref().unwrap_or("no message"));
        match answer.code {
            Some(code) => text.push_str(&format!("    {message} (code {code})\n")),
            None => text.push_str(&format!("    {message}\n")),
        }
    }
    for warning in &answer.warnings {
        text.push_str(&format!("    Warning: {}\n", one_line(warning)));
    }
    if object.outcome() == ObjectOutcome::Mutated {
        text.push_str(&diff(&object.object, judgement));
    }
}

fn word(outcome: ObjectOutcome) -> &'static str {
    match outcome {
        ObjectOutcome::Stored => "STORED",
        ObjectOutcome::Skipped => "SKIPPED",
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
    use std::collections::BTreeMap;

    use serde_json::json;
    use test_kit::admission;
    use test_kit::kinds::removed_version;
    use test_kit::yaml::Origin;

    use super::*;
    use crate::policy::Evaluated;

    fn applied(api_version: &str, kind: &str, object: Value, line: usize) -> AppliedObject {
        AppliedObject {
            key: ObjectKey {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                namespace: (kind != "Namespace").then(|| "shop".to_owned()),
                name: "cart".to_owned(),
            },
            origin: Origin { source: "a.yaml".to_owned(), line },
            object,
            removed_version: removed_version(api_version, kind),
            judgement: None,
        }
    }

    fn judged(mut object: AppliedObject, operation: AdmissionOperation, answer: AdmissionAnswer) -> AppliedObject {
        object.judgement = Some(Judgement {
            operation,
            request: admission::request(operation, Some(&object.object), None),
            admitted: answer.admitted(&object.object).unwrap(),
            evaluated: Evaluated { answer, evaluation: Evaluation::accept(), exchanges: vec![] },
        });
        object
    }

    fn objects() -> Vec<AppliedObject> {
        let allowed = AdmissionAnswer { allowed: true, ..AdmissionAnswer::default() };
        let patch = json!([{"op": "add", "path": "/spec/b", "value": "x"}]);
        let mutated = AdmissionAnswer {
            warnings: vec!["b was set".to_owned()],
            patch: Some(serde_json::from_value(patch).unwrap()),
            ..allowed.clone()
        };
        let refused = AdmissionAnswer {
            message: Some("no.\n  Not so.".to_owned()),
            code: Some(403),
            warnings: vec!["no".to_owned()],
            audit_annotations: BTreeMap::from([("finding".to_owned(), "f".to_owned())]),
            ..AdmissionAnswer::default()
        };
        let (create, update) = (AdmissionOperation::Create, AdmissionOperation::Update);
        vec![
            applied("v1", "Namespace", json!({}), 1),
            judged(applied("v1", "Service", json!({"spec": {"a": 1}}), 3), create, mutated),
            judged(applied("v1", "Service", json!({}), 7), update, allowed),
            judged(applied("networking.k8s.io/v1", "Ingress", json!({}), 9), create, refused),
            applied("extensions/v1beta1", "Ingress", json!({}), 11),
        ]
    }

    #[test]
    fn the_text_is_for_people() {
        assert_eq!(
            text(&objects()),
            "\
STORED    Namespace cart (a.yaml:1): the policy does not check this kind
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
SKIPPED   Ingress shop/cart (a.yaml:11): Kubernetes 1.22 removed Ingress of extensions/v1beta1, rewrite it for networking.k8s.io/v1

1 admitted, 1 mutated, 1 refused, 1 stored, 1 skipped

Not checked:
  Ingress shop/cart (a.yaml:11): Kubernetes 1.22 removed Ingress of extensions/v1beta1, rewrite it for networking.k8s.io/v1
"
        );
        assert_eq!(text(&[]), "0 admitted, 0 mutated, 0 refused, 0 stored\n");
    }

    #[test]
    fn the_json_is_for_programs() {
        let report: Value = serde_json::from_str(&json(&objects()).unwrap()).unwrap();
        assert_eq!(report["version"], json!(REPORT_VERSION));
        assert_eq!(report["summary"], json!({"admitted": 1, "mutated": 1, "refused": 1, "stored": 1, "skipped": 1}));
        let evaluations = &report["evaluations"];
        assert_eq!(
            evaluations[0],
            json!({"file": "a.yaml", "line": 1, "apiVersion": "v1", "kind": "Namespace", "name": "cart",
                   "outcome": "stored", "notChecked": []})
        );
        let patch = json!([{"op": "add", "path": "/spec/b", "value": "x"}]);
        assert_eq!(evaluations[1]["answer"]["patch"], patch);
        assert_eq!(evaluations[2]["operation"], "UPDATE");
        assert_eq!(
            evaluations[3]["answer"],
            json!({"allowed": false, "code": 403, "message": "no.\n  Not so.", "warnings": ["no"],
                   "auditAnnotations": {"finding": "f"}})
        );
        assert_eq!(evaluations[3]["evaluation"]["outcome"], json!({"verdict": "accept"}));
        assert_eq!(evaluations[4]["outcome"], "skipped");
    }
}
