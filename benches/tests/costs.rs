//! The policy does not silently grow: what it costs is what stands in `costs.json`, and grows in a line.

#![cfg(test)]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use aws_headless_service_policy::kubernetes::Kind;
use benches::meter::{HostCall, Measured, Meter};
use benches::workloads::{self, Workload};
use benches::{every_kind, modules};
use e2e_tests::cases::Observed;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use test_kit::in_memory_cluster::PROBE_NAME;

/// How much a count may differ from the one on record, up or down: a record that is too high hides what comes next.
const TOLERANCE: f64 = 0.02;

/// How much more the second doubling of a workload may cost than the first. Trees and sorting take a little more than 2;
/// what grows with the square takes 4.
const LINEAR: f64 = 2.25;

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
    /// The objects in their answers: a host copies each of them.
    objects: usize,
    /// The bytes of their answers.
    bytes: f64,
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

fn measured(meter: &Meter, workload: &Workload) -> Measured {
    let measured = meter.measure(&workload.payload(), &workload.cluster).expect("an answer");
    let response = serde_json::from_slice(&measured.answer).expect("JSON");
    let observed = Observed { response, exchanges: Vec::new(), logs: Vec::new() };
    assert_eq!(observed.outcome(), workload.outcome, "{}: {:#}", workload.name, observed.response);
    measured
}

impl Cost {
    fn of(measured: &Measured) -> Self {
        Cost {
            fuel: measured.fuel as f64,
            memory_bytes: measured.memory as f64,
            host_calls: measured.calls.len(),
            objects: measured.handed_over.objects,
            bytes: measured.handed_over.bytes as f64,
        }
    }
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
        let measured = measured(&meter, &workload);
        costs.start_fuel = measured.start_fuel as f64;
        costs.workloads.insert(workload.name.to_owned(), Cost::of(&measured));
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
        let before = &before.workloads[name];
        assert_eq!(cost.host_calls, before.host_calls, "{name}: host calls");
        assert_eq!(cost.objects, before.objects, "{name}: objects that the host hands over");
    }
    let mut differences = Vec::new();
    let mut compare = |what: &str, now: f64, before: f64| {
        if (now - before).abs() > before * TOLERANCE {
            differences.push(format!("{what}: {now}, and {before} on record ({:+.1} %)", (now / before - 1.0) * 100.0));
        }
    };
    for (name, cost) in &now.workloads {
        compare(&format!("{name}: bytes that the host hands over"), cost.bytes, before.workloads[name].bytes);
    }
    if now.rustc == before.rustc {
        compare("bytes of the module", now.module_bytes, before.module_bytes);
        compare("fuel of the start", now.start_fuel, before.start_fuel);
        for (name, cost) in &now.workloads {
            compare(&format!("{name}: fuel"), cost.fuel, before.workloads[name].fuel);
            compare(&format!("{name}: memory"), cost.memory_bytes, before.workloads[name].memory_bytes);
        }
    } else {
        // Written past the harness, which would keep it to itself.
        let text = format!(
            "costs.json: fuel, memory and size were not compared: they are of {}, and this is {}\n",
            before.rustc, now.rustc
        );
        io::stderr().write_all(text.as_bytes()).expect("standard error");
    }
    assert!(
        differences.is_empty(),
        "the policy costs something else now; if that is wanted, `make costs` writes it down:\n{}",
        differences.join("\n")
    );
}

/// Twice the objects cost twice as much at most, but for what any evaluation costs, and lead to as many host calls.
/// Returns how many times as much four times the objects cost.
fn assert_linear(meter: &Meter, what: &str, workload: &dyn Fn(usize) -> Workload, small: usize) -> f64 {
    let [one, two, four] = [small, 2 * small, 4 * small].map(|size| Cost::of(&measured(meter, &workload(size))));
    assert_eq!((one.host_calls, two.host_calls), (two.host_calls, four.host_calls), "{what}: host calls");
    let (first, second) = (two.fuel - one.fuel, four.fuel - two.fuel);
    assert!(second <= LINEAR * first, "{what}: {first} more, then {second} more");
    four.fuel / one.fuel
}

