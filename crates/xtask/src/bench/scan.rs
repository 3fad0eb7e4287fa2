//! `bench scan`: a million indicators against months of logs: how much of them a second of a processor goes through, whether all is found
//! and nothing else, and what the set costs.

pub mod made_up;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use model::observable::guess;
use shield::{Builder, Entry, Knowledge, Layout, Scanner, Source, Unreadable};

use super::cpu;
use super::report::{Bar, Report};
use crate::Outcome;
use made_up::Log;

/// How much to measure.
#[derive(clap::Args)]
pub struct Options {
    /// Indicators: of ten, four domains with all below them, three URLs, two addresses, one SHA-256.
    #[arg(long, default_value_t = 1_000_000)]
    indicators: u64,
    /// Millions of bytes of Zeek's logs as columns. The same events are gone through as JSON.
    #[arg(long, default_value_t = 500)]
    megabytes: u64,
    /// Rounds; the best counts, and beside each the anchor runs.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// One JSON document in place of lines.
    #[arg(long)]
    json: bool,
    /// Keep the logs and the lines that carry an indicator, for other programs to go through.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Open this file of a set, go through standard input by it, and tell what memory that took: what is asked of a process of its own.
    #[arg(long, hide = true)]
    resident_of: Option<PathBuf>,
}

/// How often line ends are counted, which is soon done.
const COUNTED: usize = 8;
/// Values that are added to the set while it is there.
const ADDED: u64 = 10_000;
/// What is read of a log at once.
const BLOCK: usize = 1 << 20;

/// A file that is read by place: of the store only what is hit is ever read.
struct ByPlace(File, u64);

impl Source for ByPlace {
    fn length(&self) -> u64 {
        self.1
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Unreadable> {
        self.0.read_exact_at(into, at).map_err(|error| Unreadable(error.to_string()))
    }
}

/// Runs it.
///
/// # Errors
/// What kept it from measuring, and whatever was not found or was found in vain; a missed bar is printed, not an error.
pub fn run(options: &Options) -> Outcome {
    if let Some(path) = &options.resident_of {
        return tell_resident(path);
    }
    let mut report = Report::new(options.json);
    let events = options.megabytes * 1_000_000 / 177;
    let logs = made_up::logs(options.megabytes, options.indicators);
    if let Some(folder) = &options.folder {
        keep(folder, &logs)?;
    }
    let temporary = tempfile::NamedTempFile::new()?;
    build(options.indicators, events, temporary.path(), &mut report)?;
    let file = File::open(temporary.path())?;
    let length = file.metadata()?.len();
    let knowledge = Knowledge::open(ByPlace(file, length))?;
    report.heading("going through logs, on one processor");
    let columns = |log: &Log| (Layout::zeek_by_header(), log.columns.clone());
    let json = |log: &Log| (Layout::zeek_json(), log.json.clone());
    go_through("Zeek, columns", &knowledge, &logs, options.rounds, 500.0, &mut report, &columns, |truth| {
        truth.0
    })?;
    go_through("Zeek, JSON", &knowledge, &logs, options.rounds, 250.0, &mut report, &json, |truth| truth.1)?;
    report.heading("memory");
    let taken = taken_by(temporary.path(), &logs)?;
    let per = |bytes: f64| bytes / options.indicators as f64;
    report.line("table, an indicator", per(knowledge.resident_bytes() as f64), "bytes", &Bar::AtMost(40.0));
    report.line("opened and gone through the columns by", per(taken), "bytes", &Bar::AtMost(40.0));
    changes(knowledge, &mut report)?;
    report.end()
}

/// Bytes of memory that are this process's own, and those of files that it has mapped.
fn resident() -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
}

/// What a process of its own takes that does nothing but go through these logs by this set.
fn taken_by(path: &Path, logs: &[Log]) -> Outcome<f64> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["bench", "scan", "--resident-of"])
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no input")?;
    logs.iter().try_for_each(|log| input.write_all(&log.columns))?;
    drop(input);
    let output = child.wait_with_output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

