//! Whatever a stranger writes stays within its line, its field and its quotes, in every format.

use model::matching::Mode;
use model::observable::{Kind, guess, normalise};
use model::protect::Action;
use model::{Timestamp, Tlp};
use sensors::{File, Format, Head, Item, Outcome, Writer};

use crate::formats::Known;

const AS_OF: Timestamp = Timestamp(1_780_272_000_000_000);

/// What texts and values are put together from.
const PIECES: [&str; 44] = [
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\"",
    "'",
    "`",
    ";",
    "$",
    "\\",
    "\0",
    "\u{feff}",
    "//",
    "/*",
    "*/",
    "$INCLUDE x",
    "$ORIGIN .",
    "@",
    "_",
    "#",
    "{",
    "}",
    "(",
    ")",
    "|",
    "|0a|",
    "<",
    ">",
    "=1+1",
    "-",
    "- ",
    ",",
    ":",
    "%0a",
    "%22",
    "\\x0a",
    "\u{2028}",
    "\u{202e}",
    "\u{85}",
    "é",
    "xn--p1ai",
    "(empty)",
    "!",
    "~",
];

/// A small generator (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }

    fn text(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.below(7) {
            match self.below(3) {
                0 => text.push_str(["evil", "example", "a.b", " "][self.below(4)]),
                _ => text.push_str(PIECES[self.below(PIECES.len())]),
            }
        }
        if self.below(200) == 0 { text.repeat(300) } else { text }
    }
}

/// Every value that comes of pieces, of every kind, in some mode that fits it.
fn nasty_values(random: &mut Random) -> Vec<Known> {
    let mut all = Vec::new();
    for kind in Kind::VALUES.iter().copied() {
        for _ in 0..150 {
            let text = random.text();
            let raw = match kind {
                Kind::Domain => format!("{text}.example"),
                Kind::Url => format!("http://evil.example/{text}"),
                Kind::Email => format!("{text}@evil.example"),
                Kind::RegistryKey => format!("HKLM\\{text}"),
                Kind::FilePath => format!("C:\\{text}"),
                _ => text,
            };
            all.extend(normalise(kind, &raw).ok());
        }
    }
    let label = "a".repeat(63);
    let long = [label.as_str(); 3].join(".");
    for raw in [
        "-n.example",
        "_a._b.example",
        "xn--e1afmkfd.xn--p1ai",
        "a.rpz-ip",
        "-.example",
        &format!("{long}.example"),
    ] {
        all.extend(normalise(Kind::Domain, raw));
    }
    for raw in
        ["192.0.2.0/31", "2001:db8::/64", "192.0.2.1:80", "[2001:db8::1]:80", "::ffff:192.0.2.9", "AS1"]
    {
        all.extend(guess(raw));
    }
    let modes: Vec<Mode> = Mode::all().collect();
    let mut all: Vec<Known> = all
        .into_iter()
        .map(|value| {
            let fitting: Vec<Mode> = modes.iter().copied().filter(|mode| mode.fits(value.kind())).collect();
            let mode = fitting[random.below(fitting.len())];
            Known(value, mode, Action::ALL[random.below(Action::ALL.len())])
        })
        .collect();
    all.sort_by(|one, other| (one.0.key(), other.1).cmp(&(other.0.key(), one.1)));
    all
}

/// How a file begins a comment; nothing where it has none.
fn comment(format: Format, file: &File) -> &'static str {
    match format {
        Format::Rpz => ";",
        Format::Elastic | Format::Csv | Format::WazuhCdb | Format::SplunkCsv | Format::Accord => "",
        Format::Suricata if file.name.ends_with(".lst") => {
            if ["-md5.", "-sha1.", "-sha256."].iter().any(|digest| file.name.contains(digest)) {
                "#"
            } else {
                ""
            }
        }
        Format::Yara => "//",
        _ => "#",
    }
}

/// Splits off what stands in quotes; `None` when one is not closed. What is in them has no backslash.
fn outside_of_quotes(line: &str) -> Option<String> {
    let parts: Vec<&str> = line.split('"').collect();
    let inside_is_tame = parts.iter().skip(1).step_by(2).all(|part| !part.contains([';', '\n']));
    (parts.len() % 2 == 1 && inside_is_tame)
        .then(|| parts.iter().step_by(2).copied().collect::<Vec<_>>().join("\"\""))
}

fn all_of(text: &str, allowed: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || allowed.contains(c))
}

