//! Finding: what mentions a value, what refers to an object, what a search is after. Everything is what a reader may
//! see, and only what is last: of each object and source the greatest version that he may see.

use std::ops::ControlFlow;

use model::{MemberId, Timestamp};

use crate::Error;
use crate::read::{Entry, LabelId, Snapshot, Visible};
use crate::record::ObjectKey;
use crate::sqlite::index::keys::Class;
use crate::sqlite::{find, resolve, search};

/// A find without its body: enough to rank and to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit<'a> {
    /// Its position in the record.
    pub position: u64,
    /// The type name.
    pub kind: &'a str,
    /// The UUID of the id.
    pub uuid: uuid::Uuid,
    /// Its version.
    pub version: Timestamp,
    /// Its label.
    pub label: LabelId,
    /// Whose statement it is.
    pub source: MemberId,
    /// The id is the source's or nobody's, as far as this reader is told; otherwise this is a claim.
    pub owned: bool,
    /// The source is bound to the author that it names, and no other is seen to own the id: as far as this reader sees, it is
    /// the source's.
    pub bound: bool,
    /// Several statements under its id may be last, under other labels or of other sources; the reader may see none of them.
    pub several: bool,
    /// It is revoked by its author.
    pub revoked: bool,
    /// From when it is valid, where it says so.
    pub valid_from: Option<Timestamp>,
    /// Until when it is valid, where it says so.
    pub valid_until: Option<Timestamp>,
}

/// Keys of observables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys<'a> {
    /// This one.
    One(&'a [u8]),
    /// From the first up to, but without, the second.
    Range(&'a [u8], &'a [u8]),
}

/// What a search is after. All that is given must hold; nothing given is everything.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// What the reader may see: what is last for him is decided by it.
    pub visible: &'a Visible,
    /// The labels wanted, among those.
    pub wanted: &'a Visible,
    /// Words that must all occur, in any order.
    pub text: &'a str,
    /// Names, aliases or external ids, folded as [`Index::names`](crate::record::Index) are; all of them.
    pub names: &'a [String],
    /// Tags; all of them.
    pub tags: &'a [String],
    /// One of these types; empty is all.
    pub kinds: &'a [String],
    /// One of these objects; `None` is all.
    pub objects: Option<&'a [ObjectKey]>,
    /// One of these claims, without text, names, tags and objects; `None` is everything.
    pub claims: Option<Claims<'a>>,
    /// Only entries from this position on.
    pub from: u64,
    /// Only entries before this position.
    pub before: u64,
    /// Only entries added after this time, for a reader to whom something was opened later: positions do not tell him so.
    pub added_after: Option<Timestamp>,
    /// Only entries added before this time, for the same.
    pub added_before: Option<Timestamp>,
    /// Go on before this place in the order; `u64::MAX` begins.
    pub place: u64,
}

/// Claims, as they were when they were said.
#[derive(Debug, Clone, Copy)]
pub enum Claims<'a> {
    /// Under the ids of a member, or in the name of one of its identities.
    Under(&'a MemberId),
    /// Of any of these.
    By(&'a [MemberId]),
}

impl Snapshot {
    /// Goes through what mentions a key, by key, the newest first, until told to stop.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn mentions(
        &self,
        visible: &Visible,
        keys: Keys<'_>,
        each: &mut dyn FnMut(&[u8], &Hit<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        find::mentions(self, visible, keys, each)
    }

    /// Goes through what refers to an object, with the property that does, the newest first, until told to stop.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn referring(
        &self,
        visible: &Visible,
        object: &ObjectKey,
        each: &mut dyn FnMut(&str, &Hit<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        find::referring(self, visible, object, each)
    }

    /// What the entry at a position refers to, with the property that does.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn references(&self, position: u64) -> Result<Vec<(String, ObjectKey)>, Error> {
        find::references(self, position)
    }

    /// What is last of an object, each source's own, the owner's first.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn standing(
        &self,
        visible: &Visible,
        object: &ObjectKey,
        each: &mut dyn FnMut(&Hit<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        find::standing(self, visible, object, each)
    }

    /// The position of what a reader is shown of an object who asks for no version: what a list has.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn last(&self, visible: &Visible, object: &ObjectKey) -> Result<Option<u64>, Error> {
        resolve::last(self, visible, object)
    }

    /// Goes through every version of an object, each source's own, the greatest version first.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn versions(
        &self,
        visible: &Visible,
        object: &ObjectKey,
        each: &mut dyn FnMut(&Hit<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        find::versions(self, visible, object, each)
    }

    /// Goes through what a search is after, the newest first, until told to stop. The number is the find's place in
    /// the order, which is its position.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn search(
        &self,
        search: &Search<'_>,
        each: &mut dyn FnMut(u64, &Hit<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        search::search(self, search, each)
    }

    /// Whether a hit is the newest that a search is after of its object: where several sources say an id that is nobody's, each
    /// says it in a statement of its own, and the newest may stand for all. A claim stands for itself.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn is_newest(&self, search: &Search<'_>, hit: &Hit<'_>) -> Result<bool, Error> {
        search::is_newest(self, search, hit)
    }

    /// Lends the entry at a position, which the caller has found to be visible.
    ///
    /// # Errors
    /// [`crate::Kind::NotFound`], [`crate::Kind::Engine`].
    pub fn entry(
        &self,
        visible: &Visible,
        position: u64,
        each: &mut dyn FnMut(&Entry<'_>),
    ) -> Result<(), Error> {
        find::entry(self, visible, position, each)
    }

    /// The tags of the entry at a position.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn tags(&self, position: u64) -> Result<Vec<String>, Error> {
        let tags = find::terms(self, position, Class::Tag)?;
        Ok(tags.into_iter().filter_map(|tag| String::from_utf8(tag).ok()).collect())
    }

    /// The keys of the observables that the entry at a position mentions, as far as they are not too long to be kept
    /// whole.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn observables(&self, position: u64) -> Result<Vec<Vec<u8>>, Error> {
        find::terms(self, position, Class::Observable)
    }

    /// Lends every statement that a reader may see, claims and past versions too, in order from a position on, at most
    /// so many. Answers where to go on.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn statements(
        &self,
        visible: &Visible,
        from: u64,
        most: usize,
        each: &mut dyn FnMut(&Entry<'_>),
    ) -> Result<Option<u64>, Error> {
        find::statements(self, visible, from, most, each)
    }

    /// How many objects a reader may see, by type, source and label: what is last, each source's own.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn counts(&self, visible: &Visible) -> Result<Vec<Count>, Error> {
        find::counts(self, visible)
    }
}

/// A count of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The type name.
    pub kind: String,
    /// Whose they are.
    pub source: MemberId,
    /// Their label.
    pub label: LabelId,
    /// How many.
    pub count: u64,
}
