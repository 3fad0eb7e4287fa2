//! Erasures outlive the database that they were made in: a file beside it says which leaves lost their bodies, so that a
//! restored backup loses them too.
//!
//! The file says what the table `erasure` says, a line each: position, leaf in hex, mark in hex, and the act, its words
//! apart by a space. The mark is `-` where the same bytes may come again; the act is `=` where it is that of the line
//! before. The first release wrote position and leaf only.
//!
//! A line is on the disk before its erasure is committed, and an erasure whose line cannot be written is not made. What
//! can happen in between:
//! - the line is written by half: before the next line is written, and when the folder is opened, it is cut off.
//! - a crash after the line and before the commit: nobody was answered, and the next start makes the erasure.
//! - the commit fails: the line is cut off again.
//!
//! A file with fewer lines than the table was lost or cut: the lines are added. A file with more means that crash, or a
//! database that was put back: what the lines name is erased, if its leaf is the one that was meant.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{MemberId, SubmissionId, Tlp};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::append::{By, Run};
use super::row::{damaged, entry};
use super::sequencer::Sequencer;
use super::{arrivals, copy, small};
use crate::record::{Again, Item, Submission};
use crate::{Error, Kind};

/// The name of the file in the folder.
pub(crate) const FILE: &str = "erasures";
/// Positions that one act erases, when erasures are repeated.
const AT_ONCE: usize = 1_000;
/// Where the key of the marks is kept.
const KEY: &str = "erasure-key";
/// The act of an erasure of which nobody knows more.
const REPEATED: &[u8] = b"{\"act\":\"erase\",\"reason\":\"erased after the backup that was restored\"}";

/// How much of the file stands: lines of the table, and their bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    lines: i64,
    bytes: u64,
}

/// The file.
#[derive(Debug)]
pub(crate) struct Erasures {
    path: PathBuf,
    committed: Extent,
    // Ahead of what is committed while a commit is under way.
    written: Extent,
}

impl Erasures {
    /// Reads how many lines there are. A last line without its end was being written when the power went.
    pub(crate) fn open(folder: &Path) -> Result<Erasures, Error> {
        let path = folder.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            // It is there from the first, empty, so that whoever restores knows whether he has all.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                File::create(&path)?.sync_all()?;
                copy::sync_folder(&path)?;
                Vec::new()
            }
            Err(error) => return Err(error.into()),
        };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole < text.len() {
            File::options().write(true).open(&path)?.set_len(whole as u64)?;
        }
        let lines = text.iter().filter(|byte| **byte == b'\n').count() as i64;
        let extent = Extent { lines, bytes: whole as u64 };
        Ok(Erasures { path, committed: extent, written: extent })
    }

    /// Writes the lines that the table has and the file has not. Called before each commit, and costs a look when
    /// nothing was erased.
    pub(crate) fn write(&mut self, conn: &Connection) -> Result<(), Error> {
        let last: i64 = conn
            .prepare_cached("SELECT coalesce(max(num), 0) FROM erasure")?
            .query_row([], |row| row.get(0))?;
        if last <= self.written.lines {
            return Ok(());
        }
        let text = lines(conn, self.written.lines)?;
        let mut file = File::options().create(true).append(true).open(&self.path)?;
        // What a write that failed left behind is no line.
        if file.metadata()?.len() != self.written.bytes {
            file.set_len(self.written.bytes)?;
        }
        file.write_all(&text)?;
        file.sync_all()?;
        self.written = Extent { lines: last, bytes: self.written.bytes + text.len() as u64 };
        Ok(())
    }

    /// What was written is committed.
    pub(crate) fn committed(&mut self) {
        self.committed = self.written;
    }

    /// What was written is not committed: it goes. Where that fails, it goes before the next line is written.
    pub(crate) fn take_back(&mut self) {
        let extent = self.committed;
        if self.written.bytes != extent.bytes {
            let file = File::options().write(true).open(&self.path);
            let _later = file.and_then(|file| file.set_len(extent.bytes).and_then(|()| file.sync_all()));
        }
        self.written = extent;
    }

    /// Writes what the file lacks. Answers the lines that the table lacks: of a database that was put back.
    pub(crate) fn reconcile(&mut self, conn: &Connection) -> Result<Vec<Erased>, Error> {
        let last: i64 = conn.query_row("SELECT coalesce(max(num), 0) FROM erasure", [], |row| row.get(0))?;
        if self.written.lines <= last {
            self.write(conn)?;
            self.committed();
            return Ok(Vec::new());
        }
        let mut act = None;
        let mut lacking = Vec::new();
        for (at, line) in (0i64..).zip(BufReader::new(File::open(&self.path)?).lines()) {
            let erased = parse(&line?, &mut act).ok_or_else(|| {
                let path = self.path.display();
                Error::new(Kind::Corrupt, format!("`{path}` has a line that is no erasure"))
            })?;
            if at >= last {
                lacking.push(erased);
            }
        }
        Ok(lacking)
    }
}

