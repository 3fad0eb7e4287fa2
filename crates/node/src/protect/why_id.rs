//! Why what an indicator says acts, or does not: asked by its id.
//!
//! Rules that are shared stand under a digest of their text, so there is no other way to ask for them. Of any other indicator this is
//! asked of each value that it says by itself.

use std::ops::ControlFlow;

use model::matching::{Ask, Mode, Nearness, stand};
use model::observable::{Kind as ValueKind, Observable, of_rules};
use model::protect::Action;
use strictjson::Node as Object;

use super::facts::Judging;
use super::record::Records;
use super::why::known;
use crate::core::list_query::object_key;
use crate::core::observables::of_pattern::alone::{Purpose, sufficient};
use crate::core::observables::read_pattern;
use crate::core::shared::{self, Language};
use crate::{Error, views};

/// Versions that are looked through, at most.
const VERSIONS: usize = 1_000;
/// Values of one indicator that are told, at most.
const VALUES: usize = 20;

/// What an object is to sensors.
enum Told {
    /// Rules, in this language.
    Rules(Language, String),
    /// Values that suffice by themselves, each with how it is meant.
    Values(Vec<(Observable, Mode)>),
    /// Nothing; says why.
    Nothing(&'static str),
}

/// Answers for the id of an indicator; answers the most that is done.
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
    let mut told = Told::Nothing("nothing of this id is known");
    if let Some((_, position)) = newest {
        reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
            if let Ok(object) = strictjson::parse(entry.wire, &strictjson::Limits::default()) {
                told = told_by(&object);
                reading.lends(entry);
            }
        })?;
    }
    match told {
        Told::Nothing(why) => {
            answer.error = Some(why.to_owned());
            Ok(None)
        }
        Told::Rules(language, text) => {
            let value = of_rules(language.kind(), &text);
            answer.kind = Some(value.kind().name().to_owned());
            answer.value = Some(id.to_owned());
            if let Err(fault) = shared::read(language, &text) {
                answer.held = Some(fault.to_string());
                return Ok(None);
            }
            let key = value.key().to_vec();
            of_key(judging, (&value, key, Nearness::Same), answer, records)
        }
        Told::Values(values) => {
            answer.kind = Some("indicator".to_owned());
            answer.value = Some(id.to_owned());
            answer.more = values.len() > VALUES;
            let mut most = None;
            for (value, mode) in values.into_iter().take(VALUES) {
                // Of several keys of one value each has the same who say it.
                let Some(key) =
                    stand(&value, mode).ok().and_then(|standing| standing.keys.into_iter().next())
                else {
                    continue;
                };
                most = most.max(of_key(judging, (&value, key, nearness(mode)), answer, records)?);
            }
            Ok(most)
        }
    }
}

fn told_by(object: &Object<'_>) -> Told {
    if let Some((language, text)) = shared::rules_of(object) {
        return Told::Rules(language, text.to_owned());
    }
    if object.get("revoked").and_then(Object::as_bool) == Some(true) {
        return Told::Nothing("it is revoked, and says nothing any more");
    }
    let Some(reading) = read_pattern(object) else {
        return Told::Nothing("its pattern is none that sensors are told of");
    };
    let mut values: Vec<(Observable, Mode)> = Vec::new();
    for (value, mode, _) in sufficient(&reading.pattern, Purpose::Acting).values {
        if !values.iter().any(|(known, of)| known.key() == value.key() && *of == mode) {
            values.push((value, mode));
        }
        if values.len() > VALUES {
            break;
        }
    }
    match values.is_empty() {
        true => Told::Nothing("it says no value by itself: half of a pattern acts nowhere"),
        false => Told::Values(values),
    }
}

// How that is asked for which is meant so.
fn nearness(mode: Mode) -> Nearness {
    match mode {
        Mode::Wildcard => Nearness::Parent,
        Mode::MailDomain => Nearness::MailDomain,
        _ => Nearness::Same,
    }
}

fn of_key(
    judging: &Judging<'_>,
    (value, key, nearness): (&Observable, Vec<u8>, Nearness),
    answer: &mut views::Why,
    records: &mut Option<Records>,
) -> Result<Option<Action>, Error> {
    let Some(kind) = key.first().and_then(|byte| ValueKind::from_byte(*byte)) else { return Ok(None) };
    let sayings = judging.sayings(&key, kind)?;
    if sayings.is_empty() {
        return Ok(None);
    }
    let ask = Ask { key, nearness, scheme: None };
    let Some((mut known, most)) = known(judging, value, &ask, &sayings, records)? else { return Ok(None) };
    // It is what was asked for, however it is meant.
    Nearness::Same.name().clone_into(&mut known.nearness);
    answer.known.push(known);
    Ok(most)
}
