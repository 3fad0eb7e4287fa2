//! Imports: what is told of an input names the line; what is nothing, twice, or laid out otherwise is told apart.

use model::Tlp;
use node::views::{ImportSummary, Outcome};
use node::{ImportEvent, ImportOptions};

use crate::write_world::{FIRST, World, envelope, indicator};

fn plain() -> ImportOptions {
    ImportOptions::default()
}

fn import(input: &str) -> (ImportSummary, Vec<Outcome>) {
    World::new().import(&plain(), input.as_bytes()).unwrap()
}

/// Line and message of each object that there was something to say of.
fn told(input: &str) -> Vec<(u64, String)> {
    import(input)
        .1
        .into_iter()
        .map(|outcome| (outcome.line.unwrap(), outcome.message.unwrap_or_default()))
        .collect()
}

#[test]
fn what_is_refused_names_its_line() {
    let good = |n: u32| indicator(n, FIRST, "");
    let bad = "{\"type\":\"tool\"}";
    let ndjson = [&good(1), bad, "", &good(2), "{\"type\":"].join("\n");
    let pretty = format!("{{\n\"type\":\"bundle\",\n\"objects\":[\n{},\n{bad}\n]\n}}", good(1));
    let crlf = "ip,note\r\n198.51.100.1,a\r\nnonsense!,b\r\n\"198.51.100.2\",\"c\r\nd\"\r\nnonsense!,e\r\n";
    let list = "# c\n198.51.100.1\n\nnot a value at all!\n";
    for (input, lines) in [
        (ndjson.as_str(), &[2_u64, 5][..]),
        (&pretty, &[5]),
        (crlf, &[3, 6]),
        (list, &[4]),
        (&format!("\u{feff}{list}"), &[4]),
    ] {
        let told: Vec<u64> = told(input).into_iter().map(|(line, _)| line).collect();
        assert_eq!(told, lines, "{input}");
    }
    let (_, told) = World::new().import(&plain(), ndjson.as_bytes()).unwrap();
    assert!(told[1].message.as_deref().unwrap().contains("on line 5"), "{told:?}");
    let broken = import(&pretty[..pretty.len() - 4]).0.broken.unwrap();
    assert!(broken.contains("(line 5)"), "{broken}");
}

#[test]
fn lines_are_counted_however_long_the_input_is() {
    let mut all: Vec<String> = (0..3_000).map(|n| indicator(n, FIRST, "")).collect();
    all[2_500] = "{\"type\":\"tool\"}".to_owned();
    assert_eq!(told(&all.join("\n"))[0].0, 2_501);
    let long = "x".repeat(20 << 20);
    all[100] = indicator(100, FIRST, &format!(",\"x_long\":\"{long}\""));
    let lines: Vec<u64> = told(&all.join("\n")).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [101, 2_501], "also behind one that is too long to be held");
}

#[test]
fn a_repeated_column_spoils_no_row() {
    let world = World::new();
    let csv = "ip,campaign,first_seen,campaign,,first_seen,\n\
               198.51.100.1,one,2026-01-01,two,three,2026-02-01,four\n198.51.100.2,one,,,,,\n";
    let (summary, told) = world.import(&plain(), csv.as_bytes()).unwrap();
    assert_eq!((summary.new, summary.rejected, told.len()), (2, 0, 0), "{told:?}");
    let mut wire = Vec::new();
    let query = node::ListQuery::default();
    world.node.list(&world.node.operator(), &query, &mut |entry| wire.push(entry.wire.to_vec())).unwrap();
    let first: serde_json::Value = serde_json::from_slice(&wire[0]).unwrap();
    assert_eq!(first["valid_from"], "2026-01-01T00:00:00.000000Z", "the first column counts");
    let columns =
        &first["extensions"]["extension-definition--6d1ab8a4-0a3c-4d0a-9d2e-5a3c3d5f1b7e"]["columns"];
    assert_eq!(
        *columns,
        serde_json::json!({"campaign": "one", "campaign (2)": "two", "column 5": "three", "column 7": "four"})
    );
    let twice = "value,tlp,tlp,ip\n198.51.100.3,green,red,198.51.100.4\n";
    world.import(&ImportOptions { tlp: Some(Tlp::Clear), ..plain() }, twice.as_bytes()).unwrap();
    let listed = world.listed(&world.node.operator(), None);
    assert_eq!(
        listed.iter().filter(|(_, label)| label == "TLP:RED").count(),
        1,
        "of two labels the stricter"
    );
}

#[test]
fn a_quote_that_nobody_closes_costs_its_line_and_is_told() {
    for (csv, new, lines) in [
        // To the end of the input.
        ("ip,note\n198.51.100.1,a\n198.51.100.2,\"b\n198.51.100.3,c\n198.51.100.4,d\n", 3, &[3_u64][..]),
        // Up to a quote that opens another field.
        ("ip,note\n198.51.100.1,\"a\n198.51.100.2,\"b\"\n198.51.100.3,\"c\nd\"\n", 2, &[2]),
        ("\"ip\",\"note\"\n\"198.51.100.1\",\"a\n\"198.51.100.2\",\"b\"\n", 1, &[2]),
        // On the last line, and twice.
        ("ip,note\n198.51.100.1,a\n198.51.100.2,\"b", 1, &[3]),
        ("ip,note\n198.51.100.1,\"a\n198.51.100.2,b\n198.51.100.3,\"c\n198.51.100.4,d\n", 2, &[2, 4]),
        // A quote within a field that has none around it is text; a comment is no row.
        ("# a \"feed\", \"of today\nip,note\n198.51.100.1,5\" disk\n198.51.100.2,b\n", 2, &[]),
        ("ip,note\n198.51.100.1,\"a \"\"b\"\"\nc\"\n198.51.100.2,\"\"\n", 2, &[]),
    ] {
        let (summary, told) = import(csv);
        let at: Vec<u64> = told.iter().filter_map(|outcome| outcome.line).collect();
        assert_eq!((summary.new, summary.rejected, at.as_slice()), (new, lines.len() as u64, lines), "{csv}");
        for (outcome, line) in told.iter().zip(lines) {
            let message = outcome.message.as_deref().unwrap();
            assert!(
                message.contains(&format!("the quote that opens on line {line} is not closed")),
                "{message}"
            );
        }
    }
}

