//! The logs that were named: files, all in folders, and standard input.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::Timestamp;
use scan::{Clock, Format, Input};

use crate::failure::Failure;

/// Folders within folders.
const DEPTH: usize = 64;

/// Logs, in the order of their names within each folder.
pub struct Files {
    files: Vec<PathBuf>,
    bytes: Option<u64>,
    read: Reader,
}

/// How much was read of all of them.
#[derive(Clone, Default)]
pub struct Reader(Arc<AtomicU64>);

impl Reader {
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// So many more were read.
    pub fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Files {
    /// What is named, or standard input. Links in folders are not followed.
    ///
    /// # Errors
    /// What is named is not there, or cannot be read.
    pub fn of(paths: &[PathBuf]) -> Result<Files, Failure> {
        let mut files = Vec::new();
        let input = [PathBuf::from("-")];
        for path in if paths.is_empty() { &input } else { paths } {
            if path == Path::new("-") {
                files.push(path.clone());
                continue;
            }
            let cannot =
                |error: io::Error| Failure::usage(format!("`{}` cannot be read: {error}", path.display()));
            match std::fs::metadata(path).map_err(cannot)?.is_dir() {
                true => below(path, 0, &mut files),
                false => files.push(path.clone()),
            }
        }
        if files.is_empty() {
            return Err(Failure::usage("there is no file in what was named"));
        }
        let size = |path: &PathBuf| std::fs::metadata(path).ok().filter(Metadata::is_file);
        let sizes: Option<Vec<u64>> = files.iter().map(|path| size(path).map(|about| about.len())).collect();
        Ok(Files { files, bytes: sizes.map(|sizes| sizes.iter().sum()), read: Reader::default() })
    }

    /// How many bytes they are in all, where that is known.
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    pub fn read(&self) -> Reader {
        self.read.clone()
    }

    /// What they are called.
    pub fn into_paths(self) -> Vec<PathBuf> {
        self.files
    }

    /// Opens one after the other. What cannot be opened is a log that ends so.
    pub fn inputs(self, format: Option<Format>, clock: Clock) -> impl Iterator<Item = Input<'static>> + Send {
        let read = self.read;
        self.files.into_iter().map(move |path| {
            let counted = |bytes: Box<dyn Read + Send>| Counted { bytes, read: read.clone() };
            let (bytes, latest): (Box<dyn Read + Send>, _) = match path.to_str() {
                Some("-") => (Box::new(io::stdin()), None),
                _ => match File::open(&path) {
                    Ok(file) => {
                        let about = file.metadata().ok().filter(Metadata::is_file);
                        let written = about.as_ref().and_then(|about| about.modified().ok());
                        (Box::new(Log { file, about }), written.and_then(timestamp))
                    }
                    Err(error) => (Box::new(Gone(Some(error))), None),
                },
            };
            Input {
                name: path.display().to_string(),
                bytes: Box::new(counted(bytes)),
                format,
                clock: Clock { latest: latest.or(clock.latest), ..clock },
                from: None,
            }
        })
    }
}

// A folder that cannot be read is a log that cannot be opened: it is told, and the others are gone through.
pub fn below(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let Ok(mut entries) = entries else { return files.push(folder.to_owned()) };
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth < DEPTH => below(&entry.path(), depth + 1, files),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}

pub fn timestamp(at: std::time::SystemTime) -> Option<Timestamp> {
    let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(Timestamp)
}

/// Bytes that are counted as they are read.
struct Counted {
    bytes: Box<dyn Read + Send>,
    read: Reader,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(into)?;
        self.read.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A file, and what was said of it when it was opened: whether somebody wrote to it meanwhile is looked at at its end.
struct Log {
    file: File,
    about: Option<Metadata>,
}

impl Read for Log {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        if read == 0
            && !into.is_empty()
            && let Some(before) = self.about.take()
        {
            let now = self.file.metadata()?;
            if (now.len(), now.modified().ok()) != (before.len(), before.modified().ok()) {
                return Err(io::Error::other(scan::Unended));
            }
        }
        Ok(read)
    }
}

/// A file that could not be opened.
pub struct Gone(pub Option<io::Error>);

impl Read for Gone {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
