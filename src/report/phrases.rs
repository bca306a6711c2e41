//! The parts of sentences about findings and lookups. Names are at most `max` bytes long.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use super::text::text;
use crate::cluster::{LookupError, LookupFailure, probe};
use crate::controller::annotations::{INGRESS_TARGET_TYPE, NLB_TARGET_TYPE};
use crate::controller::{NoNodePort, Source, TargetType, TargetTypeField};
use crate::decide::{Finding, Fix, Instead, Manager, Moved, MovedWhy, Reach, Remedy, Role};
use crate::kubernetes::{Kind, ObjectRef, display_text, is_valid_name, shown_name};
use crate::rules::Problem;

/// Findings that share everything but the Service: told in one sentence.
pub struct Group<'e> {
    /// The first of them.
    pub finding: &'e Finding,
    /// The Services of all of them.
    pub services: Vec<&'e ObjectRef>,
}

impl<'e> Group<'e> {
    /// One finding alone.
    pub fn of(finding: &'e Finding) -> Self {
        Self { finding, services: vec![&finding.service] }
    }

    /// Whether another finding is told in the same sentence.
    pub fn takes(&self, other: &Finding) -> bool {
        let finding = self.finding;
        let source = |finding: &Finding| finding.target_type.as_ref().map(|resolved| resolved.source.clone());
        finding.exposer == other.exposer
            && finding.role == other.role
            && finding.reach == other.reach
            && finding.problem == other.problem
            && finding.remedy == other.remedy
            && finding.managed_by == other.managed_by
            && source(finding) == source(other)
            && can_exist(finding) == can_exist(other)
    }
}

pub fn object(object: &ObjectRef, max: usize) -> impl Display {
    text(move |f| object.write(f, max))
}

/// `Service shop/cart`, or `Services shop/cart, shop/web`.
pub fn services(services: &[&ObjectRef], max: usize) -> impl Display {
    text(move |f| {
        f.write_str(if let [_] = services { "Service " } else { "Services " })?;
        write_paths(f, services, max)
    })
}

fn write_paths(f: &mut Formatter<'_>, services: &[&ObjectRef], max: usize) -> fmt::Result {
    for (index, service) in services.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        service.write_path(f, max)?;
    }
    Ok(())
}

/// The object that serves, with the Gateway of a route.
pub fn exposer(finding: &Finding, max: usize) -> impl Display {
    text(move |f| {
        finding.exposer.write(f, max)?;
        match &finding.reach {
            Reach::Gateway(gateway) => {
                f.write_str(" on ")?;
                gateway.write(f, max)
            }
            Reach::Itself | Reach::IngressGroup(_) => Ok(()),
        }
    })
}

fn is_one(group: &Group<'_>) -> bool {
    group.services.len() == 1
}

/// Whether an object of the Service's name can be created.
pub fn can_exist(finding: &Finding) -> bool {
    is_valid_name(&finding.service.name)
}

fn is_own_load_balancer(finding: &Finding) -> bool {
    matches!(finding.role, Role::LoadBalancer(_))
}

