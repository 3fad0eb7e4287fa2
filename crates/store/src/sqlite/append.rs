//! Sequencing a batch: each item gets its position, time, leaf and places in the views.

use model::{CollectionId, Facts, MemberId, Timestamp};
use rusqlite::{OptionalExtension, params};
use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

use super::head::Head;
use super::intern::LabelRef;
use super::known::Stands;
use super::owner::{self, Asked};
use super::packed::Packed;
use super::row::{entry, flag, media_number, state};
use super::sequencer::{Leaf, Sequencer};
use super::span::Record;
use super::views::{self, Standing, Views};
use super::{arrivals, circles, erasures, kept};
use crate::authority;
use crate::read::{LabelId, Visible};
use crate::record::{Appended, Batch, Held, HeldLabel, Index, Item, NewStatement, ObjectKey};
use crate::{Error, Kind};

/// A batch on its way into the record.
pub(crate) struct Run<'a> {
    pub(crate) to: &'a mut Sequencer,
    pub(crate) views: Views,
    pub(crate) now: Timestamp,
    pub(crate) submission: i64,
    pub(crate) source: i64,
    pub(crate) member: MemberId,
    seed: [u8; 32],
    salts: u64,
    pub(crate) ids: FxHashMap<&'a ObjectKey, i64>,
    // Ids that were first heard of in this batch and of which nothing is said yet: nothing need be looked up.
    fresh: FxHashSet<i64>,
    // Statements and rejects, and their bytes.
    pub(crate) added: (u64, u64),
    // What the submitter sees, and the filtered collection that he sends through.
    seen: Visible,
    through: Option<i64>,
}

/// On whose behalf something is sequenced, and when.
pub(crate) struct By {
    pub(crate) submission: i64,
    pub(crate) source: i64,
    pub(crate) member: MemberId,
    pub(crate) now: Timestamp,
    pub(crate) seed: [u8; 32],
}

impl<'a> Run<'a> {
    pub(crate) fn new(to: &'a mut Sequencer, by: By) -> Run<'a> {
        Run {
            to,
            views: Views::default(),
            now: by.now,
            submission: by.submission,
            source: by.source,
            member: by.member,
            seed: by.seed,
            salts: 0,
            ids: FxHashMap::default(),
            fresh: FxHashSet::default(),
            added: (0, 0),
            seen: Visible::default(),
            through: None,
        }
    }

    /// Writes what was gathered for the views.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        self.views.flush(&self.to.conn, &mut self.to.index)
    }
}

/// A statement of an object that stands, as `statement_object` tells without its row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) position: i64,
    pub(crate) source: i64,
    pub(crate) version: i64,
    pub(crate) label: i64,
    pub(crate) flags: i64,
    pub(crate) print: i64,
}

/// Sequences a batch.
pub(crate) fn append(to: &mut Sequencer, facts: Facts, batch: &Batch) -> Result<Vec<Appended>, Error> {
    authority::compare(to, facts, Some(batch.now))?;
    let submission = arrivals::submission(to, &batch.submission, false)?;
    let authors: Vec<ObjectKey> = authors(batch);
    let mut views = Views::default();
    let mut fresh = FxHashSet::default();
    let ids = intern(to, batch, &authors, &mut views, &mut fresh)?;
    let source = to.interned.source(&to.conn, batch.submission.source)?;
    let by = By { submission, source, member: batch.submission.source, now: batch.now, seed: batch.seed };
    let through = match batch.submission.collection {
        Some(collection) => super::directory::list_if_filtered(&to.conn, collection)?,
        None => None,
    };
    let mut run = Run { views, ids, fresh, seen: batch.seen.clone(), through, ..Run::new(to, by) };
    if let Some(looked) = facts.record {
        run.nothing_since(looked, batch)?;
    }
    let appended = batch.items.iter().map(|item| run.item(item)).collect::<Result<Vec<_>, Error>>()?;
    let is_nothing = |one: &Appended| matches!(one, Appended::Done { position: None, .. });
    if facts.record.is_some() && !appended.is_empty() && appended.iter().all(is_nothing) {
        // Somebody else did it meanwhile. No trace is left of what was not done.
        return Err(Error::new(Kind::Stale, "what it was to be done to is there no more"));
    }
    run.flush()?;
    let added = run.added;
    arrivals::charge_batch(to, batch, (submission, source), added)?;
    arrivals::finish(to, batch, submission, &appended)?;
    arrivals::audit_refused(to, batch, &appended)?;
    for audit in &batch.audit {
        arrivals::audit(&to.conn, audit)?;
    }
    for act in &batch.circle_acts {
        circles::note(&to.conn, act)?;
    }
    Ok(appended)
}

