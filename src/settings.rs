//! The settings: one table says what there is, and everything that is wrong with given settings is told at once.

use std::borrow::Cow;
use std::fmt;

use crate::controller::{Controller, FeatureGates, TargetType};
use crate::kubernetes::{Edition, Json, display_text, is_valid_name, parse};

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

/// What to do about something that could not be checked.
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
    /// The Service has no selector, so that its endpoints may be no Pods.
    ServiceSelector,
    /// A number that was meant for a node port.
    NodePortNumber,
}

impl Advice {
    /// Every one, in the order of the contract.
    pub const ALL: [Self; 7] = [
        Self::SecurityGroups,
        Self::TargetHealth,
        Self::NetworkPlugin,
        Self::StatelessService,
        Self::ServicePort,
        Self::ServiceSelector,
        Self::NodePortNumber,
    ];

    /// The name in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecurityGroups => "securityGroups",
            Self::TargetHealth => "targetHealth",
            Self::NetworkPlugin => "networkPlugin",
            Self::StatelessService => "statelessService",
            Self::ServicePort => "servicePort",
            Self::ServiceSelector => "serviceSelector",
            Self::NodePortNumber => "nodePortNumber",
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
    pub controller: Controller,
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
            controller: Controller::default(),
            lookup_failure: Reaction::Reject,
            missing_service: Reaction::Allow,
            advice: Advice::ALL.to_vec(),
        }
    }
}

/// One row of the table of settings.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The key with its parents.
    pub key: &'static str,
    /// What it may be.
    pub values: Values,
    /// What it is when absent, as JSON.
    pub default: &'static str,
    /// Its name in a form.
    pub label: &'static str,
    /// What it means, in Markdown.
    pub meaning: &'static str,
}

/// What a setting may be.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// Any of these strings.
    AnyOf(&'static [&'static str]),
    /// Any of these strings, and at least one.
    SomeOf(&'static [&'static str]),
    /// A map from any of these names to booleans.
    Booleans(&'static [&'static str]),
    /// An object's name, or nothing.
    NameOrNothing,
    /// A name with a prefix or without.
    ClassName,
}

const TARGET_TYPES: &[&str] = &["instance", "ip"];
const REACTIONS: &[&str] = &["reject", "warn", "allow"];
const ADVICE: &[&str] = &[
    "securityGroups",
    "targetHealth",
    "networkPlugin",
    "statelessService",
    "servicePort",
    "serviceSelector",
    "nodePortNumber",
];
const GATES: &[&str] = &[
    "EnableServiceController",
    "ServiceTypeLoadBalancerOnly",
    "EnableTCPUDPListener",
    "EnableIPTargetType",
    "ALBGatewayAPI",
    "NLBGatewayAPI",
    "GatewayListenerSet",
];

