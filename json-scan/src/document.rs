//! JSON whose syntax is checked, and where each of its parts is.

use std::borrow::Cow;
use std::num::NonZero;
use std::ops::Range;

use serde::de::Error;
use serde_json::value::RawValue;

use crate::block::{Block, SIZE};
use crate::reader::space;
use crate::scan::are_equal;
use crate::unescape::unescape;

/// The bytes of a text that is read: a place in it has 29 bits.
const MAX_SIZE: usize = 1 << 29;

/// One JSON value, whose syntax is checked. What is in it is found without looking at the text once more.
#[derive(Debug)]
pub struct Document<'a> {
    text: &'a str,
    tokens: Vec<Token>,
}

/// A string, number, boolean or `null`, or the beginning of a list or map. A list or map has those of all that is in it
/// behind it, and then one for its closing bracket.
#[derive(Debug, Clone, Copy)]
struct Token {
    /// Where it begins in the text.
    start: u32,
    /// Where it ends; for a list or map, the place of the token of its closing bracket. The upper bits say what it is.
    end: u32,
}

/// There is room for so many tokens from the beginning, at most.
const MAX_FIRST_TOKENS: usize = 1 << 12;

/// The bit of the end of a list or map.
const HAS_PARTS: u32 = 1 << 31;
/// The bit of the end of a string.
const IS_STRING: u32 = 1 << 30;
/// The bit of the end of a string with escapes.
const HAS_ESCAPES: u32 = 1 << 29;
/// The bits of the end itself.
const END: u32 = HAS_ESCAPES - 1;
/// Stands for the place of a list or map, where none is open.
const NOWHERE: u32 = u32::MAX;

impl<'a> Document<'a> {
    /// The document `null`.
    pub const NULL: Document<'static> = Document { text: "null", tokens: Vec::new() };

    /// Checks the syntax of a text. It may be nested without limit, and have white space around it.
    ///
    /// # Errors
    /// Text that is no JSON, or has half a gigabyte.
    pub fn parse(text: &'a str) -> serde_json::Result<Self> {
        if let Some(tokens) = tokens(text.as_bytes()) {
            return Ok(Self { text, tokens });
        }
        // serde_json says what is wrong, and where.
        let error = serde_json::from_str::<&RawValue>(text).err();
        Err(error.unwrap_or_else(|| serde_json::Error::custom("cannot be read")))
    }

    /// The value.
    pub fn value(&self) -> Value<'_> {
        self.at(0)
    }

    /// The value at a place.
    #[inline]
    pub fn at(&self, place: usize) -> Value<'_> {
        Value { document: self, place }
    }

    /// What begins at a place; all of the document `null` has no token.
    #[inline(always)]
    fn token(&self, place: usize) -> Token {
        self.tokens.get(place).copied().unwrap_or(Token { start: 0, end: self.text.len() as u32 })
    }
}

impl Token {
    /// The place of the closing bracket, where it has one.
    #[inline(always)]
    fn closing(self) -> Option<usize> {
        if self.end & HAS_PARTS == 0 { None } else { Some((self.end & !HAS_PARTS) as usize) }
    }

    /// The text of a string, between its quotes.
    #[inline(always)]
    fn inside(self) -> Range<usize> {
        self.start as usize + 1..(self.end & END) as usize - 1
    }
}

/// A value in a document.
#[derive(Debug, Clone, Copy)]
pub struct Value<'d> {
    document: &'d Document<'d>,
    place: usize,
}

impl<'d> Value<'d> {
    /// The document `null`.
    pub const NULL: Value<'static> = Value { document: &Document::NULL, place: 0 };

    /// The document.
    pub fn document(self) -> &'d Document<'d> {
        self.document
    }

    /// Its place in the document.
    pub fn place(self) -> usize {
        self.place
    }

    /// Its text.
    pub fn text(self) -> &'d str {
        let token = self.document.token(self.place);
        let end = match token.closing() {
            Some(closing) => self.document.token(closing).end,
            None => token.end & END,
        };
        self.document.text.get(token.start as usize..end as usize).unwrap_or_default()
    }

    /// The byte that it begins with, which tells its type.
    #[inline]
    pub fn first_byte(self) -> u8 {
        let start = self.document.token(self.place).start;
        self.document.text.as_bytes().get(start as usize).copied().unwrap_or_default()
    }

    /// The string that it is.
    pub fn string(self) -> Option<Text<'d>> {
        let token = self.document.token(self.place);
        if token.end & (HAS_PARTS | IS_STRING) != IS_STRING {
            return None;
        }
        let text = self.document.text.get(token.inside())?;
        Some(Text { text, has_escapes: token.end & HAS_ESCAPES != 0 })
    }

    /// What the string says that it is, where it has no escapes.
    pub fn plain_string(self) -> Option<&'d str> {
        let token = self.document.token(self.place);
        if token.end & !END == IS_STRING { self.document.text.get(token.inside()) } else { None }
    }

    /// The items of the list that it is.
    pub fn items(self) -> Option<Items<'d>> {
        if self.first_byte() == b'[' { Some(Items(self.parts()?)) } else { None }
    }

    /// The entries of the map that it is.
    pub fn entries(self) -> Option<Entries<'d>> {
        if self.first_byte() == b'{' { Some(Entries(self.parts()?)) } else { None }
    }

    #[inline(always)]
    fn parts(self) -> Option<Parts<'d>> {
        let end = self.document.token(self.place).closing()?;
        Some(Parts { document: self.document, place: self.place + 1, end })
    }
}

