//! The cluster as it is once a request is stored, or as it was before: the lookups, with one object laid over them.
//!
//! Two worlds share every lookup. What they do not share is one object: the admitted one, new or old.

use std::rc::Rc;

use super::{Lookup, Lookups, Selector};
use crate::index::sorted;
use crate::kubernetes::{Kind, NameKey, Object, ObjectRef, View};

/// The object that is laid over a cluster.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// Which object it is; its name is empty where it is still to be generated.
    pub identity: ObjectRef,
    /// The object; none where it does not exist in this world.
    pub object: Option<Object>,
}

/// The cluster with one object laid over it.
pub struct World<'a> {
    lookups: &'a Lookups<'a>,
    overlay: Overlay,
    is_old: bool,
}

impl<'a> World<'a> {
    /// The world in which the request is stored.
    pub fn new(lookups: &'a Lookups<'a>, overlay: Overlay) -> Self {
        Self { lookups, overlay, is_old: false }
    }

    /// The world before it, in which the object was another one, or none.
    pub fn before(&self, object: Option<Object>) -> Self {
        Self { lookups: self.lookups, overlay: Overlay { object, ..self.overlay.clone() }, is_old: true }
    }

    /// Whether this is the world before the request.
    pub fn is_old(&self) -> bool {
        self.is_old
    }

    /// The object that is laid over.
    pub fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// One object.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn get<V: View>(&self, kind: Kind, namespace: &str, name: &str) -> Lookup<Option<Rc<V>>> {
        if self.is_overlaid(kind, namespace, name) {
            return Ok(self.overlay.object.as_ref().and_then(V::of).cloned());
        }
        Ok(self.lookups.get(kind, namespace, name)?.as_ref().and_then(V::of).cloned())
    }

    /// Prepares for [`World::get`] of several objects of one namespace.
    pub fn prepare(&self, kind: Kind, namespace: &str, names: &mut dyn Iterator<Item = &str>) {
        self.lookups.prepare(kind, namespace, &mut names.filter(|name| !self.is_overlaid(kind, namespace, name)));
    }

    /// Every object of a kind in all namespaces that may mention all of `names`, in the order of namespaces and names. An
    /// object in a namespace mentions it.
    ///
    /// # Errors
    /// Why there is no list.
    pub fn mentioning<V: View>(&self, kind: Kind, names: &[&str]) -> Lookup<Vec<Lookup<Rc<V>>>> {
        self.list(kind, None, names)
    }

    /// The same among the Services that the API server selects.
    ///
    /// # Errors
    /// Why there is no list.
    pub fn selected<V: View>(&self, kind: Kind, selector: Selector, names: &[&str]) -> Lookup<Vec<Lookup<Rc<V>>>> {
        self.list(kind, Some(selector), names)
    }

    /// Every object of a kind in all namespaces, in the order of namespaces and names.
    ///
    /// # Errors
    /// Why there is no list.
    pub fn all<V: View>(&self, kind: Kind) -> Lookup<Vec<Lookup<Rc<V>>>> {
        self.list(kind, None, &[])
    }

    fn list<V: View>(&self, kind: Kind, selector: Option<Selector>, names: &[&str]) -> Lookup<Vec<Lookup<Rc<V>>>> {
        let objects = self.objects(kind, selector, names)?.into_iter();
        Ok(objects.filter_map(|object| object.map(|object| V::of(&object).cloned()).transpose()).collect())
    }

    fn objects(&self, kind: Kind, selector: Option<Selector>, names: &[&str]) -> Lookup<Vec<Lookup<Object>>> {
        let mut objects = self.lookups.mentioning(kind, selector, names)?;
        objects.retain(|object| {
            let (namespace, name) = identity(object);
            !self.is_overlaid(kind, namespace, name)
        });
        if self.overlay.identity.kind == kind {
            objects.extend(self.overlay.object.clone().map(Ok));
        }
        Ok(sorted(&objects, |object| {
            let (namespace, name) = identity(object);
            NameKey::of_object(namespace, name)
        }))
    }

    fn is_overlaid(&self, kind: Kind, namespace: &str, name: &str) -> bool {
        let identity = &self.overlay.identity;
        identity.kind == kind && *identity.name == *name && (!kind.is_namespaced() || *identity.namespace == *namespace)
    }
}

/// Namespace and name, as far as they are known.
fn identity(object: &Lookup<Object>) -> (&str, &str) {
    match object {
        Ok(object) => (&object.metadata().namespace, &object.metadata().name),
        Err(failure) => failure.object.as_ref().map_or(("", ""), |object| (&object.namespace, &object.name)),
    }
}
