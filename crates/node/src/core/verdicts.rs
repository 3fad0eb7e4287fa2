//! What members say of indicators: STIX sightings (§5.2) and opinions (§4.12), as the index keeps them and as one voice each.

use std::collections::BTreeMap;

use model::protect::Mistaken;
use model::{MemberId, Timestamp};
use store::record::Spoken;
use strictjson::Node;
use uuid::Uuid;

/// The sort of what is kept of an opinion.
const OPINION: u8 = 0;
/// The sort of what is kept of a sighting.
const SIGHTING: u8 = 1;
/// What an opinion may say, the least first (STIX 2.1 §10.16).
const OPINIONS: [&str; 5] = ["strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"];
/// Most indicators of which one object says something.
const OBJECTS: usize = 10_000;
/// Voices of which each is counted; more are as many.
const VOICES: usize = 1_000;

/// What a STIX object says of indicators; nothing of what is revoked, and of what was looked for and not seen.
#[must_use]
pub fn spoken(object: &Node<'_>) -> Vec<Spoken> {
    let text = |property: &str| object.get(property).and_then(Node::as_str);
    if object.get("revoked").and_then(Node::as_bool) == Some(true) {
        return Vec::new();
    }
    let of = |id: &str| id.strip_prefix("indicator--").and_then(|uuid| uuid.parse::<Uuid>().ok());
    match text("type") {
        Some("opinion") => {
            let level = OPINIONS.iter().position(|word| Some(*word) == text("opinion"));
            let Some(level) = level.and_then(|level| u8::try_from(level).ok()) else { return Vec::new() };
            let refs = object.get("object_refs").and_then(Node::as_array).into_iter().flatten();
            let mut of: Vec<Uuid> = refs.filter_map(Node::as_str).filter_map(of).take(OBJECTS).collect();
            of.sort_unstable();
            of.dedup();
            of.into_iter().map(|of| Spoken { of, sort: OPINION, facts: vec![level] }).collect()
        }
        Some("sighting") => {
            let count = object.get("count").and_then(Node::as_i64).map_or(1, |count| count.max(0));
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            let times = ["last_seen", "first_seen", "modified", "created"];
            let at = times.iter().find_map(|name| text(name)?.parse::<Timestamp>().ok());
            let (Some(of), Some(at)) = (text("sighting_of_ref").and_then(of), at) else { return Vec::new() };
            if count == 0 {
                return Vec::new();
            }
            let facts = [at.0.to_be_bytes().as_slice(), &count.to_be_bytes()].concat();
            vec![Spoken { of, sort: SIGHTING, facts }]
        }
        _ => Vec::new(),
    }
}

/// What is kept of something that is said of an indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// An opinion; whether it says that the indicator is a mistake: `strongly-disagree`.
    Opinion {
        /// It says so.
        mistaken: bool,
    },
    /// It was seen.
    Seen {
        /// When last, as it is said.
        last: Timestamp,
        /// So often.
        count: u32,
    },
}

/// Reads what [`spoken`] wrote.
#[must_use]
pub fn word(sort: u8, facts: &[u8]) -> Option<Word> {
    match (sort, facts) {
        (OPINION, [level]) => Some(Word::Opinion { mistaken: *level == 0 }),
        (SIGHTING, facts) => {
            let (last, count) = facts.split_first_chunk::<8>()?;
            let count = u32::from_be_bytes(count.try_into().ok()?);
            Some(Word::Seen { last: Timestamp(i64::from_be_bytes(*last)), count })
        }
        _ => None,
    }
}

/// Who says something, for a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Voice {
    /// The member; the desk is one for all that it does not name.
    pub member: MemberId,
    /// It is of the reader's own organisation.
    pub own: bool,
}

/// What is said of one indicator, each voice once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdicts {
    // Of each voice its last opinion: where it stands, when it entered, and whether it calls the indicator a mistake.
    opinions: BTreeMap<Voice, (u64, Timestamp, bool)>,
    // Of each voice when it saw it last, and how often at most.
    seen: BTreeMap<Voice, (Timestamp, u32)>,
}

impl Verdicts {
    /// Adds what a voice says, which stands at a position and entered at a time. Nothing was seen after it was said that it was.
    pub fn add(&mut self, voice: Voice, (position, entered): (u64, Timestamp), word: Word) {
        match word {
            Word::Opinion { mistaken } => {
                let is_full = self.opinions.len() >= VOICES && !self.opinions.contains_key(&voice);
                let one = (position, entered, mistaken);
                if voice.own || !is_full {
                    let last = self.opinions.entry(voice).or_insert(one);
                    *last = one.max(*last);
                }
            }
            Word::Seen { last, count } => {
                let is_full = self.seen.len() >= VOICES && !self.seen.contains_key(&voice);
                if !is_full {
                    let seen = self.seen.entry(voice).or_insert((Timestamp::MIN, 0));
                    *seen = (seen.0.max(last.min(entered)), seen.1.max(count));
                }
            }
        }
    }

