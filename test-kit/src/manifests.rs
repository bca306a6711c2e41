//! Reads Kubernetes manifests from files, folders and the standard input, as `kubectl apply -f` does.
//!
//! Invariant: a manifest has an apiVersion, a kind and a name or generateName, and knows its file and line. What is in it
//! otherwise is left as it is: no defaults, no schema.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::{Map, Value};
use thiserror::Error;

use crate::yaml::{self, Origin, YamlError};

/// The endings of the files that are read from a folder; the same as kubectl's.
const FILE_ENDINGS: [&str; 3] = ["json", "yaml", "yml"];

/// One object of a manifest file.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The object as it was written.
    pub object: Value,
    /// Where its document starts; for an item of a `List` that is the start of the list.
    pub origin: Origin,
}

/// Why manifests could not be read.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// A file or folder that cannot be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// The file or folder, as it was given.
        path: String,
        /// What the operating system says.
        error: io::Error,
    },
    /// A folder without any manifest file.
    #[error("{path}: no file that ends in .json, .yaml or .yml")]
    EmptyFolder {
        /// The folder, as it was given.
        path: String,
    },
    /// A file that is no text.
    #[error("{origin}: not UTF-8")]
    NotText {
        /// The line with the first byte that is no text.
        origin: Origin,
    },
    /// Text that is no YAML.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A field of the wrong type.
    #[error("{origin}: {field} must be {expected}, and is {found}")]
    WrongType {
        /// The document.
        origin: Origin,
        /// The field, or `the document`.
        field: &'static str,
        /// The type that it should have.
        expected: &'static str,
        /// The type that it has.
        found: &'static str,
    },
    /// A field that every object needs.
    #[error("{origin}: {field} is missing")]
    Missing {
        /// The document.
        origin: Origin,
        /// The field.
        field: &'static str,
    },
    /// An apiVersion with too many parts.
    #[error("{origin}: apiVersion must be VERSION or GROUP/VERSION, and is `{found}`")]
    InvalidApiVersion {
        /// The document.
        origin: Origin,
        /// What stands there.
        found: String,
    },
}

/// Reads the manifests of a file, of the files of a folder in the order of their names (not of its folders), or, for the
/// path `-`, of the standard input.
///
/// # Errors
///
/// The first file that cannot be read, or that has a document that is no object of Kubernetes.
pub fn read(path: &Path) -> Result<Vec<Manifest>, ManifestError> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
        return parse(&text(bytes, "stdin")?, "stdin");
    }
    if !path.is_dir() {
        return read_file(path);
    }
    let mut manifests = Vec::new();
    for file in files_of_folder(path)? {
        manifests.extend(read_file(&file)?);
    }
    Ok(manifests)
}

/// Reads the manifests in a text. `source` is what the errors call it.
///
/// A document whose kind ends in `List` and that has items stands for these items, as in kubectl.
///
/// # Errors
///
/// The first document that is no YAML, or no object of Kubernetes.
pub fn parse(text: &str, source: &str) -> Result<Vec<Manifest>, ManifestError> {
    let mut manifests = Vec::new();
    for document in yaml::documents(text, source)? {
        flatten(document.value, &document.origin, None, &mut manifests)?;
    }
    Ok(manifests)
}

fn read_file(path: &Path) -> Result<Vec<Manifest>, ManifestError> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, error))?;
    let source = path.display().to_string();
    parse(&text(bytes, &source)?, &source)
}

fn files_of_folder(folder: &Path) -> Result<Vec<PathBuf>, ManifestError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let ending = path.extension().and_then(OsStr::to_str);
        if ending.is_some_and(|ending| FILE_ENDINGS.contains(&ending)) && !path.is_dir() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(ManifestError::EmptyFolder { path: folder.display().to_string() });
    }
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, error: io::Error) -> ManifestError {
    ManifestError::Unreadable { path: path.display().to_string(), error }
}

fn text(bytes: Vec<u8>, source: &str) -> Result<String, ManifestError> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = valid.filter(|byte| **byte == b'\n').count() + 1;
        ManifestError::NotText { origin: Origin { source: source.to_owned(), line } }
    })
}

