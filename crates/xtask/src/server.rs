//! The built `accord` binary as a child: started, asked for its address, administered, killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::Outcome;

/// How long the log of a folder's node is. A folder that is kept has the lines of runs before.
///
/// # Errors
/// A log that is not there.
pub fn log_bytes(folder: &Path) -> Outcome<usize> {
    Ok(usize::try_from(std::fs::metadata(folder.with_extension("log"))?.len())?)
}

/// Microseconds that the node of a folder spent on each answer of a route, as it logged, from a length of the log on.
///
/// # Errors
/// A log that is not there.
pub fn logged_us(folder: &Path, from: usize, route: &str) -> Outcome<Vec<u64>> {
    // Lines wait a moment before they are written.
    std::thread::sleep(Duration::from_millis(200));
    let log = std::fs::read(folder.with_extension("log"))?;
    let log = String::from_utf8_lossy(log.get(from..).ok_or("the log has become shorter")?);
    let route = format!("http.route=\"{route}\"");
    let lines = log.lines().filter(|line| line.contains(&route));
    let spent = lines.filter_map(|line| {
        let (_, rest) = line.split_once("duration_us=")?;
        rest.split(' ').next()?.parse().ok()
    });
    Ok(spent.collect())
}

/// Where the release build puts the binary.
pub fn binary() -> Outcome<PathBuf> {
    let own = std::env::current_exe()?;
    let path = own.with_file_name("accord");
    if path.exists() {
        return Ok(path);
    }
    Err(format!("no binary at {}: `cargo build --release -p accord` first", path.display()).into())
}

/// A node that runs.
pub struct Server {
    child: Child,
    traced: bool,
    /// `http://127.0.0.1:port`
    pub url: String,
}

const START: Duration = Duration::from_secs(60);

impl Server {
    /// Starts a node on a folder and waits for its address. `wrap` is a command to run it under.
    pub fn start(folder: &Path, wrap: &[String]) -> Outcome<Server> {
        let binary = binary()?.to_string_lossy().into_owned();
        let mut words: Vec<String> = wrap.to_vec();
        words.push(binary);
        let (program, arguments) = words.split_first().ok_or("no program")?;
        let log = std::fs::File::options().create(true).append(true).open(folder.with_extension("log"))?;
        let mut child = Command::new(program)
            .args(arguments)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let (tell, told) = mpsc::channel();
        let stdout = child.stdout.take().ok_or("no output")?;
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(at) = line.find("http://127.0.0.1:") {
                    let url: String =
                        line.chars().skip(at).take_while(|c| !c.is_whitespace() && *c != '`').collect();
                    let _ = tell.send(url.trim_end_matches('/').to_owned());
                }
            }
        });
        match told.recv_timeout(START) {
            Ok(url) => Ok(Server { child, traced: !wrap.is_empty(), url }),
            Err(_) => {
                child.kill()?;
                child.wait()?;
                Err("the node did not say its address".into())
            }
        }
    }

    /// The process id of the node itself.
    pub fn pid(&self) -> u32 {
        let own = self.child.id();
        if !self.traced {
            return own;
        }
        let children =
            std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        children.split_whitespace().next().and_then(|pid| pid.parse().ok()).unwrap_or(own)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGKILL, and wait until it is gone.
    pub fn kill(mut self) -> Outcome {
        let pid = self.pid().to_string();
        Command::new("kill").args(["-9", &pid]).stderr(Stdio::null()).status()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and wait: a graceful stop.
    pub fn stop(mut self) -> Outcome {
        Command::new("kill").arg(self.pid().to_string()).status()?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the node stopped with {status}").into()) }
    }

    /// CPU seconds that it has used, user and system.
    pub fn cpu_seconds(&self) -> Outcome<f64> {
        crate::bench::cpu::seconds_of(&self.pid().to_string())
    }

    /// Resident memory that is its own, in MiB: anonymous, not the mapped file.
    pub fn resident_mib(&self) -> Outcome<(f64, f64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let kib = |name: &str| -> f64 {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0.0)
        };
        Ok((kib("VmRSS:") / 1024.0, kib("RssAnon:") / 1024.0))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whatever kept a chore from its end, no node is left running.
        let _ = Command::new("kill").args(["-9", &self.pid().to_string()]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

/// Runs a command of the binary on a folder with `--json`, and reads what it printed.
pub fn command(folder: &Path, words: &[&str]) -> Outcome<serde_json::Value> {
    let output = Command::new(binary()?).arg("--data").arg(folder).args(words).arg("--json").output()?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("`accord {}` ended with {}: {told}", words.join(" "), output.status).into());
    }
    // Streams are a document a line; the last is the summary.
    let text = String::from_utf8(output.stdout)?;
    Ok(serde_json::from_str(text.trim_end().lines().next_back().unwrap_or_default())?)
}

/// The text under a name in what a command printed.
pub fn text(value: &serde_json::Value, name: &str) -> Outcome<String> {
    let found = value.get(name).and_then(|value| value.as_str());
    found.map(str::to_owned).ok_or_else(|| format!("no `{name}` in {value}").into())
}
