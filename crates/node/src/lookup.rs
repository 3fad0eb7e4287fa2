//! What mentions a value.

use std::collections::HashMap;
use std::ops::ControlFlow;

use model::Timestamp;
use model::observable::{Keys, Kind as ValueKind, PrefixLengths, Probe, Relation, asked, text_of_key};
use store::find;
use store::record::ObjectKey;
use uuid::Uuid;

use crate::around::{Reach, one_step};
use crate::reading::Reading;
use crate::who_said::Beside;
use crate::{Caller, Error, Kind, Node, views};

/// Most values of one call.
const MAX_VALUES: usize = 1_000;
/// Most mentions of one value that are listed.
const MAX_MENTIONS: usize = 100;
/// Most finds of one value that are ranked: the newest of each key, the closest keys first.
const MAX_RANKED: usize = 256;
/// Most mentions of one value that come with context; what follows them comes without.
const MAX_WITH_CONTEXT: usize = 8;
/// Most values of one call for which it is told who said them.
const MAX_WITH_WHO: usize = 100;
/// One step around a mention.
const CONTEXT: Reach = Reach { looked_at: 32, listed: 6, telling_only: true };

impl Node {
    /// What is known of each value: what mentions it, or what is around or within it, the most telling first.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] for more than 1,000 values; [`Kind::Invalid`] for a limit of 0; what the caller may not.
    pub fn lookup(
        &self,
        caller: &Caller,
        values: &[String],
        limit: usize,
    ) -> Result<Vec<views::LookupAnswer>, Error> {
        if values.len() > MAX_VALUES {
            return Err(Error::new(
                Kind::TooLarge,
                format!("at most {MAX_VALUES} values are looked up at once"),
            ));
        }
        if limit == 0 {
            return Err(Error::new(Kind::Invalid, "`limit` must be at least 1"));
        }
        let reading = self.reading(caller)?;
        let answers = values.iter().map(|value| answer(&reading, value, limit.min(MAX_MENTIONS)));
        let mut answers = answers.collect::<Result<Vec<_>, Error>>()?;
        if values.len() <= MAX_WITH_WHO {
            for answer in &mut answers {
                // What is listed is counted as lent already.
                let told = if answer.more { Beside::Nothing } else { Beside::All };
                let value = answer.value.as_deref().and_then(|_| asked(&answer.query).ok());
                answer.who = value.map(|value| self.who_said(&reading, &value, told)).transpose()?;
            }
        }
        self.lent(caller, "lookup", None, reading)?;
        Ok(answers)
    }
}

fn answer(reading: &Reading, query: &str, limit: usize) -> Result<views::LookupAnswer, Error> {
    let mut answer = views::LookupAnswer {
        query: query.to_owned(),
        kind: None,
        value: None,
        error: None,
        hit: false,
        mentions: Vec::new(),
        more: false,
        who: None,
    };
    let observable = match asked(query) {
        Ok(observable) => observable,
        Err(unfit) => {
            answer.error = Some(unfit.to_string());
            return Ok(answer);
        }
    };
    answer.kind = Some(observable.kind().name().to_owned());
    answer.value = Some(observable.text().to_owned());
    // Every length that a network can have: which ones the record holds is not for every reader to feel.
    let lengths: Vec<u8> = (0..128).collect();
    let v4 = lengths.get(..32).unwrap_or_default();
    let probes = observable.lookup_keys(&PrefixLengths { v4, v6: &lengths });
    let (mut finds, cut) = finds(reading, &probes)?;
    finds.sort_by_key(Find::rank);
    answer.hit = !finds.is_empty();
    answer.more = cut || finds.len() > limit;
    for (place, find) in finds.into_iter().take(limit).enumerate() {
        answer.mentions.push(mention(reading, find, place < MAX_WITH_CONTEXT)?);
    }
    Ok(answer)
}

