//! Rules of others, where they are at hand (`ACCORD_CORPUS`).

use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            found.push(path);
        }
    }
}

#[test]
fn rules_of_sigma_are_read() {
    let Some(corpus) = std::env::var_os("ACCORD_CORPUS") else { return };
    let mut all = Vec::new();
    files(&Path::new(&corpus).join("sigma/rules"), &mut all);
    all.sort();
    let mut failed = Vec::new();
    for path in &all {
        let text = std::fs::read_to_string(path).unwrap();
        match rules::sigma::read(&text) {
            Ok(read) => {
                assert_eq!(read.rules.len(), 1, "{}", path.display());
                let ids: Vec<_> = read.rules.iter().map(|rule| rule.id.clone()).collect();
                // What is written is read again, and is the same rule.
                let again = rules::sigma::read(&format!("---\n{}", read.written(|_| None))).unwrap();
                assert_eq!(again.rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>(), ids);
            }
            Err(fault) => failed.push(format!("{}: {fault}", path.display())),
        }
    }
    // The golden count: 599 rules, and none that fails.
    assert_eq!((all.len(), failed.len()), (599, 0), "{}", failed.join("\n"));
}
