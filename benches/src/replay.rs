//! The empty policy that makes the host calls of another one: what a host spends on an evaluation, whatever the guest does.

use std::fmt::Write;

use crate::meter::Measured;

/// A page of WebAssembly memory.
const PAGE: usize = 65_536;

/// A module that makes the same host calls as `measured`, in the same order and to the letter, copies each answer into
/// its memory, and answers what `measured` did. It decides nothing, and calls no allocator: no real policy is as cheap.
#[must_use]
pub fn module_that_repeats(measured: &Measured, payload: &[u8]) -> String {
    let mut data = Data::default();
    let mut calls = String::new();
    for call in &measured.calls {
        let parts = ["kubewarden".as_bytes(), call.namespace.as_bytes(), call.operation.as_bytes(), &call.payload];
        let arguments: String = parts.iter().map(|part| data.store(part)).collect();
        // Writing to a string cannot fail.
        let _ = write!(
            calls,
            "(if (call $host_call {arguments}) (then (drop (call $response_len)) (call $response (global.get $buffer)))
               (else (drop (call $error_len)) (call $error (global.get $buffer))))\n"
        );
    }
    let answer = data.store(&measured.answer);
    let longest = measured.calls.iter().map(|call| call.answer.as_ref().map_or_else(String::len, Vec::len)).max();
    let buffer = data.bytes.len();
    // The name of the operation goes before the payload.
    let room = 64 + payload.len().max(longest.unwrap_or_default());
    format!(
        r#"(module
          (import "wapc" "__guest_request" (func $request (param i32 i32)))
          (import "wapc" "__guest_response" (func $answer (param i32 i32)))
          (import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
          (import "wapc" "__host_response_len" (func $response_len (result i32)))
          (import "wapc" "__host_response" (func $response (param i32)))
          (import "wapc" "__host_error_len" (func $error_len (result i32)))
          (import "wapc" "__host_error" (func $error (param i32)))
          (memory (export "memory") {pages})
          (global $buffer i32 (i32.const {buffer}))
          (data (i32.const 0) "{data}")
          (func (export "wapc_init"))
          (func (export "__guest_call") (param i32 i32) (result i32)
            (call $request (global.get $buffer) (i32.add (global.get $buffer) (i32.const 64)))
            {calls}
            (call $answer {answer})
            (i32.const 1)))"#,
        pages = (buffer + room).div_ceil(PAGE),
        data = data.escaped(),
    )
}

/// The constants of a module.
#[derive(Default)]
struct Data {
    bytes: Vec<u8>,
}

impl Data {
    /// Where the bytes are, as two arguments.
    fn store(&mut self, bytes: &[u8]) -> String {
        let at = self.bytes.len();
        self.bytes.extend(bytes);
        format!("(i32.const {at}) (i32.const {}) ", bytes.len())
    }

    fn escaped(&self) -> String {
        self.bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "\\{byte:02x}");
            text
        })
    }
}
