//! What a member declares as its own.

use clap::{Args, Subcommand};

/// `accord asset`
#[derive(Debug, Subcommand)]
pub enum AssetCommand {
    /// Declare networks, addresses, domains (with all below them) and mail domains (`@example.com`) as your organisation's
    Add(Assets),
    /// List what your organisation declared
    List,
    /// Take declarations back; nothing is kept of them
    Remove(Assets),
}

/// Which ones.
#[derive(Debug, Args)]
pub struct Assets {
    /// Networks, addresses, domains, mail domains
    #[arg(value_name = "ASSET", required = true)]
    pub assets: Vec<String>,
}
