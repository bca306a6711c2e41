//! What a string with escapes says.

/// The text between the quotes of a string whose syntax is valid; nothing where a `\u` escape is half of a surrogate pair,
/// which is valid JSON and no text.
///
/// serde_json would read the string as well, but what it says of other values comes with that: ten kilobytes of numbers.
pub(crate) fn unescape(mut text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    while let Some((before, escape)) = text.split_once('\\') {
        plain.push_str(before);
        let mut rest = escape.chars();
        plain.push(match rest.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let (first, behind) = code_unit(rest.as_str())?;
                let second = behind.strip_prefix("\\u").and_then(code_unit).filter(|_| is_first_half(first));
                rest = second.map_or(behind, |(_, behind)| behind).chars();
                char::decode_utf16([Some(first), second.map(|(unit, _)| unit)].into_iter().flatten()).next()?.ok()?
            }
            other => other,
        });
        text = rest.as_str();
    }
    plain.push_str(text);
    Some(plain)
}

/// Four hexadecimal digits, and what stands behind them.
fn code_unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

/// Whether another code unit belongs to this one.
fn is_first_half(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same as serde_json reads, and nothing where that reads nothing.
    #[test]
    fn escapes_are_those_of_serde_json() {
        let parts = [
            "",
            "a",
            "ä",
            "\\\"",
            "\\\\",
            "\\/",
            "\\b",
            "\\f",
            "\\n",
            "\\r",
            "\\t",
            "\\u0041",
            "\\u00E4",
            "\\ud83d",
            "\\uDE00",
            "\\ud83d\\ude00",
            "\\uffff",
        ];
        for one in parts {
            for other in parts {
                for last in parts {
                    let text = format!("{one}{other}{last}");
                    let expected = serde_json::from_str::<String>(&format!("\"{text}\"")).ok();
                    assert_eq!(unescape(&text), expected, "{text}");
                }
            }
        }
    }
}
