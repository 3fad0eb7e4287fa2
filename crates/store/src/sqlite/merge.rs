//! Postings of several lists and labels, merged into one ascending stream of positions.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rusqlite::Connection;

use crate::Error;

/// Positions that one refill reads at most. Small at first: a page is often one of many lists' few.
const MOST: usize = 512;

#[derive(Debug)]
struct Cursor {
    list: i64,
    label: i64,
    // Where the next refill begins; `None` when the list is at its end.
    from: Option<i64>,
    held: VecDeque<i64>,
    size: usize,
}

/// The merged stream.
#[derive(Debug)]
pub(crate) struct Merge<'c> {
    conn: &'c Connection,
    cursors: Vec<Cursor>,
    heads: BinaryHeap<Reverse<(i64, usize)>>,
}

impl<'c> Merge<'c> {
    /// The postings of these (side of a list, label) from a position on. About `wanted` of them will be taken.
    pub(crate) fn new(
        conn: &'c Connection,
        lists: &[(i64, i64)],
        from: i64,
        wanted: usize,
    ) -> Result<Merge<'c>, Error> {
        let size = (2 * wanted / lists.len().max(1)).clamp(4, MOST);
        let mut merge = Merge { conn, cursors: Vec::with_capacity(lists.len()), heads: BinaryHeap::new() };
        for (list, label) in lists {
            merge.cursors.push(Cursor {
                list: *list,
                label: *label,
                from: Some(from),
                held: VecDeque::new(),
                size,
            });
            merge.head(merge.cursors.len() - 1)?;
        }
        Ok(merge)
    }

    // Puts the next position of a cursor among the heads.
    fn head(&mut self, at: usize) -> Result<(), Error> {
        let Some(cursor) = self.cursors.get_mut(at) else { return Ok(()) };
        if cursor.held.is_empty()
            && let Some(from) = cursor.from
        {
            let mut query = self.conn.prepare_cached(
                "SELECT position FROM posting WHERE list = ?1 AND label = ?2 AND position >= ?3
                 ORDER BY position LIMIT ?4",
            )?;
            let mut rows = query.query([cursor.list, cursor.label, from, cursor.size as i64])?;
            while let Some(row) = rows.next()? {
                cursor.held.push_back(row.get(0)?);
            }
            cursor.from =
                cursor.held.back().filter(|_| cursor.held.len() == cursor.size).map(|last| last + 1);
            cursor.size = (cursor.size * 2).min(MOST);
        }
        if let Some(position) = cursor.held.pop_front() {
            self.heads.push(Reverse((position, at)));
        }
        Ok(())
    }

    /// The next position.
    pub(crate) fn next(&mut self) -> Result<Option<i64>, Error> {
        let Some(Reverse((position, at))) = self.heads.pop() else { return Ok(None) };
        self.head(at)?;
        // The same position may stand in several lists.
        while let Some(Reverse((other, at))) = self.heads.peek().copied()
            && other == position
        {
            self.heads.pop();
            self.head(at)?;
        }
        Ok(Some(position))
    }
}
