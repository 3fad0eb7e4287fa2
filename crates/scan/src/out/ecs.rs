//! Alerts of ECS: what Elastic's own rule for indicators (`indicator_match_rule`) writes.

use serde_json::{Map, Value, json};
use shield::Kind;

use super::{Finding, Urgency, object, some, tlp};

/// The version of the schema.
const VERSION: &str = "8.17.0";

/// A hit as an alert. Its `event.id` is the id of the hit: taken as `_id`, what is loaded again adds nothing.
#[must_use]
pub fn ecs(finding: &Finding<'_>) -> Value {
    let Finding { hit, named, grade, .. } = finding;
    let mut indicator = Map::new();
    indicator.insert("type".to_owned(), json!(indicator_type(hit.kind)));
    indicator.insert("name".to_owned(), json!(named.value));
    for (name, value) in [("provider", some(named.source)), ("description", some(&grade.why))] {
        if !value.is_null() {
            indicator.insert(name.to_owned(), value);
        }
    }
    if let Some(word) = tlp(named.label) {
        indicator.insert("marking".to_owned(), json!({ "tlp": word }));
    }
    if let Some((name, value)) = atomic(hit.kind, &hit.seen) {
        indicator.insert(name.to_owned(), value);
    }
    let address = hit.host.as_deref().filter(|host| host.parse::<std::net::IpAddr>().is_ok());
    let name = hit.host.as_deref().filter(|_| address.is_none());
    object([
        ("@timestamp", json!(finding.time().millis_text())),
        ("ecs", json!({ "version": VERSION })),
        ("message", json!(finding.line())),
        (
            "event",
            json!({
                "id": finding.id(), "kind": "alert", "category": ["threat"], "type": ["indicator"],
                "module": "accord", "dataset": "accord.scan", "severity": severity(grade.urgency),
                "reason": finding.title(),
            }),
        ),
        ("log", json!({ "file": { "path": finding.log }, "offset": hit.at })),
        ("observer", json!({ "vendor": "Accord", "product": "accord scan" })),
        ("host", name.map_or(Value::Null, |name| json!({ "name": name }))),
        ("source", address.map_or(Value::Null, |address| json!({ "address": address, "ip": address }))),
        ("related", related(hit.kind, &hit.seen, address, name)),
        (
            "threat",
            json!({
                "enrichments": [{
                    "indicator": indicator,
                    "matched": object([
                        ("atomic", json!(hit.seen)),
                        ("field", hit.fields.first().map_or(Value::Null, |field| json!(field))),
                        ("id", some(named.object)),
                        ("type", json!("indicator_match_rule")),
                        ("occurred", hit.time.map_or(Value::Null, |time| json!(time.millis_text()))),
                    ]),
                }],
            }),
        ),
    ])
}

fn severity(urgency: Urgency) -> u8 {
    match urgency {
        Urgency::Block => 73,
        Urgency::Alert | Urgency::Unjudged => 47,
        Urgency::Context => 21,
        Urgency::Noise => 1,
    }
}

// As in STIX, which the schema asks for.
fn indicator_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Ipv4 | Kind::Cidr4 => "ipv4-addr",
        Kind::Ipv6 | Kind::Cidr6 => "ipv6-addr",
        Kind::IpPort => "network-traffic",
        Kind::Domain => "domain-name",
        Kind::Url => "url",
        Kind::Email => "email-addr",
        Kind::Mac => "mac-addr",
        Kind::Mutex => "mutex",
        Kind::Asn => "autonomous-system",
        Kind::RegistryKey => "windows-registry-key",
        Kind::CommandLine => "process",
        Kind::Cpe | Kind::Purl => "software",
        Kind::CertSha1 | Kind::CertSha256 | Kind::Spki | Kind::Ja4x => "x509-certificate",
        Kind::UserAgent | Kind::Ja3 | Kind::Ja3s | Kind::Ja4 | Kind::Ja4s | Kind::Ja4h | Kind::Ja4ssh => {
            "network-traffic"
        }
        Kind::Hassh | Kind::HasshServer => "network-traffic",
        _ => "file",
    }
}