/// The apiVersion and kind of a list's items, which a typed list (`ServiceList`) says only once.
///
/// apimachinery's `unstructuredJSONScheme.decodeToList` fills them in likewise.
struct ItemType {
    api_version: String,
    kind: String,
}

fn flatten(
    value: Value,
    origin: &Origin,
    item_type: Option<&ItemType>,
    manifests: &mut Vec<Manifest>,
) -> Result<(), ManifestError> {
    let mut object = match value {
        Value::Object(object) => object,
        other => return Err(wrong_type(origin, "the document", "a mapping", &other)),
    };
    if let Some(item_type) = item_type {
        fill_in_type(&mut object, item_type);
    }
    let api_version = required_string(&object, "apiVersion", origin)?;
    let kind = required_string(&object, "kind", origin)?;
    if api_version.split('/').count() > 2 || api_version.split('/').any(str::is_empty) {
        return Err(ManifestError::InvalidApiVersion { origin: origin.clone(), found: api_version });
    }
    let item_kind = kind.strip_suffix("List").map(str::to_owned);
    if let (Some(kind), Some(Value::Array(_))) = (item_kind, object.get("items")) {
        let item_type = (!kind.is_empty()).then_some(ItemType { api_version, kind });
        return flatten_items(object, origin, item_type.as_ref(), manifests);
    }
    check_metadata(&object, origin)?;
    manifests.push(Manifest { object: Value::Object(object), origin: origin.clone() });
    Ok(())
}

fn flatten_items(
    mut list: Map<String, Value>,
    origin: &Origin,
    item_type: Option<&ItemType>,
    manifests: &mut Vec<Manifest>,
) -> Result<(), ManifestError> {
    if let Some(Value::Array(items)) = list.remove("items") {
        for item in items {
            flatten(item, origin, item_type, manifests)?;
        }
    }
    Ok(())
}

fn fill_in_type(object: &mut Map<String, Value>, item_type: &ItemType) {
    if !object.contains_key("kind") {
        object.insert("kind".to_owned(), Value::from(item_type.kind.as_str()));
        if !object.contains_key("apiVersion") {
            object.insert("apiVersion".to_owned(), Value::from(item_type.api_version.as_str()));
        }
    }
}

fn check_metadata(object: &Map<String, Value>, origin: &Origin) -> Result<(), ManifestError> {
    let metadata = match object.get("metadata") {
        Some(Value::Object(metadata)) => metadata,
        None | Some(Value::Null) => return Err(missing(origin, "metadata.name")),
        Some(other) => return Err(wrong_type(origin, "metadata", "a mapping", other)),
    };
    let name = optional_string(metadata, "name", "metadata.name", origin)?;
    let generate_name = optional_string(metadata, "generateName", "metadata.generateName", origin)?;
    optional_string(metadata, "namespace", "metadata.namespace", origin)?;
    if name.is_none() && generate_name.is_none() {
        return Err(missing(origin, "metadata.name"));
    }
    Ok(())
}

fn required_string(object: &Map<String, Value>, field: &'static str, origin: &Origin) -> Result<String, ManifestError> {
    optional_string(object, field, field, origin)?.map(str::to_owned).ok_or_else(|| missing(origin, field))
}

/// A string that is not empty, or none.
fn optional_string<'object>(
    object: &'object Map<String, Value>,
    key: &str,
    field: &'static str,
    origin: &Origin,
) -> Result<Option<&'object str>, ManifestError> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(string)) => Ok(Some(string.as_str()).filter(|string| !string.is_empty())),
        Some(other) => Err(wrong_type(origin, field, "a string", other)),
    }
}

fn missing(origin: &Origin, field: &'static str) -> ManifestError {
    ManifestError::Missing { origin: origin.clone(), field }
}

