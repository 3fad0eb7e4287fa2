//! What modules have: the fields, functions and constants that every YARA knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// By the path of each structure, the names in it.
static KNOWN: LazyLock<BTreeMap<&str, BTreeSet<&str>>> = LazyLock::new(|| {
    let lines = include_str!("modules.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(':'))
        .map(|(path, names)| (path, names.split_whitespace().collect()))
        .collect()
});

/// Whether there is a module of this name that every YARA has and that looks at the file alone.
pub(super) fn is_module(name: &str) -> bool {
    !name.contains('.') && KNOWN.contains_key(name)
}

/// Whether what stands under a path has something of this name.
pub(super) fn has(path: &str, name: &str) -> bool {
    KNOWN.get(path).is_some_and(|names| names.contains(name))
}
