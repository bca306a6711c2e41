//! Kubernetes' label selector.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::decode::{maps, null_as_default};

/// A `LabelSelector`: all of its parts must match; an empty one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a map")]
pub struct LabelSelector {
    #[serde(deserialize_with = "null_as_default")]
    match_labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "maps")]
    match_expressions: Vec<Requirement>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
struct Requirement {
    #[serde(deserialize_with = "null_as_default")]
    key: String,
    #[serde(deserialize_with = "null_as_default")]
    operator: String,
    #[serde(deserialize_with = "null_as_default")]
    values: Vec<String>,
}

impl LabelSelector {
    /// Whether `labels` match. A selector with an unknown operator, or with values where there must be none (or none
    /// where there must be some), is an error in Kubernetes, and matches nothing.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.matches(labels))
    }
}

impl Requirement {
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let is_listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator.as_str() {
            "In" => !self.values.is_empty() && is_listed,
            "NotIn" => !self.values.is_empty() && !is_listed,
            "Exists" => self.values.is_empty() && value.is_some(),
            "DoesNotExist" => self.values.is_empty() && value.is_none(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(selector: &str, expected: bool) {
        let labels = BTreeMap::from([("team".to_owned(), "shop".to_owned())]);
        let selector: LabelSelector = serde_json::from_str(selector).unwrap();
        assert_eq!(selector.matches(&labels), expected);
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
        check(r#"{"matchExpressions":[{"key":"team","operator":"in","values":["shop"]}]}"#, false);
        check(r#"{"matchExpressions":[{"key":"team","operator":"NotIn"}]}"#, false);
        check(r#"{"matchExpressions":[{"key":"team","operator":"Exists","values":["shop"]}]}"#, false);
    }
}
