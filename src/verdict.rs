//! The verdict, and every text for people: messages, warnings, audit annotations, log lines. Here and nowhere else.
//!
//! Texts of objects are quoted, never interpreted. A message is one line; a warning is one short line.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter, Write};

use json_text::{MapWriter, TextWriter};

use crate::cluster::{LookupError, LookupFailure, Resource};
use crate::controller::{
    INGRESS_HEALTH_CHECK_PORT, INGRESS_TARGET_TYPE, NLB_HEALTH_CHECK_PORT, NLB_TARGET_TYPE, Source,
};
use crate::kubernetes::{DecodeError, ObjectRef, display_text, is_valid_name, shown_name};
use crate::rules::{Finding, Fix, Instead, NoNodePort, Remedy, Role, RuleId, Unjudged};
use crate::settings::SettingsError;

/// So many findings are told one by one; of the others only how many they are.
pub const MAX_LISTED: usize = 5;
/// No warning is longer, in bytes: the API server cuts longer ones.
const MAX_WARNING: usize = 256;
/// Room for a message of usual length, and for one with everything around it.
const USUAL_MESSAGE: usize = 480;
const ROOM: usize = 1_200;
/// Room for the name of an object with its kind and namespace.
const USUAL_NAME: usize = 64;
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
pub struct Facts(Vec<(&'static str, Cow<'static, str>)>);

impl Facts {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a fact; several of one name are joined in their order.
    fn add(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => {
                let values = values.to_mut();
                values.push_str(", ");
                values.push_str(&value);
            }
            None => self.0.push((name, value)),
        }
    }

    /// Adds the facts of another one.
    fn extend(&mut self, other: &Self) {
        for (name, value) in &other.0 {
            self.add(name, value.clone());
        }
    }

    fn write(&self, to: &mut MapWriter) {
        for (name, value) in &self.0 {
            to.string(name, value);
        }
    }
}

/// One structured line for the host's tracing, without the message, which the verdict has.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// `info` or `warning`.
    level: &'static str,
    /// The object that was admitted or refused; none where the request could not be read.
    object: Option<ObjectRef>,
    /// What there is besides the audit annotations of the verdict, which the line has too: `finding`, `service`, `path`,
    /// `fix`, as in these; `lookup` for failed lookups.
    fields: Facts,
}

