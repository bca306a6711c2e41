//! Runs the policy against manifests in files: the program behind `make run`.
//!
//! Invariant: this is a table of steps; what a step does is in its module, and what is judged is in the policy.

#![forbid(unsafe_code)]

mod arguments;
#[cfg(feature = "module")]
mod module;
#[cfg(feature = "module")]
mod sessions;

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use aws_headless_service_policy_cli::policy::{BuiltIn, PolicyUnderTest};
use aws_headless_service_policy_cli::report::{self, Counts};
use aws_headless_service_policy_cli::{EvaluateError, Options, evaluate};
use clap::Parser;
use serde_json::{Map, Value};
use test_kit::manifests::{self, ManifestError};
use test_kit::yaml::{self, YamlError};
use thiserror::Error;

use arguments::{Arguments, OutputFormat};

/// What the program says to its caller when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExitStatus {
    /// Everything was admitted, or nothing was asked.
    Admitted = 0,
    /// The evaluation could not be done.
    Failed = 1,
    /// Something was refused.
    Refused = 2,
}

/// Why the evaluation could not be done.
#[derive(Debug, Error)]
enum ProgramError {
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("{path}: {error}")]
    Unreadable { path: String, error: io::Error },
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error("{path}: settings must be a mapping")]
    SettingsNoMapping { path: String },
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    #[cfg(feature = "module")]
    #[error(transparent)]
    Module(#[from] e2e_tests::host::HostError),
    #[cfg(feature = "module")]
    #[error(transparent)]
    Sessions(#[from] sessions::SessionsError),
    #[error("the result cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the result cannot be written: {0}")]
    Output(io::Error),
}

fn main() -> ExitCode {
    let status = match Arguments::try_parse() {
        Ok(arguments) => run(&arguments).unwrap_or_else(|error| {
            let line = error.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" ");
            // Nobody is left to tell when this fails too.
            let _ = writeln!(io::stderr(), "error: {line}");
            ExitStatus::Failed
        }),
        Err(error) => {
            let _ = error.print();
            if error.use_stderr() { ExitStatus::Failed } else { ExitStatus::Admitted }
        }
    };
    ExitCode::from(status as u8)
}

fn run(arguments: &Arguments) -> Result<ExitStatus, ProgramError> {
    let options = Options {
        settings: settings(arguments)?,
        namespace: arguments.namespace.clone(),
        ingress_classes: arguments.ingress_classes.clone(),
    };
    let mut manifests = Vec::new();
    for path in &arguments.paths {
        manifests.extend(manifests::read(path)?);
    }
    let objects = evaluate(manifests, &options, &*policy(arguments)?)?;
    #[cfg(feature = "module")]
    if let Some(folder) = &arguments.sessions {
        sessions::write(folder, &objects, &options.settings)?;
    }
    match arguments.output {
        OutputFormat::Text => print(&report::text(&objects))?,
        OutputFormat::Json => print(&report::json(&objects)?)?,
    }
    Ok(if Counts::of(&objects).refused == 0 { ExitStatus::Admitted } else { ExitStatus::Refused })
}

#[cfg(feature = "module")]
fn policy(arguments: &Arguments) -> Result<Box<dyn PolicyUnderTest>, ProgramError> {
    Ok(match &arguments.module {
        Some(file) => Box::new(module::Module::from_file(file)?),
        None => Box::new(BuiltIn),
    })
}

#[cfg(not(feature = "module"))]
fn policy(_: &Arguments) -> Result<Box<dyn PolicyUnderTest>, ProgramError> {
    Ok(Box::new(BuiltIn))
}

fn settings(arguments: &Arguments) -> Result<Map<String, Value>, ProgramError> {
    let mut settings = match &arguments.settings {
        Some(path) => settings_of_file(path)?,
        None => Map::new(),
    };
    if let Some(mode) = arguments.mode {
        settings.insert("mode".to_owned(), Value::from(mode.setting()));
    }
    Ok(settings)
}

fn settings_of_file(path: &Path) -> Result<Map<String, Value>, ProgramError> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| ProgramError::Unreadable { path: name.clone(), error })?;
    match yaml::single(&text, &name)? {
        Value::Object(settings) => Ok(settings),
        Value::Null => Ok(Map::new()),
        _ => Err(ProgramError::SettingsNoMapping { path: name }),
    }
}

/// Writes to the standard output. A reader that stops reading, as `head` does, is no error.
fn print(text: &str) -> Result<(), ProgramError> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(ProgramError::Output(error)),
        _ => Ok(()),
    }
}
