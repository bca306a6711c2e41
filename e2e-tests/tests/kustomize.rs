//! The overlays and components of `deploy/` are the plain files in other words: every overlay with every component is built here,
//! and what comes of it is compared with the plain files.
//!
//! Kustomize is not on every machine. `build` below does what these few files use of it, and refuses the rest. `make kustomize`
//! compares it with the Kustomize that is in kubectl.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e_tests::engine::{Wasm, repository};
use e2e_tests::written;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kubewarden_policy_sdk::crd::policies::ClusterAdmissionPolicy;
use serde::Deserialize;
use serde_json::{Value, json};
use test_kit::fields::unknown_fields;
use test_kit::metadata::{PolicyMetadata, Rule};
use test_kit::yaml;

const OVERLAYS: [&str; 3] = ["monitor", "mutate", "reject"];

/// What is installed beside the AWS Load Balancer Controller, or in its place; one of them, or none.
const CLUSTERS: [&str; 5] =
    ["auto-mode", "auto-mode-alone", "auto-mode-alone-gateway-api", "auto-mode-gateway-api", "gateway-api"];

/// Another namespace, whatever is installed.
const RANCHER: &str = "rancher";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kustomization {
    api_version: String,
    kind: String,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    components: Vec<String>,
    #[serde(default)]
    patches: Vec<Patch>,
    #[serde(default)]
    name_suffix: String,
}

/// A JSON patch of all objects of a kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    target: Target,
    patch: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    kind: String,
}

