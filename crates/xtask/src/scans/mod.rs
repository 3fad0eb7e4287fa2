//! `scans`: indicators of every kind planted in made-up logs of every format, gone through by the real pipeline. All that was planted is
//! found, at its line, while it holds, and nothing else. What is planted is told by whoever plants it, never by a matcher.

mod cases;
mod dns;
mod indicators;
mod json;
mod text;
mod zeek;

use std::io::{Cursor, Read, Write};
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use scan::{Clock, Format, Input, Known, Told, run as go_through};
use shield::Timestamp;

use crate::Outcome;
use crate::generate::Random;
use cases::{Cases, Seen, Sort};
use indicators::{BEGINS, DAY, FROM, Indicators, MIDDLE, UNTIL};

/// How much.
#[derive(clap::Args)]
pub struct Options {
    /// Indicators, of 20 kinds the same number.
    #[arg(long, default_value_t = 100_000)]
    indicators: u64,
    /// Lines of logs, of all formats together.
    #[arg(long, default_value_t = 1_000_000)]
    lines: u64,
    /// The seed: the same one makes the same indicators and logs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// This format alone.
    #[arg(long)]
    format: Option<String>,
    /// Threads that go through logs.
    #[arg(long, default_value_t = 4)]
    threads: usize,
}

/// Lines of a log at most.
const LOG: u64 = 50_000;
/// Lines with the same columns, one behind the other, where a log tells its columns.
const SAME: u64 = 100;
/// One client in so many is known.
const CLIENTS: u64 = 30;
/// One line in so many says no time, where its format may do without.
const TIMELESS: u64 = 10;

/// A place in the lines of a format, and what it may hold.
pub struct Place {
    sorts: &'static [Sort],
    /// The columns of its lines, where a log tells them.
    head: &'static str,
    /// Its lines may say no time.
    may_lack_time: bool,
    write: fn(&mut Line<'_, '_>, &mut String),
}

impl Place {
    const fn new(sorts: &'static [Sort], write: fn(&mut Line<'_, '_>, &mut String)) -> Place {
        Place { sorts, head: "", may_lack_time: false, write }
    }
}

/// What a line is to say.
pub struct Line<'l, 'c> {
    at: Option<i64>,
    seen: Seen,
    cases: &'l mut Cases<'c>,
    /// What else it says that is known.
    ids: &'l mut Vec<u64>,
}

impl Line<'_, '_> {
    /// Who did it; asked for by what writes it, and once, since it may be known too.
    fn client(&mut self) -> String {
        if !self.cases.random.one_in(CLIENTS) {
            return format!("10.{}.{}.7", self.cases.random.below(64), self.cases.random.below(256));
        }
        let (client, ids) = self.cases.planted_address();
        self.ids.extend(ids);
        client
    }

    /// A client's, which no indicator has.
    fn port(&mut self) -> u16 {
        1 + self.cases.random.below(1000) as u16
    }
}

/// The formats, and what their lines may hold.
const FORMATS: &[(Format, &[Place])] = &[
    (Format::ZeekTsv, zeek::TSV),
    (Format::ZeekJson, zeek::JSON),
    (Format::Eve, json::EVE),
    (Format::Bind, dns::BIND),
    (Format::Unbound, dns::UNBOUND),
    (Format::Dnsmasq, dns::DNSMASQ),
    (Format::CoreDns, dns::COREDNS),
    (Format::Combined, text::COMBINED),
    (Format::Squid, text::SQUID),
    (Format::Syslog, text::SYSLOG),
    (Format::CloudTrail, json::CLOUDTRAIL),
    (Format::Ecs, json::ECS),
    (Format::Ocsf, json::OCSF),
    (Format::Text, text::TEXT),
];

/// A log, and what is planted in it: where the line begins, and which indicator.
struct Log {
    bytes: Vec<u8>,
    truth: Vec<(u64, u64)>,
}

/// What came of a format.
#[derive(Default)]
struct Sum {
    planted: u64,
    missed: u64,
    in_vain: u64,
    /// The first that was missed, and the first in vain.
    first: [Option<String>; 2],
    bytes: u64,
    seconds: f64,
}

