//! Reading values one after another.
//!
//! The text is checked in full (RFC 8259), and nothing is copied but strings with escapes. No text leads to recursion, and
//! no container is deeper than [`MAX_DEPTH`].

use std::borrow::Cow;

use crate::scan::{ONES, below};

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
        if reader.kind()? != ValueKind::List {
            return Err(JsonError { reason: "no list", at: reader.at });
        }
        reader.open()?;
        let mut items = Vec::new();
        while reader.has_entry()? {
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
    open: Open,
}

/// The containers that are open.
#[derive(Debug, Clone, Copy, Default)]
struct Open {
    depth: u32,
    /// Whether they are maps, a bit each, the innermost lowest.
    maps: u128,
    /// Whether the innermost has just been opened.
    is_first: bool,
}

impl<'a> Reader<'a> {
    /// The start of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, open: Open::default() }
    }

    /// What the next value is, if it is one at all.
    ///
    /// # Errors
    /// The end of the text, and bytes with which no value begins.
    pub fn kind(&mut self) -> Result<ValueKind, JsonError> {
        self.at = skip_space(self.bytes(), self.at);
        Ok(match self.bytes().get(self.at) {
            Some(b'"') => ValueKind::String,
            Some(b'{') => ValueKind::Map,
            Some(b'[') => ValueKind::List,
            Some(b'-' | b'0'..=b'9') => ValueKind::Number,
            Some(b't' | b'f') => ValueKind::Bool,
            Some(b'n') => ValueKind::Null,
            _ => return unexpected(self.bytes(), self.at),
        })
    }

    /// Reads any value, and returns its text.
    ///
    /// # Errors
    /// What is no JSON.
    pub fn value(&mut self) -> Result<&'a str, JsonError> {
        let start = skip_space(self.bytes(), self.at);
        self.skip()?;
        Ok(self.slice(start, self.at))
    }

    /// Reads any value, of which nothing is wanted.
    ///
    /// # Errors
    /// What is no JSON.
    pub fn skip(&mut self) -> Result<(), JsonError> {
        let bytes = self.bytes();
        let mut at = skip_space(bytes, self.at);
        if bytes.get(at) == Some(&b'"') {
            self.at = skip_string(bytes, at + 1)?;
            return Ok(());
        }
        let mut open = self.open;
        loop {
            at = skip_space(bytes, at);
            match bytes.get(at) {
                Some(b'"') => at = skip_string(bytes, at + 1)?,
                Some(bracket @ (b'{' | b'[')) => at = open.begin(at, *bracket)?,
                Some(b'-' | b'0'..=b'9') => at = skip_number(bytes, at)?,
                Some(b't') => at = skip_word(bytes, at, b"true")?,
                Some(b'f') => at = skip_word(bytes, at, b"false")?,
                Some(b'n') => at = skip_word(bytes, at, b"null")?,
                _ => return unexpected(bytes, at),
            }
            // What has been read may be the last of its container, and that the last of its own.
            loop {
                if open.depth == self.open.depth {
                    self.at = at;
                    return Ok(());
                }
                let next = open.next(bytes, at)?;
                at = next.at;
                if next.is_entry {
                    break;
                }
            }
            if open.is_map() {
                at = expect(bytes, skip_space(bytes, at), b'"')?;
                at = skip_string(bytes, at)?;
                at = expect(bytes, skip_space(bytes, at), b':')?;
            }
        }
    }

    /// Reads a string.
    ///
    /// # Errors
    /// What is no string; a `\u` escape of half a character.
    #[inline(always)]
    pub fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        let bytes = self.bytes();
        let start = expect(bytes, skip_space(bytes, self.at), b'"')?;
        let end = skip_plain(bytes, start);
        if bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(Cow::Borrowed(self.slice(start, end)));
        }
        self.escaped_string(start).map(Cow::Owned)
    }

    /// Opens the list or map that comes next.
    ///
    /// # Errors
    /// One that is too deep; what is neither.
    pub fn open(&mut self) -> Result<(), JsonError> {
        let at = skip_space(self.bytes(), self.at);
        match self.bytes().get(at) {
            Some(bracket @ (b'{' | b'[')) => self.at = self.open.begin(at, *bracket)?,
            _ => return unexpected(self.bytes(), at),
        }
        Ok(())
    }

    /// Whether the innermost container has another entry, which is read next: an item, or a key. Else it is closed.
    ///
    /// # Errors
    /// What can neither come before an entry nor end the container.
    #[inline(always)]
    pub fn has_entry(&mut self) -> Result<bool, JsonError> {
        let next = self.open.next(self.bytes(), self.at)?;
        self.at = next.at;
        Ok(next.is_entry)
    }

    /// The next key of the innermost map, whose value is read next; else it is closed.
    ///
    /// # Errors
    /// What can neither come before a key nor end a map.
    pub fn key(&mut self) -> Result<Option<Cow<'a, str>>, JsonError> {
        if !self.has_entry()? {
            return Ok(None);
        }
        let key = self.string()?;
        self.at = expect(self.bytes(), skip_space(self.bytes(), self.at), b':')?;
        Ok(Some(key))
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

