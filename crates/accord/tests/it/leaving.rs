//! A member goes at 17:00, with three tokens, two answers on their way, an upload, a browser that is signed in, and circles of
//! which it owns one. From 17:00:01 on there is nothing: no byte of what is not for it any more, on any road.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bench::{Bench, PATIENCE, Said, Serving};

/// After this long nothing may come.
const SECOND: Duration = Duration::from_secs(1);
/// Objects of the stream, and bytes of each: more than the system holds between a server and a client that does not read.
const OBJECTS: usize = 220;
const BYTES: usize = 64 << 10;
/// What is uploaded at once.
const AT_ONCE: usize = 2_000;
/// In what others say to the circle that it was brought into, to the circle that it owns, and to all members.
const THEIRS: &str = "canary-theirs";
const OURS: &str = "canary-ours";
const MEMBERS: &str = "canary-members";
/// In the last object of a stream.
const LAST: &str = "canary-theirs-the-last";

/// How it goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// An administrator revokes it.
    Revoked,
    /// It leaves its circles, and stays a member.
    Left,
}

/// What an answer was, and when it was asked for.
struct Heard {
    asked: Instant,
    what: String,
    status: u16,
    hidden: bool,
}

fn id(kind: &str, number: usize) -> String {
    format!("{kind}--00000000-0000-4000-8000-{number:012x}")
}

fn object(number: usize, name: &str, filling: usize) -> Value {
    json!({
        "type": "malware", "spec_version": "2.1", "id": id("malware", number), "is_family": false, "name": name,
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
        "description": format!("{name} {}", "x".repeat(filling)),
    })
}

/// A node, and how to talk to it.
struct House {
    bench: Bench,
    serving: Serving,
}

impl House {
    fn new() -> House {
        let bench = Bench::new();
        let serving = bench.serve();
        House { bench, serving }
    }

    fn on(&self, arguments: &[&str]) -> Said {
        self.bench.run(&[arguments, &["--data", "node", "--json"]].concat())
    }

