//! When something happened, as records say it.

use model::Timestamp;

/// Reads an instant: seconds since 1970 with any fraction, thousandths, millionths or thousand-millionths (told apart by their size, good from
/// 1973 on), or a date and time of RFC 3339, also with a blank for the `T`, slashes in the date, an offset without its colon or behind a blank, or
/// none, which is UTC.
///
/// ```
/// use shield::read::time_of;
///
/// let noon = "2026-03-05T12:00:00Z".parse().ok();
/// for text in ["1772712000.000000", "1772712000000", "2026-03-05T13:00:00+0100", "2026/03/05 12:00:00"] {
///     assert_eq!(time_of(text.as_bytes()), noon, "{text}");
/// }
/// assert_eq!(time_of(b"yesterday"), None);
/// ```
#[must_use]
pub fn time_of(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.trim();
    match text.split_at_checked(10) {
        Some((date, rest))
            if matches!(
                date.as_bytes(),
                [_, _, _, _, b'-', _, _, b'-', ..] | [_, _, _, _, b'/', _, _, b'/', ..]
            ) =>
        {
            dated(&date.replace('/', "-"), rest)
        }
        _ => counted(text),
    }
}

/// What lines leave out of their times.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    /// Nothing in the log is later than this: a day and no year is in the last year that it can be in.
    pub(crate) latest: Option<Timestamp>,
    /// How far east of UTC the clock is where a line does not say it, in seconds.
    pub(crate) east: i64,
}

/// What a clock may be ahead of what is taken for now, in seconds.
const AHEAD: i64 = 86_400;
const MONTHS: [&[u8]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

impl Clock {
    /// Reads an instant as [`time_of`] does, and besides `05/Mar/2026:12:34:56 +0000`, `05-Mar-2026 12:34:56.789`, `Mar  5 12:34:56`,
    /// `Mar  5 2026 12:34:56` and `Thu Mar  5 12:34:56.789 2026`.
    pub(crate) fn read(&self, text: &[u8]) -> Option<Timestamp> {
        let local = |at: Timestamp| at.plus_seconds(-self.east);
        if let Some(at) = time_of(text) {
            // Counted times and those with an offset leave nothing out.
            let says_all = !text.contains(&b':') || says_zone(text);
            return Some(if says_all { at } else { local(at) });
        }
        match text {
            [d1, d2, b'/' | b'-', month @ ..] if month.len() >= 17 && d1.is_ascii_digit() => {
                let (month, rest) = month.split_at_checked(3)?;
                let [b'/' | b'-', rest @ ..] = rest else { return None };
                let (year, rest) = rest.split_at_checked(4)?;
                let [b':' | b' ', rest @ ..] = rest else { return None };
                let at = on(year, month, &[*d1, *d2], rest)?;
                Some(if says_zone(rest) { at } else { local(at) })
            }
            _ => self.month_first(text),
        }
    }

    fn month_first(&self, text: &[u8]) -> Option<Timestamp> {
        let local = |at: Timestamp| at.plus_seconds(-self.east);
        let is_year = |word: &&[u8]| word.len() == 4 && word.iter().all(u8::is_ascii_digit);
        let mut words = text.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).peekable();
        let mut month = words.next()?;
        // The day of the week may stand in front.
        if words.peek()?.first()?.is_ascii_alphabetic() {
            month = words.next()?;
        }
        let day = words.next()?;
        let mut year = words.next_if(is_year);
        let clock = words.next()?;
        let zone = words.next_if(|word| matches!(word, [b'+' | b'-', ..])).unwrap_or_default();
        year = year.or_else(|| words.next_if(is_year));
        let two = match day {
            [digit] => [b'0', *digit],
            [one, two] => [*one, *two],
            _ => return None,
        };
        let clock = [clock, zone].concat();
        let of = |year: &[u8]| {
            Some(on(year, month, &two, &clock)?).map(|at| if says_zone(&clock) { at } else { local(at) })
        };
        if let Some(year) = year {
            return of(year);
        }
        let latest = self.latest?;
        let this: i64 = latest.to_string().get(..4)?.parse().ok()?;
        // The 29th of February is not in every year.
        (0..8)
            .filter_map(|back| of(format!("{:04}", this - back).as_bytes()))
            .find(|at| *at <= latest.plus_seconds(AHEAD))
    }
}

