//! Snapshots: what readers see, filtered by label before anything is counted or paged.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::{CollectionId, Hidden, Label, MemberId, SubmissionId, Timestamp, Tlp, TokenId};
use rusqlite::Connection;
use uuid::Uuid;

use crate::opened::{Moment, Moments, Opened, Place};
use crate::record::{Held, Media, ObjectKey};
use crate::sqlite::arrivals;
use crate::sqlite::index::keys;
use crate::sqlite::index::scan::Runs;
use crate::sqlite::intern;
use crate::sqlite::names::Names;
use crate::sqlite::owner;
use crate::sqlite::page::{self, Body, Out};
use crate::sqlite::pool::Reader;
use crate::sqlite::row::damaged;
use crate::sqlite::sealed::Times;
use crate::sqlite::span::Record;
use crate::sqlite::strip::{Chunk, Seen, Wanted};
use crate::{Error, Inner, Kind};

/// Labels of a reader who sees few, at most, and he sees at most one in so many.
const FEW: usize = 64;
const ONE_IN: usize = 16;

/// The number under which a label is interned, dense from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelId(pub u32);

/// Takes parts out of what is served. The node's, which understands the bytes.
pub type TakeOut = fn(&[u8], Hidden) -> Vec<u8>;

/// The labels that a reader may see, as a bitmap over label numbers, and what he sees only parts of.
#[derive(Debug, Clone, Default)]
pub struct Visible {
    bits: Vec<u64>,
    // Labels whose author the reader is not told.
    withheld: Vec<u64>,
    // Labels of which he does not see every part. They are few.
    parts: BTreeMap<LabelId, (Hidden, TakeOut)>,
    // What became visible to him later.
    moments: Moments,
    // All that he may see, where this is part of it.
    whole: Option<Arc<Visible>>,
}

impl PartialEq for Visible {
    // The functions are left out: the node has one.
    fn eq(&self, other: &Visible) -> bool {
        let parts = |(label, (hidden, _)): (&LabelId, &(Hidden, TakeOut))| (*label, *hidden);
        self.bits == other.bits
            && self.withheld == other.withheld
            && self.moments == other.moments
            && self.parts.iter().map(parts).eq(other.parts.iter().map(parts))
            && self.whole == other.whole
    }
}

impl Visible {
    /// Lets a label through.
    pub fn allow(&mut self, label: LabelId) {
        set(&mut self.bits, label);
    }

    /// This is part of what a reader may see: of a collection, or behind a filter. Whose an id is does not depend on where he
    /// looks.
    pub fn is_part_of(&mut self, whole: Arc<Visible>) {
        self.whole = Some(whole.whole.clone().unwrap_or(whole));
    }

    /// All that the reader may see.
    pub(crate) fn whole(&self) -> &Visible {
        self.whole.as_deref().unwrap_or(self)
    }

    /// Whether a label gets through.
    #[must_use]
    pub fn has(&self, label: LabelId) -> bool {
        is_set(&self.bits, label)
    }

    /// The first label from one on that gets through.
    pub(crate) fn from(&self, label: LabelId) -> Option<LabelId> {
        let (word, bit) = (label.0 / 64, label.0 % 64);
        let mut words = (word..).zip(self.bits.get(word as usize..).unwrap_or_default());
        let of = |word: u32, bits: u64| (bits != 0).then(|| LabelId(word * 64 + bits.trailing_zeros()));
        let first = words.next().and_then(|(word, bits)| of(word, bits & (u64::MAX << bit)));
        first.or_else(|| words.find_map(|(word, bits)| of(word, *bits)))
    }