/// A string in JSON.
#[derive(Debug, Clone, Copy)]
pub struct Text<'d> {
    /// As it stands between the quotes.
    text: &'d str,
    has_escapes: bool,
}

impl<'d> Text<'d> {
    /// What it says; nothing where that is no text, as half of a surrogate pair is none.
    pub fn read(self) -> Option<Cow<'d, str>> {
        if self.has_escapes { unescape(self.text).map(Cow::Owned) } else { Some(Cow::Borrowed(self.text)) }
    }
}

/// The rest of what is in a list or map.
#[derive(Debug, Clone)]
struct Parts<'d> {
    document: &'d Document<'d>,
    place: usize,
    end: usize,
}

impl<'d> Parts<'d> {
    const NONE: Self = Self { document: &Document::NULL, place: 0, end: 0 };

    #[inline(always)]
    fn next(&mut self) -> Option<Value<'d>> {
        if self.place >= self.end {
            return None;
        }
        let value = self.document.at(self.place);
        self.place = 1 + self.document.token(self.place).closing().unwrap_or(self.place);
        Some(value)
    }
}

/// The items of a list that are still to come.
#[derive(Debug, Clone)]
pub struct Items<'d>(Parts<'d>);

impl Items<'_> {
    /// No items.
    pub const NONE: Self = Self(Parts::NONE);
}

impl<'d> Iterator for Items<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Value<'d>> {
        self.0.next()
    }
}

/// The entries of a map that are still to come, in their order, also of two equal keys.
#[derive(Debug, Clone)]
pub struct Entries<'d>(Parts<'d>);

impl<'d> Entries<'d> {
    /// No entries.
    pub const NONE: Self = Self(Parts::NONE);

    /// The next value whose key is one of `names`, and the place of its name among them.
    pub fn field(&mut self, names: &[&str]) -> Option<(usize, Value<'d>)> {
        let Parts { document, mut place, end } = self.0;
        let tokens = document.tokens.as_slice();
        while place < end {
            let (key, value) = (tokens.get(place)?, place + 1);
            place = 1 + tokens.get(value)?.closing().unwrap_or(value);
            let name = if key.end & HAS_ESCAPES == 0 {
                place_of(document.text.as_bytes().get(key.inside())?, names)
            } else {
                unescape(document.text.get(key.inside())?).and_then(|key| place_of(key.as_bytes(), names))
            };
            if let Some(name) = name {
                self.0.place = place;
                return Some((name, document.at(value)));
            }
        }
        self.0.place = end;
        None
    }
}

