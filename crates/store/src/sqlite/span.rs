//! Spans: what pages tell of entries that follow each other and what is served of them, in rows that fill one page of
//! the file, so that a page of entries is a scan over few rows and a copy.
//!
//! Every position is in one span, also those of acts. State and flags are a view and repeat those of `statement`; the
//! bytes are the only copy of what is served.
//!
//! A span with bytes is written as long as its pages, with zeros behind them. So a row that changes is overwritten where
//! it lies: the engine, which moves rows of other lengths about, leaves copies in the gaps of pages, where an erasure
//! does not find them.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connect;
use super::head::{self, Head};
use super::row::{damaged, flag, state};
use crate::Error;

/// Bytes of a span: with the rest of its row they fit into one page of the file. One longer entry is a span by itself.
const BYTES: usize = 8_060;
/// Bytes that one more page of the file holds of a longer row.
const MORE: usize = connect::PAGE_SIZE as usize - 4;
/// Bytes of a record: state, label, flags, where its bytes end, head.
pub(crate) const RECORD: usize = 1 + 4 + 4 + 4 + head::LENGTH;

const COVERING: &str = "SELECT first, heads, wires FROM span WHERE first <= ?1 ORDER BY first DESC LIMIT 1";
const COVERING_HEADS: &str =
    "SELECT first, heads, x'' FROM span WHERE first <= ?1 ORDER BY first DESC LIMIT 1";
const FROM: &str = "SELECT first, heads, wires FROM span
    WHERE first >= coalesce((SELECT max(first) FROM span WHERE first <= ?1), 0) ORDER BY first";
const FROM_HEADS: &str = "SELECT first, heads, x'' FROM span
    WHERE first >= coalesce((SELECT max(first) FROM span WHERE first <= ?1), 0) ORDER BY first";

/// The spans from the one that holds a position, or what is told of them only.
pub(crate) fn from(served: bool) -> &'static str {
    if served { FROM } else { FROM_HEADS }
}

/// The span that holds a position, or what is told of it only.
pub(crate) fn at(served: bool) -> &'static str {
    if served { COVERING } else { COVERING_HEADS }
}

/// What a span tells of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) state: i64,
    pub(crate) label: u32,
    pub(crate) flags: i64,
    /// Where its bytes end among those of the span.
    end: u32,
    pub(crate) head: Head,
}

impl Record {
    /// Of an entry in (state, label, flags).
    pub(crate) fn new((state, label, flags): (i64, i64, i64), head: Head) -> Result<Record, Error> {
        let label = u32::try_from(label).map_err(|_| damaged("label"))?;
        Ok(Record { state, label, flags, end: 0, head })
    }

    /// Whether it is of an entry: of what may ever be shown.
    pub(crate) fn is_entry(&self) -> bool {
        self.state != state::ACT && self.flags & flag::EQUIVOCAL == 0
    }

    /// Whether both tell the same of an entry, wherever its bytes lie.
    pub(crate) fn tells_as(&self, other: &Record) -> bool {
        *self == Record { end: self.end, ..*other }
    }

    pub(crate) fn encode(&self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        let parts = [self.state as u8]
            .into_iter()
            .chain(self.label.to_le_bytes())
            .chain((self.flags as u32).to_le_bytes())
            .chain(self.end.to_le_bytes())
            .chain(self.head.encode());
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Record> {
        let (&[state], rest) = bytes.split_first_chunk()?;
        let (label, rest) = rest.split_first_chunk()?;
        let (flags, rest) = rest.split_first_chunk()?;
        let (end, rest) = rest.split_first_chunk()?;
        Some(Record {
            state: i64::from(state),
            label: u32::from_le_bytes(*label),
            flags: i64::from(u32::from_le_bytes(*flags)),
            end: u32::from_le_bytes(*end),
            head: Head::decode(rest).ok()?,
        })
    }
}

/// A span, borrowed from its row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span<'r> {
    first: i64,
    heads: &'r [u8],
    wires: &'r [u8],
}

