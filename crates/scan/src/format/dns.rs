//! Logs of DNS servers: what was asked, by whom, and what was answered.
//!
//! They are written for people, and each server has its own way; a line that is none of a question or an answer has no fields.

use shield::Cut;
use shield::Field::{self, Address, Host, Label, Port, Text, Time, Value};
use shield::Kind;

use super::line::{Line, before, between, number, word};
use super::syslog::{rest, without_priority};

/// Fields of [`BIND`].
pub(super) const BIND_FIELDS: &[(&str, Field)] = &[
    ("time", Time),
    ("client", Address(0)),
    ("port", Port(0)),
    ("query", Value(Kind::Domain)),
    ("text", Text),
];

/// `05-Mar-2026 12:34:56.789 queries: info: client @0x7f 192.0.2.1#53211 (evil.example): query: evil.example IN A +E(0)K (198.51.100.1)`
///
/// Time, category, severity and the client's `@0x…` may be left out; a view may stand behind the name.
pub(super) const BIND: Cut = |line, put| {
    let Some((head, query)) = between(line, b": query: ") else { return rest(line, put, (0, 4)) };
    let Some((time, client)) = between(head, b"client ") else { return rest(line, put, (0, 4)) };
    let client = match client.strip_prefix(b"@") {
        Some(rest) => between(rest, b" ").map_or(rest, |(_, client)| client),
        None => client,
    };
    let Some((address, port)) = between(before(client, b' '), b"#") else { return rest(line, put, (0, 4)) };
    // `05-Mar-2026 12:34:56.789`, RFC 3339 where it is set so, or what syslog puts in front.
    put(0, super::syslog::time(without_priority(time)));
    put(1, address);
    put(2, port.strip_suffix(b":").unwrap_or(port));
    put(3, word(query));
};

/// Fields of [`UNBOUND`].
pub(super) const UNBOUND_FIELDS: &[(&str, Field)] =
    &[("time", Time), ("client", Address(0)), ("query", Value(Kind::Domain)), ("text", Text)];

/// `[1709640000] unbound[1234:0] info: 192.0.2.1 evil.example. A IN`, with what came of it behind in its log of answers, `query: ` or
/// `reply: ` before the client where tags are on, and behind a line of syslog's in which the process has no number.
pub(super) const UNBOUND: Cut = |line, put| {
    let Some((head, said)) = between(line, b" info: ") else { return rest(line, put, (0, 3)) };
    let said = said.strip_prefix(b"query: ").or_else(|| said.strip_prefix(b"reply: ")).unwrap_or(said);
    let mut said = Line(said);
    let (client, name, kind, class) = (said.word(), said.word(), said.word(), said.word());
    let is_question = !kind.is_empty()
        && kind.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && matches!(class, b"IN" | b"CH" | b"HS" | b"ANY" | b"NONE");
    if !is_question {
        return rest(line, put, (0, 3));
    }
    match head.strip_prefix(b"[") {
        Some(counted) => put(0, before(counted, b']')),
        None => put(0, super::syslog::time(head)),
    }
    put(1, client);
    put(2, name);
};

/// Fields of [`DNSMASQ`].
pub(super) const DNSMASQ_FIELDS: &[(&str, Field)] = &[
    ("time", Time),
    ("host", Label),
    ("client", Address(0)),
    ("query", Value(Kind::Domain)),
    ("answer", Host),
    ("text", Text),
];

/// `Mar  5 12:34:56 host dnsmasq[1234]: query[A] evil.example from 192.0.2.1`, and `reply`, `cached` or `config` with what a name `is`; in
/// its longer form a number and the client stand before that.
pub(super) const DNSMASQ: Cut = |line, put| {
    let Some((head, said)) = between(line, b"dnsmasq") else { return rest(line, put, (0, 5)) };
    let Some((number_of, said)) = between(said, b": ") else { return rest(line, put, (0, 5)) };
    if !number_of.is_empty() && !number_of.starts_with(b"[") {
        return rest(line, put, (0, 5));
    }
    let (time, host) = super::syslog::time_and_rest(without_priority(head));
    let mut said = Line(said);
    let mut verb = said.word();
    let mut client: &[u8] = b"";
    if number(verb) {
        client = before(said.word(), b'/');
        verb = said.word();
    }
    let name = said.word();
    match verb {
        verb if verb.starts_with(b"query[") => {
            if said.word() == b"from" && client.is_empty() {
                client = said.word();
            }
            put(3, name);
        }
        b"reply" | b"cached" | b"cached-stale" | b"config" | b"/etc/hosts" => {
            put(3, name);
            if said.word() == b"is" {
                put(4, said.word());
            }
        }
        // It was asked for in the line before.
        b"forwarded" => {}
        _ => return rest(line, put, (0, 5)),
    }
    put(0, time);
    put(1, word(host));
    put(2, client);
};

