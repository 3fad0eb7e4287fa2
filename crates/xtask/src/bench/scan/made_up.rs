//! Indicators and logs, made up from a seed, and which indicator stands in which line.

use std::fmt::Write;

use model::Timestamp;
use model::matching::Mode;
use model::observable::{Kind, Observable, normalise};
use shield::Entry;

use crate::Outcome;
use crate::generate::Random;

/// The first event.
const BEGINS: i64 = 1_772_323_200;
/// What one event in so many carries: an indicator.
const PLANTED: u64 = 2_000;
/// Of those, one in so many happened when the indicator no longer held.
const LATE: u64 = 10;
/// Names and addresses that are seen and are nobody's.
const COMMON: u64 = 200_000;

/// The `n`th indicator: its value, and what is said of it. One in ten holds for the first half of the time alone.
pub fn indicator(n: u64, events: u64) -> Outcome<(Observable, Entry)> {
    let value = match n % 10 {
        0..4 => normalise(Kind::Domain, &bad_name(n)),
        4..7 => normalise(Kind::Url, &format!("http://{}{}", bad_host(n), bad_target(n))),
        7 | 8 => normalise(Kind::Ipv4, &bad_address(n)),
        _ => normalise(Kind::Sha256, &digest(n)),
    }
    .map_err(|unfit| unfit.to_string())?;
    let mode = if value.kind() == Kind::Domain { Mode::Subdomains } else { Mode::Exact };
    let valid_until = is_short(n).then(|| time(events / 2));
    Ok((value, Entry { mode, valid_until, valid_from: Some(time(0)), ..Entry::new(n) }))
}

fn is_short(n: u64) -> bool {
    n % 100 < 10
}

fn time(event: u64) -> Timestamp {
    Timestamp((BEGINS * 1000 + event.cast_signed()) * 1000)
}

const WORDS: &[&str] =
    &["secure", "login", "update", "cdn", "mail", "account", "verify", "cloud", "files", "support"];
const SUFFIXES: &[&str] =
    &["com", "net", "org", "info", "xyz", "co.uk", "top", "ru", "duckdns.org", "github.io"];

/// Something that names and paths are made of.
pub fn word(random: &mut Random) -> &'static str {
    WORDS.get(random.below(WORDS.len() as u64) as usize).copied().unwrap_or("")
}

/// What a name ends with.
pub fn suffix(random: &mut Random) -> &'static str {
    SUFFIXES.get(random.below(SUFFIXES.len() as u64) as usize).copied().unwrap_or("")
}

/// The numbers of a number.
pub fn of(n: u64) -> Random {
    Random::new(n.wrapping_mul(0xD134_2543_DE82_EF95) ^ 0x5ca9)
}

fn bad_name(n: u64) -> String {
    let mut random = of(n);
    format!("{}{n}x.{}", word(&mut random), suffix(&mut random))
}

fn bad_host(n: u64) -> String {
    let mut random = of(n);
    format!("{}{n}u.{}", word(&mut random), suffix(&mut random))
}

fn bad_target(n: u64) -> String {
    let mut random = of(n ^ 1 << 50);
    format!(
        "/{}/{:x}/{}.php?id={}",
        word(&mut random),
        random.below(1 << 20),
        word(&mut random),
        random.below(1000)
    )
}

// An odd last part: those of nobody are even.
fn bad_address(n: u64) -> String {
    address(n, 1)
}

/// Another one for each number below 2^29, and none that is private.
pub fn address(number: u64, odd: u64) -> String {
    let mixed = number.wrapping_mul(0x1dea_d5a5) & ((1 << 29) - 1);
    let part = |from: u32, bits: u32| mixed >> from & ((1 << bits) - 1);
    format!("{}.{}.{}.{}", 20 + part(23, 6), part(15, 8), part(7, 8), part(0, 7) << 1 | odd)
}

/// A SHA-256.
pub fn digest(n: u64) -> String {
    let mut random = of(n ^ 1 << 51);
    (0..4).map(|_| format!("{:016x}", random.next())).collect()
}

/// One kind of log.
pub struct Log {
    /// What it is called.
    pub name: &'static str,
    /// With its header, as columns.
    pub columns: Vec<u8>,
    /// The same as JSON.
    pub json: Vec<u8>,
    /// Lines that carry an indicator which held: where each begins as columns and as JSON, and which.
    pub truth: Vec<(u64, u64, u64)>,
    pub events: u64,
}

