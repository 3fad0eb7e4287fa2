//! Agents beside sensors.

use serde::Serialize;

/// What an edge is told for its report.
#[derive(Debug, Clone, Serialize)]
pub struct EdgeTold {
    /// The node's time.
    pub at: String,
}

/// An edge, by its last report.
#[derive(Debug, Clone, Serialize)]
pub struct Edge {
    /// What its member calls it.
    pub name: String,
    /// It reported within 90 seconds.
    pub online: bool,
    /// When it reported last, by the node's clock.
    pub reported: String,
    /// Its clock then, less the node's, in seconds.
    pub clock_off_s: i64,
    /// The node's time of what it knew whole last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<String>,
    /// What it does without the node: `open` or `closed`.
    pub fail: &'static str,
    /// Its sensors.
    pub sensors: Vec<EdgeSensor>,
}

/// A sensor of an edge.
#[derive(Debug, Clone, Serialize)]
pub struct EdgeSensor {
    /// What the edge calls it.
    pub name: String,
    /// What it is: `suricata`, `nftables` and so on.
    pub kind: String,
    /// Since when it holds what it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<String>,
    /// Values that it holds.
    pub entries: u64,
    /// Of these, those that block.
    pub blocks: u64,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// An edge of one's own member, and whether a recall reached it.
#[derive(Debug, Clone, Serialize)]
pub struct RecallEdge {
    /// Its name.
    pub name: String,
    /// All its sensors are behind the recall.
    pub confirmed: bool,
    /// It reported within 90 seconds.
    pub online: bool,
    /// When it reported last.
    pub reported: String,
    /// The node's time of what it knew whole last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<String>,
    /// When what was recalled ends by itself there, at the latest; without it, what was recalled has no end of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    /// The sensors that are not behind it yet.
    pub waiting: Vec<String>,
}

/// How many edges of a member a recall reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RecallEdges {
    /// Edges that report.
    pub edges: u64,
    /// Of these, those that confirmed.
    pub confirmed: u64,
    /// Of those that did not, those that are away.
    pub away: u64,
    /// When what was recalled ends by itself at those that did not confirm, at the latest: its `valid_until`. Without it, their policies
    /// alone end it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
}
