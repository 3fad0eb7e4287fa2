//! Values that stand, judged one after the other as they go by, and written.

use std::ops::ControlFlow;

use model::observable::Kind as ValueKind;
use model::protect::{Action, Falling};
use model::{Timestamp, Tlp};
use sensors::{Format, Item};

use super::pieces::Making;
use crate::Error;
use crate::core::shared;
use crate::protect::facts::{Judging, Saying, doing, value_of};
use crate::reading::Reading;

/// Most who say one value that it is judged by, the newest first.
const JUDGED: usize = 1_000;

/// The values of a kind, as they go by: who says one is gathered until the next one comes.
pub(super) struct Values<'a, 'j, 'm> {
    pub(super) judging: &'a Judging<'j>,
    pub(super) making: &'a mut Making<'m>,
    pub(super) ceiling: Tlp,
    pub(super) least: Action,
    pub(super) kind: ValueKind,
    pub(super) at: Option<(Vec<u8>, Vec<Saying>)>,
}

impl Values<'_, '_, '_> {
    /// Writes those from a key up to, but without, another.
    pub(super) fn all(&mut self, start: &[u8], end: &[u8]) -> Result<(), Error> {
        let snapshot = &self.judging.reading.snapshot;
        let mut failed = Ok(());
        snapshot.all_stands(&self.judging.reading.sight.visible, (start, end), &mut |key, stand| {
            let done = match self.judging.is_recalled(stand) {
                Ok(true) => return ControlFlow::Continue(()),
                Ok(false) => self.judging.saying(stand, self.kind).and_then(|saying| self.take(key, saying)),
                Err(error) => Err(error),
            };
            if done.is_err() {
                failed = done;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        failed?;
        self.done()
    }

    fn take(&mut self, key: &[u8], saying: Saying) -> Result<(), Error> {
        if self.at.as_ref().is_none_or(|(at, _)| at.as_slice() != key) {
            self.done()?;
            self.making.goes_on_from(key)?;
            self.at = Some((key.to_vec(), Vec::new()));
        }
        if let Some((_, sayings)) = &mut self.at
            && saying.fact.tlp <= self.ceiling
            && sayings.len() < JUDGED
        {
            sayings.push(saying);
        }
        Ok(())
    }

    fn done(&mut self) -> Result<(), Error> {
        let Some((key, sayings)) = self.at.take().filter(|(_, sayings)| !sayings.is_empty()) else {
            return Ok(());
        };
        // Who is told of changes knows a value by its text, which must not change with who says it.
        let first = sayings.first().filter(|_| self.making.format() != Format::Accord);
        let Some(value) = value_of(&key, first.and_then(|saying| saying.told.scheme)) else {
            self.making.passed_over("too-long");
            return Ok(());
        };
        let now = self.judging.reading.now;
        let later = |time: &Timestamp| *time > now;
        let begin = sayings.iter().filter_map(|saying| saying.fact.valid_from).filter(later).min();
        self.making.judged(begin, sayings.iter().any(|saying| saying.fact.beyond));
        // Only an agent that keeps a copy goes on by itself.
        let falling = match self.making.format() {
            Format::Accord => self.judging.falling((&key, &value), &sayings)?,
            _ => {
                let verdicts = self.judging.judge((&key, &value), &sayings, None)?.into_iter();
                verdicts.map(|verdict| Falling { verdict, then: Vec::new() }).collect()
            }
        };
        for Falling { verdict, then } in falling {
            self.making.is_other_from(verdict.until);
            let acts = verdict.action.filter(|action| *action >= self.least);
            let rests_on = verdict.fact.and_then(|place| sayings.get(place));
            let (Some(action), Some(rests_on)) = (acts, rests_on) else { continue };
            let reading = self.judging.reading;
            reading.lends_of(rests_on.position, rests_on.label, rests_on.fact.entered);
            let source = self.judging.source_of(rests_on.label);
            // Of those who share the same rules the first gives the name that stays, whoever of them they rest on.
            let first = sayings.iter().min_by_key(|saying| saying.position);
            let named = first.filter(|_| self.kind.is_rule()).unwrap_or(rests_on);
            let rules = if self.kind.is_rule() {
                reading.lends_of(named.position, named.label, named.fact.entered);
                rules_at(reading, rests_on.position)?
            } else {
                String::new()
            };
            let object = format!("indicator--{}", named.told.uuid.hyphenated());
            self.making.item(&Item {
                value: &value,
                mode: verdict.mode,
                action,
                until: verdict.until,
                confidence: rests_on.told.confidence,
                object: &object,
                source: &source,
                note: "",
                tlp: rests_on.fact.tlp,
                modified: named.fact.entered,
                rules: &rules,
                sid: None,
                then: doing(&then, self.least),
            })?;
        }
        Ok(())
    }
}

/// The rules of the entry at a position; nothing where they are not for this reader.
fn rules_at(reading: &Reading, position: u64) -> Result<String, Error> {
    let mut rules = String::new();
    reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
        let object = strictjson::parse(entry.wire, &strictjson::Limits::default());
        if let Some((_, text)) = object.as_ref().ok().and_then(shared::rules_of) {
            text.clone_into(&mut rules);
        }
    })?;
    Ok(rules)
}
