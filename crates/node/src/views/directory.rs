//! Who there is and what there is to read: members, persons, tokens, collections.

use serde::Serialize;

use super::Named;

/// A token that was just made. The secret is shown this once.
#[derive(Debug, Clone, Serialize)]
pub struct NewToken {
    /// Its id, by which it is revoked.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its member.
    pub member: Named,
    /// Its roles.
    pub roles: Vec<&'static str>,
    /// When it ends.
    pub expires: String,
    /// The text to hand to the client.
    pub secret: String,
}

/// Something that a member declares as its own, for its own people.
#[derive(Debug, Clone, Serialize)]
pub struct Asset {
    /// Its id.
    pub id: String,
    /// The network, address or domain, or the mail domain behind `@`.
    pub asset: String,
    /// When it was declared.
    pub added: String,
}

/// A member as administrators see it.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// Its UUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its STIX identities.
    pub identities: Vec<String>,
    /// When it was added.
    pub created: String,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
    /// Objects an hour; 0 is no limit.
    pub objects_per_hour: u64,
    /// Bytes an hour; 0 is no limit.
    pub bytes_per_hour: u64,
    /// The sector that the node vouches for where the member says something without its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
    /// The members whose client it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub client_of: Vec<Named>,
    /// It is no member in its own right.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub client_only: bool,
    /// Its clients.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<Named>,
}

/// A person as administrators see them.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// Their UUID.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their member.
    pub member: Named,
    /// When they were added.
    pub created: String,
    /// When they were revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
}

/// A token without its secret.
#[derive(Debug, Clone, Serialize)]
pub struct Token {
    /// Its UUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its member.
    pub member: Named,
    /// The person it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Named>,
    /// Its roles.
    pub roles: Vec<&'static str>,
    /// What it may be used for.
    pub verbs: Vec<&'static str>,
    /// Collections it reads; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Vec<Named>>,
    /// Collections it writes; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write: Option<Vec<Named>>,
    /// The highest label it lets through, such as `TLP:RED`.
    pub ceiling: String,
    /// Networks it may be used from; empty is everywhere.
    pub networks: Vec<String>,
    /// Its client profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// When it was made.
    pub created: String,
    /// When it ends.
    pub expires: String,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
    /// When it was last shown, within a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used: Option<String>,
}

/// A collection as this caller may use it.
#[derive(Debug, Clone, Serialize)]
pub struct Collection {
    /// Its UUID.
    pub id: String,
    /// Its title; also called its name.
    pub name: String,
    /// What it is about.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its other address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// What is in it; empty is everything.
    pub filter: String,
    /// Nothing above this label is in it.
    pub ceiling: String,
    /// The label of what arrives without one.
    pub default_label: String,
    /// What is sent through it is said without a name.
    pub without_name: bool,
    /// Whom it is for where nobody is named, as far as one may know; others are not told of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Who looks at what is sent through it before it enters.
    pub curation: &'static str,
    /// This caller reads it.
    pub can_read: bool,
    /// This caller writes it.
    pub can_write: bool,
}
