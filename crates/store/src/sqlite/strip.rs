//! The strip: what the spans tell and serve, laid out in plain files in order of position, so that a page of entries is
//! two reads of the system and no walk through the engine's pages.
//!
//! It is a copy and never a source: what it does not hold is read from the spans, and it can be removed whenever the store
//! is closed. `pages.heads` has a record of fixed length for each position: what the span tells, and where in
//! `pages.bytes` what is served lies. The writer changes it after each commit. `pages.state` says how far the files go;
//! it is written when the store is closed, and removed before anything else is changed, so that after a crash the strip is
//! begun anew. A commit that changes what the strip holds makes the state void by itself: it takes away the value beside
//! the record that the state must repeat. What is erased is overwritten with zeros and on the disk before the erasure is answered.
//!
//! Readers never wait: the strip says of which commit it is, and a reader who sees another one, before or after he has
//! read, reads the spans. So does who may see one more than was counted when he began: what changes an entry takes a
//! position too, so that his record is longer.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::Timestamp;
use rusqlite::Connection;

use super::sealed::Plain;
use super::span::{self, RECORD, Record, Span, Wires};
use super::{copy, migrate, small};
use crate::Error;
use crate::read::Snapshot;
use crate::sqlite::row::damaged;

/// The names of the files in the folder.
const HEADS: &str = "pages.heads";
const BYTES: &str = "pages.bytes";
const STATE: &str = "pages.state";
/// Bytes of the record of a position: what its span tells of it, where what is served begins, how long that is, and when
/// it was added, if that is the same for all readers.
const HEAD: usize = RECORD + 8 + 4 + 8;
/// Of an entry whose time depends on the reader.
const NO_TIME: i64 = i64::MIN;
/// Of the form of the files. A strip of another form, or of another schema, is begun anew.
const FORM: usize = 2;
/// The value beside the record that `pages.state` repeats, so that a file that was put back is not met by another's strip.
const NAME: &str = "strip";
/// Bytes that are copied at once.
const STEP: usize = 4 << 20;
/// Bytes that are copied with nothing else to do before they are on the disk: the next erasure would wait for all.
const UNSYNCED: u64 = 32 << 20;
/// Positions that a reader reads together, at least and at most, and the bytes of theirs after which he stops.
const AT_LEAST: usize = 32;
const TOGETHER: usize = 256;
const TOGETHER_BYTES: u64 = 1 << 20;
/// Bytes that are read along rather than passed over.
const GAP: u64 = 16 << 10;
/// Bytes of a buffer that is kept.
const KEPT: usize = 2 << 20;
/// The strip is of no commit just now.
const NONE: u64 = u64::MAX;

/// The files, for those who read.
#[derive(Debug)]
pub(crate) struct Strip {
    heads: File,
    bytes: File,
    // It holds the positions before `upto`, as they are after so many commits.
    upto: AtomicI64,
    as_of: AtomicU64,
    // The position after the last of that commit.
    end: AtomicI64,
}

/// What a reader sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// What had been committed before he began, by count: he sees that much or more.
    pub(crate) commits: u64,
    /// The position after the last that he sees.
    pub(crate) end: i64,
}

/// Where an entry's bytes lie.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: u64,
    length: u32,
    time: i64,
}

impl Place {
    fn end(self) -> u64 {
        self.at + u64::from(self.length)
    }
}

fn encode(record: &Record, place: Place) -> [u8; HEAD] {
    let mut bytes = [0; HEAD];
    let place = (place.at.to_le_bytes().into_iter())
        .chain(place.length.to_le_bytes())
        .chain(place.time.to_le_bytes());
    let parts = record.encode().into_iter().chain(place);
    bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    bytes
}

