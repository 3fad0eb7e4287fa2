//! The views of the record: which entries stand in which lists, and which terms, words and ids lead to them.
//!
//! Changes are gathered while a batch is sequenced and written sorted at its end, so that neighbours are written
//! together. The last change of a row wins.

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;

use super::index::block::Presence;
use super::index::changes::Changes;
use super::index::keys::{self, Class};
use super::index::write::Index as Keys;
use super::packed::{Packed, Terms};
use crate::Error;
use crate::record::Index;

/// The list of every entry. The list of a type has the number of its word.
pub(crate) const EVERYTHING: i64 = 0;
/// The list of a filtered collection is this and the collection's number.
pub(crate) const COLLECTIONS: i64 = 1 << 20;
/// Distinct words of one statement that are searchable.
const WORDS: usize = 4_096;
/// Longer words, such as encoded data, are not searchable.
const WORD_BYTES: usize = 64;

/// What is last in its place, and what a later version has taken the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Last,
    Past,
}

/// The number of a list's side in `posting`.
pub(crate) fn side(list: i64, side: Side) -> i64 {
    list * 2 + i64::from(side == Side::Past)
}

/// An entry as the lists know it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) position: i64,
    pub(crate) label: i64,
    pub(crate) source: i64,
    pub(crate) kind: i64,
}

/// Changes that wait for the end of the batch.
#[derive(Debug, Default)]
pub(crate) struct Views {
    postings: Vec<((i64, i64, i64), Presence)>,
    keys: Changes,
    tally: FxHashMap<(i64, i64, i64), i64>,
}

impl Views {
    /// The entry becomes the last in its place.
    pub(crate) fn enter(&mut self, at: Standing, packed: &Packed) {
        self.post(at, packed, Side::Last, Presence::Here);
        self.lead(at, packed, Presence::Here);
        self.count(at, packed, 1);
    }

    /// It is the last no more.
    pub(crate) fn leave(&mut self, at: Standing, packed: &Packed) {
        self.post(at, packed, Side::Last, Presence::Gone);
        self.lead(at, packed, Presence::Gone);
        self.count(at, packed, -1);
    }

    /// It is one of the earlier versions.
    pub(crate) fn enter_past(&mut self, at: Standing, packed: &Packed) {
        self.post(at, packed, Side::Past, Presence::Here);
    }

    /// It is none of them any more.
    pub(crate) fn leave_past(&mut self, at: Standing, packed: &Packed) {
        self.post(at, packed, Side::Past, Presence::Gone);
    }

    /// A key that leads from an id to its number.
    pub(crate) fn key(&mut self, key: &[u8]) {
        self.keys.add(Presence::Here, |to| to.extend_from_slice(key));
    }

    fn post(&mut self, at: Standing, packed: &Packed, on: Side, change: Presence) {
        for list in lists(at, packed) {
            self.postings.push(((side(list, on), at.label, at.position), change));
        }
    }

    fn lead(&mut self, at: Standing, packed: &Packed, change: Presence) {
        for term in packed.terms.iter() {
            self.keys.add(change, |key| {
                key.extend_from_slice(term);
                keys::push_entry(key, at.label, at.position);
            });
        }
        for (object, property) in &packed.references {
            self.keys.add(change, |key| {
                keys::push_reference(key, *object);
                keys::push_entry(key, at.label, at.position);
                keys::push_short(key, *property);
            });
        }
        for (value, facts) in &packed.stands {
            self.keys.add(change, |key| {
                keys::push_value(key, Class::Stands, value);
                keys::push_entry(key, at.label, at.position);
                keys::push_short(key, at.source);
                key.extend_from_slice(facts);
            });
        }
        for one in &packed.spoken {
            self.keys.add(change, |key| {
                keys::push_spoken_at(key, (one.of, one.sort), at.source, (at.label, at.position));
                key.extend_from_slice(&one.facts);
            });
        }
        if !packed.stands.is_empty() {
            let values = packed.stands.len();
            self.keys.add(change, |key| keys::push_said_at(key, at.source, (at.position, at.label), values));
        }
    }

    fn count(&mut self, at: Standing, packed: &Packed, by: i64) {
        for list in lists(at, packed) {
            *self.tally.entry((list, at.label, at.source)).or_default() += by;
        }
    }

