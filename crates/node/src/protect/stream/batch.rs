//! What is told at once: what was taken away, then what entered, each with the values that it touches.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use model::{Label, Timestamp};
use serde::Serialize;
use store::changes::{Gone, Left, Stands};
use store::read::{Entry, LabelId, PageQuery};
use store::record::ObjectKey;
use strictjson::Limits;

use super::place::{At, Reset};
use super::touched::Touched;
use super::{StreamEvent, ValuesQuery};
use crate::core::annotation::recalled;
use crate::core::parts::index_of;
use crate::protect::facts::{Judged, Judging};
use crate::protect::policy::policy_of;
use crate::reading::Reading;
use crate::{Caller, Error, Node};

/// Entries that are told at once, and statements that were taken away.
pub(super) const ENTRIES: usize = 500;
pub(super) const LEFT: usize = 2_000;
/// Values that are told at once, but for those of the last entry.
const VALUES: usize = 10_000;
/// What says something of an indicator, and so of its values.
pub(super) const SPEAKS: [&str; 3] = ["sighting", "opinion", "note"];

/// What is told at once, in order: what belongs together, and up to where that is.
pub(super) struct Batch {
    recalls: Vec<StreamEvent>,
    groups: Vec<(At, Vec<StreamEvent>)>,
    pub(super) end: At,
}

/// A statement that is new for the reader.
struct New {
    position: u64,
    label: LabelId,
    object: ObjectKey,
    version: String,
    added: Timestamp,
    revoked: bool,
    /// It is what he is shown of the object; else what others say under its id, whose values stand beside that.
    is_shown: bool,
}

impl New {
    fn of(entry: &Entry<'_>, is_shown: bool) -> New {
        New {
            position: entry.position,
            label: entry.label,
            object: ObjectKey { kind: entry.kind.to_owned(), uuid: entry.uuid },
            version: entry.version_text(),
            added: entry.date_added,
            revoked: entry.revoked,
            is_shown,
        }
    }
}

/// What an act took away.
pub(super) struct Away {
    act: u64,
    object: ObjectKey,
    version: Timestamp,
    // `None` where it is not known what it said.
    pub(super) stands: Option<Stands>,
    pub(super) speaks_of: Vec<ObjectKey>,
}

#[derive(Serialize)]
struct Object<'a> {
    change: &'static str,
    id: String,
    #[serde(rename = "type")]
    kind: &'a str,
    version: &'a str,
    entered: String,
}

#[derive(Serialize)]
struct Recall {
    id: String,
    reason: String,
}

impl Batch {
    /// What there is to tell between two places, or the first of it.
    pub(super) fn read(
        node: &Node,
        reading: &Reading,
        values: Option<ValuesQuery>,
        (from, here): (At, At),
    ) -> Result<Result<Batch, Reset>, Error> {
        let judging = match values {
            Some(query) => {
                let policy = policy_of(&reading.roster, reading.reader, reading.now)?;
                Some((Judging::new(node, reading, policy, Judged::Few)?, query))
            }
            None => None,
        };
        let end = from.by(&here);
        let batch = Batch { recalls: Vec::new(), groups: Vec::new(), end };
        let mut making = Making { reading, judging, told: BTreeSet::new(), batch };
        if let Err(why) = making.taken_away(here.position)? {
            return Ok(Err(why));
        }
        making.entered(here)?;
        Ok(Ok(making.batch))
    }

    /// As events, each that something can be gone on from with where that is.
    pub(super) fn events(self, node: &Node, caller: &Caller) -> Result<Vec<StreamEvent>, Error> {
        let mut events = self.recalls;
        for (end, group) in self.groups {
            events.extend(group);
            if let Some(last) = events.last_mut() {
                last.id = Some(end.sealed(node, caller)?);
            }
        }
        Ok(events)
    }
}

