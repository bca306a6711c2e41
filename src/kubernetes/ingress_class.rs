//! IngressClass (`networking.k8s.io/v1`) and the controller's IngressClassParams, as far as they are read.

use json_text::{Read, Reader, fields};

use super::decode::View;
use super::label_selector::LabelSelector;
use super::metadata::{Labels, Metadata};

/// An IngressClass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressClass {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: IngressClassSpec,
}

/// `spec` of an IngressClass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressClassSpec {
    /// Whose class it is.
    pub controller: String,
    /// More configuration, in an object of the controller's own kind.
    pub parameters: Option<ParametersReference>,
}

/// A reference to the parameters of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParametersReference {
    /// The group; absent for the core group.
    pub api_group: Option<String>,
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: String,
}

/// IngressClassParams, of `elbv2.k8s.aws` or of `eks.amazonaws.com`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressClassParams {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: IngressClassParamsSpec,
}

/// `spec` of IngressClassParams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressClassParamsSpec {
    /// The target type of every Ingress of the class; empty when not set.
    pub target_type: String,
    /// The namespaces whose Ingresses may use the class; all of them when absent.
    pub namespace_selector: Option<LabelSelector>,
    /// The group of every Ingress of the class.
    pub group: Option<IngressGroup>,
}

/// Ingresses that share a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressGroup {
    /// Its name.
    pub name: String,
}

impl View for IngressClass {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "metadata" => self.metadata.read(reader, Labels::None),
            "spec" => self.spec.read(reader),
        })
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

impl IngressClassSpec {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "controller" => reader.text(&mut self.controller),
            "parameters" => reader.optional(&mut self.parameters, ParametersReference::read),
        })
    }
}

impl ParametersReference {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "apiGroup" => reader.optional_text(&mut self.api_group),
            "kind" => reader.text(&mut self.kind),
            "name" => reader.text(&mut self.name),
        })
    }
}

impl View for IngressClassParams {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "metadata" => self.metadata.read(reader, Labels::None),
            "spec" => self.spec.read(reader),
        })
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

impl IngressClassParamsSpec {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "targetType" => reader.text(&mut self.target_type),
            "namespaceSelector" => reader.optional(&mut self.namespace_selector, LabelSelector::read),
            "group" => reader.optional(&mut self.group, IngressGroup::read),
        })
    }
}

impl IngressGroup {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, { "name" => reader.text(&mut self.name) })
    }
}
