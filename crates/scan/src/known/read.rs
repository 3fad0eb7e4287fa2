//! Reading what is known: CSV with a header, or a list in one of the ways in which people publish them.

use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use model::matching::read as read_value;
use sha2::{Digest, Sha256};
use shield::read::time_of;
use shield::{Builder, Entry, Kind, Timestamp};

use super::{Made, Unknown};
use crate::run::first_half;

/// The longest line of a list, in bytes; also how far into a file its header is looked for.
const LINE_BYTES: u64 = 64 << 10;
/// The longest row of CSV, in bytes. A quote that nobody closes would swallow all behind it.
const ROW_BYTES: usize = 4 << 20;
/// How a node's own CSV begins: it knows no comments, and writes a `'` in front of what a spreadsheet would take for a formula.
const EXPORT: &str =
    "value,kind,object_type,id,name,tlp,source,added,version,valid_from,valid_until,revoked,tags";
/// Columns that hold the value, as CSV files call them, the most telling first.
const VALUES: [&str; 17] = [
    "value",
    "indicator",
    "ioc",
    "ioc_value",
    "observable",
    "dst",
    "url",
    "domain",
    "hostname",
    "ip",
    "ip_address",
    "dst_ip",
    "sha256",
    "sha256_hash",
    "sha1",
    "md5",
    "md5_hash",
];
/// What separates columns.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// What nothing is called.
const NOTHING: [&str; 6] = ["", "-", "null", "none", "n/a", "never"];
/// Seconds in a day.
const DAY_S: i64 = 86_400;

pub(super) fn read(input: impl Read, seed: u64) -> Result<Made, Unknown> {
    let mut input = BufReader::with_capacity(LINE_BYTES as usize, input);
    let mut beginning = Vec::new();
    (&mut input).take(LINE_BYTES).read_to_end(&mut beginning).map_err(unreadable)?;
    if beginning.starts_with(b"\xFF\xFE") || beginning.starts_with(b"\xFE\xFF") {
        return Err(Unknown("what is known is UTF-16: make it UTF-8 first, such as with iconv".to_owned()));
    }
    let mark = if beginning.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let header = Header::find(beginning.get(mark..).unwrap_or_default());
    let skipped = mark + header.as_ref().map_or(0, |header| header.length);
    let rest = Cursor::new(beginning.split_off(skipped.min(beginning.len()))).chain(input);
    let mut filling = Filling::new(seed);
    match header {
        Some(header) => filling.csv(rest, &header, seed)?,
        None => filling.list(rest)?,
    }
    filling.done()
}

fn unreadable(error: impl std::fmt::Display) -> Unknown {
    Unknown(format!("what is known cannot be read: {error}"))
}

/// The line that names the columns of a CSV file.
struct Header {
    separator: u8,
    columns: Columns,
    /// It is that of a node's own CSV.
    is_export: bool,
    /// How many bytes it takes with what stands before it.
    length: usize,
}

/// The columns that mean something here.
struct Columns {
    value: usize,
    kind: Option<usize>,
    object_type: Option<usize>,
    object: Option<usize>,
    source: Option<usize>,
    label: Option<usize>,
    from: Option<usize>,
    until: Option<usize>,
    revoked: Option<usize>,
}

impl Header {
    /// It is the first line that is no comment, or the comment right in front of that one.
    fn find(beginning: &[u8]) -> Option<Header> {
        let (mut length, mut comment) = (0, None);
        for line in beginning.split_inclusive(|byte| *byte == b'\n') {
            let before = length;
            length += line.len();
            let text = std::str::from_utf8(line).ok()?.trim();
            match text.strip_prefix('#') {
                Some(text) => comment = Some(text.trim()),
                None if text.is_empty() => {}
                None => {
                    // A comment of one word is no header.
                    let is_header =
                        |text: &&str| SEPARATORS.iter().any(|sign| text.contains(char::from(*sign)));
                    let of_comment = || Header::of(comment.filter(is_header)?, before);
                    return Header::of(text, length).or_else(of_comment);
                }
            }
        }
        None
    }

    fn of(text: &str, length: usize) -> Option<Header> {
        let of = |separator: u8| {
            let names: Vec<String> = text
                .split(char::from(separator))
                .map(|name| name.trim().trim_matches('"').trim().to_ascii_lowercase())
                .collect();
            let header = |columns| Header { separator, columns, is_export: text == EXPORT, length };
            Columns::of(&names).map(|columns| (names.len(), header(columns)))
        };
        let found = SEPARATORS.into_iter().filter_map(of).max_by_key(|(columns, _)| *columns);
        found.map(|(_, header)| header)
    }
}