    /// How many labels get through.
    pub(crate) fn count(&self) -> usize {
        self.bits.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    /// Few of many labels get through: mostly nothing near is under one of them.
    pub(crate) fn sees_few(&self) -> bool {
        let count = self.count();
        count <= FEW && count * ONE_IN < self.bits.len() * 64
    }

    /// The first and the last of labels that get through, ascending, together with those between that do not where at most
    /// `gap` follow each other.
    pub(crate) fn ranges(&self, gap: u32) -> Vec<(u32, u32)> {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for (first, word) in (0..).step_by(64).zip(&self.bits) {
            let mut rest = *word;
            while rest != 0 {
                let label = first + rest.trailing_zeros();
                rest &= rest - 1;
                match ranges.last_mut() {
                    Some((_, last)) if label - *last <= gap + 1 => *last = label,
                    _ => ranges.push((label, label)),
                }
            }
        }
        ranges
    }

    /// Takes away again a label that was let through.
    pub(crate) fn forbid(&mut self, label: LabelId) {
        if let Some(bits) = self.bits.get_mut(label.0 as usize / 64) {
            *bits &= !(1 << (label.0 % 64));
        }
    }

    /// Some of the labels that were let through became visible later than what bears them was said.
    pub fn open(&mut self, opened: &[Opened]) {
        self.moments = Moments::new(opened, |label| self.has(label));
    }

    /// Whether whoever sees this sees of the labels before `end` all that is in the other, and no more: those labels, those parts
    /// and those authors, and each entry at the time at which it is there.
    #[must_use]
    pub fn is_as(&self, other: &Visible, end: LabelId) -> bool {
        let same = |one: &[u64], another: &[u64]| {
            let word = |words: &[u64], at: u32| words.get(at as usize).copied().unwrap_or(0);
            let of_last = !(u64::MAX << (end.0 % 64));
            let whole = (0..end.0 / 64).all(|at| word(one, at) == word(another, at));
            whole && (word(one, end.0 / 64) ^ word(another, end.0 / 64)) & of_last == 0
        };
        let parts = |of: &Visible| -> Vec<(LabelId, Hidden)> {
            of.parts.range(..end).map(|(label, (hidden, _))| (*label, *hidden)).collect()
        };
        same(&self.bits, &other.bits)
            && same(&self.withheld, &other.withheld)
            && parts(self) == parts(other)
            && self.moments == other.moments
    }

    /// Whether something became visible to the reader later than it was said.
    #[must_use]
    pub fn was_opened(&self) -> bool {
        !self.moments().is_empty()
    }

    /// What became visible later, in the order of its times.
    pub(crate) fn moments(&self) -> &[Moment] {
        self.moments.all()
    }

    /// The moment at which what stands at a position under a label became visible, where that was later.
    pub(crate) fn moment_of(&self, label: LabelId, position: i64) -> Option<&Moment> {
        self.moments.of(label, position)
    }

    /// The reader is not told who the author of this label is.
    pub fn withhold_origin(&mut self, label: LabelId) {
        set(&mut self.withheld, label);
    }

    /// The reader does not see these parts of what bears a label: every entry that is lent by this is without them.
    pub fn hide_parts(&mut self, label: LabelId, hidden: Hidden, take_out: TakeOut) {
        self.parts.insert(label, (hidden, take_out));
    }

    /// Which parts of what bears a label the reader does not see; `None` where he sees all of it.
    #[must_use]
    pub fn hidden_parts(&self, label: LabelId) -> Option<Hidden> {
        self.parts.get(&label).map(|(hidden, _)| *hidden)
    }

    // What is served of an entry, as far as it is for this reader; `None` where all of it is.
    pub(crate) fn without_hidden(&self, label: LabelId, wire: &[u8]) -> Option<Vec<u8>> {
        self.parts.get(&label).map(|(hidden, take_out)| take_out(wire, *hidden))
    }

    /// Whether the reader sees this label and is told who its author is.
    #[must_use]
    pub fn tells_origin(&self, label: LabelId) -> bool {
        self.has(label) && !is_set(&self.withheld, label)
    }
}

fn set(words: &mut Vec<u64>, label: LabelId) {
    let word = label.0 as usize / 64;
    if words.len() <= word {
        words.resize(word + 1, 0);
    }
    if let Some(bits) = words.get_mut(word) {
        *bits |= 1 << (label.0 % 64);
    }
}

fn is_set(words: &[u64], label: LabelId) -> bool {
    words.get(label.0 as usize / 64).is_some_and(|bits| bits >> (label.0 % 64) & 1 == 1)
}

/// Which versions of an object (TAXII 2.1 §3.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionSpec {
    /// The greatest that this reader may see.
    Last,
    /// The least that this reader may see.
    First,
    /// This one.
    At(Timestamp),
    /// Every one.
    All,
}

/// A page of entries in order of their positions.
#[derive(Debug, Clone)]
pub struct PageQuery<'a> {
    /// What the reader may see.
    pub visible: &'a Visible,
    /// The collection whose members are wanted; `None` for the whole record.
    pub collection: Option<CollectionId>,
    /// Only these ids; empty is all.
    pub objects: Vec<ObjectKey>,
    /// Only these types; empty is all.
    pub kinds: Vec<String>,
    /// Only these sources; empty is all.
    pub sources: Vec<MemberId>,
    /// Which versions, ORed; empty is `Last`.
    pub versions: Vec<VersionSpec>,
    /// From here on.
    pub from: Place,
    /// At most this many.
    pub limit: usize,
}

