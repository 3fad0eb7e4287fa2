//! A page by one scan over the record: by the strip, as far as it goes, else by the spans.

use std::rc::Rc;

use super::{
    MISSES, MISSES_OF_FEW, MISSES_OF_FEW_PER_HIT, MISSES_PER_HIT, MISSES_PER_LIST, Next, Out, PAGE_BYTES,
    Page,
};
use crate::Error;
use crate::read::{LabelId, Visible};
use crate::sqlite::span::{self, Record, Span};
use crate::sqlite::strip::{Place, TOGETHER, Wanted};

/// Entries passed over for postings that a reader may have are at most so many before it is found out which he has.
const MISSES_FOR_LISTS: usize = 2_048;
/// Positions that are read together where few of them are the reader's, at most.
const SPARSE: usize = 1_024;

/// How long a scan goes on that finds little.
#[derive(Default)]
struct Patience {
    missed: usize,
    left: usize,
    // What one that is served adds to it.
    per_hit: usize,
    // What of that is for postings, as long as it is not known which there are.
    for_lists: usize,
    lists: Option<Vec<(i64, i64)>>,
}

impl Patience {
    fn new(visible: &Visible) -> Patience {
        if visible.sees_few() {
            return Patience { left: MISSES_OF_FEW, per_hit: MISSES_OF_FEW_PER_HIT, ..Patience::default() };
        }
        let for_lists = (visible.count() * MISSES_PER_LIST).min(MISSES_FOR_LISTS);
        Patience { left: MISSES + for_lists, per_hit: MISSES_PER_HIT, for_lists, ..Patience::default() }
    }
}

/// How far entries were joined that were read together.
enum Joined {
    /// Up to this position.
    To(i64),
    /// As far as the page goes.
    All,
    /// The first needs more than its bytes.
    None,
    /// The strip does not go there.
    Unread,
}

/// What is to be joined of entries that were read together.
#[derive(Default)]
struct Joining {
    wanted: Wanted,
    // Where each stands among those that were read.
    served: Vec<usize>,
    bytes: usize,
    missed: usize,
    // So many of those that were read were looked at.
    looked_at: usize,
    // The one behind them finds no more room, or is beyond this part of the list.
    is_full: bool,
    is_beyond: bool,
}

impl Page<'_, '_> {
    pub(super) fn scan(&mut self, mut from: i64) -> Result<(), Error> {
        let mut patience = Patience::new(&self.plan.visible);
        let snapshot = self.snapshot;
        while from < snapshot.end().cast_signed() {
            match self.join(from, &mut patience)? {
                Joined::To(position) => {
                    if self.gives_up(position, &mut patience)? {
                        return Ok(());
                    }
                    from = position;
                    continue;
                }
                Joined::All => return Ok(()),
                Joined::None => {}
                Joined::Unread => return self.scan_spans(from, patience),
            }
            let (reads, plan, most) = (self.reads(), Rc::clone(&self.plan), self.most());
            let wants = |record: &Record| reads && plan.may_serve(record, most);
            let Some(chunk) = snapshot.strip(from, self.limit.saturating_sub(self.served), &wants)? else {
                return self.scan_spans(from, patience);
            };
            // Where it gives up, the strip is read for postings, too.
            for position in chunk.positions() {
                if patience.missed > patience.left {
                    break;
                }
                if position >= self.bound {
                    return Ok(());
                }
                let (record, place, wire) = chunk.entry(position)?;
                // Its bytes were not read for there were enough; some of those were for nothing.
                if wire.is_none() && wants(record) && self.served < self.limit {
                    break;
                }
                self.known = place.time();
                let next = self.offer(record, wire.unwrap_or_default(), position)?;
                self.known = None;
                match next {
                    Next::Served => patience.left += patience.per_hit,
                    Next::Full => return Ok(()),
                    Next::PassedOver => patience.missed += 1,
                }
                from = position + 1;
            }
            drop(chunk);
            if self.gives_up(from, &mut patience)? {
                return Ok(());
            }
        }
        Ok(())
    }

