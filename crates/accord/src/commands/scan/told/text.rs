//! What was found, told to people: a row for each indicator, and what it comes to by kind, host, day and log.

use model::Timestamp;
use scan::{Known, Row};

use super::{Log, Teller};
use crate::commands::{counted, grouped};
use crate::failure::Failure;
use crate::terminal::{Output, Style, defanged, inert, remark};

/// How wide the longest bar is, in characters.
const BAR: u64 = 32;
/// Bars of one kind.
const BARS: usize = 10;
/// Hosts that are named beside an indicator.
const HOSTS: usize = 3;

impl Teller<'_> {
    pub(super) fn write(&mut self, limit: usize) -> Result<(), Failure> {
        let Teller { known, output, tally, logs, lines, .. } = self;
        let of = format!("{} of {}", counted(*lines, "line"), counted(logs.len() as u64, "log"));
        if tally.hits == 0 {
            let compared = format!("compared with {}", counted(known.taken, "indicator"));
            let nothing = output.paint(Style::Good, "nothing found");
            output.line(&format!("{nothing} in {of}, {compared}"))?;
        } else {
            let hits = output.paint(Style::Alert, &counted(tally.hits, "hit"));
            output.line(&format!("{hits} of {} in {of}", counted(tally.indicators() as u64, "indicator")))?;
            let rows = tally.rows();
            let shown = if limit == 0 { rows.len() } else { limit };
            for row in rows.iter().take(shown) {
                write_row(output, known, logs, row)?;
            }
            if rows.len() > shown {
                let more = counted((rows.len() - shown) as u64, "more indicator");
                output.line(&format!("\nand {more}: `--limit 0` shows all, `--json` each hit"))?;
            }
            let kinds = tally.kinds.iter().map(|(kind, hits)| ((*kind).to_owned(), *hits));
            bars(output, "by kind", most(kinds.collect()))?;
            bars(
                output,
                "by host",
                most(tally.hosts.iter().map(|(host, hits)| (host.clone(), *hits)).collect()),
            )?;
            let days: Vec<_> = tally.days.iter().map(|(day, hits)| (day_of(*day), *hits)).collect();
            bars(output, "by day", days.into_iter().rev().take(BARS).rev().collect())?;
            let of_logs = tally.logs.iter().filter(|(_, hits)| *hits > 0).cloned().collect();
            bars(output, "by log", most(of_logs))?;
        }
        let overlong: u64 = logs.iter().map(|log| log.end.overlong).sum();
        if overlong > 0 {
            let bound = grouped((scan::LINE_MAX >> 20) as u64);
            remark(&format!("{} of more than {bound} MiB passed over", counted(overlong, "line")));
        }
        let broken: u64 = logs.iter().map(|log| log.end.broken).sum();
        if broken > 0 {
            remark(&format!("{} broke off; what stood before that was compared", counted(broken, "line")));
        }
        logs.iter().filter(|log| log.end.other > 0).for_each(tell_others);
        Ok(())
    }
}

/// A log with lines of another kind may have been read in the wrong format.
fn tell_others(log: &Log) {
    let (name, format) = (inert(&log.name), log.format.title());
    remark(&format!("{} of `{name}` of another kind than {format}", counted(log.end.other, "line")));
}

fn write_row(output: &mut Output, known: &Known, logs: &[Log], row: &Row) -> Result<(), Failure> {
    let named = known.named(row.id);
    let seen = output.paint(Style::Strong, &defanged(&row.seen));
    let mut line = format!("\n{seen}  {}  {}", row.kind.name(), counted(row.hits, "hit"));
    if let (Some(first), Some(last)) = (row.first, row.last) {
        line.push_str(&match first == last {
            true => format!("  {}", at(first)),
            false => format!("  {} to {}", at(first), at(last)),
        });
    }
    if !row.hosts.is_empty() {
        let hosts: Vec<_> = row.hosts.iter().take(HOSTS).map(|host| inert(host)).collect();
        let more = if row.hosts.len() > HOSTS { " and others" } else { "" };
        line.push_str(&format!("  at {}{more}", hosts.join(", ")));
    }
    output.line(&line)?;
    let mut by = format!("  known as {}", defanged(named.value));
    if !named.source.is_empty() {
        by.push_str(&format!("  said by {}", inert(named.source)));
    }
    if !named.object.is_empty() {
        by.push_str(&format!("  {}", inert(named.object)));
    }
    output.line(&by)?;
    let (log, place) = row.at;
    let log = logs.get(log).map(|log| log.name.as_str()).unwrap_or_default();
    let first = format!("  first in {} at byte {}", inert(log), grouped(place));
    output.line(&output.paint(Style::Faint, &first))
}

// The ones with the most hits, and of the same number the first by name.
fn most(mut of: Vec<(String, u64)>) -> Vec<(String, u64)> {
    of.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    of.truncate(BARS);
    of
}

// One bar says nothing.
fn bars(output: &mut Output, title: &str, of: Vec<(String, u64)>) -> Result<(), Failure> {
    if of.len() < 2 {
        return Ok(());
    }
    output.line(&format!("\n{title}"))?;
    let longest = of.iter().map(|(_, hits)| *hits).max().unwrap_or(1).max(1);
    let names: Vec<String> = of.iter().map(|(name, _)| inert(name).into_owned()).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, (_, hits)) in names.iter().zip(&of) {
        let length = usize::try_from((hits * BAR).div_ceil(longest)).unwrap_or(1);
        let padding = " ".repeat(width - name.chars().count());
        output.line(&format!("  {name}{padding}  {} {}", "█".repeat(length), grouped(*hits)))?;
    }
    Ok(())
}

fn at(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

/// The day that has this number since 1970.
pub fn day_of(day: i64) -> String {
    let midnight = Timestamp(day.saturating_mul(86_400_000_000)).to_string();
    midnight.get(..10).unwrap_or(&midnight).to_owned()
}
