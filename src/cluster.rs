//! Looking things up: the trait that a host implements, the answers it can give, and the lookups of one request.
//!
//! A host answers in JSON and in error texts; both are understood here and nowhere else. Lookups are made one after
//! another in an order that depends on the request and on earlier answers alone: `kwctl` replays recorded sessions in
//! exactly that order.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use json_text::{Wrong, fields, may_mention};

use crate::kubernetes::{
    DecodeError, Edition, IngressClass, IngressClassParams, NameKey, ObjectWithMetadata, Service, StatefulSet, View,
    decode, display_text, is_valid_name,
};

/// Up to so many Services are asked for by name; more of them are read from one list.
///
/// A GET is live and a list is one watch of the host for good, so few names are cheaper to get, and many are not.
const MAX_SERVICE_GETS: usize = 4;

/// The same for IngressClasses and IngressClassParams, of which one namespace seldom uses more than two.
const MAX_CLASS_GETS: usize = 2;

/// The kinds that are looked up, all of which stand in the metadata's `contextAwareResources`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Namespace, for its labels.
    Namespace,
    /// Service.
    Service,
    /// DaemonSet, for the network plugin.
    DaemonSet,
    /// StatefulSet, for the Service that it names.
    StatefulSet,
    /// Ingress.
    Ingress,
    /// IngressClass.
    IngressClass,
    /// IngressClassParams of either edition of the controller.
    IngressClassParams(Edition),
    /// TargetGroupBinding of either edition of the controller.
    TargetGroupBinding(Edition),
}

impl Resource {
    /// The API version, as the host wants it.
    pub fn api_version(self) -> &'static str {
        match self {
            Self::Namespace | Self::Service => "v1",
            Self::DaemonSet | Self::StatefulSet => "apps/v1",
            Self::Ingress | Self::IngressClass => "networking.k8s.io/v1",
            Self::IngressClassParams(edition) | Self::TargetGroupBinding(edition) => edition.api_version(),
        }
    }

    /// The kind.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::Service => "Service",
            Self::DaemonSet => "DaemonSet",
            Self::StatefulSet => "StatefulSet",
            Self::Ingress => "Ingress",
            Self::IngressClass => "IngressClass",
            Self::IngressClassParams(_) => "IngressClassParams",
            Self::TargetGroupBinding(_) => "TargetGroupBinding",
        }
    }

    /// Whether a cluster may lack the kind: the controller's own kinds come with it.
    fn may_be_absent(self) -> bool {
        matches!(self, Self::IngressClassParams(_) | Self::TargetGroupBinding(_))
    }

    /// The fields that are read, as JSON, so that the host copies no others into the guest. Metadata always comes whole;
    /// a mask that names nothing else leaves just that.
    pub fn field_masks(self) -> &'static str {
        match self {
            Self::Namespace | Self::DaemonSet => r#"["metadata.name"]"#,
            Self::Service => {
                r#"["spec.allocateLoadBalancerNodePorts","spec.clusterIP","spec.clusterIPs","spec.loadBalancerClass","spec.ports","spec.type"]"#
            }
            Self::StatefulSet => r#"["spec.serviceName"]"#,
            Self::Ingress => {
                r#"["spec.defaultBackend.service","spec.ingressClassName","spec.rules.http.paths.backend.service"]"#
            }
            Self::IngressClass => r#"["spec.controller","spec.parameters"]"#,
            Self::IngressClassParams(_) => r#"["spec.group","spec.namespaceSelector","spec.targetType"]"#,
            Self::TargetGroupBinding(_) => r#"["spec.networking","spec.serviceRef","spec.targetType"]"#,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LookupError {
    /// The kind is there, an object of that name is not.
    NoSuchObject,
    /// The kind is not installed: there are no objects of it.
    KindNotInstalled,
    /// The policy may not ask for the kind (`contextAwareResources`, host capabilities).
    NotGranted,
    /// The API server could not be asked, or would not answer; with the host's words.
    Unavailable(String),
    /// The answer is not what Kubernetes' API says it is.
    Unreadable(DecodeError),
}

/// Longest part of a host's error that is kept.
const MAX_HOST_TEXT: usize = 240;

