//! The whole result of a request, as data: what was found, what is to be done about it, and what becomes of the request.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::exposure::{Exposure, Reach, Role};
use super::judge::Unchecked;
use super::remedy::{Remedy, RemedyData};
use crate::controller::{Place, Resolved};
use crate::kubernetes::{DecodeError, IntOrString, ObjectRef, display_port};
use crate::request::Operation;
use crate::rules::Problem;
use crate::settings::SettingsError;

/// The version of the form in which an evaluation is written.
pub const EVALUATION_VERSION: u32 = 1;

/// The result of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The admitted object; nothing where the request could not be read, or is not looked at.
    pub object: Option<ObjectRef>,
    /// What is done to it.
    pub operation: Option<Operation>,
    /// What becomes of the request.
    pub outcome: Outcome,
    /// What was found, most harmful first.
    pub findings: Vec<Finding>,
    /// Advisory warnings.
    pub advice: Vec<Hint>,
    /// Lookups that failed, and what could not be checked for that.
    pub failures: Vec<Unchecked>,
    /// Whether failed lookups are told to the person at kubectl, or to the log alone.
    pub tells_failures: bool,
    /// Fields of the object that cannot be read.
    pub invalid: Vec<DecodeError>,
    /// Objects that do not exist (yet), without which the object could not be checked.
    pub unresolved: Vec<ObjectRef>,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Admitted as it is.
    Accept,
    /// Admitted with changes: the whole object, as JSON.
    Mutate(String),
    /// Refused.
    Reject(Refusal),
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// 400: the request itself cannot be read.
    InvalidRequest(DecodeError),
    /// 500: the settings of the deployment are wrong, which the host should have seen before.
    InvalidSettings(SettingsError),
    /// 400: these fields of the object cannot be read.
    InvalidObject(Vec<DecodeError>),
    /// 403: the findings that say so.
    Findings,
    /// 500: something could not be looked up.
    Lookups,
}

impl Refusal {
    /// The HTTP status code.
    pub fn code(&self) -> u16 {
        match self {
            Self::InvalidRequest(_) | Self::InvalidObject(_) => 400,
            Self::Findings => 403,
            Self::InvalidSettings(_) | Self::Lookups => 500,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalidRequest",
            Self::InvalidSettings(_) => "invalidSettings",
            Self::InvalidObject(_) => "invalidObject",
            Self::Findings => "findings",
            Self::Lookups => "lookups",
        }
    }
}

/// A Service and an object that serves it, where a rule is broken.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What is wrong.
    pub problem: Problem,
    /// The Service.
    pub service: ObjectRef,
    /// The object that serves it.
    pub exposer: ObjectRef,
    /// How it does.
    pub role: Role,
    /// What stops with it.
    pub reach: Reach,
    /// Where the reference is in the object that serves.
    pub place: Place,
    /// The ports that are referred to.
    pub ports: Vec<IntOrString>,
    /// The target type; nothing for a missing Service.
    pub target_type: Option<Resolved>,
    /// Another TargetGroupConfiguration of the Service: the controller takes either.
    pub other_configuration: Option<ObjectRef>,
    /// Whether the annotation for Ingresses is in a place where the controller does not read it.
    pub has_ignored_annotation: bool,
    /// What to do.
    pub remedy: Remedy,
    /// What manages the object to change: the change belongs there.
    pub managed_by: Option<Manager>,
    /// Whether the request introduces it; nothing where no answer depended on that.
    pub introduced: Option<bool>,
    /// What becomes of it.
    pub fate: Fate,
}

/// The controller in the ownerReferences of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manager {
    /// The object that is managed.
    pub object: ObjectRef,
    /// The kind of what manages it.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// What becomes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It is a reason to refuse the request.
    Refused,
    /// It was fixed.
    Fixed,
    /// It is warned of.
    Warned,
    /// It is not told, since the request is refused for others.
    Untold,
}

/// One piece of advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "advice")]
pub enum Hint {
    /// Nobody opens the security groups for the binding.
    SecurityGroups {
        /// The TargetGroupBinding.
        binding: ObjectRef,
    },
    /// The namespace lacks the label.
    TargetHealth {
        /// The namespace.
        namespace: String,
        /// The label that lacks.
        label: &'static str,
    },
    /// The VPC CNI plugin is not there.
    NetworkPlugin,
    /// No StatefulSet names the Service.
    StatelessService {
        /// The Service.
        service: ObjectRef,
    },
    /// The Service has no such port.
    ServicePort {
        /// The object that refers to the port.
        exposer: ObjectRef,
        /// The Service.
        service: ObjectRef,
        /// The port.
        port: String,
    },
    /// The Service has no selector.
    ServiceSelector {
        /// The Service.
        service: ObjectRef,
    },
    /// A number that was meant for a node port.
    NodePortNumber {
        /// The object that has it.
        object: ObjectRef,
        /// The field or annotation.
        field: String,
        /// The number.
        port: i32,
    },
}

