//! Unbound's local zones, through `unbound-control`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use sensors::Format;

use super::Sensor;
use super::files::write_file;
use super::nftables::FILL_TIMES;
use crate::child;
use crate::core::unbound::changes;
use crate::known::Shared;

/// Local zones.
pub(super) struct Unbound {
    command: Vec<String>,
    folder: PathBuf,
    timeout: Duration,
    /// Which process was told; another one has read the file alone.
    process: Option<String>,
    /// What changed is not in the file yet.
    lags: bool,
}

impl Unbound {
    pub(super) fn new(command: Vec<String>, folder: PathBuf, timeout: Duration) -> Unbound {
        Unbound { command, folder, timeout, process: None, lags: false }
    }

    fn write(&mut self, shared: &Shared) -> Result<(), String> {
        std::fs::create_dir_all(&self.folder).map_err(|error| error.to_string())?;
        for file in Format::Unbound.files() {
            write_file(shared, (Format::Unbound, file), &self.folder)?;
        }
        self.lags = false;
        Ok(())
    }

    fn process(&self) -> Result<String, String> {
        let status = child::run(&self.command, &["status"], b"", self.timeout)?;
        Ok(status.lines().find(|line| line.contains("(pid ")).unwrap_or_default().to_owned())
    }

    fn tell(&self, command: &str, lines: &str) -> Result<(), String> {
        if lines.is_empty() {
            return Ok(());
        }
        let said = child::run(&self.command, &[command], lines.as_bytes(), self.timeout)?;
        match said.lines().find(|line| line.starts_with("error")) {
            Some(error) => Err(format!("unbound: {error}")),
            None => Ok(()),
        }
    }
}

impl Sensor for Unbound {
    fn fill(&mut self, shared: &Shared) -> Result<(), String> {
        self.write(shared)?;
        let most = self.timeout * FILL_TIMES;
        // Older releases know the second alone.
        child::run(&self.command, &["reload_keep_cache"], b"", most)
            .or_else(|_| child::run(&self.command, &["reload"], b"", most))?;
        self.process = Some(self.process()?);
        Ok(())
    }

    fn change(&mut self, shared: &Shared, keys: &BTreeSet<Box<[u8]>>) -> Result<(), String> {
        let changes = shared.read(|view| changes(view, keys));
        self.lags |= !changes.is_empty();
        self.tell("local_zones_remove", &changes.removed)?;
        self.tell("local_zones", &changes.zones)?;
        self.tell("local_datas", &changes.data)
    }

    fn holds(&mut self, shared: &Shared) -> Result<bool, String> {
        // The file is what Unbound reads when it is started anew; until then it holds what it was told.
        if self.lags {
            self.write(shared)?;
        }
        Ok(self.process.as_ref() == Some(&self.process()?))
    }
}
