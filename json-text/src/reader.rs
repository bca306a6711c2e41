//! Reading values one after another.
//!
//! What is read is checked in full (RFC 8259), what is passed over as far as its end must be found ([`Reader::skip`]).
//! Nothing is copied but strings with escapes. No text leads to recursion, and no container that is read is deeper than
//! [`MAX_DEPTH`].

use std::borrow::Cow;

use crate::block::{Block, SIZE};
use crate::skim::skim;

/// Containers within containers; serde_json has the same limit, and no Kubernetes object comes near it.
const MAX_DEPTH: u32 = 127;

/// Text that is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {at}")]
pub struct JsonError {
    /// What is wrong.
    pub reason: &'static str,
    /// Where reading stopped, counted from 0.
    pub at: usize,
}

/// What a value is, which its first byte tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// `[…]`
    List,
    /// `{…}`
    Map,
}

/// The only value in `json`, without the white space around it.
///
/// # Errors
/// What is no JSON.
pub fn value(json: &str) -> Result<&str, JsonError> {
    whole(json, Reader::value)
}

/// The string that `json` is.
///
/// # Errors
/// What is no string.
pub fn string(json: &str) -> Result<Cow<'_, str>, JsonError> {
    whole(json, Reader::string)
}

/// The texts of the items of the list that `json` is.
///
/// # Errors
/// What is no list.
pub fn items(json: &str) -> Result<Vec<&str>, JsonError> {
    whole(json, |reader| {
        if !reader.opens(ValueKind::List)? {
            return Err(JsonError { reason: "no list", at: reader.at });
        }
        let mut items = Vec::new();
        while reader.has_item()? {
            items.push(reader.value()?);
        }
        Ok(items)
    })
}

/// What `read` makes of the only value in `json`.
///
/// # Errors
/// Those of `read`, and anything behind the value.
pub fn whole<'a, T>(json: &'a str, read: impl FnOnce(&mut Reader<'a>) -> Result<T, JsonError>) -> Result<T, JsonError> {
    let mut reader = Reader::new(json);
    let value = read(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// A place in JSON text, from which values are read one after another.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// How many containers are open.
    depth: u32,
    /// Whether the innermost has just been opened.
    is_first: bool,
}

impl<'a> Reader<'a> {
    /// The start of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, is_first: false }
    }

    /// What the next value is, if it is one at all.
    ///
    /// # Errors
    /// The end of the text, and bytes with which no value begins.
    pub fn kind(&mut self) -> Result<ValueKind, JsonError> {
        Ok(match self.bytes().get(self.at) {
            Some(b'"') => ValueKind::String,
            Some(b'{') => ValueKind::Map,
            Some(b'[') => ValueKind::List,
            Some(b'-' | b'0'..=b'9') => ValueKind::Number,
            Some(b't' | b'f') => ValueKind::Bool,
            Some(b'n') => ValueKind::Null,
            _ => return self.kind_behind_space(),
        })
    }

    #[cold]
    fn kind_behind_space(&mut self) -> Result<ValueKind, JsonError> {
        self.at = skip_needed_space(self.bytes(), self.at)?;
        self.kind()
    }

    /// Reads any value, checks it in full, and returns its text.
    ///
    /// # Errors
    /// What is no JSON.
    pub fn value(&mut self) -> Result<&'a str, JsonError> {
        let start = skip_space(self.bytes(), self.at);
        self.at = skip_value(self.bytes(), start, self.depth)?;
        Ok(self.slice(start, self.at))
    }

    /// Passes over any value. Lists and maps are not checked but for where they end: what people write themselves is for
    /// [`Reader::value`].
    ///
    /// # Errors
    /// A list or a map that does not end or is too deep; anything else that is no JSON.
    #[inline(always)]
    pub fn skip(&mut self) -> Result<(), JsonError> {
        let bytes = self.bytes();
        self.at = match bytes.get(self.at) {
            Some(b'"') => skip_string(bytes, self.at + 1)?,
            Some(b'{' | b'[') => skim(bytes, self.at, MAX_DEPTH - self.depth)?,
            _ => skip_value(bytes, self.at, self.depth)?,
        };
        Ok(())
    }

    /// Reads a string.
    ///
    /// # Errors
    /// What is no string; a `\u` escape of half a character.
    #[inline(always)]
    pub fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        let bytes = self.bytes();
        let start = expect(bytes, self.at, b'"')?;
        let end = skip_plain(bytes, start);
        if bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(Cow::Borrowed(self.slice(start, end)));
        }
        self.escaped_string(start).map(Cow::Owned)
    }

    /// Whether a list or a map comes next, whichever `kind` says, which is open then.
    ///
    /// # Errors
    /// One that is too deep; what is no value at all.
    pub fn opens(&mut self, kind: ValueKind) -> Result<bool, JsonError> {
        if self.kind()? != kind || !matches!(kind, ValueKind::List | ValueKind::Map) {
            return Ok(false);
        }
        if self.depth == MAX_DEPTH {
            return too_deep(self.at);
        }
        (self.at, self.depth, self.is_first) = (self.at + 1, self.depth + 1, true);
        Ok(true)
    }

    /// Whether the list that was opened last has another item, which is read next. Else it is closed.
    ///
    /// # Errors
    /// What can neither come before an item nor end a list.
    #[inline(always)]
    pub fn has_item(&mut self) -> Result<bool, JsonError> {
        self.has_entry(b']')
    }

    /// The next key of the map that was opened last, whose value is read next; else it is closed.
    ///
    /// # Errors
    /// What can neither come before a key nor end a map.
    #[inline(always)]
    pub fn key(&mut self) -> Result<Option<Cow<'a, str>>, JsonError> {
        if !self.has_entry(b'}')? {
            return Ok(None);
        }
        let key = self.string()?;
        self.at = expect(self.bytes(), self.at, b':')?;
        Ok(Some(key))
    }

    #[inline(always)]
    fn has_entry(&mut self, end: u8) -> Result<bool, JsonError> {
        let bytes = self.bytes();
        let is_first = std::mem::take(&mut self.is_first);
        match bytes.get(self.at) {
            Some(b',') if !is_first => self.at += 1,
            Some(byte) if *byte == end => {
                (self.at, self.depth) = (self.at + 1, self.depth.saturating_sub(1));
                return Ok(false);
            }
            Some(byte) if is_first && *byte > b' ' => {}
            _ => return self.has_entry_behind_space(end, is_first),
        }
        Ok(true)
    }

    #[cold]
    fn has_entry_behind_space(&mut self, end: u8, is_first: bool) -> Result<bool, JsonError> {
        (self.at, self.is_first) = (skip_needed_space(self.bytes(), self.at)?, is_first);
        self.has_entry(end)
    }

    /// The text of the value that was read since `start`.
    pub fn since(&self, start: &Self) -> &'a str {
        self.slice(skip_space(self.bytes(), start.at), self.at)
    }

    /// Sees to it that nothing else follows.
    ///
    /// # Errors
    /// Anything else.
    pub fn end(&mut self) -> Result<(), JsonError> {
        let at = skip_space(self.bytes(), self.at);
        if at == self.text.len() { Ok(()) } else { Err(JsonError { reason: "trailing characters", at }) }
    }

    fn escaped_string(&mut self, start: usize) -> Result<String, JsonError> {
        let bytes = self.bytes();
        let mut text = String::new();
        let mut at = start;
        loop {
            let end = skip_plain(bytes, at);
            text.push_str(self.slice(at, end));
            at = end + 1;
            match bytes.get(end) {
                Some(b'"') => {
                    self.at = at;
                    return Ok(text);
                }
                Some(b'\\') => {
                    let c;
                    (c, at) = escaped(bytes, at)?;
                    text.push(c);
                }
                _ => return unexpected(bytes, end),
            }
        }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// The text between two ASCII characters, or ends of the text.
    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }
}

