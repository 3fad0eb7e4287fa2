//! Cutting CSV and lists into rows, each with its exact bytes.

use crate::chunk::{Chunk, Chunks, Start};
use crate::core::form::Form;
use crate::core::rows::{ROW_BYTES, RowForm, is_comment};

/// Cuts a stream of lines into chunks of rows.
///
/// A quote that nobody closes would swallow every row behind it. So where a row of several lines cannot be right, since
/// text stands behind its closing quote, or the stream or 1 MiB ends before there is one, the line it begins on is
/// refused, and what was searched is cut into lines once more, now without looking across line feeds: each byte is
/// searched at most twice.
#[derive(Debug)]
pub(crate) struct Rows {
    chunks: Chunks,
    /// What stands between fields. In CSV a line feed within quotes ends no row, and a comment stands only before the
    /// first row.
    delimiter: Option<u8>,
    /// Bytes from the row that is being read on.
    rest: Vec<u8>,
    /// Where in `rest` the row that is being read begins, and how much was searched for its end.
    row_start: usize,
    searched: usize,
    /// Where `rest` begins in the stream.
    offset: u64,
    /// The line that the row begins on, from 1, and the line feeds within it so far.
    line: u64,
    line_feeds: u64,
    place: Place,
    /// The line on which a quote opened last.
    opened: u64,
    /// Rows that begin before this place of the stream end with their line.
    by_line_until: u64,
    /// The row that is being read is too long, and is only skipped.
    skipping: bool,
    header_to_come: bool,
    rows_seen: bool,
    /// Rows so far.
    pub count: u64,
}

/// Where in a row the search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first byte of a field: only here a quote opens (RFC 4180, 2).
    FieldStart,
    /// In a field without quotes, or behind closed ones.
    Field,
    /// Within quotes.
    Quoted,
    /// Behind a quote that closes, or is the first of two that stand for one.
    Closed,
}

/// What the search for the end of a row came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Border {
    /// Here it is.
    Row(usize),
    /// The row cannot be right: a quote in it is not closed where it should be.
    Lost,
    /// More bytes are needed.
    Starved,
}

impl Rows {
    /// `header_is_row` says that the first row names the columns.
    pub(crate) fn new(form: RowForm, header_is_row: bool) -> Rows {
        Rows {
            delimiter: form.delimiter,
            chunks: Chunks::new(Form::Rows(Box::new(form))),
            rest: Vec::new(),
            row_start: 0,
            searched: 0,
            offset: 0,
            line: 1,
            line_feeds: 0,
            place: Place::FieldStart,
            opened: 0,
            by_line_until: 0,
            skipping: false,
            header_to_come: header_is_row,
            rows_seen: false,
            count: 0,
        }
    }

    /// Whether the rows have fields.
    pub(crate) fn is_csv(&self) -> bool {
        self.delimiter.is_some()
    }

