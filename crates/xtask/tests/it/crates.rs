//! Which room may use which, and what the pure rooms never do.

use crate::{crate_names, files, root};

/// The direction of the house: each crate and those of ours that it may use. Tests may use more.
const MAY_USE: &[(&str, &[&str])] = &[
    ("strictjson", &[]),
    ("model", &[]),
    ("rules", &[]),
    ("stix", &["strictjson"]),
    ("shield", &["model"]),
    ("shield-c", &["model", "shield"]),
    ("scan", &["model", "shield"]),
    ("store", &["model"]),
    ("sensors", &["model", "rules"]),
    ("edge", &["model", "sensors", "strictjson"]),
    ("node", &["model", "rules", "sensors", "stix", "store", "strictjson"]),
    ("web", &["model", "node", "stix", "strictjson"]),
    ("accord", &["edge", "model", "node", "scan", "strictjson", "web"]),
    ("xtask", &["model", "node", "rules", "scan", "sensors", "shield", "stix", "store", "strictjson", "web"]),
];

fn ours(manifest: &str, section: &str) -> Vec<String> {
    let names = crate_names();
    let body = manifest.split_once(section).map(|(_, rest)| rest).unwrap_or_default();
    let body = body.split("\n[").next().unwrap_or_default();
    body.lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| names.iter().any(|ours| ours == name))
        .map(str::to_owned)
        .collect()
}

#[test]
fn crates_use_only_what_lies_before_them() {
    for name in crate_names() {
        let manifest = std::fs::read_to_string(root().join("crates").join(&name).join("Cargo.toml")).unwrap();
        let (_, allowed) = MAY_USE
            .iter()
            .find(|(room, _)| *room == name)
            .unwrap_or_else(|| panic!("crate `{name}` has no place in the house: add it to MAY_USE"));
        for used in ours(&manifest, "\n[dependencies]") {
            assert!(allowed.contains(&used.as_str()), "`{name}` may not use `{used}`");
        }
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "`{name}` does not take the workspace's lints"
        );
    }
}

#[test]
fn the_pure_rooms_read_no_clock_and_do_no_io() {
    const NEVER: &[&str] = &[
        "std::fs",
        "std::env",
        "std::process",
        "std::thread",
        "std::io",
        "SystemTime",
        "Instant::now",
        "TcpStream",
        "UdpSocket",
        "UnixStream",
        "getrandom",
        "rand::",
        "tokio",
        "rusqlite",
        "println!",
        "eprintln!",
    ];
    let pure = [
        root().join("crates/strictjson/src"),
        root().join("crates/model/src"),
        root().join("crates/rules/src"),
        root().join("crates/stix/src"),
        root().join("crates/node/src/core"),
        root().join("crates/sensors/src"),
        root().join("crates/shield/src"),
        root().join("crates/edge/src/core"),
    ];
    for folder in pure {
        for (path, text) in files(&folder, ".rs") {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
                for word in NEVER {
                    assert!(!has_word(line, word), "{}: `{word}` in a pure room: {line}", path.display());
                }
            }
        }
    }
}

// `rand::` is not in `operand::`.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[test]
fn only_the_store_speaks_sql_and_only_web_speaks_http() {
    for (room, word, allowed) in [
        ("SQL", "rusqlite", &["store", "xtask"][..]),
        ("HTTP", "hyper", &["accord", "web", "xtask"][..]),
        ("HTTP", "StatusCode", &["web", "accord", "xtask"][..]),
    ] {
        for name in crate_names().iter().filter(|name| !allowed.contains(&name.as_str())) {
            for (path, text) in files(&root().join("crates").join(name).join("src"), ".rs") {
                assert!(!text.contains(word), "{}: {room} does not belong here (`{word}`)", path.display());
            }
        }
    }
}

#[test]
fn access_is_decided_in_one_place() {
    // Only the model defines the rules, and only the node asks them.
    for name in crate_names().iter().filter(|name| *name != "model" && *name != "xtask") {
        for (path, text) in files(&root().join("crates").join(name).join("src"), ".rs") {
            assert!(!text.contains("fn may_see") && !text.contains("fn may_act"), "{}", path.display());
            if name != "node" {
                let calls = text.contains("may_see(") || text.contains("may_act(");
                assert!(!calls, "{}: ask the node, it asks the rule", path.display());
            }
        }
    }
}

/// Whatever the node writes, it writes by leave that only the gate gives: the store's ways to write take it, nobody but
/// `model::gate` says what may be done to what, and in the node one function asks.
#[test]
fn nothing_is_written_without_leave_of_the_gate() {
    // What the node keeps for itself: nobody asks for it, and it says nothing of anybody. And a folder that is made anew
    // from a backup by whoever owns it, before any node has it.
    const BY_ITSELF: &[&str] = &[
        "set_meta",
        "used",
        "purge",
        "scrub",
        "clear_log",
        "fill_gaps",
        "note_lent",
        "note_shown",
        "forget_lent",
        "restore",
    ];
    // Where worlds are made below the gate, to be tested by.
    const WORLDS: &[&str] = &["crates/xtask/src/leaks/build.rs"];
    let relative = |path: &std::path::Path| path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
    let mut ways = 0;
    for (path, text) in files(&root().join("crates/store/src"), ".rs") {
        for function in text.split("\n    pub fn ").skip(1) {
            // Up to the next function of the type, or the end of it.
            let function = function.split("\n    }\n").next().unwrap();
            let name = function.split(['(', '<']).next().unwrap();
            let squeezed: String = function.split_whitespace().collect();
            let writes = squeezed.contains("writer.run(") || squeezed.contains("rebuild::rebuild(");
            if !writes || BY_ITSELF.contains(&name) {
                continue;
            }
            let signature = function.split('{').next().unwrap();
            assert!(signature.contains("Authorized<"), "{}: `{name}` writes without leave", path.display());
            ways += 1;
        }
    }
    assert!(ways >= 5, "{ways} ways to write were found");
    for name in crate_names() {
        for (path, text) in files(&root().join("crates").join(&name).join("src"), ".rs") {
            let (path, text) = (relative(&path), text.split("#[cfg(test)]").next().unwrap());
            let only = |word: &str, places: &[&str]| {
                let stands = text.contains(word);
                assert!(!stands || places.contains(&&*path) || WORLDS.contains(&&*path), "{path}: `{word}`");
            };
            let acts = text.lines().any(|line| line.starts_with("impl") && line.contains("Act<"));
            assert!(
                !acts || path == "crates/model/src/gate.rs" || WORLDS.contains(&&*path),
                "{path}: an act of its own"
            );
            only("impl Covers<", &["crates/store/src/authority.rs"]);
            only(
                " authorize(",
                &["crates/model/src/gate.rs", "crates/node/src/writing.rs", "crates/node/src/first_start.rs"],
            );
            only("Authorized {", &["crates/model/src/gate.rs"]);
            // The tests of recalls damage what is kept of one.
            let notes = ["backups", "filling", "first_start", "recall", "recall/whole", "recall/tests"]
                .map(|note| format!("crates/node/src/{note}.rs"));
            only("store.set_meta(", &notes.each_ref().map(String::as_str));
        }
    }
}
