//! Circles, as their members are told of them.

use serde::Serialize;

use super::Named;

/// A circle, for a member of it, or for who is invited.
#[derive(Debug, Clone, Serialize)]
pub struct Circle {
    /// Its UUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What its members agree to.
    pub charter: Charter,
    /// SHA-256 of its definition, in hexadecimal.
    pub digest: String,
    /// Its definition as canonical text: id, name and charter.
    pub definition: String,
    /// The reader's member agreed to this definition.
    pub agrees: bool,
    /// The definition that it agreed to last, where that is another and is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreed_definition: Option<String>,
    /// For how many days the node keeps what the reader's member says to it by its name, by what that agreed to; absent where
    /// it lets nothing go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_days: Option<u32>,
    /// When it was made.
    pub created: String,
    /// Its policy binds now: the dates of the policy say so.
    pub iep_in_force: bool,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The member that owns it, where members see each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Named>,
    /// How many members are in it; 0 where that is not told.
    pub members: u64,
    /// Those of them that the reader may know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organisations: Vec<CircleMember>,
    /// Invitations that are good, for who may invite.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub invitations: Vec<Invitation>,
    /// What was done in it, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<CircleAct>,
    /// More was done before that.
    pub more_history: bool,
}

/// What the members of a circle agree to.
#[derive(Debug, Clone, Serialize)]
pub struct Charter {
    /// Organisations join it by their administrators.
    pub formal: bool,
    /// Nothing above this label is said to it.
    pub ceiling: String,
    /// `members`, `administrators` or `two-administrators` let others in.
    pub admits: &'static str,
    /// Members see of each other `count`, `organisations` or `persons`.
    pub shows: &'static str,
    /// `owner` or `administrators` expel members and end it.
    pub moderation: &'static str,
    /// Those who left `keep` what they saw, or it is `close`d to them.
    pub leavers: &'static str,
    /// Who looks at what is said to it before it enters.
    pub curation: &'static str,
    /// Members undertake to keep what is said in it no longer than this, and the node erases what those said who agreed to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// The tags that objects said to it may bear; empty is any.
    pub vocabulary: Vec<String>,
    /// What recipients may do with what they see.
    pub iep: Iep,
    /// The text of the agreement.
    pub agreement: String,
}

/// A policy as FIRST writes it (IEP 2.0 JSON Specification).
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the words of IEP 2.0, documented at model::Iep")]
pub struct Iep {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub iep_version: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    pub encrypt_in_transit: &'static str,
    pub permitted_actions: &'static str,
    pub affected_party_notifications: &'static str,
    pub tlp: &'static str,
    pub attribution: &'static str,
    pub unmodified_resale: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_references: Vec<String>,
}

/// The policy of a circle that something is said to.
#[derive(Debug, Clone, Serialize)]
pub struct CirclePolicy {
    /// The circle.
    pub circle: Named,
    /// It binds now: its dates say so.
    pub in_force: bool,
    /// The policy.
    pub iep: Iep,
}

/// A member of a circle, for another.
#[derive(Debug, Clone, Serialize)]
pub struct CircleMember {
    /// The organisation.
    pub member: Named,
    /// The person who joined for it, where members see persons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Named>,
    /// Since when.
    pub since: String,
    /// The digest of the definition that it agreed to last; absent where it did not yet, because the circle was made for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreed: Option<String>,
}

/// An invitation without its secret.
#[derive(Debug, Clone, Serialize)]
pub struct Invitation {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created: String,
    /// When it ends.
    pub expires: String,
    /// Another member has yet to confirm it.
    pub waits: bool,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
}

/// An invitation that was just made. The secret is shown this once.
#[derive(Debug, Clone, Serialize)]
pub struct NewInvitation {
    /// Its id, by which it is confirmed and taken back.
    pub id: String,
    /// The name of the circle.
    pub name: String,
    /// When it ends.
    pub expires: String,
    /// Another member has to confirm it.
    pub needs_second: bool,
    /// The text to hand to who is invited.
    pub secret: String,
}

/// What came of joining.
#[derive(Debug, Clone, Serialize)]
pub struct Joined {
    /// False: the charter has to be agreed to first, by the digest that is told here.
    pub joined: bool,
    /// The circle.
    pub circle: Circle,
}

/// Something that was done in a circle.
#[derive(Debug, Clone, Serialize)]
pub struct CircleAct {
    /// When.
    pub at: String,
    /// `add`, `upgrade`, `invite`, `confirm`, `uninvite`, `join`, `agree`, `leave`, `expel`, `revoke`; by the clock, `end`,
    /// and `let-go`, when what charters let go was erased.
    pub verb: String,
    /// The member that did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Named>,
    /// The person who did it for that member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Named>,
    /// The member that it was about: who was expelled, who had invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<Named>,
}
