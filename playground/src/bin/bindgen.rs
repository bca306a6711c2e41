//! Writes the JavaScript around the playground's module, as wasm-bindgen's own program does. As a dependency, it has the
//! version that the module was built with, and cargo builds it.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

/// Node reads the JavaScript as a browser does if it stands beside this.
const PACKAGE: &str = "{\"type\": \"module\"}\n";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [module, folder] = &arguments[..] else { return Err("usage: bindgen MODULE FOLDER".into()) };
    generate(module, folder)
}

fn generate(module: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    Bindgen::new().input_path(module).web(true)?.generate(folder)?;
    fs::write(folder.join("package.json"), PACKAGE)?;
    Ok(())
}
