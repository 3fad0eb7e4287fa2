//! What is left of an object without the parts that somebody may not see (§7.2.3).

use stix::redact::{Redacted, redact, take_out};
use strictjson::{Limits, Node, parse};

const KEPT_BACK: &str = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed";
const OTHER: &str = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da";
const HEAD: &str = r#""type":"threat-actor","spec_version":"2.1","id":"threat-actor--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z""#;

fn without(text: &str) -> Redacted {
    let node = parse(text.as_bytes(), &Limits::default()).unwrap();
    redact(text.as_bytes(), &node, &|id| id == KEPT_BACK)
}

fn marking(id: &str, selectors: &[&str]) -> String {
    let quoted: Vec<String> = selectors.iter().map(|selector| format!("\"{selector}\"")).collect();
    format!(r#"{{"marking_ref":"{id}","selectors":[{}]}}"#, quoted.join(","))
}

// An actor with these properties and these markings of parts, and what is left of him; empty is nothing.
fn left(properties: &str, kept_back: &[&str], other: &[&str]) -> (String, String) {
    let object = |markings: &[String]| match markings {
        [] => format!("{{{HEAD}{properties}}}"),
        _ => format!("{{{HEAD}{properties},\"granular_markings\":[{}]}}", markings.join(",")),
    };
    let mut markings = vec![marking(KEPT_BACK, kept_back)];
    markings.extend((!other.is_empty()).then(|| marking(OTHER, other)));
    let text = object(&markings);
    let left = match without(&text) {
        Redacted::Copy(copy) => String::from_utf8(copy).unwrap(),
        Redacted::Whole => text.clone(),
        Redacted::Nothing => String::new(),
    };
    (text, left)
}

fn object(properties: &str, other: &[&str]) -> String {
    match other {
        [] => format!("{{{HEAD}{properties}}}"),
        _ => format!("{{{HEAD}{properties},\"granular_markings\":[{}]}}", marking(OTHER, other)),
    }
}

#[test]
fn parts_are_taken_out_and_selectors_are_numbered_anew() {
    let actor = r#","name":"A","description":"d","aliases":["a","b","c","d"],"labels":["x"],"external_references":[{"source_name":"s","description":"e","url":"https://example.com/1"},{"source_name":"t","url":"https://example.com/2"}],"x_map":{"one":{"two":1},"three":[[1,2],[3]]}"#;
    type Row<'a> = (&'a [&'a str], &'a [&'a str], &'a [(&'a str, &'a str)], &'a [&'a str]);
    let rows: &[Row<'_>] = &[
        (&["description"], &[], &[(r#""description":"d","#, "")], &[]),
        (&["description"], &["name"], &[(r#""description":"d","#, "")], &["name"]),
        // The marking that selects the same part goes with it.
        (&["description"], &["description"], &[(r#""description":"d","#, "")], &[]),
        (&["description"], &["description", "name"], &[(r#""description":"d","#, "")], &["name"]),
        // Places in lists.
        (
            &["aliases.[0]"],
            &["aliases.[1]", "aliases.[3]"],
            &[(r#""a","#, "")],
            &["aliases.[0]", "aliases.[2]"],
        ),
        (
            &["aliases.[3]", "aliases.[1]"],
            &["aliases.[0]", "aliases.[2]"],
            &[(r#""b","#, ""), (r#","d""#, "")],
            &["aliases.[0]", "aliases.[1]"],
        ),
        (&["aliases.[1]", "aliases.[2]"], &["aliases.[3]"], &[(r#""b","c","#, "")], &["aliases.[1]"]),
        (&["aliases.[0]", "aliases.[0]"], &["aliases"], &[(r#""a","#, "")], &["aliases"]),
        // A list that nothing is left of.
        (&["labels.[0]"], &["labels", "labels.[0]", "name"], &[(r#""labels":["x"],"#, "")], &["name"]),
        (
            &["aliases.[0]", "aliases.[1]", "aliases.[2]", "aliases.[3]"],
            &[],
            &[(r#""aliases":["a","b","c","d"],"#, "")],
            &[],
        ),
        // What is within what goes, goes too.
        (
            &["external_references.[0]"],
            &["external_references.[0].url", "external_references.[1].url"],
            &[(r#"{"source_name":"s","description":"e","url":"https://example.com/1"},"#, "")],
            &["external_references.[0].url"],
        ),
        (
            &["external_references.[0].description", "external_references.[0].url.nothing"],
            &[],
            &[],
            &["never"],
        ),
        (&["external_references.[0].description"], &[], &[(r#""description":"e","#, "")], &[]),
        (
            &["x_map.one.two", "x_map.three.[0]"],
            &["x_map.three.[1].[0]"],
            &[(r#""one":{"two":1},"#, ""), ("[1,2],", "")],
            &["x_map.three.[0].[0]"],
        ),
        (
            &["x_map.one", "x_map.three"],
            &["x_map"],
            &[(r#","x_map":{"one":{"two":1},"three":[[1,2],[3]]}"#, "")],
            &[],
        ),
    ];
    for (kept_back, other, changes, other_left) in rows {
        let (_, left) = left(actor, kept_back, other);
        let expected = changes.iter().fold(actor.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
        let expected = if *other_left == ["never"] { String::new() } else { object(&expected, other_left) };
        assert_eq!(left, expected, "{kept_back:?} {other:?}");
    }
}

#[test]
fn what_would_be_no_object_is_nothing() {
    let actor = r#","name":"A","aliases":["a"],"revoked":false,"object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"],"created_by_ref":"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","external_references":[{"source_name":"s","url":"https://example.com/1"}]"#;
    for selector in [
        "type",
        "spec_version",
        "id",
        "created",
        "modified",
        "created_by_ref",
        "revoked",
        "object_marking_refs",
        "object_marking_refs.[0]",
        "granular_markings",
        "granular_markings.[0].marking_ref",
        // Required by the type, and by what a reference is made of.
        "name",
        "external_references.[0].source_name",
        "external_references.[0].url",
        // They mean nothing.
        "aliases.[1]",
        "aliases.0",
        "labels",
        "",
    ] {
        assert_eq!(left(actor, &[selector], &[]).1, "", "{selector}");
    }
    let text = format!(r#"{{{HEAD},"name":"A","granular_markings":[{{"marking_ref":"{KEPT_BACK}"}}]}}"#);
    assert_eq!(without(&text), Redacted::Nothing, "a marking without selectors");
    let indicator = r#"{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","pattern":"[url:value = 'x']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","name":"n","granular_markings":"#;
    for (selector, stays) in [("pattern", false), ("pattern_type", false), ("name", true)] {
        let copy = without(&format!("{indicator}[{}]}}", marking(KEPT_BACK, &[selector])));
        assert_eq!(matches!(copy, Redacted::Copy(_)), stays, "{selector}");
    }
}

#[test]
fn an_id_that_is_made_from_what_is_taken_out_tells_it() {
    let file = |id: &str| {
        format!(
            r#"{{"type":"file","spec_version":"2.1","id":"{id}","name":"a.exe","hashes":{{"MD5":"d41d8cd98f00b204e9800998ecf8427e"}},"size":3,"granular_markings":[{}]}}"#,
            marking(KEPT_BACK, &["hashes"])
        )
    };
    let random = file("file--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f");
    let node = parse(random.as_bytes(), &Limits::default()).unwrap();
    assert!(matches!(without(&random), Redacted::Copy(_)));
    let made = file(&stix::sco_id(&node).unwrap().to_string());
    assert_eq!(without(&made), Redacted::Nothing);
    // What does not go into the id can be taken out.
    assert!(matches!(without(&made.replace("[\"hashes\"]", "[\"size\"]")), Redacted::Copy(_)));
}

#[test]
fn an_object_without_such_parts_is_whole() {
    for text in
        ["[]", "3", "{}", r#"{"granular_markings":3}"#, r#"{"granular_markings":[3,{"marking_ref":7}]}"#]
    {
        assert_eq!(without(text), Redacted::Whole, "{text}");
    }
    let other = format!("{{{HEAD},\"name\":\"A\",\"granular_markings\":[{}]}}", marking(OTHER, &["id"]));
    assert_eq!(without(&other), Redacted::Whole);
    let language = r#","name":"A","granular_markings":[{"lang":"de","selectors":["name"]}]"#;
    assert_eq!(without(&format!("{{{HEAD}{language}}}")), Redacted::Whole);
}

#[test]
fn white_space_reads_as_if_nothing_had_been_there() {
    let text = format!(
        "{{\n  {HEAD},\n  \"name\": \"A\",\n  \"aliases\": [\n    \"a\",\n    \"b\"\n  ],\n  \"goals\": [ \"g\" ],\n  \"granular_markings\": [\n    {}\n  ]\n}}",
        marking(KEPT_BACK, &["aliases.[1]", "goals"])
    );
    let expected = format!("{{\n  {HEAD},\n  \"name\": \"A\",\n  \"aliases\": [\n    \"a\"\n  ]\n}}");
    assert_eq!(without(&text), Redacted::Copy(expected.into_bytes()));
    // Within a bundle, spans count from its beginning.
    let bundle = format!("{{\"objects\": [ {text} ]}}");
    let node = parse(bundle.as_bytes(), &Limits::default()).unwrap();
    let object = node.pointer("/objects/0").unwrap();
    assert_eq!(redact(bundle.as_bytes(), object, &|id| id == KEPT_BACK), without(&text));
}

#[test]
fn work_is_bounded() {
    let many: Vec<String> = (0..40_000).map(|n| format!("\"a{n}\"")).collect();
    let selectors: Vec<String> = (0..40_000).map(|n| format!("aliases.[{n}]")).collect();
    let (even, odd): (Vec<_>, Vec<_>) =
        selectors.iter().map(String::as_str).enumerate().partition(|(n, _)| n % 2 == 0);
    let of = |half: Vec<(usize, &str)>| {
        let selectors: Vec<&str> = half.into_iter().map(|(_, selector)| selector).collect();
        selectors.iter().map(|selector| format!("\"{selector}\"")).collect::<Vec<_>>().join(",")
    };
    let text = format!(
        r#"{{{HEAD},"name":"A","aliases":[{}],"granular_markings":[{{"marking_ref":"{KEPT_BACK}","selectors":[{}]}},{{"marking_ref":"{OTHER}","selectors":[{}]}}]}}"#,
        many.join(","),
        of(even),
        of(odd)
    );
    let node = parse(text.as_bytes(), &Limits::default()).unwrap();
    let Redacted::Copy(copy) = take_out(text.as_bytes(), &node, &|id| id == KEPT_BACK) else { panic!() };
    let copy = parse(&copy, &Limits::default()).unwrap();
    assert_eq!(copy.get("aliases").and_then(Node::as_array).map(<[_]>::len), Some(20_000));
    let last = copy.pointer("/granular_markings/0/selectors/19999").and_then(Node::as_str);
    assert_eq!(last, Some("aliases.[19999]"));
    // More selectors, in an object of more members, than can be followed.
    let members: String = (0..3_000).map(|n| format!(",\"x_{n}\":1")).collect();
    let selectors: Vec<String> = (0..3_000).map(|n| format!("\"x_{n}\"")).collect();
    let text = format!(
        r#"{{{HEAD},"name":"A"{members},"granular_markings":[{{"marking_ref":"{KEPT_BACK}","selectors":[{}]}}]}}"#,
        selectors.join(",")
    );
    assert_eq!(without(&text), Redacted::Nothing);
}

/// Random enough, and the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

// A value with texts that are each there once, and the selectors of all that is in it, itself first.
fn grow(dice: &mut Dice, depth: usize, at: &str, paths: &mut Vec<String>) -> String {
    paths.push(at.to_owned());
    let n = paths.len();
    let kind = if depth == 0 { 2 } else { dice.roll(4) };
    let inside = 1 + dice.roll(4);
    match kind {
        0 => {
            let items: Vec<String> =
                (0..inside).map(|k| grow(dice, depth - 1, &format!("{at}.[{k}]"), paths)).collect();
            format!("[{}]", items.join(", "))
        }
        1 => {
            let member = |k: usize, value: String| format!("\"k_{k}\": {value}");
            let members: Vec<String> = (0..inside)
                .map(|k| member(k, grow(dice, depth - 1, &format!("{at}.k_{k}"), paths)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        _ => format!("\"text{n}z\""),
    }
}

// The plain way: the value without what is hidden, and without what nothing is left of.
fn pruned(node: &Node<'_>, at: &str, hidden: &[String]) -> Option<String> {
    if hidden.iter().any(|path| path == at) {
        return None;
    }
    let (open, close, left): (_, _, Vec<String>) = match (node.as_array(), node.as_object()) {
        (Some(items), _) => {
            let items = items.iter().enumerate();
            ("[", "]", items.filter_map(|(k, item)| pruned(item, &format!("{at}.[{k}]"), hidden)).collect())
        }
        (_, Some(object)) => {
            let of = |key: &str, node| pruned(node, &format!("{at}.{key}"), hidden);
            let members = object.iter();
            let left =
                members.filter_map(|one| Some(format!("\"{}\":{}", one.key, of(&one.key, &one.node)?)));
            ("{", "}", left.collect())
        }
        _ => return Some(format!("\"{}\"", node.as_str().unwrap())),
    };
    (!left.is_empty()).then(|| format!("{open}{}{close}", left.join(",")))
}

fn written(node: &Node<'_>) -> String {
    let mut bytes = Vec::new();
    strictjson::write::node(&mut bytes, node);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn what_is_left_is_what_the_plain_way_leaves() {
    let (mut copies, mut kept, mut renumbered) = (0, 0, 0);
    for seed in 0..3_000 {
        let mut dice = Dice(seed);
        let mut paths = Vec::new();
        let tree = grow(&mut dice, 3, "x_tree", &mut paths);
        let pick = |dice: &mut Dice, paths: &[String]| -> Vec<String> {
            (0..=dice.roll(4)).map(|_| paths[dice.roll(paths.len())].clone()).collect()
        };
        let (hidden, other) = (pick(&mut dice, &paths), pick(&mut dice, &paths));
        let text = |paths: &[String]| paths.iter().map(String::as_str).collect::<Vec<_>>().join("\",\"");
        let object = format!(
            r#"{{{HEAD},"name":"A", "x_tree": {tree} ,"granular_markings":[{},{}]}}"#,
            marking(KEPT_BACK, &[&text(&hidden)]),
            marking(OTHER, &[&text(&other)])
        );
        let node = parse(object.as_bytes(), &Limits::default()).unwrap();
        let Redacted::Copy(copy) = without(&object) else { panic!("{object}") };
        let left = parse(&copy, &Limits::default()).unwrap();
        assert!(stix::check(&left, &stix::Limits::default()).is_acceptable());
        assert_eq!(without(std::str::from_utf8(&copy).unwrap()), Redacted::Whole, "twice is once");
        let expected = pruned(node.get("x_tree").unwrap(), "x_tree", &hidden);
        assert_eq!(left.get("x_tree").map(written), expected, "{object}");
        // The marking that stays selects what it selected, as far as that is left, in the same order.
        let select = |node, path: &str| stix::reference::select(node, path).map(written);
        let expected: Vec<String> = other
            .iter()
            .filter(|path| !hidden.iter().any(|hidden| within(path, hidden)))
            .filter_map(|path| pruned(stix::reference::select(&node, path).unwrap(), path, &hidden))
            .collect();
        let selectors = left.pointer("/granular_markings/0/selectors").and_then(Node::as_array);
        let selectors: Vec<&str> = selectors.unwrap_or_default().iter().filter_map(Node::as_str).collect();
        let found: Vec<String> = selectors.iter().map(|path| select(&left, path).unwrap()).collect();
        assert_eq!(found, expected, "{object} {}", String::from_utf8_lossy(&copy));
        copies += 1;
        kept += found.len();
        renumbered += selectors.iter().filter(|path| !other.iter().any(|other| other == *path)).count();
    }
    assert!(copies == 3_000 && kept > 1_000 && renumbered > 100, "{copies} {kept} {renumbered}");
}

fn within(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
