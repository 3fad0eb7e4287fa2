//! Going through records for what was seen in them, whether it is known or not.

use model::Timestamp;
use model::observable::{Kind, Observable};

use super::{Slots, UrlBytes, plain, values};
use crate::observe::{self, Holds};
use crate::read::{Layout, Lines, Task, Walker, words};

/// What a record says that a host touched.
#[derive(Debug)]
pub struct Seen<'s> {
    /// When.
    pub time: Timestamp,
    /// The host: its address, or else its name.
    pub host: &'s str,
    /// What it touched, without its own address.
    pub values: &'s [Observable],
}

/// Goes through records of one layout for what was seen. Each value is brought into its normal form, so this takes longer than a
/// [`super::Scanner`].
pub struct Observer {
    layout: Layout,
    walker: Walker,
    plain: Vec<u8>,
    seen: Vec<Observable>,
}

impl Observer {
    /// For records of this layout.
    #[must_use]
    pub fn new(layout: Layout) -> Observer {
        Observer { layout, walker: Walker::default(), plain: Vec::new(), seen: Vec::new() }
    }

    /// Goes through lines, each whole, and tells what was seen in their order. `is_own` says whether an address is of the inside: of two
    /// that speak with each other the one that began is the host, unless only the other is. Gives how many lines say no time or no host, and were left out.
    pub fn observe(
        &mut self,
        bytes: &[u8],
        is_own: &dyn Fn(&Observable) -> bool,
        tell: &mut impl FnMut(&Seen<'_>),
    ) -> u64 {
        let mut left_out = 0;
        for line in bytes.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            let comment = match &self.layout.shape {
                Lines::Columns { comment, .. } => *comment,
                _ => None,
            };
            if comment.is_some() && line.first().copied() == comment {
                self.layout.take_header(line);
            } else if !self.line(line, is_own, tell) {
                left_out += 1;
            }
        }
        left_out
    }

    fn line(
        &mut self,
        line: &[u8],
        is_own: &dyn Fn(&Observable) -> bool,
        tell: &mut impl FnMut(&Seen<'_>),
    ) -> bool {
        let Observer { layout, walker, plain: decoded, seen, .. } = self;
        let escapes = layout.escapes;
        let mut slots = Slots::new(layout.slots());
        slots.fill(layout, walker, line);
        let time = layout.time.and_then(|slot| layout.clock.read(slots.get(slot)?.bytes));
        let Some(time) = time else { return false };
        let mut ends = layout.tasks.iter().filter_map(|task| match task {
            Task::Endpoint { address, list: None, .. } => {
                let raw = slots.get(*address)?;
                observe::value(Holds::Address, plain(raw, decoded), escapes).into_iter().next()
            }
            _ => None,
        });
        let (first, second) = (ends.next(), ends.next());
        drop(ends);
        let is_other = first.as_ref().is_some_and(|first| !is_own(first));
        let inside = second.filter(|second| is_other && is_own(second));
        let is_begun_outside = inside.is_some();
        let label = || {
            let raw = layout.labels.iter().find_map(|slot| slots.get(*slot))?;
            Some(observe::text(plain(raw, &mut Vec::new()), escapes).into_owned())
        };
        let host = inside.or(first).map(|host| host.text().to_owned()).or_else(label);
        let Some(host) = host else { return false };
        seen.clear();
        for task in &layout.tasks {
            match *task {
                Task::Value { slot, holds, list } => {
                    for raw in slots.all(slot) {
                        values(plain(raw, decoded), list, |bytes| {
                            seen.extend(observe::value(holds, bytes, escapes));
                        });
                    }
                }
                Task::Words { slot } => {
                    for raw in slots.all(slot) {
                        words(plain(raw, decoded), |holds, bytes| {
                            seen.extend(observe::value(holds, bytes, escapes));
                        });
                    }
                }
                Task::Endpoint { address, port, list } => {
                    // The port of who began is another each time.
                    let port = port.and_then(|port| slots.get(port)).filter(|_| !is_begun_outside);
                    let port = port.map(|port| port.bytes);
                    for raw in slots.all(address) {
                        values(plain(raw, decoded), list, |bytes| {
                            seen.extend(observe::endpoint(bytes, port, escapes));
                        });
                    }
                }
                Task::Url(url) => {
                    if let Some(parts) = UrlBytes::of(&slots, &url, decoded) {
                        seen.extend(observe::url(&parts.parts(decoded), escapes));
                    }
                }
            }
        }
        let is_host = |value: &Observable| match value.kind() {
            Kind::IpPort => value.host().is_some_and(|at| at.text() == host),
            _ => value.text() == host,
        };
        seen.retain(|value| !is_host(value));
        tell(&Seen { time, host: &host, values: seen });
        true
    }
}
