//! What is known and was seen: new knowledge is looked for in what members saw before, and each of them reads its own finds.
//!
//! The look back judges on the sight of the member, as one without a person in his token has it. It goes by the member's own
//! times, so that what becomes visible later (a circle that is joined, an embargo that is lifted) is looked for when it does. A find is
//! a candidate: whoever reads the list is asked for again by his own sight, and what is not for him is neither shown nor counted.

use model::gate::{AssetsOf, Declare};
use model::matching::Mode;
use model::observable::{Kind as ValueKind, Observable, asked, normalise, text_of_key};
use model::protect::Prevalence;
use model::{Action, MemberId, Timestamp};
use store::find;
use store::opened::Place;
use store::read::{PageQuery, VersionSpec};
use store::seen::{Candidate, Day};

use crate::core::cursor::{self, Binding, Cursor, Purpose};
use crate::core::sought::{looks, nearness};
use crate::core::stands::Told;
use crate::directory::signed_in;
use crate::known::meant;
use crate::protect::policy_of;
use crate::reading::Reading;
use crate::seen::{HOSTS, hosts, lent, prevalence};
use crate::{Caller, Error, Kind, Node, random, views};

/// Indicators that are looked for in one step.
const STEP: usize = 200;
/// Values of one indicator that are noted: of a network there may be many.
const VALUES: usize = 100;
/// Hits of a page, unless another number is asked for, and at most.
const LISTED: (usize, usize) = (50, 1_000);
/// Candidates that are read at once.
const CHUNK: usize = 256;

/// Steps of the look back that whoever asks for hits takes before he is answered, so that what he knows of is looked for.
const STEPS: usize = 20;

/// Values that a member ignores, and of one call.
const IGNORED: (usize, usize) = (10_000, 100);
/// Days for which a value is ignored, at most: what nobody thinks of any longer is shown again.
const IGNORED_DAYS: i64 = 400;

/// What a cursor has beside a position: when the last was found, and the key of what was seen.
type Filters = (i64, Vec<u8>);