/// A line.
#[derive(Debug)]
pub(crate) struct Erased {
    position: i64,
    /// The leaf that lost its body.
    hash: Vec<u8>,
    mark: Option<Vec<u8>>,
    act: Option<Arc<[u8]>>,
}

// The lines of the table after the first so many.
fn lines(conn: &Connection, after: i64) -> Result<Vec<u8>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT e.position, hex(e.hash), hex(e.mark), (SELECT a.body FROM reach r JOIN statement a ON a.position = r.act
           WHERE r.target = e.position AND a.entry = ?2)
         FROM erasure e WHERE e.num > ?1 ORDER BY e.num",
    )?;
    let mut rows = query.query([after, entry::ERASE])?;
    let (mut text, mut before) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let act: Option<Vec<u8>> = row.get(3)?;
        let mark: String = row.get(2)?;
        let mark = if mark.is_empty() { "-" } else { mark.as_str() };
        write!(text, "{} {} {mark} ", row.get::<_, i64>(0)?, row.get::<_, String>(1)?)?;
        match &act {
            // An act is canonical JSON, which is one line.
            Some(body) if act != before && !body.contains(&b'\n') => text.extend_from_slice(body),
            Some(_) if act == before => text.push(b'='),
            _ => text.push(b'-'),
        }
        text.push(b'\n');
        before = act;
    }
    Ok(text)
}

fn parse(line: &str, act: &mut Option<Arc<[u8]>>) -> Option<Erased> {
    let mut words = line.splitn(4, ' ');
    let (position, hash) = (words.next()?.parse().ok()?, bytes(words.next()?)?);
    let mark = match words.next() {
        None | Some("-") => None,
        Some(mark) => Some(bytes(mark)?),
    };
    match words.next() {
        Some("=") => {}
        None | Some("-") => *act = None,
        Some(other) => *act = Some(other.as_bytes().into()),
    }
    Some(Erased { position, hash, mark, act: act.clone() })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2);
    let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    bytes.collect::<Option<Vec<u8>>>().filter(|bytes| bytes.len() == 32)
}

/// Erases again what was erased after the backup that this database comes from, by the acts that erased it. All of it is
/// one transaction.
pub(crate) fn repeat(to: &mut Sequencer, lines: &[Erased]) -> Result<(), Error> {
    if lines.is_empty() {
        return Ok(());
    }
    as_nobody(to, "repeated", lines.len() as u64, |run| {
        let mut stand = Vec::new();
        for line in lines {
            let conn = &run.to.conn;
            let found = standing(conn, line)?;
            // Of what stands the mark is made anew: an old backup may have another key.
            let own =
                found.filter(|_| line.mark.is_some()).map(|(digest, member)| mark(conn, member, &digest));
            let mark = own.transpose()?.map(Vec::from).or_else(|| line.mark.clone());
            conn.prepare_cached("INSERT INTO erasure (position, hash, mark) VALUES (?1, ?2, ?3)")?
                .execute(params![line.position, line.hash, mark])?;
            run.to.refuses |= mark.is_some();
            if found.is_some() {
                stand.push(line);
            }
        }
        for same in stand.chunk_by(|one, other| one.act == other.act) {
            for some in same.chunks(AT_ONCE) {
                let act = some.first().and_then(|line| line.act.as_deref());
                let positions = some.iter().map(|line| line.position.cast_unsigned()).collect();
                let body = act.unwrap_or(REPEATED).to_vec();
                run.item(&Item::Erase { positions, again: Again::Taken, body })?;
            }
        }
        Ok(())
    })
}

