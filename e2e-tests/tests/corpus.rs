//! The policy and the controller agree: every entry of the corpus on the native core, and a sample of it on the module.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::{env, fs, thread};

use e2e_tests::cases::Observed;
use e2e_tests::corpus::{self, Entry, FILES, Mode, Pair};
use e2e_tests::engine::{Core, Engine, Wasm, granted_access, repository};
use serde_json::{Value, json};
use test_kit::in_memory_cluster::{Access, InMemoryCluster};

/// The module answers one entry in so many: an instance takes longer than the native core.
const SAMPLED: usize = 40;

const THREADS: usize = 2;

/// What `agreement.yaml` begins with.
const HEADER: &str = "\
# How many entries agree with the controller, by file and by the kind of the admitted object. A number may only grow:
# UPDATE_EXPECT=1 cargo test --package e2e-tests --test corpus core_
";

/// `agreed of total`, by file and kind.
type Agreement = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn core_agrees_with_the_controller() {
    if let Ok(wanted) = env::var("CORPUS_SHOW") {
        return show(&wanted);
    }
    let updates = env::var_os("UPDATE_EXPECT").is_some();
    let file = repository().join("e2e-tests/corpus/agreement.yaml");
    let recorded: Agreement = match fs::read_to_string(&file) {
        Ok(text) => yaml_serde::from_str(&text).expect("a table"),
        Err(_) if updates => Agreement::new(),
        Err(error) => panic!("{}: {error}", file.display()),
    };
    let observed = observed();
    let text = format!("{HEADER}{}", yaml_serde::to_string(&observed).expect("YAML"));
    println!("{text}");
    let fallen = fallen(&recorded, &observed);
    assert!(fallen.is_empty(), "CORPUS_SHOW=FILE/KIND shows what disagrees (corpus/README.md):\n{}", fallen.join("\n"));
    if updates {
        fs::write(&file, text).expect("a writable table");
    } else if observed != recorded {
        println!("More entries agree than recorded; UPDATE_EXPECT=1 records it.");
    }
}

/// Every number that is not at least what the table says. It never falls, so UPDATE_EXPECT does not write it either.
fn fallen(recorded: &Agreement, observed: &Agreement) -> Vec<String> {
    let mut fallen = Vec::new();
    for (file, kinds) in recorded {
        for (kind, before) in kinds {
            let now = observed.get(file).and_then(|kinds| kinds.get(kind)).map_or("0 of 0", String::as_str);
            let (agreed_now, total_now) = counts(now);
            let (agreed_before, total_before) = counts(before);
            if agreed_now < agreed_before || total_now != total_before {
                fallen.push(format!("{file}/{kind}: {now} agree, and the table says {before}"));
            }
        }
    }
    fallen
}

/// The numbers of `1033 of 1078`.
fn counts(text: &str) -> (usize, usize) {
    let number = |text: &str| text.parse().expect("a number");
    let (agreed, total) = text.split_once(" of ").expect("AGREED of TOTAL");
    (number(agreed), number(total))
}

