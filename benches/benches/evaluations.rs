//! `make bench`: what an evaluation costs, beside an empty policy, a plain one, and one that makes the same host calls.
//!
//! Everything that stands in one row is measured in turn, one evaluation each, so that a ratio holds when the machine's
//! speed drifts. Around the module, a host does what policy-evaluator does (`runtimes/wapc/runtime.rs`, `validate`): the
//! request and the settings to JSON, the call, the answer parsed, the difference as a patch.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run has nobody to tell but the one who started it"
)]

use std::cell::RefCell;
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_headless_service_policy::cluster::HostCalls;
use aws_headless_service_policy::validate;
use benches::meter::{HostCall, Measured, Meter};
use benches::provider::{Instance, Policy};
use benches::workloads::{self, Workload};
use benches::{modules, replay};
use criterion::{Criterion, SamplingMode};
use e2e_tests::host::{admission_response, payload};
use test_kit::in_memory_cluster::InMemoryCluster;

/// What is measured: it does one evaluation, and says how long it took.
type Contender<'a> = Box<dyn FnMut() -> Timing + 'a>;

/// The time of one evaluation.
#[derive(Clone, Copy, Default)]
struct Timing {
    /// All of it, with what the host does around the call and for the guest's own calls.
    whole: Duration,
    /// What was spent in the call, but for the host's answers.
    guest: Duration,
}

const SAMPLES: usize = 30;
/// So many evaluations make a turn: most of them find the processor's caches as an evaluation before left them, as in
/// `kwctl bench`, and a turn is short beside what makes a machine's speed drift.
const TURN: u64 = 32;
/// Evaluations that take longer are sampled less often.
const SLOW: Duration = Duration::from_millis(5);

struct Modules {
    policy: Policy,
    empty: Policy,
    plain: Policy,
    /// As it was built, without a script.
    repeating: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let bytes = [modules::policy()?, modules::peer("empty_policy")?, modules::peer("plain_policy")?];
    let [policy, empty, plain] = &bytes;
    let modules = Modules {
        policy: Policy::new(policy)?,
        empty: Policy::new(empty)?,
        plain: Policy::new(plain)?,
        repeating: modules::peer("repeating_policy")?,
    };
    let meter = Meter::new(policy)?;

    let mut rows = vec![start(&mut criterion, &modules)];
    for workload in workloads::all() {
        rows.push(row(&mut criterion, &workload, &modules, &meter.measure(&workload.payload(), &workload.cluster)?)?);
    }
    let mut growth = Vec::new();
    for scale in [250, 500, 750, 1_000] {
        growth.push(growth_row(&mut criterion, &modules, &meter, scale)?);
    }
    println!();
    println!(
        "| workload | warm | × empty | × plain | × same calls | fresh | × empty | × plain | × same calls | host | guest | native | guest ÷ native | fuel | memory | host calls |"
    );
    println!("|{}", " --- |".repeat(16));
    for row in rows {
        println!("{row}");
    }
    let kilobytes = bytes.map(|bytes| format!("{:.1} KB", bytes.len() as f64 / 1e3));
    println!("\n| objects in the cluster | guest | fuel | memory |\n| --- | --- | --- | --- |");
    for row in growth {
        println!("{row}");
    }
    println!("\nModules: this policy {}, empty {}, plain {}.", kilobytes[0], kilobytes[1], kilobytes[2]);
    Ok(())
}

/// Instantiation and `wapc_init`.
fn start(criterion: &mut Criterion, modules: &Modules) -> String {
    let cluster = InMemoryCluster::default();
    let contender = |policy| -> Contender<'_> {
        let cluster = &cluster;
        Box::new(move || {
            let start = Instant::now();
            black_box(Guest::start(policy, cluster).instance);
            Timing { whole: start.elapsed(), guest: Duration::ZERO }
        })
    };
    let contenders = vec![contender(&modules.policy), contender(&modules.empty), contender(&modules.plain)];
    let fresh = compare(criterion, "start of the module", contenders);
    format!(
        "| start of the module | | | | | {} | {:.2} | {:.2} | | | | | | | | |",
        time(fresh.whole(0)),
        fresh.ratio(0, 1),
        fresh.ratio(0, 2)
    )
}

