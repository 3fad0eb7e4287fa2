//! What comes between the judging of a recall and its rule, and a rule that cannot be carried out.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use model::{Timestamp, Tlp};
use uuid::Uuid;

use super::whole::rules_of;
use crate::views::{RecallListed, RecallSweep};
use crate::writing::Failure;
use crate::{
    Caller, Credential, ImportOptions, NewMember, NewToken, Node, Recall, Relabel, Settings, Stream,
    StreamQuery, ValuesQuery,
};

const VALUES: Option<ValuesQuery> = Some(ValuesQuery { ceiling: None, action: None });

/// A node whose jobs do nothing by themselves, and a clock that tests set.
struct World {
    node: Node,
    clock: Arc<AtomicI64>,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(1_788_220_800_000_000));
        let world = World { node: open(&folder, &clock), clock, folder };
        world.node.stop();
        world
    }

    /// Its jobs do something again.
    fn started(self) -> World {
        let World { node, clock, folder } = self;
        drop(node);
        World { node: open(&folder, &clock), clock, folder }
    }

    fn later(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    fn member(&self, name: &str) -> Caller {
        let operator = self.node.operator();
        self.node
            .add_member(&operator, &NewMember { name: name.to_owned(), ..NewMember::default() })
            .unwrap();
        let roles = ["analyst", "organisation-administrator"].map(str::to_owned).to_vec();
        let new = NewToken { member: name.to_owned(), roles, ..NewToken::default() };
        let secret = self.node.add_token(&operator, &new).unwrap().secret;
        self.node.authenticate(&Credential::Token(secret), None).unwrap()
    }

    /// What became of one indicator.
    fn say(&self, by: &Caller, tlp: Tlp, (n, text): (u32, &str)) -> &'static str {
        let options = ImportOptions { tlp: Some(tlp), ..ImportOptions::default() };
        self.node.submit(by, &options, indicator(n, text).as_bytes()).unwrap().outcomes[0].state
    }

    fn told(&self, stream: &mut Stream) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let next = self.node.stream_next(stream).unwrap();
            told.extend(next.events.iter().map(|event| format!("{} {}", event.name, event.data)));
            if !next.more {
                return told;
            }
        }
    }

    fn follow(&self, by: &Caller) -> Stream {
        self.node.stream(by, &StreamQuery { since: None, values: VALUES }).unwrap()
    }

    /// Recalls all that a member said, with something done between the judging and the write of the rule.
    fn recall_around(&self, by: &Caller, name: &str, between: impl FnOnce()) -> Uuid {
        let asked = Recall {
            member: Some(name.to_owned()),
            reason: "a stolen token".to_owned(),
            ..Recall::default()
        };
        let (id, roster) = (Uuid::new_v4(), self.node.roster());
        let by = &self.node.renewed(&roster, by).unwrap();
        let ruled = match self.node.judged_rule(&roster, by, (id, &asked)) {
            Ok(ruled) => ruled,
            Err(Failure::Error(error)) => panic!("{error}"),
            Err(Failure::Stale) => panic!("stale"),
        };
        between();
        assert!(self.node.put_in_force(&roster, by, ruled).is_ok());
        id
    }

    /// Does what there is to do. How long until there is more.
    fn carry_out(&self) -> Option<Duration> {
        loop {
            match self.node.take_back_some().unwrap() {
                Some(Duration::ZERO) => {}
                pause => return pause,
            }
        }
    }

    fn sweeps(&self, by: &Caller) -> Vec<RecallSweep> {
        let whole = |listed| match listed {
            RecallListed::Whole(sweep) => *sweep,
            RecallListed::Part(part) => panic!("{part:?}"),
        };
        self.node.recalls(by).unwrap().into_iter().map(whole).collect()
    }
}

fn open(folder: &tempfile::TempDir, clock: &Arc<AtomicI64>) -> Node {
    let time = Arc::clone(clock);
    let settings =
        Settings { organisation: "ACME".to_owned(), asynchronous_objects: 3, ..Settings::default() };
    Node::open(folder.path(), settings, Arc::new(move || Timestamp(time.load(Ordering::SeqCst)))).unwrap()
}

fn id(n: u32) -> String {
    format!("indicator--00000000-0000-4000-8000-{n:012}")
}

fn indicator(n: u32, text: &str) -> String {
    format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"{}","created":"2026-01-01T00:00:00.000Z",
        "modified":"2026-01-01T00:00:00.000Z","name":"{text}","indicator_types":["malicious-activity"],
        "pattern":"[ipv4-addr:value = '198.51.100.{n}']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}}"#,
        id(n)
    )
}

