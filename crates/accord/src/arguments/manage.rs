//! Commands about who takes part, and about the node itself.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Which one.
#[derive(Debug, Args)]
pub struct Which {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// `accord member`
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Add a member
    Add(MemberAdd),
    /// List the members
    List,
    /// Show a member
    Show(Which),
    /// Say of which sector a member is: what the node vouches for where it submits without its name
    Sector(MemberSector),
    /// Say whose client a member is, in place of what was said before: what is TLP:AMBER for one of these reaches it too
    Client(MemberClient),
    /// Revoke a member: its tokens do nothing from then on, its statements stay
    Revoke(Which),
}

/// `accord member add`
#[derive(Debug, Args)]
pub struct MemberAdd {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// A STIX identity to bind to it [default: a new one]
    #[arg(long, value_name = "ID")]
    pub identity: Option<String>,
    /// Objects that it may submit in an hour; 0 is no limit
    #[arg(long, value_name = "COUNT")]
    pub objects_per_hour: Option<u64>,
    /// Bytes that it may submit in an hour; 0 is no limit
    #[arg(long, value_name = "BYTES")]
    pub bytes_per_hour: Option<u64>,
    /// Its sector, which the node vouches for where it submits without its name
    #[arg(long, value_name = "SECTOR")]
    pub sector: Option<String>,
}

/// `accord member sector`
#[derive(Debug, Args)]
pub struct MemberSector {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The sector; nothing for none
    #[arg(value_name = "SECTOR", default_value = "")]
    pub sector: String,
}

/// `accord member client`
#[derive(Debug, Args)]
pub struct MemberClient {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Whose client, by name or id; may be given several times; left out for nobody's
    #[arg(long = "of", value_name = "MEMBER")]
    pub of: Vec<String>,
    /// It is a client and nothing else: what is for the node's members is not for it, but what they may hand on is
    #[arg(long)]
    pub only: bool,
}

/// `accord person`
#[derive(Debug, Subcommand)]
pub enum PersonCommand {
    /// Add a person
    Add(PersonAdd),
    /// List the persons
    List,
    /// Show a person
    Show(Which),
    /// Revoke a person
    Revoke(Which),
}

/// `accord person add`
#[derive(Debug, Args)]
pub struct PersonAdd {
    /// Their name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Their member, by name or id
    #[arg(long, value_name = "MEMBER")]
    pub member: String,
}

/// `accord collection`
#[derive(Debug, Subcommand)]
pub enum CollectionCommand {
    /// Add a collection
    Add(CollectionAdd),
    /// List the collections
    List,
    /// Show a collection
    Show(Which),
    /// Revoke a collection: its address is gone, what was in it stays in the record
    Revoke(Which),
}

/// `accord collection add`
#[derive(Debug, Args)]
pub struct CollectionAdd {
    /// Its title
    #[arg(value_name = "TITLE")]
    pub title: String,
    /// What it is about
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub description: String,
    /// Another address for it, a word
    #[arg(long, value_name = "ALIAS")]
    pub alias: Option<String>,
    /// What is in it, such as `type in (indicator, malware)` [default: everything]
    #[arg(long, value_name = "EXPRESSION", default_value = "", hide_default_value = true)]
    pub filter: String,
    /// Nothing above this label is in it [default: RED]
    #[arg(long, value_name = "TLP")]
    pub ceiling: Option<String>,
    /// The label of what arrives without one [default: AMBER]
    #[arg(long, value_name = "TLP")]
    pub default_label: Option<String>,
    /// Who looks at what is sent through it before it enters: a curator, or from AMBER on two of other members
    #[arg(long, value_name = "WHO", default_value = "none", value_parser = ["none", "one", "four-eyes"])]
    pub curation: String,
    /// What is sent through it is said without its member's name, also over TAXII
    #[arg(long)]
    pub without_name: bool,
    /// Whom it is for where nobody is named: circle:NAME, member:NAME, person:MEMBER/NAME; may be given several times
    #[arg(long, value_name = "WHO", value_delimiter = ',')]
    pub to: Vec<String>,
}

/// `accord token`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Add a token; its secret is shown this once
    Add(Box<TokenAdd>),
    /// List the tokens
    List,
    /// Show a token
    Show(Which),
    /// Revoke a token
    Revoke(Which),
}

