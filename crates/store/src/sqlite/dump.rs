//! The views as text, in a fixed order.

use std::io::Write;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

use super::index::scan::Runs;
use super::packed::Packed;
use super::row::damaged;
use super::span::{self, Span};
use crate::{Error, Kind};

const TABLES: &[(&str, &str)] = &[
    ("statement", "SELECT position, state, flags, valid_from, valid_until FROM statement ORDER BY position"),
    ("posting", "SELECT list, label, position FROM posting ORDER BY list, label, position"),
    ("tally", "SELECT list, label, source, count FROM tally ORDER BY list, label, source"),
    ("circled", "SELECT position, label, since FROM circled ORDER BY position"),
    ("sealed", "SELECT last, at, runs FROM sealed ORDER BY last"),
    ("counted", "SELECT last, due, counts, runs FROM counted ORDER BY last"),
    ("label", "SELECT num, entries FROM label ORDER BY num"),
    ("counter", "SELECT value FROM counter WHERE name = 'last'"),
];

/// Writes every view that a connection sees.
pub(crate) fn dump(conn: &Connection, runs: &Runs, out: &mut dyn Write) -> Result<(), Error> {
    for (name, sql) in TABLES {
        table(conn, name, sql, out)?;
    }
    spans(conn, out)?;
    packed(conn, out)?;
    let mut keys = runs.scan(conn, &[], &[], None)?;
    while let Some(key) = keys.next()? {
        writeln!(out, "key {}", hex(key)).map_err(failed)?;
    }
    Ok(())
}

/// The same, as a digest: a dump is as large as the record.
pub(crate) fn digest(conn: &Connection, runs: &Runs) -> Result<[u8; 32], Error> {
    let mut sum = Sum(Sha256::new());
    dump(conn, runs, &mut sum)?;
    Ok(sum.0.finalize().into())
}

struct Sum(Sha256);

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn table(conn: &Connection, name: &str, sql: &str, out: &mut dyn Write) -> Result<(), Error> {
    let mut query = conn.prepare(sql)?;
    let columns = query.column_count();
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        write!(out, "{name}").map_err(failed)?;
        for column in 0..columns {
            match row.get_ref(column)? {
                ValueRef::Integer(number) => write!(out, " {number}").map_err(failed)?,
                ValueRef::Blob(bytes) => write!(out, " {}", hex(bytes)).map_err(failed)?,
                ValueRef::Null => write!(out, " -").map_err(failed)?,
                _ => return Err(damaged(name)),
            }
        }
        writeln!(out).map_err(failed)?;
    }
    Ok(())
}

fn spans(conn: &Connection, out: &mut dyn Write) -> Result<(), Error> {
    let mut query = conn.prepare(span::from(false))?;
    let mut rows = query.query([0])?;
    while let Some(row) = rows.next()? {
        let span = Span::read(row)?;
        for position in span.positions() {
            let (told, _) = span.entry(position)?;
            writeln!(out, "span {position} {} {} {}", told.state, told.flags, told.head.ordinal)
                .map_err(failed)?;
        }
    }
    Ok(())
}

fn packed(conn: &Connection, out: &mut dyn Write) -> Result<(), Error> {
    let mut query = conn.prepare("SELECT position, packed FROM indexed ORDER BY position")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let position: i64 = row.get(0)?;
        let mut packed = Packed::decode(row.get_ref(1)?.as_blob().map_err(|_| damaged("indexed"))?)?;
        // A collection that was made later is the last in one and where it comes in the other.
        packed.lists.sort_unstable();
        let terms: Vec<String> = packed.terms.iter().map(hex).collect();
        let stands: Vec<String> =
            packed.stands.iter().map(|(key, facts)| format!("{}:{}", hex(key), hex(facts))).collect();
        let spoken: Vec<String> =
            packed.spoken.iter().map(|one| format!("{}:{}:{}", one.of, one.sort, hex(&one.facts))).collect();
        let (terms, stands, spoken) = (terms.join(","), stands.join(","), spoken.join(","));
        let (lists, references) = (&packed.lists, &packed.references);
        writeln!(out, "indexed {position} {lists:?} {references:?} {terms} {stands} {spoken}")
            .map_err(failed)?;
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _written = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}

fn failed(error: std::io::Error) -> Error {
    Error::new(Kind::Engine, format!("the dump could not be written: {error}"))
}
