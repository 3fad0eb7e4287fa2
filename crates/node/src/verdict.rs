//! Sightings and verdicts: what a member's own sensors and people found out of what others say.
//!
//! Both are plain STIX objects under the label of the indicator: a `sighting` (§5.2), and for a mistake an `opinion` that
//! strongly disagrees (§4.12), so that any product reads them on every road, and a later opinion takes one back.

use model::matching::{Nearness, asks};
use model::observable::{Kind as ValueKind, Observable, PrefixLengths, asked, text_of_key};
use model::{Action, may_act};
use store::record::ObjectKey;
use uuid::Uuid;

use crate::core::sought::lengths;
use crate::directory::signed_in;
use crate::protect::{Judged, Judging, policy_of};
use crate::{Annotation, Caller, Error, Kind, Node, Saying, Sighted, views};

/// Values and ids of one call.
const OF: usize = 100;
/// Indicators of one call.
const INDICATORS: usize = 100;

/// What is said.
#[derive(Debug, Clone)]
pub enum VerdictOf {
    /// It is a mistake, and why.
    Mistaken(Option<String>),
    /// It was seen.
    Sighted(Sighted),
}

impl Node {
    /// Says of indicators that they are a mistake, or were seen: by their ids, or of all that the caller sees that say a value by
    /// themselves. What the caller's member calls a mistake already is not said again.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for what no indicator says that the caller sees; [`Kind::TooLarge`] for more than 100 at once; what
    /// [`Node::annotate`] refuses. What was said before it was refused stays said.
    pub fn verdict(
        &self,
        caller: &Caller,
        of: &[String],
        verdict: &VerdictOf,
        saying: Saying,
    ) -> Result<Vec<views::Given>, Error> {
        signed_in(caller)?;
        may_act(&caller.principal, &Action::Annotate)?;
        if of.len() > OF {
            return Err(Error::new(Kind::TooLarge, format!("at most {OF} values and ids at once")));
        }
        let meant = self.spoken_of(caller, of, matches!(verdict, VerdictOf::Mistaken(_)))?;
        let annotation = match verdict {
            VerdictOf::Mistaken(reason) => {
                Annotation::Opinion("strongly-disagree".to_owned(), reason.clone())
            }
            VerdictOf::Sighted(sighted) => Annotation::Sighting(sighted.clone()),
        };
        let mut given = Vec::with_capacity(meant.len());
        for (indicator, known) in meant {
            let outcome = match known {
                true => None,
                false => Some(self.annotate(caller, &indicator, &annotation, saying)?),
            };
            given.push(views::Given { indicator, known, outcome });
        }
        Ok(given)
    }

    /// Whether the caller may say so of what he sees: pages offer it to nobody else.
    #[must_use]
    pub fn may_give_verdicts(&self, caller: &Caller) -> bool {
        signed_in(caller).is_ok() && may_act(&caller.principal, &Action::Annotate).is_ok()
    }

    // The indicators that are meant, each once, and whether the caller's member calls it a mistake already.
    fn spoken_of(
        &self,
        caller: &Caller,
        of: &[String],
        is_mistake: bool,
    ) -> Result<Vec<(String, bool)>, Error> {
        let reading = self.reading(caller)?;
        let policy = policy_of(&reading.roster, reading.reader, reading.now)?;
        let judging = Judging::new(self, &reading, policy, Judged::Few)?;
        let mut uuids = Vec::new();
        for one in of {
            match ObjectKey::parse(one.trim()) {
                Some(key) if key.kind == "indicator" => uuids.push(key.uuid),
                Some(_) => {
                    let error = Error::new(Kind::Invalid, format!("`{one}` is no indicator"));
                    return Err(error.hint("`accord opinion` says of any object how far you agree with it"));
                }
                None => uuids.extend(says(&judging, one)?),
            }
        }
        let mut seen = std::collections::HashSet::new();
        uuids.retain(|uuid| seen.insert(*uuid));
        if uuids.len() > INDICATORS {
            let message = format!(
                "{} indicators say that, and at most {INDICATORS} are spoken of at once",
                uuids.len()
            );
            return Err(Error::new(Kind::TooLarge, message).hint("name them by their ids, in parts"));
        }
        let mut meant = Vec::with_capacity(uuids.len());
        for uuid in uuids {
            let known = is_mistake && judging.verdicts(uuid)?.mistaken().here;
            meant.push((format!("indicator--{}", uuid.hyphenated()), known));
        }
        drop(judging);
        self.lent(caller, "verdict", None, reading)?;
        Ok(meant)
    }
}

// Who says the value itself. What only reaches it is another value, and a larger claim: it is named, to be said on purpose.
fn says(judging: &Judging<'_>, text: &str) -> Result<Vec<Uuid>, Error> {
    let value = asked(text)
        .map_err(|unfit| Error::new(Kind::Invalid, format!("`{text}` is no value and no id: {unfit}")))?;
    let same = of(judging, &value, |nearness| nearness == Nearness::Same)?;
    if !same.is_empty() {
        return Ok(same.into_iter().flat_map(|(_, uuids)| uuids).collect());
    }
    let error = Error::new(Kind::NotFound, format!("no indicator that you see says `{text}` by itself"));
    let near: Vec<String> =
        of(judging, &value, |_| true)?.into_iter().map(|(said, _)| said).take(5).collect();
    Err(match near.is_empty() {
        true => error.hint("`accord why` tells what is known of a value"),
        false => error.hint(format!("what is said is {}", near.join(", "))),
    })
}

fn of(
    judging: &Judging<'_>,
    value: &Observable,
    is_meant: impl Fn(Nearness) -> bool,
) -> Result<Vec<(String, Vec<Uuid>)>, Error> {
    let lengths: PrefixLengths<'_> = lengths();
    let mut found = Vec::new();
    for ask in asks(value, &lengths).into_iter().filter(|ask| is_meant(ask.nearness)) {
        let Some(kind) = ask.key.first().and_then(|byte| ValueKind::from_byte(*byte)) else { continue };
        let sayings = judging.sayings(&ask.key, kind)?;
        let admitted = sayings.iter().filter(|saying| saying.fact.mode.admits(ask.nearness));
        let uuids: Vec<Uuid> = admitted.map(|saying| saying.told.uuid).collect();
        if !uuids.is_empty() {
            found.push((text_of_key(&ask.key).unwrap_or_else(|| value.text().to_owned()), uuids));
        }
    }
    Ok(found)
}
