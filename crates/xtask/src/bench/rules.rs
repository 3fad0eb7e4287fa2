//! `bench rules`: what it costs to show each reader exactly what he may see, however little of it that is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use node::{ImportOptions, NewMember};

use super::load::{self, Client, cursor_of, median};
use super::report::{Bar, Report};
use super::{cpu, ingest};
use crate::http::Connection;
use crate::server::{Server, command, text};
use crate::{Outcome, generate, server};

/// How much to measure.
#[derive(clap::Args)]
pub struct Options {
    /// Objects stored; the bars are meant for a million.
    #[arg(long, default_value_t = 1_000_000)]
    objects: u64,
    /// Labels that they are under.
    #[arg(long, default_value_t = 2_000)]
    labels: u64,
    /// Seconds of load for each figure.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// One JSON document in place of lines.
    #[arg(long)]
    json: bool,
    /// Keep the folder and use it again.
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// Neighbours under one label: about what one arrival brings.
const ARRIVAL: u64 = 50;
/// Members that labels name besides the readers measured: enough that each label names a pair of its own.
const OTHERS: u64 = 80;
/// Readers beside the author, and the share of labels that name each: one in so many.
const READERS: [(&str, Option<u64>); 4] =
    [("Tenth", Some(10)), ("Hundredth", Some(100)), ("Twothousandth", Some(2_000)), ("None", None)];
/// Pages that a client knows the beginning of.
const CURSORS: usize = 200;
/// Rounds in turn, of which the medians count.
const ROUNDS: usize = 5;
/// Changes of the directory after which a first page is measured.
const CHANGES: usize = 20;

/// Runs all of it.
///
/// # Errors
/// What kept it from measuring; a missed bar is printed, not an error, since machines differ.
pub fn run(options: &Options) -> Outcome {
    server::binary()?;
    let temporary = tempfile::tempdir()?;
    let base = options.folder.clone().unwrap_or_else(|| temporary.path().to_path_buf());
    let folder = base.join("rules");
    std::fs::create_dir_all(&folder)?;
    let mut report = Report::new(options.json);
    if folder.read_dir()?.next().is_none() {
        fill(&folder, options, &mut report)?;
    }
    let readers = Readers::start(&folder)?;
    pages(&readers, options, &mut report)?;
    rebuilt(&readers, &folder, &mut report)?;
    readers.server.stop()?;
    claims(&folder, options, &mut report)?;
    report.end()
}

/// Claims that are under the ids of one member.
const CLAIMS: usize = 200;

/// A page of the claims in a member's name, with everything stored and with nothing else stored.
fn claims(folder: &Path, options: &Options, report: &mut Report) -> Outcome {
    report.heading(&format!("a page of 100 claims in one's name, of {CLAIMS}"));
    let small = tempfile::tempdir()?;
    let mut figures = Vec::new();
    for base in [folder, small.path()] {
        let client = claimed(base)?;
        let server = Server::start(base, &[])?;
        let first = Connection::new(&server.url, &client.token).send("GET", CLAIMS_PAGE, None)?;
        let rows = String::from_utf8_lossy(&first.body).matches("\"id\":\"indicator--").count();
        if first.status != 200 || rows < 100 {
            return Err(format!("{CLAIMS_PAGE} got {} with {rows} claims", first.status).into());
        }
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let seconds = options.seconds / ROUNDS as f64;
            let load = load::get(&server.url, std::slice::from_ref(&client), 1, seconds)?;
            rounds.push(load.median_ms);
        }
        figures.push(median(&mut rounds));
        server.stop()?;
    }
    let (large, small) = (figures.first().copied().unwrap_or(0.0), figures.last().copied().unwrap_or(1.0));
    report.line("with everything stored, median round trip", large, "ms", &Bar::None);
    report.line("to the same with nothing else stored", large / small, "ratio", &Bar::AtMost(1.5));
    Ok(())
}

const CLAIMS_PAGE: &str = "/api/v1/claims?limit=100";

