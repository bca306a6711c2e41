//! Random clusters: Services, everything that can serve them, and everything that decides how. Names, namespaces and values
//! come from tiny pools, so that they collide, and near misses are as frequent as hits.
//!
//! Invariant: every object is one that the API server would store, and no two have the same key.

#![expect(clippy::indexing_slicing, reason = "a field of a JSON map is set by its name, which cannot fail")]

mod gateways;
mod ingresses;
mod services;

use arbitrary::{Result, Unstructured};
use serde_json::{Map, Value, json};
use test_kit::in_memory_cluster::{InMemoryCluster, ObjectKey};

use crate::small_cluster::granted_access;

const NAMESPACES: [&str; 2] = ["shop", "blog"];
const SERVICES: [&str; 4] = ["cart", "cart", "web", "cart-2"];
const PORTS: [&str; 2] = ["http", "metrics"];

/// A random cluster, and the settings of the policy there, but for `mode`.
#[derive(Debug, Clone)]
pub struct RandomCluster {
    /// The objects, in no order that means anything.
    pub objects: Vec<Value>,
    /// The settings.
    pub settings: Map<String, Value>,
}

impl RandomCluster {
    /// A cluster, with a Gateway API or without.
    ///
    /// # Errors
    /// Those of `arbitrary`.
    pub fn arbitrary(random: &mut Unstructured<'_>) -> Result<Self> {
        let mut objects = namespaces(random)?;
        for _ in 0..random.int_in_range(1..=4)? {
            objects.push(services::service(random)?);
        }
        if random.ratio(1, 2)? {
            objects.push(services::headless_cart());
        }
        for _ in 0..random.int_in_range(0..=2)? {
            objects.push(ingresses::ingress(random)?);
        }
        for _ in 0..random.int_in_range(0..=2)? {
            objects.push(ingresses::target_group_binding(random)?);
        }
        objects.extend(ingresses::classes(random)?);
        if random.ratio(1, 2)? {
            objects.extend(gateways::gateway_api(random)?);
        }
        let settings = settings(random)?;
        let mut cluster = Self { objects: Vec::new(), settings };
        objects.into_iter().for_each(|object| cluster.put(object));
        Ok(cluster)
    }

    /// Another object of the kind of one, under its name, and being deleted if that one is.
    ///
    /// # Errors
    /// Those of `arbitrary`.
    pub fn another(random: &mut Unstructured<'_>, object: &Value) -> Result<Value> {
        let mut other = match object.get("kind").and_then(Value::as_str).unwrap_or_default() {
            "Service" => services::service(random)?,
            "Ingress" => ingresses::ingress(random)?,
            "TargetGroupBinding" => ingresses::target_group_binding(random)?,
            "IngressClass" => ingresses::ingress_class(random, "alb")?,
            "IngressClassParams" => ingresses::ingress_class_params(random, "alb")?,
            kind => gateways::of_kind(random, kind)?.unwrap_or_else(|| object.clone()),
        };
        for pointer in ["/apiVersion", "/metadata/name", "/metadata/namespace", "/metadata/creationTimestamp"] {
            if let (Some(to), Some(from)) = (other.pointer_mut(pointer), object.pointer(pointer)) {
                *to = from.clone();
            }
        }
        let metadata = other.get_mut("metadata").and_then(Value::as_object_mut);
        match (metadata, object.pointer("/metadata/deletionTimestamp")) {
            (Some(metadata), Some(time)) => {
                metadata.insert("deletionTimestamp".to_owned(), time.clone());
            }
            (Some(metadata), None) => {
                metadata.remove("deletionTimestamp");
            }
            (None, _) => {}
        }
        Ok(other)
    }

    /// One of the objects that the policy is asked about, mostly one that is an end of a pair.
    ///
    /// # Errors
    /// Those of `arbitrary`.
    pub fn one_of_admitted(&self, random: &mut Unstructured<'_>) -> Result<&Value> {
        let admitted: Vec<&Value> = self.admitted().collect();
        let is_end = |object: &&Value| {
            let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
            matches!(kind, "Service" | "Ingress" | "TargetGroupBinding") || kind.ends_with("Route")
        };
        let ends: Vec<&Value> = admitted.iter().copied().filter(is_end).collect();
        let from = if random.ratio(2, 3)? && !ends.is_empty() { ends } else { admitted };
        random.choose(&from).copied()
    }

    /// The objects that the policy is asked about.
    pub fn admitted(&self) -> impl Iterator<Item = &Value> {
        let never = ["Namespace", "ListenerRuleConfiguration", "DaemonSet", "StatefulSet"];
        self.objects.iter().filter(move |object| !never.iter().any(|kind| object.get("kind") == Some(&json!(kind))))
    }

    /// Puts an object in the place of the one with its key.
    pub fn put(&mut self, object: Value) {
        let key = ObjectKey::of(&object);
        match self.objects.iter_mut().find(|other| ObjectKey::of(other) == key) {
            Some(other) => *other = object,
            None => self.objects.push(object),
        }
    }

    /// What lookups see.
    #[must_use]
    pub fn stored(&self) -> InMemoryCluster {
        let mut cluster = InMemoryCluster::new(granted_access());
        for object in &self.objects {
            // Every object has a key, as the test below shows.
            let _ = cluster.insert(object.clone());
        }
        cluster
    }
}

/// One of some texts.
fn one_of<'t>(random: &mut Unstructured<'_>, texts: &[&'t str]) -> Result<&'t str> {
    random.choose(texts).copied()
}

/// A field that is left out where its text is empty.
fn set(object: &mut Value, field: &str, text: &str) {
    if !text.is_empty() {
        object[field] = Value::from(text);
    }
}

/// Metadata of an object in a random namespace, mostly the first one.
fn metadata(random: &mut Unstructured<'_>, name: &str) -> Result<Value> {
    let namespace = one_of(random, &["shop", "shop", "shop", "shop", "shop", "blog"])?;
    Ok(json!({"name": name, "namespace": namespace}))
}

fn namespaces(random: &mut Unstructured<'_>) -> Result<Vec<Value>> {
    let mut namespaces = Vec::new();
    for name in NAMESPACES {
        let labels = json!({"kubernetes.io/metadata.name": name, "team": one_of(random, &["shop", "shop", "blog"])?});
        namespaces.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}));
    }
    Ok(namespaces)
}

fn settings(random: &mut Unstructured<'_>) -> Result<Map<String, Value>> {
    let mut settings = json!({
        "services": one_of(random, &["headless", "headless", "withoutNodePort"])?,
        "missingService": one_of(random, &["allow", "allow", "warn", "reject"])?,
        "controller": {
            "defaultTargetType": one_of(random, &["instance", "instance", "instance", "ip"])?,
            "ingressClass": one_of(random, &["alb", "alb", "alb", "other", ""])?,
        },
    });
    if random.ratio(1, 2)? {
        settings["advice"] = json!([]);
    }
    if random.ratio(1, 6)? {
        settings["controller"]["editions"] =
            random.choose(&[json!(["standard"]), json!(["standard"]), json!(["autoMode"])])?.clone();
    }
    if random.ratio(1, 6)? {
        let gates = [
            json!({"EnableIPTargetType": false}),
            json!({"ServiceTypeLoadBalancerOnly": true}),
            json!({"EnableServiceController": false}),
            json!({"NLBGatewayAPI": false}),
            json!({"GatewayListenerSet": false, "EnableTCPUDPListener": true}),
        ];
        settings["controller"]["featureGates"] = random.choose(&gates)?.clone();
    }
    Ok(settings.as_object().cloned().unwrap_or_default())
}
