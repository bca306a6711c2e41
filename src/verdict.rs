//! The verdict, and every text for people: messages, warnings, audit annotations, log lines. Here and nowhere else.
//!
//! Texts of objects are quoted, never interpreted. A message is one line; a warning is one short line.

use serde::{Serialize, Serializer};

use crate::cluster::{LookupError, LookupFailure, Resource};
use crate::controller::{
    INGRESS_HEALTH_CHECK_PORT, INGRESS_TARGET_TYPE, NLB_HEALTH_CHECK_PORT, NLB_TARGET_TYPE, Source,
};
use crate::kubernetes::{DecodeError, ObjectRef, display_text, is_valid_name, shown_name};
use crate::request::Kind;
use crate::rules::{Finding, Fix, Instead, Remedy, Role, RuleId, ServiceType, Unjudged};
use crate::settings::SettingsError;

/// So many findings are told one by one; of the others only how many they are.
pub const MAX_LISTED: usize = 5;
/// No warning is longer, in bytes: the API server cuts longer ones.
const MAX_WARNING: usize = 256;
/// Warnings are this short where names of usual length allow it: the API server may cut many long ones.
const USUAL_WARNING: usize = 120;

/// The answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Admitted, changed or refused.
    pub outcome: Outcome,
    /// One line each, for the person at kubectl.
    pub warnings: Vec<String>,
    /// A line for the host's tracing, where there is anything to tell.
    pub log: Option<LogLine>,
}

/// What becomes of the request.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Admitted as it is.
    Accept,
    /// Admitted with changes: the whole object, as JSON.
    Mutate(String),
    /// Refused.
    Reject {
        /// The HTTP status code.
        code: u16,
        /// Why, and what to do.
        message: String,
        /// For the audit log.
        audit_annotations: Facts,
    },
}

/// Facts with names, as audit annotations and log lines carry them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(Vec<(&'static str, String)>);

impl Facts {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a fact; several of one name are joined in their order.
    fn add(&mut self, name: &'static str, value: &str) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => {
                values.push_str(", ");
                values.push_str(value);
            }
            None => self.0.push((name, value.to_owned())),
        }
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// One structured line for the host's tracing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogLine {
    /// `info` or `warning`.
    pub level: &'static str,
    /// What the person at kubectl reads.
    pub message: String,
    /// The object that was admitted or refused; none where the request could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// `accept`, `mutate` or `reject`.
    pub outcome: &'static str,
    /// `finding`, `service`, `path`, `fix`, as in the audit annotations; `lookup` for failed lookups.
    #[serde(flatten)]
    pub fields: Facts,
}

/// Why a request is refused.
#[derive(Debug)]
pub enum Refusal {
    /// 400: the object cannot be read.
    Unreadable(Vec<DecodeError>),
    /// 403: it introduces findings.
    Findings(Vec<Finding>),
    /// 500: something could not be looked up.
    Lookups(Vec<Unjudged>),
}

/// One piece of advice.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        server: ObjectRef,
        /// The Service.
        service: ObjectRef,
        /// The port.
        port: String,
    },
}

impl Verdict {
    /// Admitted as it is, with nothing to say.
    pub fn accept() -> Self {
        Self { outcome: Outcome::Accept, warnings: Vec::new(), log: None }
    }

    /// The request itself cannot be read.
    pub fn unreadable_request(error: &DecodeError) -> Self {
        Self::refused_before_reading(400, format!("The admission request cannot be read: {error}."))
    }

    /// The settings of the deployment are wrong, which the host should have seen before.
    pub fn invalid_settings(error: &SettingsError) -> Self {
        Self::refused_before_reading(500, format!("The policy cannot judge anything with {error}."))
    }

    fn refused_before_reading(code: u16, message: String) -> Self {
        let warnings = vec![warning(&|_| message.trim_end_matches('.').to_owned())];
        let (log, fields) = (message.clone(), Facts::default());
        let log = Some(LogLine { level: "warning", message: log, object: None, outcome: "reject", fields });
        Self { outcome: Outcome::Reject { code, message, audit_annotations: Facts::default() }, warnings, log }
    }

