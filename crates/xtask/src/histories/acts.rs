//! Steps done at the node, and objects as they are sent and found again.

use std::collections::BTreeSet;

use model::Charter;
use model::Embargo;
use model::circle::Leavers;
use node::{Error, ImportOptions, Relabel};

use super::cast::World;
use super::deeds::{Fate, Told};
use super::paper::{
    self, Key, Paper, SECOND, desk_of, is_indicator, marked, note_of, owner, part, recalled, recalled_at,
    version,
};
use super::plan::{Asked, CIRCLES, Change, How, OBJECTS, Step, Which, Word};
use crate::Outcome;

const MARKINGS: [&str; 5] = [
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
];

/// So many milliseconds something has to enter in.
const PATIENCE: usize = 5_000;
/// Before what only those are told for whom the part of an object is.
pub const PART: &str = "only for some:";

/// The id of an object.
pub fn id(object: usize) -> String {
    let kind = if is_indicator(object) { "indicator" } else { "tool" };
    format!("{kind}--00000000-0000-4000-8000-{object:012x}")
}

/// The value that a version of an indicator speaks of, in a wording.
pub fn value(object: usize, version: usize, wording: usize) -> String {
    address(paper::value(object, version, wording))
}

/// A value.
pub fn address(value: usize) -> String {
    format!("198.51.100.{}", 1 + value)
}

/// A sector, by its number; the first is none.
pub fn sector(number: usize) -> String {
    if number == 0 { String::new() } else { format!("Sector {number}") }
}

/// The version, as the object writes it.
pub fn time(key: Key) -> String {
    if let Some(at) = recalled_at(key.1) {
        return model::Timestamp(at).millis_text();
    }
    let second = version(key);
    format!("2026-01-01T00:{:02}:{:02}.000Z", second / 60, second % 60)
}

fn json(key: Key, identities: &[String]) -> String {
    let (object, number, source, wording) = key;
    let author = owner(object).and_then(|owner| identities.get(owner));
    let author = author.map(|id| format!(",\"created_by_ref\":\"{id}\"")).unwrap_or_default();
    let marking = marked(object, number).and_then(|tlp| MARKINGS.get(tlp as usize));
    let marking = marking.map(|id| format!(",\"object_marking_refs\":[\"{id}\"]")).unwrap_or_default();
    let part = part(object, number).and_then(|tlp| MARKINGS.get(tlp as usize));
    let part = part.map(|id| {
        format!(
            ",\"description\":\"{} {object}-{number}-{source}-{wording}\",\
             \"granular_markings\":[{{\"marking_ref\":\"{id}\",\"selectors\":[\"description\"]}}]",
            PART
        )
    });
    let part = part.unwrap_or_default();
    let pattern = match is_indicator(object) {
        true => format!(
            ",\"indicator_types\":[\"malicious-activity\"],\"pattern\":\"[ipv4-addr:value = '{}']\",\
             \"pattern_type\":\"stix\",\"valid_from\":\"2026-01-01T00:00:00Z\"",
            value(object, number, wording)
        ),
        false => String::new(),
    };
    format!(
        "{{\"type\":\"{}\",\"spec_version\":\"2.1\",\"id\":\"{}\",\"created\":\"2026-01-01T00:00:00.000Z\",\
         \"modified\":\"{}\",\"name\":\"word{object} said {object}-{number}-{source}-{wording}\"{author}{marking}{part}{pattern}}}",
        if is_indicator(object) { "indicator" } else { "tool" },
        id(object),
        time(key),
    )
}

/// What somebody was sent, told by its bytes.
pub fn key_of(wire: &[u8]) -> Option<Key> {
    let at = memchr::memmem::find(wire, b" said ")? + 6;
    let rest = wire.get(at..)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let text = std::str::from_utf8(rest.get(..end)?).ok()?;
    let mut numbers = text.split('-').map(|number| number.parse().ok());
    let (object, number) = (numbers.next()??, numbers.next()??);
    Some((object, taken_back(wire, number)?, numbers.next()??, numbers.next()??))
}

