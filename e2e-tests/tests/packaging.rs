//! What people meet before the policy runs: its metadata, its page on Artifact Hub, its form and its schema. They repeat
//! what the code and the README say, and are held to it here.

// Helpers are tests too: clippy asks for it.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use aws_headless_service_policy::settings::{Settings, SettingsProblem};
use e2e_tests::engine::repository;
use e2e_tests::written;
use serde_json::{Map, Value, json};
use test_kit::kinds::plural;
use test_kit::yaml;

const METADATA: &str = "policy-metadata.yml";
const PACKAGE: &str = "artifacthub-pkg.yml";
const FORM: &str = "questions-ui.yml";
const SCHEMA: &str = "docs/settings.schema.json";

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
            "backgroundAudit",
            "annotations"
        ]
    );
    assert_eq!(metadata["executionMode"], "kubewarden-wapc");
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

/// What `kwctl scaffold artifacthub` makes of the metadata and the form, but for the time of day and the comment.
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
        "install": install,
        "maintainers": [{"name": name, "email": email}],
        "provider": {"name": "kubewarden"},
        "recommendations": [{"url": "https://artifacthub.io/packages/helm/kubewarden/kubewarden-controller"}],
        "annotations": {
            "kubewarden/contextAwareResources": as_text(&resources.into()),
            "kubewarden/mutation": metadata["mutating"].to_string(),
            "kubewarden/questions-ui": read(FORM),
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

/// One setting, as the parser itself describes it when it is given something else.
struct Setting {
    /// The key with its parents, as in `controller.ingressClass`.
    key: String,
    /// What the parser says is allowed.
    allowed: String,
    values: Values,
}

#[derive(PartialEq)]
enum Values {
    Choice(Vec<String>),
    List(Vec<String>),
    Name,
}

impl Setting {
    /// Every setting that the parser knows, in its order.
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for key in known_keys("") {
            match allowed_values(&key) {
                allowed if allowed == "a map" => {
                    all.extend(
                        known_keys(&format!("{key}.")).into_iter().map(|inner| Self::new(format!("{key}.{inner}"))),
                    );
                }
                _ => all.push(Self::new(key)),
            }
        }
        all
    }

    fn new(key: String) -> Self {
        let allowed = allowed_values(&key);
        let split = |text: &str| text.split(", ").map(str::to_owned).collect();
        let values = if let Some(options) = allowed.strip_prefix("a list of ") {
            Values::List(split(options))
        } else if allowed.starts_with("a name") {
            Values::Name
        } else {
            Values::Choice(split(&allowed))
        };
        Self { key, allowed, values }
    }

    fn options(&self) -> &[String] {
        match &self.values {
            Values::Choice(options) | Values::List(options) => options,
            Values::Name => &[],
        }
    }

    /// Holds that a value is the default: it alone makes the settings what they are without it.
    #[track_caller]
    fn assert_default(&self, value: &Value) {
        let settings = |value: &Value| Settings::from_json(&nested(&self.key, value).to_string());
        assert_eq!(settings(value), Ok(Settings::default()), "{}: {value}", self.key);
        match &self.values {
            Values::List(options) => assert_eq!(*value, json!(options), "{}", self.key),
            Values::Name => assert_ne!(settings(&json!("another")), Ok(Settings::default()), "{}", self.key),
            Values::Choice(options) => {
                for option in options.iter().filter(|option| value != option.as_str()) {
                    let other = settings(&json!(option)).unwrap_or_else(|error| panic!("{}: {error}", self.key));
                    assert_ne!(other, Settings::default(), "{}: {option}", self.key);
                }
            }
        }
    }
}

/// `{"controller": {"ingressClass": value}}` for `controller.ingressClass`.
fn nested(key: &str, value: &Value) -> Value {
    key.rsplit('.').fold(value.clone(), |value, part| json!({ part: value }))
}

