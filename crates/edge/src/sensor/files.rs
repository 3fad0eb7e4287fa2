//! Files of a format: each is written beside the one in use and put in its place, and then a command is run.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::observable::Kind;
use sensors::Format;

use super::Sensor;
use crate::child;
use crate::core::files;
use crate::known::Shared;
use crate::store::sync_folder;

/// Writes files.
pub(super) struct Files {
    format: Format,
    folder: PathBuf,
    reload: Vec<String>,
    every: Duration,
    timeout: Duration,
}

impl Files {
    pub(super) fn new(
        format: Format,
        folder: PathBuf,
        reload: Vec<String>,
        (every, timeout): (Duration, Duration),
    ) -> Files {
        Files { format, folder, reload, every, timeout }
    }

    fn write(&self, shared: &Shared, kinds: Option<&BTreeSet<Kind>>) -> Result<(), String> {
        std::fs::create_dir_all(&self.folder)
            .map_err(|error| format!("`{}` cannot be made: {error}", self.folder.display()))?;
        // Rules that members share are the node's to give: a file without any would take away those that are there.
        for file in self.format.files().iter().filter(|file| !file.is_of_rules()) {
            let is_touched = |kinds: &BTreeSet<Kind>| file.kinds().iter().any(|kind| kinds.contains(kind));
            if kinds.is_none_or(is_touched) {
                write_file(shared, (self.format, file), &self.folder)?;
            }
        }
        if self.reload.is_empty() {
            return Ok(());
        }
        child::run(&self.reload, &[], b"", self.timeout).map(drop)
    }
}

impl Sensor for Files {
    fn fill(&mut self, shared: &Shared) -> Result<(), String> {
        self.write(shared, None)
    }

    fn change(&mut self, shared: &Shared, keys: &BTreeSet<Box<[u8]>>) -> Result<(), String> {
        let bytes = keys.iter().filter_map(|key| key.first());
        let kinds: BTreeSet<Kind> = bytes.filter_map(|byte| Kind::from_byte(*byte)).collect();
        let is_had = |file: &sensors::File| file.kinds().iter().any(|kind| kinds.contains(kind));
        if self.format.files().iter().any(is_had) { self.write(shared, Some(&kinds)) } else { Ok(()) }
    }

    fn holds(&mut self, _: &Shared) -> Result<bool, String> {
        let mut own = self.format.files().iter().filter(|file| !file.is_of_rules());
        Ok(own.all(|file| self.folder.join(file.name).exists()))
    }

    fn gathers(&self) -> Duration {
        self.every
    }
}

/// A file of rules that members share, which another thread puts in place: what is run then.
pub(super) struct RulesFile {
    reload: Vec<String>,
    timeout: Duration,
    are_new: Arc<AtomicBool>,
}

impl RulesFile {
    pub(super) fn new(reload: Vec<String>, timeout: Duration, are_new: Arc<AtomicBool>) -> RulesFile {
        RulesFile { reload, timeout, are_new }
    }
}

impl Sensor for RulesFile {
    fn fill(&mut self, _: &Shared) -> Result<(), String> {
        Ok(())
    }

    fn change(&mut self, _: &Shared, _: &BTreeSet<Box<[u8]>>) -> Result<(), String> {
        Ok(())
    }

    fn waits(&self) -> bool {
        self.are_new.load(Ordering::Acquire)
    }

    fn catch_up(&mut self, _: &Shared) -> Result<(), String> {
        // What is put there from now on is loaded the next time.
        if !self.are_new.swap(false, Ordering::AcqRel) || self.reload.is_empty() {
            return Ok(());
        }
        let done = child::run(&self.reload, &[], b"", self.timeout).map(drop);
        if done.is_err() {
            self.are_new.store(true, Ordering::Release);
        }
        done
    }
}

/// Writes a file of a format into the folder, whole or not at all.
pub(super) fn write_file(
    shared: &Shared,
    (format, file): (Format, &sensors::File),
    folder: &Path,
) -> Result<PathBuf, String> {
    let path = folder.join(file.name);
    let told = |error: std::io::Error| format!("`{}` cannot be written: {error}", path.display());
    let new = folder.join(format!(".{}.new", file.name));
    let mut out = open(&new).map_err(told)?;
    shared
        .read(|view| {
            files::write(view, (format, file), &mut |bytes| {
                out.write_all(bytes)?;
                bytes.clear();
                Ok(())
            })
        })
        .map_err(told)?;
    out.sync_all().map_err(told)?;
    std::fs::rename(&new, &path).map_err(told)?;
    sync_folder(folder).map_err(told)?;
    Ok(path)
}

/// Puts a file into the folder, whole or not at all.
pub(super) fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), String> {
    let (path, new) = (folder.join(name), folder.join(format!(".{name}.new")));
    let write = || {
        std::fs::create_dir_all(folder)?;
        let mut out = open(&new)?;
        out.write_all(bytes)?;
        out.sync_all()?;
        std::fs::rename(&new, &path)?;
        sync_folder(folder)
    };
    write().map_err(|error| format!("`{}` cannot be written: {error}", path.display()))
}

/// For its owner and its group: sensors run under names of their own. Whoever else may write into the folder leads nobody to another
/// file by a link: it is a new one.
fn open(path: &Path) -> std::io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().create_new(true).write(true).mode(0o640).open(path)
}
