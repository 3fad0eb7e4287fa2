//! What verbs take.

use std::fmt;

use model::{Timestamp, Tlp};

/// Where a list begins and what it holds (TAXII 2.1 §3.4), independent of HTTP.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// The collection, by UUID or alias; `None` for the whole record.
    pub collection: Option<String>,
    /// Only what was added after this.
    pub added_after: Option<Timestamp>,
    /// At most this many; the node's page limit holds anyway.
    pub limit: Option<usize>,
    /// The cursor of a page before. Filters left out come from it; filters that contradict it are refused.
    pub next: Option<String>,
    /// `match[id]`
    pub ids: Vec<String>,
    /// `match[type]`
    pub types: Vec<String>,
    /// `match[version]`: `last`, `first`, `all`, or times.
    pub versions: Vec<String>,
    /// `match[spec_version]`
    pub spec_versions: Vec<String>,
}

/// How a list ended.
#[derive(Debug, Clone, Default)]
pub struct ListEnd {
    /// More follow.
    pub more: bool,
    /// The cursor of the next page, when more follow.
    pub next: Option<String>,
    /// `X-TAXII-Date-Added-First`.
    pub first: Option<Timestamp>,
    /// `X-TAXII-Date-Added-Last`.
    pub last: Option<Timestamp>,
}

/// What is erased of what sensors of the caller's member saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForgetSeen {
    /// All of it.
    All,
    /// What is of days before that of this time, in UTC.
    Before(Timestamp),
    /// What happened on a host, by its name or address.
    Host(String),
}

/// An entry of a list, lent to the one who writes it out.
#[derive(Debug)]
pub struct ListEntry<'a> {
    /// Its STIX id.
    pub id: EntryId<'a>,
    /// When it was added, for this reader.
    pub date_added: Timestamp,
    /// Its version.
    pub version: EntryVersion<'a>,
    /// It, as a STIX 2.1 object in JSON.
    pub wire: &'a [u8],
    /// Its TLP, for client profiles.
    pub tlp: Tlp,
}

/// The STIX id of an entry, which becomes text where it is written: most who read a list take it from the object.
#[derive(Debug, Clone, Copy)]
pub struct EntryId<'a> {
    /// The object's type.
    pub kind: &'a str,
    /// The rest of its id.
    pub uuid: uuid::Uuid,
}

impl fmt::Display for EntryId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}--{}", self.kind, self.uuid)
    }
}

/// The version of an entry, which becomes text where it is written, in the form that its author gave it.
#[derive(Debug, Clone, Copy)]
pub enum EntryVersion<'a> {
    /// With six fraction digits.
    Micros(Timestamp),
    /// With three fraction digits.
    Millis(Timestamp),
    /// In any other form.
    Other(&'a str),
}

impl fmt::Display for EntryVersion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryVersion::Micros(at) => at.fmt(f),
            EntryVersion::Millis(at) => f.write_str(&at.millis_text()),
            EntryVersion::Other(text) => f.write_str(text),
        }
    }
}

/// How to take in what is submitted or imported.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Through this collection (UUID, alias or title).
    pub collection: Option<String>,
    /// For this member (an administrator importing on its behalf); else the caller's.
    pub member: Option<String>,
    /// The label of objects that bring none.
    pub tlp: Option<Tlp>,
    /// For these, each `circle:NAME`, `member:NAME` or `person:MEMBER/NAME`; ids stand for names.
    pub to: Vec<String>,
    /// Held back from everybody but those, until it is lifted.
    pub embargo: Option<model::Embargo>,
    /// Without the member's name: the node vouches for it.
    pub without_name: bool,
    /// `auto`, `stix`, `csv`, `list`.
    pub format: Option<String>,
    /// CSV: pairs of a role and a column, by its name or its number from 1, such as (`value`, `ip`), (`type`, `kind`),
    /// (`tlp`, `3`); docs/formats.md has the roles.
    pub columns: Vec<(String, String)>,
    /// The type of a list's values, if they are of one type.
    pub kind: Option<String>,
    /// Rows are valid for this long from now, in seconds.
    pub expire_s: Option<u64>,
    /// A name for the source of a list, kept as `labels` of the indicators.
    pub source_name: Option<String>,
    /// Judge, count, write nothing.
    pub dry_run: bool,
}

/// What an import tells on its way.
#[derive(Debug, Clone)]
pub enum ImportEvent {
    /// So many bytes read, so many objects done.
    Progress {
        /// Before inflating.
        bytes: u64,
        /// Objects done.
        objects: u64,
    },
    /// An object that was refused, or taken with something to say about it.
    Outcome(crate::views::Outcome),
    /// Something about what the objects came in, such as a bundle without `id`; the objects are judged all the same.
    Finding {
        /// The line of it, from 1.
        line: u64,
        /// What the standard says about it.
        finding: crate::views::Finding,
    },
}

