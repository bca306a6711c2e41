//! Kubernetes' label selector.

use std::collections::BTreeMap;

use json_text::{Fields, Node, Shape};

/// A `LabelSelector`: all of its parts must match; an empty one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelector {
    match_labels: BTreeMap<String, String>,
    match_expressions: Vec<Requirement>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: String,
    values: Vec<String>,
}

impl LabelSelector {
    /// The fields of a selector.
    pub(super) const SHAPE: Shape = Shape::Map(&[
        ("matchLabels", Shape::TextMap(|_| true)),
        (
            "matchExpressions",
            Shape::List(&Shape::Map(&[
                ("key", Shape::Text),
                ("operator", Shape::Text),
                ("values", Shape::List(&Shape::Text)),
            ])),
        ),
    ]);

    /// The selector whose fields were read.
    pub(super) fn of(mut fields: Fields<'_>) -> Self {
        let requirement = |mut fields: Fields<'_>| Requirement {
            key: fields.text("key"),
            operator: fields.text("operator"),
            values: fields.list("values").into_iter().filter_map(Node::text).collect(),
        };
        Self {
            match_labels: fields.text_map("matchLabels"),
            match_expressions: fields.maps("matchExpressions").map(requirement).collect(),
        }
    }

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
    use crate::kubernetes::decode::decode_fields;

    #[track_caller]
    fn check(selector: &str, expected: bool) {
        let labels = BTreeMap::from([("team".to_owned(), "shop".to_owned())]);
        let shape = &[("selector", LabelSelector::SHAPE)];
        let json = format!(r#"{{"selector":{selector}}}"#);
        let selector = LabelSelector::of(decode_fields(&json, shape).unwrap().map("selector"));
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
