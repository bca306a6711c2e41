//! The policy's side of waPC: its entry points, and the cluster as the host's calls show it. No word of the policy.

use kubewarden_policy_sdk::protocol_version_guest;
use kubewarden_policy_sdk::wapc_guest::{CallResult, host_call, register_function};
use serde::Serialize;

use crate::cluster::{Cluster, LookupError, Resource};

/// What the host calls once in every fresh instance, before anything else.
#[expect(unsafe_code, reason = "waPC finds its entry point by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let verdict = crate::validate(payload, &Host);
    if let Some(line) = &verdict.log {
        // A line that the host does not take changes no verdict.
        let _ = serde_json::to_vec(line).map(|line| host_call("kubewarden", "tracing", "log", &line));
    }
    Ok(verdict.encode())
}

fn validate_settings(payload: &[u8]) -> CallResult {
    Ok(crate::validate_settings(payload))
}

/// The host, asked for objects.
struct Host;

impl Cluster for Host {
    fn get(&self, resource: Resource, namespace: Option<&str>, name: &str) -> Result<Vec<u8>, LookupError> {
        let request = GetResourceRequest {
            api_version: resource.api_version(),
            kind: resource.kind(),
            name,
            namespace,
            disable_cache: false,
            field_masks: resource.field_masks(),
        };
        call("get_resource", &request, resource)
    }

    fn list(&self, resource: Resource) -> Result<Vec<u8>, LookupError> {
        let request = ListAllResourcesRequest {
            api_version: resource.api_version(),
            kind: resource.kind(),
            label_selector: None,
            field_selector: None,
            field_masks: resource.field_masks(),
        };
        call("list_resources_all", &request, resource)
    }
}

/// The SDK's request of this name, borrowed.
#[derive(Serialize)]
struct GetResourceRequest<'a> {
    api_version: &'a str,
    kind: &'a str,
    name: &'a str,
    namespace: Option<&'a str>,
    disable_cache: bool,
    field_masks: &'a [&'a str],
}

/// The SDK's request of this name, borrowed.
#[derive(Serialize)]
struct ListAllResourcesRequest<'a> {
    api_version: &'a str,
    kind: &'a str,
    label_selector: Option<&'a str>,
    field_selector: Option<&'a str>,
    field_masks: &'a [&'a str],
}

/// The SDK's own functions would decode whole objects into k8s-openapi's types; here the JSON is wanted.
fn call(operation: &str, request: &impl Serialize, resource: Resource) -> Result<Vec<u8>, LookupError> {
    let payload = serde_json::to_vec(request).map_err(|error| LookupError::Unavailable(error.to_string()))?;
    host_call("kubewarden", "kubernetes", operation, &payload)
        .map_err(|error| LookupError::from_host(&error.to_string(), resource))
}
