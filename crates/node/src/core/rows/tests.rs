//! Rows in, indicators out.

use model::observable::Kind;

use super::columns::from_header;
use super::*;

fn form(delimiter: Option<u8>, header: Option<&str>) -> RowForm {
    let fields: Vec<&str> = header.map(|header| header.split(',').collect()).unwrap_or_default();
    RowForm {
        delimiter,
        header: header.map(|header| header.as_bytes().to_vec()),
        columns: from_header(&fields),
        kind: None,
        member: MemberId(uuid::Uuid::from_u128(1)),
        identity: Some("identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f".to_owned()),
        received: "2026-08-22T00:00:00Z".parse().unwrap(),
        expire_s: None,
        source_name: None,
    }
}

fn wire(form: &RowForm, row: &str) -> String {
    let readings = form.read(row.as_bytes()).unwrap();
    assert_eq!(readings.len(), 1);
    assert!(readings[0].findings.is_empty(), "{:?}", readings[0].findings);
    assert_eq!(readings[0].media, Media::Row);
    String::from_utf8(readings[0].wire.clone().unwrap()).unwrap()
}

#[test]
fn lines_of_lists() {
    let list = form(None, None);
    for (line, pattern, rest) in [
        ("198.51.100.3", "[ipv4-addr:value = '198.51.100.3']", ""),
        ("198.51.100.3\t10", "[ipv4-addr:value = '198.51.100.3']", "\"columns\":{\"column 2\":\"10\"}"),
        ("hxxp://evil[.]example/a#b", "[url:value = 'http://evil.example/a']", ""),
        ("192.0.2.0/24 ; SBL1", "[ipv4-addr:value = '192.0.2.0/24']", "\"description\":\"SBL1\""),
        ("0.0.0.0 bad.example", "[domain-name:value = 'bad.example']", ""),
        ("bad.example # seen twice", "[domain-name:value = 'bad.example']", "\"description\":\"seen twice\""),
    ] {
        let json = wire(&list, line);
        assert!(json.contains(&format!("\"pattern\":\"{pattern}\"")), "{json}");
        assert!(json.contains(rest), "{json}");
    }
}

#[test]
fn rows_keep_what_they_say() {
    let header = "first_seen,ioc_value,ioc_type,tlp,tags,confidence_level,reference,family,expires";
    let form = form(Some(b','), Some(header));
    let row = "2026-08-01 10:00:00,203.0.113.7:8080,ip:port,GREEN,\"c2, botnet\",75,https://ref.example/1,Zeus,2026-09-01";
    let json = wire(&form, row);
    for part in [
        "\"pattern\":\"[network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:dst_port = 8080]\"",
        "\"valid_from\":\"2026-08-01T10:00:00.000000Z\"",
        "\"valid_until\":\"2026-09-01T00:00:00.000000Z\"",
        "\"modified\":\"2026-08-22T00:00:00.000",
        "\"labels\":[\"botnet\",\"c2\"]",
        "\"confidence\":75",
        "\"url\":\"https://ref.example/1\"",
        "\"columns\":{\"family\":\"Zeus\"}",
        "\"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"]",
    ] {
        assert!(json.contains(part), "{part} in {json}");
    }
    let kept = &form.read(row.as_bytes()).unwrap()[0].body;
    assert_eq!(kept, format!("{header}\n{row}").as_bytes());
}

#[test]
fn several_values_of_a_row_are_alternatives() {
    let form = form(Some(b','), Some("md5,sha1"));
    let json = wire(&form, "d41d8cd98f00b204e9800998ecf8427e,da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert!(
        json.contains("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e'] OR [file:hashes.'SHA-1' = ")
    );
}

#[test]
fn ids_depend_on_member_and_pattern_alone() {
    let id = |form: &RowForm, row: &str| form.read(row.as_bytes()).unwrap()[0].object.clone();
    let list = form(None, None);
    assert_eq!(id(&list, "198.51.100.3\t10"), id(&list, "198[.]51.100.3"));
    let other = RowForm { member: MemberId(uuid::Uuid::from_u128(2)), ..list.clone() };
    assert_ne!(id(&list, "198.51.100.3"), id(&other, "198.51.100.3"));
}

#[test]
fn a_version_tells_nothing_of_the_rows_around() {
    let list = form(None, None);
    let modified = |row: &str| {
        let json = wire(&list, row);
        json.split_once("\"modified\":\"").unwrap().1.split_once('"').unwrap().0.to_owned()
    };
    let versions = ["198.51.100.3", "198.51.100.3 # again", "198.51.100.3 # and again"].map(modified);
    assert_ne!(versions[0], versions[1]);
    assert_ne!(versions[1], versions[2]);
    assert_eq!(modified("198.51.100.3"), versions[0], "a function of the row and when it came");
}

