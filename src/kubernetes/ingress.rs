//! Ingress (`networking.k8s.io/v1`), as far as it is read.

use serde::Deserialize;

use super::decode::{map, maps, null_as_default, optional_map};
use super::metadata::Metadata;
use super::service::IntOrString;

/// An Ingress.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct Ingress {
    /// Its metadata.
    #[serde(deserialize_with = "map")]
    pub metadata: Metadata,
    /// Its specification.
    #[serde(deserialize_with = "map")]
    pub spec: IngressSpec,
}

/// `spec` of an Ingress.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "a map")]
pub struct IngressSpec {
    /// The IngressClass by name.
    pub ingress_class_name: Option<String>,
    /// Where traffic goes that no rule matches.
    #[serde(deserialize_with = "optional_map")]
    pub default_backend: Option<IngressBackend>,
    /// The rules.
    #[serde(deserialize_with = "maps")]
    pub rules: Vec<IngressRule>,
}

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct IngressRule {
    /// Its paths.
    #[serde(deserialize_with = "map")]
    pub http: HttpRule,
}

/// `http` of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct HttpRule {
    /// The paths.
    #[serde(deserialize_with = "maps")]
    pub paths: Vec<HttpPath>,
}

/// One path of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct HttpPath {
    /// Where its traffic goes.
    #[serde(deserialize_with = "map")]
    pub backend: IngressBackend,
}

/// A backend: a Service, or a resource of another kind, which is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct IngressBackend {
    /// The Service, where the backend is one.
    #[serde(deserialize_with = "optional_map")]
    pub service: Option<ServiceBackend>,
}

/// A Service as a backend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct ServiceBackend {
    /// The Service's name, or the name of an action where the port's name is `use-annotation`.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// The Service's port.
    #[serde(deserialize_with = "map")]
    pub port: ServiceBackendPort,
}

/// The port of a backend: by name where there is one, else by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "a map")]
pub struct ServiceBackendPort {
    /// By name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// By number.
    #[serde(deserialize_with = "null_as_default")]
    pub number: i32,
}

impl ServiceBackendPort {
    /// The port as it is looked up in the Service.
    pub fn reference(&self) -> IntOrString {
        if self.name.is_empty() { IntOrString::Int(self.number) } else { IntOrString::String(self.name.clone()) }
    }
}

impl Ingress {
    /// Every backend that is a Service: the default backend, then the paths in their order.
    pub fn service_backends(&self) -> impl Iterator<Item = &ServiceBackend> {
        let of_paths = self.spec.rules.iter().flat_map(|rule| rule.http.paths.iter().map(|path| &path.backend));
        self.spec.default_backend.iter().chain(of_paths).filter_map(|backend| backend.service.as_ref())
    }
}