    /// The answer as the host wants it.
    pub fn encode(&self) -> Vec<u8> {
        #[derive(Default, Serialize)]
        struct Response<'a> {
            accepted: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            message: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            code: Option<u16>,
            #[serde(skip_serializing_if = "Option::is_none")]
            audit_annotations: Option<&'a Facts>,
            #[serde(skip_serializing_if = "Option::is_none")]
            warnings: Option<&'a [String]>,
        }
        let warnings = Some(self.warnings.as_slice()).filter(|warnings| !warnings.is_empty());
        let response = match &self.outcome {
            Outcome::Accept if warnings.is_none() => return br#"{"accepted":true}"#.to_vec(),
            Outcome::Accept => Response { accepted: true, warnings, ..Response::default() },
            Outcome::Mutate(_) => Response { accepted: true, warnings, ..Response::default() },
            Outcome::Reject { code, message, audit_annotations } => Response {
                message: Some(message),
                code: Some(*code),
                audit_annotations: Some(audit_annotations).filter(|annotations| !annotations.is_empty()),
                warnings,
                ..Response::default()
            },
        };
        // Maps with string keys: this cannot fail. An empty answer would be refused by the host.
        let mut answer = serde_json::to_vec(&response).unwrap_or_default();
        if let Outcome::Mutate(object) = &self.outcome {
            // The object is JSON already.
            answer.pop();
            answer.extend_from_slice(b",\"mutated_object\":");
            answer.extend_from_slice(object.as_bytes());
            answer.push(b'}');
        }
        answer
    }
}

/// Collects what there is to say about one object, and ends in its verdict.
#[derive(Debug)]
pub struct Report {
    object: ObjectRef,
    warnings: Vec<String>,
    fields: Facts,
}

