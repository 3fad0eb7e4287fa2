//! What happened, as somebody would keep it on paper: who is in which circle, who said what to whom, and who sees it. Slow and
//! plain; nothing here asks the node, and nothing of the node's rules is used.

use std::collections::{BTreeMap, BTreeSet};

use model::Tlp;
use model::circle::Curation;

use super::plan::{COLLECTIONS, Holds, MEMBERS, NewCollection, NewToken, OBJECTS, TOKENS, To};
use super::waiting::{DESK_MEMBERS, Waiting};

/// A statement as it is told apart: object, version, under what it is said, and in which wording.
pub type Key = (usize, usize, usize, usize);

/// Under what a member says something without its name. By its name it is the member's own place.
pub fn desk_of(member: usize) -> usize {
    MEMBERS + member
}

/// The member that says what is said under this.
pub fn member_of(source: usize) -> usize {
    source % MEMBERS
}

/// The note that a member recalls something with in this step, as an object of its own.
pub fn note_of(member: usize, tick: u32) -> usize {
    OBJECTS + member + MEMBERS * tick as usize
}

/// Whether an object is such a note.
pub fn is_note(object: usize) -> bool {
    object >= OBJECTS
}

/// The number of the version that takes back another one at a time: it says what that said, and comes after all others.
pub fn recalled(number: usize, now: i64) -> usize {
    number % 10 + usize::try_from(now / 1_000).unwrap_or(0) * 10
}

/// When a version took back what its object said, in microseconds, if it does.
pub fn recalled_at(number: usize) -> Option<i64> {
    i64::try_from(number / 10 * 1_000).ok().filter(|at| *at > 0)
}

/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;

/// The label that an object brings itself, by its version.
pub fn marked(object: usize, version: usize) -> Option<Tlp> {
    let version = version % 10;
    let tlp = Tlp::ALL.get((object * 2 + version) % Tlp::ALL.len()).copied();
    tlp.filter(|_| !is_note(object) && (object + version).is_multiple_of(3))
}

/// What its description is marked with, by its version, if it has one (STIX 2.1 §7.2.3).
pub fn part(object: usize, version: usize) -> Option<Tlp> {
    let version = version % 10;
    let tlp = Tlp::ALL.get(1 + (object + version) % 4).copied();
    tlp.filter(|_| !is_note(object) && (object + 2 * version) % 5 < 2)
}

/// The strictest that is said under a TLP, of the whole or of its part.
pub fn strictest(object: usize, version: usize, tlp: Tlp) -> Tlp {
    part(object, version).map_or(tlp, |part| part.max(tlp))
}

/// The value that a version of an indicator speaks of, in a wording.
pub fn value(object: usize, version: usize, wording: usize) -> usize {
    object % 3 + (version % 10 + wording) % 2 * 3
}

/// Whether an object is an indicator.
pub fn is_indicator(object: usize) -> bool {
    !is_note(object) && object % 4 != 3
}

/// The member in whose name an object is said, if it is in somebody's.
pub fn owner(object: usize) -> Option<usize> {
    if is_note(object) {
        return Some((object - OBJECTS) % MEMBERS);
    }
    object.is_multiple_of(3).then_some(object / 3 % MEMBERS)
}

/// Somebody's being in a circle.
#[derive(Debug, Clone)]
pub struct Stay {
    /// Who.
    pub member: usize,
    /// He left at this tick, and keeps what was said before, or does not.
    pub left: Option<(u32, bool)>,
}

/// A circle.
#[derive(Debug, Clone)]
pub struct Circle {
    /// The place of its name.
    pub name: usize,
    /// Leavers keep what they saw.
    pub keeps: bool,
    /// Who looks first at what is said to it.
    pub looks: Curation,
    /// Nothing above.
    pub ceiling: Tlp,
    /// It ends then.
    pub expires: i64,
    /// It has ended.
    pub ended: bool,
    /// In the order of joining.
    pub stays: Vec<Stay>,
}

/// To whom something is, and since when it is to the circle as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The TLP.
    pub tlp: Tlp,
    /// A circle by its place among all that ever were, and the tick.
    pub circle: Option<(usize, u32)>,
    /// Members.
    pub members: Vec<usize>,
    /// Persons.
    pub persons: Vec<usize>,
    /// Held back, and no lifting before this time.
    pub embargo: Option<Option<i64>>,
    /// Without a name: the sector that is vouched for.
    pub sector: Option<usize>,
}

