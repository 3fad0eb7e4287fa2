//! A file is made of everything, or brought up to date piece by piece.

use std::sync::Arc;

use model::protect::Action;
use model::{Timestamp, Tlp};
use sensors::{File as FileOf, Format, Head};
use store::seen::Common;

use super::FeedQuery;
use super::judged::Values;
use super::kept::{Basis, Kept, head};
use super::numbers::Taken;
use super::pieces::{self, Making, Piece, Spool};
use crate::protect::facts::{Judged, Judging};
use crate::protect::policy::policy_of;
use crate::protect::stream::{At, Since, touched_since};
use crate::reading::Reading;
use crate::{Error, Node};

/// More values than these are not followed: a file is made of everything.
const TOUCHED: usize = 10_000;
/// Bytes that nothing is in any more, before a file is made of everything, beside as many as are in it.
const SPENT_BYTES: u64 = 64 << 20;

/// What is asked for, and by what the prints of its items are keyed. All that is to be known before anything is read: whoever holds a
/// snapshot waits for no other one, and for nobody's turn.
pub(super) struct Asked<'q> {
    pub(super) query: &'q FeedQuery,
    pub(super) of: (Format, &'static FileOf),
    pub(super) key: [u8; 32],
}

/// What is to be made.
struct Order<'o> {
    reading: &'o Reading,
    query: &'o FeedQuery,
    of: (Format, &'static FileOf),
    key: &'o [u8; 32],
    head: Head<'o>,
    place: At,
}

impl Node {
    /// A file of what stands, made of everything.
    pub(super) fn made_of_all(&self, reading: &Reading, asked: &Asked<'_>) -> Result<Kept, Error> {
        let order = &self.order(reading, asked)?;
        let (format, file) = order.of;
        let policy = policy_of(&order.reading.roster, order.reading.reader, order.reading.now)?;
        let judging = Judging::new(self, order.reading, policy, Judged::All)?;
        let mut kinds = file.kinds().to_vec();
        kinds.sort_unstable_by_key(|kind| kind.byte());
        let first = kinds.first().map_or(0, |kind| kind.byte());
        let spool = Spool::begin(self)?;
        let of = (format, file, &order.head);
        let mut making = Making::begin(order.key, order.reading, of, (&[first], None), (spool, None))?;
        for kind in kinds {
            making.turn(&[kind.byte()])?;
            order
                .values(&judging, &mut making, kind)
                .all(&[kind.byte()], &[kind.byte().saturating_add(1)])?;
        }
        let made = making.end(&[u8::MAX])?;
        let judged = made.pieces.iter().map(|piece| piece.counts.judged).sum();
        let mut pieces = made.pieces;
        pieces.shrink_to_fit();
        let common = judging.common().cloned();
        Ok(order.kept(None, common, (pieces, made.rest), (made.spool, judged)))
    }

    fn order<'o>(&'o self, reading: &'o Reading, asked: &'o Asked<'_>) -> Result<Order<'o>, Error> {
        let Asked { query, of, key } = asked;
        let place = self.stream_from_here(reading, query)?;
        let head = head(reading.now, self.settings().organisation.as_str());
        Ok(Order { reading, query, of: *of, key, head, place })
    }

    /// A file of what stands, from what was made before. `None` where it is not known what of that is otherwise by now, or it is most of
    /// it.
    pub(super) fn brought_up(
        &self,
        reading: &Reading,
        asked: &Asked<'_>,
        before: Kept,
    ) -> Result<Option<Kept>, Error> {
        let order = &self.order(reading, asked)?;
        let (format, file) = order.of;
        let live: u64 = before.pieces.iter().map(|piece| piece.stored).sum();
        let is_spent = before.spool.end > live * 2 + SPENT_BYTES;
        if is_spent || before.place.goes_on(reading, &order.place).is_err() {
            return Ok(None);
        }
        let since = touched_since(reading, (before.place, order.place), TOUCHED)?;
        let Some(Since { keys, less }) = since else { return Ok(None) };
        // Of a source that said less than it had, others of its values may be among the first of their day by now.
        if less && before.pieces.iter().any(|piece| piece.beyond) {
            return Ok(None);
        }
        let policy = policy_of(&reading.roster, reading.reader, reading.now)?;
        let judging = Judging::new(self, reading, policy, Judged::Some)?;
        match (judging.common(), &before.common) {
            (None, None) => {}
            (Some(now), Some(then)) if now.is_as(then) => {}
            _ => return Ok(None),
        }
        let Kept { begun, common, pieces, mut closing, mut spool, .. } = before;
        let mut anew = pieces::touched(&pieces, &keys, reading.now);
        let (mut judged, mut written) = (0, Vec::new());
        let (mut carried, mut taken) = (None::<Vec<u8>>, Taken::new(&pieces));
        while let Some(place) = anew.pop_first() {
            let Some(piece) = pieces.get(place) else { continue };
            let Some(kind) = pieces::kind_of(file, piece) else { return Ok(None) };
            let next = pieces.get(place + 1);
            let after = [piece.first.first().map_or(u8::MAX, |kind| kind.saturating_add(1))];
            let end = next.map(|next| &*next.first).filter(|first| first.first() == piece.first.first());
            let rest = carried.take().unwrap_or_else(|| piece.rest.to_vec());
            let of = (format, file, &order.head);
            let beside = (spool, Some(taken.before(place)));
            let mut making = Making::begin(order.key, reading, of, (&piece.first, Some(&rest)), beside)?;
            order.values(&judging, &mut making, kind).all(&piece.first, end.unwrap_or(&after))?;
            let made = making.end(next.map_or(&[u8::MAX], |next| &*next.first))?;
            spool = made.spool;
            judged += made.pieces.iter().map(|piece| piece.counts.judged).sum::<u64>();
            match next {
                Some(next) if *next.rest != *made.rest => {
                    carried = Some(made.rest);
                    anew.insert(place + 1);
                }
                Some(_) => {}
                None => closing = made.rest,
            }
            anew.extend(taken.written(place, &made.pieces));
            written.push((place, made.pieces));
            // What is most of it is sooner made of everything.
            if written.len() * 2 > pieces.len() + 8 {
                return Ok(None);
            }
        }
        let pieces = pieces::put(pieces, written);
        Ok(Some(order.kept(Some(begun), common, (pieces, closing), (spool, judged))))
    }
}

impl Order<'_> {
    fn values<'a, 'j, 'm>(
        &self,
        judging: &'a Judging<'j>,
        making: &'a mut Making<'m>,
        kind: model::observable::Kind,
    ) -> Values<'a, 'j, 'm> {
        let least = self.query.action.unwrap_or(Action::Context).max(self.of.0.least_action());
        Values { judging, making, ceiling: self.query.ceiling.unwrap_or(Tlp::Red), least, kind, at: None }
    }

    /// The file of these pieces.
    fn kept(
        &self,
        begun: Option<Timestamp>,
        common: Option<Arc<Common>>,
        (pieces, closing): (Vec<Piece>, Vec<u8>),
        (spool, judged): (Spool, u64),
    ) -> Kept {
        Kept {
            basis: Basis::of(self.reading, self.query),
            end: self.reading.snapshot.end(),
            begun: begun.unwrap_or(self.reading.now),
            as_of: self.reading.now,
            place: self.place,
            common,
            pieces,
            closing,
            spool,
            judged,
            given: Vec::new(),
        }
    }
}
