//! Files for sensors, of made-up items: `.ci/sensors` gives them to the parsers that read them in the field.

mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ::sensors::{Format, Head, Item, Outcome, Writer};
use model::matching::Mode;
use model::observable::{Kind, normalise};
use model::protect::Action;
use model::{Observable, Timestamp, Tlp};

use crate::Outcome as Ended;
use crate::acting::{Acting, stopped_by};
use crate::generate::Random;

/// What to write, and where to.
#[derive(clap::Args)]
pub struct Options {
    /// The folder; each format gets one below it.
    #[arg(long)]
    out: PathBuf,
    /// How many items are made; some come twice and are there once.
    #[arg(long, default_value_t = 20_000)]
    count: u64,
    /// The seed: the same one makes the same files.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Values to take instead, one on each line, meant as they are written (`*.example.com`, `192.0.2.0/24`); what follows a
    /// blank, and lines that begin with `#`, are not read.
    #[arg(long)]
    values: Option<PathBuf>,
    /// A list that a real node takes in as a member's own word, all of it: every file is what the node serves of it.
    #[arg(long, conflicts_with_all = ["values", "count", "seed"])]
    feed: Option<PathBuf>,
}

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 20;

/// 2026-06-01T00:00:00Z.
const AS_OF: Timestamp = Timestamp(1_780_272_000_000_000);

/// Texts that try to leave their field, in every format.
const TEXTS: [&str; 12] = [
    "Feed of the sector",
    "",
    "a\tb\tc",
    "line\nlocal-zone: \"example.org.\" always_nxdomain",
    "\"; sid:1; rev:1;) drop ip any any -> any any (msg:\"x",
    "; $INCLUDE /etc/passwd",
    "back\\slash | pipe",
    "=cmd|' /C calc'!A0",
    "\u{feff}bom \u{202e}bidi\0nul",
    "} } flush ruleset",
    "a,b,\"c\"",
    "Bücher & Ämter // #",
];

struct Made {
    value: Observable,
    mode: Mode,
    action: Action,
    until: Option<Timestamp>,
    confidence: Option<u8>,
    source: &'static str,
    note: &'static str,
    object: String,
    /// What rules they are, of rules.
    rules: String,
}

/// Writes every format.
pub fn run(options: &Options) -> Ended {
    if let Some(feed) = &options.feed {
        return served(feed, &options.out);
    }
    let items = match &options.values {
        Some(path) => in_order(fs::read_to_string(path)?.lines().filter_map(said).collect()),
        None => items(options.seed, options.count),
    };
    println!("{} items", items.len());
    let head = Head { as_of: AS_OF, node: "sector-hub \"; {\n$ORIGIN", trusted_s: 86_400, cursor: None };
    for format in Format::all() {
        let folder = options.out.join(format.name());
        fs::create_dir_all(&folder)?;
        let begun = Instant::now();
        let (mut entries, mut bytes) = (0, 0);
        let mut reasons = BTreeMap::new();
        for file in format.files() {
            let mut output = fs::File::create(folder.join(file.name))?;
            let mut buffer = Vec::new();
            let mut writer = Writer::head(format, file, &head, &mut buffer);
            for made in &items {
                match writer.item(&mut buffer, &made.item()) {
                    Outcome::PassedOver(reason) => *reasons.entry(reason.name()).or_insert(0) += 1,
                    Outcome::InPart(_) => *reasons.entry("in part").or_insert(0) += 1,
                    Outcome::Covered => *reasons.entry("covered").or_insert(0) += 1,
                    Outcome::Written | Outcome::Elsewhere => {}
                }
                if buffer.len() >= BUFFER {
                    output.write_all(&buffer)?;
                    bytes += buffer.len();
                    buffer.clear();
                }
            }
            entries += writer.tail(&mut buffer);
            output.write_all(&buffer)?;
            bytes += buffer.len();
        }
        let seconds = begun.elapsed().as_secs_f64();
        println!("{:15} {entries:9} entries {bytes:11} bytes {seconds:6.3} s {reasons:?}", format.name());
    }
    note(&options.out)
}

