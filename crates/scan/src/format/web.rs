//! Logs of web servers and proxies.

use shield::Cut;
use shield::Field::{self, Address, Host, Text, Time, UrlHost, UrlTarget, Value};
use shield::Kind;

use super::line::{Line, before, between, number};
use super::syslog::rest;

/// Fields of [`COMBINED`].
pub(super) const COMBINED_FIELDS: &[(&str, Field)] = &[
    ("host", UrlHost),
    ("client", Address(0)),
    ("time", Time),
    ("target", UrlTarget),
    ("referrer", Value(Kind::Url)),
    ("agent", Value(Kind::UserAgent)),
    ("text", Text),
];

/// `192.0.2.1 - - [05/Mar/2026:12:34:56 +0000] "GET /kit.zip HTTP/1.1" 200 123 "http://ref.example/x" "agent"`: what nginx calls `combined` and
/// Apache `common`, `combined` and `vhost_combined`, with the name and port of the server in front. The target of a `CONNECT` is a host.
pub(super) const COMBINED: Cut = |line, put| {
    let Some((head, behind)) = between(line, b"] \"") else { return rest(line, put, (2, 6)) };
    // A user's name may have blanks and brackets in it.
    let Some(at) = memchr::memmem::rfind(head, b" [") else { return rest(line, put, (2, 6)) };
    let (head, time) = head.split_at(at);
    let time = time.get(2..).unwrap_or_default();
    let mut head = Line(head);
    let (first, second) = (head.word(), head.word());
    // The client's identity, mostly a hyphen, and his name stand behind his address.
    let named = second != b"-" && !head.word().is_empty() && !head.word().is_empty();
    let (host, client) = if named { (first, second) } else { (&b""[..], first) };
    let (request, behind) = quoted(behind);
    let mut request = Line(request);
    let (_method, target) = (request.word(), request.word());
    put(0, host);
    put(1, client);
    put(2, time);
    put(3, target);
    let Some((_, behind)) = between(behind, b"\"") else { return };
    let (referrer, behind) = quoted(behind);
    put(4, referrer);
    let Some((_, behind)) = between(behind, b"\"") else { return };
    put(5, quoted(behind).0);
};

/// Fields of [`SQUID`].
pub(super) const SQUID_FIELDS: &[(&str, Field)] =
    &[("time", Time), ("client", Address(0)), ("url", UrlTarget), ("server", Host), ("text", Text)];

/// `1709640000.123 456 192.0.2.1 TCP_MISS/200 1234 GET http://evil.example/kit.zip - HIER_DIRECT/203.0.113.7 text/html`: what Squid calls
/// `squid`. The target of a `CONNECT` is a host and a port.
pub(super) const SQUID: Cut = |whole, put| {
    let mut line = Line(whole);
    let (time, elapsed, client) = (line.word(), line.word(), line.word());
    let (result, size) = (line.word(), line.word());
    let is_one = number(before(time, b'.')) && !elapsed.is_empty() && result.contains(&b'/') && number(size);
    if !is_one {
        return rest(whole, put, (0, 4));
    }
    let (_method, url, _user, peer) = (line.word(), line.word(), line.word(), line.word());
    put(0, time);
    put(1, client);
    put(2, url);
    put(3, between(peer, b"/").map_or(&b""[..], |(_, server)| server));
};

// Up to the next quotation mark that no backslash stands before, and what is behind it.
fn quoted(text: &[u8]) -> (&[u8], &[u8]) {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        let at = from + at;
        if text.get(at) == Some(&b'"') {
            let (inside, rest) = text.split_at(at);
            return (inside, rest.get(1..).unwrap_or_default());
        }
        from = at + 2;
    }
    (text, b"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::cut;

    #[test]
    fn requests_to_web_servers() {
        let line = r#"192.0.2.1 - jo [05/Mar/2026:12:34:56 +0000] "GET /a?q=1 HTTP/1.1" 200 12 "http://ref.example/x" "curl \"x\"""#;
        let fields = [
            "",
            "192.0.2.1",
            "05/Mar/2026:12:34:56 +0000",
            "/a?q=1",
            "http://ref.example/x",
            r#"curl \"x\""#,
        ];
        assert_eq!(cut(COMBINED, line), fields);
        let named =
            r#"www.example.com:443 192.0.2.1 - - [05/Mar/2026:12:34:56 +0000] "GET / HTTP/1.1" 200 12"#;
        assert_eq!(
            cut(COMBINED, named),
            ["www.example.com:443", "192.0.2.1", "05/Mar/2026:12:34:56 +0000", "/"]
        );
        assert_eq!(
            cut(COMBINED, r#"192.0.2.1 - - [05/Mar/2026:12:34:56 +0000] "\x16\x03" 400 0 "-" "-""#).len(),
            6
        );
    }

    #[test]
    fn requests_through_squid() {
        let line = "1709640000.123    456 192.0.2.1 TCP_MISS/200 1234 GET http://evil.example/kit.zip - \
                    HIER_DIRECT/203.0.113.7 text/html";
        assert_eq!(
            cut(SQUID, line),
            ["1709640000.123", "192.0.2.1", "http://evil.example/kit.zip", "203.0.113.7"]
        );
        let tunnel = "1709640000.123 4 192.0.2.1 TCP_TUNNEL/200 12 CONNECT evil.example:443 - HIER_DIRECT/203.0.113.7 -";
        assert_eq!(cut(SQUID, tunnel)[2], "evil.example:443");
        assert_eq!(cut(SQUID, "squid[1]: starting"), ["", "", "", "", "squid[1]: starting"]);
    }
}
