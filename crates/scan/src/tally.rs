//! What many hits come to: a row for each indicator, and counts by kind, source, host, log and day.
//!
//! Memory is bounded, however many hits there are: some 400 bytes for each indicator that was seen, of at most [`ROWS`], and the counts of
//! [`KEPT`] sources, hosts, days and logs. What is beyond is still counted, as others.

use std::collections::{BTreeMap, HashMap};

use shield::{Kind, Timestamp};

use crate::out::Urgency;
use crate::run::Hit;

/// Hosts that are kept for each indicator; the others are counted.
const HOSTS_OF_ONE: usize = 5;
/// Hosts, sources, logs and days that are kept in all; what comes behind is put together as others.
const KEPT: usize = 10_000;
/// Indicators that have a row; hits of others are put together.
const ROWS: usize = 500_000;
/// How much is kept of what was seen and of a host's name in a row, in characters.
const TEXT: usize = 256;
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

impl Row {
    /// Whether what was seen may be longer than what is kept of it.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.seen.chars().count() >= TEXT
    }
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
    /// By who says what was seen; hits of a list's values are left out.
    pub sources: BTreeMap<String, u64>,
    /// By the log, in the order of the logs.
    pub logs: Vec<(String, u64)>,
    /// Which log hits stand in, if it is one that is kept.
    now: Option<usize>,
    /// Logs beyond those that are kept.
    pub more_logs: u64,
    /// Hits in them.
    pub other_logs: u64,
    /// Hits of sources beyond those that are kept.
    pub other_sources: u64,
    /// Hits of indicators that have no row.
    pub other_rows: u64,
    /// Hits of hosts beyond those that are kept.
    pub other_hosts: u64,
    /// Hits of days beyond those that are kept.
    pub other_days: u64,
}

impl Tally {
    /// A log is begun.
    pub fn begin(&mut self, name: &str) {
        match self.logs.len() < KEPT {
            true => {
                self.now = Some(self.logs.len());
                self.logs.push((name.to_owned(), 0));
            }
            false => {
                self.now = None;
                self.more_logs += 1;
            }
        }
    }

    /// A log that was begun before, by its number, goes on.
    pub fn resume(&mut self, log: usize) {
        self.now = Some(log);
    }

    /// The number of the log that hits stand in, where it is kept.
    #[must_use]
    pub fn log(&self) -> Option<usize> {
        self.now
    }

