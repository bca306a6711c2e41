//! A built module of the policy in the embedded host.
//!
//! Invariant: the answer is the module's; the reasons as data, which a module does not hand out, are those of the built-in
//! policy.

use std::path::Path;

use aws_headless_service_policy_cli::answer::AdmissionAnswer;
use aws_headless_service_policy_cli::policy::{BuiltIn, Evaluated, PolicyUnderTest};
use e2e_tests::host::{Deployment, HostError, Policy};
use serde_json::{Map, Value};
use test_kit::in_memory_cluster::InMemoryCluster;

/// A module of the policy.
#[derive(Debug)]
pub struct Module {
    policy: Policy,
}

impl Module {
    /// Reads and compiles a module.
    ///
    /// # Errors
    /// A file that cannot be read, or is no module of a policy.
    pub fn from_file(file: &Path) -> Result<Self, HostError> {
        Ok(Self { policy: Policy::from_file(file)? })
    }
}

impl PolicyUnderTest for Module {
    fn problem_of_settings(&self, settings: &Map<String, Value>) -> Result<Option<String>, String> {
        let settings = serde_json::to_string(settings).map_err(|error| error.to_string())?;
        let response = self.policy.validate_settings(&settings).map_err(|error| error.to_string())?;
        let unsaid = || "the module does not say why".to_owned();
        Ok((!response.valid).then(|| response.message.unwrap_or_else(unsaid)))
    }

    fn evaluate(
        &self,
        request: &Value,
        settings: &Map<String, Value>,
        cluster: &InMemoryCluster,
    ) -> Result<Evaluated, String> {
        let deployment = Deployment { settings: settings.clone(), mutating: true };
        let call = self.policy.validate(request, &deployment, cluster).map_err(|error| error.to_string())?;
        let response = call.response;
        let answer = AdmissionAnswer {
            allowed: response.allowed,
            code: response.code,
            message: response.message,
            warnings: response.warnings,
            audit_annotations: response.audit_annotations,
            patch: response.patch,
        };
        let evaluation = BuiltIn::evaluation(request, settings, cluster);
        Ok(Evaluated { answer, evaluation, exchanges: call.exchanges })
    }
}