/// One in whose name another says something, and who asks for that.
fn claimed(folder: &Path) -> Outcome<Client> {
    let node = ingest::node(folder)?;
    let operator = node.operator();
    let add = |name: &str| {
        let name = format!("{name} {}", std::process::id());
        node.add_member(&operator, &NewMember { name, ..NewMember::default() })
    };
    let token = |member: String, role: &str| {
        let roles = vec![role.to_owned()];
        node.add_token(&operator, &node::NewToken { member, roles, ..node::NewToken::default() })
    };
    let (owner, other) = (add("Claimed")?, add("Claiming")?);
    let secret = token(other.id, "analyst")?.secret;
    let claiming = node.authenticate(&node::Credential::Token(secret), None)?;
    let identity = owner.identities.first().ok_or("no identity")?;
    let objects: Vec<String> = (0..CLAIMS)
        .map(|n| {
            format!(
                r#"{{"type":"indicator","spec_version":"2.1","id":"indicator--{:08x}-0000-4000-8000-{n:012x}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","created_by_ref":"{identity}","name":"claim {n}","indicator_types":["malicious-activity"],"pattern":"[ipv4-addr:value = '198.51.100.{}']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}}"#,
                std::process::id(),
                n % 250
            )
        })
        .collect();
    let envelope = format!(r#"{{"objects":[{}]}}"#, objects.join(","));
    let options = ImportOptions { tlp: Some(model::Tlp::Green), ..ImportOptions::default() };
    node.submit(&claiming, &options, envelope.as_bytes())?;
    let token = token(owner.id, "reader")?.secret;
    node.stop();
    Ok(Client { token, paths: vec![CLAIMS_PAGE.to_owned()], ..Client::default() })
}

/// Stores the objects, each arrival under the next label of a fixed shuffle, so that no reader's part lies in one place.
fn fill(folder: &Path, options: &Options, report: &mut Report) -> Outcome {
    report.heading("taking in under many labels");
    let node = ingest::node(folder)?;
    let caller = node.operator();
    let others = (0..OTHERS).map(|n| format!("Other {n}"));
    for name in READERS.iter().map(|(name, _)| (*name).to_owned()).chain(others) {
        node.add_member(&caller, &NewMember { name, ..NewMember::default() })?;
    }
    let (before, at) = (cpu::own_seconds()?, Instant::now());
    let arrivals = (options.objects / ARRIVAL).max(1);
    for arrival in 0..arrivals {
        let to = named(arrival.wrapping_mul(7_919) % options.labels);
        let bundle = generate::envelope(ingest::SEED, arrival * ARRIVAL, ARRIVAL);
        let options = ImportOptions { to, ..ImportOptions::default() };
        let summary = node.import(&caller, &options, &mut bundle.as_bytes(), &mut |_| {})?;
        if summary.new != ARRIVAL {
            return Err(format!("{} of {ARRIVAL} objects were new: {summary:?}", summary.new).into());
        }
    }
    let count = (arrivals * ARRIVAL) as f64;
    report.line("objects a CPU-second", count / (cpu::own_seconds()? - before), "objects/s", &Bar::None);
    report.line("objects a second", count / at.elapsed().as_secs_f64(), "objects/s", &Bar::None);
    Ok(())
}

/// Whom label `n` names: a pair of the others that is its own, and the readers whose share it falls into.
fn named(n: u64) -> Vec<String> {
    let (first, step) = (n % OTHERS, 1 + n / OTHERS);
    let pair = [first, (first + step) % OTHERS];
    let mut to: Vec<String> = pair.iter().map(|n| format!("member:Other {n}")).collect();
    let share = |one_in: u64| n % one_in == one_in / 2;
    to.extend(
        READERS
            .iter()
            .filter(|(_, one_in)| one_in.is_some_and(share))
            .map(|(name, _)| format!("member:{name}")),
    );
    to
}

/// A node that runs, and clients of each reader.
struct Readers {
    server: Server,
    clients: BTreeMap<&'static str, Client>,
    objects: String,
}

/// The reader who sees everything: the author.
const ALL: &str = "All";

impl Readers {
    fn start(folder: &Path) -> Outcome<Readers> {
        let title = format!("Bench {}", std::process::id());
        let collection = command(folder, &["collection", "add", &title])?;
        let own = text(command(folder, &["whoami"])?.get("member").ok_or("no member")?, "name")?;
        let server = Server::start(folder, &[])?;
        let objects = format!("/taxii2/default/collections/{}/objects/", text(&collection, "id")?);
        let mut clients = BTreeMap::new();
        for name in READERS.iter().map(|(name, _)| *name).chain([ALL]) {
            let member = if name == ALL { own.as_str() } else { name };
            let words = ["token", "add", "--member", member, "--role", "reader", "--read", &title];
            let token = text(&command(folder, &words)?, "secret")?;
            let paths = places(&server, &token, &objects)?;
            clients.insert(name, Client { token, paths, ..Client::default() });
        }
        Ok(Readers { server, clients, objects })
    }

    fn client(&self, name: &str) -> Outcome<&Client> {
        Ok(self.clients.get(name).ok_or("no such reader")?)
    }
}

/// Addresses of pages of 100 all over what a reader sees.
fn places(server: &Server, token: &str, objects: &str) -> Outcome<Vec<String>> {
    let mut connection = Connection::new(&server.url, token);
    let mut paths = vec![format!("{objects}?limit=100")];
    let mut walk = |limit: u64| -> Outcome {
        let mut next = String::new();
        while paths.len() < CURSORS {
            let answer = connection.send("GET", &format!("{objects}?limit={limit}{next}"), None)?;
            let Some(cursor) = cursor_of(&answer.body) else { break };
            paths.push(format!("{objects}?limit=100&next={cursor}"));
            next = format!("&next={cursor}");
        }
        Ok(())
    };
    walk(5_000)?;
    walk(100)?;
    Ok(paths)
}

/// What a page of a reader came to, the medians of the rounds.
#[derive(Default)]
struct Pages {
    ms: Vec<f64>,
    cpu_ms: Vec<f64>,
}

fn pages(readers: &Readers, options: &Options, report: &mut Report) -> Outcome {
    let stored = options.objects;
    report.heading(&format!(
        "pages of 100 out of {stored} objects under {} labels, one connection",
        options.labels
    ));
    let mut found: BTreeMap<&str, Pages> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for (name, client) in &readers.clients {
            let before = readers.server.cpu_seconds()?;
            let load = load::get(
                &readers.server.url,
                std::slice::from_ref(client),
                1,
                options.seconds / ROUNDS as f64,
            )?;
            let pages = found.entry(name).or_default();
            pages.ms.push(load.median_ms);
            pages.cpu_ms.push((readers.server.cpu_seconds()? - before) * 1000.0 / load.requests as f64);
        }
    }
    let mut all = found.remove(ALL).ok_or("nobody sees all")?;
    let (all_ms, all_cpu) = (median(&mut all.ms), median(&mut all.cpu_ms));
    report.line("who sees all, median round trip", all_ms, "ms", &Bar::None);
    report.line("who sees all, a page's CPU", all_cpu, "ms", &Bar::None);
    for (name, one_in) in READERS {
        let Some(mut pages) = found.remove(name) else { continue };
        let (ms, cpu_ms) = (median(&mut pages.ms), median(&mut pages.cpu_ms));
        let Some(one_in) = one_in else {
            report.line("who sees nothing, median round trip", ms, "ms", &Bar::AtMost(1.0));
            continue;
        };
        let who = format!("who sees {} %", 100.0 / one_in as f64);
        report.line(&format!("{who}, median round trip"), ms, "ms", &Bar::None);
        report.line(&format!("{who}, to the page of who sees all"), ms / all_ms, "ratio", &Bar::AtMost(2.0));
        report.line(&format!("{who}, CPU to that"), cpu_ms / all_cpu, "ratio", &Bar::None);
    }
    Ok(())
}