fn authors(batch: &Batch) -> Vec<ObjectKey> {
    let said: FxHashSet<&str> = statements(batch).filter_map(|new| new.author.as_deref()).collect();
    said.into_iter().filter_map(ObjectKey::parse).collect()
}

fn statements(batch: &Batch) -> impl Iterator<Item = &NewStatement> {
    batch.items.iter().filter_map(|item| match item {
        Item::Statement(new) => Some(new.as_ref()),
        _ => None,
    })
}

// All ids of a batch at once, in the order of their keys; those that are new are also put into `fresh`.
fn intern<'a>(
    to: &mut Sequencer,
    batch: &'a Batch,
    authors: &'a [ObjectKey],
    views: &mut Views,
    fresh: &mut FxHashSet<i64>,
) -> Result<FxHashMap<&'a ObjectKey, i64>, Error> {
    let mut keys: Vec<&ObjectKey> = authors.iter().collect();
    for new in statements(batch) {
        keys.push(&new.object);
        keys.extend(new.index.references.iter().map(|(key, _)| key));
        keys.extend(&new.waits_for);
    }
    for item in &batch.items {
        if let Item::Relabel { indexes, .. } = item {
            keys.extend(indexes.iter().flat_map(|index| &index.references).map(|(key, _)| key));
        }
    }
    keys.sort_unstable_by(|one, other| (one.uuid, &one.kind).cmp(&(other.uuid, &other.kind)));
    keys.dedup();
    let mut ids = FxHashMap::with_capacity_and_hasher(keys.len(), Default::default());
    for key in keys {
        let num = match to.object(key)? {
            Some(num) => num,
            None => {
                let (num, leads) = to.new_object(key)?;
                views.key(&leads);
                fresh.insert(num);
                num
            }
        };
        ids.insert(key, num);
    }
    Ok(ids)
}

/// What a statement is written with, beside what it brings.
struct Place {
    at: (i64, i64),
    state: i64,
    flags: i64,
    version: i64,
    object: i64,
    kind: i64,
    label: LabelRef,
    digest: [u8; 32],
}

