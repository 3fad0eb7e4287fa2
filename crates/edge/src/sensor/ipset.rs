//! The kernel's sets, through `ipset restore`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use sensors::Format;

use super::Sensor;
use super::files::write_file;
use super::nftables::FILL_TIMES;
use crate::child;
use crate::core::ipset::changes;
use crate::known::Shared;

/// Sets of ipset.
pub(super) struct Ipset {
    command: Vec<String>,
    folder: PathBuf,
    timeout: Duration,
}

impl Ipset {
    pub(super) fn new(command: Vec<String>, folder: PathBuf, timeout: Duration) -> Ipset {
        Ipset { command, folder, timeout }
    }
}

impl Sensor for Ipset {
    fn fill(&mut self, shared: &Shared) -> Result<(), String> {
        std::fs::create_dir_all(&self.folder).map_err(|error| error.to_string())?;
        let Some(file) = Format::Ipset.files().first() else { return Ok(()) };
        let path = write_file(shared, (Format::Ipset, file), &self.folder)?;
        let more = ["restore", "-file", &path.to_string_lossy()];
        child::run(&self.command, &more, b"", self.timeout * FILL_TIMES).map(drop)
    }

    fn change(&mut self, shared: &Shared, keys: &BTreeSet<Box<[u8]>>) -> Result<(), String> {
        let lines = shared.read(|view| changes(view, keys));
        if lines.is_empty() {
            return Ok(());
        }
        child::run(&self.command, &["restore"], lines.as_bytes(), self.timeout).map(drop)
    }

    fn holds(&mut self, _: &Shared) -> Result<bool, String> {
        let sets = child::run(&self.command, &["list", "-n"], b"", self.timeout);
        Ok(sets.is_ok_and(|sets| sets.lines().any(|name| name == "accord-net6")))
    }
}