/// `accord token add`
#[derive(Debug, Args)]
pub struct TokenAdd {
    /// The member it belongs to, by name or id
    #[arg(long, value_name = "MEMBER")]
    pub member: String,
    /// The person it names, by name or id
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// What its bearer is trusted to do; may be given several times
    #[arg(long, value_name = "ROLE", required = true, value_parser = role_names())]
    pub role: Vec<String>,
    /// A collection that it reads, by title, alias or id; may be given several times [default: all]
    #[arg(long, value_name = "COLLECTION")]
    pub read: Vec<String>,
    /// A collection that it writes, by title, alias or id; may be given several times [default: all]
    #[arg(long, value_name = "COLLECTION")]
    pub write: Vec<String>,
    /// What it may be used for; may be given several times [default: what its roles need]
    #[arg(long, value_name = "VERB", value_parser = verb_names())]
    pub verb: Vec<String>,
    /// The highest label that it lets through [default: RED]
    #[arg(long, value_name = "TLP")]
    pub ceiling: Option<String>,
    /// A network that it may be used from, such as 10.0.0.0/8; may be given several times [default: anywhere]
    #[arg(long, value_name = "NETWORK")]
    pub network: Vec<String>,
    /// How long it is valid, such as 90d or 12h [default: a year, the longest]
    #[arg(long, value_name = "DURATION", value_parser = super::span)]
    pub expire: Option<String>,
    /// Its client profile, such as standard, elastic, opencti or xsoar [default: by User-Agent]
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// A name to know it by
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// SHA-256 of a client certificate that stands for it, in hexadecimal; by an administrator of the node
    #[arg(long, value_name = "HEX")]
    pub certificate: Option<String>,
}

fn role_names() -> clap::builder::PossibleValuesParser {
    model::Role::ALL.map(model::Role::name).into()
}

fn verb_names() -> clap::builder::PossibleValuesParser {
    model::Verb::ALL.map(model::Verb::name).into()
}

/// `accord quarantine`
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// List what was refused
    List,
    /// Show one of them, with its bytes
    Show(Which),
}

/// `accord audit`
#[derive(Debug, Args)]
pub struct AuditList {
    /// Only rows after this id, the oldest first, to the last: what a collector asks for
    #[arg(long, value_name = "ID")]
    pub after: Option<u64>,
    /// Only the newest rows: so many, up to 1,000 [default: 50 as text, else all]
    #[arg(long, value_name = "COUNT", conflicts_with = "after")]
    pub limit: Option<u64>,
    /// How rows are written; other than text, the oldest come first
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = AuditFormat::Text)]
    pub format: AuditFormat,
}

/// `accord reads`
#[derive(Debug, Args)]
pub struct ReadsList {
    /// Only answers before this time, such as that of the last row
    #[arg(long, value_name = "TIME")]
    pub before: Option<String>,
    /// At most so many, up to 1,000
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub limit: u64,
}

/// How rows of the audit are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum AuditFormat {
    /// A table
    Text,
    /// One JSON object a line
    JsonLines,
    /// Syslog lines (RFC 5424)
    Syslog,
    /// ArcSight Common Event Format
    Cef,
}

/// `accord retention`
#[derive(Debug, Subcommand)]
pub enum RetentionCommand {
    /// Add a rule: statements of a type, of a source, are erased so many days after they were added
    Add(RetentionAdd),
    /// List the rules
    List,
    /// Remove a rule; what it erased stays erased
    Remove(Which),
    /// Run the rules now instead of within the hour
    Run(RetentionRun),
}

/// `accord retention add`
#[derive(Debug, Args)]
pub struct RetentionAdd {
    /// Statements of this type
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "source")]
    pub kind: Option<String>,
    /// Statements of this member, by name or id
    #[arg(long, value_name = "MEMBER")]
    pub source: Option<String>,
    /// Days after which they are erased
    #[arg(long, value_name = "DAYS")]
    pub days: u32,
}

/// `accord retention run`
#[derive(Debug, Args)]
pub struct RetentionRun {
    /// Count, erase nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `accord backup`
#[derive(Debug, Args)]
pub struct Backup {
    /// The folder to copy to, on the machine where the node runs; it must not be there yet
    #[arg(value_name = "TO")]
    pub to: PathBuf,
}

/// `accord restore`
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup
    #[arg(value_name = "FROM")]
    pub from: PathBuf,
    /// The folder that was lost, or its file `erasures` with `revocations` and `disclosures` beside it: what was erased and
    /// revoked after the backup is erased and revoked again, and what was disclosed is told
    #[arg(long, value_name = "FOLDER")]
    pub erasures: Option<PathBuf>,
}
