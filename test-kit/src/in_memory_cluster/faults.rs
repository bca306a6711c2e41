//! What goes wrong when a kind is asked for.

use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::access::{ApiKind, ApiKindError};

/// What goes wrong when a kind is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// The API server is down; discovery was done before.
    Unavailable,
    /// The API server answers 500.
    Error,
    /// RBAC does not let the policy server get, list or watch the kind.
    Forbidden,
    /// The kind's group is not there.
    NotInstalled,
    /// The kind's group is there, and the kind is not.
    NotInstalledInGroup,
    /// The API server is down, and discovery was not done before.
    DiscoveryFailed,
    /// The kind is not among the policy's `contextAwareResources`.
    NotGranted,
    /// The policy may not call this host capability.
    NoCapability,
}

/// Text that names no fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no such fault: `{0}`")]
pub struct FaultError(String);

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        serde_json::from_value(Value::from(text)).map_err(|_| FaultError(text.to_owned()))
    }
}

/// What a fault is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultTarget {
    /// Every kind that has no fault of its own.
    Everything,
    /// One kind.
    Kind(ApiKind),
}

impl FromStr for FaultTarget {
    type Err = ApiKindError;

    fn from_str(text: &str) -> Result<Self, ApiKindError> {
        if text == "*" { Ok(FaultTarget::Everything) } else { text.parse().map(FaultTarget::Kind) }
    }
}

/// The faults of a cluster. One of a kind goes before one of everything, and the last one counts.
#[derive(Debug, Clone, Default)]
pub struct Faults(Vec<(FaultTarget, Fault)>);

impl Faults {
    /// Adds a fault.
    pub fn push(&mut self, target: FaultTarget, fault: Fault) {
        self.0.push((target, fault));
    }

    /// Whether nothing goes wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What goes wrong when this kind is asked for.
    pub fn of(&self, api_version: &str, kind: &str) -> Option<Fault> {
        self.of_kind(api_version, kind).or_else(|| self.last(|target| *target == FaultTarget::Everything))
    }

    /// What goes wrong when this kind and no other is asked for.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<Fault> {
        self.last(|target| matches!(target, FaultTarget::Kind(named) if named.is(api_version, kind)))
    }

    fn last(&self, is_wanted: impl Fn(&FaultTarget) -> bool) -> Option<Fault> {
        self.0.iter().rev().find(|(target, _)| is_wanted(target)).map(|(_, fault)| *fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_faults_and_targets_are_read() {
        assert_eq!("notInstalledInGroup".parse(), Ok(Fault::NotInstalledInGroup));
        assert_eq!("broken".parse::<Fault>().unwrap_err().to_string(), "no such fault: `broken`");
        let kind = ApiKind { api_version: "apps/v1".to_owned(), kind: "DaemonSet".to_owned() };
        assert_eq!("apps/v1/DaemonSet".parse(), Ok(FaultTarget::Kind(kind)));
        assert_eq!(
            "DaemonSet".parse::<FaultTarget>().unwrap_err().to_string(),
            "expected APIVERSION/KIND, as in `apps/v1/DaemonSet`, and found `DaemonSet`"
        );
    }
}
