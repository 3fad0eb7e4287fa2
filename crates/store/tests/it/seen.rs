//! What was seen of late: counted once, by member, within bounds, and never worth a failure.

use std::collections::BTreeMap;
use std::path::Path;

use model::observable::guess;
use model::{MemberId, Timestamp};
use store::find::Keys;
use store::seen::{Added, Bounds, Candidate, Day, Event, FILE, Forget, Prevalence, Seen};
use uuid::Uuid;

const TODAY: Day = Day(20_000);
const ALL: Bounds = Bounds { from: Day(0), bytes: 1 << 30 };

fn member(number: u128) -> MemberId {
    MemberId(Uuid::from_u128(number))
}

fn open(folder: &Path) -> Seen {
    Seen::new(folder, |_| {})
}

fn key(value: &str) -> Vec<u8> {
    guess(value).unwrap().key().to_vec()
}

fn event(day: i64, host: &str, values: &[&str], print: u64) -> Event {
    Event {
        time: Timestamp(Day(TODAY.0 + day).begins().0 + print.cast_signed() % 1_000 * 1_000),
        host: host.to_owned(),
        keys: values.iter().map(|value| key(value)).collect(),
        print,
        id: Some(format!("e{print}")),
    }
}

fn of(seen: &Seen, who: u128, value: &str) -> Prevalence {
    seen.prevalence(member(who), &[Keys::One(&key(value))], Day(0)).unwrap()
}

#[test]
fn it_tells_on_how_many_hosts_a_value_was_seen_and_how_often() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path());
    assert_eq!(of(&seen, 1, "example.com"), Prevalence::default());
    assert!(!folder.path().join(FILE).exists(), "a question makes no file");
    let events = [
        event(0, "a", &["example.com", "198.51.100.7"], 1),
        event(0, "a", &["example.com"], 2),
        event(-1, "b", &["example.com", "example.com"], 3),
        event(0, "c", &["example.org"], 4),
    ];
    assert_eq!(seen.add(member(1), &events, ALL).unwrap(), [Added::New; 4]);
    let found = seen.sightings(member(1), &[Keys::One(&key("example.com"))], Day(0), 10).unwrap();
    let whole = found.whole;
    assert_eq!((whole.hosts, whole.of_hosts, whole.events), (2, 3, 3));
    assert_eq!((whole.since, whole.at_least), (Some(Day(TODAY.0 - 1)), false));
    assert_eq!((whole.first.unwrap(), whole.last.unwrap()), (events[2].time, events[1].time));
    assert_eq!(found.days, BTreeMap::from([(Day(TODAY.0 - 1), (1, 1)), (TODAY, (1, 2))]));
    let hosts: Vec<_> =
        found.hosts.iter().map(|host| (&*host.name, host.events, host.event.as_deref())).collect();
    assert_eq!(hosts, [("a", 2, Some("e1")), ("b", 1, Some("e3"))]);
    // A window leaves out what is before it, hosts too.
    let since = seen.prevalence(member(1), &[Keys::One(&key("example.com"))], TODAY).unwrap();
    assert_eq!((since.hosts, since.of_hosts, since.events), (1, 2, 2));
}

#[test]
fn the_same_event_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path());
    let events: Vec<Event> = (0..500).map(|n| event(0, "a", &["example.com"], n % 400)).collect();
    let outcomes = seen.add(member(1), &events, ALL).unwrap();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Added::Known).count(), 100);
    assert_eq!(seen.add(member(1), &events, ALL).unwrap(), [Added::Known; 500]);
    assert_eq!(of(&open(folder.path()), 1, "example.com").events, 400);
    // Somebody else's event is no event of this one.
    assert_eq!(seen.add(member(2), &events[..1], ALL).unwrap(), [Added::New]);
}

