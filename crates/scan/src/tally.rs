//! What many hits come to: a row for each indicator, and counts by kind, host, log and day.

use std::collections::{BTreeMap, HashMap};

use shield::{Kind, Timestamp};

use crate::run::Hit;

/// Hosts that are kept for each indicator; the others are counted.
const HOSTS_OF_ONE: usize = 5;
/// Hosts, logs and days that are kept in all; what comes behind is put together as others.
const KEPT: usize = 10_000;
/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// The hits of one indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What the entry is called.
    pub id: u64,
    /// How often it was seen.
    pub hits: u64,
    /// The kind of what was seen first.
    pub kind: Kind,
    /// What was seen first.
    pub seen: String,
    /// When it was seen first and last, as far as lines say when.
    pub first: Option<Timestamp>,
    /// Likewise.
    pub last: Option<Timestamp>,
    /// The first hosts that lines name.
    pub hosts: Vec<String>,
    /// Where it stood first: the log, by its number, and the place in it.
    pub at: (usize, u64),
}

/// Hits, added up.
#[derive(Debug, Default)]
pub struct Tally {
    rows: HashMap<u64, Row>,
    /// All of them.
    pub hits: u64,
    /// By the kind of what was seen.
    pub kinds: BTreeMap<&'static str, u64>,
    /// By the host or the sensor.
    pub hosts: BTreeMap<String, u64>,
    /// By the day, in days since 1970; hits of no time are left out.
    pub days: BTreeMap<i64, u64>,
    /// By the log, in the order of the logs.
    pub logs: Vec<(String, u64)>,
    /// Hits of hosts beyond those that are kept.
    pub other_hosts: u64,
    /// Hits of days beyond those that are kept.
    pub other_days: u64,
}

impl Tally {
    /// A log is begun.
    pub fn begin(&mut self, name: &str) {
        self.logs.push((name.to_owned(), 0));
    }

    /// Adds a hit of the log that was begun last.
    pub fn add(&mut self, hit: &Hit) {
        self.hits += 1;
        *self.kinds.entry(hit.kind.name()).or_default() += 1;
        if let Some((_, hits)) = self.logs.last_mut() {
            *hits += 1;
        }
        if let Some(host) = &hit.host {
            count(&mut self.hosts, host, &mut self.other_hosts);
        }
        if let Some(time) = hit.time {
            count(&mut self.days, &time.0.div_euclid(DAY), &mut self.other_days);
        }
        let log = self.logs.len().saturating_sub(1);
        let row = self.rows.entry(hit.id).or_insert_with(|| Row {
            id: hit.id,
            hits: 0,
            kind: hit.kind,
            seen: hit.seen.clone(),
            first: None,
            last: None,
            hosts: Vec::new(),
            at: (log, hit.at),
        });
        row.hits += 1;
        if let Some(time) = hit.time {
            row.first = Some(row.first.map_or(time, |first| first.min(time)));
            row.last = row.last.max(Some(time));
        }
        if let Some(host) = &hit.host
            && row.hosts.len() < HOSTS_OF_ONE
            && !row.hosts.contains(host)
        {
            row.hosts.push(host.clone());
        }
    }

    /// How many indicators were seen.
    #[must_use]
    pub fn indicators(&self) -> usize {
        self.rows.len()
    }

    /// The rows, what was seen last first, and of the same time what was seen more often: what goes on is looked at before what is past.
    #[must_use]
    pub fn rows(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.rows.values().collect();
        rows.sort_unstable_by(|one, other| {
            (other.last, other.hits, one.at).cmp(&(one.last, one.hits, other.at))
        });
        rows
    }
}

fn count<K: Ord + Clone>(counts: &mut BTreeMap<K, u64>, key: &K, others: &mut u64) {
    if let Some(count) = counts.get_mut(key) {
        *count += 1;
    } else if counts.len() < KEPT {
        counts.insert(key.clone(), 1);
    } else {
        *others += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(id: u64, time: i64, host: &str) -> Hit {
        Hit {
            at: 0,
            line: [].into(),
            event: [0; 16],
            fields: vec!["query".to_owned()],
            kind: Kind::Domain,
            seen: "evil.example".to_owned(),
            id,
            time: Some(Timestamp(time)),
            host: Some(host.to_owned()),
        }
    }

    #[test]
    fn hits_are_added_up_and_none_is_lost() {
        let mut tally = Tally::default();
        tally.begin("a");
        for n in 0..30_000 {
            tally.add(&hit(n % 3, i64::try_from(n).unwrap() * DAY / 1_000, &format!("h{n}")));
        }
        assert_eq!((tally.hits, tally.indicators()), (30_000, 3));
        assert_eq!(tally.hosts.len(), KEPT);
        assert_eq!(tally.hosts.values().sum::<u64>() + tally.other_hosts, 30_000);
        assert_eq!((tally.days.len(), tally.days.values().sum::<u64>()), (30, 30_000));
        let rows = tally.rows();
        assert_eq!(
            rows.iter().map(|row| (row.id, row.hits)).collect::<Vec<_>>(),
            [(2, 10_000), (1, 10_000), (0, 10_000)]
        );
        assert_eq!(rows[0].hosts, ["h2", "h5", "h8", "h11", "h14"]);
    }
}