fn row(
    criterion: &mut Criterion,
    workload: &Workload,
    modules: &Modules,
    measured: &Measured,
) -> Result<String, Box<dyn Error>> {
    let payload = workload.payload();
    let same_calls = Policy::new(&replay::module_that_repeats(modules.repeating.clone(), measured)?)?;
    let policies = [&modules.policy, &modules.empty, &modules.plain, &same_calls];

    let warm = policies.iter().map(|policy| -> Contender<'_> {
        let guest = Guest::start(policy, &workload.cluster);
        Box::new(move || {
            let start = Instant::now();
            let guest = guest.evaluate(workload);
            Timing { whole: start.elapsed(), guest }
        })
    });
    let native: Contender<'_> = Box::new(|| native(&payload, measured));
    let warm = compare(criterion, &format!("{}, warm", workload.name), warm.chain([native]).collect());

    let fresh = policies.iter().map(|policy| -> Contender<'_> {
        Box::new(|| {
            let start = Instant::now();
            let guest = Guest::start(policy, &workload.cluster).evaluate(workload);
            Timing { whole: start.elapsed(), guest }
        })
    });
    let fresh = compare(criterion, &format!("{}, fresh", workload.name), fresh.collect());

    // What the module itself takes: above one that makes the same calls and copies the same bytes.
    let (guest, native) = (warm.guest_above(0, 3), warm.whole(4));
    Ok(format!(
        "| {} | {} | {:.2} | {:.2} | {:.2} | {} | {:.2} | {:.2} | {:.2} | {} | {} | {} | {:.2} | {} | {:.1} MiB | {} |",
        workload.name,
        time(warm.whole(0)),
        warm.ratio(0, 1),
        warm.ratio(0, 2),
        warm.ratio(0, 3),
        time(fresh.whole(0)),
        fresh.ratio(0, 1),
        fresh.ratio(0, 2),
        fresh.ratio(0, 3),
        time(warm.host(0)),
        time(guest),
        time(native),
        guest / native,
        measured.fuel,
        measured.memory as f64 / f64::from(1 << 20),
        measured.calls.len(),
    ))
}

/// What a headless Service costs in clusters of different sizes.
fn growth_row(
    criterion: &mut Criterion,
    modules: &Modules,
    meter: &Meter,
    scale: usize,
) -> Result<String, Box<dyn Error>> {
    let workload = workloads::headless_service_in_cluster("growth", scale);
    let payload = workload.payload();
    let measured = meter.measure(&payload, &workload.cluster)?;
    let same_calls = Policy::new(&replay::module_that_repeats(modules.repeating.clone(), &measured)?)?;
    let contenders = [&modules.policy, &same_calls].map(|policy| -> Contender<'_> {
        let guest = Guest::start(policy, &workload.cluster);
        let workload = &workload;
        Box::new(move || {
            let start = Instant::now();
            let guest = guest.evaluate(workload);
            Timing { whole: start.elapsed(), guest }
        })
    });
    let objects = 28 * scale;
    let times = compare(criterion, &format!("{objects} objects"), contenders.into());
    Ok(format!(
        "| {objects} | {} | {} | {:.1} MiB |",
        time(times.guest_above(0, 1)),
        measured.fuel,
        measured.memory as f64 / f64::from(1 << 20),
    ))
}

/// A policy, and an instance of it whose host calls are answered from the cluster: as in a real host, the request is
/// decoded and the answer encoded each time. What that takes is measured apart.
struct Guest {
    instance: Instance,
    in_host: Arc<AtomicU64>,
}

