//! Commands about circles.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Which;

/// `accord circle`
#[derive(Debug, Subcommand)]
pub enum CircleCommand {
    /// Make a circle, with your own member in it
    Add(CircleAdd),
    /// List the circles that your member is in
    List,
    /// Show a circle: its charter, who is in it as far as you may know, what was done in it
    Show(CircleShow),
    /// Invite somebody; the secret is shown this once, and is good once
    Invite(CircleInvite),
    /// Confirm another member's invitation, where the charter asks for two administrators
    Confirm(CircleInvitation),
    /// Take an invitation back
    Uninvite(CircleInvitation),
    /// Join the circle that a secret invites to
    Join(CircleJoin),
    /// Agree to what a circle says by now: from then on that says for how long your words to it are kept
    Agree(CircleAgree),
    /// Leave a circle
    Leave(Which),
    /// Take another member out of a circle
    Expel(CircleExpel),
    /// Give a circle another charter
    Upgrade(CircleUpgrade),
    /// End a circle
    Revoke(Which),
}

/// `accord circle add`
#[derive(Debug, Args)]
pub struct CircleAdd {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Its charter in TOML; without one the circle is informal
    #[arg(long, value_name = "FILE")]
    pub charter: Option<PathBuf>,
    /// The policy of the charter, as FIRST IEP 2.0 JSON, in place of its `iep`
    #[arg(long, value_name = "FILE", requires = "charter")]
    pub iep: Option<PathBuf>,
    /// How long it lasts, such as 30d [default: 30d for an informal one, else without end]
    #[arg(long, value_name = "DURATION", value_parser = super::span)]
    pub expires: Option<String>,
    /// The member that it is for, by name or id, where that is not yours; by an administrator of the node
    #[arg(long, value_name = "MEMBER")]
    pub owner: Option<String>,
}

/// `accord circle show`
#[derive(Debug, Args)]
pub struct CircleShow {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Only its policy, as FIRST IEP 2.0 JSON
    #[arg(long)]
    pub iep: bool,
}

/// `accord circle invite`
#[derive(Debug, Args)]
pub struct CircleInvite {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub name: String,
    /// How long the invitation is good, at most 30d [default: 7d]
    #[arg(long, value_name = "DURATION", value_parser = super::span)]
    pub expires: Option<String>,
}

/// `accord circle confirm`, `accord circle uninvite`
#[derive(Debug, Args)]
pub struct CircleInvitation {
    /// The circle's name or id
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The invitation's id
    #[arg(value_name = "ID")]
    pub id: String,
}

/// `accord circle join`
#[derive(Debug, Args)]
pub struct CircleJoin {
    /// The secret; others on this machine can see arguments, so leave it out to be asked for it
    #[arg(value_name = "SECRET")]
    pub secret: Option<String>,
    /// The digest of the definition that you agree to, for a formal circle
    #[arg(long, value_name = "DIGEST")]
    pub agree: Option<String>,
}

/// `accord circle agree`
#[derive(Debug, Args)]
pub struct CircleAgree {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The digest of its definition, as `accord circle show` has it
    #[arg(value_name = "DIGEST")]
    pub digest: String,
}

/// `accord circle expel`
#[derive(Debug, Args)]
pub struct CircleExpel {
    /// The circle's name or id
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The member's name or id
    #[arg(value_name = "MEMBER")]
    pub member: String,
}

/// `accord circle upgrade`
#[derive(Debug, Args)]
pub struct CircleUpgrade {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Its new charter in TOML
    #[arg(long, value_name = "FILE")]
    pub charter: PathBuf,
    /// The policy of the charter, as FIRST IEP 2.0 JSON, in place of its `iep`
    #[arg(long, value_name = "FILE")]
    pub iep: Option<PathBuf>,
    /// How long it lasts from now [default: a formal one without end, an informal one 30d]
    #[arg(long, value_name = "DURATION", value_parser = super::span)]
    pub expires: Option<String>,
}
