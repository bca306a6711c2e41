//! Facts about findings and lookups, as audit annotations and log lines carry them.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::MAX_LISTED;
use super::phrases::{Group, exposer, fix_phrase, lookup_problem};
use super::text::{text, written};
use crate::decide::{Evaluation, Fate, Finding, Outcome, Refusal};

/// Facts with names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(Vec<(&'static str, Cow<'static, str>)>);

impl Facts {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a fact; several of one name are joined in their order.
    fn add(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => {
                let values = values.to_mut();
                values.push_str(", ");
                values.push_str(&value);
            }
            None => self.0.push((name, value)),
        }
    }

    fn add_finding(&mut self, finding: &Finding) {
        self.add("finding", finding.problem.id());
        self.add("service", written(text(|f| finding.service.write_path(f, 253))));
        self.add("path", written(exposer(finding, 253)));
        self.add("fix", written(fix_phrase(&Group::of(finding), 253)));
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The audit annotations of a refusal: the findings for which it is refused.
pub fn facts_of_refusal(evaluation: &Evaluation) -> Facts {
    let mut facts = Facts::default();
    for finding in told(evaluation, Fate::Refused) {
        facts.add_finding(finding);
    }
    facts
}

/// What a log line carries: the facts of the refusal, every other finding that is told, and failed lookups.
pub fn facts_of_log<'f>(evaluation: &Evaluation, of_refusal: &'f Facts) -> Cow<'f, Facts> {
    let mut facts = Cow::Borrowed(of_refusal);
    let are_told = !matches!(evaluation.outcome, Outcome::Reject(Refusal::InvalidObject(_)));
    for fate in [Fate::Fixed, Fate::Warned].into_iter().filter(|_| are_told) {
        for finding in told(evaluation, fate) {
            facts.to_mut().add_finding(finding);
        }
    }
    for failure in evaluation.failures.iter().take(MAX_LISTED) {
        facts.to_mut().add("lookup", written(lookup_problem(&failure.lookup, 253, true)));
    }
    facts
}

fn told(evaluation: &Evaluation, fate: Fate) -> impl Iterator<Item = &Finding> {
    evaluation.findings.iter().filter(move |finding| finding.fate == fate).take(MAX_LISTED)
}
