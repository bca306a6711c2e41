//! TargetGroupBinding (`elbv2.k8s.aws/v1beta1` and `eks.amazonaws.com/v1`), as far as it is read.

use json_text::{Fields, Shape, Shapes};

use super::decode::View;
use super::metadata::{METADATA_WITH_MARKS, Metadata};
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
    const FIELDS: Shapes = &[
        METADATA_WITH_MARKS,
        (
            "spec",
            Shape::Map(&[
                ("serviceRef", Shape::Map(&[("name", Shape::Text), ("port", Shape::IntOrText)])),
                ("targetType", Shape::Text),
                ("networking", Shape::Present),
                ("nodeSelector", Shape::Present),
            ]),
        ),
    ];

    fn from_fields(fields: &mut Fields<'_>) -> Self {
        let mut spec = fields.map("spec");
        let mut service_ref = spec.map("serviceRef");
        Self {
            metadata: Metadata::of(fields),
            spec: TargetGroupBindingSpec {
                service_ref: ServiceReference {
                    name: service_ref.text("name"),
                    port: IntOrString::of(service_ref.take("port")),
                },
                target_type: spec.text("targetType"),
                has_networking: spec.is_present("networking"),
                has_node_selector: spec.is_present("nodeSelector"),
            },
        }
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