impl<'a> PageQuery<'a> {
    /// The last version of everything that a reader may see.
    #[must_use]
    pub fn everything(visible: &'a Visible, from: Place, limit: usize) -> PageQuery<'a> {
        PageQuery {
            visible,
            collection: None,
            objects: Vec::new(),
            kinds: Vec::new(),
            sources: Vec::new(),
            versions: Vec::new(),
            from,
            limit,
        }
    }
}

/// One entry as it stands in the store, lent for the time of a callback.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its position in the record.
    pub position: u64,
    /// When it was added, for this reader: a function of the commit that brought it and of what he may see of that.
    pub date_added: Timestamp,
    /// The type name.
    pub kind: &'a str,
    /// The UUID of the id.
    pub uuid: Uuid,
    /// Its version.
    pub version: Timestamp,
    /// How the object writes its version; [`Entry::version_text`] gives the text.
    pub version_form: VersionForm<'a>,
    /// The id is the source's or nobody's, as far as this reader is told; otherwise this is a claim.
    pub owned: bool,
    /// It is revoked by its author.
    pub revoked: bool,
    /// Its label.
    pub label: LabelId,
    /// Whose statement it is.
    pub source: MemberId,
    /// The form of the kept bytes.
    pub media: Media,
    /// What is served: a STIX 2.1 object as JSON, without the parts that this reader does not see.
    pub wire: &'a [u8],
}

impl Entry<'_> {
    /// The version as the object writes it; the six-digit form where it writes none.
    #[must_use]
    pub fn version_text(&self) -> String {
        self.version_form.text(self.version)
    }
}

/// How an object writes its version. Nearly all write three or six fraction digits, and then no text is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionForm<'a> {
    /// `2026-01-02T03:04:05.678901Z`, and what is not versioned.
    Micros,
    /// `2026-01-02T03:04:05.678Z`.
    Millis,
    /// Something else.
    Other(&'a str),
}

impl<'a> VersionForm<'a> {
    /// As the store keeps it.
    pub(crate) fn stored(millis: bool, text: Option<&'a str>) -> VersionForm<'a> {
        match text {
            Some(text) => VersionForm::Other(text),
            None if millis => VersionForm::Millis,
            None => VersionForm::Micros,
        }
    }

    /// The text of a version in this form.
    #[must_use]
    pub fn text(self, version: Timestamp) -> String {
        match self {
            VersionForm::Micros => version.to_string(),
            VersionForm::Millis => version.millis_text(),
            VersionForm::Other(text) => text.to_owned(),
        }
    }
}

/// How a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageEnd {
    /// Where the next page begins.
    pub next: Place,
    /// Something this reader may see follows.
    pub more: bool,
    /// The time up to which a reader who took this page has seen everything: the last entry's, or on the last page
    /// the whole millisecond of its commit, which no entry of the commit is after.
    pub date_added_last: Option<Timestamp>,
}

/// A consistent view of the record, with a connection of its own: take it late and drop it soon.
#[derive(Debug)]
pub struct Snapshot {
    store: Arc<Inner>,
    reader: Option<Reader>,
    names: RefCell<Arc<Names>>,
    owners: RefCell<owner::Remembered>,
    // Numbers of ids that were met, by id and the number of its type.
    met: RefCell<HashMap<(Uuid, i64), i64>>,
}

/// Ids whose numbers a snapshot remembers: what is met first is what is asked for next.
const MET: usize = 1_024;

impl Snapshot {
    pub(crate) fn take(store: Arc<Inner>) -> Result<Snapshot, Error> {
        let reader = Some(store.pool.take()?);
        let names = RefCell::new(store.names.current());
        Ok(Snapshot { store, reader, names, owners: RefCell::default(), met: RefCell::default() })
    }

    fn reader(&self) -> Result<&Reader, Error> {
        self.reader.as_ref().ok_or_else(|| Error::new(Kind::Engine, "the snapshot is over"))
    }

    pub(crate) fn conn(&self) -> Result<&Connection, Error> {
        Ok(&self.reader()?.conn)
    }