struct Making<'r, 'j> {
    reading: &'r Reading,
    judging: Option<(Judging<'j>, ValuesQuery)>,
    // Values that were told.
    told: BTreeSet<Vec<u8>>,
    batch: Batch,
}

impl Making<'_, '_> {
    fn taken_away(&mut self, end: u64) -> Result<Result<(), Reset>, Error> {
        let (reading, from) = (self.reading, self.batch.end.position);
        let (snapshot, visible) = (&reading.snapshot, &reading.sight.visible);
        let (mut away, tells_values) = (Vec::new(), self.judging.is_some());
        self.batch.end.position = snapshot.left(visible, (from, end), LEFT, &mut |left| {
            away.push(taken(reading, left, tells_values));
        })?;
        let (mut events, mut touched, mut met) = (Vec::new(), Touched::default(), BTreeSet::new());
        for one in away {
            match one.stands {
                Some(stands) => touched.add(stands),
                None => return Ok(Err(Reset::Index)),
            }
            speaks(reading, &one.speaks_of, &mut touched)?;
            if !met.insert((one.object.kind.clone(), one.object.uuid)) {
                continue;
            }
            let mut stands = None;
            snapshot.standing(visible, &one.object, &mut |hit| {
                stands = Some((hit.position, hit.version, hit.label));
                ControlFlow::Break(())
            })?;
            let version = match stands {
                // It is told of where it entered again, or was not the last before.
                Some((position, ..)) if position >= from => continue,
                Some((_, version, _)) => version,
                None => one.version,
            };
            let change = if stands.is_some() { "changed" } else { "removed" };
            if let Some((position, _, label)) = stands {
                reading.lends_of(position, label, snapshot.came_with(position)?.at);
            }
            events.push(StreamEvent::new(
                "object",
                &Object {
                    change,
                    id: one.object.to_string(),
                    kind: &one.object.kind,
                    version: &version.to_string(),
                    entered: snapshot.came_with(one.act)?.at.to_string(),
                },
            )?);
        }
        self.group(events, touched)?;
        Ok(Ok(()))
    }

    // What entered since, from the place on that the reader's times say.
    fn entered(&mut self, here: At) -> Result<(), Error> {
        let reading = self.reading;
        let (snapshot, visible) = (&reading.snapshot, &reading.sight.visible);
        let from = reading.place_after(Timestamp(self.batch.end.after))?;
        let query = PageQuery::everything(visible, from, ENTRIES);
        let mut entries = Vec::new();
        let page = snapshot.manifest(&query, &mut |entry| entries.push(New::of(entry, true)))?;
        // Up to where all of it is known; `None` up to what is read.
        let mut upto = if page.more { entries.last().map(|last| last.added) } else { None };
        if self.judging.is_some() {
            upto = self.beside(from.position, upto, &mut entries)?;
        }
        entries.sort_by_key(|new| new.added);
        for new in entries {
            self.entry(&new, from.position)?;
            self.batch.end = self.batch.end.told(new.added);
            if let Some((end, _)) = self.batch.groups.last_mut() {
                *end = self.batch.end;
            }
            if self.told.len() >= VALUES {
                return Ok(());
            }
        }
        if upto.is_none() {
            self.batch.end = self.batch.end.told(Timestamp(here.after));
        }
        Ok(())
    }

    // Adds what was said beside these, and takes away what is behind that where it is more than is told at once. Answers up to where all
    // of it is known.
    fn beside(
        &self,
        start: u64,
        upto: Option<Timestamp>,
        entries: &mut Vec<New>,
    ) -> Result<Option<Timestamp>, Error> {
        let (snapshot, visible) = (&self.reading.snapshot, &self.reading.sight.visible);
        let (after, shown) = (Timestamp(self.batch.end.after), entries.iter().map(|new| new.position));
        let shown: BTreeSet<u64> = shown.collect();
        let (mut from, mut beside, mut is_over) = (Some(start), Vec::<New>::new(), false);
        while let Some(at) = from.filter(|_| !is_over && beside.len() < ENTRIES) {
            from = snapshot.statements(visible, at, ENTRIES, &mut |entry| {
                is_over |= upto.is_some_and(|upto| entry.date_added > upto);
                if !is_over && entry.date_added > after && !shown.contains(&entry.position) {
                    beside.push(New::of(entry, false));
                }
            })?;
        }
        let is_cut = !is_over && from.is_some();
        let upto = if is_cut { beside.last().map(|last| last.added) } else { upto };
        entries.extend(beside);
        entries.retain(|new| upto.is_none_or(|upto| new.added <= upto));
        Ok(upto)
    }

