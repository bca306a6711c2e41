//! Reads the command line.
//!
//! Invariant: nothing is opened here; what comes out names files that may not exist.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use thiserror::Error;

/// What the program says about itself.
pub const HELP: &str = "\
Put Kubernetes manifests before the policy, one after the other, as if they were applied to an empty cluster.

Usage: evaluate [OPTIONS] PATH...

A PATH is a file of manifests, a folder (its .json, .yaml and .yml files by name, not its folders), or - for the standard
input. Objects are taken in the order in which they are given. Each one that the policy looks at is a CREATE, or an UPDATE
where an object of the same kind, namespace and name was admitted before. What is admitted is part of the cluster that the
policy looks things up in from then on, with the policy's changes. What is not given is not there, so there may be advice
about DaemonSet kube-system/aws-node. The API server's defaults are not applied: write what matters.

Options:
      --policy FILE         the module of the policy [default: policy.wasm]
      --settings FILE       the policy's settings, YAML or JSON [default: none]
      --mode MODE           reject, mutate or warn; goes before the settings' own
      --output FORMAT       text or json [default: text]
      --ingress-class NAME  put an IngressClass of the AWS Load Balancer Controller into the cluster; may be repeated
      --namespace NAME      the namespace of objects that name none and need one [default: default]
      --sessions FOLDER     write each request, its settings and its lookups for `kwctl run`
  -h, --help                show this help
  -V, --version             show the version

Exit status: 0 everything was admitted, 2 something was refused, 1 the evaluation could not be done.
";

/// What to do.
#[derive(Debug, PartialEq)]
pub enum Command {
    /// Show the help.
    Help,
    /// Show the version.
    Version,
    /// Evaluate manifests.
    Evaluate(Options),
}

/// What to evaluate, and how.
#[derive(Debug, PartialEq)]
pub struct Options {
    pub policy: PathBuf,
    pub settings: Option<PathBuf>,
    pub mode: Option<String>,
    pub output: Output,
    pub ingress_classes: Vec<String>,
    pub namespace: String,
    pub sessions: Option<PathBuf>,
    pub paths: Vec<PathBuf>,
}

/// How the result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Why a command line makes no sense.
#[derive(Debug, PartialEq, Error)]
pub enum ArgumentError {
    /// An option that does not exist.
    #[error("no such option: `{0}` (see --help)")]
    UnknownOption(String),
    /// An option without its value.
    #[error("{0} needs a value")]
    MissingValue(String),
    /// A flag with a value.
    #[error("{0} takes no value")]
    UnexpectedValue(String),
    /// A value that the option does not know.
    #[error("{option} must be {expected}, and is `{found}`")]
    InvalidValue {
        /// The option.
        option: String,
        /// What it may be.
        expected: &'static str,
        /// What was given.
        found: String,
    },
    /// Nothing to evaluate.
    #[error("no manifests given; usage: evaluate [OPTIONS] PATH... (see --help)")]
    NoPath,
}

/// Reads the arguments, without the program's name.
///
/// # Errors
///
/// The first argument that makes no sense.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, ArgumentError> {
    let mut options = Options {
        policy: PathBuf::from("policy.wasm"),
        settings: None,
        mode: None,
        output: Output::Text,
        ingress_classes: Vec::new(),
        namespace: "default".to_owned(),
        sessions: None,
        paths: Vec::new(),
    };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            options.paths.extend(arguments.by_ref().map(PathBuf::from));
        } else if !is_option(&argument) {
            options.paths.push(PathBuf::from(argument));
        } else {
            let (name, value) = split_option(&argument);
            match name.as_str() {
                "-h" | "--help" => return flag(&name, value, Command::Help),
                "-V" | "--version" => return flag(&name, value, Command::Version),
                _ => set_option(&mut options, &name, || {
                    value.or_else(|| arguments.next()).ok_or_else(|| ArgumentError::MissingValue(name.clone()))
                })?,
            }
        }
    }
    if options.paths.is_empty() { Err(ArgumentError::NoPath) } else { Ok(Command::Evaluate(options)) }
}

fn is_option(argument: &OsStr) -> bool {
    argument != "-" && argument.as_encoded_bytes().starts_with(b"-")
}

/// `--name=value` or `--name`.
fn split_option(argument: &OsStr) -> (String, Option<OsString>) {
    let text = argument.to_string_lossy();
    match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(OsString::from(value))),
        None => (text.into_owned(), None),
    }
}

