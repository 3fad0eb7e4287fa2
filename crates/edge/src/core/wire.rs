//! What a node says to an edge: the whole set as lines of JSON with a sum of them at the end, and changes as server-sent events.

use std::fmt;

use model::Timestamp;
use model::matching::Mode;
use model::observable::{Kind, normalise};
use model::protect::{Action, Does, FALLS};
use sensors::Sum;
use sha2::{Digest, Sha256};
use strictjson::{Limits, Node};

use super::set::Told;

/// The longest line that is taken, in bytes: the longest value, its escapes, and what stands beside it.
pub const LINE_BYTES_MAX: usize = 1 << 20;

const LIMITS: Limits = Limits { bytes: LINE_BYTES_MAX, depth: 4, nodes: 64, string_bytes: LINE_BYTES_MAX };

/// Why what came is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

fn refused<T>(why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused(why.into()))
}

/// What the first line of a whole set says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The node's name.
    pub node: String,
    /// As of when it holds, by the node's clock.
    pub as_of: Timestamp,
    /// Behind what it stands; changes are asked for from here on.
    pub cursor: String,
}

/// What says at the end that nothing is missing, by the form that the first line names.
#[derive(Debug, Clone)]
enum Check {
    /// A digest of all bytes: that of copies on the disk that were made before there was the other.
    Digest(Box<Sha256>),
    /// The sum of all lines.
    Sum(Sum),
}

impl Check {
    fn of(form: Option<i64>) -> Option<Check> {
        match form {
            Some(1) => Some(Check::Digest(Box::default())),
            Some(2) => Some(Check::Sum(Sum::default())),
            _ => None,
        }
    }

    fn add(&mut self, line: &[u8]) {
        match self {
            Check::Digest(digest) => digest.update(line),
            Check::Sum(sum) => sum.add(line),
        }
    }

    /// What the last line calls it, and what it is.
    fn told(self) -> (&'static str, String) {
        match self {
            Check::Digest(digest) => ("sha256", hexadecimal(&digest.finalize())),
            Check::Sum(sum) => ("sum", sum.to_string()),
        }
    }
}

/// Reads a whole set line by line.
#[derive(Debug, Default)]
pub struct Whole {
    head: Option<(Head, Check)>,
    entries: u64,
    not_understood: u64,
    closed: Option<String>,
}

impl Whole {
    /// Takes the next line, with its line feed. Answers the value that it tells.
    ///
    /// # Errors
    /// What makes the whole of it unbelievable.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<Told>, Refused> {
        let mut value = None;
        self.looked_at(line, &mut |node| {
            value = told_of(node)?;
            Ok(value.is_some())
        })?;
        Ok(value)
    }

    /// The same, for who reads it once more before he believes it: values are not made of it yet.
    ///
    /// # Errors
    /// What makes the whole of it unbelievable.
    pub fn check(&mut self, line: &[u8]) -> Result<(), Refused> {
        self.looked_at(line, &mut |node| said_of(node).map(|said| said.is_some()))
    }

    // `understood` looks at a line that tells a value.
    fn looked_at(
        &mut self,
        line: &[u8],
        understood: &mut dyn FnMut(&Node<'_>) -> Result<bool, Refused>,
    ) -> Result<(), Refused> {
        if self.closed.is_some() {
            return refused("something comes behind its last line");
        }
        let Some(text) = line.strip_suffix(b"\n") else { return refused("its last line is torn") };
        let Ok(node) = strictjson::parse(text, &LIMITS) else { return refused("a line is no JSON") };
        let Some((_, check)) = &mut self.head else {
            let (head, mut check) = head_of(&node)?;
            check.add(line);
            self.head = Some((head, check));
            return Ok(());
        };
        if node.get("entries").is_some() {
            let entries = node.get("entries").and_then(Node::as_i64);
            if entries.and_then(|entries| u64::try_from(entries).ok()) != Some(self.entries) {
                return refused(format!("it has {} entries and says another number", self.entries));
            }
            let (name, told) = check.clone().told();
            if node.get(name).and_then(Node::as_str) != Some(&told) {
                return refused("what its last line says is not of its lines");
            }
            self.closed = Some(told);
            return Ok(());
        }
        check.add(line);
        self.entries += 1;
        self.not_understood += u64::from(!understood(&node)?);
        Ok(())
    }

    /// What it was: its first line, what its last one says of all, and how many values this edge does not understand.
    ///
    /// # Errors
    /// It has no last line.
    pub fn end(self) -> Result<(Head, String, u64), Refused> {
        match (self.head, self.closed) {
            (Some((head, _)), Some(told)) => Ok((head, told, self.not_understood)),
            (None, _) => refused("it is empty"),
            (_, None) => refused("its last line is missing"),
        }
    }
}

