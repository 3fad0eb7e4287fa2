//! How far it is: on standard error, on a terminal, and nowhere else.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Output;

/// Between two drawings while nothing is heard.
const TICK: Duration = Duration::from_millis(200);

/// A line that says how far it is, gone when it is dropped.
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// For `length` bytes, where that is known. `quiet` draws nothing, nor does a standard error that is no terminal.
    pub fn new(what: &str, length: Option<u64>, quiet: bool) -> Progress {
        if quiet || !std::io::stderr().is_terminal() {
            return Progress { bar: None };
        }
        let template = match length {
            Some(_) => "{prefix}  {bar:24}  {bytes} of {total_bytes}  {bytes_per_sec}  {msg}  {eta} left",
            None => "{prefix}  {spinner}  {bytes}  {bytes_per_sec}  {msg}  {elapsed}",
        };
        let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━━╌"));
        }
        bar.set_prefix(super::inert(what).into_owned());
        bar.enable_steady_tick(TICK);
        Progress { bar: Some(bar) }
    }

    /// For something that takes as long as it takes.
    pub fn waiting(what: &str, output: &Output) -> Progress {
        let progress = Progress::new(what, None, output.quiet || output.json);
        if let (Some(bar), Ok(style)) =
            (&progress.bar, ProgressStyle::with_template("{prefix}  {spinner}  {elapsed}"))
        {
            bar.set_style(style);
        }
        progress
    }

    /// So much of it is done, of so much.
    pub fn done(&self, done: u64, of: u64) {
        let Some(bar) = &self.bar else { return };
        let template = "{prefix}  {bar:24}  {human_pos} of {human_len}  {eta} left";
        if bar.length().is_none()
            && let Ok(style) = ProgressStyle::with_template(template)
        {
            bar.set_style(style.progress_chars("━━╌"));
        }
        bar.set_length(of);
        bar.set_position(done);
    }

    /// So far it is.
    pub fn at(&self, bytes: u64, message: String) {
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
            bar.set_message(message);
        }
    }

    /// Writes lines without the bar in between.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
