//! The settings: valid by construction, and everything that is wrong with them told at once.

use std::borrow::Cow;
use std::fmt;

use json_text::{JsonError, RawMap};

use crate::controller::{Flags, TargetType};
use crate::kubernetes::{display_text, is_valid_name};

/// What a finding leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The request is refused.
    Reject,
    /// The object is fixed; where that cannot be, the request is refused.
    Mutate,
    /// The request is admitted with a warning.
    Warn,
}

/// Which Services a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceScope {
    /// Headless ones.
    Headless,
    /// Those and every other one that instance mode cannot serve.
    WithoutNodePort,
}

/// What to do about something that could not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reaction {
    /// Nothing.
    Allow,
    /// Admit the request with a warning.
    Warn,
    /// Refuse the request.
    Reject,
}

/// The advisory warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Advice {
    /// Nobody opens the security groups for a TargetGroupBinding without `spec.networking`.
    SecurityGroups,
    /// Pods are not held back until their targets are healthy.
    TargetHealth,
    /// Pods have addresses that the load balancer cannot reach.
    NetworkPlugin,
    /// No StatefulSet needs the Service to be headless.
    StatelessService,
    /// The Service has no such port.
    ServicePort,
}

impl Advice {
    /// Every one, in the order of the contract.
    pub const ALL: [Self; 5] =
        [Self::SecurityGroups, Self::TargetHealth, Self::NetworkPlugin, Self::StatelessService, Self::ServicePort];

    /// The name in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecurityGroups => "securityGroups",
            Self::TargetHealth => "targetHealth",
            Self::NetworkPlugin => "networkPlugin",
            Self::StatelessService => "statelessService",
            Self::ServicePort => "servicePort",
        }
    }
}

/// Valid settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What a finding leads to.
    pub mode: Mode,
    /// Which Services a finding is about.
    pub services: ServiceScope,
    /// How the controller was started.
    pub controller: Flags,
    /// When the API server cannot be asked.
    pub lookup_failure: Reaction,
    /// When a Service that is referred to does not exist.
    pub missing_service: Reaction,
    /// The advisory warnings that are given.
    pub advice: Vec<Advice>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::Reject,
            services: ServiceScope::Headless,
            controller: Flags::default(),
            lookup_failure: Reaction::Reject,
            missing_service: Reaction::Allow,
            advice: Advice::ALL.to_vec(),
        }
    }
}

/// Everything that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError {
    /// One entry per problem, in the order of the settings.
    pub problems: Vec<Problem>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid settings: ")?;
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Text that is no JSON.
    #[error("not valid JSON: {0}")]
    NotJson(JsonError),
    /// A key that does not exist.
    #[error("unknown key `{key}`; allowed: {allowed}")]
    UnknownKey {
        /// The key with its parents.
        key: String,
        /// The keys that exist there.
        allowed: String,
    },
    /// A value that is not allowed.
    #[error("`{key}` is {given}; allowed: {allowed}")]
    WrongValue {
        /// The key with its parents.
        key: String,
        /// What was given, shortened.
        given: String,
        /// What is allowed.
        allowed: String,
    },
}

const KEYS: [&str; 6] = ["mode", "services", "controller", "lookupFailure", "missingService", "advice"];
const CONTROLLER_KEYS: [&str; 3] = ["defaultTargetType", "ingressClass", "loadBalancerClass"];

impl Settings {
    /// Reads the settings of the policy's deployment; `null` counts as `{}`.
    ///
    /// # Errors
    /// What is no JSON, every unknown key and every wrong value.
    pub fn from_json(json: &str) -> Result<Self, SettingsError> {
        let not_json = |error| SettingsError { problems: vec![Problem::NotJson(error)] };
        let json = json_text::value(json).map_err(not_json)?;
        let mut settings = Self::default();
        let mut problems = Vec::new();
        match RawMap::parse(json) {
            Ok(map) => Level { map, parent: "", problems: &mut problems }.read_settings(&mut settings),
            Err(_) => problems.push(wrong_value("settings", json, "a map")),
        }
        if problems.is_empty() { Ok(settings) } else { Err(SettingsError { problems }) }
    }
}

/// One level of the settings, which is read key by key.
struct Level<'v, 'p> {
    map: RawMap<'v>,
    parent: &'static str,
    problems: &'p mut Vec<Problem>,
}

