//! The command line as data: help, man page and completions are made from it.

mod asset;
mod circle;
mod data;
mod edge;
mod manage;
mod protect;
mod queue;
mod scan;
mod seen;
mod shield;

pub use asset::*;
pub use circle::*;
pub use data::*;
pub use edge::*;
pub use manage::*;
pub use protect::*;
pub use queue::*;
pub use scan::*;
pub use seen::*;
pub use shield::*;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::settings::Raw;

/// Collective defence in one binary: take in threat data, keep who said it and for whom, find it, share it.
#[derive(Debug, Parser)]
#[command(name = "accord", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = AFTER_HELP)]
#[command(subcommand_value_name = "COMMAND")]
pub struct Arguments {
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Every command but `serve` and `edge` speaks to a node: the one of `--url`; else the one that runs on the folder of `--data`; \
else the folder itself. Without both, and without a folder here, the node of the last `accord login`.

Exit codes: 0 done; 1 found something (a lookup hit, a rejected object, nothing of that name); 2 the command or its \
input makes no sense; 3 not signed in or not allowed; 4 the node cannot be reached or cannot answer; 5 it does \
not fit what stands (it exists already, an embargo has not ended), or another process has the folder.";

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Which node")]
pub struct Global {
    /// The node's folder [env: ACCORD_DATA] [default: ./accord-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The address of a node to talk to instead of a folder [env: ACCORD_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// The token to act by, also beside the folder; others on this machine can see arguments, so prefer the variable or `accord login`
    /// [env: ACCORD_TOKEN]
    #[arg(long, global = true, value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Authorities in PEM to trust beside the system's [env: ACCORD_CA]
    #[arg(long, global = true, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The settings file [env: ACCORD_CONFIG] [default: accord.toml in the folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Change a setting, such as `node.title=Ours`; `accord config show` lists them
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub set: Vec<(String, String)>,
    /// Answer in JSON; streams are one document a line
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
    /// Say nothing but the answer and what went wrong
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
}

/// A span as the node reads it: digits, and a unit.
///
/// # Errors
/// What was expected, where it is none.
pub fn span(text: &str) -> Result<String, String> {
    let digits = text.strip_suffix(['s', 'm', 'h', 'd', 'w']).unwrap_or(text);
    let is_span = digits.parse::<u64>().is_ok_and(|number| number > 0);
    is_span.then(|| text.to_owned()).ok_or_else(|| "expected a span such as `30d`, `12h` or `90s`".to_owned())
}

/// A time as the node reads it: as in RFC 3339, or a day for its beginning in UTC.
///
/// # Errors
/// What was expected, where it is neither.
pub fn time(text: &str) -> Result<String, String> {
    let day = format!("{text}T00:00:00Z");
    let is_time = |text: &str| text.parse::<model::Timestamp>().is_ok();
    let time = [text, &day].into_iter().find(|time| is_time(time));
    time.map(str::to_owned)
        .ok_or_else(|| "expected a time such as `2026-11-01T08:00:00Z`, or a day".to_owned())
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the node
    Serve(Serve),
    /// Sign in: trade the one-time secret for a token, and keep it for the commands that follow
    Login(Login),
    /// Who the node takes you for
    Whoami,
    /// What is known of addresses, domains, URLs, hashes and e-mail addresses; exit code 1 on a hit
    Lookup(Lookup),
    /// Go through logs and find what is known: by the fields of each format, on all cores; exit code 1 on a hit
    Scan(Scan),
    /// What is known, in a file for scans that ask no node
    #[command(subcommand)]
    Shield(ShieldCommand),
    /// Why a value is blocked, alerts, or is left alone at your sensors; exit code 1 if it is blocked or alerts
    Why(Why),
    /// Follow what is new, changed or gone, as it happens
    Stream(Follow),
    /// Call indicators a mistake: at your own sensors they do nothing any more, and everybody who sees them is told
    Mistaken(Mistaken),
    /// Say that indicators were seen: how often and when, or where as well
    Sighted(Sighted),
    /// Find objects by text, type, source, label, time, relation, external id or alias
    Search(Search),
    /// What other members say under your ids or in your name: of each of them the last version
    Claims(Claims),
    /// One object: its versions, what others claim, and one step around it
    Show(Show),
    /// Take in bundles, NDJSON, STIX 2.0, CSV and plain lists, also compressed; exit code 1 if objects were refused
    Import(Import),
    /// Share files, lists or pasted text: tells what to look at before it leaves and who would see it, and asks
    Share(Share),
    /// Write out what you may see
    Export(Export),
    /// What became of a submission
    Status(Status),
    /// Say something about an object
    Note(Note),
    /// Say how far you agree with an object
    Opinion(Opinion),
    /// Tag an object
    Tag(Tag),
    /// Revoke an object: your own gets a new version, on another's you say so
    Revoke(Revoke),
    /// Take an object back: it is gone on every road, its history stays
    Withdraw(Withdraw),
    /// Take objects back and tell everybody who sees them; who holds them is told, and who has not confirmed
    Recall(Recall),
    /// The agents beside your sensors: which are there, how far each is, what is wrong
    Edges,
    /// Who would see what you say under a label, and why
    Preview(Preview),
    /// Who sees your object, since when and why; and whom which rule keeps it from
    Trace(Trace),
    /// Who knew what, when: who could see an object, and was given it first, that is or was RED or under embargo
    Ledger(Ledger),
    /// Give listed objects to an authority under compulsion; the record says so first, and the participants are told
    Disclose(Disclose),
    /// Give your object another label, wider or narrower, or lift its embargo
    Relabel(Relabel),
    /// Remove the bytes of an object for good, for a reason
    Erase(Erase),
    /// Who said an object without a name, for those who administer the node; the audit keeps who asked
    Origin(Origin),
    /// Organisations and researchers that take part
    #[command(subcommand)]
    Member(MemberCommand),
    /// Persons of a member
    #[command(subcommand)]
    Person(PersonCommand),
    /// Circles: named audiences that your member makes, joins and leaves
    #[command(subcommand)]
    Circle(CircleCommand),
    /// What is your organisation's own: told to nobody else, and to you before it leaves
    #[command(subcommand)]
    Asset(AssetCommand),
    /// Tell the node what your sensors saw, to be counted and compared with what is known; exit code 1 on a hit or a mistake
    Events(Events),
    /// How widely values were seen by your sensors of late; exit code 1 if one was
    Seen(Seen),
    /// What your sensors saw and is known, the newest first; exit code 1 if there is something
    Hits(Hits),
    /// What your organisation lets block, alert or only inform at its sensors
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// What sensors can read, and from where: Zeek, Suricata, RPZ, Unbound, nftables and others
    Feed,
    /// Run the agent beside sensors: it holds what acts, and makes each sensor hold it, live
    Edge(Edge),
    /// TAXII collections
    #[command(subcommand)]
    Collection(CollectionCommand),
    /// Tokens for clients
    #[command(subcommand)]
    Token(TokenCommand),
    /// Submissions that wait for a curator, for who curates; exit code 1 from `list` if one waits longer than it should
    #[command(subcommand)]
    Queue(QueueCommand),
    /// What your organisation sent that waits for a curator, or waited, and what became of it
    Submissions,
    /// Arrivals that were refused and are still kept
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// What was done, when and by which token
    Audit(AuditList),
    /// Who read how much, and when: for your organisation by token and person, of others by member alone
    Reads(ReadsList),
    /// How long what is kept
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// Figures of the node
    Statistics,
    /// Copy the node's folder to another, while it runs or not
    Backup(Backup),
    /// Make a folder from a backup
    Restore(Restore),
    /// Drop the views and make them again from the record; exit code 1 if they were not the same
    Rebuild,
    /// Check everything that is kept; exit code 1 if something is wrong
    Check,
    /// Settings in force
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Completions for a shell, on standard output
    Completions(Completions),
    /// The man page, on standard output
    Man,
    /// The version of this binary
    Version,
}

/// `accord serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Address to listen on; may be given several times
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Vec<String>,
    /// The address that clients use, when there is a proxy in front
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Network of proxies whose forwarding headers are believed; may be given several times
    #[arg(long, value_name = "NETWORK")]
    pub trusted_proxy: Vec<String>,
    /// Certificate chain in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<String>,
    /// The certificate's private key in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<String>,
    /// Authorities in PEM whose client certificates may stand for a token
    #[arg(long, value_name = "FILE")]
    pub tls_client_ca: Option<String>,
    /// How to log
    #[arg(long, value_name = "FORMAT", value_parser = ["text", "json"])]
    pub log_format: Option<String>,
}

