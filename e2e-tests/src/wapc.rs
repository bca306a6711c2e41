//! waPC on wasmtime: modules, their instances, and calls in both directions.
//!
//! Kubewarden's hosts have the crate wasmtime-provider for it, which brings all of WASI along. That is most of what there
//! is to compile, and a policy needs next to none of it. The errors have the texts of that crate and of `wapc`, its base.
//! `benches` measures with the crate itself.
//!
//! Invariant: bytes go in and out; nothing here knows what they mean.

use std::fmt;

use wasmtime::{Caller, Config, Engine, Error, Extern, InstancePre, Linker, Memory, Module, Store, Trap, TypedFunc};

/// The text of the error when a call takes too long (wasmtime-provider, `provider.rs`).
pub const INTERRUPTED: &str = "guest code interrupted, execution deadline exceeded";

/// The only module besides `wapc` that a policy may import from.
const WASI: &str = "wasi_snapshot_preview1";
/// WASI's `badf`: there is no such file, which Rust's standard library takes for a closed one.
const NO_SUCH_FILE: i32 = 8;

/// What answers the host calls of an instance: binding, namespace, operation and payload come in.
type Answer = Box<dyn FnMut(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send>;

/// A compiled module. Threads may share it.
pub struct Compiled {
    module: Module,
    instances: InstancePre<State>,
}

impl fmt::Debug for Compiled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Compiled").finish_non_exhaustive()
    }
}

/// A running module. What one call leaves in its memory, the next one finds.
pub struct Instance {
    store: Store<State>,
    call: TypedFunc<(i32, i32), i32>,
    memory: Option<Memory>,
    limits: Limits,
}

impl fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Instance").finish_non_exhaustive()
    }
}

/// What may be spent on the start of an instance, and on each call: ticks of the engine's epoch, and fuel. An engine that
/// counts neither looks at neither.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Ticks of the epoch.
    pub ticks: u64,
    /// Units of fuel.
    pub fuel: u64,
}

/// What the host functions of one instance share.
struct State {
    answer_host_call: Answer,
    operation: Vec<u8>,
    payload: Vec<u8>,
    last_host_call: Result<Vec<u8>, String>,
    response: Option<Vec<u8>>,
    error: Option<String>,
}

impl Compiled {
    /// Compiles a module.
    ///
    /// # Errors
    /// Bytes that are no WebAssembly, and an import that a Kubewarden host does not have.
    pub fn new(config: &Config, bytes: &[u8]) -> Result<Self, Error> {
        let engine = Engine::new(config)?;
        let module = Module::from_binary(&engine, bytes)?;
        let mut linker = Linker::new(&engine);
        define_wapc(&mut linker)?;
        define_wasi(&mut linker)?;
        let instances = linker.instantiate_pre(&module)?;
        Ok(Self { module, instances })
    }

    /// What the module imports.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Starts an instance, whose host calls `answer` answers.
    ///
    /// # Errors
    /// A module that waPC cannot call, and a trap of its start-up code.
    pub fn start<A>(&self, limits: Limits, answer: A) -> Result<Instance, String>
    where
        A: FnMut(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + 'static,
    {
        let failed = |error: Error| format!("Initialization failed: {error}");
        let state = State {
            answer_host_call: Box::new(answer),
            operation: Vec::new(),
            payload: Vec::new(),
            last_host_call: Ok(Vec::new()),
            response: None,
            error: None,
        };
        let mut store = Store::new(self.module.engine(), state);
        limit(&mut store, limits);
        let instance = self.instances.instantiate(&mut store).map_err(failed)?;
        let call = instance.get_typed_func(&mut store, "__guest_call").map_err(|_| {
            "Initialization failed: Guest call function (__guest_call) not exported by wasm module.".to_owned()
        })?;
        // As TinyGo and Rust name it.
        for name in ["_start", "wapc_init"] {
            if let Ok(start) = instance.get_typed_func::<(), ()>(&mut store, name) {
                limit(&mut store, limits);
                start.call(&mut store, ()).map_err(failed)?;
            }
        }
        let memory = instance.get_memory(&mut store, "memory");
        Ok(Instance { store, call, memory, limits })
    }
}

impl Instance {
    /// Calls an operation of the module.
    ///
    /// # Errors
    /// The text of the module's error or trap.
    pub fn call(&mut self, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let lengths = length(operation.as_bytes()).and_then(|operation| Ok((operation, length(payload)?)));
        let lengths = lengths.map_err(|error| error.to_string())?;
        limit(&mut self.store, self.limits);
        let state = self.store.data_mut();
        (state.operation, state.payload) = (operation.as_bytes().to_vec(), payload.to_vec());
        (state.response, state.error) = (None, None);
        let called = self.call.call(&mut self.store, lengths);
        let state = self.store.data_mut();
        let error = match called {
            Ok(0) => state.error.take().unwrap_or_else(|| "No error message set for call failure".to_owned()),
            Ok(_) => match (state.response.take(), state.error.take()) {
                (Some(response), _) => return Ok(response),
                (None, Some(error)) => error,
                (None, None) => "No error message OR response set for call success".to_owned(),
            },
            Err(error) if matches!(error.downcast_ref(), Some(Trap::Interrupt)) => INTERRUPTED.to_owned(),
            Err(error) => error.to_string(),
        };
        Err(format!("Guest call failure: {error}"))
    }

    /// What is left of the fuel of the last call, or of the start.
    ///
    /// # Errors
    /// An engine that does not count it.
    pub fn fuel(&self) -> Result<u64, Error> {
        self.store.get_fuel()
    }

