//! Ingresses: the Services that they refer to, and the target type of each.

use std::borrow::Cow;

use super::actions::{ActionOwner, target_groups_of_action};
use super::annotations::{
    INGRESS_ACTIONS, INGRESS_CLASS, INGRESS_GROUP, INGRESS_HEALTH_CHECK_PORT, INGRESS_TARGET_TYPE,
};
use super::{
    BackendReference, Controller, IngressOwner, Place, Resolved, Source, TargetType, TargetTypeField,
    default_target_type, entries_read,
};
use crate::index::{Names, each_once};
use crate::kubernetes::{
    DecodeError, Ingress, Kind, NameKey, ObjectRef, Service, ServiceBackend, display_port, parse_port,
};

/// The port name that turns a backend's Service name into the name of an action.
const USE_ANNOTATION: &str = "use-annotation";

/// Every Service of every backend, in the order of the object; and the actions annotations that the controller would
/// read and refuse. A missing action is a fixed 503: it has no Service.
///
/// LBC `pkg/ingress/enhanced_backend_builder.go` Build, buildActionViaAnnotation. A string port of an action that is a
/// number counts as one (normalizeServicePortForBackwardsCompatibility).
pub fn references_of_ingress(ingress: &Ingress) -> (Vec<BackendReference<'_>>, Vec<DecodeError>) {
    let namespace = ingress.metadata.namespace.as_str();
    let mut references = Vec::new();
    let mut errors = Vec::new();
    let mut seen = Names::default();
    let mut size = None;
    for (place, backend) in ingress.service_backends() {
        // The same action or Service behind another path says nothing new, and may be long.
        let port = backend.port.reference();
        if !seen.insert(NameKey::of_object(&backend.name, &display_port(&port)), ()) {
            continue;
        }
        if backend.port.name != USE_ANNOTATION {
            references.push(BackendReference {
                namespace,
                name: Cow::Borrowed(&backend.name),
                port: Some(port),
                place: Place::Backend(place),
            });
            continue;
        }
        let key = format!("{INGRESS_ACTIONS}{}", backend.name);
        let Some(action) = ingress.metadata.annotation(&key) else { continue };
        let size = size.get_or_insert_with(|| ingress.metadata.check_size_of_annotations());
        if let Err(error) = size {
            return (references, vec![error.clone()]);
        }
        match target_groups_of_action(ActionOwner::Ingress, &key, action) {
            Err(error) => errors.push(error),
            Ok(groups) => references.extend(groups.into_iter().map(|group| BackendReference {
                namespace,
                name: Cow::Owned(group.service_name),
                port: Some(parse_port(&display_port(&group.service_port))),
                place: Place::Action { key: key.clone(), index: group.index },
            })),
        }
    }
    (references, errors)
}

/// The annotations of an Ingress that decide something here; of its actions, those that a backend uses.
pub fn annotations_of_ingress(ingress: &Ingress) -> Vec<(&str, &str)> {
    let uses_annotation = |backend: &&ServiceBackend| backend.port.name == USE_ANNOTATION;
    let backends = ingress.service_backends().map(|(_, backend)| backend);
    let actions = each_once(backends.filter(uses_annotation).map(|backend| NameKey::from(backend.name.as_str())));
    entries_read(&ingress.metadata.annotations.0, |key| {
        matches!(key, INGRESS_TARGET_TYPE | INGRESS_HEALTH_CHECK_PORT | INGRESS_CLASS | INGRESS_GROUP)
            || key.strip_prefix(INGRESS_ACTIONS).is_some_and(|name| actions.contains(&name.into()))
    })
}

/// The target type of one backend Service of an Ingress.
///
/// LBC `pkg/ingress/model_build_target_group.go` buildTargetGroupTargetType, and buildTargetGroupSpec, whose
/// `MergeStringMap(svc.Annotations, ing.Annotations)` keeps the Service's value. IngressClassParams override both.
/// Without a Service (not there, not known) its annotations are taken as empty.
pub fn target_type_of_backend(
    ingress: &Ingress,
    owner: &IngressOwner,
    service: Option<&Service>,
    controller: &Controller,
) -> Resolved {
    let annotation = |kind, name: &str, value: &str| {
        let object = ObjectRef::new(kind, &ingress.metadata.namespace, name);
        Resolved {
            value: TargetType::from_name(value),
            source: Source::Annotation { object, key: INGRESS_TARGET_TYPE },
        }
    };
    if let Some(params) = owner.params.as_ref().filter(|params| !params.spec.target_type.is_empty()) {
        let object = ObjectRef::new(Kind::IngressClassParams(owner.edition), "", &params.metadata.name);
        let value = TargetType::from_name(&params.spec.target_type);
        return Resolved { value, source: Source::field(object, TargetTypeField::Spec) };
    }
    if let Some(service) = service
        && let Some(value) = service.metadata.annotation(INGRESS_TARGET_TYPE)
    {
        return annotation(Kind::Service, &service.metadata.name, value);
    }
    match ingress.metadata.annotation(INGRESS_TARGET_TYPE) {
        Some(value) => annotation(Kind::Ingress, &ingress.metadata.name, value),
        None => default_target_type(owner.edition, controller),
    }
}

