//! From JSON to a view, with the path of the field that could not be read.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::name::display_text;

/// Longest part of an object's own text that an error repeats.
const MAX_QUOTED: usize = 160;

/// A field that does not hold what Kubernetes' API says it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct DecodeError {
    /// The field, as `spec.rules[0].http`; `.` stands for the object itself.
    pub path: String,
    /// What was found there and what was expected.
    pub reason: String,
}

impl DecodeError {
    /// An error at `path`; text that comes from an object is made safe to print.
    pub fn new(path: &str, reason: &str) -> Self {
        Self {
            path: display_text(path, MAX_QUOTED).into_owned(),
            reason: display_text(reason, MAX_QUOTED).into_owned(),
        }
    }
}

/// Reads a view out of `json`.
///
/// # Errors
/// The first field that has a wrong type or is missing, with its path.
pub fn decode<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, DecodeError> {
    // Where the text ends too early, the path ends in `?`, which tells nobody anything.
    let deserializer = &mut serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize::<_, Whole<T>>(deserializer).map(|whole| whole.0).map_err(|error| {
        let path = error.path().to_string();
        let path = path.trim_end_matches('?').trim_end_matches('.');
        let path = if path.is_empty() { "." } else { path };
        DecodeError::new(path, &without_position(&error.into_inner()))
    })
}

/// What is read as a whole is a map, too.
struct Whole<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let missing = || serde::de::Error::custom("invalid type: null, expected a map");
        optional_map(deserializer)?.map(Self).ok_or_else(missing)
    }
}

/// serde_json ends its messages with a place in the text that nobody outside sees.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}

/// A structure out of a map and nothing else: serde itself would take a list for its fields in order.
struct FromMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FromMap<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
}

/// A map, or nothing where there is `null`.
pub(crate) fn optional_map<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(FromMap(PhantomData))
}

/// A map; `null` counts as an empty one.
pub(crate) fn map<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(optional_map(deserializer)?.unwrap_or_default())
}

/// A list of maps; `null` counts as an empty one.
pub(super) fn maps<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    struct Item<T>(T);
    impl<'de, T: Default + Deserialize<'de>> Deserialize<'de> for Item<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            map(deserializer).map(Self)
        }
    }
    let items = Option::<Vec<Item<T>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(items.into_iter().map(|item| item.0).collect())
}

/// Kubernetes' JSON may hold `null` where a field is empty.
pub(super) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Only whether a field is there (and not `null`), whatever it holds.
pub(super) fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(deserializer)?.is_some())
}
