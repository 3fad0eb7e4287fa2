//! How widely something was seen.

use std::collections::HashMap;

use model::{MemberId, Timestamp};
use rusqlite::{Connection, params};

use crate::Error;
use crate::find::Keys;
use crate::seen::{Day, Host, Prevalence, Sightings};

/// Rows that are gone through for one answer, the newest first.
const ROWS: u64 = 500_000;

#[derive(Default)]
struct OfHost {
    events: u64,
    first: i64,
    last: i64,
    event: Option<String>,
}

/// The days of which something is kept, the newest first.
pub(crate) fn days(conn: &Connection, member: i64, from: Day) -> Result<Vec<i64>, Error> {
    let mut days =
        conn.prepare_cached("SELECT day FROM part WHERE member = ?1 AND day >= ?2 ORDER BY day DESC")?;
    let rows = days.query_map([member, from.0], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Hosts that were seen from a day on.
pub(crate) fn all_hosts(conn: &Connection, member: i64, from: Day) -> Result<u64, Error> {
    let mut sum =
        conn.prepare_cached("SELECT coalesce(sum(hosts), 0) FROM census WHERE member = ?1 AND day >= ?2")?;
    let hosts: i64 = sum.query_row([member, from.0], |row| row.get(0))?;
    Ok(hosts.cast_unsigned())
}

/// How widely what stands under any of these keys was touched, by day, and on which hosts.
pub(crate) fn sightings(
    conn: &Connection,
    id: MemberId,
    keys: &[Keys<'_>],
    from: Day,
    most_hosts: usize,
) -> Result<Sightings, Error> {
    let Some(member) = super::member(conn, id)? else { return Ok(Sightings::default()) };
    let kept = days(conn, member, from)?;
    let mut found = Sightings::default();
    let mut by_host: HashMap<i64, OfHost> = HashMap::new();
    let (mut left, mut today) = (ROWS, Vec::new());
    for day in &kept {
        let mut events = 0;
        today.clear();
        for key in keys {
            for_each(conn, member, *day, *key, &mut |host, touch| {
                left = left.saturating_sub(1);
                events += touch.events;
                today.push(host);
                let of_host =
                    by_host.entry(host).or_insert_with(|| OfHost { first: i64::MAX, ..OfHost::default() });
                of_host.events += touch.events;
                of_host.first = of_host.first.min(touch.first);
                of_host.last = of_host.last.max(touch.last);
                if most_hosts > 0 && of_host.event.is_none() {
                    of_host.event = touch.event.map(str::to_owned);
                }
                left > 0
            })?;
        }
        today.sort_unstable();
        today.dedup();
        if events > 0 {
            found.days.insert(Day(*day), (today.len() as u64, events));
        }
        if left == 0 {
            found.whole.at_least = true;
            break;
        }
    }
    found.whole = Prevalence {
        hosts: by_host.len() as u64,
        of_hosts: all_hosts(conn, member, from)?,
        events: by_host.values().map(|host| host.events).sum(),
        since: kept.last().copied().map(Day),
        first: by_host.values().map(|host| host.first).min().map(millis),
        last: by_host.values().map(|host| host.last).max().map(millis),
        ..found.whole
    };
    found.hosts = some_hosts(conn, by_host, most_hosts)?;
    Ok(found)
}

fn some_hosts(conn: &Connection, by_host: HashMap<i64, OfHost>, most: usize) -> Result<Vec<Host>, Error> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let mut newest: Vec<(i64, OfHost)> = by_host.into_iter().collect();
    newest.sort_by_key(|(num, host)| (std::cmp::Reverse(host.last), *num));
    let mut name = conn.prepare_cached("SELECT name FROM host WHERE num = ?1")?;
    let mut hosts = Vec::new();
    for (num, host) in newest.into_iter().take(most) {
        hosts.push(Host {
            name: name.query_row([num], |row| row.get(0))?,
            events: host.events,
            first: millis(host.first),
            last: millis(host.last),
            event: host.event,
        });
    }
    hosts.sort();
    Ok(hosts)
}

fn millis(at: i64) -> Timestamp {
    Timestamp(at.saturating_mul(1_000))
}

// A row of a day, its times in milliseconds since 1970.
struct Row<'a> {
    events: u64,
    first: i64,
    last: i64,
    event: Option<&'a str>,
}

fn for_each(
    conn: &Connection,
    member: i64,
    day: i64,
    keys: Keys<'_>,
    each: &mut dyn FnMut(i64, &Row<'_>) -> bool,
) -> Result<(), Error> {
    let (sql, start, end) = match keys {
        Keys::One(key) => (
            "SELECT host, events, first, last, event FROM touch WHERE member = ?1 AND day = ?2 AND key = ?3 AND ?4 IS NULL",
            key,
            None,
        ),
        Keys::Range(start, end) => (
            "SELECT host, events, first, last, event FROM touch WHERE member = ?1 AND day = ?2 AND key >= ?3 AND key < ?4",
            start,
            Some(end),
        ),
    };
    let begins = Day(day).begins().0 / 1_000;
    let mut find = conn.prepare_cached(sql)?;
    let mut rows = find.query(params![member, day, start, end])?;
    while let Some(row) = rows.next()? {
        let events: i64 = row.get(1)?;
        let (first, last): (i64, i64) = (row.get(2)?, row.get(3)?);
        let event = row.get_ref(4)?.as_str_or_null().ok().flatten();
        let touch = Row { events: events.cast_unsigned(), first: begins + first, last: begins + last, event };
        if !each(row.get(0)?, &touch) {
            break;
        }
    }
    Ok(())
}

/// Keys under which something was touched, among these.
pub(crate) fn touched(
    conn: &Connection,
    id: MemberId,
    keys: Keys<'_>,
    from: Day,
    most: usize,
) -> Result<Vec<Vec<u8>>, Error> {
    let Some(member) = super::member(conn, id)? else { return Ok(Vec::new()) };
    let mut found = std::collections::BTreeSet::new();
    let (start, end) = match keys {
        Keys::One(key) => (key, None),
        Keys::Range(start, end) => (start, Some(end)),
    };
    let mut one =
        conn.prepare_cached("SELECT key FROM touch WHERE member = ?1 AND day = ?2 AND key = ?3 LIMIT 1")?;
    // From key to key: one with many hosts costs no more than another.
    let mut next = conn.prepare_cached(
        "SELECT key FROM touch WHERE member = ?1 AND day = ?2 AND key >= ?3 AND key < ?4 LIMIT 1",
    )?;
    for day in days(conn, member, from)? {
        let Some(end) = end else {
            if one.exists(params![member, day, start])? {
                return Ok(vec![start.to_vec()]);
            }
            continue;
        };
        let mut at = start.to_vec();
        while found.len() < most {
            let mut rows = next.query(params![member, day, at, end])?;
            let Some(row) = rows.next()? else { break };
            let key: Vec<u8> = row.get(0)?;
            at.clone_from(&key);
            at.push(0);
            found.insert(key);
        }
    }
    Ok(found.into_iter().collect())
}
