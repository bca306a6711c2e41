//! The objects in cases and samples are objects that Kubernetes would take: they parse, and hold no field that their
//! kind does not have. A case with an impossible object shows nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use e2e_tests::engine::repository;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{Endpoints, Namespace, Service};
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use serde_json::Value;
use test_kit::fields::unknown_fields;
use test_kit::yaml;

/// Cases that are about an object that cannot be read: their admitted object is broken on purpose.
const BROKEN_ON_PURPOSE: &str = "bad-input/";

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn every_object_is_valid() {
    let e2e_tests = repository().join("e2e-tests");
    let mut files = Vec::new();
    files_below(&e2e_tests.join("cases"), &mut files);
    files_below(&e2e_tests.join("samples"), &mut files);
    let mut checked = 0;
    let mut problems = Vec::new();
    for file in files {
        let name = file.strip_prefix(&e2e_tests).expect("a file below").display().to_string();
        let last = file.file_name().and_then(|last| last.to_str()).expect("a name");
        let is_sample = name.starts_with("samples/");
        let is_broken = name.contains(BROKEN_ON_PURPOSE) && last != "cluster.yaml";
        if is_broken || !(is_sample || ["object.yaml", "old-object.yaml", "cluster.yaml"].contains(&last)) {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a readable file");
        for document in yaml::documents(&text, &name).expect("YAML") {
            checked += 1;
            problems.extend(
                problems_of(&document.value).into_iter().map(|problem| format!("{}: {problem}", document.origin)),
            );
        }
    }
    assert!(checked > 1000, "only {checked} objects");
    assert_eq!(problems, Vec::<String>::new());
}

fn problems_of(object: &Value) -> Vec<String> {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    match (text("apiVersion"), text("kind")) {
        ("v1", "Namespace") => unknown_fields::<Namespace>(object),
        ("v1", "Service") => unknown_fields::<Service>(object),
        ("v1", "Endpoints") => unknown_fields::<Endpoints>(object),
        ("apps/v1", "DaemonSet") => unknown_fields::<DaemonSet>(object),
        ("apps/v1", "Deployment") => unknown_fields::<Deployment>(object),
        ("apps/v1", "StatefulSet") => unknown_fields::<StatefulSet>(object),
        ("networking.k8s.io/v1", "Ingress") => unknown_fields::<Ingress>(object),
        ("networking.k8s.io/v1", "IngressClass") => unknown_fields::<IngressClass>(object),
        ("elbv2.k8s.aws/v1beta1" | "elbv2.k8s.aws/v1alpha1" | "eks.amazonaws.com/v1", "TargetGroupBinding") => {
            problems_of_custom_resource(object, &["targetGroupARN", "serviceRef"], &TARGET_GROUP_BINDING)
        }
        ("elbv2.k8s.aws/v1beta1" | "eks.amazonaws.com/v1", "IngressClassParams") => {
            problems_of_custom_resource(object, &[], &INGRESS_CLASS_PARAMS)
        }
        ("gateway.networking.k8s.io/v1" | "gateway.networking.k8s.io/v1beta1", kind) if is_of_gateway_api(kind) => {
            problems_of_gateway_api(object, kind)
        }
        ("gateway.networking.k8s.io/v1alpha2", "TCPRoute" | "UDPRoute" | "TLSRoute") => {
            problems_of_gateway_api(object, text("kind"))
        }
        ("gateway.k8s.aws/v1" | "gateway.k8s.aws/v1beta1" | "eks.amazonaws.com/v1", kind)
            if CONFIGURATIONS.contains(&kind) =>
        {
            problems_of_gateway_api(object, kind)
        }
        // Kinds of other groups that share a name with one that the policy looks at.
        (
            "serving.knative.dev/v1"
            | "networking.internal.knative.dev/v1alpha1"
            | "loadbalancing.example.com/v1"
            | "networking.istio.io/v1",
            "Service" | "Ingress" | "TargetGroupBinding" | "Gateway",
        ) => Vec::new(),
        (api_version, kind) => vec![format!("no check for {api_version}/{kind}")],
    }
}

/// LBC `apis/elbv2/v1beta1/targetgroupbinding_types.go`.
const TARGET_GROUP_BINDING: [&str; 12] = [
    "targetGroupARN",
    "targetGroupName",
    "multiClusterTargetGroup",
    "targetType",
    "targetGroupProtocol",
    "serviceRef",
    "networking",
    "nodeSelector",
    "ipAddressType",
    "vpcID",
    "iamRoleArnToAssume",
    "assumeRoleExternalId",
];

/// LBC `apis/elbv2/v1beta1/ingressclassparams_types.go`, as far as cases use it.
const INGRESS_CLASS_PARAMS: [&str; 4] = ["group", "namespaceSelector", "scheme", "targetType"];

/// The controller's own kinds for Gateways.
const CONFIGURATIONS: [&str; 3] =
    ["ListenerRuleConfiguration", "LoadBalancerConfiguration", "TargetGroupConfiguration"];

fn is_of_gateway_api(kind: &str) -> bool {
    !CONFIGURATIONS.contains(&kind) && !fields_of(kind).is_empty()
}

/// The fields of a kind by the path to them, as far as cases use it; `*` stands for the elements of a list. Gateway API
/// v1.6.0 `apis/v1`, LBC `apis/gateway/v1`.
fn fields_of(kind: &str) -> &'static [(&'static str, &'static [&'static str])] {
    match kind {
        "GatewayClass" => &[
            ("spec", &["controllerName", "description", "parametersRef"]),
            ("spec/parametersRef", &["group", "kind", "name", "namespace"]),
        ],
        "Gateway" => &[
            ("spec", &["addresses", "allowedListeners", "gatewayClassName", "infrastructure", "listeners"]),
            ("spec/infrastructure", &["annotations", "labels", "parametersRef"]),
            ("spec/infrastructure/parametersRef", &["group", "kind", "name"]),
            ("spec/allowedListeners", &["namespaces"]),
            ("spec/allowedListeners/namespaces", &["from", "selector"]),
            ("spec/listeners/*", LISTENER),
            ("spec/listeners/*/allowedRoutes", &["kinds", "namespaces"]),
            ("spec/listeners/*/allowedRoutes/namespaces", &["from", "selector"]),
        ],
        "ListenerSet" => &[
            ("spec", &["listeners", "parentRef"]),
            ("spec/parentRef", &["group", "kind", "name", "namespace"]),
            ("spec/listeners/*", LISTENER),
            ("spec/listeners/*/allowedRoutes", &["kinds", "namespaces"]),
            ("spec/listeners/*/allowedRoutes/namespaces", &["from", "selector"]),
        ],
        "HTTPRoute" | "GRPCRoute" => &[
            ("spec", &["hostnames", "parentRefs", "rules"]),
            ("spec/parentRefs/*", &["group", "kind", "name", "namespace", "port", "sectionName"]),
            ("spec/rules/*", &["backendRefs", "filters", "matches", "name", "timeouts"]),
            ("spec/rules/*/backendRefs/*", &["filters", "group", "kind", "name", "namespace", "port", "weight"]),
        ],
        "TLSRoute" => &[
            ("spec", &["hostnames", "parentRefs", "rules"]),
            ("spec/parentRefs/*", &["group", "kind", "name", "namespace", "port", "sectionName"]),
            ("spec/rules/*", &["backendRefs", "name"]),
            ("spec/rules/*/backendRefs/*", &["group", "kind", "name", "namespace", "port", "weight"]),
        ],
        "TCPRoute" | "UDPRoute" => &[
            ("spec", &["parentRefs", "rules"]),
            ("spec/parentRefs/*", &["group", "kind", "name", "namespace", "port", "sectionName"]),
            ("spec/rules/*", &["backendRefs", "name"]),
            ("spec/rules/*/backendRefs/*", &["group", "kind", "name", "namespace", "port", "weight"]),
        ],
        "ReferenceGrant" => &[
            ("spec", &["from", "to"]),
            ("spec/from/*", &["group", "kind", "namespace"]),
            ("spec/to/*", &["group", "kind", "name"]),
        ],
        "TargetGroupConfiguration" => &[
            ("spec", &["defaultConfiguration", "routeConfigurations", "targetReference"]),
            ("spec/targetReference", &["group", "kind", "name"]),
            ("spec/defaultConfiguration", TARGET_GROUP_PROPS),
            ("spec/routeConfigurations/*", &["routeIdentifier", "targetGroupProps"]),
            ("spec/routeConfigurations/*/routeIdentifier", &["kind", "name", "namespace"]),
            ("spec/routeConfigurations/*/targetGroupProps", TARGET_GROUP_PROPS),
        ],
        "LoadBalancerConfiguration" => &[
            ("spec", &["defaultTargetGroupConfiguration", "mergingMode", "scheme"]),
            ("spec/defaultTargetGroupConfiguration", &["name"]),
        ],
        "ListenerRuleConfiguration" => &[("spec", &["actions", "conditions", "tags"])],
        _ => &[],
    }
}

