//! Service (`v1`), as far as it is read.

use std::borrow::Cow;
use std::fmt;

use json_text::{IntOrText, Read, Reader, fields};

use super::decode::View;
use super::metadata::{Labels, Metadata};

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
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "metadata" => self.metadata.read(reader, Labels::None),
            "spec" => self.spec.read(reader),
        })
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

impl ServiceSpec {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        let (mut address, mut first_address) = (Cow::default(), None);
        fields!(reader, {
            "type" => reader.text_as(&mut self.service_type, ServiceType::of),
            "clusterIP" => reader.borrowed_text(&mut address),
            "clusterIPs" => reader.items(&mut |reader| {
                let mut address = Cow::default();
                reader.borrowed_text(&mut address)?;
                first_address.get_or_insert(address);
                Ok(())
            }),
            "loadBalancerClass" => reader.optional_text(&mut self.load_balancer_class),
            "allocateLoadBalancerNodePorts" => reader.bool(&mut self.allocate_load_balancer_node_ports),
            "ports" => reader.list(&mut self.ports, ServicePort::read),
        })?;
        self.has_no_cluster_ip = address == "None" || first_address.is_some_and(|address| address == "None");
        Ok(())
    }
}

impl ServicePort {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "name" => reader.text(&mut self.name),
            "protocol" => reader.text_as(&mut self.protocol, Protocol::of),
            "port" => reader.int(&mut self.port),
            "targetPort" => IntOrString::read(&mut self.target_port, reader),
            "nodePort" => reader.int(&mut self.node_port),
        })
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
    pub(super) fn read(to: &mut Option<Self>, reader: &mut Reader<'_>) -> Read<()> {
        *to = reader.int_or_text()?.map(|value| match value {
            IntOrText::Int(number) => Self::Int(number),
            IntOrText::Text(name) => Self::String(name.into_owned()),
        });
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::decode;

    #[track_caller]
    fn check(spec: &str, is_headless: bool) {
        let service = decode::<Service>(&format!(r#"{{"spec":{spec}}}"#)).unwrap();
        assert_eq!(service.is_headless(), is_headless, "{spec}");
    }

    #[test]
    fn the_first_address_tells_a_headless_service() {
        check(r#"{"clusterIP":"None"}"#, true);
        check(r#"{"clusterIPs":["None"]}"#, true);
        check(r#"{"clusterIPs":["None","10.0.0.1"]}"#, true);
        check(r#"{"clusterIPs":["10.0.0.1","None"]}"#, false);
        check(r#"{"clusterIPs":[null,"None"]}"#, false);
        check(r#"{"clusterIP":"10.0.0.1"}"#, false);
        check(r#"{"clusterIP":"None","type":"ExternalName"}"#, false);
        check("{}", false);
    }
}
