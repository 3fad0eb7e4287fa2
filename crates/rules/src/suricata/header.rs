//! What stands before the options: action, protocol, addresses and ports.

use std::net::IpAddr;

use super::{Action, Wrong};
use crate::quoted;

/// How deep lists of addresses and ports go.
const DEPTH: usize = 8;
/// Protocols that rules are about.
const PROTOCOLS: [&str; 50] = [
    "tcp",
    "udp",
    "icmp",
    "icmpv4",
    "icmpv6",
    "ip",
    "ipv4",
    "ipv6",
    "ip4",
    "ip6",
    "pkthdr",
    "sctp",
    "tcp-pkt",
    "tcp-stream",
    "http",
    "http1",
    "http2",
    "ftp",
    "ftp-data",
    "tls",
    "ssl",
    "smb",
    "dns",
    "dcerpc",
    "dhcp",
    "ssh",
    "smtp",
    "imap",
    "pop3",
    "modbus",
    "dnp3",
    "enip",
    "nfs",
    "ike",
    "ikev2",
    "krb5",
    "bittorrent-dht",
    "ntp",
    "rfb",
    "rdp",
    "snmp",
    "tftp",
    "sip",
    "quic",
    "mqtt",
    "telnet",
    "websocket",
    "ldap",
    "doh2",
    "arp",
];
/// The variables of Suricata's own settings.
const ADDRESSES: [&str; 17] = [
    "HOME_NET",
    "EXTERNAL_NET",
    "HTTP_SERVERS",
    "SMTP_SERVERS",
    "SQL_SERVERS",
    "DNS_SERVERS",
    "TELNET_SERVERS",
    "AIM_SERVERS",
    "DC_SERVERS",
    "DNP3_SERVER",
    "DNP3_CLIENT",
    "MODBUS_CLIENT",
    "MODBUS_SERVER",
    "ENIP_CLIENT",
    "ENIP_SERVER",
    "FTP_SERVERS",
    "SSH_SERVERS",
];
const PORTS: [&str; 11] = [
    "HTTP_PORTS",
    "SHELLCODE_PORTS",
    "ORACLE_PORTS",
    "SSH_PORTS",
    "DNP3_PORTS",
    "MODBUS_PORTS",
    "FILE_DATA_PORTS",
    "FTP_PORTS",
    "GENEVE_PORTS",
    "VXLAN_PORTS",
    "TEREDO_PORTS",
];

/// Reads a header: the action, and all behind it with single blanks between.
pub(super) fn header(text: &str) -> Result<(Action, String), Wrong> {
    let tokens = tokens(text)?;
    let [
        (_, verb),
        (at_protocol, protocol),
        (at_from, from),
        (at_from_port, from_port),
        (at_arrow, arrow),
        (at_to, to),
        (at_to_port, to_port),
    ] = tokens.as_slice()
    else {
        let what = "a rule begins with action, protocol, address, port, direction, address and port";
        return Err((0, what.to_owned()));
    };
    let action = match *verb {
        "alert" => Action::Alert,
        "drop" | "reject" | "rejectsrc" | "rejectdst" | "rejectboth" => Action::Drop,
        "pass" => return Err((0, "`pass` has other rules not look at what fits, and is held".to_owned())),
        other => return Err((0, format!("{} is no action of a rule that is shared", quoted(other)))),
    };
    if !PROTOCOLS.contains(protocol) {
        return Err((*at_protocol, format!("{} is no protocol that is known", quoted(protocol))));
    }
    if !matches!(*arrow, "->" | "<>") {
        return Err((*at_arrow, format!("{} is no direction: it is `->` or `<>`", quoted(arrow))));
    }
    for (at, list) in [(at_from, from), (at_to, to)] {
        all(list, &is_address, 0).map_err(|what| (*at, what))?;
    }
    for (at, list) in [(at_from_port, from_port), (at_to_port, to_port)] {
        all(list, &is_port, 0).map_err(|what| (*at, what))?;
    }
    Ok((action, format!("{protocol} {from} {from_port} {arrow} {to} {to_port}")))
}

// Words with their places; within brackets blanks end nothing.
fn tokens(text: &str) -> Result<Vec<(usize, &str)>, Wrong> {
    let (mut found, mut start, mut depth) = (Vec::new(), None, 0_usize);
    for (at, one) in text.char_indices() {
        match one {
            '[' => depth += 1,
            ']' => depth = depth.checked_sub(1).ok_or_else(|| (at, "`]` without `[`".to_owned()))?,
            _ => {}
        }
        if one.is_whitespace() && depth == 0 {
            found.extend(start.take().and_then(|from| Some((from, text.get(from..at)?))));
        } else {
            start = start.or(Some(at));
        }
    }
    found.extend(start.and_then(|from| Some((from, text.get(from..)?))));
    if depth > 0 { Err((text.len(), "`[` is not closed".to_owned())) } else { Ok(found) }
}

fn all(list: &str, fits: &dyn Fn(&str) -> bool, depth: usize) -> Result<(), String> {
    if depth > DEPTH {
        return Err(format!("lists go at most {DEPTH} deep"));
    }
    let plain = list.trim();
    let plain = plain.strip_prefix('!').unwrap_or(plain).trim_start();
    let Some(inside) = plain.strip_prefix('[') else {
        return if fits(plain) {
            Ok(())
        } else {
            Err(format!("{} is no address, port or variable that every Suricata knows", quoted(plain)))
        };
    };
    let Some(inside) = inside.strip_suffix(']') else {
        return Err(format!("{} has a bracket that is not closed", quoted(plain)));
    };
    let (mut open, mut from) = (0_usize, 0);
    for (at, one) in inside.char_indices().chain([(inside.len(), ',')]) {
        match one {
            '[' => open += 1,
            ']' => open = open.saturating_sub(1),
            ',' if open == 0 || at == inside.len() => {
                all(inside.get(from..at).unwrap_or_default(), fits, depth + 1)?;
                from = at + 1;
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_address(text: &str) -> bool {
    if let Some(name) = text.strip_prefix('$') {
        return ADDRESSES.contains(&name);
    }
    let is_one = |text: &str| text.trim().parse::<IpAddr>().is_ok();
    if let Some((address, length)) = text.split_once('/') {
        let most = if address.contains(':') { 128 } else { 32 };
        return is_one(address) && length.parse::<u8>().is_ok_and(|length| length <= most);
    }
    text == "any" || is_one(text) || text.split_once('-').is_some_and(|(from, to)| is_one(from) && is_one(to))
}

fn is_port(text: &str) -> bool {
    if let Some(name) = text.strip_prefix('$') {
        return PORTS.contains(&name);
    }
    let is_one = |text: &str| text.trim().parse::<u16>().is_ok();
    let is_end = |text: &str| text.trim().is_empty() || is_one(text);
    text == "any"
        || is_one(text)
        || text.split_once(':').is_some_and(|(from, to)| is_end(from) && is_end(to) && text.trim() != ":")
}
