//! What there is of logs that are followed: which file is which log, however it is called by now, and what is new.
//!
//! A log is its file, by device and inode, as long as that begins as it did. Where it does not any more, a file that begins so, packed or
//! not, is that log.

use std::collections::{HashMap, HashSet};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use scan::{Place, unpacked};

use super::positions::{FIRST, Log, Positions};
use crate::commands::scan::files::below;
use crate::failure::Failure;
use crate::terminal::{inert, remark};

/// Logs that are followed at the same time.
const LOGS: usize = 10_000;
/// Logs whose files are gone, and may turn up again.
const GONE: usize = 1_000;

/// A log of which something is new.
pub struct Going {
    /// Which of the positions.
    log: usize,
    pub path: PathBuf,
    pub device: u64,
    pub inode: u64,
    /// How long the file is; nothing behind that is read.
    pub size: u64,
    modified: i64,
    pub place: Place,
    /// How it begins, unpacked.
    first: Vec<u8>,
    /// It had another name: its rest comes before what took its place.
    is_moved: bool,
}

/// A file that was found.
struct Found {
    path: PathBuf,
    id: (u64, u64),
    size: u64,
    modified: i64,
    /// It stands beside what was named: nobody asked for it, unless it is a log that was followed.
    is_beside: bool,
}

impl Found {
    fn of(path: PathBuf, about: &Metadata, is_beside: bool) -> Found {
        let modified = about.mtime().wrapping_mul(1_000_000_000).wrapping_add(about.mtime_nsec());
        Found { path, id: (about.dev(), about.ino()), size: about.len(), modified, is_beside }
    }

    fn written(&self) -> (u64, i64) {
        (self.size, self.modified)
    }
}

/// What was named, and how far it was gone through.
pub struct Look {
    paths: Vec<PathBuf>,
    positions: Positions,
    /// Something is to be kept.
    is_changed: bool,
    /// Files that are none of the logs, and how they were when that was seen.
    others: HashMap<(u64, u64), (u64, i64)>,
    /// What was told already, of each log.
    told: HashMap<(u64, u64), String>,
    /// Folders that cannot be read, and were told.
    closed: HashSet<PathBuf>,
    is_full: bool,
    quiet: bool,
}

impl Look {
    /// # Errors
    /// What is named is not there, or is neither a file nor a folder.
    pub fn new(paths: &[PathBuf], positions: Positions, quiet: bool) -> Result<Look, Failure> {
        for path in paths {
            let cannot =
                |error: io::Error| Failure::usage(format!("`{}` cannot be read: {error}", path.display()));
            let about = std::fs::metadata(path).map_err(cannot)?;
            let within = std::fs::canonicalize(path).map_err(cannot)?;
            if about.is_dir() && positions.folder().is_some_and(|folder| folder.starts_with(&within)) {
                let what = format!("positions cannot be kept within `{}`, which is followed", path.display());
                return Err(Failure::usage(what).hint("name a file elsewhere with `--state`"));
            }
            if !about.is_file() && !about.is_dir() {
                let what = format!("`{}` is neither a file nor a folder", path.display());
                return Err(Failure::usage(what).hint("lines of a pipe are told as they come"));
            }
        }
        Ok(Look {
            paths: paths.to_vec(),
            positions,
            is_changed: true,
            others: HashMap::new(),
            told: HashMap::new(),
            closed: HashSet::new(),
            is_full: false,
            quiet,
        })
    }