/// Why a request is refused.
#[derive(Debug)]
pub enum Refusal<'f> {
    /// 400: the object cannot be read.
    Unreadable(Vec<DecodeError>),
    /// 403: it introduces findings.
    Findings(Vec<&'f Finding>),
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
        let warnings = vec![warning(&|f, _| f.write_str(message.trim_end_matches('.')))];
        let log = Some(LogLine { level: "warning", object: None, fields: Facts::default() });
        Self { outcome: Outcome::Reject { code, message, audit_annotations: Facts::default() }, warnings, log }
    }

    /// The answer as the host wants it.
    pub fn encode(&self) -> Vec<u8> {
        let mut answer = MapWriter::with_capacity(ROOM);
        answer.raw("accepted", if matches!(self.outcome, Outcome::Reject { .. }) { "false" } else { "true" });
        match &self.outcome {
            Outcome::Accept => {}
            // The object is JSON already.
            Outcome::Mutate(object) => answer.raw("mutated_object", object),
            Outcome::Reject { code, message, audit_annotations } => {
                answer.string("message", message);
                answer.raw("code", &code.to_string());
                if !audit_annotations.is_empty() {
                    answer.map("audit_annotations", |annotations| audit_annotations.write(annotations));
                }
            }
        }
        if !self.warnings.is_empty() {
            answer.strings("warnings", &self.warnings);
        }
        answer.end()
    }

    /// The line for the host's tracing, as it wants it, where there is anything to tell.
    pub fn encode_log(&self) -> Option<Vec<u8>> {
        let log = self.log.as_ref()?;
        let mut line = MapWriter::with_capacity(ROOM);
        let warnings = || Cow::Owned(self.warnings.join(" "));
        let (outcome, message, audited) = match &self.outcome {
            Outcome::Accept => ("accept", warnings(), None),
            Outcome::Mutate(_) => ("mutate", warnings(), None),
            Outcome::Reject { message, audit_annotations, .. } => {
                ("reject", Cow::Borrowed(message.as_str()), Some(audit_annotations))
            }
        };
        line.string("level", log.level);
        line.string("message", &message);
        if let Some(object) = &log.object {
            line.string("object", &string_of(USUAL_NAME, object));
        }
        line.string("outcome", outcome);
        match audited {
            Some(audited) if log.fields.is_empty() => audited.write(&mut line),
            Some(audited) => {
                let mut fields = log.fields.clone();
                fields.extend(audited);
                fields.write(&mut line);
            }
            None => log.fields.write(&mut line),
        }
        Some(line.end())
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
    pub fn new(object: ObjectRef) -> Self {
        Self { object, warnings: Vec::new(), fields: Facts::default() }
    }

    /// Warns of findings that do not lead to a refusal.
    pub fn findings(&mut self, findings: &[&Finding]) {
        self.fields.extend(&facts_of(findings));
        self.warn_of(findings);
    }

    /// Tells of every fix, once.
    pub fn fixed(&mut self, findings: &[&Finding]) {
        self.fields.extend(&facts_of(findings));
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
            warning(&|f, max| {
                let problem = lookup_problem(&failure.lookup, max, false);
                write!(f, "{} was not judged: {problem}", short(&failure.server, max))
            })
        }));
    }

    /// Leaves failed lookups to the log alone.
    pub fn note_failed_lookups(&mut self, failures: &[Unjudged]) {
        for failure in failures.iter().take(MAX_LISTED) {
            self.fields.add("lookup", lookup_problem(&failure.lookup, 253, true).to_string());
        }
    }

    /// Warns of something in the object that cannot be read, and could not be read before.
    pub fn unreadable_before(&mut self, error: &DecodeError) {
        self.warnings.push(warning(&|f, max| write!(f, "{} still cannot be read: {error}", short(&self.object, max))));
    }

    /// Adds pieces of advice of one sort.
    pub fn hints(&mut self, hints: Vec<Hint>) {
        self.warnings.extend(hints.iter().take(MAX_LISTED).map(hint_warning));
    }

    /// Admits the object as it is.
    pub fn accept(self) -> Verdict {
        let is_worth_a_line = !self.fields.is_empty();
        self.verdict("warning", Outcome::Accept, is_worth_a_line)
    }

    /// Admits the object with changes.
    pub fn mutate(self, object: String) -> Verdict {
        self.verdict("info", Outcome::Mutate(object), true)
    }

    /// Refuses the request; the short form of the reason is a warning too, since the engine's monitor mode drops
    /// messages and keeps warnings.
    pub fn refuse(mut self, refusal: &Refusal<'_>) -> Verdict {
        let further = std::mem::take(&mut self.warnings);
        let mut audit_annotations = Facts::default();
        let (code, message) = match refusal {
            Refusal::Unreadable(errors) => {
                for error in errors.iter().take(MAX_LISTED) {
                    self.warnings
                        .push(warning(&|f, max| write!(f, "{} cannot be read: {error}", short(&self.object, max))));
                }
                let message = list(errors, |f, error| write!(f, "{} cannot be read: {error}.", self.object));
                (400, string_of(USUAL_MESSAGE, &message))
            }
            Refusal::Findings(findings) => {
                audit_annotations = facts_of(findings);
                self.warn_of(findings);
                let each = list(findings, |f, finding| write!(f, "{} {}", what(finding), help(finding)));
                let message = text(|f| {
                    each.fmt(f)?;
                    if findings.iter().any(|finding| stops_load_balancer(finding)) {
                        f.write_str(" One such backend of an Ingress stops the reconcile of the whole load balancer, for every Ingress of its group.")?;
                    }
                    Ok(())
                });
                (403, string_of(USUAL_MESSAGE, &message))
            }
            Refusal::Lookups(failures) => {
                self.failed_lookups(failures);
                let message = list(failures, |f, failure| lookup_message(failure).fmt(f));
                (500, string_of(USUAL_MESSAGE, &message))
            }
        };
        self.warnings.extend(further);
        self.verdict("warning", Outcome::Reject { code, message, audit_annotations }, true)
    }

    fn verdict(self, level: &'static str, outcome: Outcome, is_logged: bool) -> Verdict {
        let log = is_logged.then_some(LogLine { level, object: Some(self.object), fields: self.fields });
        Verdict { outcome, warnings: self.warnings, log }
    }

    fn warn_of(&mut self, findings: &[&Finding]) {
        self.warnings.extend(findings.iter().take(MAX_LISTED).map(|finding| short_form(finding)));
    }
}

