//! Narrow, read-only views of the Kubernetes objects that the policy reads.
//!
//! A view holds only the fields that decide something, and is never written back: objects are edited as JSON
//! (`edit.rs`), so that fields unknown here survive. Nothing here looks anything up or decides anything.

mod decode;
mod edition;
mod gateway;
mod gateway_configuration;
mod ingress;
mod ingress_class;
mod json;
pub mod kind;
pub mod label_selector;
mod metadata;
mod name;
mod object;
mod object_ref;
mod resource;
mod service;
mod string_map;
mod target_group_binding;
mod text;
mod workloads;

pub use decode::{DecodeError, Presence, decode};
pub use edition::Edition;
pub use gateway::{
    AllowedNamespaces, BackendRef, ExtensionRef, Gateway, GatewayClass, Listener, ListenerSet, ParametersRef,
    ParentRef, ReferenceGrant, Route, RouteRule,
};
pub use gateway_configuration::{
    LoadBalancerConfiguration, RouteConfiguration, TargetGroupConfiguration, TargetGroupProps,
};
pub use ingress::{BackendPlace, Ingress, IngressBackend, ServiceBackend};
pub use ingress_class::{IngressClass, IngressClassParams, ParametersReference};
pub use json::{Json, Unread, parse};
pub use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
pub use kind::{Kind, RouteKind};
pub use metadata::{Metadata, OwnerReference};
pub use name::{NameKey, is_valid_name};
pub use object::{Object, View};
pub use object_ref::ObjectRef;
pub use service::{Service, ServicePort, ServiceType, display_port, parse_port};
pub use string_map::StringMap;
pub use target_group_binding::TargetGroupBinding;
pub use text::{display_text, shown_name};
pub use workloads::{ObjectWithMetadata, StatefulSet};
