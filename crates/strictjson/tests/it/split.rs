//! `Splitter` on streams, cut in every way.

use crate::data::{check, inputs};
use std::io::Write as _;
use strictjson::split::{Limits, Part, Splitter};

/// Everything that a stream gives, one piece after the other, as text.
fn pieces<'c>(chunks: impl Iterator<Item = &'c [u8]>, limits: Limits) -> Vec<u8> {
    let mut splitter = Splitter::new("objects", limits);
    let mut out = Vec::new();
    for chunk in chunks {
        splitter.push(chunk);
        take(&mut splitter, &mut out);
    }
    splitter.finish();
    take(&mut splitter, &mut out);
    splitter.push(b"ignored");
    take(&mut splitter, &mut out);
    out
}

fn take(splitter: &mut Splitter, out: &mut Vec<u8>) {
    while let Some(piece) = splitter.next_piece() {
        match piece {
            Err(error) => write!(out, "! {error}  ").unwrap(),
            Ok(piece) => {
                let (document, offset) = (piece.document, piece.offset);
                match piece.part {
                    Part::Document => write!(out, "{document}@{offset}").unwrap(),
                    Part::Member(name) => write!(out, "{document}.{name:?}@{offset}").unwrap(),
                    Part::Element(index) => write!(out, "{document}[{index}]@{offset}").unwrap(),
                }
                if piece.line > 1 {
                    write!(out, ":{}", piece.line).unwrap();
                }
                match piece.content {
                    Ok(bytes) => out.extend_from_slice(&[b" = ", bytes, b"  "].concat()),
                    Err(refusal) => write!(out, " ! {refusal}  ").unwrap(),
                }
            }
        }
    }
}

fn tight() -> Limits {
    Limits { element_bytes: 20, member_bytes: 6, name_bytes: 10, members: 3, depth: 2, documents: 3 }
}

fn show(bytes: Vec<u8>) -> Vec<u8> {
    bytes.trim_ascii_end().to_vec()
}

#[test]
fn borders() {
    check("split/borders.txt", |input| show(pieces([input].into_iter(), Limits::default())));
}

#[test]
fn limits() {
    check("split/limits.txt", |input| show(pieces([input].into_iter(), tight())));
}

/// However a stream is cut, the same comes out.
#[test]
fn every_chunking_gives_the_same() {
    for (file, limits) in [("split/borders.txt", Limits::default()), ("split/limits.txt", tight())] {
        for input in inputs(file) {
            let whole = pieces([&*input].into_iter(), limits);
            for size in 1..input.len() {
                let cut = pieces(input.chunks(size), limits);
                assert_eq!(
                    cut.escape_ascii().to_string(),
                    whole.escape_ascii().to_string(),
                    "chunks of {size}"
                );
            }
            for at in 0..input.len() {
                let cut = pieces([&input[..at], &[], &input[at..]].into_iter(), limits);
                assert_eq!(cut.escape_ascii().to_string(), whole.escape_ascii().to_string(), "cut at {at}");
            }
        }
    }
}

#[test]
fn documents_are_counted_even_when_they_give_no_piece() {
    for (input, expected) in [(&b" \n"[..], 0), (b"{\"objects\":[]}", 1), (b"[]\n[]\n1", 3), (b"[1", 0)] {
        let mut splitter = Splitter::new("objects", Limits::default());
        splitter.push(input);
        splitter.finish();
        take(&mut splitter, &mut Vec::new());
        assert_eq!(splitter.documents(), expected);
    }
}
