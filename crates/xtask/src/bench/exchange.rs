//! `bench exchange`: what a member's clients feel.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::load::{self, Client, cursor_of, median};
use super::report::{Bar, Report};
use super::{ingest, nginx, peers};
use crate::generate::{self, Random};
use crate::http::Connection;
use crate::server::{Server, command, text};
use crate::{Outcome, server};

/// Starts that are timed.
const STARTS: usize = 5;

/// How much to measure.
#[derive(clap::Args)]
pub struct Options {
    /// Objects stored; the bars are meant for a million.
    #[arg(long, default_value_t = 1_000_000)]
    objects: u64,
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

/// Runs all of it.
///
/// # Errors
/// What kept it from measuring; a missed bar is printed, not an error, since machines differ.
pub fn run(options: &Options) -> Outcome {
    server::binary()?;
    let temporary = tempfile::tempdir()?;
    let base = options.folder.clone().unwrap_or_else(|| temporary.path().to_path_buf());
    let report = &mut Report::new(options.json);
    let (small, large) = (base.join("small"), base.join("large"));
    for folder in [&small, &large] {
        std::fs::create_dir_all(folder)?;
    }
    let stored = large.read_dir()?.next().is_some();
    if !stored {
        ingest::run(&large, options.objects, report)?;
    }
    let flat = Flat::measure(&small, options.seconds)?;
    started(&large, report)?;
    let node = Running::start(&large)?;
    pages(&node, options, temporary.path(), &flat, report)?;
    large_pages(&node, &large, options, report)?;
    crawl(&node, options.objects, report)?;
    lookup(&node, &large, options, report)?;
    node.server.stop()?;
    peers::medallion(temporary.path(), flat.cpu_ms, options.seconds, report)?;
    std::mem::take(report).end()
}

/// A node with a collection and 50 tokens for it.
struct Running {
    server: Server,
    tokens: Vec<String>,
    /// A token that is not bound to a collection.
    everywhere: String,
    objects: String,
    /// Times of addition all over the record.
    times: Vec<String>,
}

impl Running {
    fn start(folder: &Path) -> Outcome<Running> {
        let title = format!("Bench {}", std::process::id());
        let collection = command(folder, &["collection", "add", &title])?;
        let server = Server::start(folder, &[])?;
        // The node's own member: it stored the objects, and so sees them.
        let member = text(command(folder, &["whoami"])?.get("member").ok_or("no member")?, "name")?;
        let tokens = (0..50).map(|_| {
            let words = ["token", "add", "--member", &member, "--role", "reader", "--read", &title];
            text(&command(folder, &words)?, "secret")
        });
        let tokens = tokens.collect::<Outcome<_>>()?;
        let everywhere =
            text(&command(folder, &["token", "add", "--member", &member, "--role", "reader"])?, "secret")?;
        let objects = format!("/taxii2/default/collections/{}/objects/", text(&collection, "id")?);
        Ok(Running { server, tokens, everywhere, objects, times: times(folder)? })
    }

