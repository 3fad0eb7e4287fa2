//! `accord events`, `accord seen`, `accord hits`: what sensors saw goes in, how widely a value was seen, what of it is known.

mod walk;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Value, json};

use super::{Session, counted, flag, grouped, list, number, said_by, text};
use crate::arguments::{Events, Hits, Seen};
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Progress, Style, confirmed, defanged, inert};
use crate::transport::Call;

/// Lines and bytes that are sent at once.
const BATCH: (usize, usize) = (5_000, 4 << 20);
/// A list in JSON is sent whole; bytes that it may have.
const LIST_BYTES: u64 = 32 << 20;
/// Mistakes and hits that people are told one by one.
const TOLD: u64 = 20;
/// Values asked for at once.
const VALUES: usize = 100;
/// Bars of the chart, from nothing to all.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Days of the chart.
const CHART_DAYS: i64 = 90;
const DAY_US: i64 = 86_400_000_000;

/// What a file came to.
#[derive(Default)]
struct Sum {
    events: u64,
    new: u64,
    known: u64,
    full: u64,
    refused: u64,
    partly: u64,
    hits: u64,
    errors_told: u64,
    hits_told: u64,
}

/// Sends files of events. Exit code 1 if something of them is known, or was refused.
///
/// # Errors
/// The node refuses, or cannot be asked; a file cannot be read. What was sent is counted, and counts once.
pub async fn events(session: &mut Session<'_>, asked: Events) -> Result<Exit, Failure> {
    let mut exit = Exit::Ok;
    for file in &asked.files {
        let sum = send(session, file).await?;
        if sum.hits + sum.refused + sum.partly > 0 {
            exit = Exit::Finding;
        }
    }
    Ok(exit)
}

async fn send(session: &mut Session<'_>, file: &Path) -> Result<Sum, Failure> {
    let name = file.display().to_string();
    let unreadable = |error: io::Error| Failure::usage(format!("cannot read `{name}`: {error}"));
    let (input, length): (Box<dyn Read>, _) = if file == Path::new("-") {
        (Box::new(io::stdin()), None)
    } else {
        let input = File::open(file).map_err(unreadable)?;
        let found = input.metadata().map_err(unreadable)?;
        (Box::new(input), found.is_file().then_some(found.len()))
    };
    let mut input = BufReader::with_capacity(1 << 20, input);
    let progress = Progress::new(&name, length, session.output.quiet || session.output.json);
    let (mut sum, mut lines, mut sent) = (Sum::default(), 0, 0);
    loop {
        let (batch, count) = batch(&mut input).map_err(unreadable)?;
        if batch.is_empty() {
            break;
        }
        sent += batch.len() as u64;
        let length = batch.len() as u64;
        let call = Call::post(&["events"]).stream(Box::new(io::Cursor::new(batch)), Some(length));
        let told = session.ask(call).await?;
        sum.add(&told);
        progress.at(sent, counted(sum.events, "event"));
        progress.aside(|| tell(session.output, &name, told, lines, &mut sum))?;
        lines += count;
    }
    drop(progress);
    let output = &mut *session.output;
    if output.json {
        output.document(&json!({
            "event": "summary", "file": name, "events": sum.events, "new": sum.new, "known": sum.known,
            "full": sum.full, "refused": sum.refused, "partly": sum.partly, "hit_count": sum.hits,
        }))?;
    } else {
        sum.write(output, &name)?;
    }
    output.flush()?;
    Ok(sum)
}

/// The next lines, as many as are sent at once; a list whole. Answers how many lines they are.
fn batch(input: &mut impl BufRead) -> io::Result<(Vec<u8>, u64)> {
    let mut batch = Vec::new();
    let mut count = 0;
    while count < BATCH.0 && batch.len() < BATCH.1 && input.read_until(b'\n', &mut batch)? > 0 {
        count += 1;
        if batch.trim_ascii_start().first() == Some(&b'[') {
            input.take(LIST_BYTES).read_to_end(&mut batch)?;
        }
    }
    Ok((batch, count as u64))
}

