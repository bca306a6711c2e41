//! Target types, and the line that decided one.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::Controller;
use crate::kubernetes::{Edition, ObjectRef};

/// What a target group holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetType {
    /// Nodes, reached on the Service's node port.
    Instance,
    /// Pods, reached on their own addresses.
    Ip,
    /// A value that the controller does not know: it fails there.
    Unknown(String),
}

impl TargetType {
    /// The value as objects spell it.
    pub fn from_name(name: &str) -> Self {
        match name {
            "instance" => Self::Instance,
            "ip" => Self::Ip,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The value as objects spell it.
    pub fn name(&self) -> &str {
        match self {
            Self::Instance => "instance",
            Self::Ip => "ip",
            Self::Unknown(other) => other,
        }
    }
}

impl Serialize for TargetType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A target type and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolved {
    /// The target type.
    pub value: TargetType,
    /// The line that decided it.
    pub source: Source,
}

/// The line that decided a target type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The controller's `--default-target-type`: no object says anything.
    ControllerDefault,
    /// EKS Auto Mode's own default: no object says anything.
    AutoModeDefault,
    /// An annotation of an object.
    Annotation {
        /// The object.
        object: ObjectRef,
        /// The annotation.
        key: &'static str,
    },
    /// A field of an object.
    Field {
        /// The object.
        object: ObjectRef,
        /// The field.
        field: TargetTypeField,
        /// The LoadBalancerConfiguration that makes the object a Gateway's default.
        by_way_of: Option<ByWayOf>,
    },
}

/// A field that can decide a target type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetTypeField {
    /// That of a TargetGroupBinding or of IngressClassParams.
    Spec,
    /// That of a TargetGroupConfiguration for all routes.
    DefaultConfiguration,
    /// That of a TargetGroupConfiguration for some routes, by its place among the `routeConfigurations`.
    RouteConfiguration(usize),
}

impl fmt::Display for TargetTypeField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec => f.write_str("spec.targetType"),
            Self::DefaultConfiguration => f.write_str("spec.defaultConfiguration.targetType"),
            Self::RouteConfiguration(index) => {
                write!(f, "spec.routeConfigurations[{index}].targetGroupProps.targetType")
            }
        }
    }
}

/// How a TargetGroupConfiguration became a Gateway's default.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ByWayOf {
    /// The LoadBalancerConfiguration that names it.
    pub configuration: ObjectRef,
    /// The merging mode, where the Gateway and its class both have a default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merging_mode: Option<&'static str>,
}

impl Source {
    /// A field of an object that decides by itself.
    pub fn field(object: ObjectRef, field: TargetTypeField) -> Self {
        Self::Field { object, field, by_way_of: None }
    }

    /// The object, where one decided.
    pub fn object(&self) -> Option<&ObjectRef> {
        match self {
            Self::ControllerDefault | Self::AutoModeDefault => None,
            Self::Annotation { object, .. } | Self::Field { object, .. } => Some(object),
        }
    }

    /// Whether nothing but a default decided.
    pub fn is_default(&self) -> bool {
        matches!(self, Self::ControllerDefault | Self::AutoModeDefault)
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut source = serializer.serialize_struct("Source", 3)?;
        if let Some(object) = self.object() {
            source.serialize_field("object", object)?;
        }
        match self {
            Self::ControllerDefault => source.serialize_field("setting", "controller.defaultTargetType")?,
            Self::AutoModeDefault => source.serialize_field("setting", "EKS Auto Mode")?,
            Self::Annotation { key, .. } => source.serialize_field("field", &format!("metadata.annotations[{key}]"))?,
            Self::Field { field, by_way_of, .. } => {
                source.serialize_field("field", &format_args!("{field}"))?;
                if let Some(by_way_of) = by_way_of {
                    source.serialize_field("byWayOf", by_way_of)?;
                }
            }
        }
        source.end()
    }
}

/// The default of an edition: the flag, or Auto Mode's `ip`, to which the flag does not apply.
pub fn default_target_type(edition: Edition, controller: &Controller) -> Resolved {
    match edition {
        Edition::Standard => {
            Resolved { value: controller.default_target_type.clone(), source: Source::ControllerDefault }
        }
        Edition::AutoMode => Resolved { value: TargetType::Ip, source: Source::AutoModeDefault },
    }
}
