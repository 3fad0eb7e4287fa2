//! Why rules that somebody shared leave in files for sensors, or do not: asked by the id of their indicator.

use std::ops::ControlFlow;

use model::matching::{Ask, Nearness};
use model::observable::of_rules;
use model::protect::Action;

use super::facts::Judging;
use super::record::Records;
use super::why::known;
use crate::core::list_query::object_key;
use crate::core::shared;
use crate::{Error, views};

/// Versions that are looked through, at most.
const VERSIONS: usize = 1_000;

/// Answers for the id of an indicator, as far as it is of rules; answers the most that they do.
pub(super) fn of_id(
    judging: &Judging<'_>,
    id: &str,
    answer: &mut views::Why,
    records: &mut Option<Records>,
) -> Result<Option<Action>, Error> {
    let Ok(key) = object_key(id) else {
        answer.error = Some("no id of an object".to_owned());
        return Ok(None);
    };
    let reading = judging.reading;
    let (mut newest, mut seen) = (None, 0);
    reading.snapshot.versions(&reading.sight.visible, &key, &mut |hit| {
        newest = newest.max(Some((hit.version, hit.position)));
        seen += 1;
        if seen < VERSIONS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    let mut rules = None;
    if let Some((_, position)) = newest {
        reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
            let object = strictjson::parse(entry.wire, &strictjson::Limits::default());
            let found = object.as_ref().ok().and_then(shared::rules_of);
            rules = found.map(|(language, text)| (language, text.to_owned()));
            if rules.is_some() {
                reading.lends(entry);
            }
        })?;
    }
    let Some((language, text)) = rules else {
        answer.error = Some(match newest {
            None => "nothing of this id is known".to_owned(),
            Some(_) => "an object that is no rule for sensors: ask for the values that it says".to_owned(),
        });
        return Ok(None);
    };
    let value = of_rules(language.kind(), &text);
    answer.kind = Some(value.kind().name().to_owned());
    answer.value = Some(id.to_owned());
    if let Err(fault) = shared::read(language, &text) {
        answer.held = Some(fault.to_string());
        return Ok(None);
    }
    let sayings = judging.sayings(value.key(), value.kind())?;
    if sayings.is_empty() {
        return Ok(None);
    }
    let ask = Ask { key: value.key().to_vec(), nearness: Nearness::Same, scheme: None };
    let Some((known, most)) = known(judging, &value, &ask, &sayings, records)? else { return Ok(None) };
    answer.known.push(known);
    Ok(most)
}
