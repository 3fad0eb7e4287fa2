//! Rules for single strings: what makes a language tag, an address, a URL.
//!
//! Each function gives the first objection, or `None`. Where the standard only describes a value and puts no MUST
//! beside it, the objection is a warning.

use crate::finding::{Severity, quoted};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Why a string is not what its property asks for.
pub(crate) struct Objection {
    pub(crate) severity: Severity,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// An objection for a broken MUST, unless the text is in order.
fn must(fine: bool, code: &'static str, text: &str, what: &str) -> Option<Objection> {
    object(fine, Severity::Must, code, text, what)
}

/// An objection for a SHOULD that is not followed, unless the text is in order.
fn should(fine: bool, code: &'static str, text: &str, what: &str) -> Option<Objection> {
    object(fine, Severity::Should, code, text, what)
}

fn object(fine: bool, severity: Severity, code: &'static str, text: &str, what: &str) -> Option<Objection> {
    (!fine).then(|| Objection { severity, code, message: format!("{} {what}", quoted(text)) })
}

/// §3.2 and others: a language tag of RFC 5646. The form is checked, not the registry.
pub(crate) fn language(text: &str) -> Option<Objection> {
    must(is_language_tag(text), "language-tag", text, "is not a language tag of RFC 5646")
}

/// RFC 5646 §2.1, grandfathered tags included as far as they have the general form.
pub(crate) fn is_language_tag(text: &str) -> bool {
    let mut subtags = text.split('-');
    let Some(primary) = subtags.next() else { return false };
    let alone = primary.eq_ignore_ascii_case("x") || primary.eq_ignore_ascii_case("i");
    let named = (2..=8).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !(named || alone && text.len() > 2) {
        return false;
    }
    let mut last_is_singleton = alone;
    for subtag in subtags {
        if !(1..=8).contains(&subtag.len()) || !subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return false;
        }
        // A single character opens an extension and needs something behind it; after `x` anything goes.
        last_is_singleton = subtag.len() == 1 && !alone;
    }
    alone || !last_is_singleton
}

/// §3.9.1: a name of the IANA character set registry. The form is checked, not the registry.
pub(crate) fn character_set(text: &str) -> Option<Objection> {
    let allowed = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'(' | b')' | b'+')
    };
    let fine = (1..=40).contains(&text.len()) && text.bytes().all(allowed);
    must(fine, "character-set", text, "is not a name of the IANA character set registry")
}

/// §6.1, §6.7: a media type.
pub(crate) fn media_type(text: &str) -> Option<Objection> {
    let token = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !part.is_empty() && part.len() <= 127 && part.bytes().all(allowed)
    };
    let fine = text.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
    should(fine, "media-type", text, "is not a media type of the form type/subtype")
}

/// §6.15: a URL of RFC 3986.
pub(crate) fn url(text: &str) -> Option<Objection> {
    let scheme = text.split_once(':').is_some_and(|(scheme, rest)| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(allowed)
            && !rest.is_empty()
    });
    if !scheme || text.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return must(
            false,
            "url-malformed",
            text,
            "is not a URL: scheme, colon and the rest, without spaces",
        );
    }
    must(
        has_url_characters(text),
        "url-characters",
        text,
        "holds characters that RFC 3986 wants percent-encoded",
    )
}

/// RFC 3986 §2: unreserved, reserved and percent-encoded characters.
fn has_url_characters(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fine = match byte {
            b'%' => {
                let mut digit = || bytes.next().is_some_and(|next| next.is_ascii_hexdigit());
                digit() && digit()
            }
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte),
        };
        if !fine {
            return false;
        }
    }
    true
}

/// §6.4: a domain name; labels with other than ASCII characters are taken as U-labels, and underscores as the non-LDH
/// labels of RFC 5890.
pub(crate) fn domain_name(text: &str) -> Option<Objection> {
    let label = |label: &str| {
        let allowed = |character: char| {
            character.is_ascii_alphanumeric()
                || matches!(character, '-' | '_')
                || (!character.is_ascii() && character.is_alphanumeric())
                || is_mark(character)
        };
        (1..=63).contains(&label.len())
            && label.chars().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    let fine = name.len() <= 253 && name.split('.').all(label);
    must(fine, "domain-name", text, "is not a domain name of RFC 1034 and RFC 5890")
}

/// Combining marks, joiners and middle dots that U-labels may hold (RFC 5892) and that are not alphanumeric.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{900}'..='\u{dff}'
        | '\u{e31}'..='\u{e4e}' | '\u{200c}' | '\u{200d}' | '\u{3099}' | '\u{309a}' | '\u{30fb}')
}

/// §6.8: IPv4 addresses in CIDR notation.
pub(crate) fn ipv4(text: &str) -> Option<Objection> {
    let fine = match text.split_once('/') {
        Some((address, length)) => address.parse::<Ipv4Addr>().is_ok() && is_prefix_length(length, 32),
        None => text.parse::<Ipv4Addr>().is_ok(),
    };
    should(fine, "ipv4-addr", text, "is not an IPv4 address or CIDR block")
}

