//! A folder for one test, the binary to run in it, and a node that is stopped with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Nothing here takes longer, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a command said.
pub struct Said {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Said {
    fn new(output: Output) -> Said {
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Said {
        Said::new(command.output().unwrap())
    }

    /// Waits for a command's end.
    pub fn of_child(child: Child) -> Said {
        Said::new(child.wait_with_output().unwrap())
    }

    /// Its answer as one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {:?} {:?}", self.out, self.err))
    }

    /// Its answer as JSON documents, one a line.
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The text at a pointer of its answer.
    pub fn text(&self, pointer: &str) -> String {
        let document = self.json();
        document
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{pointer}: {document}"))
            .to_owned()
    }

    /// The same, which must have this exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Said {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        self
    }
}

/// A folder for one test.
pub struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub fn new() -> Bench {
        Bench { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// The binary, with an environment of its own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_accord"));
        command.current_dir(self.path()).args(arguments).env_clear().env("HOME", self.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::of(&mut self.command(arguments))
    }

    /// Runs it with something to read.
    pub fn pipe(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Said::new(child.wait_with_output().unwrap())
    }

    /// Starts a node on `node/` in the folder.
    pub fn serve(&self) -> Serving {
        self.serve_with(&[])
    }

    /// The same, with more flags.
    pub fn serve_with(&self, flags: &[&str]) -> Serving {
        self.serve_on("node", flags)
    }

    /// The same, on another folder.
    pub fn serve_on(&self, folder: &str, flags: &[&str]) -> Serving {
        let mut command = self.command(&["serve", "--data", folder, "--listen", "127.0.0.1:0", "--json"]);
        let log = std::fs::File::create(self.path().join("log")).unwrap();
        let mut child = command.args(flags).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let greeting = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("{}", std::fs::read_to_string(self.path().join("log")).unwrap()));
        Serving { child, greeting }
    }
}

/// Sends a signal by name.
pub fn send_signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
}

/// A node that runs.
pub struct Serving {
    child: Child,
    /// What it said when it was there.
    pub greeting: Value,
}

impl Serving {
    /// Its address.
    pub fn url(&self) -> &str {
        self.greeting["url"].as_str().unwrap()
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self) -> i32 {
        self.signal("TERM");
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(began.elapsed() < PATIENCE, "the node does not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        send_signal(&self.child, name);
    }

    /// One GET by hand: the whole answer as text.
    pub fn get(&self, path: &str) -> String {
        let address = self.url().strip_prefix("http://").unwrap();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A bundle with an indicator for 203.0.113.7, the malware it indicates, and how they are related.
pub const BUNDLE: &str = r#"{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[
{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"C2 of Crimson","indicator_types":["malicious-activity"],"pattern":"[ipv4-addr:value = '203.0.113.7']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]},
{"type":"malware","spec_version":"2.1","id":"malware--31b940d4-6f7f-459a-80ea-9c1f17b58abc","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Crimson","is_family":true,"malware_types":["remote-access-trojan"]},
{"type":"relationship","spec_version":"2.1","id":"relationship--57b56a43-b8b0-4cba-9deb-34e3e1faed9e","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","relationship_type":"indicates","source_ref":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","target_ref":"malware--31b940d4-6f7f-459a-80ea-9c1f17b58abc"}
]}"#;

/// The indicator in [`BUNDLE`].
pub const INDICATOR: &str = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