// The number of a version, by what it was before it was taken back.
fn taken_back(wire: &[u8], number: usize) -> Option<usize> {
    if memchr::memmem::find(wire, b"\"revoked\":true").is_none() {
        return Some(number);
    }
    let name = b"\"modified\":\"";
    let rest = wire.get(memchr::memmem::find(wire, name)? + name.len()..)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let at: model::Timestamp = std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()?;
    Some(recalled(number, at.0))
}

fn fates(status: &node::views::Status) -> Vec<Fate> {
    let fate = |outcome: &node::views::Outcome| match outcome.state {
        "new" | "claim" => Fate::Taken,
        "equivocation" => Fate::Aside,
        "rejected" => Fate::Refused,
        _ => Fate::Known,
    };
    status.outcomes.iter().map(fate).collect()
}

impl World {
    /// Does a step. What is not refused and fails all the same ends the history.
    pub fn perform(self, step: &Step, paper: &Paper) -> Outcome<(World, Told)> {
        let mut world = self;
        let told = match step {
            Step::Restart => {
                world = world.restarted()?;
                Told::Done
            }
            Step::Restore => {
                world = world.restored()?;
                Told::Done
            }
            Step::Rebuild => {
                let rebuilt = world.node.rebuild(&world.node.operator(), &mut |_, _| ())?;
                if rebuilt.get("equal").and_then(serde_json::Value::as_bool) != Some(true) {
                    return Err("the views were not what the record makes of them".into());
                }
                Told::Done
            }
            Step::Clock { minutes } => {
                if *minutes < 0 && paper.has_over() {
                    world = world.housekept()?;
                }
                world.later(minutes * 60 * SECOND);
                Told::Done
            }
            Step::Housekeep => {
                world = world.housekept()?;
                Told::Done
            }
            other => world.tried(other, paper).unwrap_or_else(|error| Told::Refused(error.to_string())),
        };
        Ok((world, told))
    }

