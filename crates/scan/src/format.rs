//! Formats of logs: which one a file is in, and what its fields hold.

mod dns;
mod json;
mod line;
mod sniff;
mod syslog;
mod web;
mod zeek;

use shield::{Layout, Timestamp, Unlaid};

pub use sniff::sniff;
pub(crate) use zeek::{HEADLESS, Heads, is_headless};

/// A format of logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Zeek, columns with tabs between, which the file names itself.
    ZeekTsv,
    /// Zeek, JSON lines.
    ZeekJson,
    /// Suricata's `eve.json`.
    Eve,
    /// Questions to BIND.
    Bind,
    /// Questions to Unbound.
    Unbound,
    /// Questions to dnsmasq and what it answered.
    Dnsmasq,
    /// Questions to CoreDNS.
    CoreDns,
    /// Requests to nginx or Apache: `common`, `combined`, `vhost_combined`.
    Combined,
    /// Requests through Squid.
    Squid,
    /// Syslog, RFC 3164 or RFC 5424: the values in its messages.
    Syslog,
    /// AWS CloudTrail.
    CloudTrail,
    /// Elastic Common Schema, JSON lines.
    Ecs,
    /// Open Cybersecurity Schema Framework, JSON lines.
    Ocsf,
    /// The event logs of Windows, Sysmon's too.
    Evtx,
    /// Any text: the values in it.
    Text,
    /// CSV or JSON of which somebody says what it holds.
    Mapped,
}

/// A format's name, and how files of it are called for people.
const FORMATS: [(Format, &str, &str); 16] = [
    (Format::ZeekTsv, "zeek-tsv", "Zeek (TSV)"),
    (Format::ZeekJson, "zeek-json", "Zeek (JSON)"),
    (Format::Eve, "eve", "Suricata eve.json"),
    (Format::Bind, "bind", "BIND queries"),
    (Format::Unbound, "unbound", "Unbound queries"),
    (Format::Dnsmasq, "dnsmasq", "dnsmasq queries"),
    (Format::CoreDns, "coredns", "CoreDNS queries"),
    (Format::Combined, "combined", "nginx or Apache"),
    (Format::Squid, "squid", "Squid"),
    (Format::Syslog, "syslog", "syslog"),
    (Format::CloudTrail, "cloudtrail", "AWS CloudTrail"),
    (Format::Ecs, "ecs", "Elastic Common Schema"),
    (Format::Ocsf, "ocsf", "OCSF"),
    (Format::Evtx, "evtx", "Windows events"),
    (Format::Text, "text", "text"),
    (Format::Mapped, "mapped", "columns by name"),
];

impl Format {
    /// All formats.
    pub fn all() -> impl Iterator<Item = Format> {
        FORMATS.into_iter().map(|(format, _, _)| format)
    }

    /// What it is called in arguments and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        FORMATS.iter().find(|(format, _, _)| *format == self).map_or("", |(_, name, _)| name)
    }

    /// The format of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Format> {
        FORMATS.iter().find(|(_, of_format, _)| *of_format == name).map(|(format, _, _)| *format)
    }

    /// What people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        FORMATS.iter().find(|(format, _, _)| *format == self).map_or("", |(_, _, title)| title)
    }
}

/// What a file tells of its lines' times by when it was written, and whoever reads it by where it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clock {
    /// Nothing in it is later: that tells the year where lines leave it out.
    pub latest: Option<Timestamp>,
    /// How far its clock is east of UTC where lines do not say it, in seconds.
    pub east: i64,
}

impl Clock {
    /// The same layout, by this clock.
    pub(crate) fn of(self, layout: Layout) -> Layout {
        let layout = layout.east_by(self.east);
        match self.latest {
            Some(latest) => layout.until(latest),
            None => layout,
        }
    }
}

impl Format {
    /// How lines of this format are read.
    ///
    /// # Errors
    /// None for the formats that there are: their tables are within what `shield` takes, which a test says.
    pub fn layout(self, clock: Clock) -> Result<Layout, Unlaid> {
        let layout = match self {
            Format::ZeekTsv => Ok(Layout::zeek_by_header()),
            Format::ZeekJson => Ok(Layout::zeek_json()),
            Format::Eve => Layout::json(json::EVE),
            Format::CloudTrail => Layout::json(json::CLOUDTRAIL),
            Format::Ecs => Layout::json(json::ECS),
            Format::Ocsf => Layout::json(json::OCSF),
            Format::Evtx => Layout::json(json::EVTX),
            Format::Bind => Layout::cut(dns::BIND, dns::BIND_FIELDS),
            Format::Unbound => Layout::cut(dns::UNBOUND, dns::UNBOUND_FIELDS),
            Format::Dnsmasq => Layout::cut(dns::DNSMASQ, dns::DNSMASQ_FIELDS),
            Format::CoreDns => Layout::cut(dns::COREDNS, dns::COREDNS_FIELDS),
            Format::Combined => Layout::cut(web::COMBINED, web::COMBINED_FIELDS),
            Format::Squid => Layout::cut(web::SQUID, web::SQUID_FIELDS),
            Format::Syslog => Layout::cut(syslog::SYSLOG, syslog::SYSLOG_FIELDS),
            // What it holds is told by a map; without one it is text.
            Format::Text | Format::Mapped => Layout::cut(syslog::TEXT, syslog::TEXT_FIELDS),
        }?;
        Ok(clock.of(layout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use shield::Cut;

    /// The fields of a line, in their order; what is behind the last that it has is left out.
    pub(super) fn cut(cut: Cut, line: &str) -> Vec<String> {
        let mut fields: Vec<String> = Vec::new();
        cut(line.as_bytes(), &mut |at, bytes| {
            if fields.len() <= at {
                fields.resize(at + 1, String::new());
            }
            fields[at] = String::from_utf8(bytes.to_vec()).unwrap();
        });
        fields
    }

    #[test]
    fn every_format_has_a_name_and_a_layout() {
        for format in Format::all() {
            assert_eq!(Format::from_name(format.name()), Some(format));
            assert!(!format.title().is_empty());
            format.layout(Clock::default()).unwrap();
        }
        assert_eq!(Format::from_name("nonsense"), None);
    }
}
