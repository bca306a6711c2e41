//! Finds what the policy could not judge because an object that decides was not there.
//!
//! Invariant: this reads what the policy looked up, and does not judge anything itself.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use test_kit::in_memory_cluster::{Exchange, ObjectKey, PROBE_NAME};

use crate::apply::{AppliedObject, Judgement};

/// The annotation that names the class of an Ingress and goes before `spec.ingressClassName`.
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
/// The annotation that makes an IngressClass the default one.
const DEFAULT_CLASS_ANNOTATION: &str = "ingressclass.kubernetes.io/is-default-class";
/// How the name of the annotation begins that says what a backend with the port name `use-annotation` does.
const ACTION_ANNOTATION: &str = "alb.ingress.kubernetes.io/actions.";

/// What was looked up by name and was not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Absent {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

/// Says for each of the objects what was not judged, in whole sentences without a period.
///
/// `no_class_is_judged` is whether the controller takes an Ingress without any class (`controller.ingressClass: ""`).
pub fn not_judged(objects: &[AppliedObject], no_class_is_judged: bool) -> Vec<Vec<String>> {
    let keys: BTreeSet<&ObjectKey> = objects.iter().map(|object| &object.key).collect();
    let sentences = |object: &AppliedObject| match &object.judgement {
        Some(judgement) => of_object(object, judgement, &keys, no_class_is_judged),
        None => Vec::new(),
    };
    objects.iter().map(sentences).collect()
}

fn of_object(
    object: &AppliedObject,
    judgement: &Judgement,
    keys: &BTreeSet<&ObjectKey>,
    no_class_is_judged: bool,
) -> Vec<String> {
    let exchanges = &judgement.evaluation.exchanges;
    let mut absent: Vec<Absent> = exchanges.iter().filter_map(absent).collect();
    absent.extend(services_not_listed(object, exchanges));
    let selects_namespaces = exchanges.iter().any(has_namespace_selector);
    let mut sentences = Vec::new();
    for absent in absent {
        let sentence = match absent.kind.as_str() {
            "IngressClass" | "IngressClassParams" => Some(class_sentence(&absent, keys)),
            "Namespace" if selects_namespaces => {
                Some(format!("Namespace {}, which a namespaceSelector asks for, is not among the objects", absent.name))
            }
            // A Service that comes later is judged then, together with what refers to it.
            "Service" if !is_among(&absent, keys) => {
                Some(format!("Service {} is not among the objects", display_name(&absent)))
            }
            _ => None,
        };
        if let Some(sentence) = sentence.filter(|sentence| !sentences.contains(sentence)) {
            sentences.push(sentence);
        }
    }
    if !no_class_is_judged && is_ingress_without_class(object) && exchanges.iter().any(lists_no_default_class) {
        sentences.push("it names no class, and no IngressClass among the objects is the default one".to_owned());
    }
    sentences
}

fn class_sentence(absent: &Absent, keys: &BTreeSet<&ObjectKey>) -> String {
    let Absent { kind, name, .. } = absent;
    if is_among(absent, keys) {
        format!("{kind} {name} comes too late, put it first")
    } else if kind == "IngressClass" {
        format!("IngressClass {name} is not among the objects, add it or use --ingress-class {name}")
    } else {
        format!("{kind} {name} is not among the objects")
    }
}

fn is_among(absent: &Absent, keys: &BTreeSet<&ObjectKey>) -> bool {
    keys.iter().any(|key| {
        key.api_version == absent.api_version
            && key.kind == absent.kind
            && key.name == absent.name
            && (key.namespace.is_none() || key.namespace == absent.namespace)
    })
}

fn display_name(absent: &Absent) -> String {
    match &absent.namespace {
        Some(namespace) => format!("{namespace}/{}", absent.name),
        None => absent.name.clone(),
    }
}