#[expect(clippy::print_stdout, reason = "it is what was asked for")]
fn tell_resident(path: &Path) -> Outcome {
    let mut block = vec![1; BLOCK];
    let before = resident()?;
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let knowledge = Knowledge::open(ByPlace(file, length))?;
    let mut scanner = Scanner::new(&knowledge, Layout::zeek_by_header());
    let (mut filled, mut hits) = (0, 0_u64);
    loop {
        let read = std::io::stdin().read(block.get_mut(filled..).ok_or("a line that is too long")?)?;
        filled += read;
        let there = block.get(..filled).unwrap_or_default();
        let whole = memchr::memrchr(b'\n', there).map_or(0, |at| at + 1);
        scanner.scan(there.get(..whole).unwrap_or_default(), 0, &mut |_| hits += 1)?;
        block.copy_within(whole..filled, 0);
        filled -= whole;
        if read == 0 {
            break;
        }
    }
    std::hint::black_box(hits);
    println!("{}", resident()? - before);
    Ok(())
}

fn keep(folder: &Path, logs: &[Log]) -> Outcome {
    std::fs::create_dir_all(folder)?;
    for log in logs {
        std::fs::write(folder.join(format!("{}.log", log.name)), &log.columns)?;
        std::fs::write(folder.join(format!("{}.json", log.name)), &log.json)?;
        let truth: String =
            log.truth.iter().map(|(at, at_json, id)| format!("{at}\t{at_json}\t{id}\n")).collect();
        std::fs::write(folder.join(format!("{}.truth", log.name)), truth)?;
    }
    Ok(())
}

fn build(indicators: u64, events: u64, path: &Path, report: &mut Report) -> Outcome {
    report.heading("the set");
    let begun = cpu::thread_seconds()?;
    let said: Vec<_> = (0..indicators).map(|n| made_up::indicator(n, events)).collect::<Outcome<_>>()?;
    report.line("making up and normal forms", cpu::thread_seconds()? - begun, "CPU-s", &Bar::None);
    let begun = Instant::now();
    let mut builder = Builder::new(0x0005_eed5);
    for (value, entry) in &said {
        builder.add(value, *entry)?;
    }
    let file = builder.finish()?;
    report.line("compiled", begun.elapsed().as_secs_f64(), "s", &Bar::None);
    let opened = Instant::now();
    let knowledge = Knowledge::open(file.as_slice())?;
    report.line("opened", opened.elapsed().as_secs_f64(), "s", &Bar::None);
    report.line("compiled and swapped", begun.elapsed().as_secs_f64(), "s", &Bar::AtMost(1.0));
    let checked = Instant::now();
    knowledge.check()?;
    report.line("compared with its sums, all of it", checked.elapsed().as_secs_f64(), "s", &Bar::None);
    report.line("the file, an indicator", file.len() as f64 / indicators as f64, "bytes", &Bar::None);
    std::fs::write(path, file)?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "two calls, side by side")]
