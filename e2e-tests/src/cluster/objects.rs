//! The objects of a cluster, in the order in which they were stored.
//!
//! Invariant: `positions` has the position of each key in `entries`, and no key is there twice.

use std::collections::HashMap;

use serde_json::Value;

use super::ObjectKey;

/// Objects by key, and in order.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    entries: Vec<(ObjectKey, Value)>,
    positions: HashMap<ObjectKey, usize>,
}

impl Objects {
    /// Stores an object in the place of the one with the same key, or last.
    pub fn insert(&mut self, key: ObjectKey, object: Value) -> Option<Value> {
        if let Some(stored) = self.positions.get(&key).and_then(|position| self.entries.get_mut(*position)) {
            return Some(std::mem::replace(&mut stored.1, object));
        }
        self.positions.insert(key.clone(), self.entries.len());
        self.entries.push((key, object));
        None
    }

    /// Takes an object out.
    pub fn remove(&mut self, key: &ObjectKey) -> Option<Value> {
        let position = self.positions.get(key).copied()?;
        let (_, object) = self.entries.remove(position);
        self.index();
        Some(object)
    }

    /// The object with this key.
    pub fn get(&self, key: &ObjectKey) -> Option<&Value> {
        self.positions.get(key).and_then(|position| self.entries.get(*position)).map(|(_, object)| object)
    }

    /// All objects with their keys, in order.
    pub fn iter(&self) -> impl Iterator<Item = &(ObjectKey, Value)> {
        self.entries.iter()
    }

    /// Turns the order around.
    pub fn reverse(&mut self) {
        self.entries.reverse();
        self.index();
    }

    fn index(&mut self) {
        self.positions = self.entries.iter().enumerate().map(|(position, (key, _))| (key.clone(), position)).collect();
    }
}
