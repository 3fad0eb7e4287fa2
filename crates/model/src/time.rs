//! Instants: microseconds since 1970-01-01T00:00:00Z, without leap seconds, and their RFC 3339 text.

use std::fmt;
use std::str::FromStr;

/// Microseconds since the Unix epoch, UTC.
///
/// The text has exactly six fraction digits and `Z`, as TAXII 2.1 §2 asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// Why a text is not an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotATime;

impl fmt::Display for NotATime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an RFC 3339 time in UTC such as `2026-03-01T12:00:00.000000Z`")
    }
}

impl std::error::Error for NotATime {}

const DAY_US: i64 = 86_400_000_000;

impl Timestamp {
    /// Start of year 1, the earliest that can be written.
    pub const MIN: Timestamp = Timestamp(-62_135_596_800_000_000);
    /// Last microsecond of year 9999.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999_999);

    /// This instant and `seconds` more, kept within what can be written.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(seconds.saturating_mul(1_000_000)).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// The same instant with three fraction digits, as STIX `created` and `modified` are usually written.
    #[must_use]
    pub fn millis_text(self) -> String {
        let text = self.to_string();
        text.get(..23).map(|head| format!("{head}Z")).unwrap_or(text)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digits are put in place one by one: lists write two of these for each entry.
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let at = self.0.clamp(Self::MIN.0, Self::MAX.0);
        let (days, rest) = (at.div_euclid(DAY_US), at.rem_euclid(DAY_US));
        let (year, month, day) = civil_from_days(days);
        let seconds = rest / 1_000_000;
        let fields = [
            (4, year),
            (7, month),
            (10, day),
            (13, seconds / 3600),
            (16, seconds / 60 % 60),
            (19, seconds % 60),
            (26, rest % 1_000_000),
        ];
        for (end, mut number) in fields {
            for slot in text.iter_mut().take(end).rev() {
                if number == 0 || !slot.is_ascii_digit() {
                    break;
                }
                *slot = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl FromStr for Timestamp {
    type Err = NotATime;

    /// Reads RFC 3339 in UTC (`Z`) with any number of fraction digits; digits beyond microseconds are cut.
    fn from_str(text: &str) -> Result<Timestamp, NotATime> {
        parse(text.as_bytes()).ok_or(NotATime)
    }
}

fn parse(text: &[u8]) -> Option<Timestamp> {
    let (head, tail) = text.split_at_checked(19)?;
    let number = |from: usize, to: usize| -> Option<i64> {
        head.get(from..to)?
            .iter()
            .try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    };
    let mark = |at: usize| head.get(at).copied();
    let shape = [mark(4), mark(7), mark(10).map(|b| b.to_ascii_uppercase()), mark(13), mark(16)];
    if shape != [Some(b'-'), Some(b'-'), Some(b'T'), Some(b':'), Some(b':')] {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if year < 1 || !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = match tail {
        [b'Z' | b'z'] => 0,
        [b'.', digits @ .., b'Z' | b'z'] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            let padded = digits.iter().copied().chain(std::iter::repeat(b'0'));
            padded.take(6).fold(0, |n, b| n * 10 + i64::from(b - b'0'))
        }
        _ => return None,
    };
    let days = days_from_civil(year, month, day);
    Some(Timestamp(days * DAY_US + ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years that begin in March, so
// that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn text_and_instant_agree() {
        for (text, micros) in [
            ("1970-01-01T00:00:00.000000Z", 0),
            ("2000-02-29T23:59:59.999999Z", 951_868_799_999_999),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("0001-01-01T00:00:00.000000Z", Timestamp::MIN.0),
            ("9999-12-31T23:59:59.999999Z", Timestamp::MAX.0),
        ] {
            assert_eq!(text.parse(), Ok(Timestamp(micros)), "{text}");
            assert_eq!(Timestamp(micros).to_string(), text);
        }
    }

    #[test]
    fn every_day_of_four_centuries_goes_round() {
        for day in -400 * 366..400 * 366 {
            let at = Timestamp(day * super::DAY_US + 1);
            assert_eq!(at.to_string().parse(), Ok(at));
        }
    }

    #[test]
    fn fractions_may_have_any_length() {
        for text in ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.0Z", "2026-01-02t03:04:05.000000999z"] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), "2026-01-02T03:04:05.000000Z");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05+00:00",
            "2026-13-02T03:04:05Z",
            "2026-02-29T03:04:05Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02T03:04:60Z",
            "0000-01-01T00:00:00Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05.1_Z",
            "２026-01-02T03:04:05Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