/// A search (`GET /api/v1/objects`).
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// Words that must all occur.
    pub text: Option<String>,
    /// Only these types.
    pub types: Vec<String>,
    /// Only what these members said, by id or name.
    pub sources: Vec<String>,
    /// Only these labels.
    pub labels: Vec<Tlp>,
    /// Only with this tag.
    pub tag: Option<String>,
    /// Only with this external id, such as `T1059` or `CVE-2026-1`.
    pub external_id: Option<String>,
    /// Only with this name or alias, whole, any case.
    pub alias: Option<String>,
    /// Only what is one step from this object.
    pub related_to: Option<String>,
    /// Only what was added after.
    pub added_after: Option<Timestamp>,
    /// Only what was added before.
    pub added_before: Option<Timestamp>,
    /// Count facets too.
    pub facets: bool,
    /// At most this many.
    pub limit: Option<usize>,
    /// The cursor of a page before.
    pub next: Option<String>,
}

/// Whose claims are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Claims {
    /// Those of others under the ids of the caller's member, or in the name of one of its identities.
    #[default]
    UnderOwn,
    /// Those of the caller's member under the ids of others.
    ByOwn,
}

/// What somebody says about an object.
#[derive(Debug, Clone)]
pub enum Annotation {
    /// A note.
    Note(String),
    /// An opinion: `strongly-disagree` … `strongly-agree`, and why.
    Opinion(String, Option<String>),
    /// It was seen.
    Sighting(Sighted),
    /// Tags: plain words or machine tags (`namespace:predicate="value"`).
    Tags(Vec<String>),
    /// The object is revoked: on one's own object a new version, on another's a statement of one's own.
    Revoke,
}

/// What was seen of an indicator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sighted {
    /// How often; once unless given, at most 999,999,999 (STIX 2.1 §5.2).
    pub count: Option<u64>,
    /// When first; when it was seen last unless given.
    pub first: Option<Timestamp>,
    /// When last; now unless given.
    pub last: Option<Timestamp>,
    /// More than how often and when: where it was seen is told with it, and this. Without it only the count leaves.
    pub context: Option<String>,
}

/// What was seen of an indicator on a day (UTC).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SightedOn {
    /// The id of the indicator.
    pub indicator: String,
    /// How often; at most 999,999,999 (STIX 2.1 §5.2).
    pub count: u64,
    /// When first.
    pub first: Timestamp,
    /// When last, on the same day.
    pub last: Timestamp,
    /// More than how often and when: by whom it was seen is told with it, and this. Without it only the count leaves.
    pub context: Option<String>,
}

/// How something is said about an object.
#[derive(Debug, Clone, Copy, Default)]
pub struct Saying {
    /// Its label; `None` is the object's.
    pub tlp: Option<Tlp>,
    /// It is said without the member's name.
    pub without_name: bool,
}

impl From<Option<Tlp>> for Saying {
    fn from(tlp: Option<Tlp>) -> Saying {
        Saying { tlp, without_name: false }
    }
}

/// A member to add.
#[derive(Debug, Clone, Default)]
pub struct NewMember {
    /// Its name.
    pub name: String,
    /// A STIX identity to bind to it; one is made otherwise.
    pub identity: Option<String>,
    /// Objects an hour; `None` is the node's default.
    pub objects_per_hour: Option<u64>,
    /// Bytes an hour; `None` is the node's default.
    pub bytes_per_hour: Option<u64>,
    /// Its sector.
    pub sector: Option<String>,
}

/// A token to add.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// The member, by name or id.
    pub member: String,
    /// The person, by name or id.
    pub person: Option<String>,
    /// A name for it.
    pub name: Option<String>,
    /// Its roles, by name.
    pub roles: Vec<String>,
    /// Its verbs, by name; empty is what the roles need.
    pub verbs: Vec<String>,
    /// Collections it reads, by title, alias or id; with `write` both empty, it is good for all.
    pub read: Vec<String>,
    /// Collections it writes.
    pub write: Vec<String>,
    /// The highest label; `None` is RED.
    pub ceiling: Option<Tlp>,
    /// Networks it may be used from, such as `10.0.0.0/8`.
    pub networks: Vec<String>,
    /// Valid this long, in seconds; `None` is a year, the longest.
    pub expire_s: Option<u64>,
    /// Its client profile.
    pub profile: Option<String>,
    /// SHA-256 of a client certificate that stands for it, in hexadecimal.
    pub certificate: Option<String>,
}