#[test]
fn wasm_answers_like_the_native_core() {
    if env::var_os("CORPUS_SHOW").is_some() {
        return;
    }
    let access = granted_access().expect("metadata");
    let wasm = Wasm::built().expect("policy.wasm; `make policy.wasm` builds it");
    let mut differences = Vec::new();
    for file in FILES {
        for line in corpus::lines(file).expect("a readable file").iter().step_by(SAMPLED) {
            let entry = Entry::parse(line).expect("an entry");
            let stored = entry.stored(&access).expect("objects with names");
            for mode in Mode::ALL {
                differences.extend(difference_of_engines(wasm, &entry.payload(mode), &stored, &entry.id));
            }
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

/// Both engines give the same answer to the byte, the order of its keys included, and make the same host calls.
fn difference_of_engines(wasm: &Wasm, payload: &[u8], cluster: &InMemoryCluster, what: &str) -> Option<String> {
    let module = wasm.run(payload, cluster).expect("an answer");
    let native = Core.run(payload, cluster).expect("an answer");
    let text = |observed: &Observed| observed.response.to_string();
    let is_alike = module == native && text(&module) == text(&native);
    (!is_alike).then(|| format!("{what}\n  native: {}\n  module: {}", text(&native), text(&module)))
}

fn observed() -> Agreement {
    let access = granted_access().expect("metadata");
    let mut agreement = Agreement::new();
    for file in FILES {
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (kind, agrees) in for_each_entry(file, |entry| {
            (entry.kind().to_owned(), answers(&entry, &access).iter().all(|answer| answer.differences.is_empty()))
        }) {
            let (agreed, total) = counts.entry(kind).or_default();
            *agreed += usize::from(agrees);
            *total += 1;
        }
        let written = counts.into_iter().map(|(kind, (agreed, total))| (kind, format!("{agreed} of {total}")));
        agreement.insert(file.to_owned(), written.collect());
    }
    agreement
}

/// What `read` makes of every entry of a file, in the order of the file.
fn for_each_entry<T: Send>(file: &str, read: impl Fn(Entry) -> T + Sync) -> Vec<T> {
    let lines = corpus::lines(file).expect("a readable file");
    let read_all =
        |lines: &[String]| -> Vec<T> { lines.iter().map(|line| read(Entry::parse(line).expect("an entry"))).collect() };
    thread::scope(|scope| {
        let parts: Vec<_> =
            lines.chunks(lines.len().div_ceil(THREADS)).map(|part| scope.spawn(|| read_all(part))).collect();
        parts.into_iter().flat_map(|part| part.join().expect("no panic")).collect()
    })
}

/// What the core answers to an entry in one mode.
struct Answer {
    mode: Mode,
    observed: Observed,
    differences: Vec<String>,
}

fn answers(entry: &Entry, access: &Access) -> [Answer; 2] {
    let stored = entry.stored(access).expect("objects with names");
    // No host runs a policy with settings that it refuses, so whatever it answers does not count.
    let problem = Core::problem_of_settings(&Value::Object(entry.settings.clone()));
    Mode::ALL.map(|mode| {
        let observed = Core.run(&entry.payload(mode), &stored).expect("an answer");
        let differences = problem.clone().map_or_else(|| entry.compare(mode, &observed), |problem| vec![problem]);
        Answer { mode, observed, differences }
    })
}

/// Prints the entries of `FILE` or `FILE/KIND` that disagree, or everything about the entry with an id.
fn show(wanted: &str) {
    let access = granted_access().expect("metadata");
    let mut shown = 0;
    for file in FILES {
        let texts = for_each_entry(file, |entry| {
            let is_in_group = wanted == file || wanted == format!("{file}/{}", entry.kind());
            if entry.id == wanted {
                Some(in_full(&entry, &answers(&entry, &access)))
            } else if is_in_group {
                in_short(&entry, &answers(&entry, &access))
            } else {
                None
            }
        });
        for text in texts.into_iter().flatten() {
            println!("{text}");
            shown += 1;
        }
    }
    println!("{shown} entries of {wanted}");
}

/// What disagrees, and how; nothing if the entry agrees.
fn in_short(entry: &Entry, answers: &[Answer]) -> Option<String> {
    let mut text = format!("## {} {} {}\n{}", entry.id, entry.operation, entry.object_name(), expected(entry));
    let wrong: Vec<&Answer> = answers.iter().filter(|answer| !answer.differences.is_empty()).collect();
    for Answer { mode, observed, differences } in &wrong {
        text += &format!("mode {}: {}\n{}", mode.name(), differences.join("; "), indented(&observed.response));
    }
    (!wrong.is_empty()).then_some(text)
}

/// The request and the cluster as manifests, what the controller did, and the answers.
fn in_full(entry: &Entry, answers: &[Answer]) -> String {
    let mut text = format!("# {} {}\n{}", entry.id, entry.operation, yaml(&json!({"settings": entry.settings})));
    let documents = [("object", Some(&entry.object)), ("old object", entry.old_object.as_ref())];
    let stored = entry.cluster.iter().map(|object| ("cluster", Some(object)));
    for (title, object) in documents.into_iter().chain(stored) {
        if let Some(object) = object {
            text += &format!("---\n# {title}\n{}", yaml(object));
        }
    }
    text += &format!("---\n# controller\n{}", expected(entry));
    for Answer { mode, observed, differences } in answers {
        let verdict = if differences.is_empty() { "agrees".to_owned() } else { differences.join("; ") };
        let lookups = json!({"answer": observed.response, "lookups": observed.derived().lookups});
        text += &format!("---\n# mode {}: {verdict}\n{}", mode.name(), yaml(&lookups));
    }
    text
}

/// What the controller did, without what there is nothing of.
fn expected(entry: &Entry) -> String {
    let pairs = |pairs: &BTreeSet<Pair>| -> Value { pairs.iter().map(ToString::to_string).collect::<Vec<_>>().into() };
    let mut expected = json!({
        "introduced": pairs(&entry.introduced), "kept": pairs(&entry.kept), "either": pairs(&entry.either),
        "unjudged": entry.unjudged, "errors": entry.errors, "notes": entry.notes,
    });
    let is_something = |value: &Value| ![json!([]), json!({}), Value::Null].contains(value);
    expected.as_object_mut().expect("a map").retain(|_, value| is_something(value));
    yaml(&expected)
}

fn yaml(value: &Value) -> String {
    yaml_serde::to_string(value).expect("YAML")
}

fn indented(value: &Value) -> String {
    yaml(value).lines().map(|line| format!("    {line}\n")).collect()
}
