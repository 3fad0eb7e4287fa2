//! The agent beside sensors.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `accord edge`
#[derive(Debug, Args)]
pub struct Edge {
    /// What to do; without it, the agent runs as the file of `--config` says
    #[command(subcommand)]
    pub command: Option<EdgeCommand>,
    /// How to log
    #[arg(long, value_name = "FORMAT", value_parser = ["text", "json"], default_value = "text")]
    pub log_format: String,
}

/// What else there is to it.
#[derive(Debug, Subcommand)]
pub enum EdgeCommand {
    /// Read a file and say what is wrong with it, and in which line; changes nothing
    Check(EdgeFile),
    /// How the agent stands and what each sensor holds; exit code 1 if something is wrong, 4 if it does not run
    Status,
}

/// Which file.
#[derive(Debug, Args)]
pub struct EdgeFile {
    /// How an agent is set up, in TOML
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
