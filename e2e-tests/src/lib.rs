//! Runs the policy outside of a cluster: an embedded Kubewarden host, the cases, and the engines that run them. Manifests
//! and the cluster that answers lookups come from `test-kit`.
//!
//! Invariant: the host knows the wire format alone, and `wapc` not even that. No module but `engine` uses a type of the policy's crate.

#![forbid(unsafe_code)]

pub mod cases;
pub mod corpus;
pub mod deploy;
pub mod engine;
pub mod host;
pub mod kwctl;
pub mod session;
pub mod wapc;
pub mod written;
