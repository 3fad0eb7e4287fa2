//! Records as logs have them.

use model::matching::read;
use shield::{Builder, Entry, Field, Kind, Knowledge, Layout, Scanned, Scanner};

fn knowledge(said: &[&str]) -> Knowledge<Vec<u8>> {
    let mut builder = Builder::new(77);
    for (id, text) in (0..).zip(said) {
        let (value, mode) = read(None, text).unwrap();
        builder.add(&value, Entry { mode, ..Entry::new(id) }).unwrap();
    }
    Knowledge::open(builder.finish().unwrap()).unwrap()
}

/// Each find: its id, the name of the field, the value that was seen; and how much was gone through.
fn found(said: &[&str], layout: Layout, log: &[u8]) -> (Vec<(u64, String, String)>, Scanned) {
    let knowledge = knowledge(said);
    let mut found = Vec::new();
    let mut scanner = Scanner::new(&knowledge, layout);
    let mut fields = Vec::new();
    let scanned = scanner
        .scan(log, 0, &mut |hit| {
            fields.push(hit.field);
            found.push((hit.found.entry.id, String::new(), hit.seen.text().to_owned()));
        })
        .unwrap();
    for (row, field) in found.iter_mut().zip(fields) {
        row.1 = scanner.layout().name(field).to_owned();
    }
    (found, scanned)
}

fn row(id: u64, field: &str, seen: &str) -> (u64, String, String) {
    (id, field.to_owned(), seen.to_owned())
}

#[test]
fn a_log_of_zeek_tells_its_columns_and_may_tell_others_later() {
    let log = "#separator \\x09\n#path\thttp\n\
        #fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\thost\turi\treferrer\n\
        1772712000.1\tC1\t10.0.0.1\t4000\t198.51.100.7\t8080\tEvil.example\t/kit.zip\t-\n\
        1772712000.2\tC2\t10.0.0.1\t4000\t192.0.2.9\t80\tgood.example\t/\thttp://good.example/\n\
        #path\tdns\n#fields\tts\tquery\tanswers\n\
        1772712001.0\ta.b.sub.example\tgood.example,192.0.2.9,(empty)\n\
        #close\t2026-03-05-12-00-00\n";
    let said = ["http://evil.example:8080/kit.zip", "192.0.2.9", "*.sub.example", "198.51.100.7:8080"];
    let (found, scanned) = found(&said, Layout::zeek_by_header(), log.as_bytes());
    let expected = [
        row(3, "", "198.51.100.7:8080"),
        row(0, "", "http://evil.example:8080/kit.zip"),
        row(1, "", "192.0.2.9"),
        row(2, "query", "a.b.sub.example"),
        row(1, "answers", "192.0.2.9"),
    ];
    // What the fields were called is known of the last layout alone.
    assert_eq!(
        found.iter().map(|row| (row.0, &row.2)).collect::<Vec<_>>(),
        expected.iter().map(|row| (row.0, &row.2)).collect::<Vec<_>>()
    );
    assert_eq!(found[3..], expected[3..]);
    assert_eq!((scanned.lines, scanned.broken, scanned.hits), (3, 0, 5));
}

