//! The corpus: random clusters, and what the AWS Load Balancer Controller itself makes of them.
//!
//! Invariant: an answer is compared with what the controller did, by the rules of `corpus/README.md` and no others. Nothing
//! here knows when the controller fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};

use flate2::bufread::GzDecoder;
use serde::Deserialize;
use serde_json::{Map, Value};
use test_kit::admission::{self, AdmissionOperation};
use test_kit::in_memory_cluster::{Access, InMemoryCluster, KeyError};

use crate::cases::{CaseOutcome, Observed};
use crate::engine::repository;
use crate::host;

/// The files, without `.ndjson.gz`.
pub const FILES: [&str; 4] = ["ingress", "service", "targetgroupbinding", "gateway"];

/// An answer names at most this many findings and counts the rest.
const MAX_NAMED: usize = 5;

/// The kinds whose objects the controller reconciles themselves, and whose errors it reports by their own name.
const RECONCILED: [&str; 3] = ["Ingress", "Service", "TargetGroupBinding"];

/// The modes in which the corpus says what the answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Findings that the request introduces are refused.
    Reject,
    /// Findings are warnings.
    Warn,
}

impl Mode {
    /// Both modes.
    pub const ALL: [Mode; 2] = [Mode::Reject, Mode::Warn];

    /// The value of the setting `mode`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mode::Reject => "reject",
            Mode::Warn => "warn",
        }
    }
}

/// A Service, and an object that makes the controller serve it in instance mode.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// `Ingress/shop/web`; of a route `HTTPRoute/shop/web@shop/edge`, with its Gateway.
    pub exposer: String,
    /// `shop/cart`.
    pub service: String,
}

impl fmt::Display for Pair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} -> {}", self.exposer, self.service)
    }
}

/// One request in one cluster, and what the controller made of it. `corpus/README.md` describes the fields.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(missing_docs, reason = "corpus/README.md has them")]
pub struct Entry {
    pub id: String,
    pub settings: Map<String, Value>,
    pub operation: String,
    pub object: Value,
    pub old_object: Option<Value>,
    pub cluster: Vec<Value>,
    pub introduced: BTreeSet<Pair>,
    pub kept: BTreeSet<Pair>,
    pub either: BTreeSet<Pair>,
    pub unjudged: BTreeSet<String>,
    pub errors: BTreeMap<String, String>,
    pub notes: Option<String>,
}

/// The lines of a file, one entry each: reading JSON takes longer than the rest, and callers do it in several threads.
///
/// # Errors
/// A file that cannot be read or decompressed.
pub fn lines(file: &str) -> io::Result<Vec<String>> {
    let path = repository().join(format!("e2e-tests/corpus/{file}.ndjson.gz"));
    BufReader::new(GzDecoder::new(BufReader::new(File::open(path)?))).lines().collect()
}

impl Entry {
    /// Reads one line of a file.
    ///
    /// # Errors
    /// Text that is no entry.
    pub fn parse(line: &str) -> serde_json::Result<Self> {
        serde_json::from_str(line)
    }