/// The place behind the value at `at`, in so many containers. The containers in it are known by a bit each, the innermost
/// lowest: whether it is a map.
fn skip_value(bytes: &[u8], mut at: usize, outer: u32) -> Result<usize, JsonError> {
    let (mut depth, mut maps) = (outer, 0_u128);
    loop {
        let mut is_opened = false;
        match bytes.get(at) {
            Some(b'"') => at = skip_string(bytes, at + 1)?,
            Some(b'{' | b'[') if depth == MAX_DEPTH => return too_deep(at),
            Some(bracket @ (b'{' | b'[')) => {
                (depth, maps) = (depth + 1, maps << 1 | u128::from(*bracket == b'{'));
                (at, is_opened) = (at + 1, true);
            }
            Some(b'-' | b'0'..=b'9') => at = skip_number(bytes, at)?,
            Some(b't') => at = skip_word(bytes, at, b"true")?,
            Some(b'f') => at = skip_word(bytes, at, b"false")?,
            Some(b'n') => at = skip_word(bytes, at, b"null")?,
            _ => {
                at = skip_needed_space(bytes, at)?;
                continue;
            }
        }
        // What has been read may be the last of its container, and that the last of its own.
        loop {
            if depth == outer {
                return Ok(at);
            }
            match bytes.get(at) {
                Some(b',') if !is_opened => {
                    at += 1;
                    break;
                }
                Some(b'}') if maps & 1 == 1 => {}
                Some(b']') if maps & 1 == 0 => {}
                Some(byte) if is_opened && *byte > b' ' => break,
                _ => {
                    at = skip_needed_space(bytes, at)?;
                    continue;
                }
            }
            (at, depth, maps, is_opened) = (at + 1, depth - 1, maps >> 1, false);
        }
        if maps & 1 == 1 {
            at = skip_string(bytes, expect(bytes, at, b'"')?)?;
            at = expect(bytes, at, b':')?;
        }
    }
}

