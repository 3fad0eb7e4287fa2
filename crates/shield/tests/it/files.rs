//! Files that are torn, foreign or damaged.

use model::matching::read;
use model::observable::guess;
use shield::{Builder, Entry, Fault, Knowledge};

fn file() -> Vec<u8> {
    let mut builder = Builder::new(9);
    for (id, text) in
        (0..).zip(["evil.example", "192.0.2.0/24", "http://evil.example/a", "*.b.example", "192.0.2.1"])
    {
        let (value, mode) = read(None, text).unwrap();
        builder.add(&value, Entry { mode, ..Entry::new(id) }).unwrap();
    }
    builder.finish().unwrap()
}

#[test]
fn a_file_is_the_same_for_the_same_entries() {
    assert_eq!(file(), file());
}

#[test]
fn a_torn_file_is_refused_wherever_it_was_torn() {
    let whole = file();
    for length in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        let fault = Knowledge::open(&whole[..length]).err().unwrap();
        match length {
            0..8 => assert_eq!(fault, Fault::Foreign),
            8..128 => {
                assert!(matches!(fault, Fault::Damaged("head") | Fault::Version(_)), "{length}: {fault}")
            }
            _ => assert_eq!(fault, Fault::Length { says: whole.len() as u64, is: length as u64 }),
        }
    }
    let longer = [whole.as_slice(), b"x"].concat();
    assert!(matches!(Knowledge::open(longer).err(), Some(Fault::Length { .. })));
    assert_eq!(
        Knowledge::open(b"PK\x03\x04 what is this, and why is it so very long that it has a head".repeat(9))
            .err(),
        Some(Fault::Foreign)
    );
}

#[test]
fn no_byte_can_change_without_notice() {
    let whole = file();
    let seen = guess("192.0.2.1").unwrap();
    for at in 0..whole.len() {
        // Between the head and the shape there is nothing.
        if (88..128).contains(&at) {
            continue;
        }
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        let fault = match Knowledge::open(damaged) {
            Err(fault) => fault,
            Ok(knowledge) => {
                // What lies in the store is found out by whoever looks at all of it, and harms nobody who does not.
                let _whatever = knowledge.ask(&seen);
                knowledge.check().unwrap_err()
            }
        };
        assert!(!fault.to_string().is_empty());
    }
}

#[test]
fn what_says_that_it_is_of_another_form_is_refused() {
    let mut newer = file();
    newer[8] = 2;
    assert_eq!(Knowledge::open(newer).err(), Some(Fault::Version(2)));
}

#[test]
fn many_sources_of_one_value_are_all_found() {
    let mut builder = Builder::new(1);
    let (value, mode) = read(None, "evil.example").unwrap();
    for id in 0..500 {
        builder.add(&value, Entry { mode, ..Entry::new(id) }).unwrap();
    }
    let mut knowledge = Knowledge::open(builder.finish().unwrap()).unwrap();
    knowledge.add(&value, Entry { mode, ..Entry::new(500) }).unwrap();
    assert_eq!(knowledge.keys(), 1);
    assert_eq!(knowledge.ask(&value).unwrap().len(), 501);
    knowledge.remove(500);
    knowledge.remove(3);
    let left: Vec<u64> = knowledge.ask(&value).unwrap().iter().map(|found| found.entry.id).collect();
    assert_eq!(left, (0..500).filter(|id| *id != 3).collect::<Vec<_>>());
    knowledge.add(&value, Entry { mode, ..Entry::new(3) }).unwrap();
    assert_eq!(knowledge.ask(&value).unwrap().len(), 500);
}

#[test]
fn nothing_at_all_is_a_set_too() {
    let knowledge = Knowledge::open(Builder::new(0).finish().unwrap()).unwrap();
    knowledge.check().unwrap();
    assert!(knowledge.ask(&guess("evil.example").unwrap()).unwrap().is_empty());
}

#[test]
fn a_record_longer_than_what_is_read_at_once_is_compiled_anew_whole() {
    let mut builder = Builder::new(1);
    let (value, mode) = read(None, "evil.example").unwrap();
    let (other, _) = read(None, "192.0.2.1").unwrap();
    for id in 0..50_000 {
        builder.add(&value, Entry { mode, ..Entry::new(id) }).unwrap();
    }
    builder.add(&other, Entry::new(50_000)).unwrap();
    let mut knowledge = Knowledge::open(builder.finish().unwrap()).unwrap();
    knowledge.remove(0);
    let rebuilt = Knowledge::open(knowledge.rebuilt(2).unwrap()).unwrap();
    assert_eq!((rebuilt.keys(), rebuilt.entries()), (2, 50_000));
    let mut ids = Vec::new();
    rebuilt.each(|_, _, entries| ids.extend(entries.iter().map(|entry| entry.id))).unwrap();
    ids.sort_unstable();
    assert!(ids.into_iter().eq(1..=50_000));
}
