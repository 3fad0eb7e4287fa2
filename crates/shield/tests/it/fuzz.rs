//! The fuzz targets of this crate, replayed with their seeds.

#[path = "../../../../fuzz/src/shield.rs"]
mod targets;

use std::path::Path;

#[test]
fn seeds_keep_what_the_targets_promise() {
    for (name, target) in targets::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(name);
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!files.is_empty(), "{name} has no seeds");
        for file in files {
            println!("{}", file.display());
            target(&std::fs::read(file).unwrap());
        }
    }
}
