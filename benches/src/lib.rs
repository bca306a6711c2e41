//! What the policy costs: the workloads, and what a host spends on them.
//!
//! Invariant: nothing here knows the policy's inside. What is counted is counted from outside of the module, and what it
//! must come to stands in `costs.json`.

pub mod every_kind;
pub mod meter;
pub mod modules;
#[cfg(feature = "kubewarden-host")]
pub mod provider;
pub mod replay;
pub mod workloads;