impl Report {
    /// Nothing to say yet.
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        let object = ObjectRef { kind: kind.name(), namespace: namespace.to_owned(), name: name.to_owned() };
        Self { object, warnings: Vec::new(), fields: Facts::default() }
    }

    /// Warns of findings that do not lead to a refusal.
    pub fn findings(&mut self, findings: &[&Finding]) -> Facts {
        let facts = self.note_findings(findings);
        self.warnings.extend(findings.iter().take(MAX_LISTED).map(|finding| short_form(finding)));
        facts
    }

    /// Tells of every fix, once.
    pub fn fixed(&mut self, findings: &[&Finding]) {
        self.note_findings(findings);
        let mut told: Vec<&Remedy> = Vec::new();
        for finding in findings {
            if !told.contains(&&finding.remedy) {
                told.push(&finding.remedy);
                self.warnings.push(fix_warning(finding));
            }
        }
    }

    /// Warns of lookups that failed.
    pub fn failed_lookups(&mut self, failures: &[Unjudged]) {
        self.note_failed_lookups(failures);
        let warnings = failures.iter().take(MAX_LISTED);
        self.warnings.extend(warnings.map(|failure| {
            warning(&|max| {
                let server = short(&failure.server, max);
                format!("{server} was not judged: {}", lookup_problem(&failure.lookup, max, false))
            })
        }));
    }

    /// Leaves failed lookups to the log alone.
    pub fn note_failed_lookups(&mut self, failures: &[Unjudged]) {
        let lookups = failures.iter().take(MAX_LISTED).map(|failure| lookup_problem(&failure.lookup, 253, true));
        let lookups: Vec<String> = lookups.collect();
        if !lookups.is_empty() {
            self.fields.add("lookup", &lookups.join(", "));
        }
    }

    /// Warns of something in the object that cannot be read, and could not be read before.
    pub fn unreadable_before(&mut self, error: &DecodeError) {
        let warning = warning(&|max| format!("{} still cannot be read: {error}", short(&self.object, max)));
        self.warnings.push(warning);
    }

    /// Adds pieces of advice of one sort.
    pub fn hints(&mut self, hints: Vec<Hint>) {
        self.warnings.extend(hints.iter().take(MAX_LISTED).map(hint_warning));
    }

    /// Admits the object as it is.
    pub fn accept(self) -> Verdict {
        let message = self.warnings.join(" ");
        let log = (!self.fields.is_empty()).then(|| self.log_line("warning", message, "accept"));
        Verdict { outcome: Outcome::Accept, warnings: self.warnings, log }
    }

    /// Admits the object with changes.
    pub fn mutate(self, object: String) -> Verdict {
        let message = self.warnings.join(" ");
        let log = Some(self.log_line("info", message, "mutate"));
        Verdict { outcome: Outcome::Mutate(object), warnings: self.warnings, log }
    }

    /// Refuses the request; the short form of the reason is a warning too, since the engine's monitor mode drops
    /// messages and keeps warnings.
    pub fn refuse(mut self, refusal: Refusal) -> Verdict {
        let further = std::mem::take(&mut self.warnings);
        let (code, message, audit_annotations) = match &refusal {
            Refusal::Unreadable(errors) => {
                let mut sentences = Vec::new();
                for error in errors {
                    sentences.push(format!("{} cannot be read: {error}.", self.object));
                    self.warnings.push(warning(&|max| format!("{} cannot be read: {error}", short(&self.object, max))));
                }
                self.warnings.truncate(MAX_LISTED);
                (400, list(sentences), Facts::default())
            }
            Refusal::Findings(findings) => {
                let all: Vec<&Finding> = findings.iter().collect();
                let annotations = self.findings(&all);
                let mut message = list(findings.iter().map(long_form).collect());
                if findings.iter().any(stops_load_balancer) {
                    message.push_str(" One such backend of an Ingress stops the reconcile of the whole load balancer, for every Ingress of its group.");
                }
                (403, message, annotations)
            }
            Refusal::Lookups(failures) => {
                self.failed_lookups(failures);
                (500, list(failures.iter().map(lookup_message).collect()), Facts::default())
            }
        };
        self.warnings.extend(further);
        let log = Some(self.log_line("warning", message.clone(), "reject"));
        Verdict { outcome: Outcome::Reject { code, message, audit_annotations }, warnings: self.warnings, log }
    }

    fn note_findings(&mut self, findings: &[&Finding]) -> Facts {
        let facts = facts_of(findings);
        for (name, value) in &facts.0 {
            self.fields.add(name, value);
        }
        facts
    }

    fn log_line(&self, level: &'static str, message: String, outcome: &'static str) -> LogLine {
        LogLine { level, message, object: Some(self.object.to_string()), outcome, fields: self.fields.clone() }
    }
}

/// Up to [`MAX_LISTED`] entries, then how many more.
fn list(mut entries: Vec<String>) -> String {
    let more = entries.len().saturating_sub(MAX_LISTED);
    entries.truncate(MAX_LISTED);
    if more > 0 {
        entries.push(format!("And {more} more."));
    }
    entries.join(" ")
}

/// What audit annotations say of findings.
fn facts_of(findings: &[&Finding]) -> Facts {
    let mut facts = Facts::default();
    for finding in findings.iter().take(MAX_LISTED) {
        facts.add("finding", finding.rule.id());
        facts.add("service", &finding.service.path(253));
        facts.add("path", &finding.server.to_string());
        facts.add("fix", &fix_phrase(finding, 253));
    }
    facts
}

/// A warning of the usual length, else of one that the API server lets through: names are shortened before anything
/// else is, but none of usual length for the usual length of a warning.
fn warning(text: &dyn Fn(usize) -> String) -> String {
    let fitting = |names: &[usize], max| names.iter().map(|name| text(*name)).find(|text| text.len() <= max);
    fitting(&[253, 63, 40], USUAL_WARNING)
        .or_else(|| fitting(&[253, 63, 40, 24, 15], MAX_WARNING))
        .unwrap_or_else(|| display_text(&text(15), MAX_WARNING).into_owned())
}

fn short(object: &ObjectRef, max: usize) -> String {
    format!("{} {}", object.kind, object.path(max))
}

