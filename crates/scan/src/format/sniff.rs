//! Which format a log is in, by how it begins.

use super::{Format, dns, syslog, web};

/// Lines that are looked at.
const LINES: usize = 20;

/// Lines of JSON, told apart by names that stand in nearly all of one format's and in no other's. The first that fits counts.
const JSON: &[(Format, &[&[u8]])] = &[
    (Format::Eve, &[b"\"event_type\"", b"\"timestamp\""]),
    (Format::ZeekJson, &[b"\"ts\"", b"\"id.orig_h\""]),
    (Format::ZeekJson, &[b"\"ts\"", b"\"uid\""]),
    (Format::ZeekJson, &[b"\"ts\"", b"\"fuid\""]),
    (Format::ZeekJson, &[b"\"ts\"", b"\"_path\""]),
    (Format::CloudTrail, &[b"\"eventTime\"", b"\"eventSource\""]),
    (Format::Ocsf, &[b"\"class_uid\""]),
    (Format::Ecs, &[b"\"@timestamp\""]),
];

/// Formats of lines, the most telling first.
const LINED: &[Format] =
    &[Format::Squid, Format::Combined, Format::CoreDns, Format::Dnsmasq, Format::Unbound, Format::Bind];

/// The format of a log that begins so: what most of its first lines are, and text where they are nothing that is known.
///
/// ```
/// use scan::{Format, sniff};
///
/// assert_eq!(sniff(b"#separator \\x09\n#path\tdns\n"), Format::ZeekTsv);
/// assert_eq!(sniff(b"{\"timestamp\":\"2026-03-05T12:00:00Z\",\"event_type\":\"dns\"}\n"), Format::Eve);
/// assert_eq!(sniff(b"call me at noon\n"), Format::Text);
/// ```
#[must_use]
pub fn sniff(beginning: &[u8]) -> Format {
    if beginning.starts_with(crate::events::MAGIC) {
        return Format::Evtx;
    }
    let beginning = beginning.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(beginning);
    let lines = beginning.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let lines: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).take(LINES).collect();
    if lines.iter().any(|line| line.starts_with(b"#separator ") || line.starts_with(b"#fields\t")) {
        return Format::ZeekTsv;
    }
    let most = |is: &dyn Fn(&[u8]) -> bool| {
        let of = lines.iter().filter(|line| is(line)).count();
        of > 0 && of * 2 >= lines.len()
    };
    if most(&|line| line.starts_with(b"{")) {
        let has = |line: &[u8], names: &[&[u8]]| {
            names.iter().all(|name| memchr::memmem::find(line, name).is_some())
        };
        let found = JSON.iter().find(|(_, names)| most(&|line| has(line, names)));
        return match found {
            Some((format, _)) => *format,
            None if most(&is_zeek) => Format::ZeekJson,
            None => Format::Text,
        };
    }
    let found = LINED.iter().find(|format| most(&|line| is_cut(**format, line)));
    if let Some(format) = found {
        return *format;
    }
    match most(&|line| syslog::is_of_syslog(syslog::time(syslog::without_priority(line)))) {
        true => Format::Syslog,
        false => Format::Text,
    }
}

// Whether it is of one of Zeek's logs that are about no connection, such as `x509` or `dhcp`: the time is first, and a name that no other program has
// stands behind it.
fn is_zeek(line: &[u8]) -> bool {
    const NAMES: &[&[u8]] = &[
        b"\"uids\":",
        b"\"conn_uids\":",
        b"\"certificate.",
        b"\"san.dns\":",
        b"\"note\":\"",
        b"\"notice\":",
        b"\"host_p\":",
        b"\"port_num\":",
        b"\"software_type\":",
        b"\"issuer_name_hash\":",
        b"\"hashAlgorithm\":",
        b"\"compile_ts\":",
        b"\"seen.indicator\":",
        b"\"pkts_proc\":",
        b"\"percent_lost\":",
        b"\"mac\":",
        b"\"host\":\"",
        b"\"node\":\"",
        b"\"peer\":\"",
        b"\"framed_addr\":",
        b"\"ts_delta\":",
    ];
    // As a number or in text; what others write first is rarely called so.
    let is_first = |sign: &[u8]| line.starts_with(sign);
    (is_first(b"{\"ts\":1") || is_first(b"{\"ts\":\"2"))
        && NAMES.iter().any(|name| memchr::memmem::find(line, name).is_some())
        // Loggers of programs say how grave it is.
        && !(memchr::memmem::find(line, b"\"level\":").is_some() || memchr::memmem::find(line, b"\"caller\":").is_some())
}

