//! Who knew what, and when.

use serde::Serialize;

use super::{Audience, Named};

/// The ledger of an object, as far as it is for the reader.
#[derive(Debug, Clone, Serialize)]
pub struct Ledger {
    /// The object.
    pub id: String,
    /// It is, or was, RED or under embargo as far as the reader sees, so that it is kept who was given it.
    pub kept: bool,
    /// What happened, the oldest first.
    pub rows: Vec<LedgerRow>,
    /// There is more.
    pub more: bool,
    /// Where the rest begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Something that happened to what was said.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerRow {
    /// When.
    pub at: String,
    /// `said`, `relabelled`, `could-see`, `given`, `disclosed`, `withdrawn` or `erased`.
    pub what: &'static str,
    /// The member that said it, could see it, was given it, or disclosed it; left out where the reader is not told which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Named>,
    /// The token, for the administrators of its own member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Named>,
    /// The person that the token names, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Named>,
    /// The version that it is about.
    pub version: String,
    /// The TLP, of what was said and relabelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// It is under embargo from then on, or no longer; of what was said and relabelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embargo: Option<bool>,
    /// Whom the label names, where it is for the reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// The road by which it was given: `list`, `object`, `search` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub road: Option<String>,
    /// Until when it could be seen, where that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The disclosure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclosure: Option<DisclosureTold>,
}

/// A disclosure, as its ledger tells it.
#[derive(Debug, Clone, Serialize)]
pub struct DisclosureTold {
    /// Its id.
    pub id: String,
    /// To whom.
    pub authority: String,
    /// On what legal basis.
    pub basis: String,
    /// The node's operator did it, with what the node holds; otherwise a member did, with what it sees.
    pub by_operator: bool,
    /// It is, or was, told to nobody else before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed_until: Option<String>,
}

/// A disclosure that was made, and what was given by it.
#[derive(Debug, Clone, Serialize)]
pub struct Disclosed {
    /// It.
    #[serde(flatten)]
    pub disclosure: Disclosure,
    /// The objects, as they were given.
    pub given: Vec<Box<serde_json::value::RawValue>>,
}

/// A disclosure, for who made it and for auditors.
#[derive(Debug, Clone, Serialize)]
pub struct Disclosure {
    /// Its id.
    pub id: String,
    /// When.
    pub at: String,
    /// The member that was compelled.
    pub member: Named,
    /// The node's operator did it, with what the node holds; otherwise the member did, with what it sees.
    pub by_operator: bool,
    /// To whom.
    pub authority: String,
    /// On what legal basis.
    pub basis: String,
    /// The objects, by id and version, with a space between.
    pub objects: Vec<String>,
    /// The participants are told at this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed_until: Option<String>,
    /// They are not told yet.
    pub sealed: bool,
    /// The token of the administrator who agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
    /// When it was sealed for longer, and until when, with a space between.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extended: Vec<String>,
}

/// Disclosures, and how many there are.
#[derive(Debug, Clone, Serialize)]
pub struct Disclosures {
    /// All of the node.
    pub total: u64,
    /// Those that participants are not told of yet.
    pub sealed: u64,
    /// Those that the reader is told of, the oldest first.
    pub disclosures: Vec<Disclosure>,
}

/// What a node says of itself to whoever comes in.
#[derive(Debug, Clone, Serialize)]
pub struct NodeView {
    /// What it is called.
    pub title: String,
    /// Disclosures to authorities.
    pub disclosures: DisclosureCount,
}

/// How many disclosures there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DisclosureCount {
    /// All.
    pub total: u64,
    /// Those that participants are not told of yet.
    pub sealed: u64,
}
