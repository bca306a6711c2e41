//! A map of JSON whose values stay text, as they stand: it can be changed in one place without reading the rest.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The entries of a map, in their order.
#[derive(Debug, Default)]
pub struct RawMap<'a>(Vec<(String, Cow<'a, str>)>);

impl<'a> RawMap<'a> {
    /// The map in `json`; `null` counts as an empty one.
    ///
    /// # Errors
    /// What is no map, or no JSON.
    pub fn parse(json: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Option<Self>>(json).map(Option::unwrap_or_default)
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    /// The value of a key, as JSON; the last one where there are several.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == key).map(|(_, json)| json.as_ref())
    }

    /// Sets the value of a key: in its place where it is there, else behind the others.
    pub fn set(&mut self, key: &str, json: String) {
        match self.0.iter_mut().rev().find(|(known, _)| known == key) {
            Some((_, value)) => *value = Cow::Owned(json),
            None => self.0.push((key.to_owned(), Cow::Owned(json))),
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(known, _)| known != key);
    }

    /// The map as JSON.
    pub fn render(&self) -> String {
        let mut json = String::from("{");
        for (key, value) in &self.0 {
            if json.len() > 1 {
                json.push(',');
            }
            // A string can always be written.
            json.push_str(&serde_json::to_string(key).unwrap_or_default());
            json.push(':');
            json.push_str(value);
        }
        json.push('}');
        json
    }
}

impl<'de> Deserialize<'de> for RawMap<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = RawMap<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawMap<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
            entries.push((key, Cow::Borrowed(value.get())));
        }
        Ok(RawMap(entries))
    }
}