fn flag(name: &str, value: Option<OsString>, command: Command) -> Result<Command, ArgumentError> {
    if value.is_some() { Err(ArgumentError::UnexpectedValue(name.to_owned())) } else { Ok(command) }
}

fn set_option(
    options: &mut Options,
    name: &str,
    value: impl FnOnce() -> Result<OsString, ArgumentError>,
) -> Result<(), ArgumentError> {
    let text = |value: OsString| value.to_string_lossy().into_owned();
    match name {
        "--policy" => options.policy = PathBuf::from(value()?),
        "--settings" => options.settings = Some(PathBuf::from(value()?)),
        "--mode" => options.mode = Some(mode(name, text(value()?))?),
        "--output" => options.output = output(name, text(value()?))?,
        "--ingress-class" => options.ingress_classes.push(not_empty(name, text(value()?))?),
        "--namespace" => options.namespace = not_empty(name, text(value()?))?,
        "--sessions" => options.sessions = Some(PathBuf::from(value()?)),
        _ => return Err(ArgumentError::UnknownOption(name.to_owned())),
    }
    Ok(())
}

fn mode(option: &str, found: String) -> Result<String, ArgumentError> {
    if ["reject", "mutate", "warn"].contains(&found.as_str()) {
        return Ok(found);
    }
    Err(ArgumentError::InvalidValue { option: option.to_owned(), expected: "reject, mutate or warn", found })
}

fn output(option: &str, found: String) -> Result<Output, ArgumentError> {
    match found.as_str() {
        "text" => Ok(Output::Text),
        "json" => Ok(Output::Json),
        _ => Err(ArgumentError::InvalidValue { option: option.to_owned(), expected: "text or json", found }),
    }
}

fn not_empty(option: &str, found: String) -> Result<String, ArgumentError> {
    if found.is_empty() {
        return Err(ArgumentError::InvalidValue { option: option.to_owned(), expected: "a name", found });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, ArgumentError> {
        parse(arguments.iter().map(OsString::from))
    }

    fn defaults(paths: &[&str]) -> Options {
        Options {
            policy: PathBuf::from("policy.wasm"),
            settings: None,
            mode: None,
            output: Output::Text,
            ingress_classes: vec![],
            namespace: "default".to_owned(),
            sessions: None,
            paths: paths.iter().map(PathBuf::from).collect(),
        }
    }

    #[test]
    fn paths_and_options_may_be_mixed() {
        assert_eq!(parsed(&["a", "-", "--", "--mode"]), Ok(Command::Evaluate(defaults(&["a", "-", "--mode"]))));
        let arguments = [
            "--policy",
            "p",
            "a",
            "--settings=s=t",
            "--mode",
            "mutate",
            "--output=json",
            "--ingress-class",
            "x",
            "--ingress-class=y",
            "--namespace",
            "shop",
            "--sessions",
            "d",
            "b",
        ];
        assert_eq!(
            parsed(&arguments),
            Ok(Command::Evaluate(Options {
                policy: PathBuf::from("p"),
                settings: Some(PathBuf::from("s=t")),
                mode: Some("mutate".to_owned()),
                output: Output::Json,
                ingress_classes: vec!["x".to_owned(), "y".to_owned()],
                namespace: "shop".to_owned(),
                sessions: Some(PathBuf::from("d")),
                ..defaults(&["a", "b"])
            }))
        );
        assert_eq!(parsed(&["--help"]), Ok(Command::Help));
        assert_eq!(parsed(&["a", "-V"]), Ok(Command::Version));
    }

    #[test]
    fn what_makes_no_sense_is_an_error() {
        let error = |arguments: &[&str]| parsed(arguments).unwrap_err().to_string();
        assert_eq!(error(&[]), "no manifests given; usage: evaluate [OPTIONS] PATH... (see --help)");
        assert_eq!(error(&["--nope=1"]), "no such option: `--nope` (see --help)");
        assert_eq!(error(&["-x"]), "no such option: `-x` (see --help)");
        assert_eq!(error(&["a", "--mode"]), "--mode needs a value");
        assert_eq!(error(&["--help=1"]), "--help takes no value");
        assert_eq!(error(&["--mode", "x"]), "--mode must be reject, mutate or warn, and is `x`");
        assert_eq!(error(&["--output", "x"]), "--output must be text or json, and is `x`");
        assert_eq!(error(&["--namespace", ""]), "--namespace must be a name, and is ``");
    }
}
