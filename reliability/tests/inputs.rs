//! The fuzzer's targets on inputs that are the same every time: the cases, some thousand changes of them, and everything
//! that the fuzzer ever found. It runs on a stable compiler.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;

use e2e_tests::cases;
use e2e_tests::engine::repository;
use reliability::inputs::Target;
use seeds::seeds;

mod seeds;

/// Runs a target, and says which input it was.
fn check(target: Target, input: &[u8]) {
    if let Err(problems) = target.run(input) {
        panic!("{} of {}: {}", target.name(), String::from_utf8_lossy(input), problems.join("; "));
    }
}

/// What the fuzzer found is kept in `fuzz/found`, in a folder for each target.
#[test]
fn what_was_found_is_found_no_more() {
    for target in Target::ALL {
        let folder = repository().join("fuzz/found").join(target.name());
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            check(target, &fs::read(entry.expect("an entry").path()).expect("a readable file"));
        }
    }
}

/// So many changes of each seed are tried.
const CHANGES: u32 = 3;

#[test]
fn the_cases_and_changes_of_them_do_no_harm() {
    let cases = cases::all().expect("readable cases");
    let mut random = Random(1);
    for target in Target::ALL {
        let inputs: BTreeSet<Vec<u8>> = cases.iter().flat_map(|case| seeds(target, case)).collect();
        let inputs: Vec<Vec<u8>> = inputs.into_iter().collect();
        assert!(inputs.len() > 40, "{}: {} seeds", target.name(), inputs.len());
        for input in &inputs {
            check(target, input);
            for _ in 0..CHANGES {
                let other = &inputs[random.below(inputs.len())];
                check(target, &changed(input, other, &mut random));
            }
        }
    }
}

/// An input with one change: a byte, a part left out or repeated, a part of another one, or the end cut off.
fn changed(input: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    if input.is_empty() {
        return other.to_vec();
    }
    let mut changed = input.to_vec();
    let (from, to) = random.range(input.len());
    match random.below(5) {
        0 => changed[from] = random.below(256) as u8,
        1 => drop(changed.drain(from..to)),
        2 => drop(changed.splice(from..from, input[from..to].iter().copied())),
        3 => {
            let (start, end) = random.range(other.len());
            drop(changed.splice(from..to, other[start..end].iter().copied()));
        }
        _ => changed.truncate(to),
    }
    changed
}

/// Numbers that are the same every time (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    /// A short range, mostly, within so many bytes.
    fn range(&mut self, length: usize) -> (usize, usize) {
        let from = self.below(length);
        let longest = if self.below(4) == 0 { length } else { 12 };
        (from, (from + 1 + self.below(longest)).min(length))
    }
}