/// What is wrong, in one sentence.
pub fn what(group: &Group<'_>, max: usize) -> impl Display {
    text(move |f| {
        let finding = group.finding;
        let exposer = exposer(finding, max);
        let Some(reason) = finding.problem.no_node_port() else {
            let why = match (can_exist(finding), is_one(group)) {
                (true, true) => "which does not exist",
                (true, false) => "which do not exist",
                (false, true) => "which cannot exist: the name is not valid",
                (false, false) => "which cannot exist: the names are not valid",
            };
            return write!(f, "{exposer} refers to {}, {why}.", services(&group.services, max));
        };
        let described = described(group, reason, max);
        let source = finding.target_type.as_ref().map(|resolved| &resolved.source);
        let sends = match (finding.role, source) {
            (Role::LoadBalancer(_), _) => "",
            (Role::TargetGroupBinding(_), Some(Source::ControllerDefault)) => {
                "sets no spec.targetType and so sends traffic to "
            }
            _ => "sends traffic to ",
        };
        let source = text(|f| source.map_or(Ok(()), |it| source_phrase(it, finding, max).fmt(f)));
        match (&finding.problem, finding.target_type.as_ref().map(|resolved| &resolved.value)) {
            (Problem::InvalidTargetType(_), Some(TargetType::Unknown(value))) => {
                let value = display_text(value, 40);
                write!(
                    f,
                    "{exposer} {sends}{described} with the target type \"{value}\"{source}, which the controller does not know; instance mode registers node ports, and {}",
                    why_no_node_port(reason)
                )?;
            }
            _ => write!(
                f,
                "{exposer} {sends}{described} in instance mode{source}, which registers node ports, and {}",
                why_no_node_port(reason)
            )?,
        }
        if finding.has_ignored_annotation {
            let place = match finding.role {
                Role::Route(_) => "a route, its Gateway or the Service behind it",
                _ => "a TargetGroupBinding",
            };
            write!(f, "; the controller does not read the annotation {INGRESS_TARGET_TYPE} on {place}")?;
        }
        if let Some(other) = &finding.other_configuration {
            let other = object(other, max);
            write!(f, "; {other} refers to the Service too, and the controller takes either")?;
        }
        f.write_str(".")
    })
}

/// `headless Service shop/cart`, or what a Service with a load balancer of its own is.
fn described(group: &Group<'_>, reason: NoNodePort, max: usize) -> impl Display {
    text(move |f| {
        let services = services(&group.services, max);
        match (reason, is_own_load_balancer(group.finding)) {
            (NoNodePort::Headless, true) => f.write_str("is headless and has a Network Load Balancer"),
            (NoNodePort::ClusterIp, true) => f.write_str("is of type ClusterIP and has a Network Load Balancer"),
            (NoNodePort::ExternalName, true) => f.write_str("is of type ExternalName and has a Network Load Balancer"),
            (NoNodePort::NotAllocated, true) => f.write_str("allocates no node ports and has a Network Load Balancer"),
            (NoNodePort::Headless, false) => write!(f, "headless {services}"),
            (NoNodePort::ClusterIp, false) => write!(f, "{services} of type ClusterIP"),
            (NoNodePort::ExternalName, false) => write!(f, "{services} of type ExternalName"),
            (NoNodePort::NotAllocated, false) => write!(f, "{services} without allocated node ports"),
        }
    })
}

fn why_no_node_port(reason: NoNodePort) -> &'static str {
    match reason {
        NoNodePort::Headless => "a headless Service has none",
        NoNodePort::ClusterIp => "a Service of type ClusterIP has none",
        NoNodePort::ExternalName => "a Service of type ExternalName has none",
        NoNodePort::NotAllocated => "with allocateLoadBalancerNodePorts: false there is none",
    }
}

/// What is wrong and what to do, in a few words; after another group, whose remedy may be the same.
pub fn in_short(group: &Group<'_>, above: Option<&Group<'_>>, max: usize) -> impl Display {
    text(move |f| {
        let finding = group.finding;
        write!(f, "{}: ", exposer(finding, max))?;
        let services = services(&group.services, max);
        let paths = text(|f| write_paths(f, &group.services, max));
        let mode = match finding.problem {
            Problem::InvalidTargetType(_) => "with an unknown target type",
            _ => "in instance mode",
        };
        match (finding.problem.no_node_port(), is_own_load_balancer(finding)) {
            (None, _) if can_exist(finding) => {
                write!(f, "{services} {}", if is_one(group) { "does not exist" } else { "do not exist" })
            }
            (None, _) if is_one(group) => write!(f, "{services} is no valid name"),
            (None, _) => write!(f, "{services} are no valid names"),
            (Some(NoNodePort::Headless), true) => write!(f, "headless {mode}"),
            (Some(_), true) => write!(f, "no node ports {mode}"),
            (Some(NoNodePort::Headless), false) => write!(f, "headless {paths} {mode}"),
            (Some(_), false) => write!(f, "{services} without node ports {mode}"),
        }?;
        match above {
            Some(above) if needs_same_change(group, above) => f.write_str("; fix: the same"),
            _ => write!(f, "; fix: {}", fix_phrase(group, max)),
        }
    })
}

