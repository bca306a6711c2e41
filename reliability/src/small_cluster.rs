//! A small cluster with an object of every kind that decides, for inputs that bring none.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;
use test_kit::in_memory_cluster::{Access, InMemoryCluster};
use test_kit::metadata::PolicyMetadata;
use test_kit::yaml;

/// The objects, by the file that has them.
const OBJECTS: &str = include_str!("small_cluster.yaml");

/// What the policy may look up.
const METADATA: &str = include_str!("../../policy-metadata.yml");

/// So many answers are kept: the names in an input are arbitrary, and their number is not bounded.
const MAX_KEPT: usize = 1_000;

type Answer = Result<Vec<u8>, String>;

/// What the policy may look up when it is deployed as its metadata asks for.
#[must_use]
pub fn granted_access() -> Access {
    static ACCESS: LazyLock<Access> = LazyLock::new(|| {
        PolicyMetadata::parse(METADATA, "policy-metadata.yml").map(|metadata| metadata.access()).unwrap_or_default()
    });
    ACCESS.clone()
}

/// The cluster.
#[must_use]
pub fn cluster() -> InMemoryCluster {
    let mut cluster = InMemoryCluster::new(granted_access());
    for document in yaml::documents(OBJECTS, "small_cluster.yaml").into_iter().flatten() {
        // An object without a name would be missing in the test below.
        let _ = cluster.insert(document.value);
    }
    cluster
}

/// What its host answers to a lookup.
pub fn answer(operation: &'static str, request: &[u8]) -> Answer {
    static CLUSTER: LazyLock<InMemoryCluster> = LazyLock::new(cluster);
    thread_local! {
        static KEPT: RefCell<HashMap<Vec<u8>, Answer>> = RefCell::default();
    }
    KEPT.with_borrow_mut(|kept| {
        if let Some(answer) = kept.get(request) {
            return answer.clone();
        }
        let answer = CLUSTER.look_up(operation, request, None).response.map_err(|text| format!("Host error: {text}"));
        if kept.len() < MAX_KEPT {
            kept.insert(request.to_vec(), answer.clone());
        }
        answer
    })
}

/// What a host of an empty cluster answers to the request of one object. A list that is empty says so itself.
pub fn nothing(request: &[u8]) -> Answer {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    match request.get("name") {
        Some(_) => Err(format!(
            "Host error: Callback evaluation failure: Cannot find {}/{} named '{}' inside of namespace 'None'",
            text("api_version"),
            text("kind"),
            text("name")
        )),
        None => Ok(br#"{"items":[]}"#.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aws_headless_service_policy::kubernetes::Kind;

    use super::*;

    #[test]
    fn every_kind_is_there() {
        let of = |object: &Value, key: &str| object[key].as_str().expect("a string").to_owned();
        let there: BTreeSet<(String, String)> =
            cluster().objects().map(|object| (of(object, "apiVersion"), of(object, "kind"))).collect();
        for kind in Kind::ADMITTED.into_iter().chain(Kind::LOOKED_UP) {
            let key = (kind.api_version().to_owned(), kind.name().to_owned());
            assert!(there.contains(&key), "no object of {key:?}");
        }
    }

    #[test]
    fn nothing_is_there_in_the_words_of_the_host() {
        let request = br#"{"api_version":"v1","kind":"Service","name":"cart"}"#;
        let text = nothing(request).expect_err("no object");
        assert!(text.contains("Cannot find v1/Service named 'cart'"), "{text}");
        assert_eq!(nothing(br#"{"api_version":"v1","kind":"Service"}"#), Ok(br#"{"items":[]}"#.to_vec()));
    }
}
