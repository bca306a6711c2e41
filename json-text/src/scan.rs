//! Looking for text in bytes, eight of them at a time: much of what comes in is only looked at, and never read.
//!
//! Invariant: nothing is known of JSON here but one thing. The text of a string stands in it as it is, unless it is
//! escaped: names, which are of ASCII letters, digits, `-` and `.`, can only be hidden by a `\u` escape.

/// Every byte of a word.
pub(crate) const ONES: u64 = u64::MAX / 255;
/// The upper bit of every byte of a word, which marks a place.
pub(crate) const MARKS: u64 = ONES << 7;

/// Marks the bytes of a word that are below a limit, and perhaps others behind one.
#[inline(always)]
fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(ONES * limit) & !word & MARKS
}

/// Two neighbouring bytes that are looked for.
#[derive(Clone, Copy)]
pub struct Pair {
    first: u64,
    second: u64,
}

impl Pair {
    /// The first bytes of an escape that can hide any character.
    pub const UNICODE_ESCAPE: Self = Self::new(*b"\\u");

    /// The pair of these bytes.
    pub const fn new([first, second]: [u8; 2]) -> Self {
        Self { first: ONES * first as u64, second: ONES * second as u64 }
    }

    /// Marks the places in eight bytes where the pair stands, and perhaps others behind one; `next` are the eight bytes
    /// that begin one byte later.
    #[inline]
    pub fn mark(self, word: u64, next: u64) -> u64 {
        below((word ^ self.first) | (next ^ self.second), 1)
    }
}

/// Whether `is_match` holds for any place in `bytes` that `mark` marks, given eight bytes and the eight that begin one
/// byte later; near the end, it is asked about every place.
#[inline]
pub fn any_place(bytes: &[u8], mark: impl Fn(u64, u64) -> u64, is_match: impl Fn(usize) -> bool) -> bool {
    let mut at = 0;
    while let Some(window) = bytes.get(at..at + 9) {
        let (Some(word), Some(next)) = (window.first_chunk(), window.last_chunk()) else { break };
        let mut marks = mark(u64::from_le_bytes(*word), u64::from_le_bytes(*next));
        while marks != 0 {
            if is_match(at + marks.trailing_zeros() as usize / 8) {
                return true;
            }
            marks &= marks - 1;
        }
        at += 8;
    }
    (at..bytes.len()).any(is_match)
}

/// Whether `json` may hold a string with `name` in it. That it does not is certain.
pub fn may_mention(json: &str, name: &str) -> bool {
    let (json, name) = (json.as_bytes(), name.as_bytes());
    let Some(end) = name.last_chunk() else { return true };
    let end = Pair::new(*end);
    let mark = |word, next| end.mark(word, next) | Pair::UNICODE_ESCAPE.mark(word, next);
    any_place(json, mark, |at| {
        let so_far = json.get(..at + 2).unwrap_or(json);
        so_far.ends_with(name) || so_far.ends_with(b"\\u")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At every place and with every length around it.
    #[test]
    fn a_name_is_found_wherever_it_stands() {
        for before in 0..20 {
            for after in 0..20 {
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
    fn a_name_of_one_letter_may_be_anywhere() {
        assert!(may_mention("{}", "a"));
    }
}
