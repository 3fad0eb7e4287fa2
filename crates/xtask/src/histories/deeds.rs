//! What a step should come to, and what it leaves on paper.

use std::collections::BTreeSet;

use model::Tlp;

use super::paper::{
    Circle, Collection, Key, Label, Paper, SECOND, Said, State, Stay, Token, Who, is_indicator, is_note,
    member_of, note_of, recalled, recalled_at, strictest, version,
};
use super::plan::{Change, Step, To, Which};

/// What should become of one object that is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is new.
    Taken,
    /// It is known.
    Known,
    /// Something else was said under its version: it is kept, and nobody is shown it.
    Aside,
    /// It is refused.
    Refused,
}

/// What a step should come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// It makes no sense here.
    Nothing,
    /// It is refused.
    Refused,
    /// It is done.
    Done,
    /// It is done to so many.
    Count(u64),
    /// It is done to so many, or refused: somebody else said the same for fewer.
    CountOrRefused(u64),
    /// It waits.
    Waits,
    /// It waits, or is refused: somebody else said the same for fewer.
    WaitsOrRefused,
    /// Each object has its fate; of some it may also be refused, where somebody else said the same for fewer.
    Fates(Vec<(Fate, bool)>),
}

/// What the node said of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It refused it, in these words.
    Refused(String),
    /// It did it.
    Done,
    /// It did it to so many.
    Count(u64),
    /// It waits.
    Waits,
    /// Each object had its fate.
    Fates(Vec<Fate>),
}

impl Expected {
    /// What the node will say then, as far as that is known.
    pub fn told(&self) -> Option<Told> {
        match self {
            Expected::Nothing => None,
            Expected::Refused => Some(Told::Refused(String::new())),
            Expected::Done => Some(Told::Done),
            Expected::Waits | Expected::WaitsOrRefused => Some(Told::Waits),
            Expected::Count(count) | Expected::CountOrRefused(count) => Some(Told::Count(*count)),
            Expected::Fates(fates) => Some(Told::Fates(fates.iter().map(|(fate, _)| *fate).collect())),
        }
    }

    /// Whether the node said that.
    pub fn is(&self, told: &Told) -> bool {
        match (self, told) {
            (
                Expected::Refused | Expected::CountOrRefused(_) | Expected::WaitsOrRefused,
                Told::Refused(_),
            )
            | (Expected::Waits | Expected::WaitsOrRefused, Told::Waits)
            | (Expected::Done, Told::Done) => true,
            (Expected::Count(one) | Expected::CountOrRefused(one), Told::Count(other)) => one == other,
            (Expected::Fates(fates), Told::Fates(told)) => {
                fates.len() == told.len()
                    && fates.iter().zip(told).all(|((fate, or_refused), told)| {
                        fate == told || *or_refused && *told == Fate::Refused
                    })
            }
            _ => false,
        }
    }
}