/// Columns of Zeek's logs of connections, questions, requests and files.
pub const CONN: &str = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents";
pub const DNS: &str = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected";
pub const HTTP: &str = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method host uri referrer version user_agent origin request_body_len response_body_len status_code status_msg info_code info_msg tags username password proxied orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types";
pub const FILES: &str = "ts fuid tx_hosts rx_hosts conn_uids source depth analyzers mime_type filename duration local_orig is_orig seen_bytes total_bytes missing_bytes overflow_bytes timedout parent_fuid md5 sha1 sha256 extracted";

/// Columns whose values are numbers or words in JSON, and those that are lists.
const BARE: &[&str] = &[
    "ts",
    "id.orig_p",
    "id.resp_p",
    "trans_id",
    "rtt",
    "qclass",
    "qtype",
    "rcode",
    "duration",
    "depth",
    "trans_depth",
    "status_code",
];
const LISTS: &[&str] =
    &["answers", "rcptto", "tx_hosts", "rx_hosts", "conn_uids", "resp_fuids", "resp_mime_types"];

/// Logs of so many bytes as columns in all, with the shares of each that a site has: of 1,000 events 504 connections, 296 questions, 159
/// requests, 41 files.
pub fn logs(megabytes: u64, indicators: u64) -> Vec<Log> {
    let events = megabytes * 1_000_000 / 177;
    let shares = [("conn", CONN, 504), ("dns", DNS, 296), ("http", HTTP, 159), ("files", FILES, 41)];
    let logs = shares.into_iter().enumerate();
    logs.map(|(kind, (name, fields, share))| {
        log(kind as u64, name, fields, events * share / 1000, events, indicators)
    })
    .collect()
}

fn log(kind: u64, name: &'static str, fields: &str, count: u64, events: u64, indicators: u64) -> Log {
    let names: Vec<&str> = fields.split(' ').collect();
    let mut log = Log { name, columns: Vec::new(), json: Vec::new(), truth: Vec::new(), events: count };
    let head = format!("#separator \\x09\n#set_separator\t,\n#path\t{name}\n#fields\t{}\n", names.join("\t"));
    log.columns.extend_from_slice(head.as_bytes());
    let mut random = Random::new(42 + kind);
    let mut line = String::new();
    for nth in 0..count {
        let at = nth * events / count.max(1);
        let mut bad = (random.below(PLANTED) == 0).then(|| random.below(indicators / 10));
        // What is planted is of the kind that this log has.
        bad = bad.map(|ten| ten * 10 + [7, 0, 4, 9].get(kind as usize).copied().unwrap_or(0));
        let is_late = bad.is_some_and(is_short) && at >= events / 2;
        if bad.is_some_and(is_short) && !is_late && random.below(LATE) == 0 {
            bad = None;
        }
        line.clear();
        event(&mut random, kind, at, bad, &mut line);
        if let Some(bad) = bad.filter(|_| !is_late) {
            log.truth.push((log.columns.len() as u64, log.json.len() as u64, bad));
        }
        log.columns.extend_from_slice(line.as_bytes());
        log.columns.push(b'\n');
        as_json(&names, &line, &mut log.json);
    }
    log
}

/// Few are seen often, most seldom.
fn common(random: &mut Random) -> u64 {
    let scale = 1 + COMMON / (1 << random.below(17));
    random.below(scale)
}

fn good_name(random: &mut Random) -> String {
    let n = common(random);
    let mut own = of(n ^ 1 << 52);
    let name = format!("{}-{n}.{}", word(&mut own), suffix(&mut own));
    match own.below(3) {
        0 => name,
        1 => format!("www.{name}"),
        _ => format!("{}.eu-west-{}.{name}", word(&mut own), own.below(4)),
    }
}

fn good_address(random: &mut Random) -> String {
    address(common(random), 0)
}

fn ends(random: &mut Random, resp: &str, port: u16, line: &mut String) {
    let host = random.below(5000);
    let uid = random.next() >> 8;
    let from = 1024 + random.below(60_000);
    let _fits = write!(
        line,
        "C{uid:x}\t10.{}.{}.{}\t{from}\t{resp}\t{port}\t",
        host >> 12,
        host >> 6 & 63,
        1 + host % 64
    );
}

