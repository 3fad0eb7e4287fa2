//! Objects to send. Their ids begin with eight equal digits and so stay as they are in snapshots.

/// The id of the indicator with this digit.
pub fn indicator_id(digit: char) -> String {
    let eight = digit.to_string().repeat(8);
    format!("indicator--{eight}-0000-4000-8000-000000000000")
}

/// An indicator, modified in this second.
pub fn indicator_at(digit: char, second: u8) -> String {
    format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"{}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:{second:02}.000Z","name":"Host {digit}","pattern":"[ipv4-addr:value = '198.51.100.{digit}']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","indicator_types":["malicious-activity"]}}"#,
        indicator_id(digit)
    )
}

/// An indicator.
pub fn indicator(digit: char) -> String {
    indicator_at(digit, 0)
}

/// The same indicator under a TLP 2.0 label.
pub fn marked(object: &str, level: stix::tlp::Level) -> String {
    let marking = level.marking(stix::tlp::Version::Two).unwrap().id;
    object.replacen('{', &format!("{{\"object_marking_refs\":[\"{marking}\"],"), 1)
}

/// An address: an observable, which says no `spec_version` and has no version.
pub const ADDRESS: &str =
    r#"{"type":"ipv4-addr","id":"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4","value":"198.51.100.3"}"#;

/// An envelope of objects.
pub fn envelope(objects: &[String]) -> String {
    format!("{{\"objects\":[{}]}}", objects.join(","))
}
