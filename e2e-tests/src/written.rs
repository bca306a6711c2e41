//! Files of the repository that are written from others: `make docs` writes them, and the tests hold that they are fresh.
//!
//! Invariant: nothing is written unless `UPDATE_DOCS` is set.

use std::{env, fs};

use crate::engine::repository;

/// Whether a file is what it is to be; with `UPDATE_DOCS` in the environment it is made so.
///
/// # Errors
/// A file that is stale, or cannot be read or written.
pub fn is_fresh(file: &str, text: &str) -> Result<(), String> {
    let path = repository().join(file);
    if env::var_os("UPDATE_DOCS").is_some() {
        return fs::write(path, text).map_err(|error| format!("{file}: {error}"));
    }
    let found = fs::read_to_string(path).map_err(|error| format!("{file}: {error}; `make docs` writes it"))?;
    let differs = || found.lines().zip(text.lines()).take_while(|(found, wanted)| found == wanted).count() + 1;
    if found == text { Ok(()) } else { Err(format!("{file}:{}: stale; `make docs` writes it", differs())) }
}
