//! Erasures outlive the database that they were made in: a file beside it says which leaves lost their bodies, so that a
//! restored backup loses them too.
//!
//! The file says what the table `erasure` says, a line each: position and leaf in hex. A line is written after the
//! commit and before the answer. A crash between the two leaves a file that is short of lines; on opening they are
//! added. A file with more lines than the table means a database that was put back: what they name is erased, if its
//! leaf is the one that was meant.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use model::{MemberId, SubmissionId, Tlp};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::append::{By, Run};
use super::arrivals;
use super::sequencer::Sequencer;
use crate::record::{Item, Submission};
use crate::{Error, Kind};

/// The name of the file in the folder.
pub(crate) const FILE: &str = "erasures";
/// Positions that one act erases, when erasures are repeated.
const AT_ONCE: usize = 1_000;

/// The file, and how many lines of the table it has.
#[derive(Debug)]
pub(crate) struct Erasures {
    path: PathBuf,
    lines: i64,
}

impl Erasures {
    /// Reads how many lines there are. A last line without its end was being written when the power went.
    pub(crate) fn open(folder: &Path) -> Result<Erasures, Error> {
        let path = folder.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole < text.len() {
            File::options().write(true).open(&path)?.set_len(whole as u64)?;
        }
        let lines = text.iter().filter(|byte| **byte == b'\n').count() as i64;
        Ok(Erasures { path, lines })
    }

    /// Writes the lines that the table has and the file has not. Called after each commit, and costs nothing when
    /// nothing was erased.
    pub(crate) fn keep_up(&mut self, conn: &Connection) -> Result<(), Error> {
        let last: i64 = conn
            .prepare_cached("SELECT coalesce(max(num), 0) FROM erasure")?
            .query_row([], |row| row.get(0))?;
        if last <= self.lines {
            return Ok(());
        }
        let mut text = Vec::new();
        let mut query =
            conn.prepare_cached("SELECT position, hex(hash) FROM erasure WHERE num > ?1 ORDER BY num")?;
        let mut rows = query.query([self.lines])?;
        while let Some(row) = rows.next()? {
            writeln!(text, "{} {}", row.get::<_, i64>(0)?, row.get::<_, String>(1)?)?;
        }
        let mut file = File::options().create(true).append(true).open(&self.path)?;
        file.write_all(&text)?;
        file.sync_all()?;
        self.lines = last;
        Ok(())
    }

    /// Writes what the file lacks. Answers the lines that the table lacks: of a database that was put back.
    pub(crate) fn reconcile(&mut self, conn: &Connection) -> Result<Vec<Erased>, Error> {
        let last: i64 = conn.query_row("SELECT coalesce(max(num), 0) FROM erasure", [], |row| row.get(0))?;
        if self.lines <= last {
            self.keep_up(conn)?;
            return Ok(Vec::new());
        }
        let lines = BufReader::new(File::open(&self.path)?).lines();
        lines
            .skip(usize::try_from(last).unwrap_or(0))
            .map(|line| {
                parse(&line?).ok_or_else(|| {
                    let path = self.path.display();
                    Error::new(Kind::Corrupt, format!("`{path}` has a line that is no erasure"))
                })
            })
            .collect()
    }
}

/// A line: a position, and the leaf that lost its body.
pub(crate) type Erased = (i64, Vec<u8>);

fn parse(line: &str) -> Option<Erased> {
    let (position, hex) = line.split_once(' ')?;
    let digits = hex.as_bytes().chunks(2);
    let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let hash: Vec<u8> = bytes.collect::<Option<_>>()?;
    (hash.len() == 32).then_some((position.parse().ok()?, hash))
}

/// Erases again what was erased after the backup that this database comes from. All of it is one transaction.
pub(crate) fn repeat(to: &mut Sequencer, lines: &[Erased]) -> Result<(), Error> {
    if lines.is_empty() {
        return Ok(());
    }
    // The clock is not the store's to ask: the times that are given out go on from the last.
    to.begin(lines.len() as u64, None)?;
    let mut positions = Vec::new();
    for (position, hash) in lines {
        to.conn
            .prepare_cached("INSERT INTO erasure (position, hash) VALUES (?1, ?2)")?
            .execute(params![position, hash])?;
        let stands: Option<bool> = to
            .conn
            .prepare_cached("SELECT hash = ?2 AND digest IS NOT NULL FROM leaf WHERE position = ?1")?
            .query_row(params![position, hash], |row| row.get(0))
            .optional()?;
        if stands == Some(true) {
            positions.push(position.cast_unsigned());
        }
    }
    let member = MemberId(Uuid::nil());
    let seed: [u8; 32] = Sha256::digest(format!("repeated at {}", to.next())).into();
    let submission = Submission {
        id: SubmissionId(Builder::from_custom_bytes(first_half(&seed)).into_uuid()),
        source: member,
        person: None,
        token: None,
        collection: None,
        received: to.last_date(),
        outcomes: false,
        default_label: Tlp::Red,
    };
    let by = By {
        submission: arrivals::submission(to, &submission, false)?,
        source: to.interned.source(&to.conn, member)?,
        member,
        now: submission.received,
        seed,
    };
    let mut run = Run::new(to, by);
    for some in positions.chunks(AT_ONCE) {
        let body = b"{\"act\":\"erase\",\"reason\":\"erased after the backup that was restored\"}".to_vec();
        run.item(&Item::Erase { positions: some.to_vec(), body })?;
    }
    run.flush()?;
    to.conn.execute("UPDATE submission SET complete = 1 WHERE id = ?1", [submission.id.0.as_bytes()])?;
    to.commit()?;
    Ok(())
}

fn first_half(digest: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    half
}
