//! Logs of Zeek tell their columns, and others when one is put behind another: a piece is cut there.

use std::sync::Arc;

use shield::Layout;

use super::Format;
use crate::blocks::Piece;

/// Why a log without a head is not gone through.
pub(crate) const HEADLESS: &str =
    "its columns have no names, since it has no line `#fields`: go through it as text, with `--format text`";

/// Whether no line of a beginning tells what the columns of a log are; of an empty one none needs to.
pub(crate) fn is_headless(beginning: &[u8]) -> bool {
    let mut lines = beginning.split(|byte| *byte == b'\n').map(|line| line.trim_ascii()).peekable();
    let is_head = |line: &[u8]| {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        line.starts_with(b"#fields") || line.starts_with(b"#separator ")
    };
    !beginning.trim_ascii().is_empty() && !lines.any(is_head)
}

/// Follows what a log tells of its columns.
pub(crate) struct Heads {
    /// `None` for logs that tell nothing.
    layout: Option<Layout>,
    /// What was told so far, in lines, and whether more was since.
    told: (Option<Arc<str>>, bool),
    /// The last layout that was given, by what told it: logs that are put together mostly have the same.
    given: Option<(Option<String>, Arc<Layout>)>,
}

impl Heads {
    pub(crate) fn new(format: Format, layout: &Layout) -> Heads {
        let layout = (format == Format::ZeekTsv).then(|| layout.clone());
        Heads { layout, told: (None, true), given: None }
    }

    /// What was told so far, in lines.
    pub(crate) fn told(&mut self) -> Option<Arc<str>> {
        if std::mem::take(&mut self.told.1) {
            self.told.0 = self.layout.as_ref().and_then(Layout::header).map(Arc::from);
        }
        self.told.0.clone()
    }

    /// Cuts a piece in front of each head that stands in it; with what is behind a head goes the layout that it tells.
    pub(crate) fn cut(&mut self, piece: Piece) -> Vec<(Piece, Option<Arc<Layout>>)> {
        let Some(layout) = &mut self.layout else { return vec![(piece, None)] };
        let mut cuts: Vec<(usize, Arc<Layout>)> = Vec::new();
        // Where the lines with a sign in front begin that this one is among, where they end, and whether they told of columns.
        let (mut start, mut end, mut tells) = (0, 0, false);
        let first = piece.bytes.starts_with(b"#").then_some(0);
        let signs = memchr::memmem::find_iter(&piece.bytes, b"\n#").map(|at| at + 1);
        for at in first.into_iter().chain(signs) {
            let rest = piece.bytes.get(at..).unwrap_or_default();
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or_default();
            if at != end || at == 0 {
                if std::mem::take(&mut tells) {
                    cuts.push((start, shared(layout, &mut self.given)));
                }
                start = at;
            }
            end = at + length + 1;
            tells |= layout.take_header(line.strip_suffix(b"\r").unwrap_or(line));
            self.told.1 = true;
        }
        if tells {
            cuts.push((start, shared(layout, &mut self.given)));
        }
        let Some((first, _)) = cuts.first() else { return vec![(piece, None)] };
        let part = |from: usize, to: usize| Piece {
            at: piece.at + from as u64,
            bytes: piece.bytes.get(from..to).unwrap_or_default().to_vec(),
        };
        let before = (*first > 0).then(|| (part(0, *first), None));
        let ends: Vec<usize> = cuts.iter().skip(1).map(|(at, _)| *at).chain([piece.bytes.len()]).collect();
        let behind = cuts.into_iter().zip(ends).map(|((from, layout), to)| (part(from, to), Some(layout)));
        before.into_iter().chain(behind).collect()
    }
}

fn shared(layout: &Layout, given: &mut Option<(Option<String>, Arc<Layout>)>) -> Arc<Layout> {
    let told = layout.header();
    if let Some((_, same)) = given.as_ref().filter(|(of, _)| told.is_some() && *of == told) {
        return Arc::clone(same);
    }
    let layout = Arc::new(layout.clone());
    *given = Some((told, Arc::clone(&layout)));
    layout
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Clock;

    #[test]
    fn a_piece_is_cut_where_columns_are_told() {
        let mut heads = Heads::new(Format::ZeekTsv, &Format::ZeekTsv.layout(Clock::default()).unwrap());
        let log =
            "1\n#separator ,\n#fields,ts,host\n#types,time,string\n2\n#close,1\n3\n#fields,ts,query\n4\n";
        let piece = Piece { at: 10, bytes: log.as_bytes().to_vec() };
        let cut = heads.cut(piece);
        let parts: Vec<_> = cut
            .iter()
            .map(|(piece, layout)| {
                let name = layout.as_ref().map(|layout| layout.name(1).to_owned());
                (piece.at, piece.bytes.len(), name)
            })
            .collect();
        let expected = [(10, 2, None), (12, 61, Some("host".to_owned())), (73, 19, Some("query".to_owned()))];
        assert_eq!(parts, expected);
        // What a later piece begins with belongs to the head before.
        let rest = heads.cut(Piece { at: 92, bytes: b"#types,time,addr\n5\n".to_vec() });
        assert!(rest.len() == 1 && rest[0].1.is_some());
    }

    #[test]
    fn heads_that_tell_the_same_have_one_layout() {
        let mut heads = Heads::new(Format::ZeekTsv, &Format::ZeekTsv.layout(Clock::default()).unwrap());
        let log = "#fields\tts\thost\n1\n#fields\tts\thost\n2\n#fields\tts\tquery\n3\n";
        let cut = heads.cut(Piece { at: 0, bytes: log.as_bytes().to_vec() });
        let layouts: Vec<_> = cut.iter().filter_map(|(_, layout)| layout.as_ref()).collect();
        assert_eq!(layouts.len(), 3);
        assert!(Arc::ptr_eq(layouts[0], layouts[1]) && !Arc::ptr_eq(layouts[1], layouts[2]));
    }

    #[test]
    fn a_log_without_a_head_is_known() {
        assert!(is_headless(b"1.0\tC1\t192.0.2.1\n"));
        assert!(
            !is_headless(b"\xEF\xBB\xBF#separator \\x09\n1.0\n") && !is_headless(b"\n1.0\n#fields\tts\n")
        );
        assert!(!is_headless(b"") && !is_headless(b"\n\n"));
    }
}
