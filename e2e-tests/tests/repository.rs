//! What the repository promises about itself: files, names and versions that must agree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_headless_service_policy::kubernetes::Kind;
use aws_headless_service_policy::rules::Problem;
use e2e_tests::cases::{self, Case, CaseOutcome, FILES};
use e2e_tests::engine::{Core, Engine, repository};
use test_kit::in_memory_cluster::ApiKind;
use test_kit::kinds::plural;
use test_kit::metadata::{PolicyMetadata, Rule};

fn read(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn all_cases() -> &'static [Case] {
    cases::all().expect("readable cases")
}

fn metadata() -> PolicyMetadata {
    PolicyMetadata::parse(&read("policy-metadata.yml"), "policy-metadata.yml").expect("metadata")
}

/// What serves the Service that a case is about: one of the kinds of exposers, several of them, or none. A payload that
/// cannot be read has no object at all.
const EXPOSERS: [&str; 12] = [
    "grpc-route",
    "http-route",
    "ingress",
    "nlb-service",
    "payload",
    "service",
    "several",
    "target-group-binding",
    "tcp-route",
    "tls-route",
    "udp-route",
    "weighted-action",
];

/// What is admitted where it is not the exposer.
const SIDES: [&str; 9] = [
    "class-params-side-",
    "gateway-class-side-",
    "gateway-side-",
    "ingress-class-side-",
    "listener-set-side-",
    "load-balancer-configuration-side-",
    "reference-grant-side-",
    "service-side-",
    "target-group-configuration-side-",
];

/// A case belongs to a rule, or to one of the other things that the contract speaks of, and to an exposer.
#[test]
fn cases_are_where_they_belong() {
    let mut groups: BTreeSet<String> = Problem::IDS.iter().map(|rule| (*rule).to_owned()).collect();
    groups.extend(["advice", "bad-input", "lookup-failure", "untouched"].map(str::to_owned));
    for case in all_cases() {
        let parts: Vec<&str> = case.name.split('/').collect();
        let [group, exposer, name] = parts[..] else { panic!("{}: not RULE/EXPOSER/condition--outcome", case.name) };
        assert!(groups.contains(group), "{}: no such group", case.name);
        assert!(EXPOSERS.contains(&exposer), "{}: no such exposer", case.name);
        let suffixes: &[&str] = match case.expect.outcome {
            CaseOutcome::Accept => &["--accepted", "--warned"],
            CaseOutcome::Mutate => &["--mutated"],
            CaseOutcome::Reject => &["--rejected"],
        };
        assert!(suffixes.iter().any(|suffix| name.ends_with(suffix)), "{}: {suffixes:?}", case.name);
        let has_warnings = !case.expect.derived.as_ref().expect("a written answer").warnings.is_empty();
        assert!(!name.ends_with("--accepted") || !has_warnings, "{}: it warns", case.name);
        assert!(!name.ends_with("--warned") || has_warnings, "{}: it does not warn", case.name);
        for entry in fs::read_dir(&case.folder).expect("a folder") {
            let file = entry.expect("an entry").file_name();
            assert!(FILES.iter().any(|known| *known == file), "{}: what is {}?", case.name, file.display());
        }
    }
}

/// Two cases with the same input show one thing twice, and one of them is forgotten when it changes.
#[test]
fn no_two_cases_have_the_same_input() {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut same = Vec::new();
    for case in all_cases() {
        let mut objects: Vec<String> = case.cluster.objects().map(ToString::to_string).collect();
        objects.sort();
        let payload = String::from_utf8_lossy(&case.payload);
        let faults = fs::read_to_string(case.folder.join("faults.yaml")).unwrap_or_default();
        let other = names.insert(format!("{payload}\n{}\n{faults}", objects.join("\n")), case.name.clone());
        same.extend(other.map(|other| (other, case.name.clone())));
    }
    assert_eq!(same, []);
}

