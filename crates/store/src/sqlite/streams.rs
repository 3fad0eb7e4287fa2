//! What leads to entries under one label: the positions of a list, the labels of a value.
//!
//! Everything that leads to entries is kept apart by label, so what a reader may not see costs him nothing.

use std::collections::VecDeque;

use rusqlite::Connection;

use super::index::keys;
use super::views::{Side, side};
use crate::Error;
use crate::read::{LabelId, Snapshot, Visible};

/// Positions of a list that are read at once, at most.
const MOST: usize = 256;

/// The positions of a list under one label, descending.
#[derive(Debug)]
pub(crate) struct ListStream<'c> {
    conn: &'c Connection,
    list: i64,
    label: i64,
    held: VecDeque<i64>,
    size: usize,
}

impl<'c> ListStream<'c> {
    /// The entries of a list under a label that are the last in their place.
    pub(crate) fn new(snapshot: &'c Snapshot, list: i64, label: i64) -> Result<ListStream<'c>, Error> {
        let list = side(list, Side::Last);
        Ok(ListStream { conn: snapshot.conn()?, list, label, held: VecDeque::new(), size: 4 })
    }

    /// The greatest position below another. What is asked for never grows.
    pub(crate) fn below(&mut self, before: i64) -> Result<Option<i64>, Error> {
        while let Some(head) = self.held.front() {
            if *head < before {
                return Ok(Some(*head));
            }
            self.held.pop_front();
        }
        let mut query = self.conn.prepare_cached(
            "SELECT position FROM posting WHERE list = ?1 AND label = ?2 AND position < ?3
             ORDER BY position DESC LIMIT ?4",
        )?;
        let mut rows = query.query((self.list, self.label, before, self.size as i64))?;
        while let Some(row) = rows.next()? {
            self.held.push_back(row.get(0)?);
        }
        self.size = (self.size * 2).min(MOST);
        Ok(self.held.front().copied())
    }
}

/// The labels under which a value leads somewhere, of those wanted. What is not wanted is leapt over: however many other
/// labels lie in between, there is at most one question for each wanted one.
pub(crate) fn labels_of(snapshot: &Snapshot, value: &[u8], wanted: &Visible) -> Result<Vec<i64>, Error> {
    let (conn, runs, end) = (snapshot.conn()?, snapshot.runs()?, keys::after(value));
    let mut labels = Vec::new();
    let mut from = value.to_vec();
    let mut next = wanted.from(LabelId(0));
    while let Some(least) = next {
        from.truncate(value.len());
        keys::push_short(&mut from, i64::from(least.0));
        let mut scan = runs.scan(conn, &from, &end, Some(value))?;
        let found = scan.next()?.and_then(|key| keys::read_short(key.get(value.len()..)?));
        let Some(label) = found.and_then(|(label, _)| u32::try_from(label).ok()) else { break };
        if wanted.has(LabelId(label)) {
            labels.push(i64::from(label));
        }
        next = label.checked_add(1).and_then(|label| wanted.from(LabelId(label)));
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::sqlite::index::block::Presence;
    use crate::sqlite::index::changes::Changes;
    use crate::sqlite::index::keys::Class;
    use crate::{Options, Store};

    #[test]
    fn labels_that_are_not_wanted_cost_nothing_however_many_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &Options::default()).unwrap();
        let value = keys::value(Class::Observable, b"1");
        let mut changes = Changes::default();
        for label in (0..1_500).filter(|label| *label != 70) {
            changes.add(Presence::Here, |key| {
                key.extend_from_slice(&value);
                keys::push_entry(key, label, 7);
            });
        }
        store.inner.writer.run(0, None, move |to| to.index.put(&to.conn, changes)).unwrap();
        let snapshot = store.snapshot().unwrap();
        let mut wanted = Visible::default();
        [3, 64, 70, 1_400, 4_000].into_iter().for_each(|label| wanted.allow(LabelId(label)));
        assert_eq!(labels_of(&snapshot, &value, &wanted).unwrap(), [3, 64, 1_400]);
        let asked = "SELECT key, gone FROM fresh WHERE key >= ?1 AND key < ?3 ORDER BY key LIMIT ?2";
        let asked = snapshot.conn().unwrap().prepare_cached(asked).unwrap().get_status(StatementStatus::Run);
        assert!((1..=5).contains(&asked), "{asked} questions");
        assert!(labels_of(&snapshot, &value, &Visible::default()).unwrap().is_empty());
    }

    #[test]
    fn the_next_label_is_found_across_words() {
        let mut visible = Visible::default();
        assert_eq!(visible.from(LabelId(0)), None);
        [0, 63, 64, 200].into_iter().for_each(|label| visible.allow(LabelId(label)));
        let from = [0, 1, 63, 64, 65, 200, 201, 100_000].map(|label| visible.from(LabelId(label)));
        let next = [0, 63, 63, 64, 200, 200].map(|label| Some(LabelId(label)));
        assert_eq!((&from[..6], &from[6..]), (&next[..], &[None, None][..]));
    }
}
