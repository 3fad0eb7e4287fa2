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
        // Of all the ways to ask only this one fetches no element from the kernel: of 190,000 that takes 1.5 s, in which nothing is changed.
        // An error says that there is no such table, or that nothing can be asked: both are for `fill` to tell.
        let sets = child::run(&self.command, &["-t", "list", "sets", "inet"], b"", self.timeout);
        Ok(sets.is_ok_and(|sets| has_our_sets(&sets)))
    }
}

// Whether the table is among those whose sets are listed, with the first of them. Other tables may have sets of the same names.
fn has_our_sets(listed: &str) -> bool {
    let ours = listed.split("table ").find(|table| table.starts_with("inet accord {"));
    ours.is_some_and(|table| table.contains("set addr4 {"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_of_another_table_are_not_ours() {
        let listed =
            |table: &str| format!("table inet {table} {{\n\tset addr4 {{\n\t\ttype ipv4_addr\n\t}}\n}}\n");
        assert!(has_our_sets(&listed("accord")));
        assert!(has_our_sets(&(listed("other") + &listed("accord"))));
        assert!(!has_our_sets(&listed("other")));
        assert!(!has_our_sets(&(listed("other") + "table inet accord {\n}\n")));
        assert!(!has_our_sets(&("table inet accord {\n}\n".to_owned() + &listed("other"))));
        assert!(!has_our_sets(""));
    }
}
