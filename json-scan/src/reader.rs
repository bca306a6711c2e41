//! Reading JSON value by value, by where each of them ends.

use std::ops::Range;

use crate::block::{Block, SIZE};
use crate::skim::skim;

/// A place in JSON. Only brackets, quotes, colons and commas are looked at: the syntax is checked where what is found here
/// is read.
#[derive(Debug)]
pub struct Reader<'a> {
    json: &'a str,
    at: usize,
    max_depth: u32,
}

impl<'a> Reader<'a> {
    /// The beginning of a text, which is broken where a list or map in it is nested deeper than `max_depth`.
    pub fn new(json: &'a str, max_depth: u32) -> Self {
        Self { json, at: 0, max_depth }
    }

    /// The byte that comes next, white space aside.
    pub fn peek(&mut self) -> Option<u8> {
        let bytes = self.json.as_bytes();
        self.at = space(bytes, self.at);
        bytes.get(self.at).copied()
    }

    /// Passes over `byte` if it comes next, and says so.
    pub fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// The string that comes next, with its quotes; nothing where there is none, or it does not end.
    pub fn string(&mut self) -> Option<&'a str> {
        if self.peek() == Some(b'"') { self.value() } else { None }
    }

    /// The value that comes next; nothing where there is none, or it does not end.
    pub fn value(&mut self) -> Option<&'a str> {
        let (start, end) = value(self.json.as_bytes(), self.at, self.max_depth)?;
        self.at = end;
        self.json.get(start..end)
    }

    /// The place of the list or map that begins here.
    pub fn container(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.at = skim(self.json.as_bytes(), start, self.max_depth)?;
        Some(start..self.at)
    }
}

/// The place behind white space, of which there is none, mostly.
#[inline(always)]
pub(crate) fn space(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at).is_some_and(|byte| *byte <= b' ') { behind_space(bytes, at) } else { at }
}

#[cold]
#[inline(never)]
fn behind_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// The place behind the string whose quote is passed.
#[inline(always)]
fn string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = quote_or_backslash(bytes, at)?;
    while bytes.get(end) != Some(&b'"') {
        end = quote_or_backslash(bytes, end + 2)?;
    }
    Some(end + 1)
}

/// Where the value begins and ends.
#[inline(always)]
fn value(bytes: &[u8], at: usize, max_depth: u32) -> Option<(usize, usize)> {
    let start = space(bytes, at);
    let end = match bytes.get(start)? {
        b'"' => string(bytes, start + 1)?,
        b'{' | b'[' => skim(bytes, start, max_depth)?,
        b'-' | b'0'..=b'9' | b'a'..=b'z' => {
            let mut end = start;
            while matches!(bytes.get(end), Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E')) {
                end += 1;
            }
            end
        }
        _ => return None,
    };
    Some((start, end))
}

/// The first place from `at` on where a string may end or have an escape.
#[inline(always)]
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
        let mut reader = Reader::new(json, u32::MAX);
        assert!(reader.takes(b'['), "{json}");
        let items = std::iter::from_fn(|| reader.value().inspect(|_| _ = reader.takes(b','))).collect();
        assert!(reader.takes(b']') && reader.peek().is_none(), "{json}");
        items
    }

    fn entries(json: &str) -> Vec<(&str, &str)> {
        let mut reader = Reader::new(json, u32::MAX);
        assert!(reader.takes(b'{'), "{json}");
        let mut entries = Vec::new();
        while let Some(key) = reader.string() {
            assert!(reader.takes(b':'), "{json}");
            entries.push((key, reader.value().unwrap()));
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
            assert_eq!(Reader::new(text, u32::MAX).value(), None, "{text}");
        }
        assert_eq!(Reader::new(&"[".repeat(100), 16).value(), None);
    }
}
