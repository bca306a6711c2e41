//! Looking for names in JSON, and cutting lists and maps into their parts, a block of sixteen bytes at a time.
//!
//! Lists of a large cluster hold thousands of objects, and most of them have nothing to do with a request. This crate finds
//! those that have, without parsing the others. It is a crate of its own so that it can be compiled for speed, where the
//! rest of the policy is compiled for size.
//!
//! Nothing here knows Kubernetes. serde_json checks the syntax of what is read; what is passed over is never parsed.
#![forbid(unsafe_code)]

mod block;
mod check;
mod list;
mod reader;
mod scan;
mod skim;
mod unescape;
mod words;

pub use check::{check, raw_value};
pub use list::{ListError, items};
pub use reader::{Reader, Text};
pub use scan::{UNICODE_ESCAPE, any_pair, may_mention, starts_with};
pub use words::{Words, may_mention_all};
