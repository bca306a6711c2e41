//! The admission request, and the one table of the kinds that the policy looks at.

use std::borrow::Cow;

use json_text::{Read, Reader, fields};

use crate::kubernetes::{DecodeError, Edition, Ingress, Metadata, Service, TargetGroupBinding, View};

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

/// An object of a kind that the policy looks at.
#[derive(Debug)]
pub enum Object {
    /// A Service.
    Service(Box<Service>),
    /// An Ingress.
    Ingress(Box<Ingress>),
    /// A TargetGroupBinding.
    TargetGroupBinding(Edition, Box<TargetGroupBinding>),
}

impl Object {
    /// An object of which nothing has been read.
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Service => Self::Service(Box::default()),
            Kind::Ingress => Self::Ingress(Box::default()),
            Kind::TargetGroupBinding(edition) => Self::TargetGroupBinding(edition, Box::default()),
        }
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        match self {
            Self::Service(service) => service.read(reader),
            Self::Ingress(ingress) => ingress.read(reader),
            Self::TargetGroupBinding(_, binding) => binding.read(reader),
        }
    }

    /// Its metadata.
    pub fn metadata(&self) -> &Metadata {
        match self {
            Self::Service(service) => &service.metadata,
            Self::Ingress(ingress) => &ingress.metadata,
            Self::TargetGroupBinding(_, binding) => &binding.metadata,
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
    pub object: ObjectText<'a>,
    /// The object as it is stored; present on UPDATE.
    pub old_object: Option<ObjectText<'a>>,
}

/// An object as it stands, and what was read of it.
#[derive(Debug)]
pub struct ObjectText<'a> {
    /// Its JSON.
    pub json: &'a str,
    /// The object, or the first of its fields that has a wrong type.
    pub object: Result<Object, DecodeError>,
}

/// What the host hands over.
#[derive(Debug, Default)]
pub struct Payload<'a> {
    request: Option<WireRequest<'a>>,
    /// The settings as JSON, not looked at yet.
    pub settings: Option<&'a str>,
}

#[derive(Debug, Default)]
struct WireRequest<'a> {
    group: Cow<'a, str>,
    kind: Cow<'a, str>,
    sub_resource: Cow<'a, str>,
    operation: Cow<'a, str>,
    name: Cow<'a, str>,
    namespace: Cow<'a, str>,
    object: WireObject<'a>,
    old_object: WireObject<'a>,
}

#[derive(Debug, Default)]
struct WireObject<'a> {
    json: Option<&'a str>,
    /// What was read of it, where it was known how to read it.
    object: Option<Result<Object, DecodeError>>,
}

impl<'a> Payload<'a> {
    /// Reads what the host hands over.
    ///
    /// # Errors
    /// What is no JSON, or no admission request, as far as it is read.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let text = std::str::from_utf8(payload).map_err(|_| DecodeError::new(".", "not UTF-8"))?;
        let mut payload = Self::default();
        json_text::map(text, |reader| {
            fields!(reader, {
                "request" => reader.optional(&mut payload.request, WireRequest::read),
                "settings" => reader.raw(&mut payload.settings),
            })
        })?;
        Ok(payload)
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
        let Some(kind) = wire.known_kind() else { return Ok(None) };
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
        let object = wire.object.of_kind(kind).ok_or_else(|| missing("request.object"))?;
        if wire.namespace.is_empty() {
            return Err(missing("request.namespace"));
        }
        Ok(Some(Request {
            kind,
            operation,
            namespace: wire.namespace,
            name: wire.name,
            object,
            old_object: wire.old_object.of_kind(kind).filter(|_| operation == Operation::Update),
        }))
    }
}

impl<'a> WireRequest<'a> {
    fn read(&mut self, reader: &mut Reader<'a>) -> Read<()> {
        fields!(reader, {
            "kind" => fields!(reader, {
                "group" => reader.borrowed_text(&mut self.group),
                "kind" => reader.borrowed_text(&mut self.kind),
            }),
            "subResource" => reader.borrowed_text(&mut self.sub_resource),
            "operation" => reader.borrowed_text(&mut self.operation),
            "name" => reader.borrowed_text(&mut self.name),
            "namespace" => reader.borrowed_text(&mut self.namespace),
            "object" => self.object.read(reader, self.known_kind()),
            "oldObject" => self.old_object.read(reader, self.known_kind()),
        })
    }

    /// The kind, as far as the request has been read.
    fn known_kind(&self) -> Option<Kind> {
        Kind::new(&self.group, &self.kind)
    }
}

impl<'a> WireObject<'a> {
    /// Reads an object in the same pass as what is around it, where its kind stands before it; hosts write it so.
    fn read(&mut self, reader: &mut Reader<'a>, kind: Option<Kind>) -> Read<()> {
        let Some(mut object) = kind.map(Object::new) else { return reader.raw(&mut self.json) };
        if let Some((json, read)) = reader.apart(|reader| object.read(reader))? {
            self.json = Some(json);
            self.object = Some(read.map(|()| object).map_err(DecodeError::from));
        }
        Ok(())
    }

    /// The object, which is read now if it has not been.
    fn of_kind(self, kind: Kind) -> Option<ObjectText<'a>> {
        let json = self.json?;
        let read = || {
            let mut object = Object::new(kind);
            json_text::map(json, |reader| object.read(reader))?;
            Ok(object)
        };
        Some(ObjectText { json, object: self.object.unwrap_or_else(read) })
    }
}
