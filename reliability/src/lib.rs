//! What must hold for every input of the policy, also for those that nobody thought of: arbitrary bytes, as a fuzzer makes
//! them, and random clusters. docs/reliability.md says what is promised and how that is tested.
//!
//! Invariant: nothing here knows when the controller fails. A check compares answers with each other, or with what holds
//! for every answer.

#![forbid(unsafe_code)]

pub mod answers;
pub mod clusters;
pub mod inputs;
mod small_cluster;