    /// Clients for pages of `limit` that begin at random places, by cursors that each was given. A cursor is good for
    /// the one who got it only.
    fn clients(&self, limit: u64, wanted: usize, cursors: usize) -> Outcome<Vec<Client>> {
        let random = &mut Random::new(limit);
        let mut clients = Vec::new();
        for token in self.tokens.iter().take(wanted) {
            let mut connection = Connection::new(&self.server.url, token);
            let (mut paths, mut places) = (Vec::new(), Vec::new());
            while paths.len() < cursors {
                let place = random.below(self.times.len() as u64) as usize;
                let after = self.times.get(place).ok_or("nothing stored")?;
                let path = format!("{}?limit=1&added_after={after}", self.objects);
                let answer = connection.send("GET", &path, None)?;
                let cursor = cursor_of(&answer.body).ok_or("no cursor")?;
                paths.push(format!("{}?limit={limit}&next={cursor}", self.objects));
                places.push(place);
            }
            clients.push(Client { token: token.clone(), paths, places });
        }
        Ok(clients)
    }
}

/// Times of addition at which a page of 5,000 may begin, from the database.
fn times(folder: &Path) -> Outcome<Vec<String>> {
    let file = super::anchor::database(folder)?;
    let source = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let count: i64 = source.query_row("SELECT count(*) FROM statement", [], |row| row.get(0))?;
    let step = (count / 1_000).max(1);
    // As a reader of everything is told them.
    let sql =
        "SELECT (SELECT at - (last - position) FROM sealed WHERE last >= position ORDER BY last LIMIT 1)
               FROM statement WHERE position % ?1 = 0 AND position < ?2";
    let mut statement = source.prepare(sql)?;
    let rows = statement.query_map([step, (count - 5_002).max(1)], |row| row.get(0))?;
    let times: Vec<i64> = rows.collect::<Result<_, _>>()?;
    Ok(times.into_iter().map(|at| model::Timestamp(at).to_string()).collect())
}

fn fill(folder: &Path, objects: u64) -> Outcome {
    if folder.read_dir()?.next().is_some() {
        return Ok(());
    }
    let file = folder.with_extension("json");
    std::fs::write(&file, generate::envelope(ingest::SEED, 0, objects))?;
    command(folder, &["import", &file.to_string_lossy()])?;
    Ok(())
}

/// A page of 100 with 1,000 objects stored, one connection.
struct Flat {
    median_ms: f64,
    cpu_ms: f64,
}

impl Flat {
    fn measure(folder: &Path, seconds: f64) -> Outcome<Flat> {
        fill(folder, 1_000)?;
        let node = Running::start(folder)?;
        let clients = node.clients(100, 1, 100)?;
        let before = node.server.cpu_seconds()?;
        let found = load::get(&node.server.url, &clients, 1, seconds)?;
        let cpu_ms = (node.server.cpu_seconds()? - before) * 1000.0 / found.requests as f64;
        node.server.stop()?;
        Ok(Flat { median_ms: found.median_ms, cpu_ms })
    }
}

// Each start makes a one-time secret durable before it tells its address, since nobody has signed in yet: on a disk that still writes
// what was taken in, that is most of it. So it is started several times.
fn started(folder: &Path, report: &mut Report) -> Outcome {
    report.heading("start");
    let mut times = Vec::new();
    for n in 0..STARTS {
        let at = Instant::now();
        let server = Server::start(folder, &[])?;
        let mut connection = Connection::new(&server.url, "");
        while connection.send("GET", "/livez", None).map(|answer| answer.status).unwrap_or(0) != 200 {
            std::thread::sleep(Duration::from_millis(1));
        }
        times.push(at.elapsed().as_secs_f64() * 1000.0);
        if n + 1 == STARTS {
            let median = median(&mut times);
            report.line("first answer, median of several starts", median, "ms", &Bar::AtMost(100.0));
            report.line("the slowest of them", times.last().copied().unwrap_or(median), "ms", &Bar::None);
            std::thread::sleep(Duration::from_secs(2));
            let (resident, anonymous) = server.resident_mib()?;
            report.line("idle, resident", resident, "MiB", &Bar::AtMost(40.0));
            report.line("idle, anonymous", anonymous, "MiB", &Bar::None);
        }
        server.stop()?;
    }
    Ok(())
}

fn pages(node: &Running, options: &Options, folder: &Path, flat: &Flat, report: &mut Report) -> Outcome {
    report.heading("pages of 100 at random cursors, 50 tokens");
    let clients = node.clients(100, 50, 200)?;
    let mut pages = BTreeMap::new();
    for client in &clients {
        let mut connection = Connection::new(&node.server.url, &client.token);
        for (path, place) in client.paths.iter().zip(&client.places) {
            if let Entry::Vacant(page) = pages.entry(*place) {
                page.insert(connection.send("GET", path, None)?.body);
            }
        }
    }
    let nginx = nginx::Nginx::start(folder, &pages)?;
    // Each asks nginx for the files of what it asks us for.
    let of_files: Vec<Client> = clients.iter().map(nginx::client).collect();
    for connections in [1, 32] {
        let found =
            beside(node, &clients, connections, nginx.as_ref().map(|nginx| (nginx, &of_files)), options)?;
        report.line(&format!("{connections} connections"), found.rate, "pages/s", &Bar::None);
        report.line(
            &format!("{connections} connections, a page's CPU"),
            found.cpu_ms,
            "ms",
            &Bar::AtMost(0.2),
        );
        if connections == 1 {
            report.line("median round trip", found.median_ms, "ms", &Bar::None);
            report.line(
                "that to the same with 1,000 stored",
                found.median_ms / flat.median_ms,
                "ratio",
                &Bar::AtMost(1.5),
            );
        }
        if let Some((files, ratio)) = found.anchor {
            report.line("nginx, the same bytes as files", files, "pages/s", &Bar::None);
            report.line("ours to nginx", ratio, "ratio", &Bar::AtLeast(0.5));
        }
    }
    Ok(())
}

/// What several rounds of us and the anchor in turn came to: the medians.
struct Beside {
    rate: f64,
    median_ms: f64,
    cpu_ms: f64,
    /// Pages a second of the anchor, and the ratio of ours to them.
    anchor: Option<(f64, f64)>,
}

/// A machine that others use too is slower now and then: rounds in turn meet it alike.
const ROUNDS: usize = 5;

fn beside(
    node: &Running,
    clients: &[Client],
    connections: usize,
    anchor: Option<(&nginx::Nginx, &Vec<Client>)>,
    options: &Options,
) -> Outcome<Beside> {
    let seconds = options.seconds / ROUNDS as f64 * 2.0;
    let (mut rates, mut medians, mut cpu, mut files, mut ratios) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let before = node.server.cpu_seconds()?;
        let ours = load::get(&node.server.url, clients, connections, seconds)?;
        cpu.push((node.server.cpu_seconds()? - before) * 1000.0 / ours.requests as f64);
        rates.push(ours.rate);
        medians.push(ours.median_ms);
        if let Some((nginx, clients)) = anchor {
            let served = load::get(&nginx.url, clients, connections, seconds)?;
            files.push(served.rate);
            ratios.push(ours.rate / served.rate);
        }
    }
    let anchor = anchor.map(|_| (median(&mut files), median(&mut ratios)));
    Ok(Beside { rate: median(&mut rates), median_ms: median(&mut medians), cpu_ms: median(&mut cpu), anchor })
}

