//! How far logs were gone through, kept in a file, so that it goes on there.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use scan::Place;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::{Exit, Failure};

/// By so many first bytes a log is known again.
pub const FIRST: usize = 1 << 10;
/// The longest head of a log of Zeek that is kept.
const HEAD: usize = 16 << 10;
/// The longest file of positions that is read: far more than of as many logs as are followed.
const FILE: u64 = 512 << 20;
/// The form that the file has.
const FORM: u32 = 1;
/// What to do with a file that cannot be used.
const HINT: &str =
    "put a copy of it back, or remove it: then all logs are gone through from their beginnings";

/// How far a log was gone through.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// What it was called last.
    pub path: String,
    pub device: u64,
    pub inode: u64,
    /// Where the next line begins, in bytes of what it holds unpacked.
    pub offset: u64,
    /// How many of its first bytes the digest is of.
    pub first_bytes: usize,
    /// SHA-256 of them.
    pub first_sha256: String,
    /// What a log of Zeek told of its columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// How long it was, and when it was written to last, in nanoseconds since 1970, when it was gone through to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<(u64, i64)>,
    /// Its file is gone, or holds something else by now; it may turn up again under another name, packed.
    #[serde(default)]
    pub gone: bool,
    /// The same as `ended`, whether it could be read to its end or not.
    #[serde(skip)]
    pub looked: Option<(u64, i64)>,
}

impl Log {
    /// Whether something that begins so, is this log, as far as its first bytes tell.
    pub fn begins(&self, first: &[u8]) -> bool {
        self.first_bytes > 0
            && first.get(..self.first_bytes).is_some_and(|first| digest(first) == self.first_sha256)
    }

    /// Where to go on.
    pub fn place(&self) -> Place {
        Place { at: self.offset, head: self.head.as_deref().map(Arc::from) }
    }

    /// All before a place was told of a log that begins so. `None` where its head is too long to be kept.
    pub fn reached(&mut self, place: &Place, first: &[u8]) -> Option<()> {
        if place.head.as_ref().is_some_and(|head| head.len() > HEAD) {
            return None;
        }
        self.offset = place.at;
        self.head = place.head.as_deref().map(str::to_owned);
        let most = usize::try_from(place.at).unwrap_or(FIRST).min(FIRST);
        if let Some(first) = first.get(..most.min(first.len())).filter(|first| first.len() > self.first_bytes)
        {
            (self.first_bytes, self.first_sha256) = (first.len(), digest(first));
        }
        Some(())
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    accord_follow: u32,
    logs: Vec<Log>,
}

/// The logs, and the file that they are kept in. No other process has it meanwhile.
pub struct Positions {
    pub logs: Vec<Log>,
    path: PathBuf,
    _lock: File,
}

impl Positions {
    /// What the file holds; nothing where there is none.
    ///
    /// # Errors
    /// It cannot be read, or is torn or something else, or another process has it.
    pub fn open(path: PathBuf) -> Result<Positions, Failure> {
        let unusable = |why: &dyn std::fmt::Display| {
            Failure::usage(format!("the positions in `{}` cannot be used: {why}", path.display())).hint(HINT)
        };
        let lock = path.with_added_extension("lock");
        let lock = private(OpenOptions::new().create(true), &lock).map_err(|why| cannot_keep(&path, &why))?;
        if lock.try_lock().is_err() {
            let taken = format!("another `accord scan --follow` keeps its positions in `{}`", path.display());
            return Err(Failure::new(Exit::Conflict, taken).hint("name another file with `--state`"));
        }
        let mut text = String::new();
        let logs = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(unusable(&error)),
            Ok(file) => {
                file.take(FILE).read_to_string(&mut text).map_err(|error| unusable(&error))?;
                let document: Document = serde_json::from_str(&text).map_err(|error| unusable(&error))?;
                if document.accord_follow != FORM {
                    return Err(unusable(&format!("they have form {}", document.accord_follow)));
                }
                document.logs
            }
        };
        Ok(Positions { logs, path, _lock: lock })
    }

    /// The folder that they are kept in.
    pub fn folder(&self) -> Option<PathBuf> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        std::fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()
    }

    /// Writes it beside and renames it, so that there is the old one or the new one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save(&self) -> Result<(), Failure> {
        self.write().map_err(|error| cannot_keep(&self.path, &error))
    }

    fn write(&self) -> io::Result<()> {
        let beside = self.path.with_added_extension("part");
        let mut file = private(OpenOptions::new().create(true).truncate(true), &beside)?;
        let document = serde_json::json!({ "accord_follow": FORM, "logs": self.logs });
        file.write_all(document.to_string().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

fn private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.write(true).mode(0o600).open(path)
}

fn cannot_keep(path: &Path, why: &io::Error) -> Failure {
    Failure::usage(format!("positions cannot be kept in `{}`: {why}", path.display()))
        .hint("name another file with `--state`")
}

/// The file for such logs, compared with that, where nobody names one.
///
/// # Errors
/// There is no home, or its folder cannot be made.
pub fn usual(paths: &[PathBuf], against: &str) -> Result<PathBuf, Failure> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
    let folder = folder.ok_or_else(|| {
        Failure::usage("there is no place to keep positions").hint("name a file with `--state`, or set HOME")
    })?;
    let folder = folder.join("accord");
    let mut of = against.to_owned();
    for path in paths {
        of.push('\0');
        of.push_str(&std::path::absolute(path).unwrap_or_else(|_| path.clone()).to_string_lossy());
    }
    let name = digest(of.as_bytes());
    let path = folder.join(format!("scan-{}.json", name.get(..16).unwrap_or(&name)));
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|error| cannot_keep(&path, &error)).map(|()| path)
}
