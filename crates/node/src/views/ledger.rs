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
