//! What Kubernetes' label selectors match.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

/// Whether `labels` match: all parts of the selector must, and an empty one matches everything. A selector with an unknown
/// operator, or with values where there must be none (or none where there must be some), is an error in Kubernetes, and
/// matches nothing.
pub fn matches(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let mut wanted = selector.match_labels.iter().flatten();
    wanted.all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().flatten().all(|requirement| is_met(requirement, labels))
}

fn is_met(requirement: &LabelSelectorRequirement, labels: &BTreeMap<String, String>) -> bool {
    let values = requirement.values.as_deref().unwrap_or_default();
    let value = labels.get(&requirement.key);
    let is_listed = value.is_some_and(|value| values.contains(value));
    match requirement.operator.as_str() {
        "In" => !values.is_empty() && is_listed,
        "NotIn" => !values.is_empty() && !is_listed,
        "Exists" => values.is_empty() && value.is_some(),
        "DoesNotExist" => values.is_empty() && value.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(selector: &str, expected: bool) {
        let labels = BTreeMap::from([("team".to_owned(), "shop".to_owned())]);
        let selector: LabelSelector = crate::kubernetes::decode(selector).unwrap();
        assert_eq!(matches(&selector, &labels), expected, "{selector:?}");
    }

    #[test]
    fn every_part_must_match() {
        check("{}", true);
        check(r#"{"matchLabels":{"team":"shop"}}"#, true);
        check(r#"{"matchLabels":{"team":"other"}}"#, false);
        check(r#"{"matchLabels":{"team":"shop","tier":"a"}}"#, false);
        check(
            r#"{"matchLabels":{"team":"shop"},"matchExpressions":[{"key":"team","operator":"DoesNotExist"}]}"#,
            false,
        );
    }

    #[test]
    fn operators_of_expressions() {
        check(r#"{"matchExpressions":[{"key":"team","operator":"In","values":["x","shop"]}]}"#, true);
        check(r#"{"matchExpressions":[{"key":"team","operator":"In","values":["x"]}]}"#, false);
        check(r#"{"matchExpressions":[{"key":"tier","operator":"In","values":["x"]}]}"#, false);
        check(r#"{"matchExpressions":[{"key":"team","operator":"NotIn","values":["x"]}]}"#, true);
        check(r#"{"matchExpressions":[{"key":"tier","operator":"NotIn","values":["x"]}]}"#, true);
        check(r#"{"matchExpressions":[{"key":"team","operator":"NotIn","values":["shop"]}]}"#, false);
        check(r#"{"matchExpressions":[{"key":"team","operator":"Exists"}]}"#, true);
        check(r#"{"matchExpressions":[{"key":"tier","operator":"Exists"}]}"#, false);
        check(r#"{"matchExpressions":[{"key":"tier","operator":"DoesNotExist"}]}"#, true);
        check(r#"{"matchExpressions":[{"key":"team","operator":"DoesNotExist"}]}"#, false);
    }

    #[test]
    fn an_invalid_selector_matches_nothing() {
        for expression in [
            r#"{"key":"team","operator":"Gt","values":["1"]}"#,
            r#"{"key":"team","operator":"In"}"#,
            r#"{"key":"team","operator":"NotIn","values":[]}"#,
            r#"{"key":"team","operator":"Exists","values":["shop"]}"#,
            r#"{"key":"tier","operator":"DoesNotExist","values":["a"]}"#,
        ] {
            check(&format!(r#"{{"matchExpressions":[{expression}]}}"#), false);
        }
    }
}
