//! What logs are compared with: the CSV of a node's indicators, or a list of values.

use std::io::{self, BufRead, BufReader, Read};

use model::matching::read as read_value;
use shield::{Builder, Entry, Kind, Knowledge, Timestamp};

/// The longest line of a list, in bytes.
const LINE_BYTES: u64 = 64 << 10;
/// Columns that hold the value, as CSV files call them.
const VALUES: [&str; 5] = ["value", "indicator", "ioc", "observable", "dst"];

/// What is known, and what to call it.
pub struct Known {
    /// What is asked.
    pub knowledge: Knowledge<Vec<u8>>,
    /// How many values were taken.
    pub taken: u64,
    /// How many were not: they have no normal form, or must not be meant so.
    pub left_out: u64,
    /// The first of these, and why.
    pub first_left_out: Option<String>,
    /// Of each entry: value, object, source and label, one behind the other.
    texts: String,
    ends: Vec<[usize; 4]>,
}

/// What an entry is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'k> {
    /// The value that the indicator has, as it was written.
    pub value: &'k str,
    /// The object that says it; empty for a list.
    pub object: &'k str,
    /// Who says it; empty for a list.
    pub source: &'k str,
    /// Under which label, such as `TLP:AMBER`; empty for a list.
    pub label: &'k str,
}

/// Why nothing could be compared.
#[derive(Debug)]
pub struct Unknown(String);

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unknown {}

/// The columns of a CSV file that mean something here.
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

impl Columns {
    fn of(header: &str) -> Option<Columns> {
        let names: Vec<String> =
            header.trim().split(',').map(|name| name.trim().trim_matches('"').to_ascii_lowercase()).collect();
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

impl Known {
    /// Reads a CSV file whose header names a column of values (`value`, and `kind`, `id`, `source`, `valid_from`, `valid_until` and
    /// `revoked` if it has them), or else a list: a value a line, behind it what is divided from it by a blank, and comments behind
    /// `#`. Of the CSV of a node, indicators count. `seed` is random: it keeps what others wrote from slowing the table down.
    ///
    /// # Errors
    /// The input cannot be read, or holds nothing that can be compared.
    pub fn read(input: impl Read, seed: u64) -> Result<Known, Unknown> {
        let mut input = BufReader::with_capacity(LINE_BYTES as usize, input);
        let beginning = input.fill_buf().map_err(unreadable)?;
        let first = beginning.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let columns = std::str::from_utf8(first).ok().and_then(Columns::of);
        let mut filling = Filling::new(seed);
        match columns {
            Some(columns) => filling.csv(input, &columns)?,
            None => filling.list(input)?,
        }
        filling.done()
    }

    /// What an entry is called.
    #[must_use]
    pub fn named(&self, id: u64) -> Named<'_> {
        let at = usize::try_from(id).unwrap_or(usize::MAX);
        let ends = self.ends.get(at).copied().unwrap_or_default();
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |[.., end]| *end);
        let [value, object, source, label] = ends;
        let text = |from: usize, to: usize| self.texts.get(from..to).unwrap_or_default();
        Named {
            value: text(start, value),
            object: text(value, object),
            source: text(object, source),
            label: text(source, label),
        }
    }
}

fn unreadable(error: io::Error) -> Unknown {
    Unknown(format!("what is known cannot be read: {error}"))
}

struct Filling {
    builder: Builder,
    texts: String,
    ends: Vec<[usize; 4]>,
    left_out: u64,
    first_left_out: Option<String>,
}

impl Filling {
    fn new(seed: u64) -> Filling {
        let builder = Builder::new(seed);
        Filling { builder, texts: String::new(), ends: Vec::new(), left_out: 0, first_left_out: None }
    }

    fn csv(&mut self, input: impl Read, columns: &Columns) -> Result<(), Unknown> {
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(input);
        let mut row = csv::StringRecord::new();
        loop {
            match rows.read_record(&mut row) {
                Ok(false) => return Ok(()),
                Ok(true) => {}
                Err(error) => return Err(Unknown(format!("what is known cannot be read: {error}"))),
            }
            let at = |column: Option<usize>| column.and_then(|column| row.get(column)).unwrap_or_default();
            let is_other = columns.object_type.is_some() && at(columns.object_type) != "indicator";
            if is_other {
                continue;
            }
            let time = |column| at(column).parse::<Timestamp>().ok();
            let entry = Entry {
                valid_from: time(columns.from),
                valid_until: time(columns.until),
                revoked: at(columns.revoked) == "true",
                ..Entry::new(0)
            };
            let kind = Kind::from_name(at(columns.kind));
            let texts = [at(Some(columns.value)), at(columns.object), at(columns.source), at(columns.label)];
            self.add(kind, texts, entry);
        }
    }

