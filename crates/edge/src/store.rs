//! The copy on the disk: the whole set as the node gave it, and behind it a journal of changes.
//!
//! `whole.ndjson` is written whole beside the one in use, brought to the disk, and put in its place; its last line has the sum of its lines. `journal`
//! is only added to: each line begins with a piece of the digest of the rest, and its first line names the whole set that it goes on from.
//! So each moment's crash leaves the old or the new: a journal of another whole set is passed over, and a torn end is cut off. Where a line could
//! not be written, the next ones tell less than is known, so that what is known is written whole as soon as the disk takes it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use model::Timestamp;
use sensors::Sum;
use sha2::{Digest, Sha256};

use crate::core::set::Told;
use crate::core::wire::{
    Event, Events, Head, LINE_BYTES_MAX, Refused, Whole, head_line, hexadecimal, last_line, value_line,
};
use crate::known::{Known, View};

const WHOLE: &str = "whole.ndjson";
const NEW: &str = "whole.new";
const JOURNAL: &str = "journal";
const LOCK: &str = "lock";

/// A journal shorter than this is not taken into a new whole set, in bytes.
const JOURNAL_BYTES: u64 = 4 << 20;

/// What is known is not written whole more often than this: a disk that is full is not asked with each change.
const COMPACT_AGAIN: Duration = Duration::from_secs(30);

/// How many digits of a digest stand before a line of the journal.
const CHECK_DIGITS: usize = 16;

/// The copy.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    journal: File,
    journal_bytes: u64,
    whole_bytes: u64,
    /// A line is missing from the journal.
    lags: bool,
    /// When a whole set was written last, or tried to be.
    tried: Option<Instant>,
    _lock: File,
}

/// What was found on the disk.
#[derive(Debug, Default)]
pub struct Found {
    /// What was wrong with it, and has been left out.
    pub damaged: Option<String>,
    /// How many values were read.
    pub values: u64,
}

