//! `metadata`, as far as it is read.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::decode::{DecodeError, Presence};
use super::string_map::{StringMap, Text, UnreadMap};

/// The bytes of all keys and values.
const MAX_ANNOTATIONS: usize = 256 << 10;

/// The metadata of any object.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase", remote = "Self")]
pub struct Metadata {
    /// Empty for an object whose name is generated after admission.
    #[serde(default)]
    pub name: String,
    /// The prefix of a name that is generated after admission.
    #[serde(default)]
    pub generate_name: String,
    /// Empty for an object of a cluster-scoped kind.
    #[serde(default)]
    pub namespace: String,
    /// When the object was created, in RFC 3339; empty for a new one.
    #[serde(default)]
    pub creation_timestamp: String,
    /// Whether the object is being deleted.
    #[serde(default)]
    pub deletion_timestamp: Presence,
    /// Labels.
    #[serde(default)]
    pub labels: UnreadMap,
    /// Annotations of the domains that Kubernetes and the controller use.
    #[serde(default)]
    pub annotations: Annotations,
    /// The objects that this one depends on.
    #[serde(default)]
    pub owner_references: Vec<OwnerReference>,
    /// Who set which fields; only requests and GETs have it.
    #[serde(default)]
    pub managed_fields: Vec<ManagedFields>,
}

/// An object that another one depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub struct OwnerReference {
    /// The owner's kind.
    #[serde(default)]
    pub kind: String,
    /// The owner's name; it is in the namespace of its dependent, or in none.
    #[serde(default)]
    pub name: String,
    /// Whether the owner manages the object: it takes changes back.
    #[serde(default)]
    pub controller: bool,
}

/// One entry of `managedFields`, as far as it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedFields {
    /// The fields that the manager set.
    #[serde(default)]
    pub fields_v1: FieldsV1,
}

/// The fields of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub struct FieldsV1 {
    /// Those below `spec`.
    #[serde(default, rename = "f:spec")]
    pub spec: SpecFields,
}

/// The fields below `spec` of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub struct SpecFields {
    /// `spec.targetType`.
    #[serde(default, rename = "f:targetType")]
    pub target_type: Presence,
}

impl<'de> Deserialize<'de> for Metadata {
    /// Every view has metadata: inlined into each, this would be a tenth of the module.
    #[inline(never)]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl Metadata {
    /// The value of one annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.0.get(key)
    }

    /// Whether Kubernetes takes so many annotations: it validates that after admission, and these may be what a request has
    /// room for. Those for somebody else are not counted.
    ///
    /// # Errors
    /// More than `TotalAnnotationSizeLimitB` of apimachinery (`pkg/api/validation`).
    pub fn check_size_of_annotations(&self) -> Result<(), DecodeError> {
        let size: usize = self.annotations.0.iter().map(|(key, value)| key.len() + value.len()).sum();
        if size <= MAX_ANNOTATIONS {
            return Ok(());
        }
        let reason = format!("have {size} bytes, and Kubernetes takes no more than {MAX_ANNOTATIONS}");
        Err(DecodeError::new("metadata.annotations", &reason))
    }

    /// Whether the object is being deleted.
    pub fn is_being_deleted(&self) -> bool {
        self.deletion_timestamp.0
    }

    /// The object that manages this one.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller)
    }
}

/// The annotations of an object, without those that are for somebody else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotations(pub StringMap);

/// Annotations of these domains say something about the object. All others are for somebody else, as is the copy of the
/// object that kubectl keeps.
fn is_read(key: &str) -> bool {
    let domain = key.bytes().position(|byte| byte == b'/').and_then(|end| key.get(..end)).unwrap_or(key);
    (domain.ends_with("kubernetes.io") && domain != "kubectl.kubernetes.io") || domain.starts_with("gateway.k8s.aws")
}

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Annotations;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Annotations, A::Error> {
                let mut annotations = StringMap::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    if !is_read(&key.0) {
                        map.next_value::<IgnoredAny>()?;
                    } else if !annotations.insert(&key.0, &map.next_value::<Text<'de>>()?.0) {
                        return Err(de::Error::custom(format_args!("annotation {} is given twice", key.0)));
                    }
                }
                Ok(Annotations(annotations))
            }
        }

        deserializer.deserialize_map(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_of_kubernetes_and_the_controller_are_read_and_no_others() {
        for key in [
            "kubernetes.io/ingress.class",
            "alb.ingress.kubernetes.io/target-type",
            "alb.ingress.kubernetes.io/actions.a/b",
            "gateway.k8s.aws.addon.wafv2",
        ] {
            assert!(is_read(key), "{key}");
        }
        for key in ["kubectl.kubernetes.io/last-applied-configuration", "example.com/kubernetes.io", "target-type"] {
            assert!(!is_read(key), "{key}");
        }
    }

    #[test]
    fn an_annotation_that_is_read_is_given_once() {
        let twice = |key: &str| format!(r#"{{"annotations":{{"{key}":"a","{key}":"b"}}}}"#);
        let decode = |json: &str| crate::kubernetes::decode::<Metadata>(json).map_err(|error| error.to_string());
        assert!(decode(&twice("example.com/x")).is_ok());
        assert!(decode(&twice("kubernetes.io/ingress.class")).is_err_and(|error| error.contains("is given twice")));
    }
}
