//! The warning lists that the operator placed: read when they are first asked for.

use std::path::{Path, PathBuf};

use crate::Node;
use crate::core::warning::WarningLists;

/// Longest file of a list, in bytes.
const LONGEST: u64 = 32 << 20;
/// Files that are looked at, at most.
const FILES: usize = 10_000;

impl Node {
    /// The warning lists. What cannot be read is told in the log and left out.
    pub(crate) fn warning_lists(&self) -> &WarningLists {
        self.inner.warning_lists.get_or_init(|| match &self.settings().warning_lists {
            Some(folder) => read(folder),
            None => WarningLists::default(),
        })
    }
}

fn read(folder: &Path) -> WarningLists {
    let mut lists = WarningLists::default();
    let mut files = Vec::new();
    find(folder, 0, &mut files);
    files.sort();
    for file in files {
        let mut read = |file: &PathBuf| -> Result<_, String> {
            let length = std::fs::metadata(file).map_err(|error| error.to_string())?.len();
            if length > LONGEST {
                return Err(format!("it is longer than {LONGEST} bytes"));
            }
            lists.read(&std::fs::read(file).map_err(|error| error.to_string())?)
        };
        match read(&file) {
            Ok(taken) if taken.passed_over > 0 => {
                tracing::info!(file = %file.display(), passed_over = taken.passed_over, "entries of a warning list are no values")
            }
            Ok(_) => {}
            Err(why) => tracing::warn!(file = %file.display(), why, "a warning list is left out"),
        }
    }
    lists.sort();
    let (count, entries) = lists.size();
    tracing::info!(lists = count, entries, "warning lists are read");
    lists
}

// Lists lie in the folder, or each in one of its own, as the MISP project has them.
fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        tracing::warn!(folder = %folder.display(), "the folder of warning lists cannot be read");
        return;
    };
    for entry in entries.filter_map(Result::ok).take(FILES) {
        let path = entry.path();
        if path.is_dir() && depth == 0 {
            find(&path, depth + 1, files);
        } else if path.extension().is_some_and(|end| end == "json") && files.len() < FILES {
            files.push(path);
        }
    }
}
