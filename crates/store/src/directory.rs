//! Members, persons, tokens, collections: small, read whole, changed one by one.

use std::net::IpAddr;

use model::{CollectionId, MemberId, PersonId, Roles, Timestamp, Tlp, TokenId, Verb};

/// Counts the changes of the directory. A write that was authorised under one epoch is judged again under another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u64);

/// The whole directory.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// Which state this is.
    pub epoch: Epoch,
    /// Members, revoked ones too.
    pub members: Vec<Member>,
    /// Persons.
    pub persons: Vec<Person>,
    /// Tokens, without their secrets.
    pub tokens: Vec<Token>,
    /// Collections, in the stable order in which they were added.
    pub collections: Vec<Collection>,
    /// STIX identities and the members that are bound to them.
    pub identities: Vec<(String, MemberId)>,
}

/// An organisation, or a researcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Its name, unique on the node.
    pub name: String,
    /// When it was added.
    pub created: Timestamp,
    /// When it was revoked, if it was: its tokens do nothing from then on; its statements stay.
    pub revoked: Option<Timestamp>,
    /// The node's own member, made with the folder.
    pub own: bool,
    /// At most this many objects an hour; 0 is no limit.
    pub objects_per_hour: u64,
    /// At most this many bytes an hour; 0 is no limit.
    pub bytes_per_hour: u64,
}

/// Somebody of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// Their member.
    pub member: MemberId,
    /// Their name, unique within the member.
    pub name: String,
    /// When they were added.
    pub created: Timestamp,
    /// When they were revoked, if they were.
    pub revoked: Option<Timestamp>,
}

/// A token: everything but its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// SHA-256 of its text.
    pub digest: [u8; 32],
    /// The member it belongs to.
    pub member: MemberId,
    /// The person it names, if any.
    pub person: Option<PersonId>,
    /// A name that people know it by.
    pub name: String,
    /// What its bearer is trusted to do.
    pub roles: Roles,
    /// What it may be used for.
    pub verbs: Vec<Verb>,
    /// Collections it reads; `None` is all.
    pub read: Option<Vec<CollectionId>>,
    /// Collections it writes; `None` is all.
    pub write: Option<Vec<CollectionId>>,
    /// The highest label that it lets through.
    pub ceiling: Tlp,
    /// Networks it may be used from, as (address, prefix length); empty is everywhere.
    pub networks: Vec<(IpAddr, u8)>,
    /// SHA-256 of the client certificate that stands for it, if one does.
    pub certificate: Option<[u8; 32]>,
    /// The client profile, by name; `None` lets the User-Agent choose.
    pub profile: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// When it was revoked, if it was.
    pub revoked: Option<Timestamp>,
    /// Works once, then is revoked: the first-start secret.
    pub once: bool,
    /// When it was last shown, as far as [`Store::used`](crate::Store::used) was told. No part of the epoch.
    pub last_used: Option<Timestamp>,
}

/// A TAXII collection: a filter over the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its id.
    pub id: CollectionId,
    /// Its title, unique on the node.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Another name for its address, unique, if it has one.
    pub alias: Option<String>,
    /// What is in it, as the text that the operator wrote; empty is everything.
    pub filter: String,
    /// Nothing above this label is in it.
    pub ceiling: Tlp,
    /// The label of objects that arrive without one.
    pub default_label: Tlp,
    /// When it was added.
    pub created: Timestamp,
    /// When it was revoked, if it was.
    pub revoked: Option<Timestamp>,
}

/// One change of the directory.
#[derive(Debug, Clone)]
pub enum Change {
    /// Adds or replaces, by id.
    Member(Member),
    /// Adds or replaces, by id.
    Person(Person),
    /// Adds or replaces, by id.
    Token(Token),
    /// Adds or replaces, by id. The filter of one that stands is never changed: what it newly let in would have to enter
    /// at new positions, or a client that asks for what was added later would miss it.
    Collection(Collection),
    /// Binds a STIX identity to a member.
    Identity(String, MemberId),
    /// Keeps a small value beside the record ([`Store::meta`](crate::Store::meta)), or removes it: rules that the node
    /// goes by, which whoever judged on the old ones has to see changed.
    Meta(&'static str, Option<Vec<u8>>),
}

impl Change {
    /// Whether it revokes something, or says of what was revoked that it is.
    pub(crate) fn is_revoked(&self) -> bool {
        match self {
            Change::Member(member) => member.revoked.is_some(),
            Change::Person(person) => person.revoked.is_some(),
            Change::Token(token) => token.revoked.is_some(),
            Change::Collection(collection) => collection.revoked.is_some(),
            Change::Identity(..) | Change::Meta(..) => false,
        }
    }
}
