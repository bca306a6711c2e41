//! Service (`v1`), as far as it is read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use super::decode::{map, maps, null_as_default};
use super::metadata::Metadata;

/// A Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, expecting = "a map")]
pub struct Service {
    /// Its metadata.
    #[serde(deserialize_with = "map")]
    pub metadata: Metadata,
    /// Its specification.
    #[serde(deserialize_with = "map")]
    pub spec: ServiceSpec,
}

/// `spec` of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a map")]
pub struct ServiceSpec {
    /// `ClusterIP` when empty: the API server's default.
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub service_type: String,
    /// `None` for a headless Service.
    #[serde(rename = "clusterIP", deserialize_with = "null_as_default")]
    pub cluster_ip: String,
    /// The newer list form of `clusterIP`.
    #[serde(rename = "clusterIPs", deserialize_with = "null_as_default")]
    pub cluster_ips: Vec<String>,
    /// Which controller serves a Service of type LoadBalancer.
    pub load_balancer_class: Option<String>,
    /// Whether a Service of type LoadBalancer gets node ports; `true` when absent.
    pub allocate_load_balancer_node_ports: Option<bool>,
    /// Its ports.
    #[serde(deserialize_with = "maps")]
    pub ports: Vec<ServicePort>,
}

/// One port of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a map")]
pub struct ServicePort {
    /// May be empty where there is one port.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// `TCP` when empty: the API server's default.
    #[serde(deserialize_with = "null_as_default")]
    pub protocol: String,
    /// The port of the Service.
    #[serde(deserialize_with = "null_as_default")]
    pub port: i32,
    /// The pods' port, by number or by name; the same as `port` when absent.
    pub target_port: Option<IntOrString>,
    /// The nodes' port; 0 when there is none (yet).
    #[serde(deserialize_with = "null_as_default")]
    pub node_port: i32,
}

impl Service {
    /// Whether the Service has no cluster IP on purpose (`clusterIP: None`). An ExternalName Service has none either,
    /// but is not headless.
    pub fn is_headless(&self) -> bool {
        self.spec.service_type != "ExternalName"
            && (self.spec.cluster_ip == "None" || self.spec.cluster_ips.first().is_some_and(|ip| ip == "None"))
    }

    /// The type, with the API server's default.
    pub fn service_type(&self) -> &str {
        if self.spec.service_type.is_empty() { "ClusterIP" } else { &self.spec.service_type }
    }

    /// Whether one of its ports has a node port now.
    pub fn has_node_port(&self) -> bool {
        self.spec.ports.iter().any(|port| port.node_port != 0)
    }
}

/// A port by number or by name, as Kubernetes' `IntOrString` is read: a string is always a name, even `"80"`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum IntOrString {
    /// By number.
    Int(i32),
    /// By name.
    String(String),
}

impl IntOrString {
    /// Kubernetes' `intstr.Parse`: a number where the whole text is one, else a name.
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::String(text.to_owned()), Self::Int)
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => write!(f, "{number}"),
            Self::String(name) => f.write_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntOrStringVisitor)
    }
}

struct IntOrStringVisitor;

impl Visitor<'_> for IntOrStringVisitor {
    type Value = IntOrString;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a port number or a port name")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<IntOrString, E> {
        i32::try_from(number).map(IntOrString::Int).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<IntOrString, E> {
        i32::try_from(number).map(IntOrString::Int).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<IntOrString, E> {
        Ok(IntOrString::String(name.to_owned()))
    }
}
