//! What the policy is asked in the benchmarks: requests, and the clusters around them.
//!
//! Invariant: a workload is the same in every run, to the byte.

use e2e_tests::cases::CaseOutcome;
use e2e_tests::engine::granted_access;
use e2e_tests::host::{as_the_host_reads_it, payload};
use serde_json::{Map, Value, json};
use test_kit::admission::{self, AdmissionOperation};
use test_kit::in_memory_cluster::InMemoryCluster;

/// A request, and what a lookup sees.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Its name in the table.
    pub name: &'static str,
    /// The AdmissionRequest.
    pub request: Value,
    /// The settings of the policy.
    pub settings: Map<String, Value>,
    /// The cluster.
    pub cluster: InMemoryCluster,
    /// What becomes of the request.
    pub outcome: CaseOutcome,
}

impl Workload {
    pub(crate) fn new(name: &'static str, object: &Value, objects: Vec<Value>, outcome: CaseOutcome) -> Self {
        let mut cluster = InMemoryCluster::new(granted_access().unwrap_or_default());
        for object in objects {
            // Each has a name and a namespace: see below.
            let _ = cluster.insert(object);
        }
        let request = as_the_host_reads_it(&admission::request(AdmissionOperation::Create, Some(object), None));
        Self { name, request, settings: Map::new(), cluster, outcome }
    }

    /// What the host hands to the policy.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        payload(&self.request, &self.settings).into_bytes()
    }
}

/// Every workload, in the order of the table.
#[must_use]
pub fn all() -> Vec<Workload> {
    vec![
        normal_service(),
        headless_service_alone(),
        target_group_binding_refused(),
        ingress_fixed(),
        ingress_with_paths("Ingress with 1,000 paths to 500 Services", 500),
        http_route_refused(),
        headless_service_behind_routes("headless Service behind 500 HTTPRoutes", 500),
        headless_service_in_cluster("headless Service in a cluster of 28,000 objects", 1_000),
        headless_service_beside_gateways("headless Service in a cluster of 31,000 objects, with Gateways", 1_000),
        annotation_of_1_mb(),
    ]
}

/// A Service that is none of the policy's business, as kubectl applies it.
#[must_use]
pub fn normal_service() -> Workload {
    Workload::new("normal Service", &web_service(), vec![], CaseOutcome::Accept)
}

fn web_service() -> Value {
    let applied = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"annotations": {}, "labels": {"app": "web"}, "name": "web", "namespace": "shop"},
        "spec": {"ports": [{"name": "http", "port": 80, "targetPort": 8080}], "selector": {"app": "web"}},
    });
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "name": "web", "namespace": "shop", "labels": {"app": "web"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": format!("{applied}\n")},
            "managedFields": [{
                "manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": "v1",
                "time": "2026-01-05T08:30:00Z", "fieldsType": "FieldsV1",
                "fieldsV1": {
                    "f:metadata": {
                        "f:annotations": {".": {}, "f:kubectl.kubernetes.io/last-applied-configuration": {}},
                        "f:labels": {".": {}, "f:app": {}},
                    },
                    "f:spec": {
                        "f:internalTrafficPolicy": {},
                        "f:ports": {".": {}, "k:{\"port\":80,\"protocol\":\"TCP\"}": {
                            ".": {}, "f:name": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {},
                        }},
                        "f:selector": {}, "f:sessionAffinity": {}, "f:type": {},
                    },
                },
            }],
        },
        "spec": {
            "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}],
            "selector": {"app": "web"}, "clusterIP": "10.100.20.30", "clusterIPs": ["10.100.20.30"],
            "type": "ClusterIP", "sessionAffinity": "None", "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
        },
        "status": {"loadBalancer": {}},
    })
}

/// A headless Service that nothing refers to.
#[must_use]
pub fn headless_service_alone() -> Workload {
    Workload::new("headless Service, nothing around it", &headless_service("shop", "cart"), vec![], CaseOutcome::Accept)
}

/// A TargetGroupBinding in instance mode, to a headless Service.
#[must_use]
pub fn target_group_binding_refused() -> Workload {
    let binding = target_group_binding("shop", "cart", "cart");
    let cluster = vec![headless_service("shop", "cart")];
    Workload::new("TargetGroupBinding refused", &binding, cluster, CaseOutcome::Reject)
}

/// An Ingress with three headless Services behind it, which the annotation helps.
#[must_use]
pub fn ingress_fixed() -> Workload {
    let names = ["cart", "search", "stock"].map(str::to_owned);
    let mut cluster = surroundings("shop", &names);
    cluster.extend(names.iter().map(|name| headless_service("shop", name)));
    let ingress = ingress("shop", "shop", &names, 1);
    let mut workload = Workload::new("Ingress with 3 backends fixed", &ingress, cluster, CaseOutcome::Mutate);
    workload.settings.insert("mode".to_owned(), "mutate".into());
    workload
}

