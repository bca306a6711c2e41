//! Edits of the admitted object, as JSON: nothing but what a fix names changes, not even the order of keys or white space.

use std::borrow::Cow;
use std::ops::Range;

use crate::kubernetes::{DecodeError, Json, parse};

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
/// A path that leads through something that is no map or no list.
pub fn apply(edits: &[Edit], object: Json<'_>) -> Result<String, DecodeError> {
    let mut changed: Option<String> = None;
    for edit in edits {
        let document = changed.as_deref().map(parse).transpose()?;
        let json = document.as_ref().map_or(object, Json::of);
        changed = Some(change(json, &edit.path, edit.value.as_deref(), "")?);
    }
    Ok(changed.unwrap_or_else(|| object.text().to_owned()))
}

/// `json` with a change somewhere below it.
fn change(json: Json<'_>, path: &[Step], value: Option<&str>, so_far: &str) -> Result<String, DecodeError> {
    match path {
        [] => Ok(value.unwrap_or("null").to_owned()),
        [Step::Index(index), rest @ ..] => {
            let place = format!("{so_far}[{index}]");
            let items = json.items().ok_or_else(|| DecodeError::new(so_far, "must be a list"))?;
            let item = *items.get(*index).ok_or_else(|| DecodeError::new(&place, "is missing"))?;
            let changed = change(item, rest, value, &place)?;
            Ok(replaced(json, span(json, item), &changed))
        }
        [Step::Key(key), rest @ ..] => {
            let place = if so_far.is_empty() { key.clone().into_owned() } else { format!("{so_far}.{key}") };
            if json.is_null() {
                return Ok(
                    value.map_or_else(|| json.text().to_owned(), |value| format!("{{{}}}", entry(key, rest, value)))
                );
            }
            let entries = json.entries().ok_or_else(|| DecodeError::new(so_far, "must be a map"))?;
            let found = entries.iter().rposition(|(name, _)| name.string().as_ref() == Some(key));
            match (found, value) {
                (Some(index), None) if rest.is_empty() => Ok(without(json, &entries, index)),
                (Some(index), value) => {
                    let old = entries.get(index).map_or(Json::NULL, |(_, value)| *value);
                    let changed = change(old, rest, value, &place)?;
                    Ok(replaced(json, span(json, old), &changed))
                }
                (None, None) => Ok(json.text().to_owned()),
                (None, Some(value)) => {
                    let entry = entry(key, rest, value);
                    match entries.last() {
                        None => Ok(format!("{{{entry}}}")),
                        Some((_, last)) => {
                            let end = span(json, *last).end;
                            Ok(replaced(json, end..end, &format!(",{entry}")))
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
fn without(json: Json<'_>, entries: &[(Json<'_>, Json<'_>)], index: usize) -> String {
    let start = |(key, _): &(Json<'_>, Json<'_>)| span(json, *key).start;
    let end = |(_, value): &(Json<'_>, Json<'_>)| span(json, *value).end;
    let Some(entry) = entries.get(index) else { return json.text().to_owned() };
    let part = match (index.checked_sub(1).and_then(|before| entries.get(before)), entries.get(index + 1)) {
        (_, Some(next)) => start(entry)..start(next),
        (Some(before), None) => end(before)..end(entry),
        (None, None) => start(entry)..end(entry),
    };
    replaced(json, part, "")
}

fn replaced(json: Json<'_>, part: Range<usize>, by: &str) -> String {
    let (before, after) = (json.text().get(..part.start), json.text().get(part.end..));
    [before.unwrap_or_default(), by, after.unwrap_or_default()].concat()
}

/// Where `part` stands in `whole`, of which it is a part.
fn span(whole: Json<'_>, part: Json<'_>) -> Range<usize> {
    let start = (part.text().as_ptr() as usize).saturating_sub(whole.text().as_ptr() as usize);
    start..start + part.text().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "alb.ingress.kubernetes.io/target-type";

    fn applied(edits: &[Edit], json: &str) -> Result<String, String> {
        apply(edits, Json::of(&parse(json).unwrap())).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(edits: &[Edit], before: &str, after: &str) {
        assert_eq!(applied(edits, before).as_deref(), Ok(after));
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
        let missing = applied(&[edit], r#"{"spec":{"list":[]}}"#);
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
        let error = applied(&[Edit::annotate("a", "ip")], r#"{"metadata":[]}"#);
        assert_eq!(error, Err("metadata must be a map".to_owned()));
    }
}