impl Sum {
    fn add(&mut self, told: &Value) {
        self.events += number(told, "/events");
        self.new += number(told, "/new");
        self.known += number(told, "/known");
        self.full += number(told, "/full");
        self.refused += number(told, "/refused");
        self.partly += number(told, "/partly");
        self.hits += number(told, "/hit_count");
    }

    fn write(&self, output: &mut Output, name: &str) -> Result<(), Failure> {
        let title = output.paint(Style::Strong, &inert(name));
        output.line(&format!("{title}  {}", counted(self.events, "event")))?;
        for (words, count, style) in [
            ("counted", self.new, Style::Good),
            ("counted before", self.known, Style::Faint),
            ("not kept whole: the day is full", self.full, Style::Warning),
            ("taken without some values", self.partly, Style::Warning),
            ("refused", self.refused, Style::Alert),
            ("hits on what is known; `accord hits` has them", self.hits, Style::Alert),
        ] {
            if count > 0 || words == "counted" {
                output.line(&format!("  {:>10}  {}", grouped(count), output.paint(style, words)))?;
            }
        }
        Ok(())
    }
}

fn tell(output: &mut Output, name: &str, mut told: Value, before: u64, sum: &mut Sum) -> Result<(), Failure> {
    for row in ["/errors", "/hits"] {
        for one in told.pointer_mut(row).and_then(Value::as_array_mut).into_iter().flatten() {
            // The node counts the lines of what it was sent, and people those of the file.
            if let Some(line) = one.get_mut("line") {
                *line = (line.as_u64().unwrap_or(0) + before).into();
            }
        }
    }
    if output.json {
        if let Some(fields) = told.as_object_mut() {
            fields.insert("event".to_owned(), "batch".into());
            fields.insert("file".to_owned(), name.into());
        }
        return output.document(&told);
    }
    for error in list(&told, "/errors") {
        sum.errors_told += 1;
        let (line, reason) = (grouped(number(error, "/line")), defanged(text(error, "/reason")));
        match sum.errors_told {
            ..=TOLD => {
                let (what, style) = match text(error, "/pointer") {
                    "" => ("refused".to_owned(), Style::Alert),
                    pointer => (inert(pointer).into_owned(), Style::Warning),
                };
                output.line(&format!("  line {line}  {}  {reason}", output.paint(style, &what)))?;
            }
            count if count == TOLD + 1 => output.line("  ... and more; `--json` has every one")?,
            _ => {}
        }
    }
    for hit in list(&told, "/hits") {
        sum.hits_told += 1;
        if sum.hits_told > TOLD {
            break;
        }
        let (line, value) = (grouped(number(hit, "/line")), defanged(text(hit, "/value")));
        let (known, id) = (output.paint(Style::Alert, "KNOWN"), inert(text(hit, "/indicator")));
        let source = inert(text(hit, "/source/name"));
        output.line(&format!("  line {line}  {value}  {known}  {}  {source}  {id}", text(hit, "/label")))?;
    }
    Ok(())
}

/// Tells how widely values were seen, exit code 1 if one was; or erases.
///
/// # Errors
/// The node refuses, or cannot be asked; nobody is there to confirm.
pub async fn seen(session: &mut Session<'_>, asked: Seen) -> Result<Exit, Failure> {
    if asked.forget {
        return forget(session, &asked).await;
    }
    let (mut found, mut misunderstood) = (false, false);
    for values in asked.values.chunks(VALUES) {
        let document = session.ask(Call::get(&["seen"]).query_each("value", values)).await?;
        for answer in list(&document, "/answers") {
            found |= number(answer, "/events") + number(answer, "/with_below/events") > 0;
            misunderstood |= !text(answer, "/error").is_empty();
            match session.output.json {
                true => session.output.document(answer)?,
                false => write_answer(session.output, answer)?,
            }
        }
    }
    session.output.flush()?;
    Ok(if found {
        Exit::Finding
    } else if misunderstood {
        Exit::Usage
    } else {
        Exit::Ok
    })
}

