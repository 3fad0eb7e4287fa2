//! Logs of DNS servers.

use super::cases::{Seen, Sort};
use super::indicators::{clock, stamp};
use super::{Line, Place};

pub const BIND: &[Place] =
    &[Place { may_lack_time: true, ..Place::new(&[Sort::Name, Sort::Endpoint], bind) }];
pub const UNBOUND: &[Place] = &[Place::new(&[Sort::Name], unbound)];
pub const DNSMASQ: &[Place] = &[Place::new(&[Sort::Name, Sort::Address], dnsmasq)];
pub const COREDNS: &[Place] =
    &[Place { may_lack_time: true, ..Place::new(&[Sort::Name, Sort::Endpoint], coredns) }];

/// A name that is nobody's.
const GOOD: &str = "time.example.com";

/// Who asked, from which port, and for what.
fn asked(line: &mut Line<'_, '_>) -> (String, u16, String) {
    match line.seen.clone() {
        Seen::Endpoint(address, port) => (address, port, GOOD.to_owned()),
        Seen::Name(name) => (line.client(), line.port(), name),
        _ => (line.client(), line.port(), GOOD.to_owned()),
    }
}

fn bind(line: &mut Line<'_, '_>, out: &mut String) {
    let (client, port, name) = asked(line);
    let time = line.at.map_or(String::new(), |at| {
        let [day, hour, minute, second] = clock(at);
        match line.cases.random.one_in(2) {
            true => format!("{day:02}-Mar-2026 {hour:02}:{minute:02}:{second:02}.000 queries: info: "),
            false => format!("{}.000Z ", stamp(at)),
        }
    });
    let tag = if line.cases.random.one_in(2) { "@0x7f2c3a " } else { "" };
    let view = if line.cases.random.one_in(3) { "view inside: " } else { "" };
    out.push_str(&format!(
        "{time}client {tag}{client}#{port} ({name}): {view}query: {name} IN A +E(0)K (10.0.0.53)"
    ));
}

fn unbound(line: &mut Line<'_, '_>, out: &mut String) {
    let (client, _, name) = asked(line);
    let at = line.at.unwrap_or_default();
    out.push_str(&match line.cases.random.below(3) {
        0 => format!("[{at}] unbound[77:0] info: {client} {name} A IN"),
        1 => format!("[{at}] unbound[77:0] info: reply: {client} {name} AAAA IN NOERROR 0.012 0 61"),
        _ => {
            let [day, hour, minute, second] = clock(at);
            format!(
                "Mar {day:2} {hour:02}:{minute:02}:{second:02} ns1 unbound: [77:0] info: {client} {name} A IN"
            )
        }
    });
}

fn dnsmasq(line: &mut Line<'_, '_>, out: &mut String) {
    let [day, hour, minute, second] = clock(line.at.unwrap_or_default());
    let (client, port) = (line.client(), line.port());
    let head = format!("Mar {day:2} {hour:02}:{minute:02}:{second:02} gw dnsmasq[77]: ");
    let said = match (line.seen.clone(), line.cases.random.below(3)) {
        (Seen::Address(address), 0) => format!("41 {client}/{port} cached {GOOD} is {address}"),
        (Seen::Address(address), _) => format!("7 {client}/{port} reply {GOOD} is {address}"),
        (Seen::Name(name), 0) => format!("41 {client}/{port} query[A] {name} from {client}"),
        (Seen::Name(name), 1) => format!("9 {client}/{port} reply {name} is 10.1.2.3"),
        (Seen::Name(name), _) => format!("query[AAAA] {name} from {client}"),
        _ => format!("query[A] {GOOD} from {client}"),
    };
    out.push_str(&head);
    out.push_str(&said);
}

fn coredns(line: &mut Line<'_, '_>, out: &mut String) {
    let (client, port, name) = asked(line);
    let time = line.at.map_or(String::new(), |at| format!("{}.123Z ", stamp(at)));
    let client = if client.contains(':') { format!("[{client}]") } else { client };
    let id = line.cases.random.below(65_536);
    out.push_str(&format!(
        "{time}[INFO] {client}:{port} - {id} \"A IN {name} udp 41 false 512\" NOERROR qr,rd,ra 88 0.0012s"
    ));
}