impl Columns {
    fn of(names: &[String]) -> Option<Columns> {
        let at = |wanted: &str| names.iter().position(|name| name == wanted);
        Some(Columns {
            value: VALUES.iter().find_map(|name| at(name))?,
            kind: at("kind"),
            object_type: at("object_type"),
            object: at("id"),
            source: at("source"),
            label: at("tlp"),
            from: at("valid_from"),
            until: at("valid_until"),
            revoked: at("revoked"),
        })
    }
}

struct Filling {
    builder: Builder,
    texts: String,
    ends: Vec<[usize; 4]>,
    left_out: u64,
    first_left_out: Option<String>,
    /// What was taken, by the digest of what it says and who says it.
    taken: HashSet<[u8; 16]>,
    /// How often one of these came again, and the first that did.
    again: u64,
    first_again: Option<String>,
}

impl Filling {
    fn new(seed: u64) -> Filling {
        Filling {
            builder: Builder::new(seed),
            texts: String::new(),
            ends: Vec::new(),
            left_out: 0,
            first_left_out: None,
            taken: HashSet::new(),
            again: 0,
            first_again: None,
        }
    }

    fn csv(&mut self, input: impl Read, header: &Header, seed: u64) -> Result<(), Unknown> {
        let columns = &header.columns;
        let given = Cell::new(0);
        // A last row that nobody else writes: where it is not the last that is read, a quote holds it.
        let last = format!("{seed:016x} is the end");
        let end = format!("\n{last}\n");
        let input = Bounded { input: input.chain(end.as_bytes()), given: &given };
        let mut is_closed = false;
        let mut rows = csv::ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .delimiter(header.separator)
            .comment((!header.is_export).then_some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(input);
        let mut row = csv::ByteRecord::new();
        while rows.read_byte_record(&mut row).map_err(unreadable)? {
            given.set(0);
            is_closed = row.len() == 1 && row.get(0) == Some(last.as_bytes());
            if is_closed {
                continue;
            }
            let at = |column: Option<usize>| {
                let field = column.and_then(|column| row.get(column)).unwrap_or_default();
                let plain = field.strip_prefix(b"'").filter(|rest| {
                    header.is_export && matches!(rest.first(), Some(b'=' | b'+' | b'-' | b'@'))
                });
                String::from_utf8_lossy(plain.unwrap_or(field))
            };
            if columns.object_type.is_some() && at(columns.object_type) != "indicator" {
                continue;
            }
            let value = at(Some(columns.value));
            // Who says of what kind a value is writes no comment behind it, and some kinds may have the sign in them.
            let value = if columns.kind.is_some() { &value } else { without_comment(&value) };
            let read = || {
                Ok(Entry {
                    valid_from: bound("valid_from", &at(columns.from), 0)?,
                    valid_until: bound("valid_until", &at(columns.until), DAY_S)?,
                    revoked: is_yes("revoked", &at(columns.revoked))?,
                    ..Entry::new(0)
                })
            };
            match read() {
                Ok(entry) => {
                    let kind = Kind::from_name(&at(columns.kind));
                    let (object, source, label) = (at(columns.object), at(columns.source), at(columns.label));
                    // Files of others count their rows in a column of that name.
                    let object = if is_object(&object) { &object } else { "" };
                    self.add(kind, [value, object, &source, &label], entry);
                }
                // Without what it says it would count at other times, or for ever.
                Err(why) => self.leave_out(value, why),
            }
        }
        if is_closed { Ok(()) } else { Err(unreadable("it ends within a quote")) }
    }

    fn list(&mut self, mut input: impl BufRead) -> Result<(), Unknown> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut input).take(LINE_BYTES).read_until(b'\n', &mut line).map_err(unreadable)?;
            if read == 0 {
                return Ok(());
            }
            let is_long = read as u64 == LINE_BYTES && !line.ends_with(b"\n");
            if is_long {
                skip_line(&mut input).map_err(unreadable)?;
                self.leave_out("", format!("a line of more than {} KiB", LINE_BYTES >> 10));
                continue;
            }
            self.line(String::from_utf8_lossy(&line).trim());
        }
    }

    fn line(&mut self, line: &str) {
        let is_comment = ["#", "! ", "!#", ";", "//", "[Adblock"].iter().any(|sign| line.starts_with(sign));
        if line.is_empty() || is_comment {
            return;
        }
        if let Some(rule) = line.strip_prefix("||") {
            return match blocked(rule) {
                Some(name) if name.parse::<std::net::IpAddr>().is_ok() => self.value(None, name),
                // It is for the name and all below it.
                Some(name) => self.value(Some(Kind::Domain), &format!(".{name}")),
                None => self.leave_out(line, "a rule of a blocker for more or less than a domain".to_owned()),
            };
        }
        if ["@@", "|", "/"].iter().any(|sign| line.starts_with(sign))
            || ["##", "#@#", "#?#", "#$#"].iter().any(|sign| line.contains(sign))
        {
            return self.leave_out(line, "a rule of a blocker that names no domain to block".to_owned());
        }
        let mut words = without_comment(line).split_whitespace();
        let first = words.next().unwrap_or_default();
        let mut names = words.peekable();
        if is_nowhere(first) && names.peek().is_some() {
            // A file of hosts, that sends names nowhere.
            return names.filter(|name| !is_own(name)).for_each(|name| self.value(Some(Kind::Domain), name));
        }
        if names.peek().is_some_and(|name| is_own(name)) {
            return;
        }
        let value = first.trim_matches('"');
        // Of a URL these may be part.
        let end = if value.contains("//") { None } else { value.find([',', ';', '|']) };
        self.value(None, value.get(..end.unwrap_or(value.len())).unwrap_or_default().trim_matches('"'));
    }

    fn value(&mut self, kind: Option<Kind>, value: &str) {
        self.add(kind, [value, "", "", ""], Entry::new(0));
    }

    fn add(&mut self, kind: Option<Kind>, texts @ [value, object, source, _]: [&str; 4], entry: Entry) {
        let id = self.ends.len() as u64;
        let added = read_value(kind, value).map_err(|why| why.to_string()).and_then(|(read, mode)| {
            let says =
                format!("{}\0{}\0{}\0{object}\0{source}", read.kind().name(), mode.name(), read.text());
            let held = format!("{:?} {:?} {}", entry.valid_from, entry.valid_until, entry.revoked);
            if self.taken.contains(&print(&says, &held)) {
                return Ok(false);
            }
            self.builder.add(&read, Entry { id, mode, ..entry }).map_err(|why| why.to_string())?;
            Ok(self.taken.insert(print(&says, &held)))
        });
        match added {
            Ok(true) => {}
            // Taken twice, each hit would count twice.
            Ok(false) => {
                self.again += 1;
                self.first_again.get_or_insert_with(|| left_out(value, "it stands there before"));
                return;
            }
            Err(why) => return self.leave_out(value, why),
        }
        let mut end = |text: &str| {
            self.texts.push_str(text);
            self.texts.len()
        };
        self.ends.push(texts.map(&mut end));
    }

    fn leave_out(&mut self, value: &str, why: String) {
        self.left_out += 1;
        self.first_left_out.get_or_insert_with(|| left_out(value, &why));
    }

    fn done(self) -> Result<Made, Unknown> {
        Ok(Made {
            set: self.builder.finish().map_err(|why| Unknown(why.to_string()))?,
            taken: self.ends.len() as u64,
            left_out: self.left_out + self.again,
            first_left_out: self.first_left_out.or(self.first_again),
            texts: self.texts,
            ends: self.ends,
        })
    }
}