/// Whether one change of one object is what to do about both.
fn needs_same_change(one: &Group<'_>, other: &Group<'_>) -> bool {
    // A fix is a change of the admitted object, whichever it is.
    let changed = |group: &Group<'_>| {
        let finding = group.finding;
        finding.remedy.change(&finding.service, &finding.exposer, &one.finding.exposer).object.clone()
    };
    one.finding.remedy == other.finding.remedy && one.services == other.services && changed(one) == changed(other)
}

/// What decided the target type, after the target type.
fn source_phrase(source: &Source, finding: &Finding, max: usize) -> impl Display {
    text(move |f| match source {
        Source::ControllerDefault => f.write_str(", the controller's default (settings: controller.defaultTargetType)"),
        Source::AutoModeDefault => f.write_str(", the default of EKS Auto Mode"),
        Source::Annotation { .. } | Source::Field { .. } => write!(f, " ({})", line_phrase(source, finding, max)),
    })
}

/// The line of an object that decided the target type.
fn line_phrase(source: &Source, finding: &Finding, max: usize) -> impl Display {
    text(move |f| match source {
        Source::ControllerDefault | Source::AutoModeDefault => Ok(()),
        Source::Annotation { object: annotated, key } if *annotated == finding.exposer => match annotated.kind {
            Kind::Ingress => write!(f, "annotation {key} of the Ingress"),
            _ => write!(f, "annotation {key}"),
        },
        Source::Annotation { object: annotated, key } if *annotated == finding.service => {
            write!(f, "annotation {key} of the Service")
        }
        Source::Annotation { object: annotated, key } => {
            write!(f, "annotation {key} of {}", object(annotated, max))
        }
        Source::Field { object: decided, field, .. } if *decided == finding.exposer => {
            let value = finding.target_type.as_ref().map_or("", |resolved| resolved.value.name());
            write!(f, "{field}: {}", display_text(value, 40))
        }
        Source::Field { object: decided, field, by_way_of } => {
            write!(f, "{field} of {}", object(decided, max))?;
            match by_way_of {
                None => Ok(()),
                Some(by_way_of) => {
                    write!(f, ", the default by way of {}", object(&by_way_of.configuration, max))?;
                    by_way_of.merging_mode.map_or(Ok(()), |mode| write!(f, ", mergingMode {mode}"))
                }
            }
        }
    })
}

/// What to do, in one or two sentences.
pub fn help(group: &Group<'_>, max: usize) -> impl Display {
    text(move |f| {
        let finding = group.finding;
        match &finding.remedy {
            Remedy::Fix(fix) => help_by_fix(f, fix, group, max)?,
            Remedy::Instead(instead) => help_instead(f, instead, group, max)?,
        }
        if let Some(manager) = &finding.managed_by {
            let (changed, manager) = (object(&manager.object, max), manager_phrase(manager, max));
            write!(f, " {changed} is managed by {manager}: make the change there.")?;
        }
        Ok(())
    })
}

/// What manages an object, by kind and name.
pub fn manager_phrase(manager: &Manager, max: usize) -> impl Display {
    text(move |f| write!(f, "{} {}", display_text(&manager.kind, 63), shown_name(&manager.name, max)))
}

