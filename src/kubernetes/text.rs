//! Text of objects, made safe to print: it is quoted in messages, never interpreted.

use std::borrow::Cow;

use super::name::is_valid_name;

/// `text` as one printable line of at most `max` bytes: control characters are escaped, what is too long is cut.
pub fn display_text(text: &str, max: usize) -> Cow<'_, str> {
    let printable = |c: char| !c.is_control() && !is_invisible(c);
    // Nearly all text is ASCII.
    let is_printable = || text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || text.chars().all(printable);
    if text.len() <= max && is_printable() {
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

/// A valid name as it is, anything else in quotes: it is somebody's text.
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
    fn text_of_objects_stays_on_one_line_and_short() {
        assert_eq!(display_text("cart", 8), "cart");
        assert_eq!(display_text("a\nb", 8), "a\\nb");
        assert_eq!(display_text("\u{1b}[31m", 20), "\\u{1b}[31m");
        assert_eq!(display_text("\u{202e}abc", 20), "\\u{202e}abc");
        assert_eq!(display_text("abcdefghij", 8), "abcde…");
        assert_eq!(display_text("ääääääää", 8), "ää…");
    }
}
