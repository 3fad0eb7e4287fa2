//! What must hold for every input of `strictjson`.

use strictjson::split::{self, Part, Splitter};
use strictjson::{Limits, Node, Value, canonical, parse, write};

/// A target: its name, which is also its folder of seeds, and what must not panic.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of this crate.
pub const TARGETS: &[Target] = &[
    ("strictjson_parse", read_and_written),
    ("strictjson_canonical", canonical_is_stable),
    ("strictjson_split", split_does_not_depend_on_chunks),
];

/// What is parsed has spans within the input and is written as something that parses to the same; an error lies within
/// the input.
pub fn read_and_written(data: &[u8]) {
    let limits = Limits { depth: 100, nodes: 10_000, ..Limits::default() };
    match parse(data, &limits) {
        Ok(node) => {
            assert_spans(&node, 0, data.len());
            let mut written = Vec::new();
            write::node(&mut written, &node);
            let again = parse(&written, &limits).map(|node| {
                let mut again = Vec::new();
                write::node(&mut again, &node);
                again
            });
            assert_eq!(again, Ok(written));
        }
        Err(error) => {
            assert!(error.offset <= data.len());
            assert!(error.line_column(data).column <= data.len() + 1);
            assert!(error.to_string().len() < 5000);
        }
    }
}

/// Values follow each other in the input, children within their containers.
fn assert_spans(node: &Node<'_>, start: usize, end: usize) {
    assert!(start <= node.span.start && node.span.start < node.span.end && node.span.end <= end);
    let mut at = node.span.start;
    match &node.value {
        Value::Array(elements) => {
            for element in elements {
                assert_spans(element, at, node.span.end);
                at = element.span.end;
            }
        }
        Value::Object(object) => {
            for member in object {
                assert!(at < member.key_span.start && member.key_span.end < member.node.span.start);
                assert_spans(&member.node, at, node.span.end);
                at = member.node.span.end;
            }
        }
        _ => {}
    }
}

/// The canonical form parses, and is its own canonical form.
pub fn canonical_is_stable(data: &[u8]) {
    let Ok(node) = parse(data, &Limits::default()) else { return };
    let form = canonical(&node);
    let again = parse(&form, &Limits::default()).map(|node| canonical(&node));
    assert_eq!(again, Ok(form));
}

/// A stream gives the same however it is cut; each piece lies where it is said to lie. The first two bytes choose the
/// limits and the size of the chunks.
pub fn split_does_not_depend_on_chunks(data: &[u8]) {
    let [limit, size, stream @ ..] = data else { return };
    let limit = usize::from(*limit);
    let limits = split::Limits {
        element_bytes: limit * 4,
        member_bytes: limit,
        name_bytes: limit,
        members: limit / 8,
        depth: limit / 16,
        documents: limit as u64,
    };
    let whole = split_in_chunks(stream, stream.len().max(1), limits);
    let chunked = split_in_chunks(stream, usize::from(*size).max(1), limits);
    assert_eq!(chunked, whole);
}

/// Everything that a stream gives, one line for each piece.
fn split_in_chunks(stream: &[u8], size: usize, limits: split::Limits) -> Vec<String> {
    let mut splitter = Splitter::new("objects", limits);
    let mut lines = Vec::new();
    for chunk in stream.chunks(size) {
        splitter.push(chunk);
        take(&mut splitter, stream, &mut lines);
    }
    splitter.finish();
    take(&mut splitter, stream, &mut lines);
    lines
}

fn take(splitter: &mut Splitter, stream: &[u8], lines: &mut Vec<String>) {
    while let Some(piece) = splitter.next_piece() {
        if let Ok(piece) = &piece
            && let Ok(bytes) = piece.content
        {
            let start = usize::try_from(piece.offset).unwrap_or(usize::MAX);
            assert_eq!(stream.get(start..start + bytes.len()), Some(bytes));
            assert!(piece.part == Part::Document || !bytes.is_empty());
        }
        lines.push(format!("{piece:?}"));
    }
}