    /// The size of the guest's memory in bytes. It never shrinks, so that this is the peak.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.memory.map_or(0, |memory| memory.data_size(&self.store))
    }
}

fn limit(store: &mut Store<State>, limits: Limits) {
    store.set_epoch_deadline(limits.ticks);
    // An engine that does not count fuel says so.
    let _ = store.set_fuel(limits.fuel);
}

fn define_wapc(linker: &mut Linker<State>) -> Result<(), Error> {
    linker.func_wrap(
        "wapc",
        "__guest_request",
        |mut caller: Caller<'_, State>, operation: i32, payload: i32| {
            let state = caller.data_mut();
            let (name, bytes) = (std::mem::take(&mut state.operation), std::mem::take(&mut state.payload));
            write(&mut caller, payload, &bytes)?;
            write(&mut caller, operation, &name)
        },
    )?;
    linker.func_wrap("wapc", "__guest_response", |mut caller: Caller<'_, State>, at: i32, length: i32| {
        let bytes = read(&mut caller, at, length)?;
        caller.data_mut().response = Some(bytes);
        Ok(())
    })?;
    linker.func_wrap("wapc", "__guest_error", |mut caller: Caller<'_, State>, at: i32, length: i32| {
        let bytes = read(&mut caller, at, length)?;
        caller.data_mut().error = Some(String::from_utf8(bytes)?);
        Ok(())
    })?;
    linker.func_wrap("wapc", "__console_log", |_: i32, _: i32| {})?;
    linker.func_wrap(
        "wapc",
        "__host_call",
        |mut caller: Caller<'_, State>,
         binding: i32,
         binding_length: i32,
         namespace: i32,
         namespace_length: i32,
         operation: i32,
         operation_length: i32,
         payload: i32,
         payload_length: i32| {
            let binding = String::from_utf8(read(&mut caller, binding, binding_length)?)?;
            let namespace = String::from_utf8(read(&mut caller, namespace, namespace_length)?)?;
            let operation = String::from_utf8(read(&mut caller, operation, operation_length)?)?;
            let payload = read(&mut caller, payload, payload_length)?;
            let state = caller.data_mut();
            state.last_host_call = (state.answer_host_call)(&binding, &namespace, &operation, &payload);
            Ok(i32::from(state.last_host_call.is_ok()))
        },
    )?;
    // The length first, so that the guest can make room, and then the bytes.
    linker.func_wrap("wapc", "__host_response_len", |caller: Caller<'_, State>| length(last(caller.data())))?;
    linker.func_wrap("wapc", "__host_error_len", |caller: Caller<'_, State>| length(last(caller.data())))?;
    let hand_over = |mut caller: Caller<'_, State>, at: i32| {
        let memory = memory(&mut caller)?;
        let (bytes, state) = memory.data_and_store_mut(&mut caller);
        let last = last(state);
        let room = usize::try_from(at).ok().and_then(|at| bytes.get_mut(at..)?.get_mut(..last.len()));
        room.ok_or_else(outside)?.copy_from_slice(last);
        Ok(())
    };
    linker.func_wrap("wapc", "__host_response", hand_over)?;
    linker.func_wrap("wapc", "__host_error", hand_over)?;
    Ok(())
}

/// What Rust's standard library asks for in a policy: an empty environment, closed files, and random numbers that are the
/// same in every run.
fn define_wasi(linker: &mut Linker<State>) -> Result<(), Error> {
    linker.func_wrap(WASI, "environ_sizes_get", |mut caller: Caller<'_, State>, count: i32, size: i32| {
        write(&mut caller, count, &[0; 4])?;
        write(&mut caller, size, &[0; 4])?;
        Ok(0)
    })?;
    linker.func_wrap(WASI, "environ_get", |_: i32, _: i32| 0)?;
    linker.func_wrap(WASI, "fd_write", |_: i32, _: i32, _: i32, _: i32| NO_SUCH_FILE)?;
    linker.func_wrap(WASI, "random_get", |mut caller: Caller<'_, State>, at: i32, length: i32| {
        write(&mut caller, at, &vec![0; usize::try_from(length)?])?;
        Ok(0)
    })?;
    linker.func_wrap(WASI, "proc_exit", |code: i32| -> Result<(), Error> {
        Err(Error::msg(format!("Exited with i32 exit status {code}")))
    })?;
    Ok(())
}

/// What the last host call was answered.
fn last(state: &State) -> &[u8] {
    match &state.last_host_call {
        Ok(bytes) => bytes,
        Err(error) => error.as_bytes(),
    }
}

fn memory(caller: &mut Caller<'_, State>) -> Result<Memory, Error> {
    caller.get_export("memory").and_then(Extern::into_memory).ok_or_else(|| Error::msg("no memory"))
}

fn read(caller: &mut Caller<'_, State>, at: i32, length: i32) -> Result<Vec<u8>, Error> {
    let memory = memory(caller)?;
    let (at, length) = (usize::try_from(at)?, usize::try_from(length)?);
    let bytes = memory.data(&*caller).get(at..).and_then(|bytes| bytes.get(..length));
    bytes.map(<[u8]>::to_vec).ok_or_else(outside)
}

fn write(caller: &mut Caller<'_, State>, at: i32, bytes: &[u8]) -> Result<(), Error> {
    let memory = memory(caller)?;
    Ok(memory.write(caller, usize::try_from(at)?, bytes)?)
}

fn outside() -> Error {
    Error::msg("outside of the guest's memory")
}

fn length(bytes: &[u8]) -> Result<i32, Error> {
    Ok(i32::try_from(bytes.len())?)
}
