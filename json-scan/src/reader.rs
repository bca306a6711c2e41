//! Reading JSON value by value, by where each of them ends.

use std::borrow::Cow;
use std::ops::Range;

use crate::block::{Block, SIZE};
use crate::scan::starts_with;
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
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        let bytes = self.json.as_bytes();
        self.at = space(bytes, self.at);
        bytes.get(self.at).copied()
    }

    /// Passes over `byte` if it comes next, and says so.
    #[inline]
    pub fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// The string that comes next; nothing where there is none, or it does not end.
    pub fn string(&mut self) -> Option<Text<'a>> {
        let bytes = self.json.as_bytes();
        let start = space(bytes, self.at);
        if bytes.get(start) != Some(&b'"') {
            return None;
        }
        let string = string(bytes, start + 1)?;
        self.at = string.end;
        self.text(start, string)
    }

    fn text(&self, start: usize, StringEnd { end, has_escapes }: StringEnd) -> Option<Text<'a>> {
        Some(Text { json: self.json.get(start..end)?, has_escapes })
    }

    /// The next key of a map of which a part has been read; nothing behind the last one, where the map ends.
    pub fn key(&mut self) -> Option<Text<'a>> {
        let (start, string) = self.passed_key()?;
        self.text(start, string)
    }

    /// The same key, and where it begins.
    #[inline(always)]
    fn passed_key(&mut self) -> Option<(usize, StringEnd)> {
        let bytes = self.json.as_bytes();
        let Some((start, string)) = key(bytes, self.at) else {
            self.takes(b'}');
            return None;
        };
        let colon = space(bytes, string.end);
        self.at = colon + usize::from(bytes.get(colon) == Some(&b':'));
        Some((start, string))
    }

    /// The place among `names` of the next key that is one of them. What other keys have is passed over.
    pub fn field(&mut self, names: &[&str]) -> Option<usize> {
        let bytes = self.json.as_bytes();
        loop {
            let (start, string) = self.passed_key()?;
            let place = if string.has_escapes {
                let key = self.text(start, string)?.read();
                names.iter().position(|name| key.as_deref() == Some(name))
            } else {
                let key = bytes.get(start + 1..string.end - 1)?;
                names.iter().position(|name| name.len() == key.len() && starts_with(key, name.as_bytes()))
            };
            if place.is_some() {
                return place;
            }
            self.at = value(bytes, self.at, self.max_depth)?.1;
        }
    }

    /// The value that comes next; nothing where there is none, or it does not end.
    pub fn value(&mut self) -> Option<&'a str> {
        let (start, end) = value(self.json.as_bytes(), self.at, self.max_depth)?;
        self.at = end;
        self.json.get(start..end)
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
    has_escapes: bool,
}

impl<'a> Text<'a> {
    /// What it says; nothing where that is no text, as half of a surrogate pair is none.
    pub fn read(self) -> Option<Cow<'a, str>> {
        let text = self.json.get(1..self.json.len() - 1)?;
        if self.has_escapes { unescape(text).map(Cow::Owned) } else { Some(Cow::Borrowed(text)) }
    }
}

/// Where a string ends, behind its quote.
struct StringEnd {
    end: usize,
    has_escapes: bool,
}

/// The place behind white space.
#[inline(always)]
pub(crate) fn space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// The string whose quote is passed.
#[inline(always)]
fn string(bytes: &[u8], at: usize) -> Option<StringEnd> {
    let mut end = quote_or_backslash(bytes, at)?;
    let mut has_escapes = false;
    while bytes.get(end) != Some(&b'"') {
        has_escapes = true;
        end = quote_or_backslash(bytes, end + 2)?;
    }
    Some(StringEnd { end: end + 1, has_escapes })
}

/// A key, and where it begins; nothing where the map ends.
#[inline(always)]
fn key(bytes: &[u8], at: usize) -> Option<(usize, StringEnd)> {
    let mut start = space(bytes, at);
    if bytes.get(start) == Some(&b',') {
        start = space(bytes, start + 1);
    }
    if bytes.get(start) != Some(&b'"') {
        return None;
    }
    Some((start, string(bytes, start + 1)?))
}

/// Where the value begins and ends.
#[inline(always)]
fn value(bytes: &[u8], at: usize, max_depth: u32) -> Option<(usize, usize)> {
    let start = space(bytes, at);
    let end = match bytes.get(start)? {
        b'"' => string(bytes, start + 1)?.end,
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
            assert_eq!(key.has_escapes, key.json.contains('\\'), "{json}");
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
    fn fields_are_found_by_their_whole_name() {
        let names = ["name", "namespace", "clusterIPs", "port"];
        let json = r#"{ "names":["name"],"nam":{"name":1}, "\ud800":1,"clusterIP":"x" ,"clusterIPs" : [],"n\u0061me":"y","PORT":2,"port":3}"#;
        let mut reader = Reader::new(json);
        assert!(reader.takes(b'{'));
        let found: Vec<_> = std::iter::from_fn(|| Some((reader.field(&names)?, reader.value()?))).collect();
        assert_eq!(found, [(2, "[]"), (0, "\"y\""), (3, "3")]);
        assert_eq!(
            (reader.peek(), Reader::new("}").field(&names), Reader::new("\"a").field(&names)),
            (None, None, None)
        );
    }

    #[test]
    fn what_does_not_end_is_nothing() {
        for text in ["", " ", "]", "\"", "\"a\\\"", "[", "{\"a\":[}", ":"] {
            assert_eq!(Reader::new(text).value(), None, "{text}");
        }
        assert_eq!(Reader::with_max_depth(&"[".repeat(100), 16).value(), None);
    }
}