    // Where the page is a text in which entries are joined, and their bytes are all that is wanted of them, these are read
    // straight to their place in it.
    fn join(&mut self, from: i64, patience: &mut Patience) -> Result<Joined, Error> {
        if !matches!(self.out, Out::Joined(..)) {
            return Ok(Joined::None);
        }
        let Some(chunk) = self.snapshot.heads(from, self.enough(patience))? else {
            return Ok(Joined::Unread);
        };
        let joining = self.joinable(from, patience, chunk.entries())?;
        if joining.looked_at == 0 && !joining.is_full && !joining.is_beyond {
            return Ok(Joined::None);
        }
        let Out::Joined(to, each) = &mut self.out else { return Ok(Joined::None) };
        if !joining.served.is_empty() {
            let start = to.len();
            if self.served > 0 {
                to.push(b',');
            }
            if !self.snapshot.bytes(&joining.wanted, to)? {
                to.truncate(start);
                return Ok(Joined::Unread);
            }
            // The separator of the last.
            to.pop();
        }
        for index in &joining.served {
            let Some((record, place)) = chunk.entries().get(*index) else { continue };
            let (position, label) = (from + *index as i64, LabelId(record.label));
            let date_added = self.times.known_or_added(place.time(), self.conn, (position, record))?;
            each(position.cast_unsigned(), label, date_added);
            self.last = Some((position, label, date_added));
        }
        self.served += joining.served.len();
        self.bytes += joining.bytes;
        patience.left += joining.served.len() * patience.per_hit;
        patience.missed += joining.missed;
        let next = from + joining.looked_at as i64;
        if let Some((record, _)) = chunk.entries().get(joining.looked_at).filter(|_| joining.is_full) {
            self.beyond = Some(self.place_of(next, record));
        }
        Ok(if joining.is_full || joining.is_beyond { Joined::All } else { Joined::To(next) })
    }

    // Positions among which the rest of the page is, if it goes on as it went so far, and the patience lasts.
    fn enough(&self, patience: &Patience) -> usize {
        let rest = self.limit.saturating_sub(self.served).saturating_add(1);
        match patience.missed / (self.served + 1) {
            0 => rest.min(TOGETHER),
            misses => {
                let most = rest.saturating_add(patience.left.saturating_sub(patience.missed));
                rest.saturating_mul(misses + 1).min(most).min(SPARSE)
            }
        }
    }

    // Which of these are served, as long as it is by their bytes as they are, and the scan is not to end.
    fn joinable(
        &mut self,
        from: i64,
        patience: &Patience,
        entries: &[(Record, Place)],
    ) -> Result<Joining, Error> {
        let mut joining = Joining::default();
        let most = self.most();
        for (position, (index, (record, place))) in (from..).zip(entries.iter().enumerate()) {
            if position >= self.bound {
                joining.is_beyond = true;
                break;
            }
            let is_served = self.plan.may_serve(record, most)
                && self.resolver.chosen(self.snapshot, (position, record.state, record.flags))?;
            if !is_served {
                joining.missed += 1;
                let left = patience.left + joining.served.len() * patience.per_hit;
                if patience.missed + joining.missed > left {
                    joining.looked_at = index + 1;
                    break;
                }
            } else if self.served + joining.served.len() == self.limit
                || self.bytes + joining.bytes >= PAGE_BYTES
            {
                joining.is_full = true;
                break;
            } else if place.length() > 0
                && self.reader.hidden_parts(LabelId(record.label)).is_none()
                && joining.wanted.add(*place)
            {
                joining.served.push(index);
                joining.bytes += place.length();
            } else {
                break;
            }
            joining.looked_at = index + 1;
        }
        Ok(joining)
    }

    // The same, where the strip does not go.
    fn scan_spans(&mut self, from: i64, mut patience: Patience) -> Result<(), Error> {
        let conn = self.conn;
        let mut query = conn.prepare_cached(span::from(self.reads()))?;
        let mut rows = query.query([from])?;
        while let Some(row) = rows.next()? {
            let span = Span::read(row)?;
            for position in span.positions().skip_while(|position| *position < from) {
                if position >= self.bound {
                    return Ok(());
                }
                let (record, wire) = span.entry(position)?;
                let next = self.offer(&record, wire, position)?;
                if self.ends_with(next, position, &mut patience)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    // Whether a scan ends after an entry: the page is full, or the rest came from postings.
    fn ends_with(&mut self, next: Next, position: i64, patience: &mut Patience) -> Result<bool, Error> {
        match next {
            Next::Served => patience.left += patience.per_hit,
            Next::Full => return Ok(true),
            Next::PassedOver => patience.missed += 1,
        }
        self.gives_up(position + 1, patience)
    }

    // Whether a scan ends before a position because it found too little: the rest came from postings.
    fn gives_up(&mut self, from: i64, patience: &mut Patience) -> Result<bool, Error> {
        if patience.missed <= patience.left {
            return Ok(false);
        }
        if patience.lists.is_none() {
            let found = self.plan.lists(self.conn, self.resolver.last_only)?;
            // Who sees few of many labels is served by these from here on.
            let for_lists = if self.plan.visible.sees_few() { 0 } else { found.len() * MISSES_PER_LIST };
            patience.left = patience.left - patience.for_lists + for_lists;
            patience.lists = Some(found);
        }
        match &patience.lists {
            Some(lists) if patience.missed > patience.left => {
                self.postings(lists, from)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}