/// How much is told of a value that is left out, in characters.
const TOLD: usize = 200;

fn left_out(value: &str, why: &str) -> String {
    format!("`{}`: {why}", value.chars().take(TOLD).collect::<String>())
}

fn print(says: &str, held: &str) -> [u8; 16] {
    let mut digest = Sha256::new();
    digest.update(says);
    digest.update([0]);
    digest.update(held);
    first_half(&digest.finalize())
}

/// Whether it is the id of an object, as STIX writes them: a type and a UUID.
fn is_object(text: &str) -> bool {
    let Some((of, id)) = text.split_once("--") else { return false };
    let is_type = !of.is_empty() && of.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let lengths = id.split('-').map(str::len);
    is_type && lengths.eq([8, 4, 4, 4, 12]) && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// An input that gives no more than a row may have until somebody says that one is read.
struct Bounded<'b, R> {
    input: R,
    given: &'b Cell<usize>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given.get() > ROW_BYTES {
            let why = format!("a row has more than {} MiB: is a quote not closed?", ROW_BYTES >> 20);
            return Err(io::Error::other(why));
        }
        let read = self.input.read(into)?;
        self.given.set(self.given.get() + read);
        Ok(read)
    }
}

/// Reads on to the end of a line.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let ready = input.fill_buf()?;
        let end = memchr::memchr(b'\n', ready);
        let length = end.map_or(ready.len(), |end| end + 1);
        let is_done = end.is_some() || ready.is_empty();
        input.consume(length);
        if is_done {
            return Ok(());
        }
    }
}

