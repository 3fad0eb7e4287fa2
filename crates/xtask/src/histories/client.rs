//! Clients that ask again and again for what is new. Each notes what it got; on paper stands what it should have got.

use std::collections::{BTreeMap, BTreeSet};

use model::{Timestamp, Tlp};
use node::ListQuery;

use super::acts::key_of;
use super::cast::World;
use super::paper::{Key, Paper, Said, State, Who};
use super::plan::{NewClient, Way};

/// Pages after which a client would never come to an end.
const ENDLESS: usize = 400;

/// A client.
#[derive(Debug)]
pub struct Client {
    new: NewClient,
    after: Option<Timestamp>,
    next: Option<String>,
    // Up to when it has everything, by the last page that was not empty.
    last: Option<Timestamp>,
    // The last time that it was told of.
    told: Option<Timestamp>,
    // It stopped within what was sequenced together, and goes on by a time.
    within: bool,
    got: BTreeSet<Key>,
    // What may come, or come again: it entered, or became visible, since it came last.
    due: BTreeSet<Key>,
    // What stood behind something else under its id at some time: who had that is not sent it later.
    behind: BTreeSet<Key>,
    shown: BTreeSet<Key>,
    // Of what is shown and has parts that are not for everybody, up to which of them it sees.
    parts: BTreeMap<Key, Tlp>,
    seen: BTreeSet<Key>,
}

/// What a poll found wrong, if anything.
type Found = Result<(), String>;

impl Client {
    /// One that has asked for nothing yet.
    pub fn new(new: NewClient, paper: &Paper) -> Client {
        let mut client = Client {
            new,
            after: None,
            next: None,
            last: None,
            told: None,
            within: false,
            got: BTreeSet::new(),
            due: BTreeSet::new(),
            behind: BTreeSet::new(),
            shown: BTreeSet::new(),
            parts: BTreeMap::new(),
            seen: BTreeSet::new(),
        };
        client.follow(paper, &BTreeSet::new());
        client
    }

