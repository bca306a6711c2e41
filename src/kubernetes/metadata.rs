//! `metadata`, as far as it is read.

use std::collections::BTreeMap;

use json_text::{Read, Reader, fields};

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

/// Which labels are read: few kinds need any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Labels {
    /// None, whatever stands in their place.
    None,
    /// All of them.
    All,
    /// Those by which the controllers mark what they made for an object of another kind.
    Marks,
}

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
    pub(super) fn read(&mut self, reader: &mut Reader<'_>, labels: Labels) -> Read<()> {
        fields!(reader, {
            "name" => reader.text(&mut self.name),
            "generateName" => reader.text(&mut self.generate_name),
            "deletionTimestamp" => reader.present(&mut self.is_being_deleted),
            "annotations" => reader.texts(&mut self.annotations, is_read_annotation),
            "labels" => match labels {
                Labels::None => Ok(reader.skip()?),
                Labels::All => reader.texts(&mut self.labels, |_| true),
                Labels::Marks => reader.texts(&mut self.labels, is_mark),
            },
        })
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
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, { "metadata" => self.metadata.read(reader, Labels::All) })
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
