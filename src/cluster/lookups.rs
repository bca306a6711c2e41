//! The lookups of one request: each is made once, however often its answer is needed, and an answer is never replaced by a
//! later one, so that the new object and the old one are judged by the same cluster.

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use json_scan::{ListError, Words, may_mention_all};
use serde::Deserialize;

use super::{Cluster, ListQuery, LookupError, LookupFailure, Selector, probe};
use crate::index::{ByName, each_once};
use crate::kubernetes::{DecodeError, Json, Kind, NameKey, Object, ObjectRef, decode, is_valid_name, parse};

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

/// A list that is searched for more names than these has its words read: that takes as long as some searches do.
const MAX_SEARCHES: usize = 4;

/// The lookups of one request.
pub struct Lookups<'c> {
    cluster: &'c dyn Cluster,
    /// The namespace of the request, where the probe asks.
    namespace: &'c str,
    kinds: RefCell<Vec<(Kind, Known)>>,
}

/// What is known of a kind.
#[derive(Default)]
struct Known {
    /// The objects that were asked for by name.
    named: ByName<'static, Lookup<Option<Rc<Item>>>>,
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
    /// Its items by namespace and name, for the namespaces that somebody asked for.
    names: RefCell<ByName<'static, Lookup<Rc<NamedItems>>>>,
    /// How often it was searched for names.
    searches: Cell<usize>,
    /// The words of its items, once it was searched often.
    words: OnceCell<Words>,
}

type NamedItems = ByName<'static, Rc<Item>>;

