//! What is told to a node: how often an indicator was seen on a day, and where, if that is told.

use std::collections::BTreeMap;

use model::Timestamp;

use super::stix::Windows;
use crate::known::Known;

/// Hosts of a day that are named; how many there are beyond is told.
const HOSTS: usize = 5;

/// The hits of an indicator on a day (UTC).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day<'d> {
    /// The id of the indicator.
    pub object: &'d str,
    /// What the entry of the first of them is called.
    pub id: u64,
    /// How many.
    pub count: u64,
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// The hosts that are named.
    pub hosts: Vec<&'d str>,
    /// How many more there are.
    pub more_hosts: u64,
}

/// Days that can be told, and hits that cannot: of no time, of no indicator that has an id, or of days that were put together.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Days<'d> {
    /// Each indicator and day, in this order.
    pub days: Vec<Day<'d>>,
    /// Hits beyond.
    pub left_out: u64,
}

impl<'d> Days<'d> {
    /// Puts the hosts of each indicator and day together, without the entries that are `passed_over`.
    #[must_use]
    pub fn of(windows: &'d Windows, known: &'d Known, passed_over: &dyn Fn(u64) -> bool) -> Days<'d> {
        let mut days: BTreeMap<(&str, i64), Day<'d>> = BTreeMap::new();
        let mut left_out = windows.untold;
        for window in windows.all() {
            if passed_over(window.id) {
                continue;
            }
            let object = known.named(window.id).object;
            let (Some(day), Some(first), Some(last), false) =
                (window.day, window.first, window.last, object.is_empty())
            else {
                left_out += window.count;
                continue;
            };
            let (id, hosts) = (window.id, Vec::new());
            let new = || Day { object, id, count: 0, first, last, hosts, more_hosts: 0 };
            let one = days.entry((object, day)).or_insert_with(new);
            one.count += window.count;
            (one.first, one.last) = (one.first.min(first), one.last.max(last));
            match window.host.as_deref() {
                Some(host) if one.hosts.len() < HOSTS => one.hosts.push(host),
                Some(_) => one.more_hosts += 1,
                None => {}
            }
        }
        Days { days: days.into_values().collect(), left_out }
    }
}

impl Day<'_> {
    /// Where it was seen, in words; `None` where no line says it.
    #[must_use]
    pub fn places(&self) -> Option<String> {
        let more = match self.more_hosts {
            0 => String::new(),
            1 => " and 1 other host".to_owned(),
            more => format!(" and {more} other hosts"),
        };
        (!self.hosts.is_empty()).then(|| format!("at {}{more}", self.hosts.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use shield::Kind;

    use super::super::tests::hit;
    use super::*;
    use crate::Hit;

    #[test]
    fn hosts_of_a_day_are_one_and_what_cannot_be_told_is_counted() {
        let csv = "value,kind,id\nevil.example,domain,indicator--00000000-0000-4000-8000-000000000001\nnoise.example,domain,indicator--00000000-0000-4000-8000-000000000002\nlisted.example,domain,\n";
        let known = Known::read(csv.as_bytes(), 7).unwrap();
        let mut windows = Windows::default();
        let mut add = |id: u64, host: u32, time: Option<&str>| {
            let one = Hit { id, host: Some(format!("h{host}")), ..hit(Kind::Domain, "seen", time) };
            windows.add(&one, &known.named(id));
        };
        for host in 0..8 {
            add(0, host, Some("2026-03-05T12:00:00Z"));
            add(0, host, Some("2026-03-05T13:00:00Z"));
        }
        add(0, 1, Some("2026-03-06T00:00:00Z"));
        add(0, 1, None);
        add(1, 1, Some("2026-03-05T12:00:00Z"));
        add(2, 1, Some("2026-03-05T12:00:00Z"));
        let days = Days::of(&windows, &known, &|id| id == 1);
        let told: Vec<_> = days.days.iter().map(|day| (day.object, day.count, day.more_hosts)).collect();
        assert_eq!(
            told,
            [
                ("indicator--00000000-0000-4000-8000-000000000001", 16, 3),
                ("indicator--00000000-0000-4000-8000-000000000001", 1, 0)
            ]
        );
        assert_eq!(days.left_out, 2);
        assert_eq!(days.days[0].first, "2026-03-05T12:00:00Z".parse().unwrap());
        assert!(days.days[0].places().unwrap().ends_with(" and 3 other hosts"));
        assert_eq!(days.days[1].places().as_deref(), Some("at h1"));
    }
}
