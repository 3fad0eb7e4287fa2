//! Looking into a tree, and making one.

use std::borrow::Cow;
use strictjson::{Limits, MAX_SAFE_INTEGER, Node, Number, Object, Pointer, Value, canonical, parse, write};

fn tree(text: &str) -> Node<'_> {
    parse(text.as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn accessors_answer_for_their_kind_only() {
    let texts = ["null", "true", "-12", "1.5", r#""x""#, "[1]", r#"{"a":1}"#];
    let answers: Vec<_> = texts
        .map(tree)
        .iter()
        .map(|node| {
            let there = [
                node.is_null(),
                node.as_bool() == Some(true),
                node.as_i64() == Some(-12),
                node.as_f64().is_some(),
                node.as_str() == Some("x"),
                node.as_array().is_some_and(|elements| elements.len() == 1),
                node.as_object().is_some_and(|object| object.len() == 1 && !object.is_empty()),
                node.get("a").is_some(),
            ];
            (node.kind_name(), there.map(u8::from))
        })
        .collect();
    let expected = [
        ("null", [1, 0, 0, 0, 0, 0, 0, 0]),
        ("boolean", [0, 1, 0, 0, 0, 0, 0, 0]),
        ("number", [0, 0, 1, 1, 0, 0, 0, 0]),
        ("number", [0, 0, 0, 1, 0, 0, 0, 0]),
        ("string", [0, 0, 0, 0, 1, 0, 0, 0]),
        ("array", [0, 0, 0, 0, 0, 1, 0, 0]),
        ("object", [0, 0, 0, 0, 0, 0, 1, 1]),
    ];
    assert_eq!(answers, expected);
}

#[test]
fn strings_borrow_unless_they_held_escapes() {
    let node = tree(r#"{"plain":"é","with\u0020escape":"\n"}"#);
    let borrowed: Vec<_> = node
        .as_object()
        .unwrap()
        .iter()
        .map(|member| {
            let value = matches!(&member.node.value, Value::String(Cow::Borrowed(_)));
            (matches!(member.key, Cow::Borrowed(_)), value)
        })
        .collect();
    assert_eq!(borrowed, [(true, true), (false, false)]);
}

#[test]
fn numbers_keep_their_text_and_know_their_value() {
    let cases = [
        ("-0", Some(0), 0.0, true),
        ("9007199254740991", Some(MAX_SAFE_INTEGER), 9007199254740991.0, true),
        ("1.0", None, 1.0, false),
        ("1e2", None, 100.0, false),
        ("-2.5E-1", None, -0.25, false),
    ];
    for (text, whole, double, integer) in cases {
        let node = tree(text);
        let number = node.as_number().unwrap();
        assert_eq!((&*number.text, number.as_i64(), number.as_f64()), (text, whole, double));
        assert_eq!(number.is_integer(), integer, "{text}");
    }
}

#[test]
fn numbers_made_from_values_are_those_that_parse_takes() {
    let whole = |value| Number::from_i64(value).map(|number| number.text.into_owned());
    assert_eq!(whole(MAX_SAFE_INTEGER).as_deref(), Some("9007199254740991"));
    assert_eq!(whole(-MAX_SAFE_INTEGER).as_deref(), Some("-9007199254740991"));
    assert_eq!((whole(MAX_SAFE_INTEGER + 1), whole(i64::MIN), whole(i64::MAX)), (None, None, None));
    let double = |value| Number::from_f64(value).map(|number| number.text.into_owned());
    assert_eq!(double(-0.25).as_deref(), Some("-0.25"));
    assert_eq!(double(1e21).as_deref(), Some("1e+21"));
    assert_eq!(double(9007199254740991.0).as_deref(), Some("9007199254740991"));
    for refused in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 9007199254740992.0, -1e20] {
        assert_eq!(double(refused), None, "{refused}");
    }
}

/// RFC 6901, 5, and what is no pointer or names nothing.
#[test]
fn pointers() {
    let node = tree(
        r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8,"01":9,"~1":10}"#,
    );
    let cases = [
        ("/foo/0", Some(r#""bar""#)),
        ("/", Some("0")),
        ("/a~1b", Some("1")),
        ("/c%d", Some("2")),
        ("/e^f", Some("3")),
        ("/g|h", Some("4")),
        ("/i\\j", Some("5")),
        ("/k\"l", Some("6")),
        ("/ ", Some("7")),
        ("/m~0n", Some("8")),
        ("/01", Some("9")),
        ("/~01", Some("10")),
        ("/foo/2", None),
        ("/foo/-", None),
        ("/foo/00", None),
        ("/foo/01", None),
        ("/foo/+1", None),
        ("/foo/", None),
        ("/foo/99999999999999999999999", None),
        ("/foo/0/x", None),
        ("/m~n", None),
        ("/m~2n", None),
        ("/m~", None),
        ("foo", None),
        ("/absent", None),
    ];
    for (pointer, expected) in cases {
        let found = node.pointer(pointer).map(|node| String::from_utf8(canonical(node)).unwrap());
        assert_eq!(found.as_deref(), expected, "{pointer}");
    }
    assert!(std::ptr::eq(node.pointer("").unwrap(), &node));
}

#[test]
fn a_pointer_is_built_on_the_way() {
    let mut pointer = Pointer::root();
    pointer.pop();
    assert_eq!(pointer.as_str(), "");
    pointer.push_key("a/~b");
    assert_eq!(pointer.index(0).key("").to_string(), "/a~1~0b/0/");
    pointer.push_index(12);
    assert_eq!(String::from(pointer.clone()), "/a~1~0b/12");
    pointer.pop();
    pointer.pop();
    assert_eq!(pointer, Pointer::root());
}

#[test]
fn a_document_is_built_changed_and_written() {
    let mut object = Object::new();
    object.push("type", "note");
    object.push("confidence", 7);
    object.push("ok", true);
    object.push("none", Value::Null);
    object.push("list", vec![Node::from("a"), Node::from(1_u32)]);
    object.push("names", ["x".to_owned()].into_iter().collect::<Node<'_>>());
    object.push("size", Number::from_i64(1 << 40).unwrap());
    object.push("inner", Object::new());
    assert_eq!(object.set("confidence", -8).and_then(|old| old.as_i64()), Some(7));
    assert!(object.set("extra".to_owned(), "line\n\u{1}\"\\").is_none());
    assert!(object.remove("ok").is_some());
    assert!(object.remove("ok").is_none());
    assert!(object.contains_key("none") && !object.contains_key("ok"));
    let mut out = b"data: ".to_vec();
    write::node(&mut out, &object.into());
    let expected = r#"data: {"type":"note","confidence":-8,"none":null,"list":["a",1],"names":["x"],"size":1099511627776,"inner":{},"extra":"line\n\u0001\"\\"}"#;
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn an_owned_tree_outlives_its_input() {
    let owned = {
        let text = r#"{"a":["x",1,null,true,{"b":"\n"}]}"#.to_owned();
        let node = tree(&text);
        let copy = node.clone().into_owned();
        assert_eq!(copy, node);
        copy
    };
    assert_eq!(owned.pointer("/a/4/b").and_then(|node| node.as_str()), Some("\n"));
    assert_eq!((owned.span.start, owned.span.end), (0, 34));
}
