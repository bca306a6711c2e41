//! Reading JSON value by value, by where each of them ends.

use std::borrow::Cow;
use std::ops::Range;

use crate::block::{Block, SIZE};
use crate::skim::skim;
use crate::unescape::unescape;

/// A place in JSON. Only brackets, quotes, colons and commas are looked at: check the syntax before, or parse what is found
/// here afterwards.
#[derive(Debug)]
pub struct Reader<'a> {
    json: &'a str,
    at: usize,
    max_depth: u32,
}

impl<'a> Reader<'a> {
    /// The beginning of a text.
    pub fn new(json: &'a str) -> Self {
        Self::with_max_depth(json, u32::MAX)
    }

    /// The same for a text that is broken where a list or map in it is nested deeper than `max_depth`.
    pub fn with_max_depth(json: &'a str, max_depth: u32) -> Self {
        Self { json, at: 0, max_depth }
    }

    /// The byte that comes next, white space aside.
    pub fn peek(&mut self) -> Option<u8> {
        let bytes = self.json.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Passes over `byte` if it comes next, and says so.
    pub fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// The string that comes next; nothing where there is none, or it does not end.
    pub fn string(&mut self) -> Option<Text<'a>> {
        if !self.takes(b'"') {
            return None;
        }
        let start = self.at;
        let mut has_escapes = false;
        loop {
            self.at = quote_or_backslash(self.json.as_bytes(), self.at)?;
            if self.json.as_bytes().get(self.at) == Some(&b'"') {
                break;
            }
            has_escapes = true;
            self.at += 2;
        }
        self.at += 1;
        let json = self.json.get(start - 1..self.at)?;
        Some(Text { json, plain: json.get(1..json.len() - 1).filter(|_| !has_escapes) })
    }

    /// The value that comes next; nothing where there is none, or it does not end.
    pub fn value(&mut self) -> Option<&'a str> {
        match self.peek()? {
            b'"' => self.string().map(|text| text.json),
            b'{' | b'[' => {
                let container = self.container()?;
                self.json.get(container)
            }
            b'-' | b'0'..=b'9' | b'a'..=b'z' => {
                let start = self.at;
                let bytes = self.json.as_bytes();
                while matches!(bytes.get(self.at), Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E')) {
                    self.at += 1;
                }
                self.json.get(start..self.at)
            }
            _ => None,
        }
    }

    /// The place of the list or map that begins here.
    pub(crate) fn container(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.at = skim(self.json.as_bytes(), start, self.max_depth)?;
        Some(start..self.at)
    }
}

/// A string in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    /// As it stands there, with its quotes.
    pub json: &'a str,
    /// What it says, where it has no escapes.
    pub plain: Option<&'a str>,
}

impl<'a> Text<'a> {
    /// What it says; nothing where that is no text, as half of a surrogate pair is none.
    pub fn read(self) -> Option<Cow<'a, str>> {
        match self.plain {
            Some(plain) => Some(Cow::Borrowed(plain)),
            None => unescape(self.json.get(1..self.json.len() - 1)?).map(Cow::Owned),
        }
    }
}

/// The first place from `at` on where a string may end or have an escape.
fn quote_or_backslash(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(next) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let block = Block::new(next);
        let places = block.places(b'"') | block.places(b'\\');
        if places != 0 {
            return Some(at + places.trailing_zeros() as usize);
        }
        at += SIZE;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).map(|place| at + place)
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;

    fn items(json: &str) -> Vec<&str> {
        let mut reader = Reader::new(json);
        assert!(reader.takes(b'['), "{json}");
        let items = std::iter::from_fn(|| reader.value().inspect(|_| _ = reader.takes(b','))).collect();
        assert!(reader.takes(b']') && reader.peek().is_none(), "{json}");
        items
    }

    fn entries(json: &str) -> Vec<(&str, &str)> {
        let mut reader = Reader::new(json);
        assert!(reader.takes(b'{'), "{json}");
        let mut entries = Vec::new();
        while let Some(key) = reader.string() {
            assert!(reader.takes(b':'), "{json}");
            assert_eq!(key.plain.is_none(), key.json.contains('\\'), "{json}");
            entries.push((key.json, reader.value().unwrap()));
            reader.takes(b',');
        }
        assert!(reader.takes(b'}') && reader.peek().is_none(), "{json}");
        entries
    }

    /// The same entries and items as serde_json finds, at every depth.
    #[track_caller]
    fn check(json: &str) {
        if json.starts_with('[') {
            let expected: Vec<&RawValue> = serde_json::from_str(json).unwrap();
            let found = items(json);
            assert_eq!(found, expected.iter().map(|item| item.get()).collect::<Vec<_>>(), "{json}");
            found.into_iter().for_each(check);
        } else if json.starts_with('{') {
            let expected: Value = serde_json::from_str(json).unwrap();
            let mut found = serde_json::Map::new();
            for (key, value) in entries(json) {
                check(value);
                found.insert(serde_json::from_str(key).unwrap(), serde_json::from_str(value).unwrap());
            }
            assert_eq!(Value::Object(found), expected, "{json}");
        }
    }

    #[test]
    fn values_are_those_that_serde_json_finds() {
        for length in 0..40 {
            let text = "x".repeat(length);
            let value = json!({
                "a": [1, -2.5e3, true, null, text, {}, [[]], "]\\\"["],
                "\\": {"b\n": {"c": [{"d": text}]}},
                "e": "",
            });
            check(&value.to_string());
            check(&serde_json::to_string_pretty(&value).unwrap());
        }
    }

    #[test]
    fn what_does_not_end_is_nothing() {
        for text in ["", " ", "]", "\"", "\"a\\\"", "[", "{\"a\":[}", ":"] {
            assert_eq!(Reader::new(text).value(), None, "{text}");
        }
        assert_eq!(Reader::with_max_depth(&"[".repeat(100), 16).value(), None);
    }
}
