//! The JSON in `actions.` annotations, read as Go's encoding/json reads it and validated as the controller validates it.
//!
//! Keys are matched without regard to case. `null` empties a pointer and leaves anything else as it was. A key that is given
//! twice is merged into the earlier value, field by field. What does not fit the controller's Go types, or what its
//! `validate()` refuses, is an error with the path of the field.
//!
//! Accepted deviation, which no honest manifest shows: lone surrogates are refused wherever they are.

use crate::kubernetes::{DecodeError, IntOrString, Json, display_text, parse};

/// A Service among an action's target groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// The Service's name.
    pub service_name: String,
    /// The Service's port.
    pub service_port: IntOrString,
    /// Its place in the list.
    pub index: usize,
}

/// Whose `actions.` annotation it is: the Go types differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionOwner {
    /// An Ingress (`pkg/ingress/config_types.go`).
    Ingress,
    /// An NLB Service (`pkg/service/config_types.go`).
    Service,
}

/// The Services that the action in the annotation `key` forwards to; none where it redirects, answers by itself, or
/// names target groups of AWS. A weight of 0 makes a target group too.
///
/// # Errors
/// Text that is no JSON, does not fit the Go types of the owner, or fails their `validate()`.
pub fn target_groups_of_action(owner: ActionOwner, key: &str, text: &str) -> Result<Vec<TargetGroup>, DecodeError> {
    read_action(owner, text).and_then(|action| action.validate(owner).map(|()| action.services())).map_err(|problem| {
        let path = format!("metadata.annotations[{}]{}", display_text(key, 120), problem.path);
        DecodeError::new(&path, &problem.reason)
    })
}

struct Problem {
    path: String,
    reason: String,
}

impl Problem {
    fn new(path: &str, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), reason: reason.into() }
    }
}

#[derive(Default)]
struct Action {
    kind: String,
    target_group_arn: Option<String>,
    target_group_name: Option<String>,
    fixed_response: Option<StatusCode>,
    redirect: Option<StatusCode>,
    forward: Option<Forward>,
}

/// What counts of a fixed response and of a redirect.
#[derive(Default)]
struct StatusCode(String);

#[derive(Default)]
struct Forward {
    target_groups: Vec<Tuple>,
}

/// One entry of `targetGroups`.
#[derive(Default)]
struct Tuple {
    target_group_arn: Option<String>,
    target_group_name: Option<String>,
    service_name: Option<String>,
    service_port: Option<IntOrString>,
    weight: Option<i32>,
}

impl Action {
    /// The Services of a valid action.
    fn services(self) -> Vec<TargetGroup> {
        let forward = self.forward.filter(|_| self.kind == "forward").unwrap_or_default();
        let mut services = Vec::new();
        for (index, tuple) in forward.target_groups.into_iter().enumerate() {
            if let (Some(service_name), Some(service_port)) = (tuple.service_name, tuple.service_port) {
                services.push(TargetGroup { service_name, service_port, index });
            }
        }
        services
    }

    /// `Action.validate` of both owners. `{"type": "forward"}` alone makes the controller panic for an NLB Service.
    fn validate(&self, owner: ActionOwner) -> Result<(), Problem> {
        match (self.kind.as_str(), owner) {
            ("forward", ActionOwner::Service) => {
                let forward = self.forward.as_ref().ok_or_else(|| Problem::new(".forwardConfig", "is missing"))?;
                forward.validate(owner)
            }
            ("forward", ActionOwner::Ingress) => {
                let is_of_aws = self.target_group_arn.is_some() || self.target_group_name.is_some();
                match &self.forward {
                    None if is_of_aws => Ok(()),
                    None => {
                        Err(Problem::new(".forwardConfig", "is missing, and so are targetGroupARN and targetGroupName"))
                    }
                    Some(_) if is_of_aws => Err(Problem::new(
                        ".forwardConfig",
                        "cannot be given together with targetGroupARN or targetGroupName",
                    )),
                    Some(forward) => forward.validate(owner),
                }
            }
            ("fixed-response", ActionOwner::Ingress) => {
                has_status_code("fixedResponseConfig", self.fixed_response.as_ref())
            }
            ("redirect", ActionOwner::Ingress) => has_status_code("redirectConfig", self.redirect.as_ref()),
            ("", _) => Err(Problem::new(".type", "is missing")),
            (other, owner) => {
                let allowed = match owner {
                    ActionOwner::Ingress => "forward, redirect or fixed-response",
                    ActionOwner::Service => "forward",
                };
                Err(Problem::new(".type", format!("must be {allowed}, not the string {:?}", display_text(other, 40))))
            }
        }
    }
}

