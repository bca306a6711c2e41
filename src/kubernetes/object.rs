//! An object of any kind that the policy knows.

use std::rc::Rc;

use super::decode::DecodeError;
use super::json::Json;
use super::kind::Kind;
use super::metadata::Metadata;
use super::{
    Gateway, GatewayClass, Ingress, IngressClass, IngressClassParams, ListenerSet, LoadBalancerConfiguration,
    ObjectWithMetadata, ReferenceGrant, Route, Service, StatefulSet, TargetGroupBinding, TargetGroupConfiguration,
};

/// A narrow, read-only view of an object.
pub trait View {
    /// The metadata, which every view has.
    fn metadata(&self) -> &Metadata;

    /// The view in an object, where it is of this type.
    fn of(object: &Object) -> Option<&Rc<Self>>;
}

macro_rules! objects {
    ($($view:ident: $kinds:pat),* $(,)?) => {
        /// An object of any kind that the policy knows, shared once it is read.
        #[derive(Debug, Clone)]
        pub enum Object {
            $(
                #[doc = concat!("One that is read as a ", stringify!($view), ".")]
                $view(Rc<$view>),
            )*
        }

        impl Object {
            /// Reads an object of a kind.
            ///
            /// # Errors
            /// The first field that has a wrong type, with its path.
            pub fn read(kind: Kind, json: Json<'_>) -> Result<Self, DecodeError> {
                match kind {
                    $($kinds => $view::read(json).map(|view| Self::$view(Rc::new(view))),)*
                }
            }

            /// The object with the identity that the request says it has, where it was just read.
            #[must_use]
            pub fn with_identity(mut self, namespace: &str, name: &str) -> Self {
                let metadata = match &mut self {
                    $(Self::$view(view) => Rc::get_mut(view).map(|view| &mut view.metadata),)*
                };
                if let Some(metadata) = metadata {
                    namespace.clone_into(&mut metadata.namespace);
                    if metadata.name.is_empty() {
                        name.clone_into(&mut metadata.name);
                    }
                    // No object can have this name, so that it is never looked up.
                    if metadata.name.is_empty() {
                        metadata.name = format!("{}<generated>", metadata.generate_name);
                    }
                }
                self
            }

            /// Its metadata.
            pub fn metadata(&self) -> &Metadata {
                match self {
                    $(Self::$view(view) => &view.metadata,)*
                }
            }
        }

        $(impl View for $view {
            fn metadata(&self) -> &Metadata {
                &self.metadata
            }

            fn of(object: &Object) -> Option<&Rc<Self>> {
                match object {
                    Object::$view(view) => Some(view),
                    _ => None,
                }
            }
        })*
    };
}

objects! {
    Service: Kind::Service,
    Ingress: Kind::Ingress,
    TargetGroupBinding: Kind::TargetGroupBinding(_),
    Route: Kind::Route(_),
    IngressClass: Kind::IngressClass,
    IngressClassParams: Kind::IngressClassParams(_),
    GatewayClass: Kind::GatewayClass,
    Gateway: Kind::Gateway,
    ListenerSet: Kind::ListenerSet,
    ReferenceGrant: Kind::ReferenceGrant,
    TargetGroupConfiguration: Kind::TargetGroupConfiguration(_),
    LoadBalancerConfiguration: Kind::LoadBalancerConfiguration(_),
    StatefulSet: Kind::StatefulSet,
    ObjectWithMetadata: Kind::Namespace | Kind::DaemonSet | Kind::ListenerRuleConfiguration,
}
