//! The policy for manifests in a browser: text in, the JSON of `aws-headless-service-policy-cli --output json` out.
//!
//! Invariant: nothing is judged or reported here; a page shows what the command line says.

use aws_headless_service_policy_cli::policy::BuiltIn;
use aws_headless_service_policy_cli::{EvaluateError, Options, report};
use test_kit::manifests::{self, ManifestError};
use test_kit::yaml::{self, YamlError};
use thiserror::Error;

#[cfg(test)]
mod tests;

/// What a page imports.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod browser {
    use wasm_bindgen::JsError;
    use wasm_bindgen::prelude::wasm_bindgen;

    /// Evaluates manifests as if they were applied, in their order, to a cluster without objects.
    ///
    /// `manifests` is YAML or JSON. `options` is a mapping in YAML or JSON with the keys `settings` (those of the policy),
    /// `namespace` (of objects that name none), and `ingressClasses` (names of classes of the controller that exist from
    /// the start). All of them are optional.
    ///
    /// Returns the JSON document that the command line writes with `--output json`. Throws an Error whose message is one
    /// sentence if the manifests or the options cannot be read.
    #[wasm_bindgen]
    pub fn evaluate(manifests: &str, options: Option<String>) -> Result<String, JsError> {
        Ok(super::evaluate(manifests, options.as_deref().unwrap_or_default())?)
    }
}

/// What the report calls the manifests.
const MANIFESTS: &str = "manifests.yaml";
/// What the errors call the options.
const OPTIONS: &str = "options";

/// Why there is no evaluation.
#[derive(Debug, Error)]
pub enum PlaygroundError {
    /// Options that are neither YAML nor JSON.
    #[error(transparent)]
    OptionsText(#[from] YamlError),
    /// Options that do not exist, or have the wrong type.
    #[error("invalid options: {0}")]
    Options(serde_json::Error),
    /// Manifests that cannot be read.
    #[error(transparent)]
    Manifests(#[from] ManifestError),
    /// Settings that the policy refuses, or an object that cannot be applied.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// A result that cannot be written.
    #[error("the result cannot be written: {0}")]
    Json(serde_json::Error),
}

/// Does what `evaluate` does for a page, without JavaScript. Empty options are the defaults.
///
/// # Errors
/// Options or manifests that cannot be read or evaluated. A refused object is no error.
pub fn evaluate(manifests: &str, options: &str) -> Result<String, PlaygroundError> {
    let options = match yaml::single(options, OPTIONS)? {
        options if options.is_null() => Options::default(),
        options => serde_json::from_value(options).map_err(PlaygroundError::Options)?,
    };
    let objects =
        aws_headless_service_policy_cli::evaluate(manifests::parse(manifests, MANIFESTS)?, &options, &BuiltIn)?;
    report::json(&objects).map_err(PlaygroundError::Json)
}
