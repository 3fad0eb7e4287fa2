//! §2.16: moments in time.

use std::fmt;

/// A moment, in microseconds since 1970-01-01T00:00:00Z; finer digits of the text are cut off.
///
/// The text is not kept: two spellings of one moment compare equal, and who must repeat a timestamp as it was written
/// keeps its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Microseconds since the epoch; negative before 1970.
    pub micros: i64,
}

/// Why a text is not a timestamp (STIX 2.1 §2.16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimestampError {
    /// Not `YYYY-MM-DDTHH:mm:ss[.s+]Z`.
    Syntax,
    /// No such month, day, hour, minute or second; leap seconds and the year 0000 are not in STIX's calendar either.
    Range,
}

impl fmt::Display for TimestampError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            TimestampError::Syntax => "not of the form YYYY-MM-DDTHH:mm:ss[.s+]Z",
            TimestampError::Range => "no such moment in the calendar",
        })
    }
}

impl std::error::Error for TimestampError {}

impl Timestamp {
    /// Reads `YYYY-MM-DDTHH:mm:ss[.s+]Z` in UTC with any number of fraction digits.
    ///
    /// # Errors
    /// Another form, or a moment that does not exist.
    pub fn parse(text: &str) -> Result<Timestamp, TimestampError> {
        let bytes = text.as_bytes();
        let (head, tail) = bytes.split_at_checked(19).ok_or(TimestampError::Syntax)?;
        let [y0, y1, y2, y3, b'-', o0, o1, b'-', d0, d1, b'T', h0, h1, b':', m0, m1, b':', s0, s1] = *head
        else {
            return Err(TimestampError::Syntax);
        };
        let year = number(&[y0, y1, y2, y3])?;
        let month = number(&[o0, o1])?;
        let day = number(&[d0, d1])?;
        let (hour, minute, second) = (number(&[h0, h1])?, number(&[m0, m1])?, number(&[s0, s1])?);
        let fraction = fraction_micros(tail)?;
        if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
            return Err(TimestampError::Range);
        }
        if hour > 23 || minute > 59 || second > 59 {
            return Err(TimestampError::Range);
        }
        let seconds = days_from_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        Ok(Timestamp { micros: seconds * 1_000_000 + fraction })
    }
}

/// The text with exactly six fraction digits, so that one moment has one text.
impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.micros.div_euclid(1_000_000), self.micros.rem_euclid(1_000_000));
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

/// Decimal digits, and nothing else.
fn number(digits: &[u8]) -> Result<i64, TimestampError> {
    digits.iter().try_fold(0, |value, digit| match digit {
        b'0'..=b'9' => Ok(value * 10 + i64::from(digit - b'0')),
        _ => Err(TimestampError::Syntax),
    })
}

/// What follows the seconds: `Z`, or a full stop, digits and `Z`.
fn fraction_micros(tail: &[u8]) -> Result<i64, TimestampError> {
    let digits = match tail {
        [b'Z'] => return Ok(0),
        [b'.', digits @ .., b'Z'] if !digits.is_empty() => digits,
        _ => return Err(TimestampError::Syntax),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(TimestampError::Syntax);
    }
    let kept = digits.get(..6).unwrap_or(digits);
    let scale = (kept.len()..6).fold(1, |scale, _| scale * 10);
    Ok(number(kept)? * scale)
}

/// How many fraction digits a timestamp has; 0 when there is no fraction. Only meaningful for text that parses.
pub(crate) fn fraction_digits(text: &str) -> usize {
    text.len().saturating_sub("YYYY-MM-DDTHH:mm:ss.Z".len())
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that the leap day is
/// the last of its year and every month starts at a place that one linear formula gives.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_from_epoch`]: year, month and day.
fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_standard_allows() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.5Z", 500_000),
            ("2016-01-20T12:31:12.123Z", 1_453_293_072_123_000),
            ("2016-01-20T12:31:12.1234567890123Z", 1_453_293_072_123_456),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ] {
            assert_eq!(Timestamp::parse(text), Ok(Timestamp { micros }), "{text}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        use TimestampError::{Range, Syntax};
        for (text, error) in [
            ("", Syntax),
            ("2016-01-20", Syntax),
            ("2016-01-20T12:31:12", Syntax),
            ("2016-01-20t12:31:12Z", Syntax),
            ("2016-01-20T12:31:12z", Syntax),
            ("2016-01-20T12:31:12.Z", Syntax),
            ("2016-01-20T12:31:12,5Z", Syntax),
            ("2016-01-20T12:31:12+00:00", Syntax),
            ("2016-01-20T12:31:12.5+01:00", Syntax),
            ("2016-1-20T12:31:12Z", Syntax),
            ("+016-01-20T12:31:12Z", Syntax),
            ("２016-01-20T12:31:12Z", Syntax),
            ("2016-01-20T12:31:12.５Z", Syntax),
            ("0000-01-01T00:00:00Z", Range),
            ("2016-00-20T12:31:12Z", Range),
            ("2016-13-20T12:31:12Z", Range),
            ("2015-02-29T12:31:12Z", Range),
            ("1900-02-29T12:31:12Z", Range),
            ("2016-01-20T24:00:00Z", Range),
            ("2016-01-20T12:60:00Z", Range),
            ("2016-12-31T23:59:60Z", Range),
        ] {
            assert_eq!(Timestamp::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for days in (-719_162..2_932_896).step_by(97) {
            let moment = Timestamp { micros: days * 86_400_000_000 + 12_345_678_901 };
            assert_eq!(Timestamp::parse(&moment.to_string()), Ok(moment));
        }
    }
}
