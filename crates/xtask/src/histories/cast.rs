//! A node in a folder of its own, with those who take part, and a clock that the history sets.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use model::Timestamp;
use node::{Caller, Credential, Error, Node, Settings};
use tempfile::TempDir;

use super::plan::{CIRCLES, COLLECTIONS, Holds, MEMBERS, NewCollection, NewToken, PERSONS, TOKENS};
use super::waiting::{DESK_INTERVAL_S, DESK_MEMBERS, QUEUE_DAYS};
use crate::Outcome;

/// 2026-09-01T00:00:00Z.
pub const START: i64 = 1_788_220_800_000_000;

/// A year before: a history puts the clock back by less.
const LONG_BEFORE: i64 = START - 366 * 86_400_000_000;

/// Those who take part, as the node knows them: the same in every history.
#[derive(Debug, Clone, Default)]
pub struct Cast {
    /// Ids of members.
    pub members: Vec<String>,
    /// Their STIX identities.
    pub identities: Vec<String>,
    /// Ids of persons.
    pub persons: Vec<String>,
    /// Secrets of tokens; empty for one that was refused.
    pub secrets: Vec<String>,
    /// Their ids.
    pub tokens: Vec<String>,
    /// Ids of collections.
    pub collections: Vec<String>,
}

/// The folder that every history begins with a copy of.
pub struct Beginning {
    folder: TempDir,
    cast: Cast,
}

/// A node that stands.
pub struct World {
    /// The node.
    pub node: Node,
    /// Who takes part.
    pub cast: Cast,
    /// What time it is.
    pub clock: Arc<AtomicI64>,
    /// What was sent and waits or waited, by id.
    pub sent: Vec<String>,
    see: Arc<See>,
    folder: TempDir,
    below: PathBuf,
}

/// Which jobs of the node see the time. They run when they are woken, and what comes of that has to stand on paper.
#[derive(Debug, Default)]
struct See {
    /// Those that keep house; else, for them, nothing is old yet.
    housekeeping: AtomicBool,
    /// The one that lets in what waited; else, for it, nothing is due.
    arrivals: AtomicBool,
}

fn open(folder: &Path, clock: &Arc<AtomicI64>, see: &Arc<See>) -> Result<Node, Error> {
    let settings = Settings {
        organisation: "The node".to_owned(),
        anonymous: true,
        desk_interval_s: u32::try_from(DESK_INTERVAL_S).unwrap_or(u32::MAX),
        desk_members: DESK_MEMBERS,
        queue_days: QUEUE_DAYS,
        queue_returns_overdue: true,
        ..Settings::default()
    };
    let (clock, see) = (Arc::clone(clock), Arc::clone(see));
    let now = move || {
        let now = clock.load(Ordering::SeqCst);
        Timestamp(match std::thread::current().name() {
            Some("housekeeping") if !see.housekeeping.load(Ordering::SeqCst) => LONG_BEFORE,
            Some("arrivals") if !see.arrivals.load(Ordering::SeqCst) => 0,
            _ => now,
        })
    };
    Node::open(folder, settings, Arc::new(now))
}