/// Whether the finding keeps an Ingress' load balancer from being reconciled. A missing Service alone does not.
fn stops_load_balancer(finding: &Finding) -> bool {
    matches!(finding.role, Role::Ingress(_)) && finding.rule != RuleId::MissingService
}

/// What is wrong, in one sentence, and what to do, in another.
fn long_form(finding: &Finding) -> String {
    format!("{} {}", what(finding), help(finding))
}

fn what(finding: &Finding) -> String {
    let server = &finding.server;
    if finding.rule == RuleId::MissingService {
        let why = if can_exist(finding) { "does not exist" } else { "cannot exist: the name is not valid" };
        return format!("{server} refers to {}, which {why}.", finding.service);
    }
    let source =
        finding.source.as_ref().map(|source| format!(" ({})", source_phrase(source, finding))).unwrap_or_default();
    let mode = format!("in instance mode{source}, which registers node ports, and {}", no_node_port(finding));
    let ignored = if finding.has_ignored_annotation {
        format!("; the controller does not read the annotation {INGRESS_TARGET_TYPE} on a TargetGroupBinding")
    } else {
        String::new()
    };
    let service = described_service(finding);
    match finding.role {
        Role::OwnLoadBalancer(_) => format!("{server} {service} {mode}{ignored}."),
        Role::TargetGroupBinding(_) | Role::Ingress(_) | Role::WeightedAction(_) => {
            format!("{server} sends traffic to {service} {mode}{ignored}.")
        }
    }
}

/// `headless Service shop/cart`, or what a Service with a load balancer of its own is.
fn described_service(finding: &Finding) -> String {
    let is_own = matches!(finding.role, Role::OwnLoadBalancer(_));
    match (finding.service_type, is_own) {
        (ServiceType::Headless, true) => "is headless and has a Network Load Balancer".to_owned(),
        (ServiceType::ClusterIp, true) => "is of type ClusterIP and has a Network Load Balancer".to_owned(),
        (ServiceType::LoadBalancerWithoutNodePorts, true) => {
            "allocates no node ports and has a Network Load Balancer".to_owned()
        }
        (ServiceType::Headless, false) => format!("headless {}", finding.service),
        (ServiceType::ClusterIp, false) => format!("{} of type ClusterIP", finding.service),
        (ServiceType::LoadBalancerWithoutNodePorts, false) => {
            format!("{} without allocated node ports", finding.service)
        }
        (ServiceType::Missing, _) => finding.service.to_string(),
    }
}

/// Whether an object of the Service's name can be created.
fn can_exist(finding: &Finding) -> bool {
    is_valid_name(&finding.service.name)
}

fn no_node_port(finding: &Finding) -> &'static str {
    match finding.service_type {
        ServiceType::Headless => "a headless Service has none",
        ServiceType::ClusterIp => "a Service of type ClusterIP has none",
        ServiceType::LoadBalancerWithoutNodePorts => "with allocateLoadBalancerNodePorts: false it has none",
        ServiceType::Missing => "it does not exist",
    }
}

/// The line that decided the target type.
fn source_phrase(source: &Source, finding: &Finding) -> String {
    let server = &finding.server;
    match source {
        Source::ControllerDefault if matches!(finding.role, Role::TargetGroupBinding(_)) => {
            "spec.targetType is not set, and controller.defaultTargetType is instance".to_owned()
        }
        Source::ControllerDefault => "the controller's default target type".to_owned(),
        Source::AutoModeDefault => "the default target type of EKS Auto Mode".to_owned(),
        Source::IngressAnnotation => format!("annotation {INGRESS_TARGET_TYPE} of the Ingress"),
        Source::ServiceAnnotation => format!("annotation {INGRESS_TARGET_TYPE} of the Service"),
        Source::IngressClassParams(name) => {
            format!("spec.targetType of IngressClassParams {}", display_text(name, 253))
        }
        Source::TargetGroupBinding => "spec.targetType: instance".to_owned(),
        Source::NlbTargetTypeAnnotation => format!("annotation {NLB_TARGET_TYPE} of {server}"),
        Source::NlbTypeAnnotation => {
            format!("annotation service.beta.kubernetes.io/aws-load-balancer-type of {server}")
        }
    }
}