fn help_by_fix(f: &mut Formatter<'_>, fix: &Fix, group: &Group<'_>, max: usize) -> fmt::Result {
    let finding = group.finding;
    let (services, exposer) = (services(&group.services, max), object(&finding.exposer, max));
    let other_way = other_way(group, max);
    match fix {
        Fix::TargetGroupBinding { removes_node_selector } => {
            let selector = if *removes_node_selector { " and remove spec.nodeSelector" } else { "" };
            write!(
                f,
                "Set spec.targetType: ip{selector} on the TargetGroupBinding (its target group must be of type ip), or {other_way}."
            )
        }
        Fix::Ingress => {
            write!(f, "Set the annotation {INGRESS_TARGET_TYPE}: ip on the Ingress or on {services}, or {other_way}.")
        }
        Fix::ServiceBehindIngress => {
            write!(f, "Set the annotation {INGRESS_TARGET_TYPE}: ip on {services}, or {other_way}.")
        }
        Fix::LoadBalancer if is_headless_load_balancer(finding) => write!(
            f,
            "Remove the annotations of the load balancer if another Service has it already, or set the annotation {NLB_TARGET_TYPE}: ip on {exposer}, which is a load balancer of its own."
        ),
        Fix::LoadBalancer => write!(f, "Set the annotation {NLB_TARGET_TYPE}: ip on {exposer}, or {other_way}."),
        Fix::IngressClassParams => {
            write!(f, "Set spec.targetType: ip on the IngressClassParams, or {other_way}.")
        }
        Fix::TargetGroupConfiguration(_) => {
            write!(f, "Set {}: ip on the TargetGroupConfiguration, or {other_way}.", fix.field())
        }
    }
}

/// Whether a headless Service has NLB annotations of its own: charts copy them from a Service to its headless twin.
fn is_headless_load_balancer(finding: &Finding) -> bool {
    is_own_load_balancer(finding) && finding.problem.no_node_port() == Some(NoNodePort::Headless)
}

fn help_instead(f: &mut Formatter<'_>, instead: &Instead, group: &Group<'_>, max: usize) -> fmt::Result {
    let finding = group.finding;
    let (services, exposer) = (services(&group.services, max), object(&finding.exposer, max));
    let other_way = other_way(group, max);
    match instead {
        Instead::RecreateBinding | Instead::ChangeBinding | Instead::NewTargetGroup => {
            help_with_binding(f, instead, group, max)
        }
        Instead::ChangeClassParams(params) => write!(
            f,
            "Set spec.targetType: ip in {}, which overrides every annotation and decides for all Ingresses of its classes, or use an IngressClass without it, or {other_way}.",
            object(params, max)
        ),
        Instead::ChangeServiceAnnotation => write!(
            f,
            "Set the annotation {INGRESS_TARGET_TYPE}: ip on {services}, where it wins over the Ingress, or {other_way}."
        ),
        Instead::AnnotateService(None) => {
            write!(f, "Set the annotation {INGRESS_TARGET_TYPE}: ip on {services}, or {other_way}.")
        }
        Instead::AnnotateService(Some(moved)) => write!(
            f,
            "Set the annotation {INGRESS_TARGET_TYPE}: ip on {services} (on the Ingress it would also move {}), or {other_way}.",
            moved_phrase(moved, max)
        ),
        Instead::NumberHealthCheckPort { port, object: changed, field, target_type } => {
            let name = shown_name(&port.name, 63);
            let why = if port.is_missing {
                "is no port of the Service"
            } else {
                "has a named targetPort, which ip mode refuses"
            };
            let changed = object(changed, max);
            write!(
                f,
                "The health check port {name} {why}: on {changed}, set {field} to the pods' port as a number and {target_type}: ip, or {other_way}."
            )
        }
        Instead::SplitLoadBalancer(moved) => help_with_load_balancer(f, moved, group, max),
        Instead::ChangeLoadBalancer => {
            write!(f, "Set the annotation {NLB_TARGET_TYPE}: ip on {exposer}, or {other_way}.")
        }
        Instead::ChangeConfiguration { configuration, field } => {
            write!(f, "Set {field}: ip on {}, or {other_way}.", object(configuration, max))
        }
        Instead::ConfigureService => help_with_configuration(f, group, max),
        Instead::OtherService => {
            write!(
                f,
                "The controller's feature gate EnableIPTargetType is off, so ip mode is not possible: {other_way}."
            )
        }
        Instead::CreateService if can_exist(finding) => write!(f, "Create {services} first, or correct the reference."),
        Instead::CreateService => f.write_str("Correct the reference."),
    }
}

