//! Puts Kubernetes manifests before the policy, as if they were applied to an empty cluster: the program behind `make run`.
//!
//! Invariant: this is a table of steps; what a step does stands in its module, and what is judged stands in the policy.

mod apply;
mod arguments;
mod not_judged;
mod report;
mod sessions;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use e2e_tests::host::{Deployment, HostError, Policy};
use serde_json::{Map, Value, json};
use test_kit::in_memory_cluster::{InMemoryCluster, KeyError};
use test_kit::manifests::{self, ManifestError};
use test_kit::metadata::{MetadataError, PolicyMetadata};
use test_kit::yaml::{self, YamlError};
use thiserror::Error;

use apply::ApplyError;
use arguments::{ArgumentError, Command, Options, Output};
use report::Counts;
use sessions::SessionsError;

/// The metadata that the policy is shipped with.
const METADATA: &str = include_str!("../../../../policy-metadata.yml");

/// What the program says to its caller when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Everything was admitted, or nothing was asked.
    Admitted = 0,
    /// The evaluation could not be done.
    Failed = 1,
    /// Something was refused.
    Refused = 2,
}

/// Why the evaluation could not be done.
#[derive(Debug, Error)]
enum EvaluateError {
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("no object in what was given")]
    NoObject,
    #[error("{path}: {error}")]
    Unreadable { path: String, error: io::Error },
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error("{path}: settings must be a mapping")]
    SettingsNoMapping { path: String },
    #[error("invalid settings: {0}")]
    InvalidSettings(String),
    #[error("{0} (`make policy.wasm` builds it, and --policy names another)")]
    NoPolicy(HostError),
    #[error(transparent)]
    Host(#[from] HostError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error(transparent)]
    Sessions(#[from] SessionsError),
    #[error("the result cannot be written: {0}")]
    Output(io::Error),
}

fn main() -> ExitCode {
    let exit = run().unwrap_or_else(|error| {
        let line = error.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" ");
        // Nobody is left to tell when this fails too.
        let _ = writeln!(io::stderr(), "error: {line}");
        Exit::Failed
    });
    ExitCode::from(exit as u8)
}

fn run() -> Result<Exit, EvaluateError> {
    match arguments::parse(env::args_os().skip(1))? {
        Command::Help => print(arguments::HELP).map(|()| Exit::Admitted),
        Command::Version => print(concat!("evaluate ", env!("CARGO_PKG_VERSION"), "\n")).map(|()| Exit::Admitted),
        Command::Evaluate(options) => evaluate(&options),
    }
}

fn evaluate(options: &Options) -> Result<Exit, EvaluateError> {
    let metadata = PolicyMetadata::parse(METADATA, "policy-metadata.yml")?;
    let settings = settings(options)?;
    let mut manifests = Vec::new();
    for path in &options.paths {
        manifests.extend(manifests::read(path)?);
    }
    if manifests.is_empty() {
        return Err(EvaluateError::NoObject);
    }
    let policy = policy(&options.policy)?;
    check_settings(&policy, &settings)?;

    let mut cluster = InMemoryCluster::new(metadata.access());
    for name in &options.ingress_classes {
        cluster.insert(ingress_class(name))?;
    }
    let no_class_is_judged =
        settings.get("controller").and_then(|controller| controller.get("ingressClass")) == Some(&Value::from(""));
    let deployment = Deployment { settings, mutating: metadata.mutating };
    let judge = |request: &Value, cluster: &InMemoryCluster| policy.validate(request, &deployment, cluster);
    let objects = apply::apply(manifests, &options.namespace, &metadata, &mut cluster, judge)?;

    if let Some(folder) = &options.sessions {
        sessions::write(folder, &objects, &deployment.settings)?;
    }
    let not_judged = not_judged::not_judged(&objects, no_class_is_judged);
    match options.output {
        Output::Text => print(&report::text(&objects, &not_judged))?,
        Output::Json => print(&report::json(&objects, &not_judged))?,
    }
    Ok(if Counts::of(&objects).refused == 0 { Exit::Admitted } else { Exit::Refused })
}

fn settings(options: &Options) -> Result<Map<String, Value>, EvaluateError> {
    let mut settings = match &options.settings {
        Some(path) => settings_of_file(path)?,
        None => Map::new(),
    };
    if let Some(mode) = &options.mode {
        settings.insert("mode".to_owned(), Value::from(mode.as_str()));
    }
    Ok(settings)
}

fn settings_of_file(path: &Path) -> Result<Map<String, Value>, EvaluateError> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| EvaluateError::Unreadable { path: name.clone(), error })?;
    match yaml::single(&text, &name)? {
        Value::Object(settings) => Ok(settings),
        Value::Null => Ok(Map::new()),
        _ => Err(EvaluateError::SettingsNoMapping { path: name }),
    }
}

fn policy(path: &Path) -> Result<Policy, EvaluateError> {
    Policy::from_file(path).map_err(|error| match error {
        HostError::Unreadable { .. } => EvaluateError::NoPolicy(error),
        error => EvaluateError::Host(error),
    })
}

fn check_settings(policy: &Policy, settings: &Map<String, Value>) -> Result<(), EvaluateError> {
    let response = policy.validate_settings(&Value::Object(settings.clone()).to_string())?;
    if response.valid {
        return Ok(());
    }
    Err(EvaluateError::InvalidSettings(response.message.unwrap_or_else(|| "the policy does not say why".to_owned())))
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

/// Writes to the standard output. That nobody reads on is no error: `evaluate … | head`.
fn print(text: &str) -> Result<(), EvaluateError> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(EvaluateError::Output(error)),
        _ => Ok(()),
    }
}