/// What to do, in one sentence.
fn help(finding: &Finding) -> String {
    let (service, server) = (&finding.service, &finding.server);
    let other_way = other_way(finding);
    match &finding.remedy {
        Remedy::Fix(Fix::TargetGroupBinding { removes_node_selector }) => {
            let selector = if *removes_node_selector { " and remove spec.nodeSelector" } else { "" };
            format!(
                "Set spec.targetType: ip{selector} on the TargetGroupBinding (its target group must be of type ip), or {other_way}."
            )
        }
        Remedy::Fix(Fix::Ingress) => {
            format!("Set the annotation {INGRESS_TARGET_TYPE}: ip on the Ingress or on {service}, or {other_way}.")
        }
        Remedy::Fix(Fix::ServiceBehindIngress) => {
            format!("Set the annotation {INGRESS_TARGET_TYPE}: ip on {service}, or {other_way}.")
        }
        Remedy::Fix(Fix::LoadBalancer) => {
            format!("Set the annotation {NLB_TARGET_TYPE}: ip on {server}, or {other_way}.")
        }
        Remedy::Instead(Instead::RecreateBinding) => format!(
            "The stored spec.targetType can never be changed: delete {server} and create it again with spec.targetType: ip and a target group of type ip, or {other_way}."
        ),
        Remedy::Instead(Instead::ChangeBinding) => format!(
            "Delete {server} and create it again with spec.targetType: ip and a target group of type ip (the type can never be changed), or {other_way}."
        ),
        Remedy::Instead(Instead::ChangeClassParams(name)) => {
            let name = display_text(name, 253);
            format!(
                "IngressClassParams {name} overrides every annotation: choose an IngressClass whose IngressClassParams does not set targetType: instance, or {other_way}."
            )
        }
        Remedy::Instead(Instead::ChangeServiceAnnotation) => format!(
            "Set the annotation {INGRESS_TARGET_TYPE}: ip on {service}, where it wins over the Ingress, or {other_way}."
        ),
        Remedy::Instead(Instead::AnnotateService { other, is_known: true }) => format!(
            "Set the annotation {INGRESS_TARGET_TYPE}: ip on {service} (on the Ingress it would move {other} to ip mode too), or {other_way}."
        ),
        Remedy::Instead(Instead::AnnotateService { other, is_known: false }) => format!(
            "Set the annotation {INGRESS_TARGET_TYPE}: ip on {service} (on the Ingress it would move {other} too, which could not be looked up), or {other_way}."
        ),
        Remedy::Instead(Instead::NumberHealthCheckPort { port }) => {
            // A Service's own annotations come before those of an Ingress, and are read for it alone.
            let (object, health_check_port, target_type) = match finding.role {
                Role::Ingress(_) => (service, INGRESS_HEALTH_CHECK_PORT, INGRESS_TARGET_TYPE),
                _ => (server, NLB_HEALTH_CHECK_PORT, NLB_TARGET_TYPE),
            };
            format!(
                "ip mode needs the health check port as a number: on {object}, set the annotations {health_check_port} to the pods' port instead of {} and {target_type}: ip, or {other_way}.",
                shown_name(port, 63)
            )
        }
        Remedy::Instead(Instead::SplitLoadBalancer { other, is_known }) => {
            let why = if *is_known { "is served in instance mode" } else { "could not be looked up" };
            format!(
                "The annotation {NLB_TARGET_TYPE} decides for all Services of the load balancer, and {other} {why}: {other_way}, or set it to ip for all of them."
            )
        }
        Remedy::Instead(Instead::ChangeLoadBalancer) => {
            format!("Set the annotation {NLB_TARGET_TYPE}: ip on {server}, or {other_way}.")
        }
        Remedy::Instead(Instead::CreateService) if can_exist(finding) => {
            format!("Create {service} first, or correct the reference.")
        }
        Remedy::Instead(Instead::CreateService) => "Correct the reference.".to_owned(),
    }
}

