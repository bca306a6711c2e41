//! Writes host calls as the session file that `kwctl run --replay-host-capabilities-interactions` answers them from.
//!
//! Invariant: what is written is what kwctl reads (`kwctl/src/callback_handler/proxy.rs`, `Exchange`;
//! `policy-evaluator/src/callback_requests.rs`, `CallbackRequestType`). kwctl compares each request with the recorded one,
//! so the policy's calls have to come in the same order and form.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use test_kit::in_memory_cluster::{AnsweredBy, CALLBACK_FAILURE, Exchange, Misuse};
use thiserror::Error;

/// Why host calls cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SessionError {
    /// A call that the real host would not have answered.
    #[error("the real host would never answer {operation} of {request}")]
    NeverAnswered {
        /// The waPC namespace and operation.
        operation: String,
        /// The request, as JSON.
        request: String,
    },
    /// A call that is no lookup of objects, or one that cannot be decoded.
    #[error("no request of a session: {operation} of {request}")]
    UnknownRequest {
        /// The waPC namespace and operation.
        operation: String,
        /// The request, as JSON.
        request: String,
    },
    /// YAML that cannot be written.
    #[error("a session that cannot be written: {0}")]
    Unwritable(String),
}

/// The lookups of `CallbackRequestType`, with its fields in its order.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(Deserialize))]
#[expect(clippy::enum_variant_names, reason = "the names are the tags of the file format")]
enum CallbackRequest {
    KubernetesListResourceNamespace {
        api_version: String,
        kind: String,
        namespace: String,
        label_selector: Option<String>,
        field_selector: Option<String>,
        field_masks: Option<BTreeSet<String>>,
    },
    KubernetesListResourceAll {
        api_version: String,
        kind: String,
        label_selector: Option<String>,
        field_selector: Option<String>,
        field_masks: Option<BTreeSet<String>>,
    },
    KubernetesGetResource {
        api_version: String,
        kind: String,
        name: String,
        namespace: Option<String>,
        disable_cache: bool,
        field_masks: Option<BTreeSet<String>>,
    },
}

/// The SDK's requests, which have the same fields under the names of the waPC operations.
#[derive(Deserialize)]
struct LookupRequest {
    api_version: String,
    kind: String,
    name: Option<String>,
    namespace: Option<String>,
    label_selector: Option<String>,
    field_selector: Option<String>,
    #[serde(default)]
    disable_cache: bool,
    field_masks: Option<BTreeSet<String>>,
}

#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(Deserialize))]
#[serde(tag = "type", rename = "Exchange")]
struct SessionExchange {
    request: String,
    response: SessionResponse,
}

#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(Deserialize))]
#[serde(tag = "type")]
enum SessionResponse {
    Success { payload: String },
    Error { message: String },
}

/// Writes the session of an evaluation. Calls that the host refused by itself are left out: in kwctl too they never reach
/// what replays the session.
///
/// # Errors
///
/// A call that is no lookup, or that the real host would never have answered.
pub fn to_yaml(exchanges: &[Exchange]) -> Result<String, SessionError> {
    let answered_by_cluster = exchanges.iter().filter(|exchange| exchange.by == AnsweredBy::Cluster);
    let session = answered_by_cluster.map(session_exchange).collect::<Result<Vec<_>, _>>()?;
    write(&session)
}

fn session_exchange(exchange: &Exchange) -> Result<SessionExchange, SessionError> {
    let Exchange { operation, request, response, misuse, .. } = exchange;
    if *misuse == Some(Misuse::ListNeverAnswers) {
        return Err(SessionError::NeverAnswered { operation: operation.clone(), request: request.to_string() });
    }
    let Some(callback_request) = callback_request(operation, request) else {
        return Err(SessionError::UnknownRequest { operation: operation.clone(), request: request.to_string() });
    };
    let response = match response {
        Ok(payload) => SessionResponse::Success { payload: payload.clone() },
        // kwctl makes an error of the message, and the host wraps that again.
        Err(text) => SessionResponse::Error { message: text.strip_prefix(CALLBACK_FAILURE).unwrap_or(text).to_owned() },
    };
    Ok(SessionExchange { request: write(&callback_request)?, response })
}

fn callback_request(operation: &str, request: &Value) -> Option<CallbackRequest> {
    let LookupRequest {
        api_version,
        kind,
        name,
        namespace,
        label_selector,
        field_selector,
        disable_cache,
        field_masks,
    } = serde_json::from_value(request.clone()).ok()?;
    match operation {
        "kubernetes/get_resource" => Some(CallbackRequest::KubernetesGetResource {
            api_version,
            kind,
            name: name?,
            namespace,
            disable_cache,
            field_masks,
        }),
        "kubernetes/list_resources_all" => Some(CallbackRequest::KubernetesListResourceAll {
            api_version,
            kind,
            label_selector,
            field_selector,
            field_masks,
        }),
        "kubernetes/list_resources_by_namespace" => Some(CallbackRequest::KubernetesListResourceNamespace {
            api_version,
            kind,
            namespace: namespace?,
            label_selector,
            field_selector,
            field_masks,
        }),
        _ => None,
    }
}

