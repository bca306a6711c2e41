//! `deploy/` as people apply it: its plain files, and what Kustomize makes of its overlays and components.
//!
//! Kustomize is not on every machine. [`build`] does what these few files use of it, and refuses the rest. The program
//! `compare-kustomize` compares it with the Kustomize that is in kubectl.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use test_kit::yaml;

use crate::engine::repository;

/// What the policy does.
pub const OVERLAYS: [&str; 3] = ["monitor", "mutate", "reject"];

/// What is installed beside the AWS Load Balancer Controller, or in its place; one of them, or none.
pub const CLUSTERS: [&str; 5] =
    ["auto-mode", "auto-mode-alone", "auto-mode-alone-gateway-api", "auto-mode-gateway-api", "gateway-api"];

/// Another namespace, whatever is installed.
pub const RANCHER: &str = "rancher";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kustomization {
    api_version: String,
    kind: String,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    components: Vec<String>,
    #[serde(default)]
    patches: Vec<Patch>,
    #[serde(default)]
    name_suffix: String,
}

/// A JSON patch of all objects of a kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    target: Target,
    patch: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    kind: String,
}

/// A file or folder of `deploy/`.
#[must_use]
pub fn deploy(path: &str) -> PathBuf {
    repository().join("deploy").join(path)
}

/// The objects in a text.
///
/// # Errors
/// What is no YAML.
pub fn objects(text: &str, source: &str) -> Result<Vec<Value>, String> {
    let documents = yaml::documents(text, source).map_err(|error| error.to_string())?;
    Ok(documents.into_iter().map(|document| document.value).collect())
}

/// The objects in a file.
///
/// # Errors
/// A file that cannot be read, or is no YAML.
pub fn objects_of(file: &Path) -> Result<Vec<Value>, String> {
    let in_file = |error: &dyn ToString| format!("{}: {}", file.display(), error.to_string());
    let text = fs::read_to_string(file).map_err(|error| in_file(&error))?;
    objects(&text, &file.display().to_string())
}

/// The text of a plain file with the rules uncommented that are comments in it.
#[must_use]
pub fn uncommented(text: &str) -> String {
    let mut is_rule = false;
    let lines = text.lines().map(|line| {
        is_rule = line.starts_with("    # - apiGroups:") || (is_rule && line.starts_with("    #   "));
        if is_rule { line.replacen("    # ", "    ", 1) } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Every overlay with every kind of cluster, with and without Rancher: the overlay, and the components.
#[must_use]
pub fn combinations() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut all = Vec::new();
    for overlay in OVERLAYS {
        for cluster in [None].into_iter().chain(CLUSTERS.map(Some)) {
            for rancher in [None, Some(RANCHER)] {
                all.push((overlay, cluster.into_iter().chain(rancher).collect()));
            }
        }
    }
    all
}

/// What Kustomize makes of an overlay with components.
///
/// # Errors
/// As [`build`].
pub fn built(overlay: &str, components: &[&str]) -> Result<Vec<Value>, String> {
    let mut objects = build(&deploy("overlays").join(overlay))?;
    for component in components {
        apply(&deploy("components").join(component), &mut objects)?;
    }
    Ok(objects)
}

/// What Kustomize makes of a folder.
///
/// # Errors
/// A file that cannot be read, or that uses more of Kustomize than is known here; a patch that does not fit.
pub fn build(folder: &Path) -> Result<Vec<Value>, String> {
    let kustomization = kustomization(folder, "Kustomization", "kustomize.config.k8s.io/v1beta1")?;
    let mut objects = Vec::new();
    for resource in &kustomization.resources {
        let path = folder.join(resource);
        objects.extend(if path.is_dir() { build(&path)? } else { objects_of(&path)? });
    }
    transform(folder, &kustomization, &mut objects)?;
    Ok(objects)
}

fn apply(component: &Path, objects: &mut [Value]) -> Result<(), String> {
    let kustomization = kustomization(component, "Component", "kustomize.config.k8s.io/v1alpha1")?;
    if !kustomization.resources.is_empty() || !kustomization.name_suffix.is_empty() {
        return Err(format!("{}: a component has neither resources nor a nameSuffix here", component.display()));
    }
    transform(component, &kustomization, objects)
}

fn kustomization(folder: &Path, kind: &str, api_version: &str) -> Result<Kustomization, String> {
    let file = folder.join("kustomization.yaml");
    let in_file = |error: &dyn ToString| format!("{}: {}", file.display(), error.to_string());
    let [value]: [Value; 1] = objects_of(&file)?.try_into().map_err(|_| in_file(&"must be one document"))?;
    let kustomization: Kustomization = serde_json::from_value(value).map_err(|error| in_file(&error))?;
    if (kustomization.kind.as_str(), kustomization.api_version.as_str()) != (kind, api_version) {
        return Err(in_file(&format!("must be a {kind} of {api_version}")));
    }
    Ok(kustomization)
}

/// First the components, then what the folder itself changes.
fn transform(folder: &Path, kustomization: &Kustomization, objects: &mut [Value]) -> Result<(), String> {
    let in_folder = |error: &dyn ToString| format!("{}: {}", folder.display(), error.to_string());
    for component in &kustomization.components {
        apply(&folder.join(component), objects)?;
    }
    for Patch { target, patch } in &kustomization.patches {
        let patch = yaml::single(patch, &folder.display().to_string()).map_err(|error| error.to_string())?;
        let patch: json_patch::Patch = serde_json::from_value(patch).map_err(|error| in_folder(&error))?;
        let is_target = |object: &&mut Value| object.get("kind").and_then(Value::as_str) == Some(&target.kind);
        let mut targets = objects.iter_mut().filter(is_target).peekable();
        if targets.peek().is_none() {
            return Err(in_folder(&format!("no {} to patch", target.kind)));
        }
        for object in targets {
            json_patch::patch(object, &patch).map_err(|error| in_folder(&error))?;
        }
    }
    for object in objects {
        match object.pointer_mut("/metadata/name") {
            Some(Value::String(name)) => name.push_str(&kustomization.name_suffix),
            _ => return Err(in_folder(&"an object without a name")),
        }
    }
    Ok(())
}

/// Objects by kind and name, as their order means nothing.
///
/// # Errors
/// Two objects of one name.
pub fn by_name(objects: Vec<Value>) -> Result<BTreeMap<String, Value>, String> {
    let mut named = BTreeMap::new();
    for object in objects {
        let part = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let name = format!("{} {}", part("/kind"), part("/metadata/name"));
        if named.insert(name.clone(), object).is_some() {
            return Err(format!("two objects are {name}"));
        }
    }
    Ok(named)
}
