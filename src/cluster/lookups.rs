//! The lookups of one request: each is made once, however often its answer is needed, and an answer is never replaced by a
//! later one, so that the new object and the old one are judged by the same cluster.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use json_scan::{ListError, may_mention};
use serde::Deserialize;

use super::{Cluster, ListQuery, LookupError, LookupFailure, Selector, probe};
use crate::kubernetes::{DecodeError, Json, Kind, NameKey, Object, ObjectRef, decode, is_valid_name};

/// An answer, or why there is none.
pub type Lookup<T> = Result<T, Rc<LookupFailure>>;

/// Up to so many objects of a kind are asked for by name; more of them are read from one list.
///
/// A GET is a live request of about a millisecond. A list is one watch of the host for good, and about 7 µs for each object
/// of the kind, whatever is read of it (docs/performance.md).
fn max_gets(kind: Kind) -> usize {
    match kind {
        Kind::IngressClass | Kind::IngressClassParams(_) => 2,
        _ => 4,
    }
}

/// The lookups of one request.
pub struct Lookups<'c> {
    cluster: &'c dyn Cluster,
    /// The namespace of the request, where the probe asks.
    namespace: &'c str,
    kinds: RefCell<BTreeMap<Kind, Known>>,
}

/// What is known of a kind.
#[derive(Default)]
struct Known {
    /// The objects that were asked for by name, under `namespace/name`.
    named: BTreeMap<NameKey<'static>, Lookup<Option<Rc<Item>>>>,
    /// Whether the kind is installed, as a probe found out.
    probe: Option<Lookup<bool>>,
    /// The lists, by what was asked for.
    lists: Vec<(ListKey, Lookup<Rc<List>>)>,
}

#[derive(PartialEq, Eq)]
struct ListKey {
    selector: Option<Selector>,
    mention: Option<String>,
}

/// A list as it came, cut into its items.
struct List {
    items: Vec<Rc<Item>>,
    /// Whether nothing was left out of it.
    is_whole: bool,
    /// Its items by `namespace/name`, for the namespaces that somebody asked for.
    names: RefCell<BTreeMap<String, Lookup<Rc<NamedItems>>>>,
}

type NamedItems = BTreeMap<NameKey<'static>, Rc<Item>>;

/// An object as it came, read when somebody asks.
struct Item {
    text: Rc<str>,
    range: Range<usize>,
    /// What it must be, where it was asked for by name.
    expected: Option<ObjectRef>,
    object: OnceCell<Lookup<Object>>,
}

impl Item {
    fn json(&self) -> &str {
        self.text.get(self.range.clone()).unwrap_or_default()
    }

    fn object(&self, kind: Kind) -> Lookup<Object> {
        self.object.get_or_init(|| self.read(kind)).clone()
    }

    fn read(&self, kind: Kind) -> Lookup<Object> {
        let failure = |error, object| Rc::new(LookupFailure { kind, object, error: LookupError::Unreadable(error) });
        let object = Json::parse(self.json()).and_then(|json| Object::read(kind, json)).map_err(|error| {
            let named = decode::<Named>(self.json()).ok().map(|named| named.metadata);
            let named = named.map(|named| ObjectRef::new(kind, &named.namespace, &named.name));
            failure(error, self.expected.clone().or(named))
        })?;
        let found = &object.metadata().name;
        match &self.expected {
            Some(expected) if **found != *expected.name => {
                let reason = format!("is `{found}`, which was not asked for");
                Err(failure(DecodeError::new("metadata.name", &reason), Some(expected.clone())))
            }
            None if found.is_empty() => Err(failure(DecodeError::new("items[].metadata.name", "is missing"), None)),
            _ => Ok(object),
        }
    }
}

/// What tells one item of a list from the others.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    metadata: NamedMetadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedMetadata {
    name: String,
    namespace: String,
}

impl<'c> Lookups<'c> {
    /// No lookups yet, for a request in `namespace`.
    pub fn new(cluster: &'c dyn Cluster, namespace: &'c str) -> Self {
        let namespace = if is_valid_name(namespace) { namespace } else { "default" };
        Self { cluster, namespace, kinds: RefCell::default() }
    }

