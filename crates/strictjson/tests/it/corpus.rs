//! Real documents, found by `ACCORD_CORPUS`.

use crate::generate::same_as_serde;
use std::fs;
use std::path::{Path, PathBuf};
use strictjson::split::{self, Part, Splitter};
use strictjson::{ErrorKind, Limits, canonical, parse, write};

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("ACCORD_CORPUS");
    if folder.is_none() {
        println!("skipped: ACCORD_CORPUS is not set");
    }
    folder.map(PathBuf::from)
}

/// One file of the corpus; says so and gives nothing when there is no corpus.
pub fn read(name: &str) -> Option<Vec<u8>> {
    Some(fs::read(folder()?.join(name)).unwrap())
}

fn json_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            json_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
}

/// Each file is judged like serde_json judges it, and reads the same; the few that we alone refuse are listed.
#[test]
fn every_document_is_read_as_serde_json_reads_it() {
    let Some(folder) = folder() else { return };
    let mut files = Vec::new();
    json_files(&folder, &mut files);
    // Product trees of CSAF nest deeper than the default, and the bundle is larger.
    let limits = Limits { bytes: 256 << 20, depth: 128, ..Limits::default() };
    let mut stricter = Vec::new();
    for file in &files {
        let bytes = fs::read(file).unwrap();
        let theirs = serde_json::from_slice::<serde_json::Value>(&bytes);
        match (parse(&bytes, &limits), theirs) {
            (Ok(node), Ok(theirs)) => {
                assert!(same_as_serde(&node, &theirs), "{}", file.display());
                let mut written = Vec::new();
                write::node(&mut written, &node);
                let canonical_form = canonical(&node);
                assert_eq!(
                    canonical(&parse(&written, &limits).unwrap()),
                    canonical_form,
                    "{}",
                    file.display()
                );
                assert_eq!(canonical(&parse(&canonical_form, &limits).unwrap()), canonical_form);
            }
            (Ok(_), Err(error)) => panic!("{}: serde_json says {error}", file.display()),
            (Err(error), Ok(_)) => stricter.push((file.strip_prefix(&folder).unwrap().to_owned(), error)),
            (Err(_), Err(_)) => {}
        }
    }
    assert!(files.len() > 1000, "only {} files", files.len());
    for (file, error) in &stricter {
        println!("{}: {error}", file.display());
        assert!(matches!(
            error.kind,
            ErrorKind::DuplicateKey | ErrorKind::IntegerRange | ErrorKind::Noncharacter
        ));
    }
    println!("{} documents, {} refused that serde_json takes", files.len(), stricter.len());
}

/// The bundle comes apart into the objects that the parser sees, byte for byte.
#[test]
fn bundles_come_apart() {
    for (name, objects) in
        [("stix/ics-attack-18.0.json", 1826), ("stix/enterprise-attack-18.1-stix20.json", 24731)]
    {
        let Some(bytes) = read(name) else { return };
        let limits = Limits { bytes: 256 << 20, ..Limits::default() };
        let node = parse(&bytes, &limits).unwrap();
        let mut expected = node.get("objects").unwrap().as_array().unwrap().iter();
        let mut splitter = Splitter::new("objects", split::Limits::default());
        let mut found = 0;
        for chunk in bytes.chunks(65_536) {
            splitter.push(chunk);
            while let Some(piece) = splitter.next_piece() {
                let piece = piece.unwrap();
                if let Part::Element(index) = piece.part {
                    assert_eq!(index, found);
                    assert_eq!(piece.content.ok(), expected.next().unwrap().span.of(&bytes));
                    found += 1;
                }
            }
        }
        splitter.finish();
        assert!(splitter.next_piece().is_none());
        assert_eq!((found, splitter.documents()), (objects, 1), "{name}");
    }
}
