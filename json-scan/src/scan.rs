//! Looking for text in bytes, a block of them at a time: much of what comes in is only looked at, and never read.
//!
//! Invariant: nothing is known of JSON here but one thing. The text of a string stands in it as it is, unless it is
//! escaped: names, which are of ASCII letters, digits, `-` and `.`, can only be hidden by a `\u` escape.

use crate::block::{Block, SIZE, each};

/// The first bytes of an escape that can hide any character.
pub const UNICODE_ESCAPE: [u8; 2] = *b"\\u";

/// Neighbouring places, each with the byte that stands there and the next one.
#[derive(Clone, Copy)]
pub struct Window {
    first: Block,
    second: Block,
}

impl Window {
    /// At which of the places these two bytes stand: a bit each.
    #[inline(always)]
    pub fn places(self, [first, second]: [u8; 2]) -> u32 {
        self.first.places(first) & self.second.places(second)
    }
}

/// Whether `is_match` holds for any place in `bytes` that is among those of its window; near the end, it is asked about
/// every place.
#[inline(always)]
pub fn any_place(bytes: &[u8], places: impl Fn(Window) -> u32, is_match: impl Fn(usize) -> bool) -> bool {
    let mut at = 0;
    while let Some(window) = bytes.get(at..at + SIZE + 1) {
        let (Some(first), Some(second)) = (window.first_chunk(), window.last_chunk()) else { break };
        let places = places(Window { first: Block::new(first), second: Block::new(second) });
        if each(places).any(|place| is_match(at + place)) {
            return true;
        }
        at += SIZE;
    }
    (at..bytes.len()).any(is_match)
}

/// Whether `is_match` holds for any place in `bytes` at which one of `pairs` stands; near the end, it is asked about every
/// place. The code is made here, where it is compiled for speed.
pub fn any_pair(bytes: &[u8], pairs: [[u8; 2]; 4], is_match: &dyn Fn(usize) -> bool) -> bool {
    any_place(bytes, |window| pairs.iter().fold(0, |places, pair| places | window.places(*pair)), is_match)
}

/// Whether `bytes` begin with `start`, a word at a time: `memcmp` goes byte by byte in wasm.
#[inline]
pub fn starts_with(bytes: &[u8], start: &[u8]) -> bool {
    let Some(bytes) = bytes.get(..start.len()) else { return false };
    let ((words, rest), (words_of_start, rest_of_start)) = (bytes.as_chunks(), start.as_chunks());
    let are_equal = |(one, other): (&[u8; 8], &[u8; 8])| u64::from_le_bytes(*one) == u64::from_le_bytes(*other);
    words.iter().zip(words_of_start).all(are_equal) && rest.iter().eq(rest_of_start)
}

/// Whether these bytes end with others.
fn ends_with(bytes: &[u8], end: &[u8]) -> bool {
    let start = bytes.len().checked_sub(end.len());
    start.and_then(|start| bytes.get(start..)).is_some_and(|bytes| are_equal(bytes, end))
}

/// Whether these bytes are the same. Up to sixteen are compared without a loop.
#[inline]
pub fn are_equal(one: &[u8], other: &[u8]) -> bool {
    fn ends<const N: usize>(bytes: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
        Some((bytes.first_chunk()?, bytes.last_chunk()?))
    }
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        8..=16 => ends::<8>(one) == ends(other),
        4..8 => ends::<4>(one) == ends(other),
        _ => one == other,
    }
}

/// Whether `json` may hold a string with `name` in it. That it does not is certain.
pub fn may_mention(json: &str, name: &str) -> bool {
    let (json, name) = (json.as_bytes(), name.as_bytes());
    let Some(end) = name.last_chunk() else { return true };
    let places = |window: Window| window.places(*end) | window.places(UNICODE_ESCAPE);
    any_place(json, places, |at| {
        let so_far = json.get(..at + 2).unwrap_or(json);
        ends_with(so_far, name) || so_far.ends_with(&UNICODE_ESCAPE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At every place and with every length around it.
    #[test]
    fn a_name_is_found_wherever_it_stands() {
        for before in 0..36 {
            for after in 0..36 {
                let text = |middle: &str| format!("{}{middle}{}", "x".repeat(before), "x".repeat(after));
                assert!(may_mention(&text("cart"), "cart"), "{before} {after}");
                assert!(may_mention(&text("ca\\u0072t"), "cart"), "{before} {after}");
                assert!(!may_mention(&text("ca rt"), "cart"), "{before} {after}");
                assert!(!may_mention(&text("car"), "cart"), "{before} {after}");
                assert!(!may_mention(&text("\\\"rt\\n"), "cart"), "{before} {after}");
            }
        }
    }

    #[test]
    fn a_start_is_compared_whole() {
        let text = b"{\"request\":{\"uid\":\"";
        for length in 0..text.len() {
            let (start, _) = text.split_at(length);
            assert!(starts_with(text, start));
            for place in 0..length {
                let mut other = start.to_vec();
                other[place] ^= 1;
                assert!(!starts_with(text, &other), "{length} {place}");
            }
        }
        assert!(!starts_with(b"{", b"{\"request\""));
    }

    #[test]
    fn every_byte_is_compared() {
        for length in 0..40 {
            let text = vec![b'x'; length];
            assert!(are_equal(&text, &text.clone()) && !are_equal(&text, &vec![b'x'; length + 1]), "{length}");
            for place in 0..length {
                let mut other = text.clone();
                other[place] = b'y';
                assert!(!are_equal(&text, &other), "{length} {place}");
            }
        }
    }

    #[test]
    fn a_name_of_one_letter_may_be_anywhere() {
        assert!(may_mention("{}", "a"));
    }
}
