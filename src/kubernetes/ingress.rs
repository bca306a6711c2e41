//! Ingress (`networking.k8s.io/v1`), as far as it is read.

use json_text::{Read, Reader, fields};

use super::decode::View;
use super::metadata::{Labels, Metadata};
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

impl View for Ingress {
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

impl IngressSpec {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "ingressClassName" => reader.optional_text(&mut self.ingress_class_name),
            "defaultBackend" => reader.optional(&mut self.default_backend, IngressBackend::read),
            "rules" => reader.list(&mut self.rules, IngressRule::read),
        })
    }
}

impl IngressRule {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "http" => fields!(reader, { "paths" => reader.list(&mut self.http.paths, HttpPath::read) }),
        })
    }
}

impl HttpPath {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, { "backend" => self.backend.read(reader) })
    }
}

impl IngressBackend {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, { "service" => reader.optional(&mut self.service, ServiceBackend::read) })
    }
}

impl ServiceBackend {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        fields!(reader, {
            "name" => reader.text(&mut self.name),
            "port" => fields!(reader, {
                "name" => reader.text(&mut self.port.name),
                "number" => reader.int(&mut self.port.number),
            }),
        })
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
