//! A small world to write in: members who do not trust each other, tokens of every role, some of them narrow or short-lived,
//! and a clock that lets something else happen in the middle of a write.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;

use model::{Timestamp, Tlp};
use node::{Credential, ImportOptions, NewCircle, NewCollection, NewMember, NewToken, Node, Settings};
use tempfile::TempDir;
use uuid::Uuid;

use super::deed::Said;
use crate::Outcome;
use crate::generate::Random;

/// Members beside the node's own.
pub const MEMBERS: [&str; 3] = ["Ada", "Bert", "Cleo"];
/// Objects that are said before anything is tried.
const OBJECTS: u64 = 9;
/// When it begins: 2026-06-01T00:00:00Z.
pub const BEGIN: i64 = 1_780_272_000_000_000;

type Race = Box<dyn FnOnce() + Send>;

/// A clock, and what happens when it is read for the `n`th time by one thread.
#[derive(Default)]
pub struct Clock {
    now: AtomicI64,
    race: Mutex<Option<(ThreadId, u64, Race)>>,
}

impl Clock {
    fn read(&self) -> Timestamp {
        let race = {
            let mut race = self.race.lock().unwrap_or_else(PoisonError::into_inner);
            match race.as_mut() {
                Some((thread, left, _)) if *thread == std::thread::current().id() => {
                    *left = left.saturating_sub(1);
                    if *left == 0 { race.take() } else { None }
                }
                _ => None,
            }
        };
        if let Some((_, _, happens)) = race {
            happens();
        }
        self.now()
    }

    /// The time, and nothing happens.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    /// Lets time go by.
    pub fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// When this thread reads the clock for the `n`th time from now, this happens first.
    pub fn after(&self, n: u64, happens: Race) {
        let race = Some((std::thread::current().id(), n, happens));
        *self.race.lock().unwrap_or_else(PoisonError::into_inner) = race;
    }