impl Level<'_, '_> {
    fn read_settings(&mut self, settings: &mut Settings) {
        self.refuse_unknown(&KEYS);
        self.choice("mode", MODES, &mut settings.mode);
        self.choice("services", SERVICE_SCOPES, &mut settings.services);
        let controller = self.map.get("controller").unwrap_or("null");
        if let Ok(map) = RawMap::parse(controller) {
            let mut controller = Level { map, parent: "controller.", problems: self.problems };
            controller.refuse_unknown(&CONTROLLER_KEYS);
            let flags = &mut settings.controller;
            controller.choice("defaultTargetType", TARGET_TYPES, &mut flags.default_target_type);
            controller.name(
                "ingressClass",
                "a name, or \"\"",
                |name| name.is_empty() || is_valid_name(name),
                &mut flags.ingress_class,
            );
            controller.name(
                "loadBalancerClass",
                "a name like \"service.k8s.aws/nlb\"",
                is_class_name,
                &mut flags.load_balancer_class,
            );
        } else {
            self.problems.push(wrong_value("controller", controller, "a map"));
        }
        self.choice("lookupFailure", REACTIONS, &mut settings.lookup_failure);
        self.choice("missingService", REACTIONS, &mut settings.missing_service);
        self.advice(&mut settings.advice);
    }

    fn refuse_unknown(&mut self, known: &[&str]) {
        for key in self.map.keys().filter(|key| !known.contains(key)) {
            let key = format!("{}{}", self.parent, display_text(key, MAX_GIVEN));
            self.problems.push(Problem::UnknownKey { key, allowed: known.join(", ") });
        }
    }

    fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)], setting: &mut T) {
        let Some(value) = self.map.get(key) else { return };
        match text(value).and_then(|given| choices.iter().find(|(name, _)| *name == given)) {
            Some((_, choice)) => *setting = *choice,
            None => {
                let allowed: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                self.problems.push(self.wrong(key, value, &allowed.join(", ")));
            }
        }
    }

    fn name(&mut self, key: &str, allowed: &str, is_valid: impl Fn(&str) -> bool, setting: &mut Cow<'static, str>) {
        let Some(value) = self.map.get(key) else { return };
        match text(value).filter(|given| is_valid(given)) {
            Some(given) => *setting = Cow::Owned(given),
            None => self.problems.push(self.wrong(key, value, allowed)),
        }
    }

    fn advice(&mut self, setting: &mut Vec<Advice>) {
        let Some(value) = self.map.get("advice") else { return };
        let allowed = format!("a list of {}", Advice::ALL.map(Advice::name).join(", "));
        let Ok(given) = json_text::items(value) else {
            self.problems.push(self.wrong("advice", value, &allowed));
            return;
        };
        let mut named = Vec::new();
        for entry in given {
            match text(entry).and_then(|name| Advice::ALL.into_iter().find(|advice| advice.name() == name)) {
                Some(advice) => named.push(advice),
                None => self.problems.push(self.wrong("advice", entry, &allowed)),
            }
        }
        *setting = Advice::ALL.into_iter().filter(|advice| named.contains(advice)).collect();
    }

    fn wrong(&self, key: &str, value: &str, allowed: &str) -> Problem {
        wrong_value(&format!("{}{key}", self.parent), value, allowed)
    }
}

/// The string in a value, where it is one.
fn text(json: &str) -> Option<String> {
    json_text::string(json).ok().map(Cow::into_owned)
}

const MODES: &[(&str, Mode)] = &[("reject", Mode::Reject), ("mutate", Mode::Mutate), ("warn", Mode::Warn)];
const SERVICE_SCOPES: &[(&str, ServiceScope)] =
    &[("headless", ServiceScope::Headless), ("withoutNodePort", ServiceScope::WithoutNodePort)];
const TARGET_TYPES: &[(&str, TargetType)] = &[("instance", TargetType::Instance), ("ip", TargetType::Ip)];
const REACTIONS: &[(&str, Reaction)] =
    &[("reject", Reaction::Reject), ("warn", Reaction::Warn), ("allow", Reaction::Allow)];

/// Longest part of a wrong value that is repeated.
const MAX_GIVEN: usize = 60;

fn wrong_value(key: &str, given: &str, allowed: &str) -> Problem {
    let given = display_text(given, MAX_GIVEN).into_owned();
    Problem::WrongValue { key: key.to_owned(), given, allowed: allowed.to_owned() }
}

