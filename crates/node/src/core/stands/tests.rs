//! What patterns say by themselves, and what is noted of it.

use model::observable::text_of_key;
use strictjson::{Limits, parse};

use super::*;
use crate::core::observables::read_pattern;

fn indicator(pattern: &str, more: &str) -> String {
    let pattern = serde_json::Value::from(pattern);
    format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000001",
        "pattern_type":"stix","pattern":{pattern}{more}}}"#
    )
}

fn told(json: &str) -> Vec<(String, Told)> {
    let object = parse(json.as_bytes(), &Limits::default()).unwrap();
    let stands = stands(&object, read_pattern(&object).as_ref());
    let told = |(key, told): &(Vec<u8>, Vec<u8>)| (text_of_key(key).unwrap(), Told::decode(told).unwrap());
    stands.iter().map(told).collect()
}

fn values(pattern: &str) -> Vec<(String, &'static str)> {
    let told = told(&indicator(pattern, ""));
    told.into_iter().map(|(value, told)| (value, told.mode.name())).collect()
}

fn exact(values: &[&str]) -> Vec<(String, &'static str)> {
    values.iter().map(|value| ((*value).to_owned(), "exact")).collect()
}

#[test]
fn what_suffices_by_itself_stands() {
    let md5 = "44d88612fea8a8f36de82e1278abb02f";
    for (pattern, said) in [
        ("[domain-name:value = 'Evil.example.co']".to_owned(), exact(&["evil.example.co"])),
        (
            "[ipv4-addr:value = '203.0.112.9' OR domain-name:value IN ('a.co', 'b.co')]".to_owned(),
            exact(&["203.0.112.9", "a.co", "b.co"]),
        ),
        (
            "[url:value = 'http://a.co/x'] OR [email-addr:value = 'x@a.co']".to_owned(),
            exact(&["a.co/x", "x@a.co"]),
        ),
        (
            "[network-traffic:dst_ref.value = '203.0.112.9' AND network-traffic:dst_port = 443]".to_owned(),
            exact(&["203.0.112.9:443"]),
        ),
        (format!("[file:hashes.MD5 = '{md5}' AND file:name = 'a.exe']"), exact(&[md5])),
        (
            "[ipv4-addr:value ISSUBSET '203.0.112.0/24']".to_owned(),
            vec![("203.0.112.0/24".to_owned(), "network")],
        ),
        ("[domain-name:value LIKE '%.a.co']".to_owned(), vec![("a.co".to_owned(), "wildcard")]),
        ("[domain-name:value NOT != 'a.co']".to_owned(), exact(&["a.co"])),
        ("[domain-name:value = 'a.co'] WITHIN 5 SECONDS".to_owned(), exact(&["a.co"])),
        (
            "([domain-name:value = 'a.co'] OR [domain-name:value = 'b.co']) REPEATS 1 TIMES".to_owned(),
            exact(&["a.co", "b.co"]),
        ),
    ] {
        assert_eq!(values(&pattern), said, "{pattern}");
    }
}

#[test]
fn what_needs_something_else_does_not() {
    for pattern in [
        "[domain-name:value = 'a.co' AND domain-name:resolves_to_refs[*].value = '203.0.112.9']",
        "[domain-name:value = 'a.co'] AND [ipv4-addr:value = '203.0.112.9']",
        "[domain-name:value = 'a.co'] FOLLOWEDBY [ipv4-addr:value = '203.0.112.9']",
        "[domain-name:value = 'a.co'] REPEATS 5 TIMES",
        "[domain-name:value != 'a.co']",
        "[domain-name:value NOT IN ('a.co')]",
        "[domain-name:value LIKE '%a.co']",
        "[domain-name:value LIKE '%.co.uk']",
        "[domain-name:value MATCHES 'a.co']",
        "[file:name = 'svchost.exe' AND file:size = 5]",
        "[process:command_line = 'a' AND (file:name = 'b' OR file:name = 'c')]",
        "[network-traffic:dst_ref.value = '203.0.112.9' AND network-traffic:dst_port = 443 AND network-traffic:src_port = 5]",
        "[file:hashes.MD5 != '44d88612fea8a8f36de82e1278abb02f' AND file:name = 'a']",
        "[ipv4-addr:value = '0.0.0.0/0']",
        "[x-host:address ISSUBSET '203.0.112.0/24']",
    ] {
        assert_eq!(values(pattern), [], "{pattern}");
    }
    for json in [
        indicator("[domain-name:value = 'a.co']", ",\"revoked\":true"),
        indicator("[domain-name:value = 'a.co']", "").replace("\"stix\"", "\"sigma\""),
        r#"{"type":"domain-name","id":"domain-name--00000000-0000-4000-8000-000000000001","value":"a.co"}"#
            .to_owned(),
        indicator("[domain-name:value = ", ""),
    ] {
        assert_eq!(told(&json), [], "{json}");
    }
}

#[test]
fn what_is_noted_goes_round() {
    let times =
        r#","valid_from":"2026-01-01T00:00:00Z","valid_until":"2026-02-01T00:00:00Z","confidence":85"#;
    let about = r#","indicator_types":["Benign"],"labels":["x","Feed: Ipsum"]"#;
    let [(_, one)] = &told(&indicator("[url:value = 'https://a.co/x']", &format!("{times}{about}")))[..]
    else {
        panic!()
    };
    assert_eq!((one.scheme, one.confidence, one.benign), (Some(Scheme::Https), Some(85), true));
    assert_eq!(one.valid_until, "2026-02-01T00:00:00Z".parse().ok());
    let of = |more: &str| told(&indicator("[domain-name:value = 'a.co']", more))[0].1.origin;
    assert_eq!(one.origin, of(r#","external_references":[{"source_name":"CVE"},{"source_name":"ipsum"}]"#));
    assert_ne!(one.origin, of(r#","labels":["feed:other"]"#));
    assert_eq!(of(r#","labels":["ipsum"],"external_references":[{"source_name":"mitre-attack"}]"#), None);
    let bytes = one.encode();
    assert_eq!(Told::decode(&bytes), Some(*one));
    assert!((0..bytes.len()).all(|cut| Told::decode(&bytes[..cut]).is_none()));
}

#[test]
fn times_of_the_pattern_narrow_those_of_the_indicator() {
    let json = indicator(
        "[domain-name:value = 'a.co'] START t'2026-01-05T00:00:00Z' STOP t'2026-03-01T00:00:00Z'",
        r#","valid_from":"2026-01-01T00:00:00Z","valid_until":"2026-02-01T00:00:00Z""#,
    );
    let one = told(&json)[0].1;
    assert_eq!(one.valid_from, "2026-01-05T00:00:00Z".parse().ok());
    assert_eq!(one.valid_until, "2026-02-01T00:00:00Z".parse().ok());
}