impl Run<'_> {
    pub(crate) fn item(&mut self, item: &Item) -> Result<Appended, Error> {
        match item {
            Item::Statement(new) => self.statement(new),
            Item::Withdraw { object, source, versions, body } => {
                self.withdraw(object, *source, versions.as_deref(), body)
            }
            Item::Relabel { positions, label, collections, indexes, waiting, body } => {
                self.relabel((positions, label), (collections, indexes), *waiting, body)
            }
            Item::Erase { positions, again, body } => self.erase(positions, *again, body),
            Item::Disclose { positions, body } => self.disclose(positions, body),
            Item::Reject { ordinal, object, reason, bytes, .. } => {
                let kept = arrivals::reject(self, *ordinal, object.as_deref(), reason, bytes)?;
                self.added = (self.added.0 + 1, self.added.1 + kept);
                Ok(Appended::Rejected)
            }
        }
    }

    fn statement(&mut self, new: &NewStatement) -> Result<Appended, Error> {
        let digest: [u8; 32] = Sha256::digest(&new.body).into();
        let object = self.ids.get(&new.object).copied().unwrap_or(0);
        let label = self.to.interned.label(&self.to.conn, &new.label)?;
        let is_fresh = self.fresh.remove(&object);
        let last = if is_fresh { Vec::new() } else { self.known(object, state::LAST)? };
        let first = match self.stands(object, &last, new, &digest)? {
            Stands::Same(known) => {
                return Ok(Appended::Duplicate {
                    position: known.position.cast_unsigned(),
                    version: Timestamp(known.version),
                    held: self.held(&known, label)?,
                });
            }
            Stands::Other(first) => Some(first.position),
            Stands::Nothing => None,
        };
        if self.to.refuses && erasures::is_refused(&self.to.conn, self.member.0, &digest)? {
            return Ok(Appended::Erased);
        }
        let owner = if is_fresh { None } else { self.owner(object)? };
        let at = self.to.take();
        let place = Place {
            at,
            state: state::LAST,
            flags: self.owner_flags(flags(new), owner),
            version: new.version.map_or(at.1, |version| version.0),
            object,
            kind: self.to.interned.word(&self.to.conn, &new.object.kind)?,
            label,
            digest,
        };
        self.added = (self.added.0 + 1, self.added.1 + new.body.len() as u64);
        if let Some(first) = first {
            let kept = Place { state: state::EQUIVOCAL, flags: place.flags | flag::EQUIVOCAL, ..place };
            self.write(new, &kept)?;
            return Ok(Appended::Equivocation {
                position: at.0.cast_unsigned(),
                first: first.cast_unsigned(),
            });
        }
        let asked = Asked { position: at.0, source: self.source, flags: place.flags };
        let claim = owner::is_told(&self.to.conn, &self.seen, (object, &last), asked)?;
        let place = self.take_place(&last, place)?;
        let version = Timestamp(place.version);
        self.write(new, &place)?;
        let claims = self.claim(new, (object, at.0, place.flags), owner)?;
        self.enter(new, &place, &claims)?;
        self.wait(new, at.0)?;
        if owner.is_none() && place.flags & flag::BOUND != 0 {
            self.own(object)?;
        }
        Ok(Appended::New { position: at.0.cast_unsigned(), version, claim })
    }

    // Whoever is bound to the author of what he said first under an id owns it; nobody else speaks for the id after that,
    // even when the owner has taken back all that he said.
    fn owner_flags(&self, flags: i64, owner: Option<i64>) -> i64 {
        if owner.is_some_and(|owner| owner != self.source) { owner::claimed(flags) } else { flags }
    }

    fn owner(&self, object: i64) -> Result<Option<i64>, Error> {
        let mut query = self.to.conn.prepare_cached("SELECT owner FROM object WHERE num = ?1")?;
        Ok(query.query_row([object], |row| row.get(0)).optional()?.flatten())
    }

    fn own(&self, object: i64) -> Result<(), Error> {
        let mut query = self.to.conn.prepare_cached("UPDATE object SET owner = ?2 WHERE num = ?1")?;
        query.execute([object, self.source])?;
        Ok(())
    }

    fn wait(&self, new: &NewStatement, position: i64) -> Result<(), Error> {
        for marking in new.waits_for.iter().filter_map(|key| self.ids.get(key)) {
            self.to
                .conn
                .prepare_cached(
                    "INSERT INTO waits (marking, source, position) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                )?
                .execute([*marking, self.source, position])?;
        }
        Ok(())
    }

    // How a duplicate is held, beside what was asked for.
    fn held(&self, known: &Known, asked: LabelRef) -> Result<Held, Error> {
        let label = if known.label == asked.num {
            HeldLabel::AsAsked
        } else if self.seen.has(LabelId(u32::try_from(known.label).unwrap_or(u32::MAX))) {
            HeldLabel::Tlp(super::intern::label(&self.to.conn, known.label)?.tlp)
        } else {
            HeldLabel::Unseen
        };
        let outside = match self.through {
            Some(list) => !self.packed(known.position)?.lists.contains(&list),
            None => false,
        };
        Ok(Held { label, outside })
    }

    // The new statement among those that are last: it supersedes the one of its source and label, or is itself past.
    fn take_place(&mut self, last: &[Known], mut place: Place) -> Result<Place, Error> {
        let before = self.before(last, self.source, place.label.num)?;
        // Of two in one commit, whose version is its time, the second is the later version for whoever sees both.
        if let Some(before) = before.filter(|before| before.flags & place.flags & flag::UNVERSIONED != 0) {
            place.version = place.version.max(before.version + 1);
        }
        if before.is_some_and(|before| before.version > place.version) {
            place.state = state::PAST;
            return Ok(place);
        }
        let here = |known: &&Known| before.is_some_and(|before| before.position == known.position);
        let others: Vec<Known> = last.iter().filter(|known| !here(known)).copied().collect();
        if !others.is_empty() {
            place.flags |= flag::SEVERAL;
        }
        if let Some(before) = before {
            self.supersede(&before, place.kind)?;
        }
        for other in others.iter().filter(|other| other.flags & flag::SEVERAL == 0) {
            self.set_state(other.position, state::LAST, other.flags | flag::SEVERAL)?;
        }
        Ok(place)
    }

    /// The one that is last of a source under a label, whatever is said of its parts.
    pub(crate) fn before(&mut self, last: &[Known], source: i64, label: i64) -> Result<Option<Known>, Error> {
        let whole = self.to.interned.whole(&self.to.conn, label)?;
        for known in last.iter().filter(|known| known.source == source) {
            if self.to.interned.whole(&self.to.conn, known.label)? == whole {
                return Ok(Some(*known));
            }
        }
        Ok(None)
    }

    /// A last statement becomes a past one.
    pub(crate) fn supersede(&mut self, known: &Known, kind: i64) -> Result<(), Error> {
        self.set_state(known.position, state::PAST, known.flags & !flag::SEVERAL)?;
        let packed = self.packed(known.position)?;
        let at = known.standing(kind);
        self.views.leave(at, &packed);
        self.views.enter_past(at, &packed);
        Ok(())
    }

    /// Writes what is a view in the row of a statement.
    pub(crate) fn set_state(&mut self, position: i64, state: i64, flags: i64) -> Result<(), Error> {
        self.to.retell(position, |record| (record.state, record.flags) = (state, flags))?;
        self.to
            .conn
            .prepare_cached("UPDATE statement SET state = ?2, flags = ?3 WHERE position = ?1")?
            .execute([position, state, flags])?;
        Ok(())
    }

    /// What the views hold of a statement.
    pub(crate) fn packed(&self, position: i64) -> Result<Packed, Error> {
        let bytes: Option<Vec<u8>> = self
            .to
            .conn
            .prepare_cached("SELECT packed FROM indexed WHERE position = ?1")?
            .query_row([position], |row| row.get(0))
            .optional()?;
        bytes.map_or_else(|| Ok(Packed::default()), |bytes| Packed::decode(&bytes))
    }

    /// A salt that nobody guesses: from the batch's seed and a counter.
    pub(crate) fn salt(&mut self) -> [u8; 32] {
        self.salts += 1;
        let mut salt = Sha256::new();
        salt.update(self.seed);
        salt.update(self.salts.to_be_bytes());
        salt.finalize().into()
    }

    fn write(&mut self, new: &NewStatement, place: &Place) -> Result<(), Error> {
        let author = new.author.as_deref().and_then(ObjectKey::parse);
        let author = author.and_then(|key| self.ids.get(&key)).copied();
        let text = new.version.zip(new.version_text.as_deref()).and_then(|(version, text)| {
            (place.flags & flag::MILLIS == 0 && text != version.to_string()).then_some(text)
        });
        let head = Head {
            ordinal: 0,
            version: place.version,
            uuid: new.object.uuid,
            kind: place.kind,
            source: self.source,
            media: media_number(new.media),
            text: text.is_some(),
        };
        self.to.conn.prepare_cached(INSERT)?.execute(params![
            place.at.0,
            place.at.1,
            entry::OBJECT,
            place.state,
            place.label.num,
            place.flags,
            place.kind,
            place.object,
            new.object.uuid.as_bytes(),
            place.version,
            self.source,
            self.submission,
            print(&place.digest),
            text,
            author,
            new.pattern_type,
            new.index.valid_from.map(|at| at.0),
            new.index.valid_until.map(|at| at.0),
            None::<i64>,
            media_number(new.media),
            // Where what is served is what came, it is in the span only.
            new.wire.as_ref().map(|_| &new.body),
        ])?;
        let record = Record::new((place.state, place.label.num, place.flags), head)?;
        self.to.serve(place.at.0, record, new.wire.as_ref().unwrap_or(&new.body))?;
        kept::enter(&self.to.conn, place.at.0, place.label)?;
        let salt = self.salt();
        let leaf = Leaf { digest: place.digest, salt, label: place.label.digest, source: self.member.0 };
        self.to.leaf(place.at, &leaf)
    }

    // A statement that is last or past goes into the views.
    fn enter(&mut self, new: &NewStatement, place: &Place, claims: &[i64]) -> Result<(), Error> {
        let ids = &self.ids;
        let mut packed = pack(self.to, &new.index, &new.collections, &mut |_, key| {
            Ok(ids.get(key).copied().unwrap_or(0))
        })?;
        packed.lists.extend_from_slice(claims);
        let at =
            Standing { position: place.at.0, label: place.label.num, source: self.source, kind: place.kind };
        views::keep(&self.to.conn, at.position, &packed)?;
        if place.state == state::LAST {
            self.views.enter(at, &packed);
        } else {
            self.views.enter_past(at, &packed);
        }
        Ok(())
    }
}