fn head_of(node: &Node<'_>) -> Result<(Head, Check), Refused> {
    let Some(check) = Check::of(node.get("accord").and_then(Node::as_i64)) else {
        return refused("its first line is not that of the form `accord` 1 or 2");
    };
    let text = |name: &str| node.get(name).and_then(Node::as_str);
    let as_of = text("as_of").and_then(|time| time.parse().ok());
    match (text("node"), as_of, text("cursor")) {
        (Some(name), Some(as_of), Some(cursor)) => {
            Ok((Head { node: name.to_owned(), as_of, cursor: cursor.to_owned() }, check))
        }
        _ => refused("its first line lacks node, as_of or cursor"),
    }
}

/// What a line says of a value, before that is made of its text.
struct Said<'n> {
    kind: Kind,
    value: &'n str,
    mode: Mode,
    action: Option<Action>,
    until: Option<Timestamp>,
    then: Vec<Does>,
}

/// The value that is told; `None` for one that this release does not understand: of a kind or in a mode that came later.
fn told_of(node: &Node<'_>) -> Result<Option<Told>, Refused> {
    let Some(Said { kind, value, mode, action, until, then }) = said_of(node)? else { return Ok(None) };
    let Ok(value) = normalise(kind, value) else { return Ok(None) };
    let indicator = node.get("indicator").and_then(Node::as_str).map(str::to_owned);
    Ok(Some(Told { value, mode, action, until, then, indicator }))
}

fn said_of<'n>(node: &'n Node<'_>) -> Result<Option<Said<'n>>, Refused> {
    let text = |name: &str| node.get(name).and_then(Node::as_str);
    let (Some(kind), Some(mode), Some(value), Some(action)) =
        (text("kind"), text("mode"), text("value"), text("action"))
    else {
        return refused("a value lacks kind, mode, value or action");
    };
    let until = until_of(node)?;
    let mut then = Vec::new();
    let later = node.get("later").and_then(Node::as_array).unwrap_or_default();
    for next in node.get("then").filter(|then| !then.is_null()).into_iter().chain(later).take(FALLS) {
        let until = until_of(next)?;
        // What follows in a word of a later release is nothing: the next whole set tells it.
        let Some(action) = next.get("action").and_then(Node::as_str).and_then(Action::named) else { break };
        then.push((action, until));
    }
    let action = match (action, Action::named(action)) {
        ("nothing", _) => None,
        (_, None) => return Ok(None),
        (_, action) => action,
    };
    let (Some(kind), Some(mode)) = (Kind::from_name(kind), Mode::from_name(mode)) else { return Ok(None) };
    Ok(Some(Said { kind, value, mode, action, until, then }))
}

fn until_of(node: &Node<'_>) -> Result<Option<Timestamp>, Refused> {
    match node.get("until") {
        None => Ok(None),
        Some(until) if until.is_null() => Ok(None),
        Some(until) => match until.as_str().and_then(|until| until.parse().ok()) {
            Some(until) => Ok(Some(until)),
            None => refused("a value's `until` is no time"),
        },
    }
}

