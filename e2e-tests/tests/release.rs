//! What the workflows, the Makefile and the pages about them promise each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use e2e_tests::engine::repository;
use serde_json::{Value, json};
use test_kit::yaml;

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

#[track_caller]
fn workflow(name: &str) -> Value {
    workflows().into_iter().find(|(path, _)| path.ends_with(name)).expect("such a workflow").1
}

fn jobs(workflow: &Value) -> impl Iterator<Item = (&String, &Value)> {
    workflow["jobs"].as_object().expect("jobs").iter()
}

fn steps(job: &Value) -> impl Iterator<Item = &Value> {
    job["steps"].as_array().into_iter().flatten()
}

fn scripts(workflow: &Value) -> Vec<&str> {
    jobs(workflow).flat_map(|(_, job)| steps(job)).filter_map(|step| step["run"].as_str()).collect()
}

/// Whether a step is one of an action, whatever its version.
fn uses(step: &Value, action: &str) -> bool {
    step["uses"].as_str().is_some_and(|used| used.starts_with(&format!("{action}@")))
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

/// The releases of Kubewarden that a job is run with, oldest first.
fn matrix(job: &Value) -> Vec<&str> {
    let versions = job["strategy"]["matrix"]["kubewarden"].as_array().expect("a matrix");
    versions.iter().map(|version| version.as_str().expect("a version")).collect()
}

/// The last two stable releases, and the one whose engine the embedded host is. What is released has been tested with the
/// same kwctl, and the README says with which ones.
#[test]
fn workflows_use_the_same_releases_of_kubewarden() {
    let (ci, cluster_tests, release) = (workflow("ci.yml"), workflow("cluster-tests.yml"), workflow("release.yml"));
    let versions = matrix(&ci["jobs"]["e2e-tests"]);
    assert_eq!(versions, matrix(&cluster_tests["jobs"]["cluster-tests"]));
    assert!(versions.len() >= 2, "{versions:?}");
    let newest = versions.last().copied();
    assert_eq!(release["env"]["KUBEWARDEN_VERSION"].as_str(), newest);
    let installed: BTreeSet<&str> = [&ci, &cluster_tests, &release]
        .into_iter()
        .flat_map(|workflow| jobs(workflow).flat_map(|(_, job)| steps(job)))
        .filter(|step| uses(step, "kubewarden/github-actions/kwctl-installer"))
        .map(|step| step["with"]["kwctl-version"].as_str().expect("a version"))
        .collect();
    let known = ["${{ env.KUBEWARDEN_VERSION }}", "${{ matrix.kubewarden }}", newest.expect("a version")];
    assert_eq!(installed, known.into());
    let readme = read(&repository().join("README.md"));
    for version in versions {
        let version = version.trim_start_matches('v');
        assert!(readme.contains(version), "README.md says nothing of Kubewarden {version}");
    }
    // The engines that run the module here, and the API server of the sessions.
    let lock = read(&repository().join("Cargo.lock"));
    for engine in ["wasmtime", "wasmi"] {
        let version = lock.split(&format!("name = \"{engine}\"\nversion = \"")).nth(1);
        let major = version.and_then(|rest| rest.split('.').next()).expect("a version");
        assert!(readme.contains(&format!("{engine} {major}")), "README.md names another {engine}");
    }
    let modules = read(&repository().join("api-server/go.mod"));
    let kubernetes = modules.lines().find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes v"));
    let row = format!("| Kubernetes | {} |", kubernetes.expect("Kubernetes"));
    assert!(readme.contains(&row), "README.md does not have: {row}");
}

/// What would be skipped, or could fail and nobody would see it.
fn is_always_done(job: &Value) -> bool {
    std::iter::once(job).chain(steps(job)).all(|it| it["if"].is_null() && it["continue-on-error"].is_null())
}

/// A change has to pass all of it, and so has a release.
#[test]
fn ci_runs_everything() {
    let ci = workflow("ci.yml");
    let triggers: BTreeSet<&str> = ci["on"].as_object().expect("triggers").keys().map(String::as_str).collect();
    assert_eq!(triggers, ["pull_request", "push", "schedule", "workflow_call"].into());
    for (name, job) in jobs(&ci) {
        assert!(is_always_done(job), "{name}");
    }
    let scripts = scripts(&ci);
    let targets: BTreeSet<&str> =
        scripts.iter().flat_map(|script| script.lines()).flat_map(targets_of_command).collect();
    let expected = [
        "e2e-tests",
        "hygiene",
        "kustomize",
        "lint",
        "playground-test",
        "release-dry-run",
        "release-rustc",
        "reproducible",
        "test",
    ];
    assert_eq!(targets, expected.into());
    let runs = |text: &str| scripts.iter().any(|script| script.contains(text));
    assert!(runs("wc -c < policy.wasm"), "nothing prints the module's size");
    // The oldest compiler that the packages claim to need.
    let version = r#"version=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)"#;
    let is_oldest = |script: &&str| script.contains(version) && script.contains("RUSTUP_TOOLCHAIN=$version make test");
    assert!(scripts.iter().any(is_oldest), "nothing is tested with the oldest compiler");

    let kwctl =
        steps(&ci["jobs"]["e2e-tests"]).position(|step| uses(step, "kubewarden/github-actions/kwctl-installer"));
    let tests = steps(&ci["jobs"]["e2e-tests"]).position(|step| step["run"] == "make e2e-tests");
    assert!(kwctl.is_some() && kwctl < tests, "kwctl {kwctl:?}, tests {tests:?}");

    // `make deny` with all of its checks.
    let mut all = jobs(&ci).flat_map(|(_, job)| steps(job));
    let deny = all.find(|step| uses(step, "EmbarkStudios/cargo-deny-action")).expect("cargo-deny");
    let (arguments, command) = (deny["with"]["arguments"].as_str(), deny["with"]["command"].as_str());
    let expected = format!("cargo deny {} {} all", arguments.expect("arguments"), command.expect("a command"));
    assert!(dry_run(&["deny"], &[]).contains(&expected), "{expected}");
}

/// Nothing is published that was not tested, and what is published is signed by the same job.
#[test]
fn a_release_is_tested_then_built_then_pushed_and_signed() {
    let release = workflow("release.yml");
    assert_eq!(release["on"], json!({"push": {"tags": ["v*"]}}));
    let order: Vec<(&str, &Value)> = jobs(&release).map(|(name, job)| (name.as_str(), &job["needs"])).collect();
    let expected = [
        ("ci", &Value::Null),
        ("build", &Value::Null),
        ("publish", &json!(["ci", "build"])),
        ("github-release", &json!("publish")),
        ("artifacthub", &json!("publish")),
    ];
    assert_eq!(order, expected);
    let job = |name: &str| &release["jobs"][name];
    assert_eq!(job("ci")["uses"], "./.github/workflows/ci.yml");
    for name in ["ci", "build", "publish", "github-release"] {
        assert!(is_always_done(job(name)), "{name}");
    }

    // What is built is what is handed on, pushed, signed and attached.
    let files = ["policy.wasm", "annotated-policy.wasm", "policy-sbom.cdx.json", "policy-sbom.spdx.json", "SHA256SUMS"];
    assert!(steps(job("build")).any(|step| step["run"] == "make release"));
    let upload = steps(job("build")).find(|step| uses(step, "actions/upload-artifact")).expect("an artifact");
    let uploaded = upload["with"]["path"].as_str().expect("paths");
    let step_with = |name: &str, text: &str| {
        let position = steps(job(name)).position(|step| step["run"].as_str().is_some_and(|run| run.contains(text)));
        position.unwrap_or_else(|| panic!("{name}: {text}"))
    };
    let (push, sign) = (step_with("publish", "scripts/publish.sh "), step_with("publish", "cosign sign --yes "));
    assert!(push < sign, "signed before it is pushed");
    let sign = &job("publish")["steps"][sign];
    let script = read(&repository().join("scripts/publish.sh"));
    assert!(script.contains("annotated-policy.wasm") && script.contains("immutable_ref"), "{script}");
    assert_eq!(sign["env"]["REFERENCE"], "${{ steps.push.outputs.reference }}", "not what was pushed");
    let sign = sign["run"].as_str().expect("a script");
    for line in sign.lines().filter(|line| line.trim_start().starts_with("cosign sign ")) {
        assert!(line.ends_with(r#" "$REFERENCE""#), "{line}");
    }
    for file in files {
        assert!(uploaded.lines().any(|line| line == file), "{file} is not handed on");
        assert!(sign.lines().any(|line| line.contains("for file in ") && line.contains(&format!(" {file}"))), "{file}");
    }
    let attested: Vec<&Value> = steps(job("publish"))
        .filter(|step| uses(step, "actions/attest-build-provenance"))
        .map(|step| &step["with"])
        .collect();
    let pushed = json!({
        "subject-name": "${{ steps.push.outputs.name }}",
        "subject-digest": "${{ steps.push.outputs.digest }}",
        "push-to-registry": true,
    });
    assert_eq!(attested, [&pushed, &json!({"subject-checksums": "SHA256SUMS"})]);
    let download =
        steps(job("github-release")).find(|step| uses(step, "actions/download-artifact")).expect("a download");
    assert_eq!(download["with"], json!({"path": "assets", "merge-multiple": true}));
    let create = &job("github-release")["steps"][step_with("github-release", "gh release create ")];
    assert!(create["run"].as_str().is_some_and(|run| run.trim_end().ends_with(" assets/*")));
}

#[test]
fn only_the_jobs_that_publish_may_write() {
    let mut writers: BTreeSet<(String, String)> = BTreeSet::new();
    for (_, workflow) in workflows() {
        for (name, job) in jobs(&workflow) {
            for (permission, level) in job["permissions"].as_object().expect("permissions") {
                if level != "read" {
                    writers.insert((name.clone(), format!("{permission}: {}", level.as_str().expect("a level"))));
                }
            }
        }
    }
    let expected = [
        ("artifacthub", "contents: write"),
        ("github-release", "contents: write"),
        ("publish", "artifact-metadata: write"),
        ("publish", "attestations: write"),
        ("publish", "id-token: write"),
        ("publish", "packages: write"),
    ];
    assert_eq!(writers, expected.map(|(job, level)| (job.to_owned(), level.to_owned())).into());
}

/// What is released is what the dry run has pushed, pulled and compared.
#[test]
fn the_dry_run_does_what_the_release_does() {
    let commands = dry_run(&["release-dry-run"], &[]);
    let built = dry_run(&["release"], &[]);
    assert_eq!(commands, format!("{built}scripts/release-dry-run.sh\n"));
    let script = read(&repository().join("scripts/release-dry-run.sh"));
    for command in
        ["sha256sum --check SHA256SUMS", "scripts/publish.sh ", "scripts/changes.sh ", "cmp annotated-policy.wasm "]
    {
        assert!(script.contains(command), "{command}");
    }
}

/// `latest` is for releases.
#[test]
fn a_prerelease_is_not_the_latest() {
    let pushed = |version: &str| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("publish-{version}"));
        fs::create_dir_all(&folder).expect("a folder");
        // Stands in for kwctl: writes down what it is asked to push, and answers like it.
        let kwctl = "#!/bin/sh\nfor last; do :; done\necho \"$last\" >>pushed\necho '{\"immutable_ref\": \"host/name@sha256:0\"}'\n";
        fs::write(folder.join("kwctl"), kwctl).expect("a file");
        let _ = fs::remove_file(folder.join("pushed"));
        let path = std::env::var("PATH").expect("a PATH");
        let output = Command::new("bash")
            .args(["-c", "chmod +x kwctl && exec \"$@\"", "bash"])
            .arg(repository().join("scripts/publish.sh"))
            .args(["host/name", version])
            .current_dir(&folder)
            .env("PATH", format!("{}:{path}", folder.display()))
            .output()
            .expect("bash");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, b"host/name@sha256:0\n");
        read(&folder.join("pushed")).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(pushed("1.2.3"), ["registry://host/name:v1.2.3", "registry://host/name:latest"]);
    assert_eq!(pushed("1.2.3-rc.1"), ["registry://host/name:v1.2.3-rc.1"]);
}

/// make, without what a make around this test has set for those below it.
fn make() -> Command {
    let path = std::env::var_os("PATH").expect("a PATH");
    let make = std::env::split_paths(&path).map(|folder| folder.join("make")).find(|file| file.is_file());
    let mut command = Command::new(make.expect("make on the PATH"));
    command.current_dir(repository());
    for variable in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CI", "CHECKS"] {
        command.env_remove(variable);
    }
    command
}