fn decode(bytes: &[u8]) -> Option<(Record, Place)> {
    let (record, rest) = bytes.split_at_checked(RECORD)?;
    let (at, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (time, _) = rest.split_first_chunk()?;
    let place = Place {
        at: u64::from_le_bytes(*at),
        length: u32::from_le_bytes(*length),
        time: i64::from_le_bytes(*time),
    };
    Some((Record::decode(record)?, place))
}

fn offset(position: i64) -> u64 {
    position.cast_unsigned() * HEAD as u64
}

/// What was read of the strip: entries that follow each other, and the bytes of those that were wanted.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    heads: Vec<u8>,
    entries: Vec<(Record, Place)>,
    bytes: Vec<u8>,
    // Bytes of the file, and where they begin in `bytes`; ascending.
    runs: Vec<(Range<u64>, usize)>,
    first: i64,
}

impl Chunk {
    /// Where its entries stand.
    pub(crate) fn positions(&self) -> Range<i64> {
        self.first..self.first.saturating_add(self.entries.len() as i64)
    }

    fn at(&self, position: i64) -> Result<&(Record, Place), Error> {
        let index = usize::try_from(position - self.first).ok();
        index.and_then(|index| self.entries.get(index)).ok_or_else(|| damaged("pages.heads"))
    }

    /// When what stands at a position was added, if that is the same for whoever may see it, and it was not opened later.
    pub(crate) fn time(&self, position: i64) -> Result<Option<Timestamp>, Error> {
        let (_, place) = self.at(position)?;
        Ok((place.time != NO_TIME).then_some(Timestamp(place.time)))
    }

    /// What stands at a position, and its bytes if they were read.
    pub(crate) fn entry(&self, position: i64) -> Result<(&Record, Option<&[u8]>), Error> {
        let (record, place) = self.at(position)?;
        if place.length == 0 {
            return Ok((record, Some(&[])));
        }
        // There are few runs, nearly always one.
        let run = self.runs.iter().find(|(run, _)| run.start <= place.at && place.end() <= run.end);
        let wire = run.and_then(|(run, at)| {
            let from = at + usize::try_from(place.at - run.start).ok()?;
            self.bytes.get(from..from + place.length as usize)
        });
        Ok((record, wire))
    }

    /// Lets go of what is too long to be kept.
    pub(crate) fn shrink(&mut self) {
        if self.bytes.len() > KEPT {
            self.bytes = Vec::new();
        }
    }

    // Reads the heads, and answers how many bytes are wanted.
    fn plan(&mut self, wants: &dyn Fn(&Record) -> bool, most: usize) -> Result<usize, Error> {
        self.runs.clear();
        self.entries.clear();
        let (mut length, mut wanted) = (0_u64, 0);
        for head in self.heads.chunks_exact(HEAD) {
            let (record, place) = decode(head).ok_or_else(|| damaged("pages.heads"))?;
            if place.length == 0 || !wants(&record) {
                self.entries.push((record, place));
                continue;
            }
            if wanted == most {
                // Where no more is wanted, its head is enough; otherwise the next chunk begins with it.
                self.entries.push((record, place));
                break;
            }
            if length > 0 && length + u64::from(place.length) > TOGETHER_BYTES {
                break;
            }
            self.entries.push((record, place));
            wanted += 1;
            match self.runs.last_mut() {
                Some((run, _)) if place.at >= run.end && place.at - run.end <= GAP => {
                    length += place.end() - run.end;
                    run.end = place.end();
                }
                _ => {
                    self.runs.push((place.at..place.end(), usize::try_from(length).unwrap_or(usize::MAX)));
                    length += u64::from(place.length);
                }
            }
        }
        usize::try_from(length).map_err(|_| damaged("pages.heads"))
    }
}