impl Serve {
    /// The settings that these flags set: (flag, key, value).
    pub fn settings(&self) -> Vec<(String, String, Raw)> {
        let list = |values: &[String]| (!values.is_empty()).then(|| Raw::List(values.to_vec()));
        let text = |value: &Option<String>| value.clone().map(Raw::Text);
        [
            ("--listen", "listen.addresses", list(&self.listen)),
            ("--public-url", "listen.public_url", text(&self.public_url)),
            ("--trusted-proxy", "listen.trusted_proxies", list(&self.trusted_proxy)),
            ("--tls-cert", "listen.tls_certificate", text(&self.tls_cert)),
            ("--tls-key", "listen.tls_key", text(&self.tls_key)),
            ("--tls-client-ca", "listen.tls_client_ca", text(&self.tls_client_ca)),
            ("--log-format", "log.format", text(&self.log_format)),
        ]
        .into_iter()
        .filter_map(|(flag, key, raw)| Some((flag.to_owned(), key.to_owned(), raw?)))
        .collect()
    }
}

/// `accord login`
#[derive(Debug, Args)]
pub struct Login {
    /// The node's address; the same as `--url`
    #[arg(value_name = "URL")]
    pub address: Option<String>,
    /// Make a new one-time secret and print it; for the one who owns the folder
    #[arg(long, conflicts_with = "address")]
    pub renew: bool,
}

/// `accord config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Every setting: its value, and where it came from
    Show,
}

/// `accord completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}
