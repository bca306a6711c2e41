//! The program behind `make run`: what it prints, and how it ends.

#![cfg(test)]
#![cfg(feature = "module")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use e2e_tests::engine::repository;
use serde_json::Value;

/// How the program ended, and what it printed.
#[derive(Debug, PartialEq)]
struct Run {
    status: i32,
    stdout: String,
    stderr: String,
}

fn evaluate(arguments: &[&str], stdin: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_aws-headless-service-policy-cli"))
        .args(arguments)
        .current_dir(repository())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a program that starts");
    let mut input = child.stdin.take().expect("its standard input");
    // A program that does not read it has closed it.
    let _ = input.write_all(stdin.as_bytes());
    drop(input);
    let Output { status, stdout, stderr } = child.wait_with_output().expect("a program that ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Run { status: status.code().expect("an exit code"), stdout: text(stdout), stderr: text(stderr) }
}

/// A file of its own for one test.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).expect("a writable file");
    path
}

const SHOP: &str = "e2e-tests/samples/shop";

/// A Service that is headless and an Ingress of class `alb` that sends traffic to it.
const INGRESS: &str = "
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Service
    metadata: {name: cart, namespace: shop}
    spec: {clusterIP: None, ports: [{name: http, port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: alb
  defaultBackend: {service: {name: cart, port: {number: 80}}}
";

/// The same for the built-in policy and the module.
#[test]
fn the_sample_ends_as_the_readme_says() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("README.md");
    for policy in [&[] as &[&str], &["--module", "policy.wasm"]] {
        let run = evaluate(&[policy, &[SHOP]].concat(), "");
        assert_eq!((run.status, run.stderr.as_str()), (2, ""));
        assert!(readme.contains(&run.stdout), "README.md does not show:\n{}", run.stdout);

        let run = evaluate(&[policy, &["--mode", "mutate", SHOP]].concat(), "");
        assert_eq!((run.status, run.stderr.as_str()), (2, ""));
        let from_binding = run.stdout.find("MUTATED").map(|start| &run.stdout[start..]).expect("a mutation");
        assert!(readme.contains(from_binding), "README.md does not show:\n{from_binding}");
    }
}

#[test]
fn what_is_admitted_ends_well() {
    let run = evaluate(&["--mode", "warn", SHOP], "");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.ends_with("\n5 admitted, 0 mutated, 0 refused, 3 stored\n"), "{}", run.stdout);
}

/// A missing class is named, and an option supplies it.
#[test]
fn a_class_that_is_not_there_is_named() {
    let run = evaluate(&["-"], INGRESS);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let summary = "\n2 admitted, 0 mutated, 0 refused, 0 stored\n\nNot checked:\n  Ingress shop/web (stdin:10): \
                   IngressClass alb is missing, add it or use --ingress-class alb\n";
    assert!(run.stdout.ends_with(summary), "{}", run.stdout);

    let run = evaluate(&["--ingress-class", "alb", "-"], INGRESS);
    assert_eq!((run.status, run.stderr.as_str()), (2, ""));
    assert!(run.stdout.ends_with("\n1 admitted, 0 mutated, 1 refused, 0 stored\n"), "{}", run.stdout);
}

#[test]
fn a_removed_version_is_named() {
    let text = "{apiVersion: networking.k8s.io/v1beta1, kind: Ingress, metadata: {name: web, namespace: shop}}";
    let run = evaluate(&["-"], text);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let sentence = "Ingress shop/web (stdin:1): Kubernetes 1.22 removed Ingress of networking.k8s.io/v1beta1, \
                    rewrite it for networking.k8s.io/v1";
    assert!(run.stdout.contains("0 stored, 1 skipped\n"), "{}", run.stdout);
    assert_eq!(run.stdout.matches(sentence).count(), 2, "{}", run.stdout);
}

/// kwctl replays what the module asked for, in this order.
#[test]
fn sessions_are_written_for_each_object_that_is_checked() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sessions");
    let path = folder.to_str().expect("a path");
    let run = evaluate(&["--module", "policy.wasm", "--sessions", path, "--ingress-class", "alb", "-"], INGRESS);
    assert_eq!((run.status, run.stderr.as_str()), (2, ""));
    let session = fs::read_to_string(folder.join("002-ingress-web/session.yaml")).expect("a session");
    assert!(session.contains("KubernetesGetResource"), "{session}");
    let run = evaluate(&["--sessions", path, "-"], INGRESS);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
}

/// An object that is given twice is updated the second time, and not refused for what was there.
#[test]
fn the_same_object_again_is_an_update() {
    let stored = format!("{INGRESS}---{}", INGRESS.split("---").nth(1).expect("an Ingress"));
    let run = evaluate(&["--mode", "warn", "--output", "json", "--ingress-class", "alb", "-"], &stored);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let of = |name: &str| -> Vec<Value> {
        report["evaluations"].as_array().expect("evaluations").iter().map(|entry| entry[name].clone()).collect()
    };
    assert_eq!(of("operation"), ["CREATE", "CREATE", "UPDATE"]);
    assert_eq!(of("kind"), ["Service", "Ingress", "Ingress"]);
    let evaluations = of("evaluation");
    assert_eq!(evaluations[2]["findings"][0]["rule"], "headless-instance-mode");
    let warnings: Vec<usize> =
        of("answer").iter().map(|answer| answer["warnings"].as_array().map_or(0, Vec::len)).collect();
    assert_eq!(warnings, [0, 1, 1]);
}

/// One line on standard error with the place, and exit code 1.
#[test]
fn what_cannot_be_run_says_where() {
    let check = |arguments: &[&str], stdin: &str, parts: &[&str]| {
        let run = evaluate(arguments, stdin);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{arguments:?}: {}", run.stderr);
        for part in parts {
            assert!(run.stderr.contains(part), "{arguments:?}: {}", run.stderr);
        }
    };
    check(&["no-such-folder"], "", &["error: ", "no-such-folder"]);
    let broken = file("broken.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\na: b: c\n");
    check(&[broken.to_str().expect("a path")], "", &["error: ", "broken.yaml:5"]);
    let no_kind = file("no-kind.yaml", "# nothing\n\nmetadata: {name: a}\n");
    check(&[no_kind.to_str().expect("a path")], "", &["error: ", "no-kind.yaml:3", "kind"]);
    let settings = file("settings.yaml", "mod: reject\n");
    check(&["--settings", settings.to_str().expect("a path"), SHOP], "", &["error: ", "unknown key `mod`"]);
    check(&["--mode", "enforce", SHOP], "", &["error: ", "enforce"]);
    check(&["--module", "no-such.wasm", SHOP], "", &["error: ", "no-such.wasm"]);
    check(&[], "", &["error: "]);
}
