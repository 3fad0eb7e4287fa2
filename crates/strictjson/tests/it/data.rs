//! Files of cases: one input a line, a tab, and what is expected of it.
//!
//! `%XX` stands for a byte and `%25` for `%`; lines that begin with `#` are comments, and an empty line is an empty input.
//! `BLESS=1 cargo test -p strictjson` writes what came out into the files, to be read before it is committed.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// Compares what `answer` says to each input of a file with what the file expects.
pub fn check(file: &str, answer: impl Fn(&[u8]) -> Vec<u8>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/data").join(file);
    let before = fs::read_to_string(&path).unwrap();
    let mut after = String::new();
    for line in before.lines() {
        if line.starts_with('#') {
            writeln!(after, "{line}").unwrap();
        } else {
            let input = line.split('\t').next().unwrap();
            writeln!(after, "{input}\t{}", encode(&answer(&decode(input)))).unwrap();
        }
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &after).unwrap();
        return;
    }
    for (expected, found) in before.lines().zip(after.lines()) {
        assert_eq!(found, expected, "in {file}");
    }
}

/// The inputs of a file.
pub fn inputs(file: &str) -> Vec<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/data").join(file);
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| decode(line.split('\t').next().unwrap()))
        .collect()
}

fn decode(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (hex, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(hex, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        if (b' '..0x7f).contains(byte) && *byte != b'%' {
            text.push(char::from(*byte));
        } else {
            write!(text, "%{byte:02x}").unwrap();
        }
    }
    text
}
