//! Checking the syntax of JSON.

use std::ops::Range;

use serde_json::value::RawValue;

use crate::block::{Block, SIZE};
use crate::reader::space;

/// How deep lists and maps are nested where they are checked here.
const MAX_DEPTH: u32 = 64;

/// The one value in `json`, without white space around it. It may be nested without limit.
///
/// # Errors
/// Text that is no JSON.
pub fn check(json: &str) -> serde_json::Result<&str> {
    if let Some(value) = place_of_value(json.as_bytes()).and_then(|place| json.get(place)) {
        return Ok(value);
    }
    // serde_json says what is wrong, and where; or that nothing is, where this gave up.
    serde_json::from_str(json).map(RawValue::get)
}

/// Where the one value is in these bytes of a text, if they are JSON for sure. serde_json looks at a string four bytes at a
/// time, and calls a function for each value: this is one loop.
fn place_of_value(bytes: &[u8]) -> Option<Range<usize>> {
    let start = space(bytes, 0);
    let mut at = start;
    let mut depth = 0;
    // A bit for each list and map that is open, that of the innermost lowest: whether it is a map.
    let mut maps = 0_u64;
    // Whether a key comes next.
    let mut in_map = false;
    loop {
        if in_map {
            at = key(bytes, at)?;
        }
        match *bytes.get(at)? {
            b'"' => at = string(bytes, at + 1)?,
            open @ (b'{' | b'[') => {
                at = space(bytes, at + 1);
                let is_map = open == b'{';
                // The closing bracket is two behind the opening one.
                if bytes.get(at) == Some(&(open + 2)) {
                    at += 1;
                } else {
                    depth += 1;
                    maps = maps << 1 | u64::from(is_map);
                    in_map = is_map;
                    if depth > MAX_DEPTH {
                        return None;
                    }
                    continue;
                }
            }
            b't' => at = word(bytes, at, b"true")?,
            b'f' => at = word(bytes, at, b"false")?,
            b'n' => at = word(bytes, at, b"null")?,
            _ => at = number(bytes, at)?,
        }
        // Behind a value, what was open may end.
        loop {
            let end = at;
            at = space(bytes, at);
            if depth == 0 {
                return if at == bytes.len() { Some(start..end) } else { None };
            }
            in_map = maps & 1 == 1;
            let next = *bytes.get(at)?;
            at += 1;
            if next == b',' {
                break;
            }
            if next != if in_map { b'}' } else { b']' } {
                return None;
            }
            depth -= 1;
            maps >>= 1;
        }
        at = space(bytes, at);
    }
}

/// The place behind a key and its colon.
#[inline(always)]
fn key(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let at = space(bytes, string(bytes, at + 1)?);
    if bytes.get(at) == Some(&b':') { Some(space(bytes, at + 1)) } else { None }
}

/// The place behind a string of which the quote is passed.
#[inline(always)]
fn string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = plain(bytes, at)?;
        match bytes.get(at..)? {
            [b'"', ..] => return Some(at + 1),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => at += 2,
            [b'\\', b'u', digits @ ..] if digits.get(..4)?.iter().all(u8::is_ascii_hexdigit) => at += 6,
            _ => return None,
        }
    }
}

/// The place behind what stands in a string as it is.
#[inline(always)]
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

#[inline(always)]
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

    use super::*;

    /// What is found to be JSON is JSON, and the other way round.
    #[track_caller]
    fn check_beside_serde_json(text: &str) {
        assert_eq!(
            place_of_value(text.as_bytes()).is_some(),
            serde_json::from_str::<IgnoredAny>(text).is_ok(),
            "{text:?}"
        );
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
    fn what_is_checked_has_no_white_space_around_it() {
        assert_eq!(check(" \n{\"a\": 1}\t").unwrap(), r#"{"a": 1}"#);
        let error = check("\u{a0}1").map_err(|error| error.to_string());
        assert_eq!(error, Err("expected value at line 1 column 1".to_owned()));
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
        for depth in [1, 63, 64, 65, 100_000] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert_eq!(check(&text).unwrap(), text);
            assert!(check(&text[1..]).is_err() && check(&text[..2 * depth - 1]).is_err());
        }
    }
}