/// A collection to add.
#[derive(Debug, Clone, Default)]
pub struct NewCollection {
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Another address.
    pub alias: Option<String>,
    /// What is in it, such as `type in (indicator, malware) and author = identity--…`; empty is everything.
    pub filter: String,
    /// Nothing above; `None` is RED.
    pub ceiling: Option<Tlp>,
    /// The label of what arrives without; `None` is AMBER.
    pub default_label: Option<Tlp>,
    /// Who looks at what is sent through it before it enters.
    pub curation: model::circle::Curation,
    /// What is sent through it is said without a name: TAXII has no word for that.
    pub desk: bool,
    /// Whom it is for where nobody is named, as in [`ImportOptions::to`].
    pub to: Vec<String>,
}

/// A label as one would ask for it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The TLP; `None` is the node's default.
    pub tlp: Option<Tlp>,
    /// As in [`ImportOptions::to`].
    pub to: Vec<String>,
    /// As in [`ImportOptions::embargo`].
    pub embargo: Option<model::Embargo>,
    /// As in [`ImportOptions::without_name`], for a preview; nothing is shared without a name.
    pub without_name: bool,
}

/// Another label for what stands; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Relabel {
    /// The TLP.
    pub tlp: Option<Tlp>,
    /// For these, as in [`ImportOptions::to`]; none is everybody that the TLP lets.
    pub to: Option<Vec<String>>,
    /// Held back from everybody but those.
    pub embargo: Option<model::Embargo>,
    /// No longer held back.
    pub lift: bool,
}

/// How something is to be shared.
#[derive(Debug, Clone, Default)]
pub struct Share {
    /// The label of what brings none.
    pub label: Asked,
    /// What values are and how they are known; for what says nothing of itself.
    pub description: Option<String>,
    /// What they are about, as tags; likewise.
    pub about: Vec<String>,
    /// Where more is written; likewise.
    pub reference: Option<String>,
    /// Values are valid for so long from now, in seconds.
    pub expire_s: Option<u64>,
    /// Tell, share nothing.
    pub dry_run: bool,
}

/// What is to be recalled.
#[derive(Debug, Clone, Default)]
pub struct Recall {
    /// Objects, by id.
    pub objects: Vec<String>,
    /// And all that a submission brought.
    pub submission: Option<String>,
    /// And all indicators that name this source first, as copies of one feed do. Of more than 1,000, by themselves.
    pub source: Option<String>,
    /// All that this member said, by its name or without it; with `source`, all of it from that source. By itself.
    pub member: Option<String>,
    /// Of a member or a source: only what was said from this time on.
    pub since: Option<Timestamp>,
    /// Why; everybody who sees the objects is told.
    pub reason: String,
}

/// What is to be erased, by what it is about.
#[derive(Clone, Default)]
pub struct EraseSubject {
    /// An address, a domain, an email address, an id, a name.
    pub subject: String,
    /// Why; it is kept with the erasure.
    pub reason: String,
    /// Look, and erase nothing.
    pub dry_run: bool,
}

// The subject is to be written down nowhere.
impl fmt::Debug for EraseSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EraseSubject").field("dry_run", &self.dry_run).finish_non_exhaustive()
    }
}

/// A circle to make.
#[derive(Debug, Clone, Default)]
pub struct NewCircle {
    /// Its name.
    pub name: String,
    /// Its charter; without one it is informal.
    pub charter: Option<model::Charter>,
    /// It ends after so many seconds; `None` is 30 days for an informal one, never for a formal one.
    pub expire_s: Option<u64>,
    /// The member that it is for, by name or id, where that is not the caller's.
    pub owner: Option<String>,
}

/// A rule of retention to add: a type, a source, or both.
#[derive(Debug, Clone, Default)]
pub struct NewRetention {
    /// Statements of this type.
    pub kind: Option<String>,
    /// Statements of this member, by name or id.
    pub source: Option<String>,
    /// They are kept for so many days after they were added.
    pub days: u32,
}

/// What is given to an authority under compulsion.
#[derive(Debug, Clone, Default)]
pub struct Disclose {
    /// The objects, by id.
    pub objects: Vec<String>,
    /// Of each what this member said, by name or id; otherwise what its owner says.
    pub source: Option<String>,
    /// To whom.
    pub authority: String,
    /// On what legal basis.
    pub basis: String,
    /// The participants are told at this time, and not before.
    pub sealed_until: Option<Timestamp>,
    /// The token of an administrator who agrees.
    pub second: Option<String>,
}