/// The anchor's process.
struct Bare(Child, String);

impl Bare {
    fn start(folder: &Path) -> Outcome<Bare> {
        use std::io::{BufRead, BufReader};
        let own = std::env::current_exe()?;
        let mut child = Command::new(own)
            .args(["bench", "bare"])
            .arg(super::anchor::database(folder)?)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut url)?;
        Ok(Bare(child, url.trim().to_owned()))
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn large_pages(node: &Running, folder: &Path, options: &Options, report: &mut Report) -> Outcome {
    report.heading("large pages against a bare scan behind the same HTTP library");
    let bare = Bare::start(folder)?;
    let random = &mut Random::new(7);
    for limit in [1_000, 5_000] {
        let clients = node.clients(limit, 32, 20)?;
        let last = options.objects.saturating_sub(limit).max(1);
        let scans = (0..200).map(|_| format!("/?from={}&limit={limit}", random.below(last))).collect();
        let scans = [Client { paths: scans, ..Client::default() }];
        for connections in [1, 32] {
            let ours = load::get(&node.server.url, &clients, connections, options.seconds)?;
            let scan = load::get(&bare.1, &scans, connections, options.seconds)?;
            let (ours_rate, scan_rate) = (ours.bytes as f64, scan.bytes as f64);
            report.line(
                &format!("{limit} objects, {connections} connections"),
                ours.rate,
                "pages/s",
                &Bar::None,
            );
            report.line(
                "bytes to those of the bare scan",
                ours_rate / scan_rate,
                "ratio",
                &Bar::AtLeast(0.6),
            );
        }
    }
    Ok(())
}

fn crawl(node: &Running, stored: u64, report: &mut Report) -> Outcome {
    report.heading("a crawl of everything, 5,000 a page");
    let mut connection = Connection::new(&node.server.url, node.tokens.first().ok_or("no token")?);
    let (cpu, at) = (node.server.cpu_seconds()?, Instant::now());
    let (mut next, mut bytes) = (String::new(), 0);
    loop {
        let answer = connection.send("GET", &format!("{}?limit=5000{next}", node.objects), None)?;
        bytes += answer.body.len();
        let Some(cursor) = cursor_of(&answer.body) else { break };
        next = format!("&next={cursor}");
    }
    let spent = node.server.cpu_seconds()? - cpu;
    let bar = if stored >= 1_000_000 { Bar::AtMost(4.0) } else { Bar::None };
    report.line("server CPU", spent, "s", &bar);
    report.line("throughput", bytes as f64 / 1e6 / at.elapsed().as_secs_f64(), "MB/s", &Bar::None);
    Ok(())
}

/// What lookups took in the server, in microseconds, sorted.
struct Spent(Vec<u64>);

impl Spent {
    fn since(folder: &Path, before: usize) -> Outcome<Spent> {
        let mut spent = server::logged_us(folder, before, "/api/v1/lookup")?;
        spent.sort_unstable();
        Ok(Spent(spent))
    }

    /// What so many of a hundred took at most, in milliseconds.
    fn at(&self, share: usize) -> f64 {
        self.0.get(self.0.len() * share / 100).map_or(0.0, |us| *us as f64 / 1000.0)
    }
}

fn lookup(node: &Running, folder: &Path, options: &Options, report: &mut Report) -> Outcome {
    report.heading("lookup of an address, one connection");
    let random = &mut Random::new(3);
    let groups = (options.objects / 10).max(1);
    let paths: Vec<String> = (0..5_000)
        .map(|_| {
            let n = random.below(groups) * 10 + random.below(6);
            format!("/api/v1/lookup?value={}", generate::address(ingest::SEED, n))
        })
        .collect();
    // What the system does not hold of the files in its memory it reads from the disk the first time.
    let before = server::log_bytes(folder)?;
    let mut connection = Connection::new(&node.server.url, &node.everywhere);
    for path in &paths {
        connection.send("GET", path, None)?;
    }
    let first = Spent::since(folder, before)?;
    report.line("asked for the first time, server time, median", first.at(50), "ms", &Bar::None);
    report.line("the same, 99th percentile", first.at(99), "ms", &Bar::None);
    let before = server::log_bytes(folder)?;
    let clients = [Client { token: node.everywhere.clone(), paths, ..Client::default() }];
    let found = load::get(&node.server.url, &clients, 1, options.seconds)?;
    report.line("round trip, median", found.median_ms, "ms", &Bar::None);
    report.line("round trip, 99th percentile", found.p99_ms, "ms", &Bar::None);
    let spent = Spent::since(folder, before)?;
    report.line("server time, median", spent.at(50), "ms", &Bar::None);
    report.line("server time, 99th percentile", spent.at(99), "ms", &Bar::AtMost(0.5));
    Ok(())
}