/// A load balancer class is a label-style name, with a prefix or without (Kubernetes' `ValidateQualifiedName`).
fn is_class_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let alphanumeric = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        part.len() <= 63
            && alphanumeric(part.chars().next())
            && alphanumeric(part.chars().next_back())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    match name.split_once('/') {
        None => is_part(name),
        Some((prefix, name)) => is_valid_name(prefix) && is_part(name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn accepts(value: Value, change: impl Fn(&mut Settings)) {
        let mut expected = Settings::default();
        change(&mut expected);
        assert_eq!(Settings::from_json(&value.to_string()), Ok(expected));
    }

    #[track_caller]
    fn refuses(value: Value, message: &str) {
        assert_eq!(Settings::from_json(&value.to_string()).map_err(|error| error.to_string()), Err(message.to_owned()));
    }

    #[test]
    fn everything_is_optional() {
        accepts(json!({}), |_| {});
        accepts(Value::Null, |_| {});
        accepts(json!({"controller": {}}), |_| {});
        accepts(json!({"controller": null}), |_| {});
    }

    #[test]
    fn every_value_of_the_contract() {
        for (name, mode) in MODES {
            accepts(json!({"mode": name}), |settings| settings.mode = *mode);
        }
        for (name, scope) in SERVICE_SCOPES {
            accepts(json!({"services": name}), |settings| settings.services = *scope);
        }
        for (name, reaction) in REACTIONS {
            accepts(json!({"lookupFailure": name}), |settings| settings.lookup_failure = *reaction);
            accepts(json!({"missingService": name}), |settings| settings.missing_service = *reaction);
        }
        for (name, target_type) in TARGET_TYPES {
            accepts(json!({"controller": {"defaultTargetType": name}}), |settings| {
                settings.controller.default_target_type = *target_type;
            });
        }
        for name in ["", "internal", "my.class"] {
            accepts(json!({"controller": {"ingressClass": name}}), |settings| {
                settings.controller.ingress_class = name.to_owned().into();
            });
        }
        accepts(json!({"controller": {"loadBalancerClass": "example.com/My_NLB"}}), |settings| {
            settings.controller.load_balancer_class = "example.com/My_NLB".into();
        });
        accepts(json!({"advice": []}), |settings| settings.advice.clear());
        accepts(json!({"advice": ["servicePort", "targetHealth", "servicePort"]}), |settings| {
            settings.advice = vec![Advice::TargetHealth, Advice::ServicePort];
        });
    }

    #[test]
    fn a_problem_names_the_key_what_was_given_and_what_is_allowed() {
        refuses(
            json!({"mod": "reject"}),
            "invalid settings: unknown key `mod`; allowed: mode, services, controller, lookupFailure, missingService, advice",
        );
        refuses(json!({"mode": "Reject"}), "invalid settings: `mode` is \"Reject\"; allowed: reject, mutate, warn");
        refuses(json!({"mode": null}), "invalid settings: `mode` is null; allowed: reject, mutate, warn");
        refuses(json!({"services": 1}), "invalid settings: `services` is 1; allowed: headless, withoutNodePort");
        refuses(
            json!({"lookupFailure": "fail"}),
            "invalid settings: `lookupFailure` is \"fail\"; allowed: reject, warn, allow",
        );
        refuses(
            json!({"missingService": []}),
            "invalid settings: `missingService` is []; allowed: reject, warn, allow",
        );
        refuses(json!({"controller": "alb"}), "invalid settings: `controller` is \"alb\"; allowed: a map");
        refuses(
            json!({"controller": {"default-target-type": "ip"}}),
            "invalid settings: unknown key `controller.default-target-type`; allowed: defaultTargetType, ingressClass, loadBalancerClass",
        );
        refuses(
            json!({"controller": {"defaultTargetType": "IP"}}),
            "invalid settings: `controller.defaultTargetType` is \"IP\"; allowed: instance, ip",
        );
        refuses(
            json!({"controller": {"ingressClass": "my class"}}),
            "invalid settings: `controller.ingressClass` is \"my class\"; allowed: a name, or \"\"",
        );
        refuses(
            json!({"controller": {"loadBalancerClass": ""}}),
            "invalid settings: `controller.loadBalancerClass` is \"\"; allowed: a name like \"service.k8s.aws/nlb\"",
        );
        refuses(
            json!({"advice": "all"}),
            "invalid settings: `advice` is \"all\"; allowed: a list of securityGroups, targetHealth, networkPlugin, statelessService, servicePort",
        );
        refuses(
            json!({"advice": ["targethealth"]}),
            "invalid settings: `advice` is \"targethealth\"; allowed: a list of securityGroups, targetHealth, networkPlugin, statelessService, servicePort",
        );
        refuses(json!([]), "invalid settings: `settings` is []; allowed: a map");
    }

    #[test]
    fn all_problems_are_told_at_once_and_none_at_length() {
        refuses(
            json!({"mode": "x".repeat(500), "typo\n": 1}),
            &format!(
                "invalid settings: unknown key `typo\\n`; allowed: mode, services, controller, lookupFailure, missingService, advice; `mode` is \"{}…; allowed: reject, mutate, warn",
                "x".repeat(56)
            ),
        );
    }
}
