//! Reading JSON value by value, by where each of them ends.

use std::ops::Range;

use crate::skim::skim;

/// A place in JSON.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    max_depth: u32,
}

/// The text ends too early, is nested too deeply, or is no JSON where it was looked at.
pub struct Broken;

impl<'a> Reader<'a> {
    /// The beginning of a text, of which a list or map may be nested `max_depth` deep.
    pub fn new(json: &'a str, max_depth: u32) -> Self {
        Self { bytes: json.as_bytes(), at: 0, max_depth }
    }

    /// Whether nothing but white space is left.
    pub fn is_at_end(&mut self) -> bool {
        self.next().is_none()
    }

    /// The byte that comes next, white space aside.
    pub fn next(&mut self) -> Option<u8> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    /// Passes over `byte` if it comes next, and says so.
    pub fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.next() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes over `byte`.
    pub fn expects(&mut self, byte: u8) -> Result<(), Broken> {
        if self.takes(byte) { Ok(()) } else { Err(Broken) }
    }

    /// A string, with its quotes.
    pub fn string(&mut self) -> Result<Range<usize>, Broken> {
        self.expects(b'"')?;
        let start = self.at - 1;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return Err(Broken),
            }
        }
        self.at += 1;
        Ok(start..self.at)
    }

    /// The list or map that begins here.
    pub fn container(&mut self) -> Result<Range<usize>, Broken> {
        let start = self.at;
        self.at = skim(self.bytes, start, self.max_depth).ok_or(Broken)?;
        Ok(start..self.at)
    }

    /// A value of any type.
    pub fn value(&mut self) -> Result<Range<usize>, Broken> {
        match self.next() {
            Some(b'"') => self.string(),
            Some(b'{' | b'[') => self.container(),
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                let start = self.at;
                while matches!(self.bytes.get(self.at), Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E')) {
                    self.at += 1;
                }
                Ok(start..self.at)
            }
            _ => Err(Broken),
        }
    }
}