/// One annotation decides for all Services of a load balancer.
fn help_with_load_balancer(f: &mut Formatter<'_>, moved: &Moved, group: &Group<'_>, max: usize) -> fmt::Result {
    let finding = group.finding;
    let (services, exposer) = (services(&group.services, max), object(&finding.exposer, max));
    f.write_str("Give ")?;
    match (is_own_load_balancer(finding), is_one(group)) {
        (true, _) => write!(f, "{} a load balancer of its own", object(&moved.service, max)),
        (false, true) => write!(f, "{services} a load balancer of its own"),
        (false, false) => write!(f, "{services} a load balancer of their own"),
    }?;
    write!(
        f,
        ": the annotation {NLB_TARGET_TYPE} of {exposer} decides for all of its Services, and ip would also move {}.",
        moved_phrase(moved, max)
    )
}

/// A Service without a configuration of its own gets one.
fn help_with_configuration(f: &mut Formatter<'_>, group: &Group<'_>, max: usize) -> fmt::Result {
    let (finding, other_way) = (group.finding, other_way(group, max));
    let namespace = shown_name(&finding.service.namespace, max);
    write!(f, "Apply a TargetGroupConfiguration in namespace {namespace} ")?;
    match &*group.services {
        [service] => write!(f, "with spec.targetReference.name: {}", shown_name(&service.name, max)),
        _ => f.write_str("for each of them, with its name in spec.targetReference.name"),
    }?;
    write!(f, " and spec.defaultConfiguration.targetType: ip, or {other_way}.")
}

/// A binding's target type and its target group's can never be changed.
fn help_with_binding(f: &mut Formatter<'_>, instead: &Instead, group: &Group<'_>, max: usize) -> fmt::Result {
    let exposer = object(&group.finding.exposer, max);
    let other_way = other_way(group, max);
    match instead {
        Instead::RecreateBinding => write!(
            f,
            "The stored spec.targetType can never be changed: delete {exposer} and create it again with spec.targetType: ip and a target group of type ip, or {other_way}."
        ),
        Instead::NewTargetGroup => write!(
            f,
            "AWS says that its target group is of type instance, which can never be changed: create a target group of type ip and a TargetGroupBinding to it, or {other_way}."
        ),
        _ => write!(
            f,
            "Delete {exposer} and create it again with spec.targetType: ip and a target group of type ip (the type can never be changed), or {other_way}."
        ),
    }
}

/// Another backend, and why it must not be moved to ip mode.
fn moved_phrase(moved: &Moved, max: usize) -> impl Display {
    text(move |f| {
        object(&moved.service, max).fmt(f)?;
        f.write_str(match moved.why {
            MovedWhy::Works => "",
            MovedWhy::Missing => ", which does not exist yet",
            MovedWhy::Unknown => ", which could not be looked up",
        })
    })
}

/// The way that keeps instance mode. A headless Service must stay one: `clusterIP` is immutable.
fn other_way(group: &Group<'_>, max: usize) -> impl Display {
    text(move |f| {
        let finding = group.finding;
        let services = services(&group.services, max);
        match (finding.problem.no_node_port(), finding.role) {
            (Some(NoNodePort::ClusterIp), _) => write!(f, "give {services} the type NodePort"),
            (Some(NoNodePort::NotAllocated), _) => write!(f, "let {services} allocate node ports"),
            (_, Role::TargetGroupBinding(_)) => f.write_str("bind a second Service of type NodePort"),
            (_, Role::Ingress(_) | Role::Route(_)) => f.write_str("route to a second Service of type NodePort"),
            (_, Role::LoadBalancer(_)) => {
                f.write_str("give the load balancer to a second Service of type LoadBalancer")
            }
            (_, Role::WeightedAction(_)) => f.write_str("forward to a second Service of type NodePort"),
        }
    })
}