/// The line of a whole set that tells a value.
#[must_use]
pub fn value_line(told: &Told) -> String {
    let mut document = serde_json::json!({
        "kind": told.value.kind().name(), "mode": told.mode.name(), "value": told.value.text(),
        "action": told.action.map_or("nothing", Action::name), "until": told.until.map(|until| until.to_string()),
        "indicator": told.indicator,
    });
    let mut then = told.then.iter().map(|(action, until)| {
        let until = until.map(|until| until.to_string());
        serde_json::json!({"action": action.name(), "until": until})
    });
    if let (Some(first), Some(document)) = (then.next(), document.as_object_mut()) {
        document.insert("then".to_owned(), first);
        let later: Vec<serde_json::Value> = then.collect();
        if !later.is_empty() {
            document.insert("later".to_owned(), later.into());
        }
    }
    format!("{document}\n")
}

/// The first line of a whole set.
#[must_use]
pub fn head_line(head: &Head) -> String {
    let (node, as_of, cursor) = (&head.node, head.as_of.to_string(), &head.cursor);
    format!("{}\n", serde_json::json!({"accord": 2, "node": node, "as_of": as_of, "cursor": cursor}))
}

/// The last line of a whole set.
#[must_use]
pub fn last_line(entries: u64, sum: Sum) -> String {
    format!("{}\n", serde_json::json!({"entries": entries, "sum": sum.to_string()}))
}

/// Digits of bytes.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// What holds of a value now.
    Value(Box<Told>),
    /// A value that this release does not understand.
    NotUnderstood,
    /// A recall: what it takes away follows.
    Recall(String),
    /// The whole set is to be fetched anew, for a reason.
    Reset(String),
    /// All up to here was told.
    Now {
        /// The node's time.
        at: Timestamp,
        /// From where on to ask the next time.
        cursor: String,
    },
    /// An object came, changed or went.
    Object,
    /// Something else, which is nothing to an edge.
    Other,
}

/// Takes server-sent events apart (HTML, 9.2).
#[derive(Debug, Default)]
pub struct Events {
    line: Vec<u8>,
    name: String,
    data: String,
}

impl Events {
    /// Takes the next bytes. Answers the events that they end.
    ///
    /// # Errors
    /// What is no event as they were agreed on: the connection is of no use any more.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Vec<Event>, Refused> {
        let mut events = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.len() > LINE_BYTES_MAX || self.data.len() > LINE_BYTES_MAX {
                return refused("a line of the stream is too long");
            }
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                let Ok(line) = std::str::from_utf8(&line) else { return refused("the stream is no text") };
                events.extend(self.line(line.trim_end_matches(['\r', '\n']))?);
            }
        }
        Ok(events)
    }

    fn line(&mut self, line: &str) -> Result<Option<Event>, Refused> {
        if line.is_empty() {
            let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
            return if name.is_empty() && data.is_empty() {
                Ok(None)
            } else {
                event_of(&name, &data).map(Some)
            };
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            // Where to go on is told by `now` alone: all before it was told then.
            _ => {}
        }
        Ok(None)
    }
}