#[test]
fn rows_that_say_nothing_are_refused_with_a_reason() {
    let csv = form(Some(b','), Some("value,tlp,valid_from,valid_until"));
    for (row, says) in [
        (&b"not a value,,,"[..], "no known kind"),
        (b",green,,", "no value"),
        (b"198.51.100.3,mauve,,", "`mauve` is not a TLP label"),
        (b"198.51.100.3,,soon,", "no time"),
        (b"198.51.100.3,,2026-02-01,2026-01-01", "valid until before"),
        (b"CVE-2026-1234,,,", "no pattern of STIX"),
        (b"198.51.100.\xff,,,", "invalid UTF-8 at byte 11"),
    ] {
        let refused = csv.read(row).unwrap_err();
        assert!(refused.reason.contains(says), "{}: {}", String::from_utf8_lossy(row), refused.reason);
    }
}

#[test]
fn what_must_not_be_sent_is_neither_guessed_nor_repeated() {
    for (kind, value) in [
        ("card-range", "4111111111111111"),
        ("card-range", "411111******1111"),
        ("credential", "bob@example.com:hunter2"),
        ("credential", "d41d8cd98f00b204e9800998ecf8427e"),
    ] {
        let form = form(Some(b','), Some("value,type"));
        let row = format!("{value},{kind}");
        let told = form.read(row.as_bytes()).unwrap_err();
        assert!(!told.reason.contains(value) && told.reason.contains(kind), "{told:?}");
        assert!(form.unkept(row.as_bytes()).is_some());
    }
    // Where nothing says what a row holds, its form does.
    let values = form(Some(b','), Some("value"));
    assert!(!values.read(b"4111 1111 1111 1111").unwrap_err().reason.contains("4111"));
    assert_eq!(values.unkept(b"4111 1111 1111 1112"), None);
    // On a list the blanks within a number end no value.
    let list = RowForm { kind: Some(Kind::CardRange), ..form(None, None) };
    assert!(
        list.unkept(b"4111 1111 1111 1111").is_some() && list.unkept(b"4111 11** **** ****\t7").is_none()
    );
    assert!(wire(&list, "4111 11** **** ****\t7 # seen").contains("payment-card:x_range = '411111'"));
    let list = RowForm { kind: Some(Kind::UserAgent), ..form(None, None) };
    assert!(wire(&list, "Mozilla/5.0 (Evil)").contains("'Mozilla/5.0 (Evil)'"));
}

#[test]
fn a_card_is_told_wherever_it_stands_in_a_refused_row() {
    let header = "value,type,tlp,valid_from,note";
    let csv = form(Some(b','), Some(header));
    let list = form(None, None);
    for (form, row, says) in [
        (&csv, "bad.example,,4111111111111111,,", "`…` is not a TLP label"),
        (&csv, "bad.example,,mauve,,of 5500-0055-5555-5559", "`…` is not a TLP label"),
        (&csv, "bad.example,,,soon 4111111111111111,", "`…` is no time"),
        (&csv, ",,,,378282246310005", "no value"),
        (&csv, "4111111111111111:1226,,,,", "number of a payment card"),
        (&csv, "4111111111111111.12.26,,,,", "number of a payment card"),
        (&csv, "4111.1111.1111.1111,,,,", "number of a payment card"),
        (
            &csv,
            "\"4111111111111111;12/26;123;Ada Lovelace, 1 Example Street\",,,,",
            "number of a payment card",
        ),
        (&list, "not/a/value 4111 1111 1111 1111", "`…` is a value"),
        (&list, "nothing # PAN4111111111111111D1226", "`…` is a value"),
        (&list, "6221260000000000000000 4111111111111111", "`…` is a value"),
    ] {
        let told = form.read(row.as_bytes()).unwrap_err().reason;
        assert!(told.contains(says) && told.contains("nothing of the row is kept"), "{row}: {told}");
        let digits = told.chars().filter(char::is_ascii_digit).count();
        assert_eq!(digits, 0, "{told}");
    }
    let told = form(Some(b','), Some("tlp,value,type")).read(b"hunter,bob:hunter,credential").unwrap_err();
    assert!(told.reason.starts_with("`…` is not a TLP label"), "{told:?}");
    assert!(told.reason.contains("nothing of the row is kept"), "{told:?}");
    assert!(csv.unkept(b"\xff,4111111111111111").is_some());
    let dated = "198.51.100.300 2026-11-23 10:00:00 4111-1111-1111-1112 1700000000000000";
    assert_eq!(list.unkept(dated.as_bytes()), None);
}