    /// What is new.
    pub fn look(&mut self) -> Vec<Going> {
        self.forget();
        if self.others.len() > LOGS {
            self.others.clear();
        }
        let (mut found, mut ids, parents) = self.found();
        let is_beside_seen = self.any_is_gone() || self.ids().any(|(id, _)| !ids.contains(&id));
        if is_beside_seen {
            beside(&parents, &mut ids, &mut found);
        }
        let numbers: HashMap<(u64, u64), usize> = self.ids().collect();
        let (mut going, mut live, mut unknown) = (Vec::new(), HashSet::new(), Vec::new());
        for found in found {
            let Some(&number) = numbers.get(&found.id) else {
                unknown.push(found);
                continue;
            };
            let Some(log) = self.positions.logs.get_mut(number) else { continue };
            if [log.looked, log.ended].contains(&Some(found.written())) {
                live.insert(number);
                self.is_changed |= renamed(log, &found);
                continue;
            }
            match first_of(&found.path) {
                Ok((first, is_packed)) => {
                    let is_same = (log.first_bytes == 0 || log.begins(&first))
                        && (is_packed || found.size >= log.offset);
                    if !is_same {
                        unknown.push(found);
                        continue;
                    }
                    live.insert(number);
                    going.push(goes(number, log, found, first));
                }
                // It is told where it is opened again.
                Err(_) => {
                    live.insert(number);
                    going.push(goes(number, log, found, Vec::new()));
                }
            }
        }
        self.mark_gone(&live);
        if !is_beside_seen && self.any_is_gone() {
            beside(&parents, &mut ids, &mut unknown);
        }
        for found in unknown {
            going.extend(self.unknown(found));
        }
        going.sort_by_key(|going| !going.is_moved);
        going
    }

    fn ids(&self) -> impl Iterator<Item = ((u64, u64), usize)> {
        let here = self.positions.logs.iter().enumerate().filter(|(_, log)| !log.gone);
        here.map(|(number, log)| ((log.device, log.inode), number))
    }

    // Of those that are gone, the last are kept.
    fn forget(&mut self) {
        let gone = self.positions.logs.iter().filter(|log| log.gone).count();
        let mut over = gone.saturating_sub(GONE);
        self.positions.logs.retain(|log| {
            let is_over = log.gone && over > 0;
            over -= usize::from(is_over);
            !is_over
        });
    }

    // Files that were named or are in folders that were, which they are, and the folders of those that were named.
    fn found(&mut self) -> (Vec<Found>, HashSet<(u64, u64)>, Vec<PathBuf>) {
        let (mut found, mut ids, mut parents) = (Vec::new(), HashSet::new(), Vec::new());
        for path in &self.paths {
            let mut paths = Vec::new();
            match std::fs::metadata(path) {
                Ok(about) if about.is_dir() => {
                    below(path, 0, &mut paths);
                    for folder in paths.iter().filter(|path| path.is_dir()) {
                        if self.closed.insert(folder.clone()) {
                            remark(&format!("`{}` cannot be read", inert(&folder.to_string_lossy())));
                        }
                    }
                }
                // While it is rotated, nothing has its name.
                Ok(_) | Err(_) => {
                    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                    parents.push(parent.unwrap_or(Path::new(".")).to_owned());
                    parents.dedup();
                    paths.push(path.clone());
                }
            }
            take(paths, false, &mut ids, &mut found);
        }
        (found, ids, parents)
    }

    fn any_is_gone(&self) -> bool {
        self.positions.logs.iter().any(|log| log.gone)
    }

    // Logs whose files are not there any more, or hold something else. Where their folder cannot be read, nobody knows.
    fn mark_gone(&mut self, live: &HashSet<usize>) {
        let quiet = self.quiet;
        for (number, log) in self.positions.logs.iter_mut().enumerate() {
            if log.gone || live.contains(&number) {
                continue;
            }
            let path = Path::new(&log.path);
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            if std::fs::read_dir(parent.unwrap_or(Path::new("."))).is_err() {
                continue;
            }
            log.gone = true;
            self.is_changed = true;
            self.others.clear();
            self.told.remove(&(log.device, log.inode));
            let was_read = log.looked.is_some_and(|(size, _)| size <= log.offset) || log.ended.is_some();
            if !was_read && !quiet {
                let name = inert(&log.path);
                remark(&format!("`{name}` is gone, or another; it was gone through to byte {}", log.offset));
            }
        }
    }