/// Whether a line that an item made is of the format's grammar, written down as strictly as it can be.
fn is_of_grammar(format: Format, line: &str) -> bool {
    match format {
        // Values are in none of these.
        Format::Sigma | Format::Yara => false,
        Format::Zeek => {
            let fields: Vec<&str> = line.split('\t').collect();
            let escapes = line.split('\\').skip(1);
            let is_byte = |rest: &str| {
                rest.strip_prefix('x')
                    .and_then(|rest| rest.get(..2))
                    .is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            };
            fields.len() == 5
                && escapes.into_iter().all(is_byte)
                && fields.iter().all(|field| !field.is_empty())
                && fields[1].starts_with("Intel::")
        }
        Format::Suricata if !line.contains(' ') => {
            line.chars().all(|c| c.is_ascii_alphanumeric() || "+/=.:".contains(c))
        }
        Format::Suricata | Format::SuricataRules => outside_of_quotes(line).is_some_and(|rest| {
            let options = rest.split_once(" (").map_or("", |(_, options)| options);
            let is_plain = rest.chars().all(|c| c.is_ascii_alphanumeric() || " -_.:;,()[]<>+/\"".contains(c));
            let is_once = |word: &str| options.matches(word).count() == 1;
            is_plain && is_once(" sid:") && is_once(" rev:") && is_once("msg:") && rest.ends_with(";)")
        }),
        Format::Rpz => line.strip_suffix(" CNAME .").is_some_and(|name| {
            all_of(name.strip_prefix("*.").unwrap_or(name), "-_.") && !name.contains(".rpz-")
        }),
        Format::Unbound => {
            let zone = line.strip_prefix("local-zone: \"").and_then(|rest| {
                rest.strip_suffix("\" always_nxdomain").or_else(|| rest.strip_suffix("\" transparent"))
            });
            let data =
                line.strip_prefix("local-data: \"").and_then(|rest| rest.strip_suffix(" 60 IN A 0.0.0.0\""));
            zone.or(data).is_some_and(|name| all_of(name, "-_.") && name.ends_with('.'))
        }
        Format::Hosts => line.strip_prefix("0.0.0.0 ").is_some_and(|name| all_of(name, "-_.")),
        Format::Adguard => {
            let below = line.strip_prefix("||").and_then(|rest| rest.strip_suffix('^'));
            all_of(below.unwrap_or(line), "-_.")
        }
        Format::Squid => all_of(line, "-_.:/") && !line.starts_with('-'),
        Format::Nftables => {
            let element = line.strip_prefix("\t\t\t").and_then(|rest| rest.strip_suffix(','));
            let opening = ["\tset ", "\t\ttype ipv", "\t\tflags ", "\t\telements = {"];
            element.is_some_and(|element| all_of(element, ".:/ "))
                || opening.iter().any(|begin| line.strip_prefix(begin).is_some_and(|rest| rest.len() < 24))
        }
        Format::Ipset => {
            let words: Vec<&str> = line.split(' ').collect();
            matches!(words.as_slice(), ["add", set, value, .., "-exist"] if set.ends_with(".new") && all_of(value, ".:/"))
        }
        Format::Elastic | Format::Accord => {
            serde_json::from_str::<serde_json::Value>(line).is_ok_and(|value| value.is_object())
        }
        Format::Csv | Format::SplunkCsv => {
            let columns = if format == Format::Csv { 10 } else { 0 };
            let rest: String = line.split('"').step_by(2).collect();
            let cells = rest.split(',').count();
            line.matches('"').count().is_multiple_of(2)
                && (columns == 0 && (3..=4).contains(&cells) || cells == columns)
        }
        Format::Plain => !line.starts_with('#') && line.trim() == line,
        Format::WazuhCdb => {
            let key = line.strip_suffix(":alert").or_else(|| line.strip_suffix(":block")).unwrap_or("");
            match key.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                Some(inner) => inner.contains(':') && !inner.contains(['"', '\\']),
                None => !key.is_empty() && !key.contains([':', '"', '\\']),
            }
        }
    }
}

/// Lines that one item may make, at most; of nftables the set may be opened for it.
fn lines_max(format: Format) -> usize {
    match format {
        Format::Nftables => 8,
        Format::Rpz | Format::Unbound | Format::Elastic | Format::Suricata | Format::SuricataRules => 2,
        _ => 1,
    }
}

/// Answers for how many items it said what became of them.
fn check(format: Format, file: &File, items: &[Known], random: &mut Random) -> usize {
    let node = random.text();
    let head = Head { as_of: AS_OF, node: &node, trusted_s: 60, cursor: None };
    let mut out = Vec::new();
    let mut writer = Writer::head(format, file, &head, &mut out);
    let sign = comment(format, file);
    let mut told_of = 0;
    for known in items {
        let (object, source, note) = (random.text(), random.text(), random.text());
        let item = Item {
            object: &object,
            source: &source,
            note: &note,
            tlp: Tlp::Red,
            until: (random.below(2) == 0).then(|| AS_OF.plus_seconds(1)),
            ..known.item()
        };
        let before = out.len();
        let outcome = writer.item(&mut out, &item);
        told_of += usize::from(outcome != Outcome::Elsewhere);
        let text = std::str::from_utf8(&out[before..]).unwrap();
        let told = format!("{format} {} {known:?} {text:?}", file.name, known = known.0);
        if !matches!(outcome, Outcome::Written | Outcome::InPart(_)) {
            assert_eq!(text, "", "{told}");
            continue;
        }
        let body = text.strip_suffix('\n').unwrap_or_else(|| panic!("{told}"));
        assert!(body.split('\n').count() <= lines_max(format), "{told}");
        for line in body.split('\n') {
            let is_seen = |c: char| !c.is_control() || c == '\t';
            assert!(line.chars().all(|c| is_seen(c) && !"\u{feff}\u{2028}\u{202e}".contains(c)), "{told}");
            assert!(sign.is_empty() || !line.starts_with(sign), "{told}");
            let is_brace = format == Format::Nftables && ["\t\t}", "\t}"].contains(&line);
            assert!(is_brace || is_of_grammar(format, line), "{told}");
        }
    }
    writer.tail(&mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{format}");
    let said = text.lines().filter(|line| !sign.is_empty() && line.starts_with(sign)).count();
    let fixed = if format == Format::Zeek { 1 } else { 0 };
    assert_eq!(said, if sign.is_empty() { 0 } else { 5 + fixed }, "{format}: a comment that nobody wrote");
    told_of
}

#[test]
fn nothing_breaks_out() {
    for seed in 0..12 {
        let mut random = Random(seed);
        let items = nasty_values(&mut random);
        assert!(items.len() > 400);
        for format in Format::all() {
            let told_of: usize =
                format.files().iter().map(|file| check(format, file, &items, &mut random)).sum();
            assert_eq!(told_of, items.len(), "{format}: of each item one file tells what became of it");
        }
    }
}
