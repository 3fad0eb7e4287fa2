//! Logs that were written for people: web servers, proxies, syslog, any text.

use super::cases::{Seen, Sort};
use super::indicators::{clock, stamp};
use super::{Line, Place};

pub const COMBINED: &[Place] =
    &[Place::new(&[Sort::Url, Sort::Name, Sort::Address, Sort::Endpoint], combined)];
pub const SQUID: &[Place] = &[Place::new(&[Sort::Url, Sort::Name, Sort::Address, Sort::Endpoint], squid)];
const ALL: &[Sort] = &[Sort::Address, Sort::Endpoint, Sort::Name, Sort::Url, Sort::Hash, Sort::Mail];
pub const SYSLOG: &[Place] = &[Place::new(ALL, syslog)];
pub const TEXT: &[Place] = &[Place { may_lack_time: true, ..Place::new(ALL, text) }];

/// An address as it stands before a port.
fn before_port(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

fn combined(line: &mut Line<'_, '_>, out: &mut String) {
    let at = line.at.unwrap_or_default();
    let (zone, hours) = line.cases.random.one_of(&[("+0000", 0), ("+0100", 1), ("-0500", -5)]);
    let [day, hour, minute, second] = clock(at + hours * 3600);
    let time = format!("[{day:02}/Mar/2026:{hour:02}:{minute:02}:{second:02} {zone}]");
    let form = line.cases.random.below(3);
    // He is who is asked about where an address is.
    let client = if matches!(line.seen, Seen::Address(_)) { String::new() } else { line.client() };
    let behind = "200 512 \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"";
    out.push_str(&match line.seen.clone() {
        Seen::Address(address) => format!("{address} - jo [x] {time} \"GET /index.html HTTP/1.1\" {behind}"),
        Seen::Name(name) => format!("{name}:80 {client} - - {time} \"GET /index.html HTTP/1.1\" {behind}"),
        Seen::Endpoint(address, port) => {
            let address = before_port(&address);
            format!("{address}:{port} {client} - - {time} \"GET / HTTP/1.1\" {behind}")
        }
        Seen::Url(url) if form == 0 => {
            format!("{client} - - {time} \"GET / HTTP/1.1\" 200 5 \"{}\" \"curl \\\"x\\\"\"", url.whole())
        }
        Seen::Url(url) if form == 1 => {
            format!("{client} - - {time} \"GET {} HTTP/1.1\" {behind}", url.whole())
        }
        Seen::Url(url) => {
            let (host, port) = (&url.host, url.port);
            format!("{host}:{port} {client} - - {time} \"GET {} HTTP/1.1\" {behind}", url.target)
        }
        _ => format!("{client} - - {time} \"GET / HTTP/1.1\" {behind}"),
    });
}

fn squid(line: &mut Line<'_, '_>, out: &mut String) {
    let at = line.at.unwrap_or_default();
    let of_client = matches!(line.seen, Seen::Address(_)) && line.cases.random.one_in(2);
    let client = if of_client { String::new() } else { line.client() };
    let took = line.cases.random.below(100_000);
    let good = line.cases.good_address();
    let mut line_of = |client: &str, what: &str, server: &str| {
        out.push_str(&format!(
            "{at}.000 {took:6} {client} TCP_MISS/200 1234 {what} - HIER_DIRECT/{server} text/html"
        ));
    };
    match &line.seen {
        Seen::Address(address) if of_client => {
            line_of(address, "GET http://www.example.com/", &good);
        }
        Seen::Address(address) => line_of(&client, "GET http://www.example.com/", address),
        Seen::Endpoint(address, port) => {
            line_of(&client, &format!("CONNECT {}:{port}", before_port(address)), "10.0.0.8");
        }
        Seen::Name(name) => line_of(&client, &format!("CONNECT {name}:443"), &good),
        Seen::Url(url) => line_of(&client, &format!("GET {}", url.whole()), &good),
        _ => line_of(&client, "GET http://www.example.com/", &good),
    }
}

/// What stands in a sentence until there is a client in its place.
const CLIENT: &str = "\u{1}";

/// A sentence with something in it, and with who did it where that is said.
fn sentence(line: &mut Line<'_, '_>) -> String {
    let form = line.cases.random.below(6);
    let said = about(&line.seen, form, CLIENT);
    if said.contains(CLIENT) { said.replace(CLIENT, &line.client()) } else { said }
}

fn about(seen: &Seen, form: u64, client: &str) -> String {
    match seen {
        Seen::Address(address) => match form {
            0 => format!("Failed password for root from {address} port 4711 ssh2"),
            1 => format!("DROP IN=eth0 OUT= SRC={address} DST={client} LEN=60 PROTO=TCP"),
            2 => format!("peers: {client}, {address}; two of them"),
            3 => format!("{{\"client\":\"{address}\",\"was\":\"refused\"}}"),
            4 if !address.contains(':') => format!("Built inbound TCP connection for outside:{address}/443"),
            4 => format!("the tunnel to {address} is down."),
            _ => format!("rejected ({address}), see {client}"),
        },
        Seen::Endpoint(address, port) => {
            let before = before_port(address);
            match form {
                0 => format!("connect to {before}:{port} failed"),
                1 if !address.contains(':') => format!("IP {client}.53211 > {address}.{port}: Flags [S]"),
                2 => format!("upstream={before}:{port}, tried twice"),
                3 => format!("\"{before}:{port}\" is gone"),
                _ => format!("from {client} to {before}:{port}."),
            }
        }
        Seen::Name(name) => match form {
            0 => format!("resolving {name}: timeout"),
            1 => format!("lookup of \"{name}\" by {client} failed"),
            2 => format!("host={name} verdict=unknown"),
            3 => format!("somebody ({name}) asked"),
            4 => format!("they use {} for it", name.replace('.', "[.]")),
            _ => format!("connection to {name}:8443 from {client}"),
        },
        Seen::Url(url) => {
            let whole = url.whole();
            match form {
                0 => format!("GET {whole} 200"),
                1 => format!("fetched <{whole}> for {client}"),
                2 => format!("{{\"url\":\"{}\"}}", whole.replace('/', "\\/")),
                3 => format!("it came from {}.", whole.replacen("http", "hxxp", 1)),
                4 => format!("(see {whole}), says {client}"),
                _ => format!("url={whole} client={client}"),
            }
        }
        Seen::Hash(hash) => match form {
            0 => format!("quarantined /srv/up/a.bin sha={hash}"),
            1 => format!("{hash}  a.bin"),
            2 => format!("Hashes=X:{hash},size:12"),
            _ => format!("digest '{hash}' is new at {client}"),
        },
        Seen::Mail(mail) => match form {
            0 => format!("4XyZ: from=<{mail}>, size=1200, nrcpt=1"),
            1 => format!("to={mail}, relay=none"),
            2 => format!("mailto:{mail} was clicked"),
            3 => format!("they write as {}", mail.replace('@', "[@]")),
            _ => format!("from {mail} by {client}"),
        },
        Seen::Ja3(_) => String::new(),
    }
}

fn syslog(line: &mut Line<'_, '_>, out: &mut String) {
    let at = line.at.unwrap_or_default();
    let [day, hour, minute, second] = clock(at);
    let said = sentence(line);
    out.push_str(&match line.cases.random.below(3) {
        0 => format!("<13>Mar {day:2} {hour:02}:{minute:02}:{second:02} gw program[12]: {said}"),
        1 => format!("<34>1 {}.003Z gw program - ID47 - {said}", stamp(at)),
        _ => format!("{}+00:00 gw program: {said}", stamp(at)),
    });
}

fn text(line: &mut Line<'_, '_>, out: &mut String) {
    let said = sentence(line);
    let Some(at) = line.at else { return out.push_str(&format!("note: {said}")) };
    let [day, hour, minute, second] = clock(at);
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    out.push_str(&match line.cases.random.below(6) {
        0 => format!("2026-03-{day:02} {time},123 INFO {said}"),
        1 => format!("2026/03/{day:02} {time} [error] 12#12: *3 {said}"),
        2 => format!("[{at}] {said}"),
        3 => format!("time=\"2026-03-{day:02}T{time}Z\" level=info msg: {said}"),
        4 => format!("*Mar {day:2} {time}.123: %SYS-5-CONFIG_I: {said}"),
        _ => format!("{at}.250 {said}"),
    });
}
