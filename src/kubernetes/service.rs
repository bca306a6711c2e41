//! Service (`v1`), as far as it is read.

use std::fmt;

use json_text::{Fields, Node, Shape, Shapes};

use super::decode::View;
use super::metadata::{METADATA, Metadata};

/// A Service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: ServiceSpec,
}

/// `spec` of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceSpec {
    /// Its type.
    pub service_type: ServiceType,
    /// Whether `clusterIP`, or the first of `clusterIPs`, is `None`.
    pub has_no_cluster_ip: bool,
    /// Which controller serves a Service of type LoadBalancer.
    pub load_balancer_class: Option<String>,
    /// Whether a Service of type LoadBalancer gets node ports; `true` when absent.
    pub allocate_load_balancer_node_ports: Option<bool>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
}

/// `spec.type` of a Service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ServiceType {
    /// `ClusterIP`; the API server's default.
    #[default]
    ClusterIp,
    /// `NodePort`.
    NodePort,
    /// `LoadBalancer`.
    LoadBalancer,
    /// `ExternalName`.
    ExternalName,
    /// One that the API server does not know.
    Unknown,
}

/// One port of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServicePort {
    /// May be empty where there is one port.
    pub name: String,
    /// Its protocol.
    pub protocol: Protocol,
    /// The port of the Service.
    pub port: i32,
    /// The pods' port, by number or by name; the same as `port` when absent.
    pub target_port: Option<IntOrString>,
    /// The nodes' port; 0 when there is none (yet).
    pub node_port: i32,
}

/// `protocol` of a port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// `TCP`; the API server's default.
    #[default]
    Tcp,
    /// `UDP`.
    Udp,
    /// `SCTP`.
    Sctp,
    /// One that the API server does not know.
    Unknown,
}

impl View for Service {
    const FIELDS: Shapes = &[
        METADATA,
        (
            "spec",
            Shape::Map(&[
                ("type", Shape::Text),
                ("clusterIP", Shape::Text),
                ("clusterIPs", Shape::List(&Shape::Text)),
                ("loadBalancerClass", Shape::Text),
                ("allocateLoadBalancerNodePorts", Shape::Bool),
                (
                    "ports",
                    Shape::List(&Shape::Map(&[
                        ("name", Shape::Text),
                        ("protocol", Shape::Text),
                        ("port", Shape::Int),
                        ("targetPort", Shape::IntOrText),
                        ("nodePort", Shape::Int),
                    ])),
                ),
            ]),
        ),
    ];

    fn from_fields(fields: &mut Fields<'_>) -> Self {
        let mut spec = fields.map("spec");
        let port = |mut port: Fields<'_>| ServicePort {
            name: port.text("name"),
            protocol: Protocol::of(&port.borrowed_text("protocol")),
            port: port.int("port"),
            target_port: IntOrString::of(port.take("targetPort")),
            node_port: port.int("nodePort"),
        };
        Self {
            metadata: Metadata::of(fields),
            spec: ServiceSpec {
                service_type: ServiceType::of(&spec.borrowed_text("type")),
                has_no_cluster_ip: spec.borrowed_text("clusterIP") == "None"
                    || matches!(spec.list("clusterIPs").first(), Some(Node::Text(first)) if first == "None"),
                load_balancer_class: spec.optional_text("loadBalancerClass"),
                allocate_load_balancer_node_ports: spec.bool("allocateLoadBalancerNodePorts"),
                ports: spec.maps("ports").map(port).collect(),
            },
        }
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

impl Service {
    /// Whether the Service has no cluster IP on purpose (`clusterIP: None`). An ExternalName Service has none either,
    /// but is not headless.
    pub fn is_headless(&self) -> bool {
        self.spec.has_no_cluster_ip && self.spec.service_type != ServiceType::ExternalName
    }

    /// Whether one of its ports has a node port now.
    pub fn has_node_port(&self) -> bool {
        self.spec.ports.iter().any(|port| port.node_port != 0)
    }
}

impl ServiceType {
    fn of(text: &str) -> Self {
        match text {
            "" | "ClusterIP" => Self::ClusterIp,
            "NodePort" => Self::NodePort,
            "LoadBalancer" => Self::LoadBalancer,
            "ExternalName" => Self::ExternalName,
            _ => Self::Unknown,
        }
    }
}

impl Protocol {
    fn of(text: &str) -> Self {
        match text {
            "" | "TCP" => Self::Tcp,
            "UDP" => Self::Udp,
            "SCTP" => Self::Sctp,
            _ => Self::Unknown,
        }
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
    /// What was read in the shape of a number or a string.
    pub(super) fn of(node: Node<'_>) -> Option<Self> {
        match node {
            Node::Int(number) => Some(Self::Int(number)),
            other => other.text().map(Self::String),
        }
    }

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