/// Up to a `#` that a blank stands in front of, or that no URL is before.
fn without_comment(text: &str) -> &str {
    let sign = |at: &usize| {
        let before = text.get(..*at).unwrap_or_default();
        before.ends_with(char::is_whitespace) || !before.contains("//")
    };
    let end = text.match_indices('#').map(|(at, _)| at).find(sign);
    text.get(..end.unwrap_or(text.len())).unwrap_or_default().trim()
}

/// The name that a rule of a blocker is for, behind its `||`; `None` where it is for more or less than the name.
fn blocked(rule: &str) -> Option<&str> {
    let (name, options) = rule.split_once('^').unwrap_or((rule, ""));
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    // These change how it is blocked, and not where.
    let is_plain = |option: &str| {
        matches!(option, "important" | "third-party" | "3p" | "all" | "document" | "doc" | "popup")
    };
    let has_plain = match options.strip_prefix('$') {
        Some(options) => options.split(',').all(is_plain),
        None => options.is_empty(),
    };
    (has_plain && !name.is_empty() && name.chars().all(is_name)).then_some(name)
}

/// Whether it is where a file of hosts sends names that are to be reached nowhere.
fn is_nowhere(address: &str) -> bool {
    matches!(address, "0.0.0.0" | "::" | "::1")
        || address.strip_prefix("127.").is_some_and(|_| address.parse::<std::net::Ipv4Addr>().is_ok())
}

/// Whether it is a name of the computer itself, or of all on its network, that files of hosts begin with.
fn is_own(name: &str) -> bool {
    const OWN: [&str; 6] =
        ["localhost", "localhost.localdomain", "localhost6", "local", "broadcasthost", "0.0.0.0"];
    OWN.contains(&name) || ["ip6-", "localhost4", "localhost6."].iter().any(|own| name.starts_with(own))
}

/// When something begins or ends to count; a day that it ends with counts whole, and so is `day_s` longer.
fn bound(column: &str, text: &str, day_s: i64) -> Result<Option<Timestamp>, String> {
    let text = text.trim();
    if NOTHING.iter().any(|nothing| text.eq_ignore_ascii_case(nothing)) {
        return Ok(None);
    }
    let plain = text.strip_suffix("UTC").or_else(|| text.strip_suffix("GMT")).unwrap_or(text).trim_end();
    let is_digits = plain.bytes().all(|byte| byte.is_ascii_digit());
    let dashes = plain.bytes().filter(|byte| matches!(byte, b'-' | b'/')).count();
    let found = match plain.len() {
        10 if dashes == 2 => {
            time_of(format!("{plain}T00:00:00Z").as_bytes()).map(|at| at.plus_seconds(day_s))
        }
        // Without its seconds.
        16 if dashes == 2 => time_of(format!("{plain}:00").as_bytes()),
        // Fewer digits are a year, or a day that everybody writes in his own way.
        ..=8 if is_digits => None,
        _ => time_of(plain.as_bytes()),
    };
    found.map(Some).ok_or_else(|| {
        format!("its `{column}` is no time: `{}`", text.chars().take(TOLD).collect::<String>())
    })
}

fn is_yes(column: &str, text: &str) -> Result<bool, String> {
    const YES: [&str; 5] = ["true", "1", "yes", "y", "t"];
    const NO: [&str; 5] = ["false", "0", "no", "n", "f"];
    let is_one = |of: &[&str]| of.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    match (is_one(&YES), is_one(&NO) || is_one(&NOTHING)) {
        (true, _) => Ok(true),
        (false, true) => Ok(false),
        _ => Err(format!(
            "its `{column}` is neither yes nor no: `{}`",
            text.chars().take(TOLD).collect::<String>()
        )),
    }
}
