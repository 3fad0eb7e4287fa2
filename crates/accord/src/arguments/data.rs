//! Commands about what is known: look up, search, import, export, say.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Which;

/// `accord lookup`
#[derive(Debug, Args)]
pub struct Lookup {
    /// What to look up, defanged or not, also as `KIND:VALUE` (`card-range:411111`); `-`, or nothing with a pipe, reads lines from
    /// standard input
    #[arg(value_name = "VALUE")]
    pub values: Vec<String>,
    /// At most this many mentions for each value
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub limit: usize,
}

/// `accord search`
#[derive(Debug, Args)]
pub struct Search {
    /// Words that must all occur
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,
    /// Only objects of this type; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Only what this member said; may be given several times
    #[arg(long, value_name = "MEMBER")]
    pub source: Vec<String>,
    /// Only under this label; may be given several times
    #[arg(long, value_name = "TLP")]
    pub label: Vec<String>,
    /// Only with this tag
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Only with this external id, such as T1059 or CVE-2026-1234
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// Only with this name or alias, whole, in any case
    #[arg(long, value_name = "NAME")]
    pub alias: Option<String>,
    /// Only what is one step from this object
    #[arg(long, value_name = "ID")]
    pub related_to: Option<String>,
    /// Only what was added after this time (RFC 3339), or a day's beginning (UTC)
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub added_after: Option<String>,
    /// Only what was added before this time (RFC 3339), or a day's beginning (UTC)
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub added_before: Option<String>,
    /// Count types, sources, labels and tags too
    #[arg(long)]
    pub facets: bool,
    /// At most this many
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub limit: usize,
    /// Go on where a page before ended
    #[arg(long, value_name = "CURSOR")]
    pub next: Option<String>,
}

/// `accord claims`
#[derive(Debug, Args)]
pub struct Claims {
    /// What you say under the ids of others instead
    #[arg(long)]
    pub mine: bool,
    /// Only objects of this type; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Only what this member said; may be given several times
    #[arg(long, value_name = "MEMBER")]
    pub source: Vec<String>,
    /// Only what was added after this time (RFC 3339), or a day's beginning (UTC)
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub added_after: Option<String>,
    /// Only what was added before this time (RFC 3339), or a day's beginning (UTC)
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub added_before: Option<String>,
    /// At most this many
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub limit: usize,
    /// Go on where a page before ended
    #[arg(long, value_name = "CURSOR")]
    pub next: Option<String>,
}

/// `accord show`
#[derive(Debug, Args)]
pub struct Show {
    /// The object's STIX id
    #[arg(value_name = "ID")]
    pub id: String,
    /// This version instead of the last
    #[arg(long, value_name = "TIME")]
    pub version: Option<String>,
    /// Only the object itself, as STIX
    #[arg(long)]
    pub stix: bool,
}

/// Whom something is for, beside its TLP.
#[derive(Debug, Args)]
pub struct Audience {
    /// For these only: `circle:NAME`, `member:NAME`, `person:MEMBER/NAME`, with commas between
    #[arg(long, value_name = "RECIPIENT", value_delimiter = ',')]
    pub to: Vec<String>,
    /// Hold it back from everybody but those, until you lift it; what it is about
    #[arg(long, value_name = "CASE")]
    pub embargo: Option<String>,
    /// The embargo is not lifted before this time (RFC 3339), or a day's beginning (UTC)
    #[arg(long, value_name = "TIME", value_parser = super::time, requires = "embargo")]
    pub until: Option<String>,
}