impl Guest {
    fn start(policy: &Policy, cluster: &InMemoryCluster) -> Self {
        let (cluster, in_host) = (cluster.clone(), Arc::new(AtomicU64::new(0)));
        let total = Arc::clone(&in_host);
        let answer = move |binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            let start = Instant::now();
            let response = cluster.answer(binding, namespace, operation, payload).response;
            total.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
            response
        };
        Self { instance: policy.start(answer).expect("a module that starts"), in_host }
    }

    /// One evaluation: the whole of it, and of that what was spent in the guest.
    fn evaluate(&self, workload: &Workload) -> Duration {
        let payload = payload(&workload.request, &workload.settings);
        self.in_host.store(0, Ordering::Relaxed);
        let start = Instant::now();
        let answer = self.instance.call("validate", payload.as_bytes());
        let in_call = start.elapsed();
        black_box(admission_response(&workload.request, answer));
        in_call.saturating_sub(Duration::from_nanos(self.in_host.load(Ordering::Relaxed)))
    }
}

/// The same core without wasm. What the host hands over is made ready before the time runs.
fn native(payload: &[u8], measured: &Measured) -> Timing {
    let lookups = measured.calls.iter().filter(|call| call.namespace == "kubernetes").rev().cloned();
    // In the order of the recording, whatever is asked.
    let recorded: RefCell<Vec<HostCall>> = RefCell::new(lookups.collect());
    let cluster = HostCalls::new(|_| {
        let call = recorded.borrow_mut().pop().expect("a recorded call");
        call.answer.map_err(|text| format!("Host error: {text}"))
    });
    let start = Instant::now();
    black_box(validate(black_box(payload), &cluster));
    let whole = start.elapsed();
    Timing { whole, guest: whole }
}

/// The mean times of each sample, in nanoseconds, per contender: whole and guest.
struct Comparison(Vec<Vec<(f64, f64)>>);

impl Comparison {
    fn whole(&self, contender: usize) -> f64 {
        median(self.0.iter().map(|sample| sample[contender].0))
    }

    fn ratio(&self, one: usize, other: usize) -> f64 {
        median(self.0.iter().map(|sample| sample[one].0 / sample[other].0))
    }

    /// What is spent around the call and for the guest's own calls.
    fn host(&self, contender: usize) -> f64 {
        median(self.0.iter().map(|sample| sample[contender].0 - sample[contender].1))
    }

    fn guest_above(&self, one: usize, other: usize) -> f64 {
        median(self.0.iter().map(|sample| sample[one].1 - sample[other].1))
    }
}

/// Has criterion sample the first contender; the others take turns with it.
fn compare(criterion: &mut Criterion, name: &str, mut contenders: Vec<Contender<'_>>) -> Comparison {
    let samples = RefCell::new(Vec::new());
    let is_slow = contenders.iter_mut().any(|contender| contender().whole > SLOW);
    let (count, turn) = if is_slow { (10, 1) } else { (SAMPLES, TURN) };
    let mut group = criterion.benchmark_group("evaluations");
    group.sample_size(count).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let mut totals = vec![Timing::default(); contenders.len()];
            let mut left = iterations;
            while left > 0 {
                let turn = left.min(turn);
                left -= turn;
                for (contender, total) in contenders.iter_mut().zip(&mut totals) {
                    for _ in 0..turn {
                        let timing = contender();
                        total.whole += timing.whole;
                        total.guest += timing.guest;
                    }
                }
            }
            let mean = |total: Duration| total.as_nanos() as f64 / iterations as f64;
            samples.borrow_mut().push(totals.iter().map(|total| (mean(total.whole), mean(total.guest))).collect());
            totals[0].whole
        });
    });
    group.finish();
    // The first ones warmed up.
    let samples = samples.into_inner();
    let warm_up = samples.len().saturating_sub(count);
    Comparison(samples.into_iter().skip(warm_up).collect())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn time(nanoseconds: f64) -> String {
    if nanoseconds < 1e6 { format!("{:.1} µs", nanoseconds / 1e3) } else { format!("{:.1} ms", nanoseconds / 1e6) }
}
