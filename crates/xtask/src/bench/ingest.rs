//! Taking in: objects generated, checked in full and committed durably, against the same rows without checks.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use node::{ImportOptions, Node, Settings};

use super::report::{Bar, Report};
use super::{anchor, cpu};
use crate::Outcome;
use crate::generate;

/// The seed of the stored objects, for those who look them up.
pub const SEED: u64 = 42;

/// Opens a folder in this process.
pub fn node(folder: &Path) -> Outcome<Node> {
    let clock = Arc::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        model::Timestamp(since.as_micros() as i64)
    });
    Ok(Node::open(folder, Settings::default(), clock)?)
}

/// Fills a folder with `objects` in tenths, measures each, then the anchor over the same rows.
pub fn run(folder: &Path, objects: u64, report: &mut Report) -> Outcome {
    report.heading("ingest: full validation, durable commits");
    let node = node(folder)?;
    let (caller, options) = (node.operator(), ImportOptions::default());
    let tenth = (objects / 10).max(1);
    let mut tenths = Vec::new();
    let (mut cpu_total, mut wall_total) = (0.0, 0.0);
    for part in 0..10 {
        let bundle = generate::envelope(SEED, part * tenth, tenth);
        let (cpu_before, at) = (cpu::own_seconds()?, Instant::now());
        let summary = node.import(&caller, &options, &mut bundle.as_bytes(), &mut |_| {})?;
        let (cpu, wall) = (cpu::own_seconds()? - cpu_before, at.elapsed().as_secs_f64());
        if summary.new != tenth {
            return Err(format!("{} of {tenth} objects were new: {summary:?}", summary.new).into());
        }
        tenths.push(tenth as f64 / wall);
        cpu_total += cpu;
        wall_total += wall;
    }
    drop(node);
    let count = (tenth * 10) as f64;
    report.line("objects a CPU-second", count / cpu_total, "objects/s", &Bar::AtLeast(15_000.0));
    report.line("objects a second", count / wall_total, "objects/s", &Bar::None);
    let (first, last) = (tenths.first().copied().unwrap_or(1.0), tenths.last().copied().unwrap_or(0.0));
    report.line("the last tenth to the first", last / first, "ratio", &Bar::AtLeast(0.6));
    let anchor = anchor::insert_again(folder)?;
    report.line("the same rows and indexes, unchecked", anchor, "objects/s", &Bar::None);
    report.line("ingest to that", count / wall_total / anchor, "ratio", &Bar::AtLeast(0.5));
    Ok(())
}