    /// Nothing happens any more.
    pub fn calm(&self) {
        *self.race.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A world.
pub struct World {
    /// The node.
    pub node: Node,
    /// Its clock.
    pub clock: Arc<Clock>,
    /// Its folder.
    pub folder: TempDir,
    /// Tokens by id, with their secrets.
    pub tokens: BTreeMap<Uuid, String>,
    /// Ids of objects that were said.
    pub objects: Vec<String>,
    /// Who gives what the node holds does it with another's leave.
    pub four_eyes: bool,
}

impl World {
    /// Makes one.
    pub fn new(random: &mut Random) -> Outcome<World> {
        let memory = std::path::PathBuf::from("/dev/shm");
        let below = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = TempDir::new_in(below)?;
        let clock = Arc::new(Clock::default());
        clock.now.store(BEGIN, Ordering::SeqCst);
        let ticking = Arc::clone(&clock);
        let four_eyes = random.below(2) == 0;
        let settings = Settings { disclosure_four_eyes: four_eyes, ..Settings::default() };
        let node = Node::open(folder.path(), settings, Arc::new(move || ticking.read()))?;
        let (tokens, objects) = (BTreeMap::new(), Vec::new());
        let mut world = World { node, clock, folder, tokens, objects, four_eyes };
        world.people()?;
        world.circles()?;
        for n in 0..OBJECTS {
            world.say(n, random)?;
        }
        Ok(world)
    }

    fn people(&mut self) -> Outcome {
        let operator = self.node.operator();
        for (title, ceiling) in [("all", None), ("open", Some(Tlp::Green))] {
            let alias = Some(format!("{title}-alias"));
            let new = NewCollection { title: title.to_owned(), alias, ceiling, ..NewCollection::default() };
            self.node.add_collection(&operator, &new)?;
        }
        for name in MEMBERS {
            self.node.add_member(&operator, &NewMember { name: name.to_owned(), ..NewMember::default() })?;
            for person in ["first", "second"] {
                self.node.add_person(&self.node.operator(), name, person)?;
            }
            let plain = |role: &str| NewToken {
                member: name.to_owned(),
                roles: vec![role.to_owned()],
                name: Some(role.to_owned()),
                ..NewToken::default()
            };
            for role in ["reader", "sensor", "analyst", "curator", "organisation-administrator"] {
                self.token(&plain(role))?;
            }
            let both = vec!["analyst".to_owned(), "organisation-administrator".to_owned()];
            self.token(&NewToken { roles: both, name: None, ..plain("analyst") })?;
            let person = Some("first".to_owned());
            self.token(&NewToken { person, expire_s: Some(7_200), name: None, ..plain("analyst") })?;
            let (ceiling, expire_s) = (Some(Tlp::Green), Some(40_000));
            self.token(&NewToken { ceiling, expire_s, name: None, ..plain("organisation-administrator") })?;
            let (read, write) = (vec!["all".to_owned()], vec!["all".to_owned(), "open".to_owned()]);
            self.token(&NewToken { read, write, name: None, ..plain("analyst") })?;
        }
        let own = NewToken {
            member: "This organisation".to_owned(),
            roles: vec!["administrator".to_owned()],
            ..NewToken::default()
        };
        self.token(&own)?;
        let curates = vec!["administrator".to_owned(), "analyst".to_owned()];
        self.token(&NewToken { member: "Cleo".to_owned(), roles: curates, ..own })?;
        Ok(())
    }

    fn token(&mut self, new: &NewToken) -> Outcome {
        let made = self.node.add_token(&self.node.operator(), new)?;
        self.tokens.insert(made.id.parse()?, made.secret);
        Ok(())
    }

    /// The secret of some token of a member that can write.
    fn writer(&self, member: &str) -> Outcome<String> {
        let all = self.node.tokens(&self.node.operator())?;
        let writes = |token: &&node::views::Token| {
            token.member.name == member && token.roles.len() == 2 && token.roles.contains(&"analyst")
        };
        let found = all.iter().find(writes).ok_or("nobody writes")?;
        Ok(self.tokens.get(&found.id.parse()?).cloned().unwrap_or_default())
    }

    fn circles(&mut self) -> Outcome {
        // Two of one name, of which nobody is in both but one.
        for (name, owner, other) in [("ring", 0, 1), ("ring", 2, 1), ("duo", 1, 2)] {
            let of = |at: usize| MEMBERS.get(at).copied().unwrap_or_default();
            let by = |secret: String| self.node.authenticate(&Credential::Token(secret), None);
            let owner = by(self.writer(of(owner))?)?;
            let new = NewCircle { name: name.to_owned(), ..NewCircle::default() };
            let Ok(made) = self.node.add_circle(&owner, &new) else { continue };
            let invited = self.node.invite(&owner, &made.id, None)?;
            let other = by(self.writer(of(other))?)?;
            // A member is in one circle of a name.
            let _taken = self.node.join_circle(&other, &invited.secret, None);
        }
        Ok(())
    }

    fn say(&mut self, n: u64, random: &mut Random) -> Outcome {
        let at = random.below(3) as usize;
        let member = MEMBERS.get(at).copied().unwrap_or_default();
        let by = self.node.authenticate(&Credential::Token(self.writer(member)?), None)?;
        let circle = self.node.circles(&by)?.first().map(|circle| format!("circle:{}", circle.id));
        let (tlp, to) = match n % 6 {
            0 => (Tlp::Clear, None),
            1 => (Tlp::Green, None),
            2 => (Tlp::Amber, None),
            3 => (Tlp::Red, None),
            4 => (Tlp::Amber, circle),
            _ => (Tlp::AmberStrict, None),
        };
        let object =
            format!("indicator--{}", Uuid::from_u128((7 << 76) | (2 << 62) | u128::from(random.next())));
        let to = to.into_iter().collect();
        let options = ImportOptions { tlp: Some(tlp), to, ..ImportOptions::default() };
        for version in 0..1 + random.below(2) {
            let said = Said { collection: None, member: None, object: object.clone(), version, tlp };
            self.node.submit(&by, &options, said.json().as_bytes())?;
        }
        self.objects.push(object);
        Ok(())
    }
}