/// Every setting. The README's table, the form and the JSON Schema are written from it.
pub const SETTINGS: [Setting; 10] = [
    Setting {
        key: "mode",
        values: Values::OneOf(&["reject", "mutate", "warn"]),
        default: "\"reject\"",
        label: "Mode",
        meaning: "What a finding leads to: the request is refused, the object is fixed where that is safe, or a warning is shown.",
    },
    Setting {
        key: "services",
        values: Values::OneOf(&["headless", "withoutNodePort"]),
        default: "\"headless\"",
        label: "Services",
        meaning: "Which Services are looked at. `withoutNodePort` also finds Services that are not headless but have no node port on the port that is used: type `ClusterIP`, type `ExternalName`, and type `LoadBalancer` with `allocateLoadBalancerNodePorts: false`.",
    },
    Setting {
        key: "controller.defaultTargetType",
        values: Values::OneOf(TARGET_TYPES),
        default: "\"instance\"",
        label: "Default target type",
        meaning: "The controller's `--default-target-type`. EKS Auto Mode's own default is always `ip`.",
    },
    Setting {
        key: "controller.ingressClass",
        values: Values::NameOrNothing,
        default: "\"alb\"",
        label: "Ingress class",
        meaning: "The controller's `--ingress-class`.",
    },
    Setting {
        key: "controller.loadBalancerClass",
        values: Values::ClassName,
        default: "\"service.k8s.aws/nlb\"",
        label: "Load balancer class",
        meaning: "The controller's `--load-balancer-class`.",
    },
    Setting {
        key: "controller.featureGates",
        values: Values::Booleans(GATES),
        default: "{}",
        label: "Feature gates",
        meaning: "The controller's `--feature-gates`, those that decide something here. A gate that is absent has the controller's own default.",
    },
    Setting {
        key: "controller.editions",
        values: Values::SomeOf(&["standard", "autoMode"]),
        default: "[\"standard\",\"autoMode\"]",
        label: "Editions",
        meaning: "Which of the two is in the cluster: the controller that people install, or EKS Auto Mode. What is not there serves nothing.",
    },
    Setting {
        key: "lookupFailure",
        values: Values::OneOf(REACTIONS),
        default: "\"reject\"",
        label: "Lookup failure",
        meaning: "What happens when the API server cannot be asked, or the policy may not ask it.",
    },
    Setting {
        key: "missingService",
        values: Values::OneOf(REACTIONS),
        default: "\"allow\"",
        label: "Missing Service",
        meaning: "What happens when the Service that an object refers to does not exist (yet).",
    },
    Setting {
        key: "advice",
        values: Values::AnyOf(ADVICE),
        default: "[\"securityGroups\",\"targetHealth\",\"networkPlugin\",\"statelessService\",\"servicePort\",\"serviceSelector\",\"nodePortNumber\"]",
        label: "Advice",
        meaning: "Which advisory warnings are given for headless Services in ip mode.",
    },
];

/// What is read of the table: the texts for people stay out of the module.
#[expect(clippy::indexing_slicing, reason = "the compiler looks at every index")]
const READ: [(&str, Values); SETTINGS.len()] = {
    let mut rows = [("", Values::ClassName); SETTINGS.len()];
    let mut index = 0;
    while index < SETTINGS.len() {
        rows[index] = (SETTINGS[index].key, SETTINGS[index].values);
        index += 1;
    }
    rows
};

/// Everything that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError {
    /// One entry for each thing that is wrong, in the order of the settings.
    pub problems: Vec<SettingsProblem>,
}

