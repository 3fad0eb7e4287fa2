//! What verbs answer with, ready to be written as JSON and to be shown on pages. Times are RFC 3339 text.

mod circle;
mod desk;
mod directory;
mod edge;
mod erased;
mod ledger;
mod protect;
mod recalled;
mod said;
mod seen;
mod shared;
mod submitted;

pub use circle::*;
pub use desk::*;
pub use directory::*;
pub use edge::*;
pub use erased::*;
pub use ledger::*;
pub use protect::*;
pub use recalled::*;
pub use said::*;
pub use seen::*;
pub use shared::*;
pub use submitted::*;

use serde::Serialize;

/// Something with an id and a name.
#[derive(Debug, Clone, Serialize)]
pub struct Named {
    /// Its UUID.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Whom a label names, as far as the reader may know.
#[derive(Debug, Clone, Serialize)]
pub struct Audience {
    /// Circles of his.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub circles: Vec<Named>,
    /// Members: all for the author, himself for others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Named>,
    /// Persons: all for the author, those of his own member for others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<Named>,
    /// How many others are named.
    pub others: u64,
    /// The embargo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embargo: Option<Embargo>,
}

/// Who sees something, or would: those the one who says it may know by name, the others by number.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Preview {
    /// The TLP; empty for what stands nowhere.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Whom the label names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// When it entered, for what stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entered: Option<String>,
    /// For how many days it is kept, by the charters that the member agreed to; absent where none lets it go, and without a
    /// name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_days: Option<u32>,
    /// Those who see it.
    pub sees: Vec<Seer>,
    /// Others who do.
    pub others: Vec<SeenByOthers>,
    /// Those who do not.
    pub kept_from: Vec<KeptFrom>,
    /// Visitors without a token see it.
    pub visitors: bool,
    /// That it would wait, and for whom; not of what stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Others who took it with more in lists, exports or the stream, as far as that is written down; of what stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub got_by_others: Option<u64>,
    /// What of it did not arrive, or is gone, and why, the newest first; of what was sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Stopped>,
}

/// What kept something that was sent from those whom it is for.
#[derive(Debug, Clone, Serialize)]
pub struct Stopped {
    /// `waits`, `refused`, `withdrawn` or `erased`.
    pub what: &'static str,
    /// When: since when it waits, or when that was done.
    pub at: String,
    /// The rule or the error.
    pub why: String,
    /// The submission, as far as that is still known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submission: Option<String>,
}

/// That somebody took something together with more.
#[derive(Debug, Clone, Serialize)]
pub struct Got {
    /// When first, as far as that is written down.
    pub at: String,
    /// By which road: `list`, `export`, `stream` and the like.
    pub road: String,
}

/// Somebody who sees it.
#[derive(Debug, Clone, Serialize)]
pub struct Seer {
    /// The member.
    pub member: Named,
    /// The person, where it is for persons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Named>,
    /// The rule that lets them.
    pub why: String,
    /// Since when it is there for them, for what stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When they first took it with more in a list, an export or the stream; left out where they did not, as far as that is
    /// written down. Who asked for this very thing is told to nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub got: Option<Got>,
}

/// Some who see it by one rule.
#[derive(Debug, Clone, Serialize)]
pub struct SeenByOthers {
    /// How many.
    pub count: u64,
    /// The rule that lets them.
    pub why: String,
}

/// A member that does not see it.
#[derive(Debug, Clone, Serialize)]
pub struct KeptFrom {
    /// The member.
    pub member: Named,
    /// The rule that keeps it from them.
    pub why: String,
}

/// An embargo, for those who see what is under it.
#[derive(Debug, Clone, Serialize)]
pub struct Embargo {
    /// What it is about.
    pub case: String,
    /// It is not lifted before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A finding on one object of a submission.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// `must` or `should`.
    pub severity: &'static str,
    /// A stable word for what is wrong.
    pub code: String,
    /// RFC 6901 pointer into the object.
    pub pointer: String,
    /// The clause of the standard.
    pub clause: String,
    /// What is wrong.
    pub message: String,
}

/// How often a finding was made.
#[derive(Debug, Clone, Serialize)]
pub struct FindingCount {
    /// `must` or `should`.
    pub severity: &'static str,
    /// The finding's word.
    pub code: String,
    /// The clause of the standard.
    pub clause: String,
    /// How often.
    pub count: u64,
}

/// An object as lists show it.
#[derive(Debug, Clone, Serialize)]
pub struct ObjectSummary {
    /// Its STIX id.
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name, value or pattern: the best short text for it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// When it was added, for this reader.
    pub added: String,
    /// Its label, such as `TLP:AMBER`.
    pub label: String,
    /// Whom the label names beside, as far as this reader may know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// Who said it, where the origin is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Named>,
    /// Who vouches for it, where the origin is withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vouched: Option<Vouched>,
    /// How many members say it, where there are several, the id is nobody's, and this is a row of a search. Those whose
    /// origin is withheld count as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<u64>,
    /// What recipients may do with it, where not everything (IEP 2.0, `permitted_actions`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permitted_actions: Option<&'static str>,
    /// It is revoked by its author.
    pub revoked: bool,
    /// It is a claim: another member owns the id, and this reader sees him say so.
    pub claim: bool,
    /// From when it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
    /// Until when it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
}

