//! What curators ask.

use clap::{Args, Subcommand};

/// `accord queue`
#[derive(Debug, Subcommand)]
pub enum QueueCommand {
    /// List what waits, the first deadline first
    List(QueueList),
    /// Show one with its objects and what the checks found
    Show(Queued),
    /// Take one upon yourself, so that other curators know
    Take(Queued),
    /// Let one in; where two curators have to, as the first of them
    Release(Queued),
    /// Send one back
    Return(QueueReturn),
    /// Say that an object says it already; it is not taken
    Merge(QueueMerge),
}

/// `accord queue list`
#[derive(Debug, Args)]
pub struct QueueList {
    /// Also what became of the rest
    #[arg(long)]
    pub all: bool,
}

/// Which one.
#[derive(Debug, Args)]
pub struct Queued {
    /// The submission's id
    #[arg(value_name = "ID")]
    pub id: String,
}

/// `accord queue return`
#[derive(Debug, Args)]
pub struct QueueReturn {
    /// The submission's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why; its submitter is told
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// `accord queue merge`
#[derive(Debug, Args)]
pub struct QueueMerge {
    /// The submission's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// The object's STIX id
    #[arg(long, value_name = "OBJECT")]
    pub into: String,
    /// A word to the submitter
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}
