//! Renders cases as files that `kwctl run` and bats repeat without a cluster.
//!
//! Invariant: what must come out is read from the case alone; a run of the policy gives nothing but the lookups to replay.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde_json::{Map, Value, json};
use test_kit::in_memory_cluster::{Access, AnsweredBy, ApiKind, Exchange, Fault};
use thiserror::Error;

use crate::cases::{Case, CaseOutcome};
use crate::session::{self, SessionError};

/// A case as kwctl runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// `request.json`, `session.yaml`, `expect.json`, and either `settings.json` or `policy.yaml`.
    pub files: BTreeMap<&'static str, String>,
    /// The host capabilities that kwctl grants; all where there are none.
    pub host_capabilities: Option<Vec<String>>,
}

/// Why kwctl cannot show what a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Skip {
    /// kwctl decodes a request before it asks the policy.
    #[error("the payload holds no AdmissionRequest")]
    NoRequest,
    /// The flag of kwctl knows no kinds.
    #[error("a host capability is denied for one kind and granted for another")]
    CapabilityOfOneKind,
}

/// Why a case cannot be rendered.
#[derive(Debug, Error)]
pub enum RenderError {
    /// It need not be.
    #[error(transparent)]
    Skip(#[from] Skip),
    /// Lookups that cannot be replayed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A case that does not say what must come out.
    #[error("{0}")]
    Expectation(String),
}

/// Renders one case. `exchanges` are the lookups that the policy makes, `access` is what its metadata asks for, and
/// `module` is the annotated module, as an absolute path.
///
/// # Errors
/// A case that kwctl cannot run, or one that does not say what must come out.
pub fn render(case: &Case, exchanges: &[Exchange], access: &Access, module: &Path) -> Result<Rendered, RenderError> {
    let request = case.request.as_ref().ok_or(Skip::NoRequest)?;
    let denied = denied_capabilities(case, exchanges)?;
    let host_capabilities = (!denied.is_empty())
        .then(|| access.host_capabilities.iter().filter(|name| !denied.contains(*name)).cloned().collect());
    let mut files = BTreeMap::from([
        ("request.json", format!("{request:#}\n")),
        ("session.yaml", session::to_yaml(exchanges)?),
        ("expect.json", format!("{:#}\n", expectation(case, request, exchanges)?)),
    ]);
    let ungranted = refused(case, exchanges, Fault::NotGranted);
    if ungranted.is_empty() {
        files.insert("settings.json", format!("{:#}\n", Value::Object(case.settings.clone())));
    } else {
        let granted = access.context_aware_resources.iter().filter(|resource| !ungranted.contains(*resource));
        files.insert("policy.yaml", format!("{:#}\n", policy(&case.settings, granted, module)));
    }
    Ok(Rendered { files, host_capabilities })
}

/// The kinds whose lookups the host itself refused, with this fault.
fn refused(case: &Case, exchanges: &[Exchange], fault: Fault) -> BTreeSet<ApiKind> {
    let is_refused = |(exchange, resource): &(&Exchange, ApiKind)| {
        exchange.by == AnsweredBy::Host && case.cluster.fault(&resource.api_version, &resource.kind) == Some(fault)
    };
    let with_resources = exchanges.iter().map(|exchange| (exchange, resource(exchange)));
    with_resources.filter(is_refused).map(|(_, resource)| resource).collect()
}

fn resource(exchange: &Exchange) -> ApiKind {
    let text = |name: &str| exchange.request.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    ApiKind { api_version: text("api_version"), kind: text("kind") }
}

/// The operations that the host refused. kwctl refuses one for every kind.
fn denied_capabilities(case: &Case, exchanges: &[Exchange]) -> Result<BTreeSet<String>, Skip> {
    let kinds = refused(case, exchanges, Fault::NoCapability);
    let (denied, granted): (Vec<_>, Vec<_>) =
        exchanges.iter().partition(|exchange| kinds.contains(&resource(exchange)));
    let operations = |exchanges: Vec<&Exchange>| -> BTreeSet<String> {
        exchanges.into_iter().map(|exchange| exchange.operation.clone()).collect()
    };
    let (denied, granted) = (operations(denied), operations(granted));
    if denied.is_disjoint(&granted) { Ok(denied) } else { Err(Skip::CapabilityOfOneKind) }
}

/// A deployment that grants some kinds alone, which kwctl has no flag for. YAML is a superset of JSON.
fn policy<'a>(settings: &Map<String, Value>, granted: impl Iterator<Item = &'a ApiKind>, module: &Path) -> Value {
    let granted: Vec<Value> =
        granted.map(|resource| json!({"apiVersion": resource.api_version, "kind": resource.kind})).collect();
    json!({
        "apiVersion": "policies.kubewarden.io/v1",
        "kind": "ClusterAdmissionPolicy",
        "metadata": {"name": "aws-headless-service-policy"},
        "spec": {
            "module": format!("file://{}", module.display()),
            "mutating": true,
            "rules": [],
            "settings": settings,
            "contextAwareResources": granted,
        },
    })
}

