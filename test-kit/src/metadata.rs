//! Reads what `policy-metadata.yml` says about the policy: what it is asked about and what it may look up.
//!
//! Invariant: only what a host needs is read; the annotations for people and tools are not.

use serde::Deserialize;
use thiserror::Error;

use crate::admission::AdmissionOperation;
use crate::in_memory_cluster::{Access, ApiKind};
use crate::kinds::{group_and_version, plural};
use crate::yaml::{self, YamlError};

/// What a host needs to know about the policy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyMetadata {
    /// Which requests the policy is asked about: one of the rules has to match.
    pub rules: Vec<Rule>,
    /// Whether the policy may change objects.
    pub mutating: bool,
    /// The kinds that the policy may look up.
    #[serde(default)]
    pub context_aware_resources: Vec<ApiKind>,
    /// The host capabilities that the policy may call.
    #[serde(default)]
    pub host_capabilities: Vec<String>,
}

/// One rule of a webhook configuration. `*` matches everything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// The groups; the core group is the empty string.
    pub api_groups: Vec<String>,
    /// The versions.
    pub api_versions: Vec<String>,
    /// The resources, plural and lower case.
    pub resources: Vec<String>,
    /// The operations, upper case.
    pub operations: Vec<String>,
}

/// Why a metadata file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MetadataError {
    /// Text that is no YAML.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A field that is missing or of the wrong type.
    #[error("{0}: {1}")]
    Field(String, String),
}

impl PolicyMetadata {
    /// Reads the text of a metadata file. `source` is what the errors call it.
    ///
    /// # Errors
    ///
    /// Text that is no YAML, and a field that is missing or of the wrong type.
    pub fn parse(text: &str, source: &str) -> Result<Self, MetadataError> {
        let value = yaml::single(text, source)?;
        serde_json::from_value(value).map_err(|error| MetadataError::Field(source.to_owned(), error.to_string()))
    }

    /// What the policy may ask the host for when all that the metadata names is granted.
    #[must_use]
    pub fn access(&self) -> Access {
        Access {
            context_aware_resources: self.context_aware_resources.iter().cloned().collect(),
            host_capabilities: self.host_capabilities.clone(),
        }
    }

    /// Whether the API server asks the policy about an operation on an object of this kind.
    #[must_use]
    pub fn matches(&self, api_version: &str, kind: &str, operation: AdmissionOperation) -> bool {
        let (group, version) = group_and_version(api_version);
        let resource = plural(kind);
        self.rules.iter().any(|rule| {
            contains(&rule.api_groups, group)
                && contains(&rule.api_versions, version)
                && contains(&rule.resources, &resource)
                && contains(&rule.operations, operation.name())
        })
    }
}

fn contains(patterns: &[String], wanted: &str) -> bool {
    patterns.iter().any(|pattern| pattern == "*" || pattern == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
rules:
  - apiGroups: ['']
    apiVersions: [v1]
    resources: [services]
    operations: [CREATE, UPDATE]
  - apiGroups: [example.com]
    apiVersions: ['*']
    resources: ['*']
    operations: ['*']
mutating: true
contextAwareResources:
  - apiVersion: v1
    kind: Service
hostCapabilities: [kubernetes/get_resource]
annotations: {io.kubewarden.policy.title: x}
";

    #[test]
    fn metadata_says_what_may_be_looked_up() {
        let metadata = PolicyMetadata::parse(TEXT, "metadata.yml").unwrap();
        assert!(metadata.mutating);
        assert_eq!(
            metadata.access(),
            Access {
                context_aware_resources: ["v1/Service".parse().unwrap()].into(),
                host_capabilities: vec!["kubernetes/get_resource".to_owned()],
            }
        );
    }

    #[test]
    fn metadata_says_what_the_policy_is_asked_about() {
        let metadata = PolicyMetadata::parse(TEXT, "metadata.yml").unwrap();
        assert!(metadata.matches("v1", "Service", AdmissionOperation::Update));
        assert!(metadata.matches("example.com/v2", "Anything", AdmissionOperation::Connect));
        assert!(!metadata.matches("v1", "Service", AdmissionOperation::Delete));
        assert!(!metadata.matches("v2", "Service", AdmissionOperation::Create));
        assert!(!metadata.matches("v1", "Secret", AdmissionOperation::Create));
        assert!(!metadata.matches("serving.knative.dev/v1", "Service", AdmissionOperation::Create));
    }

    #[test]
    fn metadata_that_cannot_be_used_is_an_error() {
        let error = |text| PolicyMetadata::parse(text, "metadata.yml").unwrap_err().to_string();
        assert_eq!(error("rules: []\n"), "metadata.yml: missing field `mutating`");
        assert_eq!(error("a: 1\n---\nb: 1\n"), "metadata.yml:3: a second document, where one is expected");
    }
}
