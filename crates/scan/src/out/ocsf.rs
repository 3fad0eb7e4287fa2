//! Findings of OCSF: class 2004, Detection Finding, of version 1.5.0 with the profile `osint`.

use serde_json::{Value, json};
use shield::Kind;

use super::{Finding, Urgency, object, some, tlp};

/// The version of the schema.
const VERSION: &str = "1.5.0";

/// A hit as a Detection Finding. Its `finding_info.uid`, and `metadata.uid`, are the id of the hit.
#[must_use]
pub fn ocsf(finding: &Finding<'_>) -> Value {
    let Finding { hit, named, grade, .. } = finding;
    let (severity_id, severity) = severity(grade.urgency);
    let time = finding.time().0.div_euclid(1_000);
    let uid = finding.id();
    let (osint_type, osint_name) = osint_type(hit.kind);
    let host = hit.host.as_deref().map(endpoint);
    let mut observables = vec![object([
        ("name", json!("evidences.data.seen")),
        ("type", if observable_type(hit.kind) == 99 { json!(hit.kind.name()) } else { Value::Null }),
        ("type_id", json!(observable_type(hit.kind))),
        ("value", json!(hit.seen)),
    ])];
    if let Some((name, type_id)) = hit.host.as_deref().map(endpoint_kind) {
        let name = format!("evidences.src_endpoint.{name}");
        observables.push(json!({ "name": name, "type_id": type_id, "value": hit.host }));
    }
    json!({
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200_401,
        "type_name": "Detection Finding: Create",
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 1,
        "status": "New",
        "is_alert": grade.urgency < Urgency::Context,
        "time": time,
        "message": finding.title(),
        "metadata": {
            "version": VERSION,
            "uid": uid,
            "profiles": ["osint"],
            "product": { "name": "accord scan", "vendor_name": "Accord" },
        },
        "finding_info": object([
            ("uid", json!(uid)),
            ("title", json!(finding.title())),
            ("desc", some(&grade.why)),
            ("first_seen_time", hit.time.map_or(Value::Null, |_| json!(time))),
            ("last_seen_time", hit.time.map_or(Value::Null, |_| json!(time))),
            ("types", json!(["indicator match"])),
        ]),
        "observables": observables,
        "evidences": [object([
            ("uid", json!(uid)),
            ("data", json!({
                "log": finding.log, "at": hit.at, "fields": hit.fields, "seen": hit.seen, "line": finding.line(),
            })),
            ("src_endpoint", host.unwrap_or_default()),
        ])],
        "osint": [object([
            ("value", json!(named.value)),
            ("type_id", json!(osint_type)),
            ("type", json!(osint_name)),
            ("uid", some(named.object)),
            ("vendor_name", some(named.source)),
            // The schema writes it with a blank.
            ("tlp", tlp(named.label).map_or(Value::Null, |word| json!(word.replace('+', " ")))),
            ("comment", some(&grade.why)),
        ])],
    })
}

fn severity(urgency: Urgency) -> (u8, &'static str) {
    match urgency {
        Urgency::Block => (4, "High"),
        Urgency::Alert | Urgency::Unjudged => (3, "Medium"),
        Urgency::Context => (2, "Low"),
        Urgency::Noise => (1, "Informational"),
    }
}

fn endpoint(host: &str) -> Value {
    let (name, _) = endpoint_kind(host);
    object([(name, json!(host))])
}

// What of an endpoint it is, and which type of observable.
fn endpoint_kind(host: &str) -> (&'static str, u8) {
    match host.parse::<std::net::IpAddr>() {
        Ok(_) => ("ip", 2),
        Err(_) => ("hostname", 1),
    }
}

// `type_id` of an observable.
fn observable_type(kind: Kind) -> u8 {
    match kind {
        Kind::Domain => 1,
        Kind::Ipv4 | Kind::Ipv6 | Kind::IpPort => 2,
        Kind::Mac => 3,
        Kind::Email => 5,
        Kind::Url => 6,
        Kind::FileName => 7,
        Kind::Cidr4 | Kind::Cidr6 => 12,
        kind if is_digest(kind) => 8,
        _ => 99,
    }
}

