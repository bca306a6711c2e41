//! A cluster in memory that answers a policy's host calls as the host of kwctl and policy-server does.
//!
//! Invariant: the texts of errors and the shapes of answers are those of policy-evaluator 1.36 with kube 3.1 (the sources
//! are named at each); answering changes nothing, so the same call always has the same answer.

mod dynamic_object;
mod kube_errors;
mod objects;
mod recording;
mod requests;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

use crate::kinds::{is_built_in, is_namespaced};
use dynamic_object::DynamicObject;
use objects::Objects;
use requests::{GetResource, ListResourcesAll, ListResourcesByNamespace, Lookup};

pub use recording::{Exchange, Recording, RecordingCluster};

/// How the host begins the text of an error that came back over its callback channel
/// (`runtimes/callback.rs`, `send_request_and_wait_for_response`).
pub const CALLBACK_FAILURE: &str = "Callback evaluation failure: ";

/// The name that a policy asks for to learn whether a kind can be asked for: no object can have it.
pub const PROBE_NAME: &str = "_";

/// A kind of objects, as `contextAwareResources` names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// `v1` for the core group, else GROUP/VERSION.
    pub api_version: String,
    /// The kind, singular.
    pub kind: String,
}

impl Resource {
    fn is(&self, api_version: &str, kind: &str) -> bool {
        self.api_version == api_version && self.kind == kind
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.api_version, self.kind)
    }
}

/// Text that names no kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected APIVERSION/KIND, as in `apps/v1/DaemonSet`, and found `{0}`")]
pub struct ResourceError(String);

impl FromStr for Resource {
    type Err = ResourceError;

    fn from_str(text: &str) -> Result<Self, ResourceError> {
        match text.rsplit_once('/') {
            Some((api_version, kind)) if !api_version.is_empty() && !kind.is_empty() => {
                Ok(Resource { api_version: api_version.to_owned(), kind: kind.to_owned() })
            }
            _ => Err(ResourceError(text.to_owned())),
        }
    }
}

/// What a policy may ask the host for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The kinds that it may look up: `spec.contextAwareResources` of the ClusterAdmissionPolicy.
    pub context_aware_resources: BTreeSet<Resource>,
    /// The host capabilities that it may call: exact paths, `PREFIX/*` or `*`.
    pub host_capabilities: Vec<String>,
}

impl Access {
    /// `host_capabilities.rs`, `HostCapabilities::is_allowed`.
    fn allows_capability(&self, path: &str) -> bool {
        self.host_capabilities.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == pattern,
        })
    }

    fn allows_resource(&self, api_version: &str, kind: &str) -> bool {
        self.context_aware_resources.iter().any(|resource| resource.is(api_version, kind))
    }
}

/// What goes wrong when a kind is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// The API server is down; discovery was done before.
    Unavailable,
    /// The API server answers 500.
    Error,
    /// RBAC does not let the policy server get, list or watch the kind.
    Forbidden,
    /// The kind's group is not there.
    NotInstalled,
    /// The kind's group is there, and the kind is not.
    NotInstalledInGroup,
    /// The API server is down, and discovery was not done before.
    DiscoveryFailed,
    /// The kind is not among the policy's `contextAwareResources`.
    NotGranted,
    /// The policy may not call this host capability.
    NoCapability,
}

/// Text that names no fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no such fault: `{0}`")]
pub struct FaultError(String);

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        serde_json::from_value(Value::from(text)).map_err(|_| FaultError(text.to_owned()))
    }
}

/// What a fault is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultTarget {
    /// Every kind that has no fault of its own.
    Everything,
    /// One kind.
    Resource(Resource),
}

impl FromStr for FaultTarget {
    type Err = ResourceError;

    fn from_str(text: &str) -> Result<Self, ResourceError> {
        if text == "*" { Ok(FaultTarget::Everything) } else { text.parse().map(FaultTarget::Resource) }
    }
}

