//! What was found, told: each hit to a program, or a summary for people.

mod text;

use std::collections::{BTreeMap, HashMap};

use model::Timestamp;
use scan::out::{Days, Finding, Grade, Report, Urgency, Windows, ecs, html, ocsf};
use scan::{End, Format, Hit, Known, Named, Row, Tally, Told};
use serde::Serialize;
use serde_json::json;

use super::reported::Reported;
use crate::arguments::ScanOutput;
use crate::commands::{counted, grouped};
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, inert, remark};

/// Indicators that a report in HTML shows, unless more are asked for.
const REPORTED: usize = 500;

/// A hit in JSON.
#[derive(Serialize)]
struct HitDocument<'h> {
    event: &'static str,
    id: String,
    log: &'h str,
    at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'h str>,
    fields: &'h [String],
    kind: &'static str,
    seen: &'h str,
    indicator: Indicator<'h>,
    line: std::borrow::Cow<'h, str>,
}

#[derive(Serialize)]
struct Indicator<'h> {
    value: &'h str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'h str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'h str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'h str>,
}

/// Hits of a line that are put together by the indicator that says their values; of more, each is told.
const LINE_HITS: usize = 256;

/// Takes what is told while it goes on.
pub struct Teller<'t> {
    known: &'t Known,
    how: How,
    output: &'t mut Output,
    tally: Tally,
    /// What becomes sightings, where these are asked for.
    windows: Option<Windows>,
    /// As many as the tally keeps.
    logs: Vec<Log>,
    /// Of logs that are followed: their numbers by their names.
    numbers: HashMap<String, usize>,
    /// The log that was begun last.
    name: String,
    lines: u64,
    bytes: u64,
    /// What came of logs beyond those that are kept: how many lines were passed over, and why the first could not be read.
    more: Log,
    /// How indicators are judged, where a node was asked.
    grades: HashMap<u64, Grade>,
    /// The hits of the last line.
    line: Vec<Hit>,
    /// The first line that could not be written.
    failed: Option<Failure>,
}

/// How it is told.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// In what form.
    pub form: ScanOutput,
    /// What happened before is left out.
    pub since: Option<Timestamp>,
    /// The time.
    pub now: Timestamp,
    /// What was found is reported.
    pub reports: bool,
    /// Files are looked up: the same in another place is another event.
    pub files: bool,
    /// Logs are followed: they go on after their ends, and what is found is told at once.
    pub follows: bool,
}

/// A log that was gone through.
struct Log {
    name: String,
    format: Format,
    end: End,
}