/// Who read how much, the newest first.
#[derive(Debug, Clone, Serialize)]
pub struct Reads {
    /// The rows.
    pub reads: Vec<Read>,
    /// Older ones follow: ask for those before the time of the last.
    pub more: bool,
}

/// An answer that lent something.
#[derive(Debug, Clone, Serialize)]
pub struct Read {
    /// When. No two rows share a time.
    pub at: String,
    /// The road: `list`, `manifest`, `versions`, `object`, `search`, `claims`, `lookup` or `export`.
    pub verb: String,
    /// For which member it was read.
    pub member: Named,
    /// By which token, for its own member; the folder's owner where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Named>,
    /// The person that the token names, for his own member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Named>,
    /// Through which collection, for its own member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<Named>,
    /// The strictest label of what was lent.
    pub label: String,
    /// How many entries.
    pub entries: u64,
    /// The least time at which something of it was added, for its own member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The greatest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// Objects, and where the next ones begin.
#[derive(Debug, Clone, Serialize)]
pub struct ObjectPage {
    /// The objects of this page, newest first.
    pub objects: Vec<ObjectSummary>,
    /// More follow.
    pub more: bool,
    /// The cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Counts of what this reader may see, by facet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facets: Vec<Facet>,
}

/// A facet's counts.
#[derive(Debug, Clone, Serialize)]
pub struct Facet {
    /// `type`, `source`, `label`, `tag`.
    pub name: String,
    /// Values and counts, the most frequent first.
    pub values: Vec<(String, u64)>,
    /// Counted over the first 10,000 hits only.
    pub partial: bool,
}

/// One object, its versions, what others claim, and one step around it.
#[derive(Debug, Clone, Serialize)]
pub struct ObjectView {
    /// The version shown.
    pub summary: ObjectSummary,
    /// The policies of the reader's circles that it is said to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<CirclePolicy>,
    /// It, as a STIX 2.1 object.
    pub object: Box<serde_json::value::RawValue>,
    /// Every version that this reader may see, newest first.
    pub versions: Vec<ObjectSummary>,
    /// What other members say under this id.
    pub claims: Vec<ObjectSummary>,
    /// One step: objects that it refers to, or that refer to it.
    pub related: Vec<Related>,
    /// More are related than are listed.
    pub related_more: bool,
    /// Values that it says and who else said them, or which warning lists they are on; of its first 20.
    pub values: Vec<ValueSaid>,
    /// It says more values than were looked at.
    pub values_more: bool,
}

/// One step from an object.
#[derive(Debug, Clone, Serialize)]
pub struct Related {
    /// The relationship's type, or the property that refers.
    pub relation: String,
    /// `out` from the object, `in` towards it.
    pub direction: &'static str,
    /// The relationship object that says so, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<ObjectSummary>,
    /// What is at the other end. Only what this reader may see.
    pub object: ObjectSummary,
}

/// What is known of a value.
#[derive(Debug, Clone, Serialize)]
pub struct LookupAnswer {
    /// The value as asked.
    pub query: String,
    /// Its type, such as `ipv4`; absent when it is none that is understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its normal form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Why it is not understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Something that this reader may see mentions it.
    pub hit: bool,
    /// What mentions it, most telling first; at most the limit asked for.
    pub mentions: Vec<Mention>,
    /// More mention it.
    pub more: bool,
    /// Who said this very value, and when; left out where more than 100 values were asked about at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<WhoSaid>,
}

/// Something that mentions a value.
#[derive(Debug, Clone, Serialize)]
pub struct Mention {
    /// `exact`, `parent-domain`, `subdomain`, `covering-network`, `within-network`, `host`,
    /// `other-scheme`, `same-digits`, `file-name`, `mail-domain`, `covering-range`,
    /// `within-range`.
    pub relation: &'static str,
    /// The value that it mentions, in normal form.
    pub value: String,
    /// What mentions it.
    pub object: ObjectSummary,
    /// Valid now: not revoked, begun, not ended.
    pub active: bool,
    /// One step of context: malware, actors, techniques and the like.
    pub context: Vec<Related>,
}

/// How long statements of a type, of a source, are kept.
#[derive(Debug, Clone, Serialize)]
pub struct RetentionRule {
    /// By which it is removed.
    pub id: String,
    /// The type; absent means every type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The member; absent means every member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Named>,
    /// Days after which they are erased.
    pub days: u32,
    /// When the rule was added.
    pub added: String,
}

/// What the rules of retention reached.
#[derive(Debug, Clone, Serialize)]
pub struct RetentionRun {
    /// Nothing was erased, only counted.
    pub dry_run: bool,
    /// Statements reached, by rules and by charters; when nothing is erased, by two count twice.
    pub statements: u64,
    /// Of these, by charters of circles. Which, the members of each are told.
    pub charters: u64,
    /// Each rule, in order.
    pub rules: Vec<RetentionReached>,
}

/// What one rule reached.
#[derive(Debug, Clone, Serialize)]
pub struct RetentionReached {
    /// The rule.
    #[serde(flatten)]
    pub rule: RetentionRule,
    /// Statements.
    pub statements: u64,
}
