//! Names of objects: which ones are valid, and how an object is named in text for people.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

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

/// `text` as one printable line of at most `max` bytes: control characters are escaped, what is too long is cut.
pub fn display_text(text: &str, max: usize) -> Cow<'_, str> {
    let printable = |c: char| !c.is_control() && !is_invisible(c);
    if text.len() <= max && text.chars().all(printable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(max.min(text.len()) + 8);
    for c in text.chars() {
        let escaped: String = if printable(c) { c.to_string() } else { c.escape_default().collect() };
        if shown.len() + escaped.len() > max.saturating_sub("…".len()) {
            shown.push('…');
            break;
        }
        shown.push_str(&escaped);
    }
    Cow::Owned(shown)
}

/// Line and paragraph separators, and marks that turn the direction of the text around them.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{2800}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// A name as the key of a map. Its order is that of its bytes, as a string's, but found a word at a time: names in a
/// namespace begin alike, and `memcmp` goes byte by byte in wasm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameKey<'a>(Cow<'a, str>);

impl NameKey<'_> {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for NameKey<'a> {
    fn from(name: &'a str) -> Self {
        Self(Cow::Borrowed(name))
    }
}

impl From<String> for NameKey<'_> {
    fn from(name: String) -> Self {
        Self(Cow::Owned(name))
    }
}

impl PartialOrd for NameKey<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NameKey<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other) = (self.0.as_bytes(), other.0.as_bytes());
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

/// An object, as kubectl names it: kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectRef {
    /// The kind, as in `TargetGroupBinding`.
    pub kind: &'static str,
    /// The namespace.
    pub namespace: Rc<str>,
    /// The name; for an object that gets its name later, `generateName` and `<generated>`.
    pub name: Rc<str>,
}

impl ObjectRef {
    /// Writes `namespace/name`, each part at most `max` bytes long.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write_path(&self, to: &mut dyn fmt::Write, max: usize) -> fmt::Result {
        to.write_str(&shown_name(&self.namespace, max))?;
        to.write_str("/")?;
        to.write_str(&shown_name(&self.name, max))
    }

    /// Writes the kind too.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write(&self, to: &mut dyn fmt::Write, max: usize) -> fmt::Result {
        to.write_str(self.kind)?;
        to.write_str(" ")?;
        self.write_path(to, max)
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 253)
    }
}

/// A valid name as it stands, anything else in quotes: it is somebody's text.
pub fn shown_name(name: &str, max: usize) -> Cow<'_, str> {
    if name.len() <= max && is_valid_name(name) {
        return Cow::Borrowed(name);
    }
    let plain = name.strip_suffix("<generated>").unwrap_or(name);
    if is_valid_name(plain.trim_end_matches('-')) || name == "<generated>" {
        return display_text(name, max);
    }
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    Cow::Owned(format!("\"{}\"", display_text(&escaped, max)))
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

    #[test]
    fn text_of_objects_stays_on_one_line_and_short() {
        assert_eq!(display_text("cart", 8), "cart");
        assert_eq!(display_text("a\nb", 8), "a\\nb");
        assert_eq!(display_text("\u{1b}[31m", 20), "\\u{1b}[31m");
        assert_eq!(display_text("\u{202e}abc", 20), "\\u{202e}abc");
        assert_eq!(display_text("abcdefghij", 8), "abcde…");
        assert_eq!(display_text("ääääääää", 8), "ää…");
    }

    #[test]
    fn an_object_is_named_as_kubectl_names_it() {
        let object =
            |name: &str| ObjectRef { kind: "Service", namespace: "shop".into(), name: name.into() }.to_string();
        assert_eq!(object("cart"), "Service shop/cart");
        assert_eq!(object("cart-<generated>"), "Service shop/cart-<generated>");
        assert_eq!(object("<generated>"), "Service shop/<generated>");
        assert_eq!(object("../x"), "Service shop/\"../x\"");
        assert_eq!(object(""), "Service shop/\"\"");
        assert_eq!(object("a\" b\\"), "Service shop/\"a\\\" b\\\\\"");
    }
}
