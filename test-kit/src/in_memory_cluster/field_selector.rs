//! Field selectors of lists, as the API server reads them.
//!
//! Invariant: a selector that the API server refuses has its text here, and selects nothing.

use serde_json::Value;
use thiserror::Error;

use crate::kinds::{group_and_version, is_built_in, is_namespaced};

/// The fields that every kind can be selected by; a cluster-scoped one has no namespace.
const METADATA_FIELDS: [&str; 2] = ["metadata.name", "metadata.namespace"];

/// A field selector of one kind: all its terms must hold.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldSelector(Vec<Term>);

#[derive(Debug, PartialEq, Eq)]
struct Term {
    field: String,
    value: String,
    is_equal: bool,
}

/// Why the API server refuses a selector, in its words.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum FieldSelectorError {
    /// apimachinery's `pkg/fields/selector.go`, `parseSelector`.
    #[error("invalid selector: '{selector}'; can't understand '{term}'")]
    Syntax { selector: String, term: String },
    /// kubernetes 1.36, `pkg/apis/core/v1/conversion.go`, and `pkg/apiserver/conversion/converter.go` of custom resources.
    #[error("field label not supported: {0}")]
    Unsupported(String),
    /// kubernetes 1.36, `pkg/apis/apps/v1/conversion.go`.
    #[error("field label not supported for appsv1.StatefulSet: {0}")]
    UnsupportedForStatefulSets(String),
    /// apimachinery's `pkg/runtime/conversion.go`, `DefaultMetaV1FieldSelectorConversion`.
    #[error(r#"{0:?} is not a known field selector: only "metadata.name", "metadata.namespace""#)]
    NotKnown(String),
}

impl FieldSelector {
    /// Reads a selector for objects of a kind.
    ///
    /// # Errors
    ///
    /// A selector that the API server refuses.
    pub fn parse(api_version: &str, kind: &str, selector: &str) -> Result<Self, FieldSelectorError> {
        let mut terms = Vec::new();
        for text in selector.split(',').filter(|text| !text.is_empty()) {
            let term = Term::parse(text)
                .ok_or_else(|| FieldSelectorError::Syntax { selector: selector.to_owned(), term: text.to_owned() })?;
            if !is_supported(api_version, kind, &term.field) {
                return Err(unsupported(api_version, kind, term.field));
            }
            terms.push(term);
        }
        Ok(FieldSelector(terms))
    }

    /// Whether an object is selected.
    pub fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|term| (field(object, &term.field) == term.value) == term.is_equal)
    }
}

impl Term {
    fn parse(text: &str) -> Option<Term> {
        // In this order, and each only where it stands once.
        ["!=", "==", "="].into_iter().find_map(|operator| {
            let (field, value) = text.split_once(operator).filter(|(_, value)| !value.contains(operator))?;
            Some(Term { field: field.to_owned(), value: value.to_owned(), is_equal: operator != "!=" })
        })
    }
}

fn is_supported(api_version: &str, kind: &str, field: &str) -> bool {
    match (api_version, kind) {
        // `AddFieldLabelConversionsForService`, `AddFieldLabelConversionsForNamespace`.
        ("v1", "Service") => METADATA_FIELDS.contains(&field) || matches!(field, "spec.clusterIP" | "spec.type"),
        ("v1", "Namespace") => matches!(field, "metadata.name" | "status.phase"),
        _ if is_built_in(api_version) || is_namespaced(api_version, kind) => METADATA_FIELDS.contains(&field),
        _ => field == "metadata.name",
    }
}

fn unsupported(api_version: &str, kind: &str, field: String) -> FieldSelectorError {
    match (group_and_version(api_version).0, kind) {
        ("apps", "StatefulSet") => FieldSelectorError::UnsupportedForStatefulSets(field),
        ("", "Service" | "Namespace") => FieldSelectorError::Unsupported(field),
        _ if is_built_in(api_version) => FieldSelectorError::NotKnown(field),
        _ => FieldSelectorError::Unsupported(field),
    }
}

/// A field as the API server selects by it: defaulted, and empty where there is none.
fn field<'object>(object: &'object Value, path: &str) -> &'object str {
    let default = match path {
        "spec.type" => "ClusterIP",
        "status.phase" => "Active",
        _ => "",
    };
    let found = path.split('.').try_fold(object, |value, key| value.get(key));
    found.and_then(Value::as_str).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(selector: &str, expected: &[&str]) {
        let service = |name: &str, spec: Value| json!({"metadata": {"name": name, "namespace": "shop"}, "spec": spec});
        let services = [
            service("plain", json!({})),
            service("headless", json!({"clusterIP": "None"})),
            service("node-port", json!({"type": "NodePort"})),
            service("load-balancer", json!({"type": "LoadBalancer", "clusterIP": "10.0.0.1"})),
        ];
        let selector = FieldSelector::parse("v1", "Service", selector).unwrap();
        let selected = services.iter().filter(|service| selector.matches(service));
        assert_eq!(selected.map(|service| service["metadata"]["name"].as_str().unwrap()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn services_are_selected_by_type_cluster_ip_and_metadata() {
        check("", &["plain", "headless", "node-port", "load-balancer"]);
        check("spec.type=LoadBalancer", &["load-balancer"]);
        check("spec.type==NodePort", &["node-port"]);
        check("spec.type=ClusterIP,metadata.namespace=shop", &["plain", "headless"]);
        check("spec.type!=ClusterIP", &["node-port", "load-balancer"]);
        check("spec.clusterIP=None", &["headless"]);
        check("metadata.name=plain,", &["plain"]);
        check("metadata.namespace!=shop", &[]);
    }

    #[test]
    fn other_fields_have_the_texts_of_the_api_server() {
        let error = |api_version: &str, kind: &str, selector: &str| {
            FieldSelector::parse(api_version, kind, selector).unwrap_err().to_string()
        };
        assert_eq!(error("v1", "Service", "spec.ports=1"), "field label not supported: spec.ports");
        assert_eq!(error("v1", "Namespace", "spec.x=1"), "field label not supported: spec.x");
        assert_eq!(
            error("apps/v1", "StatefulSet", "spec.serviceName=cart"),
            "field label not supported for appsv1.StatefulSet: spec.serviceName"
        );
        assert_eq!(
            error("networking.k8s.io/v1", "Ingress", "metadata.name=web,spec.ingressClassName=alb"),
            r#""spec.ingressClassName" is not a known field selector: only "metadata.name", "metadata.namespace""#
        );
        assert_eq!(
            error("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", "spec.targetType!=ip"),
            "field label not supported: spec.targetType"
        );
        assert_eq!(
            error("elbv2.k8s.aws/v1beta1", "IngressClassParams", "metadata.namespace=shop"),
            "field label not supported: metadata.namespace"
        );
        assert_eq!(error("v1", "Service", "spec.type"), "invalid selector: 'spec.type'; can't understand 'spec.type'");
    }
}