impl Paper {
    /// What a step should come to.
    pub fn expected(&self, step: &Step) -> Expected {
        match step {
            Step::Say { .. } => self.saying(step),
            Step::Answer { token, waiting, how } => self.answering(*token, *waiting, *how),
            Step::Relabel { token, object, change } => match self.relabelled(*token, *object, change) {
                Some(changed) if changed.is_empty() && change.lift => Expected::Refused,
                Some(changed) if self.others_say(*token, *object) => {
                    Expected::CountOrRefused(changed.len() as u64)
                }
                Some(changed) => Expected::Count(changed.len() as u64),
                None => Expected::Refused,
            },
            Step::Withdraw { token, object, which } => {
                count(self.withdrawn(*token, *object, *which).unwrap_or_default().len())
            }
            Step::Recall { token, object } => match self.recalling(*token, *object) {
                Some((some, _)) => Expected::Count(some.len() as u64),
                None => Expected::Nothing,
            },
            Step::Erase { object } => count(self.held(|key| key.0 == *object).len()),
            Step::EraseOrigin { member } => match self.of_origin(*member).len() {
                0 => Expected::Nothing,
                some => Expected::Count(some as u64),
            },
            Step::Retain { indicators, days } => match self.outlived(*indicators, *days) {
                Some(some) => Expected::Count(some.len() as u64),
                None => Expected::Nothing,
            },
            Step::Found { token, circle, .. } => match (self.live(*circle), self.writer(*token)) {
                (Some(_), _) => Expected::Nothing,
                (None, writer) => done_if(writer.is_some()),
            },
            Step::Join { token, circle } => match self.joining(*token, *circle) {
                Some(_) => Expected::Done,
                None => Expected::Nothing,
            },
            Step::Leave { token, circle } => done_if(self.his_as(*token, *circle).is_some()),
            Step::Expel { token, circle, member } => {
                let other = |(at, own): (usize, usize)| {
                    own != *member && self.owns(at, own) && self.his(*circle, *member).is_some()
                };
                done_if(self.his_as(*token, *circle).is_some_and(other))
            }
            Step::End { token, circle } => {
                done_if(self.his_as(*token, *circle).is_some_and(|(at, own)| self.owns(at, own)))
            }
            Step::Sector { .. } => Expected::Done,
            Step::Clients { member, of, only } => done_if(self.can_be_client(*member, of, *only)),
            Step::Asset { token, value, declares } => match self.writer(*token) {
                Some(by) if *declares || self.assets.contains(&(by.member, *value)) => Expected::Done,
                Some(_) => Expected::Nothing,
                None => Expected::Refused,
            },
            Step::AddToken(new) => {
                let person_gone = new.person.is_some_and(|person| self.persons_gone.contains(&person));
                let missing = new.only.iter().flatten().any(|at| self.collection(*at).is_none());
                done_if(!self.gone.contains(&new.member) && !person_gone && !missing)
            }
            Step::RevokeToken { token } => nothing_unless(self.tokens.get(*token).is_some()),
            Step::RevokePerson { .. } | Step::RevokeMember { .. } | Step::AddCollection(_) => Expected::Done,
            Step::RevokeCollection { collection } => nothing_unless(self.collection(*collection).is_some()),
            Step::Housekeep | Step::Clock { .. } | Step::Restart | Step::Rebuild | Step::Restore => {
                Expected::Done
            }
            Step::Begin(_) | Step::Poll { .. } => Expected::Nothing,
        }
    }

    /// Writes down what a step came to. Answers what entered again, under another label.
    pub fn apply(&mut self, step: &Step, told: &Told) -> BTreeSet<Key> {
        let mut again = BTreeSet::new();
        match step {
            Step::Say { .. } => self.say(step, told),
            Step::Answer { token, waiting, how } if *told == Told::Done => {
                self.answer(*token, *waiting, *how);
            }
            Step::Relabel { .. } if matches!(told, Told::Refused(_)) => {}
            Step::Relabel { token, object, change } => {
                for (at, label) in self.relabelled(*token, *object, change).unwrap_or_default() {
                    again.extend(self.said.get(at).map(|one| one.key));
                    if let Some(one) = self.said.get_mut(at) {
                        (one.label, one.entered) = (label, self.tick);
                    }
                }
                self.may_seal();
            }
            Step::Withdraw { token, object, which } => {
                let some = self.withdrawn(*token, *object, *which).unwrap_or_default();
                self.take_back(some);
            }
            Step::Recall { token, object } => self.recall(*token, *object),
            Step::Erase { object } => {
                let some = self.held(|key| key.0 == *object);
                self.erase(&some);
            }
            Step::EraseOrigin { member } => {
                let some = self.of_origin(*member);
                self.erase(&some);
            }
            Step::Retain { indicators, days } => {
                let some = self.outlived(*indicators, *days).unwrap_or_default();
                self.set(&some, State::Erased);
            }
            other => self.govern(other, told),
        }
        again
    }

