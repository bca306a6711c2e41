//! Whose Ingress is it, and which IngressClassParams apply?

use std::rc::Rc;

use super::Flags;
use crate::cluster::{Lookup, Lookups};
use crate::kubernetes::{Edition, Ingress, IngressClass, IngressClassParams, is_valid_name};

/// The annotation that names a class without an IngressClass object.
pub const CLASS: &str = "kubernetes.io/ingress.class";
/// The annotation that names the group of Ingresses that share a load balancer.
pub const GROUP_NAME: &str = "alb.ingress.kubernetes.io/group.name";

const DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";
const PARAMS_KIND: &str = "IngressClassParams";

/// The controller that serves an Ingress, and the parameters of its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressOwner {
    /// Which edition serves it.
    pub edition: Edition,
    /// The IngressClassParams that apply.
    pub params: Option<Rc<IngressClassParams>>,
}

impl IngressOwner {
    fn without_params(edition: Edition) -> Self {
        Self { edition, params: None }
    }
}

/// Who serves the Ingress; nobody where it belongs to another controller, or its class or its group is not valid: the
/// controller leaves such an Ingress alone.
///
/// LBC `pkg/ingress/group_loader.go` loadGroupIDIfAnyHelper.
///
/// # Errors
/// A lookup that failed, so that it cannot be told.
pub fn owner_of_ingress(ingress: &Ingress, flags: &Flags, lookups: &Lookups<'_>) -> Lookup<Option<IngressOwner>> {
    Ok(owner_by_class(ingress, flags, lookups)?.filter(|owner| has_valid_group(ingress, owner)))
}

/// LBC `pkg/ingress/group_loader.go` loadGroupID: the group of the IngressClassParams comes before the annotation. An
/// Ingress of neither is a group of its own.
fn has_valid_group(ingress: &Ingress, owner: &IngressOwner) -> bool {
    let of_params = owner.params.as_ref().and_then(|params| params.spec.group.as_ref());
    let name = of_params.map(|group| group.name.as_str()).or_else(|| ingress.metadata.annotation(GROUP_NAME));
    name.is_none_or(is_valid_group_name)
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

/// LBC `pkg/ingress/group_loader.go` classifyIngress: the annotation, where present, decides alone and loads no
/// IngressClassParams.
fn owner_by_class(ingress: &Ingress, flags: &Flags, lookups: &Lookups<'_>) -> Lookup<Option<IngressOwner>> {
    if let Some(class) = ingress.metadata.annotation(CLASS) {
        return Ok(matches_flag(class, &flags.ingress_class).then(|| IngressOwner::without_params(Edition::Standard)));
    }
    let class = match &ingress.spec.ingress_class_name {
        Some(name) => lookups.ingress_class(name)?,
        None => match default_class(lookups.ingress_classes()?) {
            DefaultClass::One(class) => Some(class),
            DefaultClass::Several => None,
            DefaultClass::None => {
                let is_managed = flags.ingress_class.is_empty();
                return Ok(is_managed.then(|| IngressOwner::without_params(Edition::Standard)));
            }
        },
    };
    class.map_or(Ok(None), |class| owner_of_class(&class, lookups))
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

/// LBC `pkg/ingress/class_loader.go` GetDefaultIngressClass.
fn default_class(classes: Vec<Rc<IngressClass>>) -> DefaultClass {
    let mut defaults = classes.into_iter().filter(|class| class.metadata.annotation(DEFAULT_CLASS) == Some("true"));
    match (defaults.next(), defaults.next()) {
        (None, _) => DefaultClass::None,
        (Some(class), None) => DefaultClass::One(class),
        (Some(_), Some(_)) => DefaultClass::Several,
    }
}

/// LBC `pkg/ingress/class_loader.go` Load: parameters of another kind, or that do not exist, or whose
/// namespaceSelector does not match, make the class invalid.
fn owner_of_class(class: &IngressClass, lookups: &Lookups<'_>) -> Lookup<Option<IngressOwner>> {
    let edition = match class.spec.controller.as_str() {
        "ingress.k8s.aws/alb" => Edition::Standard,
        "eks.amazonaws.com/alb" => Edition::AutoMode,
        _ => return Ok(None),
    };
    let Some(reference) = &class.spec.parameters else { return Ok(Some(IngressOwner::without_params(edition))) };
    let is_known = reference.api_group.as_deref() == Some(edition.group()) && reference.kind == PARAMS_KIND;
    if !is_known || !is_valid_name(&reference.name) {
        return Ok(None);
    }
    let Some(params) = lookups.ingress_class_params(edition, &reference.name)? else { return Ok(None) };
    if let Some(selector) = &params.spec.namespace_selector {
        let Some(namespace) = lookups.own_namespace()? else { return Ok(None) };
        if !selector.matches(&namespace.metadata.labels) {
            return Ok(None);
        }
    }
    Ok(Some(IngressOwner { edition, params: Some(params) }))
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