impl Strip {
    /// Reads entries from a position on, and the bytes of at most `most` of those that `wants` asks for. Answers whether
    /// the strip is of this commit and has them.
    pub(crate) fn read(
        &self,
        seen: Seen,
        from: i64,
        (most, wants): (usize, &dyn Fn(&Record) -> bool),
        chunk: &mut Chunk,
    ) -> Result<bool, Error> {
        let is_current = || self.as_of.load(Ordering::SeqCst) == seen.commits;
        if !is_current() || self.end.load(Ordering::SeqCst) != seen.end {
            return Ok(false);
        }
        // What follows on the next commit is copied before the strip is of that.
        let left = self.upto.load(Ordering::SeqCst).min(seen.end).saturating_sub(from);
        let count = most.saturating_add(1).clamp(AT_LEAST, TOGETHER).min(usize::try_from(left).unwrap_or(0));
        if count == 0 {
            return Ok(false);
        }
        chunk.first = from;
        chunk.heads.resize(count * HEAD, 0);
        match self.fetch(wants, most, chunk) {
            Ok(()) => Ok(is_current()),
            // What changed while it was read need not make sense.
            Err(_) if !is_current() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn fetch(&self, wants: &dyn Fn(&Record) -> bool, most: usize, chunk: &mut Chunk) -> Result<(), Error> {
        self.heads.read_exact_at(&mut chunk.heads, offset(chunk.first))?;
        let length = chunk.plan(wants, most)?;
        if chunk.bytes.len() < length {
            chunk.bytes.resize(length, 0);
        }
        for (run, at) in &chunk.runs {
            let to = *at..at + usize::try_from(run.end - run.start).unwrap_or(usize::MAX);
            let to = chunk.bytes.get_mut(to).ok_or_else(|| damaged("pages.heads"))?;
            self.bytes.read_exact_at(to, run.start)?;
        }
        Ok(())
    }
}

/// What the strip tells or serves otherwise than the spans, as a snapshot sees both.
pub(crate) fn differences(snapshot: &Snapshot, progress: &mut dyn FnMut(u64)) -> Result<Vec<String>, Error> {
    let (mut from, mut wires, mut wrong) = (0, Wires::default(), Vec::new());
    while let Some(chunk) = snapshot.strip(from, TOGETHER, &|_| true)? {
        for position in chunk.positions() {
            let (record, bytes) = chunk.entry(position)?;
            let Some(bytes) = bytes else { break };
            let (told, wire) = wires.at(snapshot.conn()?, position)?;
            if !told.tells_as(record) || wire != bytes {
                wrong.push(format!("the strip tells otherwise of position {position}; remove `{STATE}`"));
            }
            from = position + 1;
            progress(from.cast_unsigned());
        }
    }
    Ok(wrong)
}

/// How the files stand to what `pages.state` says.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// As it says.
    Clean,
    /// It is gone, and written again on closing.
    Changed,
    /// They could not be written: nobody reads them any more.
    Broken,
}

/// The writer's half.
#[derive(Debug)]
pub(crate) struct Copier {
    strip: Arc<Strip>,
    folder: PathBuf,
    standing: Standing,
    upto: i64,
    // Bytes of `pages.bytes`.
    tail: u64,
    // Those that are known to be on the disk.
    synced: u64,
    // Positions whose entries are told otherwise since the last commit.
    changed: Vec<i64>,
    // All of them are.
    anew: bool,
}

impl Copier {
    /// The strip of a store, empty where it is not known to agree with the record.
    pub(crate) fn open(folder: &Path, conn: &Connection) -> Result<Copier, Error> {
        let folder = folder.to_owned();
        let open = |name| {
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            options.open(folder.join(name))
        };
        let (heads, bytes) = (open(HEADS)?, open(BYTES)?);
        let end =
            conn.query_row("SELECT coalesce(max(position) + 1, 0) FROM statement", [], |row| row.get(0))?;
        let (upto, as_of, end) = (AtomicI64::new(0), AtomicU64::new(0), AtomicI64::new(end));
        let strip = Arc::new(Strip { heads, bytes, upto, as_of, end });
        let (standing, changed) = (Standing::Clean, Vec::new());
        let mut copier =
            Copier { strip, folder, standing, upto: 0, tail: 0, synced: 0, changed, anew: false };
        match copier.stated(conn)? {
            Some((upto, tail)) => (copier.upto, copier.tail, copier.synced) = (upto, tail, tail),
            None => copier.start_over()?,
        }
        copier.strip.upto.store(copier.upto, Ordering::SeqCst);
        Ok(copier)
    }

