//! `accord stream`: from a cursor, once, with values, and taken up again when the way breaks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use serde_json::Value;

use crate::bench::{BUNDLE, Bench, INDICATOR, PATIENCE};

const BAD: &str = "evil.bad-host.co";

fn token(bench: &Bench) -> String {
    bench.run(&["member", "add", "Bank", "--data", "node"]).exits(0);
    let add = ["token", "add", "--member", "Bank", "--role", "analyst", "--data", "node", "--json"];
    bench.run(&add).exits(0).text("/secret")
}

fn cursor(events: &[Value]) -> String {
    let last = events.last().unwrap();
    assert_eq!(last["event"], "now", "all was told: {events:?}");
    assert_eq!(last["id"], last["data"]["cursor"]);
    last["id"].as_str().unwrap().to_owned()
}

fn objects(events: &[Value]) -> Vec<String> {
    let objects = events.iter().filter(|event| event["event"] == "object");
    let told = objects.map(|one| format!("{} {}", one["data"]["change"], one["data"]["id"]).replace('"', ""));
    told.collect()
}

#[test]
fn it_tells_once_what_came_since_a_cursor() {
    let bench = Bench::new();
    let node = bench.serve();
    let (url, token) = (node.url().to_owned(), token(&bench));
    let ask = |arguments: &[&str]| {
        let mut all = vec!["stream", "--url", &url, "--token", &token, "--once"];
        all.extend(arguments);
        bench.run(&all)
    };
    let import = |name: &str, text: &str| {
        bench.write(name, text);
        bench.run(&["import", name, "--url", &url, "--token", &token]).exits(0);
    };
    let begun = cursor(&ask(&["--json"]).exits(0).lines());
    import("bundle.json", BUNDLE);
    let all = ask(&["--json", "--since", "beginning"]).exits(0).lines();
    assert_eq!(objects(&all).len(), 3, "{all:?}");
    let since = ask(&["--json", "--since", &begun]).exits(0).lines();
    assert!(objects(&since).contains(&format!("added {INDICATOR}")), "{since:?}");
    assert_eq!(objects(&since), objects(&all));
    // Behind its end there is nothing, and behind any event before that the rest.
    let nothing = ask(&["--json", "--since", &cursor(&since)]).exits(0).lines();
    assert_eq!(nothing.len(), 1, "{nothing:?}");
    let first = since.iter().find(|event| event["id"].is_string()).unwrap()["id"].as_str().unwrap();
    let rest = ask(&["--json", "--since", first]).exits(0).lines();
    assert!(objects(&since).ends_with(&objects(&rest)) && rest.len() < since.len(), "{rest:?}");
    // With values, and what does less than is asked for is told as nothing.
    import("list.txt", &format!("{BAD}\n"));
    let values = |more: &[&str]| {
        let mut arguments = vec!["--since", "beginning", "--values"];
        arguments.extend(more);
        ask(&arguments).exits(0).out
    };
    assert!(values(&[]).contains("block  evil[.]bad-host[.]co  exact"), "{}", values(&[]));
    assert!(values(&["--action", "block"]).contains("block  evil[.]"), "{}", values(&["--action", "block"]));
    // It was imported under AMBER.
    let green = values(&["--tlp", "green"]);
    assert!(green.contains("nothing  evil[.]bad-host[.]co") && !green.contains("block"), "{green}");
    // A cursor of nobody's is no place to go on from.
    assert!(ask(&["--since", "rubbish"]).exits(0).out.contains("reset  too-far"));
    ask(&["--action", "block"]).exits(2);
    ask(&["--values", "--action", "drop"]).exits(2);
    let wrong = bench.run(&["stream", "--url", &url, "--token", "acc_wrong", "--once"]);
    wrong.exits(3);
    drop(node);
    ask(&[]).exits(4);
}