impl<'d> Iterator for Entries<'d> {
    type Item = (Value<'d>, Value<'d>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}

/// The place of a key among names. Four lengths are compared together: what runs a wasm module looks at its clock in every
/// turn of a loop.
#[inline(always)]
fn place_of(key: &[u8], names: &[&str]) -> Option<usize> {
    let position = |names: &[&str]| names.iter().position(|name| are_equal(key, name.as_bytes()));
    let (fours, rest) = names.as_chunks::<4>();
    for (index, four) in fours.iter().enumerate() {
        let [first, second, third, fourth] = four.map(|name| name.len() == key.len());
        if first | second | third | fourth
            && let Some(place) = position(four)
        {
            return Some(4 * index + place);
        }
    }
    position(rest).map(|place| 4 * fours.len() + place)
}

/// The tokens of a text; nothing where it is no JSON. serde_json calls a function for each value: this is one loop.
fn tokens(bytes: &[u8]) -> Option<Vec<Token>> {
    if bytes.len() >= MAX_SIZE {
        return None;
    }
    // Few texts have more; one long string has a single token.
    let mut tokens = Vec::with_capacity((bytes.len() / 6).min(MAX_FIRST_TOKENS) + 2);
    // The place of the innermost list or map that is open. Its end is that of the one around it, until it is closed.
    let mut open = NOWHERE;
    // Whether a key comes next.
    let mut in_map = false;
    let mut at = space(bytes, 0);
    loop {
        if in_map {
            if bytes.get(at) != Some(&b'"') {
                return None;
            }
            let end = string(bytes, at + 1)?.get();
            tokens.push(Token { start: at as u32, end });
            at = space(bytes, (end & END) as usize);
            if bytes.get(at) != Some(&b':') {
                return None;
            }
            at = space(bytes, at + 1);
        }
        let first = *bytes.get(at)?;
        if first == b'"' {
            let end = string(bytes, at + 1)?.get();
            tokens.push(Token { start: at as u32, end });
            at = (end & END) as usize;
        } else if first == b'{' || first == b'[' {
            let place = tokens.len() as u32;
            tokens.push(Token { start: at as u32, end: open });
            open = place;
            in_map = first == b'{';
            at = space(bytes, at + 1);
            // The closing bracket is two behind the opening one.
            if bytes.get(at) != Some(&(first + 2)) {
                continue;
            }
        } else {
            let end = scalar(bytes, at)?;
            tokens.push(Token { start: at as u32, end: end as u32 });
            at = end;
        }
        // Behind a value, what is open may end.
        loop {
            at = space(bytes, at);
            let place = tokens.len() as u32;
            let Some(opened) = tokens.get_mut(open as usize) else {
                return if at == bytes.len() { Some(tokens) } else { None };
            };
            let next = *bytes.get(at)?;
            if next == b',' {
                at = space(bytes, at + 1);
                break;
            }
            if next != if in_map { b'}' } else { b']' } {
                return None;
            }
            open = std::mem::replace(&mut opened.end, HAS_PARTS | place);
            let around = tokens.get(open as usize).map(|around| around.start as usize);
            in_map = around.and_then(|around| bytes.get(around)) == Some(&b'{');
            tokens.push(Token { start: at as u32, end: at as u32 + 1 });
            at += 1;
        }
    }
}

/// The end of the token of a string whose quote is passed. Most strings end in the first block.
#[inline(always)]
fn string(bytes: &[u8], start: usize) -> Option<NonZero<u32>> {
    let first = bytes.get(start..).and_then(<[u8]>::first_chunk);
    let places = first.map_or(0, |first| Block::new(first).no_plain_text());
    let at = start + places.trailing_zeros() as usize;
    if places != 0 && bytes.get(at) == Some(&b'"') {
        NonZero::new((at + 1) as u32 | IS_STRING)
    } else {
        long_string(bytes, start)
    }
}

#[inline(never)]
fn long_string(bytes: &[u8], start: usize) -> Option<NonZero<u32>> {
    let mut at = plain(bytes, start)?;
    if bytes.get(at) == Some(&b'"') {
        return NonZero::new((at + 1) as u32 | IS_STRING);
    }
    loop {
        match bytes.get(at..)? {
            [b'"', ..] => return NonZero::new((at + 1) as u32 | IS_STRING | HAS_ESCAPES),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => at += 2,
            [b'\\', b'u', digits @ ..] if digits.get(..4)?.iter().all(u8::is_ascii_hexdigit) => at += 6,
            _ => return None,
        }
        at = plain(bytes, at)?;
    }
}

/// The place behind what stands in a string as it is.
fn plain(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(next) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let places = Block::new(next).no_plain_text();
        if places != 0 {
            return Some(at + places.trailing_zeros() as usize);
        }
        at += SIZE;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).map(|place| at + place)
}

/// The place behind a number, a boolean or `null`.
#[inline(never)]
fn scalar(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b't' => word(bytes, at, b"true"),
        b'f' => word(bytes, at, b"false"),
        b'n' => word(bytes, at, b"null"),
        _ => number(bytes, at),
    }
}

