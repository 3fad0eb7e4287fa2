//! What a member found in its logs, said as sightings: one for each indicator and day, however many hits there were.
//!
//! It is the sighting that [`crate::sharing_sightings`] says of what sensors saw, so that what both saw is not counted twice. It says how
//! often it was seen at least: of what is reported for one day the greatest count stands, and the same logs again add nothing.
//! What was revoked stays so: what is reported of that day afterwards is another sighting.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use model::{Action, MemberId, Timestamp, may_act};
use store::record::ObjectKey;
use store::seen::Day;
use uuid::Uuid;

use crate::addressed::Addressed;
use crate::annotate::{addressed_of, is_told, label_of};
use crate::core::annotation::{Speaker, Window, window_sighting};
use crate::directory::signed_in;
use crate::reading::Reading;
use crate::sharing_sightings::{Before, said_before, window_again, window_id};
use crate::{Caller, Error, ImportOptions, Kind, Node, SightedOn, views};

/// Sightings of one call.
const MOST: usize = 1_000;
/// The greatest count of a sighting (STIX 2.1 §5.2).
const COUNT: u64 = 999_999_999;
/// The longest context, in bytes.
const CONTEXT: usize = 4 << 10;

/// Sightings of one indicator and day that were revoked, one after the other.
const AGAIN: usize = 100;

/// Sightings that go to the same readers, each as it is said.
type Groups = BTreeMap<String, (ImportOptions, Vec<Vec<u8>>)>;

impl Node {
    /// Says of indicators how often the caller's member saw each on a day. Those that he does not see are passed over, and what
    /// was said of a day already is not said again. What is given twice of an indicator and a day is one: the greatest count stands.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] for more than 1,000 at once; [`Kind::Invalid`] for what was seen on no one day, or in the future;
    /// [`Kind::Conflict`] where no identity is bound to the member; what the caller may not.
    pub fn report(&self, caller: &Caller, sighted: &[SightedOn]) -> Result<views::Reported, Error> {
        let own = signed_in(caller)?;
        may_act(&caller.principal, &Action::Annotate)?;
        if sighted.len() > MOST {
            return Err(Error::new(Kind::TooLarge, format!("at most {MOST} sightings at once")));
        }
        let reading = self.reading(caller)?;
        let identity = reading.roster.identities(own).into_iter().next().ok_or_else(|| {
            let error = Error::new(Kind::Conflict, "no STIX identity is bound to this member");
            error.hint("bind one to it, so that others see who speaks")
        })?;
        let mut windows: BTreeMap<Uuid, (ObjectKey, SightedOn)> = BTreeMap::new();
        for (place, one) in sighted.iter().enumerate() {
            let key = checked(one, reading.now).map_err(|error| at(place, error))?;
            let id = window_id(own, key.uuid, Day::of(one.first).begins());
            match windows.entry(id) {
                Entry::Vacant(entry) => _ = entry.insert((key, one.clone())),
                Entry::Occupied(mut entry) => fold(&mut entry.get_mut().1, one),
            }
        }
        let mut reported = views::Reported { sightings: windows.len() as u64, ..views::Reported::default() };
        let mut groups = Groups::new();
        for (id, (key, one)) in &windows {
            match said(&reading, (caller, &identity), (*id, key), one)? {
                Said::Unknown => reported.unknown += 1,
                Said::Before => reported.known += 1,
                Said::Now(bytes, options) => {
                    let group = format!("{:?} {:?} {:?}", options.tlp, options.to, options.embargo);
                    groups.entry(group).or_insert_with(|| (*options, Vec::new())).1.push(bytes);
                }
            }
        }
        self.lent(caller, "report", None, reading)?;
        for (options, objects) in groups.into_values() {
            let status = self.submit(caller, &options, &bundle(&objects)?)?;
            // What a curator looks at first has no outcome yet.
            reported.pending += status.pending;
            for outcome in status.outcomes {
                match outcome.state {
                    "rejected" | "equivocation" => {
                        reported.refused += 1;
                        reported.why_refused = reported.why_refused.or(outcome.message);
                    }
                    "duplicate" => reported.known += 1,
                    _ => reported.said += 1,
                }
            }
        }
        Ok(reported)
    }
}

/// What becomes of one.
enum Said {
    /// The caller sees no such indicator, or may not speak of it in his member's name.
    Unknown,
    /// As much was said already.
    Before,
    /// It is said.
    Now(Vec<u8>, Box<ImportOptions>),
}

fn at(place: usize, error: Error) -> Error {
    Error::new(error.kind, format!("`/sightings/{place}`: {}", error.message))
}

