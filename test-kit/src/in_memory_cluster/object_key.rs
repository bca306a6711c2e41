//! What tells one object of a cluster from all others.

use serde_json::Value;
use thiserror::Error;

use crate::kinds::{is_namespaced, stored_version};

/// What tells one object of a cluster from all others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// `v1` for the core group, else GROUP/VERSION; of versions with one schema, the one that stands for all.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace; none for a cluster-scoped kind.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// Why an object cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an object of a cluster needs a string `{0}`")]
pub struct KeyError(&'static str);

impl ObjectKey {
    /// Reads the key of an object.
    ///
    /// # Errors
    ///
    /// An object without apiVersion, kind or name, or without the namespace that its kind needs.
    pub fn of(object: &Value) -> Result<ObjectKey, KeyError> {
        let string = |pointer: &'static str, field| {
            let value = object.pointer(pointer).and_then(Value::as_str);
            value.filter(|value| !value.is_empty()).ok_or(KeyError(field))
        };
        let api_version = string("/apiVersion", "apiVersion")?;
        let kind = string("/kind", "kind")?;
        let name = string("/metadata/name", "metadata.name")?.to_owned();
        // The API server clears the namespace of an object whose kind has none.
        let namespace = if is_namespaced(api_version, kind) {
            Some(string("/metadata/namespace", "metadata.namespace")?.to_owned())
        } else {
            None
        };
        Ok(ObjectKey { api_version: stored_version(api_version, kind), kind: kind.to_owned(), namespace, name })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_without_a_key_are_refused() {
        let error = |object: Value| ObjectKey::of(&object).unwrap_err().to_string();
        assert_eq!(error(json!({})), "an object of a cluster needs a string `apiVersion`");
        assert_eq!(error(json!({"apiVersion": "v1"})), "an object of a cluster needs a string `kind`");
        let nameless = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": ""}});
        assert_eq!(error(nameless), "an object of a cluster needs a string `metadata.name`");
        let homeless = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart"}});
        assert_eq!(error(homeless), "an object of a cluster needs a string `metadata.namespace`");
    }

    #[test]
    fn versions_with_one_schema_have_one_key() {
        let route = |version: &str| {
            json!({"apiVersion": format!("gateway.networking.k8s.io/{version}"), "kind": "HTTPRoute",
                   "metadata": {"name": "web", "namespace": "shop"}})
        };
        assert_eq!(ObjectKey::of(&route("v1")), ObjectKey::of(&route("v1beta1")));
    }
}
