//! An edge with a running node: taking the whole set, then each addition up to the sensors, and each of them taken back.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::agent::Agent;
use super::kernel::Network;
use super::made_up::{self, Added};
use super::zone::{Secondary, ZONE};
use super::{Hub, Options, Seen, share};
use crate::Outcome;
use crate::bench::load::median;
use crate::bench::report::{Bar, Report};

/// How often an element is put by hand, for the median.
const BY_HAND: u64 = 11;
/// Objects of one request, at most: as many as a recall takes.
const AT_ONCE: u64 = 1_000;
/// A number that no addition of a run has.
const HAND: u64 = 9_000_000;

/// What follows, where it can be had.
struct Sensors {
    network: Option<Network>,
    zone: Secondary,
    elements: Arc<Seen>,
    names: Arc<Seen>,
}

impl Sensors {
    fn settings(&self) -> String {
        let mut settings = format!(
            "[[sensor]]\nname = \"zone\"\nkind = \"rpz\"\nzone = \"{ZONE}\"\nlisten = [\"{}\"]\nsecondaries = [\"{}\"]\n",
            self.zone.primary, self.zone.address
        );
        if let Some(network) = &self.network {
            let words: Vec<String> = network.words().into_iter().chain(["nft".to_owned()]).collect();
            settings += &format!("[[sensor]]\nname = \"wall\"\nkind = \"nftables\"\ncommand = {words:?}\n");
        }
        settings
    }
}

/// Runs it.
///
/// # Errors
/// Something that does not come to the sensors.
pub fn run(hub: &Hub, options: &Options, folder: &Path, report: &mut Report) -> Outcome {
    let mut sensors = Sensors {
        network: Network::new(),
        zone: Secondary::new()?,
        elements: Arc::default(),
        names: Arc::default(),
    };
    let agent = whole_set(hub, &mut sensors, folder, report)?;
    let monitor = match &sensors.network {
        Some(network) => {
            let monitor = network.follow(&sensors.elements)?;
            by_hand(hub, network, &sensors.elements, report)?;
            Some(monitor)
        }
        None => {
            report.say("elements of nftables: NOT JUDGED, no nft or no network of our own");
            None
        }
    };
    let spent = agent.cpu_seconds()?;
    let (node_before, began) = (hub.server.cpu_seconds()?, Instant::now());
    steady(hub, options, &sensors, report)?;
    let wall = began.elapsed().as_secs_f64();
    report.line(
        "CPU of the node in that time",
        (hub.server.cpu_seconds()? - node_before) / wall,
        "s/s",
        &Bar::None,
    );
    report.line("CPU of the edge", (agent.cpu_seconds()? - spent) / wall, "s/s", &Bar::None);
    burst(hub, options, &sensors, report)?;
    drop(monitor);
    let status = agent.status();
    match status.get("alarms").and_then(Value::as_array) {
        Some(alarms) if alarms.is_empty() => Ok(()),
        _ => Err(format!("something is wrong at the edge: {status}").into()),
    }
}

fn whole_set(hub: &Hub, sensors: &mut Sensors, folder: &Path, report: &mut Report) -> Outcome<Agent> {
    report.heading("an edge that knew nothing takes the whole set");
    let query = "/feeds/accord/accord.ndjson?action=block&tlp=amber";
    let made = hub.sensor().fetch(query)?;
    let values = made.answer.header("accord-entries").and_then(|count| count.parse::<u64>().ok());
    let values = values.ok_or("no count of entries")?;
    // The node has made it now, so this is what the way alone takes.
    let began = Instant::now();
    let fetched = hub.sensor().send("GET", query, None)?;
    std::fs::write(folder.join("anchor"), &fetched.body)?;
    let anchor = began.elapsed().as_secs_f64();
    drop(fetched);
    let began = Instant::now();
    let agent = Agent::start(hub, folder, &sensors.settings())?;
    let held = agent.held()?;
    report.line(&format!("held, {values} values"), held, "s", &Bar::None);
    report.line("the same bytes fetched and written", anchor, "s", &Bar::None);
    report.line("held to that", held / anchor, "ratio", &Bar::None);
    let names = sensors.zone.follow(&sensors.names)?;
    report.line("names in the policy zone", names as f64, "names", &Bar::None);
    let applied = |status: &Value| {
        let sensors = status.get("sensors").and_then(Value::as_array);
        sensors.is_some_and(|all| all.iter().all(|one| one.get("cursor").is_some_and(Value::is_string)))
    };
    report.line("every sensor filled", agent.until(began, applied)?, "s", &Bar::None);
    std::thread::sleep(Duration::from_secs(1));
    let (anonymous, peak) = agent.memory_mib();
    report.line("its memory then, anonymous", anonymous, "MiB", &Bar::None);
    report.line("its peak, resident", peak, "MiB", &Bar::None);
    report.line("bytes a value at the peak", peak * 1_048_576.0 / values.max(1) as f64, "bytes", &Bar::None);
    Ok(agent)
}

