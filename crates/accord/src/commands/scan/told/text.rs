//! What was found, told to people: a row for each indicator, and what it comes to by kind, host, day and log.

use model::Timestamp;
use scan::out::{Grade, Urgency};
use scan::{Hit, Known, Row};

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
        let rows: Vec<Row> = self.rows().into_iter().cloned().collect();
        let Teller { known, output, tally, logs, more, lines, grades, .. } = self;
        let all_logs = logs.len() as u64 + tally.more_logs;
        let of = format!("{} of {}", counted(*lines, "line"), counted(all_logs, "log"));
        if tally.hits == 0 {
            let compared = format!("compared with {}", counted(known.taken, "indicator"));
            let nothing = output.paint(Style::Good, "nothing found");
            output.line(&format!("{nothing} in {of}, {compared}"))?;
        } else {
            let hits = output.paint(Style::Alert, &counted(tally.hits, "hit"));
            output.line(&format!("{hits} of {} in {of}", counted(tally.indicators() as u64, "indicator")))?;
            let shown = if limit == 0 { rows.len() } else { limit };
            for row in rows.iter().take(shown) {
                write_row(output, known, (logs, more), (row, grades.get(&row.id)))?;
            }
            if rows.len() > shown {
                let more = counted((rows.len() - shown) as u64, "more indicator");
                output.line(&format!("\nand {more}: `--limit 0` shows all, `--json` each hit"))?;
            }
            if tally.other_rows > 0 {
                let others = counted(tally.other_rows, "hit");
                output.line(&format!("and {others} of further indicators, which have no row"))?;
            }
            let kinds = tally.kinds.iter().map(|(kind, hits)| ((*kind).to_owned(), *hits));
            bars(output, "by kind", most(kinds.collect()))?;
            let sources = tally.sources.iter().map(|(source, hits)| (source.clone(), *hits));
            bars(output, "by who says it", most(sources.collect()))?;
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
        let overlong: u64 = logs.iter().chain([&*more]).map(|log| log.end.overlong).sum();
        if overlong > 0 {
            let bound = grouped((scan::LINE_MAX >> 20) as u64);
            remark(&format!("{} of more than {bound} MiB passed over", counted(overlong, "line")));
        }
        let broken: u64 = logs.iter().chain([&*more]).map(|log| log.end.broken).sum();
        if broken > 0 {
            remark(&format!("{} broke off; what stood before that was compared", counted(broken, "line")));
        }
        logs.iter().filter(|log| log.end.other > 0).for_each(tell_others);
        Ok(())
    }

    /// A line for a hit, of logs that are followed.
    pub(super) fn write_at_once(&mut self, hit: &Hit) -> Result<(), Failure> {
        let named = self.known.named(hit.id);
        let seen = self.output.paint(Style::Strong, &defanged(&hit.seen));
        let mut line = format!("{}  {seen}  {}", at(hit.time.unwrap_or(self.how.now)), hit.kind.name());
        if let Some(host) = &hit.host {
            line.push_str(&format!("  at {}", inert(host)));
        }
        line.push_str(&format!("  known as {}", defanged(named.value)));
        if !named.source.is_empty() {
            line.push_str(&format!("  said by {}", inert(named.source)));
        }
        line.push_str(&format!("  in {} at byte {}", inert(&self.name), grouped(hit.at)));
        self.output.line(&line)
    }
}

/// A log with lines of another kind may have been read in the wrong format.
fn tell_others(log: &Log) {
    let (name, format) = (inert(&log.name), log.format.title());
    remark(&format!("{} of `{name}` of another kind than {format}", counted(log.end.other, "line")));
}

fn write_row(
    output: &mut Output,
    known: &Known,
    (logs, more): (&[Log], &Log),
    (row, grade): (&Row, Option<&Grade>),
) -> Result<(), Failure> {
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
    if let Some(grade) = grade {
        let style = match grade.urgency {
            Urgency::Block => Style::Alert,
            Urgency::Alert => Style::Warning,
            Urgency::Unjudged => Style::Strong,
            Urgency::Context | Urgency::Noise => Style::Faint,
        };
        line = line.replacen('\n', &format!("\n{}  ", output.paint(style, grade.urgency.name())), 1);
    }
    output.line(&line)?;
    if let Some(grade) = grade.filter(|grade| !grade.why.is_empty()) {
        output.line(&format!("  why: {}", defanged(&grade.why)))?;
    }
    let mut by = format!("  known as {}", defanged(named.value));
    if !named.source.is_empty() {
        by.push_str(&format!("  said by {}", inert(named.source)));
    }
    if !named.label.is_empty() {
        by.push_str(&format!("  {}", inert(named.label)));
    }
    if !named.object.is_empty() {
        by.push_str(&format!("  {}", inert(named.object)));
    }
    output.line(&by)?;
    let (log, place) = row.at;
    let log = logs.get(log).map_or(more.name.as_str(), |log| log.name.as_str());
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
