//! Ingresses: the Services that they refer to, and the target type of each.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::actions::{ActionError, ActionOwner, INGRESS_PREFIX, target_groups_of_action};
use super::ingress_class::{CLASS, GROUP_NAME};
use super::{
    BackendReference, INGRESS_HEALTH_CHECK_PORT, INGRESS_TARGET_TYPE, IngressOwner, Resolved, Source, TargetType,
    default_target_type, entries_read,
};
use crate::kubernetes::{Ingress, IntOrString, NameKey, Service, ServiceBackend};

/// The port name that turns a backend's Service name into the name of an action.
const USE_ANNOTATION: &str = "use-annotation";

/// Every Service of every backend, in the order of the object; and the actions annotations that the controller would
/// read and refuse. A missing action is a fixed 503: it has no Service.
///
/// LBC `pkg/ingress/enhanced_backend_builder.go` Build, buildActionViaAnnotation. A string port of an action that is a
/// number counts as one (normalizeServicePortForBackwardsCompatibility).
pub fn references_of_ingress(ingress: &Ingress) -> (Vec<BackendReference<'_>>, Vec<ActionError>) {
    let mut references = Vec::new();
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    for backend in ingress.service_backends() {
        // The same action or Service behind another path says nothing new, and may be long.
        if !seen.insert((NameKey::from(backend.name.as_str()), backend.port.reference())) {
            continue;
        }
        if backend.port.name != USE_ANNOTATION {
            let port = Some(backend.port.reference());
            references.push(BackendReference { service_name: Cow::Borrowed(&backend.name), port });
            continue;
        }
        let key = format!("{INGRESS_PREFIX}{}", backend.name);
        let Some(action) = ingress.metadata.annotation(&key) else { continue };
        match target_groups_of_action(ActionOwner::Ingress, &key, action) {
            Err(error) => errors.push(error),
            Ok(groups) => references.extend(groups.into_iter().map(|group| BackendReference {
                service_name: Cow::Owned(group.service_name),
                port: group.service_port.map(|port| IntOrString::parse(&port.to_string())),
            })),
        }
    }
    (references, errors)
}

/// The annotations of an Ingress that decide something here; of its actions, those that a backend uses.
pub fn annotations_of_ingress(ingress: &Ingress) -> Vec<(&str, &str)> {
    let uses_annotation = |backend: &&ServiceBackend| backend.port.name == USE_ANNOTATION;
    let mut actions = BTreeSet::new();
    actions.extend(ingress.service_backends().filter(uses_annotation).map(|backend| backend.name.as_str()));
    entries_read(&ingress.metadata.annotations, |key| {
        matches!(key, INGRESS_TARGET_TYPE | INGRESS_HEALTH_CHECK_PORT | CLASS | GROUP_NAME)
            || key.strip_prefix(INGRESS_PREFIX).is_some_and(|name| actions.contains(name))
    })
}

/// The target type of one backend Service of an Ingress; none where the deciding value is unknown, which the
/// controller refuses for a reason of its own.
///
/// LBC `pkg/ingress/model_build_target_group.go` buildTargetGroupTargetType, and buildTargetGroupSpec, whose
/// `MergeStringMap(svc.Annotations, ing.Annotations)` keeps the Service's value. IngressClassParams override both.
/// Without a Service (not there, not known) its annotations are taken as empty.
pub fn target_type_of_backend(
    ingress: &Ingress,
    owner: &IngressOwner,
    service: Option<&Service>,
    default: TargetType,
) -> Option<Resolved<TargetType>> {
    let of_params = owner.params.as_ref().filter(|params| !params.spec.target_type.is_empty());
    let (name, source) = if let Some(params) = of_params {
        (params.spec.target_type.as_str(), Source::IngressClassParams(params.metadata.name.clone()))
    } else if let Some(name) = service.and_then(|service| service.metadata.annotation(INGRESS_TARGET_TYPE)) {
        (name, Source::ServiceAnnotation)
    } else if let Some(name) = ingress.metadata.annotation(INGRESS_TARGET_TYPE) {
        (name, Source::IngressAnnotation)
    } else {
        return Some(default_target_type(owner.edition, default));
    };
    TargetType::from_name(name).map(|value| Resolved { value, source })
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::kubernetes::{Edition, IngressClassParams};

    #[track_caller]
    fn check(
        [params, service, ingress]: [Option<&str>; 3],
        (edition, default): (Edition, TargetType),
        expected: Option<(TargetType, Source)>,
    ) {
        let annotated = |value: Option<&str>| value.map(|value| (INGRESS_TARGET_TYPE.to_owned(), value.to_owned()));
        let mut an_ingress = Ingress::default();
        an_ingress.metadata.annotations.extend(annotated(ingress));
        let mut a_service = Service::default();
        a_service.metadata.annotations.extend(annotated(service));
        let params = params.map(|value| {
            let mut params = IngressClassParams::default();
            "shared".clone_into(&mut params.metadata.name);
            value.clone_into(&mut params.spec.target_type);
            params
        });
        let owner = IngressOwner { edition, params: params.map(Rc::new) };
        let expected = expected.map(|(value, source)| Resolved { value, source });
        assert_eq!(target_type_of_backend(&an_ingress, &owner, Some(&a_service), default), expected);
    }

    #[test]
    fn later_lines_win() {
        use Edition::{AutoMode, Standard};
        use TargetType::{Instance, Ip};
        let params = || Source::IngressClassParams("shared".to_owned());
        let (instance, ip) = (Some("instance"), Some("ip"));
        check([None, None, None], (Standard, Instance), Some((Instance, Source::ControllerDefault)));
        check([None, None, None], (Standard, Ip), Some((Ip, Source::ControllerDefault)));
        check([None, None, None], (AutoMode, Instance), Some((Ip, Source::AutoModeDefault)));
        check([None, None, instance], (Standard, Ip), Some((Instance, Source::IngressAnnotation)));
        check([None, None, instance], (AutoMode, Ip), Some((Instance, Source::IngressAnnotation)));
        check([None, instance, ip], (Standard, Ip), Some((Instance, Source::ServiceAnnotation)));
        check([None, ip, instance], (Standard, Instance), Some((Ip, Source::ServiceAnnotation)));
        check([instance, ip, ip], (Standard, Ip), Some((Instance, params())));
        check([ip, instance, instance], (AutoMode, Instance), Some((Ip, params())));
        check([Some(""), ip, instance], (Standard, Instance), Some((Ip, Source::ServiceAnnotation)));
    }

    #[test]
    fn unknown_values_are_no_target_type() {
        let of_lbc = (Edition::Standard, TargetType::Instance);
        check([None, None, Some("Instance")], of_lbc, None);
        check([None, None, Some("")], of_lbc, None);
        check([None, Some("lambda"), Some("instance")], of_lbc, None);
        check([Some("lambda"), Some("instance"), None], of_lbc, None);
    }
}