/// Up to [`MAX_LISTED`] entries, then how many more.
fn list<T>(entries: &[T], write: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result) -> impl Display {
    text(move |f| {
        for (index, entry) in entries.iter().take(MAX_LISTED).enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write(f, entry)?;
        }
        match entries.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            more => write!(f, " And {more} more."),
        }
    })
}

/// What audit annotations say of findings.
fn facts_of(findings: &[&Finding]) -> Facts {
    let mut facts = Facts::default();
    for finding in findings.iter().take(MAX_LISTED) {
        facts.add("finding", finding.rule.id());
        facts.add("service", string_of(USUAL_NAME, &text(|f| finding.service.write_path(f, 253))));
        facts.add("path", string_of(USUAL_NAME, &finding.server));
        facts.add("fix", string_of(USUAL_NAME, &fix_phrase(finding, 253)));
    }
    facts
}

/// A text as a string, which has room for so many bytes to begin with.
fn string_of(room: usize, text: &dyn Display) -> String {
    let mut string = TextWriter::with_capacity(room);
    // Writing to a string cannot fail.
    let _ = write!(string, "{text}");
    string.end()
}

/// Text that is made while it is written: sentences are put together without a string for each part.
fn text(write: impl Fn(&mut Formatter<'_>) -> fmt::Result) -> impl Display {
    Text(write)
}

struct Text<F>(F);

impl<F: Fn(&mut Formatter<'_>) -> fmt::Result> Display for Text<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        (self.0)(f)
    }
}

