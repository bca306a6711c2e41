//! What people meet before the policy runs: its metadata, its page on Artifact Hub, its form and its schema. They repeat
//! what the code and the README say, and are held to it here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use aws_headless_service_policy::settings::{SETTINGS, Setting, Settings, Values};
use e2e_tests::cases;
use e2e_tests::engine::repository;
use e2e_tests::written;
use serde_json::{Map, Value, json};
use test_kit::kinds::plural;
use test_kit::yaml;

const METADATA: &str = "policy-metadata.yml";
const PACKAGE: &str = "artifacthub-pkg.yml";
const FORM: &str = "questions-ui.yml";
const SCHEMA: &str = "docs/settings.schema.json";
const LOGO: &str = "docs/logo.svg";

fn read(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read_yaml(name: &str) -> Value {
    yaml::single(&read(name), name).unwrap()
}

fn keys(map: &Value) -> Vec<&str> {
    map.as_object().expect("a map").keys().map(String::as_str).collect()
}

/// An annotation of the metadata.
fn annotation(name: &str) -> String {
    let metadata = read_yaml(METADATA);
    let value = metadata["annotations"][name].as_str().unwrap_or_else(|| panic!("{METADATA}: no {name}"));
    value.to_owned()
}

/// The tools ignore a key that they do not know, so that a typo would go unseen.
#[test]
fn the_metadata_is_complete() {
    let metadata = read_yaml(METADATA);
    assert_eq!(
        keys(&metadata),
        [
            "rules",
            "mutating",
            "contextAwareResources",
            "hostCapabilities",
            "executionMode",
            "minimumKubewardenVersion",
            "backgroundAudit",
            "annotations"
        ]
    );
    assert_eq!(metadata["executionMode"], "kubewarden-wapc");
    // The first release with field masks; e2e-tests/kwctl tries it on the host.
    assert_eq!(metadata["minimumKubewardenVersion"], "1.33.0");
    assert_eq!(metadata["backgroundAudit"], true);
    assert_eq!(
        keys(&metadata["annotations"]).into_iter().collect::<BTreeSet<_>>(),
        [
            "io.artifacthub.displayName",
            "io.artifacthub.keywords",
            "io.artifacthub.resources",
            "io.kubewarden.policy.author",
            "io.kubewarden.policy.category",
            "io.kubewarden.policy.description",
            "io.kubewarden.policy.license",
            "io.kubewarden.policy.ociUrl",
            "io.kubewarden.policy.severity",
            "io.kubewarden.policy.source",
            "io.kubewarden.policy.title",
            "io.kubewarden.policy.url",
            "io.kubewarden.policy.version",
        ]
        .into()
    );
    for (name, value) in metadata["annotations"].as_object().expect("annotations") {
        assert!(value.as_str().is_some_and(|value| !value.is_empty() && value.trim() == value), "{name}: {value}");
    }
}

#[test]
fn the_annotations_say_what_is_so() {
    let manifest = read("Cargo.toml");
    let of_crate = |key: &str, value: &str| assert!(manifest.contains(&format!("\n{key} = \"{value}\"\n")), "{value}");
    of_crate("name", &annotation("io.kubewarden.policy.title"));
    of_crate("version", &annotation("io.kubewarden.policy.version"));
    of_crate("license", &annotation("io.kubewarden.policy.license"));
    let severities = ["info", "low", "medium", "high", "critical"];
    assert!(severities.contains(&annotation("io.kubewarden.policy.severity").as_str()));
    assert!(annotation("io.kubewarden.policy.ociUrl").ends_with("/aws-headless-service-policy"));

    // The kinds are those of the rules.
    let mut resources: BTreeSet<String> = BTreeSet::new();
    for rule in read_yaml(METADATA)["rules"].as_array().expect("rules") {
        let named = rule["resources"].as_array().expect("resources").iter();
        resources.extend(named.map(|resource| resource.as_str().expect("a resource").to_owned()));
        assert_eq!(rule["operations"], json!(["CREATE", "UPDATE"]));
    }
    let kinds = annotation("io.artifacthub.resources");
    let named: BTreeSet<String> = kinds.split(", ").map(plural).collect();
    assert_eq!(named, resources);
}

/// The owner and the registry stand in the metadata; wherever else they stand, they are the same.
#[test]
fn the_addresses_are_those_of_the_metadata() {
    let title = annotation("io.kubewarden.policy.title");
    let oci = annotation("io.kubewarden.policy.ociUrl");
    let source = annotation("io.kubewarden.policy.source");
    assert_eq!(source, annotation("io.kubewarden.policy.url"));
    assert_eq!(source.strip_prefix("https://github.com/").map(|path| path.split('/').count()), Some(2), "{source}");
    let registry = oci.split('/').next().expect("a registry");
    let mut wrong = Vec::new();
    for file in texts(&repository()) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        for host in BTreeSet::from([registry, "ghcr.io", "github.com"]) {
            for (start, _) in text.match_indices(&format!("{host}/")) {
                let address: &str = text[start..].split(|c: char| !is_of_address(c)).next().unwrap_or_default();
                let own = if host == "github.com" { source.trim_start_matches("https://") } else { oci.as_str() };
                // An owner that is computed, as in a workflow, is whatever publishes.
                if address.split('/').any(|part| part.split(':').next() == Some(title.as_str()))
                    && !address.contains('$')
                    && !address.starts_with(own)
                {
                    wrong.push(format!("{}: {address}, not {own}", file.display()));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// The release workflow puts everything that Artifact Hub reads into the branch of that name.
#[test]
fn artifact_hub_gets_what_the_package_refers_to() {
    let workflow = read(".github/workflows/release.yml");
    let files = workflow.lines().find_map(|line| line.trim().strip_prefix("files=(")).expect("a list of files");
    let files: Vec<&str> = files.trim_end_matches(')').split(' ').collect();
    assert_eq!(files, [PACKAGE, "artifacthub-repo.yml", "README.md", LOGO]);
    for file in files {
        assert!(repository().join(file).is_file(), "{file}");
    }
    let owners = read_yaml("artifacthub-repo.yml");
    let email = owners["owners"][0]["email"].as_str().expect("an address");
    assert!(annotation("io.kubewarden.policy.author").ends_with(&format!("<{email}>")), "{email}");
}

fn is_of_address(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_./:$".contains(c)
}

/// The files that are written by people, but for the cases and the code.
fn texts(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let is_hidden = name.starts_with('.') && !matches!(name.as_str(), ".github");
        if path.is_dir() && !is_hidden && !matches!(name.as_str(), "target" | "cases" | "src" | "tests") {
            files.extend(texts(&path));
        } else if path.is_file() && !is_hidden && !name.ends_with(".wasm") && name != "Cargo.lock" {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Artifact Hub's page repeats the metadata, the form, and the day of the release.
#[test]
fn the_package_for_artifact_hub_is_fresh() {
    written::is_fresh(PACKAGE, &package()).unwrap();
}

/// What `kwctl scaffold artifacthub` makes of the metadata and the form, but for the time of day, the comment, and what is this
/// policy's own: who provides it, its category and logo, what changed, and what goes with it.
fn package() -> String {
    let metadata = read_yaml(METADATA);
    let version = annotation("io.kubewarden.policy.version");
    let image = format!("{}:v{version}", annotation("io.kubewarden.policy.ociUrl"));
    let source = annotation("io.kubewarden.policy.source");
    let author = annotation("io.kubewarden.policy.author");
    let (name, email) = author.strip_suffix('>').and_then(|author| author.split_once(" <")).expect("NAME <EMAIL>");
    let install = format!(
        "The policy can be obtained using [kwctl](https://docs.kubewarden.io/howtos/install-kwctl):\n\
         ```console\nkwctl pull {image}\n```\n\
         Then, generate the policy manifest and tune it to your liking. For example:\n\
         ```console\nkwctl scaffold manifest -t ClusterAdmissionPolicy registry://{image}\n```\n"
    );
    let as_text = |value: &Value| yaml_serde::to_string(value).expect("YAML");
    let mut resources: Vec<Value> = metadata["contextAwareResources"].as_array().expect("resources").clone();
    resources.sort_by_key(|resource| (resource["apiVersion"].to_string(), resource["kind"].to_string()));
    let package = json!({
        "version": version,
        "name": annotation("io.kubewarden.policy.title"),
        "displayName": annotation("io.artifacthub.displayName"),
        "category": "networking",
        "logoPath": LOGO,
        "createdAt": format!("{}T00:00:00Z", day_of_release(&version)),
        "description": annotation("io.kubewarden.policy.description"),
        "license": annotation("io.kubewarden.policy.license"),
        "homeURL": annotation("io.kubewarden.policy.url"),
        "containersImages": [{"name": "policy", "image": image}],
        "keywords": annotation("io.artifacthub.keywords").split(", ").collect::<Vec<_>>(),
        "links": [
            {"name": "policy", "url": format!("{source}/releases/download/v{version}/policy.wasm")},
            {"name": "source", "url": source},
        ],
        "screenshots": [{"title": "A refusal, and its fix", "url": format!("{source}/raw/v{version}/docs/refusal.svg")}],
        "install": install,
        "maintainers": [{"name": name, "email": email}],
        "provider": {"name": name},
        "changes": changes(&version),
        "recommendations": [
            {"url": "https://artifacthub.io/packages/helm/kubewarden/admission-controller"},
            {"url": "https://artifacthub.io/packages/helm/aws/aws-load-balancer-controller"},
        ],
        "annotations": {
            "kubewarden/contextAwareResources": as_text(&resources.into()),
            "kubewarden/mutation": metadata["mutating"].to_string(),
            "kubewarden/questions-ui": form(),
            "kubewarden/resources": annotation("io.artifacthub.resources"),
            "kubewarden/rules": as_text(&metadata["rules"]),
        },
    });
    format!(
        "# What Artifact Hub shows of the policy. Written by `make docs`, from {METADATA}, {FORM} and CHANGELOG.md, in the\n\
         # form of `kwctl scaffold artifacthub`.\n{}",
        as_text(&package)
    )
}

/// The entries of the changelog for a version, as Artifact Hub has them.
fn changes(version: &str) -> Vec<Value> {
    let changelog = read("CHANGELOG.md");
    let heading = format!("## [{version}]");
    let lines = changelog.lines().skip_while(|line| !line.starts_with(&heading)).skip(1);
    let (mut kind, mut changes) = (String::new(), Vec::<(String, String)>::new());
    for line in lines.take_while(|line| !line.starts_with("## ")) {
        if let Some(section) = line.strip_prefix("### ") {
            kind = section.to_lowercase();
        } else if let Some(entry) = line.strip_prefix("- ") {
            changes.push((kind.clone(), entry.trim_start_matches("★ ").to_owned()));
        } else if let (Some((_, description)), false) = (changes.last_mut(), line.is_empty()) {
            *description = format!("{description} {}", line.trim());
        }
    }
    assert!(!changes.is_empty(), "CHANGELOG.md: nothing about {version}");
    let kinds = ["added", "changed", "deprecated", "removed", "fixed", "security"];
    let entry = |(kind, description): (String, String)| {
        assert!(kinds.contains(&kind.as_str()), "CHANGELOG.md: {kind} is no kind of change");
        json!({"kind": kind, "description": plain(&description)})
    };
    changes.into_iter().map(entry).collect()
}

/// The day that stands in the changelog's heading of a version.
fn day_of_release(version: &str) -> String {
    let changelog = read("CHANGELOG.md");
    let heading = format!("## [{version}] - ");
    let day = changelog.lines().find_map(|line| line.strip_prefix(&heading));
    let day = day.unwrap_or_else(|| panic!("CHANGELOG.md: no \"{heading}YYYY-MM-DD\""));
    let shape: String = day.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00", "CHANGELOG.md: {heading}{day}");
    day.to_owned()
}

/// `{"controller": {"ingressClass": value}}` for `controller.ingressClass`.
fn nested(key: &str, value: &Value) -> Value {
    key.rsplit('.').fold(value.clone(), |value, part| json!({ part: value }))
}

fn default_of(setting: &Setting) -> Value {
    serde_json::from_str(setting.default).expect("JSON")
}

/// The strings that a setting knows.
fn options(setting: &Setting) -> &'static [&'static str] {
    match setting.values {
        Values::OneOf(options) | Values::AnyOf(options) | Values::SomeOf(options) | Values::Booleans(options) => {
            options
        }
        Values::NameOrNothing | Values::ClassName => &[],
    }
}

/// Text without Markdown's marks of code.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

const TABLE_HEAD: &str = "| key | values | default | meaning |\n| --- | --- | --- | --- |\n";

/// The table of the settings in the README.
fn table() -> String {
    let quoted = |texts: &[&str]| texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ");
    let mut table = TABLE_HEAD.to_owned();
    for setting in &SETTINGS {
        let values = match setting.values {
            Values::OneOf(options) => quoted(options),
            Values::AnyOf(options) => format!("a list of {}", quoted(options)),
            Values::SomeOf(options) => format!("a list of at least one of {}", quoted(options)),
            Values::Booleans(names) => format!("a map from {} to `true` or `false`", quoted(names)),
            Values::NameOrNothing => "a name, or `\"\"`".to_owned(),
            Values::ClassName => "a name".to_owned(),
        };
        let default = match default_of(setting) {
            Value::String(text) => format!("`{text}`"),
            Value::Array(_) => "all".to_owned(),
            _ => "`{}`".to_owned(),
        };
        table += &format!("| `{}` | {values} | {default} | {} |\n", setting.key, setting.meaning);
    }
    table
}

#[test]
fn the_table_of_the_readme_is_fresh() {
    let readme = read("README.md");
    let (before, rest) = readme.split_once(TABLE_HEAD).expect("a table of settings in README.md");
    let rows: usize = rest.lines().take_while(|line| line.starts_with("| ")).map(|line| line.len() + 1).sum();
    written::is_fresh("README.md", &format!("{before}{}{}", table(), &rest[rows..])).unwrap();
}

#[test]
fn the_form_is_fresh() {
    written::is_fresh(FORM, &form()).unwrap();
}

/// The form of the settings in Rancher: one question for each setting and, as a form cannot write a map of booleans, for
/// each feature gate.
fn form() -> String {
    let mut questions = Vec::new();
    for setting in &SETTINGS {
        match setting.values {
            Values::Booleans(names) => questions.extend(names.iter().map(|name| {
                let key = format!("{}.{name}", setting.key);
                let is_default = |value: bool| {
                    Settings::from_json(&nested(&key, &json!(value)).to_string()) == Ok(Settings::default())
                };
                json!({
                    "variable": key,
                    "label": format!("Feature gate {name}"),
                    "description": format!("The controller's feature gate {name}."),
                    "group": "Settings",
                    "type": "boolean",
                    "default": is_default(true),
                    "required": false,
                })
            })),
            _ => questions.push(question(setting)),
        }
    }
    format!(
        "# The form of the settings in Rancher. Written by `make docs`, from the table in src/settings.rs.\n\
         # A form leaves out what is empty: `controller.ingressClass: \"\"` and `advice: []` are for the YAML editor.\n{}",
        yaml_serde::to_string(&json!({ "questions": questions })).expect("YAML")
    )
}

fn question(setting: &Setting) -> Value {
    let mut question = json!({
        "variable": setting.key,
        "label": setting.label,
        "description": plain(setting.meaning),
        "group": "Settings",
    });
    let fields = question.as_object_mut().expect("a map");
    match setting.values {
        Values::OneOf(options) => {
            fields.insert("type".to_owned(), json!("enum"));
            fields.insert("options".to_owned(), json!(options));
        }
        // The form cannot offer the options of a list.
        Values::AnyOf(options) | Values::SomeOf(options) => {
            let words = format!("{} Any of {}.", plain(setting.meaning), options.join(", "));
            fields.insert("description".to_owned(), json!(words));
            fields.insert("type".to_owned(), json!("array["));
            fields.insert("value_multiline".to_owned(), json!(false));
        }
        _ => {
            fields.insert("type".to_owned(), json!("string"));
        }
    }
    fields.insert("default".to_owned(), default_of(setting));
    fields.insert("required".to_owned(), json!(false));
    question
}

#[test]
fn the_labels_of_the_form_are_different() {
    let form = read_yaml(FORM);
    let questions = form["questions"].as_array().expect("questions");
    let labels: BTreeSet<&str> =
        questions.iter().map(|question| question["label"].as_str().expect("a label")).collect();
    assert_eq!(labels.len(), questions.len());
}

/// What the form writes when nothing is changed, and when one option after the other is chosen.
#[test]
fn the_settings_of_the_form_are_valid() {
    let mut untouched = json!({});
    for question in read_yaml(FORM)["questions"].as_array().expect("questions") {
        let key = question["variable"].as_str().expect("a key");
        merge(&mut untouched, &nested(key, &question["default"]));
        for option in question["options"].as_array().into_iter().flatten() {
            let settings = nested(key, option);
            assert!(Settings::from_json(&settings.to_string()).is_ok(), "{settings}");
        }
    }
    assert_eq!(Settings::from_json(&untouched.to_string()), Ok(Settings::default()));
    assert!(is_valid(&schema(), &untouched));
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert_with(|| json!({})), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

fn schema() -> Value {
    serde_json::from_str(&read(SCHEMA)).expect("JSON")
}

#[test]
fn the_schema_is_fresh() {
    written::is_fresh(SCHEMA, &format!("{:#}\n", schema_of_table())).unwrap();
}

/// The JSON Schema of the settings.
fn schema_of_table() -> Value {
    let map = |description: &str, properties: Map<String, Value>| {
        json!({
            "description": description,
            "type": ["object", "null"],
            "additionalProperties": false,
            "properties": properties,
        })
    };
    let (mut properties, mut controller) = (Map::new(), Map::new());
    for setting in &SETTINGS {
        match setting.key.split_once('.') {
            None => {
                properties.insert(setting.key.to_owned(), property(setting));
            }
            Some((parent, key)) => {
                assert_eq!(parent, "controller");
                // Its place is that of its first setting.
                properties.entry(parent).or_insert(Value::Null);
                controller.insert(key.to_owned(), property(setting));
            }
        }
    }
    properties.insert(
        "controller".to_owned(),
        map("How the AWS Load Balancer Controller was started, and which editions of it are there.", controller),
    );
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Settings of aws-headless-service-policy",
    });
    let all = map(
        "All settings are optional. A wrong key or value is refused before the policy starts, with a message that names it.",
        properties,
    );
    schema.as_object_mut().expect("a map").extend(all.as_object().expect("a map").clone());
    schema
}

fn property(setting: &Setting) -> Value {
    const LABELS: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
    let mut property = json!({ "description": plain(setting.meaning) });
    let values = match setting.values {
        Values::OneOf(options) => json!({ "enum": options }),
        Values::AnyOf(options) => json!({ "type": "array", "items": { "enum": options } }),
        Values::SomeOf(options) => json!({ "type": "array", "minItems": 1, "items": { "enum": options } }),
        Values::Booleans(names) => {
            let gates: Map<String, Value> =
                names.iter().map(|name| ((*name).to_owned(), json!({ "type": "boolean" }))).collect();
            json!({ "type": "object", "additionalProperties": false, "properties": gates })
        }
        Values::NameOrNothing => json!({ "type": "string", "maxLength": 253, "pattern": format!("^({LABELS})?$") }),
        Values::ClassName => json!({
            "type": "string",
            "pattern": format!("^({LABELS}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?$"),
            "not": { "pattern": "^[^/]{254}" },
        }),
    };
    let fields = property.as_object_mut().expect("a map");
    fields.extend(values.as_object().expect("a map").clone());
    fields.insert("default".to_owned(), default_of(setting));
    property
}

/// Whatever is written down, the editor and the policy say the same about it.
#[test]
fn the_schema_and_the_parser_agree() {
    let schema = schema();
    let (mut valid, mut invalid) = (0, 0);
    let mut check = |settings: &Value| {
        let answer = Settings::from_json(&settings.to_string());
        assert_eq!(is_valid(&schema, settings), answer.is_ok(), "{settings}: {answer:?}");
        *(if answer.is_ok() { &mut valid } else { &mut invalid }) += 1;
    };
    let values = values();
    for value in &values {
        check(value);
        check(&nested("unknown", value));
        check(&nested("controller.unknown", value));
        check(&nested("controller", value));
        check(&nested("advice", &json!([value])));
        check(&nested("advice", &json!(["servicePort", value, "servicePort"])));
        check(&nested("controller.editions", &json!([value])));
        check(&nested("controller.featureGates.EnableIPTargetType", value));
        check(&nested("controller.featureGates.unknown", value));
    }
    let all = SETTINGS;
    for setting in &all {
        for value in &values {
            check(&nested(setting.key, value));
            // Beside a wrong one, and beside good ones.
            for other in all.iter().filter(|other| other.key != setting.key) {
                for beside in [json!(0), json!("warn")] {
                    let mut both = nested(setting.key, value);
                    merge(&mut both, &nested(other.key, &beside));
                    check(&both);
                }
            }
        }
    }
    assert!(valid > 100 && invalid > 100, "{valid} valid, {invalid} not");
}

/// Values of every type; all options, in other spellings too; names at the edge of what a name is.
fn values() -> Vec<Value> {
    let mut values = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1.5),
        json!([]),
        json!({}),
        json!({"a": 1}),
        json!([[]]),
        json!([null]),
        json!(["servicePort", "targetHealth"]),
    ];
    let named = SETTINGS.iter().flat_map(options);
    let mut texts: Vec<String> = named.map(|option| (*option).to_owned()).collect();
    let spellings = |text: &String| [text.to_uppercase(), text.to_lowercase(), format!("{text} "), format!(" {text}")];
    texts.extend(texts.iter().flat_map(spellings).collect::<Vec<_>>());
    let names = [
        "",
        " ",
        "a",
        "0",
        "a.b",
        "a..b",
        ".a",
        "a.",
        ".",
        "-",
        "-a",
        "a-",
        "a.-b",
        "a-.b",
        "a--b",
        "A",
        "a_b",
        "_",
        "Ab.c_d-e",
        "_a",
        "a_",
        "ä",
        "a\n",
        "\na",
        "a b",
        "/",
        "a/",
        "/a",
        "a/b",
        "a/B_c.d",
        "a.b/c",
        "A/b",
        "a_b/c",
        "a-/b",
        "a/-b",
        "a/b-",
        "a//b",
        "a/b/c",
        "../../x",
        "service.k8s.aws/nlb",
        "eks.amazonaws.com/alb",
        "a/b\n",
        "\u{ff41}",
        "\"\"",
    ];
    texts.extend(names.map(str::to_owned));
    for length in [62, 63, 64, 252, 253, 254, 300, 1000] {
        let labels = "ab.".repeat(length / 3) + "abc".get(..length % 3).expect("a part");
        for name in ["a".repeat(length), "A".repeat(length), labels] {
            texts.extend([format!("{name}/a"), format!("a/{name}"), format!("{name}/{}", "Z".repeat(63)), name]);
        }
    }
    values.extend(texts.into_iter().map(Value::String));
    values
}

/// A JSON Schema validator for as much of it as the schema uses, and not a keyword more.
fn is_valid(schema: &Value, value: &Value) -> bool {
    let text = |schema: &Value| schema.as_str().expect("a string").to_owned();
    schema.as_object().expect("a schema").iter().all(|(keyword, argument)| match (keyword.as_str(), value) {
        ("$schema" | "title" | "description" | "default" | "properties", _) => true,
        ("type", value) => {
            let types = argument.as_array().cloned().unwrap_or_else(|| vec![argument.clone()]);
            types.iter().any(|name| match text(name).as_str() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "null" => value.is_null(),
                other => panic!("the type {other} is not used here"),
            })
        }
        ("enum", value) => argument.as_array().expect("values").contains(value),
        ("not", value) => !is_valid(argument, value),
        ("pattern", Value::String(value)) => {
            regex_lite::Regex::new(&text(argument)).expect("a pattern").is_match(value)
        }
        ("maxLength", Value::String(value)) => value.chars().count() as u64 <= argument.as_u64().expect("a number"),
        ("items", Value::Array(items)) => items.iter().all(|item| is_valid(argument, item)),
        ("additionalProperties", Value::Object(value)) => {
            assert_eq!(*argument, json!(false));
            let nothing = Map::new();
            let properties = schema["properties"].as_object().unwrap_or(&nothing);
            value.iter().all(|(key, value)| properties.get(key).is_some_and(|schema| is_valid(schema, value)))
        }
        ("minItems", Value::Array(items)) => items.len() as u64 >= argument.as_u64().expect("a number"),
        ("pattern" | "maxLength" | "minItems" | "items" | "additionalProperties", _) => true,
        (other, _) => panic!("the keyword {other} is not used here"),
    })
}

/// What an editor is told about a file of settings: where their schema is.
#[test]
fn an_editor_is_pointed_at_the_schema() {
    let page = read("docs/install.md");
    let (_, rest) = page.split_once("# yaml-language-server: $schema=").expect("a comment for editors");
    let (path, rest) = rest.split_once('\n').expect("a line");
    assert_eq!(path, SCHEMA);
    let settings = yaml::single(rest.split("```").next().expect("a block"), "docs/install.md").unwrap();
    assert!(is_valid(&schema(), &settings), "{settings}");
    assert!(
        Settings::from_json(&settings.to_string()).is_ok_and(|settings| settings != Settings::default()),
        "{settings}"
    );
}

/// The examples that people copy, and the settings of the cases.
#[test]
fn written_settings_are_valid_by_the_schema_too() {
    let schema = schema();
    let readme = read("README.md");
    let mut examples: BTreeMap<String, Value> = BTreeMap::new();
    for (index, block) in readme.split("```yaml\n").skip(1).enumerate() {
        let text = block.split("```").next().expect("a block");
        if let Value::Object(mut example) = yaml::single(text, "README.md").unwrap()
            && let Some(settings) = example.shift_remove("settings")
        {
            examples.insert(format!("README.md, block {index}"), settings);
        }
    }
    assert!(!examples.is_empty());
    for case in cases::all().expect("readable cases") {
        examples.insert(case.name.clone(), Value::Object(case.settings.clone()));
    }
    for (place, settings) in examples {
        assert!(is_valid(&schema, &settings), "{place}: {settings}");
        assert!(Settings::from_json(&settings.to_string()).is_ok(), "{place}: {settings}");
    }
}

const PICTURE: &str = "docs/refusal.svg";

/// The picture of the README shows a page of the cluster tests, which is what kubectl has printed.
#[test]
fn the_picture_is_fresh() {
    let page = read("api-server/cluster-tests/reject.md");
    let apply = "$ kubectl apply --filename ingress.yaml";
    let annotate = "$ kubectl annotate --namespace shop service cart alb.ingress.kubernetes.io/target-type=ip";
    let mut session = Vec::new();
    for (command, time) in [(apply, 0), (annotate, 0), (apply, 1)] {
        let lines: Vec<&str> = page.lines().collect();
        let is_run = |(index, line): (usize, &&str)| (*line == command).then_some(index);
        let start = lines.iter().enumerate().filter_map(is_run).nth(time).unwrap_or_else(|| panic!("no {command}"));
        let printed = lines[start + 1..].iter().take_while(|line| !line.starts_with(['$', '`', '[']));
        session.push(command);
        session.extend(printed);
    }
    written::is_fresh(PICTURE, &picture(&session)).unwrap();
}

/// Lines of a terminal, in the colours that tell commands, warnings and errors apart.
fn picture(session: &[&str]) -> String {
    const COLUMNS: usize = 104;
    let mut rows: Vec<(&str, String)> = Vec::new();
    for line in session {
        let class = match line.split([' ', ':']).next() {
            Some("$") => "command",
            Some("Warning") => "warning",
            Some("Error") => "error",
            _ => "",
        };
        rows.extend(wrapped(line, COLUMNS).into_iter().map(|row| (class, row)));
    }
    let height = 20 * rows.len() + 34;
    let mut svg = format!(
        "<!-- Written by `make docs`, from api-server/cluster-tests/reject.md. -->\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" xml:space=\"preserve\" viewBox=\"0 0 880 {height}\" role=\"img\" font-family=\"ui-monospace, \
         'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"13.4\">\n\
         <title>An Ingress is refused, corrected as the message says, and admitted</title>\n\
         <style>text {{ fill: #c9d1d9; white-space: pre }} .command {{ fill: #ffffff; font-weight: bold }} \
         .warning {{ fill: #e3b341 }} .error {{ fill: #ff9b8e }}</style>\n\
         <rect width=\"880\" height=\"{height}\" rx=\"8\" fill=\"#0d1117\"/>\n"
    );
    for (index, (class, row)) in rows.iter().enumerate() {
        let text = row.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        svg += &format!("<text x=\"16\" y=\"{}\"{class}>{text}</text>\n", 20 * index + 31);
    }
    svg + "</svg>\n"
}

/// A line, broken between words; what follows the first row is indented.
fn wrapped(line: &str, columns: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    for word in line.split(' ') {
        let row = rows.last_mut().expect("a row");
        if row.is_empty() {
            *row = word.to_owned();
        } else if row.len() + 1 + word.len() <= columns {
            *row = format!("{row} {word}");
        } else {
            rows.push(format!("  {word}"));
        }
    }
    rows
}