    /// Takes the next bytes; no bytes are the end.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        loop {
            match self.border() {
                Border::Row(end) => self.row(end),
                Border::Lost => self.lose_line(),
                // A row of several lines that is not at its end by now.
                Border::Starved if self.line_feeds > 0 && (bytes.is_empty() || self.is_too_long()) => {
                    self.lose_line();
                }
                Border::Starved => break,
            }
        }
        if bytes.is_empty() {
            self.row(self.rest.len());
            self.chunks.finish();
        } else if self.is_too_long() {
            self.skip();
        }
        let done = self.row_start.min(self.rest.len());
        self.rest.drain(..done);
        self.offset += done as u64;
        self.searched = self.searched.saturating_sub(done);
        self.row_start = 0;
    }

    /// The next chunk that is ready.
    pub(crate) fn next(&mut self) -> Option<Chunk> {
        self.chunks.next()
    }

    // The next line feed that ends a row.
    fn border(&mut self) -> Border {
        let Some(delimiter) = self.delimiter else {
            let rest = self.rest.get(self.searched..).unwrap_or_default();
            let found = memchr::memchr(b'\n', rest).map(|at| self.searched + at);
            self.searched = found.map_or(self.rest.len(), |at| at + 1);
            return found.map_or(Border::Starved, Border::Row);
        };
        while let Some(byte) = self.rest.get(self.searched).copied() {
            self.searched += 1;
            if byte == b'\n' {
                let end = self.searched - 1;
                if self.place != Place::Quoted || self.ends_with_its_line(end) {
                    return Border::Row(end);
                }
                self.line_feeds += 1;
                continue;
            }
            let closed_before = self.place == Place::Closed;
            self.place = self.follow(byte, delimiter);
            let text_behind_quote = closed_before && self.place == Place::Field;
            if text_behind_quote && self.line_feeds > 0 && !byte.is_ascii_whitespace() {
                return Border::Lost;
            }
        }
        Border::Starved
    }

    fn follow(&mut self, byte: u8, delimiter: u8) -> Place {
        match (self.place, byte) {
            (Place::FieldStart, b'"') => {
                self.opened = self.line + self.line_feeds;
                Place::Quoted
            }
            (Place::Quoted, b'"') => Place::Closed,
            (Place::Closed, b'"') | (Place::Quoted, _) => Place::Quoted,
            (_, byte) if byte == delimiter => Place::FieldStart,
            _ => Place::Field,
        }
    }

    // Whether a line feed at `end` ends the row although a quote is open.
    fn ends_with_its_line(&self, end: usize) -> bool {
        let line = || self.rest.get(self.row_start..end).unwrap_or_default();
        self.skipping
            || self.offset + (self.row_start as u64) < self.by_line_until
            || (!self.rows_seen && is_comment(line()))
    }

    fn is_too_long(&self) -> bool {
        self.rest.len() - self.row_start > ROW_BYTES
    }

    // A row without end: up to the next line feed it is skipped.
    fn skip(&mut self) {
        if !self.skipping {
            self.refuse("a row of more than 1 MiB".to_owned());
        }
        self.skipping = true;
        self.place = Place::Field;
        self.row_start = self.rest.len();
        self.searched = self.row_start;
    }

    // The first line of a row that is none: it is refused, the lines after it are read anew.
    fn lose_line(&mut self) {
        self.refuse_unclosed();
        self.by_line_until = self.offset + self.searched as u64;
        let line = self.rest.get(self.row_start..).unwrap_or_default();
        let end = memchr::memchr(b'\n', line).map_or(self.rest.len(), |at| self.row_start + at);
        self.line_feeds = 0;
        self.begin_behind(end);
    }

    fn refuse_unclosed(&mut self) {
        self.refuse(format!("the quote that opens on line {} is not closed", self.opened));
    }

    fn refuse(&mut self, why: String) {
        let offset = self.offset + self.row_start as u64;
        self.chunks.push(Start { ordinal: self.count, offset, line: self.line }, Err(why));
        self.count += 1;
        self.rows_seen = true;
    }

    fn begin_behind(&mut self, end: usize) {
        self.row_start = (end + 1).min(self.rest.len());
        self.searched = self.row_start;
        self.line += 1 + self.line_feeds;
        self.line_feeds = 0;
        self.place = Place::FieldStart;
    }

    // The row that ends at `end`.
    fn row(&mut self, end: usize) {
        let is_open = self.place == Place::Quoted;
        let row = self.rest.get(self.row_start..end).unwrap_or_default();
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        let is_csv = self.delimiter.is_some();
        let is_comment = is_comment(row) && (!is_csv || !self.rows_seen || row.trim_ascii().is_empty());
        if std::mem::take(&mut self.skipping) || is_comment {
            // Nothing is in it.
        } else if is_open {
            self.header_to_come = false;
            self.refuse_unclosed();
        } else {
            self.rows_seen = true;
            if !std::mem::take(&mut self.header_to_come) {
                let offset = self.offset + self.row_start as u64;
                self.chunks.push(Start { ordinal: self.count, offset, line: self.line }, Ok(row));
                self.count += 1;
            }
        }
        self.begin_behind(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rows::columns::from_header;
    use model::MemberId;

    fn form(delimiter: Option<u8>) -> RowForm {
        RowForm {
            delimiter,
            header: None,
            columns: from_header(&["value"]),
            kind: None,
            member: MemberId(uuid::Uuid::from_u128(1)),
            identity: None,
            received: model::Timestamp(0),
            expire_s: None,
            source_name: None,
        }
    }

    // The rows of a stream, and where each begins; refused ones as `None`.
    fn rows(delimiter: Option<u8>, header: bool, stream: &[u8], step: usize) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut rows = Rows::new(form(delimiter), header);
        let mut found = Vec::new();
        let pieces = stream.chunks(step.max(1)).chain([&[][..]]);
        for bytes in pieces {
            rows.push(bytes);
            while let Some(chunk) = rows.next() {
                for piece in &chunk.pieces {
                    let bytes = piece.skipped.is_none().then(|| chunk.bytes(piece).to_vec());
                    found.push((piece.start.offset, bytes));
                }
            }
        }
        found
    }

    #[test]
    fn rows_are_cut_the_same_however_the_stream_comes() {
        let csv = b"# c\nvalue,x\r\na,\"b\nc\"\n\n# no comment\n\"d\",e";
        let expected = vec![
            (13, Some(b"a,\"b\nc\"".to_vec())),
            (22, Some(b"# no comment".to_vec())),
            (35, Some(b"\"d\",e".to_vec())),
        ];
        for step in [1, 2, 3, 7, 100] {
            assert_eq!(rows(Some(b','), true, csv, step), expected, "{step}");
        }
        let list = b"; c\na\n\n// c\n\"b\n# c\nc\n";
        for step in [1, 5, 100] {
            let found: Vec<Vec<u8>> =
                rows(None, false, list, step).into_iter().filter_map(|(_, row)| row).collect();
            assert_eq!(found, [b"a".to_vec(), b"\"b".to_vec(), b"c".to_vec()], "{step}");
        }
    }

    #[test]
    fn a_row_without_end_is_refused_and_the_next_is_read() {
        let mut stream = vec![b'"'];
        stream.resize(ROW_BYTES + 10, b'x');
        stream.extend_from_slice(b"\nnext\n");
        for step in [1 << 16, 1 << 22] {
            let found = rows(None, false, &stream, step);
            assert_eq!(found.last().unwrap().1.as_deref(), Some(&b"next"[..]));
        }
        let found = rows(Some(b','), false, &stream, 1 << 16);
        assert_eq!(found, [(0, None), (ROW_BYTES as u64 + 11, Some(b"next".to_vec()))]);
    }

    #[test]
    fn what_is_behind_an_open_quote_is_read_twice_and_not_over_and_over() {
        // Each second line opens a quote, also where the one before is taken for closed by it.
        let mut stream = Vec::new();
        let mut lines = 0;
        while stream.len() < 4 << 20 {
            stream.extend_from_slice(b"x\",\"\nvalue,b\n");
            lines += 2;
        }
        let found = rows(Some(b','), false, &stream, 1 << 18);
        let refused = found.iter().filter(|(_, row)| row.is_none()).count();
        assert_eq!((found.len(), refused), (lines, lines / 2));
    }
}