impl Node {
    /// What was seen at the caller's own member and is known, the newest find first, as far as the caller sees what is known. What is
    /// ignored is left out, unless `all` is asked for.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`]; [`Kind::Forbidden`]; [`Kind::Invalid`] for a limit out of range or a cursor that is none.
    pub fn seen_hits(
        &self,
        caller: &Caller,
        limit: Option<usize>,
        next: Option<&str>,
        all: bool,
    ) -> Result<views::SeenHits, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::SeeObserved)?;
        let limit = limit.unwrap_or(LISTED.0);
        if !(1..=LISTED.1).contains(&limit) {
            return Err(Error::new(Kind::Invalid, format!("`limit` is 1 to {}", LISTED.1)));
        }
        let binding = Binding { purpose: Purpose::Hits, collection: None };
        let principal = &caller.principal;
        let mut before = match next {
            None => None,
            Some(next) => {
                let cursor: Cursor<Filters> = cursor::open(&self.inner.cursor_key, binding, principal, next)?;
                let (found, key) = cursor.filters;
                Some((Timestamp(found), cursor.place.position, key))
            }
        };
        let from = self.seen_from();
        for _ in 0..STEPS {
            if !self.look_back_for(own, from)? {
                break;
            }
        }
        let reading = self.reading(caller)?;
        let ignored = self.inner.seen.ignored(own, reading.now)?;
        // One that cannot be read any more lets nothing block, and says so where it is asked for.
        let policy = policy_of(&reading.roster, Some(own), reading.now).ok();
        let common = policy.map(|policy| policy.prevalence);
        let (mut hits, mut more, mut last) = (Vec::new(), false, None);
        'pages: loop {
            let page = self.inner.seen.noted(own, before.as_ref(), CHUNK)?;
            let Some(end) = page.last() else { break };
            before = Some(end.place());
            for candidate in page {
                let until = ignored.get(&candidate.key);
                if until.is_some() && !all {
                    continue;
                }
                let Some(hit) =
                    self.seen_hit(&reading, (own, common), &candidate, (from, hits.len() == limit))?
                else {
                    continue;
                };
                if hits.len() == limit {
                    more = true;
                    break 'pages;
                }
                last = Some(candidate.place());
                let ignored_until = until.map(ToString::to_string);
                hits.extend(hit.map(|hit| views::SeenHit { ignored_until, ..hit }));
            }
        }
        self.lent(caller, "hits", None, reading)?;
        let next = match last.filter(|_| more) {
            None => None,
            Some((found, position, key)) => {
                let filters: Filters = (found.0, key);
                let cursor = Cursor { place: Place::from(position), limit: None, filters };
                let nonce = random::nonce()?;
                Some(cursor::seal(&self.inner.cursor_key, nonce, binding, principal, &cursor)?)
            }
        };
        Ok(views::SeenHits { hits, more, next })
    }

    /// Leaves values out of the hits of the caller's own member until a time, or with one that is past no longer. Nothing else changes: what acts
    /// at its sensors still does.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`]; [`Kind::Forbidden`]; [`Kind::Invalid`] for a value that is none, or a time more than 400 days from now; [`Kind::TooLarge`] for more than 100 at once, or
    /// 10,000 in all; [`Kind::Conflict`] where the node keeps nothing of what sensors saw.
    pub fn ignore_hits(
        &self,
        caller: &Caller,
        values: &[String],
        until: Timestamp,
    ) -> Result<views::Ignored, Error> {
        let own = signed_in(caller)?;
        // Whoever may erase what was seen may leave it out.
        Node::allowed(caller, &Action::ForgetObserved)?;
        if values.len() > IGNORED.1 {
            return Err(Error::new(Kind::TooLarge, format!("at most {} values at once", IGNORED.1)));
        }
        let read = |value: &String| {
            let wrong = |unfit| Error::new(Kind::Invalid, format!("`{value}` is no value: {unfit}"));
            asked(value).map(|value| value.key().to_vec()).map_err(wrong)
        };
        let keys = values.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if self.seen_bounds().is_none() {
            return Err(Error::new(Kind::Conflict, "this node keeps no events"));
        }
        let now = self.now();
        if until > now.plus_seconds(IGNORED_DAYS * 86_400) {
            let message = format!("`until` is at most {IGNORED_DAYS} days from now");
            return Err(Error::new(Kind::Invalid, message));
        }
        let Some(count) = self.inner.seen.ignore(own, &keys, (until, now), IGNORED.0)? else {
            let message = format!("your organisation ignores {} values already", IGNORED.0);
            return Err(Error::new(Kind::TooLarge, message).hint("let go of some, or let them end earlier"));
        };
        let until = Some(until).filter(|until| *until > now).map(|until| until.to_string());
        let verb = if until.is_some() { "hits.ignore" } else { "hits.heed" };
        self.judged(caller, |roster, caller| {
            let by = Node::authorized(roster, caller, Declare, AssetsOf { member: own })?;
            // How many, and not which: it is read by others.
            self.change(by, caller, (verb, count.to_string()), &[])
        })?;
        Ok(views::Ignored { values: count as u64, until })
    }

    // `None` where there is nothing for this reader; nothing is shown of one that only says that there are more.
    fn seen_hit(
        &self,
        reading: &Reading,
        (own, common): (MemberId, Option<Prevalence>),
        candidate: &Candidate,
        (from, is_beyond): (Day, bool),
    ) -> Result<Option<Option<views::SeenHit>>, Error> {
        let (visible, snapshot) = (&reading.sight.visible, &reading.snapshot);
        let Some(value) = value_of(&candidate.key) else { return Ok(None) };
        // The last of its object for this reader still says so by itself.
        let meant = meant((&reading.roster, snapshot), visible, (candidate.position, &candidate.asked))?;
        let nearness = meant.iter().find_map(|(mode, _)| nearness(&value, &candidate.asked, *mode));
        let Some(nearness) = nearness else { return Ok(None) };
        let keys = [find::Keys::One(&candidate.key)];
        let found = self.inner.seen.sightings(own, &keys, from, if is_beyond { 0 } else { HOSTS })?;
        if found.whole.events == 0 {
            return Ok(None);
        }
        if is_beyond {
            return Ok(Some(None));
        }
        // As the gate has it: by all that the indicator stands for.
        let mut held = false;
        for (mode, _) in meant {
            if let Some(common) = common.as_ref().filter(|_| mode.admits(nearness)) {
                let of = self.prevalence(own, &candidate.asked, mode)?;
                held |= common.is_reached(of.hosts, of.of_hosts);
            }
        }
        let mut indicator = None;
        snapshot.entry(visible, candidate.position, &mut |entry| indicator = Some(reading.summary(entry)))?;
        Ok(indicator.map(|indicator| {
            Some(views::SeenHit {
                kind: value.kind().name().to_owned(),
                value: value.text().to_owned(),
                nearness: nearness.name().to_owned(),
                stands_for: text_of_key(&candidate.asked).unwrap_or_default(),
                indicator,
                live: candidate.live,
                held,
                found: candidate.found.to_string(),
                ignored_until: None,
                prevalence: prevalence(&found.whole),
                on: hosts(found.hosts),
            })
        }))
    }

    /// Looks for some of what became known in what members saw. Answers whether there is more to look for.
    ///
    /// # Errors
    /// [`Kind::Unavailable`], [`Kind::Internal`]: it is tried again, from where it was.
    pub(crate) fn look_back(&self) -> Result<bool, Error> {
        let members = self.inner.seen.members()?;
        if members.is_empty() {
            return Ok(false);
        }
        let Some(bounds) = self.seen_bounds() else { return Ok(false) };
        let mut more = false;
        for member in members {
            let is_one = self.roster().member(member).is_some_and(|member| member.revoked.is_none());
            if is_one {
                more |= self.look_back_for(member, bounds.from)?;
            }
        }
        Ok(more)
    }

    fn look_back_for(&self, member: MemberId, from: Day) -> Result<bool, Error> {
        let Some(looked) = self.inner.seen.looked(member)? else { return Ok(false) };
        let (now, roster) = (self.now(), self.roster());
        let snapshot = self.inner.store.snapshot()?;
        let reader = roster.reader(member, now);
        let sight = self.inner.visibility.sight(&snapshot, &reader, roster.epoch(), now)?;
        let query = PageQuery {
            kinds: vec!["indicator".to_owned()],
            // What is the last for somebody of the member who sees less of it may be an earlier one.
            versions: vec![VersionSpec::All],
            ..PageQuery::everything(&sight.visible, snapshot.place_after(&sight.visible, looked)?, STEP)
        };
        let mut new = Vec::new();
        let end = snapshot.manifest(&query, &mut |entry| {
            new.extend((!entry.revoked).then_some((entry.position, entry.date_added)));
        })?;
        let mut found = Vec::new();
        for (position, added) in new {
            let mut said = Vec::new();
            snapshot.stands_at(position, &mut |asked, facts| {
                let told = Told::decode(facts).filter(|told| !told.benign);
                said.extend(told.map(|told| (asked.to_vec(), told)));
            })?;
            for (asked, told) in said {
                for key in self.touched(member, (&asked, told.mode), from, told.valid_until)? {
                    let asked = asked.clone();
                    found.push(Candidate { key, asked, position, live: false, found: added });
                }
            }
        }
        self.inner.seen.note(member, &found)?;
        if let Some(last) = end.date_added_last.filter(|last| *last > looked) {
            self.inner.seen.set_looked(member, last)?;
        }
        Ok(end.more)
    }

    // Keys of what an indicator stands for and that was touched before the indicator was over.
    fn touched(
        &self,
        member: MemberId,
        (asked, mode): (&[u8], Mode),
        from: Day,
        until: Option<Timestamp>,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let mut touched = Vec::new();
        for keys in lent(&looks(asked, mode)) {
            touched.extend(self.inner.seen.touched(member, keys, from, VALUES)?);
        }
        touched.retain(|key| value_of(key).is_some_and(|value| nearness(&value, asked, mode).is_some()));
        let Some(until) = until else { return Ok(touched) };
        let mut before = Vec::new();
        for key in touched {
            let first = self.inner.seen.prevalence(member, &[find::Keys::One(&key)], from)?.first;
            if first.is_some_and(|first| first < until) {
                before.push(key);
            }
        }
        Ok(before)
    }
}

fn value_of(key: &[u8]) -> Option<Observable> {
    let kind = ValueKind::from_byte(*key.first()?)?;
    normalise(kind, &text_of_key(key)?).ok().filter(|value| value.key() == key)
}