/// The first page after each change of the directory, for which the reader's labels are judged anew.
fn rebuilt(readers: &Readers, folder: &Path, report: &mut Report) -> Outcome {
    report.heading("a reader's labels judged anew, after each change of the directory");
    let path = format!("{}?limit=1", readers.objects);
    for name in [ALL, "Hundredth"] {
        let mut connection = Connection::new(&readers.server.url, &readers.client(name)?.token);
        let mut first = Vec::new();
        for change in 0..CHANGES {
            let member = format!("{name} {} {change}", std::process::id());
            command(folder, &["member", "add", &member])?;
            let at = Instant::now();
            let answer = connection.send("GET", &path, None)?;
            first.push(at.elapsed().as_secs_f64() * 1000.0);
            if answer.status != 200 {
                return Err(format!("{path} got {}", answer.status).into());
            }
        }
        let what = if name == ALL { "who sees all" } else { "who sees 1 %" };
        report.line(&format!("{what}, the first page of one"), median(&mut first), "ms", &Bar::AtMost(5.0));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_differ_and_each_reader_has_his_share() {
        let labels: Vec<Vec<String>> = (0..2_000).map(named).collect();
        let distinct: std::collections::BTreeSet<_> = labels
            .iter()
            .map(|to| {
                let mut to = to.clone();
                to.sort();
                to
            })
            .collect();
        assert_eq!(distinct.len(), 2_000);
        for (name, one_in) in READERS {
            let of = labels.iter().filter(|to| to.contains(&format!("member:{name}"))).count();
            assert_eq!(of as u64, one_in.map_or(0, |one_in| 2_000 / one_in), "{name}");
        }
    }
}