    /// Reads entries of the strip from a position on, and the bytes of at most `most` of those that `wants` asks for;
    /// `None` where the strip has not what this snapshot sees.
    pub(crate) fn strip(
        &self,
        from: i64,
        most: usize,
        wants: &dyn Fn(&Record) -> bool,
    ) -> Result<Option<Ref<'_, Chunk>>, Error> {
        self.chunk(|seen, chunk| self.store.strip.read(seen, from, (most, wants), chunk))
    }

    /// Reads what the strip tells of about so many entries from a position on; `None` where it has not what this snapshot
    /// sees.
    pub(crate) fn heads(&self, from: i64, count: usize) -> Result<Option<Ref<'_, Chunk>>, Error> {
        self.chunk(|seen, chunk| self.store.strip.heads(seen, from, count, chunk))
    }

    fn chunk(&self, read: impl FnOnce(Seen, &mut Chunk) -> bool) -> Result<Option<Ref<'_, Chunk>>, Error> {
        let reader = self.reader()?;
        let is_read = read(reader.seen(), &mut reader.chunk.borrow_mut());
        Ok(is_read.then(|| reader.chunk.borrow()))
    }

    /// Puts what is wanted of the strip's bytes behind what `to` holds, each with a comma behind it. Answers whether the
    /// strip has what this snapshot sees; otherwise nothing is there.
    pub(crate) fn bytes(&self, wanted: &Wanted, to: &mut Vec<u8>) -> Result<bool, Error> {
        Ok(self.store.strip.bytes(self.reader()?.seen(), wanted, to))
    }

    pub(crate) fn store(&self) -> &Inner {
        &self.store
    }

    /// The position after the last that this snapshot sees.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.reader.as_ref().map_or(0, |reader| reader.end).cast_unsigned()
    }

    pub(crate) fn word(&self, num: i64) -> Result<Arc<str>, Error> {
        self.named(|names| names.word(num).cloned())
    }

    pub(crate) fn source(&self, num: i64) -> Result<MemberId, Error> {
        self.named(|names| names.source(num))
    }

    /// The runs of the index.
    pub(crate) fn runs(&self) -> Result<&Runs, Error> {
        let reader = self.reader()?;
        match reader.runs.get() {
            Some(runs) => Ok(runs),
            None => {
                let runs = Runs::read(&reader.conn, &self.store.kept)?;
                Ok(reader.runs.get_or_init(|| runs))
            }
        }
    }

    /// The owners of ids that were looked up.
    pub(crate) fn owners(&self) -> RefMut<'_, owner::Remembered> {
        self.owners.borrow_mut()
    }

    /// The number of an id that is known.
    pub(crate) fn object(&self, key: &ObjectKey) -> Result<Option<i64>, Error> {
        let conn = self.conn()?;
        let known = self.names.borrow().number(&key.kind);
        let kind = if known.is_some() { known } else { intern::word(conn, &key.kind)? };
        let Some(kind) = kind else { return Ok(None) };
        if let Some(num) = self.met.borrow().get(&(key.uuid, kind)) {
            return Ok(Some(*num));
        }
        let prefix = keys::id(key.uuid, kind);
        let mut scan = self.runs()?.scan(conn, &prefix, &keys::after(&prefix), Some(&prefix))?;
        Ok(scan.next()?.and_then(keys::object_of))
    }

    /// Remembers the number of an id: the way from an id to its number is a block of the index that nothing else is in.
    pub(crate) fn meet(&self, uuid: Uuid, kind: i64, num: i64) {
        let mut met = self.met.borrow_mut();
        if met.len() < MET {
            met.insert((uuid, kind), num);
        }
    }

    /// What numbers mean, as far as it is known.
    pub(crate) fn names(&self) -> Arc<Names> {
        self.names.borrow().clone()
    }

    /// What numbers mean, all that this snapshot can meet.
    pub(crate) fn more_names(&self) -> Result<Arc<Names>, Error> {
        let names = self.store.names.extend(self.conn()?)?;
        self.names.replace(names.clone());
        Ok(names)
    }

    fn named<T>(&self, name: impl Fn(&Names) -> Option<T>) -> Result<T, Error> {
        if let Some(known) = name(&self.names.borrow()) {
            return Ok(known);
        }
        let names = self.more_names()?;
        name(&names).ok_or_else(|| Error::new(Kind::Corrupt, "record.sqlite: a number without its name"))
    }

    /// The labels interned from number `from` on.
    ///
    /// # Errors
    /// [`Kind::Engine`].
    pub fn labels(&self, from: LabelId) -> Result<Vec<(LabelId, Label)>, Error> {
        let reader = self.reader()?;
        if reader.labels.get().is_some_and(|known| *known <= from.0) {
            return Ok(Vec::new());
        }
        let mut query =
            reader.conn.prepare_cached("SELECT num, canonical FROM label WHERE num >= ?1 ORDER BY num")?;
        let mut rows = query.query([from.0])?;
        let mut labels = Vec::new();
        while let Some(row) = rows.next()? {
            let canonical = row.get_ref(1)?.as_blob().map_err(|_| damaged("label"))?;
            let label = Label::from_canonical(canonical).ok_or_else(|| damaged("label"))?;
            labels.push((LabelId(row.get(0)?), label));
        }
        reader.labels.get_or_init(|| labels.last().map_or(from.0, |(last, _)| last.0.saturating_add(1)));
        Ok(labels)
    }

    /// Lends each entry of a page in order.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when the collection is not known; [`Kind::Engine`].
    pub fn page(&self, query: &PageQuery<'_>, each: &mut dyn FnMut(&Entry<'_>)) -> Result<PageEnd, Error> {
        page::page(self, query, Out::Lent(Body::Read, each))
    }

    /// The same without what is served of each: `wire` is empty, and no body is read.
    ///
    /// # Errors
    /// As [`Snapshot::page`].
    pub fn manifest(
        &self,
        query: &PageQuery<'_>,
        each: &mut dyn FnMut(&Entry<'_>),
    ) -> Result<PageEnd, Error> {
        page::page(self, query, Out::Lent(Body::Skip, each))
    }

    /// Puts what is served of each entry of a page behind what `to` holds, in order, with commas between; `each` gets its
    /// position, its label and its time. After an error, what was put there is of no use.
    ///
    /// # Errors
    /// As [`Snapshot::page`].
    pub fn page_into(
        &self,
        query: &PageQuery<'_>,
        to: &mut Vec<u8>,
        each: &mut dyn FnMut(u64, LabelId, Timestamp),
    ) -> Result<PageEnd, Error> {
        page::page(self, query, Out::Joined(to, each))
    }

    /// The place from which on everything that this reader may see was added, for him, after this time, and before which
    /// nothing was.
    ///
    /// # Errors
    /// [`Kind::Engine`].
    pub fn place_after(&self, visible: &Visible, date_added: Timestamp) -> Result<Place, Error> {
        let times = Times::new(visible);
        times.place_after(self.conn()?, date_added, self.reader()?.end)
    }

    /// The last time that anything has for this reader, or could have had: whatever comes later is after it.
    ///
    /// # Errors
    /// [`Kind::Engine`].
    pub fn told_upto(&self, visible: &Visible) -> Result<Timestamp, Error> {
        let mut query = self.conn()?.prepare_cached("SELECT coalesce(max(at), 0) FROM sealed")?;
        let sealed: i64 = query.query_row([], |row| row.get(0))?;
        let opened = visible.moments().last().map(|moment| moment.until);
        Ok(Timestamp(sealed.max(opened.unwrap_or(0))))
    }

    /// What became of a submission, if it is known.
    ///
    /// # Errors
    /// [`Kind::Engine`].
    pub fn status(&self, submission: SubmissionId) -> Result<Option<Status>, Error> {
        arrivals::status(self.conn()?, submission)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.store.pool.give(reader);
        }
    }
}

