//! The log of the nodes that are walked through: nobody who reads it sees anything by that, so no canary may stand in it.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use super::canary;

/// Lines heard, and those with canaries in them.
static HEARD: Mutex<(u64, Vec<String>)> = Mutex::new((0, Vec::new()));
/// Most lines that are kept.
const KEPT: usize = 20;

/// Listens from now on to what every crate says, down to what an operator who looks for a fault makes it say.
pub fn listen() {
    let levels = tracing_subscriber::EnvFilter::new("debug");
    let listener = tracing_subscriber::fmt().with_env_filter(levels).with_ansi(false).with_writer(|| Line);
    // Within the tests of a process the first to come listens for all.
    let _already = listener.try_init();
}

/// What was heard: how many lines, and what was wrong.
pub fn heard() -> (u64, Vec<String>) {
    let heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    (heard.0, heard.1.iter().map(|line| format!("the log: {line}")).collect())
}

struct Line;

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_telling = !canary::all(bytes).is_empty();
        let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
        heard.0 += 1;
        if is_telling && heard.1.len() < KEPT {
            heard.1.push(String::from_utf8_lossy(bytes).into_owned());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
