//! Whose Ingress is it, and which IngressClassParams apply?

use std::rc::Rc;

use super::Controller;
use super::annotations::{DEFAULT_INGRESS_CLASS, INGRESS_CLASS, INGRESS_GROUP};
use crate::cluster::{Lookup, World};
use crate::kubernetes::{
    Edition, Ingress, IngressClass, IngressClassParams, Kind, ObjectRef, ObjectWithMetadata, is_valid_name,
    label_selector,
};

const PARAMS_KIND: &str = "IngressClassParams";

/// The controller that serves an Ingress, and what its class says.
#[derive(Debug, Clone, PartialEq)]
pub struct IngressOwner {
    /// Which edition serves it.
    pub edition: Edition,
    /// The IngressClassParams that apply.
    pub params: Option<Rc<IngressClassParams>>,
    /// The explicit group of Ingresses that share a load balancer; without one, the Ingress is alone.
    pub group: Option<String>,
}

/// Who serves an Ingress.
#[derive(Debug, Clone, PartialEq)]
pub enum Ownership {
    /// The controller.
    Controller(IngressOwner),
    /// Another controller, or nobody: its class or its group is not valid.
    Others,
    /// Nobody, because this object does not exist (yet).
    Missing(ObjectRef),
}

/// Who serves the Ingress.
///
/// LBC `pkg/ingress/group_loader.go` loadGroupIDIfAnyHelper.
///
/// # Errors
/// A lookup that failed, so that it cannot be told.
pub fn owner_of_ingress(ingress: &Ingress, controller: &Controller, world: &World<'_>) -> Lookup<Ownership> {
    let mut ownership = owner_by_class(ingress, controller, world)?;
    if let Ownership::Controller(owner) = &mut ownership {
        owner.group = group_of_ingress(ingress, owner).map(str::to_owned);
        if !owner.group.as_deref().is_none_or(is_valid_group_name) {
            return Ok(Ownership::Others);
        }
    }
    Ok(ownership)
}

/// LBC `pkg/ingress/group_loader.go` loadGroupID: the group of the IngressClassParams comes before the annotation, which
/// Auto Mode does not support. An Ingress of neither is a group of its own.
fn group_of_ingress<'a>(ingress: &'a Ingress, owner: &'a IngressOwner) -> Option<&'a str> {
    let of_params = owner.params.as_ref().and_then(|params| params.spec.group.as_ref());
    let annotation = || ingress.metadata.annotation(INGRESS_GROUP).filter(|_| owner.edition == Edition::Standard);
    of_params.map(|group| group.name.as_str()).or_else(annotation)
}

/// LBC `pkg/ingress/group_loader.go` validateGroupName.
fn is_valid_group_name(name: &str) -> bool {
    let is_alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.len() <= 63
        && bytes.first().is_some_and(is_alphanumeric)
        && bytes.last().is_some_and(is_alphanumeric)
        && bytes.iter().all(|byte| is_alphanumeric(byte) || matches!(byte, b'-' | b'.'))
}

/// Whether the Ingress depends on an IngressClass of this name, which is or was a default class or is not.
pub fn uses_class(ingress: &Ingress, class: &str, is_default: bool, controller: &Controller) -> bool {
    match (class_annotation(ingress, controller), &ingress.spec.ingress_class_name) {
        (Some(_), _) => false,
        (None, Some(name)) => name == class,
        (None, None) => is_default,
    }
}

/// Auto Mode does not support the annotation.
fn class_annotation<'a>(ingress: &'a Ingress, controller: &Controller) -> Option<&'a str> {
    ingress.metadata.annotation(INGRESS_CLASS).filter(|_| controller.has(Edition::Standard))
}