/// What tells one object of a cluster from all others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// `v1` for the core group, else GROUP/VERSION.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace; none for a cluster-scoped kind.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// Why an object cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an object of a cluster needs a string `{0}`")]
pub struct KeyError(&'static str);

impl ObjectKey {
    /// Reads the key of an object.
    ///
    /// # Errors
    ///
    /// An object without apiVersion, kind or name, or without the namespace that its kind needs.
    pub fn of(object: &Value) -> Result<ObjectKey, KeyError> {
        let string = |pointer: &'static str, field| {
            let value = object.pointer(pointer).and_then(Value::as_str);
            value.filter(|value| !value.is_empty()).map(str::to_owned).ok_or(KeyError(field))
        };
        let api_version = string("/apiVersion", "apiVersion")?;
        let kind = string("/kind", "kind")?;
        let name = string("/metadata/name", "metadata.name")?;
        // The API server clears the namespace of an object whose kind has none.
        let namespace = if is_namespaced(&api_version, &kind) {
            Some(string("/metadata/namespace", "metadata.namespace")?)
        } else {
            None
        };
        Ok(ObjectKey { api_version, kind, namespace, name })
    }
}

/// What a policy did that a real host would punish, where the cluster in memory gives an answer. Tests fail on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Misuse {
    /// A list of a kind that the API server refuses or fails: the real host waits for its watch without limit.
    ListNeverAnswers,
    /// A name or namespace that no object can have: the real host puts it into a URL unescaped.
    NameIsNoObjectName,
}

/// Which part of the host an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnsweredBy {
    /// The host itself, by its allow-lists: the callback channel never saw the request, nor does a session of kwctl.
    Host,
    /// The cluster, over the callback channel.
    Cluster,
}

/// The answer to one host call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The payload, or the error as it reaches the guest's waPC layer.
    pub response: Result<Vec<u8>, String>,
    /// Who gave it.
    pub by: AnsweredBy,
    /// What the call did wrong, where it did.
    pub misuse: Option<Misuse>,
}

/// Objects, what the policy may see of them, and what goes wrong with them.
#[derive(Debug, Clone, Default)]
pub struct InMemoryCluster {
    access: Access,
    faults: Vec<(FaultTarget, Fault)>,
    has_backtraces: bool,
    // Shared, so that every evaluation can have a cluster of its own.
    objects: Arc<Objects>,
}

impl InMemoryCluster {
    /// A cluster without objects.
    #[must_use]
    pub fn new(access: Access) -> Self {
        InMemoryCluster { access, ..Self::default() }
    }

    /// Stores an object, in the place of the one with the same key if there is one; that one comes back.
    ///
    /// # Errors
    ///
    /// An object without a key.
    pub fn insert(&mut self, object: Value) -> Result<Option<Value>, KeyError> {
        let key = ObjectKey::of(&object)?;
        Ok(Arc::make_mut(&mut self.objects).insert(key, object))
    }

    /// Takes an object out.
    pub fn remove(&mut self, key: &ObjectKey) -> Option<Value> {
        Arc::make_mut(&mut self.objects).remove(key)
    }

    /// The object with this key.
    #[must_use]
    pub fn get(&self, key: &ObjectKey) -> Option<&Value> {
        self.objects.get(key)
    }

    /// All objects, in the order in which they were stored.
    pub fn objects(&self) -> impl Iterator<Item = &Value> {
        self.objects.iter().map(|(_, object)| object)
    }