fn wrong_type(origin: &Origin, field: &'static str, expected: &'static str, found: &Value) -> ManifestError {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    };
    ManifestError::WrongType { origin: origin.clone(), field, expected, found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expected: &[(Value, usize)]) {
        let found: Vec<(Value, usize)> = parse(text, "a.yaml")
            .unwrap()
            .into_iter()
            .map(|manifest| (manifest.object, manifest.origin.line))
            .collect();
        assert_eq!(found, expected);
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        assert_eq!(parse(text, "a.yaml").unwrap_err().to_string(), expected);
    }

    fn service(name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}})
    }

    #[test]
    fn documents_are_objects() {
        check(
            "# one\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n",
            &[(service("a"), 2), (service("b"), 7)],
        );
        check(
            "{apiVersion: v1, kind: Service, metadata: {generateName: a-}}",
            &[(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "a-"}}), 1)],
        );
        check("", &[]);
    }

    #[test]
    fn lists_are_flattened() {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [
            service("a"),
            {"apiVersion": "v1", "kind": "ServiceList", "items": [{"metadata": {"name": "b"}}]},
        ]});
        check(
            &format!("---\n{list}"),
            &[(service("a"), 2), (json!({"metadata": {"name": "b"}, "kind": "Service", "apiVersion": "v1"}), 2)],
        );
        check("{apiVersion: v1, kind: List, items: []}", &[]);
        check(
            "{apiVersion: a.b/v1, kind: AllowList, metadata: {name: a}}",
            &[(json!({"apiVersion": "a.b/v1", "kind": "AllowList", "metadata": {"name": "a"}}), 1)],
        );
    }

    #[test]
    fn errors_name_file_and_line() {
        check_error("\n- a\n", "a.yaml:2: the document must be a mapping, and is a list");
        check_error("kind: Service\nmetadata: {name: a}\n", "a.yaml:1: apiVersion is missing");
        check_error("apiVersion: v1\nmetadata: {name: a}\n", "a.yaml:1: kind is missing");
        check_error("apiVersion: 1\nkind: A\n", "a.yaml:1: apiVersion must be a string, and is a number");
        check_error("apiVersion: v1\nkind: {}\n", "a.yaml:1: kind must be a string, and is a mapping");
        check_error(
            "apiVersion: a/b/c\nkind: A\n",
            "a.yaml:1: apiVersion must be VERSION or GROUP/VERSION, and is `a/b/c`",
        );
        check_error(
            "apiVersion: /v1\nkind: A\n",
            "a.yaml:1: apiVersion must be VERSION or GROUP/VERSION, and is `/v1`",
        );
        check_error("---\napiVersion: v1\nkind: A\n", "a.yaml:2: metadata.name is missing");
        check_error("apiVersion: v1\nkind: A\nmetadata: {name: ''}\n", "a.yaml:1: metadata.name is missing");
        check_error("apiVersion: v1\nkind: A\nmetadata: []\n", "a.yaml:1: metadata must be a mapping, and is a list");
        check_error(
            "apiVersion: v1\nkind: A\nmetadata: {name: 1}\n",
            "a.yaml:1: metadata.name must be a string, and is a number",
        );
        check_error(
            "apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: true}\n",
            "a.yaml:1: metadata.namespace must be a string, and is a boolean",
        );
        check_error(
            "apiVersion: v1\nkind: List\nitems: [null]\n",
            "a.yaml:1: the document must be a mapping, and is null",
        );
    }

    #[test]
    fn a_file_that_is_no_text_is_an_error() {
        let error = text(b"a: 1\nb: \xff\n".to_vec(), "a.yaml").unwrap_err();
        assert_eq!(error.to_string(), "a.yaml:2: not UTF-8");
    }

    #[test]
    fn folders_are_read_by_name_and_not_into_their_folders() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e-tests/samples/shop");
        let names: Vec<String> = files_of_folder(&folder)
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        let mut sorted = names.clone();
        sorted.sort();
        assert_eq!(names, sorted);
        assert!(!read(&folder).unwrap().is_empty());

        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let message = read(&sources).unwrap_err().to_string();
        assert_eq!(message, format!("{}: no file that ends in .json, .yaml or .yml", sources.display()));
        let nowhere = sources.join("nowhere.yaml");
        let message = read(&nowhere).unwrap_err().to_string();
        assert_eq!(message, format!("{}: No such file or directory (os error 2)", nowhere.display()));
    }
}
