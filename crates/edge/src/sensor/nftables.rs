//! The kernel's sets, through `nft`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use sensors::Format;

use super::Sensor;
use super::files::write_file;
use crate::child;
use crate::core::nftables::{Networks, changes, networks};
use crate::known::Shared;

/// Named sets of nftables.
pub(super) struct Nftables {
    command: Vec<String>,
    folder: PathBuf,
    timeout: Duration,
    networks: Networks,
}

/// The whole set is larger than a change: it may take so much longer.
pub(super) const FILL_TIMES: u32 = 12;

impl Nftables {
    pub(super) fn new(command: Vec<String>, folder: PathBuf, timeout: Duration) -> Nftables {
        Nftables { command, folder, timeout, networks: Networks::default() }
    }
}

impl Sensor for Nftables {
    fn fill(&mut self, shared: &Shared) -> Result<(), String> {
        std::fs::create_dir_all(&self.folder).map_err(|error| error.to_string())?;
        let Some(file) = Format::Nftables.files().first() else { return Ok(()) };
        // What changes in between comes once more, as changes; of networks only what the file has may be known to be there.
        let known = shared.read(networks);
        let path = write_file(shared, (Format::Nftables, file), &self.folder)?;
        child::run(&self.command, &["-f", &path.to_string_lossy()], b"", self.timeout * FILL_TIMES)?;
        self.networks = known;
        Ok(())
    }

    fn change(&mut self, shared: &Shared, keys: &BTreeSet<Box<[u8]>>) -> Result<(), String> {
        let script = shared.read(|view| changes(view, keys, &mut self.networks));
        let Some(script) = script else { return Ok(()) };
        child::run(&self.command, &["-f", "-"], script.as_bytes(), self.timeout).map(drop)
    }

    fn holds(&mut self, _: &Shared) -> Result<bool, String> {
        // Without the elements. An error says that there is no such table, or that nothing can be asked: both are for `fill` to tell.
        let table = child::run(&self.command, &["-t", "list", "table", "inet", "accord"], b"", self.timeout);
        Ok(table.is_ok_and(|table| table.contains("set addr4")))
    }
}