/// The object that a GET asked for and that is not there.
fn absent(exchange: &Exchange) -> Option<Absent> {
    #[derive(Deserialize)]
    struct GetResource {
        api_version: String,
        kind: String,
        namespace: Option<String>,
        name: String,
    }
    let text = exchange.response.as_ref().err()?;
    let request: GetResource = serde_json::from_value(exchange.request.clone()).ok()?;
    let GetResource { api_version, kind, namespace, name } = request;
    let not_found = format!("Callback evaluation failure: Cannot find {api_version}/{kind} named '{name}'");
    (exchange.operation == "kubernetes/get_resource" && name != PROBE_NAME && text.starts_with(&not_found))
        .then_some(Absent { api_version, kind, namespace, name })
}

/// Where the policy lists all Services in place of asking for each: the Services that an Ingress names and the list has not.
fn services_not_listed(object: &AppliedObject, exchanges: &[Exchange]) -> Vec<Absent> {
    let Some(list) = exchanges.iter().find_map(|exchange| listed(exchange, "v1", "Service")) else {
        return Vec::new();
    };
    let namespace = object.key.namespace.as_deref().unwrap_or_default();
    let is_listed = |name: &str| {
        list.iter().any(|service| {
            let string = |pointer: &str| service.pointer(pointer).and_then(Value::as_str);
            string("/metadata/name") == Some(name) && string("/metadata/namespace") == Some(namespace)
        })
    };
    let absent = |name: String| Absent {
        api_version: "v1".to_owned(),
        kind: "Service".to_owned(),
        namespace: object.key.namespace.clone(),
        name,
    };
    ingress_services(object).into_iter().filter(|name| !is_listed(name)).map(absent).collect()
}

