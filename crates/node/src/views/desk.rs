//! What is told of what a member said without its name.

use serde::Serialize;

use super::Named;

/// What the node says of an origin that it withholds: one of its members said it.
#[derive(Debug, Clone, Serialize)]
pub struct Vouched {
    /// The node's own member.
    pub by: Named,
    /// The sector of the member who said it, where enough share that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
}

impl std::fmt::Display for Vouched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.sector {
            Some(sector) => write!(f, "a member of the sector {sector} ({} vouches)", self.by.name),
            None => write!(f, "a member ({} vouches)", self.by.name),
        }
    }
}

/// Who said an object without a name.
#[derive(Debug, Clone, Serialize)]
pub struct Origins {
    /// The object.
    pub object: String,
    /// The members.
    pub origins: Vec<Named>,
}