fn has_status_code(name: &str, config: Option<&StatusCode>) -> Result<(), Problem> {
    match config {
        None => Err(Problem::new(&format!(".{name}"), "is missing")),
        Some(StatusCode(code)) if code.is_empty() => Err(Problem::new(&format!(".{name}.statusCode"), "is missing")),
        Some(_) => Ok(()),
    }
}

impl Forward {
    /// `ForwardActionConfig.validate`.
    fn validate(&self, owner: ActionOwner) -> Result<(), Problem> {
        let path = |index: usize, field: &str| format!(".forwardConfig.targetGroups[{index}]{field}");
        for (index, tuple) in self.target_groups.iter().enumerate() {
            let is_of_aws = tuple.target_group_arn.is_some() || tuple.target_group_name.is_some();
            let aws = match owner {
                ActionOwner::Ingress => "targetGroupARN or targetGroupName",
                ActionOwner::Service => "targetGroupARN",
            };
            match (is_of_aws, &tuple.service_name) {
                (false, None) => return Err(Problem::new(&path(index, ""), format!("needs a serviceName, or {aws}"))),
                (true, Some(_)) => {
                    return Err(Problem::new(&path(index, ""), format!("cannot have both a serviceName and {aws}")));
                }
                (false, Some(_)) if tuple.service_port.is_none() => {
                    return Err(Problem::new(&path(index, ".servicePort"), "is missing"));
                }
                _ => {}
            }
            if owner == ActionOwner::Service && tuple.weight.is_some_and(|weight| !(0..=999).contains(&weight)) {
                return Err(Problem::new(&path(index, ".weight"), "must be between 0 and 999"));
            }
        }
        let without_weight = self.target_groups.iter().position(|tuple| tuple.weight.is_none());
        match without_weight {
            Some(index) if self.target_groups.len() > 1 => {
                Err(Problem::new(&path(index, ".weight"), "is missing, and needed among several target groups"))
            }
            _ => Ok(()),
        }
    }
}

fn read_action(owner: ActionOwner, text: &str) -> Result<Action, Problem> {
    let document = parse(text).map_err(|error| Problem::new("", error.reason))?;
    let mut action = Action::default();
    Value { json: Json::of(&document), path: String::new() }.object(&mut |key, value| match (key, owner) {
        ("type", _) => value.string(&mut action.kind),
        ("targetgrouparn", ActionOwner::Ingress) => value.pointer(&mut action.target_group_arn, Value::string),
        ("targetgroupname", ActionOwner::Ingress) => value.pointer(&mut action.target_group_name, Value::string),
        ("fixedresponseconfig", ActionOwner::Ingress) => value.pointer(&mut action.fixed_response, |value, config| {
            value.status_code(config, &["contenttype", "messagebody"])
        }),
        ("redirectconfig", ActionOwner::Ingress) => value.pointer(&mut action.redirect, |value, config| {
            value.status_code(config, &["host", "path", "port", "protocol", "query"])
        }),
        ("forwardconfig", owner) => {
            value.pointer(&mut action.forward, |value, forward: &mut Forward| value.forward(owner, forward))
        }
        _ => Ok(()),
    })?;
    Ok(action)
}

/// A JSON value and its path below the annotation.
struct Value<'a> {
    json: Json<'a>,
    path: String,
}

impl<'a> Value<'a> {
    fn is_null(&self) -> bool {
        self.json.is_null()
    }

    fn wrong(&self, expected: &str) -> Problem {
        Problem::new(&self.path, format!("must be {expected}, not {}", self.json.description()))
    }

