//! Names of objects: which ones are valid, and a name as the key of a map.

use std::borrow::Cow;
use std::cmp::Ordering;

/// Whether `name` can be the name of an object (RFC 1123 subdomain, the loosest rule that Kubernetes has for the
/// kinds used here). Anything else must not be looked up: the host puts names into a URL unescaped.
pub fn is_valid_name(name: &str) -> bool {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    // Labels begin and end with a letter or a digit, as if there were a `.` before and behind the name.
    let mut before = b'.';
    let fits = |byte| {
        let last = std::mem::replace(&mut before, byte);
        is_alphanumeric(byte) || byte == b'-' && last != b'.' || byte == b'.' && is_alphanumeric(last)
    };
    name.len() <= 253 && name.bytes().all(fits) && is_alphanumeric(before)
}

/// A name as the key of a map. Its order is that of its bytes, like that of a string, but it is found a word at a time:
/// names in a namespace begin alike, and `memcmp` goes byte by byte in wasm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameKey<'a>(Cow<'a, [u8]>);

impl NameKey<'_> {
    /// The key of an object: its namespace, empty where there is none, and its name. The space between them comes before all
    /// that a name can have, so that the order of keys is that of namespaces and names, and no text that cannot be a namespace
    /// or a name makes the key of an object that can exist.
    pub fn of_object(namespace: &str, name: &str) -> NameKey<'static> {
        let mut key = Vec::with_capacity(namespace.len() + 1 + name.len());
        json_scan::copy(&mut key, namespace.as_bytes());
        key.push(b' ');
        json_scan::copy(&mut key, name.as_bytes());
        NameKey(Cow::Owned(key))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        // It was made of text.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<'a> From<&'a str> for NameKey<'a> {
    fn from(name: &'a str) -> Self {
        Self(Cow::Borrowed(name.as_bytes()))
    }
}

impl From<String> for NameKey<'_> {
    fn from(name: String) -> Self {
        Self(Cow::Owned(name.into_bytes()))
    }
}

impl PartialOrd for NameKey<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NameKey<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other) = (&*self.0, &*other.0);
        let (mut rest, mut others) = (one, other);
        while let (Some((first, behind)), Some((second, beyond))) =
            (rest.split_first_chunk(), others.split_first_chunk())
        {
            if first != second {
                return in_order(*first, *second);
            }
            (rest, others) = (behind, beyond);
        }
        if one.len() == other.len()
            && let (Some(first), Some(second)) = (one.last_chunk(), other.last_chunk())
        {
            return in_order(*first, *second);
        }
        rest.iter().cmp(others)
    }
}

/// The order of two words of text.
fn in_order(one: [u8; 8], other: [u8; 8]) -> Ordering {
    let (one, other) = (u64::from_le_bytes(one), u64::from_le_bytes(other));
    // By the first byte that differs, or any where none does: a module has no instruction to turn the bytes round.
    let place = (one ^ other).trailing_zeros() & 56;
    ((one >> place) as u8).cmp(&((other >> place) as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_names_are_dns_subdomains() {
        for name in ["cart", "a", "0", "my-app.v2", &"a".repeat(253)] {
            assert!(is_valid_name(name), "{name}");
        }
        for name in ["", ".", "a..b", "-a", "a-", "Cart", "../../x", "a/b", "a b", "_", "ä", &"a".repeat(254)] {
            assert!(!is_valid_name(name), "{name}");
        }
    }

    #[test]
    fn keys_of_objects_have_the_order_of_namespaces_and_names() {
        let keys = [("", "shop cart"), ("shop", "cart"), ("shop", "web"), ("shop-x", "a"), ("shop cart", "")];
        let key = |(namespace, name): (&str, &str)| NameKey::of_object(namespace, name);
        assert!(key(keys[0]) < key(keys[1]) && key(keys[1]) < key(keys[2]) && key(keys[2]) < key(keys[3]));
        assert!(key(keys[4]) != key(keys[0]) && key(keys[4]) != key(keys[1]));
    }

    #[test]
    fn keys_have_the_order_of_their_bytes() {
        let names = [
            "",
            "a",
            "ab",
            "service-1",
            "service-10",
            "service-2",
            "service-of-the-shop",
            "service-of-the-shoq",
            "z",
            "ä",
        ];
        for one in names {
            for other in names {
                assert_eq!(NameKey::from(one).cmp(&NameKey::from(other)), one.cmp(other), "{one} {other}");
            }
        }
    }
}
