//! An object, as people and messages name it.

use std::fmt;
use std::rc::Rc;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::kind::Kind;
use super::name::NameKey;
use super::text::shown_name;

/// An object, as kubectl names it: kind, namespace and name.
#[derive(Debug, Clone, Eq, PartialOrd, Ord)]
pub struct ObjectRef {
    /// The kind.
    pub kind: Kind,
    /// The namespace; empty for a cluster-scoped kind.
    pub namespace: Rc<str>,
    /// The name; for an object that gets its name later, `generateName` and `<generated>`.
    pub name: Rc<str>,
}

impl ObjectRef {
    /// An object of a namespaced kind.
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        let namespace = if kind.is_namespaced() { namespace } else { "" };
        Self { kind, namespace: namespace.into(), name: name.into() }
    }

    /// The key of an object among those of its kind.
    pub fn key(&self) -> NameKey<'static> {
        NameKey::of_object(&self.namespace, &self.name)
    }

    /// Writes `namespace/name`, or the name alone of a cluster-scoped object; each part at most `max` bytes long.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write_path(&self, to: &mut dyn fmt::Write, max: usize) -> fmt::Result {
        if !self.namespace.is_empty() {
            to.write_str(&shown_name(&self.namespace, max))?;
            to.write_str("/")?;
        }
        to.write_str(&shown_name(&self.name, max))
    }

    /// Writes the kind too.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write(&self, to: &mut dyn fmt::Write, max: usize) -> fmt::Result {
        to.write_str(self.kind.name())?;
        to.write_str(" ")?;
        self.write_path(to, max)
    }
}

/// As derived, but `memcmp`, which that would call, goes byte by byte in wasm.
impl PartialEq for ObjectRef {
    fn eq(&self, other: &Self) -> bool {
        let are_equal = |one: &str, other: &str| json_scan::are_equal(one.as_bytes(), other.as_bytes());
        are_equal(&self.name, &other.name) && are_equal(&self.namespace, &other.namespace) && self.kind == other.kind
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 253)
    }
}

impl Serialize for ObjectRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("ObjectRef", 4)?;
        object.serialize_field("apiVersion", self.kind.api_version())?;
        object.serialize_field("kind", self.kind.name())?;
        if self.namespace.is_empty() {
            object.skip_field("namespace")?;
        } else {
            object.serialize_field("namespace", &*self.namespace)?;
        }
        object.serialize_field("name", &*self.name)?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_named_as_kubectl_names_it() {
        let object = |name: &str| ObjectRef::new(Kind::Service, "shop", name).to_string();
        assert_eq!(object("cart"), "Service shop/cart");
        assert_eq!(object("cart-<generated>"), "Service shop/cart-<generated>");
        assert_eq!(object("<generated>"), "Service shop/<generated>");
        assert_eq!(object("../x"), "Service shop/\"../x\"");
        assert_eq!(object(""), "Service shop/\"\"");
        assert_eq!(object("a\" b\\"), "Service shop/\"a\\\" b\\\\\"");
        assert_eq!(ObjectRef::new(Kind::IngressClass, "shop", "alb").to_string(), "IngressClass alb");
    }
}
