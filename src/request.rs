//! The admission request.

use std::borrow::Cow;

use serde::Deserialize;

use json_scan::Document;

use crate::kubernetes::{DecodeError, Json, Kind, Object, Unread, parse};

/// The bytes of a payload that are read. The API server takes requests of three megabytes, and an object and its
/// predecessor are handed over as JSON, in which a character has up to six bytes.
const MAX_PAYLOAD: usize = 24 << 20;

/// The operations that store an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
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
    /// The namespace; empty for a cluster-scoped kind.
    pub namespace: Cow<'a, str>,
    /// The name, where the request knows it.
    pub name: Cow<'a, str>,
    /// The object as it will be stored.
    pub object: ObjectText<'a>,
    /// The object as it is stored; present on UPDATE.
    pub old_object: Option<ObjectText<'a>>,
}

/// An object as it came, and what was read of it.
#[derive(Debug)]
pub struct ObjectText<'a> {
    /// Its JSON.
    pub json: Json<'a>,
    /// The object, or the first of its fields that has a wrong type.
    pub object: Result<Object, DecodeError>,
}

/// What the host hands over.
#[derive(Debug)]
pub struct Payload<'a> {
    json: Json<'a>,
    wire: WirePayload<'a>,
}

#[derive(Debug, Deserialize)]
struct WirePayload<'a> {
    #[serde(default, borrow)]
    request: Option<WireRequest<'a>>,
    #[serde(default)]
    settings: Option<Unread>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRequest<'a> {
    #[serde(default, borrow)]
    kind: GroupKind<'a>,
    #[serde(default, borrow)]
    sub_resource: Cow<'a, str>,
    #[serde(default, borrow)]
    operation: Cow<'a, str>,
    #[serde(default, borrow)]
    name: Cow<'a, str>,
    #[serde(default, borrow)]
    namespace: Cow<'a, str>,
    #[serde(default)]
    object: Option<Unread>,
    #[serde(default)]
    old_object: Option<Unread>,
}

#[derive(Debug, Default, Deserialize)]
struct GroupKind<'a> {
    #[serde(default, borrow)]
    group: Cow<'a, str>,
    #[serde(default, borrow)]
    kind: Cow<'a, str>,
}

/// Checks the syntax of what the host hands over.
///
/// # Errors
/// What is no JSON; more than an API server could have sent.
pub fn document(payload: &[u8]) -> Result<Document<'_>, DecodeError> {
    if payload.len() > MAX_PAYLOAD {
        let reason = format!("has {} bytes, and no more than {MAX_PAYLOAD} are read", payload.len());
        return Err(DecodeError::new(DecodeError::WHOLE, &reason));
    }
    let text = std::str::from_utf8(payload).map_err(|_| DecodeError::new(DecodeError::WHOLE, "is not UTF-8"))?;
    parse(text)
}

impl<'a> Payload<'a> {
    /// Reads what the host hands over.
    ///
    /// # Errors
    /// What is no admission request, as far as it is read.
    pub fn read(json: Json<'a>) -> Result<Self, DecodeError> {
        Ok(Self { json, wire: json.read()? })
    }

    /// The settings, not read yet.
    pub fn settings(&self) -> Json<'a> {
        self.json.at(self.wire.settings)
    }

    /// The request, or nothing where the policy does not look at it: another kind, a subresource, DELETE, CONNECT.
    ///
    /// # Errors
    /// A request that the API server would not make: an unknown operation, no namespace, no object.
    pub fn request(self) -> Result<Option<Request<'a>>, DecodeError> {
        let missing = |path| DecodeError::new(path, "is missing");
        let wire = self.wire.request.ok_or_else(|| missing("request"))?;
        if wire.kind.kind.is_empty() {
            return Err(missing("request.kind.kind"));
        }
        let Some(kind) = Kind::admitted(&wire.kind.group, &wire.kind.kind) else { return Ok(None) };
        if !wire.sub_resource.is_empty() {
            return Ok(None);
        }
        let operation = match &*wire.operation {
            "CREATE" => Operation::Create,
            "UPDATE" => Operation::Update,
            "DELETE" | "CONNECT" => return Ok(None),
            other => {
                let reason = format!("must be CREATE, UPDATE, DELETE or CONNECT, not the string {other:?}");
                return Err(DecodeError::new("request.operation", &reason));
            }
        };
        let object = wire.object.ok_or_else(|| missing("request.object"))?;
        if kind.is_namespaced() && wire.namespace.is_empty() {
            return Err(missing("request.namespace"));
        }
        let namespace = if kind.is_namespaced() { wire.namespace } else { Cow::Borrowed("") };
        let read = |place| {
            let json = self.json.at(Some(place));
            let object = Object::read(kind, json).map(|it| it.with_identity(&namespace, &wire.name));
            ObjectText { json, object }
        };
        Ok(Some(Request {
            kind,
            operation,
            object: read(object),
            old_object: wire.old_object.filter(|_| operation == Operation::Update).map(read),
            namespace: namespace.clone(),
            name: wire.name.clone(),
        }))
    }
}