impl Evaluation {
    /// A request that the policy has nothing to say about.
    pub fn accept() -> Self {
        Self {
            object: None,
            operation: None,
            outcome: Outcome::Accept,
            findings: Vec::new(),
            advice: Vec::new(),
            failures: Vec::new(),
            tells_failures: true,
            invalid: Vec::new(),
            unresolved: Vec::new(),
        }
    }

    /// A request that is refused before its object is read.
    pub fn refuse(refusal: Refusal) -> Self {
        Self { outcome: Outcome::Reject(refusal), ..Self::accept() }
    }
}

impl Finding {
    /// What is to be changed, and whether that is safe here.
    pub fn remedy_data<'a>(&'a self, admitted: &'a ObjectRef) -> RemedyData<'a> {
        RemedyData { remedy: &self.remedy, change: self.remedy.change(&self.service, &self.exposer, admitted) }
    }
}

impl Serialize for Evaluation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut data = serializer.serialize_struct("Evaluation", 10)?;
        data.serialize_field("version", &EVALUATION_VERSION)?;
        if let Some(object) = &self.object {
            data.serialize_field("object", object)?;
        }
        if let Some(operation) = &self.operation {
            data.serialize_field("operation", operation)?;
        }
        data.serialize_field("outcome", &OutcomeData(&self.outcome))?;
        let findings: Vec<FindingData<'_>> =
            self.findings.iter().map(|finding| FindingData { finding, object: self.object.as_ref() }).collect();
        data.serialize_field("findings", &findings)?;
        data.serialize_field("advice", &self.advice)?;
        data.serialize_field("failures", &self.failures)?;
        data.serialize_field("invalid", &self.invalid)?;
        data.serialize_field("unresolved", &self.unresolved)?;
        data.end()
    }
}

struct OutcomeData<'a>(&'a Outcome);

impl Serialize for OutcomeData<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut data = serializer.serialize_struct("Outcome", 4)?;
        match self.0 {
            Outcome::Accept => data.serialize_field("verdict", "accept")?,
            Outcome::Mutate(object) => {
                data.serialize_field("verdict", "mutate")?;
                let object: Option<&serde_json::value::RawValue> = serde_json::from_str(object).ok();
                data.serialize_field("object", &object)?;
            }
            Outcome::Reject(refusal) => {
                data.serialize_field("verdict", "reject")?;
                data.serialize_field("code", &refusal.code())?;
                data.serialize_field("reason", refusal.reason())?;
            }
        }
        data.end()
    }
}

struct FindingData<'a> {
    finding: &'a Finding,
    object: Option<&'a ObjectRef>,
}

impl Serialize for FindingData<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let finding = self.finding;
        let mut data = serializer.serialize_struct("Finding", 14)?;
        data.serialize_field("rule", &finding.problem)?;
        if let Some(reason) = finding.problem.no_node_port() {
            data.serialize_field("noNodePort", &reason)?;
        }
        data.serialize_field("service", &finding.service)?;
        data.serialize_field("exposer", &finding.exposer)?;
        data.serialize_field("role", &finding.role)?;
        data.serialize_field("field", &finding.place.to_string())?;
        data.serialize_field("ports", &finding.ports.iter().map(display_port).collect::<Vec<_>>())?;
        if let Some(target_type) = &finding.target_type {
            data.serialize_field("targetType", target_type)?;
        }
        if let Some(other) = &finding.other_configuration {
            data.serialize_field("otherConfiguration", other)?;
        }
        data.serialize_field("reach", &finding.reach)?;
        data.serialize_field("remedy", &finding.remedy_data(self.object.unwrap_or(&finding.exposer)))?;
        if let Some(Manager { kind, name, .. }) = &finding.managed_by {
            data.serialize_field("managedBy", &format!("{kind} {name}"))?;
        }
        if let Some(introduced) = finding.introduced {
            data.serialize_field("introduced", &introduced)?;
        }
        data.serialize_field("fate", &finding.fate)?;
        data.end()
    }
}

/// How much a finding harms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// Others stop with the object.
    Others,
    /// The object stops.
    Itself,
    /// A Service is missing, and may be created.
    Missing,
}

impl Harm {
    /// The worst first.
    pub const ALL: [Self; 3] = [Self::Others, Self::Itself, Self::Missing];

    /// The harm of a finding.
    pub fn of(exposure: &Exposure, problem: Problem) -> Self {
        match (problem, exposure.role) {
            (Problem::MissingService, _) => Self::Missing,
            (_, Role::Ingress(_) | Role::Route(_)) => Self::Others,
            _ => Self::Itself,
        }
    }
}
