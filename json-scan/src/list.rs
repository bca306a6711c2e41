//! The items of a list that an API server wrote, as ranges of its text.

use std::ops::Range;

use crate::reader::Reader;

/// How deep an item may be nested: serde_json's own limit for what it parses.
const MAX_DEPTH: u32 = 127;

/// Text that is no list of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListError {
    /// There is no `items` at the top.
    NoItems,
    /// `items` is no list, or holds something that is no object.
    NoObjects,
    /// The text ends too early, is nested too deeply, or is no JSON where it was looked at.
    Broken,
}

/// Where the objects in `items` of a Kubernetes list are. The text of an object is not checked: parse it before use.
///
/// # Errors
/// A text that is no such list, as far as that is visible without parsing the items.
pub fn items(json: &str) -> Result<Vec<Range<usize>>, ListError> {
    let mut reader = Reader::new(json, MAX_DEPTH);
    if !reader.takes(b'{') {
        return Err(ListError::NoItems);
    }
    let mut found = None;
    while !reader.takes(b'}') {
        let key = reader.string().filter(|_| reader.takes(b':')).ok_or(ListError::Broken)?;
        if key == "\"items\"" {
            found = Some(objects(&mut reader)?);
        } else {
            reader.value().ok_or(ListError::Broken)?;
        }
        if !reader.takes(b',') && reader.peek() != Some(b'}') {
            return Err(ListError::Broken);
        }
    }
    if reader.peek().is_some() {
        return Err(ListError::Broken);
    }
    found.ok_or(ListError::NoItems)
}

fn objects(reader: &mut Reader<'_>) -> Result<Vec<Range<usize>>, ListError> {
    if !reader.takes(b'[') {
        return Err(ListError::NoObjects);
    }
    let mut objects = Vec::new();
    if reader.takes(b']') {
        return Ok(objects);
    }
    loop {
        if reader.peek() != Some(b'{') {
            return Err(ListError::NoObjects);
        }
        objects.push(reader.container().ok_or(ListError::Broken)?);
        if !reader.takes(b',') {
            return if reader.takes(b']') { Ok(objects) } else { Err(ListError::Broken) };
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(list: &Value) {
        let expected = list["items"].as_array().unwrap();
        for text in [list.to_string(), serde_json::to_string_pretty(list).unwrap()] {
            let found = items(&text).unwrap();
            let found: Vec<Value> = found.into_iter().map(|item| serde_json::from_str(&text[item]).unwrap()).collect();
            assert_eq!(&found, expected, "{text}");
        }
    }

    #[test]
    fn items_are_found_like_serde_json_finds_them() {
        check(&json!({"items": []}));
        check(
            &json!({"kind": "List", "metadata": {"items": [1]}, "items": [{"a": "}]\\\"{["}, {"b": [[{}], 1.5e3, null]}], "z": true}),
        );
        for length in 0..40 {
            check(&json!({"items": [{"name": "x".repeat(length)}, {"\\": "\"\\"}, {"list": [[], [{}]]}], "n": -1}));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, error) in [
            ("", ListError::NoItems),
            ("null", ListError::NoItems),
            ("[]", ListError::NoItems),
            ("{}", ListError::NoItems),
            (r#"{"kind":"Status"}"#, ListError::NoItems),
            (r#"{"items":null}"#, ListError::NoObjects),
            (r#"{"items":[null]}"#, ListError::NoObjects),
            (r#"{"items":[[]]}"#, ListError::NoObjects),
            (r#"{"items":[{}"#, ListError::Broken),
            (r#"{"items":[{}]"#, ListError::Broken),
            (r#"{"items":[{}]}x"#, ListError::Broken),
            (r#"{"items":[{"a":"#, ListError::Broken),
            (r#"{"items"#, ListError::Broken),
        ] {
            assert_eq!(items(text), Err(error), "{text}");
        }
        let deep = format!(r#"{{"items":[{{"a":{}{}}}]}}"#, "[".repeat(1000), "]".repeat(1000));
        assert_eq!(items(&deep), Err(ListError::Broken));
    }
}
