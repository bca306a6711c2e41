//! `make kustomize`: compares what the tests make of `deploy/` with what the Kustomize in the kubectl on the PATH makes of it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use e2e_tests::deploy::{built, by_name, combinations, deploy, objects};
use serde_json::json;

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("usage: compare-kustomize FOLDER");
        return ExitCode::FAILURE;
    };
    match compare_all(&PathBuf::from(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare-kustomize: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare_all(folder: &Path) -> Result<(), String> {
    for (overlay, components) in combinations() {
        let place = [&[overlay], components.as_slice()].concat().join(" + ");
        let of_kubectl = by_name(kubectl_kustomize(&folder.join(place.replace(" + ", "-")), overlay, &components)?)?;
        let of_tests = by_name(built(overlay, &components)?)?;
        if of_kubectl != of_tests {
            let named: Vec<&String> = of_kubectl.keys().chain(of_tests.keys()).collect();
            let differs = |name: &&&String| of_kubectl.get(**name) != of_tests.get(**name);
            return Err(format!("{place}: {:?} differ", named.iter().filter(differs).collect::<Vec<_>>()));
        }
        println!("{place}: {} objects, the same", of_tests.len());
    }
    Ok(())
}

fn kubectl_kustomize(folder: &Path, overlay: &str, components: &[&str]) -> Result<Vec<serde_json::Value>, String> {
    let in_folder = |error: &dyn ToString| format!("{}: {}", folder.display(), error.to_string());
    fs::create_dir_all(folder).map_err(|error| in_folder(&error))?;
    // Kustomize takes paths from where the file is.
    let here = folder.canonicalize().map_err(|error| in_folder(&error))?;
    let up = "../".repeat(here.components().count().saturating_sub(1));
    let from_here = |path: PathBuf| format!("{up}{}", path.display().to_string().trim_start_matches('/'));
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [from_here(deploy("overlays").join(overlay))],
        "components": components.iter().map(|it| from_here(deploy("components").join(it))).collect::<Vec<_>>(),
    });
    fs::write(folder.join("kustomization.yaml"), kustomization.to_string()).map_err(|error| in_folder(&error))?;
    let output = Command::new("kubectl").arg("kustomize").arg(folder).output();
    let output = output.map_err(|error| format!("kubectl: {error}"))?;
    if !output.status.success() {
        return Err(in_folder(&String::from_utf8_lossy(&output.stderr)));
    }
    objects(&String::from_utf8_lossy(&output.stdout), &folder.display().to_string())
}