fn by_hand(hub: &Hub, network: &Network, seen: &Seen, report: &mut Report) -> Outcome {
    report.heading("from the request to the sensors");
    // Who follows the kernel's changes begins with what is there: until it tells of one, it has not begun.
    std::thread::sleep(Duration::from_secs(2));
    let mut spent = Vec::new();
    for n in 0..BY_HAND {
        spent.push(network.by_hand(seen, &made_up::added(hub.run, HAND + n).address)?);
    }
    report.line("an element put by hand with nft, median", median(&mut spent), "ms", &Bar::None);
    Ok(())
}

/// What the sensors are to hold, or to hold no more, and since when.
#[derive(Default)]
struct Asked {
    addresses: Vec<(String, Instant)>,
    names: Vec<(String, Instant)>,
}

impl Asked {
    fn add(&mut self, added: &Added, at: Instant) {
        self.addresses.push((added.address.clone(), at));
        self.names.push((added.name.clone(), at));
    }

    fn tell(&self, what: &str, is_there: bool, sensors: &Sensors, report: &mut Report) -> Outcome {
        let mut line = |what: &str, found: &[f64]| {
            report.line(&format!("{what}, median"), share(found, 50), "ms", &Bar::None);
            report.line(&format!("{what}, 99th percentile"), share(found, 99), "ms", &Bar::AtMost(1_000.0));
            report.line(&format!("{what}, longest"), share(found, 100), "ms", &Bar::None);
        };
        if sensors.network.is_some() {
            line(&format!("{what}: nftables"), &sensors.elements.wait(&self.addresses, is_there)?);
        }
        line(&format!("{what}: policy zone"), &sensors.names.wait(&self.names, is_there)?);
        Ok(())
    }
}

fn steady(hub: &Hub, options: &Options, sensors: &Sensors, report: &mut Report) -> Outcome {
    let all: Vec<Added> = (0..options.additions).map(|n| made_up::added(hub.run, n)).collect();
    let step = Duration::from_secs_f64(1.0 / options.rate.max(0.1));
    let (mut author, mut connection) = (hub.author(), hub.analyst());
    let (mut added, mut gone) = (Asked::default(), Asked::default());
    let began = Instant::now();
    for (n, one) in all.iter().enumerate() {
        std::thread::sleep((began + step * n as u32).saturating_duration_since(Instant::now()));
        added.add(one, Instant::now());
        hub.post(&mut author, std::slice::from_ref(&one.indicator))?;
    }
    let rate = all.len() as f64 / began.elapsed().as_secs_f64();
    report.line("additions in a steady stream", rate, "/s", &Bar::None);
    added.tell("added one by one", true, sensors, report)?;
    let began = Instant::now();
    for (n, one) in all.iter().enumerate() {
        std::thread::sleep((began + step * n as u32).saturating_duration_since(Instant::now()));
        gone.add(one, Instant::now());
        let answer = connection.send("DELETE", &format!("/api/v1/objects/{}", one.indicator.id), None)?;
        if answer.status != 200 {
            let told = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(format!("a withdrawal got {}: {told}", answer.status).into());
        }
    }
    gone.tell("withdrawn one by one", false, sensors, report)
}

fn burst(hub: &Hub, options: &Options, sensors: &Sensors, report: &mut Report) -> Outcome {
    let count = options.additions.min(AT_ONCE);
    let all: Vec<Added> = (0..count).map(|n| made_up::added(hub.run, options.additions + n)).collect();
    let indicators: Vec<made_up::Indicator> = all.iter().map(|one| one.indicator.clone()).collect();
    let (mut author, mut connection) = (hub.author(), hub.analyst());
    let (mut added, mut gone) = (Asked::default(), Asked::default());
    let at = Instant::now();
    all.iter().for_each(|one| added.add(one, at));
    hub.post(&mut author, &indicators)?;
    report.line(&format!("{count} in one request, its answer"), ms(at), "ms", &Bar::None);
    added.tell("added at once", true, sensors, report)?;
    let ids: Vec<&str> = all.iter().map(|one| one.indicator.id.as_str()).collect();
    let asked = serde_json::json!({"objects": ids, "reason": "made up"}).to_string();
    let at = Instant::now();
    all.iter().for_each(|one| gone.add(one, at));
    let answer = connection.send("POST", "/api/v1/recalls", Some(asked.as_bytes()))?;
    if answer.status != 200 {
        let told = String::from_utf8_lossy(&answer.body).into_owned();
        return Err(format!("a recall got {}: {told}", answer.status).into());
    }
    report.line(&format!("{count} recalled in one request, its answer"), ms(at), "ms", &Bar::None);
    gone.tell("recalled at once", false, sensors, report)
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
