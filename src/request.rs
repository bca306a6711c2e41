//! The admission request, and the one table of the kinds that the policy looks at.

use crate::kubernetes::{DecodeError, Edition, Fields, Shape, decode_fields};

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
#[derive(Debug)]
pub struct Payload<'a> {
    request: Option<WireRequest<'a>>,
    /// The settings as JSON, not looked at yet.
    pub settings: Option<&'a str>,
}

#[derive(Debug)]
struct WireRequest<'a> {
    group: String,
    kind: String,
    sub_resource: String,
    operation: String,
    name: String,
    namespace: String,
    object: Option<&'a str>,
    old_object: Option<&'a str>,
}

/// The fields of a payload that are read. The objects are read later, as what they are.
const PAYLOAD: &[(&str, Shape)] = &[
    (
        "request",
        Shape::Map(&[
            ("kind", Shape::Map(&[("group", Shape::Text), ("kind", Shape::Text)])),
            ("subResource", Shape::Text),
            ("operation", Shape::Text),
            ("name", Shape::Text),
            ("namespace", Shape::Text),
            ("object", Shape::Raw),
            ("oldObject", Shape::Raw),
        ]),
    ),
    ("settings", Shape::Raw),
];

impl<'a> Payload<'a> {
    /// Reads what the host hands over.
    ///
    /// # Errors
    /// What is no JSON, or no admission request.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let text = std::str::from_utf8(payload).map_err(|_| DecodeError::new(".", "not UTF-8"))?;
        let mut fields = decode_fields(text, PAYLOAD)?;
        Ok(Self { request: fields.optional_map("request").map(WireRequest::of), settings: fields.raw("settings") })
    }

    /// The request, or nothing where it is none of the policy's business: another kind, a subresource, DELETE, CONNECT.
    ///
    /// # Errors
    /// A request that the API server would not make: an unknown operation, no namespace, no object.
    pub fn request(&self) -> Result<Option<Request<'a>>, DecodeError> {
        let missing = |path| DecodeError::new(path, "missing");
        let wire = self.request.as_ref().ok_or_else(|| missing("request"))?;
        if wire.kind.is_empty() {
            return Err(missing("request.kind.kind"));
        }
        let Some(kind) = Kind::new(&wire.group, &wire.kind) else { return Ok(None) };
        if !wire.sub_resource.is_empty() {
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
        if wire.namespace.is_empty() {
            return Err(missing("request.namespace"));
        }
        Ok(Some(Request {
            kind,
            operation,
            namespace: wire.namespace.clone(),
            name: wire.name.clone(),
            object,
            old_object: wire.old_object.filter(|_| operation == Operation::Update),
        }))
    }
}

impl<'a> WireRequest<'a> {
    fn of(mut request: Fields<'a>) -> Self {
        let mut kind = request.map("kind");
        Self {
            group: kind.text("group"),
            kind: kind.text("kind"),
            sub_resource: request.text("subResource"),
            operation: request.text("operation"),
            name: request.text("name"),
            namespace: request.text("namespace"),
            object: request.raw("object"),
            old_object: request.raw("oldObject"),
        }
    }
}