/// One that follows until it is dropped, and what it writes, line by line.
struct Following {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Following {
    fn start(bench: &Bench, arguments: &[&str]) -> Following {
        let mut command = bench.command(arguments);
        let errors = std::fs::File::create(bench.path().join("errors")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let (tell, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Following { child, lines }
    }

    /// Lines up to the first that has this in it.
    #[track_caller]
    fn until(&self, what: &str) -> Vec<String> {
        let (began, mut seen) = (Instant::now(), Vec::new());
        while let Some(left) = PATIENCE.checked_sub(began.elapsed()) {
            let Ok(line) = self.lines.recv_timeout(left) else { break };
            seen.push(line);
            if seen.last().is_some_and(|line| line.contains(what)) {
                return seen;
            }
        }
        panic!("no line has `{what}`: {seen:?}");
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn it_follows_live_and_through_a_node_that_was_killed() {
    let bench = Bench::new();
    let mut node = bench.serve();
    let (url, token) = (node.url().to_owned(), token(&bench));
    let import = |name: &str, url: &str| {
        bench.write("list.txt", &format!("{name}.bad-host.co\n"));
        bench.run(&["import", "list.txt", "--url", url, "--token", &token]).exits(0);
    };
    let following = Following::start(&bench, &["stream", "--url", &url, "--token", &token, "--values"]);
    following.until("now  ");
    import("first", &url);
    following.until("block  first[.]bad-host[.]co");
    node.signal("KILL");
    drop(node);
    // It comes back where it was; what is said in the meantime is told, and what was told is not told again.
    let port = url.rsplit(':').next().unwrap();
    node = bench.serve_on("node", &["--listen", &format!("127.0.0.1:{port}")]);
    import("second", node.url());
    let told = following.until("block  second[.]bad-host[.]co");
    assert!(!told.iter().any(|line| line.contains("first") || line.contains("reset")), "{told:?}");
    let errors = std::fs::read_to_string(bench.path().join("errors")).unwrap();
    assert!(errors.contains("it is taken up again"), "{errors}");
    // A token that is revoked ends it.
    drop(bench.run(&["member", "revoke", "Bank", "--data", "node"]).exits(0));
    let (mut following, began) = (following, Instant::now());
    let code = loop {
        if let Some(status) = following.child.try_wait().unwrap() {
            break status.code();
        }
        assert!(began.elapsed() < PATIENCE, "it goes on without a right");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(code, Some(3));
}

/// A node that answers each request with the next of these, and closes; what was asked.
fn double(answers: Vec<String>) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, asked) = mpsc::channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let line = head(&mut stream);
            let _nobody_waits = tell.send(line);
            let _gone = stream.write_all(answer.as_bytes());
        }
    });
    (url, asked)
}

fn head(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        text.extend(byte);
    }
    String::from_utf8(text).unwrap().lines().next().unwrap_or_default().to_owned()
}

fn answer(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n{body}")
}

fn now(cursor: &str) -> String {
    format!("event: now\nid: {cursor}\ndata: {{\"at\":\"2026-01-01T00:00:00Z\",\"cursor\":\"{cursor}\"}}\n\n")
}

#[test]
fn what_was_not_told_whole_is_asked_for_again_from_the_last_cursor() {
    let bench = Bench::new();
    let half = "event: value\nid: c2\ndata: {\"kind\":\"domain\",\"val";
    let told = "event: object\ndata: {\"change\":\"added\",\"id\":\"tool--1\"}\n\n";
    let busy = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let (url, asked) = double(vec![
        answer(&format!("retry: 2000\n\n{}{told}{half}", now("c1"))),
        busy.to_owned(),
        answer(&now("c3")),
        answer("event: now\nid: c4\ndata: no document\n\n"),
    ]);
    let following = Following::start(&bench, &["stream", "--url", &url, "--token", "acc_x"]);
    following.until("c3");
    let asked: Vec<String> = (0..4).map(|_| asked.recv_timeout(PATIENCE).unwrap()).collect();
    assert!(!asked[0].contains("since"), "{asked:?}");
    for (line, cursor) in [(&asked[1], "c1"), (&asked[2], "c1"), (&asked[3], "c3")] {
        assert!(line.contains(&format!("since={cursor} ")), "{asked:?}");
    }
    // What is no stream of changes is not asked for for ever.
    let mut following = following;
    assert_eq!(following.child.wait().unwrap().code(), Some(2));
    // Once is the whole of it, or an error.
    let (url, _) = double(vec![answer(&format!("{}{told}", now("c1"))), answer(half)]);
    for _ in 0..2 {
        let said = bench.run(&["stream", "--once", "--url", &url, "--token", "acc_x"]).exits(4);
        assert!(said.err.contains("before all was told"), "{}", said.err);
    }
}
