//! TargetGroupBinding (`elbv2.k8s.aws/v1beta1` and `eks.amazonaws.com/v1`), as far as it is read.

use json_text::{Read, Reader, fields};

use super::decode::View;
use super::metadata::{Labels, Metadata};
use super::service::IntOrString;

/// A TargetGroupBinding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetGroupBinding {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: TargetGroupBindingSpec,
}

/// `spec` of a TargetGroupBinding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetGroupBindingSpec {
    /// The Service that is bound, in the same namespace.
    pub service_ref: ServiceReference,
    /// `instance` or `ip`; empty when not set.
    pub target_type: String,
    /// Whether the binding says who may reach the targets.
    pub has_networking: bool,
    /// Whether the binding chooses nodes.
    pub has_node_selector: bool,
}

/// A Service and one of its ports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceReference {
    /// The Service's name.
    pub name: String,
    /// The Service's port.
    pub port: Option<IntOrString>,
}

impl View for TargetGroupBinding {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "metadata" => self.metadata.read(reader, Labels::Marks),
            "spec" => self.spec.read(reader),
        })
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

impl TargetGroupBindingSpec {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "serviceRef" => self.service_ref.read(reader),
            "targetType" => reader.text(&mut self.target_type),
            "networking" => reader.present(&mut self.has_networking),
            "nodeSelector" => reader.present(&mut self.has_node_selector),
        })
    }
}

impl ServiceReference {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "name" => reader.text(&mut self.name),
            "port" => IntOrString::read(&mut self.port, reader),
        })
    }
}
