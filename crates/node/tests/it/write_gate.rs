//! What happens between the judgement of a write and its commit sends it back to be judged again: here something happens
//! when the write looks at the clock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use model::{Timestamp, Tlp};
use node::{
    Annotation, AuditQuery, Caller, Credential, Error, ImportOptions, Kind, NewMember, NewToken, Node,
    Relabel,
};

use crate::write_world::{START, id, indicator, settings};

type Happens = Box<dyn FnOnce() + Send>;
/// What happens at the how manyeth look of which thread.
type Between = Arc<Mutex<Option<(ThreadId, u32, Happens)>>>;

struct World {
    node: Node,
    between: Between,
    author: Caller,
    other: Caller,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        let (folder, between) = (tempfile::tempdir().unwrap(), Between::default());
        let ours = Arc::clone(&between);
        let clock = move || {
            let due = {
                let mut between = ours.lock().unwrap();
                match between.as_mut() {
                    Some((thread, looks, _)) if *thread == std::thread::current().id() => {
                        *looks -= 1;
                        if *looks == 0 { between.take() } else { None }
                    }
                    _ => None,
                }
            };
            if let Some((.., happens)) = due {
                happens();
            }
            Timestamp(START)
        };
        let node = Node::open(folder.path(), settings(), Arc::new(clock)).unwrap();
        let caller = |name: &str| {
            let new = NewMember { name: name.to_owned(), ..NewMember::default() };
            node.add_member(&node.operator(), &new).unwrap();
            let roles = vec!["analyst".to_owned()];
            let new = NewToken { member: name.to_owned(), roles, ..NewToken::default() };
            let secret = node.add_token(&node.operator(), &new).unwrap().secret;
            node.authenticate(&Credential::Token(secret), None).unwrap()
        };
        let (author, other) = (caller("author"), caller("other"));
        say(&node, &author, 1);
        World { node, between, author, other, _folder: folder }
    }

    // The verbs of the audit, the oldest first, but for what made the world.
    fn audited(&self) -> Vec<String> {
        let from_first = AuditQuery { after: Some(0), ..AuditQuery::default() };
        let answer = self.node.audit(&self.node.operator(), &from_first).unwrap();
        let rows = answer["audit"].as_array().unwrap().iter();
        let verbs = rows.map(|row| row["verb"].as_str().unwrap().to_owned());
        verbs
            .filter(|verb| ["submit", "relabel", "withdraw", "erase"].contains(&verb.as_str()))
            .skip(1)
            .collect()
    }
}

/// Does something, in which something else happens at the first look at the clock, at the second and so on, in a world for
/// each. `check` is told what came of it.
fn at_each_look<T>(
    does: impl Fn(&World) -> Result<T, Error>,
    happens: impl Fn(&Node, &Caller) + Clone + Send + 'static,
    check: impl Fn(&World, Result<T, Error>),
) {
    let mut met = 0;
    for looks in 1..=8 {
        let world = World::new();
        let happened = Arc::new(AtomicBool::new(false));
        let (node, by, tells) = (world.node.clone(), world.author.clone(), Arc::clone(&happened));
        let happens = happens.clone();
        let between: Happens = Box::new(move || {
            happens(&node, &by);
            tells.store(true, Ordering::SeqCst);
        });
        *world.between.lock().unwrap() = Some((std::thread::current().id(), looks, between));
        let done = does(&world);
        *world.between.lock().unwrap() = None;
        if happened.load(Ordering::SeqCst) {
            met += 1;
            check(&world, done);
        }
    }
    assert!(met > 1, "nothing happened in between");
}

fn say(node: &Node, by: &Caller, day: u32) {
    let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    let version = format!("2026-01-{day:02}T00:00:00.000Z");
    let status = node.submit(by, &options, indicator(1, &version, "").as_bytes()).unwrap();
    assert_eq!(status.success, 1, "{:?}", status.outcomes);
}

