//! Constants (STIX 2.1 §9.2): what they are and how their text is read.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

/// A constant of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// `'...'`, unescaped.
    String(String),
    /// A whole number from -(2^53)+1 to 2^53-1.
    Integer(i64),
    /// A finite number with a decimal point.
    Float(f64),
    /// `true` or `false`
    Boolean(bool),
    /// `h'...'`, decoded.
    Hex(Vec<u8>),
    /// `b'...'`, decoded.
    Binary(Vec<u8>),
    /// `t'...'`
    Timestamp(Timestamp),
}

/// A time in UTC as STIX writes it, `2016-06-01T00:00:00.000Z`; ordered by the instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Timestamp(String);

impl Timestamp {
    /// Reads an RFC 3339 time in UTC with `T` and `Z` in capitals, a calendar date that exists and any number of
    /// fraction digits. Second 60 is taken only at 23:59.
    #[must_use]
    pub fn parse(text: &str) -> Option<Timestamp> {
        let bytes = text.as_bytes();
        let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        if separators.iter().any(|&(at, separator)| bytes.get(at) != Some(&separator)) {
            return None;
        }
        let number = |from: usize, to: usize| -> Option<u32> {
            let digits = text.get(from..to)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let fraction = text.get(19..)?.strip_suffix('Z')?;
        let fraction_fits = match fraction.strip_prefix('.') {
            Some(digits) => !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()),
            None => fraction.is_empty(),
        };
        let leap_second = second == 60 && (hour, minute) == (23, 59);
        let fits = (1..=12).contains(&month)
            && (1..=days_of(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && (second < 60 || leap_second)
            && fraction_fits;
        fits.then(|| Timestamp(text.to_owned()))
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Both parts order like the instant does: fixed-width digits, then fraction digits without trailing zeros.
    fn key(&self) -> (&str, &str) {
        let (whole, fraction) = self.0.split_at_checked(19).unwrap_or((&self.0, ""));
        (whole, fraction.trim_end_matches('Z').trim_end_matches('0').trim_start_matches('.'))
    }
}

impl PartialOrd for Timestamp {
    /// `None` when the same instant is written in two ways: equality is of the text.
    fn partial_cmp(&self, other: &Timestamp) -> Option<Ordering> {
        match self.key().cmp(&other.key()) {
            Ordering::Equal if self.0 != other.0 => None,
            order => Some(order),
        }
    }
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Reads pairs of hexadecimal digits. The standard names lower case; capitals are taken as its grammar does.
pub(super) fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

/// Reads base64 (RFC 4648 §4, padded) with line feeds anywhere between its characters. Bits behind the last octet may
/// be other than zero, which §3.5 of the RFC leaves to the reader.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let forgiving = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, forgiving);
    let joined: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    engine.decode(joined).ok()
}
