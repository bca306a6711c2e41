//! Writes the cases as files for kwctl, and a bats file that runs them: the first step of `make e2e-tests`.
//!
//! Invariant: a case that is not rendered is named, with the reason.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use e2e_tests::cases;
use e2e_tests::engine::{Core, Engine, granted_access, repository};
use e2e_tests::kwctl::{self, RenderError};

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("usage: render-cases FOLDER");
        return ExitCode::FAILURE;
    };
    match render_all(&PathBuf::from(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("render-cases: {error}");
            ExitCode::FAILURE
        }
    }
}

fn render_all(folder: &Path) -> Result<(), String> {
    let (tests, access) = (repository().join("e2e-tests"), granted_access()?);
    let module = repository().join("annotated-policy.wasm");
    let mut rendered = Vec::new();
    clear(&folder.join("cases")).map_err(|error| format!("{}: {error}", folder.display()))?;
    for case in cases::all().map_err(ToString::to_string)? {
        let in_case = |error: &dyn ToString| format!("{}: {}", case.name, error.to_string());
        let observed = Core.run(&case.payload, &case.cluster).map_err(|error| in_case(&error))?;
        match kwctl::render(case, &observed.exchanges, &access, &module) {
            Ok(files) => rendered.push((&case.name, files)),
            Err(RenderError::Skip(reason)) => println!("{}: skipped, as {reason}", case.name),
            Err(error) => return Err(in_case(&error)),
        }
    }
    for (name, case) in &rendered {
        for (file, text) in &case.files {
            write(&folder.join("cases").join(name).join(file), text)?;
        }
    }
    let named = rendered.iter().map(|(name, case)| (name.as_str(), case));
    write(&folder.join("cases.bats"), &kwctl::bats(named, &tests.join("kwctl/check.bash")))?;
    println!("{} cases rendered", rendered.len());
    Ok(())
}

/// What was rendered before is gone: a case may have had other files.
fn clear(folder: &Path) -> io::Result<()> {
    if folder.exists() { fs::remove_dir_all(folder) } else { Ok(()) }
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(file, text));
    written.map_err(|error| format!("{}: {error}", file.display()))
}
