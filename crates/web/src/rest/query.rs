//! Parameters of queries, read as what they must be.
//!
//! A parameter without a value is refused, but for flags: `?version=` in a withdrawal must not mean every version, nor
//! `?tlp=` in an import the collection's own label.

use std::str::FromStr;

use model::Timestamp;

use crate::Failure;
use crate::request::Query;

/// A text.
///
/// # Errors
/// 400 when it is given twice, or is empty.
pub fn text(query: &Query, name: &str) -> Result<Option<String>, Failure> {
    query.one(name)?.map(|text| not_empty(name, text)).transpose()
}

/// Every text of that name.
///
/// # Errors
/// 400 when one is empty.
pub fn texts(query: &Query, name: &str) -> Result<Vec<String>, Failure> {
    query.all(name).map(|text| not_empty(name, text)).collect()
}

fn not_empty(name: &str, text: &str) -> Result<String, Failure> {
    match text.trim() {
        "" => Err(Failure::invalid(format!("`{name}` is empty")).hint("leave it out, or give it a value")),
        _ => Ok(text.to_owned()),
    }
}

/// A whole number from 1.
///
/// # Errors
/// 400 for anything else.
pub fn count(query: &Query, name: &str) -> Result<Option<usize>, Failure> {
    let read = |text: &str| {
        let number = text.parse().ok().filter(|number| *number > 0);
        number
            .ok_or_else(|| Failure::invalid(format!("`{name}` is `{text}`, expected a whole number from 1")))
    };
    query.one(name)?.map(read).transpose()
}

/// `true` or `false`; given without a value it is true, left out it is false.
///
/// # Errors
/// 400 for anything else.
pub fn flag(query: &Query, name: &str) -> Result<bool, Failure> {
    match query.one(name)? {
        None | Some("false") => Ok(false),
        Some("" | "true") => Ok(true),
        Some(text) => Err(Failure::invalid(format!("`{name}` is `{text}`, expected true or false"))),
    }
}

/// An instant.
///
/// # Errors
/// 400 for anything else.
pub fn time(query: &Query, name: &str) -> Result<Option<Timestamp>, Failure> {
    parsed(query, name)
}

/// Whatever its type reads from a text.
///
/// # Errors
/// 400, with what the type says about it.
pub fn parsed<T>(query: &Query, name: &str) -> Result<Option<T>, Failure>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let read = |text: String| {
        text.parse().map_err(|error| Failure::invalid(format!("`{name}` is `{text}`: {error}")))
    };
    text(query, name)?.map(read).transpose()
}

/// A span in seconds: `30`, `30s`, `5m`, `12h`, `90d`, `2w`.
///
/// # Errors
/// 400 for anything else.
pub fn duration_s(query: &Query, name: &str) -> Result<Option<u64>, Failure> {
    query.one(name)?.map(|text| read_duration_s(name, text)).transpose()
}

/// The same, of a text that is there.
///
/// # Errors
/// 400 for anything else.
pub fn read_duration_s(name: &str, text: &str) -> Result<u64, Failure> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor: Option<u64> = match text.get(digits.len()..).unwrap_or_default() {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        "w" => Some(604_800),
        _ => None,
    };
    let seconds = factor.and_then(|factor| digits.parse::<u64>().ok()?.checked_mul(factor));
    seconds.filter(|seconds| *seconds > 0).ok_or_else(|| {
        Failure::invalid(format!("`{name}` is `{text}`, expected a span such as `30d`, `12h` or `90s`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_they_must_be() {
        let query = Query::parse("n=0&m=7&f&g=no&t=2026-01-01&e=90d&w=5y&tlp=amber").unwrap();
        assert!(count(&query, "n").is_err());
        assert_eq!(count(&query, "m").unwrap(), Some(7));
        assert!(flag(&query, "f").unwrap());
        assert!(flag(&query, "g").is_err());
        assert!(time(&query, "t").is_err());
        assert_eq!(duration_s(&query, "e").unwrap(), Some(90 * 86_400));
        assert!(duration_s(&query, "w").is_err());
        assert_eq!(parsed::<model::Tlp>(&query, "tlp").unwrap(), Some(model::Tlp::Amber));
        let query = Query::parse("a=&a=x&b=&c").unwrap();
        assert!(texts(&query, "a").is_err());
        for name in ["b", "c"] {
            assert!(
                text(&query, name).is_err() && count(&query, name).is_err() && time(&query, name).is_err()
            );
            assert!(parsed::<model::Tlp>(&query, name).is_err() && duration_s(&query, name).is_err());
            assert!(flag(&query, name).unwrap());
        }
    }
}
