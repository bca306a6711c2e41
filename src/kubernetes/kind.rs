//! The kinds that the policy knows: those it is asked about, and those it looks up.

use k8s_openapi::Resource;
use k8s_openapi::api::apps::v1::{DaemonSet, StatefulSet};
use k8s_openapi::api::core::v1::{Namespace, Service};
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use serde::{Serialize, Serializer};

use super::edition::Edition;

/// The group of the Gateway API.
pub const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

/// A kind of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Service.
    Service,
    /// Ingress.
    Ingress,
    /// TargetGroupBinding of either edition of the controller.
    TargetGroupBinding(Edition),
    /// A route of the Gateway API.
    Route(RouteKind),
    /// IngressClass.
    IngressClass,
    /// IngressClassParams of either edition of the controller.
    IngressClassParams(Edition),
    /// GatewayClass.
    GatewayClass,
    /// Gateway.
    Gateway,
    /// ListenerSet.
    ListenerSet,
    /// ReferenceGrant.
    ReferenceGrant,
    /// TargetGroupConfiguration of either edition of the controller.
    TargetGroupConfiguration(Edition),
    /// LoadBalancerConfiguration of either edition of the controller.
    LoadBalancerConfiguration(Edition),
    /// ListenerRuleConfiguration: looked up only.
    ListenerRuleConfiguration,
    /// Namespace: looked up only.
    Namespace,
    /// DaemonSet: looked up only.
    DaemonSet,
    /// StatefulSet: looked up only.
    StatefulSet,
}

/// The kinds of routes that the controller serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteKind {
    /// HTTPRoute.
    Http,
    /// GRPCRoute.
    Grpc,
    /// TCPRoute.
    Tcp,
    /// UDPRoute.
    Udp,
    /// TLSRoute.
    Tls,
}

impl RouteKind {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Http, Self::Grpc, Self::Tcp, Self::Udp, Self::Tls];

    /// The kind's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTPRoute",
            Self::Grpc => "GRPCRoute",
            Self::Tcp => "TCPRoute",
            Self::Udp => "UDPRoute",
            Self::Tls => "TLSRoute",
        }
    }
}

impl Kind {
    /// Every kind whose objects the policy is asked about.
    pub const ADMITTED: [Self; 20] = [
        Self::Service,
        Self::Ingress,
        Self::TargetGroupBinding(Edition::Standard),
        Self::TargetGroupBinding(Edition::AutoMode),
        Self::Route(RouteKind::Http),
        Self::Route(RouteKind::Grpc),
        Self::Route(RouteKind::Tcp),
        Self::Route(RouteKind::Udp),
        Self::Route(RouteKind::Tls),
        Self::IngressClass,
        Self::IngressClassParams(Edition::Standard),
        Self::IngressClassParams(Edition::AutoMode),
        Self::GatewayClass,
        Self::Gateway,
        Self::ListenerSet,
        Self::ReferenceGrant,
        Self::TargetGroupConfiguration(Edition::Standard),
        Self::TargetGroupConfiguration(Edition::AutoMode),
        Self::LoadBalancerConfiguration(Edition::Standard),
        Self::LoadBalancerConfiguration(Edition::AutoMode),
    ];

    /// Every kind that is looked up and never asked about.
    pub const LOOKED_UP: [Self; 4] =
        [Self::ListenerRuleConfiguration, Self::Namespace, Self::DaemonSet, Self::StatefulSet];

    /// A kind that the policy is asked about. Group and kind decide: other groups have kinds of the same name (Knative's
    /// Service). The version does not: the API server converts requests (`matchPolicy: Equivalent`), and files have older
    /// ones whose fields are the same.
    pub fn admitted(group: &str, name: &str) -> Option<Self> {
        Self::ADMITTED.into_iter().find(|kind| kind.name() == name && kind.group() == group)
    }

    /// The kind's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => Service::KIND,
            Self::Ingress => Ingress::KIND,
            Self::TargetGroupBinding(_) => "TargetGroupBinding",
            Self::Route(route) => route.name(),
            Self::IngressClass => IngressClass::KIND,
            Self::IngressClassParams(_) => "IngressClassParams",
            Self::GatewayClass => "GatewayClass",
            Self::Gateway => "Gateway",
            Self::ListenerSet => "ListenerSet",
            Self::ReferenceGrant => "ReferenceGrant",
            Self::TargetGroupConfiguration(_) => "TargetGroupConfiguration",
            Self::LoadBalancerConfiguration(_) => "LoadBalancerConfiguration",
            Self::ListenerRuleConfiguration => "ListenerRuleConfiguration",
            Self::Namespace => Namespace::KIND,
            Self::DaemonSet => DaemonSet::KIND,
            Self::StatefulSet => StatefulSet::KIND,
        }
    }

    /// The API version in which objects are looked up: the one that the controller reads.
    pub fn api_version(self) -> &'static str {
        match self {
            Self::Service => Service::API_VERSION,
            Self::Ingress => Ingress::API_VERSION,
            Self::IngressClass => IngressClass::API_VERSION,
            Self::TargetGroupBinding(edition) | Self::IngressClassParams(edition) => edition.api_version(),
            Self::GatewayClass | Self::Gateway | Self::ListenerSet | Self::Route(_) => "gateway.networking.k8s.io/v1",
            Self::ReferenceGrant => "gateway.networking.k8s.io/v1beta1",
            Self::TargetGroupConfiguration(edition) | Self::LoadBalancerConfiguration(edition) => {
                edition.gateway_api_version()
            }
            Self::ListenerRuleConfiguration => Edition::Standard.gateway_api_version(),
            Self::Namespace => Namespace::API_VERSION,
            Self::DaemonSet => DaemonSet::API_VERSION,
            Self::StatefulSet => StatefulSet::API_VERSION,
        }
    }

    /// The API group; empty for the core group.
    pub fn group(self) -> &'static str {
        let version = self.api_version();
        version.bytes().position(|byte| byte == b'/').and_then(|end| version.get(..end)).unwrap_or_default()
    }

    /// Whether its objects have a namespace.
    pub fn is_namespaced(self) -> bool {
        !matches!(self, Self::IngressClass | Self::IngressClassParams(_) | Self::GatewayClass | Self::Namespace)
    }

    /// Whether a cluster may lack the kind: it comes with the controller or with the Gateway API.
    pub fn may_be_absent(self) -> bool {
        !matches!(
            self,
            Self::Service | Self::Ingress | Self::IngressClass | Self::Namespace | Self::DaemonSet | Self::StatefulSet
        )
    }

    /// Whether it is a kind of the Gateway API or of the controller's part of it.
    pub fn is_of_gateway_api(self) -> bool {
        matches!(
            self,
            Self::GatewayClass
                | Self::Gateway
                | Self::ListenerSet
                | Self::Route(_)
                | Self::ReferenceGrant
                | Self::TargetGroupConfiguration(_)
                | Self::LoadBalancerConfiguration(_)
                | Self::ListenerRuleConfiguration
        )
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_group_and_name() {
        for kind in Kind::ADMITTED {
            assert_eq!(Kind::admitted(kind.group(), kind.name()), Some(kind));
        }
        assert_eq!(Kind::admitted("serving.knative.dev", "Service"), None);
        assert_eq!(Kind::admitted("extensions", "Ingress"), None);
        assert_eq!(Kind::admitted("", "Namespace"), None);
    }
}
