//! What is held, for the one who writes: asked before and beside writing, filtered for nobody. Nothing of it leaves
//! the node.

use model::gate::{Authorized, Put};
use model::{CollectionId, Label, MemberId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::read::{LabelId, OutcomeState, Snapshot, Visible};
use crate::record::{Held as HeldAs, HeldLabel, Media, NewStatement, ObjectKey, Submission};
use crate::sqlite::known::COMPARED;
use crate::sqlite::owner::{self, Asked};
use crate::sqlite::row::{damaged, entry, flag, state};
use crate::sqlite::span::Wires;
use crate::sqlite::views::{Side, side};
use crate::sqlite::{arrivals, directory, enlist, erasures, intern, sealed, stored};
use crate::{Error, Store, authority};

/// A statement of an object that is held, withdrawn or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its position, the latest if it moved.
    pub position: u64,
    /// Whose statement it is.
    pub source: MemberId,
    /// Its version.
    pub version: Timestamp,
    /// Its label.
    pub label: Label,
    /// It was taken back.
    pub withdrawn: bool,
    /// The id is bound to the source, or to nobody.
    pub owned: bool,
}

/// A statement that stands, of a source that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its position.
    pub position: u64,
    /// Its object.
    pub object: ObjectKey,
    /// Its version.
    pub version: Timestamp,
    /// Whose statement it is.
    pub source: MemberId,
    /// It says that it is revoked.
    pub revoked: bool,
}

/// A statement of one source that stands.
struct Before {
    version: Timestamp,
    digest: Option<Vec<u8>>,
    label: i64,
    position: i64,
    // Where its bytes are.
    root: i64,
    state: i64,
}

