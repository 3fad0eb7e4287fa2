//! Acts on what stands: withdraw, erase, relabel, disclose. Each is an entry of its own, and `reach` says what it did, so that a
//! rebuild can repeat it without understanding its body.
//!
//! What becomes visible to somebody by an act is new to him: a version that is the last again, and a statement under
//! another label, enter at a new position. The entry at the old position is marked as moved; the body stays there.

use model::{CollectionId, Label, MemberId, Timestamp, Tlp};
use rusqlite::{OptionalExtension, params};
use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::append::{INSERT, Known, Run, pack, print};
use super::head::Head;
use super::intern::{self, LabelRef};
use super::packed::Packed;
use super::row::{damaged, entry, flag, media_number, state};
use super::sequencer::Leaf;
use super::span::Record;
use super::{claims, directory, erasures, gaps, kept, views};
use crate::record::{Again, Appended, Batch, Index, Item, Media, ObjectKey};
use crate::{Error, Kind};

/// A statement that an act is to reach.
#[derive(Debug, Clone, Copy)]
struct Reached {
    known: Known,
    object: i64,
    kind: i64,
    state: i64,
    // Where its body is.
    root: i64,
}

/// A place in which somebody must be last: (object, kind, source, label without parts).
type Place = (i64, i64, i64, i64);

