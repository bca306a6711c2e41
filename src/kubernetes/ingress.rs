//! Ingress (`networking.k8s.io/v1`), as far as it is read.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;

use super::resource::Resource;

/// An Ingress.
pub type Ingress = Resource<IngressSpec>;

/// `spec` of an Ingress.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressSpec {
    /// The IngressClass by name.
    #[serde(default)]
    pub ingress_class_name: Option<String>,
    /// Where traffic goes that no rule matches.
    #[serde(default)]
    pub default_backend: Option<IngressBackend>,
    /// The rules.
    #[serde(default)]
    pub rules: Vec<IngressRule>,
}

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct IngressRule {
    /// Its paths.
    #[serde(default)]
    pub http: HttpRule,
}

/// `http` of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct HttpRule {
    /// The paths.
    #[serde(default)]
    pub paths: Vec<HttpPath>,
}

/// One path of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct HttpPath {
    /// Where its traffic goes.
    #[serde(default)]
    pub backend: IngressBackend,
}

/// A backend: a Service, or a resource of another kind, which is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct IngressBackend {
    /// The Service, where the backend is one.
    #[serde(default)]
    pub service: Option<ServiceBackend>,
}

/// A Service as a backend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ServiceBackend {
    /// The Service's name, or the name of an action where the port's name is `use-annotation`.
    #[serde(default)]
    pub name: String,
    /// The Service's port.
    #[serde(default)]
    pub port: ServiceBackendPort,
}

/// The port of a backend: by name where there is one, else by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct ServiceBackendPort {
    /// By name.
    #[serde(default)]
    pub name: String,
    /// By number.
    #[serde(default)]
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