/// The way that keeps instance mode. A headless Service must stay one: `clusterIP` is immutable.
fn other_way(finding: &Finding) -> String {
    match (finding.service_type, finding.role) {
        (ServiceType::ClusterIp, _) => format!("give {} the type NodePort", finding.service),
        (ServiceType::LoadBalancerWithoutNodePorts, _) => format!("let {} allocate node ports", finding.service),
        (_, Role::TargetGroupBinding(_)) => "bind a second Service of type NodePort".to_owned(),
        (_, Role::Ingress(_)) => "route to a second Service of type NodePort".to_owned(),
        (_, Role::OwnLoadBalancer(_)) => "give the load balancer to a second Service of type LoadBalancer".to_owned(),
        (_, Role::WeightedAction(_)) => "forward to a second Service of type NodePort".to_owned(),
    }
}

/// One line on a finding: at most 120 characters with names of usual length.
fn short_form(finding: &Finding) -> String {
    warning(&|max| {
        let (server, service) = (short(&finding.server, max), short(&finding.service, max));
        let what = match (finding.service_type, finding.role) {
            (ServiceType::Missing, _) if can_exist(finding) => format!("{service} does not exist"),
            (ServiceType::Missing, _) => format!("{service} is no valid name"),
            (ServiceType::Headless, Role::OwnLoadBalancer(_)) => "headless in instance mode".to_owned(),
            (_, Role::OwnLoadBalancer(_)) => "no node ports in instance mode".to_owned(),
            (ServiceType::Headless, _) => format!("headless {} in instance mode", finding.service.path(max)),
            _ => format!("{service} without node ports in instance mode"),
        };
        format!("{server}: {what}; fix: {}", fix_phrase(finding, max))
    })
}

/// What to do, in a few words: to the object that serves, where they name no other.
fn fix_phrase(finding: &Finding, max: usize) -> String {
    match &finding.remedy {
        Remedy::Fix(Fix::TargetGroupBinding { .. }) => "spec.targetType: ip".to_owned(),
        Remedy::Fix(Fix::Ingress | Fix::ServiceBehindIngress) => format!("{INGRESS_TARGET_TYPE}: ip"),
        Remedy::Fix(Fix::LoadBalancer) | Remedy::Instead(Instead::ChangeLoadBalancer) => {
            format!("{NLB_TARGET_TYPE}: ip")
        }
        Remedy::Instead(Instead::RecreateBinding | Instead::ChangeBinding) => {
            "create it again with spec.targetType: ip".to_owned()
        }
        Remedy::Instead(Instead::ChangeClassParams(name)) => {
            format!("spec.targetType of IngressClassParams {}", display_text(name, max))
        }
        Remedy::Instead(Instead::ChangeServiceAnnotation | Instead::AnnotateService { .. }) => {
            format!("{INGRESS_TARGET_TYPE}: ip on the Service")
        }
        Remedy::Instead(Instead::NumberHealthCheckPort { .. }) => match finding.role {
            Role::Ingress(_) => format!("numeric {INGRESS_HEALTH_CHECK_PORT}"),
            _ => format!("numeric {NLB_HEALTH_CHECK_PORT}"),
        },
        Remedy::Instead(Instead::SplitLoadBalancer { .. }) => "a load balancer of its own".to_owned(),
        Remedy::Instead(Instead::CreateService) if can_exist(finding) => {
            format!("create {}", short(&finding.service, max))
        }
        Remedy::Instead(Instead::CreateService) => "correct the reference".to_owned(),
    }
}

