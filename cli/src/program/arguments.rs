//! The command line.
//!
//! Invariant: nothing is opened here; what comes out names files that may not exist.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, ValueEnum};

const EXIT_STATUS: &str =
    "Exit status: 0 everything was admitted, 2 something was refused, 1 the evaluation could not be done.";

/// Run the policy against Kubernetes manifests, one after the other, as if they were applied to an empty cluster.
///
/// Objects are applied in the order in which they are given. Each one that the policy checks is a CREATE, or an UPDATE
/// where an object of the same kind, namespace and name was admitted before. An admitted object becomes part of the cluster,
/// with the policy's changes, and is found by later lookups. Objects that are not given do not exist, so there may be advice
/// about DaemonSet kube-system/aws-node. The API server's defaults are not applied.
#[derive(Debug, PartialEq, Parser)]
#[command(version, after_help = EXIT_STATUS)]
pub struct Arguments {
    /// Files of manifests, folders (their .json, .yaml and .yml files by name, not their folders), or - for the standard
    /// input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Run this module of the policy instead of the policy that is built into the program
    #[cfg(feature = "module")]
    #[arg(long, value_name = "FILE", alias = "policy")]
    pub module: Option<PathBuf>,

    /// The policy's settings, YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,

    /// What a finding leads to, whatever the settings say
    #[arg(long, value_enum)]
    pub mode: Option<ModeArgument>,

    /// How the result is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: OutputFormat,

    /// Put an IngressClass of the AWS Load Balancer Controller into the cluster; may be repeated
    #[arg(long = "ingress-class", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub ingress_classes: Vec<String>,

    /// The namespace of objects that name none and need one
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = NonEmptyStringValueParser::new())]
    pub namespace: String,

    /// Write each request, its settings and the module's lookups for `kwctl run`
    #[cfg(feature = "module")]
    #[arg(long, value_name = "FOLDER", requires = "module")]
    pub sessions: Option<PathBuf>,
}

/// The values of the setting `mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeArgument {
    /// Refuse
    Reject,
    /// Fix where possible, else refuse
    Mutate,
    /// Admit with a warning
    Warn,
}

impl ModeArgument {
    /// The value of the setting.
    pub fn setting(self) -> &'static str {
        match self {
            ModeArgument::Reject => "reject",
            ModeArgument::Mutate => "mutate",
            ModeArgument::Warn => "warn",
        }
    }
}

/// How the result is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Arguments, String> {
        let all = ["program"].iter().chain(arguments);
        Arguments::try_parse_from(all).map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[cfg(feature = "module")]
    #[test]
    fn paths_and_options_may_be_mixed() {
        let defaults = |paths: &[&str]| Arguments {
            paths: paths.iter().map(PathBuf::from).collect(),
            #[cfg(feature = "module")]
            module: None,
            settings: None,
            mode: None,
            output: OutputFormat::Text,
            ingress_classes: vec![],
            namespace: "default".to_owned(),
            #[cfg(feature = "module")]
            sessions: None,
        };
        assert_eq!(parsed(&["a", "-", "--", "--mode"]), Ok(defaults(&["a", "-", "--mode"])));
        let arguments = "--module p a --settings=s=t --mode mutate --output=json --ingress-class x --ingress-class=y \
                         --namespace shop --sessions d b";
        assert_eq!(
            parsed(&arguments.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>()),
            Ok(Arguments {
                module: Some(PathBuf::from("p")),
                settings: Some(PathBuf::from("s=t")),
                mode: Some(ModeArgument::Mutate),
                output: OutputFormat::Json,
                ingress_classes: vec!["x".to_owned(), "y".to_owned()],
                namespace: "shop".to_owned(),
                sessions: Some(PathBuf::from("d")),
                ..defaults(&["a", "b"])
            })
        );
    }

    #[test]
    fn what_makes_no_sense_is_an_error() {
        let check = |arguments: &[&str], part: &str| {
            let error = parsed(arguments).expect_err("an error");
            assert!(error.starts_with("error: ") && error.contains(part), "{error}");
        };
        check(&[], "<PATH>...");
        check(&["a", "--nope=1"], "--nope");
        check(&["a", "--mode"], "--mode");
        check(&["a", "--mode", "x"], "[possible values: reject, mutate, warn]");
        check(&["a", "--output", "x"], "[possible values: text, json]");
        check(&["a", "--namespace", ""], "--namespace");
        check(&["a", "--ingress-class="], "--ingress-class");
    }
}
