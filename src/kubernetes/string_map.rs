//! Maps of strings to strings: labels, annotations, selectors.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::ops::Range;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::decode::{STRINGS, decode};

/// A map of strings to strings, in the order of its keys. All of its text stands in one place: an object has a dozen such
/// strings, and each of them would be allocated and freed.
#[derive(Clone, Default)]
pub struct StringMap {
    text: String,
    entries: Vec<Entry>,
}

/// Where the key and the value of an entry stand.
#[derive(Clone)]
struct Entry {
    key: Range<usize>,
    value: Range<usize>,
}

impl StringMap {
    /// Sets the value of a key, and says whether the key is new.
    pub fn insert(&mut self, key: &str, value: &str) -> bool {
        let place = match self.entries.last() {
            // Whoever writes JSON sorts the keys, mostly.
            Some(last) if self.bytes(&last.key) < key.as_bytes() => Err(self.entries.len()),
            _ => self.place(key),
        };
        let value = self.add(value);
        match place {
            Ok(place) => self.entries.get_mut(place).into_iter().for_each(|entry| entry.value = value.clone()),
            Err(place) => {
                let key = self.add(key);
                self.entries.insert(place, Entry { key, value });
            }
        }
        place.is_err()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        let place = self.place(key).ok()?;
        self.entries.get(place).map(|entry| self.str(&entry.value))
    }

    /// Whether there is such a key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.place(key).is_ok()
    }

    /// The entries in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|entry| (self.str(&entry.key), self.str(&entry.value)))
    }

    /// The keys in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where the key is, or where it would be.
    fn place(&self, key: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| self.bytes(&entry.key).cmp(key.as_bytes()))
    }

    fn str(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.text.as_bytes().get(range.clone()).unwrap_or_default()
    }

    fn add(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        // Not to grow for each of the first few entries.
        self.text.reserve(text.len().max(64));
        json_scan::append(&mut self.text, text);
        start..self.text.len()
    }
}

impl PartialEq for StringMap {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for StringMap {}

impl fmt::Debug for StringMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for StringMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Extend<(K, V)> for StringMap {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key.as_ref(), value.as_ref());
        }
    }
}

impl<'de> Deserialize<'de> for StringMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = StringMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StringMap, A::Error> {
                let mut strings = StringMap::default();
                while let Some((key, value)) = map.next_entry::<Text<'de>, Text<'de>>()? {
                    strings.insert(&key.0, &value.0);
                }
                Ok(strings)
            }
        }

        deserializer.deserialize_map(Read)
    }
}

/// A map of strings to strings that is read when somebody asks: most objects have labels, and few are asked for them.
#[derive(Debug, Clone, Default)]
pub struct UnreadMap {
    json: String,
    read: OnceCell<StringMap>,
}

impl UnreadMap {
    /// The map, unless no key has this word in it.
    pub fn mentioning(&self, word: &str) -> Option<&StringMap> {
        json_scan::may_mention(&self.json, word).then(|| self.read())
    }

    /// The map.
    pub fn read(&self) -> &StringMap {
        // Its types are checked; where there is no map, there is no JSON.
        self.read.get_or_init(|| decode(&self.json).unwrap_or_default())
    }
}

impl PartialEq for UnreadMap {
    fn eq(&self, other: &Self) -> bool {
        self.read() == other.read()
    }
}

impl Eq for UnreadMap {}

impl<'de> Deserialize<'de> for UnreadMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unread;

        impl<'de> Visitor<'de> for Unread {
            type Value = UnreadMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_borrowed_str<E>(self, json: &'de str) -> Result<UnreadMap, E> {
                Ok(UnreadMap { json: json.to_owned(), read: OnceCell::new() })
            }
        }

        deserializer.deserialize_newtype_struct(STRINGS, Unread)
    }
}

/// Text that is borrowed where it has no escapes.
pub(super) struct Text<'a>(pub Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_the_order_of_their_keys() {
        let mut map = StringMap::default();
        for (key, value, is_new) in [("b", "1", true), ("c", "", true), ("a", "3", true), ("b", "4", false)] {
            assert_eq!(map.insert(key, value), is_new, "{key}");
        }
        assert_eq!(map.iter().collect::<Vec<_>>(), [("a", "3"), ("b", "4"), ("c", "")]);
        assert_eq!((map.get("b"), map.get("c"), map.get("d")), (Some("4"), Some(""), None));
        assert!(map.contains_key("a") && !map.contains_key("") && !map.is_empty());
        assert_eq!(map, [("a", "3"), ("b", "4"), ("c", "")].into_iter().collect());
        assert!(StringMap::default().is_empty());
    }

    #[test]
    fn an_unread_map_has_the_types_of_a_map() {
        let read = |json: &str| {
            let map = crate::kubernetes::decode::<UnreadMap>(json).map_err(|error| error.to_string())?;
            Ok::<_, String>(map.read().clone())
        };
        assert_eq!(read(r#"{"b":"\u0031","a":null}"#), Ok([("a", ""), ("b", "1")].into_iter().collect()));
        assert_eq!((read("{}"), read("null")), (Ok(StringMap::default()), Ok(StringMap::default())));
        assert_eq!(UnreadMap::default().read(), &StringMap::default());
        let mentions = |json: &str| crate::kubernetes::decode::<UnreadMap>(json).unwrap().mentioning("stack").is_some();
        assert!(mentions(r#"{"k8s.aws\/stack":""}"#) && mentions(r#"{"k8s.aws/st\u0061ck-name":""}"#));
        assert!(!mentions(r#"{"k8s.aws/st":"ack"}"#) && !mentions("null"));
        assert_eq!(read("[]"), Err("it must be a map, not a list".to_owned()));
        assert_eq!(read(r#"{"a":"","b/c":1}"#), Err("[b/c] must be a string, not the number 1".to_owned()));
    }
}
