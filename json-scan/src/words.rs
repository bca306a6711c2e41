//! The items of a list by the words in them, for whoever looks for many names in one list.
//!
//! Invariant: never an item too few. A word ends where a character stands that no name can have; an item in which an escape
//! could hide a name is found for every name.

use crate::scan::{UNICODE_ESCAPE, any_place, may_mention};

/// The buckets of a list with few words.
const MIN_BUCKETS: usize = 64;
/// More of them would be memory for nothing.
const MAX_BUCKETS: usize = 1 << 16;
/// About the bytes of JSON in which one word is that no other item has.
const BYTES_PER_BUCKET: usize = 64;

/// Which items have which words.
#[derive(Debug)]
pub struct Words {
    /// The items that have a word of this hash, in their order.
    buckets: Vec<Vec<u32>>,
    /// The items in which an escape stands that can hide any character.
    with_escapes: Vec<u32>,
}

impl Words {
    /// Reads the words of all items.
    pub fn of<'a>(items: impl Iterator<Item = &'a str> + Clone) -> Self {
        let bytes: usize = items.clone().map(str::len).sum();
        let count = (bytes / BYTES_PER_BUCKET).next_power_of_two().clamp(MIN_BUCKETS, MAX_BUCKETS);
        let mut words = Self { buckets: vec![Vec::new(); count], with_escapes: Vec::new() };
        for (item, json) in (0..).zip(items) {
            words.add(item, json.as_bytes());
        }
        words
    }

    fn add(&mut self, item: u32, json: &[u8]) {
        if has_unicode_escape(json) {
            self.with_escapes.push(item);
        }
        let mut hash = None;
        let mut is_escaped = false;
        for byte in json {
            if is_of_a_name(*byte) && !is_escaped {
                hash = Some(next_hash(hash.unwrap_or_default(), *byte));
            } else {
                self.end_word(item, hash.take());
            }
            // What follows a backslash is no letter of a word.
            is_escaped = *byte == b'\\' && !is_escaped;
        }
        self.end_word(item, hash);
    }

    fn end_word(&mut self, item: u32, hash: Option<u32>) {
        let Some(hash) = hash else { return };
        let index = self.index(hash);
        if let Some(bucket) = self.buckets.get_mut(index)
            && bucket.last() != Some(&item)
        {
            bucket.push(item);
        }
    }

    fn index(&self, hash: u32) -> usize {
        // The upper bits are the better ones.
        (hash ^ (hash >> 16)) as usize & (self.buckets.len() - 1)
    }

    /// The items that may hold strings with all of these names in them, in their order but for those with escapes. Whoever
    /// asks looks at them himself: there may be too many. Nothing if the names are none that an item is kept by.
    #[must_use]
    pub fn candidates(&self, names: &[&str]) -> Option<Vec<usize>> {
        let is_name = |name: &&str| !name.is_empty() && name.bytes().all(is_of_a_name);
        let bucket = |name: &&str| self.buckets.get(self.index(name.bytes().fold(0, next_hash)));
        let rarest = names.iter().filter(|name| is_name(name)).filter_map(bucket).min_by_key(|bucket| bucket.len())?;
        let with_escapes = self.with_escapes.iter().filter(|item| rarest.binary_search(item).is_err());
        Some(rarest.iter().chain(with_escapes).map(|item| *item as usize).collect())
    }
}

/// Whether `json` may hold strings with all of these names in them. That it does not is certain.
#[must_use]
pub fn may_mention_all(json: &str, names: &[&str]) -> bool {
    names.iter().all(|name| may_mention(json, name))
}

/// FNV-1a.
fn next_hash(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
}

/// The characters of names of Kubernetes objects.
fn is_of_a_name(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-')
}

fn has_unicode_escape(json: &[u8]) -> bool {
    any_place(
        json,
        |window| window.places(UNICODE_ESCAPE),
        |at| json.get(at..at + UNICODE_ESCAPE.len()) == Some(&UNICODE_ESCAPE),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(items: &[&str], names: &[&str], expected: &[usize]) {
        let candidates = Words::of(items.iter().copied()).candidates(names).unwrap();
        let found = candidates.into_iter().filter(|item| may_mention_all(items[*item], names));
        assert_eq!(found.collect::<Vec<_>>(), expected, "{names:?}");
    }

    const ITEMS: [&str; 6] = [
        r#"{"name":"cart","namespace":"shop"}"#,
        r#"{"name":"cart","namespace":"blog"}"#,
        r#"{"name":"c\u0061rt","namespace":"shop"}"#,
        r#"{"name":"my-cart","namespace":"shop"}"#,
        r#"{"annotation":"{\"serviceName\":\"cart\",\n\t\"x\":1}\ncart","namespace":"shop"}"#,
        r#"{"annotation":"{\"serviceName\":\"c\\u0061rt\"}","namespace":"blog"}"#,
    ];

    #[test]
    fn items_are_found_by_all_of_the_names() {
        check(&ITEMS, &["cart"], &[0, 1, 4, 2, 5]);
        check(&ITEMS, &["cart", "shop"], &[0, 4, 2, 5]);
        check(&ITEMS, &["my-cart"], &[3, 2, 5]);
        check(&ITEMS, &["search"], &[2, 5]);
        check(&[r#"{"a":"x\ncart"}"#, r#"{"a":"x\\ncart"}"#], &["cart"], &[0]);
    }

    #[test]
    fn what_is_no_name_is_kept_by_nothing() {
        let words = Words::of(ITEMS.into_iter());
        assert_eq!(words.candidates(&[]), None);
        assert_eq!(words.candidates(&["", "Cart", "a/b"]), None);
        assert_eq!(words.candidates(&["Cart", "cart"]), words.candidates(&["cart"]));
    }

    /// Each of many names, whatever the size of the list.
    #[test]
    fn no_item_is_too_few() {
        for count in [1, 10, 1000] {
            let items: Vec<String> = (0..count).map(|number| format!(r#"{{"name":"item-{number}"}}"#)).collect();
            let words = Words::of(items.iter().map(String::as_str));
            let mut looked_at = 0;
            for (item, _) in items.iter().enumerate() {
                let candidates = words.candidates(&[&format!("item-{item}")]).unwrap();
                assert!(candidates.contains(&item), "{item}: {candidates:?}");
                looked_at += candidates.len();
            }
            // A bucket has few words, and here and there a frequent one.
            assert!(looked_at <= 10 * count, "{looked_at} for {count}");
        }
    }
}