async fn forget(session: &mut Session<'_>, asked: &Seen) -> Result<Exit, Failure> {
    let what = match (&asked.host, &asked.before) {
        (Some(host), _) => format!("what your sensors told of `{host}`"),
        (None, Some(day)) => format!("what your sensors told of days before {}", super::day(day)),
        (None, None) => "all that your sensors told".to_owned(),
    };
    if !confirmed(asked.yes, &format!("Erase {what} for good?"))? {
        return Err(Failure::usage("nothing was erased"));
    }
    let call = Call::delete(&["seen"])
        .query_some("host", asked.host.as_deref())
        .query_some("before", asked.before.as_deref());
    let all = asked.host.is_none() && asked.before.is_none();
    let gone = session.ask(if all { call.query("all", "true") } else { call }).await?;
    match session.output.json {
        true => session.output.document(&gone)?,
        false => session.output.line(&format!("erased {}", counted(number(&gone, "/rows"), "row")))?,
    }
    Ok(Exit::Ok)
}

fn write_answer(output: &mut Output, answer: &Value) -> Result<(), Failure> {
    let value =
        Some(text(answer, "/value")).filter(|value| !value.is_empty()).unwrap_or(text(answer, "/query"));
    let value = output.paint(Style::Strong, &defanged(value));
    if !text(answer, "/error").is_empty() {
        let why = inert(text(answer, "/error"));
        return output.line(&format!("{value}  {}  {why}", output.paint(Style::Warning, "not understood")));
    }
    output.line(&format!("{value}  {}  {}", inert(text(answer, "/type")), widely(answer)))?;
    if let Some(below) = answer.pointer("/with_below").filter(|below| number(below, "/events") > 0) {
        output.line(&format!("  with all below it  {}", widely(below)))?;
    }
    if let Some(chart) = chart(list(answer, "/days")) {
        output.line(&format!("  {chart}"))?;
    }
    write_hosts(output, answer)
}

fn widely(found: &Value) -> String {
    let more = if flag(found, "/at_least") { " or more" } else { "" };
    let of = grouped(number(found, "/of_hosts"));
    let since = match text(found, "/since") {
        "" => "nothing is kept".to_owned(),
        day => format!("since {}", inert(day)),
    };
    if number(found, "/events") == 0 {
        return format!("not seen on any of {of} hosts, {since}");
    }
    let times = counted(number(found, "/events"), "time");
    let (first, last) = (super::day(text(found, "/first")), super::day(text(found, "/last")));
    format!(
        "on {}{more} of {of} hosts, {times}, first {}, last {}; {since}",
        grouped(number(found, "/hosts")),
        inert(first),
        inert(last)
    )
}

/// Hosts of each day up to the last, at most so many days, and which days they are.
fn chart(days: &[Value]) -> Option<String> {
    let number_of = |day: &str| -> Option<i64> {
        let begins: model::Timestamp = format!("{day}T00:00:00Z").parse().ok()?;
        Some(begins.0.div_euclid(DAY_US))
    };
    let days: Vec<(i64, &str, u64)> = days
        .iter()
        .filter_map(|day| Some((number_of(text(day, "/day"))?, text(day, "/day"), number(day, "/hosts"))))
        .collect();
    let last = days.last()?.0;
    let first = days.first()?.0.max(last - CHART_DAYS + 1);
    let shown: Vec<&(i64, &str, u64)> = days.iter().filter(|(day, ..)| *day >= first).collect();
    let most = shown.iter().map(|(.., hosts)| *hosts).max()?.max(1);
    let bar = |day: i64| {
        let hosts = shown.iter().find(|(of, ..)| *of == day).map_or(0, |(.., hosts)| *hosts);
        let height = (hosts * 8).div_ceil(most);
        BARS.get(usize::try_from(height).unwrap_or(0)).copied().unwrap_or(' ')
    };
    let bars: String = (first..=last).map(bar).collect();
    let (from, to) = (inert(shown.first()?.1), inert(shown.last()?.1));
    Some(format!("{from} |{bars}| {to}  up to {} a day", counted(most, "host")))
}

