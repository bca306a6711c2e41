//! What an evaluation costs, in counts: fuel (`e2e_tests::wapc`), memory, and what the host hands over. A count depends on
//! the module and its input alone.

use std::sync::{Arc, Mutex, PoisonError};

use e2e_tests::wapc::Compiled;
use test_kit::in_memory_cluster::{HandedOver, InMemoryCluster};

/// More than any evaluation needs.
const FUEL: u64 = 1 << 50;

/// The one operation that is measured.
const OPERATION: &str = "validate";

/// One host call of a module, with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCall {
    /// The waPC namespace.
    pub namespace: String,
    /// The waPC operation.
    pub operation: String,
    /// What the module asked.
    pub payload: Vec<u8>,
    /// What it was answered.
    pub answer: Result<Vec<u8>, String>,
}

/// What one evaluation in a fresh instance came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The fuel of `wapc_init`.
    pub start_fuel: u64,
    /// The fuel of `validate`.
    pub fuel: u64,
    /// The size of the guest's memory afterwards, in bytes: it never shrinks, so that this is the peak.
    pub memory: usize,
    /// The host calls, in their order, those for log lines among them.
    pub calls: Vec<HostCall>,
    /// What the host handed over for them.
    pub handed_over: HandedOver,
    /// What the module answered.
    pub answer: Vec<u8>,
}

/// A module that is ready to be measured.
#[derive(Debug)]
pub struct Meter(Compiled);

/// The host calls of one evaluation.
#[derive(Default)]
struct Recorded {
    calls: Vec<HostCall>,
    handed_over: HandedOver,
}

impl Meter {
    /// Compiles a module.
    ///
    /// # Errors
    /// Bytes that are no module.
    pub fn new(module: &[u8]) -> Result<Self, String> {
        Compiled::new(module).map(Self).map_err(|error| error.to_string())
    }

    /// Has a fresh instance answer `validate`.
    ///
    /// # Errors
    /// A module that does not start, and an answer that is an error or a trap.
    pub fn measure(&self, payload: &[u8], cluster: &InMemoryCluster) -> Result<Measured, String> {
        let recorded = Arc::new(Mutex::new(Recorded::default()));
        let (recording, cluster) = (Arc::clone(&recorded), cluster.clone());
        let mut instance = self.0.start(FUEL, move |binding, namespace, operation, payload| {
            let answer = cluster.answer(binding, namespace, operation, payload);
            let mut recorded = recording.lock().unwrap_or_else(PoisonError::into_inner);
            recorded.handed_over.add(&answer);
            recorded.calls.push(HostCall {
                namespace: namespace.to_owned(),
                operation: operation.to_owned(),
                payload: payload.to_vec(),
                answer: answer.response.clone(),
            });
            answer.response
        })?;
        let start_fuel = instance.spent().map_err(|error| error.to_string())?;
        let answer = instance.call(OPERATION, payload)?;
        let fuel = instance.spent().map_err(|error| error.to_string())?;
        let Recorded { calls, handed_over } =
            std::mem::take(&mut *recorded.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Measured { start_fuel, fuel, memory: instance.memory(), calls, handed_over, answer })
    }
}
