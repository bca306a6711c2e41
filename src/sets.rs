//! Sets that are extended, not collected: collecting sorts first, which is kilobytes of code for each type.

use std::collections::BTreeSet;

/// The items as a set.
pub fn set_of<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    for item in items {
        set.insert(item);
    }
    set
}