fn on(year: &[u8], month: &[u8], day: &[u8], clock: &[u8]) -> Option<Timestamp> {
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? + 1;
    let [year, day, clock] = [year, day, clock].map(|part| std::str::from_utf8(part).ok());
    let clock = clock?.trim().replace(' ', "");
    time_of(format!("{}-{month:02}-{}T{clock}", year?, day?).as_bytes())
}

/// Whether a time ends in how far it is from UTC.
fn says_zone(text: &[u8]) -> bool {
    let clock_at = text.iter().position(|byte| *byte == b':').unwrap_or(0);
    text.iter().skip(clock_at).any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'))
}

fn counted(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 19 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let micros = match number {
        0..100_000_000_000 => {
            let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(6);
            let fraction = digits.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
            number * 1_000_000 + fraction
        }
        100_000_000_000..100_000_000_000_000 => number * 1_000,
        100_000_000_000_000..100_000_000_000_000_000 => number,
        _ => number / 1_000,
    };
    (micros <= Timestamp::MAX.0).then_some(Timestamp(micros))
}

fn dated(date: &str, rest: &str) -> Option<Timestamp> {
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(zone_at)?;
    let clock = clock.trim_end();
    let at: Timestamp = format!("{date}T{}Z", clock.replace(',', ".")).parse().ok()?;
    let offset = match zone.as_bytes() {
        [] | [b'Z' | b'z'] => 0,
        [sign, digits @ ..] => {
            let digits: Vec<i64> =
                digits.iter().filter(|byte| **byte != b':').map(|byte| i64::from(*byte) - 48).collect();
            let [h, hours, m, minutes] = digits.as_slice() else { return None };
            if digits.iter().any(|digit| !(0..=9).contains(digit)) {
                return None;
            }
            let seconds = (h * 10 + hours) * 3600 + (m * 10 + minutes) * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
    };
    Some(at.plus_seconds(-offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_servers_write_them() {
        let latest: Option<Timestamp> = "2026-02-01T00:00:00Z".parse().ok();
        let clock = Clock { latest, east: 0 };
        let read = |clock: Clock, text: &str| clock.read(text.as_bytes()).map(|at| at.to_string());
        let is = |text: &str, at: &str| assert_eq!(read(clock, text).as_deref(), Some(at), "{text}");
        is("05/Mar/2025:12:34:56 +0100", "2025-03-05T11:34:56.000000Z");
        is("05-Mar-2025 12:34:56.789", "2025-03-05T12:34:56.789000Z");
        is("Mar  5 12:34:56", "2025-03-05T12:34:56.000000Z");
        is("Jan 31 12:34:56", "2026-01-31T12:34:56.000000Z");
        is("Feb 29 12:34:56", "2024-02-29T12:34:56.000000Z");
        is("1772712000", "2026-03-05T12:00:00.000000Z");
        is("2025-03-05 12:34:56,123", "2025-03-05T12:34:56.123000Z");
        is("2025/03/05 12:34:56", "2025-03-05T12:34:56.000000Z");
        is("2025-03-05 12:34:56.5 +0100", "2025-03-05T11:34:56.500000Z");
        is("Mar  5 2019 12:34:56", "2019-03-05T12:34:56.000000Z");
        is("Mar 5 12:34:56.25", "2025-03-05T12:34:56.250000Z");
        is("Thu Mar 05 12:34:56.123456 2020", "2020-03-05T12:34:56.123456Z");
        is("Thu Mar  5 12:34:56 +0100 2020", "2020-03-05T11:34:56.000000Z");
        let east = Clock { latest, east: 3_600 };
        assert_eq!(read(east, "Jan 31 12:00:00").as_deref(), Some("2026-01-31T11:00:00.000000Z"));
        assert_eq!(read(east, "2026-01-31 12:00:00").as_deref(), Some("2026-01-31T11:00:00.000000Z"));
        assert_eq!(read(east, "2026-01-31T12:00:00Z").as_deref(), Some("2026-01-31T12:00:00.000000Z"));
        assert_eq!(read(east, "1772712000.5").as_deref(), Some("2026-03-05T12:00:00.500000Z"));
        for wrong in
            ["Mar 32 12:00:00", "Foo  5 12:00:00", "05/Mar/2026", "", "Mar", "Mar  5", "2026-03/05 12:00:00"]
        {
            assert_eq!(read(clock, wrong), None, "{wrong}");
        }
        assert_eq!(read(Clock::default(), "Mar  5 12:34:56"), None, "of no year");
    }
}
