//! What is seen on many hosts: all days of a member are gone through side by side, in order of their keys, so that the
//! rows of a key follow each other and no more than one row of each day is in memory.

use std::cmp::Reverse;
use std::collections::hash_map::RandomState;
use std::collections::{BinaryHeap, HashSet};
use std::hash::BuildHasher;

use model::MemberId;
use model::observable::Kind;
use rusqlite::{Connection, Rows};

use super::ask::{all_hosts, days};
use crate::Error;
use crate::seen::{Common, Day};

/// Prints that are held at most: 64 MB.
const PRINTS: usize = 8 << 20;
/// Levels of a domain's name above a key of which hosts are counted together.
const LEVELS: usize = 16;

/// Makes prints of keys that nobody else can foresee.
#[derive(Debug, Clone, Default)]
pub(crate) struct Printer(RandomState);

impl Printer {
    pub(crate) fn of(&self, key: &[u8], below: bool) -> u64 {
        self.0.hash_one((key, below))
    }
}

/// Nothing is common.
pub(crate) fn none(print: &Printer) -> Common {
    Common { prints: Vec::new(), print: print.clone(), is_whole: true }
}

/// The keys that so many hosts touched; and the domains below which so many did.
pub(crate) fn make(
    conn: &Connection,
    id: MemberId,
    from: Day,
    (limit_percent, least_hosts): (f64, u64),
    print: &Printer,
) -> Result<Common, Error> {
    let mut common = none(print);
    let Some(member) = super::member(conn, id)? else { return Ok(common) };
    let share = (limit_percent.clamp(0.0, 100.0) / 100.0 * all_hosts(conn, member, from)? as f64).ceil();
    let limit = (share as u64).max(least_hosts).max(1);
    let mut counting =
        Counting { limit, key: Vec::new(), hosts: 0, last: None, above: Vec::new(), common: &mut common };
    merged(conn, member, &days(conn, member, from)?, &mut |key, host| counting.add(key, host))?;
    counting.end_key();
    counting.end_above(0);
    if common.prints.len() > PRINTS {
        common.prints = Vec::new();
        common.is_whole = false;
    }
    common.prints.sort_unstable();
    common.prints.dedup();
    common.prints.shrink_to_fit();
    Ok(common)
}

// The rows of all days in order of key and host.
fn merged(
    conn: &Connection,
    member: i64,
    days: &[i64],
    each: &mut dyn FnMut(&[u8], i64),
) -> Result<(), Error> {
    let sql = "SELECT key, host FROM touch WHERE member = ?1 AND day = ?2 ORDER BY key, host";
    let mut statements = Vec::with_capacity(days.len());
    for _ in days {
        statements.push(conn.prepare(sql)?);
    }
    let mut streams: Vec<Rows<'_>> = Vec::with_capacity(days.len());
    for (statement, day) in statements.iter_mut().zip(days) {
        streams.push(statement.query([member, *day])?);
    }
    let mut heap = BinaryHeap::with_capacity(streams.len());
    for (place, stream) in streams.iter_mut().enumerate() {
        if let Some((key, host)) = next(stream, Vec::new())? {
            heap.push(Reverse((key, host, place)));
        }
    }
    while let Some(Reverse((key, host, place))) = heap.pop() {
        each(&key, host);
        if let Some(stream) = streams.get_mut(place)
            && let Some((key, host)) = next(stream, key)?
        {
            heap.push(Reverse((key, host, place)));
        }
    }
    Ok(())
}

fn next(rows: &mut Rows<'_>, mut key: Vec<u8>) -> Result<Option<(Vec<u8>, i64)>, Error> {
    let Some(row) = rows.next()? else { return Ok(None) };
    key.clear();
    key.extend_from_slice(row.get_ref(0)?.as_blob().unwrap_or_default());
    Ok(Some((key, row.get(1)?)))
}

struct Counting<'a> {
    limit: u64,
    key: Vec<u8>,
    hosts: u64,
    last: Option<i64>,
    // Domains above and at the key: the length of each one's key, and the hosts below it until they are enough.
    above: Vec<(usize, Option<HashSet<i64>>)>,
    common: &'a mut Common,
}

impl Counting<'_> {
    fn add(&mut self, key: &[u8], host: i64) {
        if key != self.key {
            self.end_key();
            let shared = self.key.iter().zip(key).take_while(|(one, other)| one == other).count();
            self.end_above(shared);
            self.key.clear();
            self.key.extend_from_slice(key);
            (self.hosts, self.last) = (0, None);
            if key.first() == Some(&Kind::Domain.byte()) {
                let from = self.above.last().map_or(1, |(length, _)| *length);
                let dots = key.iter().enumerate().skip(from).filter(|(_, byte)| **byte == b'.');
                let lengths: Vec<usize> = dots.map(|(at, _)| at + 1).take(LEVELS).collect();
                self.above.extend(lengths.into_iter().map(|length| (length, Some(HashSet::new()))));
            }
        }
        if self.last != Some(host) {
            self.last = Some(host);
            self.hosts += 1;
            let enough = usize::try_from(self.limit).unwrap_or(usize::MAX);
            for (_, hosts) in &mut self.above {
                if let Some(some) = hosts {
                    some.insert(host);
                    if some.len() >= enough {
                        *hosts = None;
                    }
                }
            }
        }
    }

    fn push(&mut self, print: u64) {
        // Beyond what is held, one more tells that there is more.
        if self.common.prints.len() <= PRINTS {
            self.common.prints.push(print);
        }
    }

    fn end_key(&mut self) {
        if self.hosts >= self.limit {
            self.push(self.common.print.of(&self.key, false));
        }
    }

    // Domains whose key is longer than what the next one shares with this one have no more below them.
    fn end_above(&mut self, shared: usize) {
        while let Some((length, hosts)) = self.above.pop_if(|(length, _)| *length > shared) {
            if hosts.is_none()
                && let Some(key) = self.key.get(..length)
            {
                self.push(self.common.print.of(key, true));
            }
        }
    }
}
