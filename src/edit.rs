//! Edits of the admitted object, as JSON: nothing but what a fix names changes, not even the order of keys.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::controller::{INGRESS_TARGET_TYPE, NLB_TARGET_TYPE};
use crate::kubernetes::DecodeError;
use crate::rules::Fix;

/// The object with every fix applied; nothing where there is none to apply.
///
/// # Errors
/// An object that is no JSON that can be edited (nested too deeply, a number beyond all ranges).
pub fn apply(fixes: &BTreeSet<Fix>, object: &str) -> Result<Option<Value>, DecodeError> {
    if fixes.is_empty() {
        return Ok(None);
    }
    let mut object: Map<String, Value> = serde_json::from_str(object).map_err(|error| DecodeError::of_json(&error))?;
    for fix in fixes {
        match fix {
            Fix::TargetGroupBinding { removes_node_selector } => {
                set_annotation(&mut object, INGRESS_TARGET_TYPE);
                let spec = object.entry("spec").or_insert(Value::Null);
                set_ip(spec, "targetType");
                if let Some(spec) = map_in(spec).filter(|_| *removes_node_selector) {
                    spec.shift_remove("nodeSelector");
                }
            }
            Fix::Ingress | Fix::ServiceBehindIngress => set_annotation(&mut object, INGRESS_TARGET_TYPE),
            Fix::LoadBalancer => set_annotation(&mut object, NLB_TARGET_TYPE),
        }
    }
    Ok(Some(Value::Object(object)))
}

/// Sets one annotation to `ip`, making the maps above it where they are missing or `null`.
fn set_annotation(object: &mut Map<String, Value>, key: &str) {
    let metadata = object.entry("metadata").or_insert(Value::Null);
    if let Some(annotations) = map_in(metadata).map(|metadata| metadata.entry("annotations").or_insert(Value::Null)) {
        set_ip(annotations, key);
    }
}

fn set_ip(map: &mut Value, key: &str) {
    if let Some(map) = map_in(map) {
        map.insert(key.to_owned(), Value::from("ip"));
    }
}

/// The map in `value`; `null` becomes an empty one. Anything else was refused when the object was read.
fn map_in(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fixes: &[Fix], before: &str, after: &str) {
        let fixes = fixes.iter().cloned().collect();
        let edited = apply(&fixes, before).unwrap().unwrap();
        assert_eq!(serde_json::to_string(&edited).unwrap(), after);
    }

    #[test]
    fn nothing_else_changes() {
        check(
            &[Fix::Ingress],
            r#"{"spec":{"z":1,"a":{"new":[true,null,1.50]}},"metadata":{"annotations":{"z":"1","a":"2"},"name":"web"},"future":{}}"#,
            r#"{"spec":{"z":1,"a":{"new":[true,null,1.5]}},"metadata":{"annotations":{"z":"1","a":"2","alb.ingress.kubernetes.io/target-type":"ip"},"name":"web"},"future":{}}"#,
        );
    }

    #[test]
    fn an_annotation_keeps_its_place() {
        check(
            &[Fix::ServiceBehindIngress],
            r#"{"metadata":{"annotations":{"alb.ingress.kubernetes.io/target-type":"instance","z":"1"}}}"#,
            r#"{"metadata":{"annotations":{"alb.ingress.kubernetes.io/target-type":"ip","z":"1"}}}"#,
        );
    }

    #[test]
    fn missing_maps_are_made() {
        let key = NLB_TARGET_TYPE;
        check(&[Fix::LoadBalancer], "{}", &format!(r#"{{"metadata":{{"annotations":{{"{key}":"ip"}}}}}}"#));
        check(
            &[Fix::LoadBalancer],
            r#"{"metadata":{"annotations":null}}"#,
            &format!(r#"{{"metadata":{{"annotations":{{"{key}":"ip"}}}}}}"#),
        );
    }

    #[test]
    fn a_binding_loses_its_node_selector() {
        check(
            &[Fix::TargetGroupBinding { removes_node_selector: true }],
            r#"{"metadata":{"annotations":{}},"spec":{"targetType":"instance","nodeSelector":{},"vpcID":"x"}}"#,
            r#"{"metadata":{"annotations":{"alb.ingress.kubernetes.io/target-type":"ip"}},"spec":{"targetType":"ip","vpcID":"x"}}"#,
        );
    }

    #[test]
    fn all_fixes_are_applied_together() {
        check(
            &[Fix::LoadBalancer, Fix::ServiceBehindIngress],
            r#"{"metadata":{"annotations":{}}}"#,
            r#"{"metadata":{"annotations":{"alb.ingress.kubernetes.io/target-type":"ip","service.beta.kubernetes.io/aws-load-balancer-nlb-target-type":"ip"}}}"#,
        );
    }

    #[test]
    fn without_fixes_there_is_nothing_to_apply() {
        assert_eq!(apply(&BTreeSet::new(), "not even JSON"), Ok(None));
    }
}
