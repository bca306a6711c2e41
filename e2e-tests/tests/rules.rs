//! `docs/rules.md`: written from the documentation of the rules, with the cases that it names.

use std::fmt::Write;
use std::fs;

use aws_headless_service_policy::rules::Problem;
use e2e_tests::cases::{self, Case, CaseOutcome};
use e2e_tests::engine::{Core, Engine, granted_access, repository};
use e2e_tests::written;

/// What the documentation of every rule says, in this order.
const HEADINGS: [&str; 7] =
    ["What it does", "Why it is harmful", "What the controller does", "Fix", "Fix safety", "Example", "References"];

/// The documentation of one rule.
struct Documentation {
    /// The id, and with which settings it holds.
    title: String,
    /// A heading and what stands below it.
    sections: Vec<(String, String)>,
}

impl Documentation {
    fn of(rule: &str) -> Self {
        let file = format!("src/rules/{}.rs", rule.replace('-', "_"));
        let text = fs::read_to_string(repository().join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        // One space comes from the comment itself; lists are indented by more.
        let comment = text.lines().map_while(|line| line.strip_prefix("//!"));
        let mut lines = comment.map(|line| line.strip_prefix(' ').unwrap_or(line));
        let title = lines.next().expect("a first line").to_owned();
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in lines {
            if let Some(heading) = line.strip_prefix("## ") {
                sections.push((heading.to_owned(), String::new()));
            } else if let Some((_, section)) = sections.last_mut() {
                section.push_str(line);
                section.push('\n');
            } else {
                assert!(line.is_empty(), "{file}: {line}: above the first heading");
            }
        }
        for (_, section) in &mut sections {
            *section = section.trim().to_owned();
        }
        Self { title, sections }
    }

    fn section(&self, heading: &str) -> &str {
        &self.sections.iter().find(|(found, _)| found == heading).expect("a section").1
    }
}

#[test]
fn every_rule_is_documented_under_the_same_headings() {
    for rule in Problem::IDS {
        let documentation = Documentation::of(rule);
        assert!(documentation.title.starts_with(&format!("Rule `{}`", rule)), "{}", documentation.title);
        let headings: Vec<&str> = documentation.sections.iter().map(|(heading, _)| heading.as_str()).collect();
        assert_eq!(headings, HEADINGS, "{}", rule);
        for (heading, section) in &documentation.sections {
            assert!(!section.is_empty(), "{}: nothing under {heading}", rule);
        }
        assert!(documentation.section("What the controller does").contains(".go`"), "{}: no file", rule);
    }
}

/// Everything that the page says stands elsewhere: the words in the rules, the examples in the cases.
#[test]
fn the_page_of_the_rules_is_fresh() {
    written::is_fresh("docs/rules.md", &page()).unwrap();
}

fn page() -> String {
    let mut page = "<!-- Written by `make docs`, from src/rules/ and the cases that are named there. -->\n\n# Rules\n\n\
        The policy finds pairs of a Service and an object that makes the AWS Load Balancer Controller serve it. A refusal\n\
        has the rule's id in its audit annotation `finding`, and in the log. The setting `mode` decides what happens to a\n\
        finding ([settings](../README.md#settings)). Files and functions are those of the controller's v3.5.0.\n\n"
        .to_owned();
    page.push_str("| rule | with the settings |\n| --- | --- |\n");
    for rule in Problem::IDS {
        let title = Documentation::of(rule).title;
        let settings = title.split_once(", with ").map_or("always", |(_, settings)| settings.trim_end_matches('.'));
        writeln!(page, "| [`{0}`](#{0}) | {settings} |", rule).unwrap();
    }
    for rule in Problem::IDS {
        let documentation = Documentation::of(rule);
        write!(page, "\n## {}\n", rule).unwrap();
        for (heading, section) in &documentation.sections {
            let section = if heading == "Example" { examples(section) } else { section.clone() };
            write!(page, "\n### {heading}\n\n{section}\n").unwrap();
        }
    }
    page
}

/// Every paragraph is the name of a case, and what it shows: "`RULE/EXPOSER/case`: a binding in instance mode."
fn examples(section: &str) -> String {
    let access = granted_access().expect("metadata");
    let mut examples = Vec::new();
    for paragraph in section.split("\n\n") {
        let parts = paragraph.strip_prefix('`').and_then(|paragraph| paragraph.split_once("`: "));
        let (name, words) = parts.unwrap_or_else(|| panic!("{paragraph}: not \"`RULE/EXPOSER/case`: words\""));
        let folder = repository().join("e2e-tests/cases").join(name);
        let case = cases::read(&folder, &access).expect("a case");
        examples.push(example(&case, words));
    }
    examples.join("\n\n")
}

/// What the case holds, and what really comes out of it.
fn example(case: &Case, words: &str) -> String {
    let words = words.replace('\n', " ");
    let mut first = words.chars();
    let capital = first.next().expect("words").to_uppercase();
    let link = format!("[the case](../e2e-tests/cases/{})", case.name);
    let mut text = format!("**{capital}{}** ({link})\n", first.as_str().trim_end_matches('.'));
    if !case.settings.is_empty() {
        write!(text, "\nSettings:\n\n```yaml\n{}```\n", manifest(case, "settings.yaml").expect("settings")).unwrap();
    }
    if let Some(cluster) = manifest(case, "cluster.yaml") {
        write!(text, "\nIn the cluster:\n\n```yaml\n{cluster}```\n").unwrap();
    }
    let observed = Core.run(&case.payload, &case.cluster).expect("an answer");
    assert_eq!(case.compare(&observed), [""; 0], "{}", case.name);
    let label = if observed.outcome() == CaseOutcome::Mutate { "Before" } else { "Applied" };
    write!(text, "\n{label}:\n\n```yaml\n{}```\n", manifest(case, "object.yaml").expect("an object")).unwrap();
    match observed.outcome() {
        CaseOutcome::Mutate => {
            let after = yaml_serde::to_string(observed.mutated_object().expect("an object")).expect("YAML");
            write!(text, "\nAfter:\n\n```yaml\n{after}```").unwrap();
        }
        CaseOutcome::Reject => {
            let message = observed.derived().message.expect("a message");
            write!(text, "\nRefused:\n\n```text\n{message}\n```").unwrap();
        }
        CaseOutcome::Accept => text.push_str("\nAdmitted as it is."),
    }
    text
}

/// A file of a case, without the comment that says what the case is for.
fn manifest(case: &Case, name: &str) -> Option<String> {
    let text = fs::read_to_string(case.folder.join(name)).ok()?;
    let start = text.lines().take_while(|line| line.starts_with('#')).map(|line| line.len() + 1).sum();
    Some(text[start..].to_owned())
}
