//! `parse` on single documents.

use crate::data::check;
use strictjson::{ErrorKind, Limits, MAX_DEPTH, Span, canonical, line_column, parse, write};

/// What `parse` says: the document written again, or the error.
fn answer(input: &[u8], limits: &Limits) -> Vec<u8> {
    match parse(input, limits) {
        Ok(node) => {
            let mut out = b"= ".to_vec();
            write::node(&mut out, &node);
            out
        }
        Err(error) => format!("! {error}").into_bytes(),
    }
}

#[test]
fn documents() {
    for file in ["structure", "strings", "numbers", "names"] {
        check(&format!("parse/{file}.txt"), |input| answer(input, &Limits::default()));
    }
}

#[test]
fn limits() {
    let limits = Limits { bytes: 40, depth: 3, nodes: 5, string_bytes: 8 };
    check("parse/limits.txt", |input| answer(input, &limits));
}

#[test]
fn canonical_forms() {
    check("canonical/all.txt", |input| canonical(&parse(input, &Limits::default()).unwrap()));
}

#[test]
fn every_prefix_ends_unexpectedly_at_its_end() {
    let input = br#"{"a":[1.5e3,"x\n\u00e9\ud83d\ude00y",true,null,{"b":false}],"c":-0.25}"#;
    for length in 0..input.len() {
        let error = parse(&input[..length], &Limits::default()).unwrap_err();
        assert_eq!((error.kind, error.offset), (ErrorKind::UnexpectedEnd, length));
    }
}

#[test]
fn every_prefix_before_a_bad_byte_names_that_byte() {
    let input = br#"{"a":[1.5e3,"x\n\u00e9\ud83d\ude00y",true,null,{"b":false}],"c":-0.25}"#;
    for length in 0..=input.len() {
        let mut bytes = input[..length].to_vec();
        bytes.push(0xff);
        let error = parse(&bytes, &Limits::default()).unwrap_err();
        assert_eq!((error.kind, error.offset), (ErrorKind::InvalidUtf8, length));
    }
}

#[test]
fn nesting_is_bounded_whatever_the_limits() {
    let limits = Limits { depth: usize::MAX, ..Limits::default() };
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| format!("{}0{}", open.repeat(depth), close.repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes(), &limits).is_ok());
        for depth in [MAX_DEPTH + 1, 10_000, 1_000_000] {
            let error = parse(nested(depth).as_bytes(), &limits).unwrap_err();
            assert_eq!((error.kind, error.offset), (ErrorKind::TooDeep, MAX_DEPTH * open.len()));
        }
    }
}

/// The deepest tree must be made, written, compared and dropped on a small stack.
#[test]
fn the_deepest_tree_fits_a_small_stack() {
    let work = || {
        let limits = Limits { depth: MAX_DEPTH, ..Limits::default() };
        let text = format!("{}{}", "{\"a\":".repeat(MAX_DEPTH), "1").to_owned() + &"}".repeat(MAX_DEPTH);
        let node = parse(text.as_bytes(), &limits).unwrap().into_owned();
        assert_eq!(canonical(&node), text.as_bytes());
        assert_eq!(node.clone(), node);
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn spans_and_key_spans_cover_the_text() {
    let input = br#" { "k\u0065y" : [ 12 , "a\nb" , {} ] } "#;
    let node = parse(input, &Limits::default()).unwrap();
    let member = &node.as_object().unwrap().members[0];
    assert_eq!(member.key, "key");
    assert_eq!(member.key_span.of(input), Some(&br#""k\u0065y""#[..]));
    let texts: Vec<_> =
        member.node.as_array().unwrap().iter().map(|node| node.span.of(input).unwrap()).collect();
    assert_eq!(texts, [&b"12"[..], br#""a\nb""#, b"{}"]);
    assert_eq!(node.span.of(input), Some(&input[1..input.len() - 1]));
    assert_eq!(Span { start: 1, end: 900 }.of(input), None);
}

#[test]
fn many_names_are_compared_in_reasonable_time() {
    let mut text: String = (0..200_000).map(|index| format!("\"key{index}\":0,")).collect();
    text.insert(0, '{');
    text.push_str("\"last\":0}");
    assert!(parse(text.as_bytes(), &Limits::default()).is_ok());
    let again = text.replace("\"last\"", "\"key7\"");
    let error = parse(again.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!((error.kind, error.pointer.as_str()), (ErrorKind::DuplicateKey, "/key7"));
}

#[test]
fn error_text_is_bounded_and_printable() {
    let text = format!("{{\"\\u001b\\u202e{}\":x}}", "k".repeat(100_000));
    let error = parse(text.as_bytes(), &Limits::default()).unwrap_err().to_string();
    assert!(error.len() < 400, "{}", error.len());
    assert!(error.contains("\\u{1b}\\u{202e}kkk"), "{error}");
}

#[test]
fn line_and_column() {
    let input = "{\n  \"é\": [1,\n\t\tx]}";
    let error = parse(input.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(error.line_column(input.as_bytes()).to_string(), "line 3 column 3");
    let colon = input.find(':').unwrap();
    assert_eq!(line_column(input.as_bytes(), colon).to_string(), "line 2 column 6");
    assert_eq!(line_column(input.as_bytes(), 0).to_string(), "line 1 column 1");
    assert_eq!(line_column(b"a\n", 9000).to_string(), "line 2 column 1");
}
