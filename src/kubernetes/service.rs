//! Service (`v1`), as far as it is read.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;

use super::resource::Resource;
use super::string_map::StringMap;

/// A Service.
pub type Service = Resource<ServiceSpec>;

/// `spec` of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceSpec {
    /// Its type; empty for the API server's default, `ClusterIP`.
    #[serde(default, rename = "type")]
    pub service_type: String,
    /// Its address; `None` for a headless Service.
    #[serde(default, rename = "clusterIP")]
    cluster_ip: String,
    /// Its addresses; the first one is that of `clusterIP`.
    #[serde(default, rename = "clusterIPs")]
    cluster_ips: Vec<String>,
    /// Which controller serves a Service of type LoadBalancer.
    #[serde(default)]
    pub load_balancer_class: Option<String>,
    /// Whether a Service of type LoadBalancer gets node ports; `true` when absent.
    #[serde(default)]
    pub allocate_load_balancer_node_ports: Option<bool>,
    /// The labels of its pods; without any, somebody else makes its endpoints.
    #[serde(default)]
    pub selector: StringMap,
    /// Its ports.
    #[serde(default)]
    pub ports: Vec<ServicePort>,
}

/// One port of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePort {
    /// May be empty where there is one port.
    #[serde(default)]
    pub name: String,
    /// Its protocol; empty for the API server's default, `TCP`.
    #[serde(default)]
    pub protocol: String,
    /// The port of the Service.
    #[serde(default)]
    pub port: i32,
    /// The pods' port, by number or by name; the same as `port` when absent.
    #[serde(default)]
    pub target_port: Option<IntOrString>,
    /// The nodes' port; 0 when there is none (yet).
    #[serde(default)]
    pub node_port: i32,
}

/// `spec.type` of a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceType {
    /// `ClusterIP`; the API server's default.
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

impl Service {
    /// Its type.
    pub fn service_type(&self) -> ServiceType {
        match self.spec.service_type.as_str() {
            "" | "ClusterIP" => ServiceType::ClusterIp,
            "NodePort" => ServiceType::NodePort,
            "LoadBalancer" => ServiceType::LoadBalancer,
            "ExternalName" => ServiceType::ExternalName,
            _ => ServiceType::Unknown,
        }
    }

    /// Whether the Service has no cluster IP on purpose (`clusterIP: None`). An ExternalName Service has none either,
    /// but is not headless.
    pub fn is_headless(&self) -> bool {
        let has_no_address =
            self.spec.cluster_ip == "None" || self.spec.cluster_ips.first().is_some_and(|address| address == "None");
        has_no_address && self.service_type() != ServiceType::ExternalName
    }

    /// The first port with the name or number, as the controller finds it (LBC `pkg/k8s/service_utils.go`
    /// LookupServicePort): a string is always a name, even `"80"`.
    pub fn port(&self, reference: &IntOrString) -> Option<&ServicePort> {
        self.spec.ports.iter().find(|port| match reference {
            IntOrString::Int(number) => port.port == *number,
            IntOrString::String(name) => port.name == *name,
        })
    }
}

/// Go's `intstr.Parse`: a number where the whole text is one, as `strconv.Atoi` reads it, else a name.
pub fn parse_port(text: &str) -> IntOrString {
    text.parse().map_or_else(|_| IntOrString::String(text.to_owned()), IntOrString::Int)
}

/// A port as people write it.
pub fn display_port(port: &IntOrString) -> String {
    match port {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(name) => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::{Json, parse};

    #[track_caller]
    fn check(spec: &str, is_headless: bool) {
        let service = Service::read(Json::of(&parse(&format!(r#"{{"spec":{spec}}}"#)).unwrap())).unwrap();
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

    #[test]
    fn ports_are_parsed_as_go_does() {
        for (text, number) in [("80", 80), ("080", 80), ("+80", 80), ("-1", -1)] {
            assert_eq!(parse_port(text), IntOrString::Int(number), "{text}");
        }
        for text in ["", " 80", "80.0", "http", "0x50"] {
            assert_eq!(parse_port(text), IntOrString::String(text.to_owned()), "{text}");
        }
    }
}
