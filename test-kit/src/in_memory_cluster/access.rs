//! What a policy may ask the host for.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

/// A kind of objects, as `contextAwareResources` names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKind {
    /// `v1` for the core group, else GROUP/VERSION.
    pub api_version: String,
    /// The kind, singular.
    pub kind: String,
}

impl ApiKind {
    pub(super) fn is(&self, api_version: &str, kind: &str) -> bool {
        self.api_version == api_version && self.kind == kind
    }
}

impl fmt::Display for ApiKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.api_version, self.kind)
    }
}

/// Text that names no kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected APIVERSION/KIND, as in `apps/v1/DaemonSet`, and found `{0}`")]
pub struct ApiKindError(String);

impl FromStr for ApiKind {
    type Err = ApiKindError;

    fn from_str(text: &str) -> Result<Self, ApiKindError> {
        match text.rsplit_once('/') {
            Some((api_version, kind)) if !api_version.is_empty() && !kind.is_empty() => {
                Ok(ApiKind { api_version: api_version.to_owned(), kind: kind.to_owned() })
            }
            _ => Err(ApiKindError(text.to_owned())),
        }
    }
}

/// What a policy may ask the host for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The kinds that it may look up: `spec.contextAwareResources` of the ClusterAdmissionPolicy.
    pub context_aware_resources: BTreeSet<ApiKind>,
    /// The host capabilities that it may call: exact paths, `PREFIX/*` or `*`.
    pub host_capabilities: Vec<String>,
}

impl Access {
    /// `host_capabilities.rs`, `HostCapabilities::is_allowed`.
    pub(super) fn allows_capability(&self, path: &str) -> bool {
        self.host_capabilities.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == pattern,
        })
    }

    pub(super) fn allows_kind(&self, api_version: &str, kind: &str) -> bool {
        self.context_aware_resources.iter().any(|granted| granted.is(api_version, kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_capabilities_are_paths_or_prefixes() {
        let allowed = |patterns: &[&str], path| {
            let host_capabilities = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
            Access { host_capabilities, ..Access::default() }.allows_capability(path)
        };
        assert!(allowed(&["*"], "kubernetes/get_resource"));
        assert!(allowed(&["oci/*", "kubernetes/*"], "kubernetes/get_resource"));
        assert!(allowed(&["kubernetes/get_resource"], "kubernetes/get_resource"));
        assert!(!allowed(&["kubernetes/get"], "kubernetes/get_resource"));
        assert!(!allowed(&["kubernetes/get_resource"], "kubernetes/list_resources_all"));
    }
}