/// An Ingress with two paths to each of so many Services, a tenth of which are headless.
#[must_use]
pub fn ingress_with_paths(name: &'static str, services: usize) -> Workload {
    let names: Vec<String> = (0..services).map(|number| format!("service-{number:04}")).collect();
    let headless: Vec<String> = names.iter().step_by(10).cloned().collect();
    let mut cluster = surroundings("shop", &headless);
    cluster.extend(names.iter().enumerate().map(|(number, name)| {
        if number % 10 == 0 { headless_service("shop", name) } else { node_port_service("shop", name) }
    }));
    Workload::new(name, &ingress("shop", "shop", &names, 2), cluster, CaseOutcome::Reject)
}

/// An HTTPRoute with a headless Service behind it, which the controller's default serves in instance mode.
#[must_use]
pub fn http_route_refused() -> Workload {
    let cluster = vec![gateway_class(), gateway("shop", "shop"), headless_service("shop", "cart")];
    let route = http_route("shop", "cart", "shop", &["cart".to_owned()]);
    Workload::new("HTTPRoute refused", &route, cluster, CaseOutcome::Reject)
}

/// A headless Service that so many HTTPRoutes of one Gateway refer to.
#[must_use]
pub fn headless_service_behind_routes(name: &'static str, routes: usize) -> Workload {
    let mut cluster = vec![gateway_class(), gateway("shop", "shop")];
    let route = |number: usize| http_route("shop", &format!("route-{number:05}"), "shop", &["cart".to_owned()]);
    cluster.extend((0..routes).map(route));
    Workload::new(name, &headless_service("shop", "cart"), cluster, CaseOutcome::Reject)
}

/// A headless Service that an Ingress and a TargetGroupBinding of its namespace refer to, in a cluster of 12 Ingresses,
/// 13 Services and 3 TargetGroupBindings per `scale`.
#[must_use]
pub fn headless_service_in_cluster(name: &'static str, scale: usize) -> Workload {
    Workload::new(name, &headless_service("team-007", "cart"), large_cluster(scale), CaseOutcome::Reject)
}

/// The same cluster with 2 HTTPRoutes, half a Gateway and half a TargetGroupConfiguration more per `scale`. A route of its
/// namespace refers to the Service too.
#[must_use]
pub fn headless_service_beside_gateways(name: &'static str, scale: usize) -> Workload {
    let (namespace, of) = (namespace_of_team, numbered);
    let mut cluster = large_cluster(scale);
    cluster.push(gateway_class());
    cluster.extend((0..scale / 2).map(|number| gateway(&namespace(number), &of("gateway", number))));
    cluster.extend((0..scale / 2).map(|number| {
        let service = if number == 7 { "cart".to_owned() } else { of("service", number) };
        target_group_configuration(&namespace(number), &service)
    }));
    cluster.extend((0..2 * scale).map(|number| {
        let services = if number == 7 { ["cart".to_owned()] } else { [of("service", number)] };
        http_route(&namespace(number), &of("route", number), &of("gateway", number % TEAMS), &services)
    }));
    Workload::new(name, &headless_service("team-007", "cart"), cluster, CaseOutcome::Reject)
}

/// How many namespaces the large cluster has.
const TEAMS: usize = 400;

fn namespace_of_team(number: usize) -> String {
    format!("team-{:03}", number % TEAMS)
}

fn numbered(prefix: &str, number: usize) -> String {
    format!("{prefix}-{number:05}")
}

fn large_cluster(scale: usize) -> Vec<Value> {
    let (namespace, of) = (namespace_of_team, numbered);
    let mut cluster = surroundings("team-007", &["cart".to_owned()]);
    let ingresses = (0..12 * scale).map(|number| {
        let service = if number == 7 { "cart".to_owned() } else { of("service", number) };
        ingress(&namespace(number), &of("ingress", number), &[service], 1)
    });
    cluster.extend(ingresses);
    cluster.extend((0..13 * scale).map(|number| node_port_service(&namespace(number), &of("service", number))));
    let bindings = (0..3 * scale).map(|number| {
        let service = if number == 7 { "cart".to_owned() } else { of("service", number) };
        target_group_binding(&namespace(number), &of("binding", number), &service)
    });
    cluster.extend(bindings);
    cluster
}

/// A Service that is none of the policy's business, with an annotation of a megabyte.
#[must_use]
pub fn annotation_of_1_mb() -> Workload {
    let mut service = web_service();
    let entry = r#"{"key":"value of a configuration","path":"/etc/config","list":[1,2,3]},"#;
    let text = entry.repeat(1_000_000 / entry.len());
    if let Some(annotations) = service.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.insert("example.com/configuration".to_owned(), Value::from(text));
    }
    Workload::new("annotation of 1 MB", &service, vec![], CaseOutcome::Accept)
}

/// What makes advice have nothing to say, and the class of the Ingresses.
fn surroundings(namespace: &str, stateful_sets: &[String]) -> Vec<Value> {
    let mut objects = vec![
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "alb"},
            "spec": {"controller": "ingress.k8s.aws/alb"},
        }),
        json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": namespace, "labels": {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}},
        }),
        json!({
            "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "aws-node", "namespace": "kube-system"},
            "spec": {"selector": {}, "template": {}},
        }),
    ];
    objects.extend(stateful_sets.iter().map(|name| {
        json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "namespace": namespace},
            "spec": {"serviceName": name, "selector": {}, "template": {}},
        })
    }));
    objects
}

