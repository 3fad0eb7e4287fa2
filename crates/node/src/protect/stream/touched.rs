//! Values that something was said of, or is said of no more, and what they do by now.

use std::collections::{BTreeMap, BTreeSet};

use model::matching::Mode;
use model::observable::Kind as ValueKind;
use model::protect::{Action, Falling};
use sensors::{Format, Item, Said, is_line};
use store::changes::Stands;

use super::{StreamEvent, ValuesQuery};
use crate::Error;
use crate::core::stands::Told;
use crate::protect::facts::{Judging, Saying, doing, value_of};

/// Most who say one value that it is judged by, the newest first, as in files.
const JUDGED: usize = 1_000;

/// Values that were touched, and how they were meant by whom that was.
#[derive(Debug, Default)]
pub(super) struct Touched(BTreeMap<Vec<u8>, BTreeSet<Mode>>);

impl Touched {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn add(&mut self, stands: Stands) {
        for (key, noted) in stands {
            let mode = Told::decode(&noted).map_or(Mode::Exact, |told| told.mode);
            self.0.entry(key).or_default().insert(mode);
        }
    }

    /// Their keys.
    pub(super) fn keys(self) -> BTreeSet<Vec<u8>> {
        self.0.into_keys().collect()
    }

    /// What they do by now, but for those that were told already.
    pub(super) fn judged(
        self,
        judging: &Judging<'_>,
        query: ValuesQuery,
        told: &mut BTreeSet<Vec<u8>>,
    ) -> Result<Vec<StreamEvent>, Error> {
        let mut events = Vec::new();
        for (key, modes) in self.0 {
            if !told.contains(&key) {
                value(judging, query, (&key, modes), &mut events)?;
                told.insert(key);
            }
        }
        Ok(events)
    }
}

fn value(
    judging: &Judging<'_>,
    query: ValuesQuery,
    (key, mut modes): (&[u8], BTreeSet<Mode>),
    events: &mut Vec<StreamEvent>,
) -> Result<(), Error> {
    // What has no text stands in no file either.
    // Rules are in files of their own, and are no values that an agent could hold.
    let Some(value) = value_of(key, None).filter(|value| !value.kind().is_rule()) else { return Ok(()) };
    let mut sayings = judging.sayings(key, value.kind())?;
    if let Some(ceiling) = query.ceiling {
        sayings.retain(|saying| saying.fact.tlp <= ceiling);
    }
    sayings.truncate(JUDGED);
    let falling = judging.falling((key, &value), &sayings)?;
    let least = query.action.unwrap_or(Action::Context);
    let mut does = BTreeSet::new();
    for Falling { verdict, then } in &falling {
        let acts = verdict.action.filter(|action| *action >= least);
        let rests_on = verdict.fact.and_then(|place| sayings.get(place));
        let (Some(action), Some(rests_on)) = (acts, rests_on) else { continue };
        let object = format!("indicator--{}", rests_on.told.uuid.hyphenated());
        let item = Item {
            value: &value,
            mode: verdict.mode,
            action,
            until: verdict.until,
            confidence: rests_on.told.confidence,
            object: &object,
            source: "",
            note: "",
            tlp: rests_on.fact.tlp,
            modified: rests_on.fact.entered,
            rules: "",
            sid: None,
            then: doing(then, least),
        };
        // As in the whole set, so that who follows holds the same.
        if Format::Accord.admits(&item, judging.reading.now).is_err() || !is_line(value.text()) {
            continue;
        }
        let Saying { position, label, fact, .. } = rests_on;
        judging.reading.lends_of(*position, *label, fact.entered);
        let said = Said::does(&value, verdict.mode, (action, verdict.until), &object).then(item.then);
        events.push(StreamEvent::new("value", &said)?);
        does.insert(verdict.mode);
    }
    // A name alone may have stood for all below it, by the rule.
    if value.kind() == ValueKind::Domain && modes.contains(&Mode::Exact) && judging.widens() {
        modes.insert(Mode::Subdomains);
    }
    modes.extend(sayings.iter().map(|saying| saying.fact.mode));
    modes.extend(falling.iter().map(|one| one.verdict.mode));
    for mode in modes.difference(&does) {
        events.push(StreamEvent::new("value", &Said::nothing(&value, *mode))?);
    }
    Ok(())
}