const LISTENER: &[&str] = &["allowedRoutes", "hostname", "name", "port", "protocol", "tls"];

const TARGET_GROUP_PROPS: &[&str] = &["healthCheckConfig", "nodeSelector", "protocol", "targetGroupName", "targetType"];

fn problems_of_gateway_api(object: &Value, kind: &str) -> Vec<String> {
    let mut problems = problems_of_custom_resource(object, &[], fields_of(kind)[0].1);
    for (path, known) in &fields_of(kind)[1..] {
        let mut found = vec![object];
        for part in path.split('/') {
            found = found
                .into_iter()
                .flat_map(|value| match part {
                    "*" => value.as_array().into_iter().flatten().collect::<Vec<&Value>>(),
                    part => value.get(part).into_iter().collect(),
                })
                .collect();
        }
        for keys in found.into_iter().filter_map(Value::as_object) {
            let unknown = keys.keys().filter(|key| !known.contains(&key.as_str()));
            problems.extend(unknown.map(|key| format!("unknown field .{path}/{key}")));
        }
    }
    problems
}

fn problems_of_custom_resource(object: &Value, required: &[&str], known: &[&str]) -> Vec<String> {
    let known_of_object = BTreeSet::from(["apiVersion", "kind", "metadata", "spec", "status"]);
    let mut problems: Vec<String> = Vec::new();
    let keys = |value: Option<&Value>| -> Vec<String> {
        value.and_then(Value::as_object).map(|map| map.keys().cloned().collect()).unwrap_or_default()
    };
    problems.extend(
        keys(Some(object))
            .into_iter()
            .filter(|key| !known_of_object.contains(key.as_str()))
            .map(|key| format!("unknown field .{key}")),
    );
    let spec = keys(object.get("spec"));
    problems.extend(
        spec.iter().filter(|key| !known.contains(&key.as_str())).map(|key| format!("unknown field .spec.{key}")),
    );
    problems.extend(
        required.iter().filter(|key| !spec.iter().any(|found| found == *key)).map(|key| format!("no .spec.{key}")),
    );
    let metadata: k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta =
        serde_json::from_value(object.get("metadata").cloned().unwrap_or_default()).expect("metadata");
    if metadata.name.is_none() && metadata.generate_name.is_none() {
        problems.push("no name".to_owned());
    }
    problems
}