    /// One object. A name that no object can have is not looked up: the host puts names into a URL unescaped.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Lookup<Option<Object>> {
        let is_valid = is_valid_name(name) && (!kind.is_namespaced() || is_valid_name(namespace));
        if !is_valid {
            return Ok(None);
        }
        self.find(kind, namespace, name)?.map(|item| item.object(kind)).transpose()
    }

    /// Looks up objects of one namespace that [`Lookups::get`] is asked for then: few of them by name, in the order of their
    /// names, many by one list.
    pub fn prepare(&self, kind: Kind, namespace: &str, names: &mut dyn Iterator<Item = &str>) {
        let is_unknown = |name: &&str| is_valid_name(name) && self.known(kind, namespace, name).is_none();
        let mut unknown = BTreeSet::new();
        unknown.extend(names.filter(is_unknown));
        if !self.cluster.narrows_lists() && self.named(kind) + unknown.len() > max_gets(kind) {
            // The answer is kept, whatever it is.
            let _ = self.list(kind, None, None);
            return;
        }
        for name in unknown {
            let _ = self.find(kind, namespace, name);
        }
    }

    /// Every object of a kind that mentions `name` in any way, or every one where no name is given; of a selection where
    /// one is given. One that cannot be read hides no other.
    ///
    /// Looking at the text first is sound, as an escape could hide the name but is seen itself, and spares the parsing of
    /// thousands of objects that have nothing to do with the request.
    ///
    /// # Errors
    /// Why there is no list.
    pub fn mentioning(
        &self,
        kind: Kind,
        selector: Option<Selector>,
        name: Option<&str>,
    ) -> Lookup<Vec<Lookup<Object>>> {
        let list = self.list(kind, selector, name)?;
        let is_wanted = |item: &&Rc<Item>| name.is_none_or(|name| may_mention(item.json(), name));
        Ok(list.items.iter().filter(is_wanted).map(|item| item.object(kind)).collect())
    }

    /// How many objects of a kind are known by name.
    fn named(&self, kind: Kind) -> usize {
        self.kinds.borrow().get(&kind).map_or(0, |known| known.named.len())
    }

    /// What is known of one object, by name or from a whole list.
    fn known(&self, kind: Kind, namespace: &str, name: &str) -> Option<Lookup<Option<Rc<Item>>>> {
        let key = NameKey::from(object_path(kind, namespace, name));
        let kinds = self.kinds.borrow();
        let known = kinds.get(&kind)?;
        if let Some(answer) = known.named.get(&key) {
            return Some(answer.clone());
        }
        let of_whole = known.lists.iter().find(|(list, _)| list.selector.is_none() && list.mention.is_none());
        let (_, list) = of_whole?;
        match list {
            Ok(list) if !list.is_whole => None,
            Ok(list) => Some(list.item(kind, namespace, &key)),
            Err(failure) => Some(Err(Rc::clone(failure))),
        }
    }

    /// One object: from what is known, by a GET where few of the kind are known, else from the list.
    fn find(&self, kind: Kind, namespace: &str, name: &str) -> Lookup<Option<Rc<Item>>> {
        if let Some(answer) = self.known(kind, namespace, name) {
            return answer;
        }
        // A cluster that narrows its lists answers a GET in no time.
        if self.cluster.narrows_lists() || self.named(kind) < max_gets(kind) {
            return self.ask_for_object(kind, namespace, name);
        }
        self.list(kind, None, None)?;
        self.known(kind, namespace, name).unwrap_or(Ok(None))
    }

    fn ask_for_object(&self, kind: Kind, namespace: &str, name: &str) -> Lookup<Option<Rc<Item>>> {
        let object = ObjectRef::new(kind, namespace, name);
        let failure = |error| Rc::new(LookupFailure { kind, object: Some(object.clone()), error });
        let scope = kind.is_namespaced().then_some(namespace);
        let answer = match self.cluster.get(kind, scope, name) {
            Ok(json) => text(json).map_err(failure).map(|text| {
                let range = 0..text.len();
                Some(Rc::new(Item { text, range, expected: Some(object.clone()), object: OnceCell::new() }))
            }),
            Err(LookupError::NoSuchObject) => Ok(None),
            Err(LookupError::KindNotInstalled) if kind.may_be_absent() => Ok(None),
            Err(error) => Err(failure(error)),
        };
        let key = NameKey::from(object_path(kind, namespace, name));
        self.kinds.borrow_mut().entry(kind).or_default().named.insert(key, answer.clone());
        answer
    }

    /// The list of a kind's objects, asked for once.
    fn list(&self, kind: Kind, selector: Option<Selector>, name: Option<&str>) -> Lookup<Rc<List>> {
        let mention = name.filter(|_| self.cluster.narrows_lists());
        let key = ListKey { selector, mention: mention.map(str::to_owned) };
        let known = self
            .kinds
            .borrow()
            .get(&kind)
            .and_then(|known| known.lists.iter().find(|(list, _)| *list == key).map(|(_, answer)| answer.clone()));
        if let Some(answer) = known {
            return answer;
        }
        let answer = self.ask_for_list(ListQuery { kind, selector, mention }).map(Rc::new);
        self.kinds.borrow_mut().entry(kind).or_default().lists.push((key, answer.clone()));
        answer
    }

    /// Whether a kind is installed and may be read: an object of it was asked for with success, or a probe says so.
    fn is_installed(&self, kind: Kind) -> Lookup<bool> {
        let known = self.kinds.borrow().get(&kind).and_then(|known| {
            if known.named.values().any(Result::is_ok) { Some(Ok(true)) } else { known.probe.clone() }
        });
        if let Some(answer) = known {
            return answer;
        }
        let (namespace, name) = probe(kind, self.namespace);
        let answer = match self.cluster.get(kind, kind.is_namespaced().then_some(namespace), name) {
            Ok(_) | Err(LookupError::NoSuchObject) => Ok(true),
            Err(LookupError::KindNotInstalled) if kind.may_be_absent() => Ok(false),
            Err(error) => Err(Rc::new(LookupFailure { kind, object: None, error })),
        };
        self.kinds.borrow_mut().entry(kind).or_default().probe = Some(answer.clone());
        answer
    }

    /// A probe comes first: a list that the API server refuses is never answered.
    fn ask_for_list(&self, query: ListQuery<'_>) -> Lookup<List> {
        let kind = query.kind;
        let failure = |error| Rc::new(LookupFailure { kind, object: None, error });
        let empty = List { items: Vec::new(), is_whole: true, names: RefCell::default() };
        if !self.is_installed(kind)? {
            return Ok(empty);
        }
        match self.cluster.list(query) {
            Ok(json) => text(json).and_then(|text| items_of(&text)).map_err(failure).map(|items| List {
                items,
                is_whole: query.mention.is_none() && query.selector.is_none(),
                names: RefCell::default(),
            }),
            Err(LookupError::KindNotInstalled) if kind.may_be_absent() => Ok(empty),
            Err(error) => Err(failure(error)),
        }
    }
}

