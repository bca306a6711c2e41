//! The admission request, and the one table of the kinds that the policy looks at.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::kubernetes::{DecodeError, Edition, decode, map, optional_map};

/// The kinds that the policy looks at. The Gateway API's route kinds come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `v1` Service.
    Service,
    /// `networking.k8s.io` Ingress.
    Ingress,
    /// TargetGroupBinding of either edition of the controller.
    TargetGroupBinding(Edition),
}

impl Kind {
    /// By group and kind: other groups have kinds of the same name (Knative's Service).
    pub fn new(group: &str, kind: &str) -> Option<Self> {
        match (group, kind) {
            ("", "Service") => Some(Self::Service),
            ("networking.k8s.io", "Ingress") => Some(Self::Ingress),
            ("elbv2.k8s.aws", "TargetGroupBinding") => Some(Self::TargetGroupBinding(Edition::Standard)),
            ("eks.amazonaws.com", "TargetGroupBinding") => Some(Self::TargetGroupBinding(Edition::AutoMode)),
            _ => None,
        }
    }

    /// The kind's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "Service",
            Self::Ingress => "Ingress",
            Self::TargetGroupBinding(_) => "TargetGroupBinding",
        }
    }
}

/// The operations that store an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A new object; also what the audit scanner simulates for stored ones.
    Create,
    /// A changed object.
    Update,
}

/// A request that the policy has something to say about.
#[derive(Debug)]
pub struct Request<'a> {
    /// The kind.
    pub kind: Kind,
    /// What is done to the object.
    pub operation: Operation,
    /// The namespace.
    pub namespace: String,
    /// The name, where the request knows it.
    pub name: String,
    /// The object as it will be stored.
    pub object: &'a str,
    /// The object as it is stored; present on UPDATE.
    pub old_object: Option<&'a str>,
}

/// What the host hands over.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a map")]
pub struct Payload<'a> {
    #[serde(borrow, deserialize_with = "optional_map")]
    request: Option<WireRequest<'a>>,
    /// The settings, not looked at yet.
    #[serde(borrow, default)]
    pub settings: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a map")]
struct WireRequest<'a> {
    #[serde(default, deserialize_with = "map")]
    kind: WireKind,
    #[serde(default)]
    sub_resource: Option<String>,
    #[serde(default)]
    operation: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    old_object: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a map")]
struct WireKind {
    group: String,
    kind: String,
}

impl<'a> Payload<'a> {
    /// Reads what the host hands over.
    ///
    /// # Errors
    /// What is no JSON, or no admission request.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let text = std::str::from_utf8(payload).map_err(|_| DecodeError::new(".", "not UTF-8"))?;
        decode(text)
    }

    /// The request, or nothing where it is none of the policy's business: another kind, a subresource, DELETE, CONNECT.
    ///
    /// # Errors
    /// A request that the API server would not make: an unknown operation, no namespace, no object.
    pub fn request(&self) -> Result<Option<Request<'a>>, DecodeError> {
        let missing = |path| DecodeError::new(path, "missing");
        let wire = self.request.as_ref().ok_or_else(|| missing("request"))?;
        if wire.kind.kind.is_empty() {
            return Err(missing("request.kind.kind"));
        }
        let Some(kind) = Kind::new(&wire.kind.group, &wire.kind.kind) else { return Ok(None) };
        if wire.sub_resource.as_ref().is_some_and(|name| !name.is_empty()) {
            return Ok(None);
        }
        let operation = match wire.operation.as_str() {
            "CREATE" => Operation::Create,
            "UPDATE" => Operation::Update,
            "DELETE" | "CONNECT" => return Ok(None),
            other => {
                let reason = format!("`{other}` is none of CREATE, UPDATE, DELETE, CONNECT");
                return Err(DecodeError::new("request.operation", &reason));
            }
        };
        let object = wire.object.ok_or_else(|| missing("request.object"))?;
        Ok(Some(Request {
            kind,
            operation,
            namespace: wire
                .namespace
                .clone()
                .filter(|name| !name.is_empty())
                .ok_or_else(|| missing("request.namespace"))?,
            name: wire.name.clone().unwrap_or_default(),
            object: object.get(),
            old_object: wire.old_object.filter(|_| operation == Operation::Update).map(RawValue::get),
        }))
    }
}
