//! Made-up logs in every format, with a truth that is known before anything is matched: all of it is found, and nothing else.

use std::collections::BTreeSet;
use std::io::Write;

use model::matching::{Mode, read};
use scan::{Clock, Format, Input, Told, run};
use shield::{Builder, Entry, Knowledge, Timestamp};

const INDICATORS: u64 = 4_000;
const LINES: u64 = 6_000;

/// A small generator of numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

/// The `n`th indicator: a domain with all below it, an address, a URL, a domain by itself.
fn said(n: u64) -> String {
    match n % 4 {
        0 => format!(".bad{n}.co.uk"),
        1 => format!("1.{}.{}.7", n >> 8 & 255, n & 255),
        2 => format!("http://site{n}.com/kit/{n}.zip"),
        _ => format!("only{n}.duckdns.org"),
    }
}

fn at(day: u64, second: u64) -> Timestamp {
    let noon: Timestamp = format!("2026-03-{day:02}T12:00:00Z").parse().unwrap();
    noon.plus_seconds(second as i64)
}

/// Half of them hold from 3 to 10 March; one in sixteen is taken back.
fn is_short(n: u64) -> bool {
    (n / 4).is_multiple_of(2)
}

fn is_revoked(n: u64) -> bool {
    n / 4 % 16 == 5
}

fn knowledge() -> Knowledge<Vec<u8>> {
    let mut builder = Builder::new(7);
    for n in 0..INDICATORS {
        let (value, mode) = read(None, &said(n)).unwrap();
        assert_eq!(mode == Mode::Subdomains, n % 4 == 0);
        let (from, until) = ("2026-03-03T00:00:00Z".parse().ok(), "2026-03-10T00:00:00Z".parse().ok());
        let entry = Entry { mode, revoked: is_revoked(n), ..Entry::new(n) };
        let entry = if is_short(n) { Entry { valid_from: from, valid_until: until, ..entry } } else { entry };
        builder.add(&value, entry).unwrap();
    }
    Knowledge::open(builder.finish().unwrap()).unwrap()
}

/// What happened: who asked, which host, which path.
struct Event {
    day: u64,
    second: u64,
    client: String,
    host: String,
    path: String,
}

/// Whether a format has the whole URL of an event.
fn has_url(format: Format) -> bool {
    use Format as F;
    !matches!(format, F::Bind | F::Unbound | F::Dnsmasq | F::CoreDns | F::CloudTrail)
}

/// An event, and the indicator that it carries if one held then.
fn event(random: &mut Random, format: Format) -> (Event, Option<u64>) {
    let (day, second) = (1 + random.below(14), random.below(3_600));
    let client = format!("192.0.2.{}", random.below(250));
    let (host, path) = (format!("www.good{}.net", random.below(999)), "/index.html".to_owned());
    let mut event = Event { day, second, client, host, path };
    let n = random.below(INDICATORS);
    let shape = random.below(8);
    let mut planted = shape < 4;
    match n % 4 {
        0 => {
            event.host = match shape {
                0 => format!("bad{n}.co.uk"),
                1 => format!("a.b.BAD{n}.co.UK"),
                2 => format!("_dmarc.bad{n}.co.uk"),
                3 => format!("WWW.bad{n}.co.uk"),
                // Names that end alike, names above, and what only begins so.
                4 => format!("notbad{n}.co.uk"),
                5 => format!("bad{n}.co.uk.good.net"),
                6 => format!("bad{n}x.co.uk"),
                _ => format!("x.bad{n}.org.uk"),
            };
        }
        1 => {
            let (b, c) = (n >> 8 & 255, n & 255);
            event.client = match shape {
                0..4 => format!("1.{b}.{c}.7"),
                4 => format!("11.{b}.{c}.7"),
                5 => format!("1.{b}.{c}.77"),
                6 => format!("21.{b}.{c}.7"),
                _ => format!("1.{b}.{c}.8"),
            };
        }
        2 => {
            event.host = format!("site{n}.com");
            event.path = match shape {
                0 => format!("/kit/{n}.zip"),
                1 => format!("/kit/%{:02x}{}.zip", b'0' + (n / 1000) as u8, &format!("{n:04}")[1..]),
                2 => format!("/a/../kit/{n}.zip"),
                3 => format!("/./kit/{n}.zip"),
                4 => format!("/kit/{n}.zipped"),
                5 => format!("/kit/{n}"),
                6 => format!("/kit/{n}.zip/more"),
                _ => format!("/KIT/{n}.zip"),
            };
            // Below a thousand the escape puts a digit more in front.
            planted &= has_url(format) && (shape != 1 || n >= 1_000);
        }
        _ => {
            event.host = match shape {
                0..2 => format!("only{n}.duckdns.org"),
                2 | 3 => format!("ONLY{n}.DuckDNS.org"),
                4 | 5 => format!("www.only{n}.duckdns.org"),
                6 => format!("only{n}.no-ip.org"),
                _ => "duckdns.org".to_owned(),
            };
        }
    }
    let held = !is_revoked(n) && (!is_short(n) || (3..10).contains(&day));
    (event, (planted && held).then_some(n))
}

