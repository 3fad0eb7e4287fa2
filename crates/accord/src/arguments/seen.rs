//! What sensors saw.

use std::path::PathBuf;

use clap::Args;

/// `accord events`
#[derive(Debug, Args)]
pub struct Events {
    /// Files of events, one in JSON a line; `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// `accord seen`
#[derive(Debug, Args)]
pub struct Seen {
    /// What to ask for, defanged or not
    #[arg(value_name = "VALUE", required_unless_present = "forget", conflicts_with = "forget")]
    pub values: Vec<String>,
    /// Erase instead: all that your sensors told, or what is named
    #[arg(long)]
    pub forget: bool,
    /// Erase what is of earlier days (UTC)
    #[arg(long, value_name = "DAY", value_parser = super::time, requires = "forget", conflicts_with = "host")]
    pub before: Option<String>,
    /// Erase what happened on this host
    #[arg(long, value_name = "HOST", requires = "forget")]
    pub host: Option<String>,
    /// Erase without asking
    #[arg(short, long, requires = "forget")]
    pub yes: bool,
}

/// `accord hits`
#[derive(Debug, Args)]
pub struct Hits {
    /// At most this many
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub limit: usize,
    /// Go on where a page before ended
    #[arg(long, value_name = "CURSOR")]
    pub next: Option<String>,
    /// Also what is ignored
    #[arg(long)]
    pub all: bool,
    /// Go through them one by one and say of each whether it is true, false, or to be ignored
    #[arg(long, conflicts_with_all = ["next", "ignore", "heed"])]
    pub walk: bool,
    /// Ignore these values for a while: they are left out here, and what acts at your sensors stays as it is
    #[arg(long, value_name = "VALUE", num_args = 1.., conflicts_with = "next")]
    pub ignore: Vec<String>,
    /// For how long, such as 12h or 90d
    #[arg(long = "for", value_name = "TIME", default_value = "30d")]
    pub ignored_for: String,
    /// Ignore these values no longer
    #[arg(long, value_name = "VALUE", num_args = 1.., conflicts_with_all = ["next", "ignore"])]
    pub heed: Vec<String>,
}