/// Does again what was done after the backup that this database comes from, by nobody who is known here; in one transaction.
/// `what` tells one such run from another.
pub(crate) fn as_nobody(
    to: &mut Sequencer,
    what: &str,
    statements: u64,
    work: impl FnOnce(&mut Run<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    // The clock is not the store's to ask: the times that are given out go on from the last.
    to.begin(statements, None)?;
    let member = MemberId(Uuid::nil());
    let seed: [u8; 32] = Sha256::digest(format!("{what} at {}", to.next())).into();
    let submission = Submission {
        id: SubmissionId(Builder::from_custom_bytes(first_half(&seed)).into_uuid()),
        source: member,
        person: None,
        token: None,
        collection: None,
        received: to.last_date(),
        outcomes: false,
        default_label: Tlp::Red,
        addressed: String::new(),
    };
    let by = By {
        submission: arrivals::submission(to, &submission, false)?,
        source: to.interned.source(&to.conn, member)?,
        member,
        now: submission.received,
        seed,
    };
    let mut run = Run::new(to, by);
    work(&mut run)?;
    run.flush()?;
    to.conn.execute("UPDATE submission SET complete = 1 WHERE id = ?1", [submission.id.0.as_bytes()])?;
    to.commit()
}

// Digest and member of what a line means, if its body stands.
fn standing(conn: &Connection, line: &Erased) -> Result<Option<([u8; 32], Uuid)>, Error> {
    let found: Option<(Vec<u8>, Vec<u8>)> = conn
        .prepare_cached(
            "SELECT l.digest, m.id FROM leaf l JOIN statement s ON s.position = l.position
               JOIN source m ON m.num = s.source
             WHERE l.position = ?1 AND l.hash = ?2 AND l.digest IS NOT NULL",
        )?
        .query_row(params![line.position, line.hash], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((digest, member)) = found else { return Ok(None) };
    let digest = digest.try_into().map_err(|_| damaged("digest"))?;
    Ok(Some((digest, super::row::uuid(&member)?)))
}

/// What is kept of bytes that are not to be taken again of a member: nothing that can be guessed at without the key.
pub(crate) fn mark(conn: &Connection, member: Uuid, digest: &[u8; 32]) -> Result<[u8; 32], Error> {
    let key = small::value(conn, KEY)?.ok_or_else(|| damaged(KEY))?;
    let mut hash = Sha256::new();
    hash.update(key);
    hash.update(b"accord-erased 1\n");
    hash.update(member.as_bytes());
    hash.update(digest);
    Ok(hash.finalize().into())
}

/// Whether these bytes of this member were erased not to be taken again.
pub(crate) fn is_refused(conn: &Connection, member: Uuid, digest: &[u8; 32]) -> Result<bool, Error> {
    let mark = mark(conn, member, digest)?;
    Ok(conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM erasure WHERE mark = ?1 AND mark IS NOT NULL)")?
        .query_row([mark], |row| row.get(0))?)
}

/// Whether there is anything that is not to be taken again.
pub(crate) fn refuses(conn: &Connection) -> Result<bool, Error> {
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM erasure INDEXED BY erasure_mark WHERE mark IS NOT NULL)",
        )?
        .query_row([], |row| row.get(0))?)
}

fn first_half(digest: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    half
}