/// §6.9: IPv6 addresses in CIDR notation.
pub(crate) fn ipv6(text: &str) -> Option<Objection> {
    let fine = match text.split_once('/') {
        Some((address, length)) => address.parse::<Ipv6Addr>().is_ok() && is_prefix_length(length, 128),
        None => text.parse::<Ipv6Addr>().is_ok(),
    };
    should(fine, "ipv6-addr", text, "is not an IPv6 address or CIDR block")
}

fn is_prefix_length(text: &str, most: u8) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u8>().is_ok_and(|length| length <= most)
}

/// §6.10: a MAC-48 address, lowercase, with colons.
pub(crate) fn mac(text: &str) -> Option<Objection> {
    let fine = text.len() == 17
        && text.bytes().enumerate().all(|(at, byte)| {
            if at % 3 == 2 { byte == b':' } else { matches!(byte, b'0'..=b'9' | b'a'..=b'f') }
        });
    must(fine, "mac-addr", text, "is not a lowercase MAC-48 address with colons")
}

/// §6.5: an email address without display name.
pub(crate) fn email(text: &str) -> Option<Objection> {
    if text.contains(['<', '>']) {
        return must(false, "email-display-name", text, "holds more than the address");
    }
    let fine = text.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains(char::is_whitespace)
    });
    should(fine, "email-addr", text, "is not an addr-spec of RFC 5322")
}

/// §6.14: a CPE 2.3 name as a formatted string.
pub(crate) fn cpe(text: &str) -> Option<Objection> {
    let fine = text.strip_prefix("cpe:2.3:").is_some_and(|rest| {
        let mut parts = 1;
        let mut escaped = false;
        for byte in rest.bytes() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b':' => parts += 1,
                b' ' => return false,
                _ => {}
            }
        }
        let part = rest.split(':').next().is_some_and(|part| matches!(part, "a" | "o" | "h" | "*" | "-"));
        part && parts == 11 && !escaped
    });
    must(fine, "cpe", text, "is not a CPE 2.3 name with its eleven components")
}

/// §6.17: the hive of a registry key is spelled out.
pub(crate) fn registry_key(text: &str) -> Option<Objection> {
    let hive = text.split('\\').next().unwrap_or(text);
    let short = ["HKLM", "HKCU", "HKCR", "HKU", "HKCC", "HKPD", "HKDD"];
    let fine = !short.iter().any(|name| hive.eq_ignore_ascii_case(name));
    must(fine, "registry-hive", text, "has a shortened hive; write HKEY_LOCAL_MACHINE and the like")
}

/// §4.10: a country.
pub(crate) fn country(text: &str) -> Option<Objection> {
    let fine = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    should(fine, "country-code", text, "is not an ISO 3166-1 alpha-2 code")
}

/// §2.11, §4.12: lowercase, with hyphens for spaces and underscores.
pub(crate) fn lower_hyphenated(text: &str) -> Option<Objection> {
    should(is_lower_hyphenated(text), "not-lower-case", text, "is not all lowercase with hyphens")
}

pub(crate) fn is_lower_hyphenated(text: &str) -> bool {
    !text.chars().any(|character| character.is_uppercase() || character == ' ' || character == '_')
}

/// §6.12.2: lowercase strings of HTTP.
pub(crate) fn lowercase(text: &str) -> Option<Objection> {
    should(!text.chars().any(char::is_uppercase), "not-lower-case", text, "is not all lowercase")
}

/// §5.1: the name of a relationship.
pub(crate) fn relationship_name(text: &str) -> Option<Objection> {
    let fine = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    must(fine, "relationship-name", text, "is not made of a-z, 0-9 and hyphen")
}

/// §3.2: the version of the standard.
pub(crate) fn spec_version(text: &str) -> Option<Objection> {
    must(text == "2.1", "spec-version", text, "is not `2.1`")
}

/// §6.13.2: a priority class.
pub(crate) fn priority_class(text: &str) -> Option<Objection> {
    should(text.ends_with("_CLASS"), "priority-class", text, "does not end in `_CLASS`")
}