#[test]
fn zeek_writes_what_is_no_text_as_escapes() {
    let said = ["http://evil.example/%E9%5Ca"];
    let log = "#fields\thost\turi\nevil.example\t/\\xe9\\x5ca\nevil.example\t/\\xe9%5ca\n";
    let (found, _) = found(&said, Layout::zeek_by_header(), log.as_bytes());
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn paths_lead_through_objects_arrays_and_names_with_dots() {
    let paths = [
        ("source.ip", Field::Address(0)),
        ("dns.answers.data", Field::Host),
        ("dns.rrname", Field::Value(Kind::Domain)),
        ("hash.sha256", Field::Digest),
    ];
    let layout = || Layout::json(&paths).unwrap();
    let hash = "ab".repeat(32);
    let said = ["192.0.2.9", "evil.example", hash.as_str()];
    for (line, ids) in [
        (r#"{"source":{"ip":"192.0.2.9"}}"#.to_owned(), &[0][..]),
        (r#"{"source.ip":["10.0.0.1","192.0.2.9"]}"#.to_owned(), &[0]),
        (r#" { "source" : { "x":{"ip":"192.0.2.9"}, "ip" : null } } "#.to_owned(), &[]),
        (r#"{"dns":{"answers":[{"data":"192.0.2.9"},{"ttl":1,"data":"EVIL.example."}],"rrname":"evil.example"}}"#.to_owned(), &[1, 0, 1]),
        (r#"{"dns.answers":[{"data":"evil.example"}]}"#.to_owned(), &[1]),
        (r#"{"d\u006es":{"rrname":"ev\u0069l.example"}}"#.to_owned(), &[1]),
        (format!(r#"{{"a":[[{{"b":"}}"}}]],"hash":{{"sha256":"{}"}}}}"#, hash.to_uppercase()), &[2]),
        // What breaks off counts as far as it goes.
        (r#"{"source.ip":"192.0.2.9","dns":{"rrname":"evil.exam"#.to_owned(), &[0]),
        ("192.0.2.9".to_owned(), &[]),
    ] {
        let (found, scanned) = found(&said, layout(), line.as_bytes());
        let mut found: Vec<u64> = found.into_iter().map(|row| row.0).collect();
        let mut ids = ids.to_vec();
        found.sort_unstable();
        ids.sort_unstable();
        assert_eq!(found, ids, "{line}");
        let is_object = line.trim_start().starts_with('{');
        assert_eq!(scanned.broken, u64::from(is_object && !line.trim_end().ends_with('}')), "{line}");
        // Those of no find have none of the fields.
        assert_eq!(scanned.other, u64::from(ids.is_empty()), "{line}");
    }
}

#[test]
fn deep_objects_end_a_line_and_nothing_else() {
    let deep =
        format!("{}{}\n{}\n", r#"{"a":"#.repeat(100_000), "}".repeat(100_000), r#"{"ip":"192.0.2.9"}"#);
    let nested = format!(r#"{{"ip":{}1{},"ip":"192.0.2.9"}}"#, "[".repeat(40), "]".repeat(40));
    let layout = Layout::json(&[("ip", Field::Address(0))]).unwrap();
    let (found, scanned) = found(&["192.0.2.9"], layout, format!("{deep}{nested}").as_bytes());
    assert_eq!(found.len(), 2);
    assert_eq!((scanned.lines, scanned.broken), (3, 1));
}

#[test]
fn a_value_seen_again_is_found_again() {
    // What matches nothing is remembered; what matches is not.
    let log = "good.example\nevil.example\n".repeat(5000);
    let column = shield::Column { at: 0, field: Field::Value(Kind::Domain), list: None };
    let layout = Layout::columns(b'\t', &[column]).unwrap();
    let (found, scanned) = found(&["evil.example"], layout, log.as_bytes());
    assert_eq!(found.len(), 5000);
    assert_eq!((scanned.lines, scanned.asked), (10_000, 5000));
}

#[test]
fn lines_of_another_kind_are_counted() {
    let other = |layout: Layout, line: &str| found(&["192.0.2.9"], layout, line.as_bytes()).1.other;
    let json = || Layout::json(&[("ip", Field::Address(0))]).unwrap();
    assert_eq!(other(json(), "{\"ip\":\"192.0.2.1\"}\n{\"address\":\"192.0.2.1\"}\nip 192.0.2.1\n"), 2);
    let column = |at| shield::Column { at, field: Field::Host, list: None };
    let columns = || Layout::columns(b',', &[column(0), column(2)]).unwrap();
    assert_eq!(other(columns(), "a,b,c\na;b;c\n,,\n"), 1);
    assert_eq!(other(Layout::columns(b',', &[column(0)]).unwrap(), "a,b,c\na;b;c\n"), 0);
    assert_eq!(other(Layout::zeek_by_header(), "1.0\t192.0.2.1\n#fields\tts\thost\n1.0\t192.0.2.1\n"), 1);
}

#[test]
fn a_log_of_zeek_tells_how_it_is_written() {
    let log = "#separator |\n#set_separator|;\n#empty_field|EMPTY\n#unset_field|NONE\n#path|http\n\
        #fields|ts|id.orig_h|host|uri|tags|seen_by|answers\n#types|time|addr|string|string|set[enum]|vector[addr]|string\n\
        1.0|192.0.2.1|evil.example|/kit.zip|EMPTY|198.51.100.1;192.0.2.9|NONE\n\
        2.0|192.0.2.1|evil.example|NONE|EMPTY|EMPTY|good.example;192.0.2.9\n";
    let said = ["http://evil.example/kit.zip", "192.0.2.9", "evil.example"];
    let (found, scanned) = found(&said, Layout::zeek_by_header(), log.as_bytes());
    let expected = [
        row(0, "uri", "http://evil.example/kit.zip"),
        row(2, "uri", "http://evil.example/kit.zip"),
        row(1, "seen_by", "192.0.2.9"),
        row(2, "host", "evil.example"),
    ];
    let sorted = |mut rows: Vec<_>| {
        rows.sort();
        rows
    };
    // `answers` is no list here, as its type says, and no target was set in the last line.
    assert_eq!(sorted(found.iter().map(|row| (row.0, &row.2)).collect()), {
        let mut rows: Vec<_> = expected.iter().map(|row| (row.0, &row.2)).collect();
        rows.sort();
        rows
    });
    assert_eq!((scanned.lines, scanned.other), (2, 0));
}

#[test]
fn what_stands_in_front_of_text_is_passed_over() {
    let layout = Layout::json(&[("ip", Field::Address(0))]).unwrap();
    let (found, scanned) = found(&["192.0.2.9"], layout, b"\xEF\xBB\xBF{\"ip\":\"192.0.2.9\"}\n");
    assert_eq!((found.len(), scanned.broken + scanned.other), (1, 0));
}

#[test]
fn urls_are_put_together_of_what_a_record_has() {
    let paths = [
        ("scheme", Field::UrlScheme),
        ("host", Field::UrlHost),
        ("port", Field::UrlPort),
        ("original", Field::UrlTarget),
        ("path", Field::UrlPath),
        ("query", Field::UrlQuery),
    ];
    let said = ["https://evil.example/a?b=1", "http://evil.example:443/a?b=1", "http://192.0.2.9:8080/"];
    for (line, expected) in [
        (
            r#"{"scheme":"https","host":"evil.example","path":"\/a","query":"b=1"}"#,
            &[(0, "https://evil.example/a?b=1")][..],
        ),
        (
            r#"{"scheme":"https","host":"evil.example","port":443,"path":"/a","query":"?b=1"}"#,
            &[(0, "https://evil.example/a?b=1")],
        ),
        // On the port of `https` it is asked for as either, where nobody says which.
        (
            r#"{"host":"evil.example:443","original":"/a?b=1"}"#,
            &[(0, "https://evil.example/a?b=1"), (1, "http://evil.example:443/a?b=1")],
        ),
        (
            r#"{"host":"evil.example","port":443,"path":"/a?b=1","query":"b=1"}"#,
            &[(0, "https://evil.example/a?b=1"), (1, "http://evil.example:443/a?b=1")],
        ),
        (
            r#"{"scheme":"http","host":"evil.example","port":443,"path":"/a?b=1"}"#,
            &[(1, "http://evil.example:443/a?b=1")],
        ),
        (r#"{"scheme":"http","host":"evil.example","port":8443,"path":"/a","query":"b=1"}"#, &[]),
        // The whole counts before its parts.
        (
            r#"{"host":"good.example","original":"https://evil.example/a?b=1","path":"/"}"#,
            &[(0, "https://evil.example/a?b=1")],
        ),
    ] {
        let (found, _) = found(&said, Layout::json(&paths).unwrap(), line.as_bytes());
        let found: Vec<_> = found.iter().map(|(id, _, seen)| (*id, seen.as_str())).collect();
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn a_host_alone_is_no_url() {
    let paths = [
        ("host", Field::UrlHost),
        ("port", Field::UrlPort),
        ("uri", Field::UrlTarget),
        ("url", Field::Value(Kind::Url)),
    ];
    for (line, field, seen) in [
        (r#"{"host":"evil.example"}"#, "host", "evil.example"),
        (r#"{"host":"evil.example","port":8080,"uri":"-"}"#, "host", "evil.example"),
        (r#"{"host":"192.0.2.9","port":8080}"#, "host", "192.0.2.9:8080"),
        (r#"{"url":"Evil.example"}"#, "url", "evil.example"),
        (r#"{"url":"http://evil.example"}"#, "url", "http://evil.example/"),
    ] {
        let (found, _) =
            found(&["evil.example", "192.0.2.9:8080"], Layout::json(&paths).unwrap(), line.as_bytes());
        assert_eq!(
            found.iter().map(|row| (row.1.as_str(), row.2.as_str())).collect::<Vec<_>>(),
            [(field, seen)],
            "{line}"
        );
    }
}

#[test]
fn addresses_of_mail_stand_in_brackets_and_behind_names() {
    let layout = || Layout::json(&[("from", Field::Value(Kind::Email))]).unwrap();
    let said = ["a@evil.example", "@bad.example"];
    for (line, ids) in [
        (r#"{"from":"<a@evil.example>"}"#, &[0][..]),
        (r#"{"from":["<b@good.example>","<a@Evil.example>"]}"#, &[0]),
        (r#"{"from":"\"Doe, Jo\" <a@evil.example>, x@bad.example"}"#, &[0, 1]),
        (r#"{"from":"mailto:a@evil.example"}"#, &[0]),
        (r#"{"from":"a@evil.example <b@good.example>"}"#, &[]),
    ] {
        let (found, _) = found(&said, layout(), line.as_bytes());
        assert_eq!(found.iter().map(|row| row.0).collect::<Vec<_>>(), ids, "{line}");
    }
}
