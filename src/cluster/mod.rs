//! Looking things up: the trait that a host implements, and the cluster as the policy sees it.
//!
//! Lookups are made one after another, in an order that depends on the request and on earlier answers alone: `kwctl`
//! replays recorded sessions in exactly that order.

mod error;
mod host;
mod lookups;
mod resources;
mod world;

pub use error::{LookupError, LookupFailure};
pub use host::{HostCall, HostCalls};
pub use lookups::{Lookup, Lookups};
pub use resources::{field_masks, probe};
pub use world::{Overlay, World};

use crate::kubernetes::Kind;

/// The cluster, as a host shows it.
pub trait Cluster {
    /// One object as JSON; `namespace` is `None` for cluster-scoped kinds.
    ///
    /// # Errors
    /// Why there is no answer.
    fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Vec<u8>, LookupError>;

    /// The objects of a kind in all namespaces, as a Kubernetes list in JSON.
    ///
    /// # Errors
    /// Why there is no answer.
    fn list(&self, query: ListQuery<'_>) -> Result<Vec<u8>, LookupError>;

    /// Whether lists leave out objects that do not mention what the query asks for. A host's lists do not.
    fn narrows_lists(&self) -> bool {
        false
    }
}

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListQuery<'a> {
    /// The kind.
    pub kind: Kind,
    /// Which objects the API server selects; all of them when absent.
    pub selector: Option<Selector>,
    /// A name. Objects in which it does not occur may be left out.
    pub mention: Option<&'a str>,
}

/// A selection of Services that the API server can make: it knows their `spec.type` and `spec.clusterIP`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    /// Services of type LoadBalancer.
    LoadBalancer,
    /// Services of type NodePort.
    NodePort,
}

impl Selector {
    /// The field selector.
    pub fn field_selector(self) -> &'static str {
        match self {
            Self::LoadBalancer => "spec.type=LoadBalancer",
            Self::NodePort => "spec.type=NodePort",
        }
    }
}