impl SettingsError {
    /// The first `count` problems, and how many more there are.
    ///
    /// # Errors
    /// None but what `f` reports.
    pub fn write(&self, f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
        f.write_str("invalid settings: ")?;
        for (index, problem) in self.problems.iter().take(count).enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{problem}")?;
        }
        match self.problems.len().saturating_sub(count) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, self.problems.len())
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsProblem {
    /// Text that is no JSON.
    #[error("{0}")]
    NotJson(String),
    /// A key that does not exist.
    #[error("unknown key `{key}`; allowed: {allowed}")]
    UnknownKey {
        /// The key with its parents.
        key: String,
        /// The keys that exist there.
        allowed: String,
    },
    /// A key that is given more than once.
    #[error("key `{0}` is given twice")]
    GivenTwice(String),
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

/// Longest part of a wrong value that is repeated.
const MAX_GIVEN: usize = 60;

impl Settings {
    /// Reads the settings of the policy's deployment; `null` counts as `{}`.
    ///
    /// # Errors
    /// What is no JSON, every unknown key and every wrong value.
    pub fn from_json(json: &str) -> Result<Self, SettingsError> {
        match parse(json) {
            Ok(document) => Self::read(Json::of(&document)),
            Err(error) => {
                let problem = SettingsProblem::NotJson(error.reason.trim_start_matches("is ").to_owned());
                Err(SettingsError { problems: vec![problem] })
            }
        }
    }

    /// The same for JSON whose syntax is known to be valid.
    ///
    /// # Errors
    /// Every unknown key and every wrong value.
    pub fn read(json: Json<'_>) -> Result<Self, SettingsError> {
        if json.is_null() || json.is_empty_map() {
            return Ok(Self::default());
        }
        let mut reader = Reader { settings: Self::default(), problems: Vec::new() };
        reader.read_map("", json);
        if reader.problems.is_empty() { Ok(reader.settings) } else { Err(SettingsError { problems: reader.problems }) }
    }
}

/// Reads settings by the table.
struct Reader {
    settings: Settings,
    problems: Vec<SettingsProblem>,
}

impl Reader {
    /// The settings whose keys begin with `parent`.
    fn read_map(&mut self, parent: &str, json: Json<'_>) {
        if json.is_null() {
            return;
        }
        let Some(given) = json.entries() else {
            let key = if parent.is_empty() { "settings" } else { parent.trim_end_matches('.') };
            return self.wrong(key, json, "a map");
        };
        let given: Vec<_> = given.into_iter().map(|(key, value)| (key.string().unwrap_or_default(), value)).collect();
        for (index, (name, _)) in given.iter().enumerate() {
            let key = format!("{parent}{}", display_text(name, MAX_GIVEN));
            if given.iter().take(index).any(|(earlier, _)| earlier == name) {
                self.problems.push(SettingsProblem::GivenTwice(key));
            } else if !names_below(parent).any(|known| known == name) {
                let allowed = joined(names_below(parent));
                self.problems.push(SettingsProblem::UnknownKey { key, allowed });
            }
        }
        for name in names_below(parent) {
            let Some((_, value)) = given.iter().find(|(given, _)| given == name) else { continue };
            let key = format!("{parent}{name}");
            match READ.iter().find(|(known, _)| *known == key) {
                Some((key, values)) => self.read_setting(key, *values, *value),
                None => self.read_map(&format!("{key}."), *value),
            }
        }
    }

    fn read_setting(&mut self, key: &str, values: Values, json: Json<'_>) {
        match values {
            Values::OneOf(choices) => match text(json).filter(|given| choices.contains(&given.as_str())) {
                Some(given) => self.set_text(key, given),
                None => self.wrong(key, json, &choices.join(", ")),
            },
            Values::NameOrNothing => match text(json).filter(|name| name.is_empty() || is_valid_name(name)) {
                Some(given) => self.set_text(key, given),
                None => self.wrong(key, json, "a name, or \"\""),
            },
            Values::ClassName => match text(json).filter(|name| is_class_name(name)) {
                Some(given) => self.set_text(key, given),
                None => self.wrong(key, json, "a name like \"service.k8s.aws/nlb\""),
            },
            Values::AnyOf(choices) => self.read_list(key, json, choices, "a list of"),
            Values::SomeOf(choices) => self.read_list(key, json, choices, "a list of at least one of"),
            Values::Booleans(names) => self.read_booleans(key, json, names),
        }
    }

    fn read_list(&mut self, key: &str, json: Json<'_>, choices: &[&str], what: &str) {
        let allowed = format!("{what} {}", choices.join(", "));
        let Some(given) = json.items().filter(|given| !given.is_empty() || what == "a list of") else {
            return self.wrong(key, json, &allowed);
        };
        let mut named = Vec::new();
        for entry in given {
            match text(entry).filter(|name| choices.contains(&name.as_str())) {
                Some(name) => named.push(name),
                None => self.wrong(key, entry, &allowed),
            }
        }
        let is_named = |name: &str| named.iter().any(|given| given == name);
        match key {
            "advice" => self.settings.advice = Advice::ALL.into_iter().filter(|it| is_named(it.name())).collect(),
            _ => {
                let name = |edition: &Edition| match edition {
                    Edition::Standard => "standard",
                    Edition::AutoMode => "autoMode",
                };
                let editions = Edition::ALL.into_iter().filter(|edition| is_named(name(edition)));
                self.settings.controller.editions = editions.collect();
            }
        }
    }

    fn read_booleans(&mut self, key: &str, json: Json<'_>, names: &[&str]) {
        let Some(given) = json.entries() else { return self.wrong(key, json, "a map of names to true or false") };
        for (name, value) in given {
            let name = name.string().unwrap_or_default();
            let full = format!("{key}.{}", display_text(&name, MAX_GIVEN));
            match (gate(&mut self.settings.controller.feature_gates, &name), value.text()) {
                (None, _) => self.problems.push(SettingsProblem::UnknownKey { key: full, allowed: names.join(", ") }),
                (Some(gate), "true") => *gate = true,
                (Some(gate), "false") => *gate = false,
                (Some(_), _) => self.wrong(&full, value, "true, false"),
            }
        }
    }

    fn set_text(&mut self, key: &str, given: String) {
        let settings = &mut self.settings;
        let reaction = || match given.as_str() {
            "allow" => Reaction::Allow,
            "warn" => Reaction::Warn,
            _ => Reaction::Reject,
        };
        match key {
            "mode" => {
                settings.mode = match given.as_str() {
                    "mutate" => Mode::Mutate,
                    "warn" => Mode::Warn,
                    _ => Mode::Reject,
                }
            }
            "services" => {
                let is_wider = given == "withoutNodePort";
                settings.services = if is_wider { ServiceScope::WithoutNodePort } else { ServiceScope::Headless };
            }
            "lookupFailure" => settings.lookup_failure = reaction(),
            "missingService" => settings.missing_service = reaction(),
            "controller.defaultTargetType" => settings.controller.default_target_type = TargetType::from_name(&given),
            "controller.ingressClass" => settings.controller.ingress_class = Cow::Owned(given),
            _ => settings.controller.load_balancer_class = Cow::Owned(given),
        }
    }

    fn wrong(&mut self, key: &str, given: Json<'_>, allowed: &str) {
        let given = display_text(given.text(), MAX_GIVEN).into_owned();
        let problem = SettingsProblem::WrongValue { key: key.to_owned(), given, allowed: allowed.to_owned() };
        self.problems.push(problem);
    }
}

/// The gate of this name.
fn gate<'g>(gates: &'g mut FeatureGates, name: &str) -> Option<&'g mut bool> {
    Some(match name {
        "EnableServiceController" => &mut gates.service_controller,
        "ServiceTypeLoadBalancerOnly" => &mut gates.load_balancer_services_only,
        "EnableTCPUDPListener" => &mut gates.tcp_udp_listener,
        "EnableIPTargetType" => &mut gates.ip_target_type,
        "ALBGatewayAPI" => &mut gates.alb_gateway_api,
        "NLBGatewayAPI" => &mut gates.nlb_gateway_api,
        "GatewayListenerSet" => &mut gates.gateway_listener_set,
        _ => return None,
    })
}