#[test]
fn costs_grow_in_a_line() {
    let meter = meter();
    let check = |what: &str, workload: &dyn Fn(usize) -> Workload, small| {
        assert!(assert_linear(&meter, what, workload, small) > 2.0, "{what}: it does not grow");
    };
    check("paths of an Ingress", &|size| workloads::ingress_with_paths("paths", size), 250);
    check("routes of a Service", &|size| workloads::headless_service_behind_routes("routes", size), 125);
    check("objects of a cluster", &|size| workloads::headless_service_in_cluster("cluster", size), 50);
    check("with Gateways", &|size| workloads::headless_service_beside_gateways("Gateways", size), 50);
}

/// The same whatever is admitted: in a cluster with everything that it can touch.
#[test]
fn costs_of_every_kind_grow_in_a_line() {
    let meter = meter();
    for kind in Kind::ADMITTED {
        for name in every_kind::admitted_names(kind) {
            let workload = |size| every_kind::workload(kind, name, size).expect("an object of the cluster");
            let what = format!("{}/{} {name}", kind.api_version(), kind.name());
            let growth = assert_linear(&meter, &what, &workload, 20);
            // These two refer to Services by name, and nothing else matters. The others touch all of the cluster.
            let is_small = matches!(kind, Kind::Ingress | Kind::TargetGroupBinding(_));
            assert_eq!(growth > 1.5, !is_small, "{what}: {growth}");
        }
    }
}

/// The bound that ARCHITECTURE.md states: per kind, so many GETs, one probe and one list for each selector.
#[test]
fn lookups_of_every_kind_are_bounded() {
    let meter = meter();
    let mut most = 0;
    for kind in Kind::ADMITTED {
        let names = every_kind::admitted_names(kind);
        assert!(!names.is_empty(), "{kind:?} is never admitted");
        for name in names {
            let workload = every_kind::workload(kind, name, 20).expect("an object of the cluster");
            let lookups = lookups(&measured(&meter, &workload).calls);
            for (looked_up, count) in &lookups {
                let what = format!("{} {name}: {looked_up}: {count:?}", kind.name());
                let max_gets = if looked_up.contains("IngressClass") { 2 } else { 4 };
                assert!(count.gets <= max_gets && count.probes <= 1, "{what}");
                let max_lists = if looked_up == "v1/Service" { 3 } else { 1 };
                assert!(count.lists <= max_lists, "{what}");
            }
            most = most.max(lookups.values().map(|count| count.gets + count.probes + count.lists).sum());
        }
    }
    let bound = format!("**at most {most} lookups**");
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md")).expect("a page");
    assert!(page.contains(&bound), "ARCHITECTURE.md does not say: {bound}");
}

/// How often a kind is asked for.
#[derive(Debug, Default)]
struct Lookups {
    gets: usize,
    probes: usize,
    lists: usize,
}

fn lookups(calls: &[HostCall]) -> BTreeMap<String, Lookups> {
    let mut lookups: BTreeMap<String, Lookups> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.namespace == "kubernetes") {
        let request: Value = serde_json::from_slice(&call.payload).expect("JSON");
        let text = |name: &str| request[name].as_str().expect("a string");
        let of_kind = lookups.entry(format!("{}/{}", text("api_version"), text("kind"))).or_default();
        match call.operation.as_str() {
            "get_resource" if text("name") == PROBE_NAME => of_kind.probes += 1,
            "get_resource" => of_kind.gets += 1,
            "list_resources_all" => of_kind.lists += 1,
            other => panic!("{other}"),
        }
    }
    lookups
}

/// The limits that the project sets itself.
#[test]
fn limits_are_kept() {
    // 400 KB by the compiler on record (`costs_are_those_on_record`); others may need a tenth more.
    assert!(modules::policy().expect("policy.wasm").len() <= 440_000, "the module is larger than 440 KB");
    let meter = meter();
    let of = |workload: &Workload| Cost::of(&measured(&meter, workload));
    let paths = of(&workloads::ingress_with_paths("Ingress with 1,000 paths to 500 Services", 500));
    assert!(paths.host_calls <= 12, "{} host calls for 500 Services", paths.host_calls);
    let cluster = of(&workloads::headless_service_beside_gateways("31,000 objects", 1_000));
    assert!(cluster.memory_bytes <= f64::from(64 << 20), "{} bytes of guest memory", cluster.memory_bytes);
}
