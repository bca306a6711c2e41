//! Text that is put together while it is written, and shortened where it must be.

use std::fmt::{self, Display, Formatter};

use crate::kubernetes::display_text;

/// No warning is longer, in bytes: the API server cuts longer ones.
const MAX_WARNING: usize = 256;
/// Warnings are this short where names of usual length allow it: the API server may cut many long ones.
const USUAL_WARNING: usize = 120;

/// Text that is made while it is written: sentences are put together without a string for each part.
pub fn text(write: impl Fn(&mut Formatter<'_>) -> fmt::Result) -> impl Display {
    Text(write)
}

/// The text as a string.
pub fn written(text: impl Display) -> String {
    json_scan::to_text(&text)
}

struct Text<F>(F);

impl<F: Fn(&mut Formatter<'_>) -> fmt::Result> Display for Text<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        (self.0)(f)
    }
}

/// A warning of the usual length, else of one that the API server lets through: names are shortened before anything else
/// is, but none of usual length for the usual length of a warning.
pub fn warning(write: &dyn Fn(&mut Formatter<'_>, usize) -> fmt::Result) -> String {
    let mut warning = String::new();
    for (max_name, max) in [
        (253, USUAL_WARNING),
        (63, USUAL_WARNING),
        (40, USUAL_WARNING),
        (253, MAX_WARNING),
        (63, MAX_WARNING),
        (40, MAX_WARNING),
        (24, MAX_WARNING),
        (15, MAX_WARNING),
    ] {
        warning = written(text(|f| write(f, max_name)));
        if warning.len() <= max {
            return warning;
        }
    }
    display_text(&warning, MAX_WARNING).into_owned()
}
