//! What acts at a receiver, and why.

use serde::Serialize;

/// What a member lets act at its sensors.
#[derive(Debug, Clone, Serialize)]
pub struct Policy {
    /// As it was written, in TOML.
    pub text: String,
    /// It is the node's, for members that wrote none.
    pub default: bool,
    /// When it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// Rules that name nobody who is known to the member by now, each with its line: they let nothing act.
    pub unknown: Vec<String>,
    /// Warning lists of the node that are left out, since they would hold back nearly everything, each with why.
    pub left_out: Vec<String>,
}

/// A format of what sensors read.
#[derive(Debug, Clone, Serialize)]
pub struct FeedFormat {
    /// Its name.
    pub format: String,
    /// The least that its sensors do: `context`, `alert` or `block`.
    pub least_action: String,
    /// Its files.
    pub files: Vec<FeedFile>,
}

/// A file of a format.
#[derive(Debug, Clone, Serialize)]
pub struct FeedFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// The kinds of values that it may hold.
    pub kinds: Vec<String>,
}

/// What a file for sensors was made of.
#[derive(Debug, Clone, Serialize)]
pub struct FeedMade {
    /// As of when.
    pub as_of: String,
    /// Entries that it holds.
    pub entries: u64,
    /// Values that act, of the kinds that the file may hold.
    pub values: u64,
    /// Values that were judged for it; the others are as they were in the file before.
    pub judged: u64,
    /// Its length.
    pub bytes: u64,
    /// A print of its entries without the first lines and the last, which tell the time.
    pub items: String,
    /// How many values were not written, or not in full, by reason.
    pub passed_over: std::collections::BTreeMap<String, u64>,
}

/// What a value that was seen does, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Why {
    /// As it was asked.
    pub query: String,
    /// What kind of observable it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its normal form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why rules are held, with line and column: they leave in no file for sensors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// The most that is done: `block`, `alert`, `context` or `nothing`.
    pub action: String,
    /// What of it is known: the value itself, or what it is part of, the closest first.
    pub known: Vec<Known>,
    /// There is more than is told.
    pub more: bool,
}

/// Something that indicators say by itself, and that a value which was seen is or is part of.
#[derive(Debug, Clone, Serialize)]
pub struct Known {
    /// What.
    pub value: String,
    /// What it is to the value that was seen.
    pub nearness: String,
    /// What it does, in each mode that it is meant in.
    pub verdicts: Vec<Verdict>,
    /// What is asked of the value, whoever says it.
    pub gates: Vec<Gate>,
    /// Who says it, and what is asked of each.
    pub said: Vec<Said>,
}

/// What a value does in one mode.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// How it is meant: `exact`, `subdomains` and so on.
    pub mode: String,
    /// That the value which was seen is meant by it.
    pub meets: bool,
    /// `block`, `alert`, `context` or `nothing`.
    pub action: String,
    /// Until when, if nothing changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How many origins say so, as far as they let it do this.
    pub origins: usize,
    /// The indicator that it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rests_on: Option<String>,
}

/// Something that was asked, and what it lets the value do.
#[derive(Debug, Clone, Serialize)]
pub struct Gate {
    /// Which: `valid`, `permitted`, `rule`, `warning-list` and so on.
    pub gate: String,
    /// The most that it lets the value do: `block`, `alert`, `context` or `nothing`.
    pub lets: String,
    /// What it went by: the rule, the list, the figure.
    pub by: String,
    /// The time that it went by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// An indicator that says a value by itself.
#[derive(Debug, Clone, Serialize)]
pub struct Said {
    /// Its id.
    pub id: String,
    /// Who says it, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<super::Named>,
    /// It is of one's own organisation.
    pub own: bool,
    /// Its TLP label.
    pub label: String,
    /// When it entered.
    pub entered: String,
    /// Who says that it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sighted: Option<Voices>,
    /// Who calls it a mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mistaken: Option<Voices>,
    /// What others say of what its source says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<SourceRecord>,
    /// What is asked of it.
    pub gates: Vec<Gate>,
}

/// Who says something of an indicator, as far as the reader sees it.
#[derive(Debug, Clone, Serialize)]
pub struct Voices {
    /// So many members, each once; those that the desk does not name count as one.
    pub members: usize,
    /// One's own organisation does.
    pub own: bool,
    /// When it was seen last, or when the last of them called it a mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// How a source's indicators did, by what others say of them and the reader sees.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceRecord {
    /// Indicators that others saw.
    pub sighted: u64,
    /// By so many members.
    pub sighted_by: u64,
    /// Indicators that others call a mistake.
    pub mistaken: u64,
    /// So many members.
    pub mistaken_by: u64,
    /// There is more than was counted.
    pub more: bool,
}

/// What was said of an indicator.
#[derive(Debug, Clone, Serialize)]
pub struct Given {
    /// Its id.
    pub indicator: String,
    /// The member said so before, and nothing was said again.
    pub known: bool,
    /// What became of what was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<super::Outcome>,
}

/// What became of sightings that were reported.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Reported {
    /// How many there were, those of one indicator and day as one.
    pub sightings: u64,
    /// Said now.
    pub said: u64,
    /// As much was said of the indicator and the day before.
    pub known: u64,
    /// They wait for a curator.
    pub pending: u64,
    /// Of indicators that the caller does not see, or may not speak of.
    pub unknown: u64,
    /// Refused, or something else was said of it in the same millisecond.
    pub refused: u64,
    /// Why the first of these was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_refused: Option<String>,
}
