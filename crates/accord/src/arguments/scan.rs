//! Arguments of `accord scan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `accord scan`
#[derive(Debug, Args)]
pub struct Scan {
    /// Logs, and folders of logs, packed by gzip or zstd or not; `-`, or nothing with a pipe, is standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Compare with this file instead of a node: that of `accord shield pull`, a list of values, or CSV with a column `value` (`accord export --format csv`)
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// Compare with nothing, and write what was seen as events for `accord events`: a line for each value, host and day
    #[arg(long, conflicts_with_all = ["against", "report", "files"])]
    pub events: bool,
    /// The format of the logs, where it is not told by how they begin: zeek-tsv, zeek-json, eve, bind, unbound, dnsmasq, coredns,
    /// combined, squid, syslog, cloudtrail, ecs, ocsf, evtx, text
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Of CSV, or lines of JSON: which column, by name or number, or which path, is what, such as `domain=query` or `time=event.created`;
    /// may be given several times
    #[arg(long, value_name = "ROLE=COLUMN")]
    pub column: Vec<String>,
    /// The paths are no logs, but files, and folders of files, that are looked up by their digests (MD5, SHA-1, SHA-256)
    #[arg(long, conflicts_with_all = ["format", "column"])]
    pub files: bool,
    /// Go on with what comes, through rotation, until Ctrl-C or SIGTERM; taken up again, go on where it was
    #[arg(long, conflicts_with_all = ["files", "report", "events"])]
    pub follow: bool,
    /// Where `--follow` keeps its positions [default: a file of these paths in `~/.local/state/accord`]
    #[arg(long, value_name = "FILE", requires = "follow")]
    pub state: Option<PathBuf>,
    /// Only what happened since: so long ago, such as 90d or 12h, or a day, or a time (RFC 3339)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// How far the logs' clock is from UTC where lines do not say it, such as +02:00
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    pub zone: Option<String>,
    /// How it is told: for people, a JSON line for each hit (as `--json`), a finding of OCSF or an alert of ECS for each, sightings of
    /// STIX by indicator, host and day, or a report in one HTML file
    #[arg(long, value_name = "FORM", value_enum)]
    pub output: Option<ScanOutput>,
    /// Tell the node what was found, as sightings of your organisation, one for each indicator and day: how often and when (`count`), or also
    /// at which hosts (`context`) [default: count]
    #[arg(
        long,
        value_name = "HOW",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "count",
        conflicts_with = "against"
    )]
    pub report: Option<ReportHow>,
    /// Indicators that are shown; 0 is all
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub limit: usize,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "COUNT")]
    pub threads: Option<usize>,
}

/// How hits are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScanOutput {
    /// For people
    Text,
    /// A JSON line for each hit, and a summary
    Json,
    /// Detection Findings of OCSF, one a line
    Ocsf,
    /// Alerts of the Elastic Common Schema, one a line
    Ecs,
    /// A bundle of sightings of STIX 2.1
    Stix,
    /// A report with pictures in one file
    Html,
}

/// What the node is told of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportHow {
    /// How often, and when
    Count,
    /// Also at which hosts
    Context,
}
