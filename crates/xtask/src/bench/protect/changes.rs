//! One indicator more: how long until each file is given with it, and what who follows the stream is sent.

use std::time::Instant;

use model::observable::Kind;
use sensors::{File, Format};

use super::{Hub, made_up};
use crate::Outcome;
use crate::bench::load::median;
use crate::bench::report::{Bar, Report};

/// Numbers of the indicators that are added here, so that no other part of a run adds the same.
const FROM: u64 = 5_000_000;

/// Adds one indicator after the other, and asks for each file.
///
/// # Errors
/// A file without what was added.
pub fn run(hub: &Hub, rounds: usize, report: &mut Report) -> Outcome {
    report.heading("one indicator more: until each file is given whole with it, and the bytes of that");
    let (mut author, mut sensor) = (hub.author(), hub.sensor());
    let mut n = FROM;
    let mut add = || -> Outcome {
        n += 1;
        hub.post(&mut author, &[made_up::added(hub.run, n).indicator])
    };
    let mut all = Vec::new();
    for format in Format::all() {
        let Some(file) = format.files().iter().find(|file| holds_names(file)).or_else(|| addresses(format))
        else {
            continue;
        };
        let path = format!("/feeds/{}/{}", format.name(), file.name);
        let mut entries = |path: &str| -> Outcome<(u64, f64, f64)> {
            let began = Instant::now();
            let fetched = sensor.fetch(path)?;
            let spent = began.elapsed().as_secs_f64() * 1000.0;
            let count = fetched.answer.header("accord-entries").and_then(|count| count.parse().ok());
            Ok((count.ok_or("no count of entries")?, fetched.head_s * 1000.0, spent))
        };
        let (mut before, _, _) = entries(&path)?;
        let (mut heads, mut wholes) = (Vec::new(), Vec::new());
        for _ in 0..rounds.max(1) {
            add()?;
            let (now, head, whole) = entries(&path)?;
            if now <= before {
                return Err(format!("{path} has {now} entries after one more, and had {before}").into());
            }
            before = now;
            heads.push(head);
            wholes.push(whole);
        }
        let head = median(&mut heads);
        all.push(head);
        let name = format!("{}/{}", format.name(), file.name);
        report.line(&format!("{name}, made anew"), head, "ms", &Bar::AtMost(50.0));
        report.line(&format!("{name}, and given to its last byte"), median(&mut wholes), "ms", &Bar::None);
    }
    report.line("the median of these", median(&mut all), "ms", &Bar::AtMost(50.0));
    stream(hub, rounds, &mut add, report)
}

fn holds_names(file: &File) -> bool {
    file.kinds().contains(&Kind::Domain) && !file.name.contains("alert") && !file.name.contains("rules")
}

fn addresses(format: Format) -> Option<&'static File> {
    format.files().iter().find(|file| file.kinds().contains(&Kind::Ipv4))
}

/// What an agent that follows is sent instead.
fn stream(hub: &Hub, rounds: usize, add: &mut impl FnMut() -> Outcome, report: &mut Report) -> Outcome {
    let mut sensor = hub.sensor();
    let whole = sensor.send("GET", "/feeds/accord/accord.ndjson", None)?;
    let first = whole.body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first: serde_json::Value = serde_json::from_slice(first)?;
    let mut cursor = first.get("cursor").and_then(|cursor| cursor.as_str()).ok_or("no cursor")?.to_owned();
    let (mut bytes, mut spent) = (Vec::new(), Vec::new());
    for _ in 0..rounds.max(1) {
        add()?;
        let began = Instant::now();
        let path = format!("/api/v1/stream?values&once&since={cursor}");
        let answer = sensor.send("GET", &path, None)?;
        spent.push(began.elapsed().as_secs_f64() * 1000.0);
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if text.matches("event: value").count() != 2 {
            return Err(format!("the stream tells something else of one indicator: {text}").into());
        }
        bytes.push(answer.body.len() as f64);
        let last = text.lines().rev().find_map(|line| line.strip_prefix("id: "));
        last.ok_or("no place to go on from")?.clone_into(&mut cursor);
    }
    report.line("the stream, to who goes on from before", median(&mut spent), "ms", &Bar::AtMost(50.0));
    report.line("its bytes", median(&mut bytes), "bytes", &Bar::None);
    report.line("the whole set's bytes", whole.body.len() as f64 / 1e6, "MB", &Bar::None);
    Ok(())
}