    /// The kind of the admitted object.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.object.get("kind").and_then(Value::as_str).unwrap_or_default()
    }

    /// The admitted object as an exposer is named: `Ingress/shop/web`.
    #[must_use]
    pub fn object_name(&self) -> String {
        let part = |pointer| self.object.pointer(pointer).and_then(Value::as_str);
        let parts = [part("/kind"), part("/metadata/namespace"), part("/metadata/name")];
        parts.into_iter().flatten().collect::<Vec<_>>().join("/")
    }

    /// What is handed to `validate` in a mode.
    #[must_use]
    pub fn payload(&self, mode: Mode) -> Vec<u8> {
        let operation = if self.old_object.is_some() { AdmissionOperation::Update } else { AdmissionOperation::Create };
        let request = admission::request(operation, Some(&self.object), self.old_object.as_ref());
        let mut settings = self.settings.clone();
        settings.insert("mode".to_owned(), Value::from(mode.name()));
        host::payload(&request, &settings).into_bytes()
    }

    /// What lookups see: at the time of an UPDATE the old object is still the stored one.
    ///
    /// # Errors
    /// An object without a name.
    pub fn stored(&self, access: &Access) -> Result<InMemoryCluster, KeyError> {
        let mut cluster = InMemoryCluster::new(access.clone());
        for object in self.cluster.iter().chain(&self.old_object) {
            cluster.insert(object.clone())?;
        }
        Ok(cluster)
    }

    /// Every way in which an answer disagrees with the controller; none if it agrees.
    #[must_use]
    pub fn compare(&self, mode: Mode, observed: &Observed) -> Vec<String> {
        if observed.outcome() == CaseOutcome::Mutate {
            return vec!["the object was changed".to_owned()];
        }
        let code = observed.response.get("code").and_then(Value::as_u64);
        match (observed.outcome(), code) {
            (CaseOutcome::Reject, Some(400)) if self.is_in_error() => Vec::new(),
            (CaseOutcome::Reject, Some(403)) if mode == Mode::Reject => self.compare_refusal(observed),
            (CaseOutcome::Reject, code) => vec![format!("refused with code {}", code.unwrap_or_default())],
            _ => self.compare_admission(mode, observed),
        }
    }

    /// Whether the controller has an error for the admitted object. One in a Gateway's configuration or routes is an error
    /// of the Gateway, and one in a class or its parameters is an error of what uses it.
    fn is_in_error(&self) -> bool {
        let mut exposers = self.errors.keys().chain(&self.unjudged);
        if !RECONCILED.contains(&self.kind()) {
            return exposers.next().is_some();
        }
        let own = self.object_name();
        exposers.any(|exposer| *exposer == own)
    }

    /// Whether whatever is said of an exposer is right.
    fn is_unjudged(&self, exposer: &str) -> bool {
        let gateway = exposer.split_once('@').map(|(_, gateway)| format!("Gateway/{gateway}"));
        self.unjudged.contains(exposer) || gateway.is_some_and(|gateway| self.unjudged.contains(&gateway))
    }

    fn compare_refusal(&self, observed: &Observed) -> Vec<String> {
        let answer = observed.derived();
        let annotation = |name| answer.audit_annotations.get(name).and_then(Value::as_str).unwrap_or_default();
        let exposers: Vec<String> = annotation("path").split(", ").map(exposer).collect();
        let services: Vec<&str> = annotation("service").split(", ").collect();
        if exposers.len() != services.len() {
            return vec![format!("{} paths and {} services are named", exposers.len(), services.len())];
        }
        let pair = |(exposer, service): (_, &str)| Pair { exposer, service: service.to_owned() };
        let named: BTreeSet<Pair> = exposers.into_iter().zip(services).map(pair).collect();

        let is_wrong = |pair: &&Pair| {
            !self.introduced.contains(pair) && !self.either.contains(pair) && !self.is_unjudged(&pair.exposer)
        };
        let mut differences: Vec<String> =
            named.iter().filter(is_wrong).map(|pair| format!("refused for {pair}")).collect();
        let missing: Vec<&Pair> = self.introduced.difference(&named).collect();
        if named.len() < MAX_NAMED {
            differences.extend(missing.iter().map(|pair| format!("not refused for {pair}")));
        } else {
            // A long message tells fewer pairs than the annotations name, and counts the others.
            let message = answer.message.unwrap_or_default();
            let untold = annotation("path").split(", ").zip(annotation("service").split(", "));
            let untold = untold.filter(|(exposer, service)| !is_told(&message, exposer, service)).count();
            let (more, expected) = (how_many_more(&message), missing.len() + untold);
            let is_exact = self.either.is_empty() && self.unjudged.is_empty();
            if more < expected || (is_exact && more > expected) {
                differences.push(format!("{expected} more pairs are introduced, and the message says {more}"));
            }
        }
        differences
    }

    fn compare_admission(&self, mode: Mode, observed: &Observed) -> Vec<String> {
        match mode {
            Mode::Reject if !self.introduced.is_empty() => {
                self.introduced.iter().map(|pair| format!("not refused for {pair}")).collect()
            }
            _ if !observed.derived().warnings.is_empty() => Vec::new(),
            _ => {
                let judged = self.introduced.union(&self.kept).filter(|pair| !self.is_unjudged(&pair.exposer));
                judged.map(|pair| format!("no warning for {pair}")).collect()
            }
        }
    }
}

/// The exposer that an audit annotation names: `HTTPRoute shop/web on Gateway shop/edge` is `HTTPRoute/shop/web@shop/edge`.
fn exposer(path: &str) -> String {
    path.replacen(" on Gateway ", "@", 1).replacen(' ', "/", 1)
}

/// The number in `And 3 more.`, where a message ends its list.
fn how_many_more(message: &str) -> usize {
    let number = |rest: &str| rest.split_once(" more")?.0.parse().ok();
    message.split(" And ").find_map(number).unwrap_or_default()
}

