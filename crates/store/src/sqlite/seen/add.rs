//! Events in: each counts once, and adds to one row for each of its keys, its day and its host.

use std::collections::{BTreeMap, HashMap};

use model::MemberId;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::bounds::{self, PRINT_BYTES, Room};
use crate::Error;
use crate::seen::{Added, Bounds, Day, Event};

/// What a row takes beside its key and an event's id, in bytes, as measured.
pub(crate) const ROW_BYTES: i64 = 34;
/// The longest id of an event that is kept beside a row, in bytes.
const EVENT_BYTES_MAX: usize = 64;

/// What a batch adds to a row.
struct Touch<'a> {
    events: i64,
    first: i64,
    last: i64,
    event: Option<&'a str>,
    // The events of the batch that it is of, by place.
    of: Vec<usize>,
}

type Rows<'a> = BTreeMap<(i64, &'a [u8], i64), Touch<'a>>;

/// Counts events, each once.
pub(crate) fn add(
    conn: &Connection,
    id: MemberId,
    events: &[Event],
    bounds: Bounds,
) -> Result<Vec<Added>, Error> {
    let member = super::member_or_new(conn, id)?;
    let newest = events.iter().map(|event| Day::of(event.time)).max().unwrap_or(bounds.from);
    let room = bounds::make_room(conn, member, bounds, newest)?;
    let mut outcomes = met(conn, member, events, &room)?;
    let hosts = hosts(conn, member, events, &outcomes)?;
    let rows = gathered(events, &outcomes, &hosts);
    let mut grown: BTreeMap<i64, i64> = BTreeMap::new();
    let mut writes = Writes::new(conn)?;
    for ((day, key, host), touch) in &rows {
        let at = (member, *day, *key, *host);
        match writes.write(at, touch, room.rows)? {
            Wrote::Grew(bytes) => *grown.entry(*day).or_default() += bytes,
            Wrote::Same => {}
            Wrote::NoRoom => {
                for place in &touch.of {
                    if let Some(outcome) = outcomes.get_mut(*place) {
                        *outcome = Added::Full;
                    }
                }
            }
        }
    }
    let mut part = conn.prepare_cached(
        "INSERT INTO part (member, day, bytes, prints) VALUES (?1, ?2, ?3, 0)
         ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes",
    )?;
    for (day, bytes) in grown {
        part.execute(params![member, day, bytes])?;
    }
    Ok(outcomes)
}

/// Notes the prints of events, and tells those that are known.
fn met(conn: &Connection, member: i64, events: &[Event], room: &Room) -> Result<Vec<Added>, Error> {
    let mut note =
        conn.prepare_cached("INSERT OR IGNORE INTO met (member, day, print) VALUES (?1, ?2, ?3)")?;
    let mut known = conn.prepare_cached("SELECT 1 FROM met WHERE member = ?1 AND day = ?2 AND print = ?3")?;
    let mut order: Vec<(Day, u64, usize)> =
        events.iter().enumerate().map(|(place, event)| (Day::of(event.time), event.print, place)).collect();
    order.sort_unstable();
    let (mut added, mut outcomes) = (BTreeMap::<Day, i64>::new(), vec![Added::New; events.len()]);
    let mut before = None;
    for (day, print, place) in order {
        let at = params![member, day.0, print.cast_signed()];
        let is_new = match before.replace((day, print)) == Some((day, print)) {
            true => false,
            false if room.prints => note.execute(at)? == 1,
            false => known.query_row(at, |_| Ok(())).optional()?.is_none(),
        };
        if !is_new {
            outcomes.get_mut(place).into_iter().for_each(|outcome| *outcome = Added::Known);
        } else if room.prints {
            *added.entry(day).or_default() += 1;
        }
    }
    let mut part = conn.prepare_cached(
        "INSERT INTO part (member, day, bytes, prints) VALUES (?1, ?2, ?4, ?3)
         ON CONFLICT DO UPDATE SET prints = prints + excluded.prints, bytes = bytes + excluded.bytes",
    )?;
    for (day, prints) in added {
        part.execute(params![member, day.0, prints, prints * PRINT_BYTES])?;
    }
    Ok(outcomes)
}

