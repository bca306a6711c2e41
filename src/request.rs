//! The admission request, and the one table of the kinds that the policy looks at.

use std::borrow::Cow;

use json_text::{Fields, Node, Shape, Shapes, Typed};

use crate::kubernetes::{DecodeError, Edition, Ingress, Service, TargetGroupBinding, View, decode_fields};

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

    /// The fields that are read of an object of the kind.
    fn fields(self) -> Shapes {
        match self {
            Self::Service => Service::FIELDS,
            Self::Ingress => Ingress::FIELDS,
            Self::TargetGroupBinding(_) => TargetGroupBinding::FIELDS,
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
    pub namespace: Cow<'a, str>,
    /// The name, where the request knows it.
    pub name: Cow<'a, str>,
    /// The object as it will be stored.
    pub object: Typed<'a>,
    /// The object as it is stored; present on UPDATE.
    pub old_object: Option<Typed<'a>>,
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
    group: Cow<'a, str>,
    kind: Cow<'a, str>,
    sub_resource: Cow<'a, str>,
    operation: Cow<'a, str>,
    name: Cow<'a, str>,
    namespace: Cow<'a, str>,
    object: Option<Typed<'a>>,
    old_object: Option<Typed<'a>>,
}

/// The fields of a payload that are read. The objects are read as what they are, if that stands before them.
const PAYLOAD: &[(&str, Shape)] = &[
    (
        "request",
        Shape::Map(&[
            ("kind", Shape::Map(&[("group", Shape::Text), ("kind", Shape::Text)])),
            ("subResource", Shape::Text),
            ("operation", Shape::Text),
            ("name", Shape::Text),
            ("namespace", Shape::Text),
            ("object", Shape::Typed(fields_of_object)),
            ("oldObject", Shape::Typed(fields_of_object)),
        ]),
    ),
    ("settings", Shape::Raw),
];

/// The fields that are read of an object, once the kind is known.
fn fields_of_object(request: &Fields<'_>) -> Option<Shapes> {
    let Some(Node::Map(kind)) = request.get("kind") else { return None };
    let (Some(Node::Text(group)), Some(Node::Text(kind))) = (kind.get("group"), kind.get("kind")) else { return None };
    Kind::new(group, kind).map(Kind::fields)
}

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
    pub fn request(self) -> Result<Option<Request<'a>>, DecodeError> {
        let missing = |path| DecodeError::new(path, "missing");
        let wire = self.request.ok_or_else(|| missing("request"))?;
        if wire.kind.is_empty() {
            return Err(missing("request.kind.kind"));
        }
        let Some(kind) = Kind::new(&wire.group, &wire.kind) else { return Ok(None) };
        if !wire.sub_resource.is_empty() {
            return Ok(None);
        }
        let operation = match &*wire.operation {
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
            namespace: wire.namespace,
            name: wire.name,
            object,
            old_object: wire.old_object.filter(|_| operation == Operation::Update),
        }))
    }
}

impl<'a> WireRequest<'a> {
    fn of(mut request: Fields<'a>) -> Self {
        let mut kind = request.map("kind");
        Self {
            group: kind.borrowed_text("group"),
            kind: kind.borrowed_text("kind"),
            sub_resource: request.borrowed_text("subResource"),
            operation: request.borrowed_text("operation"),
            name: request.borrowed_text("name"),
            namespace: request.borrowed_text("namespace"),
            object: request.typed("object"),
            old_object: request.typed("oldObject"),
        }
    }
}