impl Label {
    fn names_nobody(&self) -> bool {
        self.circle.is_none() && self.members.is_empty() && self.persons.is_empty()
    }
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It stands.
    Stands,
    /// The same member said the same version in other words before: it is kept, and nobody is shown it.
    Aside,
    /// It was taken back, and is kept.
    TakenBack,
    /// It was erased.
    Erased,
}

/// A statement.
#[derive(Debug, Clone)]
pub struct Said {
    /// Which.
    pub key: Key,
    /// To whom, by now.
    pub label: Label,
    /// The label that it brings itself.
    pub marked: Option<Tlp>,
    /// About when it was added: not before the first, and not after the second.
    pub added: (i64, i64),
    /// The tick at which it entered last.
    pub entered: u32,
    /// Whether it stands.
    pub state: State,
}

/// A token.
#[derive(Debug, Clone)]
pub struct Token {
    /// What it is good for.
    pub new: NewToken,
    /// It is good for nothing.
    pub gone: bool,
}

/// A collection.
#[derive(Debug, Clone, Copy)]
pub struct Collection {
    /// What it is.
    pub new: NewCollection,
    /// It is there no more.
    pub gone: bool,
}

/// Somebody who reads.
#[derive(Debug, Clone, Copy)]
pub struct Who {
    /// His member; a visitor has none.
    pub member: Option<usize>,
    /// The person that he is.
    pub person: Option<usize>,
    /// Up to where he reads.
    pub ceiling: Tlp,
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Paper {
    /// The clock, in microseconds.
    pub now: i64,
    /// Steps done.
    pub tick: u32,
    /// Members that were revoked.
    pub gone: BTreeSet<usize>,
    /// Persons that were revoked.
    pub persons_gone: BTreeSet<usize>,
    /// Of which sector each member is; 0 is none.
    pub sectors: [usize; MEMBERS],
    /// Which values members declared as their own.
    pub assets: BTreeSet<(usize, usize)>,
    /// Whose client each member is.
    pub providers: [BTreeSet<usize>; MEMBERS],
    /// Who is nothing else.
    pub only: [bool; MEMBERS],
    /// Tokens.
    pub tokens: Vec<Token>,
    /// Collections.
    pub collections: Vec<Collection>,
    /// Circles, those that ended too.
    pub circles: Vec<Circle>,
    /// Statements, in order.
    pub said: Vec<Said>,
    /// What waits or waited, in order.
    pub waiting: Vec<Waiting>,
    /// Bytes that are not taken again.
    pub refused: BTreeSet<Key>,
    /// The time of what surely was added last, and of what may have been: a join that opens nothing adds nothing.
    pub sealed: (i64, i64),
}

impl Paper {
    /// As every history begins.
    pub fn new(now: i64) -> Paper {
        let token =
            |(member, person, ceiling, writes, curates): &(usize, Option<usize>, Tlp, bool, bool)| Token {
                new: NewToken {
                    member: *member,
                    person: *person,
                    ceiling: *ceiling,
                    only: None,
                    writes: *writes,
                    curates: *curates,
                },
                gone: false,
            };
        Paper {
            now,
            tick: 0,
            gone: BTreeSet::new(),
            persons_gone: BTreeSet::new(),
            sectors: [0; MEMBERS],
            assets: BTreeSet::new(),
            providers: Default::default(),
            only: [false; MEMBERS],
            tokens: TOKENS.iter().map(token).collect(),
            collections: COLLECTIONS.map(|new| Collection { new, gone: false }).to_vec(),
            circles: Vec::new(),
            said: Vec::new(),
            waiting: Vec::new(),
            refused: BTreeSet::new(),
            sealed: (now, now),
        }
    }

    /// A token that is good.
    pub fn token(&self, at: usize) -> Option<&NewToken> {
        let token = self.tokens.get(at).filter(|token| !token.gone)?;
        let person_gone = token.new.person.is_some_and(|person| self.persons_gone.contains(&person));
        (!person_gone && !self.gone.contains(&token.new.member)).then_some(&token.new)
    }

    /// A token that is good and writes.
    pub fn writer(&self, at: usize) -> Option<&NewToken> {
        self.token(at).filter(|token| token.writes)
    }

    /// Whoever reads with a token, if it is good, or without one.
    pub fn who(&self, token: Option<usize>) -> Option<Who> {
        let Some(at) = token else {
            return Some(Who { member: None, person: None, ceiling: Tlp::Clear });
        };
        let NewToken { member, person, ceiling, .. } = self.token(at)?;
        Some(Who { member: Some(*member), person: *person, ceiling: *ceiling })
    }

    /// A collection that is there.
    pub fn collection(&self, at: usize) -> Option<&NewCollection> {
        self.collections.get(at).filter(|one| !one.gone).map(|one| &one.new)
    }

