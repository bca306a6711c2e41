//! Maps and sets whose code is the same whatever is in them: each further type of a `BTreeMap` is two kilobytes of the
//! module, and to sort something of another type is five.

use std::collections::{BTreeMap, BinaryHeap};

use crate::kubernetes::NameKey;

/// Values by a key, in the order of the keys.
#[derive(Debug, Clone)]
pub struct Index<K, V> {
    places: BTreeMap<K, usize>,
    values: Vec<V>,
}

/// Values by a text.
pub type ByName<'k, V> = Index<NameKey<'k>, V>;

/// Texts, each once.
pub type Names<'k> = ByName<'k, ()>;

/// Values by a port.
pub type ByPort<V> = Index<i32, V>;

/// Ports, each once.
pub type Ports = ByPort<()>;

impl<K, V> Default for Index<K, V> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), values: Vec::new() }
    }
}

impl<K: Ord, V> Index<K, V> {
    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.values.get(*self.places.get(key)?)
    }

    /// Whether there is a value of a key.
    pub fn contains(&self, key: &K) -> bool {
        self.places.contains_key(key)
    }

    /// The value of a key, for which `value` is made where there is none yet.
    pub fn get_or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> Option<&mut V> {
        let place = *self.places.entry(key).or_insert(self.values.len());
        if place == self.values.len() {
            self.values.push(value());
        }
        self.values.get_mut(place)
    }

    /// Gives a key its value, unless it has one, and says whether it had none.
    pub fn insert(&mut self, key: K, value: V) -> bool {
        let count = self.values.len();
        self.get_or_insert_with(key, || value);
        self.values.len() > count
    }

    /// The keys in their order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.places.keys()
    }

    /// The values in the order in which they were inserted.
    pub fn values(&self) -> &[V] {
        &self.values
    }

    /// The values in the order of their keys.
    pub fn in_order(&self) -> impl Iterator<Item = &V> {
        self.places.values().filter_map(|place| self.values.get(*place))
    }

    /// The values alone, in the order in which they were inserted.
    pub fn into_values(self) -> Vec<V> {
        self.values
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// The keys, each once.
pub fn each_once<K: Ord>(keys: impl Iterator<Item = K>) -> Index<K, ()> {
    let mut index = Index::default();
    for key in keys {
        index.insert(key, ());
    }
    index
}

/// The items in the order of their keys; equal ones stay in theirs.
pub fn sorted<T: Clone>(items: &[T], key: impl Fn(&T) -> NameKey<'static>) -> Vec<T> {
    let keys: Vec<(NameKey<'static>, usize)> = items.iter().map(key).zip(0..).collect();
    // A heap is a kilobyte of code, to sort would be five.
    let order = BinaryHeap::from(keys).into_sorted_vec();
    order.into_iter().filter_map(|(_, index)| items.get(index).cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_of_a_key_stays() {
        let mut index = ByName::default();
        for (name, value) in [("b", 1), ("a", 2), ("b", 3)] {
            assert_eq!(index.insert(name.into(), value), value != 3, "{name} {value}");
        }
        assert_eq!((index.get(&"b".into()), index.get(&"c".into())), (Some(&1), None));
        assert!(index.contains(&"a".into()) && !index.contains(&"c".into()));
        assert_eq!(index.keys().map(NameKey::as_str).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(index.in_order().collect::<Vec<_>>(), [&2, &1]);
        assert_eq!(index.get_or_insert_with("b".into(), || 4), Some(&mut 1));
        assert_eq!(index.into_values(), [1, 2]);
    }

    #[test]
    fn equal_keys_stay_in_their_order() {
        let items = ["b1", "a1", "b2", "a2", "b3"];
        let key = |item: &&str| NameKey::from(item.trim_end_matches(char::is_numeric).to_owned());
        assert_eq!(sorted(&items, key), ["a1", "a2", "b1", "b2", "b3"]);
    }
}
