//! What Kubernetes' label selectors match.

use serde::Deserialize;

use super::string_map::StringMap;

/// A label selector, in the shape of k8s-openapi's, which can only be read by comparing all names of fields twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    /// Labels with their values.
    #[serde(default)]
    match_labels: StringMap,
    /// What holds for labels.
    #[serde(default)]
    match_expressions: Vec<LabelSelectorRequirement>,
}

/// What holds for a label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct LabelSelectorRequirement {
    #[serde(default)]
    key: String,
    #[serde(default)]
    operator: String,
    #[serde(default)]
    values: Vec<String>,
}

/// Whether `labels` match: all parts of the selector must, and an empty one matches everything. A selector with an unknown
/// operator, or with values where there must be none (or none where there must be some), is an error in Kubernetes, and
/// matches nothing.
pub fn matches(selector: &LabelSelector, labels: &StringMap) -> bool {
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().all(|requirement| is_met(requirement, labels))
}

fn is_met(requirement: &LabelSelectorRequirement, labels: &StringMap) -> bool {
    let values = &requirement.values;
    let value = labels.get(&requirement.key);
    let is_listed = value.is_some_and(|value| values.iter().any(|listed| listed == value));
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
        let labels = [("team", "shop")].into_iter().collect();
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
