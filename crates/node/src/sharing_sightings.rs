//! What was seen at a member and is known is said as sightings, where its policy says so.
//!
//! It is said with the token of the sensor that tells events, when it tells some, so nothing is said by nobody. Of each indicator and
//! day (UTC) there is one sighting with an id that follows from both, and a new version of it when it was seen twice as often or an hour
//! later: a million hits are one sighting, and the same events again add nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use model::protect::Share;
use model::{Action, CircleId, Label, MemberId, Timestamp, may_act};
use store::find;
use store::record::ObjectKey;
use store::seen::{Day, Sightings};
use strictjson::{Limits, Node as Json};
use uuid::Uuid;

use crate::addressed::Addressed;
use crate::annotate::{addressed_of, is_told, label_of};
use crate::core::annotation::{Speaker, Window, window_sighting};
use crate::known::meant;
use crate::protect::policy_of;
use crate::reading::Reading;
use crate::{Caller, Error, ImportOptions, Node};

/// How often a member's sightings are looked at, in seconds.
const EVERY_S: i64 = 60;
/// Finds that are looked at, the newest.
const FINDS: usize = 2_000;
/// Sightings that are said at once.
const SAID: usize = 200;
/// It is said again when it was seen so much later, in microseconds.
const LATER_US: i64 = 3_600_000_000;
/// What ids of such sightings are made in (RFC 9562 §5.5).
const NAMESPACE: Uuid = Uuid::from_u128(0x3b8f_1c52_77de_4a0b_9d53_0c6a_51e2_94af);

/// When each member's sightings were looked at last.
#[derive(Debug, Default)]
pub(crate) struct Looked(Mutex<HashMap<MemberId, Timestamp>>);

impl Looked {
    fn is_due(&self, member: MemberId, now: Timestamp) -> bool {
        let mut looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = |last: &Timestamp| (*last..last.plus_seconds(EVERY_S)).contains(&now);
        if looked.get(&member).is_some_and(rests) {
            return false;
        }
        looked.insert(member, now);
        true
    }
}

impl Node {
    /// Says what is due of the caller's member, if its policy says so and his token may.
    pub(crate) fn share_sightings(&self, caller: &Caller, own: MemberId) -> Result<(), Error> {
        let may = |action: &Action| may_act(&caller.principal, action).is_ok();
        if !may(&Action::Read) || !may(&Action::SubmitObservation) {
            return Ok(());
        }
        let policy = policy_of(&self.roster(), Some(own), self.now())?;
        if policy.sightings.share == Share::No || !self.inner.sightings_looked.is_due(own, self.now()) {
            return Ok(());
        }
        let reading = self.reading(caller)?;
        let mut said = Vec::new();
        for (position, keys) in self.found_today(&reading, own)? {
            let keys: Vec<find::Keys<'_>> = keys.iter().map(|key| find::Keys::One(key)).collect();
            let seen = self.inner.seen.sightings(own, &keys, Day::of(reading.now), 0)?;
            said.extend(sighting(&reading, (caller, own), position, (&seen, policy.sightings))?);
            if said.len() == SAID {
                break;
            }
        }
        drop(reading);
        for (bytes, options) in said {
            let status = self.submit(caller, &options, &bytes)?;
            for refused in status.outcomes.iter().filter(|outcome| outcome.state == "rejected") {
                tracing::warn!(id = refused.id, why = refused.message, "a sighting was refused");
            }
        }
        Ok(())
    }

    // The indicators that were found of late and still say what was seen, each with the keys of that.
    fn found_today(&self, reading: &Reading, own: MemberId) -> Result<BTreeMap<u64, Vec<Vec<u8>>>, Error> {
        let mut found: BTreeMap<u64, Vec<Vec<u8>>> = BTreeMap::new();
        for candidate in self.inner.seen.noted(own, None, FINDS)? {
            let asked = (candidate.position, candidate.asked.as_slice());
            if !meant((&reading.roster, &reading.snapshot), &reading.sight.visible, asked)?.is_empty() {
                found.entry(candidate.position).or_default().push(candidate.key);
            }
        }
        Ok(found)
    }
}