/// The numbers of the hosts of events that are new, with their last days brought up to date.
fn hosts<'a>(
    conn: &Connection,
    member: i64,
    events: &'a [Event],
    outcomes: &[Added],
) -> Result<HashMap<&'a str, i64>, Error> {
    let mut last: HashMap<&str, i64> = HashMap::new();
    for (event, _) in events.iter().zip(outcomes).filter(|(_, outcome)| **outcome == Added::New) {
        let day = Day::of(event.time).0;
        last.entry(&event.host).and_modify(|last| *last = day.max(*last)).or_insert(day);
    }
    let mut find = conn.prepare_cached("SELECT num, day FROM host WHERE member = ?1 AND name = ?2")?;
    let mut make = conn.prepare_cached("INSERT INTO host (member, name, day) VALUES (?1, ?2, ?3)")?;
    let mut later = conn.prepare_cached("UPDATE host SET day = ?2 WHERE num = ?1")?;
    let (mut numbers, mut moved) = (HashMap::with_capacity(last.len()), BTreeMap::<i64, i64>::new());
    for (name, day) in last {
        let known: Option<(i64, i64)> =
            find.query_row(params![member, name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let num = match known {
            Some((num, before)) => {
                if before < day {
                    later.execute([num, day])?;
                    *moved.entry(before).or_default() -= 1;
                    *moved.entry(day).or_default() += 1;
                }
                num
            }
            None => {
                make.execute(params![member, name, day])?;
                *moved.entry(day).or_default() += 1;
                conn.last_insert_rowid()
            }
        };
        numbers.insert(name, num);
    }
    census(conn, member, &moved)?;
    Ok(numbers)
}

/// Changes how many hosts were last seen on days.
pub(crate) fn census(conn: &Connection, member: i64, moved: &BTreeMap<i64, i64>) -> Result<(), Error> {
    let mut count = conn.prepare_cached(
        "INSERT INTO census (member, day, hosts) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET hosts = hosts + excluded.hosts",
    )?;
    for (day, hosts) in moved.iter().filter(|(_, hosts)| **hosts != 0) {
        count.execute(params![member, day, hosts])?;
    }
    conn.prepare_cached("DELETE FROM census WHERE member = ?1 AND hosts = 0")?.execute([member])?;
    Ok(())
}

fn gathered<'a>(events: &'a [Event], outcomes: &[Added], hosts: &HashMap<&str, i64>) -> Rows<'a> {
    let mut rows = Rows::new();
    for (place, (event, _)) in
        events.iter().zip(outcomes).enumerate().filter(|(_, (_, outcome))| **outcome == Added::New)
    {
        let (day, Some(host)) = (Day::of(event.time), hosts.get(event.host.as_str())) else { continue };
        let at = (event.time.0 - day.begins().0) / 1_000;
        let id = event.id.as_deref().filter(|id| id.len() <= EVENT_BYTES_MAX);
        for key in &event.keys {
            let row = rows.entry((day.0, key.as_slice(), *host)).or_insert_with(|| Touch {
                events: 0,
                first: at,
                last: at,
                event: id,
                of: Vec::new(),
            });
            // An event that names a value twice touched it once.
            if row.of.last() == Some(&place) {
                continue;
            }
            row.events += 1;
            row.first = row.first.min(at);
            row.last = row.last.max(at);
            row.of.push(place);
        }
    }
    rows
}

enum Wrote {
    Grew(i64),
    Same,
    NoRoom,
}

struct Writes<'a> {
    insert: CachedStatement<'a>,
    update: CachedStatement<'a>,
}

impl<'a> Writes<'a> {
    fn new(conn: &'a Connection) -> Result<Writes<'a>, Error> {
        Ok(Writes {
            insert: conn.prepare_cached(
                "INSERT OR IGNORE INTO touch (member, day, key, host, events, first, last, event)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?,
            update: conn.prepare_cached(
                "UPDATE touch SET events = events + ?5, first = min(first, ?6), last = max(last, ?7)
                 WHERE member = ?1 AND day = ?2 AND key = ?3 AND host = ?4",
            )?,
        })
    }

    fn write(
        &mut self,
        (member, day, key, host): (i64, i64, &[u8], i64),
        touch: &Touch<'_>,
        may_grow: bool,
    ) -> Result<Wrote, Error> {
        let Touch { events, first, last, event, .. } = touch;
        if may_grow && self.insert.execute(params![member, day, key, host, events, first, last, event])? == 1
        {
            let bytes = ROW_BYTES + (key.len() + event.map_or(0, str::len)).cast_signed() as i64;
            return Ok(Wrote::Grew(bytes));
        }
        let is_there = self.update.execute(params![member, day, key, host, events, first, last])? == 1;
        Ok(if is_there { Wrote::Same } else { Wrote::NoRoom })
    }
}
