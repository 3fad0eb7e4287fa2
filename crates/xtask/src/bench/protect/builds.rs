//! Files of every format made from nothing, against the same bytes digested and written.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sensors::Format;
use sha2::{Digest, Sha256};

use super::Hub;
use crate::Outcome;
use crate::bench::load::median;
use crate::bench::report::{Bar, Report};

/// Asked for in turn, so that no round is given what the one before has made; nothing stored bears a stricter label than any.
const CEILINGS: [&str; 5] = ["green", "amber", "amber%2Bstrict", "red", "amber&action=block"];

/// Makes each.
///
/// # Errors
/// An answer that is not whole.
pub fn run(hub: &Hub, rounds: usize, folder: &Path, report: &mut Report) -> Outcome {
    report.heading("every export made from nothing, one after the other");
    std::thread::sleep(Duration::from_secs(2));
    let (resident, idle) = hub.server.resident_mib()?;
    report.line("idle, resident", resident, "MiB", &Bar::None);
    report.line("idle, anonymous", idle, "MiB", &Bar::None);
    for format in Format::all().filter(|format| !format.files().iter().all(sensors::File::is_of_rules)) {
        let (mut made, mut written, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
        let (mut bytes, mut entries) = (0, 0);
        for ceiling in CEILINGS.iter().take(rounds.max(1)) {
            let one = whole(hub, format, ceiling, folder)?;
            made.push(one.made_s);
            written.push(one.written_s);
            peaks.push(one.peak_mib);
            (bytes, entries) = (one.bytes, one.entries);
        }
        let (made, written) = (median(&mut made), median(&mut written));
        let name = format.name();
        report.line(&format!("{name}, {entries} entries"), made, "s", &Bar::AtMost(5.0));
        report.line(&format!("{name}, bytes"), bytes as f64 / 1e6, "MB", &Bar::None);
        report.line(&format!("{name}, the same bytes digested and written"), written, "s", &Bar::None);
        report.line(&format!("{name}, made to that"), made / written.max(1e-6), "ratio", &Bar::None);
        let peak = median(&mut peaks);
        report.line(&format!("{name}, peak of anonymous memory over idle"), peak - idle, "MiB", &Bar::None);
    }
    Ok(())
}

/// All files of a format.
#[derive(Default)]
struct Whole {
    made_s: f64,
    written_s: f64,
    peak_mib: f64,
    bytes: u64,
    entries: u64,
}

fn whole(hub: &Hub, format: Format, ceiling: &str, folder: &Path) -> Outcome<Whole> {
    let mut all = Whole::default();
    let mut connection = hub.sensor();
    for file in format.files() {
        let path = format!("/feeds/{}/{}?tlp={ceiling}", format.name(), file.name);
        let watch = Watch::begin(hub);
        let answer = connection.fetch(&path)?;
        all.peak_mib = all.peak_mib.max(watch.end());
        // It is made whole before its first byte is sent.
        all.made_s += answer.head_s;
        if answer.answer.status != 200 {
            return Err(format!("{path} got {}", answer.answer.status).into());
        }
        let entries = answer.answer.header("accord-entries").and_then(|count| count.parse::<u64>().ok());
        all.entries += entries.ok_or("no count of entries")?;
        all.bytes += answer.answer.body.len() as u64;
        all.written_s += written(&answer.answer.body, &folder.join("anchor"))?;
    }
    Ok(all)
}

/// What a file costs of which all is known.
fn written(bytes: &[u8], path: &Path) -> Outcome<f64> {
    let at = Instant::now();
    let (mut file, mut digest) = (std::fs::File::create(path)?, Sha256::new());
    for piece in bytes.chunks(256 << 10) {
        digest.update(piece);
        file.write_all(piece)?;
    }
    let _digest = digest.finalize();
    let spent = at.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(spent)
}

/// The most memory of its own that the node has meanwhile, looked at every 2 ms.
struct Watch {
    peak_kib: Arc<AtomicU64>,
    ending: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Watch {
    fn begin(hub: &Hub) -> Watch {
        let (peak_kib, ending) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (peak, end, status) =
            (Arc::clone(&peak_kib), Arc::clone(&ending), format!("/proc/{}/status", hub.server.pid()));
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                peak.fetch_max(kib(&status, "RssAnon:"), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        Watch { peak_kib, ending, thread }
    }

    fn end(self) -> f64 {
        self.ending.store(true, Ordering::Relaxed);
        let _ended = self.thread.join();
        self.peak_kib.load(Ordering::Relaxed) as f64 / 1024.0
    }
}

/// A figure of a process's status, in KiB.
pub fn kib(status: &str, name: &str) -> u64 {
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|count| count.parse().ok()).unwrap_or_default()
}