fn problem(settings: &Value) -> SettingsProblem {
    let error = Settings::from_json(&settings.to_string()).expect_err("a problem");
    error.problems.into_iter().next().expect("a problem")
}

/// The keys that the parser names when it is given another one.
fn known_keys(parent: &str) -> Vec<String> {
    match problem(&nested(&format!("{parent}unknown"), &Value::Null)) {
        SettingsProblem::UnknownKey { key, allowed } => {
            assert_eq!(key, format!("{parent}unknown"));
            allowed.split(", ").map(str::to_owned).collect()
        }
        other => panic!("{other}"),
    }
}

/// What the parser allows for a key, as it says when it is given a number.
fn allowed_values(key: &str) -> String {
    match problem(&nested(key, &json!(0))) {
        SettingsProblem::WrongValue { key: found, allowed, .. } => {
            assert_eq!(found, key);
            allowed
        }
        other => panic!("{other}"),
    }
}

/// A row of the settings table of the README.
struct Row {
    key: String,
    values: String,
    default: String,
    meaning: String,
}

impl Row {
    /// The values that are named in the row.
    fn options(&self) -> Vec<String> {
        let mut options: Vec<String> = self.values.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        // Where one is special, like the empty name, the row names it too.
        options.retain(|option| option != "\"\"");
        options
    }

    fn default(&self, setting: &Setting) -> Value {
        match self.default.as_str() {
            "all five" => {
                assert_eq!(setting.options().len(), 5);
                json!(setting.options())
            }
            default => json!(plain(default)),
        }
    }

    /// The meaning as a sentence, for people who do not read Markdown.
    fn sentence(&self) -> String {
        let mut rest = self.meaning.chars();
        let first = rest.next().expect("a meaning");
        // A name of an option stays as it is written.
        format!("{}{}.", first.to_ascii_uppercase(), plain(rest.as_str())).trim_start_matches('`').to_owned()
    }
}

/// Without Markdown's marks of code.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

fn table() -> Vec<Row> {
    let readme = read("README.md");
    let rows = readme.lines().skip_while(|line| *line != "| key | values | default | meaning |").skip(2);
    rows.map_while(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| {
            let cells: Vec<&str> = row.split(" | ").collect();
            let [key, values, default, meaning] = cells.try_into().unwrap_or_else(|cells| panic!("{row}: {cells:?}"));
            Row { key: plain(key), values: values.to_owned(), default: default.to_owned(), meaning: meaning.to_owned() }
        })
        .collect()
}

/// Every setting with its row of the table: in the same order, and none is missing.
fn settings() -> Vec<(Setting, Row)> {
    let (all, table) = (Setting::all(), table());
    let keys = |setting: &Setting| setting.key.clone();
    assert_eq!(table.iter().map(|row| row.key.clone()).collect::<Vec<_>>(), all.iter().map(keys).collect::<Vec<_>>());
    all.into_iter().zip(table).collect()
}

/// Options may stand in another order: the default first.
fn sorted(options: &[String]) -> BTreeSet<&str> {
    options.iter().map(String::as_str).collect()
}

#[test]
fn the_table_of_the_readme_is_what_the_parser_does() {
    for (setting, row) in settings() {
        setting.assert_default(&row.default(&setting));
        match &setting.values {
            Values::Name => assert!(setting.allowed.starts_with(&plain(&row.values)), "{}", setting.key),
            Values::Choice(options) | Values::List(options) => {
                assert_eq!(sorted(&row.options()), sorted(options), "{}", setting.key);
                assert_eq!(row.options().len(), options.len(), "{}", setting.key);
            }
        }
    }
}