fn checked(one: &SightedOn, now: Timestamp) -> Result<ObjectKey, Error> {
    let invalid = |message: String| Error::new(Kind::Invalid, message);
    let key = ObjectKey::parse(&one.indicator).filter(|key| key.kind == "indicator");
    let key = key.ok_or_else(|| invalid(format!("`{}` is no id of an indicator", one.indicator)))?;
    if one.first > one.last || Day::of(one.first) != Day::of(one.last) {
        return Err(invalid(
            "it was seen first before it was seen last, and on the same day (UTC)".to_owned(),
        ));
    }
    if one.last > now {
        return Err(invalid(format!("it was seen at {}, which is in the future", one.last)));
    }
    if !(1..=COUNT).contains(&one.count) {
        return Err(invalid(format!("`count` is 1 to {COUNT}")));
    }
    if one.context.as_ref().is_some_and(|context| context.trim().is_empty() || context.len() > CONTEXT) {
        return Err(invalid(format!("`context` is a text of at most {CONTEXT} bytes")));
    }
    Ok(key)
}

// Both are of one indicator and day.
fn fold(one: &mut SightedOn, other: &SightedOn) {
    one.count = one.count.max(other.count);
    (one.first, one.last) = (one.first.min(other.first), one.last.max(other.last));
    one.context = one.context.take().or_else(|| other.context.clone());
}

fn said(
    reading: &Reading,
    (caller, identity): (&Caller, &str),
    (window, key): (Uuid, &ObjectKey),
    one: &SightedOn,
) -> Result<Said, Error> {
    let own = signed_in(caller)?;
    let mut position = None;
    reading.snapshot.standing(&reading.sight.visible, key, &mut |hit| {
        position = Some(hit.position);
        std::ops::ControlFlow::Break(())
    })?;
    let mut label = None;
    if let Some(position) = position {
        reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
            label = reading.sight.label(entry.label).cloned();
        })?;
    }
    // Of what it said without its name a member says nothing by its name, and nothing of what is for one of its persons alone.
    let speaks = |label: &model::Label| reading.alias != Some(label.author) && is_told(reading, own, label);
    let Some(label) = label.filter(speaks) else { return Ok(Said::Unknown) };
    let begins = Day::of(one.first).begins();
    // As it is written down, so that the same is the same when it is read again.
    let whole = |time: Timestamp| Timestamp(time.0.div_euclid(1_000) * 1_000);
    let (mut first, mut last, mut count) = (whole(one.first), whole(one.last), one.count);
    let mut context = one.context.clone();
    let (uuid, before) = standing(reading, own, window)?;
    if let Some(before) = before {
        let is_told = context.is_none() || context == before.context;
        let is_within = before.first.is_some_and(|before| first >= before) && last <= before.last;
        if count <= before.count && is_told && is_within {
            return Ok(Said::Before);
        }
        (first, last) = (first.min(before.first.unwrap_or(first)), last.max(before.last));
        count = count.max(before.count);
        context = context.or(before.context);
    }
    let addressed = addressed_of(reading, caller, own, &label);
    let tlp = label_of(&label, addressed.is_some(), None)?;
    let window = Window { of: key.uuid, begins, first, last, count, context: context.as_deref() };
    let bytes = window_sighting(Speaker { identity: Some(identity), now: reading.now, uuid, tlp }, &window);
    let Addressed { to, embargo } = addressed.unwrap_or_default();
    let options = ImportOptions { tlp: Some(tlp), to, embargo, ..ImportOptions::default() };
    Ok(Said::Now(bytes, Box::new(options)))
}

// The sighting of an indicator and a day that is not revoked: after a revocation there are no versions (STIX 2.1 §3.6).
fn standing(reading: &Reading, own: MemberId, window: Uuid) -> Result<(Uuid, Option<Before>), Error> {
    let mut uuid = window;
    for _ in 0..AGAIN {
        let before = said_before(reading, own, uuid)?;
        if before.as_ref().is_none_or(|before| !before.revoked) {
            return Ok((uuid, before));
        }
        uuid = window_again(uuid);
    }
    let message = format!("what was said of an indicator and a day was revoked {AGAIN} times");
    Err(Error::new(Kind::Conflict, message))
}

fn bundle(objects: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    let id = crate::random::uuid()?;
    let mut bytes =
        format!("{{\"type\":\"bundle\",\"id\":\"bundle--{}\",\"objects\":[", id.hyphenated()).into_bytes();
    bytes.extend(objects.join(&b","[..]));
    bytes.extend(b"]}");
    Ok(bytes)
}