impl List {
    /// The item of this name, in the namespace whose items are sorted by name on the way.
    fn item(&self, kind: Kind, namespace: &str, key: &NameKey<'_>) -> Lookup<Option<Rc<Item>>> {
        let known = self.names.borrow().get(namespace).cloned();
        let names = known.unwrap_or_else(|| {
            let names = self.names_in(kind, namespace).map(Rc::new);
            self.names.borrow_mut().insert(namespace.to_owned(), names.clone());
            names
        })?;
        Ok(names.get(key).cloned())
    }

    fn names_in(&self, kind: Kind, namespace: &str) -> Lookup<NamedItems> {
        let mut names = NamedItems::new();
        for item in &self.items {
            if kind.is_namespaced() && !may_mention(item.json(), namespace) {
                continue;
            }
            let Named { metadata } = decode(item.json()).map_err(|error| {
                Rc::new(LookupFailure { kind, object: None, error: LookupError::Unreadable(error) })
            })?;
            if !kind.is_namespaced() || metadata.namespace == namespace {
                names.insert(object_path(kind, namespace, &metadata.name).into(), Rc::clone(item));
            }
        }
        Ok(names)
    }
}

/// `namespace/name`, or the name alone of a cluster-scoped object.
fn object_path(kind: Kind, namespace: &str, name: &str) -> String {
    if kind.is_namespaced() { format!("{namespace}/{name}") } else { name.to_owned() }
}

fn text(json: Vec<u8>) -> Result<Rc<str>, LookupError> {
    match String::from_utf8(json) {
        Ok(text) => Ok(text.into()),
        Err(_) => Err(LookupError::Unreadable(DecodeError::new(DecodeError::WHOLE, "is not UTF-8"))),
    }
}

fn items_of(text: &Rc<str>) -> Result<Vec<Rc<Item>>, LookupError> {
    let unreadable = |path, reason| LookupError::Unreadable(DecodeError::new(path, reason));
    let items = json_scan::items(text).map_err(|error| match error {
        ListError::NoItems => unreadable("items", "is missing"),
        ListError::NoObjects => unreadable("items", "must be a list of maps"),
        ListError::Broken => unreadable("the list", "is not valid JSON"),
    })?;
    let item = |range| Rc::new(Item { text: Rc::clone(text), range, expected: None, object: OnceCell::new() });
    Ok(items.into_iter().map(item).collect())
}
