//! Commands that are run: words and no shell, with what they read, for so long and no longer.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Bytes of what a command says that are kept.
const SAID_MAX: u64 = 64 << 10;
/// Characters of it that are told: it goes into reports, which have their bounds.
const TOLD_MAX: usize = 300;
/// How often it is asked whether a command has ended.
const STEP: Duration = Duration::from_millis(2);

/// Why a command did not do.
pub(crate) enum Failed {
    /// It ended and says that it failed; what it said, the errors first.
    Ended(String),
    /// It could not be run, or did not end.
    Not(String),
}

/// Runs a command with these words behind it and this to read. Answers what it wrote to standard output.
///
/// # Errors
/// It cannot be run, took too long, or failed; then what it said.
pub(crate) fn run(words: &[String], more: &[&str], input: &[u8], most: Duration) -> Result<String, String> {
    said(words, more, input, most).map_err(|failed| match failed {
        Failed::Not(why) => why,
        Failed::Ended(said) => {
            let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
            let line: String = line.chars().take(TOLD_MAX).collect();
            format!("`{}` failed: {line}", words.first().map_or("", String::as_str))
        }
    })
}

/// The same, with all that it said where it failed.
///
/// # Errors
/// It cannot be run, took too long, or failed.
pub(crate) fn said(words: &[String], more: &[&str], input: &[u8], most: Duration) -> Result<String, Failed> {
    let Some((program, first)) = words.split_first() else {
        return Err(Failed::Not("no command is set".to_owned()));
    };
    let is_kept = leaving().contains(words);
    let output = || if is_kept { Stdio::null() } else { Stdio::piped() };
    let spawned = Command::new(program)
        .args(first)
        .args(more)
        .stdin(Stdio::piped())
        .stdout(output())
        .stderr(output())
        .spawn();
    let mut child = spawned.map_err(|error| Failed::Not(format!("`{program}` cannot be run: {error}")))?;
    let (out, err) = (reading(child.stdout.take()), reading(child.stderr.take()));
    let writing = child.stdin.take().map(|mut pipe| {
        let input = input.to_vec();
        // One that reads nothing must not hold us up.
        std::thread::spawn(move || pipe.write_all(&input).is_ok())
    });
    let ended = wait(&mut child, most, program).map_err(Failed::Not)?;
    // It has ended, so what it said is there; whoever it left behind may hold the pipe, and is not waited for.
    let said = |thread: Option<JoinHandle<String>>| {
        let until = Instant::now() + Duration::from_millis(500);
        let thread = thread?;
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(STEP);
        }
        if thread.is_finished() { thread.join().ok() } else { None }
    };
    drop(writing);
    let is_read = !is_kept;
    let (out, err) = (said(out), said(err));
    if is_read && (out.is_none() || err.is_none()) {
        leaving().insert(words.to_vec());
    }
    let (out, err) = (out.unwrap_or_default(), err.unwrap_or_default());
    if ended { Ok(out) } else { Err(Failed::Ended(format!("{err}\n{out}"))) }
}

/// Commands that left somebody behind who holds their output: who reads that waits for as long as he lives, so from then on nobody does.
static LEAVING: Mutex<BTreeSet<Vec<String>>> = Mutex::new(BTreeSet::new());

fn leaving() -> MutexGuard<'static, BTreeSet<Vec<String>>> {
    LEAVING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait(child: &mut Child, most: Duration, program: &str) -> Result<bool, String> {
    let until = Instant::now() + most;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if Instant::now() < until => std::thread::sleep(STEP),
            Ok(None) => {
                // Whatever comes of it: it is not waited for any more.
                let _killed = child.kill();
                let _reaped = child.wait();
                return Err(format!("`{program}` hangs: it did not end within {} s", most.as_secs()));
            }
            Err(error) => return Err(format!("`{program}`: {error}")),
        }
    }
}

/// What the threads that read a command's output are called.
const READER: &str = "edge-child-out";

fn reading(pipe: Option<impl Read + Send + 'static>) -> Option<JoinHandle<String>> {
    let pipe = pipe?;
    let reader = std::thread::Builder::new().name(READER.to_owned());
    let spawned = reader.spawn(move || {
        let mut said = Vec::new();
        let mut limited = pipe.take(SAID_MAX);
        // What came before it broke is what there is.
        let _read = limited.read_to_end(&mut said);
        let mut rest = limited.into_inner();
        let _drained = std::io::copy(&mut rest, &mut std::io::sink());
        String::from_utf8_lossy(&said).into_owned()
    });
    spawned.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Of this process, those of others that run beside among them.
    fn waiting() -> usize {
        let names = std::fs::read_dir("/proc/self/task").unwrap();
        let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
        names.filter_map(|task| name(task.ok()?).ok()).filter(|name| name.trim() == READER).count()
    }

    #[test]
    fn who_leaves_a_daemon_behind_costs_its_readers_once() {
        let words: Vec<String> = ["sh", "-c", "sleep 20 & echo done"].map(str::to_owned).into();
        let most = Duration::from_secs(60);
        run(&words, &[], b"", most).unwrap();
        let after_one = waiting();
        for _ in 0..5 {
            run(&words, &[], b"", most).unwrap();
        }
        assert!(after_one >= 2 && waiting() <= after_one, "{after_one} and then {}", waiting());
        // Whoever leaves nobody behind is heard all the time.
        let said = ["sh", "-c", "echo word"].map(str::to_owned);
        assert_eq!(run(&said, &[], b"", most).unwrap(), "word\n");
        assert_eq!(run(&said, &[], b"", most).unwrap(), "word\n");
        let failing: Vec<String> = ["sh", "-c", "echo why >&2; exit 1"].map(str::to_owned).into();
        assert!(run(&failing, &[], b"", most).unwrap_err().ends_with("failed: why"));
    }
}