/// A case for an update, an object that is not the exposer, and a mode says so in the same words and in the same place.
#[test]
fn names_of_cases_are_of_one_dialect() {
    for case in all_cases() {
        let condition = case.name.rsplit('/').next().and_then(|name| name.split("--").next()).expect("a condition");
        let is_update = case
            .request
            .as_ref()
            .is_some_and(|request| request["operation"] == "UPDATE" && request.get("subResource").is_none());
        let of_exposer = SIDES.iter().find_map(|side| condition.strip_prefix(side)).unwrap_or(condition);
        assert_eq!(of_exposer.starts_with("update-"), is_update, "{}: update-", case.name);
        assert!(condition.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') || condition == "not-utf8");
        let mode = case.settings.get("mode").and_then(serde_json::Value::as_str).unwrap_or("reject");
        for (word, outcome) in [("mutate", "--mutated"), ("warn", "--warned")] {
            let is_said = condition.contains(&format!("in-{word}-mode"));
            let is_needed = mode == word && !case.name.ends_with(outcome);
            assert!(is_said == is_needed || (is_said && mode == word), "{}: in-{word}-mode", case.name);
        }
        for word in ["mode-mutate", "mode-warn", "annotated", "behind-ingress"] {
            assert!(!condition.contains(word), "{}: {word}", case.name);
        }
    }
}

/// An id is one word in four spellings: the id, the module, the folder of cases, and what the cases find.
#[test]
fn every_rule_has_its_file_and_its_cases() {
    let cases = all_cases();
    for rule in Problem::IDS {
        let file = format!("src/rules/{}.rs", rule.replace('-', "_"));
        assert!(read(&file).starts_with(&format!("//! Rule `{}`", rule)), "{file}");
        let has = |outcome: CaseOutcome| {
            cases.iter().any(|case| case.name.starts_with(&format!("{}/", rule)) && case.expect.outcome == outcome)
        };
        assert!(has(CaseOutcome::Reject), "{}: no rejecting case", rule);
        assert!(has(CaseOutcome::Accept), "{}: no accepting case", rule);
        // `docs/rules.md` says of the others how they are fixed.
        let has_fix = !read(&file).contains("\n//! ## Fix\n//! None:");
        assert!(has(CaseOutcome::Mutate) || !has_fix, "{}: no mutating case", rule);
    }
    let files = fs::read_dir(repository().join("src/rules")).expect("the rules").count();
    assert_eq!(files, Problem::IDS.len() + 1, "a file in src/rules that is no rule");
}

/// The host denies what is not asked for, and people grant what is.
#[test]
fn the_metadata_asks_for_what_is_looked_up() {
    let kinds = Kind::ADMITTED.into_iter().chain(Kind::LOOKED_UP);
    let known: BTreeSet<ApiKind> = kinds
        .map(|kind| ApiKind { api_version: kind.api_version().to_owned(), kind: kind.name().to_owned() })
        .collect();
    let metadata = metadata();
    assert_eq!(metadata.context_aware_resources.into_iter().collect::<BTreeSet<_>>(), known);

    let mut resources: BTreeSet<ApiKind> = BTreeSet::new();
    let mut capabilities: BTreeSet<String> = BTreeSet::new();
    for case in all_cases() {
        for exchange in Core.run(&case.payload, &case.cluster).expect("an answer").exchanges {
            let text = |name: &str| exchange.request[name].as_str().expect("a string").to_owned();
            resources.insert(ApiKind { api_version: text("api_version"), kind: text("kind") });
            capabilities.insert(exchange.operation);
        }
    }
    assert!(resources.is_subset(&known), "{resources:?}");
    assert_eq!(metadata.host_capabilities.into_iter().collect::<BTreeSet<_>>(), capabilities);
    assert!(metadata.mutating);
}

/// The webhook's rules and the table of kinds in the code are the same.
#[test]
fn the_metadata_asks_about_the_kinds_that_are_judged() {
    let mut asked: BTreeSet<(String, String)> = BTreeSet::new();
    for Rule { api_groups, api_versions, resources, operations } in metadata().rules {
        assert_eq!(operations, ["CREATE", "UPDATE"]);
        let [group] = &api_groups[..] else { panic!("{api_groups:?}") };
        let [version] = &api_versions[..] else { panic!("{api_versions:?}") };
        let api_version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
        asked.extend(resources.into_iter().map(|resource| (api_version.clone(), resource)));
    }
    let judged = Kind::ADMITTED.map(|kind| (kind.api_version().to_owned(), plural(kind.name())));
    assert_eq!(asked, judged.into());
    for (group, kind) in [("serving.knative.dev", "Service"), ("", "Ingress"), ("extensions", "Ingress"), ("", "Pod")] {
        assert!(Kind::admitted(group, kind).is_none(), "{group}/{kind}");
    }
}

#[test]
fn versions_agree() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(read("Cargo.toml").contains(&format!("\nversion = \"{version}\"\n")), "Cargo.toml");
    let metadata = read("policy-metadata.yml");
    assert!(metadata.contains(&format!("io.kubewarden.policy.version: {version}\n")), "policy-metadata.yml");
    assert!(read("CHANGELOG.md").contains(&format!("\n## [{version}]")), "CHANGELOG.md");
    let readme = read("README.md");
    let tags: Vec<&str> = readme.split("/aws-headless-service-policy:v").skip(1).collect();
    assert!(!tags.is_empty() && tags.iter().all(|tag| tag.starts_with(version)), "README.md");
    let references: Vec<&str> = readme.split("?ref=v").skip(1).collect();
    assert!(!references.is_empty() && references.iter().all(|it| it.starts_with(version)), "README.md");
    assert!(read("artifacthub-pkg.yml").contains(&format!("\nversion: {version}\n")), "artifacthub-pkg.yml");
}