// The field of the indicator that holds what was seen.
fn atomic(kind: Kind, seen: &str) -> Option<(&'static str, Value)> {
    Some(match kind {
        Kind::Ipv4 | Kind::Ipv6 => ("ip", json!(seen)),
        Kind::IpPort => ("ip", json!(address_of(seen)?)),
        Kind::Domain => ("url", json!({ "domain": seen })),
        Kind::Url => ("url", json!({ "full": seen, "original": seen })),
        Kind::Email => ("email", json!({ "address": seen })),
        Kind::FileName => ("file", json!({ "name": seen })),
        Kind::FilePath => ("file", json!({ "path": seen })),
        Kind::RegistryKey => ("registry", json!({ "key": seen })),
        Kind::Ssdeep
        | Kind::Tlsh
        | Kind::Md5
        | Kind::Sha1
        | Kind::Sha224
        | Kind::Sha256
        | Kind::Sha384
        | Kind::Sha512 => ("file", json!({ "hash": { (kind.name()): seen } })),
        Kind::Imphash => ("file", json!({ "pe": { "imphash": seen } })),
        _ => return None,
    })
}

fn address_of(address_and_port: &str) -> Option<&str> {
    let (address, _) = address_and_port.rsplit_once(':')?;
    Some(address.trim_start_matches('[').trim_end_matches(']'))
}

fn related(kind: Kind, seen: &str, address: Option<&str>, name: Option<&str>) -> Value {
    let (mut addresses, mut hosts, mut digests) = (Vec::new(), Vec::new(), Vec::new());
    addresses.extend(address);
    hosts.extend(name);
    match kind {
        Kind::Ipv4 | Kind::Ipv6 => addresses.push(seen),
        Kind::IpPort => addresses.extend(address_of(seen)),
        Kind::Domain => hosts.push(seen),
        Kind::Md5 | Kind::Sha1 | Kind::Sha224 | Kind::Sha256 | Kind::Sha384 | Kind::Sha512 => {
            digests.push(seen)
        }
        _ => {}
    }
    let list = |of: Vec<&str>| if of.is_empty() { Value::Null } else { json!(of) };
    let made = object([("ip", list(addresses)), ("hosts", list(hosts)), ("hash", list(digests))]);
    if made.as_object().is_some_and(Map::is_empty) { Value::Null } else { made }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NAMED, finding, hit};
    use super::super::{Grade, Urgency};
    use super::*;

    #[test]
    fn the_fields_of_an_indicator_match_are_there() {
        let hit = hit(Kind::Domain, "www.evil.example", Some("2026-03-05T12:00:00Z"));
        let grade = Grade { urgency: Urgency::Noise, why: "on a warning list".to_owned() };
        let finding = finding(&hit, NAMED, &grade);
        let made = ecs(&finding);
        for (pointer, is) in [
            ("/@timestamp", json!("2026-03-05T12:00:00.000Z")),
            ("/event/id", json!(finding.id())),
            ("/event/kind", json!("alert")),
            ("/threat/enrichments/0/matched/type", json!("indicator_match_rule")),
            ("/threat/enrichments/0/matched/atomic", json!("www.evil.example")),
            ("/threat/enrichments/0/matched/field", json!("query")),
            ("/threat/enrichments/0/matched/id", json!("indicator--00000000-0000-4000-8000-000000000001")),
            ("/threat/enrichments/0/indicator/type", json!("domain-name")),
            ("/threat/enrichments/0/indicator/provider", json!("ACME")),
            ("/threat/enrichments/0/indicator/marking/tlp", json!("AMBER+STRICT")),
            ("/threat/enrichments/0/indicator/url/domain", json!("www.evil.example")),
            ("/threat/enrichments/0/indicator/description", json!("on a warning list")),
            ("/source/ip", json!("192.0.2.1")),
            ("/related/hosts", json!(["www.evil.example"])),
            ("/log/offset", json!(12)),
        ] {
            assert_eq!(made.pointer(pointer), Some(&is), "{pointer} in {made:#}");
        }
    }

    #[test]
    fn an_address_with_a_port_and_a_digest_have_their_fields() {
        let grade = Grade::default();
        let one = hit(Kind::IpPort, "[2001:db8::1]:443", None);
        let made = ecs(&finding(&one, NAMED, &grade));
        assert_eq!(made.pointer("/threat/enrichments/0/indicator/ip"), Some(&json!("2001:db8::1")));
        assert_eq!(made["related"]["ip"], json!(["192.0.2.1", "2001:db8::1"]));
        assert!(made.pointer("/threat/enrichments/0/matched/occurred").is_none());
        let digest = "d41d8cd98f00b204e9800998ecf8427e";
        let one = hit(Kind::Md5, digest, None);
        let made = ecs(&finding(&one, NAMED, &grade));
        assert_eq!(made.pointer("/threat/enrichments/0/indicator/file/hash/md5"), Some(&json!(digest)));
    }
}
