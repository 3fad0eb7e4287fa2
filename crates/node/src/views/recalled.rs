//! What a recall answers.

use serde::Serialize;

use super::Named;

/// What was recalled.
#[derive(Debug, Clone, Serialize)]
pub struct Recalled {
    /// The entries that say so, one for each label; each goes wherever the objects went.
    pub recalls: Vec<RecallEntry>,
    /// Versions that were taken back.
    pub withdrawn: u64,
    /// Who holds some of it, and who knows of the recall. What left is where it is.
    pub held: RecallHeld,
    /// All that a member or a source said: how far it is taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<RecallSweep>,
}

/// A recall of all that a member said, or of all of it from a source. From its beginning on it acts at no sensor.
#[derive(Debug, Clone, Serialize)]
pub struct RecallSweep {
    /// Its id.
    pub id: String,
    /// Who said it.
    pub member: Named,
    /// Who recalled it.
    pub by: Named,
    /// From which source alone.
    #[serde(rename = "source", skip_serializing_if = "Option::is_none")]
    pub feed: Option<String>,
    /// From when on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Why.
    pub reason: String,
    /// When it was recalled.
    pub at: String,
    /// All of it is taken back.
    pub done: bool,
    /// When that was so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<String>,
    /// How much of the record was looked through for it.
    pub percent: u64,
    /// Objects that were taken back so far.
    pub objects: u64,
    /// Versions.
    pub withdrawn: u64,
    /// Objects of which a version that is revoked was said.
    pub revoked: u64,
    /// Objects of which none could be said in the name of whoever recalls.
    pub unsaid: u64,
    /// The entries that say so, so far, one for each label; objects are not listed here.
    pub recalls: Vec<RecallEntry>,
    /// That it does not go on, and when it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RecallRetry>,
}

/// That a recall could not be carried out further of late. It holds all the same: none of it acts.
#[derive(Debug, Clone, Serialize)]
pub struct RecallRetry {
    /// How often, one after the other.
    pub failed: u32,
    /// When it is tried again.
    pub next: String,
}

/// A recall of all that a member or a source said, as it is listed.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum RecallListed {
    /// For the member that recalls, and the one whose it was.
    Whole(Box<RecallSweep>),
    /// For others who could recall it themselves.
    Part(RecallPart),
}

/// How far a recall is carried out, and nothing of what it takes back.
#[derive(Debug, Clone, Serialize)]
pub struct RecallPart {
    /// Its id.
    pub id: String,
    /// Who said it.
    pub member: Named,
    /// All of it is taken back.
    pub done: bool,
    /// How much of the record was looked through for it.
    pub percent: u64,
    /// That it does not go on, and when it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RecallRetry>,
}

/// An entry that says that objects are recalled.
#[derive(Debug, Clone, Serialize)]
pub struct RecallEntry {
    /// Its STIX id, that of a note.
    pub id: String,
    /// Its label, which is that of the objects.
    pub label: String,
    /// Why.
    pub reason: String,
    /// The objects.
    pub objects: Vec<String>,
}

/// One recall, as somebody sees it.
#[derive(Debug, Clone, Serialize)]
pub struct RecallView {
    /// The entry.
    #[serde(flatten)]
    pub entry: RecallEntry,
    /// Who recalled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Named>,
    /// Who holds some of it, and who knows; for those who recalled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<RecallHeld>,
    /// The edges of one's own member, for those who see them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<super::RecallEdge>,
    /// How far all that it tells of is taken back, where it tells of a member or a source; for those who could recall that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<RecallSweep>,
}

/// Who may hold what was recalled, by what was written down of reads.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RecallHeld {
    /// Members that the one who recalls may know, and that took it with others in lists, exports or the stream.
    pub members: Vec<RecallHolder>,
    /// All others that were lent some of it.
    pub others: u64,
    /// Of these, those that have read of the recall.
    pub others_confirmed: u64,
    /// How many days back reads are written down.
    pub days: u32,
}

/// A member that holds some of it.
#[derive(Debug, Clone, Serialize)]
pub struct RecallHolder {
    /// The member.
    pub member: Named,
    /// How many of the objects.
    pub objects: u64,
    /// It has read of the recall since.
    pub confirmed: bool,
    /// Its edges, where it has some that report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edges: Option<super::RecallEdges>,
}
