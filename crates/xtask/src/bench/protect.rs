//! `bench protect`: from what a member says to what its sensors do, and back.

mod agent;
mod builds;
mod changes;
mod kernel;
mod live;
mod made_up;
mod zone;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::report::{Bar, Report};
use super::{cpu, ingest};
use crate::http::Connection;
use crate::server::{Server, command, text};
use crate::{Outcome, server};

/// How much to measure.
#[derive(clap::Args)]
pub struct Options {
    /// Indicators stored; the bars are meant for a million.
    #[arg(long, default_value_t = 1_000_000)]
    objects: u64,
    /// Indicators that are added while sensors follow, and taken back.
    #[arg(long, default_value_t = 1_000)]
    additions: u64,
    /// How many of these a second, where they come in a steady stream.
    #[arg(long, default_value_t = 20.0)]
    rate: f64,
    /// Rounds of each file; the medians count.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// One JSON document in place of lines.
    #[arg(long)]
    json: bool,
    /// Keep the folder and use it again.
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// Runs all of it.
///
/// # Errors
/// What kept it from measuring; a missed bar is printed, not an error, since machines differ.
pub fn run(options: &Options) -> Outcome {
    server::binary()?;
    let temporary = tempfile::tempdir()?;
    let base = options.folder.clone().unwrap_or_else(|| temporary.path().to_path_buf());
    let folder = base.join(format!("protect-{}", options.objects));
    std::fs::create_dir_all(&folder)?;
    let mut report = Report::new(options.json);
    if folder.read_dir()?.next().is_none() {
        fill(&folder, options.objects, &mut report)?;
    }
    let hub = Hub::start(&folder)?;
    builds::run(&hub, options.rounds, temporary.path(), &mut report)?;
    changes::run(&hub, options.rounds, &mut report)?;
    live::run(&hub, options, temporary.path(), &mut report)?;
    hub.server.stop()?;
    report.end()
}

/// Stores the indicators, as the node's own member says them.
fn fill(folder: &Path, objects: u64, report: &mut Report) -> Outcome {
    report.heading("taking in");
    let node = ingest::node(folder)?;
    let (caller, options) = (node.operator(), node::ImportOptions::default());
    let (before, at) = (cpu::own_seconds()?, Instant::now());
    let mut done = 0;
    while done < objects {
        let count = PART.min(objects - done);
        let bundle = made_up::envelope((done..done + count).map(made_up::stored));
        let summary = node.import(&caller, &options, &mut bundle.as_bytes(), &mut |_| {})?;
        if summary.new != count {
            return Err(format!("{} of {count} objects were new: {summary:?}", summary.new).into());
        }
        done += count;
    }
    report.line(
        "indicators a CPU-second",
        done as f64 / (cpu::own_seconds()? - before),
        "objects/s",
        &Bar::None,
    );
    report.line("indicators a second", done as f64 / at.elapsed().as_secs_f64(), "objects/s", &Bar::None);
    Ok(())
}

/// Indicators that are made and taken in at once.
const PART: u64 = 50_000;

/// A node that runs, and tokens of the member that said all of it.
struct Hub {
    server: Server,
    /// Through a collection.
    author: String,
    /// Anywhere: what is withdrawn is withdrawn everywhere.
    analyst: String,
    sensor: String,
    objects: String,
    /// Of this run: what is added by it was not added before.
    run: u64,
}

impl Hub {
    fn start(folder: &Path) -> Outcome<Hub> {
        let title = format!("Bench {}", std::process::id());
        let collection = command(folder, &["collection", "add", &title])?;
        let own = text(command(folder, &["whoami"])?.get("member").ok_or("no member")?, "name")?;
        let server = Server::start(folder, &[])?;
        let token = |words: &[&str]| {
            let words = [&["token", "add", "--member", &own, "--role"], words].concat();
            text(&command(folder, &words)?, "secret")
        };
        let author = token(&["analyst", "--read", &title, "--write", &title])?;
        let analyst = token(&["analyst"])?;
        let sensor = token(&["sensor"])?;
        let objects = format!("/taxii2/default/collections/{}/objects/", text(&collection, "id")?);
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(Hub { server, author, analyst, sensor, objects, run: since.as_secs() })
    }

    fn author(&self) -> Connection {
        Connection::new(&self.server.url, &self.author)
    }

    fn analyst(&self) -> Connection {
        Connection::new(&self.server.url, &self.analyst)
    }

    fn sensor(&self) -> Connection {
        Connection::new(&self.server.url, &self.sensor)
    }

    /// Posts indicators, and sees to it that they are taken.
    fn post(&self, connection: &mut Connection, indicators: &[made_up::Indicator]) -> Outcome {
        let envelope = made_up::envelope(indicators.iter().cloned());
        let answer = connection.send("POST", &self.objects, Some(envelope.as_bytes()))?;
        let told = String::from_utf8_lossy(&answer.body).into_owned();
        let status: serde_json::Value = serde_json::from_str(&told).unwrap_or_default();
        let taken = status.get("success_count").and_then(serde_json::Value::as_u64);
        if answer.status != 202 || taken != Some(indicators.len() as u64) {
            return Err(format!("a post got {}: {told}", answer.status).into());
        }
        Ok(())
    }
}

/// What a sensor holds of values that are looked for, and since when.
#[derive(Default)]
struct Seen(Mutex<HashMap<String, (bool, Instant)>>);

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

impl Seen {
    fn note(&self, value: &str, is_there: bool, at: Instant) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get_mut(value) {
            // Said again, it is no news.
            Some((before, _)) if *before == is_there => {}
            Some(one) => *one = (is_there, at),
            None => {
                seen.insert(value.to_owned(), (is_there, at));
            }
        }
    }

    /// Waits until every one of the values is there, or is gone, and tells the milliseconds of each from its own beginning on, sorted.
    fn wait(&self, values: &[(String, Instant)], is_there: bool) -> Outcome<Vec<f64>> {
        let began = Instant::now();
        loop {
            let found: Vec<f64> = {
                let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let of = |(value, from): &(String, Instant)| {
                    let (_, at) = seen.get(value).filter(|(now, _)| *now == is_there)?;
                    Some(at.saturating_duration_since(*from).as_secs_f64() * 1000.0)
                };
                values.iter().filter_map(of).collect()
            };
            if found.len() == values.len() {
                let mut found = found;
                found.sort_unstable_by(f64::total_cmp);
                return Ok(found);
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("{} of {} values came to the sensor", found.len(), values.len()).into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What so many of a hundred took at most.
fn share(sorted: &[f64], percent: usize) -> f64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_what_so_many_took_at_most() {
        let figures: Vec<f64> = (1..=1000).map(f64::from).collect();
        assert_eq!((share(&figures, 50), share(&figures, 99), share(&figures, 100)), (500.0, 990.0, 1000.0));
        assert_eq!(share(&[], 50), 0.0);
    }

    #[test]
    fn what_was_seen_last_counts_from_its_own_beginning() {
        let (seen, began) = (Seen::default(), Instant::now());
        let at = |ms| began + Duration::from_millis(ms);
        for (there, ms) in [(true, 10), (false, 11), (true, 12), (true, 50)] {
            seen.note("a", there, at(ms));
        }
        assert_eq!(seen.wait(&[("a".to_owned(), at(2))], true).unwrap(), [10.0]);
    }
}