/// What to do, in a few words: to the object that serves, where they name no other; and at its owner, where it has one.
pub fn fix_phrase(group: &Group<'_>, max: usize) -> impl Display {
    text(move |f| {
        let finding = group.finding;
        match &finding.remedy {
            Remedy::Fix(fix) => write_fix(f, fix, finding),
            Remedy::Instead(instead) => write_instead(f, instead, group, max),
        }?;
        match &finding.managed_by {
            Some(manager) => write!(f, ", at its owner {}", manager_phrase(manager, max)),
            None => Ok(()),
        }
    })
}

fn write_fix(f: &mut Formatter<'_>, fix: &Fix, finding: &Finding) -> fmt::Result {
    if *fix == Fix::LoadBalancer && is_headless_load_balancer(finding) {
        f.write_str("remove the annotations of the load balancer, or ")?;
    }
    set_phrase(fix).fmt(f)?;
    f.write_str(match fix {
        Fix::TargetGroupBinding { .. } | Fix::Ingress | Fix::LoadBalancer => "",
        Fix::ServiceBehindIngress => " on the Service",
        Fix::IngressClassParams => " on the IngressClassParams",
        Fix::TargetGroupConfiguration(_) => " on the TargetGroupConfiguration",
    })
}

fn write_instead(f: &mut Formatter<'_>, instead: &Instead, group: &Group<'_>, max: usize) -> fmt::Result {
    let (finding, is_one) = (group.finding, is_one(group));
    match instead {
        Instead::ChangeLoadBalancer => write!(f, "{NLB_TARGET_TYPE}: ip"),
        Instead::RecreateBinding | Instead::ChangeBinding => f.write_str("create it again with spec.targetType: ip"),
        Instead::NewTargetGroup => f.write_str("a target group of type ip and a binding to it"),
        Instead::ChangeClassParams(params) => write!(f, "spec.targetType: ip in {}", object(params, max)),
        Instead::ChangeServiceAnnotation | Instead::AnnotateService(_) => {
            write!(f, "{INGRESS_TARGET_TYPE}: ip on {}", if is_one { "the Service" } else { "the Services" })
        }
        Instead::NumberHealthCheckPort { object: changed, field, target_type, .. } => {
            write!(f, "numeric {field} and {target_type}: ip")?;
            match *changed == finding.exposer {
                true => Ok(()),
                false => write!(f, " on {}", object(changed, max)),
            }
        }
        Instead::SplitLoadBalancer(moved) if is_own_load_balancer(finding) => {
            write!(f, "a load balancer of its own for {}", object(&moved.service, max))
        }
        Instead::SplitLoadBalancer(_) if is_one => f.write_str("a load balancer of its own"),
        Instead::SplitLoadBalancer(_) => f.write_str("a load balancer of their own"),
        Instead::ChangeConfiguration { configuration, field } => {
            write!(f, "{field}: ip on {}", object(configuration, max))
        }
        Instead::ConfigureService => {
            f.write_str("a TargetGroupConfiguration for ")?;
            if is_one { finding.service.write_path(f, max) } else { f.write_str("each") }?;
            f.write_str(" with targetType: ip")
        }
        Instead::OtherService => other_way(group, max).fmt(f),
        Instead::CreateService if can_exist(finding) && is_one => {
            write!(f, "create {}", object(&finding.service, max))
        }
        Instead::CreateService if can_exist(finding) => f.write_str("create them"),
        Instead::CreateService => f.write_str("correct the reference"),
    }
}

/// What a fix sets.
pub fn set_phrase(fix: &Fix) -> impl Display {
    text(move |f| {
        match fix {
            Fix::TargetGroupBinding { .. } | Fix::IngressClassParams => TargetTypeField::Spec.fmt(f),
            Fix::Ingress | Fix::ServiceBehindIngress => f.write_str(INGRESS_TARGET_TYPE),
            Fix::LoadBalancer => f.write_str(NLB_TARGET_TYPE),
            Fix::TargetGroupConfiguration(field) => field.fmt(f),
        }?;
        f.write_str(": ip")
    })
}