fn write(value: &impl Serialize) -> Result<String, SessionError> {
    yaml_serde::to_string(value).map_err(|error| SessionError::Unwritable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn exchange(operation: &str, request: Value, response: Result<&str, &str>) -> Exchange {
        Exchange {
            operation: operation.to_owned(),
            request,
            response: response.map(str::to_owned).map_err(str::to_owned),
            objects: 0,
            by: AnsweredBy::Cluster,
            misuse: None,
        }
    }

    fn get(name: &str) -> Value {
        json!({"api_version": "v1", "kind": "Service", "name": name, "namespace": "shop", "disable_cache": false,
               "field_masks": ["spec.type", "spec.ports"]})
    }

    #[test]
    fn a_session_has_the_text_that_kwctl_writes() {
        let list = json!({"api_version": "v1", "kind": "Service", "label_selector": null, "field_selector": null,
                          "field_masks": null});
        let mut list_of_namespace = list.clone();
        list_of_namespace["namespace"] = Value::from("shop");
        let mut refused = exchange("kubernetes/get_resource", get("web"), Err("Policy has not been granted access"));
        refused.by = AnsweredBy::Host;
        let session = to_yaml(&[
            exchange("kubernetes/get_resource", get("cart"), Ok(r#"{"kind":"Service"}"#)),
            refused,
            exchange("kubernetes/list_resources_all", list, Ok("{}")),
            exchange(
                "kubernetes/list_resources_by_namespace",
                list_of_namespace,
                Err("Callback evaluation failure: ApiError: x\n\nCaused by:\n    x: "),
            ),
        ]);
        assert_eq!(
            session.unwrap(),
            r#"- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: Service
    name: cart
    namespace: shop
    disable_cache: false
    field_masks:
    - spec.ports
    - spec.type
  response:
    type: Success
    payload: '{"kind":"Service"}'
- type: Exchange
  request: |
    !KubernetesListResourceAll
    api_version: v1
    kind: Service
    label_selector: null
    field_selector: null
    field_masks: null
  response:
    type: Success
    payload: '{}'
- type: Exchange
  request: |
    !KubernetesListResourceNamespace
    api_version: v1
    kind: Service
    namespace: shop
    label_selector: null
    field_selector: null
    field_masks: null
  response:
    type: Error
    message: "ApiError: x\n\nCaused by:\n    x: "
"#
        );
    }

    #[test]
    fn a_session_can_be_read_back() {
        let payload = "{\"a\":\"b\\n'c' \u{e4} # : |\"}\n---\n";
        let text = to_yaml(&[exchange("kubernetes/get_resource", get("no"), Ok(payload))]).unwrap();
        let exchanges: Vec<SessionExchange> = yaml_serde::from_str(&text).unwrap();
        let [SessionExchange { request, response }] = exchanges.as_slice() else {
            panic!("one exchange, and not {exchanges:?}");
        };
        assert_eq!(*response, SessionResponse::Success { payload: payload.to_owned() });
        assert_eq!(
            yaml_serde::from_str::<CallbackRequest>(request).unwrap(),
            CallbackRequest::KubernetesGetResource {
                api_version: "v1".to_owned(),
                kind: "Service".to_owned(),
                name: "no".to_owned(),
                namespace: Some("shop".to_owned()),
                disable_cache: false,
                field_masks: Some(["spec.ports".to_owned(), "spec.type".to_owned()].into()),
            }
        );
    }

    #[test]
    fn what_cannot_be_replayed_is_an_error() {
        let mut hanging = exchange("kubernetes/list_resources_all", json!({}), Err("x"));
        hanging.misuse = Some(Misuse::ListNeverAnswers);
        assert_eq!(
            to_yaml(&[hanging]).unwrap_err().to_string(),
            "the real host would never answer kubernetes/list_resources_all of {}"
        );
        assert_eq!(
            to_yaml(&[exchange("kubernetes/get_resource", json!({"api_version": "v1", "kind": "A"}), Ok(""))])
                .unwrap_err()
                .to_string(),
            r#"no request of a session: kubernetes/get_resource of {"api_version":"v1","kind":"A"}"#
        );
    }

    #[test]
    fn no_exchange_is_an_empty_session() {
        assert_eq!(to_yaml(&[]).unwrap(), "[]\n");
    }
}
