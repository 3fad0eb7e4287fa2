//! What acts at a member's sensors, and why.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `accord policy`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Print the policy that holds, ready to be changed and set again
    Show,
    /// Let act what a file says
    Set(PolicyFile),
    /// Read a file and say what is wrong with it, and in which line; changes nothing
    Check(PolicyFile),
    /// Go back to the node's default
    Reset,
}

/// Which file.
#[derive(Debug, Args)]
pub struct PolicyFile {
    /// A policy in TOML; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `accord why`
#[derive(Debug, Args)]
pub struct Why {
    /// What was seen: an address, a domain, a URL, a hash and so on, defanged or not
    #[arg(value_name = "VALUE", required = true)]
    pub values: Vec<String>,
}

/// `accord mistaken`
#[derive(Debug, Args)]
pub struct Mistaken {
    /// Values, defanged or not, or ids of indicators
    #[arg(value_name = "VALUE|ID", required = true)]
    pub of: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub how: How,
}

/// `accord sighted`
#[derive(Debug, Args)]
pub struct Sighted {
    /// Values, defanged or not, or ids of indicators
    #[arg(value_name = "VALUE|ID", required = true)]
    pub of: Vec<String>,
    /// How often [default: 1]
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// When first [default: when last]
    #[arg(long, value_name = "TIME")]
    pub first: Option<String>,
    /// When last [default: now]
    #[arg(long, value_name = "TIME")]
    pub last: Option<String>,
    /// Tell more than how often and when: that it was at yours, and this
    #[arg(long, value_name = "TEXT")]
    pub context: Option<String>,
    #[command(flatten)]
    pub how: How,
}

/// How a verdict is said.
#[derive(Debug, Args)]
pub struct How {
    /// The label of what you say, no lower than the indicator's [default: the indicator's]
    #[arg(long, value_name = "TLP")]
    pub tlp: Option<String>,
    /// Say it without your name: the node vouches for a member, and it enters later
    #[arg(long)]
    pub without_name: bool,
}

/// `accord stream`
#[derive(Debug, Args)]
pub struct Follow {
    /// From this cursor on, or from the `beginning`; from now on, unless given
    #[arg(long, value_name = "CURSOR")]
    pub since: Option<String>,
    /// Also tell what values do that were touched
    #[arg(long)]
    pub values: bool,
    /// With `--values`: what does less than `context`, `alert` or `block` is told as what does nothing
    #[arg(long, requires = "values")]
    pub action: Option<String>,
    /// With `--values`: by nothing that bears a stricter label
    #[arg(long, requires = "values")]
    pub tlp: Option<String>,
    /// End when all was told up to now
    #[arg(long)]
    pub once: bool,
}
