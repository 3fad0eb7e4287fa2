//! What the columns of CSV, or the paths of JSON, hold where somebody says it, for logs of no format that is known here.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use shield::{Column, Field, Kind, Layout};

use crate::blocks::LINE_MAX;

/// How many bytes are read at a time.
const BUFFER: usize = 64 << 10;
/// What may separate columns.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// The most columns of a row.
const COLUMNS_MAX: usize = 4_096;

/// What columns may be, beside the kinds of values.
const ROLES: [(&str, Field); 15] = [
    ("time", Field::Time),
    ("sensor", Field::Label),
    ("value", Field::Text),
    ("address", Field::Address(0)),
    ("port", Field::Port(0)),
    ("address2", Field::Address(1)),
    ("port2", Field::Port(1)),
    ("host", Field::Host),
    ("hash", Field::Digest),
    ("url", Field::UrlTarget),
    ("url-scheme", Field::UrlScheme),
    ("url-host", Field::UrlHost),
    ("url-port", Field::UrlPort),
    ("url-path", Field::UrlPath),
    ("url-query", Field::UrlQuery),
];

/// Which column, or path, is what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    fields: Vec<(String, Field)>,
}

impl Map {
    /// Reads `ROLE=COLUMN`, where a column is a name, a number from 1, or a path of names with dots between.
    ///
    /// # Errors
    /// What is wrong, and what was expected.
    pub fn read(columns: &[String]) -> Result<Map, String> {
        let mut fields = Vec::new();
        for text in columns {
            let (role, column) = text.split_once('=').unwrap_or((text, ""));
            if column.is_empty() {
                return Err(format!("`{text}` is no ROLE=COLUMN, such as `domain=query`"));
            }
            let named = ROLES.iter().find(|(name, _)| *name == role).map(|(_, field)| *field);
            let field = named.or_else(|| Kind::from_name(role).map(Field::Value)).ok_or_else(|| {
                let roles: Vec<&str> = ROLES.iter().map(|(name, _)| *name).collect();
                format!("`{role}` is nothing that a column holds: {}, or a kind of values", roles.join(", "))
            })?;
            fields.push((column.to_owned(), field));
        }
        let map = Map { fields };
        // Whether anything can be looked up is known without a log.
        map.json().map(|_| map).map_err(|why| why.to_string())
    }

    /// Lines of JSON that hold it.
    pub(crate) fn json(&self) -> Result<Layout, shield::Unlaid> {
        let paths: Vec<(&str, Field)> =
            self.fields.iter().map(|(path, field)| (path.as_str(), *field)).collect();
        Layout::json(&paths)
    }

    /// Rows that hold it, given to [`Rows`], by how a log begins.
    ///
    /// # Errors
    /// A column that is not there.
    pub(crate) fn rows(&self, beginning: &[u8]) -> Result<(Layout, u8), String> {
        let first = beginning.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
        let first = first.unwrap_or_default();
        let first = first.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(first);
        let count = |separator: &u8| memchr::memchr_iter(*separator, first).count();
        // Of two that are there as often, the one that stands first above.
        let separator = SEPARATORS.into_iter().rev().max_by_key(count).unwrap_or(b',');
        let mut rows = Rows::new(first, separator);
        let mut header = String::new();
        let _a_beginning_may_be_torn = (&mut rows).take(BUFFER as u64).read_to_string(&mut header);
        let names: Vec<&str> = header.trim_end_matches('\n').split('\t').map(str::trim).collect();
        let mut columns = Vec::new();
        for (name, field) in &self.fields {
            let number = name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let at = names.iter().position(|of| of == name).or(number).filter(|at| *at < COLUMNS_MAX);
            let at = at.ok_or_else(|| {
                format!("it has no column `{name}`: its first row is `{}`", names.join("`, `"))
            })?;
            columns.push((Column { at, field: *field, list: None }, name.as_str()));
        }
        columns.sort_by_key(|(column, _)| column.at);
        let (columns, names): (Vec<Column>, Vec<&str>) = columns.into_iter().unzip();
        let layout = Layout::columns(b'\t', &columns).map_err(|why| why.to_string())?;
        Ok((layout.called(&names), separator))
    }
}

