//! Cutting CSV and lists into rows, each with its exact bytes.

use crate::chunk::{Chunk, Chunks};
use crate::core::form::Form;
use crate::core::rows::{ROW_BYTES, RowForm, is_comment};

/// Cuts a stream of lines into chunks of rows.
#[derive(Debug)]
pub(crate) struct Rows {
    chunks: Chunks,
    /// In CSV a line feed within quotes ends no row, and a comment stands only before the first row.
    quoted: bool,
    /// Bytes from the last end of a row on.
    rest: Vec<u8>,
    /// How much of `rest` was searched, and whether that ends within quotes.
    searched: usize,
    within_quotes: bool,
    /// Where `rest` begins in the stream.
    offset: u64,
    /// The row that is being read is too long, and is only skipped.
    skipping: bool,
    header_to_come: bool,
    rows_seen: bool,
    /// Rows so far.
    pub count: u64,
}

impl Rows {
    /// `header_is_row` says that the first row names the columns.
    pub(crate) fn new(form: RowForm, header_is_row: bool) -> Rows {
        Rows {
            quoted: form.delimiter.is_some(),
            chunks: Chunks::new(Form::Rows(Box::new(form))),
            rest: Vec::new(),
            searched: 0,
            within_quotes: false,
            offset: 0,
            skipping: false,
            header_to_come: header_is_row,
            rows_seen: false,
            count: 0,
        }
    }

    /// Whether the rows have fields.
    pub(crate) fn is_csv(&self) -> bool {
        self.quoted
    }

    /// Takes the next bytes; no bytes are the end.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(end) = self.row_end() {
            self.row(start, end);
            start = end + 1;
            self.searched = start;
        }
        self.cut(start);
        if self.rest.len() > ROW_BYTES {
            self.skip();
        }
        if bytes.is_empty() {
            self.row(0, self.rest.len());
            self.rest.clear();
            self.chunks.finish();
        }
    }

    /// The next chunk that is ready.
    pub(crate) fn next(&mut self) -> Option<Chunk> {
        self.chunks.next()
    }

    // The next line feed that ends a row.
    fn row_end(&mut self) -> Option<usize> {
        while let Some(byte) = self.rest.get(self.searched) {
            match byte {
                b'"' if self.quoted => self.within_quotes = !self.within_quotes,
                b'\n' if !self.within_quotes => return Some(self.searched),
                _ => {}
            }
            self.searched += 1;
        }
        None
    }

    fn cut(&mut self, start: usize) {
        self.rest.drain(..start);
        self.searched = self.rest.len();
        self.offset += start as u64;
    }

    // A row without end, such as after a quote that nobody closes: the line it began on is lost, the rest is not.
    fn skip(&mut self) {
        if !self.skipping {
            self.chunks.push(self.count, self.offset, Err("a row of more than 1 MiB".to_owned()));
            self.count += 1;
        }
        self.skipping = true;
        self.within_quotes = false;
        let held = self.rest.len();
        let keep_from = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(held);
        self.cut(keep_from);
        self.searched = 0;
    }

    fn row(&mut self, start: usize, end: usize) {
        let row = self.rest.get(start..end).unwrap_or_default();
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        if std::mem::take(&mut self.skipping) {
            return;
        }
        let is_comment = is_comment(row) && (!self.quoted || !self.rows_seen || row.trim_ascii().is_empty());
        if is_comment {
            return;
        }
        self.rows_seen = true;
        if std::mem::take(&mut self.header_to_come) {
            return;
        }
        self.chunks.push(self.count, self.offset + start as u64, Ok(row));
        self.count += 1;
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
                    found.push((piece.offset, bytes));
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
}
