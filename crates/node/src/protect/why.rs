//! Why a value is blocked, alerts, or is left alone.

use model::matching::{Ask, asks};
use model::observable::{KEY_BYTES_MAX, Kind as ValueKind, Observable, PrefixLengths, asked, text_of_key};
use model::protect::{Action, Gate, GateKind};

use super::facts::{Judged, Judging, Saying, value_of};
use super::policy::policy_of;
use super::record::{Records, records_of, voices};
use super::why_id::of_id;
use crate::{Caller, Error, Kind, Node, views};

/// Most values of one call.
const VALUES: usize = 100;
/// Most who say one value that are told, the newest first; all of them are judged.
const SAID: usize = 50;
/// Most that one value is judged by.
const JUDGED: usize = 10_000;

impl Node {
    /// What each value does at the caller's member, and every gate that it passed or did not. Rules that are shared are asked for by the
    /// id of their indicator.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] for more than 100 values; what the caller may not.
    pub fn why(&self, caller: &Caller, values: &[String]) -> Result<Vec<views::Why>, Error> {
        if values.len() > VALUES {
            return Err(Error::new(Kind::TooLarge, format!("at most {VALUES} values are asked at once")));
        }
        let reading = self.reading(caller)?;
        let policy = policy_of(&reading.roster, reading.reader, reading.now)?;
        let judging = Judging::new(self, &reading, policy, Judged::Few)?;
        let mut records = None;
        let answers = values.iter().map(|value| why(&judging, value, &mut records));
        let answers = answers.collect::<Result<Vec<_>, Error>>()?;
        drop(judging);
        self.lent(caller, "why", None, reading)?;
        Ok(answers)
    }
}

fn why(judging: &Judging<'_>, query: &str, records: &mut Option<Records>) -> Result<views::Why, Error> {
    let mut answer = views::Why {
        query: query.to_owned(),
        kind: None,
        value: None,
        error: None,
        held: None,
        action: action_name(None).to_owned(),
        known: Vec::new(),
        more: false,
    };
    if query.trim().starts_with("indicator--") {
        let most = of_id(judging, query.trim(), &mut answer, records)?;
        answer.action = action_name(most).to_owned();
        return Ok(answer);
    }
    let value = match asked(query) {
        Ok(value) => value,
        Err(unfit) => {
            answer.error = Some(unfit.to_string());
            return Ok(answer);
        }
    };
    answer.kind = Some(value.kind().name().to_owned());
    answer.value = Some(value.text().to_owned());
    let lengths: Vec<u8> = (0..128).collect();
    let lengths = PrefixLengths { v4: lengths.get(..32).unwrap_or_default(), v6: &lengths };
    let mut most = None;
    for ask in asks(&value, &lengths) {
        let Some(kind) = ask.key.first().and_then(|byte| ValueKind::from_byte(*byte)) else { continue };
        let mut sayings = judging.sayings(&ask.key, kind)?;
        if sayings.is_empty() {
            continue;
        }
        answer.more |= sayings.len() > SAID;
        sayings.truncate(JUDGED);
        if let Some((known, done)) = known(judging, &value, &ask, &sayings, records)? {
            most = most.max(done);
            answer.known.push(known);
        }
    }
    answer.action = action_name(most).to_owned();
    Ok(answer)
}

// What is said under one key, and the most that it does to the value that was seen.
pub(super) fn known(
    judging: &Judging<'_>,
    seen: &Observable,
    ask: &Ask,
    sayings: &[Saying],
    records: &mut Option<Records>,
) -> Result<Option<(views::Known, Option<Action>)>, Error> {
    let scheme = sayings.first().and_then(|saying| saying.told.scheme);
    let of_key = value_of(&ask.key, scheme);
    // Of a long value the key has a digest alone, so no file has it: it is judged as what was asked, and does nothing.
    let is_told = of_key.is_some();
    let value = of_key.unwrap_or_else(|| seen.clone());
    let mut gates = Vec::new();
    let verdicts = judging.judge((&ask.key, &value), sayings, Some(&mut |gate| gates.push(gate)))?;
    let meets = |verdict: &model::protect::Verdict| verdict.mode.admits(ask.nearness);
    let does = |verdict: &model::protect::Verdict| verdict.action.filter(|_| is_told);
    let most = verdicts.iter().filter(|verdict| meets(verdict)).map(does).max().flatten();
    let verdicts: Vec<_> = verdicts
        .iter()
        .map(|verdict| views::Verdict {
            mode: verdict.mode.name().to_owned(),
            meets: meets(verdict),
            action: action_name(does(verdict)).to_owned(),
            until: verdict.until.filter(|_| is_told).map(|until| until.to_string()),
            origins: verdict.origins,
            rests_on: verdict.fact.and_then(|fact| sayings.get(fact)).map(id_of),
        })
        .collect();
    // A domain above that means itself alone tells nothing of what is below it.
    if verdicts.iter().all(|verdict| !verdict.meets) {
        return Ok(None);
    }
    let mut said = Vec::new();
    for (place, saying) in sayings.iter().enumerate().take(SAID) {
        let of_this = gates.iter().filter(|gate| gate.fact == Some(place)).map(shown).collect();
        said.push(said_by(judging, saying, of_this, records)?);
    }
    let of_value = gates.iter().filter(|gate| gate.fact.is_none() && gate.kind != GateKind::Origins);
    let too_long = views::Gate {
        gate: "length".to_owned(),
        lets: action_name(None).to_owned(),
        by: format!("longer than {KEY_BYTES_MAX} bytes: no sensor is told of it"),
        at: None,
    };
    let known = views::Known {
        value: text_of_key(&ask.key).unwrap_or_else(|| value.text().to_owned()),
        nearness: ask.nearness.name().to_owned(),
        verdicts,
        gates: of_value.map(shown).chain((!is_told).then_some(too_long)).collect(),
        said,
    };
    Ok(Some((known, most)))
}

fn id_of(saying: &Saying) -> String {
    format!("indicator--{}", saying.told.uuid.hyphenated())
}

fn said_by(
    judging: &Judging<'_>,
    saying: &Saying,
    gates: Vec<views::Gate>,
    records: &mut Option<Records>,
) -> Result<views::Said, Error> {
    let reading = judging.reading;
    let mut entered = saying.fact.entered;
    reading.snapshot.entry(&reading.sight.visible, saying.position, &mut |entry| {
        reading.lends(entry);
        entered = entry.date_added;
    })?;
    let label = reading.sight.label(saying.label);
    let (sighted, mistaken) = voices(&judging.verdicts(saying.told.uuid)?);
    let record = records_of(judging, records, saying.fact.source)?;
    Ok(views::Said {
        id: id_of(saying),
        source: label.and_then(|label| reading.told(label)).map(|member| reading.roster.named(member)),
        own: saying.fact.own,
        label: label.map(|label| label.tlp.to_string()).unwrap_or_default(),
        entered: entered.to_string(),
        sighted,
        mistaken,
        record,
        gates,
    })
}

fn shown(gate: &Gate) -> views::Gate {
    views::Gate {
        gate: gate.kind.name().to_owned(),
        lets: action_name(gate.lets).to_owned(),
        by: gate.by.clone(),
        at: gate.at.map(|at| at.to_string()),
    }
}

fn action_name(action: Option<Action>) -> &'static str {
    action.map_or("nothing", Action::name)
}