    /// A Go struct: every key in its order, folded as Go folds it.
    fn object(&self, read: &mut dyn FnMut(&str, Value<'a>) -> Result<(), Problem>) -> Result<(), Problem> {
        if self.is_null() {
            return Ok(());
        }
        for (key, json) in self.json.entries().ok_or_else(|| self.wrong("a map"))? {
            let key = key.string().ok_or_else(|| self.wrong("a map"))?;
            read(&folded(&key), Value { json, path: format!("{}.{key}", self.path) })?;
        }
        Ok(())
    }

    /// A Go pointer: `null` empties it, anything else is merged into what it points to.
    fn pointer<T: Default>(
        self,
        to: &mut Option<T>,
        read: impl FnOnce(Self, &mut T) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        if self.is_null() {
            *to = None;
            return Ok(());
        }
        read(self, to.get_or_insert_default())
    }

    fn string(self, to: &mut String) -> Result<(), Problem> {
        if !self.is_null() {
            *to = self.json.string().ok_or_else(|| self.wrong("a string"))?.into_owned();
        }
        Ok(())
    }

    fn boolean(self) -> Result<(), Problem> {
        match self.json.text() {
            "null" | "true" | "false" => Ok(()),
            _ => Err(self.wrong("a boolean")),
        }
    }

    /// Go's `int32`: to it, `1.0` is no integer, and `-0` is one.
    fn integer(self, to: &mut i32) -> Result<(), Problem> {
        if !self.is_null() {
            *to = self.json.text().parse().map_err(|_| self.wrong("an integer"))?;
        }
        Ok(())
    }

    /// Kubernetes' IntOrString.
    fn port(self, to: &mut Option<IntOrString>) -> Result<(), Problem> {
        *to = if self.is_null() {
            None
        } else if let Some(name) = self.json.string() {
            Some(IntOrString::String(name.into_owned()))
        } else {
            let number = self.json.text().parse();
            Some(IntOrString::Int(number.map_err(|_| self.wrong("a port number or a port name"))?))
        };
        Ok(())
    }

    fn status_code(self, to: &mut StatusCode, texts: &[&str]) -> Result<(), Problem> {
        self.object(&mut |key, value| match key {
            "statuscode" => value.string(&mut to.0),
            key if texts.contains(&key) => value.string(&mut String::new()),
            _ => Ok(()),
        })
    }

    fn forward(self, owner: ActionOwner, forward: &mut Forward) -> Result<(), Problem> {
        self.object(&mut |key, value| match (key, owner) {
            ("targetgroups", owner) => value.list(&mut forward.target_groups, |value, tuple| value.tuple(owner, tuple)),
            ("targetgroupstickinessconfig", owner) => value.object(&mut |key, value| match (key, owner) {
                ("enabled", _) => value.boolean(),
                ("durationseconds", ActionOwner::Ingress) => value.integer(&mut 0),
                _ => Ok(()),
            }),
            ("baseserviceweight", ActionOwner::Service) => value.integer(&mut 0),
            _ => Ok(()),
        })
    }

    fn tuple(self, owner: ActionOwner, tuple: &mut Tuple) -> Result<(), Problem> {
        self.object(&mut |key, value| match (key, owner) {
            ("targetgrouparn", _) => value.pointer(&mut tuple.target_group_arn, Value::string),
            ("targetgroupname", ActionOwner::Ingress) => value.pointer(&mut tuple.target_group_name, Value::string),
            ("servicename", _) => value.pointer(&mut tuple.service_name, Value::string),
            ("serviceport", _) => value.port(&mut tuple.service_port),
            ("weight", _) => value.pointer(&mut tuple.weight, Value::integer),
            ("decrypt", ActionOwner::Service) => value.boolean(),
            _ => Ok(()),
        })
    }

    /// A Go slice: `null` empties it; a list given again is merged item by item, and cut to its own length.
    fn list<T: Default>(
        self,
        to: &mut Vec<T>,
        read: impl Fn(Value<'a>, &mut T) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        if self.is_null() {
            to.clear();
            return Ok(());
        }
        let items = self.json.items().ok_or_else(|| self.wrong("a list"))?;
        to.resize_with(items.len(), T::default);
        for ((index, json), to) in items.into_iter().enumerate().zip(to) {
            read(Value { json, path: format!("{}[{index}]", self.path) }, to)?;
        }
        Ok(())
    }
}

/// Go's `foldName`: ASCII letters without regard to case, and the two other characters that Unicode folds to one.
fn folded(key: &str) -> String {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    key.chars().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_of(owner: ActionOwner, text: &str, expected: &[(&str, IntOrString)]) {
        let groups = target_groups_of_action(owner, "k", text).map_err(|error| error.to_string());
        let found = groups.map(|groups| groups.into_iter().map(|it| (it.service_name, it.service_port)).collect());
        let expected: Vec<_> = expected.iter().map(|(name, port)| ((*name).to_owned(), port.clone())).collect();
        assert_eq!(found, Ok(expected), "{text}");
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, IntOrString)]) {
        check_of(ActionOwner::Ingress, text, expected);
    }

    #[track_caller]
    fn refuses_of(owner: ActionOwner, text: &str, message: &str) {
        let error = target_groups_of_action(owner, "k", text).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err(format!("metadata.annotations[k]{message}")), "{text}");
    }

    #[track_caller]
    fn refuses(text: &str, message: &str) {
        refuses_of(ActionOwner::Ingress, text, message);
    }

    fn int(number: i32) -> IntOrString {
        IntOrString::Int(number)
    }

    fn name(name: &str) -> IntOrString {
        IntOrString::String(name.to_owned())
    }

    #[test]
    fn services_of_a_forward_action() {
        check(
            r#"{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"a","servicePort":80,"weight":0},{"serviceName":"b","servicePort":"http","weight":1},{"targetGroupARN":"arn:x","weight":1}]}}"#,
            &[("a", int(80)), ("b", name("http"))],
        );
    }

    #[test]
    fn keys_are_matched_as_go_does() {
        check(
            r#"{"Type":"forward","FORWARDCONFIG":{"targetgroups":[{"ServiceName":"a","servicePORT":1}]}}"#,
            &[("a", int(1))],
        );
        check(
            r#"{"type":"forward","forwardConfig":{"targetGroupſ":[{"ſerviceName":"a","servicePort":1}]}}"#,
            &[("a", int(1))],
        );
    }

    #[test]
    fn a_key_given_twice_is_merged_field_by_field() {
        check(
            r#"{"type":"redirect","TYPE":"forward","forwardConfig":{"targetGroups":[{"serviceName":"a","servicePort":1},{"serviceName":"b"}]},"ForwardConfig":{"targetGroups":[{"servicePort":2}]}}"#,
            &[("a", int(2))],
        );
        check(
            r#"{"type":"forward","type":null,"forwardConfig":{"targetGroups":[{"serviceName":"a","serviceName":"b","servicePort":1}]}}"#,
            &[("b", int(1))],
        );
        refuses(
            r#"{"type":"forward","forwardConfig":{},"forwardConfig":null}"#,
            ".forwardConfig is missing, and so are targetGroupARN and targetGroupName",
        );
    }

    #[test]
    fn null_leaves_a_field_empty() {
        check(r#"{"type":"forward","forwardConfig":{"targetGroups":null,"targetGroupStickinessConfig":null}}"#, &[]);
        check(
            r#"{"type":"forward","targetGroupARN":null,"forwardConfig":{"targetGroups":[{"targetGroupARN":null,"serviceName":"a","servicePort":1,"weight":null}]}}"#,
            &[("a", int(1))],
        );
    }

    #[test]
    fn integers_are_those_of_go() {
        let weight = |number: &str| {
            format!(
                r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{{"serviceName":"a","servicePort":1,"weight":{number}}}]}}}}"#
            )
        };
        for number in ["0", "-0", "-1", "2147483647", "-2147483648"] {
            check(&weight(number), &[("a", int(1))]);
        }
        for number in ["1.0", "1e2", "0.0", "2147483648", "9223372036854775808"] {
            let place = ".forwardConfig.targetGroups[0].weight";
            refuses(&weight(number), &format!("{place} must be an integer, not the number {number}"));
        }
    }

    #[test]
    fn actions_without_services() {
        for text in [
            r#"{"type":"redirect","redirectConfig":{"port":"443","statusCode":"HTTP_301"}}"#,
            r#"{"type":"fixed-response","fixedResponseConfig":{"statusCode":"503"},"forwardConfig":{"targetGroups":[{"serviceName":"a","servicePort":1}]}}"#,
            r#"{"type":"forward","targetGroupARN":"arn:x"}"#,
            r#"{"type":"forward","targetGroupARN":""}"#,
            r#"{"type":"forward","forwardConfig":{"targetGroups":[]}}"#,
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn what_fails_validation_is_refused() {
        refuses("{}", ".type is missing");
        refuses("null", ".type is missing");
        refuses(
            r#"{"type":"Forward"}"#,
            r#".type must be forward, redirect or fixed-response, not the string "Forward""#,
        );
        refuses(r#"{"type":"redirect"}"#, ".redirectConfig is missing");
        refuses(r#"{"type":"fixed-response","fixedResponseConfig":{}}"#, ".fixedResponseConfig.statusCode is missing");
        refuses(
            r#"{"type":"forward","targetGroupName":"x","forwardConfig":{}}"#,
            ".forwardConfig cannot be given together with targetGroupARN or targetGroupName",
        );
        let groups = |groups: &str| format!(r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{groups}]}}}}"#);
        let first = ".forwardConfig.targetGroups[0]";
        refuses(&groups("null"), &format!("{first} needs a serviceName, or targetGroupARN or targetGroupName"));
        refuses(&groups(r#"{"serviceName":"a"}"#), &format!("{first}.servicePort is missing"));
        let both = r#"{"serviceName":"a","servicePort":1,"targetGroupARN":""}"#;
        refuses(
            &groups(both),
            &format!("{first} cannot have both a serviceName and targetGroupARN or targetGroupName"),
        );
        let one = r#"{"serviceName":"a","servicePort":1}"#;
        let several = groups(&format!("{one},{one}"));
        refuses(&several, &format!("{first}.weight is missing, and needed among several target groups"));
        refuses_of(ActionOwner::Service, r#"{"type":"forward"}"#, ".forwardConfig is missing");
        let heavy = groups(r#"{"serviceName":"a","servicePort":1,"weight":1000}"#);
        refuses_of(ActionOwner::Service, &heavy, &format!("{first}.weight must be between 0 and 999"));
        check(&heavy, &[("a", int(1))]);
    }

    #[test]
    fn ingress_and_service_have_types_of_their_own() {
        let group = r#"{"serviceName":"a","servicePort":1,"decrypt":1,"targetGroupName":"x"}"#;
        let text = format!(r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{group}]}}}}"#);
        refuses_of(
            ActionOwner::Service,
            &text,
            ".forwardConfig.targetGroups[0].decrypt must be a boolean, not the number 1",
        );
        check_of(ActionOwner::Service, &text.replace("\"decrypt\":1", "\"decrypt\":true"), &[("a", int(1))]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_place() {
        refuses("", " is not valid JSON: unexpected end of JSON input");
        refuses(r#"{"type":"forward"} x"#, " is not valid JSON: trailing characters");
        refuses("[]", " must be a map, not a list");
        refuses(r#"{"type":1}"#, ".type must be a string, not the number 1");
        refuses(
            r#"{"type":"redirect","forwardConfig":{"targetGroups":{}}}"#,
            ".forwardConfig.targetGroups must be a list, not a map",
        );
        refuses(
            r#"{"forwardConfig":{"targetGroups":[{"serviceName":"a"},{"servicePort":1.5}]}}"#,
            ".forwardConfig.targetGroups[1].servicePort must be a port number or a port name, not the number 1.5",
        );
        refuses(
            r#"{"forwardConfig":{"targetGroups":[{"weight":"1"}]}}"#,
            r#".forwardConfig.targetGroups[0].weight must be an integer, not the string "1""#,
        );
        let stickiness = ".forwardConfig.targetGroupStickinessConfig";
        let sticky = |config: &str| {
            format!(
                r#"{{"type":"forward","forwardConfig":{{"targetGroups":[],"targetGroupStickinessConfig":{config}}}}}"#
            )
        };
        refuses(&sticky("1"), &format!("{stickiness} must be a map, not the number 1"));
        refuses(&sticky(r#"{"enabled":1}"#), &format!("{stickiness}.enabled must be a boolean, not the number 1"));
        let seconds = sticky(r#"{"durationSeconds":"1"}"#);
        refuses(&seconds, &format!(r#"{stickiness}.durationSeconds must be an integer, not the string "1""#));
        check_of(ActionOwner::Service, &seconds, &[]);
        refuses(
            r#"{"type":"redirect","redirectConfig":{"host":1,"statusCode":"HTTP_301"}}"#,
            ".redirectConfig.host must be a string, not the number 1",
        );
        check(r#"{"type":"redirect","redirectConfig":{"unknown":1,"statusCode":"HTTP_301"}}"#, &[]);
    }
}
