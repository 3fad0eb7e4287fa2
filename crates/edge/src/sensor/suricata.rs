//! Suricata, through its command socket: values of datasets at once; what only rules say, by loading the rules anew now and then.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sensors::Format;

use super::Sensor;
use super::files::write_file;
use super::nftables::FILL_TIMES;
use crate::core::suricata::{Change, InRules, VERSION, answer, changes, command, in_rules, plain_command};
use crate::known::Shared;

/// The longest answer, in bytes.
const ANSWER_BYTES: u64 = 1 << 20;
/// How often a value that Suricata is looking at is tried again.
const BUSY: u32 = 5;

/// Suricata.
pub(super) struct Suricata {
    socket: PathBuf,
    folder: PathBuf,
    every: Duration,
    timeout: Duration,
    connection: Option<BufReader<UnixStream>>,
    /// Rules are to be loaded anew, and when that was done last.
    rules_wait: bool,
    loaded: Option<Instant>,
    /// What changed in datasets is not in their files yet.
    lags: bool,
    /// What only rules say.
    ruled: InRules,
    /// The file of rules that members share is another one.
    shared_are_new: Arc<AtomicBool>,
}

impl Suricata {
    pub(super) fn new(
        socket: PathBuf,
        folder: PathBuf,
        (every, timeout): (Duration, Duration),
        shared_are_new: Arc<AtomicBool>,
    ) -> Suricata {
        Suricata {
            socket,
            folder,
            every,
            timeout,
            connection: None,
            rules_wait: false,
            loaded: None,
            lags: false,
            ruled: InRules::default(),
            shared_are_new,
        }
    }

    fn write(&mut self, shared: &Shared) -> Result<(), String> {
        std::fs::create_dir_all(&self.folder).map_err(|error| error.to_string())?;
        for file in Format::Suricata.files().iter().filter(|file| !file.is_of_rules()) {
            write_file(shared, (Format::Suricata, file), &self.folder)?;
        }
        self.lags = false;
        Ok(())
    }

    fn connect(&mut self) -> Result<&mut BufReader<UnixStream>, String> {
        if self.connection.is_none() {
            let told = |error: std::io::Error| format!("`{}`: {error}", self.socket.display());
            let stream = UnixStream::connect(&self.socket).map_err(told)?;
            stream.set_read_timeout(Some(self.timeout)).map_err(told)?;
            stream.set_write_timeout(Some(self.timeout)).map_err(told)?;
            let mut connection = BufReader::new(stream);
            let (done, said) = exchange(&mut connection, VERSION)?;
            if !done {
                return Err(format!("suricata refuses the version of its socket: {said}"));
            }
            self.connection = Some(connection);
        }
        self.connection.as_mut().ok_or_else(|| "there is no connection".to_owned())
    }

    /// Sends a command, and waits for its answer so long.
    fn ask(&mut self, line: &str, wait: Duration) -> Result<(bool, String), String> {
        let connection = self.connect()?;
        let done = connection
            .get_ref()
            .set_read_timeout(Some(wait))
            .map_err(|error| error.to_string())
            .and_then(|()| exchange(connection, line));
        if done.is_err() {
            // Nobody knows what comes on it now.
            self.connection = None;
        }
        done
    }

    fn load(&mut self) -> Result<(), String> {
        let (done, said) = self.ask(&plain_command("reload-rules"), self.timeout * FILL_TIMES)?;
        if !done {
            return Err(format!("suricata does not load its rules: {said}"));
        }
        (self.rules_wait, self.loaded) = (false, Some(Instant::now()));
        Ok(())
    }

    fn tell(&mut self, change: &Change) -> Result<(), String> {
        let name = if change.is_added { "dataset-add" } else { "dataset-remove" };
        let line = command(name, &change.element);
        for _ in 0..BUSY {
            let (done, said) = self.ask(&line, self.timeout)?;
            if done && !said.contains("busy") {
                return Ok(());
            }
            if !done && change.is_added {
                return Err(format!("suricata refuses a value for `{}`: {said}", change.element.set));
            }
            if !done {
                // It may be that it was not there.
                let (is_there, _) = self.ask(&command("dataset-lookup", &change.element), self.timeout)?;
                if !is_there {
                    return Ok(());
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("suricata does not let go of a value of `{}`", change.element.set))
    }
}

fn exchange(connection: &mut BufReader<UnixStream>, line: &str) -> Result<(bool, String), String> {
    connection.get_mut().write_all(line.as_bytes()).map_err(|error| format!("suricata: {error}"))?;
    let mut answered = String::new();
    let read = connection.by_ref().take(ANSWER_BYTES).read_line(&mut answered);
    match read {
        Ok(0) => Err("suricata has closed its socket".to_owned()),
        Ok(_) => answer(&answered).ok_or_else(|| "suricata's answer is not understood".to_owned()),
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
        {
            Err("suricata hangs: it does not answer on its socket".to_owned())
        }
        Err(error) => Err(format!("suricata: {error}")),
    }
}

impl Sensor for Suricata {
    fn fill(&mut self, shared: &Shared) -> Result<(), String> {
        self.ruled = shared.read(in_rules);
        self.write(shared)?;
        self.load()
    }

    fn change(&mut self, shared: &Shared, keys: &BTreeSet<Box<[u8]>>) -> Result<(), String> {
        let (changes, in_rules) = shared.read(|view| changes(view, keys, &mut self.ruled));
        self.lags |= !changes.is_empty();
        self.rules_wait |= in_rules;
        changes.iter().try_for_each(|change| self.tell(change))
    }

    fn waits(&self) -> bool {
        self.rules_wait || self.shared_are_new.load(Ordering::Acquire)
    }

    fn catch_up(&mut self, shared: &Shared) -> Result<(), String> {
        let is_time = self.loaded.is_none_or(|loaded| loaded.elapsed() >= self.every);
        if !is_time || !self.waits() {
            return Ok(());
        }
        // What is put there from now on is loaded the next time.
        let shared_are_new = self.shared_are_new.swap(false, Ordering::AcqRel);
        let done = if self.rules_wait { self.fill(shared) } else { self.load() };
        if done.is_err() && shared_are_new {
            self.shared_are_new.store(true, Ordering::Release);
        }
        done
    }

    fn holds(&mut self, shared: &Shared) -> Result<bool, String> {
        // For when it is started anew.
        if self.lags {
            self.write(shared)?;
        }
        // Another process has closed the connection; that one is filled anew, from the files that it has read already.
        let is_same = self.connection.is_some();
        let alive = self.ask(&plain_command("uptime"), self.timeout);
        match alive {
            Ok((done, _)) => Ok(done && is_same),
            Err(_) if is_same => Ok(false),
            Err(why) => Err(why),
        }
    }
}
