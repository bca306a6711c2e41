//! The lookups that a policy can ask for, in the wire format of kubewarden-policy-sdk 0.17.3
//! (`host_capabilities/kubernetes.rs`).
//!
//! Invariant: the types have the fields of the SDK's, so what the host cannot decode is not decoded here either.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::PROBE_NAME;

/// A request for objects of one kind.
pub trait Lookup: DeserializeOwned {
    /// The apiVersion and kind.
    fn kind(&self) -> (&str, &str);

    /// The name and namespace that the host puts into a URL.
    fn names_in_url(&self) -> [Option<&str>; 2];

    /// Whether a name or namespace is one that no object has and that may change the URL.
    fn has_impossible_name(&self) -> bool {
        let is_impossible = |name: &str| name != PROBE_NAME && !is_dns_subdomain(name);
        self.names_in_url().into_iter().flatten().any(is_impossible)
    }
}

/// `kubernetes/get_resource`.
#[derive(Debug, Deserialize)]
pub struct GetResource {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub namespace: Option<String>,
    #[serde(rename = "disable_cache")]
    pub _disable_cache: bool,
    pub field_masks: Option<BTreeSet<String>>,
}

/// `kubernetes/list_resources_all`.
#[derive(Debug, Deserialize)]
pub struct ListResourcesAll {
    pub api_version: String,
    pub kind: String,
    pub label_selector: Option<String>,
    pub field_selector: Option<String>,
    pub field_masks: Option<BTreeSet<String>>,
}

/// `kubernetes/list_resources_by_namespace`.
#[derive(Debug, Deserialize)]
pub struct ListResourcesByNamespace {
    pub api_version: String,
    pub kind: String,
    pub namespace: String,
    pub label_selector: Option<String>,
    pub field_selector: Option<String>,
    pub field_masks: Option<BTreeSet<String>>,
}

impl Lookup for GetResource {
    fn kind(&self) -> (&str, &str) {
        (&self.api_version, &self.kind)
    }

    fn names_in_url(&self) -> [Option<&str>; 2] {
        [Some(&self.name), self.namespace.as_deref()]
    }
}

impl Lookup for ListResourcesAll {
    fn kind(&self) -> (&str, &str) {
        (&self.api_version, &self.kind)
    }

    fn names_in_url(&self) -> [Option<&str>; 2] {
        [None, None]
    }
}

impl Lookup for ListResourcesByNamespace {
    fn kind(&self) -> (&str, &str) {
        (&self.api_version, &self.kind)
    }

    fn names_in_url(&self) -> [Option<&str>; 2] {
        [None, Some(&self.namespace)]
    }
}

/// apimachinery's `IsDNS1123Subdomain`, the widest rule for names of the kinds that a policy of this project asks for.
fn is_dns_subdomain(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(is_inner)
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_objects_can_have() {
        let names = ["a", "cart-0.shop", "0", "_", "", "-a", "a-", "a..b", "A", "../x", "a/b", "a b", "ä", "a_b"];
        let impossible: Vec<&str> = names
            .into_iter()
            .filter(|name| {
                let request =
                    format!(r#"{{"api_version":"v1","kind":"Service","name":{name:?},"disable_cache":false}}"#);
                serde_json::from_str::<GetResource>(&request).unwrap().has_impossible_name()
            })
            .collect();
        assert_eq!(impossible, ["", "-a", "a-", "a..b", "A", "../x", "a/b", "a b", "ä", "a_b"]);
        assert!(!is_dns_subdomain(&"a".repeat(254)));
    }
}