/// The AdmissionResponse to the letter but for the patch, the object that the patch must lead to, and how many errors
/// kwctl logs: one for each lookup that fails.
fn expectation(case: &Case, request: &Value, exchanges: &[Exchange]) -> Result<Value, RenderError> {
    let missing = |what: &str| RenderError::Expectation(format!("{what} was never written down"));
    let derived = case.expect.derived.as_ref().ok_or_else(|| missing("the answer"))?;
    let mut response = Map::new();
    let mut set = |key: &str, value: Value| response.insert(key.to_owned(), value);
    set("uid", request.get("uid").cloned().ok_or_else(|| missing("the uid"))?);
    set("allowed", Value::from(case.expect.outcome != CaseOutcome::Reject));
    let mut object = Value::Null;
    if case.expect.outcome == CaseOutcome::Mutate {
        set("patchType", Value::from("JSONPatch"));
        object = case.expected_object().map_err(RenderError::Expectation)?;
    }
    if case.expect.outcome == CaseOutcome::Reject {
        set("status", json!({"message": derived.message, "code": case.expect.code}));
    }
    let annotations = Some(&derived.audit_annotations).filter(|annotations| !annotations.is_empty());
    set("auditAnnotations", json!(annotations));
    set("warnings", json!(Some(&derived.warnings).filter(|warnings| !warnings.is_empty())));
    let errors = exchanges.iter().filter(|exchange| exchange.response.is_err()).count();
    Ok(json!({"response": response, "object": object, "errors": errors}))
}

/// A bats file with a test for each case, by name. `helper` is the file that knows how to check one.
#[must_use]
pub fn bats<'a>(cases: impl IntoIterator<Item = (&'a str, &'a Rendered)>, helper: &Path) -> String {
    let mut text = format!("load {}\n", quoted(&helper.display().to_string()));
    for (name, rendered) in cases {
        let flags = rendered.host_capabilities.iter().flat_map(|granted| {
            let flag = "--allowed-host-capabilities".to_owned();
            std::iter::once(flag).chain(granted.iter().cloned())
        });
        let arguments: Vec<String> = std::iter::once(name.to_owned()).chain(flags).map(|word| quoted(&word)).collect();
        // Writing to a string cannot fail.
        let _ = write!(text, "\n@test {} {{\n  check {}\n}}\n", quoted(name), arguments.join(" "));
    }
    text
}

/// A word of a shell that stays as it is.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bats_file_has_a_test_for_each_case() {
        let plain = Rendered { files: BTreeMap::new(), host_capabilities: None };
        let granted = Some(vec!["kubernetes/get_resource".to_owned()]);
        let denied = Rendered { host_capabilities: granted, ..plain.clone() };
        assert_eq!(
            bats([("group/a", &plain), ("group/b", &denied)], Path::new("/it's/check.bash")),
            r"load '/it'\''s/check.bash'

@test 'group/a' {
  check 'group/a'
}

@test 'group/b' {
  check 'group/b' '--allowed-host-capabilities' 'kubernetes/get_resource'
}
"
        );
    }
}