/// The place of the next byte that is no white space. A host writes none, so that everything else looks for what it
/// expects first, and for white space only where that does not stand there.
fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The same where something else than white space would be an error.
#[cold]
fn skip_needed_space(bytes: &[u8], at: usize) -> Result<usize, JsonError> {
    let behind = skip_space(bytes, at);
    if behind == at { unexpected(bytes, at) } else { Ok(behind) }
}

/// The place behind `byte`, which comes next.
#[inline(always)]
fn expect(bytes: &[u8], at: usize, byte: u8) -> Result<usize, JsonError> {
    if bytes.get(at) == Some(&byte) { Ok(at + 1) } else { expect_behind_space(bytes, at, byte) }
}

#[cold]
fn expect_behind_space(bytes: &[u8], at: usize, byte: u8) -> Result<usize, JsonError> {
    let at = skip_space(bytes, at);
    if bytes.get(at) == Some(&byte) { Ok(at + 1) } else { unexpected(bytes, at) }
}

/// The place of the next byte that is not simply text of a string: its end, an escape, a control character.
#[inline(always)]
fn skip_plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(next) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let places = Block::new(next).special_places();
        if places != 0 {
            return at + places.trailing_zeros() as usize;
        }
        at += SIZE;
    }
    while bytes.get(at).is_some_and(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\') {
        at += 1;
    }
    at
}

/// The place behind the string whose text begins at `at`.
#[inline(always)]
fn skip_string(bytes: &[u8], mut at: usize) -> Result<usize, JsonError> {
    loop {
        at = skip_plain(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = skip_escape(bytes, at + 1)?,
            _ => return unexpected(bytes, at),
        }
    }
}

/// The place behind the escape whose backslash stands before `at`.
fn skip_escape(bytes: &[u8], at: usize) -> Result<usize, JsonError> {
    match bytes.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 1),
        Some(b'u') => hex(bytes, at + 1).map(|(_, at)| at),
        _ => unexpected(bytes, at),
    }
}

/// The character of the escape whose backslash stands before `at`, and the place behind it.
fn escaped(bytes: &[u8], at: usize) -> Result<(char, usize), JsonError> {
    let c = match bytes.get(at) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(same @ (b'"' | b'\\' | b'/')) => char::from(*same),
        Some(b'u') => return unicode(bytes, at + 1),
        _ => return unexpected(bytes, at),
    };
    Ok((c, at + 1))
}

/// The character of the four digits behind `\u`, and of a second escape where those are but its first half.
fn unicode(bytes: &[u8], at: usize) -> Result<(char, usize), JsonError> {
    let (first, mut at) = hex(bytes, at)?;
    let mut second = None;
    if (0xd800..0xdc00).contains(&first) && bytes.get(at..).is_some_and(|rest| rest.starts_with(b"\\u")) {
        let unit;
        (unit, at) = hex(bytes, at + 2)?;
        second = Some(unit);
    }
    match char::decode_utf16(std::iter::once(first).chain(second)).next() {
        Some(Ok(c)) => Ok((c, at)),
        _ => Err(JsonError { reason: "half a character", at }),
    }
}

fn hex(bytes: &[u8], at: usize) -> Result<(u16, usize), JsonError> {
    let mut unit = 0;
    for at in at..at + 4 {
        match bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16)) {
            Some(digit) => unit = unit << 4 | digit as u16,
            None => return unexpected(bytes, at),
        }
    }
    Ok((unit, at + 4))
}

fn skip_number(bytes: &[u8], mut at: usize) -> Result<usize, JsonError> {
    let is_any_of = |at: usize, of: &[u8]| bytes.get(at).is_some_and(|byte| of.contains(byte));
    if is_any_of(at, b"-") {
        at += 1;
    }
    at = if is_any_of(at, b"0") { at + 1 } else { skip_digits(bytes, at)? };
    if is_any_of(at, b".") {
        at = skip_digits(bytes, at + 1)?;
    }
    if is_any_of(at, b"eE") {
        at += 1;
        if is_any_of(at, b"+-") {
            at += 1;
        }
        at = skip_digits(bytes, at)?;
    }
    Ok(at)
}

fn skip_digits(bytes: &[u8], start: usize) -> Result<usize, JsonError> {
    let mut at = start;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    if at == start { unexpected(bytes, at) } else { Ok(at) }
}

fn skip_word(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize, JsonError> {
    if bytes.get(at..).is_some_and(|rest| rest.starts_with(word)) { Ok(at + word.len()) } else { unexpected(bytes, at) }
}

#[cold]
pub fn too_deep<T>(at: usize) -> Result<T, JsonError> {
    Err(JsonError { reason: "nested too deeply", at })
}

#[cold]
pub fn unexpected<T>(bytes: &[u8], at: usize) -> Result<T, JsonError> {
    Err(JsonError { reason: if at < bytes.len() { "unexpected character" } else { "unexpected end" }, at })
}
