//! `planted`: a feed in which values that are everybody's are planted among those that are somebody's, given to a real node. What is
//! planted blocks nowhere, and it is told by which gate and list; everything else blocks.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::time::Instant;

use model::observable::guess;

use crate::Outcome;
use crate::acting::{Acting, stopped_by};
use crate::generate::Random;

/// How large a feed.
#[derive(clap::Args)]
pub struct Options {
    /// Lines of the feed; one in 50 is planted.
    #[arg(long, default_value_t = 1_000_000)]
    count: u64,
    /// The seed: the same one makes the same feed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One line in so many is planted.
const PLANTED: u64 = 50;
/// Names that everybody visits, as a list has them.
const NAMES: u64 = 5_000;
/// How many of what went wrong are shown.
const SHOWN: usize = 10;
/// The two lists that the operator has.
const POPULAR: &str = "Names that everybody visits";
const CONTENT: &str = "Networks that many share";

/// Public suffixes, of both sections.
const SUFFIXES: [&str; 22] = [
    "co.uk",
    "org.uk",
    "com.br",
    "com.au",
    "co.jp",
    "gov.in",
    "github.io",
    "gitlab.io",
    "blogspot.com",
    "herokuapp.com",
    "netlify.app",
    "vercel.app",
    "pages.dev",
    "workers.dev",
    "web.app",
    "azurewebsites.net",
    "cloudfront.net",
    "duckdns.org",
    "ddns.net",
    "no-ip.biz",
    "hopto.org",
    "s3.amazonaws.com",
];
/// Suffixes below which somebody's names are.
const BELOW: [&str; 12] = [
    "com",
    "net",
    "info",
    "ru",
    "xyz",
    "co.uk",
    "com.br",
    "github.io",
    "duckdns.org",
    "pages.dev",
    "cloudfront.net",
    "s3.amazonaws.com",
];
/// Networks of a list; no made-up address that is somebody's lies in them, some lie right beside.
const SHARED: [&str; 6] = [
    "104.16.0.0/13",
    "151.101.0.0/16",
    "23.32.0.0/11",
    "185.199.108.0/22",
    "2606:4700::/32",
    "2a04:4e40::/32",
];
const ROOTS: [&str; 6] =
    ["198.41.0.4", "193.0.14.129", "199.7.83.42", "202.12.27.33", "2001:7fd::1", "192.33.4.0/24"];

/// What stops a planted value.
type Stop = (&'static str, &'static str);

/// Makes the feed, gives it to a node, and compares.
///
/// # Errors
/// What blocks that must not, or does not though it is nobody else's; or what is not told.
pub fn run(options: &Options) -> Outcome {
    let folder = tempfile::tempdir()?;
    write_lists(folder.path())?;
    let path = folder.path().join("feed.txt");
    let (planted, others) = write_feed(options, &path)?;
    let acting = Acting::new(Some(folder.path()))?;
    println!("{} planted among {} that are somebody's", planted.len(), others.len());
    acting.import(&mut BufReader::new(fs::File::open(&path)?))?;

    let begun = Instant::now();
    let blocked = blocked(&acting)?;
    println!("{} block: the whole set was made and read in {:.1} s", blocked.len(), seconds(begun));
    let innocent: Vec<&str> =
        planted.keys().filter(|value| blocked.contains(*value)).map(String::as_str).collect();
    let missing: Vec<&str> = others.difference(&blocked).map(String::as_str).collect();
    let besides: Vec<&str> = blocked.difference(&others).map(String::as_str).collect();
    for (what, values) in [
        ("planted, and it blocks", &innocent),
        ("somebody's, and it does not block", &missing),
        ("blocks, and nobody said it", &besides),
    ] {
        if let [first, ..] = values.as_slice() {
            let shown = values.iter().take(SHOWN).copied().collect::<Vec<_>>().join(" ");
            return Err(format!("{what}: `{first}` and so on, {} in all: {shown}", values.len()).into());
        }
    }
    let begun = Instant::now();
    let stopped = told(&acting, &planted)?;
    println!("none of the planted blocks, and of each it is told why, in {:.1} s:", seconds(begun));
    for ((gate, by), count) in stopped {
        println!("{count:9} {gate}: {by}");
    }
    Ok(())
}

fn seconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64()
}

fn write_lists(folder: &Path) -> Outcome {
    let list = |name: &str, kind: &str, list: Vec<String>| {
        let document = serde_json::json!({
            "name": name, "type": kind, "version": 1, "description": "", "list": list,
            "matching_attributes": ["ip-dst", "domain", "url"],
        });
        fs::write(folder.join(format!("{kind}.json")), document.to_string())
    };
    list(POPULAR, "hostname", (0..NAMES).map(|n| format!("popular{n}.com")).collect())?;
    list(CONTENT, "cidr", SHARED.iter().map(|network| (*network).to_owned()).collect())?;
    Ok(())
}

/// Writes the feed. Answers what is planted, and by what it is to be stopped, and what is somebody's, each in its normal form.
fn write_feed(options: &Options, path: &Path) -> Outcome<(BTreeMap<String, Stop>, HashSet<String>)> {
    let mut random = Random::new(options.seed);
    let (mut planted, mut others) = (BTreeMap::new(), HashSet::new());
    let mut output = std::io::BufWriter::new(fs::File::create(path)?);
    let normal = |text: &str| guess(text).map(|value| value.text().to_owned());
    for n in 0..options.count {
        if n % PLANTED == 0 {
            let (line, stop) = planted_value(&mut random);
            writeln!(output, "{line}")?;
            planted.insert(normal(&line).map_err(|error| format!("{line}: {error}"))?, stop);
        } else {
            let line = other_value(&mut random, n);
            writeln!(output, "{line}")?;
            others.insert(normal(&line).map_err(|error| format!("{line}: {error}"))?);
        }
    }
    output.flush()?;
    Ok((planted, others))
}