    /// The same cluster with its objects in the opposite order. The real host lists objects in no order at all.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let mut reversed = self.clone();
        Arc::make_mut(&mut reversed.objects).reverse();
        reversed
    }

    /// Makes something go wrong from now on. A fault of a kind goes before one of everything, and the last one counts.
    pub fn set_fault(&mut self, target: FaultTarget, fault: Fault) {
        self.faults.push((target, fault));
    }

    /// The same cluster behind a host that runs with `RUST_BACKTRACE=1`: errors that come over the callback channel end in
    /// the host's backtrace.
    #[must_use]
    pub fn with_backtraces(mut self) -> Self {
        self.has_backtraces = true;
        self
    }

    /// Answers a host call as policy-evaluator does (`runtimes/callback.rs`, `host_callback`).
    #[must_use]
    pub fn answer(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Answer {
        if binding != "kubewarden" {
            return refusal(format!("unknown binding: {binding}"));
        }
        if namespace == "tracing" {
            return match operation {
                "log" => Answer { response: Ok(Vec::new()), by: AnsweredBy::Host, misuse: None },
                _ => refusal(format!("unknown operation: {operation}")),
            };
        }
        let capability = format!("{namespace}/{operation}");
        if !self.access.allows_capability(&capability) || self.fault_of_payload(payload) == Some(Fault::NoCapability) {
            return refusal(format!(
                "Policy has not been granted access to the '{capability}' host capability. The violation has been reported."
            ));
        }
        match (namespace, operation) {
            ("kubernetes", "get_resource") => self.ask(payload, Self::get_resource),
            ("kubernetes", "list_resources_all") => self.ask(payload, Self::list_resources_all),
            ("kubernetes", "list_resources_by_namespace") => self.ask(payload, Self::list_resources_by_namespace),
            ("kubernetes", "can_i") => refusal("the cluster in memory does not answer kubernetes/can_i".to_owned()),
            ("kubernetes" | "oci" | "net" | "crypto", _) => refusal(format!("unknown operation: {operation}")),
            _ => refusal(format!("unknown namespace: {namespace}")),
        }
    }

    /// Decodes a request, looks at the allow-list, asks, and wraps errors as they come over the callback channel.
    fn ask<Request: Lookup>(
        &self,
        payload: &[u8],
        lookup: fn(&Self, &Request) -> Result<Value, LookupFailure>,
    ) -> Answer {
        let request: Request = match serde_json::from_slice(payload) {
            Ok(request) => request,
            Err(error) => return refusal(error.to_string()),
        };
        let (api_version, kind) = request.resource();
        if !self.access.allows_resource(api_version, kind) || self.fault(api_version, kind) == Some(Fault::NotGranted) {
            return refusal(format!(
                "Policy has not been granted access to Kubernetes {api_version}/{kind} resources. The violation has been reported."
            ));
        }
        let misuse = request.has_impossible_name().then_some(Misuse::NameIsNoObjectName);
        let (response, misuse) = match lookup(self, &request) {
            Ok(value) => (Ok(value.to_string().into_bytes()), misuse),
            Err(LookupFailure::Text(text)) => {
                let backtrace = if self.has_backtraces { kube_errors::BACKTRACE } else { "" };
                (Err(format!("{CALLBACK_FAILURE}{text}{backtrace}")), misuse)
            }
            Err(LookupFailure::NeverAnswers) => {
                (Err("the real host would never answer this list".to_owned()), Some(Misuse::ListNeverAnswers))
            }
        };
        Answer { response, by: AnsweredBy::Cluster, misuse }
    }

    /// What goes wrong when this kind is asked for.
    #[must_use]
    pub fn fault(&self, api_version: &str, kind: &str) -> Option<Fault> {
        let find = |wanted: &dyn Fn(&FaultTarget) -> bool| {
            self.faults.iter().rev().find(|(target, _)| wanted(target)).map(|(_, fault)| *fault)
        };
        find(&|target| matches!(target, FaultTarget::Resource(resource) if resource.is(api_version, kind)))
            .or_else(|| find(&|target| *target == FaultTarget::Everything))
    }

    /// The fault of the kind that a request names, before the request is decoded: capabilities are denied that early.
    fn fault_of_payload(&self, payload: &[u8]) -> Option<Fault> {
        let request: Value = serde_json::from_slice(payload).unwrap_or_default();
        let string = |key: &str| request.get(key).and_then(Value::as_str).unwrap_or_default();
        self.fault(string("api_version"), string("kind"))
    }

    /// `callback_handler/kubernetes/client.rs`, `get_resource`; the mask is applied by `callback_handler.rs`.
    fn get_resource(&self, request: &GetResource) -> Result<Value, LookupFailure> {
        let (api_version, kind) = request.resource();
        let (name, namespace) = (request.name.as_str(), request.namespace.as_deref());
        self.discover(api_version, kind)?;
        let namespaced = is_namespaced(api_version, kind);
        if namespaced && namespace.is_none() {
            return Err(LookupFailure::Text(format!(
                "Resource {api_version}/{kind} is namespaced, but no namespace was provided"
            )));
        }
        if name.is_empty() {
            return Err(LookupFailure::Text(kube_errors::empty_name()));
        }
        // Of a cluster-scoped kind the host ignores the namespace, but for the text of the error.
        let namespace_in_url = namespace.filter(|_| namespaced);
        self.api_server_fault(api_version, kind, name, namespace_in_url)?;
        let key = ObjectKey {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace_in_url.map(str::to_owned),
            name: name.to_owned(),
        };
        match self.objects.get(&key) {
            Some(object) => Ok(DynamicObject::of(object).masked(request.field_masks.as_ref()).into_value()),
            None => Err(LookupFailure::Text(format!(
                "Cannot find {api_version}/{kind} named '{name}' inside of namespace '{namespace:?}'"
            ))),
        }
    }

    /// `callback_handler/kubernetes/client.rs`, `list_resources_all`.
    fn list_resources_all(&self, request: &ListResourcesAll) -> Result<Value, LookupFailure> {
        let (api_version, kind) = request.resource();
        self.discover(api_version, kind)?;
        if request.label_selector.is_some() || request.field_selector.is_some() {
            return Err(LookupFailure::Text(NO_SELECTORS.to_owned()));
        }
        self.list(api_version, kind, None, request.field_masks.as_ref())
    }

    /// `callback_handler/kubernetes/client.rs`, `list_resources_by_namespace`.
    fn list_resources_by_namespace(&self, request: &ListResourcesByNamespace) -> Result<Value, LookupFailure> {
        let (api_version, kind) = request.resource();
        self.discover(api_version, kind)?;
        if !is_namespaced(api_version, kind) {
            return Err(LookupFailure::Text(format!(
                "resource {api_version}/{kind} is cluster wide. Cannot search for it inside of a namespace"
            )));
        }
        if request.label_selector.is_some() || request.field_selector.is_some() {
            return Err(LookupFailure::Text(NO_SELECTORS.to_owned()));
        }
        self.list(api_version, kind, Some(&request.namespace), request.field_masks.as_ref())
    }

    /// The objects as the host's reflector keeps them (`callback_handler/kubernetes/reflector.rs`, `modify_object`).
    fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        field_masks: Option<&BTreeSet<String>>,
    ) -> Result<Value, LookupFailure> {
        if let Some(Fault::Unavailable | Fault::Error | Fault::Forbidden) = self.fault(api_version, kind) {
            return Err(LookupFailure::NeverAnswers);
        }
        let items: Vec<Value> = self
            .objects_of_kind(api_version, kind)
            .filter(|(key, _)| namespace.is_none() || key.namespace.as_deref() == namespace)
            .map(|(_, object)| {
                let item = DynamicObject::of(object).without_bulky_metadata().masked(field_masks);
                // The API server leaves the type out of the items of its own lists; custom resources keep theirs.
                let item = if is_built_in(api_version) { item.without_type() } else { item };
                item.into_value()
            })
            .collect();
        Ok(json!({"apiVersion": api_version, "kind": format!("{kind}List"), "metadata": {}, "items": items}))
    }

    fn objects_of_kind(&self, api_version: &str, kind: &str) -> impl Iterator<Item = &(ObjectKey, Value)> {
        self.objects.iter().filter(move |(key, _)| key.api_version == api_version && key.kind == kind)
    }

    /// `callback_handler/kubernetes/client.rs`, `build_kube_resource`.
    fn discover(&self, api_version: &str, kind: &str) -> Result<(), LookupFailure> {
        // The core group is always there, and the host wraps no text around the errors of its discovery.
        let is_core = api_version == "v1";
        let finding = format!("error finding resource {api_version} / {kind}");
        let text = match self.fault(api_version, kind) {
            Some(Fault::NotInstalled) if !is_core => format!("{finding}: {}", kube_errors::page_not_found()),
            Some(Fault::NotInstalled | Fault::NotInstalledInGroup) => {
                format!("Cannot find resource {api_version}/{kind}")
            }
            Some(Fault::DiscoveryFailed) if is_core => kube_errors::connection_refused(),
            Some(Fault::DiscoveryFailed) => format!("{finding}: {}", kube_errors::SERVICE_ERROR),
            _ => return Ok(()),
        };
        Err(LookupFailure::Text(text))
    }

    fn api_server_fault(
        &self,
        api_version: &str,
        kind: &str,
        name: &str,
        namespace: Option<&str>,
    ) -> Result<(), LookupFailure> {
        let text = match self.fault(api_version, kind) {
            Some(Fault::Unavailable) => kube_errors::connection_refused(),
            Some(Fault::Error) => kube_errors::request_timed_out(),
            Some(Fault::Forbidden) => kube_errors::forbidden(api_version, kind, name, namespace),
            _ => return Ok(()),
        };
        Err(LookupFailure::Text(text))
    }
}

