//! `metadata`, as far as it is read.

use std::collections::BTreeMap;

use json_text::{Fields, Shape, Shapes};

use super::decode::View;

/// The metadata of any object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Empty for an object whose name is generated after admission.
    pub name: String,
    /// The prefix of a name that is generated after admission.
    pub generate_name: String,
    /// Whether the object is being deleted (`deletionTimestamp` is set).
    pub is_being_deleted: bool,
    /// Labels; empty for kinds that need none.
    pub labels: BTreeMap<String, String>,
    /// Annotations of Kubernetes' own domains.
    pub annotations: BTreeMap<String, String>,
}

/// The one field that every view reads.
pub(super) const METADATA: (&str, Shape) =
    ("metadata", Shape::Map(&[NAME, GENERATE_NAME, DELETION_TIMESTAMP, ANNOTATIONS]));

/// The same with labels, of which few kinds need any.
pub(super) const METADATA_WITH_LABELS: (&str, Shape) =
    ("metadata", Shape::Map(&[NAME, GENERATE_NAME, DELETION_TIMESTAMP, ANNOTATIONS, LABELS]));

/// The same with those labels by which the controllers mark what they made for an object of another kind.
pub(super) const METADATA_WITH_MARKS: (&str, Shape) =
    ("metadata", Shape::Map(&[NAME, GENERATE_NAME, DELETION_TIMESTAMP, ANNOTATIONS, MARKS]));

const NAME: (&str, Shape) = ("name", Shape::Text);
const GENERATE_NAME: (&str, Shape) = ("generateName", Shape::Text);
const DELETION_TIMESTAMP: (&str, Shape) = ("deletionTimestamp", Shape::Present);
const LABELS: (&str, Shape) = ("labels", Shape::TextMap(|_| true));
const MARKS: (&str, Shape) = ("labels", Shape::TextMap(is_mark));
const ANNOTATIONS: (&str, Shape) = ("annotations", Shape::TextMap(is_read_annotation));

/// Annotations of Kubernetes' own domains say something about the object; all others are for somebody else, as is the
/// copy of the object that kubectl keeps.
fn is_read_annotation(key: &str) -> bool {
    let domain = key.as_bytes().split(|byte| *byte == b'/').next().unwrap_or_default();
    domain.ends_with(b"kubernetes.io") && domain != b"kubectl.kubernetes.io"
}

/// Marks have the kind of the owner at the start of their domain.
fn is_mark(key: &str) -> bool {
    ["ingress.", "service.", "gateway."].iter().any(|kind| key.starts_with(kind))
}

impl Metadata {
    /// The metadata of an object of which [`METADATA`] was read.
    pub(super) fn of(object: &mut Fields<'_>) -> Self {
        let mut metadata = object.map("metadata");
        Self {
            name: metadata.text("name"),
            generate_name: metadata.text("generateName"),
            is_being_deleted: metadata.is_present("deletionTimestamp"),
            labels: metadata.text_map("labels"),
            annotations: metadata.text_map("annotations"),
        }
    }

    /// The value of one annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(String::as_str)
    }
}

/// An object of which only the metadata is read (Namespace, DaemonSet).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectWithMetadata {
    /// Its metadata.
    pub metadata: Metadata,
}

impl View for ObjectWithMetadata {
    const FIELDS: Shapes = &[METADATA_WITH_LABELS];

    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { metadata: Metadata::of(fields) }
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_of_kubernetes_are_read_and_no_others() {
        let is_read = |key: &str| assert!(is_read_annotation(key), "{key}");
        let is_not_read = |key: &str| assert!(!is_read_annotation(key), "{key}");
        is_read("kubernetes.io/ingress.class");
        is_read("alb.ingress.kubernetes.io/target-type");
        is_read("alb.ingress.kubernetes.io/actions.a/b");
        is_not_read("kubectl.kubernetes.io/last-applied-configuration");
        is_not_read("example.com/kubernetes.io");
        is_not_read("target-type");
    }

    #[test]
    fn marks_begin_with_the_kind_of_the_owner() {
        assert!(is_mark("ingress.k8s.aws/stack"));
        assert!(!is_mark("app.kubernetes.io/ingress."));
    }
}
