//! Checking the syntax of JSON.

use serde_json::value::RawValue;

/// The one value in `json`, to be written as it is.
///
/// # Errors
/// Text that is no JSON.
pub fn raw_value(json: &str) -> serde_json::Result<&RawValue> {
    // The code is made here, where it is compiled for speed.
    serde_json::from_str(json)
}

/// The one value in `json`, without white space around it. It may be nested without limit.
///
/// # Errors
/// Text that is no JSON.
pub fn check(json: &str) -> serde_json::Result<&str> {
    raw_value(json).map(RawValue::get)
}
