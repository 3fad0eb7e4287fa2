//! Small numbers for labels, sources, words and ids.

use std::collections::HashMap;

use model::{Label, MemberId};
use rusqlite::{Connection, OptionalExtension, params};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Error, Kind};

/// Types and properties that one store knows at most: they come from what members send.
pub(crate) const WORDS: i64 = 65_536;
/// Entries that each cache keeps at most before it begins anew.
const CACHED: usize = 65_536;

/// A label's number, the digest of its canonical bytes, and what of it is looked at in passing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LabelRef {
    pub(crate) num: i64,
    pub(crate) digest: [u8; 32],
    /// It is for circles, beside others or not.
    pub(crate) names_circles: bool,
}

/// Copies of what the tables say. Dropped whenever a transaction or a part of it goes back.
#[derive(Debug, Default)]
pub(crate) struct Interned {
    labels: FxHashMap<Label, LabelRef>,
    wholes: FxHashMap<i64, i64>,
    sources: FxHashMap<Uuid, i64>,
    words: FxHashMap<String, i64>,
    // Ids come from anybody, so this is hashed with a secret.
    objects: HashMap<(Uuid, i64), i64>,
}

impl Interned {
    pub(crate) fn label(&mut self, conn: &Connection, label: &Label) -> Result<LabelRef, Error> {
        if let Some(known) = self.labels.get(label) {
            return Ok(*known);
        }
        let canonical = label.canonical();
        let digest: [u8; 32] = Sha256::digest(&canonical).into();
        let stands: Option<i64> = conn
            .prepare_cached("SELECT num FROM label WHERE digest = ?1")?
            .query_row([digest], |row| row.get(0))
            .optional()?;
        let num = match stands {
            Some(num) => num,
            None => conn
                .prepare_cached(
                    "INSERT INTO label (num, digest, canonical)
                     SELECT coalesce(max(num) + 1, 0), ?1, ?2 FROM label RETURNING num",
                )?
                .query_row(params![digest, canonical], |row| row.get(0))?,
        };
        let known = LabelRef { num, digest, names_circles: !label.recipients.circles.is_empty() };
        if self.labels.len() >= CACHED {
            self.labels.clear();
        }
        self.labels.insert(label.clone(), known);
        Ok(known)
    }

    /// The number of the same label without parts. Whoever sees what bears the one sees what bears the other, so of one
    /// object and source under the two, one alone is last.
    pub(crate) fn whole(&mut self, conn: &Connection, num: i64) -> Result<i64, Error> {
        if let Some(known) = self.wholes.get(&num) {
            return Ok(*known);
        }
        let stands = label(conn, num)?;
        let whole = match stands.parts {
            None => num,
            Some(_) => self.label(conn, &Label { parts: None, ..stands })?.num,
        };
        if self.wholes.len() >= CACHED {
            self.wholes.clear();
        }
        self.wholes.insert(num, whole);
        Ok(whole)
    }

    pub(crate) fn source(&mut self, conn: &Connection, member: MemberId) -> Result<i64, Error> {
        if let Some(known) = self.sources.get(&member.0) {
            return Ok(*known);
        }
        let num = match source(conn, member)? {
            Some(num) => num,
            None => conn
                .prepare_cached("INSERT INTO source (id) VALUES (?1) RETURNING num")?
                .query_row([member.0.as_bytes()], |row| row.get(0))?,
        };
        if self.sources.len() >= CACHED {
            self.sources.clear();
        }
        self.sources.insert(member.0, num);
        Ok(num)
    }

    /// The number of an id that was met lately.
    pub(crate) fn recent(&self, uuid: Uuid, kind: i64) -> Option<i64> {
        self.objects.get(&(uuid, kind)).copied()
    }

    /// Remembers the number of an id.
    pub(crate) fn met(&mut self, uuid: Uuid, kind: i64, num: i64) {
        if self.objects.len() >= CACHED {
            self.objects.clear();
        }
        self.objects.insert((uuid, kind), num);
    }

    /// The number of a word, if it has one.
    pub(crate) fn known_word(&mut self, conn: &Connection, text: &str) -> Result<Option<i64>, Error> {
        if let Some(known) = self.words.get(text) {
            return Ok(Some(*known));
        }
        let num = word(conn, text)?;
        if let Some(num) = num {
            self.words.insert(text.to_owned(), num);
        }
        Ok(num)
    }

    pub(crate) fn word(&mut self, conn: &Connection, text: &str) -> Result<i64, Error> {
        let num = match self.known_word(conn, text)? {
            Some(num) => return Ok(num),
            None => conn
                .prepare_cached("INSERT INTO word (text) VALUES (?1) RETURNING num")?
                .query_row([text], |row| row.get(0))?,
        };
        if num > WORDS {
            return Err(Error::new(Kind::Conflict, format!("more than {WORDS} types and properties")));
        }
        self.words.insert(text.to_owned(), num);
        Ok(num)
    }
}

/// The number of a source that is known.
pub(crate) fn source(conn: &Connection, member: MemberId) -> Result<Option<i64>, Error> {
    Ok(conn
        .prepare_cached("SELECT num FROM source WHERE id = ?1")?
        .query_row([member.0.as_bytes()], |row| row.get(0))
        .optional()?)
}

/// The label that has a number.
pub(crate) fn label(conn: &Connection, num: i64) -> Result<Label, Error> {
    let canonical: Vec<u8> = conn
        .prepare_cached("SELECT canonical FROM label WHERE num = ?1")?
        .query_row([num], |row| row.get(0))?;
    Label::from_canonical(&canonical).ok_or_else(|| super::row::damaged("label"))
}

/// The number of a word that is known.
pub(crate) fn word(conn: &Connection, text: &str) -> Result<Option<i64>, Error> {
    Ok(conn
        .prepare_cached("SELECT num FROM word WHERE text = ?1")?
        .query_row([text], |row| row.get(0))
        .optional()?)
}
