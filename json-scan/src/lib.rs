//! JSON and its bytes, a block of sixteen at a time: reading a text into a [`Document`], writing one, cutting lists of
//! megabytes into their items, and looking for names in these.
//!
//! Lists of a large cluster hold thousands of objects, and most of them have nothing to do with a request. This crate finds
//! those that have, without parsing the others. It is a crate of its own so that it can be compiled for speed, where the
//! rest of the policy is compiled for size.
//!
//! Nothing here knows Kubernetes. Invariant: it reads, refuses and writes what serde_json does, beside which it is tested.
#![forbid(unsafe_code)]

mod block;
mod document;
mod list;
mod reader;
mod scan;
mod skim;
mod unescape;
mod words;
mod write;

pub use document::{Document, Entries, Items, Text, Value};
pub use list::{ListError, items};
pub use scan::{UNICODE_ESCAPE, any_pair, are_equal, may_mention, starts_with};
pub use words::{Words, may_mention_all};
pub use write::{Raw, Unsupported, append, copy, owned, to_text, to_vec};