/// Runs it.
///
/// # Errors
/// Whatever was not found or was found in vain, and what kept it from looking.
pub fn run(options: &Options) -> Outcome {
    let indicators = Indicators::new(options.indicators, options.seed);
    let begun = Instant::now();
    let known = Known::read(indicators.csv(), options.seed)?;
    if known.left_out > 0 {
        return Err(
            format!("{} left out: {}", known.left_out, known.first_left_out.unwrap_or_default()).into()
        );
    }
    println!("{} indicators, read in {:.1} s", known.taken, begun.elapsed().as_secs_f64());
    let wanted = options.format.as_deref();
    let formats: Vec<_> =
        FORMATS.iter().filter(|(format, _)| wanted.is_none_or(|name| format.name() == name)).collect();
    if formats.is_empty() {
        return Err("no such format".into());
    }
    println!("{:<12}{:>10}{:>10}{:>10}{:>9}{:>9}", "format", "lines", "planted", "found", "in vain", "MB/s");
    let lines = (options.lines / formats.len() as u64).max(2);
    let mut wrong = String::new();
    for (nth, (format, places)) in formats.into_iter().enumerate() {
        let mut random = Random::new(options.seed ^ (nth as u64) << 32 ^ 0x5ca5);
        let sum = of_format(*format, places, lines, &mut random, indicators, &known, options.threads)?;
        println!(
            "{:<12}{lines:>10}{:>10}{:>10}{:>9}{:>9.0}",
            format.name(),
            sum.planted,
            sum.planted - sum.missed,
            sum.in_vain,
            sum.bytes as f64 / sum.seconds / 1e6
        );
        for (what, first) in ["missed", "found in vain"].iter().zip(sum.first) {
            if let Some(first) = first {
                wrong.push_str(&format!("\n{}: {what}: {first}", format.name()));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("not what was planted:{wrong}").into()) }
}

/// Makes logs of a format, two at a time, the second packed and without its format told, and goes through them.
fn of_format(
    format: Format,
    places: &[Place],
    lines: u64,
    random: &mut Random,
    indicators: Indicators,
    known: &Known,
    threads: usize,
) -> Outcome<Sum> {
    let mut sum = Sum::default();
    let mut left = lines;
    while left > 0 {
        let one = left.div_ceil(2).min(LOG);
        let other = (left - one).min(LOG);
        left -= one + other;
        let logs = [one, other].map(|lines| log(places, lines, random, indicators));
        let [plain, packed] = &logs;
        let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
        zip.write_all(&packed.bytes)?;
        // Text may look like anything.
        let told = (format == Format::Text).then_some(format);
        let inputs = [
            input("plain", &plain.bytes[..], Some(format)),
            input("packed", Cursor::new(zip.finish()?), told),
        ];
        let mut found: Vec<Vec<(u64, u64)>> = Vec::new();
        let mut faults = Vec::new();
        let begun = Instant::now();
        let asked = known.now();
        go_through(&asked.knowledge, inputs.into_iter(), threads, &mut |told| match told {
            Told::Begun { name, format: sniffed } => {
                found.push(Vec::new());
                if sniffed != format && other > 0 {
                    faults.push(format!("{name}: taken for {}", sniffed.name()));
                }
            }
            Told::Hit(hit) => {
                let call = (asked.call)(hit.id);
                found.last_mut().into_iter().for_each(|found| found.push((hit.at, call)));
            }
            Told::Done { .. } => {}
            Told::Ended(end) => {
                if *end != scan::End::default() {
                    faults.push(format!("{end:?}"));
                }
            }
        })?;
        sum.seconds += begun.elapsed().as_secs_f64();
        if let Some(fault) = faults.first() {
            return Err(format!("{}: {fault}", format.name()).into());
        }
        logs.iter().zip(found).for_each(|(log, found)| sum.add(log, found, indicators));
    }
    Ok(sum)
}

fn input<'i>(name: &str, bytes: impl Read + Send + 'i, format: Option<Format>) -> Input<'i> {
    let latest = Some(Timestamp((BEGINS + 15 * DAY) * 1_000_000));
    Input {
        name: name.to_owned(),
        bytes: Box::new(bytes),
        format,
        clock: Clock { latest, east: 0 },
        from: None,
    }
}

