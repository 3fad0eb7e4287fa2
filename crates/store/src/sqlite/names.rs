//! Words and sources by their numbers, shared by all snapshots. Numbers never change their meaning once committed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use model::MemberId;
use rusqlite::Connection;

use super::row::{damaged, uuid};
use crate::Error;

/// What the numbers mean.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    words: Vec<Arc<str>>,
    // Words come from what members send, so this is hashed with a secret.
    numbers: HashMap<Arc<str>, i64>,
    sources: Vec<MemberId>,
}

/// The names known so far.
#[derive(Debug, Default)]
pub(crate) struct Shared(RwLock<Arc<Names>>);

impl Names {
    pub(crate) fn word(&self, num: i64) -> Option<&Arc<str>> {
        usize::try_from(num - 1).ok().and_then(|at| self.words.get(at))
    }

    /// The number of a word, if it is known.
    pub(crate) fn number(&self, word: &str) -> Option<i64> {
        self.numbers.get(word).copied()
    }

    pub(crate) fn source(&self, num: i64) -> Option<MemberId> {
        usize::try_from(num - 1).ok().and_then(|at| self.sources.get(at)).copied()
    }
}

impl Shared {
    pub(crate) fn current(&self) -> Arc<Names> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads what came since, as this connection sees it.
    pub(crate) fn extend(&self, conn: &Connection) -> Result<Arc<Names>, Error> {
        let mut names = Names::clone(&self.current());
        let mut words = conn.prepare_cached("SELECT text FROM word WHERE num > ?1 ORDER BY num")?;
        let mut rows = words.query([names.words.len() as i64])?;
        while let Some(row) = rows.next()? {
            let word: Arc<str> = row.get_ref(0)?.as_str().map_err(|_| damaged("word"))?.into();
            names.words.push(word.clone());
            names.numbers.insert(word, names.words.len() as i64);
        }
        let mut sources = conn.prepare_cached("SELECT id FROM source WHERE num > ?1 ORDER BY num")?;
        let mut rows = sources.query([names.sources.len() as i64])?;
        while let Some(row) = rows.next()? {
            names.sources.push(MemberId(uuid(row.get_ref(0)?.as_blob().map_err(|_| damaged("source"))?)?));
        }
        let names = Arc::new(names);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = names.clone();
        Ok(names)
    }
}
