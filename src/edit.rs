//! Edits of the admitted object, as JSON: nothing but what a fix names changes, not even the order of keys or white space.

use std::borrow::Cow;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::kubernetes::{DecodeError, not_valid_json};

/// One change of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Where.
    pub path: Vec<Step>,
    /// What is set there, as JSON; nothing where the field is removed.
    pub value: Option<Cow<'static, str>>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A key of a map.
    Key(Cow<'static, str>),
    /// An item of a list.
    Index(usize),
}

impl Edit {
    /// Sets a string.
    pub fn set(path: Vec<Step>, value: &'static str) -> Self {
        Self { path, value: Some(Cow::Owned(format!("\"{value}\""))) }
    }

    /// Sets an annotation.
    pub fn annotate(key: &'static str, value: &'static str) -> Self {
        Self::set(keys(&["metadata", "annotations", key]), value)
    }

    /// Removes a field.
    pub fn remove(path: Vec<Step>) -> Self {
        Self { path, value: None }
    }
}

/// A path of keys alone.
pub fn keys(keys: &[&'static str]) -> Vec<Step> {
    keys.iter().map(|key| Step::Key(Cow::Borrowed(key))).collect()
}

/// The object with all edits applied, one after another.
///
/// # Errors
/// A path that leads through something that is no map or no list, and text that is no JSON.
pub fn apply(edits: &[Edit], object: &str) -> Result<String, DecodeError> {
    // What was passed over when the object was read is checked here.
    let whole: &RawValue =
        serde_json::from_str(object).map_err(|error| DecodeError::new(DecodeError::WHOLE, &not_valid_json(&error)))?;
    let mut text = whole.get().to_owned();
    for edit in edits {
        text = change(&text, &edit.path, edit.value.as_deref(), "")?;
    }
    Ok(text)
}

/// `json` with a change somewhere below it.
fn change(json: &str, path: &[Step], value: Option<&str>, so_far: &str) -> Result<String, DecodeError> {
    match path {
        [] => Ok(value.unwrap_or("null").to_owned()),
        [Step::Index(index), rest @ ..] => {
            let place = format!("{so_far}[{index}]");
            let items: Vec<&RawValue> =
                serde_json::from_str(json).map_err(|_| DecodeError::new(so_far, "must be a list"))?;
            let item = items.get(*index).ok_or_else(|| DecodeError::new(&place, "is missing"))?.get();
            let changed = change(item, rest, value, &place)?;
            Ok(replaced(json, offset_in(json, item), item.len(), &changed))
        }
        [Step::Key(key), rest @ ..] => {
            let place = if so_far.is_empty() { key.clone().into_owned() } else { format!("{so_far}.{key}") };
            if json == "null" {
                return Ok(value.map_or_else(|| json.to_owned(), |value| format!("{{{}}}", entry(key, rest, value))));
            }
            let entries = entries(json).map_err(|_| DecodeError::new(so_far, "must be a map"))?;
            let found = entries.iter().rposition(|(name, _)| *name == key.as_ref());
            match (found, value) {
                (Some(index), None) if rest.is_empty() => Ok(without(json, &entries, index)),
                (Some(index), value) => {
                    let old = entries.get(index).map_or("null", |(_, value)| value.get());
                    let changed = change(old, rest, value, &place)?;
                    Ok(replaced(json, offset_in(json, old), old.len(), &changed))
                }
                (None, None) => Ok(json.to_owned()),
                (None, Some(value)) => {
                    let entry = entry(key, rest, value);
                    match entries.last() {
                        None => Ok(format!("{{{entry}}}")),
                        Some((_, last)) => {
                            let end = offset_in(json, last.get()) + last.get().len();
                            Ok(replaced(json, end, 0, &format!(",{entry}")))
                        }
                    }
                }
            }
        }
    }
}

/// A new entry of a map, with the maps that are missing on the way.
fn entry(key: &str, rest: &[Step], value: &str) -> String {
    let key = serde_json::to_string(key).unwrap_or_default();
    match rest {
        [Step::Key(next), rest @ ..] => format!("{key}:{{{}}}", entry(next, rest, value)),
        _ => format!("{key}:{value}"),
    }
}

/// `json` without one of its entries: up to the next one, or from the end of the one before.
fn without(json: &str, entries: &[(Key<'_>, &RawValue)], index: usize) -> String {
    let end_of = |(_, value): &(Key<'_>, &RawValue)| offset_in(json, value.get()) + value.get().len();
    let Some(entry) = entries.get(index) else { return json.to_owned() };
    let start = offset_in(json, entry.0.0);
    match (index.checked_sub(1).and_then(|before| entries.get(before)), entries.get(index + 1)) {
        (_, Some(next)) => replaced(json, start, offset_in(json, next.0.0) - start, ""),
        (Some(before), None) => replaced(json, end_of(before), end_of(entry) - end_of(before), ""),
        (None, None) => replaced(json, start, end_of(entry) - start, ""),
    }
}

fn replaced(json: &str, at: usize, length: usize, by: &str) -> String {
    let (before, after) = (json.get(..at).unwrap_or_default(), json.get(at + length..).unwrap_or_default());
    [before, by, after].concat()
}

/// Where `part` begins in `whole`, of which it is a part.
fn offset_in(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}

/// A key as it is in the text, with its quotes.
struct Key<'a>(&'a str);

impl PartialEq<&str> for Key<'_> {
    fn eq(&self, name: &&str) -> bool {
        serde_json::from_str::<Cow<'_, str>>(self.0).is_ok_and(|key| key == *name)
    }
}

fn entries(json: &str) -> serde_json::Result<Vec<(Key<'_>, &RawValue)>> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(Key<'de>, &'de RawValue)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                entries.push((Key(key.get()), value));
            }
            Ok(entries)
        }
    }

    serde_json::Deserializer::from_str(json).deserialize_map(Entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "alb.ingress.kubernetes.io/target-type";

    #[track_caller]
    fn check(edits: &[Edit], before: &str, after: &str) {
        assert_eq!(apply(edits, before).as_deref(), Ok(after));
    }

    #[test]
    fn nothing_else_changes() {
        check(
            &[Edit::annotate(KEY, "ip")],
            r#"{"spec":{"z":1,"a":{"new":[true,null,1.50]}},"metadata":{"annotations":{"z":"1","a":"2"},"name":"web"},"future":{}}"#,
            r#"{"spec":{"z":1,"a":{"new":[true,null,1.50]}},"metadata":{"annotations":{"z":"1","a":"2","alb.ingress.kubernetes.io/target-type":"ip"},"name":"web"},"future":{}}"#,
        );
        check(
            &[Edit::annotate(KEY, "ip")],
            "{ \"metadata\" : {\n \"annotations\" : { \"\\u007a\" : \"1\" } } }",
            "{ \"metadata\" : {\n \"annotations\" : { \"\\u007a\" : \"1\",\"alb.ingress.kubernetes.io/target-type\":\"ip\" } } }",
        );
    }

    #[test]
    fn an_annotation_keeps_its_place() {
        check(
            &[Edit::annotate(KEY, "ip")],
            r#"{"metadata":{"annotations":{"alb.ingress.kubernetes.io\/target-type":"instance","z":"1"}}}"#,
            r#"{"metadata":{"annotations":{"alb.ingress.kubernetes.io\/target-type":"ip","z":"1"}}}"#,
        );
    }

    #[test]
    fn missing_maps_are_made() {
        let annotated = format!(r#"{{"metadata":{{"annotations":{{"{KEY}":"ip"}}}}}}"#);
        for before in ["{}", r#"{"metadata":null}"#, r#"{"metadata":{}}"#, r#"{"metadata":{"annotations":null}}"#] {
            check(&[Edit::annotate(KEY, "ip")], before, &annotated);
        }
    }

    #[test]
    fn fields_are_removed_with_their_comma() {
        let remove = |key: &'static str| [Edit::remove(keys(&["spec", key]))];
        for (key, after) in [
            ("a", r#"{"spec":{ "b": 2 , "c":3}}"#),
            ("b", r#"{"spec":{ "a":1, "c":3}}"#),
            ("c", r#"{"spec":{ "a":1, "b": 2}}"#),
            ("d", r#"{"spec":{ "a":1, "b": 2 , "c":3}}"#),
        ] {
            check(&remove(key), r#"{"spec":{ "a":1, "b": 2 , "c":3}}"#, after);
        }
        check(&remove("a"), r#"{"spec":{"a":[1]}}"#, r#"{"spec":{}}"#);
        check(&remove("a"), r#"{"spec":null}"#, r#"{"spec":null}"#);
    }

    #[test]
    fn items_of_lists_are_reached() {
        let mut path = keys(&["spec", "list"]);
        path.extend([Step::Index(1), Step::Key("props".into()), Step::Key("type".into())]);
        let edit = Edit::set(path, "ip");
        check(
            std::slice::from_ref(&edit),
            r#"{"spec":{"list":[{},{"a":1},{}]}}"#,
            r#"{"spec":{"list":[{},{"a":1,"props":{"type":"ip"}},{}]}}"#,
        );
        let missing = apply(&[edit], r#"{"spec":{"list":[]}}"#).map_err(|error| error.to_string());
        assert_eq!(missing, Err("spec.list[1] is missing".to_owned()));
    }

    #[test]
    fn all_edits_are_applied_together() {
        check(
            &[Edit::annotate("a", "ip"), Edit::set(keys(&["spec", "targetType"]), "ip"), Edit::annotate("b", "ip")],
            r#"{"metadata":{"annotations":{}}}"#,
            r#"{"metadata":{"annotations":{"a":"ip","b":"ip"}},"spec":{"targetType":"ip"}}"#,
        );
    }

    #[test]
    fn what_is_no_map_is_not_edited() {
        let error = |json: &str| apply(&[Edit::annotate("a", "ip")], json).map_err(|error| error.to_string());
        assert_eq!(error(r#"{"metadata":[]}"#), Err("metadata must be a map".to_owned()));
        assert!(error("{").is_err_and(|error| error.starts_with("it is not valid JSON")));
    }
}
