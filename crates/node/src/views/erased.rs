//! What an erasure by subject answers.

use serde::Serialize;

use super::Named;

/// What says something of a subject, and what became of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SubjectErased {
    /// Nothing was erased, only looked for.
    pub dry_run: bool,
    /// What the subject is: the name of a kind of observable, `id` or `text`.
    pub subject: &'static str,
    /// Statements that say it, each version of each member for itself.
    pub statements: u64,
    /// Objects of which there are such statements.
    pub objects: u64,
    /// Statements by type and by whose they are.
    pub by: Vec<SubjectCount>,
    /// Statements that say a longer value which holds it, such as a name below a domain. They stay.
    pub longer: u64,
    /// Refused arrivals in the quarantine that say it.
    pub refused: u64,
    /// What submitters were told that says it.
    pub told: u64,
    /// Who may hold what was erased.
    pub held: SubjectHeld,
    /// Copies of the record that the node knows of.
    pub backups: Vec<SubjectBackup>,
    /// What stays, and why.
    pub remains: Vec<Remains>,
}

/// Statements of a type and a member.
#[derive(Debug, Clone, Serialize)]
pub struct SubjectCount {
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whose they are; absent where the origin is withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Named>,
    /// How many.
    pub statements: u64,
}

/// Who may hold something, by what was written down of reads: as numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SubjectHeld {
    /// Members that were lent some of it.
    pub members: u64,
    /// Answers that may have held some of it.
    pub answers: u64,
    /// By road.
    pub roads: Vec<RoadCount>,
    /// How many days back reads are written down.
    pub days: u32,
}

/// Answers of a road.
#[derive(Debug, Clone, Serialize)]
pub struct RoadCount {
    /// The road: `list`, `export`, `lookup` and the like.
    pub road: String,
    /// How many.
    pub answers: u64,
}

/// A copy of the record.
#[derive(Debug, Clone, Serialize)]
pub struct SubjectBackup {
    /// Where it was made.
    pub folder: String,
    /// When.
    pub made: String,
    /// It is still there, as far as the node can see.
    pub there: bool,
    /// The list of erasures lies beside it, so that it is repeated when the copy is restored.
    pub listed: bool,
}

/// Something that stays.
#[derive(Debug, Clone, Serialize)]
pub struct Remains {
    /// What, a word.
    pub what: &'static str,
    /// How many, where they can be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Why, and what can be done.
    pub why: String,
}
