//! Arguments of `accord scan`.

use std::path::PathBuf;

use clap::Args;

/// `accord scan`
#[derive(Debug, Args)]
pub struct Scan {
    /// Logs, and folders of logs, packed by gzip or zstd or not; `-`, or nothing with a pipe, is standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Compare with this file instead of a node: a list of values, or CSV with a column `value` (`accord export --format csv`)
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// The format of the logs, where it is not told by how they begin: zeek-tsv, zeek-json, eve, bind, unbound, dnsmasq, coredns,
    /// combined, squid, syslog, cloudtrail, ecs, ocsf, text
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Only what happened since: so long ago, such as 90d or 12h, or a day, or a time (RFC 3339)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// How far the logs' clock is from UTC where lines do not say it, such as +02:00
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    pub zone: Option<String>,
    /// Indicators that are shown; 0 is all
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub limit: usize,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "COUNT")]
    pub threads: Option<usize>,
}
