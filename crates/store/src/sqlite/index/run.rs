//! What memory keeps of a run: which keys it cannot have, and where each of its blocks begins. So a question costs a page
//! of the file where there is an answer, and mostly none where there is not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rustc_hash::FxHashMap;

use super::super::row::damaged;
use super::filter::Filter;
use crate::Error;

/// The first key of each block, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Fences {
    keys: Vec<u8>,
    ends: Vec<usize>,
}

impl Fences {
    /// Adds the first key of the next block.
    pub(crate) fn push(&mut self, first: &[u8]) {
        self.keys.extend_from_slice(first);
        self.ends.push(self.keys.len());
    }

    /// The block that has a key, if one has: the last that does not begin behind it.
    pub(crate) fn block_of(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.first(middle) <= key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.saturating_sub(1)
    }

    fn first(&self, block: usize) -> &[u8] {
        let start = block.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(block).and_then(|end| self.keys.get(start..*end)).unwrap_or_default()
    }

    fn read(conn: &Connection, run: i64) -> Result<Fences, Error> {
        let mut query = conn.prepare_cached("SELECT first FROM fence WHERE run = ?1 ORDER BY first")?;
        let mut rows = query.query([run])?;
        let mut fences = Fences::default();
        while let Some(row) = rows.next()? {
            fences.push(row.get_ref(0)?.as_blob().map_err(|_| damaged("fence"))?);
        }
        Ok(fences)
    }
}

/// A run that stands.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) num: i64,
    pub(crate) filter: Filter,
    pub(crate) fences: Fences,
}

/// The runs that were asked for, shared by all connections: runs never change, and their numbers are not given twice.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<FxHashMap<i64, Arc<Run>>>);

impl Kept {
    /// A run, read once.
    pub(crate) fn of(&self, conn: &Connection, num: i64) -> Result<Arc<Run>, Error> {
        if let Some(known) = self.held().get(&num) {
            return Ok(known.clone());
        }
        let filter: Vec<u8> = conn
            .prepare_cached("SELECT filter FROM run WHERE num = ?1")?
            .query_row([num], |row| row.get(0))?;
        let filter = Filter::stored(filter).ok_or_else(|| damaged("run.filter"))?;
        let run = Arc::new(Run { num, filter, fences: Fences::read(conn, num)? });
        self.held().insert(num, run.clone());
        Ok(run)
    }

    /// Keeps a run that was just made.
    pub(crate) fn keep(&self, run: Run) {
        self.held().insert(run.num, Arc::new(run));
    }

    /// Forgets a run that is no more. An older snapshot reads it again.
    pub(crate) fn forget(&self, num: i64) {
        self.held().remove(&num);
    }

    /// Forgets all: what is asked for is read again.
    pub(crate) fn clear(&self) {
        self.held().clear();
    }

    fn held(&self) -> MutexGuard<'_, FxHashMap<i64, Arc<Run>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Fences;

    #[test]
    fn a_key_is_in_the_last_block_that_does_not_begin_behind_it() {
        let mut fences = Fences::default();
        assert_eq!(fences.block_of(b"any"), 0);
        for first in ["b", "bb", "d"] {
            fences.push(first.as_bytes());
        }
        let found = ["", "a", "b", "ba", "bb", "c", "d", "e"].map(|key| fences.block_of(key.as_bytes()));
        assert_eq!(found, [0, 0, 0, 0, 1, 1, 2, 2]);
    }
}
