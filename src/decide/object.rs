//! The admitted object, whatever its kind: reading it, and telling whether anything that decides has changed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::path::{Context, Judgement};
use super::{OldObject, ingress, service, target_group_binding};
use crate::controller::{is_read_annotation, is_read_label};
use crate::kubernetes::{
    DecodeError, Edition, Ingress, Metadata, ObjectWithMetadata, Service, Shape, TargetGroupBinding, decode,
    decode_fields,
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
    pub fn decode(kind: Kind, json: &str) -> Result<Self, DecodeError> {
        Ok(match kind {
            Kind::Service => Self::Service(decode(json)?),
            Kind::Ingress => Self::Ingress(decode(json)?),
            Kind::TargetGroupBinding(edition) => Self::TargetGroupBinding(edition, decode(json)?),
        })
    }

    pub fn metadata(&self) -> &Metadata {
        match self {
            Self::Service(service) => &service.metadata,
            Self::Ingress(ingress) => &ingress.metadata,
            Self::TargetGroupBinding(_, binding) => &binding.metadata,
        }
    }

    /// The name as people know it.
    pub fn name(&self, of_request: &str) -> String {
        name_of_object(of_request, self.metadata())
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

/// The name as people know it. An object whose name is generated has none yet.
pub fn name_of_object(of_request: &str, metadata: &Metadata) -> String {
    let given = [of_request, &metadata.name].into_iter().find(|name| !name.is_empty());
    given.map_or_else(|| format!("{}<generated>", metadata.generate_name), str::to_owned)
}

/// Whether an object has a deletionTimestamp, where the rest of it cannot be read.
pub fn is_being_deleted(json: &str) -> Result<bool, DecodeError> {
    const STAMP: &[(&str, Shape)] = &[("metadata", Shape::Map(&[("deletionTimestamp", Shape::Present)]))];
    Ok(decode_fields(json, STAMP)?.map("metadata").is_present("deletionTimestamp"))
}

/// Whether two objects are alike in everything that decides: the specification, and the annotations and labels that
/// are read.
pub fn decides_alike(kind: Kind, new: &str, old: &str) -> bool {
    match (Deciding::decode(kind, new), Deciding::decode(kind, old)) {
        (Ok(new_part), Ok(old_part)) => new_part == old_part && have_same_spec(new, old).unwrap_or(false),
        _ => false,
    }
}

#[derive(PartialEq)]
struct Deciding {
    annotations: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
}

impl Deciding {
    fn decode(kind: Kind, json: &str) -> Result<Self, DecodeError> {
        let metadata = decode::<ObjectWithMetadata>(json)?.metadata;
        let (mut annotations, mut labels) = (metadata.annotations, metadata.labels);
        let is_binding = matches!(kind, Kind::TargetGroupBinding(_));
        annotations.retain(|key, _| !is_binding && is_read_annotation(key));
        labels.retain(|key, _| is_binding && is_read_label(key));
        Ok(Self { annotations, labels })
    }
}

/// Whether the specifications are the same JSON. The text is compared first: it may hold what cannot be compared
/// otherwise (nested too deeply, a number beyond all ranges).
fn have_same_spec(new: &str, old: &str) -> Result<bool, DecodeError> {
    const SPEC: &[(&str, Shape)] = &[("spec", Shape::Raw)];
    let new = decode_fields(new, SPEC)?.raw("spec").unwrap_or("null");
    let old = decode_fields(old, SPEC)?.raw("spec").unwrap_or("null");
    let value = |json| serde_json::from_str::<Value>(json).ok();
    Ok(new == old || value(new).is_some_and(|new| value(old) == Some(new)))
}