#[test]
fn what_is_said_while_a_recall_is_judged_is_recalled_and_what_is_said_after_it_is_refused_or_stands() {
    let world = World::new();
    let ada = world.member("Ada");
    assert_eq!(world.say(&ada, Tlp::Green, (1, "one")), "new");
    let rule = world.recall_around(&ada, "Ada", || {
        // Other bytes under the same version, and something new.
        assert_eq!(world.say(&ada, Tlp::Green, (1, "other")), "equivocation");
        assert_eq!(world.say(&ada, Tlp::Green, (2, "two")), "new");
        // Accepted, and not sequenced before the rule.
        let envelope = (3..8).map(|n| indicator(n, "late")).collect::<Vec<_>>().join(",");
        let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
        let envelope = format!("{{\"objects\":[{envelope}]}}");
        assert_eq!(world.node.submit(&ada, &options, envelope.as_bytes()).unwrap().pending, 5);
    });
    let end = world.node.inner.store.snapshot().unwrap().end();
    let rules = rules_of(&world.node.inner.store).unwrap();
    assert_eq!((rules.active[0].id, rules.active[0].before), (rule, end));
    assert_eq!(rules.active[0].waiting.len(), 1);
    // After it nothing enters under a version that goes, so nothing goes that was said after it.
    assert_eq!(world.say(&ada, Tlp::Green, (1, "another")), "rejected");
    assert_eq!(world.say(&ada, Tlp::Green, (20, "after")), "new");
    let world = world.started();
    let began = std::time::Instant::now();
    while !world.sweeps(&ada)[0].done {
        assert!(began.elapsed() < Duration::from_secs(120));
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(world.sweeps(&ada)[0].objects, 7);
    let revoked =
        |n: u32| world.node.object(&ada, &id(n), None).unwrap().object.get().contains("\"revoked\":true");
    assert!((1..8).all(revoked) && !revoked(20));
}

#[test]
fn who_was_told_of_something_while_a_recall_was_judged_fetches_all_anew() {
    let world = World::new();
    let (ada, bob) = (world.member("Ada"), world.member("Bob"));
    // He sees nothing of hers, until she opens one of two to him.
    assert_eq!(world.say(&ada, Tlp::Red, (1, "one")), "new");
    let mut his = world.follow(&bob);
    world.recall_around(&ada, "Ada", || {
        let green = Relabel { tlp: Some(Tlp::Green), ..Relabel::default() };
        assert_eq!(world.node.relabel(&ada, &id(1), &green).unwrap(), 1);
        let told = world.told(&mut his);
        assert!(
            told.iter().any(|event| event.starts_with("value ") && event.contains("198.51.100.1")),
            "{told:?}"
        );
    });
    let told = world.told(&mut his);
    assert_eq!(told, ["reset {\"why\":\"recall\"}"]);
    assert!(world.told(&mut his).is_empty(), "told once");
    // Of one of which he sees nothing he is told nothing.
    assert_eq!(world.carry_out(), None);
    world.told(&mut his);
    assert_eq!(world.say(&ada, Tlp::Red, (2, "two")), "new");
    world.recall_around(&ada, "Ada", || ());
    assert!(world.told(&mut his).is_empty());
}

#[test]
fn who_knows_of_no_recall_yet_fetches_all_anew_when_something_entered_that_waited() {
    let world = World::new();
    let (ada, bob) = (world.member("Ada"), world.member("Bob"));
    let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    let envelope = (1..6).map(|n| indicator(n, "late")).collect::<Vec<_>>().join(",");
    let envelope = format!("{{\"objects\":[{envelope}]}}");
    assert_eq!(world.node.submit(&ada, &options, envelope.as_bytes()).unwrap().pending, 5);
    let mut his = world.follow(&bob);
    let cursor = world.node.stream_now(&his).unwrap().id;
    world.recall_around(&ada, "Ada", || ());
    assert!(world.told(&mut his).is_empty(), "nothing of it is there");
    // The rule stays for good, so that it is in force when what waited has entered.
    let rule = rules_of(&world.node.inner.store).unwrap().active[0].id;
    world.node.inner.store.set_meta(&format!("recall-all:{rule}"), Some(b"damaged")).unwrap();
    let world = world.started();
    let began = std::time::Instant::now();
    while world.node.object(&bob, &id(5), None).is_err() {
        assert!(began.elapsed() < Duration::from_secs(120));
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut back = world.node.stream(&bob, &StreamQuery { since: cursor, values: VALUES }).unwrap();
    assert_eq!(world.told(&mut back), ["reset {\"why\":\"recall\"}"]);
}

#[test]
fn a_recall_that_fails_is_tried_again_ever_later_and_holds_up_no_other() {
    let world = World::new();
    let (ada, bob) = (world.member("Ada"), world.member("Bob"));
    assert_eq!(world.say(&ada, Tlp::Green, (1, "one")), "new");
    assert_eq!(world.say(&bob, Tlp::Green, (2, "two")), "new");
    let failing = world.recall_around(&ada, "Ada", || ());
    world.recall_around(&bob, "Bob", || ());
    let kept = format!("recall-all:{failing}");
    world.node.inner.store.set_meta(&kept, Some(b"damaged")).unwrap();

    // The other is carried out, in several steps, and this one is tried once.
    assert_eq!(world.carry_out(), Some(Duration::from_secs(10)));
    assert!(world.sweeps(&bob)[0].done && world.sweeps(&bob)[0].retry.is_none());
    let retry =
        |by: &Caller| world.sweeps(by)[0].retry.as_ref().map(|retry| (retry.failed, retry.next.clone()));
    assert_eq!(retry(&ada), Some((1, "2026-09-01T00:00:10.000000Z".to_owned())));
    world.later(9);
    assert_eq!(world.carry_out(), Some(Duration::from_secs(1)));
    assert_eq!(retry(&ada).unwrap().0, 1);
    world.later(1);
    assert_eq!(world.carry_out(), Some(Duration::from_secs(20)));
    assert_eq!(retry(&ada), Some((2, "2026-09-01T00:00:30.000000Z".to_owned())));
    // Who may recall it, too, is told that it does not go on, and no more.
    let listed = serde_json::to_value(world.node.recalls(&world.node.operator()).unwrap()).unwrap();
    assert_eq!(listed[0]["retry"]["failed"], 2, "{listed}");
    // It holds all the same.
    assert!(world.node.why(&bob, &["198.51.100.1".to_owned()]).unwrap()[0].known.is_empty());

    // What kept it is mended.
    world.node.inner.store.set_meta(&kept, None).unwrap();
    assert_eq!(world.carry_out(), Some(Duration::from_secs(20)));
    world.later(20);
    assert_eq!(world.carry_out(), None);
    assert!(world.sweeps(&ada)[0].done && retry(&ada).is_none());
}
