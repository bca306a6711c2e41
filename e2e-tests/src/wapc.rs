//! waPC on wasmi: modules, their instances, and calls in both directions.
//!
//! Kubewarden's hosts have wasmtime-provider for it: a compiler to machine code, and all of WASI. That takes longer to build
//! than everything else here together, and an interpreter answers as quickly as a test asks. The errors of calls have the
//! texts of `wapc`, the crate below wasmtime-provider. `benches` times with wasmtime-provider itself, and
//! `make e2e-tests` runs the cases in the real kwctl.
//!
//! Invariant: bytes go in and out; nothing here knows what they mean.

use std::fmt;

use wasmi::{
    Caller, CompilationMode, Config, CustomFuelCosts, Engine, Error, Extern, Linker, Memory, Module, Store, TrapCode,
    TypedFunc,
};

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
    linker: Linker<State>,
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
    fuel: u64,
}

impl fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Instance").finish_non_exhaustive()
    }
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

impl State {
    fn new<A>(answer: A) -> Self
    where
        A: FnMut(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + 'static,
    {
        Self {
            answer_host_call: Box::new(answer),
            operation: Vec::new(),
            payload: Vec::new(),
            last_host_call: Ok(Vec::new()),
            response: None,
            error: None,
        }
    }
}

impl Compiled {
    /// Reads a module, and translates it for the interpreter.
    ///
    /// Fuel is one unit for each instruction of a block, charged when the block is entered, so that what a branch leaves out
    /// is charged too; memory may be copied and grown for nothing.
    ///
    /// # Errors
    /// Bytes that are no WebAssembly, and an import that a Kubewarden host does not have.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        let mut config = Config::default();
        config.consume_fuel(true).compilation_mode(CompilationMode::Eager).fuel_cost(CustomFuelCosts {
            bytes_copied_per_fuel: u32::MAX,
            fuel_per_bytes_translated: 0,
            fuel_per_bytes_validated: 0,
        });
        let engine = Engine::new(&config);
        let module = Module::new(&engine, bytes)?;
        let mut linker = Linker::new(&engine);
        define_wapc(&mut linker)?;
        define_wasi(&mut linker)?;
        // An import that is missing shows when there is an instance.
        linker.instantiate_and_start(Store::new(&engine, State::new(|_, _, _, _| Ok(Vec::new()))), &module)?;
        Ok(Self { module, linker })
    }

    /// The module, and what it imports.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Starts an instance, whose host calls `answer` answers. Its start and each call have so much fuel.
    ///
    /// # Errors
    /// A module that waPC cannot call, and a trap of its start-up code.
    pub fn start<A>(&self, fuel: u64, answer: A) -> Result<Instance, String>
    where
        A: FnMut(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + 'static,
    {
        let failed = |error: Error| format!("Initialization failed: {error}");
        let mut store = Store::new(self.module.engine(), State::new(answer));
        store.set_fuel(fuel).map_err(failed)?;
        let instance = self.linker.instantiate_and_start(&mut store, &self.module).map_err(failed)?;
        let call = instance.get_typed_func(&store, "__guest_call").map_err(|_| {
            "Initialization failed: Guest call function (__guest_call) not exported by wasm module.".to_owned()
        })?;
        // As TinyGo and Rust name it.
        for name in ["_start", "wapc_init"] {
            if let Ok(start) = instance.get_typed_func::<(), ()>(&store, name) {
                start.call(&mut store, ()).map_err(failed)?;
            }
        }
        let memory = instance.get_memory(&store, "memory");
        Ok(Instance { store, call, memory, fuel })
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
        self.store.set_fuel(self.fuel).map_err(|error| error.to_string())?;
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
            Err(error) if error.as_trap_code() == Some(TrapCode::OutOfFuel) => INTERRUPTED.to_owned(),
            Err(error) => error.to_string(),
        };
        Err(format!("Guest call failure: {error}"))
    }

    /// What the last call has spent, or else the start.
    ///
    /// # Errors
    /// None, as fuel is counted.
    pub fn spent(&self) -> Result<u64, Error> {
        Ok(self.fuel.saturating_sub(self.store.get_fuel()?))
    }

    /// The size of the guest's memory in bytes. It never shrinks, so that this is the peak.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.memory.map_or(0, |memory| memory.data_size(&self.store))
    }
}

fn define_wapc(linker: &mut Linker<State>) -> Result<(), Error> {
    linker.func_wrap("wapc", "__guest_request", |mut caller: Caller<'_, State>, operation: i32, payload: i32| {
        let state = caller.data_mut();
        let (name, bytes) = (std::mem::take(&mut state.operation), std::mem::take(&mut state.payload));
        write(&mut caller, payload, &bytes)?;
        write(&mut caller, operation, &name)
    })?;
    linker.func_wrap("wapc", "__guest_response", |mut caller: Caller<'_, State>, at: i32, length: i32| {
        let bytes = read(&mut caller, at, length)?;
        caller.data_mut().response = Some(bytes);
        Ok(())
    })?;
    linker.func_wrap("wapc", "__guest_error", |mut caller: Caller<'_, State>, at: i32, length: i32| {
        let bytes = read(&mut caller, at, length)?;
        caller.data_mut().error = Some(text(bytes)?);
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
            let binding = text(read(&mut caller, binding, binding_length)?)?;
            let namespace = text(read(&mut caller, namespace, namespace_length)?)?;
            let operation = text(read(&mut caller, operation, operation_length)?)?;
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
        write(&mut caller, at, &vec![0; size(length)?])?;
        Ok(0)
    })?;
    linker.func_wrap(WASI, "proc_exit", |code: i32| -> Result<(), Error> {
        Err(Error::new(format!("Exited with i32 exit status {code}")))
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
    caller.get_export("memory").and_then(Extern::into_memory).ok_or_else(|| Error::new("no memory"))
}

fn read(caller: &mut Caller<'_, State>, at: i32, length: i32) -> Result<Vec<u8>, Error> {
    let memory = memory(caller)?;
    let (at, length) = (size(at)?, size(length)?);
    let bytes = memory.data(&*caller).get(at..).and_then(|bytes| bytes.get(..length));
    bytes.map(<[u8]>::to_vec).ok_or_else(outside)
}

fn write(caller: &mut Caller<'_, State>, at: i32, bytes: &[u8]) -> Result<(), Error> {
    let memory = memory(caller)?;
    memory.write(caller, size(at)?, bytes).map_err(|_| outside())
}

fn outside() -> Error {
    Error::new("outside of the guest's memory")
}

fn length(bytes: &[u8]) -> Result<i32, Error> {
    i32::try_from(bytes.len()).map_err(|error| Error::new(error.to_string()))
}

fn size(number: i32) -> Result<usize, Error> {
    usize::try_from(number).map_err(|_| outside())
}

fn text(bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|error| Error::new(error.to_string()))
}
