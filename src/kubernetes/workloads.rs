//! StatefulSet (`apps/v1`), as far as it is read.

use json_text::{Read, Reader, fields};

use super::decode::View;
use super::metadata::{Labels, Metadata};

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
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "metadata" => self.metadata.read(reader, Labels::None),
            "spec" => fields!(reader, { "serviceName" => reader.text(&mut self.spec.service_name) }),
        })
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
