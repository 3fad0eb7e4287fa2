//! §2.9: identifiers, and §3.1: the names of types.

use std::fmt;
use uuid::Uuid;

/// An identifier: `indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f`.
///
/// References resolve by exact match of the text (§3.3), so who stores ids stores their text; `Id` is for looking inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<'a> {
    /// The type of the object that is meant.
    pub kind: &'a str,
    /// The UUID.
    pub uuid: Uuid,
}

/// Why a text is not an identifier (STIX 2.1 §2.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdError {
    /// There is no `--` between a type and a UUID.
    Form,
    /// What stands before the `--` is not the name of a type.
    Type(NameError),
    /// What stands after the `--` is not a UUID in the form 8-4-4-4-12.
    Uuid,
}

/// Why a text is not the name of a type (STIX 2.1 §3.1, §11.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// Shorter than 3 or longer than 250 characters.
    Length,
    /// A character other than a-z, 0-9 and hyphen.
    Character,
    /// The first character is not a letter.
    Start,
    /// Two hyphens in a row.
    DoubleHyphen,
}

impl<'a> Id<'a> {
    /// Reads an identifier. Any UUID in the hyphenated form is taken, whatever its version and letter case.
    ///
    /// # Errors
    /// The first thing that breaks the form.
    pub fn parse(text: &'a str) -> Result<Id<'a>, IdError> {
        // A UUID has 36 characters and names of types hold no `--`, so the place of the `--` is known.
        let at = text.len().checked_sub(38).ok_or(IdError::Form)?;
        let (kind, rest) = text.split_at_checked(at).ok_or(IdError::Form)?;
        let uuid = rest.strip_prefix("--").ok_or(IdError::Form)?;
        check_type_name(kind).map_err(IdError::Type)?;
        Ok(Id { kind, uuid: parse_uuid(uuid).ok_or(IdError::Uuid)? })
    }
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}--{}", self.kind, self.uuid.as_hyphenated())
    }
}

impl fmt::Display for IdError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdError::Form => formatter.write_str("not of the form type--UUID"),
            IdError::Type(error) => write!(formatter, "its type is no type name: {error}"),
            IdError::Uuid => formatter.write_str("its UUID is not of the form 8-4-4-4-12"),
        }
    }
}

impl std::error::Error for IdError {}

impl fmt::Display for NameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            NameError::Length => "a name has 3 to 250 characters",
            NameError::Character => "only a-z, 0-9 and hyphen are allowed",
            NameError::Start => "a name begins with a letter",
            NameError::DoubleHyphen => "two hyphens in a row",
        })
    }
}

impl std::error::Error for NameError {}

/// Checks the name of a type, standard or custom.
///
/// # Errors
/// The first rule of §3.1 and §11.2 that it breaks.
pub fn check_type_name(name: &str) -> Result<(), NameError> {
    if !(3..=250).contains(&name.len()) {
        return Err(NameError::Length);
    }
    if !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
        return Err(NameError::Character);
    }
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Err(NameError::Start);
    }
    if name.contains("--") { Err(NameError::DoubleHyphen) } else { Ok(()) }
}

/// Reads the hyphenated form only; `uuid` by itself also takes braces, URNs and bare digits.
fn parse_uuid(text: &str) -> Option<Uuid> {
    let bytes = text.as_bytes();
    let hyphens = [8, 13, 18, 23].iter().all(|&at| bytes.get(at) == Some(&b'-'));
    if bytes.len() == 36 && hyphens { Uuid::try_parse_ascii(bytes).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        let uuid = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
        let long = "a".repeat(250);
        for kind in ["indicator", "x509-certificate", "url", long.as_str()] {
            let text = format!("{kind}--{uuid}");
            let id = Id::parse(&text).unwrap();
            assert_eq!((id.kind, id.to_string()), (kind, text.clone()));
        }
        let upper = format!("tool--{}", uuid.to_uppercase());
        assert_eq!(Id::parse(&upper).unwrap().to_string(), format!("tool--{uuid}"));
        for (text, error) in [
            (String::new(), IdError::Form),
            ("indicator".into(), IdError::Form),
            (format!("indicator-{uuid}"), IdError::Form),
            (format!("--{uuid}"), IdError::Type(NameError::Length)),
            (format!("ab--{uuid}"), IdError::Type(NameError::Length)),
            (format!("{}--{uuid}", "a".repeat(251)), IdError::Type(NameError::Length)),
            (format!("Indicator--{uuid}"), IdError::Type(NameError::Character)),
            (format!("4ndicator--{uuid}"), IdError::Type(NameError::Start)),
            (format!("in--dicator--{uuid}"), IdError::Type(NameError::DoubleHyphen)),
            (format!("indicator--{{{}}}", &uuid[1..35]), IdError::Uuid),
            ("indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3g".into(), IdError::Uuid),
            ("indicator--8e2e2d2b17d4-4cbf-938f-98ee46b3cd3f0".into(), IdError::Uuid),
            ("identité--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f".into(), IdError::Type(NameError::Character)),
            ("tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cdé".into(), IdError::Uuid),
        ] {
            assert_eq!(Id::parse(&text), Err(error), "{text}");
        }
    }
}
