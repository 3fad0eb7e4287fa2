//! Readers who page while a writer commits lose nothing and are shown nothing twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use model::Timestamp;
use node::{Caller, ImportOptions, ListQuery, NewMember, NewToken, Node, Settings};
use uuid::Uuid;

use crate::read_lists::{Listed, list};
use crate::read_world::Dice;

const COMMITS: u64 = 300;

fn now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64)
}

fn analyst(node: &Node, name: &str) -> Caller {
    let operator = node.operator();
    node.add_member(&operator, &NewMember { name: name.to_owned(), ..NewMember::default() }).unwrap();
    let token =
        NewToken { member: name.to_owned(), roles: vec!["analyst".to_owned()], ..NewToken::default() };
    let secret = node.add_token(&operator, &token).unwrap().secret;
    node.authenticate(&node::Credential::Token(secret), None).unwrap()
}

fn bundle(dice: &mut Dice, round: u64) -> String {
    let objects: Vec<String> = (0..=dice.roll(9))
        .map(|at| {
            let n = u128::from(round * 10 + at);
            // Sometimes a new version of something old.
            let n = if dice.one_in(4) { u128::from(dice.roll(round * 10 + 1)) } else { n };
            // What is RED stands between the others of one commit.
            let marked = match dice.one_in(3) {
                true => r#","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]"#,
                false => "",
            };
            let id = Uuid::from_u128((0x8 << 76) + (0x8 << 60) + n);
            format!(
                r#"{{"type":"malware","spec_version":"2.1","id":"malware--{id}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-02T00:00:00.{:03}Z","name":"m","is_family":false{marked}}}"#,
                round % 1_000
            )
        })
        .collect();
    format!(
        r#"{{"type":"bundle","id":"bundle--{}","objects":[{}]}}"#,
        Uuid::from_u128(1 << 80),
        objects.join(",")
    )
}

/// How a client goes on.
#[derive(Debug, Clone, Copy)]
enum Client {
    /// By `added_after` alone, with every digit of the header.
    AddedAfter,
    /// By `next` while there is more, then by `added_after` cut to milliseconds, as OpenCTI does.
    NextThenMilliseconds,
    /// By `next` while there is more, kept for a while and asked for twice.
    NextTwice,
}

// Reads until nothing comes any more after the writer has ended.
fn poll(node: &Node, caller: &Caller, client: Client, ended: &AtomicBool, seed: u64) -> Vec<Listed> {
    let mut dice = Dice(seed);
    let mut seen = Vec::new();
    let mut query = ListQuery::default();
    loop {
        let was_ended = ended.load(Ordering::SeqCst);
        query.limit = Some(1 + dice.roll(12) as usize);
        let (listed, end) = list(node, caller, &query).unwrap();
        if matches!(client, Client::NextTwice) {
            std::thread::yield_now();
            let (again, _) = list(node, caller, &query).unwrap();
            // Of what was last, something may have been superseded between the two, and nothing else.
            let first = again.first().map(|one| one.date_added);
            assert!(listed.is_empty() || first >= listed.first().map(|one| one.date_added));
        }
        let finished = listed.is_empty() && was_ended;
        seen.extend(listed);
        if finished {
            return seen;
        }
        let last = end.last.or(query.added_after);
        query = match (client, end.next) {
            (Client::AddedAfter, _) => ListQuery { added_after: last, ..ListQuery::default() },
            (_, Some(next)) => {
                ListQuery { next: Some(next), added_after: query.added_after, ..ListQuery::default() }
            }
            (_, None) => {
                let milliseconds = last.map(|at| Timestamp(at.0.div_euclid(1_000) * 1_000));
                ListQuery { added_after: milliseconds, ..ListQuery::default() }
            }
        };
    }
}

#[test]
fn nothing_is_lost_and_nothing_comes_twice() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::open(folder.path(), Settings::default(), Arc::new(now)).unwrap();
    let (reader, open, closed) = (analyst(&node, "reader"), analyst(&node, "open"), analyst(&node, "closed"));
    let ended = AtomicBool::new(false);
    let clients = [Client::AddedAfter, Client::NextThenMilliseconds, Client::NextTwice];
    let seen: Vec<Vec<Listed>> = std::thread::scope(|scope| {
        let readers: Vec<_> = clients
            .iter()
            .zip(1..)
            .map(|(client, seed)| {
                let (node, reader, ended) = (node.clone(), &reader, &ended);
                scope.spawn(move || poll(&node, reader, *client, ended, seed))
            })
            .collect();
        let mut dice = Dice(9);
        for round in 0..COMMITS {
            // What is RED is the end of many commits' milliseconds, and hidden from the reader.
            let (writer, tlp) = match dice.roll(3) {
                0 => (&closed, model::Tlp::Red),
                _ => (&open, model::Tlp::Green),
            };
            let options = ImportOptions { tlp: Some(tlp), ..ImportOptions::default() };
            let status = node.submit(writer, &options, bundle(&mut dice, round).as_bytes()).unwrap();
            assert_eq!((status.failure, status.pending), (0, 0), "{:?}", status.outcomes);
        }
        ended.store(true, Ordering::SeqCst);
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    let mut whole = ListQuery::default();
    let mut last = Vec::new();
    loop {
        let (listed, end) = list(&node, &reader, &whole).unwrap();
        last.extend(listed);
        let Some(next) = end.next else { break };
        whole = ListQuery { next: Some(next), ..ListQuery::default() };
    }
    assert!(last.len() > 200, "{}", last.len());
    for (client, seen) in clients.iter().zip(&seen) {
        let mut times: HashMap<(&str, &str), usize> = HashMap::new();
        for one in seen {
            *times.entry((&one.id, &one.version)).or_default() += 1;
        }
        assert!(times.values().all(|times| *times == 1), "{client:?} was shown something twice");
        let lost = last.iter().find(|one| !times.contains_key(&(&*one.id, &*one.version)));
        assert!(lost.is_none(), "{client:?} lost {lost:?}");
        assert!(seen.is_sorted_by(|one, next| one.date_added < next.date_added), "{client:?} out of order");
    }
    node.stop();
}
