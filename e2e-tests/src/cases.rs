//! The cases: one folder each, with what is admitted, what the cluster holds, and what must come out.
//!
//! Invariant: a case says what must come out, not how. Every engine runs every case, and is compared in full.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use test_kit::admission::{self, AdmissionOperation};
use test_kit::in_memory_cluster::{Access, Exchange, InMemoryCluster};
use test_kit::yaml;

use crate::engine::{granted_access, repository};
use crate::host;

/// The files that a case folder may hold.
pub const FILES: [&str; 8] = [
    "object.yaml",
    "old-object.yaml",
    "settings.yaml",
    "cluster.yaml",
    "faults.yaml",
    "request.yaml",
    "payload.txt",
    "expect.yaml",
];

/// The line of `expect.yaml` below which everything is written by `UPDATE_EXPECT=1`, and above which nothing is.
pub const DERIVED: &str = "# As observed; `UPDATE_EXPECT=1` writes what follows, and its diff is what gets reviewed.";

/// A case could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct CaseError {
    file: String,
    problem: String,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// `RULE/EXPOSER/condition--outcome`.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The settings.
    pub settings: Map<String, Value>,
    /// The admission request, unless the case is about bytes that are none.
    pub request: Option<Value>,
    /// What is handed to `validate`.
    pub payload: Vec<u8>,
    /// What lookups see.
    pub cluster: InMemoryCluster,
    /// What must come out.
    pub expect: Expect,
}

/// What must come out of a case: what its author demands, and the rest of the answer to the letter.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Expect {
    /// What becomes of the request.
    pub outcome: CaseOutcome,
    /// The HTTP status code of a refusal.
    #[serde(default)]
    pub code: Option<u16>,
    /// The rules that were broken, in the order of the answer.
    #[serde(default)]
    pub findings: Option<Vec<String>>,
    /// How many warnings there are.
    #[serde(default)]
    pub warning_count: Option<usize>,
    /// What a mutation sets: JSON pointers and values.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
    /// What a mutation removes: JSON pointers.
    #[serde(default)]
    pub remove: Vec<String>,
    /// What the refusal's message must say.
    #[serde(default)]
    pub message_mentions: Vec<String>,
    /// What one of the warnings must say, each.
    #[serde(default)]
    pub warning_mentions: Vec<String>,
    /// That nothing may be looked up.
    #[serde(default)]
    pub no_lookups: bool,
    /// The answer to the letter.
    #[serde(flatten)]
    pub derived: Option<Derived>,
}

/// The part of an expectation that is written down from an observation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Derived {
    /// The refusal's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The audit annotations.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub audit_annotations: Map<String, Value>,
    /// The warnings.
    pub warnings: Vec<String>,
    /// The lookups that were made, as `get v1/Service shop/cart` and `list v1/Service`.
    pub lookups: Vec<String>,
    /// The line for the host's tracing, without what the rest of the expectation says already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<Map<String, Value>>,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseOutcome {
    /// Admitted as it is.
    Accept,
    /// Admitted with changes.
    Mutate,
    /// Refused.
    Reject,
}

/// What an engine made of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The policy's own answer.
    pub response: Value,
    /// The host calls.
    pub exchanges: Vec<Exchange>,
    /// The log lines.
    pub logs: Vec<Value>,
}

impl Observed {
    /// What became of the request.
    #[must_use]
    pub fn outcome(&self) -> CaseOutcome {
        let accepted = self.response.get("accepted") == Some(&Value::Bool(true));
        match (accepted, self.mutated_object()) {
            (true, None) => CaseOutcome::Accept,
            (true, Some(_)) => CaseOutcome::Mutate,
            (false, _) => CaseOutcome::Reject,
        }
    }

    /// The object as the policy wants it.
    #[must_use]
    pub fn mutated_object(&self) -> Option<&Value> {
        self.response.get("mutated_object").filter(|object| !object.is_null())
    }

    /// The rules that were broken: log lines name them.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let of_line = |line: &Value| line.get("finding").and_then(Value::as_str).map(str::to_owned);
        let joined: Vec<String> = self.logs.iter().filter_map(of_line).collect();
        joined.iter().flat_map(|ids| ids.split(", ")).map(str::to_owned).collect()
    }

    /// The answer to the letter, but for the outcome and the mutated object.
    #[must_use]
    pub fn derived(&self) -> Derived {
        let field = |name: &str| self.response.get(name).filter(|value| !value.is_null());
        let warnings = field("warnings").and_then(Value::as_array).cloned().unwrap_or_default();
        let warnings: Vec<String> = warnings.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let message = field("message").and_then(Value::as_str).map(str::to_owned);
        let audit_annotations = field("audit_annotations").and_then(Value::as_object).cloned().unwrap_or_default();
        let line = self.logs.first().and_then(Value::as_object).cloned();
        let log = line.map(|line| {
            let mut told = audit_annotations.clone();
            told.insert("message".to_owned(), Value::from(message.clone().unwrap_or_else(|| warnings.join(" "))));
            told.insert("outcome".to_owned(), json!(self.outcome()));
            without_what_is_told(line, told)
        });
        Derived { message, audit_annotations, warnings, lookups: self.exchanges.iter().map(lookup).collect(), log }
    }
}