/// Why something could not be looked up; with the host's own words where there is room.
pub fn lookup_problem(lookup: &LookupFailure, max: usize, with_detail: bool) -> impl Display {
    text(move |f| {
        let asked = text(|f| asked_for(f, lookup, max));
        match &lookup.error {
            LookupError::KindNotGranted => {
                let (api_version, kind) = (lookup.kind.api_version(), lookup.kind.name());
                write!(f, "the policy may not read {asked}: {api_version}/{kind} is not granted")
            }
            LookupError::CapabilityNotGranted(path) => {
                let path = display_text(path, 80);
                write!(f, "the policy may not read {asked}: the host capability {path} is not granted")
            }
            LookupError::Forbidden(_) => write!(f, "the policy server is not allowed to read {asked}"),
            LookupError::Unreadable(error) => write!(f, "{asked} cannot be read ({error})"),
            LookupError::Unavailable(detail) if with_detail && !detail.is_empty() => {
                let detail = without_probe(detail, lookup);
                write!(f, "the API server could not be asked for {asked}; the host says \"{detail}\"")
            }
            LookupError::Unavailable(_) | LookupError::NoSuchObject | LookupError::KindNotInstalled => {
                write!(f, "the API server could not be asked for {asked}")
            }
        }
    })
}

/// A list is preceded by a question for an object that is of no interest: nobody needs to know its name.
fn without_probe<'d>(detail: &'d str, lookup: &LookupFailure) -> Cow<'d, str> {
    if lookup.object.is_some() {
        return Cow::Borrowed(detail);
    }
    let (_, name) = probe(lookup.kind, "");
    Cow::Owned(detail.replace(&format!(" \"{name}\""), ""))
}

fn asked_for(f: &mut Formatter<'_>, lookup: &LookupFailure, max: usize) -> fmt::Result {
    if lookup.object.is_none() {
        f.write_str("the list of ")?;
    }
    f.write_str(lookup.kind.name())?;
    // Two groups have kinds of these names.
    if lookup.kind.may_be_absent() {
        write!(f, ".{}", lookup.kind.group())?;
    }
    match &lookup.object {
        Some(object) => {
            f.write_str(" ")?;
            object.write_path(f, max)
        }
        None => f.write_str(" objects"),
    }
}

/// What to do about a lookup that failed, and who does it.
pub fn lookup_help(lookup: &LookupFailure) -> &'static str {
    match &lookup.error {
        LookupError::KindNotGranted => {
            "Add the kind to spec.contextAwareResources of the policy (deploy/ has the whole list)"
        }
        LookupError::CapabilityNotGranted(_) => {
            "Grant it: hostCapabilities in the policies.yml of the policy server, or \
             spec.namespacedPoliciesCapabilities of the PolicyServer"
        }
        LookupError::Forbidden(_) => {
            "Grant the policy server's service account get, list and watch on the kind (deploy/rbac.yaml)"
        }
        LookupError::Unreadable(_) => "Correct that object",
        _ => "Try again; if it lasts, see why the policy server cannot reach the API server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_of_a_probe_is_named_to_nobody() {
        let problem = |kind, object, detail: &str| {
            let error = LookupError::Unavailable(detail.to_owned());
            lookup_problem(&LookupFailure { kind, object, error }, 253, true).to_string()
        };
        assert_eq!(
            problem(Kind::Ingress, None, "ApiError: ingresses \"_\" could not be read"),
            "the API server could not be asked for the list of Ingress objects; the host says \"ApiError: ingresses could not be read\""
        );
        assert_eq!(
            problem(Kind::Service, None, "ApiError: services \"kubernetes\" could not be read"),
            "the API server could not be asked for the list of Service objects; the host says \"ApiError: services could not be read\""
        );
        let named = Some(ObjectRef::new(Kind::Service, "default", "kubernetes"));
        assert_eq!(
            problem(Kind::Service, named, "ApiError: services \"kubernetes\" could not be read"),
            "the API server could not be asked for Service default/kubernetes; the host says \"ApiError: services \"kubernetes\" could not be read\""
        );
    }
}
