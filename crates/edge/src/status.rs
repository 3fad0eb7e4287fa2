//! How an edge stands: written into a file of its folder, and read by `accord edge status`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use model::{Timestamp, Tlp};
use serde::{Deserialize, Serialize};

use crate::core::config::Fail;
use crate::known::Shared;
use crate::store::owned;

const FILE: &str = "status.json";

/// A status older than this is of an edge that does not run, in seconds.
pub const STALE_S: i64 = 30;

/// How an edge stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// What it is called.
    pub name: String,
    /// The node's address.
    pub url: String,
    /// When this was written, by the edge's clock.
    pub at: String,
    /// Whether the stream is open.
    pub connected: bool,
    /// As of when it knows all, by the node's clock.
    pub knowledge: Option<String>,
    /// How old that is, in seconds.
    pub age_s: Option<i64>,
    /// Whether that is older than it should be.
    pub is_old: bool,
    /// What becomes of blocks then: `open` or `closed`.
    pub fail: String,
    /// How many values it holds.
    pub values: u64,
    /// How many values it was told and does not understand.
    pub not_understood: u64,
    /// What is wrong, each in a sentence; empty where nothing is.
    pub alarms: Vec<String>,
    /// The sensors.
    pub sensors: Vec<SensorStatus>,
}

/// How it stands with a sensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorStatus {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// Up to where it holds what the node told.
    pub cursor: Option<String>,
    /// When that was.
    pub applied: Option<String>,
    /// How many values are meant for it.
    pub entries: u64,
    /// How many of them block.
    pub blocks: u64,
    /// Why it does not take what it is told, or not all of it.
    pub error: Option<String>,
}

impl Status {
    /// How it stands now.
    #[must_use]
    pub fn of(shared: &Shared) -> Status {
        let link = shared.link().clone();
        let at = shared.machine_time();
        let sensors: Vec<SensorStatus> = shared.slots.iter().map(sensor).collect();
        let (knowledge, is_old, values) = shared.read(|view| {
            let known = view.known();
            (known.knowledge, known.is_old, view.set().len() as u64)
        });
        let age_s = knowledge.map(|knowledge| (shared.now().0 - knowledge.0).max(0) / 1_000_000);
        let mut alarms = Vec::new();
        match (age_s, is_old) {
            (None, _) if link.error.is_some() => {
                alarms.push("nothing is known yet: no whole set was ever held".to_owned())
            }
            (Some(age), true) => {
                let most = shared.config.max_age.as_secs();
                let then = if shared.config.fail == Fail::Open { "; nothing is blocked" } else { "" };
                alarms.push(format!("the knowledge is {age} s old, and should be {most} s at most{then}"));
            }
            _ => {}
        }
        if let Some(off) = link.clock_off_s {
            alarms.push(format!("the clock differs from the node's by {off} s"));
        }
        alarms.extend([link.refused, link.damaged, link.unwritten].into_iter().flatten());
        for sensor in &sensors {
            alarms.extend(sensor.error.as_ref().map(|why| format!("sensor {}: {why}", sensor.name)));
        }
        Status {
            name: shared.config.name.clone(),
            url: shared.config.url.clone(),
            at: at.to_string(),
            connected: link.connected,
            knowledge: knowledge.map(|knowledge| knowledge.to_string()),
            age_s,
            is_old,
            fail: shared.config.fail.name().to_owned(),
            values,
            not_understood: link.not_understood,
            alarms,
            sensors,
        }
    }

    /// Writes it into the folder, whole or not at all.
    pub(crate) fn write(&self, folder: &Path) -> std::io::Result<()> {
        let new = folder.join(".status.new");
        let mut text = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        text.push(b'\n');
        owned().write(true).truncate(true).open(&new)?.write_all(&text)?;
        std::fs::rename(new, path(folder))
    }

    /// What an edge wrote last into its folder.
    ///
    /// # Errors
    /// It wrote nothing, or that cannot be read.
    pub fn read(folder: &Path) -> std::io::Result<Status> {
        let text = std::fs::read(path(folder))?;
        serde_json::from_slice(&text).map_err(std::io::Error::other)
    }

    /// Whether it is so old that the edge does not run.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        let at = self.at.parse().unwrap_or(Timestamp::MIN);
        at.plus_seconds(STALE_S) < now || at > now.plus_seconds(STALE_S)
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

fn sensor(slot: &crate::slot::Slot) -> SensorStatus {
    let state = slot.state().clone();
    SensorStatus {
        name: slot.sensor.name.clone(),
        kind: slot.sensor.kind.name().to_owned(),
        cursor: state.cursor,
        applied: state.applied.map(|applied| applied.to_string()),
        entries: state.entries,
        blocks: state.blocks,
        error: state.error.or(state.rules),
    }
}

/// The query by which an edge asks for what acts.
#[must_use]
pub fn query(least: model::protect::Action, tlp: Tlp) -> String {
    let tlp = tlp.name().to_ascii_lowercase().replace('+', "%2B");
    format!("action={}&tlp={tlp}", least.name())
}