/// Has a node take in a list, and writes all that it serves. Nothing of the list is lost on the way: each address blocks, or it is told
/// what stops it.
fn served(list: &Path, out: &Path) -> Ended {
    let acting = Acting::new(None)?;
    acting.import(&mut fs::File::open(list)?)?;
    acting.write_feeds(out)?;
    let text = fs::read_to_string(out.join("plain/accord-ipv4.txt"))?;
    let written: BTreeSet<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let said: BTreeSet<String> = fs::read_to_string(list)?
        .lines()
        .filter_map(self::said)
        .filter(|made| made.value.kind() == Kind::Ipv4)
        .map(|made| made.value.text().to_owned())
        .collect();
    if let Some(value) = written.iter().find(|value| !said.contains(**value)) {
        return Err(format!("`{value}` blocks, and nobody said it").into());
    }
    let stopped: Vec<String> =
        said.iter().filter(|value| !written.contains(value.as_str())).cloned().collect();
    for (value, why) in stopped.iter().zip(acting.why(&stopped)?) {
        match stopped_by(&why).first() {
            Some((gate, by)) => println!("stopped: {value}  {gate}: {by}"),
            None => return Err(format!("`{value}` is lost: it is {}", why.action).into()),
        }
    }
    println!("{} addresses: {} block, {} are stopped", said.len(), written.len(), stopped.len());
    Ok(())
}

/// Says in the folder how it was made.
fn note(folder: &Path) -> Ended {
    Ok(fs::write(
        folder.join("README"),
        "Made up by `cargo xtask sensors`. No value in here is known to be bad.\n",
    )?)
}

impl Made {
    fn item(&self) -> Item<'_> {
        Item {
            value: &self.value,
            mode: self.mode,
            action: self.action,
            until: self.until,
            confidence: self.confidence,
            object: &self.object,
            source: self.source,
            note: self.note,
            tlp: Tlp::Green,
            modified: AS_OF,
            rules: &self.rules,
            sid: None,
            then: &[],
        }
    }
}

/// An item of a line of somebody's list.
fn said(line: &str) -> Option<Made> {
    let word = line.split_whitespace().next().filter(|word| !word.starts_with('#'))?;
    let (value, mode) = model::matching::read(None, word).ok()?;
    Some(Made {
        value,
        mode,
        action: Action::Block,
        until: Some(AS_OF.plus_seconds(86_400)),
        confidence: None,
        source: "A list",
        note: "",
        object: "indicator--00000000-0000-4000-8000-000000000000".to_owned(),
        rules: String::new(),
    })
}

fn items(seed: u64, count: u64) -> Vec<Made> {
    let mut random = Random::new(seed);
    in_order((0..count).filter_map(|_| made(&mut random)).chain(shared::made()).collect())
}

/// Items in the order of their keys, of one key the widest mode first.
fn in_order(mut items: Vec<Made>) -> Vec<Made> {
    items.sort_by(|one, other| (one.value.key(), other.mode).cmp(&(other.value.key(), one.mode)));
    items
}

fn made(random: &mut Random) -> Option<Made> {
    let (kind, raw, mode) = value(random);
    let value = normalise(kind, &raw).ok()?;
    let text = |random: &mut Random| {
        let nth = usize::try_from(random.below(60)).unwrap_or(0);
        TEXTS.get(nth).copied().unwrap_or("A feed")
    };
    let until = match random.below(4) {
        0 => None,
        1 => Some(AS_OF.plus_seconds(3600)),
        2 => Some(AS_OF.plus_seconds(-1)).filter(|_| random.below(10) == 0),
        _ => Some(AS_OF.plus_seconds(i64::try_from(random.below(400 * 86_400)).ok()?)),
    };
    Some(Made {
        mode: if mode.fits(value.kind()) { mode } else { Mode::of_kind(value.kind()) },
        value,
        action: if random.below(10) == 0 { Action::Alert } else { Action::Block },
        until,
        confidence: u8::try_from(random.below(130)).ok().filter(|confidence| *confidence <= 100),
        source: text(random),
        note: text(random),
        object: format!("indicator--00000000-0000-4000-8000-{:012x}", random.below(1 << 48)),
        rules: String::new(),
    })
}

