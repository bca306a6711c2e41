//! A cluster in memory that answers a policy's host calls as the host of kwctl and policy-server does.
//!
//! Invariant: the texts of errors and the shapes of answers are those of policy-evaluator 1.36 with kube 3.1 (the sources
//! are named at each); answering changes nothing, so the same call always has the same answer.

mod access;
mod dynamic_object;
mod faults;
mod field_selector;
mod kube_errors;
mod object_key;
mod objects;
mod recording;
mod requests;
mod word_index;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::kinds::{is_built_in, is_namespaced, is_of_gateway_api, stored_version};
use dynamic_object::DynamicObject;
use faults::Faults;
use field_selector::FieldSelector;
use objects::Objects;
use requests::{GetResource, ListResourcesAll, ListResourcesByNamespace, Lookup};

pub use access::{Access, ApiKind, ApiKindError};
pub use faults::{Fault, FaultError, FaultTarget};
pub use object_key::{KeyError, ObjectKey};
pub use recording::{Exchange, HandedOver, Recording, RecordingCluster};

/// How the host begins the text of an error that came back over its callback channel
/// (`runtimes/callback.rs`, `send_request_and_wait_for_response`).
pub const CALLBACK_FAILURE: &str = "Callback evaluation failure: ";

/// The name that a policy asks for to learn whether a kind can be asked for: no object can have it.
pub const PROBE_NAME: &str = "_";

/// What a policy did that a real host would punish, where the cluster in memory gives an answer. Tests fail on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Misuse {
    /// A list that the API server refuses or fails: the real host waits for its watch without limit.
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
pub struct HostAnswer {
    /// The payload, or the error as it reaches the guest's waPC layer.
    pub response: Result<Vec<u8>, String>,
    /// How many objects the payload has. The host copies each of them.
    pub objects: usize,
    /// Who gave it.
    pub by: AnsweredBy,
    /// What the call did wrong, where it did.
    pub misuse: Option<Misuse>,
}

/// Objects, what the policy may see of them, and what goes wrong with them. A clone shares all of it until one of the two
/// changes.
#[derive(Debug, Clone, Default)]
pub struct InMemoryCluster {
    access: Arc<Access>,
    faults: Arc<Faults>,
    objects: Arc<Objects>,
    has_backtraces: bool,
}

impl InMemoryCluster {
    /// A cluster without objects.
    #[must_use]
    pub fn new(access: Access) -> Self {
        InMemoryCluster { access: Arc::new(access), ..Self::default() }
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
        InMemoryCluster { objects: Arc::new(self.objects.reversed()), ..self.clone() }
    }