impl<'r> Span<'r> {
    /// Of a row of [`from`] or [`at`].
    pub(crate) fn read(row: &'r Row<'_>) -> Result<Span<'r>, Error> {
        let blob = |at: usize| row.get_ref(at)?.as_blob().map_err(|_| rusqlite::Error::InvalidQuery);
        Ok(Span { first: row.get(0)?, heads: blob(1)?, wires: blob(2)? })
    }

    fn count(&self) -> usize {
        self.heads.len() / RECORD
    }

    /// Where its entries stand.
    pub(crate) fn positions(&self) -> std::ops::Range<i64> {
        self.first..self.end()
    }

    // The position after its last one.
    fn end(&self) -> i64 {
        self.first.saturating_add(i64::try_from(self.count()).unwrap_or(i64::MAX))
    }

    fn index(&self, position: i64) -> Option<usize> {
        usize::try_from(position.checked_sub(self.first)?).ok().filter(|index| *index < self.count())
    }

    fn record(&self, index: usize) -> Option<Record> {
        let at = index.checked_mul(RECORD)?;
        Record::decode(self.heads.get(at..at + RECORD)?)
    }

    /// What stands at a position.
    pub(crate) fn entry(&self, position: i64) -> Result<(Record, &'r [u8]), Error> {
        let found = self.index(position).and_then(|index| {
            let record = self.record(index)?;
            // Of spans that are told of only there are no bytes to lend.
            if self.wires.is_empty() {
                return Some((record, self.wires));
            }
            let start = if index == 0 { 0 } else { self.record(index - 1)?.end };
            Some((record, self.wires.get(start as usize..record.end as usize)?))
        });
        found.ok_or_else(|| damaged("span"))
    }
}

/// A span of the writer's own, on its way into the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Building {
    first: i64,
    heads: Vec<u8>,
    wires: Vec<u8>,
    // It is as the file has it.
    written: bool,
}

impl Building {
    /// The last span of the file, or an empty one at its end.
    pub(crate) fn load(conn: &Connection, next: i64) -> Result<Building, Error> {
        let last = covering(conn, next.saturating_sub(1))?.filter(|_| next > 0);
        let last = last.unwrap_or(Building { first: next, written: true, ..Building::default() });
        if last.span().end() == next { Ok(last) } else { Err(damaged("span")) }
    }

    fn span(&self) -> Span<'_> {
        Span { first: self.first, heads: &self.heads, wires: &self.wires }
    }

    pub(crate) fn holds(&self, position: i64) -> bool {
        self.span().index(position).is_some()
    }

    /// Puts the next entry in; the span before goes into the file when there is no room.
    pub(crate) fn push(&mut self, conn: &Connection, mut record: Record, wire: &[u8]) -> Result<(), Error> {
        let full = self.heads.len() + self.wires.len() + RECORD + wire.len() > BYTES;
        if full && !self.heads.is_empty() {
            self.write(conn)?;
            *self = Building { first: self.span().end(), ..Building::default() };
        }
        self.wires.extend_from_slice(wire);
        record.end = u32::try_from(self.wires.len()).map_err(|_| damaged("span"))?;
        self.heads.extend_from_slice(&record.encode());
        self.written = false;
        Ok(())
    }

    /// What it tells of an entry.
    pub(crate) fn told(&self, position: i64) -> Result<Record, Error> {
        Ok(self.span().entry(position)?.0)
    }

    /// The bytes of an entry.
    pub(crate) fn served(&self, position: i64) -> Result<Vec<u8>, Error> {
        Ok(self.span().entry(position)?.1.to_vec())
    }

    /// Writes it where the file has it otherwise.
    pub(crate) fn write(&mut self, conn: &Connection) -> Result<(), Error> {
        if self.written {
            return Ok(());
        }
        let length = self.wires.len();
        if length > 0 {
            let more = (self.heads.len() + length).saturating_sub(BYTES).div_ceil(MORE);
            self.wires.resize(BYTES + more * MORE - self.heads.len(), 0);
        }
        let done = conn
            .prepare_cached(
                "INSERT INTO span (first, heads, wires) VALUES (?1, ?2, ?3)
                 ON CONFLICT (first) DO UPDATE SET heads = excluded.heads, wires = excluded.wires",
            )?
            .execute(params![self.first, self.heads, self.wires]);
        self.wires.truncate(length);
        self.written = done.is_ok();
        Ok(done.map(|_| ())?)
    }

    /// Changes what it tells of an entry.
    pub(crate) fn change(&mut self, position: i64, change: impl FnOnce(&mut Record)) -> Result<(), Error> {
        let index = self.span().index(position).ok_or_else(|| damaged("span"))?;
        let mut record = self.span().record(index).ok_or_else(|| damaged("span"))?;
        let before = record;
        change(&mut record);
        if record != before {
            let at = index * RECORD;
            let to = self.heads.get_mut(at..at + RECORD).ok_or_else(|| damaged("span"))?;
            to.copy_from_slice(&record.encode());
            self.written = false;
        }
        Ok(())
    }

    // Takes out the bytes of an entry.
    fn empty(&mut self, position: i64) -> Result<(), Error> {
        let index = self.span().index(position).ok_or_else(|| damaged("span"))?;
        let (record, bytes) = self.span().entry(position)?;
        let gone = u32::try_from(bytes.len()).map_err(|_| damaged("span"))?;
        if gone == 0 {
            return Ok(());
        }
        let end = record.end as usize;
        self.wires.drain(end - bytes.len()..end);
        for at in self.first.saturating_add(index as i64)..self.span().end() {
            self.change(at, |record| record.end = record.end.saturating_sub(gone))?;
        }
        Ok(())
    }
}