    /// When it was seen last, by whoever says so.
    #[must_use]
    pub fn sighted(&self) -> Option<Timestamp> {
        self.seen.values().map(|(last, _)| *last).max()
    }

    /// How many say that they saw it, and whether the reader's own organisation does.
    #[must_use]
    pub fn sighted_by(&self) -> (usize, bool) {
        (self.seen.len(), self.seen.keys().any(|voice| voice.own))
    }

    /// Who calls it a mistake.
    #[must_use]
    pub fn mistaken(&self) -> Mistaken {
        let by = || self.opinions.iter().filter(|(_, (.., mistaken))| *mistaken);
        Mistaken {
            members: u32::try_from(by().count()).unwrap_or(u32::MAX),
            here: by().any(|(voice, _)| voice.own),
            last: by().map(|(_, (_, entered, _))| *entered).max(),
        }
    }

    /// The voices, but for one, that say that they saw it.
    pub fn seen_but_by(&self, author: MemberId) -> impl Iterator<Item = MemberId> {
        self.seen.keys().map(|voice| voice.member).filter(move |member| *member != author)
    }

    /// The voices, but for one, that call it a mistake.
    pub fn mistaken_but_by(&self, author: MemberId) -> impl Iterator<Item = MemberId> {
        let by = self.opinions.iter().filter(|(_, (.., mistaken))| *mistaken);
        by.map(|(voice, _)| voice.member).filter(move |member| *member != author)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strictjson::{Limits, parse};

    const OF: &str = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";

    fn words(object: &str) -> Vec<(Uuid, Word)> {
        let object = object.replace('\'', "\"");
        let object = parse(object.as_bytes(), &Limits::default()).unwrap();
        spoken(&object).iter().map(|one| (one.of, word(one.sort, &one.facts).unwrap())).collect()
    }

    fn opinion(of: &str, more: &str) -> Vec<(Uuid, Word)> {
        words(&format!(
            "{{'type':'opinion','opinion':'{of}','object_refs':['indicator--{OF}','malware--{OF}']{more}}}"
        ))
    }

    fn sighting(more: &str) -> Vec<(Uuid, Word)> {
        words(&format!(
            "{{'type':'sighting','modified':'2026-02-03T00:00:00Z','sighting_of_ref':'indicator--{OF}'{more}}}"
        ))
    }

    #[test]
    fn what_objects_say_of_indicators_is_read_back() {
        let of: Uuid = OF.parse().unwrap();
        assert_eq!(opinion("strongly-disagree", ""), [(of, Word::Opinion { mistaken: true })]);
        for other in ["disagree", "neutral", "agree", "strongly-agree"] {
            assert_eq!(opinion(other, ""), [(of, Word::Opinion { mistaken: false })], "{other}");
        }
        assert!(opinion("maybe", "").is_empty() && opinion("agree", ",'revoked':true").is_empty());
        let seen = |last: &str, count| vec![(of, Word::Seen { last: last.parse().unwrap(), count })];
        assert_eq!(sighting(""), seen("2026-02-03T00:00:00Z", 1));
        assert_eq!(
            sighting(",'count':7,'last_seen':'2026-02-01T00:00:00Z'"),
            seen("2026-02-01T00:00:00Z", 7)
        );
        assert_eq!(sighting(",'count':99999999999"), seen("2026-02-03T00:00:00Z", u32::MAX));
        assert!(sighting(",'count':0").is_empty() && sighting(",'count':-3").is_empty(), "it was not seen");
        assert!(words("{'type':'note'}").is_empty());
    }

    #[test]
    fn the_last_word_of_a_voice_counts_and_none_twice() {
        let voice = |number, own| Voice { member: MemberId(Uuid::from_u128(number)), own };
        let at = |second: u64| (second, Timestamp(second.cast_signed() * 1_000_000));
        let mut verdicts = Verdicts::default();
        for position in [1, 2, 9] {
            verdicts.add(voice(1, false), at(position), Word::Opinion { mistaken: true });
        }
        verdicts.add(voice(2, true), at(5), Word::Opinion { mistaken: false });
        verdicts.add(voice(2, true), at(3), Word::Opinion { mistaken: true });
        assert_eq!(verdicts.mistaken(), Mistaken { members: 1, here: false, last: Some(at(9).1) });
        verdicts.add(voice(2, true), at(6), Word::Opinion { mistaken: true });
        assert_eq!(verdicts.mistaken(), Mistaken { members: 2, here: true, last: Some(at(9).1) });
        verdicts.add(voice(3, false), at(7), Word::Seen { last: Timestamp::MAX, count: 3 });
        assert_eq!(
            (verdicts.sighted(), verdicts.sighted_by()),
            (Some(at(7).1), (1, false)),
            "not after it was said"
        );
        assert_eq!(verdicts.mistaken_but_by(MemberId(Uuid::from_u128(1))).count(), 1);
    }
}
