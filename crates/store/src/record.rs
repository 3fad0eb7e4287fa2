//! Statements and acts on their way in.

use crate::directory::CircleAct;
use crate::read::Visible;
use model::{CollectionId, Label, MemberId, PersonId, SubmissionId, Timestamp, Tlp, TokenId};
use uuid::Uuid;

pub use model::ObjectKey;

/// What form the kept bytes of a statement have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Media {
    /// A STIX 2.1 object, which is also what is served.
    Stix21,
    /// A STIX 2.0 object; what is served is derived.
    Stix20,
    /// A row of CSV with its header's columns, or a line of a list; what is served is derived.
    Row,
    /// An act of the node: withdraw, erase, relabel, disclose, in canonical JSON.
    Act,
}

/// One object said by one member, judged and ready to be sequenced.
#[derive(Debug, Clone)]
pub struct NewStatement {
    /// The object's id.
    pub object: ObjectKey,
    /// `modified`, else `created`; `None` for what is not versioned (its version becomes the time it is first added).
    pub version: Option<Timestamp>,
    /// The text of the version as the object has it.
    pub version_text: Option<String>,
    /// `created_by_ref`.
    pub author: Option<String>,
    /// It speaks for the id's owner, or for nobody: no other member is bound to its author. What does not is a claim.
    pub owned: bool,
    /// The source is bound to the author. What others say under the same id becomes a claim by that, whatever author
    /// they name; of two members that are bound, the first to say something under the id owns it, also when it takes
    /// all of it back.
    pub bound: bool,
    /// Other members whose identities it names as its author, or is about; none where `owned`.
    pub speaks_for: Vec<MemberId>,
    /// `pattern_type` of an indicator.
    pub pattern_type: Option<String>,
    /// `revoked`.
    pub revoked: bool,
    /// Who it is for.
    pub label: Label,
    /// What form `body` has.
    pub media: Media,
    /// The exact bytes: the slice of the bundle, the row of the CSV.
    pub body: Vec<u8>,
    /// What is served, where that is not `body`.
    pub wire: Option<Vec<u8>>,
    /// The filtered collections that it belongs to; those without a filter hold everything and are not named.
    pub collections: Vec<CollectionId>,
    /// The markings that it refers to, if one of them is not held and decides its label: it waits for them.
    pub waits_for: Vec<ObjectKey>,
    /// What the views are made from.
    pub index: Index,
}

/// What the views keep of one statement: computed by the node from the bytes and the label alone, so that a rebuild gives
/// the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// Keys of the observables that it mentions (`model::observable`'s byte form).
    pub observables: Vec<Vec<u8>>,
    /// Objects that it refers to, with the property (`source_ref`, `object_refs`, …).
    pub references: Vec<(ObjectKey, String)>,
    /// Names, aliases and external ids, folded for exact search.
    pub names: Vec<String>,
    /// Text for full-text search.
    pub text: String,
    /// From when it is valid, where it says so.
    pub valid_from: Option<Timestamp>,
    /// Until when it is valid, where it says so.
    pub valid_until: Option<Timestamp>,
    /// `labels`, machine tags and the like, for exact search.
    pub tags: Vec<String>,
    /// The values that it says by themselves, so that whatever has one of them is what it is about: the key of each, each once,
    /// and what the node wants to know of it where it finds it. Only indicators that are not revoked have some.
    pub stands: Vec<(Vec<u8>, Vec<u8>)>,
    /// What it says of other objects: that they were seen, or were a mistake.
    pub spoken: Vec<Spoken>,
}

/// What a statement says of an object, so that it is found by that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spoken {
    /// The UUID of the object's id.
    pub of: Uuid,
    /// What sort of saying it is: a source's sayings of one sort lie together.
    pub sort: u8,
    /// What the node wants to know of it where it finds it.
    pub facts: Vec<u8>,
}

/// A batch of one submission's statements, judged.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The submission it belongs to; the first batch of a submission makes it.
    pub submission: Submission,
    /// The time of sequencing, from the caller's clock. Times given out never run backwards even if it does.
    pub now: Timestamp,
    /// A seed for the batch's salts, 32 random bytes.
    pub seed: [u8; 32],
    /// What to sequence, in order.
    pub items: Vec<Item>,
    /// This is the last batch of its submission.
    pub complete: bool,
    /// What the submitter sees: what he is told of others' ids and of labels goes by it. Nothing is the safe value.
    pub seen: Visible,
    /// What the source may add in an hour; more is [`Kind::Quota`](crate::Kind::Quota) and nothing is written. What was
    /// accepted before was charged then.
    pub quota: Quota,
    /// The object that what is said speaks of, and whose statement of it: the leave then rests on how far the record went.
    pub about: Option<(ObjectKey, MemberId)>,
    /// Rows for the audit.
    pub audit: Vec<Audit>,
    /// What is noted of it for the members of circles.
    pub circle_acts: Vec<CircleAct>,
}

/// What a source may add to the record in an hour. Duplicates do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// At most this many statements and rejects; 0 is no limit.
    pub objects_per_hour: u64,
    /// At most this many bytes of them; 0 is no limit.
    pub bytes_per_hour: u64,
}