#[test]
fn an_input_without_anything_in_it_says_so() {
    for (input, format) in [
        ("", "empty"),
        (" \n\t\n", "empty"),
        ("\u{feff}", "empty"),
        ("# nothing today\n", "list"),
        ("{\"objects\":[]}", "stix-2.1"),
        ("{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\"}", "stix-2.1"),
    ] {
        let (summary, told) = import(input);
        assert_eq!((summary.objects, summary.format.as_str()), (0, format), "{input}");
        assert!(told.is_empty() && summary.findings.is_empty() && summary.broken.is_none(), "{summary:?}");
    }
    assert_eq!(import("{\"type\":\"bundle\",\"objects\":7}").0.rejected, 1);
}

#[test]
fn a_bundle_among_lines_of_objects_is_told_what_to_do_with_it() {
    let (first, last) = (indicator(1, FIRST, ""), indicator(3, FIRST, ""));
    let bundle = format!("{{\"type\":\"bundle\",\"objects\":[{}]}}", indicator(2, FIRST, ""));
    let (summary, told) = import(&format!("{first}\n{bundle}\n{last}\n"));
    assert_eq!((summary.new, summary.rejected), (2, 1));
    let refused = told.iter().find(|outcome| outcome.state == "rejected").unwrap();
    let message = refused.message.as_deref().unwrap_or_default();
    assert!(message.contains("import it as an input of its own"), "{message}");
}

#[test]
fn a_bundle_without_an_id_is_told_and_its_objects_are_taken() {
    let one = indicator(1, FIRST, "");
    let bare = format!("{{\"type\":\"bundle\",\"objects\":[{one}]}}");
    let late = format!("{{\"objects\":[{one}],\"type\":\"bundle\"}}");
    for (input, lines) in [
        (bare.clone(), &[1_u64][..]),
        (late.clone(), &[1]),
        (format!("{bare}\n\n{late}"), &[1, 3]),
        ("{\"type\":\"bundle\"}".to_owned(), &[1]),
        (envelope(std::slice::from_ref(&one)), &[]),
        (one.clone(), &[]),
        (format!("[{one}]"), &[]),
    ] {
        let world = World::new();
        let mut found = Vec::new();
        let mut tell = |event| {
            if let ImportEvent::Finding { line, finding } = event {
                assert_eq!((finding.severity, finding.clause.as_str()), ("must", "STIX 2.1 §8"));
                found.push(line);
            }
        };
        let summary = world.node.import(&world.node.operator(), &plain(), &mut input.as_bytes(), &mut tell);
        let summary = summary.unwrap();
        assert_eq!(found, lines, "{input}");
        assert_eq!(summary.rejected, 0, "{input}");
        let counted: u64 = summary.findings.iter().map(|finding| finding.count).sum();
        assert_eq!(counted, lines.len() as u64, "{input}");
    }
}

#[test]
fn a_dry_run_knows_what_came_before_in_the_same_input() {
    let twice: Vec<String> = (0..1_500).chain(0..10).map(|n| indicator(n, FIRST, "")).collect();
    let mut changed = twice.clone();
    changed.push(indicator(3, FIRST, ",\"confidence\":3"));
    let list = "198.51.100.1\n198.51.100.2\n198.51.100.1\n198.51.100.1\t3\n".to_owned();
    for input in [envelope(&changed), twice.join("\n"), list] {
        let dry = ImportOptions { dry_run: true, ..plain() };
        let world = World::new();
        let counts = |options: &ImportOptions| {
            let (summary, _) = world.import(options, input.as_bytes()).unwrap();
            (summary.new, summary.duplicates, summary.equivocations, summary.rejected)
        };
        let foreseen = counts(&dry);
        assert!(foreseen.1 > 0);
        assert_eq!(foreseen, counts(&plain()));
    }
}

#[test]
fn lines_of_objects_that_were_laid_out_anew_are_the_same_objects() {
    let all: Vec<String> = (0..20).map(|n| indicator(n, FIRST, "")).collect();
    let pretty = |json: &String| {
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(json).unwrap()).unwrap()
    };
    let every: Vec<String> = all.iter().map(pretty).collect();
    let mut some = all.clone();
    some[7] = pretty(&all[7]);
    some[19] = pretty(&all[19]);
    for input in [every.join("\n"), some.join("\n"), every.join(""), format!("[{}]", every.join(","))] {
        let (summary, told) = import(&input);
        assert_eq!((summary.new, summary.rejected), (20, 0), "{told:?}");
    }
    // A line break elsewhere, between lines that are whole: the pieces of that one are refused, with their lines.
    some[7] = all[7].replacen(",\"", ",\n\"", 2);
    let (summary, told) = import(&some.join("\n"));
    let at: Vec<u64> = told.iter().filter_map(|outcome| outcome.line).collect();
    assert_eq!((summary.new, at), (19, vec![8, 9, 10]));
}
