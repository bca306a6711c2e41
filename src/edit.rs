//! Edits of the admitted object, as JSON: nothing but what a fix names changes, not even the order of keys.

use json_text::RawMap;

use crate::controller::{INGRESS_TARGET_TYPE, NLB_TARGET_TYPE};
use crate::kubernetes::DecodeError;
use crate::rules::Fix;

/// The value of everything that is set.
const IP: &str = r#""ip""#;

/// The object with every fix applied, as JSON; nothing where there is none to apply.
///
/// # Errors
/// A map that is none, and what is no JSON: what was passed over when the object was read is checked here.
pub fn apply(fixes: &[Fix], object: &str) -> Result<Option<String>, DecodeError> {
    if fixes.is_empty() {
        return Ok(None);
    }
    let mut object = RawMap::parse(object)?;
    for fix in fixes {
        match fix {
            Fix::TargetGroupBinding { removes_node_selector } => {
                set_annotation(&mut object, INGRESS_TARGET_TYPE)?;
                change(&mut object, "spec", |spec| {
                    spec.set("targetType", IP.to_owned());
                    if *removes_node_selector {
                        spec.remove("nodeSelector");
                    }
                    Ok(())
                })?;
            }
            Fix::Ingress | Fix::ServiceBehindIngress => set_annotation(&mut object, INGRESS_TARGET_TYPE)?,
            Fix::LoadBalancer => set_annotation(&mut object, NLB_TARGET_TYPE)?,
        }
    }
    Ok(Some(object.render()))
}

fn set_annotation(object: &mut RawMap<'_>, key: &'static str) -> Result<(), DecodeError> {
    change(object, "metadata", |metadata| {
        change(metadata, "annotations", |annotations| {
            annotations.set(key, IP.to_owned());
            Ok(())
        })
    })
}

/// Changes the map below `key`, which is made where it is missing or `null`.
fn change(
    parent: &mut RawMap<'_>,
    key: &'static str,
    edit: impl FnOnce(&mut RawMap<'_>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let json = parent.get(key).unwrap_or("null");
    let mut map = RawMap::parse(json)?;
    edit(&mut map)?;
    let json = map.render();
    parent.set(key, json);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fixes: &[Fix], before: &str, after: &str) {
        let edited = apply(fixes, before).unwrap().unwrap();
        assert_eq!(edited, after);
    }

    #[test]
    fn nothing_else_changes() {
        check(
            &[Fix::Ingress],
            r#"{"spec":{"z":1,"a":{"new":[true,null,1.50]}},"metadata":{"annotations":{"z":"1","a":"2"},"name":"web"},"future":{}}"#,
            r#"{"spec":{"z":1,"a":{"new":[true,null,1.50]}},"metadata":{"annotations":{"z":"1","a":"2","alb.ingress.kubernetes.io/target-type":"ip"},"name":"web"},"future":{}}"#,
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
            &[Fix::ServiceBehindIngress, Fix::LoadBalancer],
            r#"{"metadata":{"annotations":{}}}"#,
            r#"{"metadata":{"annotations":{"alb.ingress.kubernetes.io/target-type":"ip","service.beta.kubernetes.io/aws-load-balancer-nlb-target-type":"ip"}}}"#,
        );
    }

    #[test]
    fn without_fixes_there_is_nothing_to_apply() {
        assert_eq!(apply(&[], "not even JSON"), Ok(None));
    }
}
