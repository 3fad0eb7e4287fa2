//! Benchmarks: each measures beside an anchor in the same run and prints ratios, since machines differ and are noisy.

mod anchor;
mod bare;
pub mod cpu;
mod exchange;
mod ingest;
mod load;
mod nginx;
mod peers;
mod protect;
mod report;
mod rules;
pub mod scan;
mod seen;

use crate::Outcome;

/// What to measure.
#[derive(clap::Subcommand)]
pub enum Bench {
    /// Taking in, paging, crawling, looking up, starting.
    Exchange(exchange::Options),
    /// Pages of readers who see all, little and nothing of what is stored under many labels.
    Rules(rules::Options),
    /// From an indicator to what sensors do, and back; the files that they read.
    Protect(protect::Options),
    /// Counting what sensors saw, and asking for it.
    Seen(seen::Options),
    /// Logs against everything known.
    Scan(scan::Options),
    /// The anchor for large pages: a bare scan of the record behind the same server library. Runs until killed.
    #[command(hide = true)]
    Bare(bare::Options),
}

/// Runs one.
///
/// # Errors
/// What kept it from measuring.
pub fn run(which: &Bench) -> Outcome {
    match which {
        Bench::Exchange(options) => exchange::run(options),
        Bench::Rules(options) => rules::run(options),
        Bench::Protect(options) => protect::run(options),
        Bench::Seen(options) => seen::run(options),
        Bench::Scan(options) => scan::run(options),
        Bench::Bare(options) => bare::run(options),
    }
}
