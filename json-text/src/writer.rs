//! Writing JSON, entry by entry, and the texts in it.
//!
//! Most of what is written is short. What copies any number of bytes is a call into the host for a module, and takes longer
//! than copying such a text word by word.

use std::fmt;

use crate::block::{Block, SIZE};

/// Longer texts are copied in one piece.
const SHORT: usize = 64;

/// Adds `text` as it is.
fn push_text(to: &mut Vec<u8>, text: &[u8]) {
    to.reserve(text.len());
    if text.len() > SHORT {
        return to.extend_from_slice(text);
    }
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        to.extend_from_slice(word);
    }
    let (halves, rest) = rest.as_chunks::<4>();
    for half in halves {
        to.extend_from_slice(half);
    }
    for byte in rest {
        to.push(*byte);
    }
}

/// Text that is put together from many pieces.
#[derive(Debug, Default)]
pub struct TextWriter(Vec<u8>);

impl TextWriter {
    /// No text, with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// The whole text.
    pub fn end(self) -> String {
        // It is put together from texts.
        String::from_utf8(self.0).unwrap_or_default()
    }
}

impl fmt::Write for TextWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_text(&mut self.0, text.as_bytes());
        Ok(())
    }
}

/// Adds `text` to `json` as a string: as much at a time as needs no escape.
fn push_string(json: &mut Vec<u8>, text: &str) {
    json.reserve(text.len() + 2);
    json.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let behind = push_plain::<SIZE>(json, rest).or_else(|| push_plain::<8>(json, rest));
        rest = behind.unwrap_or_else(|| {
            push_byte(json, first);
            others
        });
    }
    json.push(b'"');
}

/// Adds so many bytes of `text` and returns what is behind them, where none of them needs an escape.
#[inline(always)]
fn push_plain<'a, const BYTES: usize>(json: &mut Vec<u8>, text: &'a [u8]) -> Option<&'a [u8]> {
    let (bytes, rest) = text.split_first_chunk::<BYTES>()?;
    let mut block = [b' '; SIZE];
    *block.first_chunk_mut()? = *bytes;
    if Block::new(&block).special_places() != 0 {
        return None;
    }
    json.extend_from_slice(bytes);
    Some(rest)
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
        push_text(&mut self.0, json.as_bytes());
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

    fn key(&mut self, key: &'static str) {
        self.separate();
        self.0.push(b'"');
        push_text(&mut self.0, key.as_bytes());
        self.0.extend(b"\":");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    /// Pieces of every length up to more than what is copied in one piece.
    #[test]
    fn a_text_is_the_sum_of_its_pieces() {
        let all: String = ('a'..='z').chain("äöü€😀".chars()).cycle().take(90).collect();
        let (mut writer, mut expected) = (TextWriter::default(), String::new());
        for (end, _) in all.char_indices() {
            for start in (0..end).filter(|start| all.is_char_boundary(*start)) {
                write!(writer, "{}-", &all[start..end]).unwrap();
                expected += &all[start..end];
                expected += "-";
            }
        }
        assert!(all.len() > SHORT + 8);
        assert_eq!(writer.end(), expected);
    }
}
