//! Applies manifests to the cluster one after the other, each through the policy.
//!
//! Invariant: the cluster has what was admitted, in the form in which it was admitted, and nothing that was refused.

use json_patch::PatchError;
use serde::Serialize;
use serde_json::{Map, Value};
use test_kit::admission::{self, AdmissionOperation};
use test_kit::in_memory_cluster::{InMemoryCluster, KeyError, ObjectKey};
use test_kit::kinds::{RemovedVersion, is_namespaced, removed_version};
use test_kit::manifests::Manifest;
use test_kit::metadata::PolicyMetadata;
use test_kit::yaml::Origin;
use thiserror::Error;

use crate::policy::Evaluated;

/// What became of one object.
#[derive(Debug, Clone, PartialEq)]
pub struct AppliedObject {
    /// What tells it from others; its name is made up where it has only a generateName.
    pub key: ObjectKey,
    /// Where it was read.
    pub origin: Origin,
    /// The object as it was applied.
    pub object: Value,
    /// The version in which it was written, where the API server does not know it any more.
    pub removed_version: Option<RemovedVersion>,
    /// What the policy made of it; none where the policy is not asked about its kind.
    pub judgement: Option<Judgement>,
}

/// What the policy made of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What was done to the object.
    pub operation: AdmissionOperation,
    /// The request that the policy was asked about.
    pub request: Value,
    /// What the policy answered, and why.
    pub evaluated: Evaluated,
    /// The object as the API server goes on with it; none where it was refused.
    pub admitted: Option<Value>,
}

/// The outcome for an object, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ObjectOutcome {
    /// The policy is not asked about its kind.
    Stored,
    /// It is of a version that the API server does not know any more.
    Skipped,
    /// The policy let it pass as it is.
    Admitted,
    /// The policy changed it and let it pass.
    Mutated,
    /// The policy refused it.
    Refused,
}

impl AppliedObject {
    /// The outcome in one word.
    pub fn outcome(&self) -> ObjectOutcome {
        match &self.judgement {
            None if self.removed_version.is_some() => ObjectOutcome::Skipped,
            None => ObjectOutcome::Stored,
            Some(Judgement { admitted: None, .. }) => ObjectOutcome::Refused,
            Some(Judgement { evaluated, .. }) if evaluated.answer.patch.is_some() => ObjectOutcome::Mutated,
            Some(_) => ObjectOutcome::Admitted,
        }
    }
}

/// Why an object cannot be applied.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// An object without a name or namespace.
    #[error("{origin}: {error}")]
    Key {
        /// Where the object was read.
        origin: Origin,
        /// What it lacks.
        error: KeyError,
    },
    /// A policy that does not run.
    #[error("{origin}: {error}")]
    Policy {
        /// Where the object was read.
        origin: Origin,
        /// Why the policy does not run.
        error: String,
    },
    /// A patch that does not fit.
    #[error("{origin}: the policy's patch does not fit the object: {error}")]
    Patch {
        /// Where the object was read.
        origin: Origin,
        /// Why it does not fit.
        error: PatchError,
    },
}

