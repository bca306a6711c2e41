//! Looking for text in bytes, eight of them at a time: much of what comes in is only looked at, and never read.
//!
//! Invariant: nothing is known of JSON here but one thing. The text of a string stands in it as it is, unless it is
//! escaped: names, which are of ASCII letters, digits, `-` and `.`, can only be hidden by a `\u` escape.

/// The first bytes of an escape that can hide any character.
const UNICODE_ESCAPE: [u8; 2] = *b"\\u";

/// Whether `json` may hold a string with `name` in it. That it does not is certain.
pub fn may_mention(json: &str, name: &str) -> bool {
    let (json, name) = (json.as_bytes(), name.as_bytes());
    let Some(end) = name.last_chunk::<2>() else { return true };
    any_pair(json, [*end, UNICODE_ESCAPE], |at| {
        let so_far = json.get(..at + end.len()).unwrap_or(json);
        so_far.ends_with(name) || so_far.ends_with(&UNICODE_ESCAPE)
    })
}

/// Whether one of the pairs of bytes stands at a place in `bytes` of which `is_match` holds.
///
/// Eight neighbours are compared in one number (a zero byte in `x` is found by `(x - 0x01…) & !x & 0x80…`), so that a
/// place without any of the pairs costs a few instructions.
pub fn any_pair<const N: usize>(bytes: &[u8], pairs: [[u8; 2]; N], is_match: impl Fn(usize) -> bool) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let pairs_in_words = pairs.map(|[first, second]| (ONES * u64::from(first), ONES * u64::from(second)));
    let is_pair = |at: usize| bytes.get(at..).and_then(<[u8]>::first_chunk).is_some_and(|pair| pairs.contains(pair));
    let mut at = 0;
    while let Some(window) = bytes.get(at..at + 9) {
        let (Some(words), Some(next)) = (window.first_chunk(), window.last_chunk()) else { break };
        let (word, next) = (u64::from_le_bytes(*words), u64::from_le_bytes(*next));
        let zero_bytes = pairs_in_words.iter().fold(0, |found, (first, second)| {
            let difference = (word ^ first) | (next ^ second);
            found | (difference.wrapping_sub(ONES) & !difference)
        });
        if zero_bytes & (ONES << 7) != 0 && (at..at + 8).any(|at| is_pair(at) && is_match(at)) {
            return true;
        }
        at += 8;
    }
    (at..bytes.len()).any(|at| is_pair(at) && is_match(at))
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
