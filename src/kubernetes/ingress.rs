//! Ingress (`networking.k8s.io/v1`), as far as it is read.

use json_text::{Fields, Shape, Shapes};

use super::decode::View;
use super::metadata::{METADATA, Metadata};
use super::service::IntOrString;

/// An Ingress.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ingress {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its specification.
    pub spec: IngressSpec,
}

/// `spec` of an Ingress.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressSpec {
    /// The IngressClass by name.
    pub ingress_class_name: Option<String>,
    /// Where traffic goes that no rule matches.
    pub default_backend: Option<IngressBackend>,
    /// The rules.
    pub rules: Vec<IngressRule>,
}

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressRule {
    /// Its paths.
    pub http: HttpRule,
}

/// `http` of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpRule {
    /// The paths.
    pub paths: Vec<HttpPath>,
}

/// One path of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpPath {
    /// Where its traffic goes.
    pub backend: IngressBackend,
}

/// A backend: a Service, or a resource of another kind, which is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressBackend {
    /// The Service, where the backend is one.
    pub service: Option<ServiceBackend>,
}

/// A Service as a backend.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceBackend {
    /// The Service's name, or the name of an action where the port's name is `use-annotation`.
    pub name: String,
    /// The Service's port.
    pub port: ServiceBackendPort,
}

/// The port of a backend: by name where there is one, else by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceBackendPort {
    /// By name.
    pub name: String,
    /// By number.
    pub number: i32,
}

const BACKEND: Shape = Shape::Map(&[(
    "service",
    Shape::Map(&[("name", Shape::Text), ("port", Shape::Map(&[("name", Shape::Text), ("number", Shape::Int)]))]),
)]);

impl View for Ingress {
    const FIELDS: Shapes = &[
        METADATA,
        (
            "spec",
            Shape::Map(&[
                ("ingressClassName", Shape::Text),
                ("defaultBackend", BACKEND),
                (
                    "rules",
                    Shape::List(&Shape::Map(&[(
                        "http",
                        Shape::Map(&[("paths", Shape::List(&Shape::Map(&[("backend", BACKEND)])))]),
                    )])),
                ),
            ]),
        ),
    ];

    fn from_fields(fields: &mut Fields<'_>) -> Self {
        let mut spec = fields.map("spec");
        let path = |mut path: Fields<'_>| HttpPath { backend: IngressBackend::of(path.map("backend")) };
        let rule = |mut rule: Fields<'_>| IngressRule {
            http: HttpRule { paths: rule.map("http").maps("paths").map(path).collect() },
        };
        Self {
            metadata: Metadata::of(fields),
            spec: IngressSpec {
                ingress_class_name: spec.optional_text("ingressClassName"),
                default_backend: spec.optional_map("defaultBackend").map(IngressBackend::of),
                rules: spec.maps("rules").map(rule).collect(),
            },
        }
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

impl IngressBackend {
    fn of(mut backend: Fields<'_>) -> Self {
        let service = |mut service: Fields<'_>| {
            let mut port = service.map("port");
            ServiceBackend {
                name: service.text("name"),
                port: ServiceBackendPort { name: port.text("name"), number: port.int("number") },
            }
        };
        Self { service: backend.optional_map("service").map(service) }
    }
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
