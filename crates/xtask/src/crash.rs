//! Kill -9, again and again, judged from outside.
//!
//! Writers post objects over TAXII and withdraw some; a checker remembers each acknowledgement. A node is killed at a
//! random time, or inside a random `fdatasync`, or inside a random write to the database or its log (`strace` injects
//! the signal into the system call). Then it is started again, and:
//!
//! - every object that was acknowledged is served, byte for byte, and everything served had been sent;
//! - what was acknowledged as withdrawn is gone;
//! - times are unique and rise, and an arrival that was accepted for later is complete;
//! - the views equal a rebuild.

mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::generate::Random;
use crate::http::Connection;
use crate::server::{Server, command, text};

/// How hard to try.
#[derive(clap::Args)]
pub struct Options {
    /// Kills.
    #[arg(long, default_value_t = 50)]
    kills: u64,
    /// The seed of everything random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What the world outside the node knows.
#[derive(Default)]
pub struct Ledger {
    /// Everything that was ever sent, by id.
    pub sent: BTreeMap<String, String>,
    /// Acknowledged as taken.
    pub taken: BTreeSet<String>,
    /// A withdrawal was sent: from here on it may be gone.
    pub leaving: BTreeSet<String>,
    /// Acknowledged as withdrawn.
    pub gone: BTreeSet<String>,
    /// Submissions that were accepted for later, all runs.
    pub deferred: u64,
    /// Those of this run, and the ids in them.
    pub accepted: Vec<(String, Vec<String>)>,
}

/// Runs the suite.
///
/// # Errors
/// The first promise that does not hold, with the number of the kill.
pub fn run(options: &Options) -> Outcome {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("node");
    std::fs::create_dir_all(&data)?;
    let (token, collection) = prepare(&data)?;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let random = &mut Random::new(options.seed);
    let traced = std::process::Command::new("strace").arg("-V").output().is_ok();
    if !traced {
        println!("strace is not installed: kills come at random times only");
    }
    let mut inside = 0;
    for kill in 0..options.kills {
        let wrap = if traced && kill % 2 == 1 { injection(kill, random) } else { Vec::new() };
        let died_inside = one_kill(&data, &wrap, &token, &collection, &ledger, kill, random)?;
        inside += u64::from(died_inside);
        // Making the views again takes as long as taking in did; every fifth time and at the end is often enough.
        let views = kill % 5 == 4 || kill + 1 == options.kills;
        judge(&data, &token, &collection, &ledger, views)
            .map_err(|error| format!("after kill {kill}: {error}"))?;
    }
    let ledger = lock(&ledger)?;
    println!(
        "{} kills, {inside} of them inside a system call: {} objects acknowledged, {} withdrawn, {} arrivals accepted \
         for later; 0 lost, 0 torn, 0 returned, views equal a rebuild",
        options.kills,
        ledger.taken.len(),
        ledger.gone.len(),
        ledger.deferred
    );
    Ok(())
}

pub fn lock(ledger: &Mutex<Ledger>) -> Outcome<std::sync::MutexGuard<'_, Ledger>> {
    ledger.lock().map_err(|_| "a writer panicked".into())
}

fn prepare(data: &Path) -> Outcome<(String, String)> {
    let collection = command(data, &["collection", "add", "Crash", "--default-label", "green"])?;
    command(data, &["member", "add", "Writer"])?;
    let token = command(
        data,
        &["token", "add", "--member", "Writer", "--role", "analyst", "--read", "Crash", "--write", "Crash"],
    )?;
    Ok((text(&token, "secret")?, text(&collection, "id")?))
}

// Every other kill strikes inside a system call: in turn a sync, a write to the log or database, a truncation.
fn injection(kill: u64, random: &mut Random) -> Vec<String> {
    let (calls, among) = match kill / 2 % 3 {
        0 => ("fdatasync,fsync", 60),
        1 => ("pwrite64", 400),
        _ => ("fdatasync,fsync,pwrite64,ftruncate,unlink", 300),
    };
    let nth = 1 + random.below(among);
    let inject = format!("inject={calls}:signal=KILL:when={nth}");
    ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &inject]
        .map(str::to_owned)
        .into()
}

