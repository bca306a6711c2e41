//! What is in `deploy/` is what Kubewarden takes, and does what its comments and the pages of `docs/` say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use aws_headless_service_policy::rules::Problem;
use e2e_tests::cases::{self, Case, CaseOutcome, Observed};
use e2e_tests::deploy::uncommented;
use e2e_tests::engine::{Core, Engine, Wasm, granted_access, repository};
use e2e_tests::written;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kubewarden_policy_sdk::crd::policies::admission_policy::AdmissionPolicy;
use kubewarden_policy_sdk::crd::policies::cluster_admission_policy::{
    ClusterAdmissionPolicy, ClusterAdmissionPolicySpec,
};
use kubewarden_policy_sdk::crd::policies::cluster_admission_policy_group::ClusterAdmissionPolicyGroup;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use test_kit::admission::{AdmissionOperation, request};
use test_kit::fields::unknown_fields;
use test_kit::kinds::{group_and_version, plural};
use test_kit::metadata::{PolicyMetadata, Rule};
use test_kit::yaml;

const VERBS: [&str; 3] = ["get", "list", "watch"];

fn read(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

const INSTALL: &str = "docs/install.md";
const OPERATIONS: &str = "docs/operations.md";
const EMERGENCY: &str = "docs/emergency.md";
const CONTROLLER_ERRORS: &str = "docs/controller-errors.md";

/// Every page for administrators, in the order in which they are read.
fn pages() -> String {
    [INSTALL, OPERATIONS, EMERGENCY, CONTROLLER_ERRORS].map(read).join("\n")
}

/// The policies for a cluster without the Gateway API, and for one with it.
const FILES: [&str; 3] = ["deploy/monitor.yaml", "deploy/mutate.yaml", "deploy/reject.yaml"];

fn with_gateway_api(file: &str) -> String {
    file.replace("deploy/", "deploy/gateway/")
}

fn metadata() -> PolicyMetadata {
    PolicyMetadata::parse(&read("policy-metadata.yml"), "policy-metadata.yml").expect("metadata")
}

fn documents(text: &str, name: &str) -> Vec<Value> {
    yaml::documents(text, name).expect("YAML").into_iter().map(|document| document.value).collect()
}

/// An object as its type has it; a field that the type does not know is an error.
#[track_caller]
fn typed<T: serde::Serialize + DeserializeOwned>(object: &Value) -> T {
    assert_eq!(unknown_fields::<T>(object), Vec::<String>::new(), "{object}");
    serde_json::from_value(object.clone()).expect("an object of its kind")
}

/// One ClusterAdmissionPolicy of `deploy/`.
struct Policy {
    /// `FILE: NAME`.
    origin: String,
    name: String,
    /// As it is written.
    object: Value,
    spec: ClusterAdmissionPolicySpec,
}

impl Policy {
    fn read_all(text: &str, file: &str) -> Vec<Self> {
        let of_kind = |object: &Value| object["kind"] == "ClusterAdmissionPolicy";
        let policy = |object: Value| {
            assert_eq!(object["apiVersion"], "policies.kubewarden.io/v1", "{file}");
            let policy: ClusterAdmissionPolicy = typed(&object);
            let name = policy.metadata.name.expect("a name");
            Self { origin: format!("{file}: {name}"), name, object, spec: policy.spec.expect("a spec") }
        };
        documents(text, file).into_iter().filter(of_kind).map(policy).collect()
    }

    fn field(&self, name: &str) -> &Value {
        &self.object["spec"][name]
    }

    fn rules(&self) -> Vec<Rule> {
        serde_json::from_value(self.field("rules").clone()).expect("rules")
    }

    /// The expressions of its matchConditions by name.
    fn conditions(&self) -> BTreeMap<String, String> {
        let conditions = self.spec.match_conditions.clone().unwrap_or_default();
        conditions.into_iter().map(|condition| (condition.name, condition.expression)).collect()
    }
}

/// The files of policies, and what is in them.
fn policies() -> Vec<Policy> {
    let files = FILES.into_iter().map(str::to_owned).chain(FILES.map(with_gateway_api));
    files.flat_map(|file| Policy::read_all(&read(&file), &file)).collect()
}

#[track_caller]
fn policy(origin: &str) -> Policy {
    policies().into_iter().find(|policy| policy.origin == origin).expect("such a policy")
}

/// What `deploy/` has in place of the rules for the Gateway API.
const NO_GATEWAY_API: &str =
    "    # With the Gateway API, apply the file of the same name in deploy/gateway/ instead.\n";

/// What `deploy/gateway/` has.
const GATEWAY_API: &str = r#"    # The Gateway API. Releases before 1.6 lack some of these resources at v1 (listenersets, tcproutes, tlsroutes, udproutes):
    # remove those that `kubectl api-resources --api-group gateway.networking.k8s.io` does not list.
    - apiGroups: ["gateway.networking.k8s.io"]
      apiVersions: ["v1"]
      resources: ["gatewayclasses", "gateways", "grpcroutes", "httproutes", "listenersets", "tcproutes", "tlsroutes", "udproutes"]
      operations: ["CREATE", "UPDATE"]
    - apiGroups: ["gateway.networking.k8s.io"]
      apiVersions: ["v1beta1"]
      resources: ["referencegrants"]
      operations: ["CREATE", "UPDATE"]
    # The controller's own kinds for Gateways. Without its CRDs, remove these four lines.
    - apiGroups: ["gateway.k8s.aws"]
      apiVersions: ["v1"]
      resources: ["loadbalancerconfigurations", "targetgroupconfigurations"]
      operations: ["CREATE", "UPDATE"]
    # With EKS Auto Mode, uncomment these where `kubectl api-resources --api-group eks.amazonaws.com` lists the kinds.
    # - apiGroups: ["eks.amazonaws.com"]
    #   apiVersions: ["v1"]
    #   resources: ["loadbalancerconfigurations", "targetgroupconfigurations"]
    #   operations: ["CREATE", "UPDATE"]
"#;

/// The files for the Gateway API have the rules for it, and are the others otherwise: `make docs` writes them.
#[test]
fn each_file_for_the_gateway_api_is_fresh() {
    for file in FILES {
        let mut text = read(file);
        assert!(text.contains(NO_GATEWAY_API), "{file}");
        for other in FILES {
            text = text.replace(other, &with_gateway_api(other));
        }
        let text = text.replace(NO_GATEWAY_API, GATEWAY_API);
        written::is_fresh(&with_gateway_api(file), &format!("# Written by `make docs`, from {file}.\n{text}")).unwrap();
    }
}

fn names_in(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(repository().join(folder)).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
}

#[test]
fn the_folder_holds_what_is_tested() {
    let names = names_in("deploy");
    // tests/kustomize.rs looks into the folders of Kustomize.
    let folders = ["base", "components", "examples", "gateway", "overlays"];
    let files = ["monitor.yaml", "mutate.yaml", "policy-server-values.yaml", "rbac.yaml", "reject.yaml"];
    assert_eq!(names, folders.into_iter().chain(files).map(str::to_owned).collect());
    assert_eq!(names_in("deploy/examples"), ["admission-policy.yaml", "policy-group.yaml"].map(str::to_owned).into());
    assert_eq!(names_in("deploy/gateway"), ["monitor.yaml", "mutate.yaml", "reject.yaml"].map(str::to_owned).into());
    let page = read(INSTALL);
    for name in names {
        assert!(page.contains(&format!("deploy/{name}")), "{INSTALL} says nothing of deploy/{name}");
    }
    let origins: Vec<String> = policies().into_iter().map(|policy| policy.origin).collect();
    let expected = [
        "deploy/monitor.yaml: aws-headless-service",
        "deploy/mutate.yaml: aws-headless-service-fix",
        "deploy/mutate.yaml: aws-headless-service",
        "deploy/reject.yaml: aws-headless-service",
    ];
    let expected: Vec<String> = expected.into_iter().map(str::to_owned).chain(expected.map(with_gateway_api)).collect();
    assert_eq!(origins, expected);
}

/// What every one of them has, whatever it does with a finding.
#[test]
fn policies_ask_for_what_the_metadata_asks_for() {
    let metadata = metadata();
    let annotations = yaml::single(&read("policy-metadata.yml"), "policy-metadata.yml").expect("YAML");
    let annotation = |name: &str| annotations["annotations"][name].as_str().expect("an annotation");
    let address = annotation("io.kubewarden.policy.ociUrl");
    for policy in policies() {
        let origin = &policy.origin;
        let module = format!("registry://{address}:v{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(policy.field("module"), &module, "{origin}");
        for name in ["io.kubewarden.policy.severity", "io.kubewarden.policy.category"] {
            assert_eq!(policy.object["metadata"]["annotations"][name], annotation(name), "{origin}: {name}");
        }
        let resources: Vec<(&str, &str)> = policy
            .spec
            .context_aware_resources
            .iter()
            .map(|resource| (resource.api_version.as_str(), resource.kind.as_str()))
            .collect();
        let expected: Vec<(&str, &str)> = metadata
            .context_aware_resources
            .iter()
            .map(|resource| (resource.api_version.as_str(), resource.kind.as_str()))
            .collect();
        assert_eq!(resources, expected, "{origin}");

        let exempt = policy.spec.namespace_selector.clone().expect("a namespaceSelector");
        assert_eq!(exempt.match_labels, None, "{origin}: Kubewarden drops matchLabels");
        let [exempt] = exempt.match_expressions.expect("expressions").try_into().expect("one expression");
        assert_eq!((exempt.key.as_str(), exempt.operator.as_str()), ("kubernetes.io/metadata.name", "NotIn"));
        let namespaces = exempt.values.expect("namespaces");
        assert!(["kube-system", "kubewarden"].iter().all(|name| namespaces.iter().any(|found| found == name)));

        // Kubewarden's own limits: 2 to 30 seconds, and an evaluation may not last longer than its webhook.
        let seconds = |name: &str| policy.field(name).as_u64().expect("seconds");
        let (webhook, evaluation) = (seconds("timeoutSeconds"), seconds("timeoutEvalSeconds"));
        assert!(2 <= evaluation && evaluation <= webhook && webhook <= 30, "{origin}");
    }
}

/// The groups, versions and resources of rules.
fn resources_of(rules: &[Rule]) -> BTreeSet<(String, String, String)> {
    let mut resources = BTreeSet::new();
    for rule in rules {
        assert_eq!(rule.operations, ["CREATE", "UPDATE"]);
        for group in &rule.api_groups {
            for version in &rule.api_versions {
                let of_version = |resource: &String| (group.clone(), version.clone(), resource.clone());
                resources.extend(rule.resources.iter().map(of_version));
            }
        }
    }
    resources
}

/// The audit scanner skips a policy that names a kind which is not installed: the rules for EKS Auto Mode are comments, and
/// those for the Gateway API stand in files of their own.
#[test]
fn rules_are_those_of_the_metadata_once_everything_is_installed() {
    let all = resources_of(&metadata().rules);
    let standard = |(group, _, _): &&(String, String, String)| group != "eks.amazonaws.com";
    let of_gateway_api = |(group, _, resource): &&(String, String, String)| {
        group.starts_with("gateway.") || resource.ends_with("configurations")
    };
    for file in FILES {
        let (plain, full) = (read(file), read(&with_gateway_api(file)));
        for policy in Policy::read_all(&uncommented(&full), file) {
            assert_eq!(resources_of(&policy.rules()), all, "{}", policy.origin);
        }
        for policy in Policy::read_all(&full, file) {
            assert_eq!(
                resources_of(&policy.rules()),
                all.iter().filter(standard).cloned().collect(),
                "{}",
                policy.origin
            );
        }
        let without: BTreeSet<_> = all.iter().filter(|it| !of_gateway_api(it)).cloned().collect();
        for policy in Policy::read_all(&uncommented(&plain), file) {
            assert_eq!(resources_of(&policy.rules()), without, "{}", policy.origin);
        }
        for policy in Policy::read_all(&plain, file) {
            let expected = without.iter().filter(standard).cloned().collect();
            assert_eq!(resources_of(&policy.rules()), expected, "{}", policy.origin);
        }
    }
}

#[test]
fn each_file_does_what_its_name_says() {
    #[track_caller]
    fn check(origin: &str, mode: &str, mutating: bool, audit: bool, failure: &str, settings: Value) {
        for origin in [origin.to_owned(), with_gateway_api(origin)] {
            let policy = policy(&origin);
            let found =
                ["mode", "mutating", "backgroundAudit", "failurePolicy", "settings"].map(|name| policy.field(name));
            let expected = [json!(mode), json!(mutating), json!(audit), json!(failure), settings.clone()];
            assert_eq!(found.map(Clone::clone), expected);
            assert_eq!(policy.spec.mutating, mutating);
        }
    }
    let reject = json!({"mode": "reject"});
    check("deploy/monitor.yaml: aws-headless-service", "monitor", false, true, "Ignore", reject.clone());
    check("deploy/reject.yaml: aws-headless-service", "protect", false, true, "Fail", reject.clone());
    check("deploy/mutate.yaml: aws-headless-service", "protect", false, true, "Fail", reject);
    let fix = json!({"mode": "mutate", "advice": []});
    check("deploy/mutate.yaml: aws-headless-service-fix", "protect", true, false, "Ignore", fix);

    // The validating policy is the same alone and beside the mutating one, and is called after the controller's webhooks.
    let validating = policy("deploy/mutate.yaml: aws-headless-service");
    assert_eq!(validating.object, policy("deploy/reject.yaml: aws-headless-service").object);
    for policy in policies() {
        assert!("aws-load-balancer-webhook" < webhook(&policy.name).as_str());
    }
}

/// What the metadata and a file of `deploy/examples/` must agree about.
fn module_address() -> String {
    let annotations = yaml::single(&read("policy-metadata.yml"), "policy-metadata.yml").expect("YAML");
    let address = annotations["annotations"]["io.kubewarden.policy.ociUrl"].as_str().expect("an address");
    format!("registry://{address}:v{}", env!("CARGO_PKG_VERSION"))
}

/// A case as the policy with these settings answers it, when it may look up these kinds and no others.
fn answered(case: &str, settings: &Value, granted: &Value) -> Observed {
    let mut access = granted_access().expect("metadata");
    access.context_aware_resources = serde_json::from_value(granted.clone()).expect("resources");
    let case = cases::read(&repository().join("e2e-tests/cases").join(case), &access).expect("a case");
    let payload = json!({"request": case.request.expect("a request"), "settings": settings}).to_string();
    Core.run(payload.as_bytes(), &case.cluster).expect("an answer")
}

/// A namespaced policy has no kinds that it may look up, and finds what needs no other object.
#[test]
fn the_policy_of_a_namespace_finds_what_needs_no_lookup() {
    let [object] = documents(&read("deploy/examples/admission-policy.yaml"), "the example").try_into().expect("one");
    let spec = typed::<AdmissionPolicy>(&object).spec.expect("a spec");
    assert_eq!(spec.module, module_address());
    assert!(!spec.mutating);
    let settings = &spec.settings.0;
    let outcome = |case: &str| answered(case, settings, &json!([])).outcome();
    // One end is the Service itself.
    assert_eq!(outcome("headless-instance-mode/nlb-service/external-instance--rejected"), CaseOutcome::Reject);
    // The other end is out of sight, from both sides.
    for case in [
        "headless-instance-mode/ingress/service-side-default-instance--rejected",
        "headless-instance-mode/target-group-binding/service-side-instance--rejected",
        "headless-instance-mode/target-group-binding/instance--rejected",
    ] {
        let observed = answered(case, settings, &json!([]));
        assert_eq!(observed.outcome(), CaseOutcome::Accept, "{case}");
        assert_eq!(observed.response["warnings"], Value::Null, "{case}");
    }
    // Without the setting, each of them would be refused.
    let strict = json!({"mode": "reject"});
    let observed =
        answered("headless-instance-mode/target-group-binding/service-side-instance--rejected", &strict, &json!([]));
    assert_eq!((observed.outcome(), &observed.response["code"]), (CaseOutcome::Reject, &json!(500)));
}

/// The members of the group answer for their own controller, and may look up all that they need for it.
#[test]
fn the_policy_group_has_a_member_for_each_controller() {
    let [object] = documents(&read("deploy/examples/policy-group.yaml"), "the example").try_into().expect("one");
    let spec = typed::<ClusterAdmissionPolicyGroup>(&object).spec.expect("a spec");
    assert_eq!(spec.expression, "alb_internal() && alb_public()");
    let conditions =
        spec.match_conditions.expect("conditions").into_iter().map(|it| (it.name, it.expression)).collect();
    assert_eq!(policy("deploy/reject.yaml: aws-headless-service").conditions(), conditions);
    let members = object["spec"]["policies"].as_object().expect("members");
    let everything = policy("deploy/reject.yaml: aws-headless-service");
    assert_eq!(members.keys().collect::<Vec<_>>(), ["alb_internal", "alb_public"]);
    let module = Wasm::built().expect("policy.wasm; `make policy.wasm` builds it");
    for (name, member) in members {
        assert_eq!(member["module"], module_address().as_str(), "{name}");
        assert_eq!(&member["contextAwareResources"], everything.field("contextAwareResources"), "{name}");
        assert!(module.policy.validate_settings(&member["settings"].to_string()).expect("an answer").valid, "{name}");
        // The case is about the class `alb`; its controller is this member's, as far as the rest goes.
        let mut settings = member["settings"].clone();
        settings["controller"]["ingressClass"] = json!("alb");
        let expected = if name == "alb_public" { CaseOutcome::Reject } else { CaseOutcome::Accept };
        for case in ["ingress/default-instance--rejected", "ingress/service-side-default-instance--rejected"] {
            let case = format!("headless-instance-mode/{case}");
            let observed = answered(&case, &settings, &member["contextAwareResources"]);
            assert_eq!(observed.outcome(), expected, "{name}: {case}: {}", observed.response["message"]);
        }
    }
}

/// The smallest policy, which people copy, may look up all that it needs.
#[test]
fn the_policy_of_the_readme_refuses() {
    let page = read("README.md");
    let block =
        blocks(&page, "yaml").into_iter().find(|block| block.contains("ClusterAdmissionPolicy")).expect("a policy");
    let [policy] = Policy::read_all(&block, "README.md").try_into().ok().expect("one policy");
    let mut access = granted_access().expect("metadata");
    access.context_aware_resources =
        serde_json::from_value(policy.field("contextAwareResources").clone()).expect("resources");
    let case = "e2e-tests/cases/headless-instance-mode/target-group-binding/instance--rejected";
    let case = cases::read(&repository().join(case), &access).expect("a case");
    let request = case.request.expect("a request");
    let payload = json!({"request": request, "settings": policy.field("settings")}).to_string();
    let observed = Core.run(payload.as_bytes(), &case.cluster).expect("an answer");
    assert_eq!(observed.outcome(), CaseOutcome::Reject);
    assert_eq!(observed.response["code"], 403);
    assert!(observed.exchanges.iter().all(|exchange| exchange.request["kind"] == "Service"));
}

#[test]
fn the_module_takes_their_settings() {
    let module = Wasm::built().expect("policy.wasm; `make policy.wasm` builds it");
    for policy in policies() {
        let answer = module.policy.validate_settings(&policy.spec.settings.0.to_string()).expect("an answer");
        assert_eq!((answer.valid, answer.message), (true, None), "{}", policy.origin);
    }
}

/// Group and plural name of the kinds that are looked up.
fn looked_up() -> BTreeSet<(String, String)> {
    let of_kind = |api_version: &str, kind: &str| (group_and_version(api_version).0.to_owned(), plural(kind));
    let resources = metadata().context_aware_resources;
    resources.iter().map(|resource| of_kind(&resource.api_version, &resource.kind)).collect()
}

#[test]
fn the_role_covers_exactly_what_is_looked_up() {
    let objects = documents(&read("deploy/rbac.yaml"), "deploy/rbac.yaml");
    let [role, binding, audit_role, audit_binding] = objects.as_slice() else { panic!("two roles, two bindings") };
    let granted = |role: &Value| {
        let role: ClusterRole = typed(role);
        assert_eq!(role.aggregation_rule, None);
        let mut granted = Vec::new();
        for rule in role.rules.expect("rules") {
            assert_eq!(rule.verbs, VERBS);
            assert_eq!((rule.resource_names, rule.non_resource_urls), (None, None));
            for group in rule.api_groups.expect("groups") {
                let resources = rule.resources.clone().expect("resources");
                granted.extend(resources.into_iter().map(|resource| (group.clone(), resource)));
            }
        }
        granted.sort();
        granted
    };
    let bound = |role: &Value, binding: &Value, account: &str| {
        let (role, binding): (ClusterRole, ClusterRoleBinding) = (typed(role), typed(binding));
        assert_eq!((binding.role_ref.kind.as_str(), Some(binding.role_ref.name)), ("ClusterRole", role.metadata.name));
        let [subject] = binding.subjects.expect("subjects").try_into().expect("one subject");
        assert_eq!((subject.kind.as_str(), subject.name.as_str()), ("ServiceAccount", account));
        assert_eq!(subject.namespace.as_deref(), Some("kubewarden"));
    };
    assert_eq!(granted(role), looked_up().into_iter().collect::<Vec<_>>());
    bound(role, binding, "policy-server");
    // Of what is audited, only what the role `view` does not have.
    let audited = resources_of(&metadata().rules).into_iter().map(|(group, _, resource)| (group, resource));
    let is_viewed = |resource: &str| ["services", "ingresses"].contains(&resource);
    let expected: BTreeSet<_> = audited.filter(|(_, resource)| !is_viewed(resource)).collect();
    assert_eq!(granted(audit_role), expected.into_iter().collect::<Vec<_>>());
    bound(audit_role, audit_binding, "audit-scanner");
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Permission {
    api_group: String,
    resources: BTreeSet<String>,
    verbs: Option<Vec<String>>,
}

/// The chart grants get, list and watch where no verbs are given; a list in values replaces the chart's own as a whole.
#[test]
fn the_values_of_the_chart_cover_the_same_and_what_the_chart_grants_by_itself() {
    let name = "deploy/policy-server-values.yaml";
    let values = yaml::single(&read(name), name).expect("YAML");
    assert_eq!(values.as_object().expect("a map").keys().collect::<Vec<_>>(), ["policyServer"]);
    let server = values["policyServer"].as_object().expect("a map");
    assert_eq!(server.keys().collect::<Vec<_>>(), ["permissions"]);
    let permissions: Vec<Permission> = serde_json::from_value(server["permissions"].clone()).expect("permissions");
    let (mut readable, mut other) = (BTreeSet::new(), Vec::new());
    for permission in permissions {
        let of_group = |resource: &String| (permission.api_group.clone(), resource.clone());
        match &permission.verbs {
            None => readable.extend(permission.resources.iter().map(of_group)),
            Some(verbs) => other.push((permission.resources.iter().map(of_group).collect::<Vec<_>>(), verbs.clone())),
        }
    }
    let pair = |group: &str, resource: &str| (group.to_owned(), resource.to_owned());
    let mut expected = looked_up();
    expected.insert(pair("", "pods"));
    assert_eq!(readable, expected);
    assert_eq!(other, [(vec![pair("authorization.k8s.io", "subjectaccessreviews")], vec!["create".to_owned()])]);
}

/// Whether the API server would ask the policy. An error of an expression fails the test: in a cluster, failurePolicy
/// would decide.
#[track_caller]
fn is_asked(conditions: &BTreeMap<String, String>, request: &Value) -> bool {
    let mut context = cel::Context::default();
    for (name, value) in [("request", request), ("object", &request["object"]), ("oldObject", &request["oldObject"])] {
        context.add_variable_from_value(name, cel::to_value(value).expect("a CEL value"));
    }
    // All of them, as an error counts even beside a condition that does not hold.
    let holds = |(name, expression): (&String, &String)| {
        let program = cel::Program::compile(expression).unwrap_or_else(|error| panic!("{name}: {error}"));
        match program.execute(&context) {
            Ok(cel::Value::Bool(holds)) => holds,
            other => panic!("{name}: {other:?} for {request}"),
        }
    };
    conditions.iter().map(holds).collect::<Vec<_>>().into_iter().all(|holds| holds)
}

#[test]
fn match_conditions_keep_ordinary_services_away_and_nothing_else() {
    let all: Vec<BTreeMap<String, String>> = policies().iter().map(Policy::conditions).collect();
    let [conditions, rest @ ..] = all.as_slice() else { panic!("policies") };
    assert!(rest.iter().all(|other| other == conditions), "policies with different conditions");
    let names: Vec<&str> = conditions.keys().map(String::as_str).collect();
    assert_eq!(names, ["not-being-deleted", "service-is-headless-or-forwards"]);

    #[track_caller]
    fn check(conditions: &BTreeMap<String, String>, object: Value, expected: bool) {
        for (operation, old) in [(AdmissionOperation::Create, None), (AdmissionOperation::Update, Some(&object))] {
            assert_eq!(is_asked(conditions, &request(operation, Some(&object), old)), expected, "{object}");
        }
    }
    let object = |api_version: &str, kind: &str, metadata: Value, spec: Value| {
        let mut object = json!({
            "apiVersion": api_version, "kind": kind, "metadata": {"name": "cart", "namespace": "shop"}, "spec": spec,
        });
        if let (Some(metadata), Value::Object(more)) = (object["metadata"].as_object_mut(), metadata) {
            metadata.extend(more);
        }
        object
    };
    let service = |metadata: Value, spec: Value| object("v1", "Service", metadata, spec);
    let annotated = |key: &str| json!({"annotations": {"example.com/a": "b", key: "{}"}});
    let ordinary = || json!({"type": "ClusterIP", "clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.7"], "ports": []});

    // Ordinary Services stay away, whatever they leave out.
    check(conditions, service(json!({}), ordinary()), false);
    check(conditions, service(json!({"annotations": {}, "labels": {}}), ordinary()), false);
    check(conditions, service(json!({}), json!({"ports": []})), false);
    check(conditions, service(json!({}), json!({"clusterIP": ""})), false);
    check(conditions, service(json!({}), json!({"clusterIPs": []})), false);
    check(conditions, service(json!({}), json!({"type": "ExternalName", "externalName": "example.com"})), false);
    check(conditions, json!({"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "cart-"}}), false);
    let load_balancer = "service.beta.kubernetes.io/aws-load-balancer-type";
    check(conditions, service(annotated(load_balancer), ordinary()), false);
    check(conditions, service(annotated("alb.ingress.kubernetes.io/actions.weighted"), ordinary()), false);
    // Headless ones do not, nor do those that forward to others.
    check(conditions, service(json!({}), json!({"clusterIP": "None", "clusterIPs": ["None"]})), true);
    check(conditions, service(json!({}), json!({"clusterIP": "None"})), true);
    check(conditions, service(json!({}), json!({"clusterIPs": ["None"]})), true);
    check(conditions, service(annotated("service.beta.kubernetes.io/actions.TCP-80"), ordinary()), true);
    check(conditions, service(annotated("service.beta.kubernetes.io/actions.TCP-80"), json!({})), true);
    // Every other kind passes.
    let binding = json!({"serviceRef": {"name": "cart", "port": 80}});
    check(conditions, object("networking.k8s.io/v1", "Ingress", json!({}), json!({})), true);
    check(conditions, object("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", json!({}), binding.clone()), true);
    check(conditions, object("eks.amazonaws.com/v1", "TargetGroupBinding", json!({}), binding.clone()), true);
    // What is being deleted stays away, so that finalizers come off.
    let deleted = || json!({"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/a"]});
    check(conditions, object("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", deleted(), binding), false);
    check(conditions, object("networking.k8s.io/v1", "Ingress", deleted(), json!({})), false);
    check(conditions, service(deleted(), json!({"clusterIP": "None"})), false);
}

/// The cases that the API server would ask about, were there no matchConditions.
fn cases_within_the_rules() -> Vec<(&'static Case, Value)> {
    let metadata = metadata();
    let within = |case: &'static Case| {
        let request = case.request.clone()?;
        let object = request.get("object").filter(|object| object.is_object())?;
        let text = |name: &str| object[name].as_str().unwrap_or_default();
        let operation = [AdmissionOperation::Create, AdmissionOperation::Update]
            .into_iter()
            .find(|it| request["operation"] == it.name())?;
        // The API server itself refuses what is of another type than its kind says.
        let is_valid = !case.name.starts_with("bad-input/");
        let is_object = request.get("subResource").is_none_or(Value::is_null);
        (is_valid && is_object && metadata.matches(text("apiVersion"), text("kind"), operation))
            .then_some((case, request))
    };
    cases::all().expect("readable cases").iter().filter_map(within).collect()
}

/// What they keep away, the policy would have admitted without a lookup, a warning or a line in the log.
#[test]
fn match_conditions_change_no_verdict() {
    let conditions = policy("deploy/reject.yaml: aws-headless-service").conditions();
    let (mut kept_away, mut asked) = (0, 0);
    for (case, request) in cases_within_the_rules() {
        if case.settings.get("services").is_some_and(|services| services == "withoutNodePort") {
            continue;
        }
        if is_asked(&conditions, &request) {
            asked += 1;
            continue;
        }
        kept_away += 1;
        let observed = Core.run(&case.payload, &case.cluster).expect("an answer");
        assert_eq!(observed.outcome(), CaseOutcome::Accept, "{}", case.name);
        assert_eq!(observed.response["warnings"], Value::Null, "{}", case.name);
        assert_eq!((observed.exchanges, observed.logs), (vec![], vec![]), "{}", case.name);
    }
    assert!(kept_away >= 5 && asked >= 100, "{kept_away} kept away, {asked} asked");
}

/// What the mutating policy fixed, the validating one beside it admits.
#[test]
fn the_validating_policy_admits_what_was_fixed() {
    let mut fixed = 0;
    for (case, mut request) in cases_within_the_rules() {
        let observed = Core.run(&case.payload, &case.cluster).expect("an answer");
        let Some(object) = observed.mutated_object() else { continue };
        request["object"] = object.clone();
        let mut settings = case.settings.clone();
        settings.insert("mode".to_owned(), json!("reject"));
        let payload = json!({"request": request, "settings": settings}).to_string();
        let after = Core.run(payload.as_bytes(), &case.cluster).expect("an answer");
        assert_eq!(after.outcome(), CaseOutcome::Accept, "{}: {}", case.name, after.response["message"]);
        fixed += 1;
    }
    assert!(fixed >= 10, "only {fixed} cases with a fix");
}

/// What the page quotes as the policy's words are its words, in some case.
#[test]
fn the_page_quotes_what_the_policy_says() {
    let page = pages();
    let said: BTreeSet<&String> = cases::all()
        .expect("readable cases")
        .iter()
        .filter_map(|case| case.expect.derived.as_ref())
        .flat_map(|derived| derived.warnings.iter().chain(&derived.message))
        .collect();
    let mut quotes = vec![String::new()];
    for line in page.lines() {
        match line.strip_prefix("> ") {
            Some(text) => {
                let quote = quotes.last_mut().expect("a quote");
                *quote = format!("{quote} {text}").trim().to_owned();
            }
            None => quotes.push(String::new()),
        }
    }
    quotes.retain(|quote| !quote.is_empty());
    assert!(quotes.len() >= 4, "{quotes:?}");
    for quote in quotes {
        assert!(said.contains(&quote), "no case says: {quote}");
    }

    // The step between monitor and reject is one edit of a file.
    assert!(page.contains("sed 's/mode: reject/mode: warn/' deploy/reject.yaml"));
    let text = read("deploy/reject.yaml");
    let [warning] = Policy::read_all(&text.replace("mode: reject", "mode: warn"), "warn").try_into().ok().expect("one");
    assert_eq!((warning.field("settings"), warning.field("mode")), (&json!({"mode": "warn"}), &json!("protect")));
}

/// The blocks of a page that begin with a fence and this word, without the indentation of the list that they stand in.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(indentation) = line.strip_suffix(&format!("```{language}")) else { continue };
        let inside = lines.by_ref().take_while(|line| line.trim_start() != "```");
        blocks.push(inside.map(|line| line.strip_prefix(indentation).unwrap_or(line)).collect::<Vec<_>>().join("\n"));
    }
    blocks
}

/// The commands of a block, each on one line.
fn commands(block: &str) -> Vec<String> {
    let joined = block.replace("\\\n", " ");
    let commands = joined.lines().filter_map(|line| line.strip_prefix("$ "));
    commands.map(|command| command.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// What Kubewarden calls the webhook configuration of a ClusterAdmissionPolicy since 1.37.2.
fn webhook(policy: &str) -> String {
    format!("kw.cap.{policy}")
}

/// An object in the cluster that a command of the page names, once everything in `deploy/` is deployed.
fn deployed(kind: &str, name: &str) -> Option<Value> {
    let policies = policies().into_iter().filter(|policy| !policy.origin.contains("/monitor.yaml"));
    policies.map(|policy| (policy.spec.mutating, policy)).find_map(|(mutating, policy)| {
        // Kubewarden: internal/controller/policy_subreconciler_webhook.go.
        let webhook = json!({
            "metadata": {"name": webhook(&policy.name)},
            "webhooks": [{
                "name": format!("{}.kubewarden.admission", webhook(&policy.name)),
                "admissionReviewVersions": ["v1"],
                "clientConfig": {},
                "sideEffects": "None",
                "failurePolicy": policy.field("failurePolicy"),
            }],
        });
        let object = match kind {
            "clusteradmissionpolicy" => policy.object,
            "validatingwebhookconfiguration" if !mutating => webhook,
            "mutatingwebhookconfiguration" if mutating => webhook,
            _ => return None,
        };
        (object["metadata"]["name"] == name).then_some(object)
    })
}

/// What the page has people change or delete is there, and valid afterwards.
#[test]
fn the_commands_of_the_page_are_about_what_is_deployed() {
    let module = Wasm::built().expect("policy.wasm; `make policy.wasm` builds it");
    let page = pages();
    let (mut deleted, mut patched) = (0, Vec::new());
    for command in blocks(&page, "console").iter().flat_map(|block| commands(block)) {
        let words: Vec<&str> = command.split(' ').take_while(|word| !word.starts_with('-')).collect();
        let ["kubectl", verb @ ("delete" | "patch"), kind, names @ ..] = words.as_slice() else { continue };
        if *kind == "job" {
            continue;
        }
        let objects = names.iter().map(|name| deployed(kind, name).unwrap_or_else(|| panic!("{command}: no {name}")));
        let objects: Vec<Value> = objects.collect();
        assert!(!objects.is_empty(), "{command}");
        if *verb == "delete" {
            deleted += 1;
            continue;
        }
        let patch = command.split('\'').nth(1).expect("a patch");
        for mut object in objects {
            if command.contains(" --type json ") {
                let before = object.clone();
                let patch: json_patch::Patch = serde_json::from_str(patch).expect("a patch");
                json_patch::patch(&mut object, &patch).expect("a patch that fits");
                assert_ne!(object, before, "{command}");
                typed::<ValidatingWebhookConfiguration>(&object);
                patched.push(object.pointer("/webhooks/0/failurePolicy").cloned());
            } else {
                assert!(command.contains(" --type merge "), "{command}");
                json_patch::merge(&mut object, &serde_json::from_str(patch).expect("a patch"));
                let spec = typed::<ClusterAdmissionPolicy>(&object).spec.expect("a spec");
                let answer = module.policy.validate_settings(&spec.settings.0.to_string()).expect("an answer");
                assert!(answer.valid, "{command}");
                patched.push(object.pointer("/spec/failurePolicy").cloned());
                patched.push(object.pointer("/spec/settings/mode").cloned());
            }
        }
    }
    let expected = ["Ignore", "Ignore", "reject", "Fail", "warn"].map(|text| Some(json!(text)));
    assert_eq!(patched, expected, "the webhook; the policy and its mode, first the one, then the other");
    assert_eq!(deleted, 4);
}

/// In `mode: mutate` the fixing policy refuses too, so that it goes before the other one only warns.
#[test]
fn nothing_refuses_once_the_page_has_people_warn() {
    let page = read(EMERGENCY);
    let all = blocks(&page, "console");
    let block = all.iter().find(|block| block.contains(r#"{"mode": "warn"}"#)).expect("a patch");
    let [first, second, ..] = &commands(block)[..] else { panic!("{block}") };
    assert_eq!(first, "kubectl delete clusteradmissionpolicy aws-headless-service-fix --ignore-not-found");
    assert!(second.starts_with("kubectl patch clusteradmissionpolicy aws-headless-service "), "{second}");
    let fixing = policy("deploy/mutate.yaml: aws-headless-service-fix");
    let refused = cases_within_the_rules().into_iter().any(|(case, _)| {
        case.settings.get("mode") == fixing.spec.settings.0.get("mode") && case.expect.outcome == CaseOutcome::Reject
    });
    assert!(refused, "no case that `mode: mutate` refuses");
}

/// Kubewarden's status of a policy is that of the policy server before the change, until the rollout is over.
#[test]
fn the_page_waits_for_what_it_changes() {
    let page = pages();
    let mut waits = 0;
    for block in blocks(&page, "console") {
        let commands = commands(&block);
        let changes = |command: &String| {
            ["monitor", "reject", "mutate"].iter().any(|file| command.contains(&format!("deploy/{file}.yaml")))
                || command.contains(r#"--patch '{"spec": {"settings""#)
        };
        let Some(last) = commands.iter().rposition(changes) else { continue };
        let rollout = "kubectl rollout status deployment/policy-server-default --namespace kubewarden --timeout=5m";
        assert_eq!(commands.get(last + 1..last + 3).unwrap_or_default(), ["sleep 10", rollout], "{block}");
        waits += 1;
    }
    assert_eq!(waits, 6, "audit, warn, reject, mutate, the migration, and the emergency");
}

/// The loop that asks for permissions.
#[test]
fn the_page_asks_for_every_kind_that_is_looked_up() {
    let page = read(INSTALL);
    let all = blocks(&page, "console");
    let block = all.iter().find(|block| block.contains("kubectl auth can-i")).expect("the loop");
    let named = block.replace("\\\n", " ");
    let words = |variable: &str| {
        let list = named.split(&format!("for {variable} in ")).nth(1).and_then(|rest| rest.split(';').next());
        list.expect("a loop").split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let dotted = |(group, resource): (String, String)| format!("{resource}.{group}").trim_end_matches('.').to_owned();
    assert_eq!(words("resource").into_iter().collect::<BTreeSet<_>>(), looked_up().into_iter().map(dotted).collect());
    assert_eq!(words("verb"), VERBS);
}

/// What the audit scanner says when it leaves the policy out, in all the places where somebody looks.
#[test]
fn the_page_and_the_files_say_the_same_of_unknown_kinds() {
    let message = "`failed to obtain unknown GroupVersion resources`";
    let text = |name: &str| read(name).replace("    # ", "").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text(INSTALL).contains(message));
    for policy in policies() {
        let file = policy.origin.split(':').next().expect("a file");
        let count = policies().iter().filter(|other| other.origin.starts_with(file)).count();
        assert_eq!(text(file).matches(message).count(), count, "{file}");
    }
}

/// What Argo CD is told to ignore, by group and kind: JSON pointers, and jq paths of keys and `[]`.
fn ignored_by_argo_cd() -> BTreeMap<(String, String), Vec<String>> {
    let page = read(OPERATIONS);
    let all = blocks(&page, "yaml");
    let applications = all.iter().map(|block| yaml::single(block, OPERATIONS).expect("YAML"));
    let application = applications.into_iter().find(|block| block["kind"] == "Application").expect("an Application");
    let mut ignored = BTreeMap::new();
    for entry in application["spec"]["ignoreDifferences"].as_array().expect("a list") {
        let text = |name: &str| entry[name].as_str().expect("a string").to_owned();
        let paths = ["jsonPointers", "jqPathExpressions"].into_iter().flat_map(|name| entry[name].as_array());
        let paths = paths.flatten().map(|path| path.as_str().expect("a path").to_owned());
        ignored.insert((text("group"), text("kind")), paths.collect());
    }
    ignored
}

/// The keys of a path; `[]` is every item of a list.
fn keys_of(path: &str) -> Vec<String> {
    if path.starts_with('.') {
        path.replace("[]", ".[]").split('.').skip(1).map(str::to_owned).collect()
    } else {
        path.split('/').skip(1).map(|key| key.replace("~1", "/")).collect()
    }
}

/// Takes what is at a path out of an object, with the maps that are empty then.
fn take_out(object: &mut Value, keys: &[String]) {
    let [key, rest @ ..] = keys else { return };
    if let Value::Array(items) = object {
        assert_eq!(key, "[]");
        return items.iter_mut().for_each(|item| take_out(item, rest));
    }
    let Some(map) = object.as_object_mut() else { return };
    if let Some(inner) = map.get_mut(key).filter(|_| !rest.is_empty()) {
        take_out(inner, rest);
    }
    if rest.is_empty() || map.get(key) == Some(&json!({})) {
        map.shift_remove(key);
    }
}

/// Argo CD compares an object of git with a fixed one as if these places were in neither.
#[test]
fn argo_cd_sees_no_difference_where_an_object_was_fixed() {
    let ignored = ignored_by_argo_cd();
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    let mut fixed_kinds = BTreeSet::new();
    for (case, request) in cases_within_the_rules() {
        let observed = Core.run(&case.payload, &case.cluster).expect("an answer");
        let Some(fixed) = observed.mutated_object() else { continue };
        let (mut before, mut after) = (request["object"].clone(), fixed.clone());
        let text = |name: &str| before[name].as_str().unwrap_or_default().to_owned();
        let kind = (group_and_version(&text("apiVersion")).0.to_owned(), text("kind"));
        for path in &ignored[&kind] {
            let others = ignored[&kind].iter().filter(|other| *other != path);
            let (mut before, mut after) = (before.clone(), after.clone());
            for other in others.map(|other| keys_of(other)) {
                take_out(&mut before, &other);
                take_out(&mut after, &other);
            }
            if before != after {
                used.insert((kind.1.clone(), path.clone()));
            }
        }
        for path in &ignored[&kind] {
            take_out(&mut before, &keys_of(path));
            take_out(&mut after, &keys_of(path));
        }
        assert_eq!(before, after, "{}", case.name);
        fixed_kinds.insert(kind);
    }
    // A TargetGroupConfiguration has two places, and one is enough for a case.
    fixed_kinds.retain(|(_, kind)| kind != "TargetGroupConfiguration");
    let of_fixed = ignored.into_iter().filter(|(kind, _)| fixed_kinds.contains(kind));
    let all: BTreeSet<_> =
        of_fixed.flat_map(|((_, kind), paths)| paths.into_iter().map(move |path| (kind.clone(), path))).collect();
    used.retain(|(kind, _)| kind != "TargetGroupConfiguration");
    assert_eq!(used, all, "ignored, and never set");
}

/// An error of the controller, quoted by a rule, is what people come to the page with.
#[test]
fn the_page_lists_the_errors_that_the_rules_name() {
    let page = read(CONTROLLER_ERRORS);
    let table: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    let first_cells: Vec<&str> = table.iter().filter_map(|row| row.split('|').next()).collect();
    let mut quoted: BTreeSet<String> = BTreeSet::new();
    for rule in Problem::IDS {
        let text = read(&format!("src/rules/{}.rs", rule.replace('-', "_")));
        let comment: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
        let section = comment.iter().skip_while(|line| **line != "## What the controller does").skip(1);
        let section = section.take_while(|line| !line.starts_with("## ")).copied().collect::<Vec<_>>().join(" ");
        // Files, functions and events are one word each.
        quoted.extend(section.split('`').skip(1).step_by(2).filter(|code| code.contains(' ')).map(str::to_owned));
    }
    assert!(quoted.len() >= 4, "{quoted:?}");
    for error in quoted {
        let example = error.replace("NAMESPACE/NAME", "shop/cart");
        let is_listed = first_cells.iter().any(|cell| cell.starts_with(&format!("{example}`")));
        assert!(is_listed, "{CONTROLLER_ERRORS} does not list: {example}");
    }
}
