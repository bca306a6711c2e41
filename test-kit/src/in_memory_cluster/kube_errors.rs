//! The errors of kube 3.1 as the host renders them for a policy: anyhow's Debug form.
//!
//! Invariant: the texts are those that the real crates print for the same responses of an API server.

use crate::kinds::{group_and_version, plural};

/// What kube says when it cannot connect, without the causes.
pub const SERVICE_ERROR: &str = "ServiceError: client error (Connect)";

/// What anyhow adds to the Debug form of an error where `RUST_BACKTRACE` is set: the first frames of many.
pub const BACKTRACE: &str =
    "\n\nStack backtrace:\n   0: anyhow::error::<impl anyhow::Error>::msg\n   1: anyhow::__private::format_err";

/// Who asks, as the API server's refusals name it.
const SERVICE_ACCOUNT: &str = "system:serviceaccount:kubewarden:policy-server";

/// `ListMeta`, as it is in every Status that an API server sends.
const EMPTY_LIST_META: &str =
    "Some(ListMeta { continue_: None, remaining_item_count: None, resource_version: None, self_link: None })";

/// No API server listens.
pub fn connection_refused() -> String {
    format!(
        "{SERVICE_ERROR}\n\nCaused by:\n    0: client error (Connect)\n    1: tcp connect error\n    2: Connection refused (os error 111)"
    )
}

/// The API server answers 500 because its store does not answer.
pub fn request_timed_out() -> String {
    let message = "etcdserver: request timed out";
    let display = format!("{message}: ");
    let debug = format!(
        r#"Status {{ status: Some(Failure), code: 500, message: {message:?}, metadata: {EMPTY_LIST_META}, reason: "", details: None }}"#
    );
    caused_by(&format!("ApiError: {display} ({debug})"), &display)
}

/// The API server answers 403: RBAC lets the policy server not get the kind.
pub fn forbidden(api_version: &str, kind: &str, name: &str, namespace: Option<&str>) -> String {
    let (group, _) = group_and_version(api_version);
    let resource = plural(kind);
    // apimachinery's `GroupResource.String` and the API server's `responsewriters.ForbiddenMessage`.
    let group_resource = if group.is_empty() { resource.clone() } else { format!("{resource}.{group}") };
    let scope = match namespace {
        Some(namespace) => format!(r#"in the namespace "{namespace}""#),
        None => "at the cluster scope".to_owned(),
    };
    let message = format!(
        r#"{group_resource} "{name}" is forbidden: User "{SERVICE_ACCOUNT}" cannot get resource "{resource}" in API group "{group}" {scope}"#
    );
    let display = format!("{message}: Forbidden");
    let debug = format!(
        r#"Status {{ status: Some(Failure), code: 403, message: {message:?}, metadata: {EMPTY_LIST_META}, reason: "Forbidden", details: Some(StatusDetails {{ name: {name:?}, group: {group:?}, kind: {resource:?}, uid: "", causes: [], retry_after_seconds: 0 }}) }}"#
    );
    caused_by(&format!("ApiError: {display} ({debug})"), &display)
}

/// What discovery says about a group that is not installed: the API server answers with plain text, and kube-client makes
/// a Status of it (`src/client/mod.rs`, `handle_api_errors`). Without causes, since the host renders it with `Display`.
pub fn page_not_found() -> String {
    let body = "404 page not found\n";
    let reason = "Failed to parse error data";
    format!(
        "ApiError: {body}: {reason} (Status {{ status: Some(Failure), code: 404, message: {body:?}, metadata: None, reason: {reason:?}, details: None }})"
    )
}

/// kube-core refuses the empty name before it asks (`src/request.rs`, `validate_name`).
pub fn empty_name() -> String {
    let cause = "failed to validate request: A non-empty name is required";
    caused_by(&format!("Failed to build request: {cause}"), cause)
}

/// anyhow's Debug form of an error with one cause.
fn caused_by(error: &str, cause: &str) -> String {
    format!("{error}\n\nCaused by:\n    {cause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected texts are what kwctl 1.36 gave a policy when an API server answered it so.

    #[test]
    fn forbidden_is_the_text_of_the_real_crates() {
        assert_eq!(
            forbidden("v1", "Service", "cart", Some("shop")),
            "ApiError: services \"cart\" is forbidden: User \"system:serviceaccount:kubewarden:policy-server\" cannot get resource \"services\" in API group \"\" in the namespace \"shop\": Forbidden (Status { status: Some(Failure), code: 403, message: \"services \\\"cart\\\" is forbidden: User \\\"system:serviceaccount:kubewarden:policy-server\\\" cannot get resource \\\"services\\\" in API group \\\"\\\" in the namespace \\\"shop\\\"\", metadata: Some(ListMeta { continue_: None, remaining_item_count: None, resource_version: None, self_link: None }), reason: \"Forbidden\", details: Some(StatusDetails { name: \"cart\", group: \"\", kind: \"services\", uid: \"\", causes: [], retry_after_seconds: 0 }) })\n\nCaused by:\n    services \"cart\" is forbidden: User \"system:serviceaccount:kubewarden:policy-server\" cannot get resource \"services\" in API group \"\" in the namespace \"shop\": Forbidden"
        );
        let cluster_scoped = forbidden("networking.k8s.io/v1", "IngressClass", "alb", None);
        let message = "ApiError: ingressclasses.networking.k8s.io \"alb\" is forbidden: User \"system:serviceaccount:kubewarden:policy-server\" cannot get resource \"ingressclasses\" in API group \"networking.k8s.io\" at the cluster scope: Forbidden (";
        assert!(cluster_scoped.starts_with(message), "{cluster_scoped}");
    }

    #[test]
    fn a_timeout_of_the_store_is_the_text_of_the_real_crates() {
        assert_eq!(
            request_timed_out(),
            "ApiError: etcdserver: request timed out:  (Status { status: Some(Failure), code: 500, message: \"etcdserver: request timed out\", metadata: Some(ListMeta { continue_: None, remaining_item_count: None, resource_version: None, self_link: None }), reason: \"\", details: None })\n\nCaused by:\n    etcdserver: request timed out: "
        );
    }

    #[test]
    fn a_group_that_is_not_installed_is_the_text_of_the_real_crates() {
        assert_eq!(
            page_not_found(),
            "ApiError: 404 page not found\n: Failed to parse error data (Status { status: Some(Failure), code: 404, message: \"404 page not found\\n\", metadata: None, reason: \"Failed to parse error data\", details: None })"
        );
    }

    #[test]
    fn an_empty_name_is_the_text_of_the_real_crates() {
        assert_eq!(
            empty_name(),
            "Failed to build request: failed to validate request: A non-empty name is required\n\nCaused by:\n    failed to validate request: A non-empty name is required"
        );
    }
}
