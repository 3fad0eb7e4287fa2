//! What is told before something is shared, and after.

use serde::Serialize;

use super::{ImportSummary, Named, Outcome, Preview};

/// What is about to leave, or has left.
#[derive(Debug, Clone, Serialize)]
pub struct Shared {
    /// Nothing has left.
    pub dry_run: bool,
    /// What the input was: `stix`, `csv`, `list` or `text`.
    pub format: &'static str,
    /// The values in it, in normal form; the first 10,000.
    pub values: Vec<String>,
    /// What others said of these values already.
    pub said: SaidAlready,
    /// What to look at before it leaves.
    pub alarms: Vec<Alarm>,
    /// Who would see it.
    pub preview: Preview,
    /// Who would see each object, by the labels that these would bear, in a dry run of what carries others than the one that is
    /// asked for; the first 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<SharedLabel>,
    /// What the import makes of it.
    pub summary: ImportSummary,
    /// What of it is refused; the first 20.
    pub refused: Vec<Outcome>,
}

/// What would bear one label.
#[derive(Debug, Clone, Serialize)]
pub struct SharedLabel {
    /// How many objects.
    pub objects: u64,
    /// Who would see them.
    pub preview: Preview,
}

/// What was said of values already, as far as the one who shares sees.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SaidAlready {
    /// Values that were looked at, at most 1,000.
    pub of: u64,
    /// Of these, said by others.
    pub by_others: u64,
    /// Of these, said by the one who shares.
    pub by_oneself: u64,
    /// Who, and of how many.
    pub by: Vec<SaidBy>,
}

/// Of how many values one source said something.
#[derive(Debug, Clone, Serialize)]
pub struct SaidBy {
    /// Who; absent for those whose origin is withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Named>,
    /// Values.
    pub values: u64,
}

/// Something to look at before it leaves.
#[derive(Debug, Clone, Serialize)]
pub struct Alarm {
    /// A word: `own`, `secret`, `reserved`, `public-suffix`, `warning-list`, `personal-data`, `inside`, `no-context`, `revoked`,
    /// `lower-label`.
    pub what: &'static str,
    /// How many values, or objects.
    pub count: u64,
    /// Why it matters.
    pub why: String,
    /// Some of them.
    pub values: Vec<String>,
}
