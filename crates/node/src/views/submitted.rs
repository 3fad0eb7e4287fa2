//! What became of what was submitted and imported.

use serde::Serialize;

use super::{Finding, FindingCount};
use crate::core::checks::Found;

/// What became of one object of a submission.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// Where in the submission, from 0.
    pub ordinal: u64,
    /// The line of the input that it begins on, from 1; an import tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Its id as far as it could be read.
    pub id: String,
    /// Its version's text, or the time that stands for it.
    pub version: String,
    /// `new`, `duplicate`, `claim`, `equivocation`, `rejected` or `pending`.
    pub state: &'static str,
    /// Why, for what was not simply taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the standard says about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

impl Outcome {
    /// Of an object that waits, and why.
    pub(crate) fn pending(why: &str) -> Outcome {
        Outcome {
            ordinal: 0,
            line: None,
            id: String::new(),
            version: String::new(),
            state: "pending",
            message: Some(why.to_owned()),
            findings: Vec::new(),
        }
    }
}

/// That something is kept before it enters: why, for how long, and who decides.
#[derive(Debug, Clone, Serialize)]
pub struct Waiting {
    /// Why, one sentence.
    pub why: String,
    /// Who decides; absent where nobody has to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decides: Option<String>,
    /// When it should be answered at the latest, where somebody decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// What nobody answers by then is returned; otherwise it waits on.
    pub returned_then: bool,
    /// When it enters at the earliest, where it enters together with others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enters: Option<String>,
    /// What the checks found, for the submitter.
    pub findings: Vec<Found>,
}

/// What became of a submission.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Its id.
    pub id: String,
    /// When it arrived.
    pub received: String,
    /// Everything in it is sequenced, and a GET returns it, or refused.
    pub complete: bool,
    /// Objects in it.
    pub total: u64,
    /// Objects taken, duplicates too.
    pub success: u64,
    /// Objects refused.
    pub failure: u64,
    /// Objects that wait.
    pub pending: u64,
    /// The label under which what came without TLP was recorded.
    pub label: String,
    /// Where it stands in the queue, if a curator looks at it, or did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<serde_json::Value>,
    /// That it waits, or would, and for whom; told when it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Each object, in order.
    pub outcomes: Vec<Outcome>,
}

/// What an import did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportSummary {
    /// The submission; a dry run makes none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub submission: String,
    /// What the input turned out to be: `stix-2.1`, `stix-2.0`, `ndjson`, `csv`, `list`; `empty` when nothing was in it.
    pub format: String,
    /// Nothing was written.
    pub dry_run: bool,
    /// Bytes read, before inflating.
    pub bytes: u64,
    /// Objects seen.
    pub objects: u64,
    /// New to the record.
    pub new: u64,
    /// Known already.
    pub duplicates: u64,
    /// Other bytes under an id and version that stand.
    pub equivocations: u64,
    /// Versions of ids that another member owns.
    pub claims: u64,
    /// Refused; each was reported.
    pub rejected: u64,
    /// Objects with warnings.
    pub warned: u64,
    /// Accepted, and entering later: the submission's status tells.
    pub pending: u64,
    /// That it waits, or would, and for whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// The label under which what came without TLP was recorded.
    pub label: String,
    /// Where and why the input could not be read to its end; what came before is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
    /// Findings by code and clause, the most frequent first.
    pub findings: Vec<FindingCount>,
}
