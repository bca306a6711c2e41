//! Builds the AdmissionRequest that the API server sends for an object.
//!
//! Invariant: a request depends on the objects and the operation alone; nothing is random and nothing is defaulted, since
//! the API server sets defaults before it asks webhooks, and the manifests of a test say what they mean.

use serde_json::{Map, Value, json};

use crate::kinds::{group_and_version, is_namespaced, plural};

/// The uid of every request: only its answer has to repeat it.
const UID: &str = "705ab4f5-6393-11e8-b7cc-42010a800002";

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AdmissionOperation {
    /// The object is new.
    Create,
    /// The object takes the place of an older one.
    Update,
    /// The object goes away.
    Delete,
    /// Somebody connects to the object.
    Connect,
}

impl AdmissionOperation {
    /// The name of the operation in requests and webhook rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AdmissionOperation::Create => "CREATE",
            AdmissionOperation::Update => "UPDATE",
            AdmissionOperation::Delete => "DELETE",
            AdmissionOperation::Connect => "CONNECT",
        }
    }

    fn options(self) -> Value {
        let kind = match self {
            AdmissionOperation::Create => "CreateOptions",
            AdmissionOperation::Update => "UpdateOptions",
            AdmissionOperation::Delete => "DeleteOptions",
            // That of `kubectl exec`; there is one for each subresource.
            AdmissionOperation::Connect => return json!({"kind": "PodExecOptions", "apiVersion": "v1"}),
        };
        json!({"kind": kind, "apiVersion": "meta.k8s.io/v1"})
    }
}

/// The request for an operation, as it stands under `request` in the AdmissionReview of `admission.k8s.io/v1`.
///
/// Kind, name and namespace are those of the object, or of the old object where there is no object. What such an object does
/// not say, or says in the wrong type, is empty or absent: the name of an object with a generateName, for one.
#[must_use]
pub fn request(operation: AdmissionOperation, object: Option<&Value>, old_object: Option<&Value>) -> Value {
    let subject = object.or(old_object).unwrap_or(&Value::Null);
    let string = |pointer: &str| subject.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (string("/apiVersion"), string("/kind"));
    let (group, version) = group_and_version(api_version);
    let group_version_kind = json!({"group": group, "version": version, "kind": kind});
    let group_version_resource = json!({"group": group, "version": version, "resource": plural(kind)});
    let (name, namespace) = (string("/metadata/name"), string("/metadata/namespace"));

    let mut request = Map::new();
    let mut set = |key: &str, value: Value| request.insert(key.to_owned(), value);
    set("uid", Value::from(UID));
    set("kind", group_version_kind.clone());
    set("resource", group_version_resource.clone());
    set("requestKind", group_version_kind);
    set("requestResource", group_version_resource);
    if !name.is_empty() {
        set("name", Value::from(name));
    }
    if !namespace.is_empty() && is_namespaced(api_version, kind) {
        set("namespace", Value::from(namespace));
    }
    set("operation", Value::from(operation.name()));
    set("userInfo", json!({"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]}));
    set("object", object.cloned().unwrap_or_default());
    set("oldObject", old_object.cloned().unwrap_or_default());
    set("dryRun", Value::from(false));
    set("options", operation.options());
    Value::Object(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_what_the_api_server_says() {
        let object = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                            "metadata": {"name": "web", "namespace": "shop"}});
        let kind = json!({"group": "networking.k8s.io", "version": "v1", "kind": "Ingress"});
        let resource = json!({"group": "networking.k8s.io", "version": "v1", "resource": "ingresses"});
        assert_eq!(
            request(AdmissionOperation::Create, Some(&object), None),
            json!({
                "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
                "kind": kind,
                "resource": resource,
                "requestKind": kind,
                "requestResource": resource,
                "name": "web",
                "namespace": "shop",
                "operation": "CREATE",
                "userInfo": {"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]},
                "object": object,
                "oldObject": null,
                "dryRun": false,
                "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
            })
        );
    }

    #[test]
    fn a_deletion_is_about_the_old_object() {
        let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"}});
        let request = request(AdmissionOperation::Delete, None, Some(&object));
        assert_eq!(
            (&request["kind"], &request["name"], &request["object"], &request["oldObject"], &request["options"]),
            (
                &json!({"group": "", "version": "v1", "kind": "Service"}),
                &json!("cart"),
                &Value::Null,
                &object,
                &json!({"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"})
            )
        );
    }

    #[test]
    fn what_an_object_does_not_say_is_absent() {
        let generated = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "cart-"}});
        let request = request(AdmissionOperation::Create, Some(&generated), None);
        assert_eq!((request.get("name"), request.get("namespace")), (None, None));
        let class = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
                           "metadata": {"name": "alb", "namespace": "shop"}});
        assert_eq!(super::request(AdmissionOperation::Create, Some(&class), None).get("namespace"), None);
        let nothing = super::request(AdmissionOperation::Update, None, None);
        assert_eq!(nothing["kind"], json!({"group": "", "version": "", "kind": ""}));
    }
}
