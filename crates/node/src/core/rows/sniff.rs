//! What an input of lines is: a list or CSV, what stands between its fields, which columns it has.

use super::columns::{self, Column};
use super::is_comment;

/// Lines that are looked at.
const LINES: usize = 50;
/// What may stand between fields, the most usual first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sniffed {
    /// What stands between fields; `None` for a list.
    pub delimiter: Option<u8>,
    /// The line that names the columns, as it stands in the input, or as a comment before the rows has it.
    pub header: Option<Vec<u8>>,
    /// The header is the first row, which says nothing by itself.
    pub header_is_row: bool,
    /// The columns, as far as they are known.
    pub columns: Vec<Column>,
}

/// What the caller knows already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Anything,
    /// It is CSV.
    Csv,
    /// It is a list.
    List,
}

/// Looks at the beginning of an input, of whose columns the caller says this ([`columns::assign`]).
#[must_use]
pub fn sniff(beginning: &[u8], expected: Expected, said: &[(String, String)]) -> Sniffed {
    let list = Sniffed { delimiter: None, header: None, header_is_row: false, columns: Vec::new() };
    if expected == Expected::List {
        return list;
    }
    let text = String::from_utf8_lossy(beginning);
    let rows: Vec<&str> = text.lines().filter(|line| !is_comment(line.as_bytes())).take(LINES).collect();
    let Some(first) = rows.first() else { return list };
    let best = DELIMITERS.into_iter().max_by_key(|delimiter| {
        // The one that cuts most lines into the same number of fields; of two, the more usual.
        let width = fields(first, *delimiter).len();
        let same = rows.iter().filter(|row| fields(row, *delimiter).len() == width).count();
        (
            if width > 1 { same } else { 0 },
            std::cmp::Reverse(DELIMITERS.iter().position(|one| one == delimiter)),
        )
    });
    let delimiter = best.unwrap_or(b',');
    let split: Vec<Vec<String>> = rows.iter().map(|row| fields(row, delimiter)).collect();
    let width = split.first().map_or(0, Vec::len);
    let names: Vec<&str> = split.first().into_iter().flatten().map(String::as_str).collect();
    if columns::is_header(&names, said) {
        let header = Some(first.trim_end().as_bytes().to_vec());
        let columns = columns::from_header(&names);
        return Sniffed { delimiter: Some(delimiter), header, header_is_row: true, columns };
    }
    if expected == Expected::Anything && (width < 2 || is_scored(&split, delimiter)) {
        return list;
    }
    let commented = header_in_comment(&text, delimiter, width, said);
    let columns = match &commented {
        Some(header) => {
            columns::from_header(&fields(header, delimiter).iter().map(String::as_str).collect::<Vec<_>>())
        }
        None => {
            let borrowed: Vec<Vec<&str>> =
                split.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
            columns::from_rows(&borrowed)
        }
    };
    let header = commented.map(String::into_bytes);
    Sniffed { delimiter: Some(delimiter), header, header_is_row: false, columns }
}

// `value<TAB>number` on every line is a list with scores.
fn is_scored(rows: &[Vec<String>], delimiter: u8) -> bool {
    let scored = |row: &Vec<String>| {
        matches!(row.as_slice(), [_, score] if score.trim().parse::<f64>().is_ok()) || row.len() < 2
    };
    delimiter == b'\t' && rows.iter().all(scored)
}

// Feeds write their columns into the last comment before the rows: `# "first_seen_utc","ioc_id"`.
fn header_in_comment(text: &str, delimiter: u8, width: usize, said: &[(String, String)]) -> Option<String> {
    let comments = text.lines().take_while(|line| is_comment(line.as_bytes()));
    let candidates = comments.filter_map(|line| {
        let bare = line.trim_start_matches(['#', ';', '/']).trim();
        let names = fields(bare, delimiter);
        let known = names.iter().filter(|name| columns::is_named(name, said)).count();
        (names.len() == width && known >= 1).then(|| bare.to_owned())
    });
    candidates.last()
}

fn fields(row: &str, delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(row.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rows::columns::Role;

    #[test]
    fn inputs_are_told_apart() {
        for (input, delimiter, header_is_row, width) in [
            ("# c\n198.51.100.1\n198.51.100.2\n", None, false, 0),
            ("# IP\tnumber\n#\n198.51.100.1\t10\n198.51.100.2\t9\n", None, false, 0),
            ("ip,score\n198.51.100.1,3\n", Some(b','), true, 2),
            ("ip\n198.51.100.1\n", Some(b','), true, 1),
            ("first_seen;ip;tags\n2026-01-01;198.51.100.1;\"a,b\"\n", Some(b';'), true, 3),
            ("198.51.100.1,bad\n198.51.100.2,worse\n", Some(b','), false, 2),
            ("# \"first_seen_utc\",\"ioc_value\"\n\"2026-01-01\",\"bad.example\"\n", Some(b','), false, 2),
            ("http://a.example/x?a=1,2\n", Some(b','), false, 2),
            ("", None, false, 0),
        ] {
            let sniffed = sniff(input.as_bytes(), Expected::Anything, &[]);
            assert_eq!(
                (sniffed.delimiter, sniffed.header_is_row, sniffed.columns.len()),
                (delimiter, header_is_row, width),
                "{input}"
            );
        }
        let sniffed = sniff(b"# first_seen,ioc_value\n2026-01-01,bad.example\n", Expected::Csv, &[]);
        assert_eq!(sniffed.header.as_deref(), Some(&b"first_seen,ioc_value"[..]));
        assert_eq!(sniffed.columns[1].role, Role::Value(None));
    }
}
