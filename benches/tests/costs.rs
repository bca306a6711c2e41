//! The policy does not silently grow: what it costs is what stands in `costs.json`, and grows in a line.

#![cfg(test)]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use benches::meter::Meter;
use benches::modules;
use benches::workloads::{self, Workload};
use e2e_tests::cases::Observed;
use serde::{Deserialize, Serialize};

/// How much a count may differ from the one on record, up or down: a record that is too high hides what comes next.
const TOLERANCE: f64 = 0.02;

/// What is on record.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Costs {
    /// The compiler: another one makes another module.
    rustc: String,
    /// The size of the module.
    module_bytes: f64,
    /// The instructions of `wapc_init`.
    start_fuel: f64,
    workloads: BTreeMap<String, Cost>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cost {
    fuel: f64,
    memory_bytes: f64,
    host_calls: usize,
}

fn record() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("costs.json")
}

fn rustc() -> String {
    let output = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("--version").output();
    String::from_utf8(output.expect("rustc").stdout).expect("UTF-8").trim().to_owned()
}

fn meter() -> Meter {
    Meter::new(&modules::policy().expect("policy.wasm")).expect("a module")
}

fn cost(meter: &Meter, workload: &Workload) -> (u64, Cost) {
    let measured = meter.measure(&workload.payload(), &workload.cluster).expect("an answer");
    let response = serde_json::from_slice(&measured.answer).expect("JSON");
    let observed = Observed { response, exchanges: Vec::new(), logs: Vec::new() };
    assert_eq!(observed.outcome(), workload.outcome, "{}: {:#}", workload.name, observed.response);
    let cost =
        Cost { fuel: measured.fuel as f64, memory_bytes: measured.memory as f64, host_calls: measured.calls.len() };
    (measured.start_fuel, cost)
}

fn measured_now() -> Costs {
    let meter = meter();
    let mut costs = Costs {
        rustc: rustc(),
        module_bytes: modules::policy().expect("policy.wasm").len() as f64,
        start_fuel: 0.0,
        workloads: BTreeMap::new(),
    };
    for workload in workloads::all() {
        let (start_fuel, cost) = cost(&meter, &workload);
        costs.start_fuel = start_fuel as f64;
        costs.workloads.insert(workload.name.to_owned(), cost);
    }
    costs
}

#[test]
fn costs_are_those_on_record() {
    let now = measured_now();
    if env::var_os("UPDATE_COSTS").is_some() {
        let text = serde_json::to_string_pretty(&now).expect("JSON");
        fs::write(record(), text + "\n").expect("costs.json");
        return;
    }
    let text = fs::read_to_string(record()).expect("costs.json");
    let before: Costs = serde_json::from_str(&text).expect("costs.json");
    let names = |costs: &Costs| costs.workloads.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&now), names(&before));
    for (name, cost) in &now.workloads {
        assert_eq!(cost.host_calls, before.workloads[name].host_calls, "{name}: host calls");
    }
    if now.rustc != before.rustc {
        // Written past the harness, which would keep it to itself.
        let text = format!(
            "costs.json: fuel, memory and size were not compared: they are of {}, and this is {}\n",
            before.rustc, now.rustc
        );
        io::stderr().write_all(text.as_bytes()).expect("standard error");
        return;
    }
    let mut differences = Vec::new();
    let mut compare = |what: &str, now: f64, before: f64| {
        if (now - before).abs() > before * TOLERANCE {
            differences.push(format!("{what}: {now}, and {before} on record ({:+.1} %)", (now / before - 1.0) * 100.0));
        }
    };
    compare("bytes of the module", now.module_bytes, before.module_bytes);
    compare("fuel of the start", now.start_fuel, before.start_fuel);
    for (name, cost) in &now.workloads {
        compare(&format!("{name}: fuel"), cost.fuel, before.workloads[name].fuel);
        compare(&format!("{name}: memory"), cost.memory_bytes, before.workloads[name].memory_bytes);
    }
    assert!(
        differences.is_empty(),
        "the policy costs something else now; if that is wanted, `make costs` writes it down:\n{}",
        differences.join("\n")
    );
}

/// Twice the objects cost twice as much at most, but for what any evaluation costs.
#[test]
fn costs_grow_in_a_line() {
    let meter = meter();
    let check = |what: &str, workload: &dyn Fn(usize) -> Workload, small: usize| {
        let [one, two, four] = [small, 2 * small, 4 * small].map(|size| cost(&meter, &workload(size)).1);
        assert_eq!((one.host_calls, two.host_calls), (two.host_calls, four.host_calls), "{what}: host calls");
        let (first, second) = (two.fuel - one.fuel, four.fuel - two.fuel);
        assert!(second <= 2.1 * first, "{what}: {first} more, then {second} more");
    };
    check("paths of an Ingress", &|size| workloads::ingress_with_paths("paths", size), 250);
    check("objects of a cluster", &|size| workloads::headless_service_in_cluster("cluster", size), 50);
}

/// The limits that the project sets itself.
#[test]
fn limits_are_kept() {
    assert!(modules::policy().expect("policy.wasm").len() <= 600_000, "the module is larger than 600 KB");
    let meter = meter();
    let of = |workload: &Workload| cost(&meter, workload).1;
    let paths = of(&workloads::ingress_with_paths("Ingress with 1,000 paths to 500 Services", 500));
    assert!(paths.host_calls <= 12, "{} host calls for 500 Services", paths.host_calls);
    let cluster = of(&workloads::headless_service_in_cluster("headless Service in a cluster of 28,000 objects", 1_000));
    assert!(cluster.memory_bytes <= f64::from(64 << 20), "{} bytes of guest memory", cluster.memory_bytes);
}