impl Store {
    /// Opens the folder, makes it where it is not there, and reads the copy into what is known.
    ///
    /// # Errors
    /// The folder cannot be used, or another edge has it.
    pub fn open(folder: &Path, known: &mut Known, now: Timestamp) -> io::Result<(Store, Found)> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let lock = owned().write(true).open(folder.join(LOCK))?;
        if lock.try_lock().is_err() {
            return Err(io::Error::other("another edge has this folder"));
        }
        let mut found = Found::default();
        let digest = match read_whole(&folder.join(WHOLE), known, now, &mut found) {
            Ok(digest) => digest,
            Err(why) => {
                forget(known);
                found.damaged = Some(format!("the local copy is not whole: {why}"));
                None
            }
        };
        let path = folder.join(JOURNAL);
        let journal = owned().read(true).append(true).open(&path)?;
        let whole_bytes = std::fs::metadata(folder.join(WHOLE)).map_or(0, |meta| meta.len());
        let mut store = Store {
            folder: folder.to_owned(),
            journal,
            journal_bytes: 0,
            whole_bytes,
            lags: false,
            tried: None,
            _lock: lock,
        };
        match digest {
            Some(digest) if store.read_journal(&digest, known, now, &mut found)? => {}
            Some(digest) => {
                // Of another whole set: that one stands alone.
                store.begin_journal(&digest)?;
            }
            None => store.journal.set_len(0)?,
        }
        Ok((store, found))
    }

    /// Reads the journal, if it goes on from this whole set, and cuts off a torn end. Answers whether it does.
    fn read_journal(
        &mut self,
        digest: &str,
        known: &mut Known,
        now: Timestamp,
        found: &mut Found,
    ) -> io::Result<bool> {
        self.journal.seek(SeekFrom::Start(0))?;
        let length = self.journal.metadata()?.len();
        let mut reader = BufReader::new(&self.journal);
        let (mut good, mut line) = (0_u64, Vec::new());
        let first = first_line(digest);
        loop {
            line.clear();
            let read = reader.by_ref().take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
            let Some(text) = checked(&line) else { break };
            if good == 0 {
                if text != first {
                    return Ok(false);
                }
            } else if !replay(text, known, now, found) {
                break;
            }
            good += read as u64;
        }
        drop(reader);
        if good == 0 {
            return Ok(false);
        }
        if good < length {
            found.damaged =
                Some(format!("the journal was torn: its last {} bytes are cut off", length - good));
            self.journal.set_len(good)?;
        }
        self.journal.seek(SeekFrom::End(0))?;
        self.journal_bytes = good;
        Ok(true)
    }

    fn begin_journal(&mut self, digest: &str) -> io::Result<()> {
        self.journal.set_len(0)?;
        self.journal.seek(SeekFrom::Start(0))?;
        // Until its first line is there, nothing that is added to it is read.
        self.lags = true;
        let line = with_check(&first_line(digest));
        self.journal.write_all(line.as_bytes())?;
        self.journal.sync_data()?;
        self.journal_bytes = line.len() as u64;
        self.lags = false;
        Ok(())
    }

    /// Writes down what a value is now.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn value(&mut self, told: &Told) -> io::Result<()> {
        self.add(value_line(told).trim_end())
    }

    /// Writes down up to where all was told, and brings everything before it to the disk.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn now(&mut self, at: Timestamp, cursor: &str) -> io::Result<()> {
        self.add(&serde_json::json!({"at": at.to_string(), "cursor": cursor}).to_string())?;
        self.journal.sync_data()
    }

    fn add(&mut self, text: &str) -> io::Result<()> {
        let line = with_check(text);
        if let Err(error) = self.journal.write_all(line.as_bytes()) {
            self.lags = true;
            // Half a line would hide all that comes behind it.
            self.journal.set_len(self.journal_bytes)?;
            return Err(error);
        }
        self.journal_bytes += line.len() as u64;
        Ok(())
    }

    /// Begins to write a whole set beside the one in use.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn begin_whole(&self) -> io::Result<NewWhole> {
        let path = self.folder.join(NEW);
        let file = owned().write(true).truncate(true).open(&path)?;
        Ok(NewWhole { file: BufWriter::new(file), whole: Whole::default(), line: Vec::new() })
    }

    /// Takes in a whole set: each of its values is handed to `take`, and then it takes the place of the one in use.
    ///
    /// # Errors
    /// It is not whole, and nothing was handed on; or the disk does not take it.
    pub fn end_whole(&mut self, new: NewWhole, take: &mut dyn FnMut(Told)) -> Result<(Head, u64), Refused> {
        let disk = |error: io::Error| Refused(format!("the disk: {error}"));
        if !new.line.is_empty() {
            return Err(Refused("its last line is torn".to_owned()));
        }
        let (head, digest, _) = new.whole.end()?;
        let file = new.file.into_inner().map_err(|error| disk(error.into_error()))?;
        file.sync_all().map_err(disk)?;
        let path = self.folder.join(NEW);
        let (.., not_understood) = read_values(&path, take)?;
        std::fs::rename(&path, self.folder.join(WHOLE)).map_err(disk)?;
        sync_folder(&self.folder).map_err(disk)?;
        self.begin_journal(&digest).map_err(disk)?;
        self.whole_bytes = std::fs::metadata(self.folder.join(WHOLE)).map_or(0, |meta| meta.len());
        Ok((head, not_understood))
    }

    /// Whether a new whole set is to be written: the journal has become long, or lacks something.
    #[must_use]
    pub fn wants_whole(&self) -> bool {
        let rests = self.tried.is_some_and(|tried| tried.elapsed() < COMPACT_AGAIN);
        !rests && (self.lags || self.journal_bytes > JOURNAL_BYTES.max(self.whole_bytes))
    }

    /// Writes what is known as a whole set, and begins the journal anew.
    ///
    /// # Errors
    /// The disk does not take it; what was there stands.
    pub fn compact(&mut self, view: &View<'_>) -> io::Result<()> {
        let (Some(as_of), Some(cursor)) = (view.known().knowledge, view.known().cursor.clone()) else {
            return Ok(());
        };
        self.tried = Some(Instant::now());
        let path = self.folder.join(NEW);
        let mut file = BufWriter::new(owned().write(true).truncate(true).open(&path)?);
        let (mut sum, mut entries) = (Sum::default(), 0);
        let mut put = |line: &str, file: &mut BufWriter<File>| {
            sum.add(line.as_bytes());
            file.write_all(line.as_bytes())
        };
        let head = Head { node: view.known().node.clone(), as_of, cursor };
        put(&head_line(&head), &mut file)?;
        for (place, entry) in view.set().iter() {
            let Some(value) = entry.observable(place) else { continue };
            let (action, until) = (Some(entry.action), entry.until());
            let (mode, then) = (place.mode(), entry.then());
            let told = Told { value, mode, action, until, then, indicator: entry.indicator() };
            put(&value_line(&told), &mut file)?;
            entries += 1;
        }
        file.write_all(last_line(entries, sum).as_bytes())?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&path, self.folder.join(WHOLE))?;
        sync_folder(&self.folder)?;
        self.begin_journal(&sum.to_string())?;
        self.whole_bytes = std::fs::metadata(self.folder.join(WHOLE)).map_or(0, |meta| meta.len());
        Ok(())
    }
}

