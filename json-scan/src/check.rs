//! Checking the syntax of JSON.

use serde_json::value::RawValue;

/// The one value in `json`, without white space around it. It may be nested without limit.
///
/// # Errors
/// Text that is no JSON.
pub fn check(json: &str) -> serde_json::Result<&str> {
    // The code is made here, where it is compiled for speed.
    serde_json::from_str::<&RawValue>(json).map(RawValue::get)
}
