//! The policy for manifests that lie in files: applies them one after another to a cluster in memory, and reports what the
//! policy says about each.
//!
//! Invariant: the library opens no file and knows neither the command line nor WebAssembly, so it builds for browsers.

#![forbid(unsafe_code)]

pub mod answer;
pub mod apply;
pub mod policy;
pub mod report;
mod unchecked;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use test_kit::in_memory_cluster::InMemoryCluster;
use test_kit::manifests::Manifest;
use test_kit::metadata::{MetadataError, PolicyMetadata};
use thiserror::Error;

use apply::{AppliedObject, ApplyError};
use policy::PolicyUnderTest;

/// The metadata that the policy is shipped with.
const METADATA: &str = include_str!("../../policy-metadata.yml");

/// How manifests are evaluated. Written as data, what is left out has its default.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Options {
    /// The policy's settings.
    pub settings: Map<String, Value>,
    /// The namespace of objects that name none and need one.
    pub namespace: String,
    /// Names of IngressClasses of the AWS Load Balancer Controller that are in the cluster from the start.
    pub ingress_classes: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { settings: Map::new(), namespace: "default".to_owned(), ingress_classes: Vec::new() }
    }
}

/// Why manifests cannot be evaluated.
#[derive(Debug, Error)]
pub enum EvaluateError {
    /// Nothing to evaluate.
    #[error("no object in what was given")]
    NoObject,
    /// Settings that the policy refuses.
    #[error("invalid settings: {0}")]
    InvalidSettings(String),
    /// Broken metadata of the policy.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A policy that does not run.
    #[error("{0}")]
    Policy(String),
    /// An object that cannot be applied.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

/// Applies manifests in their order to a cluster without objects, each through the policy.
///
/// # Errors
/// Settings that the policy refuses, and the first object that cannot be applied. A refused object is no error.
pub fn evaluate(
    manifests: Vec<Manifest>,
    options: &Options,
    policy: &dyn PolicyUnderTest,
) -> Result<Vec<AppliedObject>, EvaluateError> {
    if manifests.is_empty() {
        return Err(EvaluateError::NoObject);
    }
    if let Some(problem) = policy.problem_of_settings(&options.settings).map_err(EvaluateError::Policy)? {
        return Err(EvaluateError::InvalidSettings(problem));
    }
    let metadata = PolicyMetadata::parse(METADATA, "policy-metadata.yml")?;
    let mut cluster = InMemoryCluster::new(metadata.access());
    for name in &options.ingress_classes {
        // It has everything that a key needs.
        let _ = cluster.insert(ingress_class(name));
    }
    let judge = |request: &Value, cluster: &InMemoryCluster| policy.evaluate(request, &options.settings, cluster);
    Ok(apply::apply(manifests, &options.namespace, &metadata, &mut cluster, judge)?)
}

/// An IngressClass as the Helm chart of the AWS Load Balancer Controller makes it.
fn ingress_class(name: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": name},
        "spec": {"controller": "ingress.k8s.aws/alb"},
    })
}
