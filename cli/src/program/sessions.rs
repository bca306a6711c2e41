//! Writes evaluations so that `kwctl run` can repeat them without a cluster.
//!
//! Invariant: one folder for each object that the policy was asked about, numbered in their order; nothing is written
//! outside of the given folder, whatever objects are called.

use std::path::{Path, PathBuf};
use std::{fs, io};

use aws_headless_service_policy_cli::apply::AppliedObject;
use e2e_tests::session::{self, SessionError};
use serde_json::{Map, Value};
use test_kit::in_memory_cluster::ObjectKey;
use thiserror::Error;

/// Why evaluations cannot be written.
#[derive(Debug, Error)]
pub enum SessionsError {
    /// A file or folder that cannot be written.
    #[error("{path}: {error}")]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// Lookups that kwctl cannot replay.
    #[error("{path}: {error}")]
    Session {
        /// The file.
        path: PathBuf,
        /// What cannot be replayed.
        error: SessionError,
    },
}

/// Writes `request.json`, `settings.json` and `session.yaml` for each object that the policy was asked about.
///
/// # Errors
///
/// The first file or folder that cannot be written.
pub fn write(folder: &Path, objects: &[AppliedObject], settings: &Map<String, Value>) -> Result<(), SessionsError> {
    let judged =
        objects.iter().filter_map(|object| object.judgement.as_ref().map(|judgement| (&object.key, judgement)));
    for (position, (key, judgement)) in judged.enumerate() {
        let folder = folder.join(folder_name(position + 1, key));
        fs::create_dir_all(&folder).map_err(|error| SessionsError::Unwritable { path: folder.clone(), error })?;
        write_file(&folder.join("request.json"), &format!("{:#}\n", judgement.request))?;
        write_file(&folder.join("settings.json"), &format!("{:#}\n", Value::Object(settings.clone())))?;
        let path = folder.join("session.yaml");
        let session = session::to_yaml(&judgement.evaluated.exchanges)
            .map_err(|error| SessionsError::Session { path: path.clone(), error })?;
        write_file(&path, &session)?;
    }
    Ok(())
}

fn write_file(path: &Path, text: &str) -> Result<(), SessionsError> {
    fs::write(path, text).map_err(|error| SessionsError::Unwritable { path: path.to_owned(), error })
}

/// `001-ingress-shop`; what is no letter, digit, hyphen or dot in kind and name becomes a hyphen.
fn folder_name(number: usize, key: &ObjectKey) -> String {
    let safe = |character: char| {
        if character.is_ascii_alphanumeric() || character == '.' { character.to_ascii_lowercase() } else { '-' }
    };
    let name: String = format!("{}-{}", key.kind, key.name).chars().map(safe).take(100).collect();
    format!("{number:03}-{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_stay_where_they_are() {
        let name = |kind: &str, name: &str| {
            let (kind, name) = (kind.to_owned(), name.to_owned());
            folder_name(7, &ObjectKey { api_version: "v1".to_owned(), kind, namespace: None, name })
        };
        assert_eq!(name("TargetGroupBinding", "cart.v1"), "007-targetgroupbinding-cart.v1");
        assert_eq!(name("Service", "../../x y"), "007-service-..-..-x-y");
        assert_eq!(name("..", "/"), "007-..--");
        assert_eq!(name("A", &"x".repeat(300)).len(), 104);
    }
}
