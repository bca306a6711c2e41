//! What a program needs to show a policy some manifests without a cluster: manifests read with their lines, the requests
//! that the API server would send for them, and a cluster in memory that answers lookups with a real host's texts.
//!
//! Invariant: nothing here knows what the policy judges, and nothing runs WebAssembly. The crate builds for browsers.

#![forbid(unsafe_code)]

pub mod admission;
pub mod fields;
pub mod in_memory_cluster;
pub mod kinds;
pub mod manifests;
pub mod metadata;
pub mod yaml;
