//! Writing JSON, entry by entry.

use crate::reader::special_bytes;

/// Adds `text` to `json` as a string: as much at a time as needs no escape.
fn push_string(json: &mut Vec<u8>, text: &str) {
    json.reserve(text.len() + 2);
    json.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let behind = push_plain::<4>(json, rest).or_else(|| push_plain::<1>(json, rest));
        rest = behind.unwrap_or_else(|| {
            push_byte(json, first);
            others
        });
    }
    json.push(b'"');
}

/// Adds so many words of `text` and returns what is behind them, where none of their bytes needs an escape. Strings are
/// short: a call that copies any number of bytes would take longer.
#[inline(always)]
fn push_plain<'a, const WORDS: usize>(json: &mut Vec<u8>, text: &'a [u8]) -> Option<&'a [u8]> {
    let (words, _) = text.as_chunks::<8>();
    let words = words.first_chunk::<WORDS>()?;
    let marks = words.iter().fold(0, |marks, word| marks | special_bytes(u64::from_le_bytes(*word)));
    if marks != 0 {
        return None;
    }
    json.extend_from_slice(words.as_flattened());
    text.get(words.as_flattened().len()..)
}

#[inline(always)]
fn push_byte(json: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' | b'\\' => json.extend([b'\\', byte]),
        b'\n' => json.extend(b"\\n"),
        0..0x20 => {
            let digit = |digit: u8| if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
            json.extend(b"\\u00");
            json.extend([digit(byte >> 4), digit(byte & 15)]);
        }
        _ => json.push(byte),
    }
}

/// Writes a map, entry by entry. Keys are constants, which are written as they are.
#[derive(Debug)]
pub struct MapWriter(Vec<u8>);

impl MapWriter {
    /// An empty map, with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut json = Vec::with_capacity(bytes);
        json.push(b'{');
        Self(json)
    }

    /// Adds a string.
    #[inline(always)]
    pub fn string(&mut self, key: &'static str, text: &str) {
        self.key(key);
        push_string(&mut self.0, text);
    }

    /// Adds a list of strings.
    pub fn strings<T: AsRef<str>>(&mut self, key: &'static str, texts: &[T]) {
        self.key(key);
        self.0.push(b'[');
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            push_string(&mut self.0, text.as_ref());
        }
        self.0.push(b']');
    }

    /// Adds a value that is JSON already.
    pub fn raw(&mut self, key: &'static str, json: &str) {
        self.key(key);
        self.0.extend_from_slice(json.as_bytes());
    }

    /// Adds a map, whose entries `write` adds.
    pub fn map(&mut self, key: &'static str, write: impl FnOnce(&mut Self)) {
        self.key(key);
        self.0.push(b'{');
        write(self);
        self.0.push(b'}');
    }

    /// The whole map.
    pub fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    /// Adds an entry of any key, whose value is JSON already.
    pub(crate) fn entry(&mut self, key: &str, json: &str) {
        self.separate();
        push_string(&mut self.0, key);
        self.0.push(b':');
        self.0.extend_from_slice(json.as_bytes());
    }

    #[inline(always)]
    fn separate(&mut self) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
    }

    #[inline(always)]
    fn key(&mut self, key: &'static str) {
        self.separate();
        self.0.push(b'"');
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend(b"\":");
    }
}
