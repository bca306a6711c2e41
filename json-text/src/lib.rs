//! JSON as text: read without making anything of what nobody asked for, edited without touching the rest.
//!
//! This is a crate of its own so that it can be compiled for speed, where everything else is compiled for size: most of
//! what the policy does is to pass over JSON. And it is here at all, beside serde_json, because reading costs half as much
//! (docs/performance.md). Where a value is read, what serde_json takes is taken here and nothing else, which a test shows.
//!
//! Nothing here knows Kubernetes, and no text is interpreted.

mod block;
mod fields;
mod raw_map;
mod reader;
mod scan;
mod skim;
mod writer;

pub use fields::{IntOrText, Read, Wrong, map};
pub use raw_map::RawMap;
pub use reader::{JsonError, Reader, ValueKind, items, string, value, whole};
pub use scan::{UNICODE_ESCAPE, Window, any_place, may_mention};
pub use writer::{MapWriter, TextWriter};