struct Find {
    relation: Relation,
    // The key that was found.
    key: Vec<u8>,
    object: ObjectKey,
    position: u64,
    owned: bool,
    active: bool,
    weight: u8,
}

impl Find {
    // The most telling first: indicators that are valid, then what they are made of, then the rest; then the closest;
    // then the newest.
    fn rank(&self) -> (u8, Relation, std::cmp::Reverse<u64>) {
        (self.weight, self.relation, std::cmp::Reverse(self.position))
    }
}

// What stands under the keys, each object once: under the closest key, and as its owner has it.
fn finds(reading: &Reading, probes: &[Probe]) -> Result<(Vec<Find>, bool), Error> {
    let mut found: HashMap<(Uuid, String), Find> = HashMap::new();
    let mut cut = false;
    for probe in probes {
        let keys = match &probe.keys {
            Keys::One(key) => find::Keys::One(key),
            Keys::Range { start, end } => find::Keys::Range(start, end),
        };
        reading.snapshot.mentions(&reading.sight.visible, keys, &mut |key, hit| {
            if found.len() == MAX_RANKED {
                cut = true;
                return ControlFlow::Break(());
            }
            let id = (hit.uuid, hit.kind.to_owned());
            let replaces = |have: &Find| have.relation == probe.relation && hit.owned && !have.owned;
            if found.get(&id).is_none_or(replaces) {
                found.insert(id, find_of(probe.relation, key, hit, reading.now));
            }
            ControlFlow::Continue(())
        })?;
        if cut {
            break;
        }
    }
    Ok((found.into_values().collect(), cut))
}

fn find_of(relation: Relation, key: &[u8], hit: &find::Hit<'_>, now: Timestamp) -> Find {
    // "Active" is a function of the view and the time, asked when needed and never stored.
    let active = !hit.revoked
        && hit.valid_from.is_none_or(|from| from <= now)
        && hit.valid_until.is_none_or(|until| now < until);
    let weight = match (hit.kind, active) {
        ("indicator", true) => 0,
        ("indicator", false) => 4,
        (kind, true) if stix::family_of(kind) == Some(stix::Family::Observable) => 1,
        (_, true) => 2,
        (_, false) => 3,
    };
    Find {
        relation,
        key: key.to_vec(),
        object: ObjectKey { kind: hit.kind.to_owned(), uuid: hit.uuid },
        position: hit.position,
        owned: hit.owned,
        active,
        weight,
    }
}

fn mention(reading: &Reading, find: Find, with_context: bool) -> Result<views::Mention, Error> {
    let mut summary = None;
    reading
        .snapshot
        .entry(&reading.sight.visible, find.position, &mut |entry| summary = Some(reading.summary(entry)))?;
    let object = summary.ok_or_else(|| Error::new(Kind::Internal, "an entry that was found is gone"))?;
    let context = match with_context {
        true => one_step(reading, &find.object, find.position, CONTEXT)?.0,
        false => Vec::new(),
    };
    let kind = find.key.first().and_then(|byte| ValueKind::from_byte(*byte));
    Ok(views::Mention {
        relation: relation_name(find.relation, kind),
        // A long text is in the index by its digest alone; then the object's own name says most.
        value: text_of_key(&find.key).unwrap_or_else(|| object.name.clone()),
        object,
        active: find.active,
        context,
    })
}

fn relation_name(relation: Relation, kind: Option<ValueKind>) -> &'static str {
    match relation {
        Relation::Same => "exact",
        Relation::OtherScheme => "other-scheme",
        Relation::Host => "host",
        Relation::SameDigits => "same-digits",
        Relation::FileName => "file-name",
        Relation::MailDomain => "mail-domain",
        Relation::Network => "covering-network",
        Relation::Parent => "parent-domain",
        Relation::Range => "covering-range",
        Relation::Within if kind == Some(ValueKind::Domain) => "subdomain",
        Relation::Within if kind == Some(ValueKind::CardRange) => "within-range",
        Relation::Within => "within-network",
    }
}