    /// For those who read.
    pub(crate) fn strip(&self) -> Arc<Strip> {
        self.strip.clone()
    }

    fn state(&self) -> PathBuf {
        self.folder.join(STATE)
    }

    // How far the files go, if the state is of this record and they are as long as it says.
    fn stated(&self, conn: &Connection) -> Result<Option<(i64, u64)>, Error> {
        let Ok(text) = fs::read_to_string(self.state()) else { return Ok(None) };
        let stamp = small::value(conn, NAME)?.map(|stamp| hex(&stamp)).unwrap_or_default();
        let Some((known, extent)) = text.trim_end().rsplit_once(" of ") else { return Ok(None) };
        let extent =
            extent.split_once(' ').and_then(|(upto, tail)| Some((upto.parse().ok()?, tail.parse().ok()?)));
        let Some((upto, tail)) = extent.filter(|_| known == preamble(&stamp)) else { return Ok(None) };
        let whole = upto >= 0
            && self.strip.heads.metadata()?.len() >= offset(upto)
            && self.strip.bytes.metadata()?.len() >= tail;
        Ok(whole.then_some((upto, tail)))
    }

    /// An entry is told otherwise from the next commit on.
    pub(crate) fn changed(&mut self, position: i64) {
        if position < self.upto && self.standing != Standing::Broken {
            self.changed.push(position);
        }
    }

    /// All entries are.
    pub(crate) fn all_changed(&mut self) {
        self.anew = true;
    }

    /// There was no commit.
    pub(crate) fn abandon(&mut self) {
        self.changed.clear();
        self.anew = false;
    }

    /// Before a commit that changes what the files hold, as a part of it: the state does not outlive it, wherever a crash
    /// comes. What was made again need not take a position: nobody reads the strip until that is told.
    pub(crate) fn disown(&self, conn: &Connection) -> Result<(), Error> {
        if self.anew {
            self.strip.as_of.store(NONE, Ordering::SeqCst);
        }
        if self.standing == Standing::Clean && (self.anew || !self.changed.is_empty()) {
            small::set_value(conn, NAME, None)?;
        }
        Ok(())
    }

    /// After a commit, the `commits`-th: brings what changed and some of what is new into the files. What goes wrong
    /// costs time only: the spans are read.
    pub(crate) fn follow(&mut self, conn: &Connection, next: i64, commits: u64) {
        if self.standing == Standing::Broken {
            return;
        }
        let done = match self.anew || !self.changed.is_empty() {
            true => self.rewrite(conn),
            false => Ok(()),
        };
        let done = done.and_then(|()| self.copy(conn, next));
        match done {
            Ok(_) => {
                self.strip.end.store(next, Ordering::SeqCst);
                self.strip.as_of.store(commits, Ordering::SeqCst);
            }
            Err(_) => self.give_up(),
        }
    }

    /// Nothing else to do: copies some more of the record. Answers whether there is more.
    pub(crate) fn catch_up(&mut self, conn: &Connection, next: i64) -> bool {
        if self.standing == Standing::Broken {
            return false;
        }
        let more = self.copy(conn, next).and_then(|more| {
            if self.tail - self.synced >= UNSYNCED {
                self.sync()?;
            }
            Ok(more)
        });
        more.unwrap_or_else(|_| {
            self.give_up();
            false
        })
    }

    /// The store is closed: what the files hold is on the disk, and said to be.
    pub(crate) fn close(&mut self, conn: &Connection) {
        if self.standing == Standing::Changed {
            let _begun_anew_next_time = self.say(conn);
        }
    }

    fn say(&self, conn: &Connection) -> Result<(), Error> {
        self.strip.heads.sync_data()?;
        self.strip.bytes.sync_data()?;
        let stamp: Vec<u8> = conn.query_row("SELECT randomblob(16)", [], |row| row.get(0))?;
        small::set_value(conn, NAME, Some(&stamp))?;
        let partial = self.folder.join("pages.partial");
        let text = format!("{} of {} {}\n", preamble(&hex(&stamp)), self.upto, self.tail);
        fs::write(&partial, text)?;
        File::open(&partial)?.sync_all()?;
        fs::rename(&partial, self.state())?;
        copy::sync_folder(&self.state())
    }

