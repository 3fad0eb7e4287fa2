//! The writer's half of the strip: what brings the files up to each commit, and says on closing how far they go.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use rusqlite::Connection;

use super::{HEAD, NO_TIME, NONE, Place, SEPARATOR, Strip, decode, encode, offset, print};
use crate::Error;
use crate::sqlite::row::damaged;
use crate::sqlite::sealed::Plain;
use crate::sqlite::span::{self, Span, Wires};
use crate::sqlite::{copy, migrate, small};

/// The names of the files in the folder.
const HEADS: &str = "pages.heads";
const BYTES: &str = "pages.bytes";
pub(crate) const STATE: &str = "pages.state";
/// Of the form of the files. A strip of another form, or of another schema, is begun anew.
const FORM: usize = 3;
/// The value beside the record that `pages.state` repeats, so that a file that was put back is not met by another's strip.
const NAME: &str = "strip";
/// Bytes that are copied at once.
const STEP: usize = 4 << 20;
/// Bytes that are copied with nothing else to do before they are on the disk: the next erasure would wait for all.
const UNSYNCED: u64 = 32 << 20;

/// How the files stand to what `pages.state` says.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// As it says.
    Clean,
    /// It is gone, and written again on closing.
    Changed,
    /// They could not be written, or read: nobody reads them any more.
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
        let damaged = AtomicBool::new(false);
        let strip = Arc::new(Strip { heads, bytes, upto, as_of, end, damaged });
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

    // Nobody reads the files, or nobody should.
    fn is_broken(&mut self) -> bool {
        if self.standing != Standing::Broken && self.strip.damaged.load(Ordering::SeqCst) {
            self.give_up();
        }
        self.standing == Standing::Broken
    }

    /// After a commit, the `commits`-th: brings what changed and some of what is new into the files. What goes wrong
    /// costs time only: the spans are read.
    pub(crate) fn follow(&mut self, conn: &Connection, next: i64, commits: u64) {
        if self.is_broken() {
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
        if self.is_broken() {
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
        if !self.is_broken() && self.standing == Standing::Changed {
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
            let (_, mut place) = decode(position, &head).ok_or_else(|| damaged("pages.heads"))?;
            let (record, wire) = wires.at(conn, position)?;
            match wire.len() {
                length if length == place.length as usize => {}
                0 => {
                    self.strip.bytes.write_all_at(&vec![0; place.length as usize], place.at)?;
                    (place.length, place.print, emptied) = (0, 0, true);
                }
                _ => return Err(damaged("pages.heads")),
            }
            self.strip.heads.write_all_at(&encode(position, &record, place), offset(position))?;
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
                let (at, print) = (self.tail + bytes.len() as u64, print::of_bytes(wire));
                let place = Place { at, length, time, print };
                heads.extend_from_slice(&encode(position, &record, place));
                if length > 0 {
                    bytes.extend_from_slice(wire);
                    bytes.push(SEPARATOR);
                }
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
    use std::ops::Range;

    use super::*;
    use crate::sqlite::connect;
    use crate::sqlite::head::Head;
    use crate::sqlite::span::{Building, Record};
    use crate::sqlite::strip::{Chunk, Seen};

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
            let read = self.copier.strip.read(Seen { commits, end }, 0, (9, &|_| true), &mut chunk);
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