fn go_through(
    what: &str,
    knowledge: &Knowledge<ByPlace>,
    logs: &[Log],
    rounds: usize,
    bar: f64,
    report: &mut Report,
    form: &dyn Fn(&Log) -> (Layout, Vec<u8>),
    place: impl Fn(&(u64, u64, u64)) -> u64,
) -> Outcome {
    let (mut best, mut best_anchor) = (0.0_f64, 0.0_f64);
    let (mut missed, mut extras, mut hits, mut asked) = (0, 0, 0, 0);
    let (mut seconds, mut bytes) = (vec![f64::MAX; logs.len()], vec![0; logs.len()]);
    for _ in 0..rounds.max(1) {
        let (mut scanning, mut counting, mut all, mut newlines) = (0.0, 0.0, 0.0, 0);
        (missed, extras, hits, asked) = (0, 0, 0, 0);
        for (nth, log) in logs.iter().enumerate() {
            let (layout, log_bytes) = form(log);
            let mut scanner = Scanner::new(knowledge, layout);
            let mut found = BTreeSet::new();
            let begun = cpu::thread_seconds()?;
            let scanned = scanner.scan(&log_bytes, 0, &mut |hit| {
                found.insert((hit.at, hit.found.entry.id));
            })?;
            let took = cpu::thread_seconds()? - begun;
            let begun = cpu::thread_seconds()?;
            for _ in 0..COUNTED {
                newlines += memchr::memchr_iter(b'\n', std::hint::black_box(&log_bytes)).count();
            }
            counting += (cpu::thread_seconds()? - begun) / COUNTED as f64;
            scanning += took;
            all += log_bytes.len() as f64;
            if let (Some(least), Some(length)) = (seconds.get_mut(nth), bytes.get_mut(nth)) {
                *least = least.min(took);
                *length = log_bytes.len();
            }
            let truth: BTreeSet<(u64, u64)> = log.truth.iter().map(|truth| (place(truth), truth.2)).collect();
            missed += truth.difference(&found).count();
            extras += found.difference(&truth).count();
            hits += truth.len();
            asked += scanned.asked;
        }
        std::hint::black_box(newlines);
        best = best.max(all / scanning / 1e6);
        best_anchor = best_anchor.max(all / counting.max(0.001) / 1e6);
    }
    report.line(what, best, "MB/CPU-s", &Bar::AtLeast(bar));
    for ((log, seconds), bytes) in logs.iter().zip(seconds).zip(bytes) {
        let rate = bytes as f64 / seconds / 1e6;
        report.line(
            &format!("  {} ({:.0} ns an event)", log.name, seconds / log.events as f64 * 1e9),
            rate,
            "MB/CPU-s",
            &Bar::None,
        );
    }
    report.line("  counting its line ends with memchr", best_anchor, "MB/CPU-s", &Bar::None);
    report.line("  the two, as a ratio", best / best_anchor, "", &Bar::None);
    report.line(
        &format!("  found of {hits} that are there"),
        1.0 - missed as f64 / hits.max(1) as f64,
        "",
        &Bar::AtLeast(1.0),
    );
    report.line("  found in vain", extras as f64, "", &Bar::AtMost(0.0));
    report.line("  lines that were asked for and held nothing", asked as f64 - hits as f64, "", &Bar::None);
    if missed + extras > 0 {
        return Err(format!("{what}: {missed} missed, {extras} found in vain").into());
    }
    Ok(())
}

fn changes(mut knowledge: Knowledge<ByPlace>, report: &mut Report) -> Outcome {
    report.heading("changes");
    let said: Vec<_> = (0..ADDED).map(|n| guess(&format!("late{n}.example"))).collect::<Result<_, _>>()?;
    let begun = Instant::now();
    for (n, value) in said.iter().enumerate() {
        knowledge.add(value, Entry::new(n as u64 | 1 << 60))?;
    }
    report.line("adding one", begun.elapsed().as_secs_f64() / ADDED as f64 * 1e6, "us", &Bar::AtMost(10.0));
    let begun = Instant::now();
    (0..ADDED).for_each(|n| knowledge.remove(n | 1 << 60));
    report.line("removing one", begun.elapsed().as_secs_f64() / ADDED as f64 * 1e6, "us", &Bar::None);
    let begun = Instant::now();
    let copy = knowledge.clone();
    report.line("a copy that may be changed", begun.elapsed().as_secs_f64() * 1e6, "us", &Bar::None);
    let begun = Instant::now();
    let rebuilt = copy.rebuilt(7)?;
    report.line("compiled anew from what is there", begun.elapsed().as_secs_f64(), "s", &Bar::None);
    std::hint::black_box(rebuilt.len());
    Ok(())
}
