//! Members, persons, tokens, collections: small, read whole, changed one by one.

use std::net::IpAddr;

use model::circle::Curation;
use model::{
    AssetId, CircleId, ClientId, CollectionId, InvitationId, MemberId, MembershipId, PersonId, Roles,
    SubmissionId, Timestamp, Tlp, TokenId, Verb,
};
use uuid::Uuid;

use crate::read::LabelId;

pub use model::Epoch;

/// Under which name the rules of retention are kept.
pub const RETENTION: &str = "retention";
/// Under which name it is kept what is recalled as a whole.
pub const RECALLS: &str = "recalls";
/// With what the names begin under which it is kept how far the record went when such a recall began.
pub const RECALL_MARK: &str = "recall-mark:";

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
    /// Circles, ended ones too.
    pub circles: Vec<Circle>,
    /// Who is and was in them, in the order of joining.
    pub memberships: Vec<Membership>,
    /// Invitations that are not used or taken back, without their secrets; some may have expired.
    pub invitations: Vec<Invitation>,
    /// What members agreed to that their circles say no more: the digest, in hexadecimal, and the canonical text.
    pub agreed_before: Vec<(String, String)>,
    /// Who is whose client, in the order in which that was said; ended ones too.
    pub clients: Vec<Client>,
    /// What members declare as their own.
    pub assets: Vec<Asset>,
    /// What members let act at their sensors, where they say so.
    pub policies: Vec<Policy>,
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
    /// Under what is kept that it says without its name. It is told to nobody: not to readers, not to the member.
    pub alias: MemberId,
    /// The sector that the node vouches for then; empty where it was told of none.
    pub sector: String,
    /// It is the client of others only, and no member in its own right.
    pub client_only: bool,
}

/// That a member is another's client: what TLP:AMBER lets that one hand on reaches it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// The client.
    pub member: MemberId,
    /// Whose.
    pub provider: MemberId,
    /// Since when.
    pub since: Timestamp,
    /// When it ended, if it did.
    pub revoked: Option<Timestamp>,
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
    /// Who looks at what is sent through it before it enters.
    pub curation: Curation,
    /// What is sent through it is said without a name.
    pub desk: bool,
    /// Whom it is for where nobody is named, a line each, by ids; empty for nobody in particular.
    pub recipients: String,
    /// When it was added.
    pub created: Timestamp,
    /// When it was revoked, if it was.
    pub revoked: Option<Timestamp>,
}

/// A named audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// Its id.
    pub id: CircleId,
    /// The canonical text of its definition, with its name ([`model::Definition`]).
    pub definition: String,
    /// The ids by which labels name it, the one in use last. The first is its own.
    pub audiences: Vec<CircleId>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends by itself, if it does.
    pub expires: Option<Timestamp>,
    /// When it was ended, if it was.
    pub revoked: Option<Timestamp>,
}

/// A member's being in a circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Its id.
    pub id: MembershipId,
    /// The circle.
    pub circle: CircleId,
    /// The member.
    pub member: MemberId,
    /// The person who joined for it, where the token named one.
    pub person: Option<PersonId>,
    /// The digest of the definition that was agreed to last, in hexadecimal; empty where nothing was.
    pub agreed: String,
    /// Since when.
    pub since: Timestamp,
    /// When the member left or was expelled, if it did.
    pub revoked: Option<Timestamp>,
    /// How many of the circle's audiences it still sees after that.
    pub kept: u32,
}

/// An invitation to a circle: everything but its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The circle.
    pub circle: CircleId,
    /// SHA-256 of its secret.
    pub digest: [u8; 32],
    /// The member that invites.
    pub by: MemberId,
    /// The other member that confirmed it.
    pub second: Option<MemberId>,
    /// It is good only once another member has confirmed it.
    pub needs_second: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// When it was used or taken back, if it was.
    pub revoked: Option<Timestamp>,
}

/// Something done in a circle. Its members are told of it, and nobody else: it is not in the audit of the node. Of what the
/// clock does several times with nothing done in between, the last is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircleAct {
    /// The circle.
    pub circle: CircleId,
    /// When.
    pub at: Timestamp,
    /// The member that did it; nobody where the clock did.
    pub member: Option<MemberId>,
    /// By which token.
    pub token: Option<TokenId>,
    /// What.
    pub verb: String,
    /// The other member that it was about.
    pub about: Option<MemberId>,
}

