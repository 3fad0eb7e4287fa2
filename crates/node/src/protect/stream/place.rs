//! How far somebody was told of changes, and by what.

use std::fmt::Write as _;

use model::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::opened::Place;
use store::read::LabelId;

use super::ValuesQuery;
use crate::core::cursor::{self, Binding, Cursor, Purpose};
use crate::core::stands::Told;
use crate::protect::policy::policy_of;
use crate::reading::Reading;
use crate::recall::is_within;
use crate::{Caller, Error, Node, random};

const BINDING: Binding = Binding { purpose: Purpose::Stream, collection: None };

/// How far somebody was told. As a text it is as long as any other: the length of a cursor tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct At {
    /// Of all that was done to what stood, up to this position.
    pub(crate) position: u64,
    /// Of all that has times, for him, up to this one, in microseconds.
    pub(crate) after: i64,
    /// He saw so many labels decided on,
    labels: u32,
    /// in this way.
    rights: u64,
    /// Values were judged by this; 0 where he was told of none.
    basis: u64,
    /// He was told of so many recalls of all that a source said.
    recalls: u32,
}

/// Why changes would not tell what somebody should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reset {
    /// Values are judged by something else.
    Policy,
    /// All that a source said was recalled: so many changes are not told one by one.
    Recall,
    /// He sees something else of what stood.
    Rights,
    /// It is not known any more what came after.
    TooFar,
    /// It is not known any more which values something was about.
    Index,
}

impl Reset {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Reset::Policy => "policy",
            Reset::Recall => "recall",
            Reset::Rights => "rights",
            Reset::TooFar => "too-far",
            Reset::Index => "index",
        }
    }
}

impl At {
    /// The end of what is read.
    pub(crate) fn here(node: &Node, reading: &Reading, values: Option<ValuesQuery>) -> Result<At, Error> {
        let labels = u32::try_from(reading.sight.count()).unwrap_or(u32::MAX);
        Ok(At {
            position: reading.snapshot.end(),
            after: reading.snapshot.told_upto(&reading.sight.visible)?.0,
            labels,
            rights: rights(reading, labels),
            basis: values.map_or(Ok(0), |values| basis(node, reading, values))?,
            recalls: reading.roster.recalls().count,
        })
    }

    /// As a text that tells nothing to anybody.
    pub(crate) fn sealed(&self, node: &Node, caller: &Caller) -> Result<String, Error> {
        let cursor = Cursor { place: Place::from(self.position), limit: None, filters: *self };
        cursor::seal(&node.inner.cursor_key, random::nonce()?, BINDING, &caller.principal, &cursor)
    }

    /// What such a text says; `None` where it is not this caller's.
    pub(crate) fn opened(node: &Node, caller: &Caller, text: &str) -> Option<At> {
        let cursor = cursor::open::<At>(&node.inner.cursor_key, BINDING, &caller.principal, text);
        cursor.ok().map(|cursor| cursor.filters)
    }

    /// Whether what is read now goes on from here.
    pub(crate) fn goes_on(&self, reading: &Reading, now: &At) -> Result<(), Reset> {
        // A folder that was put back from a backup is behind.
        if self.position > now.position || self.after > now.after || self.labels > now.labels {
            return Err(Reset::TooFar);
        }
        if self.rights != rights(reading, self.labels) {
            return Err(Reset::Rights);
        }
        if self.basis != now.basis { Err(Reset::Policy) } else { Ok(()) }
    }

