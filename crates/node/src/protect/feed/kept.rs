//! Files that were made of late, each for those who see the same by the same rules, and whose turn it is to make one.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use model::{MemberId, Timestamp, TokenId};
use sensors::{File as FileOf, Format, Head, Writer};
use store::directory::Epoch;
use store::read::{LabelId, Visible};
use store::seen::Common;

use super::pieces::{self, Counts, Piece, Spool};
use super::{Feed, FeedQuery, TRUSTED_S};
use crate::protect::stream::At;
use crate::reading::Reading;
use crate::{Caller, Error, Node, views};

const SECOND_US: i64 = 1_000_000;
/// For how long one that was made is given again while nothing changed, in seconds: what ends meanwhile is in it for so long.
const GIVEN_S: i64 = 60;
/// For how long its pieces are gone on from, in seconds.
const KEPT_S: i64 = 600;
/// Files that are kept, at most, and their bytes.
const KEPT: usize = 64;
const KEPT_BYTES: u64 = 1 << 30;

/// What decides what is in a file, beside the record and the time. Whoever has the same is given the same file.
#[derive(Debug, Clone)]
pub(super) struct Basis {
    member: Option<MemberId>,
    alias: Option<MemberId>,
    query: FeedQuery,
    epoch: Epoch,
    /// What was seen of so many labels.
    visible: Arc<Visible>,
    labels: LabelId,
}

impl Basis {
    pub(super) fn of(reading: &Reading, query: &FeedQuery) -> Basis {
        Basis {
            member: reading.reader,
            alias: reading.alias,
            query: query.clone(),
            epoch: reading.roster.epoch(),
            visible: Arc::clone(&reading.sight.visible),
            labels: LabelId(u32::try_from(reading.sight.count()).unwrap_or(u32::MAX)),
        }
    }

    pub(super) fn member(&self) -> Option<MemberId> {
        self.member
    }

    /// Whether another one, of now, sees what this one saw: all of it, and no more of it.
    pub(super) fn holds_for(&self, now: &Basis) -> bool {
        self.member == now.member
            && self.alias == now.alias
            && self.query == now.query
            && self.epoch == now.epoch
            && self.labels <= now.labels
            && self.visible.is_as(&now.visible, self.labels)
    }
}

/// A file that was made.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) basis: Basis,
    /// The end of the record that it was made from.
    pub(super) end: u64,
    /// As of when it was made of everything, and when it was last made.
    pub(super) begun: Timestamp,
    pub(super) as_of: Timestamp,
    pub(super) place: At,
    pub(super) common: Option<Arc<Common>>,
    pub(super) pieces: Vec<Piece>,
    /// What is remembered behind the last piece.
    pub(super) closing: Vec<u8>,
    pub(super) spool: Spool,
    /// Values that were judged for it.
    pub(super) judged: u64,
    /// As it was given: to whom, where its first lines are his alone.
    pub(super) given: Vec<(Option<TokenId>, Feed)>,
}

impl Kept {
    /// Whether it may be gone on from by now.
    pub(super) fn goes_on(&self, basis: &Basis, now: Timestamp) -> bool {
        let is_young = (self.begun..self.begun.plus_seconds(KEPT_S)).contains(&now);
        is_young && now >= self.as_of && self.basis.holds_for(basis)
    }

    /// Whether nothing changed since.
    pub(super) fn is_of(&self, reading: &Reading) -> bool {
        self.end == reading.snapshot.end() && reading.now < self.as_of.plus_seconds(GIVEN_S)
    }

    /// Notes what it lends, in all.
    pub(super) fn lends(&self, reading: &Reading) {
        let mut given = Vec::new();
        let mut lent = reading.lent.take();
        for piece in &self.pieces {
            lent = lent.with(piece.lent);
            given.extend_from_slice(&piece.given);
        }
        reading.lent.set(lent);
        reading.given.replace(given);
    }

