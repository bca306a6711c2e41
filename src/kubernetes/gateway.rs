//! The kinds of the Gateway API (`gateway.networking.k8s.io`), as far as they are read.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::Deserialize;

use super::metadata::Metadata;

/// A GatewayClass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GatewayClass {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: GatewayClassSpec,
}

/// `spec` of a GatewayClass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GatewayClassSpec {
    /// Whose class it is.
    pub controller_name: String,
    /// More configuration.
    pub parameters_ref: Option<ParametersRef>,
}

/// A reference to the configuration of a Gateway or a class. The controller looks at neither group nor kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ParametersRef {
    /// The name.
    pub name: String,
    /// The namespace, of a class's configuration.
    pub namespace: Option<String>,
}

/// A Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Gateway {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: GatewaySpec,
}

/// `spec` of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GatewaySpec {
    /// The GatewayClass by name.
    pub gateway_class_name: String,
    /// Its own listeners.
    pub listeners: Vec<Listener>,
    /// Which ListenerSets may add listeners.
    pub allowed_listeners: AllowedListeners,
    /// What it is made with.
    pub infrastructure: Infrastructure,
}

/// `infrastructure` of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Infrastructure {
    /// More configuration, in the Gateway's namespace.
    pub parameters_ref: Option<ParametersRef>,
}

/// `allowedListeners` of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AllowedListeners {
    /// The namespaces of the ListenerSets.
    pub namespaces: AllowedNamespaces,
}

/// Namespaces from which something may come.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AllowedNamespaces {
    /// `All`, `Same`, `Selector` or `None`; the default depends on where it stands.
    pub from: Option<String>,
    /// The labels of the namespaces, for `Selector`.
    pub selector: Option<LabelSelector>,
}

/// A listener of a Gateway or of a ListenerSet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Listener {
    /// Its name, by which a route can choose it.
    pub name: String,
    /// The hostname that it serves; all when absent.
    pub hostname: Option<String>,
    /// Its port.
    pub port: i32,
    /// Its protocol.
    pub protocol: String,
    /// The routes that it takes.
    pub allowed_routes: AllowedRoutes,
}

/// `allowedRoutes` of a listener.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AllowedRoutes {
    /// Their namespaces.
    pub namespaces: AllowedNamespaces,
    /// Their kinds; those of the protocol when empty.
    pub kinds: Vec<RouteGroupKind>,
}

/// A kind of routes. The controller does not look at its group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RouteGroupKind {
    /// The kind.
    pub kind: String,
}

/// A ListenerSet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ListenerSet {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: ListenerSetSpec,
}

/// `spec` of a ListenerSet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListenerSetSpec {
    /// The Gateway to which the listeners are added.
    pub parent_ref: ParentRef,
    /// The listeners.
    pub listeners: Vec<Listener>,
}

/// A reference to a Gateway or a ListenerSet, or to some of its listeners. The controller does not look at its group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ParentRef {
    /// `Gateway` when absent.
    pub kind: Option<String>,
    /// That of the referring object when absent.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// One listener by name; all of them when absent.
    pub section_name: Option<String>,
    /// The listeners of a port; all of them when absent.
    pub port: Option<i32>,
}

impl ParentRef {
    /// The Gateway that is named, by namespace and name; nothing where a parent of another kind is.
    pub fn gateway<'a>(&'a self, default_namespace: &'a str) -> Option<(&'a str, &'a str)> {
        let is_gateway = self.kind.as_deref().is_none_or(|kind| kind == "Gateway");
        is_gateway.then(|| (self.namespace.as_deref().unwrap_or(default_namespace), self.name.as_str()))
    }
}

/// A route of any kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Route {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: RouteSpec,
}

/// `spec` of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RouteSpec {
    /// The Gateways and ListenerSets that it wants to be on.
    pub parent_refs: Vec<ParentRef>,
    /// The hostnames that it serves; all when empty.
    pub hostnames: Vec<String>,
    /// Where traffic goes.
    pub rules: Vec<RouteRule>,
}

/// One rule of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RouteRule {
    /// Its backends.
    pub backend_refs: Vec<BackendRef>,
    /// What is done to requests on the way.
    pub filters: Vec<RouteFilter>,
}

/// A backend of a rule. The controller does not look at its group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BackendRef {
    /// `Service` when absent.
    pub kind: Option<String>,
    /// That of the route when absent.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The Service's port.
    pub port: Option<i32>,
}

/// A filter of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RouteFilter {
    /// What it does.
    #[serde(rename = "type")]
    pub filter_type: String,
    /// An object that says what it does.
    pub extension_ref: Option<ExtensionRef>,
}

/// An object that extends a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ExtensionRef {
    /// Its group.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// A ReferenceGrant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ReferenceGrant {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: ReferenceGrantSpec,
}

/// `spec` of a ReferenceGrant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ReferenceGrantSpec {
    /// Who may refer.
    pub from: Vec<ReferenceGrantFrom>,
    /// What may be referred to, in the grant's namespace.
    pub to: Vec<ReferenceGrantTo>,
}

/// Objects that may refer to others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ReferenceGrantFrom {
    /// Their group.
    pub group: String,
    /// Their kind.
    pub kind: String,
    /// Their namespace.
    pub namespace: String,
}

/// Objects that may be referred to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ReferenceGrantTo {
    /// Their group.
    pub group: String,
    /// Their kind.
    pub kind: String,
    /// One by name; all of them when absent.
    pub name: Option<String>,
}
