//! What must hold in every cluster. Each test tries random clusters (`src/clusters`), some thousands of them, or as many as
//! `PROPERTY_RUNS` says. A failure shows the cluster, and prints a seed: `ARBTEST_SEED=0x…` tries that one alone, and with
//! `MINIMIZE=1` beside it, a smaller seed with the same failure is looked for and printed.

#![cfg(test)]

mod judged;
mod laws;
mod module;

use std::env;

use arbitrary::{Result, Unstructured};
use arbtest::arbtest;

/// The number of clusters that each property is tried on.
fn runs(usual: u64) -> u64 {
    let runs = env::var("PROPERTY_RUNS").ok().map(|runs| runs.parse().expect("PROPERTY_RUNS is a number"));
    // The module takes ten times as long as the native core.
    runs.map_or(usual, |runs: u64| runs * usual / USUAL_RUNS)
}

/// So many clusters take some seconds, in a build for tests.
const USUAL_RUNS: u64 = 1_000;

/// The number for properties that judge every object of a cluster.
const FEWER_RUNS: u64 = 400;

/// A cluster is made of so many random bytes, few of them in the first runs.
const SIZES: [u64; 3] = [300, 600, 1_200];

/// Tries a property on random clusters: the same ones every time, others with every `PROPERTY_START`.
fn check_often(usual: u64, property: impl Fn(&mut Unstructured<'_>) -> Result<()>) {
    if let Ok(seed) = env::var("ARBTEST_SEED") {
        let seed = u64::from_str_radix(seed.trim_start_matches("0x"), 16).expect("a seed is a hexadecimal number");
        let test = arbtest(|random| property(random)).seed(seed);
        return if env::var_os("MINIMIZE").is_some() { test.minimize().budget_ms(20_000).run() } else { test.run() };
    }
    let start: u64 = env::var("PROPERTY_START").map_or(1, |start| start.parse().expect("PROPERTY_START is a number"));
    for run in 0..runs(usual) {
        let size = SIZES[run as usize % SIZES.len()];
        // A seed of arbtest: 32 random bits, and the number of bytes.
        let bits = (start * 1_000_003 + run).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        arbtest(|random| property(random)).seed(bits << 32 | size).run();
    }
}

/// Tries a property on the usual number of clusters.
fn check(property: impl Fn(&mut Unstructured<'_>) -> Result<()>) {
    check_often(USUAL_RUNS, property);
}
