//! What the workflows, the Makefile and the pages about them promise each other.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use e2e_tests::engine::repository;
use e2e_tests::yaml;
use serde_json::{Value, json};

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a folder with one of these endings.
fn files_below(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_below(&path, endings));
        } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
            files.push(path);
        }
    }
    files
}

fn workflows() -> Vec<(PathBuf, Value)> {
    let files = files_below(&repository().join(".github/workflows"), &["yml", "yaml"]);
    assert!(!files.is_empty(), "no workflows");
    let parsed = |path: PathBuf| {
        let value = yaml::single(&read(&path), &path.display().to_string()).unwrap_or_else(|error| panic!("{error}"));
        (path, value)
    };
    files.into_iter().map(parsed).collect()
}

fn jobs(workflow: &Value) -> impl Iterator<Item = (&String, &Value)> {
    workflow["jobs"].as_object().expect("jobs").iter()
}

fn scripts(workflow: &Value) -> Vec<&str> {
    let steps = jobs(workflow).filter_map(|(_, job)| job["steps"].as_array()).flatten();
    steps.filter_map(|step| step["run"].as_str()).collect()
}

/// A tag can be moved to other code, a commit cannot; and one action has one version.
#[test]
fn actions_are_pinned() {
    let mut pins: BTreeMap<String, String> = BTreeMap::new();
    for (path, _) in workflows() {
        for line in read(&path).lines() {
            let Some(used) = line.trim_start().trim_start_matches("- ").strip_prefix("uses: ") else { continue };
            if used.starts_with("./") {
                continue;
            }
            let (action, pin) = used.split_once('@').unwrap_or_else(|| panic!("{used}: no pin"));
            let (commit, version) = pin.split_once(" # v").unwrap_or_else(|| panic!("{used}: no version"));
            let is_hash = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            assert!(commit.len() == 40 && commit.bytes().all(is_hash), "{used}: no commit");
            assert!(version.split('.').all(is_number), "{used}: no version");
            let known = pins.entry(action.to_owned()).or_insert_with(|| pin.to_owned());
            assert_eq!(known, pin, "{action}");
        }
    }
    assert!(pins.contains_key("actions/checkout"), "{pins:?}");
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A job may do what it says, and nothing by default; and nobody's branch name ends up in a script as code.
#[test]
fn workflows_are_careful() {
    for (path, workflow) in workflows() {
        assert_eq!(workflow["permissions"], json!({}), "{}", path.display());
        assert!(workflow["concurrency"].is_object(), "{}: no concurrency", path.display());
        for (name, job) in jobs(&workflow) {
            assert!(job["permissions"].is_object(), "{}: {name}: no permissions", path.display());
        }
        for script in scripts(&workflow) {
            assert!(!script.contains("${{"), "{}: an expression in a script: {script}", path.display());
        }
    }
}

/// What is released has been tested with the same kwctl.
#[test]
fn workflows_use_one_kwctl() {
    let versions: BTreeSet<String> = workflows()
        .iter()
        .filter_map(|(_, workflow)| workflow["env"]["KWCTL_VERSION"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(versions.len(), 1, "{versions:?}");
}

fn makefile() -> String {
    read(&repository().join("Makefile"))
}

fn targets_of_makefile() -> BTreeSet<String> {
    let target = |line: &str| {
        let (name, rest) = line.split_once(':')?;
        (is_target(name) && !rest.starts_with('=')).then(|| name.to_owned())
    };
    makefile().lines().filter_map(target).collect()
}

fn is_target(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-.".contains(letter))
}

/// The targets in a command, if it is one of make: what follows `make`, up to a variable, an option or a comment.
fn targets_of_command(command: &str) -> impl Iterator<Item = &str> {
    command.split_whitespace().skip_while(|word| *word != "make").skip(1).take_while(|word| is_target(word))
}

/// The commands on a page: inline code, and what stands after a prompt.
fn commands_of_page(text: &str) -> Vec<&str> {
    let mut commands = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => commands.push(command),
            None => commands.extend(line.split('`').skip(1).step_by(2)),
        }
    }
    commands
}

#[test]
fn every_make_target_that_is_named_exists() {
    let known = targets_of_makefile();
    let mut named: BTreeSet<String> = BTreeSet::new();
    let mut check = |path: &Path, command: &str| {
        for target in targets_of_command(command) {
            assert!(known.contains(target), "{}: `make {target}`: {known:?}", path.display());
            named.insert(target.to_owned());
        }
    };
    for (path, workflow) in workflows() {
        scripts(&workflow).iter().flat_map(|script| script.lines()).for_each(|line| check(&path, line));
    }
    let mut pages = files_below(&repository().join("docs"), &["md"]);
    pages
        .extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"].map(|page| repository().join(page)));
    for path in pages {
        for command in commands_of_page(&read(&path)) {
            check(&path, command);
        }
    }
    for target in ["test", "e2e-tests", "reproducible", "release-rustc", "release", "deny", "push"] {
        assert!(named.contains(target), "nobody is told of `make {target}`: {named:?}");
    }
}

/// The release's compiler is written down once, exactly, and is none that the packages refuse.
#[test]
fn the_compiler_of_releases_is_recorded() {
    let makefile = makefile();
    let recorded: Vec<&str> = makefile.lines().filter_map(|line| line.strip_prefix("RELEASE_RUSTC := ")).collect();
    let [recorded] = recorded[..] else { panic!("{recorded:?}") };
    let numbers = |version: &str| -> Vec<u32> {
        version.split('.').map(|part| part.parse().unwrap_or_else(|_| panic!("{version}"))).collect()
    };
    assert_eq!(numbers(recorded).len(), 3, "{recorded}");
    assert!(numbers(recorded) >= numbers(env!("CARGO_PKG_RUST_VERSION")), "{recorded}");
    let page = read(&repository().join("SECURITY.md"));
    assert!(page.contains(&format!("RUSTUP_TOOLCHAIN={recorded} ")), "SECURITY.md names another compiler");
}

/// Whoever follows a new release of the controller reads every Go file that a decision here is taken from, and no other.
#[test]
fn the_cited_go_files_are_listed() {
    let mut cited: BTreeSet<String> = BTreeSet::new();
    for file in files_below(&repository().join("src"), &["rs"]) {
        cited.extend(go_files(&read(&file)).map(str::to_owned));
    }
    let page = read(&repository().join("CONTRIBUTING.md"));
    let listed: BTreeSet<String> = go_files(&page).map(str::to_owned).collect();
    let differences: Vec<&String> = listed.symmetric_difference(&cited).collect();
    assert!(differences.is_empty(), "in CONTRIBUTING.md or in src, and not in both: {differences:?}");
}

fn go_files(text: &str) -> impl Iterator<Item = &str> {
    let is_path = |letter: char| letter.is_ascii_alphanumeric() || "/_.".contains(letter);
    text.split(move |letter: char| !is_path(letter)).filter(|word| word.contains('/') && word.ends_with(".go"))
}