/// The commands that make would run.
fn dry_run(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = make().arg("--dry-run").args(arguments).envs(environment.iter().copied()).output().expect("make");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Whoever has a later compiler can run `make lint`; a warning of it is CI's business.
#[test]
fn warnings_are_errors_in_ci_alone() {
    let denied = |environment: &[(&str, &str)]| dry_run(&["lint"], environment).matches("-- -D warnings").count();
    assert_eq!((denied(&[]), denied(&[("CI", "true")])), (0, 2));
    let run = read(&repository().join(".ci/run"));
    assert!(run.lines().any(|line| line == "CI=true make lint test"), "{run}");
}

/// Runs make where nothing is on the PATH but these names, which do nothing.
fn make_with(tools: &[&str], target: &str) -> Output {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("path-{}-{target}", tools.join("-")));
    fs::create_dir_all(&folder).expect("a folder");
    for tool in tools {
        // A command is looked for, and found, when it may be run; nothing here runs it.
        let file = folder.join(tool);
        if !file.exists() {
            std::os::unix::fs::symlink("/bin/sh", file).expect("a link");
        }
    }
    make().arg(target).env("PATH", folder).output().expect("make")
}

/// Nobody waits minutes for a build that ends in a message which could have come first.
#[test]
fn what_needs_kwctl_says_so_before_anything_is_built() {
    for target in ["annotated-policy.wasm", "e2e-tests"] {
        let output = make_with(&["bats", "jq"], target);
        let (said, done) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
        assert!(!output.status.success(), "{target}");
        assert_eq!(done, "", "{target}: something was run");
        let [line, makes_own] = &said.lines().collect::<Vec<_>>()[..] else { panic!("{target}: {said}") };
        assert!(line.contains("kwctl") && line.contains("https://"), "{target}: {line}");
        assert!(makes_own.starts_with("make"), "{target}: {makes_own}");
    }
    let output = make_with(&["kwctl"], "e2e-tests");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.lines().next().is_some_and(|line| line.ends_with(": bats jq")), "{said}");
    assert_eq!(output.stdout, b"", "something was run");
}

