//! Numbers, kept as their text.

use crate::ErrorKind;
use std::borrow::Cow;

/// The greatest whole number that I-JSON lets pass, 2^53 - 1; the least is its negative (RFC 7493, 2.2).
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// 2^53 - 1 as a double, exact.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// From here on ECMAScript writes a number with an exponent, so that no reader takes it for a whole number.
const EXPONENT_FROM: f64 = 1e21;

/// Digits that always stay below 2^53.
const SAFE_DIGITS: usize = 15;

/// A number kept as its text, known to fit I-JSON: finite as a double, and exact when it is an integer.
#[derive(Debug, Clone, PartialEq)]
pub struct Number<'a> {
    /// The text as written.
    pub text: Cow<'a, str>,
}

impl<'a> Number<'a> {
    /// A whole number, or `None` beyond ±[`MAX_SAFE_INTEGER`].
    #[must_use]
    pub fn from_i64(value: i64) -> Option<Number<'static>> {
        let fits = (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).contains(&value);
        fits.then(|| Number { text: Cow::Owned(value.to_string()) })
    }

    /// A number in the shortest form that reads back as the same double (RFC 8785, 3.2.2.3); `None` for NaN, the
    /// infinities, and whole values from 2^53 up that would be written without an exponent and so be refused by
    /// [`parse`](crate::parse).
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Number<'static>> {
        check_double(value).ok()?;
        Some(Number { text: Cow::Owned(crate::canonical::ecmascript_number(value)) })
    }

    /// Whether it is written without fraction and exponent.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        !self.text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
    }

    /// The value when it is written without fraction and exponent.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.text.parse().ok()
    }

    /// The nearest double. It is NaN only if somebody made the number from text that is none.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        self.text.parse().unwrap_or(f64::NAN)
    }

    /// The same number, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Number<'static> {
        Number { text: Cow::Owned(self.text.into_owned()) }
    }
}

/// The parts of a number's text that decide whether its value has to be looked at.
pub(crate) struct NumberShape {
    /// Digits before the point.
    pub whole_digits: usize,
    /// Whether there is a fraction.
    pub fraction: bool,
    /// Whether there is an exponent.
    pub exponent: bool,
}

/// Checks the value of a number whose grammar was checked (RFC 7493, 2.2).
///
/// The rule follows the value, not the notation: `1e20` is refused like `100000000000000000000`, because that is how
/// ECMAScript and the canonical form write it, and a document must not become invalid by being written again.
pub(crate) fn check_range(text: &str, shape: &NumberShape) -> Result<(), ErrorKind> {
    if !shape.exponent && shape.whole_digits <= SAFE_DIGITS {
        return Ok(());
    }
    if !shape.exponent && !shape.fraction {
        // What does not fit an i64 is far out of range as well.
        let fits =
            text.parse::<i64>().is_ok_and(|value| value.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs());
        return if fits { Ok(()) } else { Err(ErrorKind::IntegerRange) };
    }
    text.parse().map_err(|_| ErrorKind::InvalidNumber).and_then(check_double)
}

/// Whether I-JSON and the canonical form can hold this value.
fn check_double(value: f64) -> Result<(), ErrorKind> {
    if !value.is_finite() {
        return Err(ErrorKind::NotFinite);
    }
    let size = value.abs();
    if size > MAX_SAFE && size < EXPONENT_FROM { Err(ErrorKind::IntegerRange) } else { Ok(()) }
}