/// Metadata as a list of the host brings it: without managedFields and last-applied-configuration, and still half a
/// kilobyte.
pub(crate) fn metadata(namespace: &str, name: &str) -> Value {
    json!({
        "annotations": {
            "argocd.argoproj.io/tracking-id": format!("{namespace}:apps/Deployment:{namespace}/{name}"),
            "example.com/contact": format!("team of {name}, #{namespace} in the chat, or by mail at any hour of the day"),
            "meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": namespace,
        },
        "creationTimestamp": "2026-01-05T08:30:00Z", "generation": 3,
        "labels": {
            "app.kubernetes.io/component": "server", "app.kubernetes.io/instance": name,
            "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/name": name,
            "app.kubernetes.io/version": "1.20.3", "helm.sh/chart": format!("{name}-1.20.3"),
        },
        "name": name, "namespace": namespace, "resourceVersion": "123456789",
        "uid": "0b7c1f0e-5a3c-4d1e-9d55-2f6f3d1c7a10",
    })
}

pub(crate) fn headless_service(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata(namespace, name),
        "spec": {
            "clusterIP": "None", "clusterIPs": ["None"], "internalTrafficPolicy": "Cluster", "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}],
            "selector": {"app": name}, "sessionAffinity": "None", "type": "ClusterIP",
        },
        "status": {"loadBalancer": {}},
    })
}

pub(crate) fn node_port_service(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata(namespace, name),
        "spec": {
            "clusterIP": "10.100.20.30", "clusterIPs": ["10.100.20.30"], "externalTrafficPolicy": "Cluster",
            "internalTrafficPolicy": "Cluster", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "http", "nodePort": 30080, "port": 80, "protocol": "TCP", "targetPort": 8080}],
            "selector": {"app": name}, "sessionAffinity": "None", "type": "NodePort",
        },
        "status": {"loadBalancer": {}},
    })
}

pub(crate) fn target_group_binding(namespace: &str, name: &str, service: &str) -> Value {
    json!({
        "apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding", "metadata": metadata(namespace, name),
        "spec": {
            "serviceRef": {"name": service, "port": "http"},
            "targetGroupARN": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/shop/0123456789abcdef",
            "targetType": "instance",
            "networking": {"ingress": [{"from": [{"securityGroup": {"groupID": "sg-0123456789abcdef0"}}], "ports": [{"protocol": "TCP"}]}]},
        },
    })
}

fn ingress(namespace: &str, name: &str, services: &[String], paths_per_service: usize) -> Value {
    let path = |service: &String, number: usize| {
        json!({
            "backend": {"service": {"name": service, "port": {"number": 80}}},
            "path": format!("/{service}/{number}"), "pathType": "Prefix",
        })
    };
    let paths: Vec<Value> =
        services.iter().flat_map(|service| (0..paths_per_service).map(move |number| path(service, number))).collect();
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata(namespace, name),
        "spec": {
            "ingressClassName": "alb",
            "rules": [{"host": format!("{name}.example.com"), "http": {"paths": paths}}],
        },
        "status": {"loadBalancer": {"ingress": [{"hostname": format!("k8s-{namespace}-0123456789.eu-central-1.elb.amazonaws.com")}]}},
    })
}

fn gateway_class() -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "alb"},
        "spec": {"controllerName": "gateway.k8s.aws/alb"},
    })
}

fn gateway(namespace: &str, name: &str) -> Value {
    let condition = |kind: &str| {
        json!({
            "type": kind, "status": "True", "reason": kind, "message": "", "observedGeneration": 3,
            "lastTransitionTime": "2026-01-05T08:30:00Z",
        })
    };
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": metadata(namespace, name),
        "spec": {
            "gatewayClassName": "alb",
            "listeners": [{
                "name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "Same"}},
            }],
        },
        "status": {"conditions": [condition("Accepted"), condition("Programmed")]},
    })
}

fn http_route(namespace: &str, name: &str, gateway: &str, services: &[String]) -> Value {
    let rule = |service: &String| {
        json!({
            "matches": [{"path": {"type": "PathPrefix", "value": format!("/{service}")}}],
            "backendRefs": [{"group": "", "kind": "Service", "name": service, "port": 80, "weight": 1}],
        })
    };
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata(namespace, name),
        "spec": {
            "hostnames": [format!("{name}.example.com")],
            "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway}],
            "rules": services.iter().map(rule).collect::<Vec<Value>>(),
        },
    })
}

fn target_group_configuration(namespace: &str, service: &str) -> Value {
    json!({
        "apiVersion": "gateway.k8s.aws/v1", "kind": "TargetGroupConfiguration", "metadata": metadata(namespace, service),
        "spec": {
            "targetReference": {"group": "", "kind": "Service", "name": service},
            "defaultConfiguration": {"targetType": "instance"},
        },
    })
}