/// The health check port setting of a backend, and whether it is the Service's own: that is read first.
pub fn health_check_port_of_ingress<'a>(ingress: &'a Ingress, service: &'a Service) -> Option<(&'a str, bool)> {
    let of_service = service.metadata.annotation(INGRESS_HEALTH_CHECK_PORT).map(|port| (port, true));
    of_service.or_else(|| ingress.metadata.annotation(INGRESS_HEALTH_CHECK_PORT).map(|port| (port, false)))
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::kubernetes::{Edition, IngressClassParams, Json, parse};

    #[track_caller]
    fn check(
        [params, service, ingress]: [Option<&str>; 3],
        (edition, default): (Edition, TargetType),
        expected: (TargetType, Source),
    ) {
        let annotated = |value: Option<&str>| value.map(|value| (INGRESS_TARGET_TYPE.to_owned(), value.to_owned()));
        let mut an_ingress = Ingress::default();
        an_ingress.metadata.annotations.0.extend(annotated(ingress));
        let mut a_service = Service::default();
        a_service.metadata.annotations.0.extend(annotated(service));
        let params = params.map(|value| {
            let mut params = IngressClassParams::default();
            "shared".clone_into(&mut params.metadata.name);
            value.clone_into(&mut params.spec.target_type);
            params
        });
        let owner = IngressOwner { edition, params: params.map(Rc::new), group: None };
        let controller = Controller { default_target_type: default, ..Controller::default() };
        let (value, source) = expected;
        let expected = Resolved { value, source };
        assert_eq!(target_type_of_backend(&an_ingress, &owner, Some(&a_service), &controller), expected);
    }

    #[test]
    fn no_action_is_read_of_more_annotations_than_kubernetes_takes() {
        let ingress = |size: usize| {
            let json = format!(
                r#"{{"metadata":{{"annotations":{{"alb.ingress.kubernetes.io/actions.a":"{{}}","alb.ingress.kubernetes.io/x":"{}"}}}},
                    "spec":{{"defaultBackend":{{"service":{{"name":"a","port":{{"name":"use-annotation"}}}}}}}}}}"#,
                "x".repeat(size)
            );
            Ingress::read(Json::of(&parse(&json).unwrap())).unwrap()
        };
        let errors = |size: usize| references_of_ingress(&ingress(size)).1.into_iter().map(|error| error.to_string());
        let (most, key) = (256 * 1024, "alb.ingress.kubernetes.io/actions.a");
        let others = key.len() + "{}".len() + "alb.ingress.kubernetes.io/x".len();
        assert!(errors(most - others).eq([format!("metadata.annotations[{key}].type is missing")]));
        assert!(
            errors(most - others + 1).eq([format!(
                "metadata.annotations have {} bytes, and Kubernetes takes no more than {most}",
                most + 1
            )])
        );
    }

    #[test]
    fn later_lines_win() {
        use Edition::{AutoMode, Standard};
        use TargetType::{Instance, Ip, Unknown};
        let params = |edition| {
            Source::field(ObjectRef::new(Kind::IngressClassParams(edition), "", "shared"), TargetTypeField::Spec)
        };
        let of = |kind| Source::Annotation { object: ObjectRef::new(kind, "", ""), key: INGRESS_TARGET_TYPE };
        let (of_ingress, of_service) = (|| of(Kind::Ingress), || of(Kind::Service));
        let (instance, ip) = (Some("instance"), Some("ip"));
        check([None, None, None], (Standard, Instance), (Instance, Source::ControllerDefault));
        check([None, None, None], (Standard, Ip), (Ip, Source::ControllerDefault));
        check([None, None, None], (AutoMode, Instance), (Ip, Source::AutoModeDefault));
        check([None, None, instance], (Standard, Ip), (Instance, of_ingress()));
        check([None, None, instance], (AutoMode, Ip), (Instance, of_ingress()));
        check([None, instance, ip], (Standard, Ip), (Instance, of_service()));
        check([None, ip, instance], (Standard, Instance), (Ip, of_service()));
        check([instance, ip, ip], (Standard, Ip), (Instance, params(Standard)));
        check([ip, instance, instance], (AutoMode, Instance), (Ip, params(AutoMode)));
        check([Some(""), ip, instance], (Standard, Instance), (Ip, of_service()));
        let unknown = |value: &str| Unknown(value.to_owned());
        check([None, None, Some("IP")], (Standard, Instance), (unknown("IP"), of_ingress()));
        check([None, None, Some("")], (Standard, Instance), (unknown(""), of_ingress()));
        check([None, Some("pod"), instance], (Standard, Instance), (unknown("pod"), of_service()));
        check([Some("lambda"), instance, None], (Standard, Instance), (unknown("lambda"), params(Standard)));
    }
}