    // A file that is none of the logs, as far as its inode tells.
    fn unknown(&mut self, found: Found) -> Option<Going> {
        if found.size == 0 || self.others.get(&found.id) == Some(&found.written()) {
            return None;
        }
        let (first, is_packed) = first_of(&found.path).unwrap_or_default();
        let logs = &mut self.positions.logs;
        let is = |log: &Log| log.begins(&first) && (is_packed || found.size >= log.offset);
        let back = logs.iter().enumerate().filter(|(_, log)| log.gone && is(log));
        let back = back.max_by_key(|(_, log)| (log.first_bytes, log.offset)).map(|(number, _)| number);
        let number = match back {
            Some(number) => number,
            // The copy, packed, of a log that is still there, and somebody's that nobody named.
            None if found.is_beside
                || (is_packed && logs.iter().any(|log| !log.gone && log.begins(&first))) =>
            {
                self.others.insert(found.id, found.written());
                return None;
            }
            None if logs.iter().filter(|log| !log.gone).count() >= LOGS => {
                if !std::mem::replace(&mut self.is_full, true) {
                    remark(&format!("more than {LOGS} logs: the others are not followed"));
                }
                return None;
            }
            None => {
                logs.push(Log {
                    path: found.path.to_string_lossy().into_owned(),
                    device: 0,
                    inode: 0,
                    offset: 0,
                    first_bytes: 0,
                    first_sha256: String::new(),
                    head: None,
                    ended: None,
                    gone: false,
                    looked: None,
                });
                logs.len() - 1
            }
        };
        let log = logs.get_mut(number)?;
        (log.device, log.inode) = found.id;
        (log.gone, log.ended, log.looked) = (false, None, None);
        Some(goes(number, log, found, first))
    }

    /// All before a place was told.
    pub fn reached(&mut self, going: &Going, place: &Place) {
        let Some(log) = self.positions.logs.get_mut(going.log) else { return };
        self.is_changed = true;
        if log.reached(place, &going.first).is_none() {
            tell(&mut self.told, going, "what it tells of its columns is too long to be followed");
        }
    }

    /// It was gone through as far as it goes, or could not be.
    pub fn ended(&mut self, going: &Going, error: Option<String>) {
        let Some(log) = self.positions.logs.get_mut(going.log) else { return };
        let written = Some((going.size, going.modified));
        log.looked = written;
        // What could not be read is tried again by whoever takes it up.
        log.ended = written.filter(|_| error.is_none());
        self.is_changed = true;
        if let Some(error) = error {
            tell(&mut self.told, going, &error);
        }
    }

    /// Writes the positions, where they are others than before.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn keep(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.is_changed) {
            self.positions.save()?;
        }
        Ok(())
    }
}

// What is wrong with a log is told when it is seen, and once.
fn tell(told: &mut HashMap<(u64, u64), String>, going: &Going, error: &str) {
    let id = (going.device, going.inode);
    if told.get(&id).is_none_or(|before| before != error) {
        remark(&format!("`{}`: {}", inert(&going.path.to_string_lossy()), inert(error)));
        told.insert(id, error.to_owned());
    }
}

fn take(paths: Vec<PathBuf>, is_beside: bool, ids: &mut HashSet<(u64, u64)>, found: &mut Vec<Found>) {
    for path in paths {
        let Ok(about) = std::fs::metadata(&path) else { continue };
        if about.is_file() && ids.insert((about.dev(), about.ino())) {
            found.push(Found::of(path, &about, is_beside));
        }
    }
}

// What stands beside files that were named: what these were before may be among it.
fn beside(parents: &[PathBuf], ids: &mut HashSet<(u64, u64)>, found: &mut Vec<Found>) {
    for parent in parents {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        let is_here = parent == Path::new(".");
        let mut paths: Vec<PathBuf> = entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .map(|entry| if is_here { entry.file_name().into() } else { entry.path() })
            .collect();
        paths.sort();
        take(paths, true, ids, found);
    }
}

fn renamed(log: &mut Log, found: &Found) -> bool {
    let path = found.path.to_string_lossy();
    let is = log.path != path;
    if is {
        log.path = path.into_owned();
    }
    is
}

fn goes(number: usize, log: &mut Log, found: Found, first: Vec<u8>) -> Going {
    let is_moved = renamed(log, &found);
    let ((device, inode), size, modified) = (found.id, found.size, found.modified);
    let place = log.place();
    Going { log: number, path: found.path, device, inode, size, modified, place, first, is_moved }
}

// How a file begins, unpacked, and whether it is packed.
fn first_of(path: &Path) -> io::Result<(Vec<u8>, bool)> {
    let unpacked = unpacked(File::open(path)?)?;
    let mut first = Vec::new();
    match unpacked.bytes.take(FIRST as u64).read_to_end(&mut first) {
        // What is packed may be torn behind.
        Err(_) if !first.is_empty() => {}
        read => drop(read?),
    }
    Ok((first, unpacked.is_packed))
}
