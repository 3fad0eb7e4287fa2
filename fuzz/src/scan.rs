//! What must hold for every input of `scan`.

use std::ops::ControlFlow;

use scan::{Clock, Format, Input, Known, Made, Map, Told, Way, run, run_until, sniff};

/// A target: its name, which is also its folder of seeds, and what must not panic.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of this crate.
pub const TARGETS: &[Target] = &[
    ("scan_logs", every_format_takes_every_log),
    ("scan_known", what_is_known_is_taken_or_refused),
    ("scan_file", a_file_is_taken_or_refused),
    ("scan_map", columns_and_paths_hold_what_is_said),
];

/// How many bytes of a log come at once.
const PORTION: usize = 251;
const LATEST: Option<shield::Timestamp> = Some(shield::Timestamp(1_772_712_000_000_000));

/// A log in every format, as it is and as it says itself: the same hits on one thread and on two, and each in a line that is there.
pub fn every_format_takes_every_log(data: &[u8]) {
    let known = b"evil.example\n203.0.113.0/24\n2001:db8::1\nhttp://evil.example/kit.zip\na@evil.example\n";
    let Ok(known) = Known::read(&known[..], 42) else { return };
    let sniffed = sniff(data);
    for format in
        Format::all().filter(|format| data.len() < 4 << 10 || *format == sniffed).map(Some).chain([None])
    {
        // A piece is what one reading gives: in portions there are many, and a line may lie in several.
        let found = |threads: usize| {
            let clock = Clock { latest: LATEST, east: 3_600 };
            let log =
                Input { name: String::new(), bytes: Box::new(Portions(data)), format, clock, from: None };
            let mut hits = Vec::new();
            let ran = run(&known.now().knowledge, [log].into_iter(), threads, &mut |told| {
                if let Told::Hit(hit) = told {
                    hits.push(hit);
                }
            });
            assert!(ran.is_ok());
            hits
        };
        let one = found(1);
        assert!(one.iter().all(|hit| !known.named(hit.id).value.is_empty()));
        assert_eq!(one, found(2));
    }
}

/// Bytes that come a few at a time, as those of a pipe do.
struct Portions<'d>(&'d [u8]);

impl std::io::Read for Portions<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = into.len().min(PORTION);
        std::io::Read::read(&mut self.0, into.get_mut(..length).unwrap_or_default())
    }
}

/// A list or a CSV file: what was taken can be named.
pub fn what_is_known_is_taken_or_refused(data: &[u8]) {
    if let Ok(known) = Known::read(data, 42) {
        assert!(known.taken > 0);
        assert!((0..known.taken).all(|id| !known.named(id).value.is_empty()));
    }
}

/// A file of what is known: where it is taken, each of its entries can be called.
pub fn a_file_is_taken_or_refused(data: &[u8]) {
    if let Ok(known) = Known::open(std::sync::Arc::new(data.to_vec())) {
        let asked = known.now();
        (0..known.taken.min(1_000)).for_each(|id| {
            let _named = known.named((asked.call)(id));
        });
    }
    // What is written of a list is opened again.
    let Ok(made) = Made::read(data, 42) else { return };
    let mut file = Vec::new();
    assert!(made.write(&Default::default(), &mut file).is_ok());
    let opened = Known::open(std::sync::Arc::new(file));
    assert!(opened.is_ok_and(|known| known.taken == made.taken));
}

/// A log of columns or paths: whatever it is, it comes to its end, and the same way on one thread and on two.
pub fn columns_and_paths_hold_what_is_said(data: &[u8]) {
    let Ok(known) = Known::read(&b"evil.example\n203.0.113.0/24\n"[..], 42) else { return };
    let columns = ["time=1", "domain=2", "address=3", "value=a.b"].map(str::to_owned);
    let map = [&columns[..3], &columns].map(|columns| Map::read(columns).ok());
    for map in map {
        let told = |threads: usize| {
            let clock = Clock { latest: LATEST, east: 0 };
            let log = Input { name: String::new(), bytes: Box::new(data), format: None, clock, from: None };
            let (way, mut told) = (Way { threads, map: map.clone() }, Vec::new());
            let ran = run_until(&|| known.now(), [log].into_iter(), &way, &mut |one| {
                match one {
                    Told::Hit(hit) => told.push(Ok(hit)),
                    Told::Ended(end) => told.push(Err(end.clone())),
                    _ => {}
                }
                ControlFlow::Continue(())
            });
            assert!(ran.is_ok() && matches!(told.last(), Some(Err(_))));
            told
        };
        assert_eq!(told(1), told(2));
    }
}
