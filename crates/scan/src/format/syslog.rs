//! Lines of syslog: RFC 3164, RFC 5424, and what servers write to files in their likeness.

use shield::Cut;
use shield::Field::{self, Label, Text, Time};

use super::line::{before, number, word};

/// Fields of [`SYSLOG`].
pub(super) const SYSLOG_FIELDS: &[(&str, Field)] = &[("time", Time), ("host", Label), ("message", Text)];

/// Fields of [`TEXT`].
pub(super) const TEXT_FIELDS: &[(&str, Field)] = &[("time", Time), ("text", Text)];

/// Any text, behind a time where it has one.
pub(super) const TEXT: Cut = |line, put| {
    put(0, time_and_rest(line).0);
    put(1, line);
};

/// `Mar  5 12:34:56 host program[12]: …`, `<34>1 2026-03-05T12:34:56Z host program …`, or the first with the time of the second: time and
/// host, and all the rest as text.
pub(super) const SYSLOG: Cut = |line, put| {
    let line = without_priority(line);
    let (time, rest) = time_and_rest(line);
    if time.is_empty() {
        return put(2, line);
    }
    put(0, time);
    put(1, word(rest));
    // What stands there is no host where somebody else wrote the line.
    put(2, rest);
};

pub(super) fn without_priority(line: &[u8]) -> &[u8] {
    let Some(rest) = line.strip_prefix(b"<") else { return line };
    let priority = before(rest, b'>');
    let Some(rest) = rest.get(priority.len() + 1..).filter(|_| number(priority)) else { return line };
    // A version, of RFC 5424.
    match rest.split_first() {
        Some((b'1', rest)) if rest.starts_with(b" ") => rest.trim_ascii_start(),
        _ => rest,
    }
}

/// The time in front of a line, and what is behind it; nothing, and the line, where there is none.
pub(super) fn time_and_rest(line: &[u8]) -> (&[u8], &[u8]) {
    let first = word(line);
    if first.len() >= 19 && first.get(4) == Some(&b'-') && first.get(10) == Some(&b'T') {
        return line.split_at(first.len());
    }
    // `Mar  5 12:34:56`
    let is_stamp = |stamp: &&[u8]| {
        let (Some(month), Some(day), Some(clock)) = (stamp.get(..3), stamp.get(4..6), stamp.get(7..15))
        else {
            return false;
        };
        month.iter().all(u8::is_ascii_alphabetic)
            && day.iter().all(|byte| matches!(byte, b' ' | b'0'..=b'9'))
            && clock.iter().all(|byte| matches!(byte, b':' | b'0'..=b'9'))
    };
    match line.get(..15).filter(is_stamp) {
        Some(_) => line.split_at(15),
        None => (b"", line),
    }
}

/// What is of another kind in a log: its time, and all of it as text, in these fields.
pub(super) fn rest<'l>(
    line: &'l [u8],
    put: &mut dyn FnMut(usize, &'l [u8]),
    (time_at, text_at): (usize, usize),
) {
    put(time_at, time(without_priority(line)));
    put(text_at, line);
}

/// The time in front of a line; empty where there is none.
pub(super) fn time(line: &[u8]) -> &[u8] {
    time_and_rest(line).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::cut;

    #[test]
    fn lines_of_either_kind() {
        let old = "<13>Mar  5 12:34:56 gw sshd[12]: Failed password for root from 203.0.113.7 port 4";
        let message = " gw sshd[12]: Failed password for root from 203.0.113.7 port 4";
        assert_eq!(cut(SYSLOG, old), ["Mar  5 12:34:56", "gw", message]);
        let new = "<34>1 2026-03-05T12:34:56.003Z gw sshd - ID47 - from 203.0.113.7";
        assert_eq!(
            cut(SYSLOG, new),
            ["2026-03-05T12:34:56.003Z", "gw", " gw sshd - ID47 - from 203.0.113.7"]
        );
        assert_eq!(cut(SYSLOG, "just words"), ["", "", "just words"]);
    }
}
