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

/// The labels under which a value leads somewhere, of those wanted.
pub(crate) fn labels_of(snapshot: &Snapshot, value: &[u8], wanted: &Visible) -> Result<Vec<i64>, Error> {
    let (conn, runs, end) = (snapshot.conn()?, snapshot.runs()?, keys::after(value));
    let mut labels = Vec::new();
    let mut from = value.to_vec();
    while let Some(key) = runs.scan(conn, &from, &end, Some(value))?.next()? {
        let Some((label, _)) = key.get(value.len()..).and_then(keys::read_short) else { break };
        if u32::try_from(label).is_ok_and(|label| wanted.has(LabelId(label))) {
            labels.push(label);
        }
        from.truncate(value.len());
        keys::push_short(&mut from, label + 1);
    }
    Ok(labels)
}