    fn govern(&mut self, step: &Step, told: &Told) {
        let refused = *told != Told::Done;
        match step {
            // One that was refused has its place all the same.
            Step::AddToken(new) => self.tokens.push(Token { new: new.clone(), gone: refused }),
            _ if refused => {}
            Step::Found { token, circle, keeps, looks, ceiling, days } => {
                let member = self.writer(*token).map_or(0, |token| token.member);
                let days = i64::from(days.unwrap_or(30));
                self.circles.push(Circle {
                    name: *circle,
                    keeps: *keeps,
                    looks: *looks,
                    ceiling: *ceiling,
                    expires: self.now + days * 86_400 * SECOND,
                    ended: false,
                    stays: vec![Stay { member, left: None }],
                });
            }
            Step::Join { token, circle } => {
                if let Some((at, _)) = self.joining(*token, *circle)
                    && let Some(member) = self.writer(*token).map(|token| token.member)
                    && let Some(circle) = self.circles.get_mut(at)
                {
                    circle.stays.push(Stay { member, left: None });
                    self.may_seal();
                }
            }
            Step::Leave { token, circle } => {
                if let Some((at, own)) = self.his_as(*token, *circle) {
                    self.part(at, own, true);
                }
            }
            Step::Expel { circle, member, .. } => {
                if let Some(at) = self.his(*circle, *member) {
                    self.part(at, *member, false);
                }
            }
            Step::End { circle, .. } => {
                let at = self.live(*circle);
                if let Some(circle) = at.and_then(|at| self.circles.get_mut(at)) {
                    circle.ended = true;
                }
            }
            Step::RevokeToken { token } => {
                if let Some(token) = self.tokens.get_mut(*token) {
                    token.gone = true;
                }
            }
            Step::Sector { member, sector } => {
                if let Some(of) = self.sectors.get_mut(*member) {
                    *of = *sector;
                }
            }
            Step::Clients { member, of, only } => {
                if let (Some(providers), Some(is_only)) =
                    (self.providers.get_mut(*member), self.only.get_mut(*member))
                {
                    *providers = of.iter().copied().collect();
                    *is_only = *only;
                }
                self.may_seal();
            }
            Step::Asset { token, value, declares } => {
                let of = self.writer(*token).map_or(0, |by| by.member);
                if *declares {
                    self.assets.insert((of, *value));
                } else {
                    self.assets.remove(&(of, *value));
                }
            }
            Step::RevokePerson { person } => drop(self.persons_gone.insert(*person)),
            Step::RevokeMember { member } => drop(self.gone.insert(*member)),
            Step::AddCollection(new) => self.collections.push(Collection { new: *new, gone: false }),
            Step::RevokeCollection { collection } => {
                if let Some(collection) = self.collections.get_mut(*collection) {
                    collection.gone = true;
                }
            }
            Step::Clock { minutes } => self.now += minutes * 60 * SECOND,
            Step::Housekeep => self.keep_house(),
            _ => {}
        }
    }

    /// Whether a relabelling lets somebody see something who did not, and to whom others say it not, as the one who asks
    /// for it sees.
    pub fn relabelled_wider(&self, token: usize, object: usize, change: &Change) -> bool {
        let Some(who) = self.who(Some(token)) else { return false };
        let readers: Vec<Who> = (0..self.tokens.len()).filter_map(|at| self.who(Some(at))).collect();
        let changed = self.relabelled(token, object, change).unwrap_or_default();
        changed.iter().filter_map(|(at, label)| Some((self.said.get(*at)?, label))).any(|(one, label)| {
            let source = one.key.2;
            let opens = |who: &Who| self.is_for(who, source, label) && !self.is_for(who, source, &one.label);
            readers.iter().any(opens) && self.is_wider(&who, (object, source), label)
        })
    }

    // What a relabelling changes, and into what; `None` where it is refused.
    fn relabelled(&self, token: usize, object: usize, change: &Change) -> Option<Vec<(usize, Label)>> {
        let by = self.writer(token)?;
        let who = self.who(Some(token))?;
        let mut found = false;
        let mut changed = Vec::new();
        for (at, one) in self.said.iter().enumerate() {
            let his = one.state == State::Stands && one.key.0 == object && member_of(one.key.2) == by.member;
            // Whoever does not see all of it does not know what he would open.
            if !his || !self.is_for(&who, by.member, &one.label) || !self.has_part_for(&who, one) {
                continue;
            }
            found = true;
            let label = self.changed(by.member, one, change)?;
            // The sector stays told as long as enough share it.
            let sector = one.label.sector.filter(|sector| self.sector(by.member, &label) == Some(*sector));
            let label = Label { sector, ..label };
            let strictest = strictest(one.key.0, one.key.1, label.tlp);
            let hidden = one.key.2 == by.member || self.enough_for_desk(&label);
            let led_around = self.looks(&label) > self.looks(&one.label);
            if strictest > by.ceiling || !self.fits(&label, strictest) || !hidden || led_around {
                return None;
            }
            if !self.same(&label, &one.label) {
                changed.push((at, label));
            }
        }
        found.then_some(changed)
    }