/// A warning of the usual length, else of one that the API server lets through: names are shortened before anything
/// else is, but none of usual length for the usual length of a warning.
fn warning(write: &dyn Fn(&mut Formatter<'_>, usize) -> fmt::Result) -> String {
    let mut warning = String::new();
    for (max_name, max) in [
        (253, USUAL_WARNING),
        (63, USUAL_WARNING),
        (40, USUAL_WARNING),
        (253, MAX_WARNING),
        (63, MAX_WARNING),
        (40, MAX_WARNING),
        (24, MAX_WARNING),
        (15, MAX_WARNING),
    ] {
        warning = string_of(USUAL_WARNING, &text(|f| write(f, max_name)));
        if warning.len() <= max {
            return warning;
        }
    }
    display_text(&warning, MAX_WARNING).into_owned()
}

fn short(object: &ObjectRef, max: usize) -> impl Display {
    text(move |f| object.write(f, max))
}

/// Whether the finding keeps an Ingress' load balancer from being reconciled. A missing Service alone does not.
fn stops_load_balancer(finding: &Finding) -> bool {
    matches!(finding.role, Role::Ingress(_)) && finding.rule != RuleId::MissingService
}

/// What is wrong, in one sentence.
fn what(finding: &Finding) -> impl Display {
    text(move |f| {
        let server = &finding.server;
        if finding.rule == RuleId::MissingService {
            let why = if can_exist(finding) { "does not exist" } else { "cannot exist: the name is not valid" };
            return write!(f, "{server} refers to {}, which {why}.", finding.service);
        }
        let sends = if is_own_load_balancer(finding) { "" } else { "sends traffic to " };
        write!(f, "{server} {sends}{} in instance mode", described_service(finding))?;
        if let Some(source) = &finding.source {
            write!(f, " ({})", source_phrase(source, finding))?;
        }
        write!(f, ", which registers node ports, and {}", why_no_node_port(finding))?;
        if finding.has_ignored_annotation {
            let key = INGRESS_TARGET_TYPE;
            write!(f, "; the controller does not read the annotation {key} on a TargetGroupBinding")?;
        }
        f.write_str(".")
    })
}

fn is_own_load_balancer(finding: &Finding) -> bool {
    matches!(finding.role, Role::OwnLoadBalancer(_))
}

/// `headless Service shop/cart`, or what a Service with a load balancer of its own is.
fn described_service(finding: &Finding) -> impl Display {
    text(move |f| match (finding.no_node_port, is_own_load_balancer(finding)) {
        (NoNodePort::Headless, true) => f.write_str("is headless and has a Network Load Balancer"),
        (NoNodePort::ClusterIp, true) => f.write_str("is of type ClusterIP and has a Network Load Balancer"),
        (NoNodePort::LoadBalancerWithoutNodePorts, true) => {
            f.write_str("allocates no node ports and has a Network Load Balancer")
        }
        (NoNodePort::Headless, false) => write!(f, "headless {}", finding.service),
        (NoNodePort::ClusterIp, false) => write!(f, "{} of type ClusterIP", finding.service),
        (NoNodePort::LoadBalancerWithoutNodePorts, false) => {
            write!(f, "{} without allocated node ports", finding.service)
        }
        (NoNodePort::Missing, _) => write!(f, "{}", finding.service),
    })
}

/// Whether an object of the Service's name can be created.
fn can_exist(finding: &Finding) -> bool {
    is_valid_name(&finding.service.name)
}

fn why_no_node_port(finding: &Finding) -> &'static str {
    match finding.no_node_port {
        NoNodePort::Headless => "a headless Service has none",
        NoNodePort::ClusterIp => "a Service of type ClusterIP has none",
        NoNodePort::LoadBalancerWithoutNodePorts => "with allocateLoadBalancerNodePorts: false it has none",
        NoNodePort::Missing => "it does not exist",
    }
}

/// The line that decided the target type.
fn source_phrase(source: &Source, finding: &Finding) -> impl Display {
    text(move |f| {
        let server = &finding.server;
        match source {
            Source::ControllerDefault if matches!(finding.role, Role::TargetGroupBinding(_)) => {
                f.write_str("spec.targetType is not set, and controller.defaultTargetType is instance")
            }
            Source::ControllerDefault => f.write_str("the controller's default target type"),
            Source::AutoModeDefault => f.write_str("the default target type of EKS Auto Mode"),
            Source::IngressAnnotation => write!(f, "annotation {INGRESS_TARGET_TYPE} of the Ingress"),
            Source::ServiceAnnotation => write!(f, "annotation {INGRESS_TARGET_TYPE} of the Service"),
            Source::IngressClassParams(name) => {
                write!(f, "spec.targetType of IngressClassParams {}", display_text(name, 253))
            }
            Source::TargetGroupBinding => f.write_str("spec.targetType: instance"),
            Source::NlbTargetTypeAnnotation => write!(f, "annotation {NLB_TARGET_TYPE} of {server}"),
            Source::NlbTypeAnnotation => {
                write!(f, "annotation service.beta.kubernetes.io/aws-load-balancer-type of {server}")
            }
        }
    })
}