/// `accord import`
#[derive(Debug, Args)]
pub struct Import {
    /// Files; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Through this collection, by title, alias or id
    #[arg(long, value_name = "COLLECTION")]
    pub collection: Option<String>,
    /// On behalf of this member, by name or id; for administrators
    #[arg(long, value_name = "MEMBER")]
    pub member: Option<String>,
    /// The label of objects that bring none [default: the collection's, else AMBER]
    #[arg(long, value_name = "TLP")]
    pub tlp: Option<String>,
    #[command(flatten)]
    pub audience: Audience,
    /// Without your organisation's name: the node vouches for it, takes all of it or nothing, and lets it in later
    #[arg(long)]
    pub without_name: bool,
    /// What the input is
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = ["auto", "stix", "csv", "list"])]
    pub format: String,
    /// CSV: which column, by name or number, is what, such as `value=ip`; may be given several times
    #[arg(long, value_name = "ROLE=COLUMN")]
    pub column: Vec<String>,
    /// List: the type of its values, such as `ipv4` or `domain` [default: guessed]
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Rows of a CSV or a list are valid for this long, such as 30d or 12h
    #[arg(long, value_name = "DURATION", value_parser = super::span)]
    pub expire: Option<String>,
    /// A name for where a CSV or a list comes from
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Judge and count, write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `accord export`
#[derive(Debug, Args)]
pub struct Export {
    /// Where to [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// As a STIX bundle, one object a line, CSV, or a plain list of values; or what your policy lets act, as sensors read it:
    /// zeek, suricata, rpz and so on (`accord feed` lists them), into a folder; `csv` is that one with `--action` or `--tlp`
    #[arg(long, value_name = "FORMAT", default_value = "stix")]
    pub format: String,
    /// Every version, with labels and sources: complete enough to leave
    #[arg(long)]
    pub full: bool,
    /// Only what is in this collection
    #[arg(long, value_name = "COLLECTION")]
    pub collection: Option<String>,
    /// Only objects of this type; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Only the object of this id; may be given several times
    #[arg(long = "id", value_name = "ID")]
    pub ids: Vec<String>,
    /// Only what was added after this time (RFC 3339), or a day's beginning (UTC)
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub added_after: Option<String>,
    /// For sensors: nothing that bears a stricter label
    #[arg(long, value_name = "TLP")]
    pub tlp: Option<String>,
    /// For sensors: only what does at least this [default: the least that sensors of the format do]
    #[arg(long, value_name = "ACTION", value_parser = ["context", "alert", "block"])]
    pub action: Option<String>,
}

/// `accord status`
#[derive(Debug, Args)]
pub struct Status {
    /// The submission's id, as `accord import` or TAXII told it
    #[arg(value_name = "SUBMISSION")]
    pub submission: String,
}

/// `accord note`
#[derive(Debug, Args)]
pub struct Note {
    /// The object's STIX id
    #[arg(value_name = "ID")]
    pub id: String,
    /// What you have to say
    #[arg(value_name = "TEXT")]
    pub text: String,
    /// The label of what you say, no lower than the object's [default: the object's]
    #[arg(long, value_name = "TLP")]
    pub tlp: Option<String>,
    /// Say it without your name: the node vouches for a member, and it enters later
    #[arg(long)]
    pub without_name: bool,
}

/// `accord opinion`
#[derive(Debug, Args)]
pub struct Opinion {
    /// The object's STIX id
    #[arg(value_name = "ID")]
    pub id: String,
    /// How far you agree
    #[arg(value_name = "OPINION", value_parser = ["strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"])]
    pub opinion: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub why: Option<String>,
    /// The label of what you say, no lower than the object's [default: the object's]
    #[arg(long, value_name = "TLP")]
    pub tlp: Option<String>,
    /// Say it without your name: the node vouches for a member, and it enters later
    #[arg(long)]
    pub without_name: bool,
}

/// `accord tag`
#[derive(Debug, Args)]
pub struct Tag {
    /// The object's STIX id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Words, or machine tags such as `namespace:predicate="value"`
    #[arg(value_name = "TAG", required = true)]
    pub tags: Vec<String>,
    /// The label of what you say, no lower than the object's [default: the object's]
    #[arg(long, value_name = "TLP")]
    pub tlp: Option<String>,
    /// Say it without your name: the node vouches for a member, and it enters later
    #[arg(long)]
    pub without_name: bool,
}

