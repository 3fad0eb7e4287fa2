//! The times that feeds write.

use model::Timestamp;

/// Reads a time: RFC 3339, the same with a space or without `Z` (taken as UTC), a date alone, or seconds or
/// milliseconds since 1970.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_end_matches("UTC").trim_end();
    if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        // Seconds have ten digits until the year 2286.
        let micros = number.checked_mul(if text.len() > 10 { 1_000 } else { 1_000_000 })?;
        return (micros <= Timestamp::MAX.0).then_some(Timestamp(micros));
    }
    let (time, offset_s) = split_offset(text)?;
    let whole = if time.len() == 10 {
        format!("{time}T00:00:00Z")
    } else {
        format!("{}Z", time.replacen(' ', "T", 1))
    };
    let at: Timestamp = whole.parse().ok()?;
    Some(at.plus_seconds(-offset_s))
}

// The offset from UTC in seconds, which RFC 3339 writes as `+01:00`.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let (time, offset) = text.split_at_checked(text.len().checked_sub(6)?).unwrap_or((text, ""));
    let sign = match offset.as_bytes() {
        [b'+', _, _, b':', _, _] => 1,
        // A date ends in `-dd` too, but has no colon.
        [b'-', _, _, b':', _, _] => -1,
        _ => return Some((text, 0)),
    };
    let number = |range| offset.get::<std::ops::Range<usize>>(range)?.parse::<i64>().ok();
    Some((time, sign * (number(1..3)? * 3_600 + number(4..6)? * 60)))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn times_of_feeds() {
        for (text, expected) in [
            ("2026-08-22T01:00:29Z", "2026-08-22T01:00:29.000000Z"),
            ("2026-08-22 01:00:29", "2026-08-22T01:00:29.000000Z"),
            ("2026-08-22 01:00:29 UTC", "2026-08-22T01:00:29.000000Z"),
            ("2026-08-22T03:00:29+02:00", "2026-08-22T01:00:29.000000Z"),
            ("2026-08-22T01:00:29.5-00:30", "2026-08-22T01:30:29.500000Z"),
            ("2026-08-22", "2026-08-22T00:00:00.000000Z"),
            ("1787360429", "2026-08-22T01:00:29.000000Z"),
            ("1787360429000", "2026-08-22T01:00:29.000000Z"),
        ] {
            assert_eq!(parse(text).map(|at| at.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["", "yesterday", "2026-13-01", "22.08.2026", "99999999999999999999", "12", "2026-08-22T01:00"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