    /// The file, as it is given to this caller.
    pub(super) fn feed(
        &mut self,
        node: &Node,
        caller: &Caller,
        of: (Format, &'static FileOf),
    ) -> Result<Feed, Error> {
        // An agent goes on from a cursor of its own; all else is the same for all.
        let cursor = match of.0 {
            Format::Accord => Some(self.place.sealed(node, caller)?),
            _ => None,
        };
        let whose = cursor.as_ref().and(caller.principal.token);
        if let Some((_, feed)) = self.given.iter().find(|(token, _)| *token == whose) {
            return Ok(feed.clone());
        }
        let feed = self.put_together(node.settings().organisation.as_str(), cursor.as_deref(), of);
        self.given.push((whose, feed.clone()));
        Ok(feed)
    }

    fn put_together(
        &self,
        node: &str,
        cursor: Option<&str>,
        (format, file): (Format, &'static FileOf),
    ) -> Feed {
        let of = Head { cursor, ..head(self.as_of, node) };
        let mut counts = Counts::default();
        self.pieces.iter().for_each(|piece| counts.add(&piece.counts));
        let (mut head, mut tail) = (Vec::new(), Vec::new());
        let writer = Writer::of_pieces(format, file, &of, &mut head);
        writer.tail_behind(&mut tail, counts.entries, counts.sum, &self.closing);
        Feed {
            made: views::FeedMade {
                as_of: of.as_of.to_string(),
                entries: counts.entries,
                values: counts.values,
                judged: self.judged,
                bytes: (head.len() + tail.len()) as u64 + counts.bytes,
                items: format!("{:032x}", counts.print),
                passed_over: counts
                    .outcomes
                    .into_iter()
                    .map(|(why, count)| (why.to_owned(), count))
                    .collect(),
            },
            content_type: file.content_type,
            head: head.into(),
            spool: self.spool.clone(),
            ranges: pieces::ranges(&self.pieces).into(),
            stamp: format.stamp(of.as_of),
            tail: tail.into(),
            sha256: Arc::default(),
        }
    }
}

/// What the first lines say to everybody. To the second: what ends within it is in it yet.
pub(super) fn head(as_of: Timestamp, node: &str) -> Head<'_> {
    let as_of = Timestamp(as_of.0.div_euclid(SECOND_US) * SECOND_US);
    Head { as_of, node, trusted_s: TRUSTED_S, cursor: None }
}

/// Where a file is kept. Whoever makes it holds it; whoever waits for him sees the same.
#[derive(Debug)]
pub(super) struct Place {
    kept: Mutex<Option<Kept>>,
    bytes: AtomicU64,
}

impl Place {
    /// Waits until nobody else makes it.
    pub(super) fn hold(&self) -> MutexGuard<'_, Option<Kept>> {
        // Whoever died over it left nothing in it.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Entry {
    basis: Basis,
    begun: Timestamp,
    place: Arc<Place>,
}

impl Entry {
    fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.place) > 1
    }
}

/// Files that were made of late, the latest last.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    entries: Mutex<Vec<Entry>>,
    pub(super) turns: Turns,
}

impl Feeds {
    /// Where the file of this basis is kept, or will be.
    pub(super) fn place(&self, basis: &Basis, now: Timestamp) -> Arc<Place> {
        let mut entries = self.lock();
        entries.retain(|entry| {
            let is_young = (entry.begun..entry.begun.plus_seconds(KEPT_S)).contains(&now);
            entry.is_in_use() || (is_young && entry.basis.epoch == basis.epoch)
        });
        let found = entries.iter().position(|entry| entry.basis.holds_for(basis));
        let entry = match found {
            Some(at) => entries.remove(at),
            None => {
                let place = Place { kept: Mutex::default(), bytes: AtomicU64::new(0) };
                Entry { basis: basis.clone(), begun: now, place: Arc::new(place) }
            }
        };
        let place = Arc::clone(&entry.place);
        entries.push(entry);
        place
    }

    /// What is kept there by now. Where it is too much of all, the oldest is let go.
    pub(super) fn keeps(&self, place: &Arc<Place>, kept: &Kept) {
        place.bytes.store(kept.spool.end, Ordering::Relaxed);
        let mut entries = self.lock();
        if let Some(entry) = entries.iter_mut().find(|entry| Arc::ptr_eq(&entry.place, place)) {
            (entry.basis, entry.begun) = (kept.basis.clone(), kept.begun);
        }
        let bytes = |entry: &Entry| entry.place.bytes.load(Ordering::Relaxed);
        while entries.len() > KEPT || entries.iter().map(bytes).sum::<u64>() > KEPT_BYTES {
            entries.remove(0);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        // Each change of it is one step.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Files that are made of everything at once, at most: half of the snapshots that there are at a time are left to all others.
const AT_ONCE: usize = 4;

/// Who makes a file of everything: of each member one at a time, and no more at once than there are processors, nor than a few, so that many
/// askers cost no more memory and disk than these.
#[derive(Debug, Default)]
pub(super) struct Turns {
    members: Mutex<HashSet<Option<MemberId>>>,
    ended: Condvar,
}

impl Turns {
    /// Waits for the member's turn.
    pub(super) fn wait(&self, member: Option<MemberId>) -> Turn<'_> {
        let most = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).clamp(2, AT_ONCE);
        let must_wait =
            |members: &mut HashSet<Option<MemberId>>| members.len() >= most || members.contains(&member);
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let mut members = self.ended.wait_while(members, must_wait).unwrap_or_else(PoisonError::into_inner);
        members.insert(member);
        Turn { turns: self, member }
    }
}

/// Somebody's turn, until it is dropped.
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    member: Option<MemberId>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.members.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.member);
        self.turns.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_member_waits_for_itself_and_for_nobody_else() {
        let turns = Turns::default();
        let [one, other] = [1, 2].map(|n| Some(MemberId(uuid::Uuid::from_u128(n))));
        let first = turns.wait(one);
        // Another member's is there at once.
        drop(turns.wait(other));
        std::thread::scope(|scope| {
            let (tell, told) = mpsc::channel();
            let turns = &turns;
            scope.spawn(move || {
                let _turn = turns.wait(one);
                tell.send(()).unwrap();
            });
            assert!(told.try_recv().is_err());
            drop(first);
            told.recv().unwrap();
        });
        assert!(turns.members.lock().unwrap().is_empty());
    }
}