/// `accord revoke`
#[derive(Debug, Args)]
pub struct Revoke {
    /// The object's STIX id
    #[arg(value_name = "ID")]
    pub id: String,
    /// The label of what you say, no lower than the object's [default: the object's]
    #[arg(long, value_name = "TLP")]
    pub tlp: Option<String>,
    /// Say it without your name: the node vouches for a member, and it enters later
    #[arg(long)]
    pub without_name: bool,
}

/// `accord withdraw`
#[derive(Debug, Args)]
pub struct Withdraw {
    /// The object's STIX id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Only this version; may be given several times
    #[arg(long, value_name = "TIME")]
    pub version: Vec<String>,
}

/// `accord preview`
#[derive(Debug, Args)]
pub struct Preview {
    /// Its TLP [default: AMBER]
    #[arg(long, value_name = "TLP")]
    pub tlp: Option<String>,
    /// Said without your organisation's name
    #[arg(long)]
    pub without_name: bool,
    #[command(flatten)]
    pub audience: Audience,
}

/// `accord trace`
#[derive(Debug, Args)]
pub struct Trace {
    /// The object's STIX id
    #[arg(value_name = "ID")]
    pub id: String,
}

/// `accord ledger`
#[derive(Debug, Args)]
pub struct Ledger {
    /// The object's STIX id
    #[arg(value_name = "ID", required_unless_present = "disclosures", conflicts_with = "disclosures")]
    pub id: Option<String>,
    /// Every disclosure to an authority instead: for administrators, of their own organisation or of the node
    #[arg(long)]
    pub disclosures: bool,
    /// As an administrator of the node: who was given it, whether you see it or not
    #[arg(long)]
    pub audit: bool,
    /// At most so many rows
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub limit: u64,
    /// Go on behind an earlier page
    #[arg(long, value_name = "CURSOR")]
    pub next: Option<String>,
}

/// `accord disclose`
#[derive(Debug, Args)]
pub struct Disclose {
    /// The objects, by STIX id: these, and nothing else
    #[arg(value_name = "ID", required_unless_present = "extend", conflicts_with = "extend")]
    pub ids: Vec<String>,
    /// To whom
    #[arg(long, value_name = "AUTHORITY", required_unless_present = "extend", conflicts_with = "extend")]
    pub to: Option<String>,
    /// The law or the order that compels it, and its reference
    #[arg(long, value_name = "TEXT", required_unless_present = "extend", conflicts_with = "extend")]
    pub basis: Option<String>,
    /// Of each object what this member said, by name or id [default: what its owner says]
    #[arg(long, value_name = "MEMBER", conflicts_with = "extend")]
    pub source: Option<String>,
    /// Where you may not tell of it: the participants are told at this time instead of now (RFC 3339), or a day's beginning (UTC)
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub gag_until: Option<String>,
    /// Seal an earlier disclosure for longer, by its id, which is recorded too
    #[arg(long, value_name = "DISCLOSURE", requires = "gag_until")]
    pub extend: Option<String>,
    /// A file with the token of another administrator, who agrees
    #[arg(long, value_name = "FILE", conflicts_with = "extend")]
    pub second: Option<PathBuf>,
    /// Write the objects to this new file [default: standard output]
    #[arg(long, value_name = "FILE", conflicts_with = "extend")]
    pub out: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// `accord relabel`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true)
    .args(["tlp", "to", "everybody", "embargo", "lift"]))]
pub struct Relabel {
    /// The object's STIX id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Its TLP from now on
    #[arg(long, value_name = "TLP")]
    pub tlp: Option<String>,
    #[command(flatten)]
    pub audience: Audience,
    /// For everybody that its TLP lets
    #[arg(long, conflicts_with = "to")]
    pub everybody: bool,
    /// Lift the embargo
    #[arg(long, conflicts_with = "embargo")]
    pub lift: bool,
}

