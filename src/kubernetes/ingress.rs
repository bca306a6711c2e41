//! Ingress (`networking.k8s.io/v1`), as far as it is read.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;

use super::metadata::Metadata;

/// An Ingress.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Ingress {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: IngressSpec,
}

/// `spec` of an Ingress.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressSpec {
    /// The IngressClass by name.
    pub ingress_class_name: Option<String>,
    /// Where traffic goes that no rule matches.
    pub default_backend: Option<IngressBackend>,
    /// The rules.
    pub rules: Vec<IngressRule>,
}

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IngressRule {
    /// Its paths.
    pub http: HttpRule,
}

/// `http` of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HttpRule {
    /// The paths.
    pub paths: Vec<HttpPath>,
}

/// One path of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HttpPath {
    /// Where its traffic goes.
    pub backend: IngressBackend,
}

/// A backend: a Service, or a resource of another kind, which is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IngressBackend {
    /// The Service, where the backend is one.
    pub service: Option<ServiceBackend>,
}

/// A Service as a backend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ServiceBackend {
    /// The Service's name, or the name of an action where the port's name is `use-annotation`.
    pub name: String,
    /// The Service's port.
    pub port: ServiceBackendPort,
}

/// The port of a backend: by name where there is one, else by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(default)]
pub struct ServiceBackendPort {
    /// By name.
    pub name: String,
    /// By number.
    pub number: i32,
}

impl ServiceBackendPort {
    /// The port as it is looked up in the Service.
    pub fn reference(&self) -> IntOrString {
        if self.name.is_empty() { IntOrString::Int(self.number) } else { IntOrString::String(self.name.clone()) }
    }
}

/// Where a backend stands in an Ingress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackendPlace {
    /// `spec.defaultBackend`.
    Default,
    /// `spec.rules[…].http.paths[…].backend`.
    Path {
        /// The rule.
        rule: usize,
        /// The path of the rule.
        path: usize,
    },
}

impl std::fmt::Display for BackendPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("spec.defaultBackend"),
            Self::Path { rule, path } => write!(f, "spec.rules[{rule}].http.paths[{path}].backend"),
        }
    }
}

impl Ingress {
    /// Every backend that is a Service, with its place: the default backend, then the paths in their order.
    pub fn service_backends(&self) -> impl Iterator<Item = (BackendPlace, &ServiceBackend)> {
        let of_paths = self.spec.rules.iter().enumerate().flat_map(|(rule, it)| {
            it.http.paths.iter().enumerate().map(move |(path, it)| (BackendPlace::Path { rule, path }, &it.backend))
        });
        let default = self.spec.default_backend.iter().map(|backend| (BackendPlace::Default, backend));
        default.chain(of_paths).filter_map(|(place, backend)| Some((place, backend.service.as_ref()?)))
    }
}
