//! The overlays and components of `deploy/` are the plain files in other words: every overlay with every component is built, and
//! what comes of it is compared with the plain files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use e2e_tests::deploy::{
    CLUSTERS, OVERLAYS, RANCHER, build, built, by_name, combinations, deploy, objects, objects_of, uncommented,
};
use e2e_tests::engine::{Wasm, repository};
use e2e_tests::written;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kubewarden_policy_sdk::crd::policies::ClusterAdmissionPolicy;
use serde_json::{Value, json};
use test_kit::fields::unknown_fields;
use test_kit::metadata::{PolicyMetadata, Rule};
use test_kit::yaml;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
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
            let mut plain = objects(&text, "a plain file").unwrap();
            plain.extend(objects_of(&deploy("rbac.yaml")).unwrap());
            let components: Vec<&str> = cluster.into_iter().collect();
            assert_eq!(
                with_sorted_rules(by_name(built(overlay, &components).unwrap()).unwrap()),
                with_sorted_rules(by_name(plain).unwrap()),
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
        for object in built(overlay, &components).unwrap() {
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
    let objects = build(&folder).unwrap();
    let policy = objects.iter().find(|object| object["kind"] == "ClusterAdmissionPolicy").expect("a policy");
    let module = Wasm::built().expect("policy.wasm; `make policy.wasm` builds it");
    let settings = &policy["spec"]["settings"];
    assert!(settings["controller"].is_object(), "{settings}");
    assert!(module.policy.validate_settings(&settings.to_string()).expect("an answer").valid, "{settings}");
    assert_eq!(unknown_fields::<ClusterAdmissionPolicy>(policy), [""; 0]);
}