/// Whether a message tells a pair: in one of its parts, as those after the first begin with "Also" where it is long.
fn is_told(message: &str, exposer: &str, service: &str) -> bool {
    message.split(" Also ").any(|part| part.contains(exposer) && part.contains(service))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An entry with `introduced`, one pair each of `kept`, `either` and `unjudged`, and a controller error for all of these.
    fn entry(introduced: &[&str]) -> Entry {
        let pair = |name: &&str| json!({"exposer": format!("Ingress/shop/{name}"), "service": "shop/cart"});
        Entry::parse(
            &json!({
                "id": "x", "settings": {}, "operation": "CREATE", "oldObject": null, "cluster": [],
                "object": {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"}},
                "introduced": introduced.iter().map(pair).collect::<Vec<_>>(),
                "kept": [pair(&"old")], "either": [pair(&"hidden")], "unjudged": ["Ingress/shop/broken"],
                "errors": {"Ingress/shop/broken": "no"},
            })
            .to_string(),
        )
        .unwrap()
    }

    fn answer(response: Value) -> Observed {
        Observed { response, exchanges: Vec::new(), logs: Vec::new() }
    }

    fn refusal(names: &[&str], message: &str) -> Observed {
        let paths: Vec<String> = names.iter().map(|name| format!("Ingress shop/{name}")).collect();
        let services = vec!["shop/cart"; names.len()];
        answer(json!({
            "accepted": false, "code": 403, "message": message,
            "audit_annotations": {"path": paths.join(", "), "service": services.join(", ")},
        }))
    }

    #[test]
    fn the_introduced_pairs_are_named_and_no_others() {
        let check = |introduced: &[&str], named: &[&str], expected: &[&str]| {
            assert_eq!(entry(introduced).compare(Mode::Reject, &refusal(named, "")), expected, "{named:?}");
        };
        check(&["a", "b"], &["b", "a"], &[]);
        check(&["a", "b"], &["a"], &["not refused for Ingress/shop/b -> shop/cart"]);
        check(&["a"], &["a", "c"], &["refused for Ingress/shop/c -> shop/cart"]);
        check(&["a"], &["a", "old"], &["refused for Ingress/shop/old -> shop/cart"]);
        check(&["a"], &["a", "hidden", "broken"], &[]);
        check(&[], &["hidden"], &[]);
        check(&[], &["old"], &["refused for Ingress/shop/old -> shop/cart"]);
    }

    #[test]
    fn more_than_five_pairs_are_counted() {
        let seven = ["a", "b", "c", "d", "e", "f", "g"];
        let check = |message: &str, is_right: bool| {
            let mut entry = entry(&seven);
            entry.either.clear();
            entry.unjudged.clear();
            let differences = entry.compare(Mode::Reject, &refusal(&["g", "f", "e", "d", "c"], message));
            assert_eq!(differences.is_empty(), is_right, "{message}: {differences:?}");
        };
        let told = |names: &[&str]| {
            let sentences = names.iter().map(|name| format!("Ingress shop/{name} sends traffic to Service shop/cart."));
            sentences.collect::<Vec<_>>().join(" Also ")
        };
        let all = told(&["g", "f", "e", "d", "c"]);
        check(&format!("{all} And 2 more. One such backend stops all."), true);
        check(&format!("{all} And 1 more."), false);
        check(&format!("{all} And 3 more."), false);
        check(&all, false);
        let some = told(&["g", "f"]);
        check(&format!("{some} And 5 more."), true);
        check(&format!("{some} And 2 more."), false);
        check(&format!("{some} And 6 more."), false);
    }

    #[test]
    fn only_an_object_with_an_error_is_invalid() {
        let invalid = answer(json!({"accepted": false, "code": 400, "message": ""}));
        let mut entry = entry(&["a"]);
        for mode in Mode::ALL {
            assert_eq!(entry.compare(mode, &invalid), ["refused with code 400"]);
        }
        entry.errors.insert("Service/shop/cart".to_owned(), "no".to_owned());
        for mode in Mode::ALL {
            assert_eq!(entry.compare(mode, &invalid), Vec::<String>::new());
        }
    }

    #[test]
    fn an_admission_warns_of_what_was_there() {
        let silent = answer(json!({"accepted": true}));
        let warned = answer(json!({"accepted": true, "warnings": ["Ingress shop/old"]}));
        let changed = answer(json!({"accepted": true, "mutated_object": {}}));
        let refused = refusal(&["a"], "");
        let check = |introduced: &[&str], mode, observed, expected: &[&str]| {
            assert_eq!(entry(introduced).compare(mode, observed), expected, "{introduced:?}");
        };
        check(&[], Mode::Reject, &warned, &[]);
        check(&[], Mode::Reject, &silent, &["no warning for Ingress/shop/old -> shop/cart"]);
        check(&["a"], Mode::Reject, &warned, &["not refused for Ingress/shop/a -> shop/cart"]);
        check(&["a"], Mode::Warn, &warned, &[]);
        check(&["a"], Mode::Warn, &refused, &["refused with code 403"]);
        check(&[], Mode::Warn, &changed, &["the object was changed"]);
    }

    #[test]
    fn a_route_is_named_with_its_gateway() {
        assert_eq!(exposer("HTTPRoute shop/web on Gateway infra/edge"), "HTTPRoute/shop/web@infra/edge");
        assert_eq!(exposer("Ingress shop/web"), "Ingress/shop/web");
    }
}
