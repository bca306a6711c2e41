//! IngressClass (`networking.k8s.io/v1`) and the controller's IngressClassParams, as far as they are read.

use json_text::{Fields, Shape, Shapes};

use super::decode::View;
use super::label_selector::LabelSelector;
use super::metadata::{METADATA, Metadata};

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
    const FIELDS: Shapes = &[
        METADATA,
        (
            "spec",
            Shape::Map(&[
                ("controller", Shape::Text),
                ("parameters", Shape::Map(&[("apiGroup", Shape::Text), ("kind", Shape::Text), ("name", Shape::Text)])),
            ]),
        ),
    ];

    fn from_fields(fields: &mut Fields<'_>) -> Self {
        let mut spec = fields.map("spec");
        let parameters = |mut reference: Fields<'_>| ParametersReference {
            api_group: reference.optional_text("apiGroup"),
            kind: reference.text("kind"),
            name: reference.text("name"),
        };
        Self {
            metadata: Metadata::of(fields),
            spec: IngressClassSpec {
                controller: spec.text("controller"),
                parameters: spec.optional_map("parameters").map(parameters),
            },
        }
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

impl View for IngressClassParams {
    const FIELDS: Shapes = &[
        METADATA,
        (
            "spec",
            Shape::Map(&[
                ("targetType", Shape::Text),
                ("namespaceSelector", LabelSelector::SHAPE),
                ("group", Shape::Map(&[("name", Shape::Text)])),
            ]),
        ),
    ];

    fn from_fields(fields: &mut Fields<'_>) -> Self {
        let mut spec = fields.map("spec");
        Self {
            metadata: Metadata::of(fields),
            spec: IngressClassParamsSpec {
                target_type: spec.text("targetType"),
                namespace_selector: spec.optional_map("namespaceSelector").map(LabelSelector::of),
                group: spec.optional_map("group").map(|mut group| IngressGroup { name: group.text("name") }),
            },
        }
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