/// What to do, in one sentence.
fn help(finding: &Finding) -> impl Display {
    text(move |f| {
        let (service, server) = (&finding.service, &finding.server);
        let other_way = other_way(finding);
        match &finding.remedy {
            Remedy::Fix(Fix::TargetGroupBinding { removes_node_selector }) => {
                let selector = if *removes_node_selector { " and remove spec.nodeSelector" } else { "" };
                write!(
                    f,
                    "Set spec.targetType: ip{selector} on the TargetGroupBinding (its target group must be of type ip), or {other_way}."
                )
            }
            Remedy::Fix(Fix::Ingress) => {
                write!(
                    f,
                    "Set the annotation {INGRESS_TARGET_TYPE}: ip on the Ingress or on {service}, or {other_way}."
                )
            }
            Remedy::Fix(Fix::ServiceBehindIngress) => {
                write!(f, "Set the annotation {INGRESS_TARGET_TYPE}: ip on {service}, or {other_way}.")
            }
            Remedy::Fix(Fix::LoadBalancer) => {
                write!(f, "Set the annotation {NLB_TARGET_TYPE}: ip on {server}, or {other_way}.")
            }
            Remedy::Instead(Instead::RecreateBinding) => write!(
                f,
                "The stored spec.targetType can never be changed: delete {server} and create it again with spec.targetType: ip and a target group of type ip, or {other_way}."
            ),
            Remedy::Instead(Instead::ChangeBinding) => write!(
                f,
                "Delete {server} and create it again with spec.targetType: ip and a target group of type ip (the type can never be changed), or {other_way}."
            ),
            Remedy::Instead(Instead::ChangeClassParams(name)) => {
                let name = display_text(name, 253);
                write!(
                    f,
                    "IngressClassParams {name} overrides every annotation: choose an IngressClass whose IngressClassParams does not set targetType: instance, or {other_way}."
                )
            }
            Remedy::Instead(Instead::ChangeServiceAnnotation) => write!(
                f,
                "Set the annotation {INGRESS_TARGET_TYPE}: ip on {service}, where it wins over the Ingress, or {other_way}."
            ),
            Remedy::Instead(Instead::AnnotateService { other, is_known: true }) => write!(
                f,
                "Set the annotation {INGRESS_TARGET_TYPE}: ip on {service} (on the Ingress it would move {other} to ip mode too), or {other_way}."
            ),
            Remedy::Instead(Instead::AnnotateService { other, is_known: false }) => write!(
                f,
                "Set the annotation {INGRESS_TARGET_TYPE}: ip on {service} (on the Ingress it would move {other} too, which could not be looked up), or {other_way}."
            ),
            Remedy::Instead(Instead::NumberHealthCheckPort { port }) => {
                // A Service's own annotations come before those of an Ingress, and are read for it alone.
                let (object, health_check_port, target_type) = match finding.role {
                    Role::Ingress(_) => (service, INGRESS_HEALTH_CHECK_PORT, INGRESS_TARGET_TYPE),
                    _ => (server, NLB_HEALTH_CHECK_PORT, NLB_TARGET_TYPE),
                };
                write!(
                    f,
                    "ip mode needs the health check port as a number: on {object}, set the annotations {health_check_port} to the pods' port instead of {} and {target_type}: ip, or {other_way}.",
                    shown_name(port, 63)
                )
            }
            Remedy::Instead(Instead::SplitLoadBalancer { other, is_known }) => {
                let why = if *is_known { "is served in instance mode" } else { "could not be looked up" };
                write!(
                    f,
                    "The annotation {NLB_TARGET_TYPE} decides for all Services of the load balancer, and {other} {why}: {other_way}, or set it to ip for all of them."
                )
            }
            Remedy::Instead(Instead::ChangeLoadBalancer) => {
                write!(f, "Set the annotation {NLB_TARGET_TYPE}: ip on {server}, or {other_way}.")
            }
            Remedy::Instead(Instead::CreateService) if can_exist(finding) => {
                write!(f, "Create {service} first, or correct the reference.")
            }
            Remedy::Instead(Instead::CreateService) => f.write_str("Correct the reference."),
        }
    })
}