    fn by(&self, token: &str, arguments: &[&str]) -> Said {
        let mut command = self.bench.command(&[arguments, &["--json"]].concat());
        command.env("ACCORD_URL", self.serving.url()).env("ACCORD_TOKEN", token);
        Said::of(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    fn token(&self, member: &str, more: &[&str]) -> String {
        self.on(&[&["token", "add", "--member", member][..], more].concat()).exits(0).text("/secret")
    }

    fn says(&self, token: &str, objects: &[Value], more: &[&str]) {
        self.bench.write("said.json", &json!({ "objects": objects }).to_string());
        self.by(token, &[&["import", "said.json", "--tlp", "amber"][..], more].concat()).exits(0);
    }

    // A connection on which a client that reads slowly is not sent much ahead.
    fn connect(&self) -> TcpStream {
        let address = self.serving.url().strip_prefix("http://").unwrap().parse().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stream = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(64 << 10).unwrap();
            socket.connect(address).await.unwrap().into_std().unwrap()
        });
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn open(&self, method: &str, path: &str, headers: &str) -> TcpStream {
        let mut stream = self.connect();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{headers}\r\n")
            .unwrap();
        stream
    }

    // The whole answer as it came.
    fn ask(&self, (method, path): (&str, &str), token: &str, body: &str) -> (u16, Vec<u8>) {
        let by = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        let (kind, length) = ("application/json", body.len());
        let headers =
            format!("Connection: close\r\n{by}Content-Type: {kind}\r\nContent-Length: {length}\r\n");
        let mut stream = self.open(method, path, &headers);
        let (mut answer, _gone) = (Vec::new(), stream.write_all(body.as_bytes()));
        let _cut = stream.read_to_end(&mut answer);
        (status(&answer), answer)
    }
}

fn status(answer: &[u8]) -> u16 {
    std::str::from_utf8(answer.get(9..12).unwrap_or(b"0")).unwrap().parse().unwrap()
}

fn holds(bytes: &[u8], word: &str) -> bool {
    memchr::memmem::find(bytes, word.as_bytes()).is_some()
}

/// Everybody's tokens, and what is asked about.
struct Cast {
    house: House,
    /// Of the one that goes: an analyst's, a person's for one collection, an administrator's.
    tokens: [String; 3],
    /// Of one that stays.
    blue: String,
    collection: String,
    cookie: String,
}

fn cast() -> Cast {
    let house = House::new();
    for name in ["Rival", "Blue", "Green"] {
        house.on(&["member", "add", name]).exits(0);
    }
    house.on(&["person", "add", "Ada", "--member", "Rival"]).exits(0);
    let collection = house.on(&["collection", "add", "Sector"]).exits(0).text("/id");
    house.on(&["collection", "add", "Curated", "--curation", "one"]).exits(0);
    let ends = ["--role", "organisation-administrator", "--role", "curator"];
    let tokens = [
        house.token("Rival", &["--role", "analyst"]),
        house.token(
            "Rival",
            &["--role", "reader", "--person", "Ada", "--read", "Sector", "--ceiling", "amber"],
        ),
        house.token("Rival", &[&ends[..], &["--role", "reader"]].concat()),
    ];
    let blue = house.token("Blue", &[&ends[..], &["--role", "analyst"]].concat());
    for (owner, name, joins) in [(&tokens[0], "Ours", &blue), (&blue, "Theirs", &tokens[0])] {
        house.by(owner, &["circle", "add", name]).exits(0);
        let secret = house.by(owner, &["circle", "invite", name]).exits(0).text("/secret");
        house.by(joins, &["circle", "join", &secret]).exits(0);
    }
    house.says(&blue, &[object(1, OURS, 0)], &["--to", "circle:Ours"]);
    house.says(&blue, &[object(2, MEMBERS, 0)], &[]);
    house.says(&tokens[0], &[object(3, "said by Rival", 0)], &["--to", "circle:Ours"]);
    let name = |n: usize| if n + 1 == OBJECTS { LAST.to_owned() } else { format!("{THEIRS} {n}") };
    let stream: Vec<Value> = (0..OBJECTS).map(|n| object(100 + n, &name(n), BYTES)).collect();
    house.says(&blue, &stream, &["--to", "circle:Theirs"]);
    let form = format!("token={}", tokens[0]);
    let headers = format!(
        "Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
        form.len()
    );
    let mut signs_in = house.open("POST", "/sign-in", &headers);
    signs_in.write_all(form.as_bytes()).unwrap();
    let mut answer = String::new();
    signs_in.read_to_string(&mut answer).unwrap();
    let (_, cookie) = answer.split_once("set-cookie: ").unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    Cast { house, tokens, blue, collection, cookie }
}

impl Cast {
    // Every road of the node's own table, as it describes itself: method and path.
    fn roads(&self) -> Vec<(String, String)> {
        let (status, text) = self.house.ask(("GET", "/openapi.json"), "", "");
        assert_eq!(status, 200);
        let at = memchr::memmem::find(&text, b"\r\n\r\n").unwrap() + 4;
        let document: Value = serde_json::from_slice(&text[at..]).unwrap();
        let mut roads = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            let object = if path.contains("/circles/") { "Theirs".to_owned() } else { id("malware", 100) };
            let path = path
                .replace("{collection}", &self.collection)
                .replace("{object}", &object)
                .replace("{id}", &object)
                .replace("{status}", &object)
                .replace("{name}", if path.contains("/circles/") { "Theirs" } else { "Blue" })
                .replace("{member}", "Blue")
                .replace("{*path}", "style.css");
            let query = match path.as_str() {
                "/api/v1/lookup" => "?value=198.51.100.7",
                "/api/v1/objects" | "/search" => "?text=canary&facets=true&q=canary",
                // The large ones have streams of their own, and here little of them.
                "/api/v1/export" => "?id=malware--00000000-0000-4000-8000-000000000064&full=true",
                // One that goes on has no end to wait for.
                "/api/v1/stream" => "?since=beginning&values=true&once=true",
                path if path.ends_with("/objects/") => "?limit=3",
                _ => "",
            };
            for method in methods.as_object().unwrap().keys() {
                let method = method.to_uppercase();
                if ["GET", "POST", "PUT", "DELETE"].contains(&method.as_str()) {
                    roads.push((method, format!("{path}{query}")));
                }
            }
        }
        assert!(roads.len() > 60, "{roads:?}");
        roads
    }

