//! What must hold for every input of `shield`.

use model::matching::read;
use model::observable::guess;
use shield::{Builder, Column, Entry, Field, Kind, Knowledge, Layout, Scanner};

/// A target: its name, which is also its folder of seeds, and what must not panic.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of this crate.
pub const TARGETS: &[Target] = &[
    ("shield_file", files_are_taken_whole_or_not_at_all),
    ("shield_columns", columns_find_what_a_split_finds),
    ("shield_json", lines_of_json_never_harm),
];

fn builder() -> Builder {
    let mut builder = Builder::new(42);
    let said = [
        "evil.example",
        "*.sub.example",
        "192.0.2.0/24",
        "2001:db8::1",
        "http://evil.example/a/*",
        "a@b.example",
    ];
    for (id, text) in (0..).zip(said) {
        if let Ok((value, mode)) = read(None, text) {
            let _refused = builder.add(&value, Entry { mode, ..Entry::new(id) });
        }
    }
    builder
}

/// The input stands in place of a file, and then in the store of one.
pub fn files_are_taken_whole_or_not_at_all(data: &[u8]) {
    let seen = ["evil.example", "192.0.2.1", "http://evil.example/a/b"].map(guess);
    let ask = |knowledge: &Knowledge<Vec<u8>>| {
        for seen in seen.iter().flatten() {
            let _found = knowledge.ask(seen);
        }
        let _all = knowledge.each(|_, _, entries| assert!(!entries.is_empty()));
        let _rebuilt = knowledge.rebuilt(1);
    };
    if let Ok(knowledge) = Knowledge::open(data.to_vec()) {
        ask(&knowledge);
    }
    let mut file = builder().finish().unwrap_or_default();
    let store = file.len().saturating_sub(400);
    let is_same = file.iter().skip(store).zip(data).all(|(one, other)| one == other);
    file.iter_mut().skip(store).zip(data).for_each(|(slot, byte)| *slot = *byte);
    // The table's sum says nothing of the store, so it is opened, and only whoever looks finds out.
    if let Ok(knowledge) = Knowledge::open(file) {
        ask(&knowledge);
        assert_eq!(knowledge.check().is_ok(), is_same);
    }
}

/// The first column of each line, however it is asked for: what is found does not hang on the columns beside it.
pub fn columns_find_what_a_split_finds(data: &[u8]) {
    let Ok(knowledge) = Knowledge::open(builder().finish().unwrap_or_default()) else { return };
    let fields =
        [Field::Host, Field::Address(0), Field::Value(Kind::Url), Field::Value(Kind::Email), Field::Digest];
    for field in fields {
        let column = |at: usize| Column { at, field, list: None };
        let [alone, both] =
            [&[column(0)][..], &[column(0), column(1)]].map(|columns| Layout::columns(b'\t', columns));
        let (Ok(alone), Ok(both)) = (alone, both) else { return };
        let first: Vec<u8> = data
            .split(|byte| *byte == b'\n')
            .flat_map(|line| [line.split(|byte| *byte == b'\t').next().unwrap_or(&[]), b"\n"].concat())
            .collect();
        let mut of_alone = Vec::new();
        let mut scanner = Scanner::new(&knowledge, alone);
        let scanned = scanner.scan(&first, 0, &mut |hit| of_alone.push((hit.line.to_vec(), hit.found.entry)));
        assert!(scanned.is_ok());
        let mut of_both = Vec::new();
        let mut scanner = Scanner::new(&knowledge, both);
        let scanned = scanner.scan(data, 0, &mut |hit| {
            if hit.field == 0 {
                let line = hit.line.split(|byte| *byte == b'\t').next().unwrap_or(&[]);
                of_both.push((line.to_vec(), hit.found.entry));
            }
        });
        assert!(scanned.is_ok());
        let trimmed = |found: Vec<(Vec<u8>, Entry)>| -> Vec<(Vec<u8>, Entry)> {
            found
                .into_iter()
                .map(|(line, entry)| (line.strip_suffix(b"\r").map_or(line.clone(), <[u8]>::to_vec), entry))
                .collect()
        };
        assert_eq!(trimmed(of_alone), trimmed(of_both));
    }
    let mut zeek = Scanner::new(&knowledge, Layout::zeek_by_header());
    assert!(zeek.scan(data, 0, &mut |_| {}).is_ok());
}

/// Each line is gone through, and what is found in it is in it also when it stands alone.
pub fn lines_of_json_never_harm(data: &[u8]) {
    let Ok(knowledge) = Knowledge::open(builder().finish().unwrap_or_default()) else { return };
    let paths = [
        ("ts", Field::Time),
        ("host", Field::UrlHost),
        ("uri", Field::UrlTarget),
        ("dns.rrname", Field::Value(Kind::Domain)),
        ("dns.answers.rdata", Field::Host),
        ("ip", Field::Address(0)),
        ("port", Field::Port(0)),
        ("sensor", Field::Label),
    ];
    let Ok(layout) = Layout::json(&paths) else { return };
    let mut together = Vec::new();
    let mut scanner = Scanner::new(&knowledge, layout.clone());
    let scanned =
        scanner.scan(data, 0, &mut |hit| together.push((hit.at, hit.field, hit.found.clone(), hit.time)));
    let mut apart = Vec::new();
    let (mut at, mut lines) = (0, 0);
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        let mut scanner = Scanner::new(&knowledge, layout.clone());
        let scanned =
            scanner.scan(line, at, &mut |hit| apart.push((hit.at, hit.field, hit.found.clone(), hit.time)));
        lines += scanned.map_or(0, |scanned| scanned.lines);
        at += line.len() as u64;
    }
    assert_eq!(together, apart);
    assert_eq!(scanned.map(|scanned| scanned.lines), Ok(lines));
}
