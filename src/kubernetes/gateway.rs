//! The kinds of the Gateway API (`gateway.networking.k8s.io`), as far as they are read.

use serde::Deserialize;

use super::label_selector::LabelSelector;
use super::resource::Resource;

/// A GatewayClass.
pub type GatewayClass = Resource<GatewayClassSpec>;

/// `spec` of a GatewayClass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayClassSpec {
    /// Whose class it is.
    #[serde(default)]
    pub controller_name: String,
    /// More configuration.
    #[serde(default)]
    pub parameters_ref: Option<ParametersRef>,
}

/// A reference to the configuration of a Gateway or a class. The controller looks at neither group nor kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ParametersRef {
    /// The name.
    #[serde(default)]
    pub name: String,
    /// The namespace, of a class's configuration.
    #[serde(default)]
    pub namespace: Option<String>,
}

/// A Gateway.
pub type Gateway = Resource<GatewaySpec>;

/// `spec` of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySpec {
    /// The GatewayClass by name.
    #[serde(default)]
    pub gateway_class_name: String,
    /// Its own listeners.
    #[serde(default)]
    pub listeners: Vec<Listener>,
    /// Which ListenerSets may add listeners.
    #[serde(default)]
    pub allowed_listeners: AllowedListeners,
    /// What it is made with.
    #[serde(default)]
    pub infrastructure: Infrastructure,
}

/// `infrastructure` of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Infrastructure {
    /// More configuration, in the Gateway's namespace.
    #[serde(default)]
    pub parameters_ref: Option<ParametersRef>,
}

/// `allowedListeners` of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct AllowedListeners {
    /// The namespaces of the ListenerSets.
    #[serde(default)]
    pub namespaces: AllowedNamespaces,
}

/// Namespaces from which something may come.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct AllowedNamespaces {
    /// `All`, `Same`, `Selector` or `None`; the default depends on where it stands.
    #[serde(default)]
    pub from: Option<String>,
    /// The labels of the namespaces, for `Selector`.
    #[serde(default)]
    pub selector: Option<LabelSelector>,
}

/// A listener of a Gateway or of a ListenerSet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    /// Its name, by which a route can choose it.
    #[serde(default)]
    pub name: String,
    /// The hostname that it serves; all when absent.
    #[serde(default)]
    pub hostname: Option<String>,
    /// Its port.
    #[serde(default)]
    pub port: i32,
    /// Its protocol.
    #[serde(default)]
    pub protocol: String,
    /// The routes that it takes.
    #[serde(default)]
    pub allowed_routes: AllowedRoutes,
}

/// `allowedRoutes` of a listener.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct AllowedRoutes {
    /// Their namespaces.
    #[serde(default)]
    pub namespaces: AllowedNamespaces,
    /// Their kinds; those of the protocol when empty.
    #[serde(default)]
    pub kinds: Vec<RouteGroupKind>,
}

/// A kind of routes. The controller does not look at its group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RouteGroupKind {
    /// The kind.
    #[serde(default)]
    pub kind: String,
}

/// A ListenerSet.
pub type ListenerSet = Resource<ListenerSetSpec>;

/// `spec` of a ListenerSet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerSetSpec {
    /// The Gateway to which the listeners are added.
    #[serde(default)]
    pub parent_ref: ParentRef,
    /// The listeners.
    #[serde(default)]
    pub listeners: Vec<Listener>,
}

/// A reference to a Gateway or a ListenerSet, or to some of its listeners. The controller does not look at its group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentRef {
    /// `Gateway` when absent.
    #[serde(default)]
    pub kind: Option<String>,
    /// That of the referring object when absent.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The name.
    #[serde(default)]
    pub name: String,
    /// One listener by name; all of them when absent.
    #[serde(default)]
    pub section_name: Option<String>,
    /// The listeners of a port; all of them when absent.
    #[serde(default)]
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
pub type Route = Resource<RouteSpec>;

/// `spec` of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteSpec {
    /// The Gateways and ListenerSets that it wants to be on.
    #[serde(default)]
    pub parent_refs: Vec<ParentRef>,
    /// The hostnames that it serves; all when empty.
    #[serde(default)]
    pub hostnames: Vec<String>,
    /// Where traffic goes.
    #[serde(default)]
    pub rules: Vec<RouteRule>,
}

/// One rule of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteRule {
    /// Its backends.
    #[serde(default)]
    pub backend_refs: Vec<BackendRef>,
    /// What is done to requests on the way.
    #[serde(default)]
    pub filters: Vec<RouteFilter>,
}

/// A backend of a rule. The controller does not look at its group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct BackendRef {
    /// `Service` when absent.
    #[serde(default)]
    pub kind: Option<String>,
    /// That of the route when absent.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The name.
    #[serde(default)]
    pub name: String,
    /// The Service's port.
    #[serde(default)]
    pub port: Option<i32>,
}

/// A filter of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteFilter {
    /// What it does.
    #[serde(default, rename = "type")]
    pub filter_type: String,
    /// An object that says what it does.
    #[serde(default)]
    pub extension_ref: Option<ExtensionRef>,
}

/// An object that extends a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ExtensionRef {
    /// Its group.
    #[serde(default)]
    pub group: String,
    /// Its kind.
    #[serde(default)]
    pub kind: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

/// A ReferenceGrant.
pub type ReferenceGrant = Resource<ReferenceGrantSpec>;

/// `spec` of a ReferenceGrant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ReferenceGrantSpec {
    /// Who may refer.
    #[serde(default)]
    pub from: Vec<ReferenceGrantFrom>,
    /// What may be referred to, in the grant's namespace.
    #[serde(default)]
    pub to: Vec<ReferenceGrantTo>,
}

/// Objects that may refer to others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ReferenceGrantFrom {
    /// Their group.
    #[serde(default)]
    pub group: String,
    /// Their kind.
    #[serde(default)]
    pub kind: String,
    /// Their namespace.
    #[serde(default)]
    pub namespace: String,
}

/// Objects that may be referred to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ReferenceGrantTo {
    /// Their group.
    #[serde(default)]
    pub group: String,
    /// Their kind.
    #[serde(default)]
    pub kind: String,
    /// One by name; all of them when absent.
    #[serde(default)]
    pub name: Option<String>,
}
