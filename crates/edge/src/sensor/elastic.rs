//! Elastic, by bulk requests.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sensors::Format;

use super::Sensor;
use super::files::write_file;
use super::nftables::FILL_TIMES;
use crate::core::config::SensorKind;
use crate::core::elastic::{changes, failure, older_than};
use crate::known::Shared;
use crate::upstream::{Ask, Upstream, Ways, content};

/// Bytes of one bulk request, but for its last document.
const BULK_BYTES: usize = 4 << 20;
/// The longest answer, in bytes: a line for each document.
const ANSWER_BYTES: usize = 64 << 20;

/// An index.
pub(super) struct Elastic {
    kind: SensorKind,
    ways: Arc<dyn Ways>,
    folder: PathBuf,
    timeout: Duration,
}

impl Elastic {
    pub(super) fn new(kind: SensorKind, ways: Arc<dyn Ways>, folder: PathBuf, timeout: Duration) -> Elastic {
        Elastic { kind, ways, folder, timeout }
    }

    fn way(&self) -> Result<(Box<dyn Upstream>, &str), String> {
        let SensorKind::Elastic { url, index, api_key_file, ca } = &self.kind else {
            return Err("it is no Elastic".to_owned());
        };
        let way = self.ways.elastic(url, api_key_file.as_deref(), ca.as_deref())?;
        Ok((way, index))
    }

    fn ask(&self, verb: &str, media: &'static str, body: Vec<u8>, wait: Duration) -> Result<Vec<u8>, String> {
        let (way, index) = self.way()?;
        let ask = Ask { method: "POST", path: format!("/{index}/{verb}"), content: Some((media, body)) };
        let mut answer = way.ask(ask, wait)?;
        let code = answer.code();
        let bytes = content(&mut *answer, wait, ANSWER_BYTES)?;
        if (200..300).contains(&code) { Ok(bytes) } else { Err(format!("elastic answers {code}")) }
    }

    fn bulk(&self, lines: Vec<u8>) -> Result<(), String> {
        if lines.is_empty() {
            return Ok(());
        }
        let answer = self.ask("_bulk", "application/x-ndjson", lines, self.timeout)?;
        failure(&answer).map_or(Ok(()), Err)
    }
}

impl Sensor for Elastic {
    fn fill(&mut self, shared: &Shared) -> Result<(), String> {
        std::fs::create_dir_all(&self.folder).map_err(|error| error.to_string())?;
        let Some(file) = Format::Elastic.files().first() else { return Ok(()) };
        let begun = shared.now();
        let path = write_file(shared, (Format::Elastic, file), &self.folder)?;
        let told = |error: std::io::Error| format!("`{}`: {error}", path.display());
        let mut reader = BufReader::new(File::open(&path).map_err(told)?);
        let (mut lines, mut nth) = (Vec::new(), 0_u64);
        while reader.read_until(b'\n', &mut lines).map_err(told)? > 0 {
            nth += 1;
            // Acts and documents come by twos.
            if lines.len() >= BULK_BYTES && nth.is_multiple_of(2) {
                self.bulk(std::mem::take(&mut lines))?;
            }
        }
        self.bulk(lines)?;
        let verb = "_delete_by_query?conflicts=proceed";
        let older = older_than(begun).into_bytes();
        self.ask(verb, "application/json", older, self.timeout * FILL_TIMES).map(drop)
    }

    fn change(&mut self, shared: &Shared, keys: &BTreeSet<Box<[u8]>>) -> Result<(), String> {
        self.bulk(shared.read(|view| changes(view, keys)))
    }
}
