//! Runs the policy outside of a cluster: an embedded Kubewarden host, the cluster that answers its lookups, and the
//! manifests that are put before it.
//!
//! Invariant: the host knows the wire format alone. No module but `engine` uses a type of the policy's crate.

pub mod admission;
pub mod cases;
pub mod cluster;
pub mod corpus;
pub mod engine;
pub mod fields;
pub mod host;
pub mod kinds;
pub mod kwctl;
pub mod manifests;
pub mod metadata;
pub mod session;
pub mod written;
pub mod yaml;
