//! The stream of changes over a connection: told at once, gone on with, over when it must be.

use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fixtures::envelope;
use crate::house::House;
use crate::transport::Serving;

const PATIENCE: Duration = Duration::from_secs(10);

/// One who follows.
struct Follower {
    stream: TcpStream,
    text: String,
}

#[derive(Debug, Clone)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

impl Follower {
    async fn begin(serving: &Serving, token: &str, query: &str, last: Option<&str>) -> Follower {
        let mut stream = serving.connect().await;
        let last = last.map(|last| format!("last-event-id: {last}\r\n")).unwrap_or_default();
        let head = format!("host: x\r\nauthorization: Bearer {token}\r\naccept-encoding: gzip\r\n{last}");
        stream
            .write_all(format!("GET /api/v1/stream{query} HTTP/1.1\r\n{head}\r\n").as_bytes())
            .await
            .unwrap();
        Follower { stream, text: String::new() }
    }

    /// More of it; false at its end, or when the connection is broken off.
    async fn read(&mut self) -> bool {
        let mut piece = vec![0; 64 << 10];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut piece)).await;
        let read = read.unwrap_or_else(|_| panic!("in time: {}", self.text));
        let count = read.unwrap_or(0);
        self.text.push_str(&String::from_utf8_lossy(&piece[..count]));
        count > 0
    }

    fn events(&self) -> Vec<Event> {
        let body = self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        // Pieces are small: each event stands whole in one.
        let lines: Vec<&str> = body.split(['\n', '\r']).collect();
        let (mut events, mut name, mut id) = (Vec::new(), String::new(), None);
        for line in lines {
            if let Some(text) = line.strip_prefix("event: ") {
                (name, id) = (text.to_owned(), None);
            } else if let Some(text) = line.strip_prefix("id: ") {
                id = Some(text.to_owned());
            } else if let Some(Ok(data)) = line.strip_prefix("data: ").map(serde_json::from_str) {
                events.push(Event { name: name.clone(), id: id.clone(), data });
            }
        }
        events
    }

    async fn until(&mut self, is: impl Fn(&[Event]) -> bool) -> Vec<Event> {
        loop {
            let events = self.events();
            if is(&events) {
                return events;
            }
            assert!(self.read().await, "{}", self.text);
        }
    }

    async fn ended(mut self) -> Vec<Event> {
        while !self.text.ends_with("\r\n0\r\n\r\n") && self.read().await {}
        self.events()
    }
}

fn said(n: u32) -> String {
    format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"indicator--11111111-0000-4000-8000-{n:012}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","pattern":"[domain-name:value = 'n{n}.bad-host.co']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}}"#
    )
}

struct Scene {
    house: House,
    token: String,
    collection: String,
    serving: Serving,
}

async fn scene() -> Scene {
    let house = House::new();
    house.member("A");
    let token = house.token("A", &["analyst"]);
    let collection = house.collection("All", |_| {});
    let serving = Serving::start(&house).await;
    Scene { house, token, collection, serving }
}

impl Scene {
    async fn say(&self, numbers: std::ops::Range<u32>) {
        let objects: Vec<String> = numbers.map(said).collect();
        let reply = self.house.post(&self.token, &self.collection, &envelope(&objects)).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text());
    }
}

fn objects(events: &[Event]) -> Vec<String> {
    let objects = events.iter().filter(|event| event.name == "object");
    objects.map(|event| event.data["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_is_told_at_once_and_a_broken_connection_misses_and_repeats_nothing() {
    let scene = scene().await;
    let mut first = Follower::begin(&scene.serving, &scene.token, "?values", None).await;
    let begun = first.until(|events| !events.is_empty()).await;
    assert_eq!(begun[0].name, "now");
    assert!(
        first.text.contains("content-type: text/event-stream") && !first.text.contains("content-encoding")
    );
    let mut slowest = Duration::ZERO;
    for n in 0..20 {
        let at = Instant::now();
        scene.say(n..n + 1).await;
        let value = format!("n{n}.bad-host.co");
        first
            .until(|events| {
                events
                    .iter()
                    .any(|event| event.data["value"] == value.as_str() && event.data["action"] == "block")
            })
            .await;
        slowest = slowest.max(at.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    // Much at once, and the connection breaks somewhere.
    let mut told: Vec<Event> = first.until(|events| objects(events).len() == 20).await;
    for round in 0..5_u32 {
        let last = told.iter().rposition(|event| event.id.is_some()).unwrap();
        told.truncate(last + 1);
        drop(first);
        let id = told[last].id.clone();
        scene.say(20 + round * 100..120 + round * 100).await;
        first = Follower::begin(&scene.serving, &scene.token, "?values", id.as_deref()).await;
        let least = usize::try_from(round * 17 + 1).unwrap();
        let more = first.until(|events| objects(events).len() >= least).await;
        told.extend(more);
    }
    let last = told.iter().rposition(|event| event.id.is_some()).unwrap();
    told.truncate(last + 1);
    let since = told[last].id.clone().unwrap();
    let rest =
        Follower::begin(&scene.serving, &scene.token, &format!("?values&once&since={since}"), None).await;
    let rest = rest.ended().await;
    assert_eq!(rest.last().unwrap().name, "now");
    told.extend(rest);
    let ids = objects(&told);
    let expected: Vec<String> =
        (0..520).map(|n| format!("indicator--11111111-0000-4000-8000-{n:012}")).collect();
    assert_eq!(ids, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_the_token_and_with_the_server() {
    let mut scene = scene().await;
    let other = scene.house.token("A", &["reader"]);
    let mut revoked = Follower::begin(&scene.serving, &other, "", None).await;
    revoked.until(|events| !events.is_empty()).await;
    let mut stopped = Follower::begin(&scene.serving, &scene.token, "", None).await;
    stopped.until(|events| !events.is_empty()).await;
    let id = other.split('_').nth(1).unwrap().to_owned();
    let tokens = scene.house.node.tokens(&scene.house.node.operator()).unwrap();
    let id = tokens
        .iter()
        .find(|token| token.id.replace('-', "").starts_with(&id) || token.roles == ["reader"])
        .unwrap()
        .id
        .clone();
    scene.house.node.revoke_token(&scene.house.node.operator(), &id).unwrap();
    let at = Instant::now();
    let before = revoked.events().len();
    assert_eq!(revoked.ended().await.len(), before, "nothing more is told");
    assert!(at.elapsed() < Duration::from_secs(2));
    let at = Instant::now();
    scene.serving.stop();
    let text = {
        while stopped.read().await {}
        stopped.text
    };
    assert!(text.ends_with("0\r\n\r\n"), "the answer has an end: {text}");
    assert!(at.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn what_narrows_values_is_refused_where_none_are_told() {
    let house = House::new();
    house.member("A");
    let token = house.token("A", &["analyst"]);
    for narrowed in ["action=block", "tlp=green"] {
        let reply = house.ask("GET", &format!("/api/v1/stream?once&{narrowed}")).bearer(&token).send().await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", reply.text());
    }
    let reply = house.ask("GET", "/api/v1/edges?x=1").bearer(&token).send().await;
    assert!(reply.text().contains("\"hint\":\"it takes none\""), "{}", reply.text());
}