fn covering(conn: &Connection, position: i64) -> Result<Option<Building>, Error> {
    let found = conn.prepare_cached(COVERING)?.query_row([position], |row| {
        Ok(Building { first: row.get(0)?, heads: row.get(1)?, wires: row.get(2)?, written: true })
    });
    let mut found = found.optional()?;
    if let Some(span) = &mut found {
        let last = span.span().count().checked_sub(1).and_then(|last| span.span().record(last));
        span.wires.truncate(last.map_or(0, |last| last.end as usize));
    }
    Ok(found)
}

fn stored(conn: &Connection, position: i64) -> Result<Building, Error> {
    covering(conn, position)?.ok_or_else(|| damaged("span"))
}

/// What the file tells of an entry.
pub(crate) fn told(conn: &Connection, position: i64) -> Result<Record, Error> {
    stored(conn, position)?.told(position)
}

/// The bytes that the file has of an entry.
pub(crate) fn served(conn: &Connection, position: i64) -> Result<Vec<u8>, Error> {
    stored(conn, position)?.served(position)
}

/// Changes what the file tells of an entry.
pub(crate) fn change(
    conn: &Connection,
    position: i64,
    change: impl FnOnce(&mut Record),
) -> Result<(), Error> {
    let mut span = stored(conn, position)?;
    span.change(position, change)?;
    span.write(conn)
}

/// Takes the bytes of an entry out of the file.
pub(crate) fn empty(conn: &Connection, position: i64) -> Result<(), Error> {
    let mut span = stored(conn, position)?;
    span.empty(position)?;
    span.write(conn)
}

/// Makes what is a view in the spans again, from `statement`.
pub(crate) fn restate(conn: &Connection) -> Result<(), Error> {
    let mut query = conn.prepare("SELECT position, state, flags FROM statement ORDER BY position")?;
    let mut rows = query.query([])?;
    let mut spans = Changing::default();
    while let Some(row) = rows.next()? {
        let (state, flags) = (row.get(1)?, row.get(2)?);
        spans.change(conn, row.get(0)?, |record| (record.state, record.flags) = (state, flags))?;
    }
    spans.write(conn)
}

/// Changes what spans tell, position after position.
#[derive(Debug)]
pub(crate) struct Changing(Building);

impl Default for Changing {
    fn default() -> Changing {
        Changing(Building { written: true, ..Building::default() })
    }
}

impl Changing {
    /// Changes what is told of an entry.
    pub(crate) fn change(
        &mut self,
        conn: &Connection,
        position: i64,
        change: impl FnOnce(&mut Record),
    ) -> Result<(), Error> {
        if !self.0.holds(position) {
            self.0.write(conn)?;
            self.0 = stored(conn, position)?;
        }
        self.0.change(position, change)
    }

    /// Writes what is not written yet.
    pub(crate) fn write(&mut self, conn: &Connection) -> Result<(), Error> {
        self.0.write(conn)
    }
}

/// Makes the spans of a file that kept in each row what is served of it.
pub(crate) fn fill(conn: &Connection) -> Result<(), Error> {
    let mut query = conn.prepare(
        "SELECT position, state, label, flags, head, coalesce(wire, iif(state = ?1, NULL, body)) FROM statement
         ORDER BY position",
    )?;
    let mut rows = query.query([state::ACT])?;
    let mut span = Building::load(conn, 0)?;
    while let Some(row) = rows.next()? {
        let head = Head::decode(row.get_ref(4)?.as_blob().map_err(|_| damaged("head"))?)?;
        let record = Record::new((row.get(1)?, row.get(2)?, row.get(3)?), head)?;
        let wire = row.get_ref(5)?.as_blob_or_null().map_err(|_| damaged("wire"))?;
        span.push(conn, record, wire.unwrap_or_default())?;
    }
    span.write(conn)?;
    conn.execute("UPDATE statement SET body = NULL WHERE wire IS NULL AND state <> ?1", [state::ACT])?;
    conn.execute_batch("ALTER TABLE statement DROP COLUMN head; ALTER TABLE statement DROP COLUMN wire")?;
    Ok(())
}