/// Where reading goes on in a container.
struct Next {
    at: usize,
    /// Whether there is another entry; else the container is closed.
    is_entry: bool,
}

impl Open {
    fn is_map(self) -> bool {
        self.maps & 1 == 1
    }

    #[inline(always)]
    fn begin(&mut self, at: usize, bracket: u8) -> Result<usize, JsonError> {
        if self.depth == MAX_DEPTH {
            return Err(JsonError { reason: "nested too deeply", at });
        }
        *self = Self { depth: self.depth + 1, maps: self.maps << 1 | u128::from(bracket == b'{'), is_first: true };
        Ok(at + 1)
    }

    #[inline(always)]
    fn next(&mut self, bytes: &[u8], at: usize) -> Result<Next, JsonError> {
        let is_first = std::mem::take(&mut self.is_first);
        let at = skip_space(bytes, at);
        match bytes.get(at) {
            Some(b'}') if self.is_map() => {}
            Some(b']') if !self.is_map() => {}
            Some(_) if is_first => return Ok(Next { at, is_entry: true }),
            Some(b',') => return Ok(Next { at: at + 1, is_entry: true }),
            _ => return unexpected(bytes, at),
        }
        self.depth = self.depth.saturating_sub(1);
        self.maps >>= 1;
        Ok(Next { at: at + 1, is_entry: false })
    }
}

/// The place of the next byte that is no white space. A host writes none, and a loop costs something even where it ends
/// at once: the host counts the time in each.
#[inline(always)]
fn skip_space(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b' ' | b'\n' | b'\r' | b'\t') => skip_some_space(bytes, at),
        _ => at,
    }
}

#[cold]
fn skip_some_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

#[inline(always)]
fn expect(bytes: &[u8], at: usize, byte: u8) -> Result<usize, JsonError> {
    if bytes.get(at) == Some(&byte) { Ok(at + 1) } else { unexpected(bytes, at) }
}

/// The place of the next byte that is not simply text of a string: its end, an escape, a control character. Eight bytes
/// at a time: the lowest mark is right, others may be wrong.
#[inline(always)]
fn skip_plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(next) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let marks = special_bytes(u64::from_le_bytes(*next));
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\') {
        at += 1;
    }
    at
}

/// Marks the bytes of a word that are a quote, a backslash or a control character, and perhaps others behind one.
#[inline(always)]
pub(crate) fn special_bytes(word: u64) -> u64 {
    let is_quote = below(word ^ (ONES * u64::from(b'"')), 1);
    let is_escape = below(word ^ (ONES * u64::from(b'\\')), 1);
    below(word, 0x20) | is_quote | is_escape
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
fn unexpected<T>(bytes: &[u8], at: usize) -> Result<T, JsonError> {
    Err(JsonError { reason: if at < bytes.len() { "unexpected character" } else { "unexpected end" }, at })
}
