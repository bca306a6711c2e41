//! What the API server is answered about an object.

use std::collections::BTreeMap;

use json_patch::{Patch, PatchError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the API server is answered about an object.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionAnswer {
    /// Whether the object is admitted.
    pub allowed: bool,
    /// The HTTP status code of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The message of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The warnings, in order.
    pub warnings: Vec<String>,
    /// The audit annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub audit_annotations: BTreeMap<String, String>,
    /// The changes, where the policy makes any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<Patch>,
}

/// The policy's response to a host.
#[derive(Deserialize)]
struct Response {
    accepted: bool,
    message: Option<String>,
    code: Option<u16>,
    mutated_object: Option<Value>,
    #[serde(default)]
    audit_annotations: BTreeMap<String, String>,
    #[serde(default)]
    warnings: Vec<String>,
}

impl AdmissionAnswer {
    /// What a host makes of the policy's response to a request about `object`.
    ///
    /// # Errors
    /// A response that is none.
    pub fn of_response(response: &[u8], object: &Value) -> Result<Self, serde_json::Error> {
        let response: Response = serde_json::from_slice(response)?;
        let patch = response.mutated_object.map(|mutated| json_patch::diff(object, &mutated));
        Ok(Self {
            allowed: response.accepted,
            code: response.code,
            message: response.message,
            warnings: response.warnings,
            audit_annotations: response.audit_annotations,
            patch: patch.filter(|patch| !patch.0.is_empty()),
        })
    }

    /// The object as the API server goes on with it; none where it is refused.
    ///
    /// # Errors
    /// A patch that does not fit the object.
    pub fn admitted(&self, object: &Value) -> Result<Option<Value>, PatchError> {
        if !self.allowed {
            return Ok(None);
        }
        let mut admitted = object.clone();
        if let Some(patch) = &self.patch {
            json_patch::patch(&mut admitted, patch)?;
        }
        Ok(Some(admitted))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_changed_object_is_a_patch() {
        let object = json!({"a": 1, "b": 2});
        let response = br#"{"accepted":true,"mutated_object":{"b":3,"a":1}}"#;
        let answer = AdmissionAnswer::of_response(response, &object).unwrap();
        assert_eq!(json!(answer.patch), json!([{"op": "replace", "path": "/b", "value": 3}]));
        assert_eq!(answer.admitted(&object).unwrap().unwrap().to_string(), r#"{"a":1,"b":3}"#);
        let same = AdmissionAnswer::of_response(br#"{"accepted":true,"mutated_object":{"b":2,"a":1}}"#, &object);
        assert_eq!(same.unwrap().patch, None);
    }

    #[test]
    fn a_refused_object_is_not_admitted() {
        let response = br#"{"accepted":false,"message":"no","code":403,"warnings":["w"]}"#;
        let answer = AdmissionAnswer::of_response(response, &Value::Null).unwrap();
        assert_eq!((answer.code, answer.message.as_deref(), answer.warnings.len()), (Some(403), Some("no"), 1));
        assert_eq!(answer.admitted(&json!({})).unwrap(), None);
    }
}