    fn listed<'p>(&self, paper: &'p Paper) -> BTreeMap<Key, &'p Said> {
        let reads = paper.reads(self.new.token, self.new.collection);
        match paper.who(self.new.token).filter(|_| reads) {
            Some(who) => paper.listed(&who, self.new.collection),
            None => BTreeMap::new(),
        }
    }

    /// Notes what a step changed for it. `again` entered again under other labels.
    pub fn follow(&mut self, paper: &Paper, again: &BTreeSet<Key>) {
        let listed = self.listed(paper);
        let shown: BTreeSet<Key> = listed.keys().copied().collect();
        self.due.retain(|key| shown.contains(key));
        self.due.extend(shown.iter().filter(|key| !self.shown.contains(key) || again.contains(key)));
        let Some(who) = paper.who(self.new.token) else { return };
        let ceiling =
            self.new.collection.and_then(|at| paper.collection(at)).map_or(Tlp::Red, |one| one.ceiling);
        // What its reader may see more of by now is new to it, whatever a ceiling hides on this road: how many parts lie between is
        // not told by a label.
        let above = Who { ceiling: Tlp::Red, ..who };
        let parts = listed.iter().filter_map(|(key, said)| Some((*key, paper.parts_up_to(&above, said)?)));
        let parts: BTreeMap<Key, Tlp> = parts.collect();
        let is_more = |(key, upto): &(&Key, &Tlp)| self.parts.get(key).is_some_and(|before| before < upto);
        self.due.extend(parts.iter().filter(is_more).map(|(key, _)| *key));
        let visible = paper.seen(&who, ceiling);
        for one in visible.iter().filter(|one| !listed.contains_key(&one.key)) {
            // Behind a later version of the same member under the same label it comes to the front again as new.
            let in_front = visible.iter().any(|other| {
                let later = (other.key.0, other.key.2) == (one.key.0, one.key.2) && other.key.1 > one.key.1;
                later && paper.same(&other.label, &one.label)
            });
            if !in_front {
                self.behind.insert(one.key);
            }
        }
        let seen: BTreeSet<Key> = visible.iter().map(|one| one.key).collect();
        let stands = |key: &Key| paper.said.iter().any(|one| one.key == *key && one.state == State::Stands);
        let lost = self.seen.iter().any(|key| !seen.contains(key) && stands(key) && !again.contains(key));
        // Who sees less of what was sequenced together has later times for the rest of it.
        if lost && self.within {
            self.due.extend(shown.iter().copied());
        }
        (self.shown, self.parts, self.seen) = (shown, parts, seen);
    }

    /// Asks, to the end or for so many pages.
    pub fn poll(&mut self, world: &World, paper: &Paper, pages: Option<usize>, forgets: bool) -> Found {
        let allowed = paper.reads(self.new.token, self.new.collection);
        let mut asked = 0;
        loop {
            let more = match self.page(world, paper) {
                Ok(more) => more,
                Err(None) if !allowed => return Ok(()),
                Err(None) => return Err("it was refused".to_owned()),
                Err(Some(wrong)) => return Err(wrong),
            };
            if !allowed {
                return Err("it was not refused".to_owned());
            }
            asked += 1;
            if !more {
                return Ok(());
            }
            if asked > ENDLESS {
                return Err("it does not come to an end".to_owned());
            }
            if pages.is_some_and(|pages| asked >= pages) {
                break;
            }
        }
        if forgets || self.new.way == Way::Millis {
            // It begins again from where it was at the end of an earlier poll, or a little before.
            if self.next.take().is_some() {
                self.due.extend(self.shown.iter().copied());
                (self.told, self.last) = (None, self.after);
            }
        }
        Ok(())
    }

    // One page: whether more follow. An error without words is a refusal.
    fn page(&mut self, world: &World, paper: &Paper) -> Result<bool, Option<String>> {
        let caller = world.caller(self.new.token).map_err(|_| None)?;
        let collection =
            self.new.collection.map(|at| world.cast.collections.get(at).cloned().unwrap_or_default());
        let added_after = if self.next.is_some() { None } else { self.after };
        let query = ListQuery {
            collection,
            added_after,
            limit: Some(self.new.limit),
            next: self.next.take(),
            ..ListQuery::default()
        };
        let mut page = Vec::new();
        let end = world
            .node
            .list(&caller, &query, &mut |entry| page.push((entry.date_added, key_of(entry.wire))))
            .map_err(|error| match error.kind {
                node::Kind::NotFound | node::Kind::Forbidden | node::Kind::Unauthenticated => None,
                _ => Some(error.to_string()),
            })?;
        let count = page.len();
        for (at, key) in page {
            let key = key.ok_or_else(|| Some("it was sent what nobody said".to_owned()))?;
            self.take(at, key).map_err(Some)?;
        }
        if end.more && count != self.new.limit {
            return Err(Some(format!("a page of {count} of {} says that more follow", self.new.limit)));
        }
        if end.more != end.next.is_some() {
            return Err(Some("`more` and `next` contradict each other".to_owned()));
        }
        debug_assert!(self.listed(paper).keys().copied().eq(self.shown.iter().copied()));
        self.within = end.more;
        self.last = end.last.or(self.last);
        let by_next = self.new.way != Way::Times;
        self.next = end.next.filter(|_| by_next);
        if !end.more || !by_next {
            self.after = self.last;
        }
        if self.new.way == Way::Millis {
            self.after = self.after.map(|at| Timestamp(at.0.div_euclid(1_000) * 1_000));
        }
        Ok(end.more)
    }

    fn take(&mut self, at: Timestamp, key: Key) -> Found {
        if !self.shown.contains(&key) {
            return Err(format!("{key:?} is not for it, or not what it is shown"));
        }
        if self.told.is_some_and(|told| told >= at) {
            return Err(format!("{key:?} was added at {at}, not after what it was told before"));
        }
        self.told = Some(at);
        if !self.due.remove(&key) {
            return Err(format!("{key:?} came twice"));
        }
        self.got.insert(key);
        Ok(())
    }

    /// Asks to the end, and looks whether all came that should have.
    pub fn end(&mut self, world: &World, paper: &Paper) -> Found {
        self.poll(world, paper, None, false)?;
        if !paper.reads(self.new.token, self.new.collection) {
            return Ok(());
        }
        match self.shown.iter().find(|key| !self.got.contains(key) && !self.behind.contains(key)) {
            Some(key) => Err(format!("{key:?} never came")),
            None => Ok(()),
        }
    }

    /// Who it is, for people.
    pub fn name(&self) -> String {
        format!("{:?}", self.new)
    }
}