/// §2.8: an even number of lowercase hexadecimal digits.
pub(crate) fn is_hex(text: &str) -> bool {
    text.len().is_multiple_of(2) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// §2.1: base64 of RFC 4648 §4, with its padding.
pub(crate) fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let padding = text.len() - data.len();
    text.len().is_multiple_of(4)
        && padding <= 2
        && data.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// §2.7: whether the value of a hash has the format of its algorithm; `true` for algorithms without a known one.
pub(crate) fn is_hash_of(algorithm: &str, value: &str) -> bool {
    let digits = |length: usize| value.len() == length && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    match algorithm {
        "MD5" => digits(32),
        "SHA-1" => digits(40),
        "SHA-256" | "SHA3-256" => digits(64),
        "SHA-512" | "SHA3-512" => digits(128),
        "SSDEEP" => is_ssdeep(value),
        "TLSH" => {
            let digest = value.strip_prefix("T1").unwrap_or(value);
            digest.len() == 70 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        _ => true,
    }
}

/// Block size and two digests with a colon between them.
fn is_ssdeep(value: &str) -> bool {
    let mut parts = value.splitn(3, ':');
    let size =
        parts.next().is_some_and(|size| !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit()));
    let digest = |part: Option<&str>| {
        part.is_some_and(|text| {
            text.len() <= 64
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        })
    };
    size && digest(parts.next()) && digest(parts.next())
}

/// §11.1.1, §7.3.2: names of properties that the standard does not define.
pub(crate) fn is_property_name(text: &str) -> bool {
    (3..=250).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// §2.3: keys of dictionaries.
pub(crate) fn is_dictionary_key(text: &str) -> bool {
    (1..=250).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each rule with values that it takes and values that it objects to.
    #[test]
    fn rules() {
        type Case =
            (&'static str, fn(&str) -> Option<Objection>, &'static [&'static str], &'static [&'static str]);
        let cases: &[Case] = &[
            (
                "language",
                language,
                &["en", "de-CH-1996", "zh-Hant-TW", "x-klingon", "i-enochian", "sr-Latn", "en-a-bbb-x-a-ccc"],
                &["", "e", "en_US", "deutschland", "en-", "en--us", "123", "en-a", "x"],
            ),
            (
                "character set",
                character_set,
                &["utf-8", "windows-1252", "ISO_8859-1:1987"],
                &["", "utf 8", "größe"],
            ),
            (
                "media type",
                media_type,
                &["image/jpeg", "application/vnd.ms-excel"],
                &["image", "/jpeg", "image/", "a b/c"],
            ),
            (
                "url",
                url,
                &["https://example.com/a?b=c#d", "mailto:a@b", "http://[::1]/%20"],
                &[
                    "example.com",
                    "://x",
                    "http:",
                    "http://a b",
                    "http://a/%2",
                    "http://a/{b}",
                    "http://ü",
                    "1http://a",
                ],
            ),
            (
                "domain",
                domain_name,
                &[
                    "example.com",
                    "xn--bcher-kva.example",
                    "bücher.example",
                    "_dmarc.example.com",
                    "localhost",
                    "example.com.",
                ],
                &["", ".", "a..b", "-a.b", "a-.b", "exa mple.com", "http://a.b", "a/b"],
            ),
            (
                "ipv4",
                ipv4,
                &["198.51.100.3", "10.0.0.0/8", "0.0.0.0/0"],
                &["", "198.51.100", "198.51.100.256", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::1"],
            ),
            (
                "ipv6",
                ipv6,
                &["2001:db8::1", "2001:0db8::/96", "::ffff:1.2.3.4"],
                &["", "1.2.3.4", "2001:db8::/129", "g::1"],
            ),
            (
                "mac",
                mac,
                &["d2:fb:49:24:37:18"],
                &["D2:fb:49:24:37:18", "d2-fb-49-24-37-18", "d2:fb:49:24:37", "d2:fb:49:24:37:1g"],
            ),
            (
                "email",
                email,
                &["john@example.com", "\"a b\"@example.com"],
                &["", "john", "@example.com", "John <john@example.com>", "a@b c"],
            ),
            (
                "cpe",
                cpe,
                &["cpe:2.3:a:microsoft:word:2000:*:*:*:*:*:*:*", r"cpe:2.3:a:x:y\:z:1:*:*:*:*:*:*:*"],
                &["cpe:/a:microsoft:word", "cpe:2.3:a:microsoft:word", "cpe:2.3:x:a:b:c:*:*:*:*:*:*:*"],
            ),
            (
                "registry",
                registry_key,
                &[r"HKEY_LOCAL_MACHINE\System", "hkey_current_user"],
                &[r"HKLM\System", r"hkcu\a"],
            ),
            ("country", country, &["th", "US"], &["", "usa", "1a"]),
            ("lower", lower_hyphenated, &["pre-attack"], &["Pre-Attack", "pre attack", "pre_attack"]),
            (
                "relationship",
                relationship_name,
                &["uses", "av-analysis-of"],
                &["", "Uses", "related to", "zu-größer"],
            ),
        ];
        for (name, rule, good, bad) in cases {
            for text in *good {
                assert!(rule(text).is_none(), "{name} takes {text:?}");
            }
            for text in *bad {
                assert!(rule(text).is_some(), "{name} objects to {text:?}");
            }
        }
    }

    #[test]
    fn encodings() {
        assert!(is_hex("00ff") && is_hex("") && !is_hex("0") && !is_hex("FF") && !is_hex("zz"));
        assert!(is_base64("") && is_base64("AAAA") && is_base64("AAA=") && is_base64("AA=="));
        assert!(!is_base64("A") && !is_base64("A===") && !is_base64("AA=A") && !is_base64("AA A"));
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        assert!(is_hash_of("MD5", md5) && !is_hash_of("SHA-1", md5) && is_hash_of("x_own", "anything"));
        assert!(
            is_hash_of("SSDEEP", "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C") && !is_hash_of("SSDEEP", md5)
        );
        assert!(is_hash_of("TLSH", &format!("T1{}", "A".repeat(70))) && !is_hash_of("TLSH", "T1"));
    }
}