/// Something that a member declares as its own. For that member's people alone: it tells who would be a victim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// Whose it is.
    pub member: MemberId,
    /// A network, an address, a domain, or a mail domain behind `@`, in normal form.
    pub text: String,
    /// When it was declared.
    pub added: Timestamp,
}

/// What a member lets act at its sensors. For that member's people alone: it tells what stops them and what does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whose it is.
    pub member: MemberId,
    /// As it was written; `None` where the member goes by the node's default again.
    pub text: Option<String>,
    /// When it was said.
    pub set: Timestamp,
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
    /// Adds, or ends, by id.
    Client(Client),
    /// Adds or replaces, by id.
    Circle(Circle),
    /// Adds, or replaces what changes of it, by id.
    Membership(Membership),
    /// Adds, or replaces what changes of it, by id.
    Invitation(Invitation),
    /// Notes what was done in a circle.
    CircleAct(CircleAct),
    /// Declares what is a member's own.
    Asset(Asset),
    /// Removes what a member declared: nothing is kept of it.
    NoAsset(AssetId, MemberId),
    /// Says what a member lets act, in place of what it said before.
    Policy(Policy),
    /// Opens to a reader what this very change lets him see.
    Opening(Opening),
    /// Keeps a small value beside the record ([`Store::meta`](crate::Store::meta)), or removes it: rules that the node
    /// goes by, which whoever judged on the old ones has to see changed.
    Meta(&'static str, Option<Vec<u8>>),
    /// Keeps under a name how far the record goes at this very change, and which arrivals of these sources wait at a time
    /// ([`Store::mark`](crate::Store::mark)): whatever enters behind it was judged by whoever knew of the change.
    Mark(String, [MemberId; 2], Timestamp),
}

/// How far the record went at a change, and what waited then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The first position behind it.
    pub end: u64,
    /// Arrivals that were accepted before and not sequenced.
    pub waiting: Vec<SubmissionId>,
}

impl Mark {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = self.end.to_be_bytes().to_vec();
        self.waiting.iter().for_each(|one| bytes.extend(one.0.as_bytes()));
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Mark> {
        let (end, rest) = bytes.split_first_chunk()?;
        let (waiting, over) = rest.as_chunks();
        let waiting = waiting.iter().map(|id| SubmissionId(Uuid::from_bytes(*id))).collect();
        over.is_empty().then_some(Mark { end: u64::from_be_bytes(*end), waiting })
    }
}

/// What becomes visible to a reader is new to him: everything that stands under some labels gets times of its own for him,
/// after all that were given out, before all that will be. Of two openings of one label to one reader the later counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The member that he reads for.
    pub member: MemberId,
    /// The person of it, if his token names one. Whoever is somebody else is another reader.
    pub person: Option<PersonId>,
    /// What he newly sees, or sees more parts of.
    pub labels: Vec<LabelId>,
    /// Among how many labels that was found out. Where there are others by now, the change is stale.
    pub of: u32,
    /// When.
    pub at: Timestamp,
}

impl Change {
    /// What it opens.
    pub(crate) fn opening(&self) -> Option<&Opening> {
        match self {
            Change::Opening(opening) => Some(opening),
            _ => None,
        }
    }

    /// When it was done, where it says so.
    pub(crate) fn done_at(&self) -> Option<Timestamp> {
        match self {
            Change::CircleAct(act) => Some(act.at),
            _ => None,
        }
    }

    /// Whether it revokes something, or says of what was revoked that it is.
    pub(crate) fn is_revoked(&self) -> bool {
        match self {
            Change::Member(member) => member.revoked.is_some(),
            Change::Person(person) => person.revoked.is_some(),
            Change::Token(token) => token.revoked.is_some(),
            Change::Collection(collection) => collection.revoked.is_some(),
            Change::Client(client) => client.revoked.is_some(),
            Change::Circle(circle) => circle.revoked.is_some(),
            Change::Membership(membership) => membership.revoked.is_some(),
            Change::Invitation(invitation) => invitation.revoked.is_some(),
            Change::Identity(..)
            | Change::CircleAct(..)
            | Change::Asset(..)
            | Change::NoAsset(..)
            | Change::Policy(..)
            | Change::Opening(..)
            | Change::Meta(..)
            | Change::Mark(..) => false,
        }
    }
}