/// What the views keep of a statement, in numbers. `number` knows that of each id.
pub(crate) fn pack(
    to: &mut Sequencer,
    index: &Index,
    collections: &[CollectionId],
    number: &mut dyn FnMut(&mut Sequencer, &ObjectKey) -> Result<i64, Error>,
) -> Result<Packed, Error> {
    let (stands, spoken) = (index.stands.clone(), index.spoken.clone());
    let mut packed = Packed { terms: views::terms(index), stands, spoken, ..Packed::default() };
    for collection in collections {
        packed.lists.push(super::directory::list(&to.conn, *collection)?);
    }
    for (key, property) in &index.references {
        packed.references.push((number(to, key)?, to.interned.word(&to.conn, property)?));
    }
    Ok(packed)
}

/// Writes a row of `statement`, all columns in the order of the schema.
pub(crate) const INSERT: &str = "INSERT INTO statement (position, date_added, entry, state, label, flags, kind, object,
  uuid, version, source, submission, print, version_text, author, pattern_type, valid_from, valid_until, target, media,
  body)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";

fn flags(new: &NewStatement) -> i64 {
    let millis = new
        .version
        .zip(new.version_text.as_deref())
        .is_some_and(|(version, text)| text.len() == 24 && text == version.millis_text());
    let mut flags = 0;
    for (on, bit) in [
        (new.owned, flag::OWNED),
        (new.bound, flag::BOUND),
        (new.revoked, flag::REVOKED),
        (millis, flag::MILLIS),
        (new.version.is_none(), flag::UNVERSIONED),
    ] {
        flags |= if on { bit } else { 0 };
    }
    flags
}

/// The first eight bytes of a digest: enough to know where to compare the whole.
pub(crate) fn print(digest: &[u8; 32]) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = *digest;
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}