fn hide(node: &Node, author: &Caller) {
    let asked = Relabel { tlp: Some(Tlp::Red), ..Relabel::default() };
    assert_eq!(node.relabel(author, &id(1), &asked).unwrap(), 1);
}

#[test]
fn a_note_on_what_is_hidden_before_it_is_written_is_not_written() {
    let note =
        |world: &World| world.node.annotate(&world.other, &id(1), &Annotation::Note("seen".to_owned()), None);
    at_each_look(note, hide, |world, done| match done {
        Ok(_) => assert_eq!(world.audited(), ["submit", "relabel"]),
        Err(error) => {
            assert_eq!(error.kind, Kind::NotFound, "{error}");
            assert_eq!(world.audited(), ["relabel"]);
        }
    });
}

#[test]
fn a_note_on_what_is_taken_back_before_it_is_written_is_not_written() {
    let note =
        |world: &World| world.node.annotate(&world.other, &id(1), &Annotation::Note("seen".to_owned()), None);
    let take_back = |node: &Node, author: &Caller| {
        assert_eq!(node.withdraw(author, None, &id(1), &[]).unwrap(), 1);
    };
    at_each_look(note, take_back, |world, done| match done {
        Ok(_) => assert_eq!(world.audited(), ["submit", "withdraw"]),
        Err(error) => {
            assert_eq!(error.kind, Kind::NotFound, "{error}");
            assert_eq!(world.audited(), ["withdraw"]);
        }
    });
}

#[test]
fn what_is_said_while_it_is_erased_is_erased_too_or_said_after() {
    let erase = |world: &World| world.node.erase(&world.node.operator(), &id(1), "an order");
    at_each_look(
        erase,
        |node, author| say(node, author, 2),
        |world, done| {
            let both = match world.audited().join(" ").as_str() {
                "submit erase" => 2,
                "erase submit" => 1,
                other => panic!("{other}"),
            };
            assert_eq!(done.unwrap(), both);
            let left = world.node.object(&world.author, &id(1), None);
            assert_eq!(left.is_err(), both == 2, "what was said before the erasure is left");
        },
    );
}

#[test]
fn what_was_not_taken_back_leaves_no_trace() {
    let take_back = |world: &World| world.node.withdraw(&world.author, None, &id(1), &[]);
    let first = |node: &Node, author: &Caller| {
        // Somebody else of the same member is faster.
        let _either = node.withdraw(author, None, &id(1), &[]);
    };
    at_each_look(take_back, first, |world, _| assert_eq!(world.audited(), ["withdraw"]));
}

#[test]
fn a_relabelling_of_what_moves_meanwhile_is_judged_again() {
    let widen = |world: &World| {
        let asked = Relabel { tlp: Some(Tlp::Clear), ..Relabel::default() };
        world.node.relabel(&world.author, &id(1), &asked)
    };
    at_each_look(widen, hide, |world, done| {
        // Twice, where it was hidden between two looks at what stands.
        assert!((1..=2).contains(&done.unwrap()));
        let label = world.node.object(&world.author, &id(1), None).unwrap().summary.label;
        assert!(["TLP:CLEAR", "TLP:RED"].contains(&label.as_str()), "{label}");
    });
}

#[test]
fn a_relabelling_tells_what_moved_though_it_is_taken_back_at_once() {
    let widen = |world: &World| {
        let asked = Relabel { tlp: Some(Tlp::Clear), ..Relabel::default() };
        world.node.relabel(&world.author, &id(1), &asked)
    };
    let take_back = |node: &Node, author: &Caller| {
        assert_eq!(node.withdraw(author, None, &id(1), &[]).unwrap(), 1);
    };
    at_each_look(widen, take_back, |world, done| {
        let moved = world.audited().contains(&"relabel".to_owned());
        assert_eq!(done.is_ok(), moved, "{:?} {:?}", world.audited(), done);
    });
}