impl LookupError {
    /// Understands the text in which an error crosses the border between host and guest.
    ///
    /// Source: policy-evaluator's `callback_handler/kubernetes/client.rs` and `runtimes/callback.rs`. Only the start
    /// of what the wrappers leave is compared: an API server's message may quote a name that somebody chose.
    pub fn from_host(text: &str, resource: Resource) -> Self {
        let text = without_wrappers(text);
        let (api_version, kind) = (resource.api_version(), resource.kind());
        let first_line = text.lines().next().unwrap_or_default();
        if text.starts_with(&format!("Cannot find {api_version}/{kind} named '")) {
            Self::NoSuchObject
        } else if first_line == format!("Cannot find resource {api_version}/{kind}") {
            Self::KindNotInstalled
        } else if let Some(reason) = text.strip_prefix(&format!("error finding resource {api_version} / {kind}: "))
            && reason.contains("code: 404")
        {
            Self::KindNotInstalled
        } else if text.starts_with("Policy has not been granted access to ") {
            Self::NotGranted
        } else {
            Self::Unavailable(display_text(without_status_dump(first_line), MAX_HOST_TEXT).into_owned())
        }
    }
}

/// What the SDK, waPC and the host put before an error.
const WRAPPERS: [&str; 4] = [
    "error invoking host capability kubernetes.get_resource: ",
    "error invoking host capability kubernetes.list_resources_all: ",
    "Host error: ",
    "Callback evaluation failure: ",
];

fn without_wrappers(mut text: &str) -> &str {
    while let Some(rest) = WRAPPERS.iter().find_map(|wrapper| text.strip_prefix(wrapper)) {
        text = rest;
    }
    text
}

/// kube prints an API error twice, the second time as a Rust structure.
fn without_status_dump(line: &str) -> &str {
    line.split(" (Status {").next().unwrap_or(line).trim_end_matches([':', ' '])
}

/// The cluster, as the host shows it.
pub trait Cluster {
    /// One object as JSON; `namespace` is `None` for cluster-scoped kinds.
    ///
    /// # Errors
    /// Why there is no answer.
    fn get(&self, resource: Resource, namespace: Option<&str>, name: &str) -> Result<Vec<u8>, LookupError>;

    /// Every object of a kind, in all namespaces, as a JSON list.
    ///
    /// # Errors
    /// Why there is no answer.
    fn list(&self, resource: Resource) -> Result<Vec<u8>, LookupError>;
}

/// A lookup that could not be answered, so that something could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LookupFailure {
    /// The kind that was asked for.
    pub resource: Resource,
    /// Namespace and name, as people write them, where one object was asked for.
    pub object: Option<String>,
    /// Why there is no answer.
    pub error: LookupError,
}

/// An answer, or why there is none.
pub type Lookup<T> = Result<T, Box<LookupFailure>>;
/// One object as JSON; nothing where it does not exist.
type ObjectJson = Option<Rc<str>>;

/// A name that no object can have but a URL can: asking for it tells whether a list would be answered.
const PROBE: &str = "_";

/// The lookups of one request: each is made once, however often its answer is needed, and an answer is never replaced
/// by a later one, so that the new object and the old one are judged by the same cluster.
pub struct Lookups<'c> {
    cluster: &'c dyn Cluster,
    namespace: &'c str,
    known: RefCell<Vec<Known>>,
}

/// What is known of a kind, in the one namespace where it is looked up.
struct Known {
    resource: Resource,
    /// The objects that were asked for by name, and those of the list.
    objects: BTreeMap<NameKey<'static>, KnownObject>,
    /// Whether the list was answered, once it was asked for.
    list: Option<Lookup<()>>,
}

/// What is known of an object.
struct KnownObject {
    answer: Lookup<ObjectJson>,
    /// Whether it is in the list; a GET may have answered first.
    is_listed: bool,
}

impl<'c> Lookups<'c> {
    /// No lookups yet, for a request in `namespace`. Namespaced objects are looked up there, but for DaemonSets.
    pub fn new(cluster: &'c dyn Cluster, namespace: &'c str) -> Self {
        Self { cluster, namespace, known: RefCell::default() }
    }

