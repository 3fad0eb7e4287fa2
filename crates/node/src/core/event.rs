//! An event as a sensor tells it: when, on which host, which observables. Read strictly, and each mistake told.

use model::Timestamp;
use model::matching::{Nearness, asks};
use model::observable::{Kind, Observable, PrefixLengths, guess, normalise, text_of_key};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use store::seen::Event;
use strictjson::{Limits, Node};

use super::offered::is_reserved;

/// Length of one event, in bytes.
pub const EVENT_BYTES: usize = 256 << 10;
/// Observables of one event.
pub const OBSERVABLES: usize = 100;
/// Length of the name of a host and of a sensor, in bytes.
const NAME_BYTES: usize = 255;
/// Length of an id, in bytes.
const ID_BYTES: usize = 256;
/// How much later than now an event may have happened, in seconds: clocks of sensors differ.
const AHEAD_S: i64 = 3_600;
/// The members of an event.
const MEMBERS: [&str; 5] = ["time", "host", "observables", "sensor", "id"];
/// Ends of names that lead nowhere outside, or say of an address what it is.
const INSIDE: [&str; 9] =
    ["arpa", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost"];

/// What may be told.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Nothing before this.
    pub from: Timestamp,
    /// The time now.
    pub now: Timestamp,
}

/// An event that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// It, for the index.
    pub event: Event,
    /// What was seen, each once, without what leads nowhere outside.
    pub values: Vec<Observable>,
    /// Values that have no normal form and were passed over: where, and why.
    pub unfit: Vec<(String, String)>,
}

/// Reads an event.
///
/// # Errors
/// Why it is refused, in words; and its id, as far as it could be read.
pub fn read(bytes: &[u8], times: Times) -> Result<Told, (String, Option<String>)> {
    let limits = Limits { bytes: EVENT_BYTES, depth: 8, nodes: 4_096, string_bytes: 64 << 10 };
    let event = strictjson::parse(bytes, &limits)
        .map_err(|error| (format!("no JSON that is taken: {error}"), None))?;
    read_node(&event, times)
}

/// Reads an event of a list.
///
/// # Errors
/// As [`read`].
pub fn read_node(event: &Node<'_>, times: Times) -> Result<Told, (String, Option<String>)> {
    let id = event.get("id").and_then(Node::as_str).filter(|id| id.len() <= ID_BYTES).map(str::to_owned);
    understood(event, times, id.clone()).map_err(|why| (why, id))
}

fn understood(event: &Node<'_>, times: Times, id: Option<String>) -> Result<Told, String> {
    let members = event.as_object().ok_or_else(|| format!("{}, not an object", event.a_kind()))?;
    if let Some(other) = members.iter().find(|member| !MEMBERS.contains(&&*member.key)) {
        let shown: String = other.key.chars().take(80).collect();
        return Err(format!("`{shown}` is no member of an event; it has {}", MEMBERS.join(", ")));
    }
    let time = text(event, "time")?.ok_or("`time` is missing")?;
    let time = instant(time).ok_or_else(|| {
        format!("`time` is `{}`, not an RFC 3339 time such as `2026-03-01T12:00:00Z`", cut(time))
    })?;
    if time > times.now.plus_seconds(AHEAD_S) {
        return Err(format!("`time` is {time}, which is more than an hour from now"));
    }
    if time < times.from {
        return Err(format!("`time` is {time}, and nothing before {} is kept", times.from));
    }
    let host = name(event, "host")?.ok_or("`host` is missing")?;
    let host = host.trim().trim_end_matches('.').to_lowercase();
    if host.is_empty() {
        return Err("`host` is empty".to_owned());
    }
    let sensor = name(event, "sensor")?;
    if event.get("id").is_some() && id.as_ref().is_none_or(String::is_empty) {
        return Err(format!("`id` is a text of 1 to {ID_BYTES} bytes"));
    }
    let (values, unfit) = values(event)?;
    let keys: Vec<Vec<u8>> = touched(&values).iter().map(|value| value.key().to_vec()).collect();
    let print = print(time, &host, sensor, id.as_deref(), &keys);
    Ok(Told { event: Event { time, host, keys, print, id }, values, unfit })
}

/// RFC 3339 with any offset, its colon left out or not: sensors write their own time.
fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let at = text.rfind(['+', '-']).filter(|at| *at >= "2026-03-01T12:00:00".len())?;
    let (head, offset) = text.split_at_checked(at)?;
    let time: Timestamp = format!("{head}Z").parse().ok()?;
    let (hours, minutes) = match offset.len() {
        5 => (offset.get(1..3)?, offset.get(3..)?),
        6 if offset.get(3..4) == Some(":") => (offset.get(1..3)?, offset.get(4..)?),
        _ => return None,
    };
    let within = |text: &str, most: u8| {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u8>().ok().filter(|number| is_number && *number < most).map(i64::from)
    };
    let seconds = (within(hours, 24)? * 60 + within(minutes, 60)?) * 60;
    Some(time.plus_seconds(if offset.starts_with('+') { -seconds } else { seconds }))
}