/// What was set.
fn fix_warning(finding: &Finding) -> String {
    warning(&|max| {
        let server = short(&finding.server, max);
        match &finding.remedy {
            Remedy::Fix(Fix::TargetGroupBinding { removes_node_selector }) => {
                let selector = if *removes_node_selector { ", removed spec.nodeSelector" } else { "" };
                format!(
                    "{server}: set spec.targetType: ip, annotation {INGRESS_TARGET_TYPE}: ip{selector}; its target group must be of type ip, which can never be changed: an instance one needs a new one"
                )
            }
            _ => {
                let object = match finding.remedy {
                    Remedy::Fix(Fix::ServiceBehindIngress) => short(&finding.service, max),
                    _ => server,
                };
                format!("{object}: set annotation {}", fix_phrase(finding, max))
            }
        }
    })
}

/// Why something could not be looked up; with the host's own words where there is room.
fn lookup_problem(lookup: &LookupFailure, max: usize, with_detail: bool) -> String {
    let api_version = lookup.resource.api_version();
    // Two groups have kinds of these names.
    let kind = match lookup.resource {
        Resource::IngressClassParams(edition) | Resource::TargetGroupBinding(edition) => {
            format!("{}.{}", lookup.resource.kind(), edition.group())
        }
        resource => resource.kind().to_owned(),
    };
    let object = match &lookup.object {
        Some(object) => format!("{kind} {}", display_text(object, max)),
        None => format!("the list of kind {kind}"),
    };
    match &lookup.error {
        LookupError::NotGranted => {
            format!("{object} may not be read by the policy ({api_version}/{} is not granted)", lookup.resource.kind())
        }
        LookupError::Unreadable(error) => format!("{object} cannot be read ({error})"),
        LookupError::Unavailable(detail) if with_detail && !detail.is_empty() => {
            format!("the API server could not be asked for {object} ({detail})")
        }
        LookupError::Unavailable(_) | LookupError::NoSuchObject | LookupError::KindNotInstalled => {
            format!("the API server could not be asked for {object}")
        }
    }
}

fn lookup_message(failure: &Unjudged) -> String {
    let help = match failure.lookup.error {
        LookupError::NotGranted => {
            "Add the kind to spec.contextAwareResources of the policy, and get, list and watch on it to the role of the policy server"
        }
        LookupError::Unreadable(_) => "Correct that object",
        _ => "Try again; if it lasts, see whether the policy server's role allows get, list and watch on the kind",
    };
    let problem = lookup_problem(&failure.lookup, 253, true);
    format!("{} could not be judged: {problem}. {help}, or set lookupFailure: warn.", failure.server)
}

fn hint_warning(hint: &Hint) -> String {
    warning(&|max| match hint {
        Hint::SecurityGroups { binding } => format!(
            "{}: no spec.networking, so nobody opens the security groups to the pods for it",
            short(binding, max)
        ),
        Hint::TargetHealth { namespace, label } => format!(
            "Namespace {}: no label {label}: enabled; rollouts do not wait for healthy targets",
            display_text(namespace, max)
        ),
        Hint::NetworkPlugin => {
            "no DaemonSet kube-system/aws-node: ip mode needs pod addresses that are routable in the VPC".to_owned()
        }
        Hint::StatelessService { service } => {
            format!("headless {} is named by no StatefulSet: a normal Service would do", short(service, max))
        }
        Hint::ServicePort { server, service, port } => format!(
            "{}: {} has no port {}, so the controller would not find it",
            short(server, max),
            short(service, max),
            shown_name(port, max)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_never_too_long() {
        let object = |kind, name: &str| ObjectRef { kind, namespace: "n".repeat(63), name: name.repeat(253) };
        let finding = Finding {
            rule: RuleId::HeadlessInstanceMode,
            service: object("Service", "s"),
            server: object("TargetGroupBinding", "t"),
            role: Role::TargetGroupBinding(crate::kubernetes::Edition::Standard),
            source: Some(Source::TargetGroupBinding),
            service_type: ServiceType::Headless,
            has_ignored_annotation: false,
            remedy: Remedy::Instead(Instead::ChangeBinding),
        };
        let warning = short_form(&finding);
        assert!(warning.len() <= MAX_WARNING, "{}: {warning}", warning.len());
        assert!(warning.ends_with("again with spec.targetType: ip"), "{warning}");
    }
}