/// A value that is everybody's, and what is to stop it.
fn planted_value(random: &mut Random) -> (String, Stop) {
    const PRIVATE: Stop = ("innocent", "everybody's own networks");
    const LISTED: Stop = ("warning-list", CONTENT);
    let n = random.below(1 << 16);
    let (high, low) = (n >> 8, n & 255);
    match random.below(16) {
        0 => (random.one_of(&SUFFIXES).to_owned(), ("innocent", "a public suffix")),
        1 | 2 => (format!("popular{}.com", n % NAMES), ("warning-list", POPULAR)),
        3 => (format!("www{n}.popular{}.com", n % NAMES), ("warning-list", POPULAR)),
        4 => (format!("https://popular{}.com/a/{n}", n % NAMES), ("warning-list", POPULAR)),
        5 => (format!("10.{low}.{high}.7"), PRIVATE),
        6 => (format!("192.168.{low}.{high}"), PRIVATE),
        7 => (format!("172.{}.{low}.9", 16 + high % 16), PRIVATE),
        8 => (format!("100.{}.{low}.5", 64 + high % 64), PRIVATE),
        9 => (format!("fd00::{n:x}"), PRIVATE),
        10 => (format!("https://192.168.{low}.{high}/gate.php"), PRIVATE),
        11 => (format!("104.{}.{low}.{high}", 16 + n % 8), LISTED),
        12 => (format!("151.101.{low}.{high}:443"), LISTED),
        13 => (format!("23.{}.{low}.0/24", 32 + high % 32), LISTED),
        14 => (format!("2606:4700::{n:x}"), LISTED),
        _ => (random.one_of(&ROOTS).to_owned(), ("innocent", "root server")),
    }
}

/// A value that is somebody's: some of them are right beside what is everybody's.
fn other_value(random: &mut Random, n: u64) -> String {
    let (a, b) = (random.next(), random.below(1 << 16));
    let (high, low) = (b >> 8, b & 255);
    match random.below(20) {
        0..=6 => format!("host{n}.bad{:x}.{}", a >> 48, random.one_of(&BELOW)),
        7 => format!("evil{n}.{}", random.one_of(&SUFFIXES)),
        8 => format!("popular{}.com.bad{n}.ru", b % NAMES),
        9 => format!("unpopular{n}.com"),
        10 => format!("https://evil{n}.{}/gate.php?id={low}", random.one_of(&BELOW)),
        11 => format!("https://files.bad{n}.info/popular{}.com/a", b % NAMES),
        12 => format!("104.{}.{low}.{high}", 24 + a % 40),
        13 => format!("172.{}.{low}.{high}", 32 + a % 60),
        14 => format!("11.{}.{low}.{high}", a % 256),
        15 => format!("100.{}.{low}.{high}:{}", 128 + a % 100, 1 + a % 65_535),
        16 => format!("2606:4701::{:x}:{:x}", n >> 16, n & 0xffff),
        17 => format!("198.41.{}.0/24", 1 + a % 250),
        18 => format!("{a:016x}{n:016x}{a:016x}{n:016x}"),
        _ => format!("{a:016x}{n:016x}"),
    }
}

/// Every value that blocks, as an agent beside sensors is told.
fn blocked(acting: &Acting) -> Outcome<HashSet<String>> {
    let feed = acting.feed("accord", "accord.ndjson")?;
    let mut file = tempfile::tempfile()?;
    feed.write(&mut file)?;
    std::io::Seek::rewind(&mut file)?;
    let mut blocked = HashSet::new();
    for line in BufReader::new(file).lines() {
        let line: serde_json::Value = serde_json::from_str(&line?)?;
        let text = |name: &str| line.get(name).and_then(serde_json::Value::as_str);
        if let (Some(value), Some("block")) = (text("value"), text("action")) {
            blocked.insert(value.to_owned());
        }
    }
    Ok(blocked)
}

/// By what each planted value is stopped, as is told who asks why; how many by each.
fn told(acting: &Acting, planted: &BTreeMap<String, Stop>) -> Outcome<BTreeMap<(String, String), u64>> {
    let values: Vec<String> = planted.keys().cloned().collect();
    let mut stopped: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut wrong = BTreeSet::new();
    for (why, (value, (gate, by))) in acting.why(&values)?.iter().zip(planted) {
        let stops = stopped_by(why);
        let told = stops.iter().find(|(of, words)| of == gate && words.contains(by));
        match told.filter(|_| why.action != "block") {
            Some((gate, by)) => *stopped.entry(((*gate).to_owned(), (*by).to_owned())).or_default() += 1,
            None => {
                wrong.insert(format!("{value}: {}, not by {gate}: {by}; {stops:?}", why.action));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(stopped);
    }
    let shown: Vec<String> = wrong.iter().take(SHOWN).cloned().collect();
    Err(format!("of {} it is not told what stops them:\n{}", wrong.len(), shown.join("\n")).into())
}