fn event_of(name: &str, data: &str) -> Result<Event, Refused> {
    if name == "object" {
        return Ok(Event::Object);
    }
    if !matches!(name, "value" | "recall" | "reset" | "now") {
        return Ok(Event::Other);
    }
    let Ok(node) = strictjson::parse(data.as_bytes(), &LIMITS) else {
        return refused(format!("an event `{name}` is no JSON"));
    };
    let text = |name: &str| node.get(name).and_then(Node::as_str);
    Ok(match name {
        "value" => told_of(&node)?.map_or(Event::NotUnderstood, |told| Event::Value(Box::new(told))),
        "recall" => Event::Recall(text("id").unwrap_or_default().to_owned()),
        "reset" => Event::Reset(text("why").unwrap_or_default().to_owned()),
        _ => match (text("at").and_then(|at| at.parse().ok()), text("cursor")) {
            (Some(at), Some(cursor)) => Event::Now { at, cursor: cursor.to_owned() },
            _ => return refused("an event `now` lacks at or cursor"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(lines: &[&str], entries: u64) -> String {
        let head = Head { node: "hub".to_owned(), as_of: Timestamp(0), cursor: "c".to_owned() };
        let body: String =
            [head_line(&head)].into_iter().chain(lines.iter().map(|l| format!("{l}\n"))).collect();
        let mut sum = Sum::default();
        body.split_inclusive('\n').for_each(|line| sum.add(line.as_bytes()));
        body + &last_line(entries, sum)
    }

    fn read(text: &str) -> Result<(Head, String, u64), Refused> {
        let mut whole = Whole::default();
        for line in text.split_inclusive('\n') {
            whole.line(line.as_bytes())?;
        }
        whole.end()
    }

    const VALUE: &str = r#"{"kind":"domain","mode":"exact","value":"evil.example","action":"block","until":null,"indicator":null}"#;
    const LATER: &str =
        r#"{"kind":"smell","mode":"exact","value":"x","action":"block","until":null,"indicator":null}"#;

    #[test]
    fn a_whole_set_is_whole_or_refused() {
        let good = whole(&[VALUE, LATER], 2);
        assert_eq!(read(&good).unwrap().2, 1, "what came later is counted and passed over");
        assert_eq!(read(&whole(&[], 0)).unwrap().2, 0, "one that says that it is empty is");
        let cut = good.rfind("{\"entries").unwrap();
        for (text, why) in [
            (String::new(), "empty"),
            (good[..cut].to_owned(), "last line is missing"),
            (good[..good.len() - 1].to_owned(), "torn"),
            (whole(&[VALUE], 2), "another number"),
            (good.replace("evil", "good"), "not of its lines"),
            (good.replace("\"accord\":2", "\"accord\":3"), "first line"),
            (format!("{good}{VALUE}\n"), "behind"),
            ("[]\n".to_owned(), "first line"),
            (whole(&["{"], 1), "no JSON"),
            (whole(&["{}"], 1), "lacks"),
        ] {
            let refused = read(&text).unwrap_err();
            assert!(refused.0.contains(why), "{refused} is not {why}");
        }
    }

    #[test]
    fn a_copy_of_before_is_read() {
        let body = format!(
            "{{\"accord\":1,\"node\":\"hub\",\"as_of\":\"2026-06-01T00:00:00Z\",\"cursor\":\"c\"}}\n{VALUE}\n"
        );
        let digest = hexadecimal(&Sha256::digest(body.as_bytes()));
        let last = |digest: &str| format!("{{\"entries\":1,\"sha256\":\"{digest}\"}}\n");
        assert_eq!(read(&format!("{body}{}", last(&digest))).unwrap().1, digest);
        let torn = body.replace("evil", "good");
        assert!(read(&format!("{torn}{}", last(&digest))).unwrap_err().0.contains("not of its lines"));
    }

    #[test]
    fn a_line_reads_as_it_was_written() {
        let node = strictjson::parse(VALUE.as_bytes(), &LIMITS).unwrap();
        let told = told_of(&node).unwrap().unwrap();
        let line = value_line(&told);
        assert_eq!(
            told_of(&strictjson::parse(line.trim().as_bytes(), &LIMITS).unwrap()).unwrap().unwrap(),
            told
        );
    }

    #[test]
    fn events_are_the_same_however_they_are_cut() {
        let stream = format!(
            ": hello\n\nid: 1\nevent: value\ndata: {VALUE}\n\nevent: value\ndata: {LATER}\n\nevent: object\ndata: x\n\nevent: later\ndata: x\n\n\
             event: reset\ndata: {{\"why\":\"policy\"}}\n\nevent: now\r\ndata: {{\"at\":\"2026-06-01T00:00:00Z\",\ndata: \"cursor\":\"c\"}}\r\n\r\n"
        );
        let at_once = Events::default().take(stream.as_bytes()).unwrap();
        let mut events = Events::default();
        let one_by_one: Vec<Event> =
            stream.as_bytes().iter().flat_map(|byte| events.take(&[*byte]).unwrap()).collect();
        assert_eq!(at_once, one_by_one);
        assert!(matches!(
            at_once.as_slice(),
            [
                Event::Value(_),
                Event::NotUnderstood,
                Event::Object,
                Event::Other,
                Event::Reset(_),
                Event::Now { .. }
            ]
        ));
        assert!(Events::default().take(b"event: now\ndata: {}\n\n").is_err());
        assert!(Events::default().take(&vec![b'x'; LINE_BYTES_MAX + 1]).is_err());
    }
}
