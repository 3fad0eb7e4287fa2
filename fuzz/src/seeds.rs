//! Seeds of targets, given to them once more: included by the tests of each crate that has targets.

use std::path::Path;

/// Gives every seed to the target that it is for.
pub fn keep_what_is_promised(targets: &[(&str, fn(&[u8]))]) {
    for (name, target) in targets {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(name);
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!files.is_empty(), "{name} has no seeds");
        for file in files {
            println!("{}", file.display());
            target(&std::fs::read(file).unwrap());
        }
    }
}