// Whether a line has the fields that all lines of a format have.
fn is_cut(format: Format, line: &[u8]) -> bool {
    let (cut, last) = match format {
        Format::Squid => (web::SQUID, 2),
        Format::Combined => (web::COMBINED, 3),
        Format::CoreDns => (dns::COREDNS, 3),
        Format::Dnsmasq => (dns::DNSMASQ, 3),
        Format::Unbound => (dns::UNBOUND, 2),
        Format::Bind => (dns::BIND, 3),
        _ => return false,
    };
    let mut is_one = false;
    cut(line, &mut |at, bytes| is_one |= at == last && !bytes.is_empty());
    is_one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_told_by_its_lines() {
        let logs = [
            (Format::ZeekTsv, "#separator \\x09\n#fields\tts\tid.orig_h\n"),
            (Format::ZeekJson, r#"{"ts":1.0,"uid":"C1","id.orig_h":"192.0.2.1"}"#),
            (
                Format::ZeekJson,
                r#"{"ts":1.0,"uids":["C1"],"client_addr":"192.0.2.1","msg_types":["DISCOVER"]}"#,
            ),
            (
                Format::ZeekJson,
                r#"{"ts":1.0,"id":"F1","certificate.version":3,"certificate.serial":"05","san.dns":["a.example"]}"#,
            ),
            (
                Format::ZeekJson,
                r#"{"ts":"2026-03-05T12:00:00.000000Z","fingerprint":"ab","certificate.version":3,"host_cert":true}"#,
            ),
            (Format::ZeekJson, r#"{"ts":1.0,"note":"Scan::Port_Scan","msg":"scanned","src":"192.0.2.1"}"#),
            (Format::ZeekJson, r#"{"ts":1.0,"name":"truncated_IP","notice":false,"peer":"zeek"}"#),
            (Format::ZeekJson, r#"{"ts":1.0,"id":"F1","machine":"AMD64","compile_ts":2.0,"is_exe":true}"#),
            (Format::ZeekJson, r#"{"ts":1.0,"host":"192.0.2.1","port_num":22,"port_proto":"tcp"}"#),
            (
                Format::ZeekJson,
                r#"{"ts":1.0,"id.orig_h":"192.0.2.1","auth_success":true,"client":"SSH-2.0"}"#,
            ),
            (Format::ZeekJson, r#"{"_path":"kerberos","ts":1.0,"request_type":"AS"}"#),
            (Format::Text, r#"{"ts":1772712000.1,"level":"info","caller":"a.go:1","msg":"up","host":"x"}"#),
            (
                Format::Eve,
                r#"{"timestamp":"2026-03-05T12:00:00.1+0000","event_type":"dns","src_ip":"192.0.2.1"}"#,
            ),
            (
                Format::CloudTrail,
                r#"{"eventVersion":"1.08","eventTime":"2026-03-05T12:00:00Z","eventSource":"s3"}"#,
            ),
            (Format::Ocsf, r#"{"class_uid":4003,"time":1772712000000}"#),
            (Format::Ecs, r#"{"@timestamp":"2026-03-05T12:00:00Z","source":{"ip":"192.0.2.1"}}"#),
            (Format::Text, r#"{"anything":"else"}"#),
            (
                Format::Squid,
                "1709640000.123 456 192.0.2.1 TCP_MISS/200 12 GET http://a.example/ - HIER_DIRECT/1.2.3.4 -",
            ),
            (
                Format::Combined,
                r#"192.0.2.1 - - [05/Mar/2026:12:34:56 +0000] "GET / HTTP/1.1" 200 12 "-" "-""#,
            ),
            (
                Format::CoreDns,
                r#"[INFO] 192.0.2.1:53 - 42 "A IN a.example. udp 41 false 512" NOERROR qr 88 0.001s"#,
            ),
            (Format::Dnsmasq, "Mar  5 12:34:56 gw dnsmasq[1]: query[A] a.example from 192.0.2.1"),
            (Format::Unbound, "[1709640000] unbound[1234:0] info: 192.0.2.1 a.example. A IN"),
            (
                Format::Bind,
                "05-Mar-2026 12:34:56.789 queries: info: client @0x7f 192.0.2.1#5 (a.example): query: a.example IN A +",
            ),
            (Format::Syslog, "<34>1 2026-03-05T12:34:56Z gw sshd - - from 203.0.113.7"),
            (Format::Syslog, "Mar  5 12:34:56 gw sshd[1]: from 203.0.113.7"),
            (Format::Syslog, "<166>Feb 05 2026 12:34:56 fw : %ASA-6-302013: Built"),
            (Format::Text, "2026/03/05 12:34:56 [error] 12#12: *3 open() failed, client: 203.0.113.7"),
            (Format::Text, "[Thu Mar 05 12:34:56.123456 2026] [core:error] [pid 1] x"),
            (Format::Text, "nothing\nthat is\nknown"),
            (Format::Text, ""),
        ];
        for (format, line) in logs {
            assert_eq!(sniff(line.as_bytes()), format, "{line}");
            assert_eq!(sniff(format!("\u{feff}{line}\n{line}\nodd\n").as_bytes()), format, "{line}");
        }
    }
}
