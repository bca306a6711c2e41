//! TargetGroupBindings.

use super::annotations::{INGRESS_TARGET_TYPE, TRACKING_LABELS};
use super::{Controller, Resolved, Source, TargetType, TargetTypeField, default_target_type, entries_read};
use crate::kubernetes::{Edition, Kind, Metadata, ObjectRef, StringMap, TargetGroupBinding};

/// The target type of a binding.
///
/// Only `spec.targetType` counts: no annotation is read. LBC's webhook fills it in at CREATE
/// (`webhooks/elbv2/targetgroupbinding_mutator.go`); where it is absent still, the default stands in for it.
pub fn target_type_of_binding(binding: &TargetGroupBinding, edition: Edition, controller: &Controller) -> Resolved {
    if binding.spec.target_type.is_empty() {
        return default_target_type(edition, controller);
    }
    let metadata = &binding.metadata;
    let object = ObjectRef::new(Kind::TargetGroupBinding(edition), &metadata.namespace, &metadata.name);
    Resolved {
        value: TargetType::from_name(&binding.spec.target_type),
        source: Source::field(object, TargetTypeField::Spec),
    }
}

/// Whether the annotation for Ingresses is on the binding, where the controller does not read it.
pub fn has_ignored_annotation(binding: &TargetGroupBinding) -> bool {
    binding.metadata.annotation(INGRESS_TARGET_TYPE) == Some("ip")
}

/// Whether `spec.targetType` of a new binding is what AWS says of its target group, not what the author wrote: then no
/// manager owns the field, while others are owned.
///
/// LBC `webhooks/elbv2/targetgroupbinding_mutator.go` defaultingTargetType. At admission, `metadata.managedFields` lists
/// the fields that the user's request set, and none that a webhook added.
pub fn target_type_is_of_aws(binding: &TargetGroupBinding) -> bool {
    let managers = &binding.metadata.managed_fields;
    !managers.is_empty() && !managers.iter().any(|manager| manager.fields_v1.spec.target_type.0)
}

/// Whether the controller made the object for an Ingress, a Service or a Gateway. Such an object follows its owner,
/// and changing it starts a fight. A pair of labels counts only when complete.
pub fn is_made_by_controller(metadata: &Metadata) -> bool {
    metadata.labels.mentioning("stack").is_some_and(have_tracking)
}

fn have_tracking(labels: &StringMap) -> bool {
    labels.keys().filter_map(|key| tracking_label(key)).any(|(prefix, name)| match name {
        // Only an Ingress can be of an explicit group, which has no namespace.
        "stack" => prefix.starts_with("ingress."),
        "stack-name" => labels.contains_key(&format!("{prefix}/stack-namespace")),
        _ => false,
    })
}

/// The labels of a binding that decide something here.
pub fn labels_of_binding(binding: &TargetGroupBinding) -> Vec<(&str, &str)> {
    entries_read(binding.metadata.labels.read(), |key| tracking_label(key).is_some())
}

/// The parts of a label's key, where it has one of the prefixes.
fn tracking_label(key: &str) -> Option<(&str, &str)> {
    key.split_once('/').filter(|(prefix, _)| TRACKING_LABELS.contains(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::{Json, parse};

    #[track_caller]
    fn check_labels(keys: &[&str], expected: bool) {
        let labels = keys.iter().map(|key| (*key, "x")).collect();
        assert_eq!(have_tracking(&labels), expected, "{keys:?}");
    }

    #[test]
    fn labels_of_the_controller() {
        check_labels(&["ingress.k8s.aws/stack"], true);
        check_labels(&["ingress.eks.amazonaws.com/stack"], true);
        for prefix in TRACKING_LABELS {
            check_labels(&[&format!("{prefix}/stack-namespace"), &format!("{prefix}/stack-name")], true);
            check_labels(&[&format!("{prefix}/stack-namespace")], false);
            check_labels(&[&format!("{prefix}/stack-name")], false);
        }
        check_labels(&["service.k8s.aws/stack"], false);
        check_labels(&["ingress.k8s.aws/stack-namespace", "service.k8s.aws/stack-name"], false);
        check_labels(&["app"], false);
        check_labels(&[], false);
    }

    #[track_caller]
    fn check_target_type(value: &str, edition: Edition, default: TargetType, expected: (TargetType, bool)) {
        let mut binding = TargetGroupBinding::default();
        value.clone_into(&mut binding.spec.target_type);
        let controller = Controller { default_target_type: default, ..Controller::default() };
        let found = target_type_of_binding(&binding, edition, &controller);
        assert_eq!((found.value, found.source.is_default()), expected);
    }

    #[test]
    fn target_type() {
        use Edition::{AutoMode, Standard};
        use TargetType::{Instance, Ip};
        check_target_type("instance", Standard, Ip, (Instance, false));
        check_target_type("ip", Standard, Instance, (Ip, false));
        check_target_type("", Standard, Instance, (Instance, true));
        check_target_type("", Standard, Ip, (Ip, true));
        check_target_type("", AutoMode, Instance, (Ip, true));
        check_target_type("instance", AutoMode, Ip, (Instance, false));
        check_target_type("lambda", Standard, Instance, (TargetType::Unknown("lambda".to_owned()), false));
    }

    #[test]
    fn a_target_type_that_nobody_owns_is_of_aws() {
        let is_of_aws = |managed_fields: &str| {
            let json =
                format!(r#"{{"metadata":{{"managedFields":{managed_fields}}},"spec":{{"targetType":"instance"}}}}"#);
            target_type_is_of_aws(&TargetGroupBinding::read(Json::of(&parse(&json).unwrap())).unwrap())
        };
        assert!(!is_of_aws("null"));
        assert!(!is_of_aws("[]"));
        assert!(is_of_aws(r#"[{"manager":"kubectl","fieldsV1":{"f:spec":{"f:targetGroupARN":{}}}}]"#));
        assert!(!is_of_aws(r#"[{"manager":"a"},{"manager":"kubectl","fieldsV1":{"f:spec":{"f:targetType":{}}}}]"#));
    }
}