    fn list(&mut self, mut input: impl BufRead) -> Result<(), Unknown> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut input).take(LINE_BYTES).read_until(b'\n', &mut line).map_err(unreadable)?;
            if read == 0 {
                return Ok(());
            }
            let text = String::from_utf8_lossy(&line);
            let value = text.split_whitespace().next().unwrap_or_default();
            if !value.is_empty() && !value.starts_with('#') {
                self.add(None, [value, "", "", ""], Entry::new(0));
            }
        }
    }

    fn add(&mut self, kind: Option<Kind>, texts @ [value, ..]: [&str; 4], entry: Entry) {
        let id = self.ends.len() as u64;
        let added = read_value(kind, value).map_err(|why| why.to_string()).and_then(|(read, mode)| {
            self.builder.add(&read, Entry { id, mode, ..entry }).map_err(|why| why.to_string())
        });
        if let Err(why) = added {
            self.left_out += 1;
            self.first_left_out.get_or_insert_with(|| format!("`{value}`: {why}"));
            return;
        }
        let mut end = |text: &str| {
            self.texts.push_str(text);
            self.texts.len()
        };
        self.ends.push(texts.map(&mut end));
    }

    fn done(self) -> Result<Known, Unknown> {
        if self.ends.is_empty() {
            let why = self.first_left_out.map(|first| format!(": the first is {first}")).unwrap_or_default();
            return Err(Unknown(format!("there is nothing to compare with{why}")));
        }
        let file = self.builder.finish().map_err(|why| Unknown(why.to_string()))?;
        let knowledge = Knowledge::open(file).map_err(|why| Unknown(why.to_string()))?;
        Ok(Known {
            knowledge,
            taken: self.ends.len() as u64,
            left_out: self.left_out,
            first_left_out: self.first_left_out,
            texts: self.texts,
            ends: self.ends,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_values() {
        let known = Known::read(&b"# ours\n203.0.113.7\t9\n\nhxxp://evil[.]example/a,b\nco.uk.\n!!\n"[..], 7)
            .unwrap();
        assert_eq!((known.taken, known.left_out), (3, 1));
        assert_eq!(known.named(0), Named { value: "203.0.113.7", object: "", source: "", label: "" });
        assert_eq!(known.named(1).value, "hxxp://evil[.]example/a,b");
        assert!(known.first_left_out.unwrap().starts_with("`!!`"));
        assert!(Known::read(&b""[..], 7).is_err() && Known::read(&b"!!\n"[..], 7).is_err());
    }

    #[test]
    fn the_csv_of_a_node() {
        let csv = "value,kind,object_type,id,tlp,source,valid_from,valid_until,revoked\n\
                   evil.example,domain,indicator,indicator--1,TLP:GREEN,ACME,2026-03-03T00:00:00Z,2026-03-10T00:00:00Z,false\n\
                   gone.example,domain,indicator,indicator--2,TLP:RED,ACME,,,true\n\
                   seen.example,domain,domain-name,domain-name--3,,ACME,,,false\n";
        let known = Known::read(csv.as_bytes(), 7).unwrap();
        assert_eq!((known.taken, known.left_out), (2, 0));
        assert_eq!(
            known.named(0),
            Named { value: "evil.example", object: "indicator--1", source: "ACME", label: "TLP:GREEN" }
        );
        let ask = |value: &str| known.knowledge.ask(&model::observable::guess(value).unwrap()).unwrap();
        let found = ask("evil.example");
        assert_eq!(found.len(), 1);
        assert!(found[0].entry.held_at("2026-03-05T00:00:00Z".parse().ok()));
        assert!(!found[0].entry.held_at("2026-03-11T00:00:00Z".parse().ok()));
        assert!(ask("seen.example").is_empty());
        assert!(ask("gone.example").iter().all(|found| found.entry.revoked));
    }
}
