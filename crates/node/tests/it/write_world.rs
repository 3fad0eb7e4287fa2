//! A node in a folder that goes away, with a clock that tests set.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use model::Timestamp;
use node::views::{ImportSummary, Outcome, Status};
use node::{
    Caller, Credential, Error, ImportEvent, ImportOptions, ListQuery, NewCollection, NewMember, NewToken,
    Node, Settings,
};

/// 2026-09-01T00:00:00Z.
pub const START: i64 = 1_788_220_800_000_000;

pub struct World {
    pub node: Node,
    pub folder: tempfile::TempDir,
    pub now: Arc<AtomicI64>,
    /// How often the housekeeping has asked for the time.
    housekept: Arc<AtomicU32>,
}

pub fn settings() -> Settings {
    Settings { organisation: "ACME".to_owned(), ..Settings::default() }
}

impl World {
    pub fn new() -> World {
        World::with(settings())
    }

    pub fn with(settings: Settings) -> World {
        let folder = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(START));
        let housekept = Arc::default();
        let node = open(&folder, settings, &now, &housekept);
        World { node, folder, now, housekept }
    }

    /// Waits until the first round of housekeeping has looked at the rules of retention, of which there are none yet. On a
    /// busy machine it may come late, and erase what a test has just made old.
    pub fn housekept(self) -> World {
        // In a new node it asks four times before retention, twice for that, and again to let go of what is old.
        while self.housekept.load(Ordering::SeqCst) < 7 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        self
    }

    /// A node on a copy of the folder, with a clock of its own that shows the same.
    pub fn twin(&self) -> World {
        let (copy, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        self.node.backup(&self.node.operator(), copy.path(), &mut |_, _| ()).unwrap();
        Node::restore(copy.path(), None, folder.path()).unwrap();
        let now = Arc::new(AtomicI64::new(self.now.load(Ordering::SeqCst)));
        let housekept = Arc::default();
        World { node: open(&folder, settings(), &now, &housekept), folder, now, housekept }
    }

    /// Stops the node and starts it on the same folder.
    pub fn restarted(self) -> World {
        self.restarted_after(|_| ())
    }

    /// The same, with a look at the folder in between.
    pub fn restarted_after(self, look: impl FnOnce(&Path)) -> World {
        let World { node, folder, now, housekept } = self;
        node.stop();
        drop(node);
        look(folder.path());
        let node = open(&folder, settings(), &now, &housekept);
        World { node, folder, now, housekept }
    }

    /// Stops the node when it has done the round of housekeeping that a start begins with, however late that comes.
    pub fn after_a_round(self) -> World {
        let world = self.restarted();
        world.node.stop();
        world
    }

    pub fn later(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    pub fn member(&self, name: &str) -> String {
        let new = NewMember { name: name.to_owned(), ..NewMember::default() };
        self.node.add_member(&self.node.operator(), &new).unwrap().identities.remove(0)
    }

    pub fn token(&self, member: &str, roles: &[&str]) -> Caller {
        self.token_for(member, roles, &[], &[])
    }

    pub fn token_for(&self, member: &str, roles: &[&str], read: &[&str], write: &[&str]) -> Caller {
        let new = NewToken {
            member: member.to_owned(),
            roles: strings(roles),
            read: strings(read),
            write: strings(write),
            ..NewToken::default()
        };
        self.signed_in(&self.node.add_token(&self.node.operator(), &new).unwrap().secret)
    }

    pub fn signed_in(&self, secret: &str) -> Caller {
        self.node.authenticate(&Credential::Token(secret.to_owned()), None).unwrap()
    }

    pub fn collection(&self, title: &str, filter: &str) -> String {
        let new =
            NewCollection { title: title.to_owned(), filter: filter.to_owned(), ..NewCollection::default() };
        self.node.add_collection(&self.node.operator(), &new).unwrap().id
    }

    pub fn submit(&self, caller: &Caller, json: &str) -> Result<Status, Error> {
        self.node.submit(caller, &ImportOptions::default(), json.as_bytes())
    }

    pub fn import(
        &self,
        options: &ImportOptions,
        bytes: &[u8],
    ) -> Result<(ImportSummary, Vec<Outcome>), Error> {
        self.import_as(&self.node.operator(), options, bytes)
    }

    pub fn import_as(
        &self,
        caller: &Caller,
        options: &ImportOptions,
        mut bytes: &[u8],
    ) -> Result<(ImportSummary, Vec<Outcome>), Error> {
        let mut told = Vec::new();
        let summary = self.node.import(caller, options, &mut bytes, &mut |event| {
            if let ImportEvent::Outcome(outcome) = event {
                told.push(outcome);
            }
        })?;
        Ok((summary, told))
    }

    /// What a caller lists: id and label of each, the last versions, in order.
    pub fn listed(&self, caller: &Caller, collection: Option<&str>) -> Vec<(String, String)> {
        let mut listed = Vec::new();
        let mut query =
            ListQuery { collection: collection.map(str::to_owned), limit: Some(500), ..ListQuery::default() };
        loop {
            let end = self
                .node
                .list(caller, &query, &mut |entry| listed.push((entry.id.to_string(), entry.tlp.to_string())))
                .unwrap();
            query.next = end.next;
            if !end.more {
                return listed;
            }
        }
    }

    /// The label under which a caller finds one object.
    pub fn label(&self, caller: &Caller, id: &str) -> Option<String> {
        self.listed(caller, None).into_iter().find(|(listed, _)| listed == id).map(|(_, label)| label)
    }
}

fn open(
    folder: &tempfile::TempDir,
    settings: Settings,
    now: &Arc<AtomicI64>,
    housekept: &Arc<AtomicU32>,
) -> Node {
    let (now, housekept) = (Arc::clone(now), Arc::clone(housekept));
    let clock = move || {
        if std::thread::current().name() == Some("housekeeping") {
            housekept.fetch_add(1, Ordering::SeqCst);
        }
        Timestamp(now.load(Ordering::SeqCst))
    };
    Node::open(folder.path(), settings, Arc::new(clock)).unwrap()
}

pub fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// An indicator in JSON; `rest` are more members, each with a comma before it.
pub fn indicator(n: u32, modified: &str, rest: &str) -> String {
    format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"{}\",\"created\":\"2026-01-01T00:00:00.000Z\",\
         \"modified\":\"{modified}\",\"name\":\"number {n}\",\"description\":\"d\",\
         \"indicator_types\":[\"malicious-activity\"],\
         \"pattern\":\"[ipv4-addr:value = '198.51.{}.{}']\",\"pattern_type\":\"stix\",\
         \"valid_from\":\"2026-01-01T00:00:00Z\"{rest}}}",
        id(n),
        n / 250,
        n % 250,
    )
}

pub const FIRST: &str = "2026-01-01T00:00:00.000Z";
pub const SECOND: &str = "2026-02-01T00:00:00.000Z";

pub fn id(n: u32) -> String {
    format!("indicator--00000000-0000-4000-8000-{n:012x}")
}

pub fn envelope(objects: &[String]) -> String {
    format!("{{\"objects\":[{}]}}", objects.join(","))
}
