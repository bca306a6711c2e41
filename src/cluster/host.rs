//! A cluster behind a host's calls: the requests that a policy sends, in the form of the SDK's.

use serde::Serialize;

use super::{Cluster, ListQuery, LookupError, field_masks};
use crate::kubernetes::Kind;

/// One call of a host capability of the group `kubernetes`.
#[derive(Debug, Clone, Copy)]
pub struct HostCall<'a> {
    /// `get_resource` or `list_resources_all`.
    pub operation: &'static str,
    /// The request as JSON.
    pub request: &'a [u8],
    /// A name: a list may leave out objects in which it does not occur. A real host never does.
    pub mention: Option<&'a str>,
}

/// The cluster behind `call`, which answers as a Kubewarden host does: with JSON, or with the text of an error.
pub struct HostCalls<F> {
    call: F,
    narrows_lists: bool,
}

impl<F: Fn(HostCall<'_>) -> Result<Vec<u8>, String>> HostCalls<F> {
    /// Lists of this host are whole.
    pub fn new(call: F) -> Self {
        Self { call, narrows_lists: false }
    }

    /// Lists of this host leave out objects that do not mention what is asked for.
    pub fn narrowing(call: F) -> Self {
        Self { call, narrows_lists: true }
    }
}

/// The SDK's `GetResourceRequest`. Its own function would parse whole objects into k8s-openapi's types; here their JSON
/// is wanted.
#[derive(Serialize)]
struct GetResourceRequest<'a> {
    api_version: &'static str,
    kind: &'static str,
    name: &'a str,
    namespace: Option<&'a str>,
    disable_cache: bool,
    field_masks: &'static [&'static str],
}

/// The SDK's `ListAllResourcesRequest`.
#[derive(Serialize)]
struct ListAllResourcesRequest {
    api_version: &'static str,
    kind: &'static str,
    label_selector: Option<&'static str>,
    field_selector: Option<&'static str>,
    field_masks: &'static [&'static str],
}

impl<F: Fn(HostCall<'_>) -> Result<Vec<u8>, String>> Cluster for HostCalls<F> {
    fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Vec<u8>, LookupError> {
        let request = GetResourceRequest {
            api_version: kind.api_version(),
            kind: kind.name(),
            name,
            namespace,
            disable_cache: false,
            field_masks: field_masks(kind),
        };
        let request = json_scan::to_vec(&request).unwrap_or_default();
        (self.call)(HostCall { operation: "get_resource", request: &request, mention: None })
            .map_err(|error| LookupError::from_host(&error, kind))
    }

    fn list(&self, query: ListQuery<'_>) -> Result<Vec<u8>, LookupError> {
        let request = ListAllResourcesRequest {
            api_version: query.kind.api_version(),
            kind: query.kind.name(),
            label_selector: None,
            field_selector: query.selector.map(super::Selector::field_selector),
            field_masks: field_masks(query.kind),
        };
        let request = json_scan::to_vec(&request).unwrap_or_default();
        (self.call)(HostCall { operation: "list_resources_all", request: &request, mention: query.mention })
            .map_err(|error| LookupError::from_host(&error, query.kind))
    }

    fn narrows_lists(&self) -> bool {
        self.narrows_lists
    }
}