/// The fields of a log line that say something else than `told`. A field that the line does not have is null.
fn without_what_is_told(mut line: Map<String, Value>, told: Map<String, Value>) -> Map<String, Value> {
    for (key, value) in told {
        if line.get(&key) == Some(&value) {
            line.shift_remove(&key);
        } else if !line.contains_key(&key) {
            line.insert(key, Value::Null);
        }
    }
    line
}

/// `get v1/Service shop/cart`, `list v1/Service spec.type=NodePort`.
fn lookup(exchange: &Exchange) -> String {
    let text = |name: &str| exchange.request.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = format!("{}/{}", text("api_version"), text("kind"));
    match (exchange.operation.as_str(), text("namespace")) {
        ("kubernetes/get_resource", "") => format!("get {kind} {}", text("name")),
        ("kubernetes/get_resource", namespace) => format!("get {kind} {namespace}/{}", text("name")),
        ("kubernetes/list_resources_all", _) => match text("field_selector") {
            "" => format!("list {kind}"),
            selector => format!("list {kind} {selector}"),
        },
        (other, _) => format!("{other} {}", exchange.request),
    }
}

/// Every case, by name: a walk, so that no case can be forgotten. A program reads them once.
///
/// # Errors
/// A folder without `expect.yaml`, a file that cannot be read.
pub fn all() -> Result<&'static [Case], &'static CaseError> {
    static ALL: LazyLock<Result<Vec<Case>, CaseError>> = LazyLock::new(|| {
        let folder = repository().join("e2e-tests/cases");
        let access = granted_access().map_err(|error| problem(&folder, &error))?;
        read_all(&folder, &access)
    });
    ALL.as_deref()
}

fn read_all(folder: &Path, access: &Access) -> Result<Vec<Case>, CaseError> {
    let mut cases = Vec::new();
    for rule in folders_in(folder)? {
        for exposer in folders_in(&rule)? {
            for case in folders_in(&exposer)? {
                cases.push(read(&case, access)?);
            }
        }
    }
    Ok(cases)
}

fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, CaseError> {
    let entries = fs::read_dir(folder).map_err(|error| problem(folder, &error))?;
    let mut folders: Vec<PathBuf> =
        entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

fn problem(file: &Path, problem: &dyn ToString) -> CaseError {
    CaseError { file: file.display().to_string(), problem: problem.to_string() }
}

/// One case.
///
/// # Errors
/// No `expect.yaml`, a file that cannot be read.
pub fn read(folder: &Path, access: &Access) -> Result<Case, CaseError> {
    let last_part = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut parts: Vec<String> = folder.ancestors().take(3).map(last_part).collect();
    parts.reverse();
    let name = parts.join("/");
    let settings = match optional(folder, "settings.yaml")? {
        Some(Value::Object(settings)) => settings,
        _ => Map::new(),
    };
    let (request, payload) = match fs::read(folder.join("payload.txt")) {
        Ok(payload) => (None, payload),
        Err(_) => {
            let request = request(folder)?;
            let payload = host::payload(&request, &settings).into_bytes();
            (Some(request), payload)
        }
    };
    let file = folder.join("expect.yaml");
    let expect = single(folder, "expect.yaml")?;
    let expect = serde_json::from_value(expect).map_err(|error| problem(&file, &error))?;
    let cluster = cluster(folder, access)?;
    Ok(Case { name, folder: folder.to_owned(), settings, request, payload, cluster, expect })
}

fn request(folder: &Path) -> Result<Value, CaseError> {
    let object = single(folder, "object.yaml")?;
    let old_object = optional(folder, "old-object.yaml")?;
    let operation = if old_object.is_some() { AdmissionOperation::Update } else { AdmissionOperation::Create };
    let mut request = admission::request(operation, Some(&object), old_object.as_ref());
    if let (Some(Value::Object(changes)), Some(request)) = (optional(folder, "request.yaml")?, request.as_object_mut())
    {
        request.extend(changes);
    }
    Ok(request)
}

fn cluster(folder: &Path, access: &Access) -> Result<InMemoryCluster, CaseError> {
    let mut cluster = InMemoryCluster::new(access.clone());
    let file = folder.join("cluster.yaml");
    if let Ok(text) = fs::read_to_string(&file) {
        for document in yaml::documents(&text, "cluster.yaml").map_err(|error| problem(&file, &error))? {
            cluster.insert(document.value).map_err(|error| problem(&file, &error))?;
        }
    }
    let file = folder.join("faults.yaml");
    if let Some(Value::Object(faults)) = optional(folder, "faults.yaml")? {
        for (target, fault) in faults {
            let target = target.parse().map_err(|error| problem(&file, &error))?;
            let fault = serde_json::from_value(fault).map_err(|error| problem(&file, &error))?;
            cluster.set_fault(target, fault);
        }
    }
    Ok(cluster)
}

fn single(folder: &Path, name: &str) -> Result<Value, CaseError> {
    let file = folder.join(name);
    let text = fs::read_to_string(&file).map_err(|error| problem(&file, &error))?;
    yaml::single(&text, name).map_err(|error| problem(&file, &error))
}

fn optional(folder: &Path, name: &str) -> Result<Option<Value>, CaseError> {
    if folder.join(name).exists() { single(folder, name).map(Some) } else { Ok(None) }
}

impl Case {
    /// The admitted object.
    #[must_use]
    pub fn object(&self) -> Option<&Value> {
        self.request.as_ref()?.get("object")
    }

    /// The object as it must come out: what is set and removed is applied to the admitted one.
    ///
    /// # Errors
    /// A pointer that leads nowhere.
    pub fn expected_object(&self) -> Result<Value, String> {
        let mut object = self.object().cloned().unwrap_or_default();
        for (pointer, value) in &self.expect.set {
            let (parent, key) = parent_and_key(&mut object, pointer)?;
            parent.insert(key, value.clone());
        }
        for pointer in &self.expect.remove {
            let (parent, key) = parent_and_key(&mut object, pointer)?;
            parent.shift_remove(&key).ok_or_else(|| format!("{pointer}: nothing to remove"))?;
        }
        Ok(object)
    }

    /// Every way in which an answer is not what it must be; none where it is.
    #[must_use]
    pub fn compare(&self, observed: &Observed) -> Vec<String> {
        let mut differences = self.compare_demands(observed);
        match &self.expect.derived {
            Some(expected) if *expected == observed.derived() => {}
            Some(expected) => differences.push(difference("the answer", expected, &observed.derived())),
            None => differences.push("the answer was never written down".to_owned()),
        }
        differences
    }

    /// The same for what the case's author demands alone.
    #[must_use]
    pub fn compare_demands(&self, observed: &Observed) -> Vec<String> {
        let (expect, derived) = (&self.expect, observed.derived());
        let mut differences = Vec::new();
        let mut check = |what: &str, holds: bool, found: String| {
            if !holds {
                differences.push(format!("{what}: {found}"));
            }
        };
        let code = observed.response.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
        let message = derived.message.unwrap_or_default();
        check("outcome", observed.outcome() == expect.outcome, format!("{:?} ({message})", observed.outcome()));
        check("code", code == expect.code, format!("{code:?}"));
        if let Some(findings) = &expect.findings {
            check("findings", *findings == observed.findings(), format!("{:?}", observed.findings()));
        }
        if let Some(count) = expect.warning_count {
            check("warning count", count == derived.warnings.len(), format!("{:#?}", derived.warnings));
        }
        for text in &expect.message_mentions {
            check(&format!("the message must say `{text}`"), message.contains(text), message.clone());
        }
        for text in &expect.warning_mentions {
            let is_said = derived.warnings.iter().any(|warning| warning.contains(text));
            check(&format!("a warning must say `{text}`"), is_said, format!("{:#?}", derived.warnings));
        }
        if expect.no_lookups {
            check("no lookups", derived.lookups.is_empty(), format!("{:?}", derived.lookups));
        }
        let expected = if expect.outcome == CaseOutcome::Mutate { self.expected_object().map(Some) } else { Ok(None) };
        match expected {
            Err(error) => differences.push(error),
            Ok(expected) if expected.as_ref() == observed.mutated_object() => {}
            Ok(expected) => differences.push(difference("the object", &expected, &observed.mutated_object())),
        }
        differences
    }

    /// Writes down the answer to the letter below what the author demands.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write_down(&self, observed: &Observed) -> Result<(), CaseError> {
        let file = self.folder.join("expect.yaml");
        let text = fs::read_to_string(&file).map_err(|error| problem(&file, &error))?;
        let demands = text.split(DERIVED).next().unwrap_or_default().trim_end();
        let derived = yaml_serde::to_string(&observed.derived()).map_err(|error| problem(&file, &error))?;
        fs::write(&file, format!("{demands}\n{DERIVED}\n{derived}")).map_err(|error| problem(&file, &error))
    }
}

fn parent_and_key<'o>(object: &'o mut Value, pointer: &str) -> Result<(&'o mut Map<String, Value>, String), String> {
    let (parent, key) = pointer.rsplit_once('/').ok_or_else(|| format!("{pointer}: not a JSON pointer"))?;
    let parent = object.pointer_mut(parent).and_then(Value::as_object_mut);
    let parent = parent.ok_or_else(|| format!("{pointer}: no such map"))?;
    Ok((parent, key.replace("~1", "/").replace("~0", "~")))
}

/// A difference as a diff of YAML.
fn difference(what: &str, expected: &impl Serialize, observed: &impl Serialize) -> String {
    let text = |value: Result<String, _>| value.unwrap_or_default();
    let (expected, observed) = (text(yaml_serde::to_string(expected)), text(yaml_serde::to_string(observed)));
    let diff = similar::TextDiff::from_lines(&expected, &observed);
    format!("{what}:\n{}", diff.unified_diff().context_radius(1).header("expected", "observed"))
}
