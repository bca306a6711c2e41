//! A map of JSON whose values stay text, as they stand: it can be changed in one place without reading the rest.

use std::borrow::Cow;

use crate::reader::{JsonError, Reader, ValueKind, whole};
use crate::writer::MapWriter;

/// The entries of a map, in their order.
#[derive(Debug, Default)]
pub struct RawMap<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> RawMap<'a> {
    /// The map in `json`; `null` counts as an empty one.
    ///
    /// # Errors
    /// What is no map, or no JSON.
    pub fn parse(json: &'a str) -> Result<Self, JsonError> {
        whole(json, Self::read)
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, JsonError> {
        let mut entries = Vec::new();
        if reader.opens(ValueKind::Map)? {
            while let Some(key) = reader.key()? {
                entries.push((key, Cow::Borrowed(reader.value()?)));
            }
        } else if reader.kind()? == ValueKind::Null {
            reader.value()?;
        } else {
            return Err(JsonError { reason: "no map", at: 0 });
        }
        Ok(Self(entries))
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_ref())
    }

    /// The value of a key, as JSON; the last one where there are several.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == key).map(|(_, json)| json.as_ref())
    }

    /// Sets the value of a key: in its place where it is there, else behind the others.
    pub fn set(&mut self, key: &'a str, json: String) {
        match self.0.iter_mut().rev().find(|(known, _)| known == key) {
            Some((_, value)) => *value = Cow::Owned(json),
            None => self.0.push((Cow::Borrowed(key), Cow::Owned(json))),
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(known, _)| known != key);
    }

    /// The map as JSON.
    pub fn render(&self) -> String {
        let room = self.0.iter().map(|(key, json)| key.len() + json.len() + 4).sum::<usize>() + 2;
        let mut map = MapWriter::with_capacity(room);
        for (key, value) in &self.0 {
            map.entry(key, value);
        }
        // It is put together from texts.
        String::from_utf8(map.end()).unwrap_or_default()
    }
}