fn event(random: &mut Random, kind: u64, at: u64, bad: Option<u64>, line: &mut String) {
    let at = BEGINS * 1000 + at.cast_signed();
    let _fits = write!(line, "{}.{:03}000\t", at / 1000, at % 1000);
    let _fits = match kind {
        0 => {
            let resp = bad.map_or_else(|| good_address(random), bad_address);
            ends(random, &resp, 443, line);
            let (sent, got) = (random.below(9000), random.below(90_000));
            write!(
                line,
                "tcp\tssl\t{}.{:06}\t{sent}\t{got}\tSF\tT\tF\t0\tShADadFf\t{}\t{}\t{}\t{}\t-",
                random.below(60),
                random.below(1_000_000),
                sent / 500,
                sent + 52,
                got / 900,
                got + 52
            )
        }
        1 => {
            let name = match bad {
                Some(bad) if random.below(3) == 0 => format!("{}.{}", word(random), bad_name(bad)),
                Some(bad) => bad_name(bad),
                None => good_name(random),
            };
            ends(random, "10.0.0.53", 53, line);
            let id = random.below(65_536);
            write!(
                line,
                "udp\t{id}\t0.0{:05}\t{name}\t1\tC_INTERNET\t1\tA\t0\tNOERROR\tF\tF\tT\tT\t0\t{}\t{}.000000\tF",
                random.below(100_000),
                good_address(random),
                random.below(3600)
            )
        }
        2 => {
            let (host, target) = match bad {
                Some(bad) => (bad_host(bad), bad_target(bad)),
                None => (
                    good_name(random),
                    format!(
                        "/{}/{:x}/{}.js?v={}",
                        word(random),
                        random.next() >> 30,
                        word(random),
                        random.below(100)
                    ),
                ),
            };
            let resp = good_address(random);
            ends(random, &resp, 80, line);
            let referrer =
                if random.below(2) == 0 { "-".to_owned() } else { format!("http://{}/", good_name(random)) };
            write!(
                line,
                "1\tGET\t{host}\t{target}\t{referrer}\t1.1\tMozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\t-\t0\t{}\t200\tOK\t-\t-\t(empty)\t-\t-\t-\t-\t-\t-\tF{:x}\t-\ttext/html",
                random.below(90_000),
                random.next() >> 8
            )
        }
        _ => {
            let sha256 = digest(bad.unwrap_or_else(|| random.below(1 << 40) | 1 << 41));
            let (id, conn, size) = (random.next() >> 8, random.next() >> 8, random.below(900_000));
            write!(
                line,
                "F{id:x}\t{}\t10.0.{}.{}\tC{conn:x}\tHTTP\t0\tMD5,SHA1,SHA256\tapplication/x-dosexec\t-\t0.{:06}\t-\tF\t{size}\t{size}\t0\t0\tF\t-\t{:016x}{:016x}\t{:016x}{:016x}{:08x}\t{sha256}\t-",
                good_address(random),
                random.below(64),
                1 + random.below(64),
                random.below(1_000_000),
                random.next(),
                random.next(),
                random.next(),
                random.next(),
                random.next() as u32
            )
        }
    };
}

/// A line of columns as an object.
pub fn as_json(names: &[&str], line: &str, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut is_first = true;
    for (name, value) in names.iter().zip(line.split('\t')) {
        if matches!(value, "-" | "(empty)") {
            continue;
        }
        if !is_first {
            out.push(b',');
        }
        is_first = false;
        out.extend_from_slice(format!("\"{name}\":").as_bytes());
        let is_bare = BARE.contains(name)
            || name.ends_with("bytes")
            || name.ends_with("pkts")
            || matches!(value, "0" | "1");
        let text = match value {
            "T" => "true".to_owned(),
            "F" => "false".to_owned(),
            _ if is_bare => value.to_owned(),
            _ if LISTS.contains(name) => format!("[\"{}\"]", value.replace(',', "\",\"")),
            _ => format!("\"{value}\""),
        };
        out.extend_from_slice(text.as_bytes());
    }
    out.extend_from_slice(b"}\n");
}
