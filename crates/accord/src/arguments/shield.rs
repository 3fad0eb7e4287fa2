//! What is known, kept in a file for scans that ask no node.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `accord shield`
#[derive(Debug, Subcommand)]
pub enum ShieldCommand {
    /// Fetch the indicators that you may see into a file, if anything changed since it was written; `accord scan --against` uses it
    Pull(ShieldFile),
    /// What a file holds: how many indicators, from which node, as of when; exit code 1 if it is older than `shield.max_age`
    Status(ShieldFile),
}

/// Which file.
#[derive(Debug, Args)]
pub struct ShieldFile {
    /// The file
    #[arg(long, value_name = "FILE", default_value = "known.shield")]
    pub file: PathBuf,
}
