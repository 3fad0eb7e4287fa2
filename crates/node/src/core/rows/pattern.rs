//! Observables as STIX patterns.

use model::observable::{Kind, Observable};

/// The comparison that matches an observable; `None` for kinds that no object of STIX holds.
#[must_use]
pub fn comparison(observable: &Observable) -> Option<String> {
    let path = match observable.kind() {
        Kind::Ipv4 | Kind::Cidr4 => "ipv4-addr:value",
        Kind::Ipv6 | Kind::Cidr6 => "ipv6-addr:value",
        Kind::Domain => "domain-name:value",
        Kind::Url => "url:value",
        Kind::Email => "email-addr:value",
        Kind::Md5 => "file:hashes.MD5",
        Kind::Sha1 => "file:hashes.'SHA-1'",
        Kind::Sha224 => "file:hashes.'SHA-224'",
        Kind::Sha256 => "file:hashes.'SHA-256'",
        Kind::Sha384 => "file:hashes.'SHA-384'",
        Kind::Sha512 => "file:hashes.'SHA-512'",
        Kind::Sha3_256 => "file:hashes.'SHA3-256'",
        Kind::Sha3_512 => "file:hashes.'SHA3-512'",
        Kind::Ssdeep => "file:hashes.SSDEEP",
        Kind::Tlsh => "file:hashes.TLSH",
        Kind::Mac => "mac-addr:value",
        Kind::Mutex => "mutex:name",
        Kind::FileName => "file:name",
        Kind::RegistryKey => "windows-registry-key:key",
        Kind::Asn => {
            let number = observable.text().trim_start_matches(|character: char| !character.is_ascii_digit());
            return Some(format!("autonomous-system:number = {number}"));
        }
        Kind::UserAgent => "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
        Kind::Cve | Kind::Bitcoin => return None,
    };
    Some(format!("{path} = {}", literal(observable.text())))
}

/// The pattern that matches any of these comparisons; `None` for none.
#[must_use]
pub fn any_of(comparisons: &[String]) -> Option<String> {
    let observations: Vec<String> = comparisons.iter().map(|comparison| format!("[{comparison}]")).collect();
    (!observations.is_empty()).then(|| observations.join(" OR "))
}

// STIX patterning, string literals: `\` and `'` are escaped.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for character in text.chars() {
        if matches!(character, '\\' | '\'') {
            literal.push('\\');
        }
        literal.push(character);
    }
    literal.push('\'');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::observable::normalise;

    #[test]
    fn patterns_are_what_they_say_and_can_be_read() {
        for (kind, value, pattern) in [
            (Kind::Ipv4, "198.51.100.3", "ipv4-addr:value = '198.51.100.3'"),
            (Kind::Cidr4, "198.51.100.0/24", "ipv4-addr:value = '198.51.100.0/24'"),
            (Kind::Ipv6, "2001:db8::1", "ipv6-addr:value = '2001:db8::1'"),
            (Kind::Domain, "Example.COM", "domain-name:value = 'example.com'"),
            (
                Kind::Md5,
                "D41D8CD98F00B204E9800998ECF8427E",
                "file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e'",
            ),
            (Kind::Asn, "AS64500", "autonomous-system:number = 64500"),
            (Kind::Mutex, "it's \\x", "mutex:name = 'it\\'s \\\\x'"),
            (
                Kind::RegistryKey,
                "HKLM\\Software\\X",
                "windows-registry-key:key = 'hkey_local_machine\\\\software\\\\x'",
            ),
        ] {
            let made = comparison(&normalise(kind, value).unwrap()).unwrap();
            assert_eq!(made, pattern);
            let whole = any_of(&[made.clone(), made]).unwrap();
            let limits = stix::pattern::Limits::default();
            stix::pattern::parse(&whole, stix::pattern::Dialect::Stix21, &limits).unwrap();
        }
        assert_eq!(comparison(&normalise(Kind::Cve, "CVE-2026-1234").unwrap()), None);
    }
}
