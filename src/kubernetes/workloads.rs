//! StatefulSet (`apps/v1`), as far as it is read.

use json_text::{Fields, Shape, Shapes};

use super::decode::View;
use super::metadata::{METADATA, Metadata};

/// A StatefulSet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatefulSet {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: StatefulSetSpec,
}

/// `spec` of a StatefulSet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatefulSetSpec {
    /// The headless Service that gives its pods their names.
    pub service_name: String,
}

impl View for StatefulSet {
    const FIELDS: Shapes = &[METADATA, ("spec", Shape::Map(&[("serviceName", Shape::Text)]))];

    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            metadata: Metadata::of(fields),
            spec: StatefulSetSpec { service_name: fields.map("spec").text("serviceName") },
        }
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