/// The way that keeps instance mode. A headless Service must stay one: `clusterIP` is immutable.
fn other_way(finding: &Finding) -> impl Display {
    text(move |f| match (finding.no_node_port, finding.role) {
        (NoNodePort::ClusterIp, _) => write!(f, "give {} the type NodePort", finding.service),
        (NoNodePort::LoadBalancerWithoutNodePorts, _) => write!(f, "let {} allocate node ports", finding.service),
        (_, Role::TargetGroupBinding(_)) => f.write_str("bind a second Service of type NodePort"),
        (_, Role::Ingress(_)) => f.write_str("route to a second Service of type NodePort"),
        (_, Role::OwnLoadBalancer(_)) => f.write_str("give the load balancer to a second Service of type LoadBalancer"),
        (_, Role::WeightedAction(_)) => f.write_str("forward to a second Service of type NodePort"),
    })
}

/// One line on a finding: at most 120 characters with names of usual length.
fn short_form(finding: &Finding) -> String {
    warning(&|f, max| {
        let service = short(&finding.service, max);
        write!(f, "{}: ", short(&finding.server, max))?;
        match (finding.no_node_port, finding.role) {
            (NoNodePort::Missing, _) if can_exist(finding) => write!(f, "{service} does not exist"),
            (NoNodePort::Missing, _) => write!(f, "{service} is no valid name"),
            (NoNodePort::Headless, Role::OwnLoadBalancer(_)) => f.write_str("headless in instance mode"),
            (_, Role::OwnLoadBalancer(_)) => f.write_str("no node ports in instance mode"),
            (NoNodePort::Headless, _) => {
                let path = text(|f| finding.service.write_path(f, max));
                write!(f, "headless {path} in instance mode")
            }
            _ => write!(f, "{service} without node ports in instance mode"),
        }?;
        write!(f, "; fix: {}", fix_phrase(finding, max))
    })
}

/// What to do, in a few words: to the object that serves, where they name no other.
fn fix_phrase(finding: &Finding, max: usize) -> impl Display {
    text(move |f| match &finding.remedy {
        Remedy::Fix(Fix::TargetGroupBinding { .. }) => f.write_str("spec.targetType: ip"),
        Remedy::Fix(Fix::Ingress | Fix::ServiceBehindIngress) => write!(f, "{INGRESS_TARGET_TYPE}: ip"),
        Remedy::Fix(Fix::LoadBalancer) | Remedy::Instead(Instead::ChangeLoadBalancer) => {
            write!(f, "{NLB_TARGET_TYPE}: ip")
        }
        Remedy::Instead(Instead::RecreateBinding | Instead::ChangeBinding) => {
            f.write_str("create it again with spec.targetType: ip")
        }
        Remedy::Instead(Instead::ChangeClassParams(name)) => {
            write!(f, "spec.targetType of IngressClassParams {}", display_text(name, max))
        }
        Remedy::Instead(Instead::ChangeServiceAnnotation | Instead::AnnotateService { .. }) => {
            write!(f, "{INGRESS_TARGET_TYPE}: ip on the Service")
        }
        Remedy::Instead(Instead::NumberHealthCheckPort { .. }) => match finding.role {
            Role::Ingress(_) => write!(f, "numeric {INGRESS_HEALTH_CHECK_PORT}"),
            _ => write!(f, "numeric {NLB_HEALTH_CHECK_PORT}"),
        },
        Remedy::Instead(Instead::SplitLoadBalancer { .. }) => f.write_str("a load balancer of its own"),
        Remedy::Instead(Instead::CreateService) if can_exist(finding) => {
            write!(f, "create {}", short(&finding.service, max))
        }
        Remedy::Instead(Instead::CreateService) => f.write_str("correct the reference"),
    })
}

/// What was set.
fn fix_warning(finding: &Finding) -> String {
    warning(&|f, max| match &finding.remedy {
        Remedy::Fix(Fix::TargetGroupBinding { removes_node_selector }) => {
            let server = short(&finding.server, max);
            let selector = if *removes_node_selector { ", removed spec.nodeSelector" } else { "" };
            write!(
                f,
                "{server}: set spec.targetType: ip, annotation {INGRESS_TARGET_TYPE}: ip{selector}; its target group must be of type ip, which can never be changed: an instance one needs a new one"
            )
        }
        remedy => {
            let is_of_service = matches!(remedy, Remedy::Fix(Fix::ServiceBehindIngress));
            let object = if is_of_service { &finding.service } else { &finding.server };
            write!(f, "{}: set annotation {}", short(object, max), fix_phrase(finding, max))
        }
    })
}

