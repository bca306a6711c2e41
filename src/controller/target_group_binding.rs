//! TargetGroupBindings.

use std::collections::BTreeMap;

use super::{Resolved, Source, TargetType, default_target_type, entries_read};
use crate::kubernetes::{Edition, TargetGroupBinding};

/// The target type of a binding; none where the object holds a value that the controller does not know.
///
/// Only `spec.targetType` counts: no annotation is read. LBC's webhook fills it in at CREATE
/// (`webhooks/elbv2/targetgroupbinding_mutator.go`); where it is absent still, the default stands in for it.
pub fn target_type_of_binding(
    binding: &TargetGroupBinding,
    edition: Edition,
    default: TargetType,
) -> Option<Resolved<TargetType>> {
    match binding.spec.target_type.as_str() {
        "" => Some(default_target_type(edition, default)),
        name => TargetType::from_name(name).map(|value| Resolved { value, source: Source::TargetGroupBinding }),
    }
}

/// The prefixes of the labels by which the controller knows what it made itself.
///
/// LBC `pkg/deploy/tracking/provider.go` StackLabels; those of Auto Mode are seen in public manifests only.
const TRACKING_PREFIXES: [&str; 6] = [
    "ingress.k8s.aws",
    "service.k8s.aws",
    "gateway.k8s.aws.alb",
    "gateway.k8s.aws.nlb",
    "ingress.eks.amazonaws.com",
    "service.eks.amazonaws.com",
];

/// Whether the controller made the object for an Ingress, a Service or a Gateway. Such an object follows its owner,
/// and changing it starts a fight. A pair of labels counts only when complete.
pub fn is_made_by_controller(labels: &BTreeMap<String, String>) -> bool {
    labels.keys().filter_map(|key| tracking_label(key)).any(|(prefix, name)| match name {
        // Only an Ingress can be of an explicit group, which has no namespace.
        "stack" => prefix.starts_with("ingress."),
        "stack-name" => labels.contains_key(&format!("{prefix}/stack-namespace")),
        _ => false,
    })
}

/// The labels of a binding that decide something here.
pub fn labels_of_binding(binding: &TargetGroupBinding) -> Vec<(&str, &str)> {
    entries_read(&binding.metadata.labels, |key| tracking_label(key).is_some())
}

/// The parts of a label's key, where it has one of the prefixes.
fn tracking_label(key: &str) -> Option<(&str, &str)> {
    key.split_once('/').filter(|(prefix, _)| TRACKING_PREFIXES.contains(prefix))
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[track_caller]
    fn check_labels(keys: &[&str], expected: bool) {
        let labels = keys.iter().map(|key| ((*key).to_owned(), "x".to_owned())).collect();
        assert_eq!(is_made_by_controller(&labels), expected, "{keys:?}");
    }

    #[test]
    fn labels_of_the_controller() {
        check_labels(&["ingress.k8s.aws/stack"], true);
        check_labels(&["ingress.eks.amazonaws.com/stack"], true);
        for prefix in TRACKING_PREFIXES {
            check_labels(&[&format!("{prefix}/stack-namespace"), &format!("{prefix}/stack-name")], true);
            check_labels(&[&format!("{prefix}/stack-namespace")], false);
            check_labels(&[&format!("{prefix}/stack-name")], false);
        }
        check_labels(&["service.k8s.aws/stack"], false);
        check_labels(&["ingress.k8s.aws/stack-namespace", "service.k8s.aws/stack-name"], false);
        check_labels(&["app"], false);
        check_labels(&[], false);
    }

    /// The view reads few labels; these are among them.
    #[test]
    fn labels_of_the_controller_are_read() {
        for prefix in TRACKING_PREFIXES {
            let labels = format!(r#"{{"{prefix}/stack-name":"a","{prefix}/stack-namespace":"b","app":"c"}}"#);
            let binding: Rc<TargetGroupBinding> =
                crate::kubernetes::decode(&format!(r#"{{"metadata":{{"labels":{labels}}}}}"#)).unwrap();
            assert!(is_made_by_controller(&binding.metadata.labels), "{prefix}");
            assert_eq!(binding.metadata.labels.len(), 2, "{prefix}");
        }
    }

    #[track_caller]
    fn check_target_type(value: &str, edition: Edition, default: TargetType, expected: Option<(TargetType, Source)>) {
        let mut binding = TargetGroupBinding::default();
        value.clone_into(&mut binding.spec.target_type);
        let expected = expected.map(|(value, source)| Resolved { value, source });
        assert_eq!(target_type_of_binding(&binding, edition, default), expected);
    }

    #[test]
    fn target_type() {
        use Edition::{AutoMode, Standard};
        use TargetType::{Instance, Ip};
        check_target_type("instance", Standard, Ip, Some((Instance, Source::TargetGroupBinding)));
        check_target_type("ip", Standard, Instance, Some((Ip, Source::TargetGroupBinding)));
        check_target_type("", Standard, Instance, Some((Instance, Source::ControllerDefault)));
        check_target_type("", Standard, Ip, Some((Ip, Source::ControllerDefault)));
        check_target_type("", AutoMode, Instance, Some((Ip, Source::AutoModeDefault)));
        check_target_type("instance", AutoMode, Ip, Some((Instance, Source::TargetGroupBinding)));
        check_target_type("lambda", Standard, Instance, None);
    }
}