    fn goes(&self, way: Way) {
        match way {
            Way::Revoked => drop(self.house.on(&["member", "revoke", "Rival"]).exits(0)),
            Way::Left => {
                for circle in ["Ours", "Theirs"] {
                    self.house.by(&self.tokens[0], &["circle", "leave", circle]).exits(0);
                }
            }
        }
    }
}

/// What must not be told any more.
fn is_hidden(way: Way, answer: &[u8]) -> bool {
    let all = [THEIRS, OURS, MEMBERS];
    all.iter().take(if way == Way::Left { 2 } else { 3 }).any(|word| holds(answer, word))
}

// Asks on every road, again and again, until it is told to stop.
fn hammer(cast: &Cast, way: Way, (token, stop): (&str, &AtomicBool), heard: &Mutex<Vec<Heard>>) {
    let roads = cast.roads();
    let reads: Vec<_> = roads.iter().filter(|(method, _)| method == "GET").collect();
    while !stop.load(Ordering::SeqCst) {
        for (method, path) in &reads {
            let asked = Instant::now();
            let (status, answer) = cast.house.ask((method, path), token, "");
            let hidden = is_hidden(way, &answer);
            heard.lock().unwrap().push(Heard { asked, what: path.clone(), status, hidden });
            if stop.load(Ordering::SeqCst) {
                return;
            }
        }
    }
}

/// What came of an answer that was on its way: its bytes, and whether it ended before its end.
fn rest_of(mut stream: TcpStream, mut came: Vec<u8>, slowly: Option<&AtomicBool>) -> (Vec<u8>, bool) {
    let mut piece = vec![0; 32 << 10];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => came.extend_from_slice(&piece[..count]),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
                return (came, true);
            }
        }
        if slowly.is_some_and(|gone| !gone.load(Ordering::SeqCst)) {
            std::thread::sleep(Duration::from_millis(250));
        }
    }
    let is_whole = holds(&came, LAST);
    (came, !is_whole)
}