/// What became of a submission.
#[derive(Debug, Clone)]
pub struct Status {
    /// Whose it is.
    pub source: MemberId,
    /// The token that it was made with; `None` for the operator.
    pub token: Option<TokenId>,
    /// Through which collection, if through one.
    pub collection: Option<CollectionId>,
    /// When it arrived.
    pub received: Timestamp,
    /// The label of its objects that brought none.
    pub default_label: Tlp,
    /// Everything in it is sequenced or refused.
    pub complete: bool,
    /// Objects in it, as far as they are counted.
    pub total: u64,
    /// Objects taken, duplicates too.
    pub success: u64,
    /// Objects refused.
    pub failure: u64,
    /// Objects that wait.
    pub pending: u64,
    /// Each object, in order; empty when outcomes were not asked for, or are kept no more (24 h).
    pub outcomes: Vec<Outcome>,
}

/// What became of one object of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Where in the submission, from 0.
    pub ordinal: u64,
    /// Its id, as far as it could be read.
    pub object: String,
    /// Its version's text, as far as it could be read.
    pub version: String,
    /// What happened.
    pub state: OutcomeState,
    /// Why, for what was refused.
    pub message: String,
}

/// How an object of a submission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutcomeState {
    /// New to the record.
    New,
    /// New to the record, under an id that another member owns, as the one who submitted it could see.
    Claim,
    /// Known already.
    Duplicate(Held),
    /// Other bytes under an id and version that stand.
    Equivocation,
    /// Refused.
    Rejected,
}