fn word(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    if bytes.get(at..)?.starts_with(word) { Some(at + word.len()) } else { None }
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let is = |at: usize, bytes_there: &[u8]| bytes.get(at).is_some_and(|byte| bytes_there.contains(byte));
    let digits = |start: usize| {
        let end = (start..).find(|at| !bytes.get(*at).is_some_and(u8::is_ascii_digit))?;
        if end == start { None } else { Some(end) }
    };
    let mut at = at + usize::from(is(at, b"-"));
    // No digit follows a zero at the beginning.
    at = if is(at, b"0") { at + 1 } else { digits(at)? };
    if is(at, b".") {
        at = digits(at + 1)?;
    }
    if is(at, b"eE") {
        at = digits(at + 1 + usize::from(is(at + 1, b"+-")))?;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;
    use serde_json::json;

    use super::*;

    /// What is found to be JSON is JSON, and the other way round.
    #[track_caller]
    fn check_beside_serde_json(text: &str) {
        let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
        assert_eq!(Document::parse(text).is_ok(), is_json, "{text:?}");
    }

    /// The same value as serde_json finds, at every depth.
    #[track_caller]
    fn check_value(found: Value<'_>, expected: &serde_json::Value) {
        let text = found.text();
        assert_eq!(&serde_json::from_str::<serde_json::Value>(text).unwrap(), expected, "{text}");
        assert_eq!(text.as_bytes().first(), Some(&found.first_byte()), "{text}");
        assert_eq!(found.string().and_then(Text::read).as_deref(), expected.as_str(), "{text}");
        assert_eq!(found.items().is_some(), expected.is_array(), "{text}");
        assert_eq!(found.entries().is_some(), expected.is_object(), "{text}");
        if let (Some(items), Some(expected)) = (found.items(), expected.as_array()) {
            assert_eq!(items.clone().count(), expected.len(), "{text}");
            items.zip(expected).for_each(|(item, expected)| check_value(item, expected));
        }
        if let (Some(entries), Some(expected)) = (found.entries(), expected.as_object()) {
            assert_eq!(entries.clone().count(), expected.len(), "{text}");
            for (key, value) in entries {
                let key = key.string().and_then(Text::read).unwrap();
                check_value(value, &expected[&*key]);
            }
        }
    }

    #[test]
    fn every_change_of_a_byte_is_judged_as_serde_json_judges_it() {
        let text = r#" {"a":[1,-0.5e+10,true,null,{}],"name\n\u00e9":"long enough for a block",
            "b" : [ ] , "c":{"d":false,"e":[[],""]}, "f":"\"\\\/\b\f\r\t" } "#;
        check_beside_serde_json(text);
        for place in 0..text.len() {
            check_beside_serde_json(&text[..place]);
            for other in " \"\\,:[]{}0-.eEtfnu\u{1f}\u{0}x".chars() {
                let (before, after) = (&text[..place], &text[place + 1..]);
                check_beside_serde_json(&format!("{before}{other}{after}"));
                check_beside_serde_json(&format!("{before}{other}{}", &text[place..]));
            }
            check_beside_serde_json(&format!("{}{}", &text[..place], &text[place + 1..]));
        }
    }

    #[test]
    fn values_are_those_that_serde_json_finds() {
        for length in 0..40 {
            let text = "x".repeat(length);
            let value = json!({
                "a": [1, -2.5e3, true, null, text, {}, [[]], "]\\\"[", []],
                "\\": {"b\n": {"c": [{"d": text}]}},
                "ä": "",
                "z": {"": {}},
            });
            for text in [value.to_string(), format!("\n{}\t", serde_json::to_string_pretty(&value).unwrap())] {
                check_value(Document::parse(&text).unwrap().value(), &value);
            }
        }
    }

    #[test]
    fn a_value_has_no_white_space_around_it() {
        assert_eq!(Document::parse(" \n{\"a\": 1}\t").unwrap().value().text(), r#"{"a": 1}"#);
        let error = Document::parse("\u{a0}1").map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err("expected value at line 1 column 1".to_owned()));
        assert_eq!(Value::NULL.text(), "null");
        assert!(Value::NULL.items().is_none() && Value::NULL.entries().is_none());
    }

    #[test]
    fn numbers_are_those_of_json() {
        for text in
            ["0", "-0", "00", "01", "-", "1.", ".5", "1.5", "1e", "1e5", "1E-5", "1e+", "--1", "+1", "1 2", "10"]
        {
            check_beside_serde_json(text);
        }
    }

    #[test]
    fn nesting_has_no_limit() {
        for depth in [1, 127, 128, 100_000] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert_eq!(Document::parse(&text).unwrap().value().text(), text);
            assert!(Document::parse(&text[1..]).is_err() && Document::parse(&text[..2 * depth - 1]).is_err());
        }
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let names =
            ["name", "namespace", "clusterIPs", "port", "clusterIPsAndPorts", "kind", "a", "b", "type", "nodePort"];
        let json = r#"{ "names":["name"],"name2":{"name":1}, "clusterIP":"x" ,"clusterIPs" : [],"n\u0061me":"y","PORT":2,"port":3,"kine":0,"kind":4,"nodePort":6,"type":7,"clusterIPsAndPorts":5}"#;
        let document = Document::parse(json).unwrap();
        let mut entries = document.value().entries().unwrap();
        let found: Vec<_> =
            std::iter::from_fn(|| entries.field(&names)).map(|(place, it)| (place, it.text())).collect();
        assert_eq!(found, [(2, "[]"), (0, "\"y\""), (3, "3"), (5, "4"), (9, "6"), (8, "7"), (4, "5")]);
        let (mut no_entries, mut no_items) = (Entries::NONE, Items::NONE);
        assert!(no_entries.field(&names).is_none() && no_items.next().is_none());
    }
}
