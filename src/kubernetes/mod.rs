//! Narrow, read-only views of the Kubernetes objects that the policy reads.
//!
//! A view holds only the fields that decide something, and is never written back: objects are edited as JSON
//! (`edit.rs`), so that fields unknown here survive. Nothing here knows the AWS Load Balancer Controller.

mod decode;
mod edition;
mod ingress;
mod ingress_class;
mod label_selector;
mod metadata;
mod name;
mod service;
mod target_group_binding;
mod workloads;

pub use decode::{DecodeError, View, decode};
pub use edition::Edition;
pub use ingress::{Ingress, IngressBackend, ServiceBackend};
pub use ingress_class::{IngressClass, IngressClassParams, ParametersReference};
pub use label_selector::LabelSelector;
pub use metadata::{Metadata, ObjectWithMetadata};
pub use name::{NameKey, ObjectRef, display_text, is_valid_name, shown_name};
pub use service::{IntOrString, Protocol, Service, ServicePort, ServiceType};
pub use target_group_binding::TargetGroupBinding;
pub use workloads::StatefulSet;
