//! What could not be checked, in sentences for somebody who can add objects to what is evaluated.

use std::collections::HashSet;

use aws_headless_service_policy::cluster::LookupFailure;
use aws_headless_service_policy::kubernetes::ObjectRef;

use crate::apply::AppliedObject;

/// The objects that are evaluated, by kind, namespace and name.
pub struct GivenObjects<'a>(HashSet<(&'a str, &'a str, &'a str)>);

impl<'a> GivenObjects<'a> {
    /// The keys of all objects.
    pub fn of(objects: &'a [AppliedObject]) -> Self {
        let key = |object: &'a AppliedObject| {
            (object.key.kind.as_str(), object.key.namespace.as_deref().unwrap_or_default(), object.key.name.as_str())
        };
        Self(objects.iter().map(key).collect())
    }

    fn has(&self, object: &ObjectRef) -> bool {
        self.0.contains(&(object.kind.name(), &*object.namespace, &*object.name))
    }
}

/// Why an object, or a part of it, could not be checked: sentences without a period.
pub fn reasons(object: &AppliedObject, given: &GivenObjects<'_>) -> Vec<String> {
    let mut reasons: Vec<String> = object.removed_version.iter().map(|removed| removed.to_string()).collect();
    if let Some(judgement) = &object.judgement {
        let evaluation = &judgement.evaluated.evaluation;
        reasons.extend(evaluation.unresolved.iter().map(|missing| missing_object(missing, given)));
        reasons.extend(evaluation.failures.iter().map(|failure| failed_lookup(&failure.object, &failure.lookup)));
    }
    reasons
}

fn missing_object(object: &ObjectRef, given: &GivenObjects<'_>) -> String {
    if given.has(object) {
        format!("{object} comes later, put it first")
    } else if object.kind.name() == "IngressClass" {
        format!("{object} is missing, add it or use --ingress-class {}", object.name)
    } else {
        format!("{object} is missing, add it")
    }
}

fn failed_lookup(unchecked: &ObjectRef, lookup: &LookupFailure) -> String {
    match &lookup.object {
        Some(object) => format!("{unchecked} depends on {object}, which cannot be read"),
        None => format!("{unchecked} depends on objects of kind {}, which cannot be read", lookup.kind.name()),
    }
}
