//! The items of a list that an API server wrote, as ranges of its text.

use std::ops::Range;

use crate::skim::skim;

/// How deep an item may be nested: serde_json's own limit for what it parses.
const MAX_DEPTH: u32 = 127;

/// Text that is no list of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListError {
    /// There is no `items` at the top.
    NoItems,
    /// `items` is no list, or holds something that is no object.
    NoObjects,
    /// The text ends too early, is nested too deeply, or is no JSON where it was looked at.
    Broken,
}

/// Where the objects in `items` of a Kubernetes list are. The text of an object is not checked: parse it before use.
///
/// # Errors
/// A text that is no such list, as far as that is visible without parsing the items.
pub fn items(json: &str) -> Result<Vec<Range<usize>>, ListError> {
    let mut reader = Reader { bytes: json.as_bytes(), at: 0 };
    if !reader.takes(b'{') {
        return Err(ListError::NoItems);
    }
    let mut found = None;
    while !reader.takes(b'}') {
        let key = reader.string()?;
        reader.expects(b':')?;
        if json.get(key) == Some("\"items\"") {
            found = Some(reader.objects()?);
        } else {
            reader.value()?;
        }
        if !reader.takes(b',') {
            reader.expects(b'}')?;
            break;
        }
    }
    reader.skip_space();
    if reader.at != json.len() {
        return Err(ListError::Broken);
    }
    found.ok_or(ListError::NoItems)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn next(&mut self) -> Option<u8> {
        self.skip_space();
        self.bytes.get(self.at).copied()
    }

    fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.next() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expects(&mut self, byte: u8) -> Result<(), ListError> {
        if self.takes(byte) { Ok(()) } else { Err(ListError::Broken) }
    }

    /// A string, with its quotes.
    fn string(&mut self) -> Result<Range<usize>, ListError> {
        self.expects(b'"')?;
        let start = self.at - 1;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return Err(ListError::Broken),
            }
        }
        self.at += 1;
        Ok(start..self.at)
    }

    fn container(&mut self) -> Result<Range<usize>, ListError> {
        let start = self.at;
        self.at = skim(self.bytes, start, MAX_DEPTH).ok_or(ListError::Broken)?;
        Ok(start..self.at)
    }

    fn value(&mut self) -> Result<(), ListError> {
        match self.next() {
            Some(b'"') => self.string().map(|_| ()),
            Some(b'{' | b'[') => self.container().map(|_| ()),
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                while matches!(self.bytes.get(self.at), Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E')) {
                    self.at += 1;
                }
                Ok(())
            }
            _ => Err(ListError::Broken),
        }
    }

    fn objects(&mut self) -> Result<Vec<Range<usize>>, ListError> {
        if !self.takes(b'[') {
            return Err(ListError::NoObjects);
        }
        let mut objects = Vec::new();
        if self.takes(b']') {
            return Ok(objects);
        }
        loop {
            if self.next() != Some(b'{') {
                return Err(ListError::NoObjects);
            }
            objects.push(self.container()?);
            if !self.takes(b',') {
                self.expects(b']')?;
                return Ok(objects);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(list: &Value) {
        let expected = list["items"].as_array().unwrap();
        for text in [list.to_string(), serde_json::to_string_pretty(list).unwrap()] {
            let found = items(&text).unwrap();
            let found: Vec<Value> = found.into_iter().map(|item| serde_json::from_str(&text[item]).unwrap()).collect();
            assert_eq!(&found, expected, "{text}");
        }
    }

    #[test]
    fn items_are_found_like_serde_json_finds_them() {
        check(&json!({"items": []}));
        check(
            &json!({"kind": "List", "metadata": {"items": [1]}, "items": [{"a": "}]\\\"{["}, {"b": [[{}], 1.5e3, null]}], "z": true}),
        );
        for length in 0..40 {
            check(&json!({"items": [{"name": "x".repeat(length)}, {"\\": "\"\\"}, {"list": [[], [{}]]}], "n": -1}));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, error) in [
            ("", ListError::NoItems),
            ("null", ListError::NoItems),
            ("[]", ListError::NoItems),
            ("{}", ListError::NoItems),
            (r#"{"kind":"Status"}"#, ListError::NoItems),
            (r#"{"items":null}"#, ListError::NoObjects),
            (r#"{"items":[null]}"#, ListError::NoObjects),
            (r#"{"items":[[]]}"#, ListError::NoObjects),
            (r#"{"items":[{}"#, ListError::Broken),
            (r#"{"items":[{}]"#, ListError::Broken),
            (r#"{"items":[{}]}x"#, ListError::Broken),
            (r#"{"items":[{"a":"#, ListError::Broken),
            (r#"{"items"#, ListError::Broken),
        ] {
            assert_eq!(items(text), Err(error), "{text}");
        }
        let deep = format!(r#"{{"items":[{{"a":{}{}}}]}}"#, "[".repeat(1000), "]".repeat(1000));
        assert_eq!(items(&deep), Err(ListError::Broken));
    }
}