fn write_hosts(output: &mut Output, of: &Value) -> Result<(), Failure> {
    for host in list(of, "/on") {
        let (name, last) = (inert(text(host, "/host")), inert(text(host, "/last")));
        let event = match text(host, "/event") {
            "" => String::new(),
            event => format!("  event {}", inert(event)),
        };
        let line = format!("    {name}  {}, last {last}{event}", counted(number(host, "/events"), "time"));
        output.line(&output.paint(Style::Faint, &line))?;
    }
    Ok(())
}

async fn page_of(session: &Session<'_>, asked: &Hits, next: Option<&str>) -> Result<Value, Failure> {
    let call = Call::get(&["hits"]).query("limit", asked.limit.to_string()).query_some("next", next);
    session.ask(if asked.all { call.query("all", "true") } else { call }).await
}

fn write_hit(output: &mut Output, hit: &Value) -> Result<(), Failure> {
    let how = if flag(hit, "/live") { "seen when known" } else { "seen before it was known" };
    let value = output.paint(Style::Strong, &defanged(text(hit, "/value")));
    output.line(&format!("{value}  {}  {}", output.paint(Style::Alert, how), widely(hit)))?;
    if flag(hit, "/held") {
        let held = "held: too common here to block, it alerts at most; `accord why` tells more";
        output.line(&format!("  {}", output.paint(Style::Strong, held)))?;
    }
    let indicator = hit.pointer("/indicator").unwrap_or(&Value::Null);
    let (name, said) = (defanged(text(indicator, "/name")), said_by(indicator));
    let (label, id) = (text(indicator, "/label"), inert(text(indicator, "/id")));
    let relation = match text(hit, "/nearness") {
        "same" => String::new(),
        other => format!("  {} {}", other.replace('-', " "), defanged(text(hit, "/stands_for"))),
    };
    output.line(&format!("  {name}  {label}  {}{relation}", inert(&said)))?;
    output.line(&format!("    {}", output.paint(Style::Faint, &id)))?;
    let until = text(hit, "/ignored_until");
    if !until.is_empty() {
        output.line(&output.paint(Style::Faint, &format!("    ignored until {}", inert(until))))?;
    }
    write_hosts(output, hit)
}

/// Lists what was seen and is known, goes through it, or ignores some; exit code 1 if something was.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn hits(session: &mut Session<'_>, asked: Hits) -> Result<Exit, Failure> {
    if asked.walk {
        return walk::walk(session, &asked).await;
    }
    if !asked.ignore.is_empty() || !asked.heed.is_empty() {
        return walk::ignore(session, &asked).await;
    }
    let page = page_of(session, &asked, asked.next.as_deref()).await?;
    let found = !list(&page, "/hits").is_empty();
    let output = &mut *session.output;
    if output.json {
        output.document(&page)?;
        return Ok(if found { Exit::Finding } else { Exit::Ok });
    }
    for hit in list(&page, "/hits") {
        write_hit(output, hit)?;
    }
    if !found {
        output.line("nothing that was seen is known")?;
    }
    let next = text(&page, "/next");
    if !next.is_empty() {
        output.line(&format!("more: `accord hits --next {}`", inert(next)))?;
    }
    Ok(if found { Exit::Finding } else { Exit::Ok })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_a_bar_for_each_day() {
        let days = [("2026-08-01", 1), ("2026-08-03", 8), ("2026-08-04", 4)];
        let days: Vec<Value> =
            days.iter().map(|(day, hosts)| json!({ "day": day, "hosts": hosts })).collect();
        assert_eq!(chart(&days).unwrap(), "2026-08-01 |▁ █▄| 2026-08-04  up to 8 hosts a day");
        assert_eq!(chart(&[]), None);
    }

    #[test]
    fn lines_are_sent_in_batches_and_a_list_whole() {
        let mut lines = io::Cursor::new("{}\n".repeat(12_000));
        let counts: Vec<u64> = (0..4).map(|_| batch(&mut lines).unwrap().1).collect();
        assert_eq!(counts, [5_000, 5_000, 2_000, 0]);
        let mut list = io::Cursor::new(format!("[\n{}]", "{},\n".repeat(12_000)));
        assert_eq!(batch(&mut list).unwrap().0.len(), 48_003);
    }
}
