//! What an agent beside sensors reports of itself, read from its JSON.

use model::Timestamp;
use serde::{Deserialize, Serialize};
use strictjson::{Limits, Node};

/// Longest report, in bytes.
pub const BYTES: usize = 64 << 10;
/// Most sensors of one edge.
const SENSORS: usize = 100;
/// Longest name and kind, in bytes.
const NAME: usize = 100;
/// Longest error that is kept, in characters.
const ERROR: usize = 500;

/// What an edge does when it does not know what the node knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fail {
    /// What it knew last ends in time, and nothing else is stopped.
    Open,
    /// What it knew last stays until its own end.
    Closed,
}

impl Fail {
    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Fail::Open => "open",
            Fail::Closed => "closed",
        }
    }
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// When, by its clock.
    pub at: Timestamp,
    /// The cursor up to which it was told everything.
    pub cursor: Option<String>,
    /// The node's time of what it knew whole last.
    pub knowledge: Option<Timestamp>,
    /// What it does without the node.
    pub fail: Fail,
    /// Its sensors.
    pub sensors: Vec<Sensor>,
}

/// A sensor of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sensor {
    /// What the edge calls it.
    pub name: String,
    /// What it is: `suricata`, `nftables` and so on.
    pub kind: String,
    /// The cursor up to which it holds everything.
    pub cursor: Option<String>,
    /// Since when.
    pub applied: Option<Timestamp>,
    /// Values that it holds.
    pub entries: u64,
    /// Of these, those that block.
    pub blocks: u64,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// Whether this can be an edge's name: letters, digits, dots, hyphens and underscores, at most 100, and no dot first.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let is_in = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !name.is_empty() && name.len() <= NAME && !name.starts_with('.') && name.bytes().all(is_in)
}

/// Reads a report. Members that are not known here are passed over: agents may be of a later release than the node.
///
/// # Errors
/// What is wrong, with its pointer.
pub fn read(bytes: &[u8]) -> Result<Report, String> {
    let limits = Limits { bytes: BYTES, depth: 8, ..Limits::default() };
    let root =
        strictjson::parse(bytes, &limits).map_err(|error| format!("it is no JSON that is taken: {error}"))?;
    let fail = match text(&root, "fail")?.as_deref() {
        Some("open") => Fail::Open,
        Some("closed") => Fail::Closed,
        _ => return Err("`/fail` is `open` or `closed`".to_owned()),
    };
    let sensors = root.get("sensors").and_then(Node::as_array).ok_or("`/sensors` is a list")?;
    if sensors.len() > SENSORS {
        return Err(format!("`/sensors` has at most {SENSORS}"));
    }
    Ok(Report {
        at: time(&root, "at")?.ok_or("`/at` is the time of its clock")?,
        cursor: text(&root, "cursor")?,
        knowledge: time(&root, "knowledge")?,
        fail,
        sensors: sensors.iter().map(sensor).collect::<Result<_, String>>()?,
    })
}

fn sensor(of: &Node<'_>) -> Result<Sensor, String> {
    let named = |name: &str| {
        let word = text(of, name)?.filter(|word| !word.is_empty() && word.len() <= NAME);
        word.ok_or_else(|| format!("`/sensors/…/{name}` is a text of at most {NAME} bytes"))
    };
    let count = |name: &str| {
        let number =
            of.get(name).map_or(Some(0), |number| number.as_i64().and_then(|n| u64::try_from(n).ok()));
        number.ok_or_else(|| format!("`/sensors/…/{name}` is a whole number, not negative"))
    };
    Ok(Sensor {
        name: named("name")?,
        kind: named("kind")?,
        cursor: text(of, "cursor")?,
        applied: time(of, "applied")?,
        entries: count("entries")?,
        blocks: count("blocks")?,
        error: text(of, "error")?.map(|error| error.chars().take(ERROR).collect()),
    })
}

fn text(of: &Node<'_>, name: &str) -> Result<Option<String>, String> {
    match of.get(name) {
        None => Ok(None),
        Some(node) if matches!(node.value, strictjson::Value::Null) => Ok(None),
        Some(node) => {
            node.as_str().map(|text| Some(text.to_owned())).ok_or_else(|| format!("`/{name}` is a text"))
        }
    }
}

fn time(of: &Node<'_>, name: &str) -> Result<Option<Timestamp>, String> {
    let text = text(of, name)?;
    text.map(|text| text.parse().map_err(|error| format!("`/{name}` is `{text}`: {error}"))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_and_each_mistake_told() {
        let whole = r#"{"at":"2026-09-01T00:00:00Z","cursor":null,"knowledge":"2026-09-01T00:00:00Z","fail":"open","later":1,
            "sensors":[{"name":"edge-1","kind":"nftables","cursor":"abc","applied":null,"entries":2,"blocks":1,"error":null}]}"#;
        let report = read(whole.as_bytes()).unwrap();
        assert_eq!((report.cursor, report.fail, report.sensors.len()), (None, Fail::Open, 1));
        assert_eq!(report.sensors[0].cursor.as_deref(), Some("abc"));
        for (from, to, says) in [
            ("\"open\"", "\"ajar\"", "`/fail`"),
            ("\"2026-09-01T00:00:00Z\",\"cursor\"", "\"now\",\"cursor\"", "`/at` is `now`"),
            ("\"entries\":2", "\"entries\":-2", "entries"),
            ("\"nftables\"", "\"\"", "kind"),
            ("\"sensors\":[", "\"senses\":[", "`/sensors`"),
            ("{\"at\"", "{\"at", "no JSON"),
        ] {
            let told = read(whole.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(told.contains(says), "{told}");
        }
        assert!(
            is_name("site-3.edge_1")
                && !is_name("")
                && !is_name("..")
                && !is_name("a/b")
                && !is_name(&"a".repeat(101))
        );
    }
}
