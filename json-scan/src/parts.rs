//! The parts of a list or a map, as far as the text is valid JSON.

use std::ops::Range;

use crate::reader::Reader;

/// The parts of a list or a map, one after another. Where the text is no valid JSON, it may seem to end early.
pub struct Parts<'a> {
    json: &'a str,
    reader: Reader<'a>,
}

impl<'a> Parts<'a> {
    /// The parts of `json`, which begins with the bracket of a list or a map. Anything else has none.
    pub fn new(json: &'a str) -> Self {
        let mut reader = Reader::new(json, u32::MAX);
        if !reader.takes(b'{') && !reader.takes(b'[') {
            reader = Reader::new("", 0);
        }
        Self { json, reader }
    }

    /// The next item of a list.
    pub fn next_item(&mut self) -> Option<&'a str> {
        let item = self.reader.value().ok()?;
        self.reader.takes(b',');
        self.text(item)
    }

    /// The next entry of a map: its key with the quotes, and its value.
    pub fn next_entry(&mut self) -> Option<(&'a str, &'a str)> {
        let key = self.reader.string().ok()?;
        self.reader.expects(b':').ok()?;
        Some((self.text(key)?, self.next_item()?))
    }

    fn text(&self, range: Range<usize>) -> Option<&'a str> {
        self.json.get(range)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;

    /// The same entries and items as serde_json finds, at every depth.
    #[track_caller]
    fn check(json: &str) {
        let mut parts = Parts::new(json);
        if json.starts_with('[') {
            let expected: Vec<&RawValue> = serde_json::from_str(json).unwrap();
            for item in expected {
                assert_eq!(parts.next_item(), Some(item.get()), "{json}");
                check(item.get());
            }
            assert_eq!(parts.next_item(), None, "{json}");
        } else if json.starts_with('{') {
            let expected: Value = serde_json::from_str(json).unwrap();
            let mut found = serde_json::Map::new();
            while let Some((key, value)) = parts.next_entry() {
                check(value);
                found.insert(serde_json::from_str(key).unwrap(), serde_json::from_str(value).unwrap());
            }
            assert_eq!(Value::Object(found), expected, "{json}");
        }
    }

    #[test]
    fn parts_are_those_that_serde_json_finds() {
        for length in 0..40 {
            let text = "x".repeat(length);
            let value = json!({"a": [1, -2.5e3, true, null, text, {}, [[]], "]\\\"["], "\\": {"b\n": {"c": [{"d": text}]}}, "e": ""});
            check(&value.to_string());
            check(&serde_json::to_string_pretty(&value).unwrap());
        }
    }

    #[test]
    fn other_values_have_no_parts() {
        for text in ["", "null", "7", "\"[1]\"", "[]", "{}", "[", "{", "{\"a\"", "{\"a\":"] {
            assert_eq!(Parts::new(text).next_item().filter(|_| !text.starts_with('{')), None, "{text}");
            assert_eq!(Parts::new(text).next_entry(), None, "{text}");
        }
    }
}
