//! The policy's side of waPC: its entry points, and the cluster as the host's calls show it. No word of the policy.

use json_text::MapWriter;
use kubewarden_policy_sdk::protocol_version_guest;
use kubewarden_policy_sdk::wapc_guest::{CallResult, host_call, register_function};

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
    if let Some(line) = verdict.encode_log() {
        // A line that the host does not take changes no verdict.
        let _ = host_call("kubewarden", "tracing", "log", &line);
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
        let mut request = request_for(resource);
        request.string("name", name);
        match namespace {
            Some(namespace) => request.string("namespace", namespace),
            None => request.raw("namespace", "null"),
        }
        request.raw("disable_cache", "false");
        call("get_resource", request, resource)
    }

    fn list(&self, resource: Resource) -> Result<Vec<u8>, LookupError> {
        let mut request = request_for(resource);
        request.raw("label_selector", "null");
        request.raw("field_selector", "null");
        call("list_resources_all", request, resource)
    }
}

/// What the SDK's `GetResourceRequest` and `ListAllResourcesRequest` have in common. The SDK's own functions would decode
/// whole objects into k8s-openapi's types; here the JSON is wanted.
fn request_for(resource: Resource) -> MapWriter {
    let mut request = MapWriter::with_capacity(400);
    request.string("api_version", resource.api_version());
    request.string("kind", resource.kind());
    request.raw("field_masks", resource.field_masks());
    request
}

fn call(operation: &str, request: MapWriter, resource: Resource) -> Result<Vec<u8>, LookupError> {
    host_call("kubewarden", "kubernetes", operation, &request.end())
        .map_err(|error| LookupError::from_host(&error.to_string(), resource))
}
