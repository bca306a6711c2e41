//! The policy that all others are measured against: it accepts everything, and reads nothing.

#![cfg(target_os = "wasi")]

use kubewarden_policy_sdk::protocol_version_guest;
use kubewarden_policy_sdk::wapc_guest::{CallResult, register_function};

/// What the host calls once in every fresh instance, before anything else.
#[expect(unsafe_code, reason = "waPC finds its entry point by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", |_| answer(r#"{"accepted":true}"#));
    register_function("validate_settings", |_| answer(r#"{"valid":true}"#));
    register_function("protocol_version", protocol_version_guest);
}

fn answer(json: &str) -> CallResult {
    Ok(json.as_bytes().to_vec())
}