impl<'t> Teller<'t> {
    pub fn new(known: &'t Known, how: How, output: &'t mut Output) -> Teller<'t> {
        let windows = (how.form == ScanOutput::Stix || how.reports).then(Windows::default);
        Teller {
            known,
            how,
            output,
            tally: Tally::default(),
            windows,
            logs: Vec::new(),
            numbers: HashMap::new(),
            name: String::new(),
            lines: 0,
            bytes: 0,
            more: Log { name: "another log".to_owned(), format: Format::Text, end: End::default() },
            grades: HashMap::new(),
            line: Vec::new(),
            failed: None,
        }
    }

    /// Takes one thing; `shows` is given how many hits there are by now.
    pub fn take(&mut self, told: Told<'_>, shows: &mut dyn FnMut(String)) {
        match told {
            Told::Begun { name, format } => {
                self.name.clear();
                self.name.push_str(name);
                self.begun(format);
            }
            Told::Hit(mut hit) => {
                if self.how.files {
                    hit.event = super::hashed::event_at(hit.event, &self.name);
                }
                // What happened at no time that is known may have happened since.
                let is_past = self.how.since.zip(hit.time).is_some_and(|(since, time)| time < since);
                if !is_past {
                    self.hit(hit);
                }
            }
            Told::Done { bytes, lines, .. } => {
                self.bytes += bytes;
                self.lines += lines;
                self.line_is_done();
                // A program may wait for it.
                if self.failed.is_none() {
                    self.failed = self.output.flush().err();
                }
                shows(counted(self.tally.hits, "hit"));
            }
            Told::Ended(end) => {
                let more = &mut self.more;
                match self.tally.log().and_then(|log| self.logs.get_mut(log)) {
                    Some(log) => {
                        // Of a log that is followed, it ended before.
                        let End { overlong, broken, other, .. } = log.end;
                        log.end = end.clone();
                        log.end.overlong += overlong;
                        log.end.broken += broken;
                        log.end.other += other;
                    }
                    None => {
                        more.end.overlong += end.overlong;
                        more.end.broken += end.broken;
                        more.end.other += end.other;
                        if more.end.error.is_none() && end.error.is_some() {
                            more.end.error.clone_from(&end.error);
                            more.name.clone_from(&self.name);
                        }
                    }
                }
            }
        }
    }

    fn begun(&mut self, format: Format) {
        let name = &self.name;
        if let Some(log) = self.numbers.get(name.as_str()).copied() {
            self.tally.resume(log);
            self.logs.iter_mut().skip(log).take(1).for_each(|log| log.format = format);
            return;
        }
        self.tally.begin(name);
        if let Some(log) = self.tally.log() {
            self.logs.push(Log { name: name.clone(), format, end: End::default() });
            if self.how.follows {
                self.numbers.insert(name.clone(), log);
            }
        }
    }

    /// The time, where it goes on.
    pub fn now_is(&mut self, now: Timestamp) {
        self.how.now = now;
    }

    /// What was seen of indicators, each with the number of its entry, in the order in which to look at them; at most so many. Of what
    /// is kept in part alone it is the indicator's value.
    pub fn seen(&mut self, most: usize) -> Vec<(u64, String)> {
        self.line_is_done();
        let rows = self.tally.rows(&|_| Urgency::Unjudged);
        let seen = |row: &Row| self.seen_of(row.id).unwrap_or_else(|| self.value_of(row.id)).to_owned();
        rows.into_iter().take(most).map(|row| (row.id, seen(row))).collect()
    }

    /// Takes how an indicator is judged.
    pub fn judged(&mut self, id: u64, grade: Grade) {
        self.grades.insert(id, grade);
    }

    /// How an indicator is judged.
    pub fn urgency(&self, id: u64) -> Urgency {
        self.grades.get(&id).map_or(Urgency::Unjudged, |grade| grade.urgency)
    }

    /// What was seen of an indicator first; `None` where that is kept in part alone.
    pub fn seen_of(&self, id: u64) -> Option<&str> {
        self.tally.row(id).filter(|row| !row.is_cut()).map(|row| row.seen.as_str())
    }

    /// The value of an indicator, as it was written.
    pub fn value_of(&self, id: u64) -> &'t str {
        self.known.named(id).value
    }

    /// How many hits such indicators have.
    pub fn hits_of(&self, such: &dyn Fn(u64) -> bool) -> u64 {
        self.rows().iter().filter(|row| such(row.id)).map(|row| row.hits).sum()
    }

    /// What is reported, without indicators that are passed over.
    pub fn days(&self, passed_over: &dyn Fn(u64) -> bool) -> Days<'_> {
        self.windows.as_ref().map(|windows| Days::of(windows, self.known, passed_over)).unwrap_or_default()
    }

    /// Tells what became of what was reported: a document, or a line for people beside the answer.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn reported(&mut self, of: Reported) -> Result<(), Failure> {
        if self.how.form == ScanOutput::Json {
            return self.output.document(&json!({
                "event": "report", "said": of.said, "known": of.known, "pending": of.pending, "refused": of.refused,
                "left_out": of.left_out, "noise": of.noise, "too_old": of.too_old,
            }));
        }
        let mut line = format!("reported {}", counted(of.said, "sighting"));
        for (count, words) in [
            (of.known, "said before"),
            (of.pending, "waiting for a curator"),
            (of.refused, "refused"),
            (of.too_old, "too old for `accord hits`"),
        ] {
            if count > 0 {
                line.push_str(&format!(", {} {words}", grouped(count)));
            }
        }
        for (count, words) in [(of.noise, "of noise"), (of.left_out, "of no time")] {
            if count > 0 {
                line.push_str(&format!("; {} {words} not reported", counted(count, "hit")));
            }
        }
        remark(&line);
        Ok(())
    }

    fn rows(&self) -> Vec<&Row> {
        self.tally.rows(&|id| self.urgency(id))
    }

    /// Whether what is told goes nowhere any more.
    pub fn is_done(&self) -> bool {
        self.failed.is_some()
    }

    // An indicator may say several values that stand in one line, such as the digests of a file: that is one hit.
    fn hit(&mut self, hit: Hit) {
        let is_full = self.line.len() >= LINE_HITS;
        if is_full || self.line.first().is_some_and(|first| first.at != hit.at) {
            self.line_is_done();
        }
        let object = self.known.named(hit.id).object;
        let is_same = |before: &&mut Hit| !object.is_empty() && self.known.named(before.id).object == object;
        match self.line.iter_mut().find(is_same) {
            Some(before) => {
                for field in hit.fields {
                    if !before.fields.contains(&field) {
                        before.fields.push(field);
                    }
                }
            }
            None => self.line.push(hit),
        }
    }

    fn line_is_done(&mut self) {
        for hit in std::mem::take(&mut self.line) {
            self.tally.add(&hit, self.known.named(hit.id).source);
            if let Some(windows) = &mut self.windows {
                windows.add(&hit, &self.known.named(hit.id));
            }
            if self.failed.is_none() {
                self.failed = self.write_hit(&hit).err();
            }
        }
    }

    fn write_hit(&mut self, hit: &Hit) -> Result<(), Failure> {
        let grade = &Grade::default();
        let finding =
            Finding { hit, log: &self.name, named: self.known.named(hit.id), grade, now: self.how.now };
        let written = match self.how.form {
            ScanOutput::Json => serde_json::to_vec(&document(&finding)),
            ScanOutput::Ocsf => serde_json::to_vec(&ocsf(&finding)),
            ScanOutput::Ecs => serde_json::to_vec(&ecs(&finding)),
            ScanOutput::Text if self.how.follows => return self.write_at_once(hit),
            ScanOutput::Text | ScanOutput::Stix | ScanOutput::Html => return Ok(()),
        };
        let mut line = written.map_err(|error| Failure::output(&error.into()))?;
        line.push(b'\n');
        self.output.bytes(&line)
    }

    /// Tells what it came to. Exit code 1 on a hit; 2 where a log could not be read whole.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn end(mut self, limit: usize) -> Result<Exit, Failure> {
        self.line_is_done();
        if let Some(failure) = self.failed.take() {
            return Err(failure);
        }
        match self.how.form {
            ScanOutput::Text => self.write(limit)?,
            ScanOutput::Json => self.write_document()?,
            ScanOutput::Stix => self.write_sightings()?,
            ScanOutput::Html => self.write_report(limit)?,
            ScanOutput::Ocsf | ScanOutput::Ecs => {}
        }
        self.output.flush()?;
        let mut exit = if self.tally.hits > 0 { Exit::Finding } else { Exit::Ok };
        for log in self.logs.iter().chain([&self.more]) {
            if log.end.unfinished && !self.output.json {
                remark(&format!("the last line of `{}` is still being written: left out", inert(&log.name)));
            }
            let Some(error) = &log.end.error else { continue };
            exit = exit.max(Exit::Usage);
            if self.how.form != ScanOutput::Json {
                remark(&format!("`{}` was not read to its end: {}", inert(&log.name), inert(error)));
            }
        }
        Ok(exit)
    }

    fn write_report(&mut self, limit: usize) -> Result<(), Failure> {
        let rows = self.tally.rows(&|id| self.urgency(id));
        let all_rows = rows.len();
        let most = if limit == 0 { all_rows } else { limit.max(REPORTED) };
        let rows: Vec<_> = rows.into_iter().take(most).map(|row| (row, self.grades.get(&row.id))).collect();
        let logs = self.logs.iter().chain([&self.more]);
        let errors: Vec<_> =
            logs.filter_map(|log| Some((log.name.clone(), log.end.error.clone()?))).collect();
        let (tally, lines, now) = (&self.tally, self.lines, self.how.now);
        let report = Report { tally, rows: &rows, all_rows, lines, errors: &errors, now };
        let mut writer = Bytes { output: self.output, failed: None };
        let written = html(&report, self.known, &mut writer);
        match writer.failed {
            Some(failure) => Err(failure),
            None => written.map_err(|error| Failure::output(&error)),
        }
    }

    fn write_sightings(&mut self) -> Result<(), Failure> {
        let Some(windows) = &self.windows else { return Ok(()) };
        let mut writer = Bytes { output: self.output, failed: None };
        let written = windows.write(self.known, &mut writer);
        if let Some(failure) = writer.failed {
            return Err(failure);
        }
        written.map_err(|error| Failure::output(&error))?;
        if windows.untold > 0 {
            let untold = counted(windows.untold, "hit");
            remark(&format!("{untold} in no sighting: there are more indicators than are kept"));
        }
        Ok(())
    }

    fn write_document(&mut self) -> Result<(), Failure> {
        let logs = self.logs.iter().zip(&self.tally.logs).map(|(log, (_, hits))| {
            json!({
                "name": log.name, "format": log.format.name(), "hits": hits, "overlong": log.end.overlong,
                "broken": log.end.broken, "other": log.end.other, "unfinished": log.end.unfinished,
                "error": log.end.error,
            })
        });
        let days = self.tally.days.iter().map(|(day, hits)| (text::day_of(*day), *hits));
        let document = json!({
            "event": "summary", "hits": self.tally.hits, "indicators": self.tally.indicators(), "lines": self.lines,
            "bytes": self.bytes, "known": self.known.taken, "left_out": self.known.left_out,
            "other_rows": self.tally.other_rows, "kinds": self.tally.kinds,
            "sources": self.tally.sources, "other_sources": self.tally.other_sources, "hosts": self.tally.hosts, "other_hosts": self.tally.other_hosts,
            "days": days.collect::<BTreeMap<_, _>>(),
            "other_days": self.tally.other_days, "logs": logs.collect::<Vec<_>>(),
            "more_logs": self.tally.more_logs, "other_logs": self.tally.other_logs,
        });
        self.output.document(&document)
    }
}

fn document<'h>(finding: &Finding<'h>) -> HitDocument<'h> {
    let Finding { hit, log, named: Named { value, object, source, label }, .. } = *finding;
    let some = |text: &'h str| (!text.is_empty()).then_some(text);
    HitDocument {
        event: "hit",
        id: finding.id(),
        log,
        at: hit.at,
        time: hit.time.map(|time| time.to_string()),
        host: hit.host.as_deref(),
        fields: &hit.fields,
        kind: hit.kind.name(),
        seen: &hit.seen,
        indicator: Indicator { value, id: some(object), source: some(source), label: some(label) },
        line: String::from_utf8_lossy(&hit.line),
    }
}

/// The output as a writer of bytes; why it failed is kept.
struct Bytes<'o> {
    output: &'o mut Output,
    failed: Option<Failure>,
}

impl std::io::Write for Bytes<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.output.bytes(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(failure) => {
                self.failed = Some(failure);
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
