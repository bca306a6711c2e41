//! The admitted object, whatever its kind: judging it, and telling whether anything that decides has changed.

use std::collections::BTreeSet;

use json_text::{Read, fields};

use super::path::{Context, Judgement};
use super::{OldObject, ingress, service, target_group_binding};
use crate::controller::{annotations_of_ingress, annotations_of_service, labels_of_binding};
use crate::request::Object;

impl Object {
    /// What of the metadata decides, which depends on the kind, and on the specification: an action that nothing uses
    /// decides nothing.
    pub(super) fn deciding_metadata(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Service(service) => annotations_of_service(service),
            Self::Ingress(ingress) => annotations_of_ingress(ingress),
            Self::TargetGroupBinding(_, binding) => labels_of_binding(binding),
        }
    }

    /// What the controller would do with the object; where `only` is given, for those Services alone.
    pub(super) fn judge(&self, context: &Context<'_>, old: &OldObject<'_>, only: Option<&BTreeSet<&str>>) -> Judgement {
        match self {
            Self::Service(service) => service::judge(service, context, only),
            Self::Ingress(ingress) => ingress::judge(ingress, context, only),
            Self::TargetGroupBinding(edition, binding) => {
                let can_be_changed = match old {
                    OldObject::None => true,
                    OldObject::Known(old) => {
                        matches!(old, Self::TargetGroupBinding(_, old) if old.spec.target_type == "ip")
                    }
                    OldObject::Unreadable => false,
                };
                target_group_binding::judge(binding, *edition, can_be_changed, context, only)
            }
        }
    }
}

/// Whether an object has a deletionTimestamp, where the rest of it cannot be read.
pub fn is_being_deleted(json: &str) -> bool {
    let mut is_being_deleted = false;
    let read = json_text::map(json, |reader| {
        fields!(reader, {
            "metadata" => fields!(reader, { "deletionTimestamp" => reader.present(&mut is_being_deleted) }),
        })
    });
    read.is_ok() && is_being_deleted
}

/// Whether the specifications are the same JSON, to the letter: a host writes both in the same way.
pub fn have_same_spec(new: &str, old: &str) -> bool {
    fn spec(json: &str) -> Read<Option<&str>> {
        let mut spec = None;
        json_text::map(json, |reader| fields!(reader, { "spec" => reader.raw(&mut spec) }))?;
        Ok(spec)
    }
    matches!((spec(new), spec(old)), (Ok(new), Ok(old)) if new == old)
}