    /// Whether he who reads with a token, or without one, reads through a collection, or outside of any.
    pub fn reads(&self, token: Option<usize>, collection: Option<usize>) -> bool {
        let there = collection.is_none_or(|at| self.collection(at).is_some());
        match token {
            // Visitors are told of collections that were made for everybody.
            None => {
                let for_all =
                    |at| self.collection(at).is_some_and(|one: &NewCollection| one.ceiling == Tlp::Clear);
                collection.is_none_or(for_all)
            }
            Some(token) => self.token(token).is_some_and(|token| {
                let covers = |only: &Vec<usize>| collection.is_some_and(|at| only.contains(&at));
                there && token.only.as_ref().is_none_or(covers)
            }),
        }
    }

    /// Those who are in a circle, the longest first.
    pub fn inside<'p>(&'p self, circle: &'p Circle) -> impl Iterator<Item = usize> + 'p {
        let in_it =
            circle.stays.iter().filter(|stay| stay.left.is_none() && !self.gone.contains(&stay.member));
        in_it.map(|stay| stay.member)
    }

    /// A circle goes on.
    pub fn is_live(&self, circle: &Circle) -> bool {
        !circle.ended && circle.expires > self.now && self.inside(circle).next().is_some()
    }

    /// The circle that goes on under a name, by its place.
    pub fn live(&self, name: usize) -> Option<usize> {
        self.circles.iter().position(|circle| circle.name == name && self.is_live(circle))
    }

    /// The circle of a name that a member is in, by its place.
    pub fn his(&self, name: usize, member: usize) -> Option<usize> {
        let at = self.live(name)?;
        self.circles.get(at).filter(|circle| self.inside(circle).any(|one| one == member)).map(|_| at)
    }

    /// Circles that are over and that nobody has ended yet.
    pub fn has_over(&self) -> bool {
        self.circles.iter().any(|circle| !circle.ended && !self.is_live(circle))
    }

    /// Ends those.
    pub fn end_over(&mut self) {
        let over: Vec<bool> = self.circles.iter().map(|circle| !self.is_live(circle)).collect();
        for (circle, over) in self.circles.iter_mut().zip(over) {
            circle.ended |= over;
        }
    }

    // Whether what was said to a circle is for a member: he is in it, or left it later and keeps what was said.
    fn circle_shows(&self, at: usize, since: u32, member: usize) -> bool {
        let Some(circle) = self.circles.get(at) else { return false };
        let last = circle.stays.iter().rev().find(|stay| stay.member == member);
        last.is_some_and(|stay| match stay.left {
            None => circle.keeps || self.is_live(circle),
            Some((left, keeps)) => keeps && since < left,
        })
    }

    /// Whether what a member said under a label is for somebody.
    pub fn is_for(&self, who: &Who, source: usize, label: &Label) -> bool {
        if label.tlp > who.ceiling {
            return false;
        }
        let Some(member) = who.member else { return label.tlp == Tlp::Clear && label.embargo.is_none() };
        if member == member_of(source) {
            return true;
        }
        let as_person = who.person.is_some_and(|person| label.persons.contains(&person));
        if label.tlp == Tlp::Red {
            return as_person;
        }
        let by_circle = label.circle.is_some_and(|(at, since)| self.circle_shows(at, since, member));
        let named = as_person || label.members.contains(&member) || by_circle;
        // AMBER is for clients too, AMBER+STRICT is not; who is nobody's client any more, and nothing else, is none of the members.
        let only = self.only.get(member) == Some(&true);
        let is_client = self.live_providers(member).next().is_some();
        let of_named = self.live_providers(member).any(|provider| label.members.contains(&provider));
        let up_to_amber = label.tlp <= Tlp::Amber;
        let to_all = label.names_nobody() && (!only || up_to_amber && is_client);
        let open = label.embargo.is_none() && (label.tlp == Tlp::Clear || to_all || up_to_amber && of_named);
        named || open
    }

    /// Those whose client a member is, that are still there.
    pub fn live_providers(&self, member: usize) -> impl Iterator<Item = usize> {
        let some = self.providers.get(member).into_iter().flatten().copied();
        some.filter(|provider| !self.gone.contains(provider))
    }

    /// Whether a member can be said to be the client of these, and of these only.
    pub fn can_be_client(&self, member: usize, of: &[usize], only: bool) -> bool {
        let is_only = |at: usize| self.only.get(at) == Some(&true);
        let gone = |at: &usize| self.gone.contains(at);
        let has_clients =
            (0..MEMBERS).any(|one| !gone(&one) && self.live_providers(one).any(|of| of == member));
        let of_whom_not = of.iter().any(|at| gone(at) || *at == member || is_only(*at));
        let of_nobody = of.is_empty() && !is_only(member);
        !(gone(&member) || of_whom_not || only && (of_nobody || has_clients))
    }