fn line(format: Format, of: &Event) -> String {
    let Event { day, second, client, host, path } = of;
    let clock = format!("12:{:02}:{:02}", second / 60, second % 60);
    let (rfc, stamp) = (format!("2026-03-{day:02}T{clock}Z"), format!("Mar {day:>2} {clock}"));
    let micros = at(*day, *second).0;
    let seconds = micros / 1_000_000;
    match format {
        Format::ZeekTsv => format!("{seconds}.000000\tC1\t{client}\t4000\t{host}\t{path}"),
        Format::ZeekJson => format!(
            r#"{{"ts":{seconds}.0,"uid":"C1","id.orig_h":"{client}","id.orig_p":4000,"host":"{host}","uri":"{path}"}}"#
        ),
        Format::Eve => format!(
            r#"{{"timestamp":"2026-03-{day:02}T{clock}.000000+0000","event_type":"http","src_ip":"{client}","src_port":4000,"http":{{"hostname":"{host}","url":"{}"}}}}"#,
            path.replace('/', "\\/")
        ),
        Format::Bind => format!(
            "{day:02}-Mar-2026 {clock}.000 queries: info: client @0x7f {client}#4000 ({host}): query: {host} IN A +E(0)K (10.0.0.1)"
        ),
        Format::Unbound => format!("[{seconds}] unbound[1:0] info: {client} {host}. A IN"),
        Format::Dnsmasq => format!("{stamp} gw dnsmasq[1]: query[A] {host} from {client}"),
        Format::CoreDns => format!(
            r#"{rfc} [INFO] {client}:4000 - 42 "A IN {host}. udp 41 false 512" NOERROR qr,rd,ra 88 0.001s"#
        ),
        Format::Combined => format!(
            r#"{host}:80 {client} - - [{day:02}/Mar/2026:{clock} +0000] "GET {path} HTTP/1.1" 200 12 "-" "curl/8""#
        ),
        Format::Squid => {
            format!(
                "{seconds}.000 4 {client} TCP_MISS/200 12 GET http://{host}:80{path} - HIER_DIRECT/10.0.0.1 -"
            )
        }
        Format::Syslog => format!("{stamp} gw proxy[1]: {client} fetched http://{host}{path}, allowed"),
        Format::CloudTrail => format!(
            r#"{{"eventTime":"{rfc}","eventSource":"s3.amazonaws.com","sourceIPAddress":"{client}","requestParameters":{{"host":"{host}"}}}}"#
        ),
        Format::Ecs => format!(
            r#"{{"@timestamp":"{rfc}","source":{{"ip":"{client}"}},"url":{{"domain":"{host}","original":"{path}"}}}}"#
        ),
        Format::Ocsf => format!(
            r#"{{"class_uid":4002,"time":{},"src_endpoint":{{"ip":"{client}"}},"http_request":{{"url":{{"hostname":"{host}","path":"{path}"}}}}}}"#,
            micros / 1_000
        ),
        _ => format!("{rfc} saw {client} (http://{host}{path})."),
    }
}

/// A log, and where which indicator stands in it.
fn log(format: Format) -> (Vec<u8>, BTreeSet<(u64, u64)>) {
    let mut random = Random(42);
    let mut bytes = Vec::new();
    let mut truth = BTreeSet::new();
    if format == Format::ZeekTsv {
        bytes.extend_from_slice(b"#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.orig_p\thost\turi\n");
    }
    for _ in 0..LINES {
        let (event, carried) = event(&mut random, format);
        truth.extend(carried.map(|n| (bytes.len() as u64, n)));
        bytes.extend_from_slice(line(format, &event).as_bytes());
        bytes.push(b'\n');
    }
    (bytes, truth)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn is_all_found_in(formats: &[Format]) {
    let knowledge = knowledge();
    for &format in formats {
        let (bytes, truth) = log(format);
        assert!(truth.len() as u64 > LINES / 5, "{}: {}", format.name(), truth.len());
        for bytes in [packed(&bytes), bytes.clone()] {
            let clock = Clock { latest: Some(at(20, 0)), east: 0 };
            let told = (format == Format::Text).then_some(format);
            let input = Input {
                name: String::new(),
                bytes: Box::new(bytes.as_slice()),
                format: told,
                clock,
                from: None,
            };
            let mut found = Vec::new();
            run(&knowledge, [input].into_iter(), 3, &mut |told| match told {
                Told::Begun { format: sniffed, .. } => assert_eq!(sniffed, format),
                Told::Hit(hit) => found.push((hit.at, hit.id)),
                _ => {}
            })
            .unwrap();
            let (count, found) = (found.len(), found.into_iter().collect::<BTreeSet<_>>());
            let missed: Vec<_> = truth.difference(&found).take(3).collect();
            let extras: Vec<_> = found.difference(&truth).take(3).collect();
            assert!(missed.is_empty() && extras.is_empty(), "{}: {missed:?} {extras:?}", format.name());
            assert_eq!(count, truth.len(), "{}", format.name());
        }
    }
}

#[test]
fn all_that_is_planted_is_found_in_logs_of_sensors_and_nothing_else() {
    is_all_found_in(&[Format::ZeekTsv, Format::ZeekJson, Format::Eve, Format::CloudTrail]);
    is_all_found_in(&[Format::Ecs, Format::Ocsf]);
}

#[test]
fn all_that_is_planted_is_found_in_logs_of_servers_and_nothing_else() {
    is_all_found_in(&[Format::Bind, Format::Unbound, Format::Dnsmasq, Format::CoreDns]);
    is_all_found_in(&[Format::Combined, Format::Squid, Format::Syslog, Format::Text]);
}
