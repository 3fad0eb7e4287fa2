//! Lines as programs write them, and what is found in each. They are made by hand after the programs' own documentation.

use scan::{Clock, Format, Input, Known, Told, run};

/// What was found in a log: each field, and the value as it was seen there first.
fn found(known: &str, format: Option<Format>, log: &str) -> Vec<(String, String)> {
    let known = Known::read(known.as_bytes(), 7).unwrap();
    let log = Input {
        name: String::new(),
        bytes: Box::new(log.as_bytes()),
        format,
        clock: Clock::default(),
        from: None,
    };
    let mut hits = Vec::new();
    run(&known.now().knowledge, [log].into_iter(), 1, &mut |told| match told {
        Told::Hit(hit) => hits.extend(hit.fields.into_iter().map(|field| (field, hit.seen.clone()))),
        Told::Ended(end) => assert_eq!((&end.error, end.broken), (&None, 0)),
        _ => {}
    })
    .unwrap();
    hits
}

fn check(known: &str, format: Format, cases: &[(&str, &[(&str, &str)])]) {
    for (line, expected) in cases {
        let found = found(known, Some(format), line);
        let mut found: Vec<_> = found.iter().map(|(field, seen)| (field.as_str(), seen.as_str())).collect();
        let mut expected = expected.to_vec();
        // An indicator is one hit of a line with all its fields, so they do not come in their order.
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{line}");
    }
}

const KNOWN: &str = "evil.example\n203.0.113.7\na@evil.test\nhttps://evil.test/kit.zip?a=1\nd41d8cd98f00b204e9800998ecf8427e\n";

#[test]
fn events_of_suricata() {
    check(
        KNOWN,
        Format::Eve,
        &[
            (
                r#"{"event_type":"dns","dns":{"version":2,"type":"answer","rrname":"www.good.example","answers":[{"rrname":"www.good.example","rrtype":"CNAME","rdata":"evil.example"}],"grouped":{"A":["203.0.113.7"]}}}"#,
                &[("dns.answers.rdata", "evil.example"), ("dns.grouped.A", "203.0.113.7")],
            ),
            (
                r#"{"event_type":"dns","dns":{"version":3,"type":"response","queries":[{"rrname":"evil.example","rrtype":"A"}],"answers":[{"rrname":"good.example","rrtype":"A","rdata":"203.0.113.7"}],"authorities":[{"rrname":"good.example","rrtype":"SOA","soa":{"mname":"evil.example","rname":"x.good.example"}}],"additionals":[{"rrname":"ns.good.example","rrtype":"A","rdata":"203.0.113.7"}]}}"#,
                &[
                    ("dns.queries.rrname", "evil.example"),
                    ("dns.answers.rdata", "203.0.113.7"),
                    ("dns.authorities.soa.mname", "evil.example"),
                    ("dns.additionals.rdata", "203.0.113.7"),
                ],
            ),
            (
                r#"{"event_type":"dns","dns":{"version":2,"rrname":"x.good.example","rcode":"NXDOMAIN","authorities":[{"rrname":"evil.example","rrtype":"SOA","ttl":900}]}}"#,
                &[("dns.authorities.rrname", "evil.example")],
            ),
            (
                r#"{"event_type":"smtp","smtp":{"helo":"evil.example","mail_from":"<a@evil.test>","rcpt_to":["<b@good.example>","<a@evil.test>"]}}"#,
                &[
                    ("smtp.helo", "evil.example"),
                    ("smtp.mail_from", "a@evil.test"),
                    ("smtp.rcpt_to", "a@evil.test"),
                ],
            ),
            (
                r#"{"event_type":"http","http":{"hostname":"good.example","url":"/","xff":"203.0.113.7, 192.0.2.1"}}"#,
                &[("http.xff", "203.0.113.7")],
            ),
            (
                r#"{"event_type":"http","http":{"hostname":"evil.test","http_port":443,"url":"/kit.zip?a=1"}}"#,
                &[("http.url", "https://evil.test/kit.zip?a=1")],
            ),
        ],
    );
}

#[test]
fn events_of_elastic() {
    check(
        KNOWN,
        Format::Ecs,
        &[
            (
                r#"{"@timestamp":"2026-03-05T12:00:00Z","url":{"scheme":"https","domain":"evil.test","port":443,"path":"/kit.zip","query":"a=1"}}"#,
                &[("url.path", "https://evil.test/kit.zip?a=1")],
            ),
            (
                r#"{"@timestamp":"2026-03-05T12:00:00Z","url":{"domain":"evil.example"}}"#,
                &[("url.domain", "evil.example")],
            ),
            (
                r#"{"@timestamp":"2026-03-05T12:00:00Z","source":{"address":"203.0.113.7"},"destination":{"address":"evil.example"},"dns":{"question":{"name":"evil.example"}}}"#,
                &[
                    ("source.address", "203.0.113.7"),
                    ("destination.address", "evil.example"),
                    ("dns.question.name", "evil.example"),
                ],
            ),
            (
                r#"{"@timestamp":"2026-03-05T12:00:00Z","url.original":"evil.example"}"#,
                &[("url.original", "evil.example")],
            ),
        ],
    );
}