/// The items of a list, where the exchange is one of this kind.
fn listed(exchange: &Exchange, api_version: &str, kind: &str) -> Option<Vec<Value>> {
    let is_list_of_kind = exchange.operation == "kubernetes/list_resources_all"
        && exchange.request.get("api_version").and_then(Value::as_str) == Some(api_version)
        && exchange.request.get("kind").and_then(Value::as_str) == Some(kind);
    let payload = exchange.response.as_ref().ok().filter(|_| is_list_of_kind)?;
    match serde_json::from_str::<Value>(payload).ok()?.get_mut("items")?.take() {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

fn is_ingress(object: &AppliedObject) -> bool {
    object.key.kind == "Ingress" && object.key.api_version.starts_with("networking.k8s.io/")
}

/// The names of the Services that an Ingress sends traffic to, each once.
fn ingress_services(object: &AppliedObject) -> Vec<String> {
    let mut names = Vec::new();
    if is_ingress(object) {
        let rules = object.object.pointer("/spec/rules").and_then(Value::as_array).into_iter().flatten();
        let paths = rules.filter_map(|rule| rule.pointer("/http/paths")?.as_array()).flatten();
        let backends = paths.filter_map(|path| path.pointer("/backend/service"));
        for backend in object.object.pointer("/spec/defaultBackend/service").into_iter().chain(backends) {
            collect_backend(&object.object, backend, &mut names);
        }
    }
    names
}

fn collect_backend(ingress: &Value, backend: &Value, names: &mut Vec<String>) {
    let Some(name) = backend.get("name").and_then(Value::as_str) else { return };
    if backend.pointer("/port/name").and_then(Value::as_str) != Some("use-annotation") {
        push_once(names, name);
    } else if let Some(action) = annotation(ingress, &format!("{ACTION_ANNOTATION}{name}")) {
        collect_service_names(&serde_json::from_str(action).unwrap_or_default(), names);
    }
}

/// The values of all `serviceName` keys. The controller reads keys without regard to case.
fn collect_service_names(action: &Value, names: &mut Vec<String>) {
    match action {
        Value::Object(object) => {
            for (key, value) in object {
                match value.as_str() {
                    Some(name) if key.eq_ignore_ascii_case("serviceName") => push_once(names, name),
                    _ => collect_service_names(value, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_service_names(item, names)),
        _ => {}
    }
}

fn push_once(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn annotation<'object>(object: &'object Value, name: &str) -> Option<&'object str> {
    object.pointer("/metadata/annotations")?.get(name)?.as_str()
}

fn is_ingress_without_class(object: &AppliedObject) -> bool {
    is_ingress(object)
        && annotation(&object.object, CLASS_ANNOTATION).is_none()
        && object.object.pointer("/spec/ingressClassName").is_none_or(Value::is_null)
}

fn lists_no_default_class(exchange: &Exchange) -> bool {
    let is_default = |class: &Value| annotation(class, DEFAULT_CLASS_ANNOTATION) == Some("true");
    listed(exchange, "networking.k8s.io/v1", "IngressClass").is_some_and(|classes| !classes.iter().any(is_default))
}

fn has_namespace_selector(exchange: &Exchange) -> bool {
    let is_params = exchange.request.get("kind").and_then(Value::as_str) == Some("IngressClassParams");
    let selector = |payload: &String| {
        let answer: Value = serde_json::from_str(payload).unwrap_or_default();
        answer.pointer("/spec/namespaceSelector").is_some_and(|selector| !selector.is_null())
    };
    is_params && exchange.response.as_ref().is_ok_and(selector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use e2e_tests::host::{AdmissionResponse, Evaluation};
    use serde_json::json;
    use test_kit::admission::AdmissionOperation;
    use test_kit::in_memory_cluster::AnsweredBy;
    use test_kit::yaml::Origin;

    fn exchange(operation: &str, request: Value, response: Result<Value, String>) -> Exchange {
        Exchange {
            operation: operation.to_owned(),
            request,
            response: response.map(|value| value.to_string()),
            objects: 0,
            by: AnsweredBy::Cluster,
            misuse: None,
        }
    }

    fn not_found(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Exchange {
        let text = format!(
            "Callback evaluation failure: Cannot find {api_version}/{kind} named '{name}' inside of namespace '{namespace:?}'"
        );
        let request = json!({"api_version": api_version, "kind": kind, "name": name, "namespace": namespace});
        exchange("kubernetes/get_resource", request, Err(text))
    }

    fn list(api_version: &str, kind: &str, items: Value) -> Exchange {
        let request = json!({"api_version": api_version, "kind": kind});
        exchange("kubernetes/list_resources_all", request, Ok(json!({"items": items})))
    }

    fn ingress(mut object: Value, exchanges: Vec<Exchange>) -> AppliedObject {
        object["apiVersion"] = json!("networking.k8s.io/v1");
        object["kind"] = json!("Ingress");
        object["metadata"]["name"] = json!("web");
        object["metadata"]["namespace"] = json!("shop");
        let evaluation =
            Evaluation { response: AdmissionResponse::default(), raw: Value::Null, exchanges, logs: vec![] };
        AppliedObject {
            key: ObjectKey::of(&object).unwrap(),
            origin: Origin { source: "a.yaml".to_owned(), line: 1 },
            object,
            judgement: Some(Judgement {
                operation: AdmissionOperation::Create,
                request: Value::Null,
                evaluation,
                admitted: None,
            }),
        }
    }

    fn stored(api_version: &str, kind: &str, namespace: &str, name: &str) -> AppliedObject {
        let object =
            json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}});
        AppliedObject {
            key: ObjectKey::of(&object).unwrap(),
            origin: Origin { source: "a.yaml".to_owned(), line: 9 },
            object,
            judgement: None,
        }
    }

    #[track_caller]
    fn check(objects: &[AppliedObject], expected: &[&str]) {
        assert_eq!(not_judged(objects, false)[0], expected);
    }

    #[test]
    fn a_class_that_is_not_there_is_named_once() {
        let class = || not_found("networking.k8s.io/v1", "IngressClass", None, "alb");
        let params = not_found("elbv2.k8s.aws/v1beta1", "IngressClassParams", None, "alb");
        check(
            &[ingress(json!({}), vec![class(), class(), params])],
            &[
                "IngressClass alb is not among the objects, add it or use --ingress-class alb",
                "IngressClassParams alb is not among the objects",
            ],
        );
        check(
            &[ingress(json!({}), vec![class()]), stored("networking.k8s.io/v1", "IngressClass", "", "alb")],
            &["IngressClass alb comes too late, put it first"],
        );
    }

    #[test]
    fn a_namespace_counts_only_where_a_selector_asks_for_it() {
        let namespace = || not_found("v1", "Namespace", None, "shop");
        check(&[ingress(json!({}), vec![namespace()])], &[]);
        let params = |spec: Value| {
            let request = json!({"api_version": "elbv2.k8s.aws/v1beta1", "kind": "IngressClassParams", "name": "alb"});
            exchange("kubernetes/get_resource", request, Ok(json!({"spec": spec})))
        };
        check(&[ingress(json!({}), vec![params(json!({})), namespace()])], &[]);
        check(
            &[ingress(json!({}), vec![params(json!({"namespaceSelector": {}})), namespace()])],
            &["Namespace shop, which a namespaceSelector asks for, is not among the objects"],
        );
    }

    #[test]
    fn a_service_that_comes_later_is_judged_later() {
        let service = || not_found("v1", "Service", Some("shop"), "cart");
        check(&[ingress(json!({}), vec![service()])], &["Service shop/cart is not among the objects"]);
        check(&[ingress(json!({}), vec![service()]), stored("v1", "Service", "shop", "cart")], &[]);
        check(
            &[ingress(json!({}), vec![service()]), stored("v1", "Service", "blog", "cart")],
            &["Service shop/cart is not among the objects"],
        );
    }

    #[test]
    fn other_lookups_say_nothing() {
        let mut refused = not_found("v1", "Service", Some("shop"), "cart");
        refused.response = Err("Policy has not been granted access".to_owned());
        let exchanges = vec![
            not_found("v1", "Service", Some("shop"), "_"),
            not_found("apps/v1", "DaemonSet", Some("kube-system"), "aws-node"),
            refused,
        ];
        check(&[ingress(json!({}), exchanges), stored("v1", "Secret", "shop", "x")], &[]);
    }

    #[test]
    fn services_are_derived_from_the_ingress_where_all_were_listed() {
        let service = |name: &str, namespace: &str| json!({"metadata": {"name": name, "namespace": namespace}});
        let backend = |name: &str, port: &str| json!({"service": {"name": name, "port": {"name": port}}});
        let object = json!({
            "metadata": {"annotations": {
                "alb.ingress.kubernetes.io/actions.split":
                    r#"{"type":"forward","ForwardConfig":{"targetGroups":[{"ServiceName":"d"},{"serviceName":"e"}]}}"#,
                "alb.ingress.kubernetes.io/actions.unused": r#"{"serviceName":"f"}"#,
            }},
            "spec": {
                "defaultBackend": backend("a", "http"),
                "rules": [{"http": {"paths": [
                    {"backend": backend("b", "http")},
                    {"backend": backend("c", "http")},
                    {"backend": backend("c", "http")},
                    {"backend": backend("split", "use-annotation")},
                    {"backend": backend("none", "use-annotation")},
                ]}}, {}],
            },
        });
        let services = list("v1", "Service", json!([service("b", "shop"), service("c", "blog"), service("e", "shop")]));
        check(
            &[ingress(object.clone(), vec![services])],
            &[
                "Service shop/a is not among the objects",
                "Service shop/c is not among the objects",
                "Service shop/d is not among the objects",
            ],
        );
        check(&[ingress(object, vec![])], &[]);
    }

    #[test]
    fn an_ingress_without_class_needs_a_default_one() {
        let classes = |default: &str| {
            let annotations = json!({"ingressclass.kubernetes.io/is-default-class": default});
            list("networking.k8s.io/v1", "IngressClass", json!([{"metadata": {"annotations": annotations}}]))
        };
        let sentence = "it names no class, and no IngressClass among the objects is the default one";
        check(&[ingress(json!({}), vec![classes("false")])], &[sentence]);
        check(&[ingress(json!({}), vec![classes("true")])], &[]);
        check(&[ingress(json!({}), vec![])], &[]);
        check(&[ingress(json!({"spec": {"ingressClassName": "x"}}), vec![classes("false")])], &[]);
        let annotated = json!({"metadata": {"annotations": {"kubernetes.io/ingress.class": "x"}}});
        check(&[ingress(annotated, vec![classes("false")])], &[]);
        let objects = [ingress(json!({}), vec![classes("false")])];
        assert_eq!(not_judged(&objects, true), [Vec::<String>::new()]);
    }
}
