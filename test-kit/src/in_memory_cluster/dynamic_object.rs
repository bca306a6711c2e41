//! Objects in the shape in which the host hands them to a policy: kube's `DynamicObject`.
//!
//! Invariant: type and metadata are apart from the rest, as in kube, so a field mask can touch neither.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// The annotation that the host takes out of the objects of a list.
const LAST_APPLIED_CONFIGURATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The fields of k8s-openapi's `ObjectMeta` in the order in which they are serialised. All others are dropped.
const OBJECT_META_FIELDS: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// An object of any kind, read as kube-core 3.1 reads it (`src/dynamic.rs`).
///
/// The real host sorts the keys of what is not type or metadata. Here they stay in order: a policy must not rely on either.
pub struct DynamicObject {
    types: Map<String, Value>,
    metadata: Map<String, Value>,
    data: Map<String, Value>,
}

impl DynamicObject {
    /// Reads an object. What is no mapping is an empty object.
    pub fn of(object: &Value) -> Self {
        let mut data = object.as_object().cloned().unwrap_or_default();
        let mut types = Map::new();
        for key in ["apiVersion", "kind"] {
            if let Some(value) = data.shift_remove(key) {
                types.insert(key.to_owned(), value);
            }
        }
        let metadata = match data.shift_remove("metadata") {
            Some(Value::Object(metadata)) => object_meta(metadata),
            _ => Map::new(),
        };
        DynamicObject { types, metadata, data }
    }

    /// Leaves out what the host's reflector does not keep in memory.
    ///
    /// `callback_handler/kubernetes/reflector.rs`, `modify_object`: it empties the fields, and so makes them where they were
    /// missing.
    pub fn without_bulky_metadata(mut self) -> Self {
        let mut annotations = match self.metadata.remove("annotations") {
            Some(Value::Object(annotations)) => annotations,
            _ => Map::new(),
        };
        annotations.shift_remove(LAST_APPLIED_CONFIGURATION);
        self.metadata.insert("annotations".to_owned(), Value::Object(annotations));
        self.metadata.insert("managedFields".to_owned(), Value::Array(Vec::new()));
        self.metadata = object_meta(self.metadata);
        self
    }

    /// In this version: of one schema with that in which the object was written.
    pub fn of_version(mut self, api_version: &str) -> Self {
        if let Some(written) = self.types.get_mut("apiVersion") {
            *written = Value::from(api_version);
        }
        self
    }

    /// Leaves out the apiVersion and the kind.
    pub fn without_type(mut self) -> Self {
        self.types.clear();
        self
    }

    /// Keeps only the fields that the masks name, with all that is below them. No masks keep everything.
    ///
    /// `callback_handler/kubernetes/field_mask.rs`: arrays are transparent, and an empty set of masks keeps everything too.
    pub fn masked(mut self, field_masks: Option<&BTreeSet<String>>) -> Self {
        if let Some(field_masks) = field_masks {
            let mut data = Value::Object(self.data);
            FieldMask::new(field_masks).prune(&mut data);
            self.data = match data {
                Value::Object(data) => data,
                _ => Map::new(),
            };
        }
        self
    }

    /// The object as JSON: its type, its metadata, and the rest.
    pub fn into_value(self) -> Value {
        let mut object = self.types;
        object.insert("metadata".to_owned(), Value::Object(self.metadata));
        object.extend(self.data);
        Value::Object(object)
    }
}

fn object_meta(mut metadata: Map<String, Value>) -> Map<String, Value> {
    let field = |key: &str| metadata.remove(key).filter(|value| !value.is_null()).map(|value| (key.to_owned(), value));
    OBJECT_META_FIELDS.into_iter().filter_map(field).collect()
}

/// A tree of field names. A leaf keeps everything below it.
#[derive(Default)]
struct FieldMask(BTreeMap<String, FieldMask>);

impl FieldMask {
    fn new(paths: &BTreeSet<String>) -> Self {
        let mut root = FieldMask::default();
        for path in paths {
            let mut node = &mut root;
            for name in path.split('.') {
                node = node.0.entry(name.to_owned()).or_default();
            }
        }
        root
    }

    fn prune(&self, value: &mut Value) {
        if self.0.is_empty() {
            return;
        }
        match value {
            Value::Object(object) => object.retain(|key, value| match self.0.get(key) {
                Some(child) => {
                    child.prune(value);
                    true
                }
                None => false,
            }),
            Value::Array(items) => items.iter_mut().for_each(|item| self.prune(item)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn masks(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn type_and_metadata_come_first_and_unknown_metadata_is_dropped() {
        let object = json!({"spec": {"b": 1, "a": 2}, "metadata": {"uid": "u", "name": "n", "x": 1, "labels": null},
                            "kind": "Service", "status": {}, "apiVersion": "v1"});
        assert_eq!(
            DynamicObject::of(&object).into_value().to_string(),
            r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"n","uid":"u"},"spec":{"b":1,"a":2},"status":{}}"#
        );
    }

    #[test]
    fn a_list_item_has_empty_managed_fields_and_always_annotations() {
        let bare = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "n"}});
        assert_eq!(
            DynamicObject::of(&bare).without_bulky_metadata().without_type().into_value().to_string(),
            r#"{"metadata":{"annotations":{},"managedFields":[],"name":"n"}}"#
        );
        let full = json!({"metadata": {"name": "n", "managedFields": [{"manager": "m"}], "annotations": {
            LAST_APPLIED_CONFIGURATION: "{}", "a": "b"}}});
        assert_eq!(
            DynamicObject::of(&full).without_bulky_metadata().into_value(),
            json!({"metadata": {"annotations": {"a": "b"}, "managedFields": [], "name": "n"}})
        );
    }

    #[test]
    fn masks_prune_everything_but_type_and_metadata() {
        let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "n"},
            "spec": {"type": "ClusterIP", "ports": [{"port": 1, "name": "a"}, {"port": 2}, 3], "selector": {"a": "b"}},
            "status": {"x": 1}});
        let masked = |paths: &[&str]| DynamicObject::of(&object).masked(Some(&masks(paths))).into_value();
        assert_eq!(
            masked(&["spec.ports.port", "spec.type.deeper", "metadata.labels", "nowhere"]),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "n"},
                   "spec": {"type": "ClusterIP", "ports": [{"port": 1}, {"port": 2}, 3]}})
        );
        assert_eq!(
            masked(&["spec.selector", "spec.selector.a"]),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "n"}, "spec": {"selector": {"a": "b"}}})
        );
        assert_eq!(masked(&[]), object);
    }
}