/// LBC `pkg/ingress/group_loader.go` classifyIngress: the annotation, where present, decides alone and loads no
/// IngressClassParams.
fn owner_by_class(ingress: &Ingress, controller: &Controller, world: &World<'_>) -> Lookup<Ownership> {
    let standard = || Ownership::Controller(IngressOwner { edition: Edition::Standard, params: None, group: None });
    if let Some(class) = class_annotation(ingress, controller) {
        let is_ours = matches_flag(class, &controller.ingress_class);
        return Ok(if is_ours { standard() } else { Ownership::Others });
    }
    let class = match &ingress.spec.ingress_class_name {
        Some(name) => world.get::<IngressClass>(Kind::IngressClass, "", name)?,
        None => match default_class(world)? {
            DefaultClass::One(class) => Some(class),
            DefaultClass::Several => return Ok(Ownership::Others),
            DefaultClass::None if controller.ingress_class.is_empty() && controller.has(Edition::Standard) => {
                return Ok(standard());
            }
            DefaultClass::None => return Ok(Ownership::Others),
        },
    };
    match (class, &ingress.spec.ingress_class_name) {
        (Some(class), _) => owner_of_class(ingress, &class, controller, world),
        (None, Some(name)) => Ok(Ownership::Missing(ObjectRef::new(Kind::IngressClass, "", name))),
        (None, None) => Ok(Ownership::Others),
    }
}

/// LBC `pkg/ingress/class_annotation_matcher.go` Matches.
fn matches_flag(class: &str, flag: &str) -> bool {
    class == flag || (flag.is_empty() && class == "alb")
}

enum DefaultClass {
    None,
    One(Rc<IngressClass>),
    /// LBC: `multiple default IngressClasses found`, and the Ingress is not served.
    Several,
}

/// Whether the class is the one of Ingresses that name none.
pub fn is_default_class(class: &IngressClass) -> bool {
    class.metadata.annotation(DEFAULT_INGRESS_CLASS) == Some("true")
}

/// LBC `pkg/ingress/class_loader.go` GetDefaultIngressClass.
fn default_class(world: &World<'_>) -> Lookup<DefaultClass> {
    let mut default = DefaultClass::None;
    for class in world.all::<IngressClass>(Kind::IngressClass)? {
        let class = class?;
        if is_default_class(&class) {
            default = match default {
                DefaultClass::None => DefaultClass::One(class),
                DefaultClass::One(_) | DefaultClass::Several => DefaultClass::Several,
            };
        }
    }
    Ok(default)
}

/// LBC `pkg/ingress/class_loader.go` Load: parameters of another kind, or that do not exist, or whose
/// namespaceSelector does not match, make the class invalid.
fn owner_of_class(
    ingress: &Ingress,
    class: &IngressClass,
    controller: &Controller,
    world: &World<'_>,
) -> Lookup<Ownership> {
    let edition = match class.spec.controller.as_str() {
        "ingress.k8s.aws/alb" => Edition::Standard,
        "eks.amazonaws.com/alb" => Edition::AutoMode,
        _ => return Ok(Ownership::Others),
    };
    if !controller.has(edition) {
        return Ok(Ownership::Others);
    }
    let Some(reference) = &class.spec.parameters else {
        return Ok(Ownership::Controller(IngressOwner { edition, params: None, group: None }));
    };
    let is_known = reference.api_group.as_deref() == Some(edition.group()) && reference.kind == PARAMS_KIND;
    if !is_known || !is_valid_name(&reference.name) {
        return Ok(Ownership::Others);
    }
    let kind = Kind::IngressClassParams(edition);
    let Some(params) = world.get::<IngressClassParams>(kind, "", &reference.name)? else {
        return Ok(Ownership::Missing(ObjectRef::new(kind, "", &reference.name)));
    };
    if let Some(selector) = &params.spec.namespace_selector {
        let namespace = &ingress.metadata.namespace;
        let Some(found) = world.get::<ObjectWithMetadata>(Kind::Namespace, "", namespace)? else {
            return Ok(Ownership::Missing(ObjectRef::new(Kind::Namespace, "", namespace)));
        };
        if !label_selector::matches(selector, found.metadata.labels.read()) {
            return Ok(Ownership::Others);
        }
    }
    Ok(Ownership::Controller(IngressOwner { edition, params: Some(params), group: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: bool) {
        assert_eq!(is_valid_group_name(name), expected, "{name}");
    }

    #[test]
    fn names_of_groups() {
        for name in ["a", "0", "shop", "shop.v1", "a..-b", &"a".repeat(63)] {
            check(name, true);
        }
        for name in ["", "-", ".a", "a-", "Shop", "shop_web", "shop web", "shop\n", "ä", &"a".repeat(64)] {
            check(name, false);
        }
    }
}
