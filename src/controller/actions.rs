//! The JSON in `actions.` annotations, read as Go's encoding/json reads it.
//!
//! Keys are matched without regard to case, and `null` leaves a field empty. What does not fit the controller's Go types
//! is an error, as it is there. So are two keys of one object that are the same to Go, which would merge their values:
//! nobody means that.
//!
//! Accepted deviations, which no honest manifest shows: more than 127 levels and lone surrogates are refused wherever
//! they stand.

use std::collections::BTreeSet;

use json_text::{JsonError, Reader, ValueKind};

use crate::kubernetes::{DecodeError, IntOrString, display_text};

/// Where an Ingress keeps the actions of its `use-annotation` backends.
pub const INGRESS_PREFIX: &str = "alb.ingress.kubernetes.io/actions.";

/// An `actions.` annotation that the controller would refuse.
pub type ActionError = DecodeError;

/// A Service among an action's target groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// The Service's name.
    pub service_name: String,
    /// The Service's port; LBC refuses an entry without one.
    pub service_port: Option<IntOrString>,
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
/// Text that is no JSON, or does not fit the Go types of the owner.
pub fn target_groups_of_action(owner: ActionOwner, key: &str, text: &str) -> Result<Vec<TargetGroup>, ActionError> {
    read_action(owner, text).map_err(|problem| {
        let path = format!("metadata.annotations[{}]{}", display_text(key, 120), problem.path);
        DecodeError::new(&path, &problem.reason)
    })
}

struct Problem {
    path: String,
    reason: String,
}

impl Problem {
    fn new(path: &str, reason: String) -> Self {
        Self { path: path.to_owned(), reason }
    }
}

fn read_action(owner: ActionOwner, text: &str) -> Result<Vec<TargetGroup>, Problem> {
    let value =
        json_text::whole(text, Json::read).map_err(|error| Problem::new("", format!("not valid JSON: {error}")))?;
    let Some(action) = GoObject::new(&value, "")? else { return Ok(Vec::new()) };
    let is_forward = action.string("type")? == Some("forward");
    let mut is_of_aws = false;
    if owner == ActionOwner::Ingress {
        is_of_aws = action.has_any_string(&["targetGroupARN", "targetGroupName"])?;
        if let Some(config) = action.object("fixedResponseConfig")? {
            config.has_any_string(&["contentType", "messageBody", "statusCode"])?;
        }
        if let Some(config) = action.object("redirectConfig")? {
            config.has_any_string(&["host", "path", "port", "protocol", "query", "statusCode"])?;
        }
    }
    let groups = match action.object("forwardConfig")? {
        Some(forward) => target_groups(owner, &forward)?,
        None => Vec::new(),
    };
    Ok(if is_forward && !is_of_aws { groups } else { Vec::new() })
}

fn target_groups(owner: ActionOwner, forward: &GoObject<'_>) -> Result<Vec<TargetGroup>, Problem> {
    let mut groups = Vec::new();
    for entry in forward.objects("targetGroups")? {
        let service_port = entry.port("servicePort")?;
        entry.integer("weight")?;
        entry.string("targetGroupARN")?;
        match owner {
            ActionOwner::Ingress => entry.string("targetGroupName")?.is_some(),
            ActionOwner::Service => entry.boolean("decrypt")?.is_some(),
        };
        if let Some(service_name) = entry.string("serviceName")? {
            groups.push(TargetGroup { service_name: service_name.to_owned(), service_port });
        }
    }
    if let Some(stickiness) = forward.object("targetGroupStickinessConfig")? {
        stickiness.boolean("enabled")?;
        if owner == ActionOwner::Ingress {
            stickiness.integer("durationSeconds")?;
        }
    }
    if owner == ActionOwner::Service {
        forward.integer("baseServiceWeight")?;
    }
    Ok(groups)
}

/// An object whose keys are matched as Go does, each given once.
struct GoObject<'a> {
    entries: &'a [(String, Json)],
    path: String,
}

impl<'a> GoObject<'a> {
    /// `null` leaves a Go structure as it was.
    fn new(value: &'a Json, path: &str) -> Result<Option<Self>, Problem> {
        let entries = match value {
            Json::Object(entries) => entries,
            Json::Null => return Ok(None),
            other => return Err(Problem::new(path, format!("expected an object, found {}", other.kind()))),
        };
        let object = Self { entries, path: path.to_owned() };
        let mut seen = BTreeSet::new();
        match entries.iter().find(|(key, _)| !seen.insert(folded(key))) {
            Some((key, _)) => Err(Problem::new(&object.path(key), "given twice".to_owned())),
            None => Ok(Some(object)),
        }
    }

    fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    fn field(&self, name: &str) -> Option<&'a Json> {
        let name = folded(name);
        let (_, value) = self.entries.iter().find(|(key, _)| folded(key) == name)?;
        Some(value).filter(|value| !matches!(value, Json::Null))
    }

    fn string(&self, name: &str) -> Result<Option<&'a str>, Problem> {
        self.typed(name, "a string", |value| match value {
            Json::String(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Whether any of the fields is there; all of them must be strings.
    fn has_any_string(&self, names: &[&str]) -> Result<bool, Problem> {
        names.iter().try_fold(false, |found, name| Ok(self.string(name)?.is_some() || found))
    }

    fn boolean(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.typed(name, "a boolean", |value| match value {
            Json::Bool(value) => Some(*value),
            _ => None,
        })
    }

    /// Go's `int32`.
    fn integer(&self, name: &str) -> Result<Option<i32>, Problem> {
        self.typed(name, "an integer", Json::as_i32)
    }

    /// Kubernetes' IntOrString, where a numeric string still is a string.
    fn port(&self, name: &str) -> Result<Option<IntOrString>, Problem> {
        self.typed(name, "a port number or a port name", |value| match value {
            Json::String(name) => Some(IntOrString::String(name.clone())),
            other => other.as_i32().map(IntOrString::Int),
        })
    }

    fn object(&self, name: &str) -> Result<Option<Self>, Problem> {
        self.field(name).map_or(Ok(None), |value| Self::new(value, &self.path(name)))
    }

    fn objects(&self, name: &str) -> Result<Vec<Self>, Problem> {
        let entries = self.typed(name, "a list", |value| match value {
            Json::List(entries) => Some(entries.as_slice()),
            _ => None,
        })?;
        let mut objects = Vec::new();
        for (index, entry) in entries.unwrap_or_default().iter().enumerate() {
            objects.extend(Self::new(entry, &format!("{}[{index}]", self.path(name)))?);
        }
        Ok(objects)
    }

    fn typed<T>(&self, name: &str, expected: &str, read: impl Fn(&'a Json) -> Option<T>) -> Result<Option<T>, Problem> {
        let Some(value) = self.field(name) else { return Ok(None) };
        let wrong = || Problem::new(&self.path(name), format!("expected {expected}, found {}", value.kind()));
        read(value).map(Some).ok_or_else(wrong)
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

/// JSON with every key of an object, also of two equal ones.
enum Json {
    Null,
    Bool(bool),
    Integer(i32),
    OtherNumber,
    String(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// As deep as the reader goes, and no deeper.
    fn read(reader: &mut Reader<'_>) -> Result<Self, JsonError> {
        Ok(match reader.kind()? {
            ValueKind::Null => {
                reader.value()?;
                Self::Null
            }
            ValueKind::Bool => Self::Bool(reader.value()? == "true"),
            // To Go, `1.0` is no integer, and `-0` is one.
            ValueKind::Number => reader.value()?.parse().map_or(Self::OtherNumber, Self::Integer),
            ValueKind::String => Self::String(reader.string()?.into_owned()),
            ValueKind::List => {
                reader.opens(ValueKind::List)?;
                let mut items = Vec::new();
                while reader.has_item()? {
                    items.push(Self::read(reader)?);
                }
                Self::List(items)
            }
            ValueKind::Map => {
                reader.opens(ValueKind::Map)?;
                let mut entries = Vec::new();
                while let Some(key) = reader.key()? {
                    entries.push((key.into_owned(), Self::read(reader)?));
                }
                Self::Object(entries)
            }
        })
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) | Self::OtherNumber => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    fn as_i32(&self) -> Option<i32> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, Option<IntOrString>)]) {
        let expected: Vec<TargetGroup> = expected
            .iter()
            .map(|(name, port)| TargetGroup { service_name: (*name).to_owned(), service_port: port.clone() })
            .collect();
        assert_eq!(target_groups_of_action(ActionOwner::Ingress, "k", text), Ok(expected), "{text}");
    }

    #[track_caller]
    fn refuses(text: &str, message: &str) {
        assert_eq!(
            target_groups_of_action(ActionOwner::Ingress, "k", text).map_err(|error| error.to_string()),
            Err(message.to_owned())
        );
    }

    fn int(number: i32) -> Option<IntOrString> {
        Some(IntOrString::Int(number))
    }

    fn name(name: &str) -> Option<IntOrString> {
        Some(IntOrString::String(name.to_owned()))
    }

    #[test]
    fn services_of_a_forward_action() {
        check(
            r#"{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"a","servicePort":80,"weight":0},{"serviceName":"b","servicePort":"http"},{"targetGroupARN":"arn:x"},{"serviceName":"c"}]}}"#,
            &[("a", int(80)), ("b", name("http")), ("c", None)],
        );
    }

    #[test]
    fn keys_are_matched_as_go_does() {
        check(r#"{"Type":"forward","FORWARDCONFIG":{"targetgroups":[{"ServiceName":"a"}]}}"#, &[("a", None)]);
        check(r#"{"type":"forward","forwardConfig":{"targetGroupſ":[{"ſerviceName":"a"}]}}"#, &[("a", None)]);
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        refuses(r#"{"type":"forward","TYPE":"forward"}"#, "metadata.annotations[k].TYPE: given twice");
        refuses(r#"{"type":"forward","type":null}"#, "metadata.annotations[k].type: given twice");
        refuses(r#"{"forwardConfig":null,"ForwardConfig":{}}"#, "metadata.annotations[k].ForwardConfig: given twice");
        refuses(
            r#"{"forwardConfig":{"targetGroups":[{"serviceName":"a"},{"serviceName":"b","ſerviceName":"c"}]}}"#,
            "metadata.annotations[k].forwardConfig.targetGroups[1].ſerviceName: given twice",
        );
        check(r#"{"type":"redirect","unknown":{"a":1,"A":2}}"#, &[]);
    }

    #[test]
    fn null_leaves_a_field_empty() {
        check(r#"{"type":null,"forwardConfig":{"targetGroups":[{"serviceName":"a"}]}}"#, &[]);
        check(r#"{"type":"forward","forwardConfig":{"targetGroups":null,"targetGroupStickinessConfig":null}}"#, &[]);
        check(
            r#"{"type":"forward","targetGroupARN":null,"forwardConfig":{"targetGroups":[{"serviceName":null,"servicePort":80},{"serviceName":"a","servicePort":null,"weight":null}]}}"#,
            &[("a", None)],
        );
    }

    #[test]
    fn integers_are_those_of_go() {
        let weight = |number: &str| format!(r#"{{"forwardConfig":{{"targetGroups":[{{"weight":{number}}}]}}}}"#);
        for number in ["0", "-0", "-1", "2147483647", "-2147483648"] {
            check(&weight(number), &[]);
        }
        for number in ["1.0", "1e2", "0.0", "2147483648", "9223372036854775808"] {
            let path = "metadata.annotations[k].forwardConfig.targetGroups[0].weight";
            refuses(&weight(number), &format!("{path}: expected an integer, found a number"));
        }
    }

    #[test]
    fn actions_without_services() {
        for text in [
            "null",
            "{}",
            r#"{"type":"redirect","redirectConfig":{"port":"443"}}"#,
            r#"{"type":"fixed-response","forwardConfig":{"targetGroups":[{"serviceName":"a"}]}}"#,
            r#"{"type":"forward","targetGroupARN":"arn:x"}"#,
            r#"{"type":"forward","targetGroupName":"x","forwardConfig":{"targetGroups":[{"serviceName":"a"}]}}"#,
            r#"{"type":"forward","forwardConfig":null}"#,
            r#"{"type":"forward","forwardConfig":{"targetGroups":[null]}}"#,
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn ingress_and_service_have_types_of_their_own() {
        let of_service = r#"{"forwardConfig":{"baseServiceWeight":"1","targetGroups":[{"decrypt":1}]}}"#;
        check(of_service, &[]);
        let refused = target_groups_of_action(ActionOwner::Service, "k", of_service);
        assert_eq!(
            refused.map_err(|error| error.to_string()),
            Err("metadata.annotations[k].forwardConfig.targetGroups[0].decrypt: expected a boolean, found a number"
                .to_owned())
        );
        let of_ingress = r#"{"type":"forward","targetGroupARN":1,"redirectConfig":[],"forwardConfig":{"targetGroups":[{"serviceName":"a","targetGroupName":1}]}}"#;
        let group = TargetGroup { service_name: "a".to_owned(), service_port: None };
        assert_eq!(target_groups_of_action(ActionOwner::Service, "k", of_ingress), Ok(vec![group]));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_place() {
        refuses("", "metadata.annotations[k]: not valid JSON: unexpected end at byte 0");
        refuses("[]", "metadata.annotations[k]: expected an object, found a list");
        refuses(r#"{"type":1}"#, "metadata.annotations[k].type: expected a string, found a number");
        refuses(
            r#"{"type":"redirect","forwardConfig":{"targetGroups":{}}}"#,
            "metadata.annotations[k].forwardConfig.targetGroups: expected a list, found an object",
        );
        refuses(
            r#"{"forwardConfig":{"targetGroups":[{"serviceName":"a"},{"servicePort":1.5}]}}"#,
            "metadata.annotations[k].forwardConfig.targetGroups[1].servicePort: expected a port number or a port name, found a number",
        );
        refuses(
            r#"{"forwardConfig":{"targetGroups":[{"weight":"1"}]}}"#,
            "metadata.annotations[k].forwardConfig.targetGroups[0].weight: expected an integer, found a string",
        );
        refuses(&"[".repeat(1000), "metadata.annotations[k]: not valid JSON: nested too deeply at byte 127");
    }
}