#[test]
fn nobody_sees_anything_of_another_member() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path());
    let many: Vec<Event> =
        (0..2_000).map(|n| event(-(n as i64 % 5), &format!("h{n}"), &["example.com"], n)).collect();
    let own = [event(0, "x", &["example.org"], 1)];
    seen.add(member(2), &own, ALL).unwrap();
    let told = |seen: &Seen| {
        let keys = [key("example.com"), key("example.org")];
        let sightings: Vec<_> = keys
            .iter()
            .map(|key| seen.sightings(member(2), &[Keys::One(key)], Day(0), 10).unwrap())
            .collect();
        let common = seen.common(member(2), Day(0), 1.0, 2).unwrap();
        (sightings, common.len(), seen.noted(member(2), None, 10).unwrap())
    };
    let before = told(&seen);
    seen.add(member(1), &many, ALL).unwrap();
    let hit = Candidate {
        key: key("example.com"),
        asked: key("example.com"),
        position: 7,
        live: true,
        found: TODAY.begins(),
    };
    seen.note(member(1), std::slice::from_ref(&hit)).unwrap();
    assert_eq!(told(&seen), before);
    // Nor by what is let go of the other one, nor by what that one erases.
    let small = Bounds { from: TODAY, bytes: 1_000 };
    seen.keep(&|who| Some(if who == member(1) { small } else { ALL }), Timestamp(0), &|| false).unwrap();
    assert_eq!(told(&seen), before);
    seen.forget(member(1), &Forget::All).unwrap();
    assert_eq!((told(&seen), seen.members().unwrap()), (before, vec![member(2)]));
}

#[test]
fn days_that_are_old_and_what_is_too_much_go_oldest_first() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path());
    for day in -9..=0 {
        let events: Vec<Event> = (0..100)
            .map(|n| event(day, &format!("h{day}"), &["example.com"], (n + 100 * (day + 9)) as u64))
            .collect();
        seen.add(member(1), &events, ALL).unwrap();
    }
    assert_eq!(of(&seen, 1, "example.com").hosts, 10);
    let from = |day: i64, bytes| move |_| Some(Bounds { from: Day(TODAY.0 + day), bytes });
    seen.keep(&from(-6, 1 << 30), Timestamp(0), &|| false).unwrap();
    let found = of(&seen, 1, "example.com");
    assert_eq!((found.hosts, found.of_hosts, found.events, found.since), (7, 7, 700, Some(Day(TODAY.0 - 6))));
    seen.keep(&from(-6, 8_000), Timestamp(0), &|| false).unwrap();
    let found = of(&seen, 1, "example.com");
    assert_eq!((found.hosts, found.of_hosts), (3, 3), "{found:?}");
    // A member that nobody knows leaves nothing.
    seen.keep(&|_| None, Timestamp(0), &|| false).unwrap();
    assert!(seen.members().unwrap().is_empty());
}

#[test]
fn a_day_that_fills_everything_by_itself_takes_no_more_and_still_counts() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path());
    let bounds = Bounds { from: Day(0), bytes: 20_000 };
    let batch = |round: u64| -> Vec<Event> {
        (0..200)
            .map(|n| event(0, "a", &[&format!("d{}.example.com", n + 200 * round)], n + 200 * round))
            .collect()
    };
    let mut full = 0;
    for round in 0..10 {
        full += seen
            .add(member(1), &batch(round), bounds)
            .unwrap()
            .iter()
            .filter(|one| **one == Added::Full)
            .count();
    }
    assert!(full > 1_000, "{full}");
    assert!(seen.sizes().unwrap().bytes < 200_000);
    let again: Vec<Event> =
        batch(0).into_iter().map(|event| Event { print: event.print + 1_000_000, ..event }).collect();
    assert_eq!(seen.add(member(1), &again, bounds).unwrap(), [Added::New; 200]);
    assert_eq!(of(&seen, 1, "d7.example.com").events, 2);
    // The next day has room again: the full one goes for it.
    let next: Vec<Event> = (0..50).map(|n| event(1, "b", &["example.net"], 5_000_000 + n)).collect();
    for _ in 0..3 {
        seen.add(member(1), &next, bounds).unwrap();
    }
    seen.keep(&|_| Some(bounds), Timestamp(0), &|| false).unwrap();
    assert_eq!(of(&seen, 1, "example.net").hosts, 1);
}

#[test]
fn one_host_with_many_events_of_one_value_is_one_row() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path());
    let bounds = Bounds { from: Day(0), bytes: 100_000 };
    for round in 0..20_u64 {
        let events: Vec<Event> =
            (0..2_000).map(|n| event(0, "a", &["example.com"], n + 2_000 * round)).collect();
        assert!(seen.add(member(1), &events, bounds).unwrap().iter().all(|one| *one == Added::New));
    }
    assert_eq!(of(&seen, 1, "example.com").events, 40_000);
    assert!(
        seen.sizes().unwrap().bytes < 300_000,
        "prints of events are bounded, too: {}",
        seen.sizes().unwrap().bytes
    );
}