// The sighting of an indicator today, where it says more than what was said of it.
fn sighting(
    reading: &Reading,
    (caller, own): (&Caller, MemberId),
    position: u64,
    (seen, policy): (&Sightings, model::protect::Sharing),
) -> Result<Option<(Vec<u8>, ImportOptions)>, Error> {
    let (Some(first), Some(last)) = (seen.whole.first, seen.whole.last) else { return Ok(None) };
    let mut indicator = None;
    reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
        indicator = reading.sight.label(entry.label).cloned().map(|label| (entry.uuid, label));
    })?;
    let Some((uuid, label)) = indicator else { return Ok(None) };
    let identity = reading.roster.identities(own).into_iter().next();
    // Without an identity others would not know who speaks; what it said without its name it says nothing of, and nothing of what is
    // for one of its persons alone.
    if identity.is_none() || reading.alias == Some(label.author) || !is_told(reading, own, &label) {
        return Ok(None);
    }
    let begins = Day::of(reading.now).begins();
    let id = window_id(own, uuid, begins);
    let count = seen.whole.events;
    if let Some(before) = said_before(reading, own, id)?
        && count < before.count.saturating_mul(2)
        && last.0 < before.last.0.saturating_add(LATER_US)
    {
        return Ok(None);
    }
    let addressed = match policy.circle {
        None => addressed_of(reading, caller, own, &label),
        Some(circle) if is_for(reading, &label, circle) => {
            Some(Addressed { to: vec![format!("circle:{circle}")], embargo: None })
        }
        Some(_) => return Ok(None),
    };
    let tlp = label_of(&label, addressed.is_some(), None)?;
    let tlp = policy.tlp.map_or(tlp, |least| least.max(tlp));
    let (hosts, of_hosts) = (seen.whole.hosts, seen.whole.of_hosts);
    let context = (policy.share == Share::Context).then(|| format!("on {hosts} of {of_hosts} hosts"));
    let window = Window { of: uuid, begins, first, last, count, context: context.as_deref() };
    let bytes =
        window_sighting(Speaker { identity: identity.as_deref(), now: reading.now, uuid: id, tlp }, &window);
    let Addressed { to, embargo } = addressed.unwrap_or_default();
    let options = ImportOptions { tlp: Some(tlp), to, embargo, ..ImportOptions::default() };
    Ok(Some((bytes, options)))
}

// Whether an indicator is said to a circle, and held back from nobody there.
fn is_for(reading: &Reading, label: &Label, circle: CircleId) -> bool {
    let circles = reading.roster.circles();
    let is_it =
        |audience: &CircleId| circles.with_audience(*audience).is_some_and(|known| known.circle.id == circle);
    label.embargo.is_none() && label.recipients.circles.iter().any(is_it)
}

/// The UUID of what a member says of an indicator and a day.
pub(crate) fn window_id(own: MemberId, indicator: Uuid, begins: Timestamp) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{own} {indicator} {begins}").as_bytes())
}

/// The UUID of what is said of it after what had this one was revoked.
pub(crate) fn window_again(revoked: Uuid) -> Uuid {
    Uuid::new_v5(&revoked, b"again")
}

/// What was said of a window before.
pub(crate) struct Before {
    pub count: u64,
    pub first: Option<Timestamp>,
    pub last: Timestamp,
    pub context: Option<String>,
    pub revoked: bool,
}

/// How often it was seen, and when, by what was said of it before.
pub(crate) fn said_before(reading: &Reading, own: MemberId, id: Uuid) -> Result<Option<Before>, Error> {
    let visible = &reading.sight.visible;
    let mut at = None;
    let key = ObjectKey { kind: "sighting".to_owned(), uuid: id };
    reading.snapshot.standing(visible, &key, &mut |hit| {
        at = at.or(Some(hit.position).filter(|_| hit.source == own));
        std::ops::ControlFlow::Continue(())
    })?;
    let Some(position) = at else { return Ok(None) };
    let mut before = None;
    reading.snapshot.entry(visible, position, &mut |entry| {
        let Ok(object) = strictjson::parse(entry.wire, &Limits::default()) else { return };
        let count = object.get("count").and_then(Json::as_i64).and_then(|count| u64::try_from(count).ok());
        let time = |name: &str| object.get(name).and_then(Json::as_str).and_then(|text| text.parse().ok());
        let context = object.get("description").and_then(Json::as_str).map(str::to_owned);
        let (first, revoked) = (time("first_seen"), entry.revoked);
        let said = count.zip(time("last_seen"));
        before = said.map(|(count, last)| Before { count, first, last, context, revoked });
    })?;
    Ok(before)
}