    /// Makes something go wrong from now on. A fault of a kind goes before one of everything, and the last one counts.
    pub fn set_fault(&mut self, target: FaultTarget, fault: Fault) {
        Arc::make_mut(&mut self.faults).push(target, fault);
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
    pub fn answer(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> HostAnswer {
        if binding != "kubewarden" {
            return refusal(format!("unknown binding: {binding}"));
        }
        if namespace == "tracing" {
            return match operation {
                "log" => HostAnswer { response: Ok(Vec::new()), objects: 0, by: AnsweredBy::Host, misuse: None },
                _ => refusal(format!("unknown operation: {operation}")),
            };
        }
        self.answer_capability(namespace, operation, payload, None)
    }

    /// Answers one of the lookups of `kubernetes`. With `mention`, a list may leave out objects that do not mention this
    /// name: whoever asks wants the others alone. The real host has no such hint, and hands over everything.
    #[must_use]
    pub fn look_up(&self, operation: &str, request: &[u8], mention: Option<&str>) -> HostAnswer {
        self.answer_capability("kubernetes", operation, request, mention)
    }

    fn answer_capability(&self, namespace: &str, operation: &str, payload: &[u8], mention: Option<&str>) -> HostAnswer {
        let capability = format!("{namespace}/{operation}");
        if !self.access.allows_capability(&capability) || self.fault_of_payload(payload) == Some(Fault::NoCapability) {
            return refusal(format!(
                "Policy has not been granted access to the '{capability}' host capability. The violation has been reported."
            ));
        }
        match (namespace, operation) {
            ("kubernetes", "get_resource") => self.ask(payload, Self::get_resource),
            ("kubernetes", "list_resources_all") => {
                self.ask(payload, |cluster, request| cluster.list_resources_all(request, mention))
            }
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
        lookup: impl Fn(&Self, &Request) -> Result<Found, LookupFault>,
    ) -> HostAnswer {
        let request: Request = match serde_json::from_slice(payload) {
            Ok(request) => request,
            Err(error) => return refusal(error.to_string()),
        };
        let (api_version, kind) = request.kind();
        if !self.access.allows_kind(api_version, kind) || self.fault(api_version, kind) == Some(Fault::NotGranted) {
            return refusal(format!(
                "Policy has not been granted access to Kubernetes {api_version}/{kind} resources. The violation has been reported."
            ));
        }
        let by = AnsweredBy::Cluster;
        let misuse = request.has_impossible_name().then_some(Misuse::NameIsNoObjectName);
        match lookup(self, &request) {
            Ok(Found { payload, objects }) => HostAnswer { response: Ok(payload), objects, by, misuse },
            Err(LookupFault::Text(text)) => {
                let backtrace = if self.has_backtraces { kube_errors::BACKTRACE } else { "" };
                HostAnswer { response: Err(format!("{CALLBACK_FAILURE}{text}{backtrace}")), objects: 0, by, misuse }
            }
            Err(LookupFault::NeverAnswers(reason)) => {
                let text = format!("the real host would never answer this list{reason}");
                HostAnswer { response: Err(text), objects: 0, by, misuse: Some(Misuse::ListNeverAnswers) }
            }
        }
    }

    /// What goes wrong when this kind is asked for.
    #[must_use]
    pub fn fault(&self, api_version: &str, kind: &str) -> Option<Fault> {
        self.faults.of(api_version, kind)
    }

    /// The fault of the kind that a request names, before the request is decoded: capabilities are denied that early.
    fn fault_of_payload(&self, payload: &[u8]) -> Option<Fault> {
        if self.faults.is_empty() {
            return None;
        }
        let request: Value = serde_json::from_slice(payload).unwrap_or_default();
        let string = |key: &str| request.get(key).and_then(Value::as_str).unwrap_or_default();
        self.fault(string("api_version"), string("kind"))
    }

    /// `callback_handler/kubernetes/client.rs`, `get_resource`; the mask is applied by `callback_handler.rs`.
    fn get_resource(&self, request: &GetResource) -> Result<Found, LookupFault> {
        let (api_version, kind) = request.kind();
        let (name, namespace) = (request.name.as_str(), request.namespace.as_deref());
        self.discover(api_version, kind)?;
        let namespaced = is_namespaced(api_version, kind);
        if namespaced && namespace.is_none() {
            return Err(LookupFault::Text(format!(
                "Resource {api_version}/{kind} is namespaced, but no namespace was provided"
            )));
        }
        if name.is_empty() {
            return Err(LookupFault::Text(kube_errors::empty_name()));
        }
        // Of a cluster-scoped kind the host ignores the namespace, but for the text of the error.
        let namespace_in_url = namespace.filter(|_| namespaced);
        self.api_server_fault(api_version, kind, name, namespace_in_url)?;
        let key = ObjectKey {
            api_version: stored_version(api_version, kind),
            kind: kind.to_owned(),
            namespace: namespace_in_url.map(str::to_owned),
            name: name.to_owned(),
        };
        match self.objects.get(&key) {
            Some(object) => {
                let object = DynamicObject::of(object).of_version(api_version).masked(request.field_masks.as_ref());
                Ok(Found { payload: object.into_value().to_string().into_bytes(), objects: 1 })
            }
            None => Err(LookupFault::Text(format!(
                "Cannot find {api_version}/{kind} named '{name}' inside of namespace '{namespace:?}'"
            ))),
        }
    }

    /// `callback_handler/kubernetes/client.rs`, `list_resources_all`.
    fn list_resources_all(&self, request: &ListResourcesAll, mention: Option<&str>) -> Result<Found, LookupFault> {
        let (api_version, kind) = request.kind();
        self.discover(api_version, kind)?;
        let selectors = (request.label_selector.as_deref(), request.field_selector.as_deref());
        self.list(api_version, kind, |_| true, mention, selectors, request.field_masks.as_ref())
    }

    /// `callback_handler/kubernetes/client.rs`, `list_resources_by_namespace`.
    fn list_resources_by_namespace(&self, request: &ListResourcesByNamespace) -> Result<Found, LookupFault> {
        let (api_version, kind) = request.kind();
        self.discover(api_version, kind)?;
        if !is_namespaced(api_version, kind) {
            return Err(LookupFault::Text(format!(
                "resource {api_version}/{kind} is cluster wide. Cannot search for it inside of a namespace"
            )));
        }
        let is_there = |key: &ObjectKey| key.namespace.as_deref() == Some(request.namespace.as_str());
        let selectors = (request.label_selector.as_deref(), request.field_selector.as_deref());
        self.list(api_version, kind, is_there, None, selectors, request.field_masks.as_ref())
    }

    /// The objects as the host's reflector keeps them (`callback_handler/kubernetes/reflector.rs`, `modify_object`).
    fn list(
        &self,
        api_version: &str,
        kind: &str,
        is_wanted: impl Fn(&ObjectKey) -> bool,
        mention: Option<&str>,
        (label_selector, field_selector): (Option<&str>, Option<&str>),
        field_masks: Option<&BTreeSet<String>>,
    ) -> Result<Found, LookupFault> {
        if let Some(Fault::Unavailable | Fault::Error | Fault::Forbidden) = self.fault(api_version, kind) {
            return Err(LookupFault::NeverAnswers(String::new()));
        }
        if label_selector.is_some() {
            return Err(LookupFault::Text(NO_LABEL_SELECTORS.to_owned()));
        }
        let selector = FieldSelector::parse(api_version, kind, field_selector.unwrap_or_default())
            .map_err(|error| LookupFault::NeverAnswers(format!(": {error}")))?;
        let items: Vec<Value> = self
            .objects
            .of_kind(stored_version(api_version, kind), kind, mention)
            .into_iter()
            .filter(|(key, object)| is_wanted(key) && selector.matches(object))
            .map(|(_, object)| {
                let item = DynamicObject::of(object).of_version(api_version).without_bulky_metadata();
                // The API server leaves the type out of the items of its own lists; custom resources keep theirs.
                let item = if is_built_in(api_version) { item.without_type() } else { item };
                item.masked(field_masks).into_value()
            })
            .collect();
        let objects = items.len();
        let list = json!({"apiVersion": api_version, "kind": format!("{kind}List"), "metadata": {}, "items": items});
        Ok(Found { payload: list.to_string().into_bytes(), objects })
    }

    /// `callback_handler/kubernetes/client.rs`, `build_kube_resource`.
    fn discover(&self, api_version: &str, kind: &str) -> Result<(), LookupFault> {
        // The core group is always there, and the host wraps no text around the errors of its discovery.
        let is_core = api_version == "v1";
        let finding = format!("error finding resource {api_version} / {kind}");
        let fault = self.fault(api_version, kind);
        let text = match fault {
            Some(Fault::NotInstalled) if !is_core => format!("{finding}: {}", kube_errors::page_not_found()),
            Some(Fault::NotInstalled | Fault::NotInstalledInGroup) => {
                format!("Cannot find resource {api_version}/{kind}")
            }
            Some(Fault::DiscoveryFailed) if is_core => kube_errors::connection_refused(),
            Some(Fault::DiscoveryFailed) => format!("{finding}: {}", kube_errors::SERVICE_ERROR),
            _ if !self.has_installed(api_version, kind) => format!("{finding}: {}", kube_errors::page_not_found()),
            _ => return Ok(()),
        };
        Err(LookupFault::Text(text))
    }

    /// Every kind is installed but those of the Gateway API, which an object of one of them shows, or the definition of
    /// one, or a fault that only an installed kind can have.
    fn has_installed(&self, api_version: &str, kind: &str) -> bool {
        !is_of_gateway_api(api_version, kind)
            || self.objects.show_gateway_api()
            || self.faults.of_kind(api_version, kind).is_some()
    }

    fn api_server_fault(
        &self,
        api_version: &str,
        kind: &str,
        name: &str,
        namespace: Option<&str>,
    ) -> Result<(), LookupFault> {
        let text = match self.fault(api_version, kind) {
            Some(Fault::Unavailable) => kube_errors::connection_refused(),
            Some(Fault::Error) => kube_errors::request_timed_out(),
            Some(Fault::Forbidden) => kube_errors::forbidden(api_version, kind, name, namespace),
            _ => return Ok(()),
        };
        Err(LookupFault::Text(text))
    }
}

/// What a list with a label selector is answered with: no policy of this project makes one.
const NO_LABEL_SELECTORS: &str = "the cluster in memory knows no label selectors";

/// What a lookup found.
struct Found {
    payload: Vec<u8>,
    objects: usize,
}

/// Why a lookup has no answer.
enum LookupFault {
    /// The error in anyhow's Debug form, which is how the host renders it.
    Text(String),
    /// The host would wait without limit; with what the API server says, where it says something.
    NeverAnswers(String),
}

fn refusal(text: String) -> HostAnswer {
    HostAnswer { response: Err(text), objects: 0, by: AnsweredBy::Host, misuse: None }
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

    fn get(cluster: &InMemoryCluster, resource: &str, namespace: Option<&str>, name: &str) -> HostAnswer {
        let ApiKind { api_version, kind } = resource.parse().unwrap();
        let request = json!({"api_version": api_version, "kind": kind, "name": name, "namespace": namespace,
                             "disable_cache": false, "field_masks": null});
        cluster.answer("kubewarden", "kubernetes", "get_resource", request.to_string().as_bytes())
    }

    fn list(cluster: &InMemoryCluster, resource: &str, namespace: Option<&str>) -> HostAnswer {
        let ApiKind { api_version, kind } = resource.parse().unwrap();
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
    fn check_object(answer: HostAnswer, expected: &Value) {
        let payload = answer.response.clone().map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap());
        assert_eq!((payload, answer.by, answer.misuse), (Ok(expected.clone()), AnsweredBy::Cluster, None));
    }

    #[track_caller]
    fn check_failure(answer: HostAnswer, expected: &str) {
        let response = Err(format!("{CALLBACK_FAILURE}{expected}"));
        assert_eq!(answer, HostAnswer { response, objects: 0, by: AnsweredBy::Cluster, misuse: None });
    }

    #[track_caller]
    fn check_refusal(answer: HostAnswer, expected: &str) {
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

    fn list_selected(
        cluster: &InMemoryCluster,
        resource: &str,
        field_selector: &str,
        mention: Option<&str>,
    ) -> HostAnswer {
        let ApiKind { api_version, kind } = resource.parse().unwrap();
        let request = json!({"api_version": api_version, "kind": kind, "label_selector": null,
                             "field_selector": field_selector, "field_masks": null});
        cluster.look_up("list_resources_all", request.to_string().as_bytes(), mention)
    }

    #[test]
    fn lists_are_selected_by_fields_and_narrowed_by_what_is_mentioned() {
        let mut cluster = cluster();
        let mut web = object("v1", "Service", Some("shop"), "web");
        web["spec"] = json!({"type": "LoadBalancer"});
        cluster.insert(web).unwrap();
        assert_eq!(list_selected(&cluster, "v1/Service", "", None).objects, 3);
        assert_eq!(list_selected(&cluster, "v1/Service", "spec.type=LoadBalancer", None).objects, 1);
        assert_eq!(list_selected(&cluster, "v1/Service", "", Some("cart")).objects, 2);
        assert_eq!(list_selected(&cluster, "v1/Service", "spec.type=LoadBalancer", Some("cart")).objects, 0);
    }

    #[test]
    fn a_list_that_the_api_server_refuses_to_select_is_never_answered() {
        let binding = "elbv2.k8s.aws/v1beta1/TargetGroupBinding";
        let answer = list_selected(&cluster(), binding, "spec.targetType=ip", None);
        let text = "the real host would never answer this list: field label not supported: spec.targetType";
        assert_eq!((answer.response, answer.misuse), (Err(text.to_owned()), Some(Misuse::ListNeverAnswers)));
    }

    #[test]
    fn the_gateway_api_is_installed_where_something_of_it_is_stored() {
        let route = "gateway.networking.k8s.io/v1/HTTPRoute";
        let configuration = "gateway.k8s.aws/v1/TargetGroupConfiguration";
        let granted = |resources: &[&str]| {
            let context_aware_resources = resources.iter().map(|resource| resource.parse().unwrap()).collect();
            InMemoryCluster::new(Access { context_aware_resources, host_capabilities: vec!["*".to_owned()] })
        };
        let not_found = format!("Cannot find {route} named '_' inside of namespace 'Some(\"shop\")'");
        let mut cluster = granted(&[route, configuration]);
        let finding = "error finding resource gateway.networking.k8s.io/v1 / HTTPRoute: ";
        let not_installed = format!("{finding}{}", kube_errors::page_not_found());
        check_failure(get(&cluster, route, Some("shop"), "_"), &not_installed);
        check_failure(list(&cluster, route, None), &not_installed);

        let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                                "metadata": {"name": "gateways.gateway.networking.k8s.io"},
                                "spec": {"group": "gateway.networking.k8s.io"}});
        let key = ObjectKey::of(&definition).unwrap();
        cluster.insert(definition).unwrap();
        check_failure(get(&cluster, route, Some("shop"), "_"), &not_found);
        cluster.remove(&key);
        check_failure(get(&cluster, route, Some("shop"), "_"), &not_installed);

        let stored = object("gateway.k8s.aws/v1beta1", "TargetGroupConfiguration", Some("shop"), "cart");
        cluster.insert(stored).unwrap();
        check_failure(get(&cluster, route, Some("shop"), "_"), &not_found);
        let served = object("gateway.k8s.aws/v1", "TargetGroupConfiguration", Some("shop"), "cart");
        check_object(get(&cluster, configuration, Some("shop"), "cart"), &served);

        let mut forbidden = granted(&[route]);
        forbidden.set_fault(route.parse().unwrap(), Fault::Forbidden);
        let text = kube_errors::forbidden("gateway.networking.k8s.io/v1", "HTTPRoute", "_", Some("shop"));
        check_failure(get(&forbidden, route, Some("shop"), "_"), &text);
        let mut unavailable = granted(&[route]);
        unavailable.set_fault(FaultTarget::Everything, Fault::Unavailable);
        check_failure(get(&unavailable, route, Some("shop"), "_"), &not_installed);
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
    fn calls_that_the_host_does_not_know_are_refused() {
        let mut cluster = cluster();
        Arc::make_mut(&mut cluster.access).host_capabilities = vec!["*".to_owned()];
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
                HostAnswer {
                    response: Err("the real host would never answer this list".to_owned()),
                    objects: 0,
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
            objects: 0,
            by: AnsweredBy::Host,
            misuse: None,
        };
        let logs = vec![json!({"level": "info", "message": "hello"})];
        let handed_over = HandedOver::default();
        assert_eq!(recording.take(), Recording { exchanges: vec![exchange], logs, handed_over });
        assert_eq!(recording.take(), Recording::default());
    }
}