    /// The namespace of the request.
    pub fn namespace(&self) -> &'c str {
        self.namespace
    }

    /// Looks up Services of the request's namespace, which [`Lookups::service`] is asked for then: few of them by name,
    /// in the order of their names, many by one list.
    pub fn look_up_services(&self, names: &mut dyn Iterator<Item = &str>) {
        let is_unknown = |name: &&str| is_valid_name(name) && self.answer(Resource::Service, name).is_none();
        let mut unknown = Vec::new();
        unknown.extend(names.filter(is_unknown));
        // The answers are kept, whatever they are, and a list that was asked for is not asked for again.
        if self.answers(Resource::Service) + unknown.len() > MAX_SERVICE_GETS {
            let _ = self.list(Resource::Service, Some(self.namespace));
            return;
        }
        let mut in_order = BTreeSet::new();
        in_order.extend(unknown);
        for name in in_order {
            let _ = self.find(Resource::Service, Some(self.namespace), name, MAX_SERVICE_GETS);
        }
    }

    /// One Service of the request's namespace. A name that no object can have is not looked up.
    pub fn service(&self, name: &str) -> Lookup<Option<Rc<Service>>> {
        if !is_valid_name(name) {
            return Ok(None);
        }
        self.get(Resource::Service, Some(self.namespace), name, MAX_SERVICE_GETS)
    }

    /// One IngressClass.
    pub fn ingress_class(&self, name: &str) -> Lookup<Option<Rc<IngressClass>>> {
        self.get_cluster_scoped(Resource::IngressClass, name)
    }

    /// Every IngressClass.
    pub fn ingress_classes(&self) -> Lookup<Vec<Rc<IngressClass>>> {
        self.decode_list(Resource::IngressClass, None, |_| true)?.into_iter().collect()
    }

    /// IngressClassParams of an edition of the controller.
    pub fn ingress_class_params(&self, edition: Edition, name: &str) -> Lookup<Option<Rc<IngressClassParams>>> {
        self.get_cluster_scoped(Resource::IngressClassParams(edition), name)
    }

    /// The request's Namespace.
    pub fn own_namespace(&self) -> Lookup<Option<Rc<ObjectWithMetadata>>> {
        self.get(Resource::Namespace, None, self.namespace, 1)
    }

    /// A DaemonSet.
    pub fn daemon_set(&self, namespace: &str, name: &str) -> Lookup<Option<Rc<ObjectWithMetadata>>> {
        self.get(Resource::DaemonSet, Some(namespace), name, 1)
    }

    /// The StatefulSets of the request's namespace.
    pub fn stateful_sets(&self) -> Lookup<Vec<Rc<StatefulSet>>> {
        self.decode_list(Resource::StatefulSet, Some(self.namespace), |_| true)?.into_iter().collect()
    }

    /// The objects of a kind in the request's namespace whose JSON mentions `name` in any way, by name; one that cannot
    /// be read hides no other.
    ///
    /// Looking at the text first is sound, as an escape could hide the name but is seen itself, and spares the
    /// decoding of thousands of objects that have nothing to do with the request.
    pub fn mentioning<T: View>(&self, resource: Resource, name: &str) -> Lookup<Vec<Lookup<Rc<T>>>> {
        self.decode_list(resource, Some(self.namespace), |json| may_mention(json, name))
    }

    fn get_cluster_scoped<T: View>(&self, resource: Resource, name: &str) -> Lookup<Option<Rc<T>>> {
        if !is_valid_name(name) {
            return Ok(None);
        }
        self.get(resource, None, name, MAX_CLASS_GETS)
    }

    /// The answer on one object, where it is known already: asked for by name, or from a list.
    fn answer(&self, resource: Resource, name: &str) -> Option<Lookup<ObjectJson>> {
        self.known(resource, |known| {
            let answer = known.objects.get(&NameKey::from(name)).map(|object| object.answer.clone());
            answer.or_else(|| known.list.as_ref().map(|list| list.clone().map(|()| None)))
        })
    }

    /// How many objects of a kind are known by name.
    fn answers(&self, resource: Resource) -> usize {
        self.known(resource, |known| Some(known.objects.len())).unwrap_or(0)
    }

    fn known<T>(&self, resource: Resource, read: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        self.known.borrow().iter().find(|known| known.resource == resource).and_then(read)
    }

    fn learn(&self, resource: Resource, write: impl FnOnce(&mut Known)) {
        let mut all = self.known.borrow_mut();
        match all.iter_mut().find(|known| known.resource == resource) {
            Some(known) => write(known),
            None => {
                let mut known = Known { resource, objects: BTreeMap::new(), list: None };
                write(&mut known);
                all.push(known);
            }
        }
    }

    /// One object: from what is known, by a GET where no more than `max_gets` of the kind are known, else from the list.
    fn get<T: View>(
        &self,
        resource: Resource,
        namespace: Option<&str>,
        name: &str,
        max_gets: usize,
    ) -> Lookup<Option<Rc<T>>> {
        let answer = self.find(resource, namespace, name, max_gets)?;
        answer.map(|json| decode_named(resource, namespace, name, &json)).transpose()
    }

    /// One object's JSON, likewise.
    fn find(&self, resource: Resource, namespace: Option<&str>, name: &str, max_gets: usize) -> Lookup<ObjectJson> {
        match self.answer(resource, name) {
            Some(answer) => answer,
            None if self.answers(resource) < max_gets => self.ask_for_object(resource, namespace, name),
            None => {
                self.list(resource, namespace)?;
                self.answer(resource, name).unwrap_or(Ok(None))
            }
        }
    }

    fn ask_for_object(&self, resource: Resource, namespace: Option<&str>, name: &str) -> Lookup<ObjectJson> {
        let failure = |error| Box::new(LookupFailure { resource, object: Some(object_path(namespace, name)), error });
        let answer = match self.cluster.get(resource, namespace, name) {
            Ok(json) => text(json).map(|json| Some(Rc::from(json))).map_err(failure),
            Err(LookupError::NoSuchObject) => Ok(None),
            Err(LookupError::KindNotInstalled) if resource.may_be_absent() => Ok(None),
            Err(error) => Err(failure(error)),
        };
        self.learn(resource, |known| {
            let object = KnownObject { answer: answer.clone(), is_listed: false };
            known.objects.insert(name.to_owned().into(), object);
        });
        answer
    }

    fn decode_list<T: View>(
        &self,
        resource: Resource,
        namespace: Option<&str>,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Lookup<Vec<Lookup<Rc<T>>>> {
        self.list(resource, namespace)?;
        let decode = |(name, object): (&NameKey<'_>, &KnownObject)| match &object.answer {
            Ok(Some(json)) if is_wanted(json) => Some(decode_named(resource, namespace, name.as_str(), json)),
            Err(failure) => Some(Err(failure.clone())),
            Ok(_) => None,
        };
        let decode_listed =
            |known: &Known| known.objects.iter().filter(|(_, object)| object.is_listed).filter_map(decode).collect();
        Ok(self.known(resource, |known| Some(decode_listed(known))).unwrap_or_default())
    }

    /// Asks for the list of a kind's objects (in `namespace`) once; they become known. A probe comes first: a list that the
    /// API server refuses is never answered.
    fn list(&self, resource: Resource, namespace: Option<&str>) -> Lookup<()> {
        if let Some(answer) = self.known(resource, |known| known.list.clone()) {
            return answer;
        }
        let (items, answer) = match self.ask_for_list(resource, namespace) {
            Ok(items) => (items, Ok(())),
            Err(failure) => (Vec::new(), Err(failure)),
        };
        self.learn(resource, |known| {
            for (name, json) in items {
                let new = KnownObject { answer: Ok(Some(json)), is_listed: true };
                known.objects.entry(name.into()).or_insert(new).is_listed = true;
            }
            known.list = Some(answer.clone());
        });
        answer
    }

    fn ask_for_list(&self, resource: Resource, namespace: Option<&str>) -> Lookup<Vec<(String, Rc<str>)>> {
        let failure = |error| Box::new(LookupFailure { resource, object: None, error });
        let was_answered = self
            .known(resource, |known| known.objects.values().any(|object| object.answer.is_ok()).then_some(()))
            .is_some();
        if !was_answered {
            match self.cluster.get(resource, namespace, PROBE) {
                Ok(_) | Err(LookupError::NoSuchObject) => {}
                Err(LookupError::KindNotInstalled) if resource.may_be_absent() => return Ok(Vec::new()),
                Err(error) => return Err(failure(error)),
            }
        }
        match self.cluster.list(resource) {
            Ok(json) => text(json).and_then(|json| items_of(&json, namespace)).map_err(failure),
            Err(LookupError::KindNotInstalled) if resource.may_be_absent() => Ok(Vec::new()),
            Err(error) => Err(failure(error)),
        }
    }
}