/// What is wrong with where the spans lie: each begins where the one before ends, and the last ends where the record does.
pub(crate) fn misplaced(conn: &Connection, end: i64) -> Result<Vec<String>, Error> {
    let mut query = conn.prepare("SELECT first, length(heads) FROM span ORDER BY first")?;
    let mut rows = query.query([])?;
    let mut wrong = Vec::new();
    let mut next = 0;
    while let Some(row) = rows.next()? {
        let (first, length): (i64, i64) = (row.get(0)?, row.get(1)?);
        if first != next {
            wrong.push(format!("the pages at position {first} begin where position {next} should be"));
        }
        if length % RECORD as i64 != 0 {
            wrong.push(format!("the pages at position {first} end within an entry"));
        }
        next = first.saturating_add(length / RECORD as i64);
    }
    if next > end {
        wrong.push(format!("pages tell of {} entries beyond the last statement", next - end));
    }
    Ok(wrong)
}

/// Reads what is served, position after position.
#[derive(Debug, Default)]
pub(crate) struct Wires(Building);

impl Wires {
    /// What stands at a position, and what is served of it.
    pub(crate) fn at(&mut self, conn: &Connection, position: i64) -> Result<(Record, &[u8]), Error> {
        if !self.0.holds(position) {
            self.0 = stored(conn, position)?;
        }
        self.0.span().entry(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn record(number: i64) -> Record {
        let head = Head {
            ordinal: number,
            version: -number,
            uuid: Uuid::from_u128(7),
            kind: 3,
            source: 1,
            media: 2,
            text: false,
        };
        Record { state: 1, label: 70_000, flags: 511, end: 0, head }
    }

    fn table() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(
            "CREATE TABLE span (first INTEGER PRIMARY KEY, heads BLOB NOT NULL, wires BLOB NOT NULL) STRICT",
        )
        .unwrap();
        conn
    }

    fn wire(number: i64) -> Vec<u8> {
        let length = if number == 7 { 20_000 } else { usize::try_from(number % 5 * 700).unwrap() };
        vec![u8::try_from(number % 251).unwrap(); length]
    }

    fn filled(conn: &Connection, count: i64) {
        let mut building = Building::load(conn, 0).unwrap();
        for number in 0..count {
            if number % 11 == 0 {
                building.write(conn).unwrap();
                building = Building::load(conn, number).unwrap();
            }
            building.push(conn, record(number), &wire(number)).unwrap();
        }
        building.write(conn).unwrap();
    }

    fn check(conn: &Connection, count: i64, gone: &[i64]) {
        let mut wires = Wires::default();
        for number in 0..count {
            let (found, bytes) = wires.at(conn, number).unwrap();
            assert_eq!(Record { end: 0, ..found }, record(number));
            let expected = if gone.contains(&number) { Vec::new() } else { wire(number) };
            assert_eq!(bytes, expected, "{number}");
        }
        assert!(wires.at(conn, count).is_err());
    }

    #[test]
    fn gives_back_what_was_put_in() {
        let conn = table();
        filled(&conn, 100);
        check(&conn, 100, &[]);
        let spans: i64 = conn.query_row("SELECT count(*) FROM span", [], |row| row.get(0)).unwrap();
        assert!(spans < 35, "{spans} spans");
        let longest: i64 = conn
            .query_row(
                "SELECT max(length(heads) + length(wires)) FROM span WHERE length(heads) > 60",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert!(longest <= BYTES as i64, "{longest}");
        // No row has the engine move its neighbours, which leaves copies of them behind.
        let odd: i64 = conn
            .query_row(
                "SELECT count(*) FROM span
                 WHERE length(wires) > 0 AND (length(heads) + length(wires) - ?1) % ?2 <> 0",
                [BYTES as i64, MORE as i64],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(odd, 0);
    }

    #[test]
    fn takes_out_bytes_and_nothing_else() {
        let conn = table();
        filled(&conn, 60);
        let gone = [0, 7, 13, 14, 59];
        for position in gone {
            empty(&conn, position).unwrap();
        }
        check(&conn, 60, &gone);
    }

    #[test]
    fn changes_one_entry() {
        let conn = table();
        filled(&conn, 30);
        change(&conn, 12, |record| record.state = 5).unwrap();
        let mut wires = Wires::default();
        assert_eq!(wires.at(&conn, 12).unwrap().0.state, 5);
        assert_eq!(wires.at(&conn, 11).unwrap().0.state, 1);
        assert!(change(&conn, 30, |_| ()).is_err());
    }

    // The writer's thread goes on.
    #[test]
    fn takes_nothing_out_of_a_damaged_span() {
        let conn = table();
        filled(&conn, 3);
        conn.execute("UPDATE span SET wires = x''", []).unwrap();
        empty(&conn, 2).unwrap();
        assert_eq!(told(&conn, 2).unwrap().state, 1);
    }
}