/// Fields of [`COREDNS`].
pub(super) const COREDNS_FIELDS: &[(&str, Field)] = &[
    ("time", Time),
    ("client", Address(0)),
    ("port", Port(0)),
    ("query", Value(Kind::Domain)),
    ("text", Text),
];

/// `[INFO] 192.0.2.1:53211 - 42 "A IN evil.example. udp 41 false 512" NOERROR qr,rd,ra 88 0.0012s`, behind a time where whoever keeps the log
/// writes one.
pub(super) const COREDNS: Cut = |line, put| {
    let Some((time, said)) = between(line, b"[INFO] ") else { return rest(line, put, (0, 4)) };
    let Some((client, behind)) = between(said, b" - ") else { return rest(line, put, (0, 4)) };
    let Some((_, question)) = between(behind, b" \"") else { return rest(line, put, (0, 4)) };
    let mut question = Line(question);
    let (_kind, _class, name) = (question.word(), question.word(), question.word());
    let port_at = memchr::memrchr(b':', client).unwrap_or(client.len());
    let (address, port) = client.split_at(port_at);
    put(0, super::syslog::time(without_priority(time)));
    put(1, address.strip_prefix(b"[").and_then(|address| address.strip_suffix(b"]")).unwrap_or(address));
    put(2, port.strip_prefix(b":").unwrap_or(port));
    put(3, name);
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::cut;

    #[test]
    fn questions_to_bind() {
        let whole = "05-Mar-2026 12:34:56.789 queries: info: client @0x7f2c 192.0.2.1#53211 (evil.example): \
                     view inside: query: evil.example IN A +E(0)K (198.51.100.1)";
        assert_eq!(cut(BIND, whole), ["05-Mar-2026 12:34:56.789", "192.0.2.1", "53211", "evil.example"]);
        let short = "client 2001:db8::1#53 (x.example): query: x.example IN AAAA + (::1)";
        assert_eq!(cut(BIND, short), ["", "2001:db8::1", "53", "x.example"]);
        let dated = "2026-03-05T12:34:56.789Z client @0x1 192.0.2.1#1 (a.example): query: a.example IN A -";
        assert_eq!(cut(BIND, dated), ["2026-03-05T12:34:56.789Z", "192.0.2.1", "1", "a.example"]);
        assert_eq!(cut(BIND, "Mar  5 12:34:56 ns1 named: denied evil.example")[0], "Mar  5 12:34:56");
    }

    #[test]
    fn questions_to_unbound() {
        let asked = "[1709640000] unbound[1234:0] info: 192.0.2.1 evil.example. A IN";
        assert_eq!(cut(UNBOUND, asked), ["1709640000", "192.0.2.1", "evil.example."]);
        let answered = "Mar  5 12:34:56 ns1 unbound: [1234:0] info: reply: 192.0.2.1 evil.example. A IN NOERROR 0.1 1 45";
        assert_eq!(cut(UNBOUND, answered), ["Mar  5 12:34:56", "192.0.2.1", "evil.example."]);
        assert_eq!(cut(UNBOUND, "[1709640000] unbound[1:0] info: start of service").len(), 4);
    }

    #[test]
    fn questions_to_dnsmasq_and_what_it_answered() {
        let asked = "Mar  5 12:34:56 gw dnsmasq[12]: query[A] evil.example from 192.0.2.1";
        assert_eq!(cut(DNSMASQ, asked), ["Mar  5 12:34:56", "gw", "192.0.2.1", "evil.example"]);
        let extra = "Mar  5 12:34:56 dnsmasq[12]: 42 192.0.2.1/53211 reply evil.example is 203.0.113.7";
        assert_eq!(cut(DNSMASQ, extra), ["Mar  5 12:34:56", "", "192.0.2.1", "evil.example", "203.0.113.7"]);
        let other = "Mar  5 12:34:56 gw sshd[12]: from 203.0.113.7";
        assert_eq!(cut(DNSMASQ, other), ["Mar  5 12:34:56", "", "", "", "", other]);
        assert_eq!(cut(DNSMASQ, "dnsmasq: query[A] evil.example from 192.0.2.1")[3], "evil.example");
    }

    #[test]
    fn questions_to_coredns() {
        let plain = r#"[INFO] 192.0.2.1:53211 - 42 "A IN evil.example. udp 41 false 512" NOERROR qr,rd,ra 88 0.0012s"#;
        assert_eq!(cut(COREDNS, plain), ["", "192.0.2.1", "53211", "evil.example."]);
        let kept = r#"2026-03-05T12:34:56Z [INFO] [2001:db8::1]:5 - 4 "AAAA IN x.example. udp 4 false 5" NOERROR qr 8 0.1s"#;
        assert_eq!(cut(COREDNS, kept), ["2026-03-05T12:34:56Z", "2001:db8::1", "5", "x.example."]);
    }
}