/// Applies manifests in their order. `judge` asks the policy about a request while the cluster is as given.
///
/// # Errors
///
/// The first object that cannot be applied. That the policy refuses one is no error.
pub fn apply(
    manifests: Vec<Manifest>,
    namespace: &str,
    metadata: &PolicyMetadata,
    cluster: &mut InMemoryCluster,
    mut judge: impl FnMut(&Value, &InMemoryCluster) -> Result<Evaluated, String>,
) -> Result<Vec<AppliedObject>, ApplyError> {
    let mut applied = Vec::new();
    for (position, Manifest { object, origin }) in manifests.into_iter().enumerate() {
        let object = with_namespace(object, namespace);
        let named = with_name(object.clone(), position);
        let key_error = |error| ApplyError::Key { origin: origin.clone(), error };
        let key = ObjectKey::of(&named).map_err(key_error)?;
        let removed_version = removed_version(&key.api_version, &key.kind);
        if removed_version.is_some() {
            applied.push(AppliedObject { key, origin, object, removed_version, judgement: None });
            continue;
        }
        let old_object = cluster.get(&key);
        let operation = if old_object.is_some() { AdmissionOperation::Update } else { AdmissionOperation::Create };
        if !metadata.matches(&key.api_version, &key.kind, operation) {
            cluster.insert(named).map_err(key_error)?;
            applied.push(AppliedObject { key, origin, object, removed_version, judgement: None });
            continue;
        }
        let request = admission::request(operation, Some(&object), old_object);
        let evaluated =
            judge(&request, cluster).map_err(|error| ApplyError::Policy { origin: origin.clone(), error })?;
        let admitted =
            evaluated.answer.admitted(&object).map_err(|error| ApplyError::Patch { origin: origin.clone(), error })?;
        if let Some(admitted) = &admitted {
            cluster.insert(with_name(admitted.clone(), position)).map_err(key_error)?;
        }
        let judgement = Some(Judgement { operation, request, evaluated, admitted });
        applied.push(AppliedObject { key, origin, object, removed_version, judgement });
    }
    Ok(applied)
}

/// kubectl sends objects that need a namespace, and name none, to its current one.
fn with_namespace(mut object: Value, namespace: &str) -> Value {
    let string = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    if is_namespaced(string("apiVersion"), string("kind"))
        && let Some(metadata) = metadata_of(&mut object)
        && metadata.get("namespace").and_then(Value::as_str).unwrap_or_default().is_empty()
    {
        metadata.insert("namespace".to_owned(), Value::from(namespace));
    }
    object
}

/// The API server completes a generateName with random letters; here it is the object's position.
fn with_name(mut object: Value, position: usize) -> Value {
    if let Some(metadata) = metadata_of(&mut object)
        && metadata.get("name").and_then(Value::as_str).unwrap_or_default().is_empty()
        && let Some(prefix) = metadata.get("generateName").and_then(Value::as_str)
    {
        let name = format!("{prefix}{:05}", position + 1);
        metadata.insert("name".to_owned(), Value::from(name));
    }
    object
}