fn copy(from: &Path, to: &Path) -> Outcome {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && entry.file_name() != "lock" {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

impl Beginning {
    /// Makes it below a folder.
    pub fn make(below: &Path) -> Outcome<Beginning> {
        let folder = TempDir::new_in(below)?;
        let clock = Arc::new(AtomicI64::new(START));
        let node = open(folder.path(), &clock, &Arc::default())?;
        let mut cast = Cast::default();
        let operator = node.operator();
        for member in 0..MEMBERS {
            let new = node::NewMember { name: format!("Member {member}"), ..node::NewMember::default() };
            let added = node.add_member(&operator, &new)?;
            cast.members.push(added.id);
            cast.identities.extend(added.identities);
        }
        for (person, member) in PERSONS.iter().enumerate() {
            let member = cast.members.get(*member).cloned().unwrap_or_default();
            let added = node.add_person(&operator, &member, &format!("Person {person}"))?;
            cast.persons.push(added.id);
        }
        for new in COLLECTIONS {
            cast.add_collection(&node, &new)?;
        }
        for (member, person, ceiling, writes, curates) in TOKENS {
            let new = NewToken { member, person, ceiling, only: None, writes, curates };
            cast.add_token(&node, &new)?;
        }
        node.stop();
        drop(node);
        Ok(Beginning { folder, cast })
    }

    /// A node on a copy of it.
    pub fn world(&self, below: &Path) -> Outcome<World> {
        let folder = TempDir::new_in(below)?;
        copy(self.folder.path(), folder.path())?;
        let clock = Arc::new(AtomicI64::new(START + 60_000_000));
        let see = Arc::default();
        let node = open(folder.path(), &clock, &see)?;
        let (cast, sent) = (self.cast.clone(), Vec::new());
        Ok(World { node, cast, clock, sent, see, folder, below: below.to_owned() })
    }
}

impl Cast {
    /// Hands a token out.
    pub fn add_token(&mut self, node: &Node, new: &NewToken) -> Result<(), Error> {
        let role = if new.writes { "analyst" } else { "reader" };
        let curator = new.curates.then(|| "curator".to_owned());
        let named = |at: &usize| self.collections.get(*at).cloned().unwrap_or_default();
        let asked = node::NewToken {
            member: self.members.get(new.member).cloned().unwrap_or_default(),
            person: new.person.and_then(|person| self.persons.get(person).cloned()),
            roles: std::iter::once(role.to_owned()).chain(curator).collect(),
            read: new.only.iter().flatten().map(named).collect(),
            ceiling: Some(new.ceiling),
            ..node::NewToken::default()
        };
        let added = node.add_token(&node.operator(), &asked);
        // One that was refused has its place all the same.
        self.secrets.push(added.as_ref().map(|added| added.secret.clone()).unwrap_or_default());
        self.tokens.push(added.as_ref().map(|added| added.id.clone()).unwrap_or_default());
        added.map(drop)
    }

    /// Makes a collection.
    pub fn add_collection(&mut self, node: &Node, new: &NewCollection) -> Result<(), Error> {
        let filter = match new.holds {
            Holds::All => String::new(),
            Holds::Indicators => "type = indicator".to_owned(),
            Holds::UpTo(tlp) => format!("label <= {}", tlp.name().to_lowercase()),
        };
        let asked = node::NewCollection {
            title: format!("Collection {}", self.collections.len()),
            filter,
            ceiling: Some(new.ceiling),
            default_label: Some(model::Tlp::Clear),
            curation: new.looks,
            ..node::NewCollection::default()
        };
        self.collections.push(node.add_collection(&node.operator(), &asked)?.id);
        Ok(())
    }

    /// Whom to address, in the node's words.
    pub fn to(&self, to: &super::plan::To) -> Vec<String> {
        let circle = to.circle.and_then(|at| CIRCLES.get(at)).map(|name| format!("circle:{name}"));
        let id = |ids: &[String], at: &usize| ids.get(*at).cloned().unwrap_or_default();
        let members = to.members.iter().map(|at| format!("member:{}", id(&self.members, at)));
        let persons = to.persons.iter().map(|at| format!("person:{}", id(&self.persons, at)));
        circle.into_iter().chain(members).chain(persons).collect()
    }
}

impl World {
    /// Whoever shows a token, or nothing.
    pub fn caller(&self, token: Option<usize>) -> Result<Caller, Error> {
        match token {
            None => self.node.visitor(),
            Some(at) => {
                let secret = self.cast.secrets.get(at).cloned().unwrap_or_default();
                self.node.authenticate(&Credential::Token(secret), None)
            }
        }
    }

    /// What is let in or refused now is, by the clock of now.
    pub fn ready(&self) {
        self.see.arrivals.store(true, Ordering::SeqCst);
    }

    /// The clock goes on; what comes due by that waits until it is let in.
    pub fn later(&self, by: i64) {
        self.see.arrivals.store(false, Ordering::SeqCst);
        self.clock.fetch_add(by, Ordering::SeqCst);
    }

    /// Has everything let in that is due; `by_clock` where nothing but the time says that it is.
    pub fn let_in(self, by_clock: bool) -> Outcome<World> {
        self.see.arrivals.store(true, Ordering::SeqCst);
        // A start looks for what is due.
        if by_clock { self.restarted() } else { Ok(self) }
    }

    /// Stops the node and starts it on the same folder.
    pub fn restarted(self) -> Outcome<World> {
        let World { node, cast, clock, sent, see, folder, below } = self;
        node.stop();
        drop(node);
        let node = open(folder.path(), &clock, &see)?;
        Ok(World { node, cast, clock, sent, see, folder, below })
    }

    /// The jobs do their round.
    pub fn housekept(self) -> Outcome<World> {
        self.see.housekeeping.store(true, Ordering::SeqCst);
        // Who stops waits for the round that a start begins with.
        let world = self.restarted()?.stopped()?;
        world.see.housekeeping.store(false, Ordering::SeqCst);
        world.restarted()
    }

    fn stopped(self) -> Outcome<World> {
        self.node.stop();
        Ok(self)
    }

    /// Copies the node into a backup, and goes on with what is restored from it.
    pub fn restored(self) -> Outcome<World> {
        let (backup, to) = (TempDir::new_in(&self.below)?, TempDir::new_in(&self.below)?);
        self.node.backup(&self.node.operator(), backup.path(), &mut |_, _| ())?;
        let World { node, cast, clock, sent, see, folder, below } = self;
        node.stop();
        drop(node);
        Node::restore(backup.path(), Some(folder.path()), to.path())?;
        let node = open(to.path(), &clock, &see)?;
        Ok(World { node, cast, clock, sent, see, folder: to, below })
    }
}
