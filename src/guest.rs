//! The policy's side of waPC: its entry points, and the host's calls.

use kubewarden_policy_sdk::protocol_version_guest;
use kubewarden_policy_sdk::wapc_guest::{CallResult, host_call, register_function};

use crate::cluster::{HostCall, HostCalls};

/// What the host calls once in every fresh instance, before anything else.
#[expect(unsafe_code, reason = "waPC finds its entry point by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let answer = crate::validate(payload, &HostCalls::new(call));
    if let Some(line) = answer.log {
        // A line that the host does not take changes no verdict.
        let _ = host_call("kubewarden", "tracing", "log", &line);
    }
    Ok(answer.response)
}

fn validate_settings(payload: &[u8]) -> CallResult {
    Ok(crate::validate_settings(payload))
}

fn call(call: HostCall<'_>) -> Result<Vec<u8>, String> {
    host_call("kubewarden", "kubernetes", call.operation, call.request).map_err(|error| error.to_string())
}
