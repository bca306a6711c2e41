//! The admitted object, whatever its kind: reading it, and telling whether anything that decides has changed.

use std::collections::BTreeSet;

use json_text::{Shape, Typed};

use super::path::{Context, Judgement};
use super::{OldObject, ingress, service, target_group_binding};
use crate::controller::{annotations_of_ingress, annotations_of_service, labels_of_binding};
use crate::kubernetes::{
    DecodeError, Edition, Ingress, Metadata, Service, TargetGroupBinding, View, decode, decode_fields,
};
use crate::request::Kind;

/// An object of a kind that the policy looks at.
pub enum Object {
    /// A Service.
    Service(Service),
    /// An Ingress.
    Ingress(Ingress),
    /// A TargetGroupBinding.
    TargetGroupBinding(Edition, TargetGroupBinding),
}

impl Object {
    pub fn decode(kind: Kind, object: &mut Typed<'_>) -> Result<Self, DecodeError> {
        Ok(match kind {
            Kind::Service => Self::Service(view(object)?),
            Kind::Ingress => Self::Ingress(view(object)?),
            Kind::TargetGroupBinding(edition) => Self::TargetGroupBinding(edition, view(object)?),
        })
    }

    pub fn metadata(&self) -> &Metadata {
        match self {
            Self::Service(service) => &service.metadata,
            Self::Ingress(ingress) => &ingress.metadata,
            Self::TargetGroupBinding(_, binding) => &binding.metadata,
        }
    }

    /// What of the metadata decides, which depends on the kind, and on the specification: an action that nothing uses
    /// decides nothing.
    pub fn deciding_metadata(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Service(service) => annotations_of_service(service),
            Self::Ingress(ingress) => annotations_of_ingress(ingress),
            Self::TargetGroupBinding(_, binding) => labels_of_binding(binding),
        }
    }

    /// What the controller would do with the object; where `only` is given, for those Services alone.
    pub fn judge(&self, context: &Context<'_>, old: &OldObject, only: Option<&BTreeSet<&str>>) -> Judgement {
        match self {
            Self::Service(service) => service::judge(service, context, only),
            Self::Ingress(ingress) => ingress::judge(ingress, context, only),
            Self::TargetGroupBinding(edition, binding) => {
                let can_be_changed = match old {
                    OldObject::None => true,
                    OldObject::Known(old) => {
                        matches!(&**old, Self::TargetGroupBinding(_, old) if old.spec.target_type == "ip")
                    }
                    OldObject::Unreadable => false,
                };
                target_group_binding::judge(binding, *edition, can_be_changed, context, only)
            }
        }
    }
}

/// The view of an object, whose fields may have been read already.
fn view<V: View>(object: &mut Typed<'_>) -> Result<V, DecodeError> {
    match object.fields.take() {
        Some(fields) => Ok(V::from_fields(&mut fields?)),
        None => decode(object.json),
    }
}

/// Whether an object has a deletionTimestamp, where the rest of it cannot be read.
pub fn is_being_deleted(json: &str) -> Result<bool, DecodeError> {
    const STAMP: &[(&str, Shape)] = &[("metadata", Shape::Map(&[("deletionTimestamp", Shape::Present)]))];
    Ok(decode_fields(json, STAMP)?.map("metadata").is_present("deletionTimestamp"))
}

/// Whether the specifications are the same JSON, to the letter: a host writes both in the same way.
pub fn have_same_spec(new: &str, old: &str) -> bool {
    const SPEC: &[(&str, Shape)] = &[("spec", Shape::Raw)];
    let spec = |json| decode_fields(json, SPEC).ok().map(|mut object| object.raw("spec"));
    matches!((spec(new), spec(old)), (Some(new), Some(old)) if new == old)
}