/// The names of the settings and groups of settings right below `parent`, each once, in the order of the table.
fn names_below(parent: &str) -> impl Iterator<Item = &'static str> + use<'_> {
    let mut last = "";
    READ.iter().filter_map(move |(key, _)| {
        let name = key.strip_prefix(parent)?.split('.').next()?;
        // Settings of a group are neighbours.
        (std::mem::replace(&mut last, name) != name).then_some(name)
    })
}

fn joined(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The string in a value, where it is one.
fn text(json: Json<'_>) -> Option<String> {
    json.string().map(Cow::into_owned)
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

    /// The table, the names of the enumerations and the defaults agree.
    #[test]
    fn the_table_is_what_is_read() {
        assert_eq!(ADVICE, Advice::ALL.map(Advice::name));
        for setting in SETTINGS {
            let of = |value: &str| {
                let mut json = value.to_owned();
                for part in setting.key.rsplit('.') {
                    json = format!("{{\"{part}\":{json}}}");
                }
                Settings::from_json(&json)
            };
            assert_eq!(of(setting.default), Ok(Settings::default()), "{}", setting.key);
            let changes = |value: &str| of(value).unwrap() != Settings::default();
            match setting.values {
                Values::OneOf(choices) => {
                    let others = choices.iter().filter(|choice| changes(&format!("\"{choice}\""))).count();
                    assert_eq!(others, choices.len() - 1, "{}", setting.key);
                }
                Values::AnyOf(choices) | Values::SomeOf(choices) => {
                    assert!(choices.iter().all(|choice| changes(&format!("[\"{choice}\"]"))), "{}", setting.key);
                }
                Values::Booleans(names) => {
                    for name in names {
                        let changed = [true, false].map(|value| changes(&format!("{{\"{name}\":{value}}}")));
                        assert!(changed.contains(&true) && changed.contains(&false), "{name}");
                    }
                }
                Values::NameOrNothing => assert!(changes("\"\"") && changes("\"my.class\"")),
                Values::ClassName => assert!(changes("\"example.com/My_NLB\"")),
            }
        }
    }

    #[test]
    fn values_reach_their_place() {
        accepts(json!({"mode": "mutate"}), |settings| settings.mode = Mode::Mutate);
        accepts(json!({"mode": "warn"}), |settings| settings.mode = Mode::Warn);
        accepts(json!({"services": "withoutNodePort"}), |settings| settings.services = ServiceScope::WithoutNodePort);
        accepts(json!({"lookupFailure": "allow"}), |settings| settings.lookup_failure = Reaction::Allow);
        accepts(json!({"missingService": "reject"}), |settings| settings.missing_service = Reaction::Reject);
        accepts(json!({"missingService": "warn"}), |settings| settings.missing_service = Reaction::Warn);
        accepts(
            json!({"controller": {"defaultTargetType": "ip", "ingressClass": "", "loadBalancerClass": "a/b"}}),
            |it| {
                it.controller.default_target_type = TargetType::Ip;
                it.controller.ingress_class = "".into();
                it.controller.load_balancer_class = "a/b".into();
            },
        );
        accepts(json!({"controller": {"editions": ["autoMode"]}}), |settings| {
            settings.controller.editions = vec![Edition::AutoMode];
        });
        accepts(
            json!({"controller": {"featureGates": {"EnableIPTargetType": false, "EnableTCPUDPListener": true}}}),
            |it| {
                it.controller.feature_gates.ip_target_type = false;
                it.controller.feature_gates.tcp_udp_listener = true;
            },
        );
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
            "invalid settings: unknown key `controller.default-target-type`; allowed: defaultTargetType, ingressClass, loadBalancerClass, featureGates, editions",
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
            "invalid settings: `advice` is \"all\"; allowed: a list of securityGroups, targetHealth, networkPlugin, statelessService, servicePort, serviceSelector, nodePortNumber",
        );
        refuses(
            json!({"advice": ["targethealth"]}),
            "invalid settings: `advice` is \"targethealth\"; allowed: a list of securityGroups, targetHealth, networkPlugin, statelessService, servicePort, serviceSelector, nodePortNumber",
        );
        refuses(json!([]), "invalid settings: `settings` is []; allowed: a map");
        refuses(
            json!({"controller": {"featureGates": {"EnableIPTargetType": "false", "Typo": true}}}),
            "invalid settings: `controller.featureGates.EnableIPTargetType` is \"false\"; allowed: true, false; unknown key `controller.featureGates.Typo`; allowed: EnableServiceController, ServiceTypeLoadBalancerOnly, EnableTCPUDPListener, EnableIPTargetType, ALBGatewayAPI, NLBGatewayAPI, GatewayListenerSet",
        );
        refuses(
            json!({"controller": {"featureGates": []}}),
            "invalid settings: `controller.featureGates` is []; allowed: a map of names to true or false",
        );
        for editions in [json!([]), json!(null), json!("standard")] {
            let allowed = "a list of at least one of standard, autoMode";
            refuses(
                json!({"controller": {"editions": editions}}),
                &format!("invalid settings: `controller.editions` is {editions}; allowed: {allowed}"),
            );
        }
        let twice = Settings::from_json(r#"{"mode":"warn","mode":"warn"}"#).map_err(|error| error.to_string());
        assert_eq!(twice, Err("invalid settings: key `mode` is given twice".to_owned()));
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