/// What a list with a selector is answered with: no policy of this project makes one.
const NO_SELECTORS: &str = "the cluster in memory knows no selectors";

/// Why a lookup has no answer.
enum LookupFailure {
    /// The error in anyhow's Debug form, which is how the host renders it.
    Text(String),
    /// The host would wait without limit.
    NeverAnswers,
}

fn refusal(text: String) -> Answer {
    Answer { response: Err(text), by: AnsweredBy::Host, misuse: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Value {
        let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}});
        if let Some(namespace) = namespace {
            object["metadata"]["namespace"] = Value::from(namespace);
        }
        object
    }

    fn cluster() -> InMemoryCluster {
        let resources = ["v1/Service", "networking.k8s.io/v1/IngressClass", "elbv2.k8s.aws/v1beta1/TargetGroupBinding"];
        let mut cluster = InMemoryCluster::new(Access {
            context_aware_resources: resources.iter().map(|resource| resource.parse().unwrap()).collect(),
            host_capabilities: vec!["kubernetes/*".to_owned()],
        });
        cluster.insert(object("v1", "Service", Some("shop"), "cart")).unwrap();
        cluster.insert(object("v1", "Service", Some("blog"), "cart")).unwrap();
        cluster.insert(object("networking.k8s.io/v1", "IngressClass", None, "alb")).unwrap();
        cluster.insert(object("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", Some("shop"), "cart")).unwrap();
        cluster
    }

    fn get(cluster: &InMemoryCluster, resource: &str, namespace: Option<&str>, name: &str) -> Answer {
        let Resource { api_version, kind } = resource.parse().unwrap();
        let request = json!({"api_version": api_version, "kind": kind, "name": name, "namespace": namespace,
                             "disable_cache": false, "field_masks": null});
        cluster.answer("kubewarden", "kubernetes", "get_resource", request.to_string().as_bytes())
    }

    fn list(cluster: &InMemoryCluster, resource: &str, namespace: Option<&str>) -> Answer {
        let Resource { api_version, kind } = resource.parse().unwrap();
        let mut request = json!({"api_version": api_version, "kind": kind, "label_selector": null,
                                 "field_selector": null, "field_masks": ["spec.type"]});
        let operation = match namespace {
            Some(namespace) => {
                request["namespace"] = Value::from(namespace);
                "list_resources_by_namespace"
            }
            None => "list_resources_all",
        };
        cluster.answer("kubewarden", "kubernetes", operation, request.to_string().as_bytes())
    }

    #[track_caller]
    fn check_object(answer: Answer, expected: &Value) {
        let payload = answer.response.clone().map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap());
        assert_eq!((payload, answer.by, answer.misuse), (Ok(expected.clone()), AnsweredBy::Cluster, None));
    }

    #[track_caller]
    fn check_failure(answer: Answer, expected: &str) {
        let response = Err(format!("{CALLBACK_FAILURE}{expected}"));
        assert_eq!(answer, Answer { response, by: AnsweredBy::Cluster, misuse: None });
    }

    #[track_caller]
    fn check_refusal(answer: Answer, expected: &str) {
        assert_eq!(answer, refusal(expected.to_owned()));
    }

    #[test]
    fn objects_are_got_by_name() {
        let cluster = cluster();
        let service = object("v1", "Service", Some("blog"), "cart");
        check_object(get(&cluster, "v1/Service", Some("blog"), "cart"), &service);
        let class = object("networking.k8s.io/v1", "IngressClass", None, "alb");
        check_object(get(&cluster, "networking.k8s.io/v1/IngressClass", None, "alb"), &class);
        check_object(get(&cluster, "networking.k8s.io/v1/IngressClass", Some("shop"), "alb"), &class);
    }

    #[test]
    fn objects_that_are_not_there_have_the_text_of_the_host() {
        let cluster = cluster();
        check_failure(
            get(&cluster, "v1/Service", Some("shop"), "web"),
            r#"Cannot find v1/Service named 'web' inside of namespace 'Some("shop")'"#,
        );
        check_failure(
            get(&cluster, "networking.k8s.io/v1/IngressClass", None, "_"),
            "Cannot find networking.k8s.io/v1/IngressClass named '_' inside of namespace 'None'",
        );
        check_failure(
            get(&cluster, "v1/Service", None, "cart"),
            "Resource v1/Service is namespaced, but no namespace was provided",
        );
    }

    #[test]
    fn objects_are_listed_without_type_where_the_api_server_serves_them() {
        let cluster = cluster();
        let item = |namespace: &str| json!({"metadata": {"annotations": {}, "managedFields": [], "name": "cart", "namespace": namespace}});
        let services =
            |items: &[Value]| json!({"apiVersion": "v1", "kind": "ServiceList", "metadata": {}, "items": items});
        check_object(list(&cluster, "v1/Service", None), &services(&[item("shop"), item("blog")]));
        check_object(list(&cluster.reversed(), "v1/Service", None), &services(&[item("blog"), item("shop")]));
        check_object(list(&cluster, "v1/Service", Some("blog")), &services(&[item("blog")]));
        let mut binding = item("shop");
        binding["apiVersion"] = Value::from("elbv2.k8s.aws/v1beta1");
        binding["kind"] = Value::from("TargetGroupBinding");
        check_object(
            list(&cluster, "elbv2.k8s.aws/v1beta1/TargetGroupBinding", None),
            &json!({"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBindingList", "metadata": {},
                    "items": [binding]}),
        );
        check_failure(
            list(&cluster, "networking.k8s.io/v1/IngressClass", Some("shop")),
            "resource networking.k8s.io/v1/IngressClass is cluster wide. Cannot search for it inside of a namespace",
        );
    }

    #[test]
    fn what_is_not_granted_is_refused_by_the_host() {
        let mut cluster = cluster();
        check_refusal(
            get(&cluster, "v1/Secret", Some("shop"), "cart"),
            "Policy has not been granted access to Kubernetes v1/Secret resources. The violation has been reported.",
        );
        cluster.set_fault("v1/Service".parse().unwrap(), Fault::NotGranted);
        check_refusal(
            list(&cluster, "v1/Service", None),
            "Policy has not been granted access to Kubernetes v1/Service resources. The violation has been reported.",
        );
        cluster.set_fault("v1/Service".parse().unwrap(), Fault::NoCapability);
        let no_capability = "Policy has not been granted access to the 'kubernetes/get_resource' host capability. The violation has been reported.";
        check_refusal(get(&cluster, "v1/Service", Some("shop"), "cart"), no_capability);
        let cluster = InMemoryCluster::default();
        check_refusal(get(&cluster, "v1/Service", Some("shop"), "cart"), no_capability);
        check_refusal(
            cluster.answer("kubewarden", "oci", "v1/verify", b""),
            "Policy has not been granted access to the 'oci/v1/verify' host capability. The violation has been reported.",
        );
    }

    #[test]
    fn host_capabilities_are_paths_or_prefixes() {
        let allowed = |patterns: &[&str], path| {
            let host_capabilities = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
            Access { host_capabilities, ..Access::default() }.allows_capability(path)
        };
        assert!(allowed(&["*"], "kubernetes/get_resource"));
        assert!(allowed(&["oci/*", "kubernetes/*"], "kubernetes/get_resource"));
        assert!(allowed(&["kubernetes/get_resource"], "kubernetes/get_resource"));
        assert!(!allowed(&["kubernetes/get"], "kubernetes/get_resource"));
        assert!(!allowed(&["kubernetes/get_resource"], "kubernetes/list_resources_all"));
    }

    #[test]
    fn calls_that_the_host_does_not_know_are_refused() {
        let mut cluster = cluster();
        cluster.access.host_capabilities = vec!["*".to_owned()];
        check_refusal(cluster.answer("x", "kubernetes", "get_resource", b""), "unknown binding: x");
        check_refusal(cluster.answer("kubewarden", "x", "y", b""), "unknown namespace: x");
        check_refusal(cluster.answer("kubewarden", "kubernetes", "y", b""), "unknown operation: y");
        check_refusal(cluster.answer("kubewarden", "tracing", "y", b""), "unknown operation: y");
        check_refusal(
            cluster.answer("kubewarden", "kubernetes", "get_resource", b"{\"api_version\": 1}"),
            "invalid type: integer `1`, expected a string at line 1 column 17",
        );
    }

    #[test]
    fn faults_of_a_get_have_the_texts_of_the_host() {
        let fails = |resource: &str, fault: &str, expected: &str| {
            let mut cluster = cluster();
            cluster.set_fault("*".parse().unwrap(), Fault::NotInstalled);
            cluster.set_fault(resource.parse().unwrap(), fault.parse().unwrap());
            check_failure(get(&cluster, resource, Some("shop"), "cart"), expected);
        };
        let binding = "elbv2.k8s.aws/v1beta1/TargetGroupBinding";
        fails("v1/Service", "unavailable", &kube_errors::connection_refused());
        fails("v1/Service", "error", &kube_errors::request_timed_out());
        fails("v1/Service", "forbidden", &kube_errors::forbidden("v1", "Service", "cart", Some("shop")));
        fails("v1/Service", "notInstalled", "Cannot find resource v1/Service");
        fails("v1/Service", "discoveryFailed", &kube_errors::connection_refused());
        fails(binding, "notInstalledInGroup", &format!("Cannot find resource {binding}"));
        let finding = "error finding resource elbv2.k8s.aws/v1beta1 / TargetGroupBinding: ";
        fails(binding, "notInstalled", &format!("{finding}{}", kube_errors::page_not_found()));
        fails(binding, "discoveryFailed", &format!("{finding}ServiceError: client error (Connect)"));
    }

    #[test]
    fn a_list_that_the_api_server_fails_is_misuse_and_one_that_is_not_installed_is_not() {
        for fault in [Fault::Unavailable, Fault::Error, Fault::Forbidden] {
            let mut cluster = cluster();
            cluster.set_fault(FaultTarget::Everything, fault);
            assert_eq!(
                list(&cluster, "v1/Service", None),
                Answer {
                    response: Err("the real host would never answer this list".to_owned()),
                    by: AnsweredBy::Cluster,
                    misuse: Some(Misuse::ListNeverAnswers),
                }
            );
        }
        let mut cluster = cluster();
        cluster.set_fault(FaultTarget::Everything, Fault::NotInstalledInGroup);
        check_failure(list(&cluster, "v1/Service", None), "Cannot find resource v1/Service");
    }

    #[test]
    fn errors_end_in_a_backtrace_where_the_host_has_them() {
        let text = "Cannot find resource v1/Service\n\nStack backtrace:\n   0: anyhow::error::<impl anyhow::Error>::msg\n   1: anyhow::__private::format_err";
        let mut cluster = cluster().with_backtraces();
        cluster.set_fault(FaultTarget::Everything, Fault::NotInstalledInGroup);
        check_failure(list(&cluster, "v1/Service", None), text);
    }

    #[test]
    fn names_that_no_object_can_have_are_misuse() {
        let cluster = cluster();
        for (namespace, name) in [(Some("shop"), "../x"), (Some("a/b"), "cart"), (Some("shop"), "")] {
            assert_eq!(get(&cluster, "v1/Service", namespace, name).misuse, Some(Misuse::NameIsNoObjectName));
        }
        assert_eq!(list(&cluster, "v1/Service", Some("a/b")).misuse, Some(Misuse::NameIsNoObjectName));
    }

    #[test]
    fn objects_are_kept_in_order_by_key() {
        let mut cluster = cluster();
        let mut cart = object("v1", "Service", Some("shop"), "cart");
        cart["spec"] = json!({"type": "NodePort"});
        let snapshot = cluster.clone();
        let replaced = cluster.insert(cart.clone()).unwrap();
        assert_eq!(replaced, Some(object("v1", "Service", Some("shop"), "cart")));
        assert_eq!(cluster.objects().next(), Some(&cart));
        assert_eq!(cluster.get(&ObjectKey::of(&cart).unwrap()), Some(&cart));
        assert_eq!(cluster.remove(&ObjectKey::of(&cart).unwrap()), Some(cart.clone()));
        assert_eq!(cluster.remove(&ObjectKey::of(&cart).unwrap()), None);
        assert_eq!((cluster.objects().count(), snapshot.objects().count()), (3, 4));
        // A namespace means nothing where the kind has none.
        let class = object("networking.k8s.io/v1", "IngressClass", Some("shop"), "alb");
        assert!(cluster.insert(class).unwrap().is_some());
    }

    #[test]
    fn objects_without_a_key_are_refused() {
        let error = |object: Value| ObjectKey::of(&object).unwrap_err().to_string();
        assert_eq!(error(json!({})), "an object of a cluster needs a string `apiVersion`");
        assert_eq!(error(json!({"apiVersion": "v1"})), "an object of a cluster needs a string `kind`");
        let nameless = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": ""}});
        assert_eq!(error(nameless), "an object of a cluster needs a string `metadata.name`");
        let homeless = object("v1", "Service", None, "cart");
        assert_eq!(error(homeless), "an object of a cluster needs a string `metadata.namespace`");
    }

    #[test]
    fn names_of_faults_and_targets_are_read() {
        assert_eq!("notInstalledInGroup".parse(), Ok(Fault::NotInstalledInGroup));
        assert_eq!("broken".parse::<Fault>().unwrap_err().to_string(), "no such fault: `broken`");
        let resource = Resource { api_version: "apps/v1".to_owned(), kind: "DaemonSet".to_owned() };
        assert_eq!("apps/v1/DaemonSet".parse(), Ok(FaultTarget::Resource(resource)));
        assert_eq!(
            "DaemonSet".parse::<FaultTarget>().unwrap_err().to_string(),
            "expected APIVERSION/KIND, as in `apps/v1/DaemonSet`, and found `DaemonSet`"
        );
    }

    #[test]
    fn a_recording_has_the_exchanges_and_the_log_lines() {
        let recording = RecordingCluster::new(cluster());
        let log = br#"{"level":"info","message":"hello"}"#;
        assert_eq!(recording.answer("kubewarden", "tracing", "log", log), Ok(Vec::new()));
        let response = recording.answer("kubewarden", "kubernetes", "get_resource", b"no JSON");
        let error = "expected ident at line 1 column 2".to_owned();
        assert_eq!(response, Err(error.clone()));
        let exchange = Exchange {
            operation: "kubernetes/get_resource".to_owned(),
            request: Value::from("no JSON"),
            response: Err(error),
            by: AnsweredBy::Host,
            misuse: None,
        };
        let logs = vec![json!({"level": "info", "message": "hello"})];
        assert_eq!(recording.take(), Recording { exchanges: vec![exchange], logs });
        assert_eq!(recording.take(), Recording::default());
    }
}
