//! A second, small host, directly on wasmtime: it counts what `wasmtime-provider` does not hand out, which is fuel and
//! memory. Fuel is one unit per instruction, so that a count depends on the module and its input alone.

use std::fmt;

use test_kit::in_memory_cluster::{HandedOver, InMemoryCluster};
use wasmtime_provider::wasmtime::{
    Caller, Config, Engine, Error, Extern, Instance, Linker, Memory, Module, Store, TypedFunc,
};

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
    /// The instructions of `wapc_init`.
    pub start_fuel: u64,
    /// The instructions of `validate`.
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
pub struct Meter {
    engine: Engine,
    module: Module,
}

impl fmt::Debug for Meter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Meter").finish_non_exhaustive()
    }
}

/// What the host functions of one instance share.
struct Guest {
    cluster: InMemoryCluster,
    payload: Vec<u8>,
    calls: Vec<HostCall>,
    handed_over: HandedOver,
    answer: Result<Vec<u8>, Vec<u8>>,
}

impl Meter {
    /// Compiles a module.
    ///
    /// # Errors
    /// Bytes that are no module.
    pub fn new(module: &[u8]) -> Result<Self, String> {
        let engine = Engine::new(Config::new().consume_fuel(true)).map_err(text)?;
        let module = Module::new(&engine, module).map_err(text)?;
        Ok(Self { engine, module })
    }

    /// Has a fresh instance answer `validate`.
    ///
    /// # Errors
    /// A module that does not start, and an answer that is an error or a trap.
    pub fn measure(&self, payload: &[u8], cluster: &InMemoryCluster) -> Result<Measured, String> {
        let guest = Guest {
            cluster: cluster.clone(),
            payload: payload.to_vec(),
            calls: Vec::new(),
            handed_over: HandedOver::default(),
            answer: Err(b"no answer".to_vec()),
        };
        let mut store = Store::new(&self.engine, guest);
        store.set_fuel(FUEL).map_err(text)?;
        let instance = self.instantiate(&mut store).map_err(text)?;
        if let Ok(start) = instance.get_typed_func::<(), ()>(&mut store, "wapc_init") {
            start.call(&mut store, ()).map_err(text)?;
        }
        let started = store.get_fuel().map_err(text)?;
        let guest_call: TypedFunc<(i32, i32), i32> =
            instance.get_typed_func(&mut store, "__guest_call").map_err(text)?;
        let lengths = (length(OPERATION.as_bytes()).map_err(text)?, length(payload).map_err(text)?);
        guest_call.call(&mut store, lengths).map_err(text)?;
        let left = store.get_fuel().map_err(text)?;
        let memory = instance.get_memory(&mut store, "memory").map_or(0, |memory| memory.data_size(&store));
        let Guest { calls, handed_over, answer, .. } = store.into_data();
        Ok(Measured {
            start_fuel: FUEL - started,
            fuel: started - left,
            memory,
            calls,
            handed_over,
            answer: answer.map_err(|error| String::from_utf8_lossy(&error).into_owned())?,
        })
    }

    fn instantiate(&self, store: &mut Store<Guest>) -> Result<Instance, Error> {
        let mut linker: Linker<Guest> = Linker::new(&self.engine);
        linker.func_wrap(
            "wapc",
            "__guest_request",
            |mut caller: Caller<'_, Guest>, operation: i32, payload: i32| {
                let bytes = std::mem::take(&mut caller.data_mut().payload);
                write(&mut caller, operation, OPERATION.as_bytes())?;
                write(&mut caller, payload, &bytes)
            },
        )?;
        linker.func_wrap("wapc", "__guest_response", |mut caller: Caller<'_, Guest>, at: i32, length: i32| {
            let bytes = read(&mut caller, at, length)?;
            caller.data_mut().answer = Ok(bytes);
            Ok(())
        })?;
        linker.func_wrap("wapc", "__guest_error", |mut caller: Caller<'_, Guest>, at: i32, length: i32| {
            let bytes = read(&mut caller, at, length)?;
            caller.data_mut().answer = Err(bytes);
            Ok(())
        })?;
        linker.func_wrap(
            "wapc",
            "__host_call",
            |mut caller: Caller<'_, Guest>,
             binding: i32,
             binding_length: i32,
             namespace: i32,
             namespace_length: i32,
             operation: i32,
             operation_length: i32,
             payload: i32,
             payload_length: i32| {
                let binding = read(&mut caller, binding, binding_length)?;
                let namespace = String::from_utf8(read(&mut caller, namespace, namespace_length)?)?;
                let operation = String::from_utf8(read(&mut caller, operation, operation_length)?)?;
                let payload = read(&mut caller, payload, payload_length)?;
                let guest = caller.data_mut();
                let binding = String::from_utf8(binding)?;
                let answer = guest.cluster.answer(&binding, &namespace, &operation, &payload);
                guest.handed_over.add(&answer);
                let answer = answer.response;
                let is_answered = i32::from(answer.is_ok());
                guest.calls.push(HostCall { namespace, operation, payload, answer });
                Ok(is_answered)
            },
        )?;
        // The length first, so that the guest can make room, and then the bytes.
        linker.func_wrap("wapc", "__host_response_len", |caller: Caller<'_, Guest>| length(last(&caller)))?;
        linker.func_wrap("wapc", "__host_error_len", |caller: Caller<'_, Guest>| length(last(&caller)))?;
        let hand_over = |mut caller: Caller<'_, Guest>, at: i32| {
            let bytes = last(&caller).to_vec();
            write(&mut caller, at, &bytes)
        };
        linker.func_wrap("wapc", "__host_response", hand_over)?;
        linker.func_wrap("wapc", "__host_error", hand_over)?;
        // WASI: an environment, a clock and random numbers that are always the same.
        linker.define_unknown_imports_as_default_values(&mut *store, &self.module)?;
        linker.instantiate(store, &self.module)
    }
}

/// What the last host call was answered.
fn last<'a>(caller: &'a Caller<'_, Guest>) -> &'a [u8] {
    match caller.data().calls.last().map(|call| &call.answer) {
        Some(Ok(bytes)) => bytes,
        Some(Err(error)) => error.as_bytes(),
        None => &[],
    }
}

fn memory(caller: &mut Caller<'_, Guest>) -> Result<Memory, Error> {
    caller.get_export("memory").and_then(Extern::into_memory).ok_or_else(|| Error::msg("no memory"))
}

fn read(caller: &mut Caller<'_, Guest>, at: i32, length: i32) -> Result<Vec<u8>, Error> {
    let memory = memory(caller)?;
    let mut bytes = vec![0; usize::try_from(length)?];
    memory.read(caller, usize::try_from(at)?, &mut bytes)?;
    Ok(bytes)
}

fn write(caller: &mut Caller<'_, Guest>, at: i32, bytes: &[u8]) -> Result<(), Error> {
    let memory = memory(caller)?;
    Ok(memory.write(caller, usize::try_from(at)?, bytes)?)
}

fn length(bytes: &[u8]) -> Result<i32, Error> {
    Ok(i32::try_from(bytes.len())?)
}

fn text(error: impl fmt::Display) -> String {
    format!("{error:#}")
}