    /// Writes what was gathered.
    pub(crate) fn flush(&mut self, conn: &Connection, index: &mut Keys) -> Result<(), Error> {
        flush_postings(conn, last_wins(std::mem::take(&mut self.postings)))?;
        index.put(conn, std::mem::take(&mut self.keys))?;
        let mut tally: Vec<_> =
            std::mem::take(&mut self.tally).into_iter().filter(|(_, by)| *by != 0).collect();
        tally.sort_unstable();
        let last = tally.iter().filter(|((list, ..), _)| *list == EVERYTHING).map(|(_, by)| by).sum();
        count(conn, "last", last)?;
        for ((list, label, source), by) in tally {
            conn.prepare_cached(
                "INSERT INTO tally (list, label, source, count) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (list, label, source) DO UPDATE SET count = count + excluded.count",
            )?
            .execute([list, label, source, by])?;
            if by < 0 {
                conn.prepare_cached(
                    "DELETE FROM tally WHERE list = ?1 AND label = ?2 AND source = ?3 AND count = 0",
                )?
                .execute([list, label, source])?;
            }
        }
        Ok(())
    }
}

/// Adds to a sum.
pub(crate) fn count(conn: &Connection, name: &str, by: i64) -> Result<(), Error> {
    if by != 0 {
        conn.prepare_cached("UPDATE counter SET value = value + ?2 WHERE name = ?1")?
            .execute(params![name, by])?;
    }
    Ok(())
}

fn lists(at: Standing, packed: &Packed) -> impl Iterator<Item = i64> {
    [EVERYTHING, at.kind].into_iter().chain(packed.lists.iter().copied())
}

fn last_wins<K: Ord>(mut changes: Vec<(K, Presence)>) -> Vec<(K, Presence)> {
    changes.sort_by(|one, other| one.0.cmp(&other.0)); // stable: later changes of a row stay behind earlier ones
    changes.reverse();
    changes.dedup_by(|earlier, later| earlier.0 == later.0);
    changes.reverse();
    changes
}

fn flush_postings(conn: &Connection, changes: Vec<((i64, i64, i64), Presence)>) -> Result<(), Error> {
    let mut put = conn.prepare_cached(
        "INSERT INTO posting (list, label, position) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    let mut drop =
        conn.prepare_cached("DELETE FROM posting WHERE list = ?1 AND label = ?2 AND position = ?3")?;
    for ((list, label, position), change) in changes {
        let statement = if change == Presence::Here { &mut put } else { &mut drop };
        statement.execute([list, label, position])?;
    }
    Ok(())
}

/// Keeps what the views hold of an entry.
pub(crate) fn keep(conn: &Connection, position: i64, packed: &Packed) -> Result<(), Error> {
    if !packed.is_empty() {
        conn.prepare_cached("INSERT INTO indexed (position, packed) VALUES (?1, ?2)")?
            .execute(params![position, packed.encode()])?;
    }
    Ok(())
}

/// The keys by which a statement is found.
pub(crate) fn terms(index: &Index) -> Terms {
    // Words have some six letters.
    let text = index.text.len();
    let mut terms = Changes::with_room(text / 5 + 16, text + text / 2 + 512);
    let mut add = |class, value: &[u8]| terms.add(Presence::Here, |key| keys::push_value(key, class, value));
    index.observables.iter().for_each(|key| add(Class::Observable, key));
    index.names.iter().for_each(|name| add(Class::Name, name.as_bytes()));
    index.tags.iter().for_each(|tag| add(Class::Tag, tag.as_bytes()));
    each_word(&index.text, |word| add(Class::Word, word.as_bytes()));
    terms.sort();
    let mut words = 0;
    let mut sorted = Terms::with_room(terms.len(), terms.bytes());
    for (term, _) in terms.iter() {
        words += usize::from(term.first() == Some(&(Class::Word as u8)));
        // Words come last.
        if words > WORDS {
            break;
        }
        sorted.push(term);
    }
    sorted
}

/// The words of a text, folded, each once, ascending: what is asked for as it is kept.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_word(text, |word| words.push(word.to_owned()));
    words.sort_unstable();
    words.dedup();
    words.truncate(WORDS);
    words
}

// The words of a text, folded, in its order.
fn each_word(text: &str, mut each: impl FnMut(&str)) {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let mut folded = String::with_capacity(WORD_BYTES);
    for word in words.filter(|word| !word.is_empty() && word.len() <= WORD_BYTES).take(WORDS * 4) {
        folded.clear();
        folded.push_str(word);
        if word.is_ascii() {
            folded.make_ascii_lowercase();
        } else {
            folded = word.to_lowercase();
        }
        each(&folded);
    }
}