    // From here on the files are not what the state says.
    fn touch(&mut self) -> Result<(), Error> {
        if self.standing == Standing::Clean {
            match fs::remove_file(self.state()) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => copy::sync_folder(&self.state())?,
            }
            self.standing = Standing::Changed;
        }
        Ok(())
    }

    fn start_over(&mut self) -> Result<(), Error> {
        self.touch()?;
        (self.upto, self.tail, self.synced) = (0, 0, 0);
        self.strip.upto.store(0, Ordering::SeqCst);
        self.strip.heads.set_len(0)?;
        self.strip.bytes.set_len(0)?;
        Ok(())
    }

    /// Gives its space back: the record comes first. It is begun anew when the store is opened again.
    pub(crate) fn give_up(&mut self) {
        self.strip.as_of.store(NONE, Ordering::SeqCst);
        self.standing = Standing::Broken;
        // Among what is left may be what was to be overwritten.
        let _next_time = fs::remove_file(self.state());
        let _next_time = self.strip.bytes.set_len(0);
        let _next_time = self.strip.heads.set_len(0);
    }

    fn rewrite(&mut self, conn: &Connection) -> Result<(), Error> {
        self.strip.as_of.store(NONE, Ordering::SeqCst);
        self.touch()?;
        let mut changed = std::mem::take(&mut self.changed);
        if std::mem::take(&mut self.anew) {
            return self.start_over();
        }
        changed.sort_unstable();
        changed.dedup();
        let (mut wires, mut emptied) = (Wires::default(), false);
        for position in changed {
            let mut head = [0; HEAD];
            self.strip.heads.read_exact_at(&mut head, offset(position))?;
            let (_, mut place) = decode(&head).ok_or_else(|| damaged("pages.heads"))?;
            let (record, wire) = wires.at(conn, position)?;
            match wire.len() {
                length if length == place.length as usize => {}
                0 => {
                    self.strip.bytes.write_all_at(&vec![0; place.length as usize], place.at)?;
                    (place.length, emptied) = (0, true);
                }
                _ => return Err(damaged("pages.heads")),
            }
            self.strip.heads.write_all_at(&encode(&record, place), offset(position))?;
        }
        if emptied {
            self.sync()?;
        }
        Ok(())
    }

    // Copies what follows, so much at once; whether there is more.
    fn copy(&mut self, conn: &Connection, next: i64) -> Result<bool, Error> {
        if self.upto >= next {
            return Ok(false);
        }
        self.touch()?;
        let mut query = conn.prepare_cached(span::from(true))?;
        let mut rows = query.query([self.upto])?;
        let (mut heads, mut bytes, mut upto) = (Vec::new(), Vec::new(), self.upto);
        let mut times = Plain::default();
        while let Some(row) = rows.next()? {
            let span = Span::read(row)?;
            if !span.positions().contains(&upto) {
                return Err(damaged("span"));
            }
            for position in span.positions().skip_while(|position| *position < self.upto) {
                let (record, wire) = span.entry(position)?;
                let length = u32::try_from(wire.len()).map_err(|_| damaged("span"))?;
                let time = times.time(conn, position)?.map_or(NO_TIME, |time| time.0);
                let place = Place { at: self.tail + bytes.len() as u64, length, time };
                heads.extend_from_slice(&encode(&record, place));
                bytes.extend_from_slice(wire);
                upto = position + 1;
            }
            if bytes.len() + heads.len() > STEP {
                break;
            }
        }
        if upto == self.upto {
            return Err(damaged("span"));
        }
        self.append(&heads, &bytes, upto)?;
        Ok(upto < next)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.strip.bytes.sync_data()?;
        self.synced = self.tail;
        Ok(())
    }