/// Why something could not be looked up; with the host's own words where there is room.
fn lookup_problem(lookup: &LookupFailure, max: usize, with_detail: bool) -> impl Display {
    text(move |f| {
        let object = text(|f| object_looked_up(f, lookup, max));
        match &lookup.error {
            LookupError::NotGranted => {
                let (api_version, kind) = (lookup.resource.api_version(), lookup.resource.kind());
                write!(f, "{object} may not be read by the policy ({api_version}/{kind} is not granted)")
            }
            LookupError::Unreadable(error) => write!(f, "{object} cannot be read ({error})"),
            LookupError::Unavailable(detail) if with_detail && !detail.is_empty() => {
                write!(f, "the API server could not be asked for {object} ({detail})")
            }
            LookupError::Unavailable(_) | LookupError::NoSuchObject | LookupError::KindNotInstalled => {
                write!(f, "the API server could not be asked for {object}")
            }
        }
    })
}

fn object_looked_up(f: &mut Formatter<'_>, lookup: &LookupFailure, max: usize) -> fmt::Result {
    if lookup.object.is_none() {
        f.write_str("the list of kind ")?;
    }
    f.write_str(lookup.resource.kind())?;
    // Two groups have kinds of these names.
    if let Resource::IngressClassParams(edition) | Resource::TargetGroupBinding(edition) = lookup.resource {
        write!(f, ".{}", edition.group())?;
    }
    match &lookup.object {
        Some(object) => write!(f, " {}", display_text(object, max)),
        None => Ok(()),
    }
}

fn lookup_message(failure: &Unjudged) -> impl Display {
    text(move |f| {
        let help = match failure.lookup.error {
            LookupError::NotGranted => {
                "Add the kind to spec.contextAwareResources of the policy, and get, list and watch on it to the role of the policy server"
            }
            LookupError::Unreadable(_) => "Correct that object",
            _ => "Try again; if it lasts, see whether the policy server's role allows get, list and watch on the kind",
        };
        let problem = lookup_problem(&failure.lookup, 253, true);
        write!(f, "{} could not be judged: {problem}. {help}, or set lookupFailure: warn.", failure.server)
    })
}

fn hint_warning(hint: &Hint) -> String {
    warning(&|f, max| match hint {
        Hint::SecurityGroups { binding } => write!(
            f,
            "{}: no spec.networking, so nobody opens the security groups to the pods for it",
            short(binding, max)
        ),
        Hint::TargetHealth { namespace, label } => write!(
            f,
            "Namespace {}: no label {label}: enabled; rollouts do not wait for healthy targets",
            display_text(namespace, max)
        ),
        Hint::NetworkPlugin => {
            f.write_str("no DaemonSet kube-system/aws-node: ip mode needs pod addresses that are routable in the VPC")
        }
        Hint::StatelessService { service } => {
            write!(f, "headless {} is named by no StatefulSet: a normal Service would do", short(service, max))
        }
        Hint::ServicePort { server, service, port } => write!(
            f,
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
        let object =
            |kind, name: &str| ObjectRef { kind, namespace: "n".repeat(63).into(), name: name.repeat(253).into() };
        let finding = Finding {
            rule: RuleId::HeadlessInstanceMode,
            service: object("Service", "s"),
            server: object("TargetGroupBinding", "t"),
            role: Role::TargetGroupBinding(crate::kubernetes::Edition::Standard),
            source: Some(Source::TargetGroupBinding),
            no_node_port: NoNodePort::Headless,
            has_ignored_annotation: false,
            remedy: Remedy::Instead(Instead::ChangeBinding),
        };
        let warning = short_form(&finding);
        assert!(warning.len() <= MAX_WARNING, "{}: {warning}", warning.len());
        assert!(warning.ends_with("again with spec.targetType: ip"), "{warning}");
    }
}