    fn tried(&mut self, step: &Step, paper: &Paper) -> Result<Told, Error> {
        let operator = self.node.operator();
        match step {
            Step::Say { token, unnamed, said, asked, collection } => {
                self.say((*token, *unnamed), said, asked, *collection)
            }
            Step::Answer { token, waiting, how } => self.answer(*token, *waiting, *how),
            Step::Relabel { token, object, change } => {
                let asked = self.relabel_of(change, paper);
                self.node.relabel(&self.caller(Some(*token))?, &id(*object), &asked).map(Told::Count)
            }
            Step::Withdraw { token, object, which } => {
                let versions: Vec<String> = match which {
                    Which::All => Vec::new(),
                    Which::Last => vec!["last".to_owned()],
                    Which::First => vec!["first".to_owned()],
                };
                let caller = self.caller(Some(*token))?;
                self.node.withdraw(&caller, None, &id(*object), &versions).map(Told::Count)
            }
            Step::Recall { token, object } => {
                let caller = self.caller(Some(*token))?;
                let member = paper.writer(*token).map_or(0, |by| by.member);
                let note = note_of(member, paper.tick);
                let reason = format!("it said {note}-0-{member}-0");
                let asked = node::Recall { objects: vec![id(*object)], reason, ..node::Recall::default() };
                self.node.recall(&caller, &asked).map(|told| Told::Count(told.withdrawn))
            }
            Step::Erase { object } => self.node.erase(&operator, &id(*object), "a history").map(Told::Count),
            Step::EraseOrigin { member } => {
                let mut erased = 0;
                for object in (0..OBJECTS).filter(|object| self.origins(*object).contains(member)) {
                    erased += self.node.erase(&operator, &id(object), "a history")?;
                }
                Ok(Told::Count(erased))
            }
            Step::Retain { indicators, days } => {
                let kind = if *indicators { "indicator" } else { "tool" };
                let new = node::NewRetention { kind: Some(kind.to_owned()), source: None, days: *days };
                let rule = self.node.add_retention(&operator, &new)?;
                let run = self.node.run_retention(&operator, false)?;
                self.node.remove_retention(&operator, &rule.id)?;
                Ok(Told::Count(run.statements))
            }
            Step::Sector { member, sector: of } => {
                let id = self.cast.members.get(*member).cloned().unwrap_or_default();
                self.node.set_sector(&operator, &id, &sector(*of)).map(|_| Told::Done)
            }
            Step::Clients { member, of, only } => {
                let id = |at: &usize| self.cast.members.get(*at).cloned().unwrap_or_default();
                let of: Vec<String> = of.iter().map(id).collect();
                self.node.set_providers(&operator, &id(member), &of, *only).map(|_| Told::Done)
            }
            Step::Asset { token, value, declares } => {
                let (caller, text) = (self.caller(Some(*token))?, address(*value));
                if *declares {
                    return self.node.declare_assets(&caller, &[text]).map(|_| Told::Done);
                }
                let is_meant = |one: &node::views::Asset| one.asset.trim_end_matches("/32") == text;
                let id = self.node.assets(&caller)?.into_iter().find(is_meant).map(|one| one.id);
                self.node.remove_asset(&caller, &id.unwrap_or_default()).map(|_| Told::Done)
            }
            Step::AddToken(new) => self.cast.add_token(&self.node, new).map(|()| Told::Done),
            Step::AddCollection(new) => self.cast.add_collection(&self.node, new).map(|()| Told::Done),
            Step::RevokeToken { token } => {
                // One that was never handed out cannot be revoked, and is good for nothing as it is.
                match self.cast.tokens.get(*token).filter(|id| !id.is_empty()) {
                    Some(id) => self.node.revoke_token(&operator, id).map(|_| Told::Done),
                    None => Ok(Told::Done),
                }
            }
            Step::RevokePerson { person } => {
                let id = self.cast.persons.get(*person).cloned().unwrap_or_default();
                self.node.revoke_person(&operator, &id).map(|_| Told::Done)
            }
            Step::RevokeMember { member } => {
                let id = self.cast.members.get(*member).cloned().unwrap_or_default();
                self.node.revoke_member(&operator, &id).map(|_| Told::Done)
            }
            Step::RevokeCollection { collection } => {
                let id = self.cast.collections.get(*collection).cloned().unwrap_or_default();
                self.node.revoke_collection(&operator, &id).map(|_| Told::Done)
            }
            other => self.gather(other, paper).map(|()| Told::Done),
        }
    }