fn text<'a>(event: &'a Node<'_>, member: &str) -> Result<Option<&'a str>, String> {
    match event.get(member).filter(|node| !node.is_null()) {
        None => Ok(None),
        Some(node) => {
            node.as_str().map(Some).ok_or_else(|| format!("`{member}` is {}, not a text", node.a_kind()))
        }
    }
}

fn name<'a>(event: &'a Node<'_>, member: &str) -> Result<Option<&'a str>, String> {
    let name = text(event, member)?;
    if name.is_some_and(|name| name.len() > NAME_BYTES || name.chars().any(char::is_control)) {
        return Err(format!("`{member}` is longer than {NAME_BYTES} bytes, or has control characters"));
    }
    Ok(name)
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

type Values = (Vec<Observable>, Vec<(String, String)>);

fn values(event: &Node<'_>) -> Result<Values, String> {
    let Some(listed) = event.get("observables").filter(|node| !node.is_null()) else {
        return Err(
            "`observables` is missing; a host that touched nothing is told with an empty list".to_owned()
        );
    };
    let listed = listed.as_array().ok_or("`observables` is no list")?;
    if listed.len() > OBSERVABLES {
        return Err(format!("`observables` has more than {OBSERVABLES}"));
    }
    let (mut values, mut unfit) = (Vec::with_capacity(listed.len()), Vec::new());
    for (place, one) in listed.iter().enumerate() {
        match value(one) {
            Ok(value) if leads_nowhere(&value) || values.contains(&value) => {}
            Ok(value) => values.push(value),
            Err(why) => unfit.push((format!("/observables/{place}"), why)),
        }
    }
    Ok((values, unfit))
}

fn value(one: &Node<'_>) -> Result<Observable, String> {
    if let Some(text) = one.as_str() {
        return guess(text).map_err(|unfit| unfit.to_string());
    }
    let pair =
        one.as_object().filter(|pair| pair.iter().all(|member| ["type", "value"].contains(&&*member.key)));
    let (kind, text) = match pair.map(|_| (one.get("type"), one.get("value"))) {
        Some((Some(kind), Some(text))) => (kind.as_str(), text.as_str()),
        _ => return Err("neither a text nor an object with `type` and `value`".to_owned()),
    };
    let (Some(kind), Some(text)) = (kind, text) else {
        return Err("`type` and `value` are texts".to_owned());
    };
    let kind = Kind::from_name(kind)
        .filter(|kind| !kind.is_rule())
        .ok_or_else(|| format!("`{}` is no type of observables", cut(kind)))?;
    normalise(kind, text).map_err(|unfit| unfit.to_string())
}

/// Whether a value leads nowhere outside, so that nothing is kept of it: a private, local or multicast address, a name that no
/// public server knows, a reverse name, and what is at one of them. What is set aside for documentation and tests is kept.
#[must_use]
pub fn leads_nowhere(value: &Observable) -> bool {
    match value.kind() {
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr4 | Kind::Cidr6 => {
            let address = value.text().split('/').next().and_then(|address| address.parse().ok());
            is_reserved(value) && !address.is_some_and(is_documentation)
        }
        Kind::Domain => {
            let end = value.text().rsplit('.').next().unwrap_or_default();
            INSIDE.contains(&end) || end == value.text()
        }
        Kind::Url | Kind::IpPort | Kind::Email => value.host().is_some_and(|host| leads_nowhere(&host)),
        _ => false,
    }
}

fn is_documentation(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_documentation() || matches!(v4.octets(), [198, 18 | 19, ..]),
        IpAddr::V6(v6) => v6.segments().first_chunk() == Some(&[0x2001, 0x0db8]),
    }
}

/// What an event touched: its values, and what they were reached by: the host of a URL and the port of its address, the address
/// before a port, the domain of an email address, the name at the end of a path.
#[must_use]
pub fn touched(values: &[Observable]) -> Vec<Observable> {
    let mut touched: Vec<Observable> = Vec::with_capacity(values.len() * 2);
    for value in values {
        touched.push(value.clone());
        let host = value.host();
        if value.kind() == Kind::Url && host.as_ref().is_some_and(|host| host.kind() != Kind::Domain) {
            let port = asks(value, &PrefixLengths::default()).into_iter();
            let port =
                port.filter(|ask| ask.nearness == Nearness::Port).filter_map(|ask| text_of_key(&ask.key));
            touched.extend(port.filter_map(|text| normalise(Kind::IpPort, &text).ok()));
        }
        touched.extend(host);
        if value.kind() == Kind::FilePath {
            touched.extend(normalise(Kind::FileName, value.text()).ok());
        }
    }
    touched.sort_unstable_by(|one, other| one.key().cmp(other.key()));
    touched.dedup_by(|one, other| one.key() == other.key());
    touched
}

/// Whether what is touched by the way of a value of this kind stands beside it.
#[must_use]
pub fn leads_on(kind: Kind) -> bool {
    matches!(kind, Kind::Url | Kind::IpPort | Kind::Email | Kind::FilePath)
}