/// An object as it came, read when somebody asks.
struct Item {
    /// The answer that it is part of, which is not copied: a list has megabytes.
    text: Rc<String>,
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
        let object =
            parse(self.json()).and_then(|document| Object::read(kind, Json::of(&document))).map_err(|error| {
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
struct Named {
    #[serde(default)]
    metadata: NamedMetadata,
}

#[derive(Default, Deserialize)]
struct NamedMetadata {
    #[serde(default)]
    name: String,
    #[serde(default)]
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
        let is_unknown = |name: &&str| {
            is_valid_name(name) && self.known(kind, namespace, &object_key(kind, namespace, name)).is_none()
        };
        let unknown = each_once(names.filter(is_unknown).map(NameKey::from));
        if !self.cluster.narrows_lists() && self.named(kind) + unknown.values().len() > max_gets(kind) {
            // The answer is kept, whatever it is.
            let _ = self.list(kind, None, None);
            return;
        }
        for name in unknown.keys() {
            let _ = self.find(kind, namespace, name.as_str());
        }
    }

    /// Every object of a kind that mentions all of `names` in any way, or every one where no name is given; of a selection
    /// where one is given. One that cannot be read hides no other.
    ///
    /// Looking at the text first is sound, as an escape could hide the name but is seen itself, and spares the parsing of
    /// thousands of objects that have nothing to do with the request.
    ///
    /// # Errors
    /// Why there is no list.
    pub fn mentioning(&self, kind: Kind, selector: Option<Selector>, names: &[&str]) -> Lookup<Vec<Lookup<Object>>> {
        let list = self.list(kind, selector, names.first().copied())?;
        Ok(list.mentioning(names).into_iter().map(|item| item.object(kind)).collect())
    }

    /// How many objects of a kind are known by name.
    fn named(&self, kind: Kind) -> usize {
        self.known_of(kind, |known| Some(known.named.values().len())).unwrap_or(0)
    }

    /// What is known of one object, by name or from a whole list.
    fn known(&self, kind: Kind, namespace: &str, key: &NameKey<'_>) -> Option<Lookup<Option<Rc<Item>>>> {
        self.known_of(kind, |known| {
            if let Some(answer) = known.named.get(key) {
                return Some(answer.clone());
            }
            let of_whole = known.lists.iter().find(|(list, _)| list.selector.is_none() && list.mention.is_none());
            let (_, list) = of_whole?;
            match list {
                Ok(list) if !list.is_whole => None,
                Ok(list) => Some(list.item(kind, namespace, key)),
                Err(failure) => Some(Err(Rc::clone(failure))),
            }
        })
    }

    /// What is known of a kind, where anything is.
    fn known_of<T>(&self, kind: Kind, read: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        self.kinds.borrow().iter().find(|(known, _)| *known == kind).and_then(|(_, known)| read(known))
    }

    /// Learns something of a kind.
    fn learn(&self, kind: Kind, learn: impl FnOnce(&mut Known)) {
        let mut kinds = self.kinds.borrow_mut();
        if let Some((_, known)) = kinds.iter_mut().find(|(known, _)| *known == kind) {
            return learn(known);
        }
        let mut known = Known::default();
        learn(&mut known);
        kinds.push((kind, known));
    }

    /// One object: from what is known, by a GET where few of the kind are known, else from the list.
    fn find(&self, kind: Kind, namespace: &str, name: &str) -> Lookup<Option<Rc<Item>>> {
        let key = object_key(kind, namespace, name);
        if let Some(answer) = self.known(kind, namespace, &key) {
            return answer;
        }
        // A cluster that narrows its lists answers a GET in no time.
        if self.cluster.narrows_lists() || self.named(kind) < max_gets(kind) {
            return self.ask_for_object(kind, namespace, name, key);
        }
        self.list(kind, None, None)?;
        self.known(kind, namespace, &key).unwrap_or(Ok(None))
    }

    fn ask_for_object(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
        key: NameKey<'static>,
    ) -> Lookup<Option<Rc<Item>>> {
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
        self.learn(kind, |known| _ = known.named.insert(key, answer.clone()));
        answer
    }

    /// The list of a kind's objects, asked for once.
    fn list(&self, kind: Kind, selector: Option<Selector>, name: Option<&str>) -> Lookup<Rc<List>> {
        let mention = name.filter(|_| self.cluster.narrows_lists());
        let key = ListKey { selector, mention: mention.map(str::to_owned) };
        let known = self.known_of(kind, |known| {
            known.lists.iter().find(|(list, _)| *list == key).map(|(_, answer)| answer.clone())
        });
        if let Some(answer) = known {
            return answer;
        }
        let answer = self.ask_for_list(ListQuery { kind, selector, mention }).map(Rc::new);
        self.learn(kind, |known| known.lists.push((key, answer.clone())));
        answer
    }

    /// Whether a kind is installed and may be read: an object of it was asked for with success, or a probe says so.
    fn is_installed(&self, kind: Kind) -> Lookup<bool> {
        let known = self.known_of(kind, |known| {
            if known.named.values().iter().any(Result::is_ok) { Some(Ok(true)) } else { known.probe.clone() }
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
        self.learn(kind, |known| known.probe = Some(answer.clone()));
        answer
    }

    /// A probe comes first: a list that the API server refuses is never answered.
    fn ask_for_list(&self, query: ListQuery<'_>) -> Lookup<List> {
        let kind = query.kind;
        let failure = |error| Rc::new(LookupFailure { kind, object: None, error });
        let list = |items, is_whole| List {
            items,
            is_whole,
            names: RefCell::default(),
            searches: Cell::default(),
            words: OnceCell::default(),
        };
        if !self.is_installed(kind)? {
            return Ok(list(Vec::new(), true));
        }
        match self.cluster.list(query) {
            Ok(json) => {
                let items = text(json).and_then(|text| items_of(&text)).map_err(failure)?;
                Ok(list(items, query.mention.is_none() && query.selector.is_none()))
            }
            Err(LookupError::KindNotInstalled) if kind.may_be_absent() => Ok(list(Vec::new(), true)),
            Err(error) => Err(failure(error)),
        }
    }
}

impl List {
    /// The items that may mention all of these names.
    fn mentioning(&self, names: &[&str]) -> Vec<&Rc<Item>> {
        self.searches.set(self.searches.get() + 1);
        let is_wanted = |item: &&Rc<Item>| may_mention_all(item.json(), names);
        let candidates = (self.searches.get() > MAX_SEARCHES && !names.is_empty())
            .then(|| self.words.get_or_init(|| Words::of(self.items.iter().map(|item| item.json()))))
            .and_then(|words| words.candidates(names));
        match candidates {
            Some(candidates) => {
                candidates.into_iter().filter_map(|item| self.items.get(item)).filter(is_wanted).collect()
            }
            None => self.items.iter().filter(is_wanted).collect(),
        }
    }

    /// The item of this name, in the namespace whose items are sorted by name on the way.
    fn item(&self, kind: Kind, namespace: &str, key: &NameKey<'_>) -> Lookup<Option<Rc<Item>>> {
        let known = self.names.borrow().get(&namespace.into()).cloned();
        let names = known.unwrap_or_else(|| {
            let names = self.names_in(kind, namespace).map(Rc::new);
            self.names.borrow_mut().insert(namespace.to_owned().into(), names.clone());
            names
        })?;
        Ok(names.get(key).cloned())
    }

    fn names_in(&self, kind: Kind, namespace: &str) -> Lookup<NamedItems> {
        let mut names = NamedItems::default();
        let mentioned = [namespace];
        for item in self.mentioning(if kind.is_namespaced() { &mentioned } else { &[] }) {
            let Named { metadata } = decode(item.json()).map_err(|error| {
                Rc::new(LookupFailure { kind, object: None, error: LookupError::Unreadable(error) })
            })?;
            if !kind.is_namespaced() || metadata.namespace == namespace {
                names.insert(object_key(kind, namespace, &metadata.name), Rc::clone(item));
            }
        }
        Ok(names)
    }
}

/// The key of an object of a kind.
fn object_key(kind: Kind, namespace: &str, name: &str) -> NameKey<'static> {
    NameKey::of_object(if kind.is_namespaced() { namespace } else { "" }, name)
}

fn text(json: Vec<u8>) -> Result<Rc<String>, LookupError> {
    match String::from_utf8(json) {
        Ok(text) => Ok(Rc::new(text)),
        Err(_) => Err(LookupError::Unreadable(DecodeError::new(DecodeError::WHOLE, "is not UTF-8"))),
    }
}

fn items_of(text: &Rc<String>) -> Result<Vec<Rc<Item>>, LookupError> {
    let unreadable = |path, reason| LookupError::Unreadable(DecodeError::new(path, reason));
    let items = json_scan::items(text).map_err(|error| match error {
        ListError::NoItems => unreadable("items", "is missing"),
        ListError::NoObjects => unreadable("items", "must be a list of maps"),
        ListError::Broken => unreadable("the list", "is not valid JSON"),
    })?;
    let item = |range| Rc::new(Item { text: Rc::clone(text), range, expected: None, object: OnceCell::new() });
    Ok(items.into_iter().map(item).collect())
}
