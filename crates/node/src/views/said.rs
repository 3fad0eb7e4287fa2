//! Who else said something, and when.

use serde::Serialize;

use super::Named;

/// Who said a value, as far as the reader sees.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WhoSaid {
    /// Each source, the first to say it first.
    pub said: Vec<Saying>,
    /// More than 100 statements say it; the newest 100 were looked at.
    pub more: bool,
    /// The warning lists that it is on; then it is not looked for, since everybody's traffic has it.
    pub warning_lists: Vec<String>,
}

/// What one source said of it.
#[derive(Debug, Clone, Serialize)]
pub struct Saying {
    /// Who; absent for those whose origin is withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Named>,
    /// In how many objects.
    pub objects: u64,
    /// When the first of them was added, for this reader.
    pub first: String,
    /// When the last was.
    pub last: String,
}

/// A value of an object, and who else said it.
#[derive(Debug, Clone, Serialize)]
pub struct ValueSaid {
    /// What it is, such as `ipv4`.
    pub kind: String,
    /// Its normal form.
    pub value: String,
    /// Who.
    #[serde(flatten)]
    pub who: WhoSaid,
}