    fn entry(&mut self, new: &New, since: u64) -> Result<(), Error> {
        let reading = self.reading;
        let (snapshot, visible) = (&reading.snapshot, &reading.sight.visible);
        if new.is_shown {
            reading.lends_of(new.position, new.label, new.added);
        }
        let said = snapshot.said_since(visible, new.position, since)?;
        let change = match said.iter().any(|position| *position < new.position) {
            _ if new.revoked => "removed",
            true => "changed",
            false => "added",
        };
        let id = new.object.to_string();
        let object = Object {
            change,
            id: id.clone(),
            kind: &new.object.kind,
            version: &new.version,
            entered: new.added.to_string(),
        };
        let events = if new.is_shown { vec![StreamEvent::new("object", &object)?] } else { Vec::new() };
        let mut touched = Touched::default();
        if self.judging.is_some() {
            for position in said {
                touched.add(snapshot.noted_at(position)?);
            }
            if SPEAKS.contains(&new.object.kind.as_str()) {
                let of = snapshot.references(new.position)?.into_iter().map(|(_, object)| object);
                speaks(reading, &of.collect::<Vec<_>>(), &mut touched)?;
            }
            if new.is_shown && new.object.kind == "note" {
                let mut reason = None;
                snapshot.entry(visible, new.position, &mut |entry| reason = reason_of(entry))?;
                if let Some(reason) = reason {
                    self.batch.recalls.push(StreamEvent::new("recall", &Recall { id, reason })?);
                }
            }
        }
        self.group(events, touched)
    }

    fn group(&mut self, mut events: Vec<StreamEvent>, touched: Touched) -> Result<(), Error> {
        if let Some((judging, query)) = &self.judging
            && touched.len() > 0
        {
            events.extend(touched.judged(judging, *query, &mut self.told)?);
        }
        if !events.is_empty() {
            self.batch.groups.push((self.batch.end, events));
        }
        Ok(())
    }
}

// What speaks of indicators touches what they say.
pub(super) fn speaks(reading: &Reading, of: &[ObjectKey], touched: &mut Touched) -> Result<(), Error> {
    let (snapshot, visible) = (&reading.snapshot, &reading.sight.visible);
    for object in of.iter().filter(|object| object.kind == "indicator") {
        let mut positions = Vec::new();
        snapshot.standing(visible, object, &mut |hit| {
            positions.push(hit.position);
            ControlFlow::Continue(())
        })?;
        for position in positions {
            touched.add(snapshot.noted_at(position)?);
        }
    }
    Ok(())
}

pub(super) fn taken(reading: &Reading, left: &Left<'_>, tells_values: bool) -> Away {
    let mut away = Away {
        act: left.act,
        object: left.object.clone(),
        version: left.version,
        stands: Some(Vec::new()),
        speaks_of: Vec::new(),
    };
    if !tells_values {
        return away;
    }
    if let (true, Ok(object)) = (left.gone != Gone::Erased, strictjson::parse(left.wire, &Limits::default()))
    {
        let label: Option<&Label> = reading.sight.label(left.label);
        let index = label.map(|label| index_of(left.wire, &object, label)).unwrap_or_default();
        away.stands = Some(index.stands);
        if SPEAKS.contains(&left.object.kind.as_str()) {
            away.speaks_of = index.references.into_iter().map(|(object, _)| object).collect();
        }
    } else if left.object.kind == "indicator" {
        away.stands = reading.snapshot.noted_before(left.position);
    }
    away
}

fn reason_of(entry: &Entry<'_>) -> Option<String> {
    strictjson::parse(entry.wire, &Limits::default()).ok().and_then(|object| recalled(&object))
}
