//! Kubernetes' label selector.

use std::collections::BTreeMap;

use json_text::{Read, Reader, fields};

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
    pub(super) fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "matchLabels" => reader.texts(&mut self.match_labels, |_| true),
            "matchExpressions" => reader.list(&mut self.match_expressions, Requirement::read),
        })
    }

    /// Whether `labels` match. A selector with an unknown operator, or with values where there must be none (or none
    /// where there must be some), is an error in Kubernetes, and matches nothing.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.matches(labels))
    }
}

impl Requirement {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "key" => reader.text(&mut self.key),
            "operator" => reader.text(&mut self.operator),
            "values" => reader.list(&mut self.values, |text, reader| reader.text(text)),
        })
    }

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
        let mut read = LabelSelector::default();
        json_text::map(selector, |reader| read.read(reader)).unwrap();
        assert_eq!(read.matches(&labels), expected);
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
