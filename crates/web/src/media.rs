//! Media types: what a client accepts, and what it says it sends (RFC 9110 §8.3.1, §12.5.1).

use http::{HeaderMap, header};

/// A media type or a range of them, read from a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRange {
    /// `application`, `*`; lower case.
    pub kind: String,
    /// `json`, `*`; lower case.
    pub subtype: String,
    /// Parameters but `q`; names lower case, values without quotes.
    pub parameters: Vec<(String, String)>,
    /// How much it is wanted, in thousandths.
    pub quality: u16,
}

impl MediaRange {
    /// Reads one media range; `None` for what is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<MediaRange> {
        let mut parts = split_unquoted(text, ';');
        let (kind, subtype) = parts.next()?.trim().split_once('/')?;
        let token = |text: &str| !text.is_empty() && text.bytes().all(is_token_byte);
        if !token(kind) || !token(subtype) {
            return None;
        }
        let mut range = MediaRange {
            kind: kind.to_ascii_lowercase(),
            subtype: subtype.to_ascii_lowercase(),
            parameters: Vec::new(),
            quality: 1000,
        };
        for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            if name == "q" {
                range.quality = quality(value)?;
            } else {
                range.parameters.push((name, unquoted(value)));
            }
        }
        Some(range)
    }

    /// The value of a parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    // How closely the range names this type: the more, the closer. `None` when it does not.
    fn closeness(&self, offered: &MediaRange) -> Option<usize> {
        let wild = |pattern: &str| pattern == "*";
        match (wild(&self.kind), wild(&self.subtype)) {
            (true, true) => return Some(0),
            (false, true) if self.kind == offered.kind => return Some(1),
            (false, false) if self.kind == offered.kind && self.subtype == offered.subtype => {}
            _ => return None,
        }
        // A parameter that the offer does not have, such as `charset`, says nothing about it.
        let known =
            self.parameters.iter().filter_map(|(name, value)| Some((offered.parameter(name)?, value)));
        let mut count = 2;
        for (has, wanted) in known {
            if !has.eq_ignore_ascii_case(wanted) {
                return None;
            }
            count += 1;
        }
        Some(count)
    }
}

/// How much a client wants this media type, in thousandths; 0 is not at all. Without `Accept` it wants everything, and
/// an `Accept` of which nothing can be read is none.
#[must_use]
pub fn wanted(headers: &HeaderMap, media: &str) -> u16 {
    let mut values = headers.get_all(header::ACCEPT).iter();
    // What most clients send.
    if let (Some(only), None) = (values.next(), values.next())
        && only.as_bytes() == media.as_bytes()
    {
        return 1000;
    }
    let Some(offered) = MediaRange::parse(media) else { return 0 };
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<MediaRange> =
        lines.flat_map(|line| split_unquoted(line, ',')).filter_map(MediaRange::parse).collect();
    if ranges.is_empty() {
        return 1000;
    }
    let matching = ranges.iter().filter_map(|range| Some((range.closeness(&offered)?, range.quality)));
    matching.max().map_or(0, |(_, quality)| quality)
}

/// The media type that the content is said to have.
#[must_use]
pub fn content_type(headers: &HeaderMap) -> Option<MediaRange> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok().and_then(MediaRange::parse)
}

/// Reads a quality of RFC 9110 §12.4.2 in thousandths.
pub(crate) fn quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn split_unquoted(text: &str, at: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |character: char| {
        let was_escaped = std::mem::take(&mut escaped);
        match character {
            '"' if !was_escaped => quoted = !quoted,
            '\\' if quoted && !was_escaped => escaped = true,
            _ => {}
        }
        character == at && !quoted
    })
}

fn unquoted(value: &str) -> String {
    match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        Some(inner) => {
            let mut plain = String::with_capacity(inner.len());
            let mut characters = inner.chars();
            while let Some(character) = characters.next() {
                plain.extend(if character == '\\' { characters.next() } else { Some(character) });
            }
            plain
        }
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAXII: &str = "application/taxii+json;version=2.1";

    fn check(accept: &[&str]) -> u16 {
        let mut headers = HeaderMap::new();
        for line in accept {
            headers.append(header::ACCEPT, line.parse().unwrap());
        }
        wanted(&headers, TAXII)
    }

    #[test]
    fn what_names_our_type_is_acceptable() {
        assert_eq!(check(&[]), 1000);
        for accept in [
            "application/taxii+json;version=2.1",
            "application/taxii+json; version=2.1",
            "application/taxii+json ; version = 2.1 ; q=1.0",
            "application/taxii+json;version=\"2.1\"",
            "Application/TAXII+JSON;Version=2.1",
            "application/taxii+json",
            "application/taxii+json; charset=utf-8",
            "application/taxii+json;version=2.1,application/stix+json;version=2.1",
            "application/stix+json;version=2.1, application/taxii+json;version=2.1",
            "application/taxii+json;version=2.0, application/taxii+json;version=2.1",
            "text/html, application/taxii+json;version=2.1;q=0.9, */*;q=0.1",
            "*/*",
            "application/*",
            "text/html,*/*;q=0.8",
            "",
            "nonsense",
        ] {
            assert!(check(&[accept]) > 0, "{accept}");
        }
        assert_eq!(check(&["text/html", "application/taxii+json;q=0.5"]), 500);
    }

    #[test]
    fn what_does_not_is_not() {
        for accept in [
            "application/vnd.oasis.taxii+json; version=2.0",
            "application/vnd.oasis.stix+json; version=2.0",
            "application/taxii+json;version=2.0",
            "application/taxii+json;version=2.2",
            "application/json",
            "application/xml",
            "text/*",
            "application/taxii+json;q=0",
            "*/*, application/taxii+json;version=2.1;q=0",
            "application/taxii+json;version=\"2.0, application/taxii+json\"",
        ] {
            assert_eq!(check(&[accept]), 0, "{accept}");
        }
    }

    #[test]
    fn qualities_are_thousandths() {
        for (text, value) in [
            ("1", Some(1000)),
            ("0.5", Some(500)),
            ("0.25", Some(250)),
            ("0.125", Some(125)),
            ("0", Some(0)),
            ("0.000", Some(0)),
            ("1.000", Some(1000)),
            ("1.", Some(1000)),
            ("1.1", None),
            ("2", None),
            ("0.1234", None),
            ("-1", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(quality(text), value, "{text}");
        }
    }
}