    /// The sector that is vouched for where a member says something under a label without its name.
    pub fn sector(&self, member: usize, label: &Label) -> Option<usize> {
        let of = |at: usize| self.sectors.get(at).copied().unwrap_or_default();
        let sharing = self.could_have_said(label).filter(|one| of(*one) == of(member)).count();
        Some(of(member)).filter(|sector| *sector > 0 && sharing >= DESK_MEMBERS)
    }

    /// Whether an object has a value that a member declared as its own.
    pub fn is_asset(&self, member: usize, (object, version, wording): (usize, usize, usize)) -> bool {
        is_indicator(object) && self.assets.contains(&(member, value(object, version, wording)))
    }

    /// Whether the part of a statement that is for somebody is for him too: it would be, if all of it were as strict.
    pub fn has_part_for(&self, who: &Who, said: &Said) -> bool {
        let (object, version, source, _) = said.key;
        self.sees_part(who, source, (&said.label, strictest(object, version, said.label.tlp)))
    }

    /// Up to which TLP somebody sees the parts of a statement that has one which is not for all who see the rest.
    pub fn parts_up_to(&self, who: &Who, said: &Said) -> Option<Tlp> {
        let (object, version, source, _) = said.key;
        part(object, version).filter(|part| *part > said.label.tlp)?;
        let is_for = |tlp: &Tlp| self.is_for(who, source, &Label { tlp: *tlp, ..said.label.clone() });
        Tlp::ALL.into_iter().rev().find(is_for)
    }

    /// Whether somebody would see all of what is said under a label and has a part that strict.
    pub fn sees_part(&self, who: &Who, source: usize, (label, strictest): (&Label, Tlp)) -> bool {
        let is_for = |tlp: Tlp| self.is_for(who, source, &Label { tlp, ..label.clone() });
        Tlp::ALL.into_iter().any(|tlp| tlp >= strictest && is_for(tlp))
    }

    /// What stands and is for somebody, up to a ceiling.
    pub fn seen(&self, who: &Who, ceiling: Tlp) -> Vec<&Said> {
        let below = Who { ceiling: who.ceiling.min(ceiling), ..*who };
        let stands = self.said.iter().filter(|said| said.state == State::Stands);
        stands.filter(|said| self.is_for(&below, said.key.2, &said.label)).collect()
    }

