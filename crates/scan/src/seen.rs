//! What was seen in logs, as events that a node takes: one for each value, host and day, however many lines say it.
//!
//! An event is named by its value, host and day alone. So the same logs, gone through again in any parts and any order, come to the same
//! events, which count once.

use std::collections::HashSet;
use std::net::IpAddr;

use model::observable::{Kind, Observable};
use serde_json::json;
use sha2::{Digest, Sha256};
use shield::{Observer, Timestamp};

use crate::blocks::begun;
use crate::format::{Format, HEADLESS, Heads, is_headless, sniff};
use crate::map::Map;
use crate::run::Input;

/// Names of events that are remembered, so that they are written once; of more than these some are written again.
const REMEMBERED: usize = 1 << 20;
/// The longest value that is written, in bytes.
const VALUE_BYTES: usize = 4 << 10;
/// The longest name of a host, in bytes.
const HOST_BYTES: usize = 255;
const DAY_US: i64 = 86_400_000_000;

/// What was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// Lines that say no time, or no host.
    pub lines: u64,
    /// Logs that could not be read to their end, and why.
    pub unread: Vec<(String, String)>,
}

/// Writes events of what was seen in logs, a line of JSON each, nothing of before `since`.
///
/// # Errors
/// Those of `write`.
pub fn events<'i, E>(
    inputs: impl Iterator<Item = Input<'i>>,
    map: Option<&Map>,
    since: Option<Timestamp>,
    write: &mut dyn FnMut(&str) -> Result<(), E>,
) -> Result<Left, E> {
    let mut left = Left::default();
    let mut writer = Writer { written: HashSet::new(), since, write, failed: None };
    for input in inputs {
        let name = input.name.clone();
        if let Err(why) = log(input, map, &mut writer, &mut left.lines) {
            left.unread.push((name, why));
        }
        if let Some(failed) = writer.failed.take() {
            return Err(failed);
        }
    }
    Ok(left)
}

fn log<E>(
    input: Input<'_>,
    map: Option<&Map>,
    writer: &mut Writer<'_, E>,
    left_out: &mut u64,
) -> Result<(), String> {
    let mut begun = begun(input.bytes, map).map_err(|error| error.to_string())?;
    let mapped = begun.layout.take();
    let format = mapped.as_ref().map(|_| Format::Mapped).or(input.format);
    let format = format.unwrap_or_else(|| sniff(&begun.beginning));
    if format == Format::ZeekTsv && is_headless(&begun.beginning) {
        return Err(HEADLESS.to_owned());
    }
    // What a web server writes names its visitors, and no host of ours.
    let is_of_ours = format != Format::Combined;
    let layout = mapped.map_or_else(|| format.layout(input.clock), |layout| Ok(input.clock.of(layout)));
    let layout = layout.map_err(|error| error.to_string())?;
    let mut heads = Heads::new(format, &layout);
    let mut observer = Observer::new(layout);
    let mut torn = None;
    loop {
        let piece = match begun.pieces.next() {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            // What stood before it is still to come.
            Err(error) => {
                torn = Some(error.to_string());
                continue;
            }
        };
        for (piece, header) in heads.cut(piece) {
            if let Some(layout) = header {
                observer = Observer::new(std::sync::Arc::unwrap_or_clone(layout));
            }
            if !is_of_ours {
                *left_out +=
                    piece.bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count() as u64;
                continue;
            }
            *left_out += observer.observe(&piece.bytes, &is_inside, &mut |seen| {
                writer.host(seen.time, seen.host);
                let outside = seen.values.iter().filter(|value| !is_inside(value));
                outside.for_each(|value| writer.value(seen.time, seen.host, Some(value)));
            });
            if writer.failed.is_some() {
                return Ok(());
            }
        }
    }
    torn.map_or(Ok(()), Err)
}

struct Writer<'w, E> {
    written: HashSet<[u8; 8]>,
    since: Option<Timestamp>,
    write: &'w mut dyn FnMut(&str) -> Result<(), E>,
    failed: Option<E>,
}

impl<E> Writer<'_, E> {
    // A host that touched nothing outside counts among all hosts.
    fn host(&mut self, time: Timestamp, host: &str) {
        self.value(time, host, None);
    }

    fn value(&mut self, time: Timestamp, host: &str, value: Option<&Observable>) {
        let is_past = self.since.is_some_and(|since| time < since);
        let is_long = host.len() > HOST_BYTES || value.is_some_and(|value| value.text().len() > VALUE_BYTES);
        if is_past || is_long || host.chars().any(char::is_control) || self.failed.is_some() {
            return;
        }
        let id = name(time.0.div_euclid(DAY_US), host, value);
        if self.written.len() >= REMEMBERED {
            self.written.clear();
        }
        if !self.written.insert(id) {
            return;
        }
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let observables: Vec<_> =
            value.iter().map(|value| json!({ "type": value.kind().name(), "value": value.text() })).collect();
        let event = json!({
            "time": time.to_string(), "host": host, "observables": observables, "sensor": "scan", "id": id,
        });
        self.failed = (self.write)(&event.to_string()).err();
    }
}

fn name(day: i64, host: &str, value: Option<&Observable>) -> [u8; 8] {
    let mut digest = Sha256::new();
    digest.update(day.to_be_bytes());
    digest.update((host.len() as u64).to_be_bytes());
    digest.update(host.to_lowercase());
    digest.update(value.map_or(&[][..], |value| value.key()));
    digest.finalize().first_chunk().copied().unwrap_or_default()
}

/// Whether a value is an address that leads nowhere outside, or at one: the node keeps nothing of it.
fn is_inside(value: &Observable) -> bool {
    let host = match value.kind() {
        Kind::Ipv4 | Kind::Ipv6 => value.text().parse().ok(),
        Kind::IpPort | Kind::Url => value.host().and_then(|host| host.text().parse().ok()),
        _ => None,
    };
    host.is_some_and(|address| match address {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_multicast()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
        }
    })
}