impl Snapshot {
    /// Every statement of an object whose body is held, in order.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn every_statement(&self, object: &ObjectKey) -> Result<Vec<Held>, Error> {
        let conn = self.conn()?;
        let Some(object) = self.object(object)? else { return Ok(Vec::new()) };
        let mut query = conn.prepare_cached(
            "SELECT s.position, s.source, s.version, l.canonical, s.state, s.flags
             FROM statement s JOIN label l ON l.num = s.label
             WHERE s.object = ?1 AND s.state IN (?2, ?3, ?4, ?5) AND s.entry IN (?6, ?7) ORDER BY s.position",
        )?;
        let states = (state::LAST, state::PAST, state::WITHDRAWN, state::EQUIVOCAL);
        let mut rows = query.query(params![
            object,
            states.0,
            states.1,
            states.2,
            states.3,
            entry::OBJECT,
            entry::REENTRY
        ])?;
        let mut held = Vec::new();
        while let Some(row) = rows.next()? {
            let canonical = row.get_ref(3)?.as_blob().map_err(|_| damaged("label"))?;
            held.push(Held {
                position: row.get::<_, i64>(0)?.cast_unsigned(),
                source: self.source(row.get(1)?)?,
                version: Timestamp(row.get(2)?),
                label: Label::from_canonical(canonical).ok_or_else(|| damaged("label"))?,
                withdrawn: row.get::<_, i64>(4)? == state::WITHDRAWN,
                owned: row.get::<_, i64>(5)? & flag::OWNED != 0,
            });
        }
        Ok(held)
    }

    /// The submission that brought the statement at a position; `None` when there is no statement.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn origin(&self, position: u64) -> Result<Option<Submission>, Error> {
        arrivals::origin(self.conn()?, position.cast_signed())
    }

    /// Where a statement entered first, that is at a position by now; the same where it never entered again.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn root(&self, position: u64) -> Result<u64, Error> {
        let mut query = self
            .conn()?
            .prepare_cached("SELECT coalesce(target, position) FROM statement WHERE position = ?1")?;
        let root = query.query_row([position.cast_signed()], |row| row.get::<_, i64>(0)).optional()?;
        Ok(root.map_or(position, i64::cast_unsigned))
    }

    /// The objects that a submission brought statements of, in order, at most so many. Looks at every statement.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn brought_by(&self, submission: model::SubmissionId, most: usize) -> Result<Vec<ObjectKey>, Error> {
        let mut query = self.conn()?.prepare_cached(
            "SELECT s.kind, s.uuid, min(s.position) FROM submission u JOIN statement s ON s.submission = u.num
             WHERE u.id = ?1 AND s.entry = ?2 AND s.state <> ?3 GROUP BY s.object ORDER BY 3 LIMIT ?4",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows = query.query(params![submission.0.as_bytes(), entry::OBJECT, state::ERASED, most])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let id = row.get_ref(1)?.as_blob().map_err(|_| damaged("uuid"))?;
            let uuid = crate::sqlite::row::uuid(id)?;
            found.push(ObjectKey { kind: self.word(row.get(0)?)?.to_string(), uuid });
        }
        Ok(found)
    }

    /// Whether the statement at a position is in a collection. One without a filter holds everything.
    ///
    /// # Errors
    /// [`crate::Kind::NotFound`] when the collection is not known; [`crate::Kind::Engine`].
    pub fn is_listed(&self, position: u64, collection: CollectionId) -> Result<bool, Error> {
        let conn = self.conn()?;
        let Some(list) = directory::list_if_filtered(conn, collection)? else { return Ok(true) };
        let listed = conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM statement s JOIN posting p ON p.position = s.position
                   AND p.label = s.label AND p.list IN (?2, ?3) WHERE s.position = ?1)",
            )?
            .query_row([position.cast_signed(), side(list, Side::Last), side(list, Side::Past)], |row| {
                row.get(0)
            })?;
        Ok(listed)
    }

    /// What would become of a statement of this source if it were appended now by somebody who sees so much, through a
    /// collection or outside of any.
    ///
    /// # Errors
    /// [`crate::Kind::NotFound`] when the collection is not known; [`crate::Kind::Engine`].
    pub fn foresee(
        &self,
        (source, seen): (MemberId, &Visible),
        through: Option<CollectionId>,
        new: &NewStatement,
    ) -> Result<OutcomeState, Error> {
        let conn = self.conn()?;
        let digest: [u8; 32] = Sha256::digest(&new.body).into();
        let is_refused = erasures::refuses(conn)? && erasures::is_refused(conn, source.0, &digest)?;
        // Who has said nothing yet has no number, and no other has this one.
        let num = intern::source(conn, source)?.unwrap_or(0);
        let object = self.object(&new.object)?;
        let fresh = match object {
            _ if is_refused => OutcomeState::Rejected,
            Some(object) if self.would_be_told(seen, (object, num), new)? => OutcomeState::Claim,
            None if !new.owned => OutcomeState::Claim,
            _ => OutcomeState::New,
        };
        let Some(object) = object else { return Ok(fresh) };
        let stands = self.said_before(object, num)?;
        let by_bytes = by_bytes(new);
        let of_version: Vec<&Before> =
            stands.iter().filter(|one| by_bytes || new.version == Some(one.version)).collect();
        let same = of_version.iter().find(|one| one.digest.as_deref() == Some(&digest[..]));
        let same = match same {
            Some(same) => Some(*same),
            None => self.of_same_content(&of_version, new)?,
        };
        let Some(same) = same else {
            let is_other = !by_bytes && !of_version.is_empty() && fresh != OutcomeState::Rejected;
            return Ok(if is_other { OutcomeState::Equivocation } else { fresh });
        };
        let outside = match through {
            Some(through) => !self.is_listed(same.position.cast_unsigned(), through)?,
            None => false,
        };
        let label = held_label(conn, seen, same.label, new)?;
        Ok(OutcomeState::Duplicate(HeldAs { label, outside }))
    }

    // What a source said of an object that stands: what is last before what is past, and of that the newest first.
    fn said_before(&self, object: i64, source: i64) -> Result<Vec<Before>, Error> {
        let mut query = self.conn()?.prepare_cached(
            "SELECT s.version, f.digest, s.label, s.position, coalesce(s.target, s.position), s.state
             FROM statement s JOIN leaf f ON f.position = s.position
             WHERE s.object = ?1 AND s.state IN (?2, ?3, ?4) AND s.source = ?5
             ORDER BY s.state <> ?2, s.version DESC",
        )?;
        let states = (state::LAST, state::PAST, state::EQUIVOCAL);
        let rows = query.query_map([object, states.0, states.1, states.2, source], |row| {
            Ok(Before {
                version: Timestamp(row.get(0)?),
                digest: row.get(1)?,
                label: row.get(2)?,
                position: row.get(3)?,
                root: row.get(4)?,
                state: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    // As the one who writes compares: with what is served, and of what has no version not with everything that is past.
    fn of_same_content<'b>(
        &self,
        before: &[&'b Before],
        new: &NewStatement,
    ) -> Result<Option<&'b Before>, Error> {
        if new.media == Media::Row {
            return Ok(None);
        }
        let of_state = |state: i64| before.iter().filter(move |one| one.state == state);
        let most = usize::try_from(COMPARED).unwrap_or(0);
        let past = if new.version.is_none() || of_state(state::LAST).next().is_none() { most } else { 0 };
        let mut wires = Wires::default();
        for one in of_state(state::LAST).chain(of_state(state::PAST).take(past)) {
            let (_, served) = wires.at(self.conn()?, one.root)?;
            if (self.store().same_content)(served, new.wire.as_ref().unwrap_or(&new.body)) {
                return Ok(Some(one));
            }
        }
        Ok(None)
    }

    fn would_be_told(
        &self,
        seen: &Visible,
        (object, source): (i64, i64),
        new: &NewStatement,
    ) -> Result<bool, Error> {
        let owner: Option<i64> = self
            .conn()?
            .prepare_cached("SELECT owner FROM object WHERE num = ?1")?
            .query_row([object], |row| row.get(0))?;
        let by_words = if new.owned { flag::OWNED } else { 0 } | if new.bound { flag::BOUND } else { 0 };
        let is_anothers = owner.is_some_and(|owner| owner != source);
        let flags = if is_anothers { owner::claimed(by_words) } else { by_words };
        let asked = Asked { position: self.end().cast_signed(), source, flags };
        Ok(owner::standing_of(self, seen, object, asked)?.claim)
    }

    /// Where the statements stand, in order, that wait for a marking: of one source, or of all.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn waiting_for(&self, marking: &ObjectKey, source: Option<MemberId>) -> Result<Vec<u64>, Error> {
        let conn = self.conn()?;
        let Some(marking) = self.object(marking)? else { return Ok(Vec::new()) };
        let source = match source.map(|source| intern::source(conn, source)).transpose()? {
            Some(None) => return Ok(Vec::new()),
            source => source.flatten(),
        };
        let of_one = "SELECT position FROM waits WHERE marking = ?1 AND source = ?2 ORDER BY position";
        let of_all = "SELECT position FROM waits WHERE marking = ?1 AND ?2 IS NULL ORDER BY position";
        let mut query = conn.prepare_cached(if source.is_some() { of_one } else { of_all })?;
        let rows = query.query_map(params![marking, source], |row| row.get::<_, i64>(0))?;
        rows.map(|row| Ok(row?.cast_unsigned())).collect()
    }

    /// The markings that statements wait for, and whose statements those are.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn awaited(&self) -> Result<Vec<(ObjectKey, MemberId)>, Error> {
        let conn = self.conn()?;
        let mut query = conn.prepare_cached("SELECT DISTINCT marking, source FROM waits")?;
        let mut rows = query.query([])?;
        let mut awaited = Vec::new();
        while let Some(row) = rows.next()? {
            let (marking, source) = (row.get(0)?, row.get(1)?);
            awaited.push((stored::key_of(self, conn, marking)?, self.source(source)?));
        }
        Ok(awaited)
    }

    /// What stands of two sources (a member, and what it says without its name), whoever sees it, from one position up to, but
    /// without, another, so many at most, in order; and where to go on.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn said_between(
        &self,
        sources: [MemberId; 2],
        (from, before): (u64, u64),
        limit: usize,
    ) -> Result<(Vec<Said>, u64), Error> {
        let conn = self.conn()?;
        // A source that said nothing has no number.
        let number = |source| Ok::<_, Error>(intern::source(conn, source)?.unwrap_or(-1));
        let [one, other] = sources;
        let mut query = conn.prepare_cached(
            "SELECT position, kind, uuid, version, source, flags FROM statement
             WHERE position >= ?1 AND position < ?2 AND source IN (?3, ?4) AND entry IN (?5, ?6) AND state IN (?7, ?8, ?9)
             ORDER BY position LIMIT ?10",
        )?;
        let mut rows = query.query(params![
            from.cast_signed(),
            i64::try_from(before).unwrap_or(i64::MAX),
            number(one)?,
            number(other)?,
            entry::OBJECT,
            entry::REENTRY,
            state::LAST,
            state::PAST,
            state::EQUIVOCAL,
            i64::try_from(limit).unwrap_or(i64::MAX),
        ])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let uuid = crate::sqlite::row::uuid(row.get_ref(2)?.as_blob().map_err(|_| damaged("uuid"))?)?;
            found.push(Said {
                position: row.get::<_, i64>(0)?.cast_unsigned(),
                object: ObjectKey { kind: self.word(row.get(1)?)?.to_string(), uuid },
                version: Timestamp(row.get(3)?),
                source: self.source(row.get(4)?)?,
                revoked: row.get::<_, i64>(5)? & flag::REVOKED != 0,
            });
        }
        let next =
            found.last().filter(|_| found.len() == limit).map_or(before, |last: &Said| last.position + 1);
        Ok((found, next))
    }

    /// Positions of statements whose body is held and whose commit was sealed before a time, by type and source, in order
    /// from a position on: what retention looks for. And where to go on: nothing else is found before that, then or later, as long
    /// as the time is no earlier.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn added_before(
        &self,
        time: Timestamp,
        kind: Option<&str>,
        source: Option<MemberId>,
        from: u64,
        limit: usize,
    ) -> Result<(Vec<u64>, u64), Error> {
        let conn = self.conn()?;
        let before = sealed::position_from(conn, time)?;
        let end = before.cast_unsigned().max(from);
        let kind = match kind.map(|kind| intern::word(conn, kind)).transpose()? {
            Some(None) => return Ok((Vec::new(), end)),
            kind => kind.flatten(),
        };
        let source = match source.map(|source| intern::source(conn, source)).transpose()? {
            Some(None) => return Ok((Vec::new(), end)),
            source => source.flatten(),
        };
        let mut query = conn.prepare_cached(
            "SELECT position FROM statement WHERE position >= ?1 AND position < ?2 AND entry = ?3 AND state <> ?4
             AND (?5 IS NULL OR kind = ?5) AND (?6 IS NULL OR source = ?6) ORDER BY position LIMIT ?7",
        )?;
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = query.query_map(
            params![from.cast_signed(), before, entry::OBJECT, state::ERASED, kind, source, most],
            |row| row.get::<_, i64>(0),
        )?;
        let found = rows.map(|row| Ok(row?.cast_unsigned())).collect::<Result<Vec<_>, Error>>()?;
        let next = found.last().filter(|_| found.len() == limit).map_or(end, |last| last + 1);
        Ok((found, next))
    }
}