impl Run<'_> {
    /// Compares what a batch was judged on with what is, before anything of it is done: nothing more may have been said of
    /// the objects that it acts on or speaks of, nor been done to what was; where that is what one member said, nothing by
    /// or to that one.
    pub(crate) fn nothing_since(&mut self, looked: u64, batch: &Batch) -> Result<(), Error> {
        if let Some((object, member)) = &batch.about
            && let Some(object) = self.to.object(object)?
        {
            let source = self.to.interned.source(&self.to.conn, *member)?;
            self.nothing_said_since(looked, object, Some(source))?;
        }
        for item in &batch.items {
            match item {
                Item::Withdraw { object, source, .. } => {
                    let Some(object) = self.to.object(object)? else { continue };
                    let source = source.map(|one| self.to.interned.source(&self.to.conn, one)).transpose()?;
                    self.nothing_said_since(looked, object, source)?;
                }
                Item::Relabel { positions, label, .. } => {
                    let source = self.to.interned.source(&self.to.conn, label.author)?;
                    for object in self.objects_at(positions)? {
                        self.nothing_said_since(looked, object, Some(source))?;
                    }
                }
                Item::Erase { positions, .. } | Item::Disclose { positions, .. } => {
                    for object in self.objects_at(positions)? {
                        self.nothing_said_since(looked, object, None)?;
                    }
                }
                Item::Statement(_) | Item::Reject { .. } => {}
            }
        }
        Ok(())
    }

    fn objects_at(&self, positions: &[u64]) -> Result<FxHashSet<i64>, Error> {
        let mut objects = FxHashSet::default();
        for position in positions {
            objects.extend(self.reached(position.cast_signed())?.map(|one| one.object));
        }
        Ok(objects)
    }

    fn nothing_said_since(&self, looked: u64, object: i64, source: Option<i64>) -> Result<(), Error> {
        let more: bool = self
            .to
            .conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM statement s INDEXED BY statement_object
                   WHERE s.object = ?1 AND s.state <> ?2 AND (?3 IS NULL OR s.source = ?3) AND (s.position >= ?4
                     OR EXISTS (SELECT 1 FROM reach r WHERE r.target = s.position AND r.act >= ?4)))",
            )?
            .query_row(params![object, state::ACT, source, i64::try_from(looked).unwrap_or(i64::MAX)], |row| {
                row.get(0)
            })?;
        if more {
            Err(Error::new(Kind::Stale, "something was said of the object, or done to it, meanwhile"))
        } else {
            Ok(())
        }
    }

    /// Takes back versions of an object.
    pub(crate) fn withdraw(
        &mut self,
        object: &ObjectKey,
        source: Option<MemberId>,
        versions: Option<&[Timestamp]>,
        body: &[u8],
    ) -> Result<Appended, Error> {
        // What this batch says is not in the index yet.
        let num = match self.ids.get(object) {
            Some(num) => Some(*num),
            None => self.to.object(object)?,
        };
        let (Some(num), Some(kind)) = (num, intern::word(&self.to.conn, &object.kind)?) else {
            return Ok(NOTHING);
        };
        let source = match source {
            None => None,
            Some(member) => match intern::source(&self.to.conn, member)? {
                Some(source) => Some(source),
                None => return Ok(NOTHING),
            },
        };
        let mut reached = Vec::new();
        for state in [state::LAST, state::PAST, state::EQUIVOCAL] {
            let all = self.known(num, state)?;
            let meant = all.into_iter().filter(|known| {
                source.is_none_or(|source| source == known.source)
                    && versions.is_none_or(|some| some.contains(&Timestamp(known.version)))
            });
            reached.extend(meant.map(|known| Reached {
                known,
                object: num,
                kind,
                state,
                root: known.position,
            }));
        }
        if reached.is_empty() {
            return Ok(NOTHING);
        }
        let act = self.act(entry::WITHDRAW, (num, kind, object.uuid), body)?;
        for one in &reached {
            self.reach(act, one.known.position)?;
            self.take_out(one, state::WITHDRAWN)?;
            self.wait_no_more(one.known.position)?;
        }
        self.fill(&reached)?;
        Ok(done(act, reached.len()))
    }

    /// Gives statements another label, and what the views keep of each under it.
    pub(crate) fn relabel(
        &mut self,
        (positions, label): (&[u64], &Label),
        (collections, indexes): (&[Vec<CollectionId>], &[Index]),
        waiting: bool,
        body: &[u8],
    ) -> Result<Appended, Error> {
        let source = self.to.interned.source(&self.to.conn, label.author)?;
        let label = self.to.interned.label(&self.to.conn, label)?;
        let (mut reached, mut met) = (Vec::new(), FxHashSet::default());
        for (at, position) in positions.iter().enumerate().filter(|(_, position)| met.insert(**position)) {
            let Some(one) = self.reached(position.cast_signed())? else { continue };
            if one.known.source != source {
                let message =
                    format!("the statement at {position} is not of the member whose label it is to get");
                return Err(Error::new(Kind::Unauthorized, message));
            }
            if one.known.label != label.num && matches!(one.state, state::LAST | state::PAST) {
                reached.push((one, collections.get(at).map(Vec::as_slice), indexes.get(at)));
            }
        }
        if reached.is_empty() {
            return Ok(NOTHING);
        }
        let act = self.act(entry::RELABEL, (0, 0, Uuid::nil()), body)?;
        let mut moved = Vec::new();
        for (one, collections, index) in reached {
            self.reach(act, one.known.position)?;
            let mut packed = self.packed(one.known.position)?;
            if let Some(index) = index {
                let ids = &self.ids;
                let number = &mut |_: &mut _, key: &ObjectKey| Ok(ids.get(key).copied().unwrap_or(0));
                packed = Packed { lists: packed.lists, ..pack(self.to, index, &[], number)? };
            }
            if let Some(collections) = collections {
                packed.lists.retain(|list| claims::is_claims(*list));
                for collection in collections {
                    packed.lists.push(directory::list(&self.to.conn, *collection)?);
                }
            }
            self.take_out(&one, state::MOVED)?;
            if !waiting {
                self.wait_no_more(one.known.position)?;
            }
            let position = self.enter_again(&one, label, &packed)?;
            if let Some(index) = index {
                self.set_valid(position, index)?;
            }
            moved.push(one);
        }
        self.fill(&moved)?;
        Ok(done(act, moved.len()))
    }

    /// Removes bodies and salts.
    pub(crate) fn erase(&mut self, positions: &[u64], again: Again, body: &[u8]) -> Result<Appended, Error> {
        let mut reached = Vec::new();
        let mut roots = FxHashSet::default();
        for position in positions {
            let Some(one) = self.reached(position.cast_signed())? else { continue };
            if roots.insert(one.root) {
                reached.extend(self.entries_of(one.object, one.root)?);
            }
        }
        if reached.is_empty() {
            return Ok(NOTHING);
        }
        let act = self.act(entry::ERASE, (0, 0, Uuid::nil()), body)?;
        // What is freed is overwritten, here and in the index, which is made anew by and by.
        for one in &reached {
            self.reach(act, one.known.position)?;
            self.take_out(one, state::ERASED)?;
            self.wait_no_more(one.known.position)?;
            self.empty(one.known.position, again)?;
        }
        self.to.index.scrub_due(&self.to.conn)?;
        gaps::now_due(self.to)?;
        self.to.clears = true;
        self.fill(&reached)?;
        Ok(done(act, roots.len()))
    }

    /// Says that statements were given to an authority. Without any it says something of an act before, which its body names.
    pub(crate) fn disclose(&mut self, positions: &[u64], body: &[u8]) -> Result<Appended, Error> {
        for position in positions {
            if self.reached(position.cast_signed())?.is_none() {
                return Err(Error::new(Kind::Stale, "what is to be disclosed is there no more"));
            }
        }
        let positions: Vec<i64> = positions.iter().map(|position| position.cast_signed()).collect();
        self.record_disclosure(&positions, body)
    }

    /// The same of what need not stand any more.
    pub(crate) fn record_disclosure(&mut self, positions: &[i64], body: &[u8]) -> Result<Appended, Error> {
        let act = self.act(entry::DISCLOSE, (0, 0, Uuid::nil()), body)?;
        for position in positions {
            self.reach(act, *position)?;
        }
        self.to.disclosures.due = true;
        Ok(done(act, positions.len()))
    }

    // An act is an entry without readers: its label names its author alone.
    fn act(&mut self, kind: i64, object: (i64, i64, Uuid), body: &[u8]) -> Result<i64, Error> {
        let label = self.to.interned.label(&self.to.conn, &Label::new(self.member, Tlp::Red))?;
        let at = self.to.take();
        let digest: [u8; 32] = Sha256::digest(body).into();
        let head = Head {
            ordinal: 0,
            version: at.1,
            uuid: object.2,
            kind: object.1,
            source: self.source,
            media: media_number(Media::Act),
            text: false,
        };
        self.to.conn.prepare_cached(INSERT)?.execute(params![
            at.0,
            at.1,
            kind,
            state::ACT,
            label.num,
            flag::UNVERSIONED,
            object.1,
            object.0,
            object.2.as_bytes(),
            at.1,
            self.source,
            self.submission,
            print(&digest),
            None::<String>,
            None::<i64>,
            None::<String>,
            None::<i64>,
            None::<i64>,
            None::<i64>,
            media_number(Media::Act),
            body,
        ])?;
        self.to.serve(at.0, Record::new((state::ACT, label.num, flag::UNVERSIONED), head)?, &[])?;
        let leaf = Leaf { digest, salt: self.salt(), label: label.digest, source: self.member.0 };
        self.to.leaf(at, &leaf)?;
        Ok(at.0)
    }

    fn reach(&self, act: i64, target: i64) -> Result<(), Error> {
        self.to
            .conn
            .prepare_cached("INSERT INTO reach (act, target) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute([act, target])?;
        Ok(())
    }

    // What an act is to reach at a position; `None` for acts and for what is erased.
    fn reached(&self, position: i64) -> Result<Option<Reached>, Error> {
        let mut query = self.to.conn.prepare_cached(
            "SELECT position, source, version, label, flags, print, object, kind, state, coalesce(target, position)
             FROM statement WHERE position = ?1 AND entry IN (0, 4) AND state <> 3",
        )?;
        let one = query.query_row([position], |row| {
            let known = Known::read(row)?;
            Ok(Reached {
                known,
                object: row.get(6)?,
                kind: row.get(7)?,
                state: row.get(8)?,
                root: row.get(9)?,
            })
        });
        Ok(one.optional()?)
    }

    // Every entry of the statement whose body is at `root`.
    fn entries_of(&self, object: i64, root: i64) -> Result<Vec<Reached>, Error> {
        let mut positions: Vec<i64> = self
            .to
            .conn
            .prepare_cached("SELECT position FROM statement WHERE object = ?1 AND target = ?2")?
            .query_map([object, root], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        positions.push(root);
        let entries = positions.into_iter().map(|position| self.reached(position));
        Ok(entries.collect::<Result<Vec<_>, Error>>()?.into_iter().flatten().collect())
    }

    /// Where the bytes stand of the statement that entered at a position.
    pub(crate) fn root(&self, position: i64) -> Result<i64, Error> {
        Ok(self
            .to
            .conn
            .prepare_cached("SELECT coalesce(target, position) FROM statement WHERE position = ?1")?
            .query_row([position], |row| row.get(0))?)
    }

    // Out of the views, into another state.
    fn take_out(&mut self, one: &Reached, into: i64) -> Result<(), Error> {
        let packed = self.packed(one.known.position)?;
        let at = one.known.standing(one.kind);
        match one.state {
            state::LAST => self.views.leave(at, &packed),
            state::PAST => self.views.leave_past(at, &packed),
            _ => {}
        }
        self.to.conn.prepare_cached("DELETE FROM indexed WHERE position = ?1")?.execute([at.position])?;
        self.to.vitals.take_away(at.position, packed.stands);
        if into == state::ERASED {
            kept::leave(&self.to.conn, at.position)?;
        }
        self.set_state(at.position, into, one.known.flags & !flag::SEVERAL)
    }

    // Body, salt, and everything that tells of the body.
    fn empty(&mut self, position: i64, again: Again) -> Result<(), Error> {
        let mark = match again {
            Again::Taken => None,
            Again::Refused => {
                let (digest, source) = self.committed(position)?;
                self.to.refuses = true;
                Some(erasures::mark(&self.to.conn, source, &digest)?)
            }
        };
        self.to
            .conn
            .prepare_cached(
                // What was erased before a backup was put back may have stood at a position that was given again.
                "INSERT INTO erasure (position, hash, mark) SELECT position, hash, ?2 FROM leaf l
                 WHERE position = ?1
                   AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.position = ?1 AND e.hash = l.hash)",
            )?
            .execute(params![position, mark])?;
        self.to
            .conn
            .prepare_cached(
                "UPDATE statement SET print = 0, version_text = NULL, author = NULL, pattern_type = NULL,
                 valid_from = NULL, valid_until = NULL, body = NULL WHERE position = ?1",
            )?
            .execute([position])?;
        self.to.conn.prepare_cached("DELETE FROM claimed WHERE position = ?1")?.execute([position])?;
        self.to.unserve(position)?;
        self.to
            .conn
            .prepare_cached("UPDATE leaf SET digest = NULL, salt = NULL WHERE position = ?1")?
            .execute([position])?;
        Ok(())
    }

    // The statement enters again at a new position, under this label. Answers where.
    fn enter_again(&mut self, one: &Reached, label: LabelRef, packed: &Packed) -> Result<i64, Error> {
        let last = self.known(one.object, state::LAST)?;
        let at = self.to.take();
        let known =
            Known { position: at.0, label: label.num, flags: one.known.flags & !flag::SEVERAL, ..one.known };
        let before = self.before(&last, known.source, known.label)?;
        let past = before.is_some_and(|before| before.version > known.version);
        if let Some(before) = before.filter(|_| !past) {
            self.supersede(&before, one.kind)?;
        }
        let state = if past { state::PAST } else { state::LAST };
        let told = self.to.told(one.known.position)?;
        self.to
            .conn
            .prepare_cached(
                "INSERT INTO statement (position, date_added, entry, state, label, flags, kind, object, uuid, version,
                   source, submission, print, version_text, author, pattern_type, valid_from, valid_until, target, media)
                 SELECT ?2, ?3, 4, ?4, ?5, ?6, kind, object, uuid, version, source, ?7, print, version_text, author,
                   pattern_type, valid_from, valid_until, coalesce(target, position), media
                 FROM statement WHERE position = ?1",
            )?
            .execute(params![
                one.known.position,
                at.0,
                at.1,
                state,
                label.num,
                known.flags,
                self.submission,
            ])?;
        self.to.serve(at.0, Record::new((state, label.num, known.flags), told.head)?, &[])?;
        self.to
            .conn
            .prepare_cached("UPDATE waits SET position = ?2 WHERE position = ?1")?
            .execute([one.known.position, at.0])?;
        views::keep(&self.to.conn, at.0, packed)?;
        kept::enter_again(&self.to.conn, one.known.position, at.0, label)?;
        if past {
            self.views.enter_past(known.standing(one.kind), packed);
        } else {
            self.views.enter(known.standing(one.kind), packed);
        }
        let (digest, source) = self.committed(one.known.position)?;
        let leaf = Leaf { digest, salt: self.salt(), label: label.digest, source };
        self.to.leaf(at, &leaf)?;
        Ok(at.0)
    }

    // From when until when it is valid, as those are told who see no restricted part.
    fn set_valid(&self, position: i64, index: &Index) -> Result<(), Error> {
        self.to
            .conn
            .prepare_cached("UPDATE statement SET valid_from = ?2, valid_until = ?3 WHERE position = ?1")?
            .execute(params![position, index.valid_from.map(|at| at.0), index.valid_until.map(|at| at.0)])?;
        Ok(())
    }

    // It waits for no marking any more.
    fn wait_no_more(&self, position: i64) -> Result<(), Error> {
        self.to.conn.prepare_cached("DELETE FROM waits WHERE position = ?1")?.execute([position])?;
        Ok(())
    }

    fn committed(&self, position: i64) -> Result<([u8; 32], Uuid), Error> {
        let (digest, source): (Option<Vec<u8>>, Vec<u8>) = self
            .to
            .conn
            .prepare_cached(
                "SELECT l.digest, m.id FROM leaf l JOIN statement s ON s.position = l.position
                 JOIN source m ON m.num = s.source WHERE l.position = ?1",
            )?
            .query_row([position], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let digest = digest.and_then(|digest| digest.try_into().ok()).ok_or_else(|| damaged("digest"))?;
        Ok((digest, super::row::uuid(&source)?))
    }

    // Where the last one went, the greatest of the past ones is last again, as a new entry; then the flags of all
    // that are last are made right.
    fn fill(&mut self, reached: &[Reached]) -> Result<(), Error> {
        let mut places: Vec<Place> = Vec::new();
        for one in reached.iter().filter(|one| one.state == state::LAST) {
            let whole = self.to.interned.whole(&self.to.conn, one.known.label)?;
            places.push((one.object, one.kind, one.known.source, whole));
        }
        places.sort_unstable();
        places.dedup();
        for place in &places {
            self.revive(*place)?;
        }
        let mut objects: Vec<i64> = reached.iter().map(|one| one.object).collect();
        objects.sort_unstable();
        objects.dedup();
        for object in objects {
            self.settle(object)?;
        }
        Ok(())
    }

    fn revive(&mut self, (object, kind, source, whole): Place) -> Result<(), Error> {
        let last = self.known(object, state::LAST)?;
        if self.before(&last, source, whole)?.is_some() {
            return Ok(());
        }
        // The greatest is the first that is met.
        let mut past = self.known(object, state::PAST)?;
        past.sort_unstable_by_key(|known| std::cmp::Reverse((known.version, known.position)));
        let Some(known) = self.before(&past, source, whole)? else { return Ok(()) };
        let label = known.label;
        let same = intern::label(&self.to.conn, label)?;
        let same = self.to.interned.label(&self.to.conn, &same)?;
        let one = Reached { known, object, kind, state: state::PAST, root: self.root(known.position)? };
        let packed = self.packed(known.position)?;
        self.take_out(&one, state::MOVED)?;
        self.enter_again(&one, same, &packed).map(drop)
    }

    fn settle(&mut self, object: i64) -> Result<(), Error> {
        let last = self.known(object, state::LAST)?;
        let several = if last.len() > 1 { flag::SEVERAL } else { 0 };
        for known in last.iter().filter(|known| known.flags & flag::SEVERAL != several) {
            self.set_state(known.position, state::LAST, known.flags & !flag::SEVERAL | several)?;
        }
        Ok(())
    }
}

const NOTHING: Appended = Appended::Done { position: None, reached: 0 };

fn done(act: i64, reached: usize) -> Appended {
    Appended::Done { position: Some(act.cast_unsigned()), reached: reached as u64 }
}
