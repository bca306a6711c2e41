//! Writing JSON, entry by entry.

use crate::reader::skip_plain;

/// Adds `text` to `json` as a string.
pub(crate) fn push_string(json: &mut String, text: &str) {
    json.reserve(text.len() + 2);
    json.push('"');
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        let end = skip_plain(bytes, at);
        json.push_str(text.get(at..end).unwrap_or_default());
        match bytes.get(end) {
            None => break,
            Some(b'"') => json.push_str("\\\""),
            Some(b'\\') => json.push_str("\\\\"),
            Some(b'\n') => json.push_str("\\n"),
            Some(control) => {
                json.push_str("\\u00");
                for digit in [control >> 4, control & 15] {
                    json.extend(char::from_digit(u32::from(digit), 16));
                }
            }
        }
        at = end + 1;
    }
    json.push('"');
}

/// Writes a map, entry by entry. Keys are constants, which are written as they are.
#[derive(Debug)]
pub struct MapWriter(String);

impl MapWriter {
    /// An empty map, with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut json = String::with_capacity(bytes);
        json.push('{');
        Self(json)
    }

    /// Adds a string.
    pub fn string(&mut self, key: &'static str, text: &str) {
        self.key(key);
        push_string(&mut self.0, text);
    }

    /// Adds a list of strings.
    pub fn strings<T: AsRef<str>>(&mut self, key: &'static str, texts: &[T]) {
        self.key(key);
        self.0.push('[');
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            push_string(&mut self.0, text.as_ref());
        }
        self.0.push(']');
    }

    /// Adds a value that is JSON already.
    pub fn raw(&mut self, key: &'static str, json: &str) {
        self.key(key);
        self.0.push_str(json);
    }

    /// Adds a map, whose entries `write` adds.
    pub fn map(&mut self, key: &'static str, write: impl FnOnce(&mut Self)) {
        self.key(key);
        self.0.push('{');
        write(self);
        self.0.push('}');
    }

    /// The whole map.
    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn key(&mut self, key: &'static str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }
}
