//! The columns of `statement` that mean something to code.

use crate::record::Media;
use crate::{Error, Kind};

/// What kind of entry stands at a position.
pub(crate) mod entry {
    /// Somebody's object.
    pub(crate) const OBJECT: i64 = 0;
    /// An act that takes statements back.
    pub(crate) const WITHDRAW: i64 = 1;
    /// An act that removes bodies.
    pub(crate) const ERASE: i64 = 2;
    /// An act that gives statements another label.
    pub(crate) const RELABEL: i64 = 3;
    /// A statement that became visible to more readers: its body is the target's.
    pub(crate) const REENTRY: i64 = 4;
    /// An act that says that statements were given to an authority. It changes nothing of them.
    pub(crate) const DISCLOSE: i64 = 5;
}

/// Where a statement is in its life. A view.
pub(crate) mod state {
    /// The greatest version of its (object, source, label).
    pub(crate) const LAST: i64 = 0;
    /// An earlier version.
    pub(crate) const PAST: i64 = 1;
    /// Taken back.
    pub(crate) const WITHDRAWN: i64 = 2;
    /// Body and salt are gone.
    pub(crate) const ERASED: i64 = 3;
    /// Other bytes under an id and version that stand.
    pub(crate) const EQUIVOCAL: i64 = 4;
    /// It stands at a later position.
    pub(crate) const MOVED: i64 = 5;
    /// No statement but an act.
    pub(crate) const ACT: i64 = 6;
}

/// Bits of `flags`.
pub(crate) mod flag {
    /// It speaks for the id's owner, or for nobody; without it, it is a claim.
    pub(crate) const OWNED: i64 = 1;
    /// Revoked by its author.
    pub(crate) const REVOKED: i64 = 2;
    /// Other bytes stand under its id and version. Kept from the write: the other bytes may be erased one day.
    pub(crate) const EQUIVOCAL: i64 = 4;
    /// Its version is written with three fraction digits.
    pub(crate) const MILLIS: i64 = 8;
    /// Its version is the time it was added.
    pub(crate) const UNVERSIONED: i64 = 16;
    /// A view, on last statements only: others of this object are last too, under other sources or labels.
    pub(crate) const SEVERAL: i64 = 32;
    /// The source is bound to the id's author.
    pub(crate) const BOUND: i64 = 64;
    /// It would be [`OWNED`] by its own words, but another member owns the id.
    pub(crate) const SAYS_OWNED: i64 = 128;
    /// It would be [`BOUND`] by its own words, but another member owns the id.
    pub(crate) const SAYS_BOUND: i64 = 256;
}

pub(crate) fn media_number(media: Media) -> i64 {
    match media {
        Media::Stix21 => 0,
        Media::Stix20 => 1,
        Media::Row => 2,
        Media::Act => 3,
    }
}

pub(crate) fn media(number: i64) -> Result<Media, Error> {
    match number {
        0 => Ok(Media::Stix21),
        1 => Ok(Media::Stix20),
        2 => Ok(Media::Row),
        3 => Ok(Media::Act),
        _ => Err(damaged("media")),
    }
}

pub(crate) fn damaged(what: &str) -> Error {
    Error::new(Kind::Corrupt, format!("record.sqlite: a value of `{what}` is damaged"))
}

/// A UUID from its sixteen bytes.
pub(crate) fn uuid(bytes: &[u8]) -> Result<uuid::Uuid, Error> {
    uuid::Uuid::from_slice(bytes).map_err(|_| damaged("uuid"))
}