#[test]
fn events_of_ocsf() {
    check(
        KNOWN,
        Format::Ocsf,
        &[
            (
                r#"{"class_uid":4002,"http_request":{"url":{"scheme":"https","hostname":"evil.test","path":"/kit.zip","query_string":"a=1","port":443}}}"#,
                &[("http_request.url.path", "https://evil.test/kit.zip?a=1")],
            ),
            (
                r#"{"class_uid":2004,"observables":[{"name":"dst_endpoint.ip","type_id":2,"value":"203.0.113.7"},{"name":"file.hash","type_id":8,"value":"D41D8CD98F00B204E9800998ECF8427E"},{"name":"url","type_id":6,"value":"https://evil.test/kit.zip?a=1"},{"name":"n","type_id":10,"value":"word"}]}"#,
                &[
                    ("observables.value", "203.0.113.7"),
                    ("observables.value", "d41d8cd98f00b204e9800998ecf8427e"),
                    ("observables.value", "https://evil.test/kit.zip?a=1"),
                ],
            ),
            (
                r#"{"class_uid":2004,"evidences":[{"src_endpoint":{"ip":"192.0.2.1"}},{"dst_endpoint":{"ip":"203.0.113.7"},"query":{"hostname":"evil.example"}}]}"#,
                &[("evidences.dst_endpoint.ip", "203.0.113.7"), ("evidences.query.hostname", "evil.example")],
            ),
            (
                r#"{"class_uid":4003,"query":{"hostname":"good.example"},"answers":[{"type":"A","rdata":"203.0.113.7"}]}"#,
                &[("answers.rdata", "203.0.113.7")],
            ),
        ],
    );
}

#[test]
fn logs_of_zeek_of_all_kinds() {
    check(
        KNOWN,
        Format::ZeekJson,
        &[
            (
                r#"{"ts":1.0,"id":"F1","certificate.version":3,"san.dns":["good.example","evil.example"],"san.ip":["203.0.113.7"]}"#,
                &[("san.dns", "evil.example"), ("san.ip", "203.0.113.7")],
            ),
            (
                r#"{"ts":1.0,"uid":"C1","helo":"h","mailfrom":"<a@evil.test>","to":["\"A\" <a@evil.test>"],"path":["192.0.2.1","203.0.113.7"]}"#,
                &[("mailfrom", "a@evil.test"), ("to", "a@evil.test"), ("path", "203.0.113.7")],
            ),
            (
                r#"{"ts":1.0,"note":"Scan::Address_Scan","msg":"203.0.113.7 scanned at least 25 hosts","src":"203.0.113.7"}"#,
                &[("src", "203.0.113.7"), ("msg", "203.0.113.7")],
            ),
            (r#"{"ts":1.0,"host":"203.0.113.7","port_num":22}"#, &[("host", "203.0.113.7")]),
            (
                r#"{"ts":1.0,"uid":"C1","host":"good.example","uri":"/","proxied":["X-FORWARDED-FOR -> 203.0.113.7"]}"#,
                &[("proxied", "203.0.113.7")],
            ),
        ],
    );
}

#[test]
fn servers_with_names_in_front_of_their_lines() {
    let line = "evil.test:443 192.0.2.1 - - [05/Mar/2026:12:34:56 +0000] \"GET /kit.zip?a=1 HTTP/1.1\" 200 12 \"-\" \"-\"";
    check(KNOWN, Format::Combined, &[(line, &[("target", "https://evil.test/kit.zip?a=1")])]);
}

#[test]
fn the_time_of_a_line_of_text_counts() {
    // It was known from noon on, on that day alone.
    let csv = "value,valid_from,valid_until\n203.0.113.7,2026-02-05T12:00:00Z,2026-02-06T00:00:00Z\n";
    let latest = "2026-03-01T00:00:00Z".parse().ok();
    let known = Known::read(csv.as_bytes(), 7).unwrap();
    for stamp in [
        "2026-02-05 12:34:56,123",
        "2026-02-05 12:34:56",
        "2026-02-05 13:34:56+01:00",
        "2026/02/05 12:34:56",
        "Feb  5 2026 12:34:56:",
        "Feb  5 12:34:56 gw",
        "<34>1 2026-02-05T12:34:56.003Z gw app - - -",
        "1770294896.123",
        "[Thu Feb 05 12:34:56.123456 2026]",
        "[05/Feb/2026:12:34:56 +0000]",
    ] {
        let at = |stamp: &str| {
            let line = format!("{stamp} from 203.0.113.7\n");
            let clock = Clock { latest, east: 0 };
            let log = Input {
                name: String::new(),
                bytes: Box::new(line.as_bytes()),
                format: None,
                clock,
                from: None,
            };
            let mut times = Vec::new();
            run(&known.now().knowledge, [log].into_iter(), 1, &mut |told| {
                if let Told::Hit(hit) = told {
                    times.push(hit.time.map(|time| time.to_string().chars().take(19).collect::<String>()));
                }
            })
            .unwrap();
            times
        };
        assert_eq!(at(stamp), [Some("2026-02-05T12:34:56".to_owned())], "{stamp}");
        // An hour before it was known.
        let earlier =
            stamp.replace("12:34", "11:34").replace("13:34", "12:34").replace("1770294896", "1770291296");
        assert_eq!(at(&earlier), [], "{earlier}");
    }
}