/// A log of so many lines.
fn log(places: &[Place], lines: u64, random: &mut Random, of: Indicators) -> Log {
    let mut log = Log { bytes: Vec::new(), truth: Vec::new() };
    let mut cases = Cases { of, random };
    let mut place = None;
    for nth in 0..lines {
        let has_head = places.iter().any(|place| !place.head.is_empty());
        if !has_head || nth % SAME == 0 {
            place = places.get(cases.random.below(places.len() as u64) as usize);
            if let Some(place) = place.filter(|_| has_head) {
                log.bytes.extend_from_slice(zeek::head(place.head).as_bytes());
            }
        }
        let Some(place) = place else { break };
        let at = (!place.may_lack_time || !cases.random.one_in(TIMELESS)).then(|| time(cases.random));
        let sort = cases.random.one_of(place.sorts);
        let (seen, mut ids) = cases.one(sort);
        let start = log.bytes.len() as u64;
        let mut text = String::new();
        (place.write)(&mut Line { at, seen, cases: &mut cases, ids: &mut ids }, &mut text);
        log.bytes.extend_from_slice(text.as_bytes());
        log.bytes.push(b'\n');
        ids.retain(|id| of.held(*id, at));
        ids.sort_unstable();
        ids.dedup();
        log.truth.extend(ids.into_iter().map(|id| (start, id)));
    }
    log
}

/// When something happened: any time from 1 to 14 March, so that all offsets from UTC are in March, or where indicators begin and end.
fn time(random: &mut Random) -> i64 {
    let borders = [FROM - 1, FROM, UNTIL - 1, UNTIL, MIDDLE - 1, MIDDLE];
    match random.one_in(8) {
        true => random.one_of(&borders),
        false => BEGINS + DAY / 2 + random.below(13 * DAY as u64).cast_signed(),
    }
}

impl Sum {
    fn add(&mut self, log: &Log, mut found: Vec<(u64, u64)>, of: Indicators) {
        found.sort_unstable();
        self.bytes += log.bytes.len() as u64;
        self.planted += log.truth.len() as u64;
        let tell = |(at, id): (u64, u64)| {
            let rest = log.bytes.get(at as usize..).unwrap_or_default();
            let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let holds = of.holds(id);
            format!("{} ({holds:?}) in `{}`", of.value(id).0, String::from_utf8_lossy(line))
        };
        // Both are in order; what is told twice is in vain once.
        let (mut truth, mut found) = (log.truth.iter().copied().peekable(), found.into_iter().peekable());
        loop {
            match (truth.peek().copied(), found.peek().copied()) {
                (None, None) => return,
                (Some(one), other) if other.is_none_or(|other| one < other) => {
                    truth.next();
                    self.missed += 1;
                    let [first, _] = &mut self.first;
                    first.get_or_insert_with(|| tell(one));
                }
                (one, Some(other)) if one.is_none_or(|one| other < one) => {
                    found.next();
                    self.in_vain += 1;
                    let [_, first] = &mut self.first;
                    first.get_or_insert_with(|| tell(other));
                }
                _ => {
                    truth.next();
                    found.next();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planted_is_found_in_every_format_and_nothing_else() {
        let options = Options { indicators: 2_000, lines: 20_000, seed: 7, format: None, threads: 3 };
        run(&options).unwrap();
    }

    #[test]
    fn what_is_missed_and_what_is_in_vain_is_told() {
        let of = Indicators::new(100, 1);
        let log = Log { bytes: b"one\ntwo\n".to_vec(), truth: vec![(0, 3), (4, 7)] };
        let mut sum = Sum::default();
        sum.add(&log, vec![(4, 7), (4, 9), (4, 7)], of);
        assert_eq!((sum.planted, sum.missed, sum.in_vain), (2, 1, 2));
        let [missed, in_vain] = sum.first.map(Option::unwrap);
        assert!(missed.contains(&of.value(3).0) && missed.contains("`one`"), "{missed}");
        assert!(in_vain.contains(&of.value(7).0) && in_vain.contains("`two`"), "{in_vain}");
    }

    #[test]
    fn every_format_has_logs_but_those_that_are_no_lines() {
        let without: Vec<Format> =
            Format::all().filter(|format| FORMATS.iter().all(|(of, _)| of != format)).collect();
        assert_eq!(without, [Format::Evtx, Format::Mapped]);
    }
}