fn deploy(path: &str) -> PathBuf {
    repository().join("deploy").join(path)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn documents(path: &Path) -> Vec<Value> {
    let documents = yaml::documents(&read(path), &path.display().to_string()).expect("YAML");
    documents.into_iter().map(|document| document.value).collect()
}

fn kustomization(folder: &Path) -> Kustomization {
    let file = folder.join("kustomization.yaml");
    let [value] = documents(&file).try_into().expect("one document");
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// What Kustomize makes of a folder.
fn build(folder: &Path) -> Vec<Value> {
    let kustomization = kustomization(folder);
    assert_eq!(kustomization.kind, "Kustomization", "{}", folder.display());
    assert_eq!(kustomization.api_version, "kustomize.config.k8s.io/v1beta1", "{}", folder.display());
    let mut objects = Vec::new();
    for resource in &kustomization.resources {
        let path = folder.join(resource);
        objects.extend(if path.is_dir() { build(&path) } else { documents(&path) });
    }
    transform(folder, &kustomization, &mut objects);
    objects
}

/// First the components, then what the folder itself changes.
fn transform(folder: &Path, kustomization: &Kustomization, objects: &mut [Value]) {
    for component in &kustomization.components {
        apply(&folder.join(component), objects);
    }
    for Patch { target, patch } in &kustomization.patches {
        let patch = yaml::single(patch, &folder.display().to_string()).expect("YAML");
        let patch: json_patch::Patch = serde_json::from_value(patch).expect("a JSON patch");
        let targets: Vec<&mut Value> = objects.iter_mut().filter(|object| object["kind"] == target.kind).collect();
        assert!(!targets.is_empty(), "{}: no {}", folder.display(), target.kind);
        for object in targets {
            json_patch::patch(object, &patch).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        }
    }
    for object in objects {
        let name = object["metadata"]["name"].as_str().expect("a name");
        object["metadata"]["name"] = format!("{name}{}", kustomization.name_suffix).into();
    }
}

fn apply(component: &Path, objects: &mut [Value]) {
    let kustomization = kustomization(component);
    assert_eq!(kustomization.kind, "Component", "{}", component.display());
    assert_eq!(kustomization.api_version, "kustomize.config.k8s.io/v1alpha1", "{}", component.display());
    assert_eq!((kustomization.resources.len(), kustomization.name_suffix.as_str()), (0, ""));
    transform(component, &kustomization, objects);
}

fn built(overlay: &str, components: &[&str]) -> Vec<Value> {
    let mut objects = build(&deploy("overlays").join(overlay));
    for component in components {
        apply(&deploy("components").join(component), &mut objects);
    }
    objects
}

/// Every overlay with every kind of cluster, with and without Rancher.
fn combinations() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut all = Vec::new();
    for overlay in OVERLAYS {
        for cluster in [None].into_iter().chain(CLUSTERS.map(Some)) {
            for rancher in [None, Some(RANCHER)] {
                all.push((overlay, cluster.into_iter().chain(rancher).collect()));
            }
        }
    }
    all
}

/// By kind and name, as their order means nothing.
fn by_name(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let count = objects.len();
    let name = |object: &Value| format!("{} {}", object["kind"], object["metadata"]["name"]);
    let named: BTreeMap<String, Value> = objects.into_iter().map(|object| (name(&object), object)).collect();
    assert_eq!(named.len(), count, "two objects of one name: {:?}", named.keys());
    named
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
}

#[test]
fn every_overlay_and_component_is_built_here() {
    assert_eq!(names_in(&deploy("overlays")), OVERLAYS.map(str::to_owned).into());
    let components = CLUSTERS.into_iter().chain([RANCHER]).map(str::to_owned);
    assert_eq!(names_in(&deploy("components")), components.collect());
    assert_eq!(combinations().len(), 36);
}

/// A file outside of its folder is none that Kustomize reads, so the base has copies.
#[test]
fn the_base_is_fresh() {
    for (copy, original) in [("rbac.yaml", "rbac.yaml"), ("policy/policy.yaml", "reject.yaml")] {
        let text = read(&deploy(original));
        let text = format!("# Written by `make docs`, from deploy/{original}.\n{text}");
        written::is_fresh(&format!("deploy/base/{copy}"), &text).unwrap();
    }
}

/// The rules that are comments in a plain file become rules.
fn uncommented(text: &str) -> String {
    let mut is_rule = false;
    let lines = text.lines().map(|line| {
        is_rule = line.starts_with("    # - apiGroups:") || (is_rule && line.starts_with("    #   "));
        if is_rule { line.replacen("    # ", "    ", 1) } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Rules are a set: their order means nothing.
fn with_sorted_rules(mut objects: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    for object in objects.values_mut() {
        if let Some(Value::Array(rules)) = object.pointer_mut("/spec/rules") {
            rules.sort_by_key(ToString::to_string);
        }
    }
    objects
}

/// `kubectl apply --kustomize deploy/overlays/reject` does what `kubectl apply --filename` of the plain files does.
#[test]
fn overlays_are_the_plain_files() {
    for overlay in OVERLAYS {
        for (cluster, folder, auto_mode) in [
            (None, "", false),
            (Some("gateway-api"), "gateway/", false),
            (Some("auto-mode"), "", true),
            (Some("auto-mode-gateway-api"), "gateway/", true),
        ] {
            let file = deploy(&format!("{folder}{overlay}.yaml"));
            let text = if auto_mode { uncommented(&read(&file)) } else { read(&file) };
            let policies = yaml::documents(&text, "a plain file").expect("YAML");
            let mut plain: Vec<Value> = policies.into_iter().map(|document| document.value).collect();
            plain.extend(documents(&deploy("rbac.yaml")));
            let components: Vec<&str> = cluster.into_iter().collect();
            assert_eq!(
                with_sorted_rules(by_name(built(overlay, &components))),
                with_sorted_rules(by_name(plain)),
                "{overlay} {cluster:?}"
            );
        }
    }
}

/// The groups and resources of the rules.
fn resources_of(policy: &Value) -> BTreeSet<(String, String)> {
    let rules: Vec<Rule> = serde_json::from_value(policy["spec"]["rules"].clone()).expect("rules");
    let pairs = rules.iter().flat_map(|rule| {
        rule.api_groups
            .iter()
            .flat_map(|group| rule.resources.iter().map(move |resource| (group.clone(), resource.clone())))
    });
    pairs.collect()
}

/// Whether a kind is in a cluster. What is not there, no rule may name: the audit scanner would skip the policy.
fn is_installed(cluster: Option<&str>, group: &str, resource: &str) -> bool {
    let has = |part: &str| cluster.is_some_and(|cluster| cluster.contains(part));
    let is_alone = has("auto-mode-alone");
    match group {
        "elbv2.k8s.aws" => !is_alone,
        "gateway.k8s.aws" => has("gateway-api") && !is_alone,
        "gateway.networking.k8s.io" => has("gateway-api"),
        "eks.amazonaws.com" if resource.ends_with("configurations") => has("auto-mode") && has("gateway-api"),
        "eks.amazonaws.com" => has("auto-mode"),
        _ => true,
    }
}

#[test]
fn every_combination_is_what_kubewarden_takes_and_names_what_is_installed() {
    let text = read(&repository().join("policy-metadata.yml"));
    let metadata = PolicyMetadata::parse(&text, "policy-metadata.yml").expect("metadata");
    let rules = metadata.rules.iter();
    let all: BTreeSet<(String, String)> = rules
        .flat_map(|rule| rule.resources.iter().map(|resource| (rule.api_groups.concat(), resource.clone())))
        .collect();
    let module = Wasm::built().expect("policy.wasm; `make policy.wasm` builds it");
    for (overlay, components) in combinations() {
        let cluster = components.iter().copied().find(|component| *component != RANCHER);
        let namespace = if components.contains(&RANCHER) { "cattle-kubewarden-system" } else { "kubewarden" };
        let place = format!("{overlay} {components:?}");
        let (mut policies, mut subjects) = (0, 0);
        for object in built(overlay, &components) {
            let unknown = match object["kind"].as_str().expect("a kind") {
                "ClusterAdmissionPolicy" => unknown_fields::<ClusterAdmissionPolicy>(&object),
                "ClusterRole" => unknown_fields::<ClusterRole>(&object),
                "ClusterRoleBinding" => unknown_fields::<ClusterRoleBinding>(&object),
                other => panic!("{place}: {other}"),
            };
            assert_eq!(unknown, [""; 0], "{place}");
            if let Some(of_binding) = object["subjects"].as_array() {
                assert_eq!(of_binding[0]["namespace"], namespace, "{place}");
                subjects += of_binding.len();
            }
            if object["kind"] == "ClusterAdmissionPolicy" {
                policies += 1;
                let exempt = &object["spec"]["namespaceSelector"]["matchExpressions"][0]["values"];
                assert!(exempt.as_array().is_some_and(|names| names.contains(&namespace.into())), "{place}: {exempt}");
                let installed = |(group, resource): &&(String, String)| is_installed(cluster, group, resource);
                assert_eq!(resources_of(&object), all.iter().filter(installed).cloned().collect(), "{place}");
                let settings = &object["spec"]["settings"];
                let is_alone = cluster.is_some_and(|cluster| cluster.starts_with("auto-mode-alone"));
                let controller = if is_alone { json!({"editions": ["autoMode"]}) } else { Value::Null };
                assert_eq!(settings["controller"], controller, "{place}");
                assert!(module.policy.validate_settings(&settings.to_string()).expect("an answer").valid, "{place}");
            }
        }
        assert_eq!((policies, subjects), (if overlay == "mutate" { 2 } else { 1 }, 2), "{place}");
    }
}

/// A kustomization of one's own, as docs/install.md shows it: addresses in this repository are its folders.
#[test]
fn the_kustomization_of_the_page_builds() {
    let page = read(&repository().join("docs/install.md"));
    let block = page.split("```yaml\n").find(|block| block.contains("\nkind: Kustomization\n")).expect("a block");
    let block = block.split("```").next().expect("the block");
    let metadata = yaml::single(&read(&repository().join("policy-metadata.yml")), "policy-metadata.yml").expect("YAML");
    let source = metadata["annotations"]["io.kubewarden.policy.source"].as_str().expect("an address");
    let version = format!("?ref=v{}\n", env!("CARGO_PKG_VERSION"));
    let local = block.replace(&version, "\n").replace(&format!("{source}/"), &format!("{}/", repository().display()));
    assert!(!local.contains("https://"), "another address or version: {local}");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kustomization-of-the-page");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("kustomization.yaml"), local).expect("a file");
    let objects = build(&folder);
    let policy = objects.iter().find(|object| object["kind"] == "ClusterAdmissionPolicy").expect("a policy");
    let module = Wasm::built().expect("policy.wasm; `make policy.wasm` builds it");
    let settings = &policy["spec"]["settings"];
    assert!(settings["controller"].is_object(), "{settings}");
    assert!(module.policy.validate_settings(&settings.to_string()).expect("an answer").valid, "{settings}");
    assert_eq!(unknown_fields::<ClusterAdmissionPolicy>(policy), [""; 0]);
}

/// `make kustomize`: what is built above is what Kustomize builds.
#[test]
#[ignore = "needs kubectl"]
fn kubectl_builds_the_same() {
    for (index, (overlay, components)) in combinations().into_iter().enumerate() {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kustomization-{index}"));
        fs::create_dir_all(&folder).expect("a folder");
        // Kustomize takes paths from where the file is.
        let up = "../".repeat(folder.components().count() - 1);
        let from_here = |path: PathBuf| format!("{up}{}", path.display().to_string().trim_start_matches('/'));
        let text = json!({
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [from_here(deploy("overlays").join(overlay))],
            "components": components.iter().map(|it| from_here(deploy("components").join(it))).collect::<Vec<_>>(),
        });
        fs::write(folder.join("kustomization.yaml"), text.to_string()).expect("a file");
        let output = Command::new("kubectl").arg("kustomize").arg(&folder).output().expect("kubectl on the PATH");
        assert!(output.status.success(), "{overlay}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let objects = yaml::documents(&text, overlay).expect("YAML").into_iter().map(|document| document.value);
        assert_eq!(by_name(objects.collect()), by_name(built(overlay, &components)), "{overlay} {components:?}");
        println!("{overlay} {components:?}: {} objects", by_name(built(overlay, &components)).len());
    }
}
