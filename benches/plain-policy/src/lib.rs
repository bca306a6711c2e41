//! A policy written as most are: the SDK decodes the whole request, k8s-openapi the whole object. It looks at what it
//! decoded, asks the host for nothing and accepts.

#![cfg(target_os = "wasi")]

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use kubewarden_policy_sdk::request::ValidationRequest;
use kubewarden_policy_sdk::settings::Validatable;
use kubewarden_policy_sdk::wapc_guest::{CallResult, register_function};
use kubewarden_policy_sdk::{accept_request, protocol_version_guest, reject_request, validate_settings};
use serde::{Deserialize, Serialize};

/// What the host calls once in every fresh instance, before anything else.
#[expect(unsafe_code, reason = "waPC finds its entry point by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings::<Settings>);
    register_function("protocol_version", protocol_version_guest);
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Settings {
    mode: String,
}

impl Validatable for Settings {
    fn validate(&self) -> Result<(), String> {
        Ok(())
    }
}

fn validate(payload: &[u8]) -> CallResult {
    let request: ValidationRequest<Settings> = ValidationRequest::new(payload)?;
    let kind = request.request.kind.kind.as_str();
    let object = request.request.object;
    let is_complete = match kind {
        "Service" => serde_json::from_value::<Service>(object)?.spec.is_some(),
        "Ingress" => serde_json::from_value::<Ingress>(object)?.spec.is_some(),
        _ => object.get("spec").is_some(),
    };
    if is_complete { accept_request() } else { reject_request(Some("no spec".to_owned()), Some(400), None, None) }
}
