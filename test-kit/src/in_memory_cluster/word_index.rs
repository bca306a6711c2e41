//! Which objects mention a name, in any string or key, also in JSON that is a string.
//!
//! Invariant: never an object too few. A string is cut where a character stands that no name can have; an object in which
//! an escape could hide a name is found for every name.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::objects::Position;

/// The objects of a kind by their words.
#[derive(Debug, Clone, Default)]
pub struct WordIndex {
    words: HashMap<String, BTreeSet<Position>>,
    with_escapes: BTreeSet<Position>,
}

impl WordIndex {
    /// Adds an object.
    pub fn insert(&mut self, position: Position, object: &Value) {
        let mut has_escapes = false;
        for_each_text(object, &mut |text| {
            has_escapes |= may_hide_a_name(text);
            for word in words(text) {
                match self.words.get_mut(word) {
                    Some(positions) => {
                        positions.insert(position);
                    }
                    None => {
                        self.words.insert(word.to_owned(), BTreeSet::from([position]));
                    }
                }
            }
        });
        if has_escapes {
            self.with_escapes.insert(position);
        }
    }

    /// Takes an object out, as it was when it was added.
    pub fn remove(&mut self, position: Position, object: &Value) {
        for_each_text(object, &mut |text| {
            for word in words(text) {
                if let Some(positions) = self.words.get_mut(word) {
                    positions.remove(&position);
                    if positions.is_empty() {
                        self.words.remove(word);
                    }
                }
            }
        });
        self.with_escapes.remove(&position);
    }

    /// The objects that mention a name, or may; none where the index does not know, as the text is no name.
    pub fn mentioning(&self, name: &str) -> Option<BTreeSet<Position>> {
        if name.is_empty() || !name.chars().all(is_of_a_name) {
            return None;
        }
        let mut positions = self.with_escapes.clone();
        positions.extend(self.words.get(name).into_iter().flatten());
        Some(positions)
    }
}

/// The characters of apimachinery's `IsDNS1123Subdomain`.
fn is_of_a_name(character: char) -> bool {
    matches!(character, 'a'..='z' | '0'..='9' | '.' | '-')
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character| !is_of_a_name(character)).filter(|word| !word.is_empty())
}

/// Whether a string that is JSON itself may write a character of a name by its number.
fn may_hide_a_name(text: &str) -> bool {
    text.contains("\\u")
}

fn for_each_text(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter().for_each(|item| for_each_text(item, visit)),
        Value::Object(map) => {
            for (key, value) in map {
                visit(key);
                for_each_text(value, visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(object: Value, name: &str, is_found: bool) {
        let mut index = WordIndex::default();
        index.insert(7, &object);
        let found = index.mentioning(name).is_none_or(|positions| positions.contains(&7));
        assert_eq!(found, is_found, "{object}: {name}");
        index.remove(7, &object);
        assert_eq!((index.words.len(), index.with_escapes.len()), (0, 0), "{object}");
    }

    #[test]
    fn names_are_found_in_values_keys_and_json_that_is_a_string() {
        let name = "cart.v-1";
        check(json!({"a": [{"b": "cart.v-1"}]}), name, true);
        check(json!({"cart.v-1": null}), name, true);
        check(json!({"a": r#"{"serviceName":"cart.v-1","servicePort":80}"#}), name, true);
        check(json!({"a": "shop/cart.v-1:80"}), name, true);
        check(json!({"a": r#"{"serviceName":"c\u0061rt.v-1"}"#}), name, true);
        check(json!({"a": "x\u{1}"}), name, false);
        check(json!({"a": "cart.v-12", "b": "a-cart.v-1", "c": "cart"}), name, false);
        check(json!({"a": 1}), "1", false);
    }

    #[test]
    fn what_is_no_name_is_not_looked_for() {
        check(json!({"a": "b"}), "gateway.k8s.aws/alb", true);
        check(json!({"a": "b"}), "", true);
    }
}