    /// Of each object what counts: what its owner says, else what anybody does.
    pub fn counting<'s>(&self, seen: &[&'s Said], object: usize) -> Vec<&'s Said> {
        let of_object: Vec<&Said> = seen.iter().copied().filter(|said| said.key.0 == object).collect();
        let is_owners = |said: &&Said| owner(object) == Some(said.key.2);
        if of_object.iter().any(is_owners) {
            of_object.into_iter().filter(is_owners).collect()
        } else {
            of_object
        }
    }

    /// What a list shows somebody, through a collection or outside of any: the last of each object.
    pub fn listed(&self, who: &Who, collection: Option<usize>) -> BTreeMap<Key, &Said> {
        let collection = collection.and_then(|at| self.collection(at));
        let seen = self.seen(who, collection.map_or(Tlp::Red, |one| one.ceiling));
        let last = |object| last_of(object, &self.counting(&seen, object));
        let notes = seen.iter().map(|said| said.key.0).filter(|object| is_note(*object));
        let objects: BTreeSet<usize> = (0..OBJECTS).chain(notes).collect();
        let all = objects.into_iter().filter_map(last);
        let inside = all.filter(|said| collection.is_none_or(|one| is_in(one.holds, said)));
        inside.map(|said| (said.key, said)).collect()
    }

    /// Every version of an object that somebody is shown.
    pub fn versions(&self, who: &Who, object: usize) -> BTreeSet<Key> {
        self.counting(&self.seen(who, Tlp::Red), object).into_iter().map(|said| said.key).collect()
    }

    /// Whether two are both shown something of an object that is the same.
    pub fn both_see(&self, one: &Who, other: &Who, object: usize) -> bool {
        let his: BTreeSet<Key> = self.seen(other, Tlp::Red).iter().map(|said| said.key).collect();
        let mut both = self.seen(one, Tlp::Red);
        both.retain(|said| his.contains(&said.key));
        !self.counting(&both, object).is_empty()
    }

    /// What each member says last of an object, by its name and without it, as somebody sees it.
    pub fn voices(&self, who: &Who, object: usize) -> Vec<Key> {
        let seen = self.seen(who, Tlp::Red);
        let of = |member| {
            let his = seen.iter().filter(|said| (said.key.0, said.key.2) == (object, member));
            his.map(|said| said.key).max_by_key(|key| version(*key))
        };
        (0..2 * MEMBERS).filter_map(of).collect()
    }

    /// A label for these, said by a member now; `None` where it names whom he may not.
    pub fn label(&self, source: usize, tlp: Tlp, to: &To, embargo: Option<Option<i64>>) -> Option<Label> {
        let circle = match to.circle {
            None => None,
            Some(name) => Some((self.his(name, source)?, self.tick)),
        };
        let gone = to.members.iter().any(|member| self.gone.contains(member))
            || to.persons.iter().any(|person| self.persons_gone.contains(person));
        let embargo = embargo.map(|hours| hours.map(|hours| self.now + hours * 3_600 * SECOND));
        let (members, persons) = (to.members.clone(), to.persons.clone());
        (!gone).then_some(Label { tlp, circle, members, persons, embargo, sector: None })
    }

    /// The same names once more, as they are now; said by a member.
    pub fn renewed(&self, source: usize, label: &Label) -> Option<Label> {
        let gone = label.members.iter().any(|member| self.gone.contains(member))
            || label.persons.iter().any(|person| self.persons_gone.contains(person));
        let circle = match label.circle {
            None => None,
            Some((at, _)) => {
                let circle = self.circles.get(at).filter(|circle| self.is_live(circle))?;
                self.inside(circle).find(|member| *member == source)?;
                Some((at, self.tick))
            }
        };
        (!gone).then(|| Label { circle, ..label.clone() })
    }

    /// Whether two labels are the same: a circle is, as long as nobody left it who keeps something.
    pub fn same(&self, one: &Label, other: &Label) -> bool {
        let audience = |label: &Label| {
            let (at, since) = label.circle?;
            let stays = &self.circles.get(at)?.stays;
            let parted = |stay: &&Stay| stay.left.is_some_and(|(left, keeps)| keeps && left <= since);
            Some((at, stays.iter().filter(parted).count()))
        };
        let plain = |label: &Label| Label { circle: None, ..label.clone() };
        audience(one) == audience(other) && plain(one) == plain(other)
    }

    /// Whether a label may be, of something with a part that strict: TLP and charters let it.
    pub fn fits(&self, label: &Label, strictest: Tlp) -> bool {
        let circle = label.circle.and_then(|(at, _)| self.circles.get(at));
        if circle.is_some_and(|circle| strictest > circle.ceiling) {
            return false;
        }
        match label.tlp {
            Tlp::Red => label.names_nobody() || !label.persons.is_empty(),
            Tlp::Clear => label.names_nobody() || label.embargo.is_some(),
            _ => true,
        }
    }

    /// Something is added now: when, about.
    pub fn seal(&mut self) -> (i64, i64) {
        self.may_seal();
        self.sealed.0 = self.sealed.0.max(self.now);
        self.sealed
    }

    /// Something may be added now.
    pub fn may_seal(&mut self) {
        self.sealed.1 = self.sealed.1.max(self.now);
    }
}

/// What of that which counts of an object is its last: where it is nobody's, what is taken back counts for who took it back
/// alone, until all did.
pub fn last_of<'s>(object: usize, counting: &[&'s Said]) -> Option<&'s Said> {
    let greatest = |said: &&&Said| version(said.key);
    let is_owners = |said: &&Said| owner(object) == Some(said.key.2);
    if counting.iter().any(is_owners) {
        return counting.iter().max_by_key(greatest).copied();
    }
    let voices = (0..2 * MEMBERS)
        .filter_map(|source| counting.iter().filter(|said| said.key.2 == source).max_by_key(greatest));
    let voices: Vec<&&Said> = voices.collect();
    let stands =
        voices.iter().filter(|said| recalled_at(said.key.1).is_none()).max_by_key(|said| version(said.key));
    stands.or_else(|| voices.iter().max_by_key(|said| (said.entered, version(said.key)))).map(|said| **said)
}

/// Versions rise with their number; of one number with whose it is, so that no two are the same.
pub fn version(key: Key) -> usize {
    key.1 * 10 + key.2
}

/// Whether a collection holds a statement, but for its ceiling.
pub fn is_in(holds: Holds, said: &Said) -> bool {
    match holds {
        Holds::All => true,
        Holds::Indicators => is_indicator(said.key.0),
        Holds::UpTo(tlp) => said.label.tlp <= tlp,
    }
}