// `type_id` of an indicator.
fn osint_type(kind: Kind) -> (u8, &'static str) {
    match kind {
        Kind::Ipv4 | Kind::Ipv6 | Kind::IpPort | Kind::Cidr4 | Kind::Cidr6 => (1, "IP Address"),
        Kind::Domain => (2, "Domain"),
        Kind::Url => (5, "URL"),
        Kind::UserAgent => (6, "User Agent"),
        Kind::CertSha1 | Kind::CertSha256 | Kind::Spki => (7, "Digital Certificate"),
        Kind::Email => (9, "Email Address"),
        Kind::Cve => (10, "Vulnerability"),
        Kind::FileName | Kind::FilePath => (11, "File"),
        Kind::RegistryKey => (12, "Registry Key"),
        kind if is_digest(kind) => (4, "Hash"),
        kind => (99, kind.name()),
    }
}

fn is_digest(kind: Kind) -> bool {
    use Kind::{
        Hassh, HasshServer, Imphash, Ja3, Ja3s, Ja4, Ja4h, Ja4s, Ja4ssh, Ja4x, Md5, Sha1, Sha3_224, Sha3_256,
        Sha3_384, Sha3_512, Sha224, Sha256, Sha384, Sha512, Ssdeep, Tlsh,
    };
    matches!(
        kind,
        Md5 | Sha1
            | Sha224
            | Sha256
            | Sha384
            | Sha512
            | Sha3_224
            | Sha3_256
            | Sha3_384
            | Sha3_512
            | Ssdeep
            | Tlsh
            | Imphash
            | Ja3
            | Ja3s
            | Ja4
            | Ja4s
            | Ja4h
            | Ja4x
            | Ja4ssh
            | Hassh
            | HasshServer
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NAMED, finding, hit};
    use super::super::{Grade, Urgency};
    use super::*;

    // What version 1.5.0 requires of the class and of the objects in it.
    #[test]
    fn what_the_schema_requires_is_there() {
        let hit = hit(Kind::Domain, "www.evil.example", Some("2026-03-05T12:00:00.5Z"));
        let grade = Grade { urgency: Urgency::Block, why: "said by two".to_owned() };
        let finding = finding(&hit, NAMED, &grade);
        let made = ocsf(&finding);
        for (pointer, is) in [
            ("/activity_id", json!(1)),
            ("/category_uid", json!(2)),
            ("/class_uid", json!(2004)),
            ("/type_uid", json!(200_401)),
            ("/time", json!(1_772_712_000_500_u64)),
            ("/severity_id", json!(4)),
            ("/metadata/version", json!("1.5.0")),
            ("/metadata/product/vendor_name", json!("Accord")),
            ("/finding_info/uid", json!(finding.id())),
            ("/finding_info/title", json!("domain of a known indicator: www.evil.example")),
            ("/observables/0/type_id", json!(1)),
            ("/observables/0/value", json!("www.evil.example")),
            (
                "/observables/1",
                json!({ "name": "evidences.src_endpoint.ip", "type_id": 2, "value": "192.0.2.1" }),
            ),
            ("/evidences/0/src_endpoint/ip", json!("192.0.2.1")),
            ("/evidences/0/data/line", json!("the \"line\"\u{fffd}")),
            ("/osint/0/type_id", json!(2)),
            ("/osint/0/value", json!("*.evil.example")),
            ("/osint/0/tlp", json!("AMBER STRICT")),
            ("/osint/0/uid", json!("indicator--00000000-0000-4000-8000-000000000001")),
        ] {
            assert_eq!(made.pointer(pointer), Some(&is), "{pointer} in {made:#}");
        }
        // Names of observables are paths to what they are of.
        assert_eq!(made["evidences"][0]["data"]["seen"], made["observables"][0]["value"]);
    }

    #[test]
    fn of_a_list_and_of_no_time_nothing_is_made_up() {
        let hit = hit(Kind::Ja4, "t13d1516h2_8daaf6152771_b186095e22b6", None);
        let grade = Grade::default();
        let listed = crate::Named { object: "", source: "", label: "", ..NAMED };
        let made = ocsf(&finding(&hit, listed, &grade));
        assert_eq!((&made["severity_id"], &made["time"]), (&json!(3), &json!(1_775_001_600_000_u64)));
        assert_eq!(made["osint"][0].as_object().map(serde_json::Map::len), Some(3));
        assert!(made.pointer("/finding_info/first_seen_time").is_none());
    }
}