/// `accord share`
#[derive(Debug, Args)]
pub struct Share {
    /// Files: STIX, CSV, lists, or running text; `-`, or nothing, reads standard input, where text can be pasted
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The label of what brings none [default: AMBER]
    #[arg(long, value_name = "TLP")]
    pub tlp: Option<String>,
    /// For these only: `circle:NAME`, `member:NAME`, `person:MEMBER/NAME`, with commas between
    #[arg(long, value_name = "RECIPIENT", value_delimiter = ',')]
    pub to: Vec<String>,
    /// Hold it back from everybody but those, until you lift it; what it is about
    #[arg(long, value_name = "CASE")]
    pub embargo: Option<String>,
    /// The embargo is not lifted before this time (RFC 3339), or a day's beginning (UTC)
    #[arg(long, value_name = "TIME", value_parser = super::time, requires = "embargo")]
    pub until: Option<String>,
    /// What the values are and how you know; for what says nothing of itself
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// What they are about, as tags; may be given several times
    #[arg(long, value_name = "TAG")]
    pub about: Vec<String>,
    /// Where more is written
    #[arg(long, value_name = "URL")]
    pub reference: Option<String>,
    /// Values are valid for this long, such as 30d or 12h
    #[arg(long, value_name = "DURATION", value_parser = super::span)]
    pub expire: Option<String>,
    /// Your own addresses, networks and names, one a line: an alarm if one of them is about to leave. Stays on this machine
    #[arg(long, value_name = "FILE")]
    pub own: Option<PathBuf>,
    /// Tell, share nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// `accord recall`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Recall {
    /// Look at a recall instead
    #[command(subcommand)]
    pub command: Option<RecallCommand>,
    /// Objects of your organisation, by STIX id
    #[arg(value_name = "ID", required_unless_present_any = ["submission", "source", "member"])]
    pub ids: Vec<String>,
    /// All that this submission brought
    #[arg(long, value_name = "SUBMISSION")]
    pub submission: Option<String>,
    /// All indicators of your organisation from this source, however many, as `accord import --source` names it
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// All that this member said, by its name or without it: your own, or any for an administrator; with `--source`, from that alone
    #[arg(long, value_name = "NAME", conflicts_with_all = ["ids", "submission"])]
    pub member: Option<String>,
    /// Only what was said from this time on, such as a member's last day
    #[arg(long, value_name = "TIME", value_parser = super::time, conflicts_with_all = ["ids", "submission"])]
    pub since: Option<String>,
    /// Do not wait until all of a member or a source is taken back; from sensors it is gone all the same
    #[arg(long)]
    pub no_wait: bool,
    /// Why; everybody who sees the objects is told
    #[arg(long, value_name = "TEXT", required = true)]
    pub reason: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// What else there is to do about recalls.
#[derive(Debug, Subcommand)]
pub enum RecallCommand {
    /// Recalls of all that a member or a source said, and how far they are carried out
    List,
    /// Show a recall; for those who recalled, who holds what, and who has not confirmed
    Show(Which),
    /// Confirm that you have read of a recall
    Confirm(Which),
}

/// `accord erase`
#[derive(Debug, Args)]
pub struct Erase {
    /// The object's STIX id
    #[arg(value_name = "ID", required_unless_present = "subject", conflicts_with = "subject")]
    pub id: Option<String>,
    /// All that says something of this instead: an address, a domain, an email address, an id, a name, defanged or not; `-`
    /// reads it from standard input, since others on this machine can see arguments
    #[arg(long, value_name = "VALUE")]
    pub subject: Option<String>,
    /// Why; it is kept with the erasure
    #[arg(long, value_name = "TEXT", required_unless_present = "dry_run")]
    pub reason: Option<String>,
    /// With `--subject`: tell how much there is, and erase nothing
    #[arg(long, requires = "subject")]
    pub dry_run: bool,
    /// With `--subject`: do not ask
    #[arg(long, requires = "subject")]
    pub yes: bool,
}

/// `accord origin`
#[derive(Debug, Args)]
pub struct Origin {
    /// The object's STIX id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why you ask; the audit keeps it
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}