    fn changed(&self, source: usize, one: &Said, change: &Change) -> Option<Label> {
        let names = match &change.to {
            Some(to) => self.label(source, one.label.tlp, to, None)?,
            None => self.renewed(source, &one.label)?,
        };
        let mut embargo = one.label.embargo;
        if change.embargo.is_some() {
            embargo = self.label(source, one.label.tlp, &To::default(), change.embargo)?.embargo;
        }
        if change.lift {
            let waits = embargo.flatten().is_some_and(|until| until > self.now);
            if waits {
                return None;
            }
            embargo = None;
        }
        let tlp = match change.tlp {
            None => one.label.tlp,
            Some(tlp) => {
                if one.marked.is_some_and(|marked| marked > tlp) {
                    return None;
                }
                tlp
            }
        };
        Some(Label { tlp, embargo, ..names })
    }

    // What somebody takes back; `None` where he may not.
    fn withdrawn(&self, token: usize, object: usize, which: Which) -> Option<Vec<usize>> {
        let by = self.writer(token)?;
        let who = self.who(Some(token))?;
        let his = |one: &Said| {
            one.state == State::Stands
                && one.key.0 == object
                && member_of(one.key.2) == by.member
                && self.is_for(&who, by.member, &one.label)
        };
        let mut own: Vec<(usize, Key)> =
            self.said.iter().enumerate().filter(|(_, one)| his(one)).map(|(at, one)| (at, one.key)).collect();
        own.sort_by_key(|(_, key)| version(*key));
        let mut places = own.into_iter().map(|(at, _)| at);
        Some(match which {
            Which::All => places.collect(),
            Which::Last => places.next_back().into_iter().collect(),
            Which::First => places.take(1).collect(),
        })
    }

    // What is said of some versions goes, and what was said beside in other words goes along.
    fn take_back(&mut self, mut some: Vec<usize>) {
        let versions: BTreeSet<_> =
            some.iter().filter_map(|at| self.said.get(*at).map(|one| of_version(one.key))).collect();
        let is_aside = |one: &Said| one.state == State::Aside && versions.contains(&of_version(one.key));
        let aside = self.said.iter().enumerate().filter(|(_, one)| is_aside(one)).map(|(at, _)| at);
        some.extend(aside.collect::<Vec<_>>());
        self.set(&some, State::TakenBack);
    }

    // What somebody recalls of an object, and the last of it. Only where it is plain what comes of it: he sees all, said it by
    // his name alone and nobody else says anything, it is no recall itself, and all for whom it is can be named still. A curator is
    // not waited for.
    fn recalling(&self, token: usize, object: usize) -> Option<(Vec<usize>, Said)> {
        let by = self.writer(token).filter(|by| by.ceiling == Tlp::Red)?;
        let some = self.withdrawn(token, object, Which::All)?;
        let last = self.said.get(*some.last()?)?;
        let label = self.renewed(by.member, &last.label)?;
        let plain = !self.others_say(token, object)
            && last.key.2 == by.member
            && recalled_at(last.key.1).is_none()
            && label.embargo.is_none();
        let marked = Some(label.tlp);
        plain.then(|| (some, Said { label, marked, ..last.clone() }))
    }

