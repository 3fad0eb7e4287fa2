//! The anchor for taking in: the same rows and indexes as plain tables of SQLite, in commits of 1,000 statements, with
//! nothing parsed, checked or judged, and nothing read back.
//!
//! The record's tables are copied row by row; what would be indexed comes from the same generated objects. Where the store keeps its own index, the anchor has what one would write
//! without it: a unique index of ids, a table of terms, a table of references, a full-text table.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Transaction, params_from_iter};

use super::ingest::SEED;
use crate::{Outcome, generate};

const COMMIT: usize = 1_000;

/// Tables of the record and its postings that are copied as they are.
const COPIED: &[&str] = &["statement", "span", "leaf", "indexed", "posting"];

const INDEX: &str = "
CREATE TABLE plain_object (num INTEGER PRIMARY KEY, uuid BLOB NOT NULL, kind TEXT NOT NULL, UNIQUE (uuid, kind)) STRICT;
CREATE TABLE plain_term (key BLOB NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (key, position)) STRICT, WITHOUT ROWID;
CREATE TABLE plain_reference (
  target BLOB NOT NULL, position INTEGER NOT NULL, property TEXT NOT NULL,
  PRIMARY KEY (target, position, property)) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE plain_words USING fts5 (text, content = '', detail = none, tokenize = 'ascii');
";

/// The database file in a node's folder.
pub fn database(folder: &Path) -> Outcome<PathBuf> {
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "sqlite") {
            return Ok(path);
        }
    }
    Err(format!("no database in {}", folder.display()).into())
}

/// What is inserted in one commit.
#[derive(Default)]
struct Batch {
    copied: Vec<Vec<Vec<Value>>>,
    indexed: Vec<(i64, uuid::Uuid, String, store::record::Index)>,
}

/// Inserts the rows of a node's folder into an empty database beside it: statements a second of wall time. Rows are read
/// outside of the measured time.
pub fn insert_again(folder: &Path) -> Outcome<f64> {
    let source = Connection::open_with_flags(database(folder)?, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let file = folder.join("anchor");
    let mut target = empty_copy(&source, &file)?;
    let statements: i64 = source.query_row("SELECT count(*) FROM statement", [], |row| row.get(0))?;
    let mut spent = Duration::ZERO;
    for from in (0..statements).step_by(COMMIT) {
        let batch = read(&source, from, statements.min(from + COMMIT as i64))?;
        let at = Instant::now();
        let transaction = target.transaction()?;
        insert(&transaction, batch)?;
        transaction.commit()?;
        spent += at.elapsed();
    }
    drop(target);
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
    }
    Ok(statements as f64 / spent.as_secs_f64())
}

fn empty_copy(source: &Connection, file: &Path) -> Outcome<Connection> {
    let target = Connection::open(file)?;
    let page_size: i64 = source.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    target.pragma_update(None, "page_size", page_size)?;
    target.pragma_update(None, "journal_mode", "WAL")?;
    target.pragma_update(None, "synchronous", "FULL")?;
    target.pragma_update(None, "cache_size", -(256 << 10))?;
    let mut statement =
        source.prepare("SELECT sql FROM sqlite_master WHERE tbl_name = ?1 AND sql IS NOT NULL")?;
    for table in COPIED {
        let schema: Vec<String> =
            statement.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
        target.execute_batch(&schema.join(";"))?;
    }
    target.execute_batch(INDEX)?;
    Ok(target)
}

fn read(source: &Connection, from: i64, end: i64) -> Outcome<Batch> {
    let mut batch = Batch::default();
    for table in COPIED {
        // Postings stand by list and label: each list's part of the range is found by its key.
        let sql = match *table {
            "posting" => "SELECT * FROM posting WHERE list IN (SELECT DISTINCT list FROM tally) \
                 AND label IN (SELECT DISTINCT label FROM tally) AND position >= ?1 AND position < ?2"
                .to_owned(),
            "span" => "SELECT * FROM span WHERE first >= ?1 AND first < ?2".to_owned(),
            table => format!("SELECT * FROM {table} WHERE position >= ?1 AND position < ?2"),
        };
        let mut statement = source.prepare_cached(&sql)?;
        let width = statement.column_count();
        let rows =
            statement.query_map([from, end], |row| (0..width).map(|index| row.get(index)).collect())?;
        batch.copied.push(rows.collect::<Result<_, _>>()?);
    }
    for position in from..end {
        let (_, body) = generate::object(SEED, position.cast_unsigned());
        let object = strictjson::parse(body.as_bytes(), &strictjson::Limits::default())?;
        let id = object.pointer("/id").and_then(|id| id.as_str()).unwrap_or_default();
        let Some((kind, uuid)) = id.split_once("--") else { continue };
        let index = node::core::index::of(&object);
        batch.indexed.push((position, uuid::Uuid::parse_str(uuid)?, kind.to_owned(), index));
    }
    Ok(batch)
}

fn insert(transaction: &Transaction<'_>, batch: Batch) -> Outcome {
    for (table, rows) in COPIED.iter().zip(batch.copied) {
        let marks = vec!["?"; rows.first().map_or(0, Vec::len)].join(",");
        let mut insert = transaction.prepare_cached(&format!("INSERT INTO {table} VALUES ({marks})"))?;
        for row in rows {
            insert.execute(params_from_iter(row))?;
        }
    }
    let mut object =
        transaction.prepare_cached("INSERT OR IGNORE INTO plain_object (uuid, kind) VALUES (?1, ?2)")?;
    let mut term = transaction.prepare_cached("INSERT OR IGNORE INTO plain_term VALUES (?1, ?2)")?;
    let mut reference =
        transaction.prepare_cached("INSERT OR IGNORE INTO plain_reference VALUES (?1, ?2, ?3)")?;
    let mut words = transaction.prepare_cached("INSERT INTO plain_words (rowid, text) VALUES (?1, ?2)")?;
    for (position, uuid, kind, index) in batch.indexed {
        object.execute((uuid.as_bytes().as_slice(), &kind))?;
        for key in &index.observables {
            term.execute((key, position))?;
        }
        for name in index.names.iter().chain(&index.tags) {
            term.execute((name.as_bytes(), position))?;
        }
        for (target, property) in &index.references {
            object.execute((target.uuid.as_bytes().as_slice(), &target.kind))?;
            reference.execute((target.uuid.as_bytes().as_slice(), position, property))?;
        }
        words.execute((position, &index.text))?;
    }
    Ok(())
}