    fn append(&mut self, heads: &[u8], bytes: &[u8], upto: i64) -> io::Result<()> {
        self.strip.bytes.write_all_at(bytes, self.tail)?;
        self.strip.heads.write_all_at(heads, offset(self.upto))?;
        (self.upto, self.tail) = (upto, self.tail + bytes.len() as u64);
        self.strip.upto.store(upto, Ordering::SeqCst);
        Ok(())
    }
}

fn preamble(stamp: &str) -> String {
    format!("pages {FORM} of schema {} for {stamp}", migrate::STEPS.len())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::connect;
    use crate::sqlite::head::Head;
    use crate::sqlite::span::Building;

    struct Copied {
        copier: Copier,
        conn: Connection,
        _folder: tempfile::TempDir,
    }

    impl Copied {
        fn new() -> Copied {
            let folder = tempfile::tempdir().unwrap();
            let mut conn =
                connect::writer(&folder.path().join(connect::FILE), &crate::Options::default()).unwrap();
            migrate::migrate(&mut conn, migrate::STEPS).unwrap();
            let copier = Copier::open(folder.path(), &conn).unwrap();
            Copied { copier, conn, _folder: folder }
        }

        fn serve(&self, position: i64) {
            self.serve_bytes(position, b"an object");
        }

        fn serve_bytes(&self, position: i64, bytes: &[u8]) {
            let head = Head {
                ordinal: 0,
                version: 0,
                uuid: uuid::Uuid::nil(),
                kind: 1,
                source: 1,
                media: 0,
                text: false,
            };
            let mut last = Building::load(&self.conn, position).unwrap();
            last.push(&self.conn, Record::new((0, 0, 0), head).unwrap(), bytes).unwrap();
            last.write(&self.conn).unwrap();
        }

        fn read(&self, commits: u64, end: i64) -> Option<Range<i64>> {
            let mut chunk = Chunk::default();
            let read = self.copier.strip.read(Seen { commits, end }, 0, (9, &|_| true), &mut chunk).unwrap();
            read.then(|| chunk.positions())
        }
    }

    #[test]
    fn nobody_is_served_of_another_commit_than_he_sees() {
        let mut copied = Copied::new();
        (0..2).for_each(|position| copied.serve(position));
        copied.copier.follow(&copied.conn, 2, 1);
        assert_eq!(copied.read(1, 2), Some(0..2));
        // He began when the next one was committed, and not yet counted.
        assert_eq!(copied.read(1, 3), None);
        copied.serve(2);
        copied.copier.follow(&copied.conn, 3, 2);
        assert_eq!((copied.read(2, 3), copied.read(1, 2), copied.read(1, 3)), (Some(0..3), None, None));
        // As it is while it is copied: what is new is there, and the strip is not yet of the commit that brought it.
        copied.copier.strip.as_of.store(1, Ordering::SeqCst);
        copied.copier.strip.end.store(2, Ordering::SeqCst);
        assert_eq!(copied.read(1, 2), Some(0..2));
    }

    #[test]
    fn what_cannot_be_copied_is_given_up_and_costs_nothing_more() {
        let mut copied = Copied::new();
        copied.serve(0);
        copied.copier.follow(&copied.conn, 1, 1);
        assert!(!copied.copier.catch_up(&copied.conn, 1));
        // The record says that there is more, and no span has it.
        assert!(!copied.copier.catch_up(&copied.conn, 2));
        assert_eq!((copied.copier.standing == Standing::Broken, copied.read(1, 1)), (true, None));
        copied.copier.changed(0);
        assert!(copied.copier.changed.is_empty());
    }

    #[test]
    fn what_is_copied_in_idle_time_does_not_pile_up_before_an_erasure() {
        let mut copied = Copied::new();
        let body = vec![7; STEP + 1];
        for position in 0..20 {
            copied.serve_bytes(position, &body);
        }
        while copied.copier.catch_up(&copied.conn, 20) {
            assert!(copied.copier.tail - copied.copier.synced < UNSYNCED);
        }
        assert!(copied.copier.synced > 0 && copied.copier.upto == 20);
    }
}