fn held_label(conn: &Connection, seen: &Visible, label: i64, new: &NewStatement) -> Result<HeldLabel, Error> {
    let held = intern::label(conn, label)?;
    let is_seen = u32::try_from(label).is_ok_and(|label| seen.has(LabelId(label)));
    Ok(match held == new.label {
        true => HeldLabel::AsAsked,
        false if is_seen => HeldLabel::Tlp(held.tlp),
        false => HeldLabel::Unseen,
    })
}

/// Whether bytes alone tell versions apart: for what has none, and for rows, whose version is the time they came.
pub(crate) fn by_bytes(new: &NewStatement) -> bool {
    new.version.is_none() || new.media == Media::Row
}

impl Store {
    /// Puts statements that stand into the list of a filtered collection that was made after them. Once more changes
    /// nothing.
    ///
    /// # Errors
    /// [`crate::Kind::Stale`]; [`crate::Kind::NotFound`] when the collection is not known; [`crate::Kind::Full`]; [`crate::Kind::Engine`].
    pub fn enlist(&self, by: &Authorized<Put, CollectionId>, positions: &[u64]) -> Result<(), Error> {
        let (collection, facts, positions) = (*by.id(), by.facts(), positions.to_vec());
        self.inner.writer.run(0, None, move |to| {
            authority::compare(to, facts, None)?;
            enlist::enlist(&to.conn, collection, &positions)
        })
    }
}