/// Everything that cargo-deny can look at is looked at; one part of it needs a database from the network.
#[test]
fn dependencies_are_looked_at_from_all_sides() {
    let text = read(&repository().join("deny.toml"));
    let heading = |line: &str| Some(line.strip_prefix('[')?.strip_suffix(']')?.to_owned());
    let mut sections: BTreeSet<String> = text.lines().filter_map(heading).collect();
    assert!(sections.remove("graph"), "{sections:?}");
    assert_eq!(sections, ["advisories", "bans", "licenses", "sources"].map(str::to_owned).into());
    sections.remove("advisories");
    let offline = sections.into_iter().collect::<Vec<_>>().join(" ");
    let command = format!(r#"make deny CHECKS="{offline}""#);
    for file in ["Makefile", "CONTRIBUTING.md"] {
        assert!(read(&repository().join(file)).contains(&command), "{file} does not say: {command}");
    }
    let checks = format!("CHECKS={offline}");
    assert!(dry_run(&["deny", &checks], &[]).contains(&format!("cargo deny --locked --workspace check {offline}\n")));
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
    for target in [
        "test",
        "e2e-tests",
        "playground-test",
        "reproducible",
        "release-rustc",
        "release",
        "release-dry-run",
        "deny",
        "push",
        "kustomize",
        "hygiene",
    ] {
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

/// And the functions in them that are named right behind a file.
#[test]
fn the_cited_go_functions_are_listed() {
    let page = read(&repository().join("CONTRIBUTING.md"));
    let mut cited: BTreeSet<String> = BTreeSet::new();
    for file in files_below(&repository().join("src"), &["rs"]) {
        for line in read(&file).lines() {
            for behind in line.split(".go`").skip(1) {
                let words = behind.split([' ', ',', ':', ';', '.', ')', '(']).filter(|word| !word.is_empty());
                let is_function = |word: &&str| {
                    word.bytes().all(|byte| byte.is_ascii_alphabetic())
                        && word.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
                };
                cited.extend(words.take_while(is_function).map(str::to_owned));
            }
        }
    }
    assert!(cited.len() > 20, "{cited:?}");
    let missing: Vec<&String> = cited.iter().filter(|function| !page.contains(function.as_str())).collect();
    assert!(missing.is_empty(), "cited in src, and not in CONTRIBUTING.md: {missing:?}");
}

fn go_files(text: &str) -> impl Iterator<Item = &str> {
    let is_path = |letter: char| letter.is_ascii_alphanumeric() || "/_.".contains(letter);
    text.split(move |letter: char| !is_path(letter)).filter(|word| word.contains('/') && word.ends_with(".go"))
}
