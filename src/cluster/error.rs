//! Why there is no answer, understood from the texts in which a host says so.

use serde::Serialize;

use crate::kubernetes::{DecodeError, Kind, ObjectRef, display_text};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase", tag = "reason", content = "detail")]
pub enum LookupError {
    /// The kind is there, an object of that name is not.
    NoSuchObject,
    /// The kind is not installed: there are no objects of it.
    KindNotInstalled,
    /// The policy may not ask for the kind: it is not among its `contextAwareResources`.
    KindNotGranted,
    /// The policy may not call this host capability.
    CapabilityNotGranted(String),
    /// The API server does not let the policy server read the kind (RBAC).
    Forbidden(String),
    /// The API server could not be asked, or failed; with the host's words.
    Unavailable(String),
    /// The answer is not what Kubernetes' API says it is.
    Unreadable(DecodeError),
}

/// A lookup that was not answered, so that something could not be checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LookupFailure {
    /// The kind that was asked for.
    #[serde(serialize_with = "kind_with_version")]
    pub kind: Kind,
    /// The object that was asked for; none for a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// Why there is no answer.
    pub error: LookupError,
}

fn kind_with_version<S: serde::Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{}/{}", kind.api_version(), kind.name()))
}

/// Longest part of a host's error that is kept.
const MAX_HOST_TEXT: usize = 240;

impl LookupError {
    /// Understands the text in which an error crosses the border between host and guest.
    ///
    /// Source: policy-evaluator's `callback_handler/kubernetes/client.rs` and `runtimes/callback.rs`. Only the start of
    /// what the wrappers leave is compared: a message of the API server may quote a name that somebody chose.
    pub fn from_host(text: &str, kind: Kind) -> Self {
        let text = without_wrappers(text);
        let (api_version, name) = (kind.api_version(), kind.name());
        let first_line = text.lines().next().unwrap_or_default();
        let kept = |text: &str| display_text(text, MAX_HOST_TEXT).into_owned();
        if text.starts_with(&format!("Cannot find {api_version}/{name} named '")) {
            Self::NoSuchObject
        } else if first_line == format!("Cannot find resource {api_version}/{name}") {
            Self::KindNotInstalled
        } else if let Some(reason) = text.strip_prefix(&format!("error finding resource {api_version} / {name}: "))
            && reason.contains("code: 404")
        {
            Self::KindNotInstalled
        } else if text.starts_with("Policy has not been granted access to Kubernetes ") {
            Self::KindNotGranted
        } else if let Some(rest) = text.strip_prefix("Policy has not been granted access to the '") {
            Self::CapabilityNotGranted(kept(rest.split('\'').next().unwrap_or_default()))
        } else {
            let (said, status) = first_line.split_once(" (Status {").unwrap_or((first_line, ""));
            let said = kept(said.trim_end_matches([':', ' ']));
            if status.starts_with(" status: Some(Failure), code: 403,") {
                Self::Forbidden(said)
            } else {
                Self::Unavailable(said)
            }
        }
    }
}

/// What the SDK, waPC and the host put before an error.
const WRAPPERS: [&str; 4] = [
    "error invoking host capability kubernetes.get_resource: ",
    "error invoking host capability kubernetes.list_resources_all: ",
    "Host error: ",
    "Callback evaluation failure: ",
];

fn without_wrappers(mut text: &str) -> &str {
    while let Some(rest) = WRAPPERS.iter().find_map(|wrapper| text.strip_prefix(wrapper)) {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: LookupError) {
        assert_eq!(LookupError::from_host(text, Kind::Service), expected);
        let wrapped = format!(
            "error invoking host capability kubernetes.get_resource: Host error: Callback evaluation failure: {text}"
        );
        assert_eq!(LookupError::from_host(&wrapped, Kind::Service), expected);
    }

    fn unavailable(text: &str) -> LookupError {
        LookupError::Unavailable(text.to_owned())
    }

    #[test]
    fn errors_of_the_host_are_told_apart() {
        check("Cannot find v1/Service named 'cart' inside of namespace 'Some(\"shop\")'", LookupError::NoSuchObject);
        check("Cannot find resource v1/Service", LookupError::KindNotInstalled);
        check("Cannot find resource v1/Service\n\nStack backtrace:\n   0: x", LookupError::KindNotInstalled);
        check(
            "error finding resource v1 / Service: ApiError: 404 page not found (Status { code: 404, .. })",
            LookupError::KindNotInstalled,
        );
        check(
            "error finding resource v1 / Service: ApiError: no (Status { code: 503, .. })",
            unavailable("error finding resource v1 / Service: ApiError: no"),
        );
        check(
            "Policy has not been granted access to Kubernetes v1/Service resources. The violation has been reported.",
            LookupError::KindNotGranted,
        );
        check(
            "Policy has not been granted access to the 'kubernetes/get_resource' host capability. The violation has been reported.",
            LookupError::CapabilityNotGranted("kubernetes/get_resource".to_owned()),
        );
        check(
            "ApiError: services \"cart\" is forbidden: Forbidden (Status { status: Some(Failure), code: 403, message: \"\" })\n\nCaused by:\n    x",
            LookupError::Forbidden("ApiError: services \"cart\" is forbidden: Forbidden".to_owned()),
        );
        check(
            "ApiError: etcdserver: request timed out:  (Status { status: Some(Failure), code: 500, message: \"code: 403,\" })",
            unavailable("ApiError: etcdserver: request timed out"),
        );
        check("", unavailable(""));
    }

    #[test]
    fn words_inside_an_error_are_not_taken_for_its_kind() {
        for text in [
            "ApiError: \"Cannot find resource v1/Service\"",
            "Cannot find resource v1/Services",
            "Cannot find v1/Ingress named 'x' inside of namespace 'None'",
            "x Policy has not been granted access to Kubernetes v1/Service resources.",
        ] {
            check(text, unavailable(text));
        }
    }
}