    fn gather(&self, step: &Step, paper: &Paper) -> Result<(), Error> {
        let name = |circle: &usize| CIRCLES.get(*circle).copied().unwrap_or_default();
        match step {
            Step::Found { token, circle, keeps, looks, ceiling, days } => {
                let leavers = if *keeps { Leavers::Keep } else { Leavers::Close };
                let charter = Charter { leavers, ceiling: *ceiling, curation: *looks, ..Charter::default() };
                let new = node::NewCircle {
                    name: name(circle).to_owned(),
                    charter: Some(charter),
                    expire_s: days.map(|days| u64::from(days) * 86_400),
                    owner: None,
                };
                self.node.add_circle(&self.caller(Some(*token))?, &new).map(drop)
            }
            Step::Join { token, circle } => {
                let by = paper.joining(*token, *circle).map(|(_, by)| by);
                let secret = self.node.invite(&self.caller(by)?, name(circle), None)?.secret;
                self.node.join_circle(&self.caller(Some(*token))?, &secret, None).map(drop)
            }
            Step::Leave { token, circle } => {
                self.node.leave_circle(&self.caller(Some(*token))?, name(circle)).map(drop)
            }
            Step::Expel { token, circle, member } => {
                let member = self.cast.members.get(*member).cloned().unwrap_or_default();
                self.node.expel(&self.caller(Some(*token))?, name(circle), &member).map(drop)
            }
            Step::End { token, circle } => {
                self.node.revoke_circle(&self.caller(Some(*token))?, name(circle)).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn say(
        &mut self,
        (token, unnamed): (usize, bool),
        said: &[Word],
        asked: &Asked,
        collection: Option<usize>,
    ) -> Result<Told, Error> {
        let caller = self.caller(Some(token))?;
        let source = caller.principal.reader.member.map(|id| id.to_string());
        let source = self.cast.members.iter().position(|id| Some(id) == source.as_ref()).unwrap_or_default();
        let collection = collection.map(|at| self.cast.collections.get(at).cloned().unwrap_or_default());
        let options = ImportOptions {
            collection,
            tlp: Some(asked.tlp),
            to: self.cast.to(&asked.to),
            embargo: asked.embargo.map(|hours| self.embargo(hours)),
            without_name: unnamed,
            ..ImportOptions::default()
        };
        let source = if unnamed { desk_of(source) } else { source };
        let objects = said.iter().map(|(object, number, wording)| {
            json((*object, *number, source, *wording), &self.cast.identities)
        });
        let envelope = format!("{{\"objects\":[{}]}}", objects.collect::<Vec<_>>().join(","));
        let status = self.node.submit(&caller, &options, envelope.as_bytes())?;
        let later = self.node.status(&caller, &status.id)?;
        if status.pending > 0 {
            self.sent.push(status.id.clone());
            let waits =
                status.pending == said.len() as u64 && (later.complete || later.pending == status.pending);
            return Ok(if waits { Told::Waits } else { Told::Refused(format!("its status says {later:?}")) });
        }
        let (told, kept) = (fates(&status), fates(&later));
        Ok(if told == kept { Told::Fates(told) } else { Told::Refused(format!("its status says {kept:?}")) })
    }

    fn answer(&self, token: usize, waiting: usize, how: How) -> Result<Told, Error> {
        let caller = self.caller(Some(token))?;
        let id_of = self.sent.get(waiting).cloned().unwrap_or_default();
        let told = match how {
            How::Take => self.node.take_queued(&caller, &id_of),
            How::Release => self.node.release_queued(&caller, &id_of),
            How::Return => self.node.return_queued(&caller, &id_of, "say what it is for"),
            How::Merge(object) => self.node.merge_queued(&caller, &id_of, &id(object), None),
        };
        told.map(|_| Told::Done)
    }

    /// The members that the hub is told to have said something of an object without their name.
    pub fn origins(&self, object: usize) -> BTreeSet<usize> {
        let told = self.node.desk_origin(&self.node.operator(), &id(object), "a history");
        let names = told.map(|told| told.origins).unwrap_or_default();
        let place = |named: &str| (0..self.cast.members.len()).find(|at| named == format!("Member {at}"));
        names.iter().filter_map(|named| place(&named.name)).collect()
    }

    /// What became of something that was sent, when it has entered or was refused; `None` where nobody is left who may ask.
    pub fn settled(&self, at: usize, paper: &Paper) -> Outcome<Option<Vec<Fate>>> {
        // What is left of one whose sender is gone is the node's to answer, at a time of its own.
        let sent = paper.waiting.get(at).filter(|one| paper.writer(one.sent.token).is_some());
        let Some(waiting) = sent else { return Ok(None) };
        let asks = (0..paper.tokens.len()).find(|token| paper.sent_by(*token, waiting));
        let (Some(token), Some(id)) = (asks, self.sent.get(at)) else { return Ok(None) };
        let caller = self.caller(Some(token))?;
        for _ in 0..PATIENCE {
            let status = self.node.status(&caller, id)?;
            if status.complete {
                return Ok(Some(fates(&status)));
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        Err(format!("what was sent as {at} neither entered nor was refused").into())
    }

    fn embargo(&self, hours: Option<i64>) -> Embargo {
        let now = self.node.now();
        Embargo { case: "A case".to_owned(), until: hours.map(|hours| now.plus_seconds(hours * 3_600)) }
    }

    fn relabel_of(&self, change: &Change, paper: &Paper) -> Relabel {
        debug_assert_eq!(paper.now, self.node.now().0);
        Relabel {
            tlp: change.tlp,
            to: change.to.as_ref().map(|to| self.cast.to(to)),
            embargo: change.embargo.map(|hours| self.embargo(hours)),
            lift: change.lift,
        }
    }
}