fn one_kill(
    data: &Path,
    wrap: &[String],
    token: &str,
    collection: &str,
    ledger: &Arc<Mutex<Ledger>>,
    kill: u64,
    random: &mut Random,
) -> Outcome<bool> {
    let mut server = match Server::start(data, wrap) {
        Ok(server) => server,
        // The signal may strike while it opens the folder: also a crash to recover from.
        Err(_) if !wrap.is_empty() => return Ok(true),
        Err(error) => return Err(error),
    };
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let connection = Connection::new(&server.url, token);
            let (collection, ledger) = (collection.to_owned(), Arc::clone(ledger));
            let seed = kill * 4 + writer;
            std::thread::spawn(move || writer::write(connection, &collection, seed, &ledger))
        })
        .collect();
    let patience = if wrap.is_empty() { 50 + random.below(400) } else { 4_000 };
    let end = Instant::now() + Duration::from_millis(patience);
    while Instant::now() < end && server.is_running() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let inside = !server.is_running();
    server.kill()?;
    for writer in writers {
        writer.join().map_err(|_| "a writer panicked")??;
    }
    Ok(inside)
}

fn judge(data: &Path, token: &str, collection: &str, ledger: &Mutex<Ledger>, views: bool) -> Outcome {
    let server = Server::start(data, &[])?;
    let mut connection = Connection::new(&server.url, token);
    let mut ledger = lock(ledger)?;
    settle(&mut connection, &mut ledger)?;
    let served = crawl(&mut connection, collection)?;
    for (id, bytes) in &served {
        let sent = ledger.sent.get(id).ok_or_else(|| format!("{id} is served and was never sent"))?;
        if sent != bytes {
            return Err(format!("{id} is not served as it was sent").into());
        }
        if ledger.gone.contains(id) {
            return Err(format!("{id} is served and was withdrawn").into());
        }
    }
    let lost = ledger.taken.iter().find(|id| !served.contains_key(*id) && !ledger.leaving.contains(*id));
    if let Some(id) = lost {
        return Err(format!("{id} was acknowledged and is lost").into());
    }
    // What was sent without an answer may or may not stand; whichever it is, it stays so.
    for id in served.keys() {
        ledger.taken.insert(id.clone());
    }
    server.stop()?;
    if !views {
        return Ok(());
    }
    let rebuilt = command(data, &["rebuild"])?;
    if rebuilt.get("equal") != Some(&serde_json::Value::Bool(true)) {
        return Err(format!("the views do not equal a rebuild: {rebuilt}").into());
    }
    Ok(())
}

// Arrivals that were accepted before the crash are sequenced after it.
fn settle(connection: &mut Connection, ledger: &mut Ledger) -> Outcome {
    for (submission, ids) in std::mem::take(&mut ledger.accepted) {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let answer = connection.send("GET", &format!("/taxii2/default/status/{submission}/"), None)?;
            let status: serde_json::Value = serde_json::from_slice(&answer.body)?;
            if status.get("status").and_then(|s| s.as_str()) == Some("complete") {
                break;
            }
            if Instant::now() > end {
                return Err(format!("{submission} was accepted and is not complete: {status}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        ledger.taken.extend(ids);
    }
    Ok(())
}

fn crawl(connection: &mut Connection, collection: &str) -> Outcome<BTreeMap<String, String>> {
    let mut served = BTreeMap::new();
    let mut next = String::new();
    let mut last = String::new();
    loop {
        let path = format!("/taxii2/default/collections/{collection}/objects/?limit=1000{next}");
        let answer = connection.send("GET", &path, None)?;
        if answer.status != 200 {
            return Err(
                format!("a crawl got {}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into()
            );
        }
        if let (Some(first), Some(end)) =
            (answer.header("x-taxii-date-added-first"), answer.header("x-taxii-date-added-last"))
        {
            if first <= last.as_str() || end < first {
                return Err(format!("times run back: {last}, then {first} to {end}").into());
            }
            last = end.to_owned();
        }
        let limits = strictjson::Limits::default();
        let page = strictjson::parse(&answer.body, &limits).map_err(|error| error.to_string())?;
        for object in page.pointer("/objects").and_then(|objects| objects.as_array()).unwrap_or_default() {
            let id = object.pointer("/id").and_then(|id| id.as_str()).ok_or("an object without id")?;
            let bytes = answer.body.get(object.span.start..object.span.end).ok_or("span")?;
            if served.insert(id.to_owned(), String::from_utf8(bytes.to_vec())?).is_some() {
                return Err(format!("{id} is served twice").into());
            }
        }
        match page.pointer("/next").and_then(|next| next.as_str()) {
            Some(cursor) => next = format!("&next={cursor}"),
            None => return Ok(served),
        }
    }
}
