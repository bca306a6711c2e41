//! The engine of Kubewarden's hosts, wasmtime-provider, as policy-evaluator uses it (`runtimes/wapc/stack.rs`,
//! `wapc_host_from_pre`): what is timed is timed in it.

use std::fmt;

use wapc::WapcHost;
use wasmtime_provider::wasmtime::{Config, Engine, Module};
use wasmtime_provider::{EpochDeadlines, WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre};

/// Far more than any evaluation takes: here nobody counts the time, and the epoch stands still.
const DEADLINES: EpochDeadlines = EpochDeadlines { wapc_init: 1, wapc_func: 1 };

/// A compiled policy.
pub struct Policy(WasmtimeEngineProviderPre);

impl fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Policy").finish_non_exhaustive()
    }
}

/// A running module. What one call leaves in its memory, the next one finds.
pub struct Instance(WapcHost);

impl fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Instance").finish_non_exhaustive()
    }
}

impl Policy {
    /// Compiles a module as policy-server does.
    ///
    /// # Errors
    /// Bytes that are no module, and an import that the host does not have.
    pub fn new(bytes: &[u8]) -> Result<Self, String> {
        let engine = Engine::new(Config::new().epoch_interruption(true)).map_err(text)?;
        let module = Module::from_binary(&engine, bytes).map_err(text)?;
        WasmtimeEngineProviderBuilder::new().engine(engine).module(module).build_pre().map(Self).map_err(text)
    }

    /// A fresh instance, whose host calls `answer` answers: binding, namespace, operation and payload come in.
    ///
    /// # Errors
    /// A module that does not start.
    pub fn start<A>(&self, answer: A) -> Result<Instance, String>
    where
        A: Fn(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    {
        let instance = self.0.rehydrate(Some(DEADLINES)).map_err(text)?;
        let callback = move |_: u64, binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            answer(binding, namespace, operation, payload).map_err(Into::into)
        };
        WapcHost::new(Box::new(instance), Some(Box::new(callback))).map(Instance).map_err(text)
    }
}

impl Instance {
    /// Calls an operation of the module.
    ///
    /// # Errors
    /// The text of the module's error or trap.
    pub fn call(&self, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        self.0.call(operation, payload).map_err(text)
    }
}

fn text(error: impl fmt::Display) -> String {
    format!("{error:#}")
}