// Uploads so much at once that some of it is taken, and then one by one, until it is cut off.
fn upload(cast: &Cast, gone: &AtomicBool) {
    let headers = format!(
        "Authorization: Bearer {}\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n",
        cast.tokens[0]
    );
    let mut stream = cast.house.open("POST", "/api/v1/import?format=stix&tlp=amber", &headers);
    for number in 0.. {
        let name = if gone.load(Ordering::SeqCst) { "said too late" } else { "said in time" };
        let line = format!("{}\n", object(1_000 + number, name, 0));
        let sent = write!(stream, "{:x}\r\n{line}\r\n", line.len()).and_then(|()| stream.flush());
        if sent.is_err() || number > AT_ONCE + 100 {
            return;
        }
        if number > AT_ONCE {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

// Waits for more than so many answers, however busy the machine is.
fn wait_for(heard: &Mutex<Vec<Heard>>, which: &dyn Fn(&Heard) -> bool) {
    let begun = Instant::now();
    while heard.lock().unwrap().iter().filter(|one| which(one)).count() <= 60 && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Ends what asks again and again, also where something fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn story(way: Way) {
    let cast = cast();
    let house = &cast.house;
    let [analyst, person, administrator] = &cast.tokens;
    let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
    house.bench.write("queued.json", &json!({ "objects": [object(5, "queued by Rival", 0)] }).to_string());
    let queue = ["import", "queued.json", "--tlp", "green", "--collection", "Curated"];
    let queued = house.by(analyst, &queue).exits(0).lines().pop().unwrap();
    let queued = queued["submission"].as_str().unwrap().to_owned();
    let invitation = house.by(analyst, &["circle", "invite", "Ours"]).exits(0).text("/secret");
    let with_cookie = |path: &str| {
        let headers = format!("Connection: close\r\nCookie: {}\r\n", cast.cookie);
        let (mut stream, mut answer) = (house.open("GET", path, &headers), Vec::new());
        stream.read_to_end(&mut answer).unwrap();
        answer
    };
    let page = format!("/objects/{}", id("malware", 100));
    assert!(is_hidden(way, &with_cookie(&page)), "the browser was never signed in");

    let [stop, gone, late] = [(); 3].map(|()| AtomicBool::new(false));
    let heard = Mutex::new(Vec::new());
    let mut answered = Instant::now();
    std::thread::scope(|scope| {
        let _ends = [&stop, &gone, &late].map(Ends);
        for token in &cast.tokens {
            scope.spawn(|| hammer(&cast, way, (token, &stop), &heard));
        }
        if way == Way::Revoked {
            scope.spawn(|| upload(&cast, &gone));
        }
        // One takes what it is sent slowly, until a second later; the other has stopped taking it.
        let slow = house.open("GET", "/api/v1/export?format=ndjson&full=true", &bearer(administrator));
        let slow = scope.spawn(|| rest_of(slow, Vec::new(), Some(&late)));
        let path = format!("/taxii2/default/collections/{}/objects/?limit=1000", cast.collection);
        let mut stuck = house.open("GET", &path, &bearer(person));
        let mut begun = vec![0; 256 << 10];
        stuck.read_exact(&mut begun).unwrap();
        let told = |heard: &Heard| heard.hidden;
        wait_for(&heard, &told);
        cast.goes(way);
        answered = Instant::now();
        gone.store(true, Ordering::SeqCst);
        std::thread::sleep(SECOND);
        late.store(true, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(500));
        for (which, (came, is_cut)) in
            [("slow", slow.join().unwrap()), ("stuck", rest_of(stuck, begun, None))]
        {
            assert_eq!(status(&came), 200, "{which}");
            assert!(holds(&came, THEIRS), "the {which} one never began: {}", came.len());
            assert!(is_cut && !holds(&came, LAST), "the {which} one came to its end: {}", came.len());
        }
        wait_for(&heard, &|heard: &Heard| heard.asked > answered + SECOND);
    });
    let heard = heard.into_inner().unwrap();
    let before = heard.iter().filter(|one| one.asked < answered && one.hidden).count();
    assert!(before > 20, "only {before} answers told anything before");
    let after: Vec<&Heard> = heard.iter().filter(|one| one.asked > answered + SECOND).collect();
    assert!(after.len() > 20, "only {} were asked for after", after.len());
    for one in after {
        assert!(!one.hidden, "{} tells it still: {}", one.what, one.status);
    }

    let open: Vec<bool> =
        cast.roads().iter().map(|(method, path)| is_well(house.ask((method, path), "", "{}").0)).collect();
    for ((method, path), open) in cast.roads().iter().zip(open) {
        // What changes something is asked for last: of those who are gone.
        if way == Way::Left && method != "GET" {
            continue;
        }
        for token in &cast.tokens {
            let (status, answer) = house.ask((method, path), token, "{}");
            assert!(!is_hidden(way, &answer), "{method} {path}: {}", String::from_utf8_lossy(&answer));
            assert!(way == Way::Left || open || !is_well(status), "{method} {path}: {status}");
        }
    }
    let answer = with_cookie(&page);
    assert!(!is_hidden(way, &answer) && status(&answer) != 200, "{}", String::from_utf8_lossy(&answer));

    // Its circle is Blue's, and what it said there stays; nobody joins by its invitation.
    let blue = |arguments: &[&str]| house.by(&cast.blue, arguments);
    blue(&["show", &id("malware", 3)]).exits(0);
    blue(&["show", &id("malware", 1)]).exits(0);
    let green = house.token("Green", &["--role", "analyst"]);
    house.by(&green, &["circle", "join", &invitation]).exits(1);
    let circle = blue(&["circle", "show", "Ours"]).exits(0);
    assert_eq!(circle.text("/owner/name"), "Blue");
    assert!(circle.json().get("invitations").is_none(), "{}", circle.out);
    blue(&["circle", "revoke", "Ours"]).exits(0);
    let (late, released) = (blue(&["search", "late"]).exits(0), blue(&["queue", "release", &queued]));
    assert!(!late.out.contains("said too late"), "{}", late.out);
    match way {
        Way::Revoked => {
            let kept = blue(&["search", "time", "--limit", "100"]).exits(0);
            assert!(kept.out.contains("said in time"), "{}", kept.out);
            released.exits(5);
        }
        Way::Left => drop(released.exits(0)),
    }
}

fn is_well(status: u16) -> bool {
    (200..300).contains(&status)
}

#[test]
fn a_member_is_revoked_at_five_and_a_second_later_there_is_nothing() {
    story(Way::Revoked);
}

#[test]
fn a_member_leaves_its_circles_at_five_and_a_second_later_there_is_nothing() {
    story(Way::Left);
}
