//! When something happened, as records say it.

use model::Timestamp;

/// Reads an instant: seconds since 1970 with any fraction, thousandths, millionths or thousand-millionths (told apart by their size, good from
/// 1973 on), or a date and time of RFC 3339, also with a blank for the `T`, an offset without its colon, or none, which is UTC.
///
/// ```
/// use shield::read::time_of;
///
/// let noon = "2026-03-05T12:00:00Z".parse().ok();
/// for text in ["1772712000.000000", "1772712000000", "2026-03-05T13:00:00+0100", "2026-03-05 12:00:00"] {
///     assert_eq!(time_of(text.as_bytes()), noon, "{text}");
/// }
/// assert_eq!(time_of(b"yesterday"), None);
/// ```
#[must_use]
pub fn time_of(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.trim();
    match text.split_at_checked(10) {
        Some((date, rest))
            if date.bytes().filter(|byte| *byte == b'-').count() == 2 && !date.starts_with('-') =>
        {
            dated(date, rest)
        }
        _ => counted(text),
    }
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
