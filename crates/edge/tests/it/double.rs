//! A node as an edge sees it, a clock that is set by hand, and a folder to work in.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use edge::agent::Edge;
use edge::core::config;
use edge::core::wire::{Head, head_line, last_line};
use edge::upstream::{Answer, Ask, Piece, Upstream, Ways};
use model::Timestamp;
use serde_json::{Value, json};

/// 2026-06-01T00:00:00Z.
pub const NOW: Timestamp = Timestamp(1_780_272_000_000_000);

/// Nothing here takes longer, also on a machine whose disk is busy: each file is synced before it is put in place.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A line of a whole set, or what a value event says.
pub fn value(kind: &str, mode: &str, value: &str, action: &str, seconds: Option<i64>) -> Value {
    let until = seconds.map(|seconds| NOW.plus_seconds(seconds).to_string());
    json!({"kind": kind, "mode": mode, "value": value, "action": action, "until": until, "indicator": null})
}

/// A whole set of these values.
pub fn whole(values: &[Value], cursor: &str, as_of: Timestamp) -> String {
    let head = Head { node: "hub".to_owned(), as_of, cursor: cursor.to_owned() };
    let mut body = head_line(&head);
    for value in values {
        body.push_str(&format!("{value}\n"));
    }
    let mut sum = sensors::Sum::default();
    body.split_inclusive('\n').for_each(|line| sum.add(line.as_bytes()));
    body + &last_line(values.len() as u64, sum)
}

#[derive(Default)]
struct State {
    dead: bool,
    forgot: bool,
    whole: String,
    /// Everything that was said on streams; a cursor is a place in it.
    said: Vec<String>,
    asked: Vec<String>,
    reports: Vec<Value>,
    elastic: Vec<(String, String)>,
    /// Rules that members share, as a file.
    rules: String,
    clock_off_s: i64,
    generation: u64,
}

/// The node.
#[derive(Default)]
pub struct Node {
    state: Mutex<State>,
    changed: Condvar,
    clock: AtomicI64,
}

impl Node {
    pub fn new(values: &[Value]) -> Arc<Node> {
        let node = Arc::new(Node::default());
        node.clock.store(NOW.0, Ordering::SeqCst);
        node.holds(values);
        node
    }

    /// What a whole set has from now on.
    pub fn holds(&self, values: &[Value]) {
        let mut state = self.state.lock().unwrap();
        state.whole = whole(values, &state.said.len().to_string(), self.now());
    }

    /// The rules that members share from now on, and tells that something is new.
    pub fn shares(&self, rules: &str) {
        self.state.lock().unwrap().rules = rules.to_owned();
        self.says("object", &json!({"change": "added"}));
    }

    pub fn serves(&self, whole: &str) {
        self.state.lock().unwrap().whole = whole.to_owned();
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::SeqCst))
    }

    /// Lets time go by, for the edge and for the node.
    pub fn later(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// By how much the node's clock is ahead of the edge's.
    pub fn clock_off(&self, seconds: i64) {
        self.state.lock().unwrap().clock_off_s = seconds;
    }

    pub fn dies(&self, dead: bool) {
        let mut state = self.state.lock().unwrap();
        state.dead = dead;
        state.generation += 1;
        self.changed.notify_all();
    }

    /// Says something on the stream, and that all was said.
    pub fn says(&self, name: &str, data: &Value) {
        let mut state = self.state.lock().unwrap();
        state.said.push(format!("event: {name}\ndata: {data}\n\n"));
        let (cursor, at) = (state.said.len() + 1, self.now().plus_seconds(state.clock_off_s).to_string());
        let now = json!({"at": at, "cursor": cursor.to_string()});
        state.said.push(format!("id: {cursor}\nevent: now\ndata: {now}\n\n"));
        self.changed.notify_all();
    }

    /// It knows no cursor any more that was given out before; a whole set has a good one.
    pub fn forgets(&self) {
        self.state.lock().unwrap().forgot = true;
    }

    pub fn says_raw(&self, text: &str) {
        self.state.lock().unwrap().said.push(text.to_owned());
        self.changed.notify_all();
    }

    pub fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    pub fn report(&self) -> Option<Value> {
        self.state.lock().unwrap().reports.last().cloned()
    }

    pub fn elastic(&self) -> Vec<(String, String)> {
        self.state.lock().unwrap().elastic.clone()
    }

    pub fn cursor(&self) -> String {
        self.state.lock().unwrap().said.len().to_string()
    }
}

struct Bytes(Option<Vec<u8>>, u16);

impl Answer for Bytes {
    fn code(&self) -> u16 {
        self.1
    }

    fn piece(&mut self, _: Duration) -> Result<Piece, String> {
        Ok(self.0.take().map_or(Piece::End, Piece::Bytes))
    }
}

struct Stream {
    node: Arc<Node>,
    at: usize,
    greeted: bool,
    generation: u64,
}

impl Answer for Stream {
    fn code(&self) -> u16 {
        200
    }