    // What he said is gone, a version that takes it back stands, and a note that says so.
    fn recall(&mut self, token: usize, object: usize) {
        let Some((some, last)) = self.recalling(token, object) else { return };
        self.take_back(some);
        let (number, source) = (recalled(last.key.1, self.now), last.key.2);
        let key = (last.key.0, number, source, last.key.3);
        let added = self.seal();
        let entered = self.tick;
        self.said.push(Said { key, added, entered, ..last.clone() });
        self.said.push(Said { key: (note_of(source, self.tick), 0, source, 0), added, entered, ..last });
    }

    // What is held, standing or taken back.
    pub fn held(&self, is: impl Fn(Key) -> bool) -> Vec<usize> {
        let held = self.said.iter().enumerate();
        held.filter(|(_, one)| one.state != State::Erased && is(one.key)).map(|(at, _)| at).collect()
    }

    // What is older than so many days; `None` where that is too close to tell.
    fn outlived(&self, indicators: bool, days: u32) -> Option<Vec<usize>> {
        let from = self.now - i64::from(days) * 86_400 * SECOND;
        let of_kind = self.held(|key| !is_note(key.0) && is_indicator(key.0) == indicators);
        let added = |at: &usize| self.said.get(*at).map_or((0, 0), |one| one.added);
        let is_close = |(least, most): (i64, i64)| least - 60 * SECOND < from && from < most + 60 * SECOND;
        if of_kind.iter().any(|at| is_close(added(at))) {
            return None;
        }
        Some(of_kind.into_iter().filter(|at| added(at).1 < from).collect())
    }

    fn erase(&mut self, some: &[usize]) {
        let keys = some.iter().filter_map(|at| self.said.get(*at).map(|one| one.key));
        self.refused.extend(keys.collect::<Vec<_>>());
        self.set(some, State::Erased);
    }

    // What is held of objects of which a member said something without its name.
    fn of_origin(&self, member: usize) -> Vec<usize> {
        let said: BTreeSet<usize> = self.unnamed_by(member).collect();
        self.held(|key| said.contains(&key.0))
    }

    fn set(&mut self, some: &[usize], state: State) {
        for at in some {
            if let Some(one) = self.said.get_mut(*at) {
                one.state = state;
            }
        }
        self.may_seal();
    }

    // The circle of a name that a writer's member is in, and that member.
    fn his_as(&self, token: usize, name: usize) -> Option<(usize, usize)> {
        let member = self.writer(token)?.member;
        self.his(name, member).map(|at| (at, member))
    }

    fn owns(&self, at: usize, member: usize) -> bool {
        self.circles.get(at).is_some_and(|circle| self.inside(circle).next() == Some(member))
    }

    /// The circle that somebody would join, and the token by which he is invited.
    pub fn joining(&self, token: usize, name: usize) -> Option<(usize, usize)> {
        let who = self.writer(token)?.member;
        let at = self.live(name)?;
        let circle = self.circles.get(at)?;
        let inside: Vec<usize> = self.inside(circle).collect();
        let invites = |token: &usize| self.writer(*token).is_some_and(|one| inside.contains(&one.member));
        let by = (0..self.tokens.len()).find(invites)?;
        (!inside.contains(&who)).then_some((at, by))
    }

    fn part(&mut self, at: usize, member: usize, by_himself: bool) {
        let tick = self.tick;
        if let Some(circle) = self.circles.get_mut(at) {
            let keeps = circle.keeps && by_himself;
            let stay = circle.stays.iter_mut().rev().find(|stay| stay.member == member);
            if let Some(stay) = stay {
                stay.left = Some((tick, keeps));
            }
        }
        let empty = self.circles.get(at).is_some_and(|circle| self.inside(circle).next().is_none());
        if let Some(circle) = self.circles.get_mut(at) {
            circle.ended |= empty;
        }
    }
}

/// What is the same of all that one says under a version.
pub fn of_version((object, number, source, _): Key) -> (usize, usize, usize) {
    (object, number, source)
}

fn count(some: usize) -> Expected {
    if some == 0 { Expected::Refused } else { Expected::Count(some as u64) }
}

fn done_if(does: bool) -> Expected {
    if does { Expected::Done } else { Expected::Refused }
}

fn nothing_unless(does: bool) -> Expected {
    if does { Expected::Done } else { Expected::Nothing }
}
