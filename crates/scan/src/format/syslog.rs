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
    put(0, time(without_priority(line)));
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
    // What stands there is no host where somebody else wrote the line.
    put(1, host(rest));
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

/// The host behind the time of a line; nothing where a program names itself there, or a device its message.
fn host(rest: &[u8]) -> &[u8] {
    let first = word(rest.strip_prefix(b":").unwrap_or(rest));
    if first.ends_with(b":") || first.starts_with(b"%") { b"" } else { first }
}

/// The time in front of a line, and what is behind it; nothing, and the line, where there is none.
pub(super) fn time_and_rest(line: &[u8]) -> (&[u8], &[u8]) {
    const FIRST: &[&[u8]] = &[b"time=", b"ts=", b"timestamp="];
    let named = FIRST.iter().find_map(|name| line.strip_prefix(*name)).unwrap_or(line);
    // In brackets, in quotation marks, or behind the sign of a clock that is not set.
    let (is_inside, inside) = match named {
        [b'[' | b'"', inside @ ..] => (true, inside),
        [b'*' | b'.', inside @ ..] => (false, inside),
        _ => (false, named),
    };
    let length = Stamp(inside).length().filter(|(_, is_sure)| *is_sure || is_inside);
    let Some((time, rest)) = length.and_then(|(length, _)| inside.split_at_checked(length)) else {
        return (b"", line);
    };
    (time, rest.strip_prefix(b"]").or_else(|| rest.strip_prefix(b"\"")).unwrap_or(rest))
}

/// Whether a time is as syslog writes it.
pub(super) fn is_of_syslog(time: &[u8]) -> bool {
    match time {
        [_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b't', ..] => true,
        // Without the day of the week, which others write.
        [a, _, _, b' ', day, ..] => a.is_ascii_alphabetic() && !day.is_ascii_alphabetic(),
        _ => false,
    }
}

/// What a line begins with, taken step by step as long as it is a time.
struct Stamp<'l>(&'l [u8]);