    fn piece(&mut self, wait: Duration) -> Result<Piece, String> {
        let until = Instant::now() + wait;
        let mut state = self.node.state.lock().unwrap();
        loop {
            if state.generation != self.generation {
                return Err("the node has died".to_owned());
            }
            if !self.greeted {
                self.greeted = true;
                let at = self.node.now().plus_seconds(state.clock_off_s).to_string();
                let now = json!({"at": at, "cursor": self.at.to_string()});
                return Ok(Piece::Bytes(format!("event: now\ndata: {now}\n\n").into_bytes()));
            }
            if let Some(text) = state.said.get(self.at) {
                self.at += 1;
                return Ok(Piece::Bytes(text.clone().into_bytes()));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Piece::Nothing);
            }
            state = self.node.changed.wait_timeout(state, left).unwrap().0;
        }
    }
}

/// The way to the node.
pub struct Way(pub Arc<Node>);

impl Upstream for Way {
    fn ask(&self, ask: Ask, _: Duration) -> Result<Box<dyn Answer>, String> {
        let mut state = self.0.state.lock().unwrap();
        if state.dead {
            return Err("connection refused".to_owned());
        }
        state.asked.push(ask.path.clone());
        if ask.path.starts_with("/feeds/accord/accord.ndjson?") {
            state.forgot = false;
            return Ok(Box::new(Bytes(Some(state.whole.clone().into_bytes()), 200)));
        }
        if let Some((_, rest)) = ask.path.split_once("/api/v1/stream?since=") {
            let at = rest.split('&').next().unwrap().parse().unwrap();
            let generation = state.generation;
            if state.forgot {
                return Ok(Box::new(Bytes(Some(Vec::new()), 410)));
            }
            return Ok(Box::new(Stream { node: Arc::clone(&self.0), at, greeted: false, generation }));
        }
        let of_rules = ["suricata/shared.rules", "sigma/accord.yml", "yara/accord.yar"];
        if of_rules.iter().any(|file| ask.path == format!("/feeds/{file}?tlp=amber")) {
            return Ok(Box::new(Bytes(Some(state.rules.clone().into_bytes()), 200)));
        }
        assert_eq!((ask.method, ask.path.as_str()), ("PUT", "/api/v1/edges/gate"));
        let (_, report) = ask.content.unwrap();
        state.reports.push(serde_json::from_slice(&report).unwrap());
        let at = self.0.now().plus_seconds(state.clock_off_s).to_string();
        Ok(Box::new(Bytes(Some(json!({"at": at}).to_string().into_bytes()), 200)))
    }
}

impl Ways for Way {
    fn node(&self) -> &dyn Upstream {
        self
    }

    fn elastic(&self, url: &str, _: Option<&Path>, _: Option<&Path>) -> Result<Box<dyn Upstream>, String> {
        assert_eq!(url, "https://elastic.example");
        Ok(Box::new(Elastic(Arc::clone(&self.0))))
    }
}

/// An Elastic that keeps what it is sent.
struct Elastic(Arc<Node>);

impl Upstream for Elastic {
    fn ask(&self, ask: Ask, _: Duration) -> Result<Box<dyn Answer>, String> {
        let (media, content) = ask.content.unwrap();
        let content = String::from_utf8(content).unwrap();
        let mut answer = json!({"errors": false, "items": []});
        if ask.path == "/threats/_bulk" {
            assert_eq!(media, "application/x-ndjson");
            let lines: Vec<Value> = content.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            if lines
                .iter()
                .any(|line| line.pointer("/threat/indicator/name") == Some(&json!("refused.example")))
            {
                answer = json!({"errors": true, "items": [{"index": {"status": 400, "error": {"type": "mapper"}}}]});
            } else if lines.iter().any(|line| line.get("delete").is_some()) {
                answer = json!({"errors": true, "items": [{"delete": {"status": 404}}]});
            }
        }
        self.0.state.lock().unwrap().elastic.push((ask.path, content));
        Ok(Box::new(Bytes(Some(answer.to_string().into_bytes()), 200)))
    }
}

/// Starts an edge with these sensors, in this folder.
pub fn start(node: &Arc<Node>, folder: &Path, more: &str) -> Edge {
    let end = Instant::now() + PATIENCE;
    loop {
        match try_start(node, folder, more) {
            Ok(edge) => return edge,
            // One that was stopped may still wait for a busy disk, and has its folder until then.
            Err(error) if error.to_string().contains("another edge") && Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

pub fn try_start(node: &Arc<Node>, folder: &Path, more: &str) -> std::io::Result<Edge> {
    let state = folder.join("state");
    let top = "name = \"gate\"\nurl = \"https://node.example\"\ntoken-file = \"/t\"\n";
    let text = format!("{top}state = \"{}\"\n{more}", state.display());
    let clock = Arc::clone(node);
    let config = config::read(&text).unwrap();
    Edge::start(config, Arc::new(move || clock.now()), Arc::new(Way(Arc::clone(node))))
}

/// A sensor of files of a format.
pub fn files(folder: &Path, name: &str, format: &str) -> String {
    let folder = folder.join(name);
    format!(
        "[[sensor]]\nname = \"{name}\"\nkind = \"file\"\nformat = \"{format}\"\nfolder = \"{}\"\n",
        folder.display()
    )
}

/// Waits until something is so.
#[track_caller]
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < end, "it never came to be: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// A port that is free for both protocols, out of the range from which the system gives ports to whoever asks for any.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 11_000).unwrap();
    loop {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let address = ("127.0.0.1", port);
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return port;
        }
    }
}

/// A program that ends with what holds it.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _reaped = self.0.wait();
    }
}