/// What `cargo tree` says of the root package alone.
fn dependencies(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--package", "aws-headless-service-policy", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .current_dir(repository())
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// Few and chosen; and nothing of waPC outside of the module, so that the core runs natively and in a browser.
#[test]
fn the_core_depends_on_three_crates_and_its_own() {
    let expected = ["aws-headless-service-policy", "json-scan", "k8s-openapi", "serde", "serde_json", "thiserror"];
    assert_eq!(dependencies(&["--depth", "1"]), expected.map(str::to_owned).into());
    for target in ["x86_64-unknown-linux-gnu", "wasm32-unknown-unknown"] {
        let all = dependencies(&["--target", target]);
        assert!(
            !all.iter().any(|name| name.starts_with("wapc") || name.starts_with("kubewarden")),
            "{target}: {all:?}"
        );
    }
    let of_module = dependencies(&["--target", "wasm32-wasip1"]);
    assert!(of_module.contains("wapc-guest"));
    // The playground's: its imports are functions of JavaScript, which no Kubewarden host has.
    assert!(!of_module.iter().any(|name| name.starts_with("wasm-bindgen") || name == "js-sys"), "{of_module:?}");
}

/// The modules from the bottom up. Dependencies point one way: none knows one that stands after it.
const LAYERS: [&str; 11] = [
    "kubernetes",
    "index",
    "cluster",
    "controller",
    "settings",
    "fast_path",
    "rules",
    "request",
    "edit",
    "decide",
    "report",
];

#[test]
fn modules_know_only_what_is_below_them() {
    let source = repository().join("src");
    for (index, module) in LAYERS.iter().enumerate() {
        let files = if source.join(module).is_dir() {
            files_of(&source.join(module))
        } else {
            vec![source.join(format!("{module}.rs"))]
        };
        for file in files {
            let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            for above in &LAYERS[index + 1..] {
                assert!(!text.contains(&format!("crate::{above}")), "{} uses crate::{above}", file.display());
            }
        }
    }
    let known = LAYERS.len() + ["lib.rs", "guest.rs"].len();
    assert_eq!(files_of(&source).len(), known, "a module that stands in no layer");
}

/// A name that two things have sends a reader to the wrong one.
#[test]
fn common_names_are_given_once() {
    let mut files = Vec::new();
    rust_files_below(&repository(), &mut files);
    let named: Vec<&PathBuf> = files.iter().filter(|file| file.ends_with("cluster.rs")).collect();
    assert!(named.len() <= 1, "{named:?}");
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).expect("UTF-8")).collect();
    for name in ["Operation", "Outcome", "Resource"] {
        let is_defined = |line: &str| {
            let words: Vec<&str> = line.split(|character: char| !character.is_alphanumeric()).collect();
            let is_item = |pair: &[&str]| ["enum", "struct", "trait", "type"].contains(&pair[0]) && pair[1] == name;
            !line.trim_start().starts_with("//") && words.windows(2).any(is_item)
        };
        let defining: Vec<&PathBuf> =
            files.iter().zip(&texts).filter(|(_, text)| text.lines().any(is_defined)).map(|(file, _)| file).collect();
        assert!(defining.len() <= 1, "{name}: {defining:?}");
    }
}

fn rust_files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in files_of(folder) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            rust_files_below(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}