    /// Adds a hit of the log that was begun last; `source` says what was seen, or is empty.
    pub fn add(&mut self, hit: &Hit, source: &str) {
        self.hits += 1;
        *self.kinds.entry(hit.kind.name()).or_default() += 1;
        match self.now.and_then(|now| self.logs.get_mut(now)) {
            Some((_, hits)) => *hits += 1,
            None => self.other_logs += 1,
        }
        if !source.is_empty() {
            count(&mut self.sources, source, &mut self.other_sources);
        }
        if let Some(host) = &hit.host {
            count(&mut self.hosts, host.as_str(), &mut self.other_hosts);
        }
        if let Some(time) = hit.time {
            count(&mut self.days, &time.0.div_euclid(DAY), &mut self.other_days);
        }
        if self.rows.len() >= ROWS && !self.rows.contains_key(&hit.id) {
            self.other_rows += 1;
            return;
        }
        let log = self.now.unwrap_or(usize::MAX);
        let row = self.rows.entry(hit.id).or_insert_with(|| Row {
            id: hit.id,
            hits: 0,
            kind: hit.kind,
            seen: hit.seen.chars().take(TEXT).collect(),
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
        let host = hit.host.as_deref().filter(|_| row.hosts.len() < HOSTS_OF_ONE);
        if let Some(host) = host.map(|host| host.chars().take(TEXT).collect::<String>())
            && !row.hosts.contains(&host)
        {
            row.hosts.push(host);
        }
    }

    /// How many indicators were seen.
    #[must_use]
    pub fn indicators(&self) -> usize {
        self.rows.len()
    }

    /// The row of an entry.
    #[must_use]
    pub fn row(&self, id: u64) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// The rows, in the order in which to look at them: by what is to be done, then what was seen last, and of the same time what was seen
    /// more often, since what goes on is looked at before what is past.
    #[must_use]
    pub fn rows(&self, urgency: &dyn Fn(u64) -> Urgency) -> Vec<&Row> {
        let mut rows: Vec<(Urgency, &Row)> = self.rows.values().map(|row| (urgency(row.id), row)).collect();
        rows.sort_unstable_by(|(first, one), (second, other)| {
            (first, other.last, other.hits, one.at, one.id)
                .cmp(&(second, one.last, one.hits, other.at, other.id))
        });
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

fn count<K, Q>(counts: &mut BTreeMap<K, u64>, key: &Q, others: &mut u64)
where
    K: Ord + std::borrow::Borrow<Q>,
    Q: Ord + ToOwned<Owned = K> + ?Sized,
{
    if let Some(count) = counts.get_mut(key) {
        *count += 1;
    } else if counts.len() < KEPT {
        counts.insert(key.to_owned(), 1);
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
            tally.add(&hit(n % 3, i64::try_from(n).unwrap() * DAY / 1_000, &format!("h{n}")), "ACME");
        }
        assert_eq!((tally.hits, tally.indicators()), (30_000, 3));
        assert_eq!(tally.hosts.len(), KEPT);
        assert_eq!(tally.hosts.values().sum::<u64>() + tally.other_hosts, 30_000);
        assert_eq!((tally.days.len(), tally.days.values().sum::<u64>()), (30, 30_000));
        let rows = tally.rows(&|_| Urgency::Unjudged);
        assert_eq!(
            rows.iter().map(|row| (row.id, row.hits)).collect::<Vec<_>>(),
            [(2, 10_000), (1, 10_000), (0, 10_000)]
        );
        assert_eq!(rows[0].hosts, ["h2", "h5", "h8", "h11", "h14"]);
    }

    #[test]
    fn a_host_whose_name_begins_as_another_is_another() {
        let mut tally = Tally::default();
        tally.begin("a");
        let long = "h".repeat(TEXT + 9);
        for host in ["10.0.0.1", "10.0.0.12", "10.0.0.1", &long, &long] {
            tally.add(&hit(0, 0, host), "");
        }
        assert_eq!(tally.row(0).unwrap().hosts, ["10.0.0.1", "10.0.0.12", &"h".repeat(TEXT)]);
        let mut long = hit(1, 0, "h");
        long.seen = "x".repeat(TEXT + 1);
        tally.add(&long, "");
        assert_eq!([0, 1].map(|id| tally.row(id).unwrap().is_cut()), [false, true]);
    }

    #[test]
    fn what_is_to_be_done_comes_first_and_noise_last() {
        let mut tally = Tally::default();
        tally.begin("a");
        for (id, day) in [(0, 9), (1, 1), (2, 5), (3, 5)] {
            tally.add(&hit(id, day * DAY, "h"), "");
        }
        let urgency = |id: u64| match id {
            0 => Urgency::Noise,
            1 => Urgency::Block,
            _ => Urgency::Alert,
        };
        let order: Vec<u64> = tally.rows(&urgency).iter().map(|row| row.id).collect();
        assert_eq!(order, [1, 2, 3, 0]);
        assert!(tally.sources.is_empty());
    }

    /// As many hits, indicators, hosts, days and logs as `SCAN_HITS` says, by default few. Prints what memory it takes.
    #[test]
    fn of_very_many_hits_none_is_lost_and_memory_stays() {
        let hits: u64 = std::env::var("SCAN_HITS").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000);
        let known = crate::Known::read(&b"evil.example\n"[..], 7).unwrap();
        let (mut tally, mut windows) = (Tally::default(), crate::out::Windows::default());
        let per_log = (hits / 20_000).max(1);
        for n in 0..hits {
            if n % per_log == 0 {
                tally.begin(&format!("logs/{}.log", n / per_log));
            }
            let id = n % (hits / 10).max(1);
            let one =
                Hit { at: n, ..hit(id, i64::try_from(n % 400).unwrap() * DAY, &format!("h{}", n % 50_000)) };
            tally.add(&one, &format!("source {}", n % 100));
            windows.add(&one, &known.named(0));
        }
        assert_eq!(tally.hits, hits);
        assert_eq!(tally.hosts.values().sum::<u64>() + tally.other_hosts, hits);
        assert_eq!(tally.days.values().sum::<u64>() + tally.other_days, hits);
        assert_eq!(tally.sources.values().sum::<u64>() + tally.other_sources, hits);
        assert_eq!(tally.logs.iter().map(|(_, hits)| hits).sum::<u64>() + tally.other_logs, hits);
        let rows = tally.rows(&|_| Urgency::Unjudged);
        assert_eq!(rows.iter().map(|row| row.hits).sum::<u64>() + tally.other_rows, hits);
        assert!(rows.is_sorted_by(|one, other| one.last >= other.last));
        assert!(rows.len() <= ROWS && tally.hosts.len() <= KEPT && tally.logs.len() <= KEPT);
        assert_eq!(windows.all().iter().map(|window| window.count).sum::<u64>() + windows.untold, hits);
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned();
        eprintln!("{hits} hits, {} rows, {} windows: {peak}", rows.len(), windows.all().len());
    }
}
