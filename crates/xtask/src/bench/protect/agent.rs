//! The built `accord edge` as a child, on a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::builds::kib;
use super::{Hub, PATIENCE};
use crate::{Outcome, server};

/// An edge that runs.
pub struct Agent {
    child: Child,
    state: PathBuf,
    log: PathBuf,
    began: SystemTime,
}

impl Agent {
    /// Starts it with these sensors, and nothing known.
    pub fn start(hub: &Hub, folder: &Path, sensors: &str) -> Outcome<Agent> {
        let (token, file, state) = (folder.join("edge.token"), folder.join("edge.toml"), folder.join("edge"));
        std::fs::write(&token, &hub.sensor)?;
        std::fs::write(
            &file,
            format!(
                "name = \"bench\"\nurl = \"{}\"\ntoken-file = \"{}\"\nstate = \"{}\"\n{sensors}",
                hub.server.url,
                token.display(),
                state.display()
            ),
        )?;
        let log = folder.join("edge.log");
        let (began, told) = (SystemTime::now(), std::fs::File::create(&log)?);
        let child = Command::new(server::binary()?)
            .arg("--config")
            .arg(&file)
            .arg("edge")
            .stdout(Stdio::null())
            .stderr(told)
            .spawn()?;
        Ok(Agent { child, state, log, began })
    }

    /// Seconds from its start until it held the whole set, as it logs that.
    pub fn held(&self) -> Outcome<f64> {
        let since = self.began.duration_since(UNIX_EPOCH)?.as_micros() as i64;
        let waited = Instant::now();
        loop {
            let log = std::fs::read_to_string(&self.log)?;
            let line = log.lines().find(|line| line.contains("the whole set is held"));
            if let Some(at) = line.and_then(|line| line.split(' ').next()) {
                let at: model::Timestamp = at.parse().map_err(|_| "a line of the log has no time")?;
                return Ok((at.0 - since) as f64 / 1e6);
            }
            if waited.elapsed() > PATIENCE * 3 {
                return Err(format!("the edge did not come to hold the whole set: {log}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// How it stands; nothing before it has said so.
    pub fn status(&self) -> Value {
        let text = std::fs::read(self.state.join("status.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Seconds from a moment until its status, which it writes twice a second, says something.
    pub fn until(&self, began: Instant, says: impl Fn(&Value) -> bool) -> Outcome<f64> {
        loop {
            let status = self.status();
            if says(&status) {
                return Ok(began.elapsed().as_secs_f64());
            }
            if began.elapsed() > PATIENCE * 3 {
                return Err(format!("the edge did not come to hold what it is told: {status}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its memory, and the most of it so far, in MiB: anonymous, and resident.
    pub fn memory_mib(&self) -> (f64, f64) {
        let status = format!("/proc/{}/status", self.child.id());
        let mib = |name: &str| kib(&status, name) as f64 / 1024.0;
        (mib("RssAnon:"), mib("VmHWM:"))
    }

    /// Seconds of CPU that it has used.
    pub fn cpu_seconds(&self) -> Outcome<f64> {
        crate::bench::cpu::seconds_of(&self.child.id().to_string())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}