/// The same event has the same print: by its id and sensor where it has an id, else by all that it says.
fn print(time: Timestamp, host: &str, sensor: Option<&str>, id: Option<&str>, keys: &[Vec<u8>]) -> u64 {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    add(sensor.unwrap_or_default().as_bytes());
    match id {
        Some(id) => add(id.as_bytes()),
        None => {
            add(&time.0.to_le_bytes());
            add(host.as_bytes());
            keys.iter().for_each(|key| add(key));
        }
    }
    digest.finalize().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_788_220_800_000_000);

    fn told(text: &str) -> Result<Told, String> {
        let times = Times { from: Timestamp(NOW.0 - 90 * 86_400_000_000), now: NOW };
        read(text.as_bytes(), times).map_err(|(why, _)| why)
    }

    fn event(rest: &str) -> String {
        format!(r#"{{"time":"2026-08-31T12:00:00Z","host":"Laptop-7.",{rest}}}"#)
    }

    #[test]
    fn an_event_stands_under_what_it_touched_and_how_it_came_there() {
        let one = told(&event(
            r#""observables":["hxxp://www.example[.]com/a","198.51.100.7:443",{"type":"file-path","value":"C:\\a\\b.exe"},"10.1.2.3","printer.local","198.51.100.7:443"]"#,
        ))
        .unwrap();
        assert_eq!((one.event.host.as_str(), one.values.len(), one.unfit.len()), ("laptop-7", 3, 0));
        let key = |kind, text| normalise(kind, text).unwrap().key().to_vec();
        for (kind, text) in
            [(Kind::Domain, "www.example.com"), (Kind::Ipv4, "198.51.100.7"), (Kind::FileName, "b.exe")]
        {
            assert!(one.event.keys.contains(&key(kind, text)), "{text}");
        }
    }

    #[test]
    fn the_same_event_is_known_by_its_id_or_by_what_it_says() {
        let print = |rest: &str| told(&event(rest)).unwrap().event.print;
        let list = r#""observables":["example.com","198.51.100.7"]"#;
        let turned = r#""observables":["198.51.100.7","example.com"]"#;
        assert_eq!(print(list), print(turned));
        assert_ne!(print(list), print(r#""observables":["example.com"]"#));
        assert_ne!(print(list), print(&format!(r#"{list},"sensor":"dns-1""#)));
        let by_id = |rest: &str| print(&format!(r#"{rest},"id":"a","sensor":"s""#));
        assert_eq!(by_id(list), by_id(r#""observables":[]"#));
    }

    #[test]
    fn times_have_any_offset() {
        let noon: Timestamp = "2026-08-31T12:00:00.5Z".parse().unwrap();
        for text in
            ["2026-08-31T14:00:00.5+02:00", "2026-08-31T05:30:00.5-0630", "2026-08-31T12:00:00.5+0000"]
        {
            assert_eq!(instant(text), Some(noon), "{text}");
        }
        for text in [
            "2026-08-31",
            "2026-08-31T14:00:00+2",
            "2026-08-31T14:00:00+24:00",
            "2026-08-31T14:00:00++200",
            "",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, says) in [
            ("{", "no JSON"),
            ("[]", "an array, not an object"),
            (r#"{"time":7}"#, "`time` is a number"),
            (r#"{"host":"a","observables":[]}"#, "`time` is missing"),
            (r#"{"time":"yesterday","host":"a","observables":[]}"#, "`time` is `yesterday`"),
            (r#"{"time":"2026-09-01T02:00:00Z","host":"a","observables":[]}"#, "an hour from now"),
            (r#"{"time":"2026-05-01T00:00:00Z","host":"a","observables":[]}"#, "nothing before"),
            (r#"{"time":"2026-08-31T12:00:00Z","observables":[]}"#, "`host` is missing"),
            (r#"{"time":"2026-08-31T12:00:00Z","host":" ","observables":[]}"#, "`host` is empty"),
            (r#"{"time":"2026-08-31T12:00:00Z","host":"a"}"#, "`observables` is missing"),
            (r#"{"time":"2026-08-31T12:00:00Z","host":"a","observables":"x"}"#, "no list"),
            (r#"{"time":"2026-08-31T12:00:00Z","host":"a","observables":[],"id":""}"#, "`id` is a text"),
            (r#"{"time":"2026-08-31T12:00:00Z","host":"a","ip":"x"}"#, "`ip` is no member"),
        ] {
            assert!(told(text).unwrap_err().contains(says), "{text}: {:?}", told(text));
        }
        let many = vec![r#""example.com""#; 101].join(",");
        assert!(told(&event(&format!(r#""observables":[{many}]"#))).unwrap_err().contains("more than 100"));
        let some =
            told(&event(r#""observables":["example.com","???",{"type":"word","value":"x"},7]"#)).unwrap();
        assert_eq!((some.values.len(), some.unfit.len()), (1, 3));
        assert_eq!(some.unfit[0].0, "/observables/1");
    }
}
