//! The log: lines to standard error, gathered for a moment so that requests do not wait for each other's lines.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::failure::Failure;
use crate::settings::{LogFormat, LogSection};
use crate::terminal::Colour;

/// So long lines wait for others. Warnings and errors do not wait.
const MOMENT: Duration = Duration::from_millis(20);
/// Bytes that wait at most; then whoever brings more writes them.
const MOST: usize = 1 << 20;

/// Starts the log: text for people, or one JSON object a line. What waits is written when the answer is dropped.
///
/// # Errors
/// A level that is none; a log that was started before.
pub fn start(log: &LogSection) -> Result<Waiting, Failure> {
    let filter = EnvFilter::try_new(&log.level)
        .map_err(|error| Failure::usage(format!("`log.level` is no filter: {error}")))?;
    let lines = Arc::new(Lines::default());
    let writer = Lent(Arc::clone(&lines));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let started = match log.format {
        LogFormat::Json => {
            builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
        }
        LogFormat::Text => {
            let colour = Colour::of(io::stderr().is_terminal()) == Colour::On;
            builder.with_ansi(colour).with_target(false).try_init()
        }
    };
    started.map_err(|error| Failure::usage(format!("cannot log: {error}")))?;
    let writing = Arc::clone(&lines);
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || writing.write_on())
        .map_err(|error| Failure::usage(format!("cannot log: {error}")))?;
    Ok(Waiting(lines))
}

/// Lines that wait, until it is dropped.
#[derive(Debug)]
pub struct Waiting(Arc<Lines>);

impl Drop for Waiting {
    fn drop(&mut self) {
        put_out(&mut self.0.held());
    }
}

/// Lines that were logged and not written.
#[derive(Debug, Default)]
struct Lines {
    held: Mutex<Vec<u8>>,
    came: Condvar,
}

impl Lines {
    // A panic elsewhere leaves whole lines or a cut one: both may be written.
    fn held(&self) -> MutexGuard<'_, Vec<u8>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, line: &[u8], at_once: bool) {
        let mut held = self.held();
        let is_first = held.is_empty();
        held.extend_from_slice(line);
        if at_once || held.len() >= MOST {
            put_out(&mut held);
        } else if is_first {
            self.came.notify_one();
        }
    }

    fn write_on(&self) {
        loop {
            let some = self.came.wait_while(self.held(), |held| held.is_empty());
            drop(some);
            std::thread::sleep(MOMENT);
            put_out(&mut self.held());
        }
    }
}

// A log that nobody takes is no reason to stop.
fn put_out(lines: &mut Vec<u8>) {
    let _lost = io::stderr().write_all(lines);
    lines.clear();
}

#[derive(Debug)]
struct Lent(Arc<Lines>);

impl<'a> MakeWriter<'a> for Lent {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { to: &self.0, at_once: false }
    }

    fn make_writer_for(&'a self, of: &Metadata<'_>) -> Line<'a> {
        Line { to: &self.0, at_once: *of.level() <= Level::WARN }
    }
}

/// Takes one line.
#[derive(Debug)]
struct Line<'a> {
    to: &'a Lines,
    at_once: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.to.take(line, self.at_once);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