/// One thing in a batch.
#[derive(Debug, Clone)]
pub enum Item {
    /// An object.
    Statement(Box<NewStatement>),
    /// The owner, or an administrator, takes versions of an object back: they are gone on every road, the history stays.
    Withdraw {
        /// The object.
        object: ObjectKey,
        /// Only versions that this member said; `None` for all members'.
        source: Option<MemberId>,
        /// Only these versions; `None` for all.
        versions: Option<Vec<Timestamp>>,
        /// Canonical JSON of the act.
        body: Vec<u8>,
    },
    /// Statements get another label, such as when a marking arrives that they refer to: each becomes a new entry at a
    /// new position, with a new time, and the entry at the old one is gone for every reader.
    Relabel {
        /// Where they stand now.
        positions: Vec<u64>,
        /// Their label from now on.
        label: Label,
        /// The filtered collections of each from now on, in the order of `positions`.
        collections: Vec<Vec<CollectionId>>,
        /// What the views keep of each from now on, likewise; of those beyond its end, what they keep now.
        indexes: Vec<Index>,
        /// They go on waiting for the markings that they wait for.
        waiting: bool,
        /// Canonical JSON of the act.
        body: Vec<u8>,
    },
    /// Body and salt of these positions are removed for good; the leaf stays.
    Erase {
        /// Which.
        positions: Vec<u64>,
        /// What becomes of the same bytes when their member says them again.
        again: Again,
        /// Canonical JSON of the act, with the reason.
        body: Vec<u8>,
    },
    /// Statements were given to an authority. Nothing of them changes.
    Disclose {
        /// Where they stand.
        positions: Vec<u64>,
        /// Canonical JSON of the act: to whom, on what basis, what, until when it is sealed.
        body: Vec<u8>,
    },
    /// An arrival, or a part of one, that could not be taken: its bytes go to the quarantine.
    Reject {
        /// Where in the arrival, counted from 0.
        ordinal: u64,
        /// The id it claimed, if it could be read.
        object: Option<String>,
        /// The text of the version it claimed; empty when it could not be read.
        version: String,
        /// Why, for the one who submitted it.
        reason: String,
        /// The bytes, cut to the quarantine's limit.
        bytes: Vec<u8>,
    },
}

/// What becomes of bytes that were erased when the same member says them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// They are not taken. A digest under a key of the folder is kept to know them by.
    Refused,
    /// They are news: their time was over, and nobody minds them.
    Taken,
}

/// What a member is told who says again what was erased for good, and nobody else: it was his.
pub const ERASED: &str =
    "an administrator of this node erased these bytes of this member, so they are not taken again";

/// One arrival.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Its id.
    pub id: SubmissionId,
    /// Who it is from.
    pub source: MemberId,
    /// The person, where known.
    pub person: Option<PersonId>,
    /// By which token.
    pub token: Option<TokenId>,
    /// Through which collection, if through one.
    pub collection: Option<CollectionId>,
    /// When its first byte was read.
    pub received: Timestamp,
    /// Keep the outcome of each object, so that it can be asked for (TAXII status).
    pub outcomes: bool,
    /// The label of its objects that bring none: what was asked for, else the collection's default, else the node's.
    pub default_label: Tlp,
    /// Whom its objects are for by name, as the node writes it; empty for nobody.
    pub addressed: String,
}

/// An accepted arrival that waits to be sequenced.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The submission.
    pub submission: Submission,
    /// Objects counted in it.
    pub objects: u64,
    /// Its bytes, as they came.
    pub bytes: Vec<u8>,
    /// Not sequenced before; `None` is at once.
    pub due: Option<Timestamp>,
    /// How its bytes are cut, in words of the node; empty for one document.
    pub form: String,
    /// It waits for a curator, with this.
    pub held: Option<crate::queue::Held>,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// New to the record.
    New {
        /// Where it stands.
        position: u64,
        /// Its version, as instants go.
        version: Timestamp,
        /// Another member owns the id, and the submitter sees him say so.
        claim: bool,
    },
    /// The same bytes of the same object by the same member stand already, or others of which the same is served.
    Duplicate {
        /// Where.
        position: u64,
        /// Their version.
        version: Timestamp,
        /// How they are held.
        held: Held,
    },
    /// The same member said something else under the same id and version before. Both are kept, this one flagged and
    /// not served.
    Equivocation {
        /// Where this one stands.
        position: u64,
        /// Where the first stands.
        first: u64,
    },
    /// A withdrawal, a relabel, an erasure or a disclosure: how many statements it reached.
    Done {
        /// Where the act stands; `None` when there was nothing to act on and nothing was written.
        position: Option<u64>,
        /// Statements reached.
        reached: u64,
    },
    /// Kept in the quarantine.
    Rejected,
    /// Not taken, and not kept: these bytes of this member were erased for good.
    Erased,
}

/// How something is held that was said again, beside what was asked for. Nothing of it is changed by saying it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Held {
    /// Its label.
    pub label: HeldLabel,
    /// It is not in the collection that it was sent through this time.
    pub outside: bool,
}

/// The label of what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HeldLabel {
    /// The one that was asked for.
    #[default]
    AsAsked,
    /// Another one, with this TLP, which the submitter sees.
    Tlp(Tlp),
    /// Another one, which he does not see.
    Unseen,
}

/// A row of the audit.
#[derive(Debug, Clone)]
pub struct Audit {
    /// When.
    pub at: Timestamp,
    /// By which token; `None` for the node itself.
    pub token: Option<TokenId>,
    /// What was done, a word: `member.add`, `erase`, …
    pub verb: &'static str,
    /// On what.
    pub target: String,
}