#[test]
fn what_is_common_is_what_is_on_many_hosts_over_all_days() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path());
    let mut events = Vec::new();
    for host in 0..100_u64 {
        let (name, day) = (format!("h{host}"), -((host % 10) as i64));
        let own = format!("u{host}.cdn.example.net");
        events.push(event(day, &name, &["www.example.com", &own], host));
        if host < 4 {
            events.push(event(day, &name, &["rare.example.org"], 1_000 + host));
            events.push(event(day - 1, &name, &["rare.example.org"], 2_000 + host));
        }
    }
    seen.add(member(1), &events, ALL).unwrap();
    let common = seen.common(member(1), Day(0), 5.0, 2).unwrap();
    assert!(common.has(&key("www.example.com"), false));
    assert!(!common.has(&key("rare.example.org"), false), "four hosts of a hundred, however often");
    assert!(!common.has(&key("example.com"), false) && common.has(&key("example.com"), true));
    assert!(!common.has(&key("u7.cdn.example.net"), false));
    assert!(common.has(&key("cdn.example.net"), true), "each host its own name, and all of them below one");
    assert!(!common.has(&key("example.org"), true));
    let fewer = seen.common(member(1), Day(0), 1.0, 4).unwrap();
    assert!(fewer.has(&key("rare.example.org"), false));
    let any = seen.common(member(1), Day(0), 0.0, 1).unwrap();
    assert!(any.has(&key("u7.cdn.example.net"), false) && !any.has(&key("u7.cdn.example.org"), false));
    // It agrees with what is asked one by one.
    for value in ["www.example.com", "rare.example.org", "u7.cdn.example.net", "example.com"] {
        assert_eq!(fewer.has(&key(value), false), of(&seen, 1, value).hosts >= 4, "{value}");
    }
}

#[test]
fn what_is_forgotten_is_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path());
    let events = [
        event(0, "laptop-of-somebody", &["example.com"], 1),
        event(-3, "laptop-of-somebody", &["example.org"], 2),
        event(-3, "b", &["example.com"], 3),
    ];
    seen.add(member(1), &events, ALL).unwrap();
    std::fs::write(folder.path().join("seen.db.damaged"), "laptop-of-somebody").unwrap();
    let host = Forget::Host("laptop-of-somebody".to_owned());
    assert_eq!(seen.forget(member(1), &host).unwrap(), 2);
    assert_eq!(seen.forget(member(1), &host).unwrap(), 0);
    let found = of(&seen, 1, "example.com");
    assert_eq!((found.hosts, found.of_hosts), (1, 1));
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(9).any(|some| some == b"laptop-of"));
    }
    seen.forget(member(1), &Forget::Before(TODAY)).unwrap();
    assert_eq!(of(&seen, 1, "example.com").hosts, 0);
    seen.forget(member(1), &Forget::All).unwrap();
    assert!(seen.members().unwrap().is_empty());
}

#[test]
fn hits_are_noted_once_and_read_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path());
    let hit = |position| Candidate {
        key: key("example.com"),
        asked: key("example.com"),
        position,
        live: position % 2 == 0,
        found: TODAY.begins(),
    };
    let hits: Vec<Candidate> = (0..10).map(hit).collect();
    seen.note(member(1), &hits).unwrap();
    seen.note(member(1), &hits).unwrap();
    let page = seen.noted(member(1), None, 3).unwrap();
    assert_eq!(page, [hit(9), hit(8), hit(7)]);
    assert_eq!(seen.noted(member(1), Some(&page[2].place()), 100).unwrap().len(), 7);
    // What is found live is so from then on, in whichever order it is found.
    let later = |live| Candidate { live, found: Timestamp(TODAY.begins().0 + 1), ..hit(3) };
    for live in [false, true, false] {
        seen.note(member(1), &[later(live)]).unwrap();
    }
    assert_eq!(seen.noted(member(1), None, 1).unwrap(), [later(true)]);
    assert_eq!(seen.looked(member(1)).unwrap(), None);
    seen.set_looked(member(1), Timestamp(5)).unwrap();
    assert_eq!(open(folder.path()).looked(member(1)).unwrap(), Some(Timestamp(5)));
}

