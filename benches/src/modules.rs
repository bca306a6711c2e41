//! The modules that are measured, and how they are compiled.

use std::path::PathBuf;
use std::{env, fs};

use e2e_tests::engine::repository;

/// This policy, as `make policy.wasm` leaves it at the top of the repository.
///
/// # Errors
/// No such file.
pub fn policy() -> Result<Vec<u8>, String> {
    read(repository().join("policy.wasm"), "make policy.wasm")
}

/// A policy of this folder: `empty_policy`, `plain_policy` or `repeating_policy`. `make bench` builds them, and says where
/// in `PEERS`.
///
/// # Errors
/// A module that was not built.
pub fn peer(name: &str) -> Result<Vec<u8>, String> {
    let folder = env::var_os("PEERS").ok_or("PEERS is not set; `make bench` does it")?;
    read(PathBuf::from(folder).join(format!("{name}.wasm")), "make bench")
}

fn read(path: PathBuf, command: &str) -> Result<Vec<u8>, String> {
    fs::read(&path).map_err(|error| format!("{}: {error}; `{command}` builds it", path.display()))
}