impl Stamp<'_> {
    /// How long the time is, and whether it can be nothing else.
    fn length(mut self) -> Option<(usize, bool)> {
        let whole = self.0.len();
        let is_sure = match self.0 {
            [b'0'..=b'9', b'0'..=b'9', b'-' | b'/', ..] => self.day_month_year().map(|()| true),
            [_, _, _, _, b'-' | b'/', ..] => self.year_month_day().map(|()| true),
            [b'0'..=b'9', ..] => self.counted(),
            _ => self.month_first().map(|()| true),
        }?;
        Some((whole - self.0.len(), is_sure))
    }

    fn skip(&mut self, is: impl Fn(u8) -> bool) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        is(*first).then(|| self.0 = rest)
    }

    fn digits(&mut self, count: usize) -> Option<()> {
        (0..count).try_for_each(|_| self.skip(|byte| byte.is_ascii_digit()))
    }

    fn all_digits(&mut self) -> usize {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.0 = self.0.get(count..).unwrap_or_default();
        count
    }

    fn letters(&mut self) -> Option<()> {
        (0..3).try_for_each(|_| self.skip(|byte| byte.is_ascii_alphabetic()))
    }

    /// `12:34:56`, with a fraction.
    fn clock(&mut self) -> Option<()> {
        self.digits(2)?;
        for _ in 0..2 {
            self.skip(|byte| byte == b':')?;
            self.digits(2)?;
        }
        if let [b'.' | b',', b'0'..=b'9', ..] = self.0 {
            self.skip(|_| true)?;
            self.all_digits();
        }
        Some(())
    }

    /// `Z`, `+01:00` or ` +0100`, where there is one.
    fn zone(&mut self) {
        let offset = |text: &[u8]| match text {
            [b'+' | b'-', a, b, b':', c, d, rest @ ..] | [b'+' | b'-', a, b, c, d, rest @ ..] => {
                let is_offset = [a, b, c, d].iter().all(|byte| byte.is_ascii_digit());
                (is_offset && !rest.first().is_some_and(u8::is_ascii_alphanumeric)).then_some(rest.len())
            }
            _ => None,
        };
        let left = match self.0 {
            [b'Z' | b'z', rest @ ..] => Some(rest.len()),
            [b' ', rest @ ..] => offset(rest),
            rest => offset(rest),
        };
        if let Some(left) = left {
            self.0 = self.0.get(self.0.len() - left..).unwrap_or_default();
        }
    }

    /// `2026-03-05T12:34:56Z`, `2026-03-05 12:34:56,789`, `2026/03/05 12:34:56`
    fn year_month_day(&mut self) -> Option<()> {
        self.digits(4)?;
        for _ in 0..2 {
            self.skip(|byte| matches!(byte, b'-' | b'/'))?;
            self.digits(2)?;
        }
        self.skip(|byte| matches!(byte, b'T' | b't' | b' '))?;
        self.clock()?;
        self.zone();
        Some(())
    }

    /// `05-Mar-2026 12:34:56.789`, `05/Mar/2026:12:34:56 +0000`
    fn day_month_year(&mut self) -> Option<()> {
        self.digits(2)?;
        self.skip(|_| true)?;
        self.letters()?;
        self.skip(|byte| matches!(byte, b'-' | b'/'))?;
        self.digits(4)?;
        self.skip(|byte| matches!(byte, b':' | b' '))?;
        self.clock()?;
        self.zone();
        Some(())
    }

    /// `Mar  5 12:34:56`, `Mar  5 2026 12:34:56`, `Thu Mar 05 12:34:56.789 2026`
    fn month_first(&mut self) -> Option<()> {
        self.letters()?;
        self.skip(|byte| byte == b' ')?;
        if self.0.first()?.is_ascii_alphabetic() {
            self.letters()?;
            self.skip(|byte| byte == b' ')?;
        }
        if self.0.first() == Some(&b' ') {
            self.skip(|_| true)?;
        }
        if !matches!(self.all_digits(), 1 | 2) {
            return None;
        }
        self.skip(|byte| byte == b' ')?;
        let is_year = |text: &[u8], behind: &[u8]| {
            text.iter().take(4).filter(|byte| byte.is_ascii_digit()).count() == 4
                && text.get(4).is_none_or(|next| behind.contains(next))
        };
        if is_year(self.0, b" ") {
            self.digits(4)?;
            self.skip(|byte| byte == b' ')?;
            return self.clock();
        }
        self.clock()?;
        if self.0.get(1..).is_some_and(|rest| is_year(rest, b" ]")) && self.0.first() == Some(&b' ') {
            self.skip(|_| true)?;
            self.digits(4)?;
        }
        Some(())
    }

    /// Seconds since 1970; without a fraction it may be any number.
    fn counted(&mut self) -> Option<bool> {
        if self.all_digits() != 10 {
            return None;
        }
        match self.0 {
            [b'.', b'0'..=b'9', ..] => {
                self.skip(|_| true)?;
                self.all_digits();
                Some(true)
            }
            [] | [b']' | b'"' | b' ', ..] => Some(false),
            _ => None,
        }
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
        let device = "<166>Feb 05 2026 12:34:56: %ASA-6-302013: Built outbound";
        assert_eq!(cut(SYSLOG, device), ["Feb 05 2026 12:34:56", "", ": %ASA-6-302013: Built outbound"]);
        assert_eq!(cut(SYSLOG, "<166>Feb 05 2026 12:34:56 fw : %ASA-6-1: x")[1], "fw");
        assert_eq!(cut(SYSLOG, "Feb  5 12:34:56 sshd[1]: x")[1], "");
    }

    #[test]
    fn times_in_front_of_text() {
        for (line, expected) in [
            ("2026-02-05 12:34:56,123 INFO x", "2026-02-05 12:34:56,123"),
            ("2026-02-05 12:34:56.123456+01:00 x", "2026-02-05 12:34:56.123456+01:00"),
            ("2026-02-05 12:34:56 -0500 x", "2026-02-05 12:34:56 -0500"),
            ("2026-02-05 12:34:56 -1 x", "2026-02-05 12:34:56"),
            ("2026/02/05 12:34:56 [error] 12#12: *3 x", "2026/02/05 12:34:56"),
            ("Feb  5 2026 12:34:56: %ASA-6-302013: x", "Feb  5 2026 12:34:56"),
            ("*Feb  5 12:34:56.123: %SYS-5-CONFIG_I: x", "Feb  5 12:34:56.123"),
            ("<13>Feb  5 12:34:56 gw sshd: x", "Feb  5 12:34:56"),
            ("<34>1 2026-02-05T12:34:56.003Z gw sshd - ID47 - x", "2026-02-05T12:34:56.003Z"),
            ("1770294896.123 x", "1770294896.123"),
            ("1770294896 x", ""),
            ("[1770294896] x", "1770294896"),
            ("[12345.678901] usb 1-1: x", ""),
            ("[Thu Feb 05 12:34:56.123456 2026] [core:error] x", "Thu Feb 05 12:34:56.123456 2026"),
            ("[05-Feb-2026 12:34:56] NOTICE: x", "05-Feb-2026 12:34:56"),
            ("[05/Feb/2026:12:34:56 +0000] x", "05/Feb/2026:12:34:56 +0000"),
            ("time=\"2026-02-05T12:34:56Z\" level=info x", "2026-02-05T12:34:56Z"),
            ("call 2026-02-05 12:34:56", ""),
            ("203.0.113.7 x", ""),
            ("", ""),
        ] {
            assert_eq!(cut(TEXT, line), [expected, line], "{line}");
        }
    }
}
