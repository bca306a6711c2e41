//! The empty policy that makes the host calls of another one, to the letter, and gives its answer. It reads nothing.

#![cfg(target_os = "wasi")]

use std::hint::black_box;
use std::str;

use kubewarden_policy_sdk::protocol_version_guest;
use kubewarden_policy_sdk::wapc_guest::{CallResult, host_call, register_function};

/// What it does: whoever measures writes it over these bytes of the module (`benches/src/replay.rs`). Each part begins
/// with its length in four bytes: the number of calls; of each call the namespace, the operation and the payload; the
/// answer.
#[used]
static SCRIPT: [u8; 160 * 1024] = [0xa5; 160 * 1024];

/// What the host calls once in every fresh instance, before anything else.
#[expect(unsafe_code, reason = "waPC finds its entry point by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", |_| repeat(black_box(&SCRIPT)));
    register_function("validate_settings", |_| Ok(br#"{"valid":true}"#.to_vec()));
    register_function("protocol_version", protocol_version_guest);
}

fn repeat(mut script: &[u8]) -> CallResult {
    for _ in 0..number(&mut script)? {
        let namespace = str::from_utf8(part(&mut script)?)?;
        let operation = str::from_utf8(part(&mut script)?)?;
        // An error is an answer too.
        let _ = black_box(host_call("kubewarden", namespace, operation, part(&mut script)?));
    }
    part(&mut script).map(<[u8]>::to_vec)
}

fn part<'a>(script: &mut &'a [u8]) -> Result<&'a [u8], Box<dyn std::error::Error + Sync + Send>> {
    let length = number(script)?;
    let (part, rest) = script.split_at_checked(length).ok_or("no script")?;
    *script = rest;
    Ok(part)
}

fn number(script: &mut &[u8]) -> Result<usize, Box<dyn std::error::Error + Sync + Send>> {
    let (number, rest) = script.split_first_chunk().ok_or("no script")?;
    *script = rest;
    Ok(u32::from_le_bytes(*number) as usize)
}
