//! The objects of a cluster, in the order in which they were stored, found by key, by kind and by what they mention.
//!
//! Invariant: `stored`, `positions` and `kinds` hold the same objects, and no key is there twice. Storing an object and
//! taking one out cost what the object is large, however many there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::ObjectKey;
use super::word_index::WordIndex;
use crate::kinds::is_of_gateway_api;

/// The place of an object in the order in which they were stored.
pub type Position = u64;

/// Objects by key, and in order.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    stored: BTreeMap<Position, (ObjectKey, Value)>,
    positions: HashMap<ObjectKey, Position>,
    kinds: HashMap<(String, String), ObjectsOfKind>,
    next: Position,
    /// How many objects show that the Gateway API is installed.
    of_gateway_api: usize,
}

#[derive(Debug, Clone, Default)]
struct ObjectsOfKind {
    positions: BTreeSet<Position>,
    words: WordIndex,
}

impl Objects {
    /// Stores an object in the place of the one with the same key, or last.
    pub fn insert(&mut self, key: ObjectKey, object: Value) -> Option<Value> {
        let replaced = self.positions.get(&key).copied();
        let position = replaced.unwrap_or(self.next);
        let before = replaced.and_then(|position| self.take(position));
        if replaced.is_none() {
            self.next += 1;
            self.positions.insert(key.clone(), position);
        }
        let of_kind = self.kinds.entry((key.api_version.clone(), key.kind.clone())).or_default();
        of_kind.positions.insert(position);
        of_kind.words.insert(position, &object);
        self.of_gateway_api += usize::from(shows_gateway_api(&key, &object));
        self.stored.insert(position, (key, object));
        before
    }

    /// Takes an object out.
    pub fn remove(&mut self, key: &ObjectKey) -> Option<Value> {
        let position = self.positions.remove(key)?;
        self.take(position)
    }

    /// Takes an object out of everything but `positions`.
    fn take(&mut self, position: Position) -> Option<Value> {
        let (key, object) = self.stored.remove(&position)?;
        self.of_gateway_api -= usize::from(shows_gateway_api(&key, &object));
        if let Some(of_kind) = self.kinds.get_mut(&(key.api_version, key.kind)) {
            of_kind.positions.remove(&position);
            of_kind.words.remove(position, &object);
        }
        Some(object)
    }

    /// The object with this key.
    pub fn get(&self, key: &ObjectKey) -> Option<&Value> {
        self.positions.get(key).and_then(|position| self.stored.get(position)).map(|(_, object)| object)
    }

    /// All objects with their keys, in order.
    pub fn iter(&self) -> impl Iterator<Item = &(ObjectKey, Value)> {
        self.stored.values()
    }

    /// The objects of a kind, in order. With `mention`, those alone that mention this name, or may.
    pub fn of_kind(&self, api_version: String, kind: &str, mention: Option<&str>) -> Vec<&(ObjectKey, Value)> {
        let Some(of_kind) = self.kinds.get(&(api_version, kind.to_owned())) else { return Vec::new() };
        let stored = |position: &Position| self.stored.get(position);
        match mention.and_then(|name| of_kind.words.mentioning(name)) {
            Some(positions) => positions.iter().filter_map(stored).collect(),
            None => of_kind.positions.iter().filter_map(stored).collect(),
        }
    }

    /// Whether an object shows that the Gateway API is installed: one of its kinds, or the definition of one.
    pub fn show_gateway_api(&self) -> bool {
        self.of_gateway_api > 0
    }

    /// The same objects in the opposite order.
    pub fn reversed(&self) -> Self {
        let mut reversed = Objects::default();
        for (key, object) in self.stored.values().rev() {
            reversed.insert(key.clone(), object.clone());
        }
        reversed
    }
}

fn shows_gateway_api(key: &ObjectKey, object: &Value) -> bool {
    let defined_group = || object.pointer("/spec/group").and_then(Value::as_str).unwrap_or_default();
    is_of_gateway_api(&key.api_version, &key.kind)
        || key.kind == "CustomResourceDefinition" && is_of_gateway_api(&format!("{}/v1", defined_group()), "")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(name: &str, selector: &str) -> (ObjectKey, Value) {
        let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
                            "spec": {"selector": {"app": selector}}});
        (ObjectKey::of(&object).unwrap(), object)
    }

    fn names(objects: &[&(ObjectKey, Value)]) -> Vec<String> {
        objects.iter().map(|(key, _)| key.name.clone()).collect()
    }

    #[test]
    fn an_object_that_is_replaced_keeps_its_place_and_changes_its_words() {
        let mut objects = Objects::default();
        for (name, selector) in [("a", "x"), ("b", "x"), ("c", "y")] {
            let (key, object) = service(name, selector);
            assert_eq!(objects.insert(key, object), None);
        }
        let found = |objects: &Objects, mention| names(&objects.of_kind("v1".to_owned(), "Service", mention));
        assert_eq!(found(&objects, None), ["a", "b", "c"]);
        assert_eq!(found(&objects, Some("x")), ["a", "b"]);
        let (key, object) = service("a", "y");
        assert_eq!(objects.insert(key, object), Some(service("a", "x").1));
        assert_eq!(found(&objects, None), ["a", "b", "c"]);
        assert_eq!(found(&objects, Some("x")), ["b"]);
        assert_eq!(found(&objects, Some("y")), ["a", "c"]);
        assert_eq!(objects.remove(&service("a", "y").0), Some(service("a", "y").1));
        assert_eq!(found(&objects, Some("y")), ["c"]);
        assert_eq!(found(&objects, Some("a")), [""; 0]);
        assert_eq!(found(&objects.reversed(), None), ["c", "b"]);
    }
}