/// `namespace/name`, or the name alone of a cluster-scoped object. Only valid names are looked up.
fn object_path(namespace: Option<&str>, name: &str) -> String {
    namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"))
}

/// An object, which must be the one that was asked for.
fn decode_named<T: View>(resource: Resource, namespace: Option<&str>, name: &str, json: &str) -> Lookup<Rc<T>> {
    let failure = |error| {
        let error = LookupError::Unreadable(error);
        Box::new(LookupFailure { resource, object: Some(object_path(namespace, name)), error })
    };
    let view: Rc<T> = decode(json).map_err(failure)?;
    let found = &view.metadata().name;
    if found != name {
        return Err(failure(DecodeError::new("metadata.name", &format!("`{found}` was not asked for"))));
    }
    Ok(view)
}

fn text(json: Vec<u8>) -> Result<String, LookupError> {
    String::from_utf8(json).map_err(|_| LookupError::Unreadable(DecodeError::new(".", "not UTF-8")))
}

/// The items of a list with their names, those of `namespace` alone where one is given.
fn items_of(json: &str, namespace: Option<&str>) -> Result<Vec<(String, Rc<str>)>, LookupError> {
    let missing = |field| LookupError::Unreadable(DecodeError::new(field, "missing"));
    let unreadable = |wrong: Box<Wrong>| LookupError::Unreadable(wrong.into());
    let mut listed: Option<Vec<Option<&str>>> = None;
    json_text::map(json, |reader| {
        fields!(reader, {
            "items" => reader.optional(&mut listed, |items, reader| reader.list(items, |item, reader| reader.raw(item))),
        })
    })
    .map_err(unreadable)?;
    let mut items = Vec::new();
    for item in listed.ok_or_else(|| missing("items"))? {
        let item = item.ok_or_else(|| missing("items[]"))?;
        if namespace.is_some_and(|namespace| !may_mention(item, namespace)) {
            continue;
        }
        let (mut name, mut its_namespace) = (String::new(), Cow::default());
        json_text::map(item, |reader| {
            fields!(reader, {
                "metadata" => fields!(reader, {
                    "name" => reader.text(&mut name),
                    "namespace" => reader.borrowed_text(&mut its_namespace),
                }),
            })
        })
        .map_err(unreadable)?;
        if name.is_empty() {
            return Err(missing("items[].metadata.name"));
        }
        if namespace.is_none_or(|namespace| its_namespace == namespace) {
            items.push((name, Rc::from(item)));
        }
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: LookupError) {
        assert_eq!(LookupError::from_host(text, Resource::Service), expected);
        let wrapped = format!(
            "error invoking host capability kubernetes.get_resource: Host error: Callback evaluation failure: {text}"
        );
        assert_eq!(LookupError::from_host(&wrapped, Resource::Service), expected);
    }

    fn unavailable(text: &str) -> LookupError {
        LookupError::Unavailable(text.to_owned())
    }

    /// Answers a GET with a headless Service, and a list with the same one after it has become another.
    struct Changing;

    impl Cluster for Changing {
        fn get(&self, _: Resource, _: Option<&str>, _: &str) -> Result<Vec<u8>, LookupError> {
            Ok(br#"{"metadata":{"name":"cart","namespace":"shop"},"spec":{"clusterIP":"None"}}"#.to_vec())
        }

        fn list(&self, _: Resource) -> Result<Vec<u8>, LookupError> {
            Ok(br#"{"items":[{"metadata":{"name":"cart","namespace":"shop"},"spec":{"clusterIP":"10.0.0.1"}}]}"#
                .to_vec())
        }
    }

    #[test]
    fn an_answer_is_never_replaced_by_a_later_one() {
        let lookups = Lookups::new(&Changing, "shop");
        let is_headless = |service: Option<Rc<Service>>| service.map(|service| service.is_headless());
        assert_eq!(lookups.service("cart").map(is_headless), Ok(Some(true)));
        let listed: Vec<Lookup<Rc<Service>>> = lookups.mentioning(Resource::Service, "cart").unwrap();
        let listed: Vec<Lookup<bool>> = listed.into_iter().map(|service| service.map(|it| it.is_headless())).collect();
        assert_eq!(listed, [Ok(true)]);
        assert_eq!(lookups.service("cart").map(is_headless), Ok(Some(true)));
    }

    #[test]
    fn errors_of_the_host_are_told_apart() {
        check("Cannot find v1/Service named 'cart' inside of namespace 'Some(\"shop\")'", LookupError::NoSuchObject);
        check("Cannot find resource v1/Service", LookupError::KindNotInstalled);
        check("Cannot find resource v1/Service\n\nStack backtrace:\n   0: x", LookupError::KindNotInstalled);
        check(
            "error finding resource v1 / Service: ApiError: 404 page not found (Status { code: 404, .. })",
            LookupError::KindNotInstalled,
        );
        check(
            "error finding resource v1 / Service: ApiError: no (Status { code: 503, .. })",
            unavailable("error finding resource v1 / Service: ApiError: no"),
        );
        check(
            "Policy has not been granted access to Kubernetes v1/Service resources. The violation has been reported.",
            LookupError::NotGranted,
        );
        check(
            "Policy has not been granted access to the 'kubernetes/get_resource' host capability. The violation has been reported.",
            LookupError::NotGranted,
        );
        check(
            "ApiError: services \"cart\" is forbidden: Forbidden (Status { code: 403 })\n\nCaused by:\n    x",
            unavailable("ApiError: services \"cart\" is forbidden: Forbidden"),
        );
        check("", unavailable(""));
    }

    #[test]
    fn words_inside_an_error_are_not_taken_for_its_kind() {
        for text in [
            "ApiError: \"Cannot find resource v1/Service\"",
            "Cannot find resource v1/Services",
            "Cannot find v1/Ingress named 'x' inside of namespace 'None'",
            "x Policy has not been granted access to Kubernetes v1/Service resources.",
        ] {
            check(text, unavailable(text));
        }
    }

    #[test]
    fn a_list_keeps_the_items_of_the_namespace() {
        let json = r#"{"items":[{"metadata":{"name":"a","namespace":"shop"}},{"metadata":{"name":"shop","namespace":"other"}},{"metadata":{"name":"b","namespace":"sh\u006fp"}},{"metadata":{"name":"c"}}]}"#;
        let names = |namespace| -> Vec<String> {
            items_of(json, namespace).unwrap().into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(Some("shop")), ["a", "b"]);
        assert_eq!(names(None), ["a", "shop", "b", "c"]);
    }

    /// Answers everything with the same text.
    struct Answering(&'static str);

    impl Cluster for Answering {
        fn get(&self, _: Resource, _: Option<&str>, name: &str) -> Result<Vec<u8>, LookupError> {
            if name == PROBE { Err(LookupError::NoSuchObject) } else { Ok(self.0.as_bytes().to_vec()) }
        }

        fn list(&self, _: Resource) -> Result<Vec<u8>, LookupError> {
            Ok(self.0.as_bytes().to_vec())
        }
    }

    /// What is no answer is a failure, never an object without fields or an empty list.
    #[test]
    fn garbage_is_no_answer() {
        for garbage in
            ["", "null", "[]", "{}", "[[\"cart\"]]", r#"{"kind":"Status"}"#, r#"{"metadata":{"name":"other"}}"#]
        {
            let cluster = Answering(garbage);
            let lookups = Lookups::new(&cluster, "shop");
            let answer = lookups.service("cart");
            assert!(
                matches!(&answer, Err(failure) if matches!(failure.error, LookupError::Unreadable(_))),
                "{garbage}: {answer:?}"
            );
        }
        for garbage in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"kind":"Status"}"#,
            r#"{"items":null}"#,
            r#"{"items":[null]}"#,
            r#"{"items":[[]]}"#,
            r#"{"items":[{}]}"#,
        ] {
            let cluster = Answering(garbage);
            let lookups = Lookups::new(&cluster, "shop");
            let answer = lookups.ingress_classes();
            assert!(
                matches!(&answer, Err(failure) if matches!(failure.error, LookupError::Unreadable(_))),
                "{garbage}: {answer:?}"
            );
        }
    }

    /// One object that cannot be read is named, and hides no other.
    #[test]
    fn an_unreadable_item_hides_no_other() {
        let json = r#"{"items":[{"metadata":{"name":"a","namespace":"shop"},"spec":[]},{"metadata":{"name":"b","namespace":"shop"}}]}"#;
        let cluster = Answering(json);
        let lookups = Lookups::new(&cluster, "shop");
        let found = lookups.mentioning::<Service>(Resource::Service, "shop").unwrap();
        let names: Vec<Result<String, Option<String>>> = found
            .into_iter()
            .map(|found| found.map(|service| service.metadata.name.clone()).map_err(|failure| failure.object))
            .collect();
        assert_eq!(names, [Err(Some("shop/a".to_owned())), Ok("b".to_owned())]);
    }
}