/// A kind, a value of it, and a mode. Names and networks lie below each other, and some values are made to break out.
fn value(random: &mut Random) -> (Kind, String, Mode) {
    let n = random.next();
    let address = |n: u64| format!("{}.{}.{}.{}", 1 + n % 223, n >> 8 & 255, n >> 16 & 255, n >> 24 & 255);
    let address6 = |n: u64| format!("2001:db8:{:x}:{:x}::{:x}", n & 0xffff, n >> 16 & 0xff, n >> 24 & 0xffff);
    let domain_mode = [Mode::Exact, Mode::Subdomains, Mode::Subdomains, Mode::Wildcard];
    let url_mode = [Mode::Exact, Mode::AnyQuery, Mode::PathPrefix, Mode::HostPath];
    let nth = usize::try_from(random.below(4)).unwrap_or(0);
    match random.below(20) {
        0..=6 => (Kind::Domain, domain(random), domain_mode.get(nth).copied().unwrap_or(Mode::Exact)),
        7..=9 => (Kind::Ipv4, address(n), Mode::Exact),
        10 => (Kind::Ipv6, address6(n), Mode::Exact),
        11 => (Kind::Cidr4, format!("{}/{}", address(n), 8 + n % 23), Mode::Network),
        12 => (Kind::Cidr6, format!("{}/{}", address6(n), 32 + n % 90), Mode::Network),
        13 => (Kind::IpPort, format!("{}:{}", address(n), 1 + n % 65_535), Mode::Exact),
        14 => (Kind::IpPort, format!("[{}]:{}", address6(n), 1 + n % 65_535), Mode::Exact),
        15..=16 => {
            let scheme = if nth == 0 { "https" } else { "http" };
            let tails =
                ["", "/", "/gate.php", "/a/b/", "/a;b\"c|d\\e$(f)/", "/%41%0a%22?q=1;x=\"y\"", "/q?a=b,c#d"];
            let tail = tails.get(usize::try_from(random.below(7)).unwrap_or(0)).copied().unwrap_or("");
            let url = format!("{scheme}://{}{tail}", domain(random));
            (Kind::Url, url, url_mode.get(nth).copied().unwrap_or(Mode::Exact))
        }
        17 => (Kind::Sha256, format!("{n:016x}").repeat(4), Mode::Exact),
        18 => (Kind::Md5, format!("{n:016x}").repeat(2), Mode::Exact),
        _ => rare(random, n),
    }
}

/// Kinds of which there are few.
fn rare(random: &mut Random, n: u64) -> (Kind, String, Mode) {
    let hexadecimal = |digits: usize| format!("{n:016x}").repeat(4).chars().take(digits).collect::<String>();
    let (kind, raw) = match random.below(10) {
        0 => (Kind::Email, format!("a'b+{}@{}", n % 1000, domain(random))),
        1 => (Kind::Ja3, hexadecimal(32)),
        2 => (Kind::Hassh, hexadecimal(32)),
        3 => (Kind::UserAgent, format!("Mozilla/{} (a; \"b\" | c\\) \t$", n % 100)),
        4 => (Kind::CertSha1, hexadecimal(40)),
        5 => (Kind::FileName, format!("#inv\"oice-{}.exe", n % 10_000)),
        6 => (Kind::Mutex, format!("Global\\m\n{n}")),
        7 => (Kind::CommandLine, format!("-enc {n},\"x\"")),
        8 => (Kind::Sha1, hexadecimal(40)),
        _ => (Kind::Asn, format!("AS{}", n % 70_000)),
    };
    (kind, raw, Mode::Exact)
}

/// A name: mostly plain, sometimes below another one, sometimes of a form that something trips over.
fn domain(random: &mut Random) -> String {
    let n = random.below(5000);
    match random.below(24) {
        0 => format!("32.{n}.2.0.192.rpz-ip"),
        1 => "github.io".to_owned(),
        2 => format!("-dash{n}.example"),
        3 => format!("_dmarc._x.{n}.example.org"),
        4 => {
            format!("{}.example", ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(50)].join("."))
        }
        5 => "localhost".to_owned(),
        6 => format!("bücher{n}.example"),
        7 => format!("xn--{n}.example"),
        8..=12 => format!("www.site{n}.example.com"),
        13..=15 => format!("a.b.site{n}.example.com"),
        _ => format!("site{n}.example.com"),
    }
}