#[test]
fn the_form_is_the_table() {
    let form = read_yaml(FORM);
    assert_eq!(keys(&form), ["questions"]);
    let questions = form["questions"].as_array().expect("questions");
    let settings = settings();
    assert_eq!(questions.len(), settings.len());
    let mut labels = BTreeSet::new();
    for (question, (setting, row)) in questions.iter().zip(&settings) {
        assert_eq!(question["variable"], *setting.key);
        let (type_, words) = match &setting.values {
            Values::Choice(_) => ("enum", row.sentence()),
            Values::Name => ("string", row.sentence()),
            // The form cannot offer the options of a list.
            Values::List(options) => ("array[", format!("{} Any of {}.", row.sentence(), options.join(", "))),
        };
        assert_eq!(question["type"], type_, "{}", setting.key);
        assert_eq!(question["description"], words, "{}", setting.key);
        let options = if type_ == "enum" { json!(row.options()) } else { Value::Null };
        assert_eq!(question["options"], options, "{}", setting.key);
        assert_eq!(question["default"], row.default(setting), "{}", setting.key);
        assert_eq!(question["group"], "Settings");
        assert_eq!(question["required"], false);
        assert!(labels.insert(question["label"].as_str().expect("a label")), "{}", setting.key);
        let known =
            ["variable", "label", "description", "group", "type", "options", "value_multiline", "default", "required"];
        assert!(keys(question).iter().all(|key| known.contains(key)), "{question}");
    }
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
fn the_schema_is_the_table() {
    let schema = schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(keys(&schema["properties"]), known_keys(""));
    for (setting, row) in settings() {
        let pointer = format!("/properties/{}", setting.key.replace('.', "/properties/"));
        let property = schema.pointer(&pointer).unwrap_or_else(|| panic!("no {pointer}"));
        assert_eq!(property["description"], row.sentence(), "{}", setting.key);
        assert_eq!(property["default"], row.default(&setting), "{}", setting.key);
        let options = json!(row.options());
        match setting.values {
            Values::Choice(_) => assert_eq!(property["enum"], options, "{}", setting.key),
            Values::List(_) => assert_eq!(property["items"]["enum"], options, "{}", setting.key),
            Values::Name => assert!(property["pattern"].is_string(), "{}", setting.key),
        }
        if let Some((parent, _)) = setting.key.split_once('.') {
            assert_eq!(keys(&schema["properties"][parent]["properties"]), known_keys(&format!("{parent}.")));
        }
    }
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
    }
    let all = Setting::all();
    for setting in &all {
        for value in &values {
            check(&nested(&setting.key, value));
            // Beside a wrong one, and beside good ones.
            for other in all.iter().filter(|other| other.key != setting.key) {
                for beside in [json!(0), json!("warn")] {
                    let mut both = nested(&setting.key, value);
                    merge(&mut both, &nested(&other.key, &beside));
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
    let mut texts: Vec<String> = Setting::all().iter().flat_map(|setting| setting.options().to_vec()).collect();
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
        ("pattern" | "maxLength" | "items" | "additionalProperties", _) => true,
        (other, _) => panic!("the keyword {other} is not used here"),
    })
}

/// What an editor is told about a file of settings: where their schema is.
#[test]
fn an_editor_is_pointed_at_the_schema() {
    let page = read("docs/deployment.md");
    let (_, rest) = page.split_once("# yaml-language-server: $schema=").expect("a comment for editors");
    let (path, rest) = rest.split_once('\n').expect("a line");
    assert_eq!(path, SCHEMA);
    let settings = yaml::single(rest.split("```").next().expect("a block"), "docs/deployment.md").unwrap();
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
    for group in fs::read_dir(repository().join("e2e-tests/cases")).expect("the cases") {
        for case in fs::read_dir(group.expect("an entry").path()).expect("a group") {
            let file = case.expect("an entry").path().join("settings.yaml");
            if let Ok(text) = fs::read_to_string(&file) {
                examples.insert(file.display().to_string(), yaml::single(&text, "settings.yaml").unwrap());
            }
        }
    }
    for (place, settings) in examples {
        assert!(is_valid(&schema, &settings), "{place}: {settings}");
        assert!(Settings::from_json(&settings.to_string()).is_ok(), "{place}: {settings}");
    }
}