/// A whole set on its way to the disk.
#[derive(Debug)]
pub struct NewWhole {
    file: BufWriter<File>,
    whole: Whole,
    line: Vec<u8>,
}

impl NewWhole {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// It is not to be believed, or the disk does not take it.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.len() > LINE_BYTES_MAX {
                return Err(Refused("a line is too long".to_owned()));
            }
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.whole.check(&line)?;
                self.file.write_all(&line).map_err(|error| Refused(format!("the disk: {error}")))?;
            }
        }
        Ok(())
    }
}

/// For a file that nobody else reads: what acts at a member is not told to everybody on the machine.
pub(crate) fn owned() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options
}

fn first_line(digest: &str) -> String {
    serde_json::json!({"of": digest}).to_string()
}

pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn with_check(text: &str) -> String {
    let digest = hexadecimal(&Sha256::digest(text.as_bytes()));
    format!("{} {text}\n", digest.get(..CHECK_DIGITS).unwrap_or_default())
}

/// The text of a line of the journal, if it is what was written.
fn checked(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (_, text) = line.split_at_checked(CHECK_DIGITS + 1)?;
    (with_check(text).trim_end_matches('\n') == line).then_some(text)
}

/// Does again what a line of the journal says. Answers whether it was understood.
fn replay(text: &str, known: &mut Known, now: Timestamp, found: &mut Found) -> bool {
    // The same words as on the stream, so that there is one reader for both.
    let name = if text.starts_with("{\"at\"") { "now" } else { "value" };
    let Ok(events) = Events::default().take(format!("event: {name}\ndata: {text}\n\n").as_bytes()) else {
        return false;
    };
    for event in events {
        match event {
            Event::Value(told) => {
                found.values += 1;
                known.set.take(&told, now);
            }
            Event::Now { at, cursor } => {
                known.knowledge = Some(at);
                known.cursor = Some(cursor);
            }
            _ => {}
        }
    }
    true
}

fn forget(known: &mut Known) {
    known.set = crate::core::set::Set::default();
    known.knowledge = None;
    known.cursor = None;
}

/// Reads the whole set that is in use. Answers what its last line says of all; `None` where there is none.
fn read_whole(
    path: &Path,
    known: &mut Known,
    now: Timestamp,
    found: &mut Found,
) -> Result<Option<String>, Refused> {
    if !path.exists() {
        return Ok(None);
    }
    let (head, digest, _) = read_values(path, &mut |told| {
        found.values += 1;
        known.set.take(&told, now);
    })?;
    known.node = head.node;
    known.knowledge = Some(head.as_of);
    known.cursor = Some(head.cursor);
    Ok(Some(digest))
}

fn read_values(path: &Path, take: &mut dyn FnMut(Told)) -> Result<(Head, String, u64), Refused> {
    let disk = |error: io::Error| Refused(format!("the disk: {error}"));
    let mut reader = BufReader::new(File::open(path).map_err(disk)?);
    let (mut whole, mut line) = (Whole::default(), Vec::new());
    loop {
        line.clear();
        if reader.by_ref().take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line).map_err(disk)? == 0 {
            break;
        }
        if let Some(told) = whole.line(&line)? {
            take(told);
        }
    }
    whole.end()
}