/// Reads CSV as rows with tabs between their columns, each in one line.
pub(crate) struct Rows<R> {
    input: R,
    reader: Reader,
    buffer: Vec<u8>,
    /// What was read, and how much of it was taken.
    read: (usize, usize),
    fields: Vec<u8>,
    field_bytes: usize,
    ends: Vec<usize>,
    columns: usize,
    ready: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Rows<R> {
    pub(crate) fn new(input: R, separator: u8) -> Rows<R> {
        Rows {
            input,
            reader: ReaderBuilder::new().delimiter(separator).build(),
            buffer: vec![0; BUFFER],
            read: (0, 0),
            fields: vec![0; BUFFER],
            field_bytes: 0,
            ends: vec![0; COLUMNS_MAX],
            columns: 0,
            ready: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    // Takes all rows out of what was read. The last may go on in what is read next.
    fn rows(&mut self) -> io::Result<()> {
        loop {
            let (end, taken) = self.read;
            let input = self.buffer.get(taken..end).unwrap_or_default();
            if input.is_empty() && !self.ended {
                return Ok(());
            }
            let fields = self.fields.get_mut(self.field_bytes..).unwrap_or_default();
            let ends = self.ends.get_mut(self.columns..).unwrap_or_default();
            let (result, bytes, written, columns) = self.reader.read_record(input, fields, ends);
            self.read.1 += bytes;
            self.field_bytes += written;
            self.columns += columns;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.fields.len() < LINE_MAX => {
                    self.fields.resize(self.fields.len() * 2, 0);
                }
                ReadRecordResult::OutputFull => {
                    let why = "a row of it is longer than 4 MiB: does a quote begin that does not end?";
                    return Err(io::Error::other(why));
                }
                ReadRecordResult::OutputEndsFull => {
                    return Err(io::Error::other(format!("a row of it has more than {COLUMNS_MAX} columns")));
                }
                ReadRecordResult::Record => self.row(),
                ReadRecordResult::End => return Ok(()),
            }
        }
    }

    fn row(&mut self) {
        let mut start = 0;
        for (at, end) in self.ends.iter().take(self.columns).enumerate() {
            if at > 0 {
                self.ready.push(b'\t');
            }
            let field = self.fields.get(start..*end).unwrap_or_default();
            // What divides rows and columns from here on stands in none.
            self.ready.extend(field.iter().map(|byte| match byte {
                b'\t' | b'\n' | b'\r' => b' ',
                byte => *byte,
            }));
            start = *end;
        }
        self.ready.push(b'\n');
        (self.field_bytes, self.columns) = (0, 0);
    }
}

impl<R: Read> Read for Rows<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.ready.len() {
            if self.ended {
                return Ok(0);
            }
            (self.given, self.ready) = (0, Vec::new());
            let read = match self.input.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            self.read = (read, 0);
            self.ended = read == 0;
            self.rows()?;
        }
        let length = self.ready.get(self.given..).unwrap_or_default().read(into)?;
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_lines_however_they_were_written_and_read() {
        let csv = b"a,b,c\r\n1,\"two, and\nthree\",\"q\"\"q\"\n\n4,t\tt\n5,,\"end";
        let expected = "a\tb\tc\n1\ttwo, and three\tq\"q\n4\tt t\n5\t\tend\n";
        for step in [1, 2, 7, 100] {
            let mut out = String::new();
            let slow = csv
                .chunks(step)
                .fold(Box::new(io::empty()) as Box<dyn Read>, |before, chunk| Box::new(before.chain(chunk)));
            Rows::new(slow, b',').read_to_string(&mut out).unwrap();
            assert_eq!(out, expected, "{step}");
        }
        let mut endless = Rows::new((&b"\""[..]).chain(io::repeat(b'x')), b',');
        assert!(endless.read(&mut [0; 8]).unwrap_err().to_string().contains("longer than 4 MiB"));
        let mut wide = Rows::new(io::repeat(b','), b',');
        assert!(wide.read(&mut [0; 8]).unwrap_err().to_string().contains("columns"));
    }

    #[test]
    fn what_makes_no_map_is_told() {
        let read = |text: &str| Map::read(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(read("time=ts domain=query address=3 port=4").is_ok());
        assert!(read("nonsense=ts").unwrap_err().contains("`nonsense`"));
        assert!(read("domain").unwrap_err().contains("ROLE=COLUMN"));
        assert!(read("time=ts").unwrap_err().contains("looked up"));
        let map = read("domain=query").unwrap();
        assert!(map.rows(b"ts;name\n").unwrap_err().contains("`ts`, `name`"));
        assert_eq!(map.rows(b"ts;query\n").unwrap().1, b';');
    }
}