    /// Whether all that a source said was recalled since, and he sees some of it that stands yet.
    pub(crate) fn is_behind_recall(&self, reading: &Reading) -> Result<bool, Error> {
        let snapshot = &reading.snapshot;
        let new = reading.roster.recalls().reaches.iter().filter(|reach| reach.number > self.recalls);
        for (reach, source) in new.flat_map(|reach| reach.sources.map(|source| (reach, source))) {
            let (mut from, before) = reach.range;
            // What waited enters behind the rule. Who read what was just sequenced by what he knew of the directory a moment earlier
            // was told that it acts.
            let end = if reach.waiting.is_empty() { before } else { snapshot.end().max(before) };
            while let Some(at) = snapshot.said_too_much(&reading.sight.visible, source, (from, end), 0)? {
                // What he sees of another feed is not what was recalled.
                let mut is_of = reach.feed.is_none();
                if !is_of {
                    snapshot.stands_at(at, &mut |_, facts| {
                        is_of |= Told::decode(facts).is_some_and(|told| reach.is_of(told.origin));
                    })?;
                }
                if is_of && is_within(snapshot, reach.range, &reach.waiting, at)? {
                    return Ok(true);
                }
                from = at + 1;
            }
        }
        Ok(false)
    }

    /// Before all that stands; what was taken away before is no news to whoever begins.
    pub(crate) fn of_the_first(self) -> At {
        At { after: Timestamp::MIN.0, ..self }
    }

    /// As far as this, by what is read now.
    pub(crate) fn by(self, here: &At) -> At {
        At { position: self.position, after: self.after, ..*here }
    }

    /// Whether there may be something between them.
    pub(crate) fn is_before(&self, here: &At) -> bool {
        self.position < here.position || self.after < here.after
    }

    /// With this told, of entries alone.
    pub(crate) fn told(self, after: Timestamp) -> At {
        At { after: after.0.max(self.after), ..self }
    }
}

impl From<At> for String {
    fn from(at: At) -> String {
        let At { position, after, labels, rights, basis, recalls } = at;
        let after = after.cast_unsigned();
        format!("{position:016x}{after:016x}{labels:08x}{rights:016x}{basis:016x}{recalls:08x}")
    }
}

impl TryFrom<String> for At {
    type Error = &'static str;

    fn try_from(text: String) -> Result<At, &'static str> {
        let field =
            |from: usize, to: usize| text.get(from..to).and_then(|hex| u64::from_str_radix(hex, 16).ok());
        let read = || {
            Some(At {
                position: field(0, 16)?,
                after: field(16, 32)?.cast_signed(),
                labels: u32::try_from(field(32, 40)?).ok()?,
                rights: field(40, 56)?,
                basis: field(56, 72)?,
                // One of an earlier release knows of none.
                recalls: if text.len() == 72 { 0 } else { u32::try_from(field(72, 80)?).ok()? },
            })
        };
        read().filter(|_| [72, 80].contains(&text.len())).ok_or("no place of a stream")
    }
}

fn print(digest: Sha256) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(digest.finalize());
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

// Which of the first labels he sees, and how much of what bears them.
fn rights(reading: &Reading, labels: u32) -> u64 {
    let mut digest = Sha256::new();
    let visible = &reading.sight.visible;
    for label in (0..labels).map(LabelId).filter(|label| visible.has(*label)) {
        digest.update(label.0.to_be_bytes());
        if let Some(hidden) = visible.hidden_parts(label) {
            digest.update(format!("{hidden:?}"));
        }
    }
    print(digest)
}

// What values are judged by beside what is said of them and the time.
fn basis(node: &Node, reading: &Reading, values: ValuesQuery) -> Result<u64, Error> {
    let (roster, own, now) = (&reading.roster, reading.reader, reading.now);
    let policy = policy_of(roster, own, now)?;
    let mut text = format!("{values:?} {own:?} {policy:?} {:x}", node.warning_lists().print());
    for circle in own.into_iter().flat_map(|own| roster.circles().of(own, now)) {
        let charter = circle.charter();
        let permits = charter.iep.binding(now).permitted_actions;
        // Writing into a text does not fail.
        let _written = write!(text, " {:?} {:?} {permits:?}", circle.circle.id, charter.curation);
    }
    let mut digest = Sha256::new();
    digest.update(text);
    Ok(print(digest).max(1))
}