#[test]
fn a_damaged_file_is_set_aside_and_begun_anew() {
    for damage in ["nothing of ours", "torn", "scribbled", "another release's"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let events: Vec<Event> =
            (0..3_000).map(|n| event(0, "a", &[&format!("d{n}.example.com")], n)).collect();
        let seen = open(folder.path());
        seen.add(member(1), &events, ALL).unwrap();
        seen.forget(member(9), &Forget::All).unwrap();
        drop(seen);
        let mut bytes = std::fs::read(&path).unwrap();
        match damage {
            "nothing of ours" => bytes = b"nothing of ours ".repeat(1_000),
            "torn" => bytes.truncate(bytes.len() / 3),
            "scribbled" => bytes.iter_mut().skip(4_096).for_each(|byte| *byte ^= 0x5A),
            _ => bytes[60..64].fill(9),
        }
        std::fs::write(&path, bytes).unwrap();
        let seen = open(folder.path());
        // Whoever comes first, reading or writing, finds an empty file sooner or later, and no error.
        let _read = seen.common(member(1), Day(0), 1.0, 2).unwrap();
        let _read = of(&seen, 1, "d7.example.com");
        seen.add(member(1), &events, ALL).unwrap();
        assert_eq!(of(&seen, 1, "d7.example.com").events, 1, "{damage}");
        assert!(folder.path().join("seen.db.damaged").exists(), "{damage}");
    }
}

#[test]
fn what_was_acknowledged_outlives_a_killed_process_and_a_torn_log() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path());
    let batch = |n: u64| [event(0, &format!("h{n}"), &["example.com"], n)];
    (0..50).for_each(|n| drop(seen.add(member(1), &batch(n), ALL).unwrap()));
    for cut in [0, 100, 5_000, 1_000_000] {
        // The files as a killed process leaves them.
        let left = tempfile::tempdir().unwrap();
        for name in [FILE, "seen.db-wal"] {
            std::fs::copy(folder.path().join(name), left.path().join(name)).unwrap();
        }
        let log = std::fs::File::options().write(true).open(left.path().join("seen.db-wal")).unwrap();
        let length = log.metadata().unwrap().len();
        log.set_len(length.saturating_sub(cut)).unwrap();
        let after = open(left.path());
        let hosts = of(&after, 1, "example.com").hosts;
        assert!(if cut == 0 { hosts == 50 } else { hosts < 50 }, "{cut}: {hosts}");
        after.add(member(1), &batch(99), ALL).unwrap();
        assert_eq!(of(&after, 1, "example.com").hosts, hosts + 1);
    }
}

#[test]
fn what_there_is_no_room_to_ignore_changes_nothing_of_what_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path());
    let keys = |values: &[&str]| -> Vec<Vec<u8>> { values.iter().map(|value| key(value)).collect() };
    let ignore = |values: &[&str], until: i64| {
        seen.ignore(member(1), &keys(values), (Timestamp(until), Timestamp(10)), 2).unwrap()
    };
    let now = |at: i64| seen.ignored(member(1), Timestamp(at)).unwrap();
    assert_eq!(ignore(&["a.example", "b.example", "a.example"], 20), Some(2), "one twice is one");
    let before = now(10);
    assert_eq!(before.len(), 2);
    assert_eq!(ignore(&["a.example", "c.example"], 30), None);
    assert_eq!(now(10), before);
    // What is ignored already takes no more room.
    assert_eq!(ignore(&["b.example"], 30), Some(1));
    assert_eq!(now(20), BTreeMap::from([(key("b.example"), Timestamp(30))]));
    // What is over goes from the file.
    let rows = || {
        let conn = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
        conn.query_row("SELECT count(*) FROM ignored", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(rows(), 2);
    seen.keep(&|_| Some(ALL), Timestamp(20), &|| false).unwrap();
    assert_eq!((rows(), now(10).len()), (1, 1));
    assert_eq!((ignore(&["b.example", "b.example"], 0), now(10).len()), (Some(1), 0));
}