fn metadata_of(object: &mut Value) -> Option<&mut Map<String, Value>> {
    object.get_mut("metadata").and_then(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_headless_service_policy::decide::Evaluation;
    use serde_json::json;
    use test_kit::manifests;

    use crate::answer::AdmissionAnswer;

    fn metadata() -> PolicyMetadata {
        let text =
            "{rules: [{apiGroups: [''], apiVersions: [v1], resources: [services], operations: ['*']}], mutating: true}";
        PolicyMetadata::parse(text, "metadata.yml").unwrap()
    }

    fn evaluated(answer: AdmissionAnswer) -> Evaluated {
        Evaluated { answer, evaluation: Evaluation::accept(), exchanges: vec![] }
    }

    fn allowed() -> Evaluated {
        evaluated(AdmissionAnswer { allowed: true, ..AdmissionAnswer::default() })
    }

    fn service(name: &str) -> String {
        format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n")
    }

    /// Applies a text, and returns the outcomes and the requests.
    fn applied(
        text: &str,
        cluster: &mut InMemoryCluster,
        mut answer: impl FnMut(&Value) -> Evaluated,
    ) -> (Vec<(String, ObjectOutcome)>, Vec<Value>) {
        let mut requests = Vec::new();
        let manifests = manifests::parse(text, "a.yaml").unwrap();
        let objects = apply(manifests, "shop", &metadata(), cluster, |request, _| {
            requests.push(request.clone());
            Ok(answer(request))
        });
        let outcomes = objects.unwrap().iter().map(|object| (object.key.name.clone(), object.outcome())).collect();
        (outcomes, requests)
    }

    fn names(cluster: &InMemoryCluster) -> Vec<&str> {
        cluster.objects().map(|object| object["metadata"]["name"].as_str().unwrap()).collect()
    }

    #[test]
    fn what_is_admitted_becomes_part_of_the_cluster() {
        let text =
            format!("{}{}{}", service("a"), service("b"), "---\n{apiVersion: v1, kind: Secret, metadata: {name: c}}");
        let mut cluster = InMemoryCluster::default();
        let (outcomes, _) = applied(&text, &mut cluster, |request| {
            if request["name"] == "a" { evaluated(AdmissionAnswer::default()) } else { allowed() }
        });
        let expected = [("a", ObjectOutcome::Refused), ("b", ObjectOutcome::Admitted), ("c", ObjectOutcome::Stored)];
        assert_eq!(outcomes, expected.map(|(name, outcome)| (name.to_owned(), outcome)));
        assert_eq!(names(&cluster), ["b", "c"]);
    }

    #[test]
    fn an_object_that_was_admitted_is_updated_from_its_admitted_form() {
        let patch = json!([{"op": "add", "path": "/spec", "value": {"a": 1}}]);
        let mutated = evaluated(AdmissionAnswer {
            allowed: true,
            patch: Some(serde_json::from_value(patch).unwrap()),
            ..AdmissionAnswer::default()
        });
        let mut cluster = InMemoryCluster::default();
        let text = format!("{}{}", service("a"), service("a"));
        let (outcomes, requests) =
            applied(
                &text,
                &mut cluster,
                |request| {
                    if request["operation"] == "CREATE" { mutated.clone() } else { allowed() }
                },
            );
        assert_eq!(outcomes, [("a".to_owned(), ObjectOutcome::Mutated), ("a".to_owned(), ObjectOutcome::Admitted)]);
        let plain = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "shop"}});
        let mut with_spec = plain.clone();
        with_spec["spec"] = json!({"a": 1});
        let update = admission::request(AdmissionOperation::Update, Some(&plain), Some(&with_spec));
        assert_eq!(requests, [admission::request(AdmissionOperation::Create, Some(&plain), None), update]);
        assert_eq!(cluster.objects().collect::<Vec<_>>(), [&plain]);
    }

    #[test]
    fn a_generated_name_is_made_up_after_the_policy_was_asked() {
        let mut cluster = InMemoryCluster::default();
        let text = "{apiVersion: v1, kind: Service, metadata: {generateName: a-, namespace: blog}}";
        let (outcomes, requests) = applied(text, &mut cluster, |_| allowed());
        assert_eq!(outcomes, [("a-00001".to_owned(), ObjectOutcome::Admitted)]);
        assert_eq!(requests[0]["object"]["metadata"], json!({"generateName": "a-", "namespace": "blog"}));
        assert_eq!(names(&cluster), ["a-00001"]);
    }

    #[test]
    fn objects_without_namespace_get_the_given_one_where_they_need_one() {
        let mut cluster = InMemoryCluster::default();
        let text = format!("{}---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: n}}}}", service("a"));
        applied(&text, &mut cluster, |_| allowed());
        let namespaces: Vec<Option<&Value>> =
            cluster.objects().map(|object| object.pointer("/metadata/namespace")).collect();
        assert_eq!(namespaces, [Some(&json!("shop")), None]);
    }

    #[test]
    fn a_policy_that_does_not_run_is_an_error() {
        let manifests = manifests::parse(&service("a"), "a.yaml").unwrap();
        let mut cluster = InMemoryCluster::default();
        let result = apply(manifests, "shop", &metadata(), &mut cluster, |_, _| Err("it does not start".to_owned()));
        assert_eq!(result.unwrap_err().to_string(), "a.yaml:2: it does not start");
    }

    #[test]
    fn an_object_of_a_removed_version_is_not_passed_over() {
        let mut cluster = InMemoryCluster::default();
        for version in ["extensions/v1beta1", "networking.k8s.io/v1beta1"] {
            let text = format!("{{apiVersion: {version}, kind: Ingress, metadata: {{name: web}}}}");
            let (outcomes, requests) = applied(&text, &mut cluster, |_| allowed());
            assert_eq!(outcomes, [("web".to_owned(), ObjectOutcome::Skipped)]);
            assert_eq!((requests.len(), cluster.objects().count()), (0, 0));
        }
    }
}
