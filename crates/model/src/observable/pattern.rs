//! Observables as comparisons of STIX patterns.

use super::{Kind, Observable};
use crate::matching::Mode;

/// The comparison that matches an observable, or the comparisons that do so together; `None` for what is no trace of
/// anything. Kinds that STIX has no property for stand where other software has them, else in properties of ours that begin
/// with `x_`.
#[must_use]
pub fn comparison(observable: &Observable) -> Option<String> {
    let text = observable.text();
    let path = match observable.kind() {
        Kind::Ipv4 | Kind::Cidr4 => "ipv4-addr:value",
        Kind::Ipv6 | Kind::Cidr6 => "ipv6-addr:value",
        Kind::IpPort => {
            let (_, port) = text.rsplit_once(':')?;
            let address = observable.host()?;
            let at = literal(address.text());
            return Some(format!(
                "network-traffic:dst_ref.value = {at} AND network-traffic:dst_port = {port}"
            ));
        }
        Kind::Domain => "domain-name:value",
        Kind::Url => "url:value",
        Kind::Email => "email-addr:value",
        Kind::Md5 => "file:hashes.MD5",
        Kind::Sha1 => "file:hashes.'SHA-1'",
        Kind::Sha224 => "file:hashes.'SHA-224'",
        Kind::Sha256 => "file:hashes.'SHA-256'",
        Kind::Sha384 => "file:hashes.'SHA-384'",
        Kind::Sha512 => "file:hashes.'SHA-512'",
        Kind::Sha3_224 => "file:hashes.'SHA3-224'",
        Kind::Sha3_256 => "file:hashes.'SHA3-256'",
        Kind::Sha3_384 => "file:hashes.'SHA3-384'",
        Kind::Sha3_512 => "file:hashes.'SHA3-512'",
        Kind::Ssdeep => "file:hashes.SSDEEP",
        Kind::Tlsh => "file:hashes.TLSH",
        Kind::Imphash => "file:extensions.'windows-pebinary-ext'.imphash",
        Kind::Mac => "mac-addr:value",
        Kind::Mutex => "mutex:name",
        Kind::FileName => "file:name",
        Kind::FilePath => return Some(file(text)),
        Kind::CommandLine => "process:command_line",
        Kind::RegistryKey => "windows-registry-key:key",
        Kind::CertSha1 => "x509-certificate:hashes.'SHA-1'",
        Kind::CertSha256 => "x509-certificate:hashes.'SHA-256'",
        Kind::Spki => "x509-certificate:x_spki_sha256",
        Kind::Ja3 => "network-traffic:x_ja3",
        Kind::Ja3s => "network-traffic:x_ja3s",
        Kind::Ja4 => "network-traffic:x_ja4",
        Kind::Ja4s => "network-traffic:x_ja4s",
        Kind::Ja4h => "network-traffic:x_ja4h",
        Kind::Ja4x => "x509-certificate:x_ja4x",
        Kind::Ja4ssh => "network-traffic:x_ja4ssh",
        Kind::Hassh => "network-traffic:x_hassh",
        Kind::HasshServer => "network-traffic:x_hassh_server",
        Kind::Cpe => "software:cpe",
        Kind::Purl => "software:x_purl",
        Kind::Bitcoin
        | Kind::Ethereum
        | Kind::Monero
        | Kind::Tron
        | Kind::Litecoin
        | Kind::Dogecoin
        | Kind::Ripple
        | Kind::Solana => "cryptocurrency-wallet:value",
        Kind::Phone => "phone-number:value",
        Kind::Iban => "bank-account:iban",
        Kind::CardRange => "payment-card:x_range",
        Kind::Credential => "user-account:x_credential_hash",
        Kind::Asn => {
            let number = observable.text().trim_start_matches(|character: char| !character.is_ascii_digit());
            return Some(format!("autonomous-system:number = {number}"));
        }
        Kind::UserAgent => "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
        Kind::Cve | Kind::SuricataRule | Kind::SigmaRule | Kind::YaraRule => return None,
    };
    Some(format!("{path} = {}", literal(observable.text())))
}

// A file in its folder; the root alone is a folder.
fn file(path: &str) -> String {
    let separator = if path.contains('\\') { '\\' } else { '/' };
    match path.rsplit_once(separator).filter(|(_, name)| !name.is_empty()) {
        Some((folder, name)) => {
            // The root is written with its separator.
            let root = if folder.is_empty() || folder == "~" || folder.ends_with(':') {
                path.get(..=folder.len()).unwrap_or(folder)
            } else {
                folder
            };
            format!("file:parent_directory_ref.path = {} AND file:name = {}", literal(root), literal(name))
        }
        None => format!("directory:path = {}", literal(path)),
    }
}

/// The comparisons that match all that an observable stands for in this mode; `None` for what is no trace of anything, and for a mode that a
/// pattern cannot say.
#[must_use]
pub fn comparison_of(observable: &Observable, mode: Mode) -> Option<String> {
    let text = observable.text();
    let like = |path: &str, of: String| format!("{path} LIKE {}", literal(&of));
    // What stands for any text in such a comparison cannot stand for itself.
    let is_plain = !text.contains(['%', '_']);
    match (mode, observable.kind()) {
        (Mode::Network, Kind::Cidr4) => Some(format!("ipv4-addr:value ISSUBSET {}", literal(text))),
        (Mode::Network, Kind::Cidr6) => Some(format!("ipv6-addr:value ISSUBSET {}", literal(text))),
        (Mode::Wildcard, _) if is_plain => Some(like("domain-name:value", format!("%.{text}"))),
        (Mode::Subdomains, _) => {
            let below = is_plain.then(|| like("domain-name:value", format!("%.{text}")))?;
            Some(format!("domain-name:value = {} OR {below}", literal(text)))
        }
        (Mode::MailDomain, Kind::Domain) if is_plain => Some(like("email-addr:value", format!("%@{text}"))),
        (Mode::PathPrefix, Kind::Url) if is_plain => Some(like("url:value", format!("{text}%"))),
        (Mode::Exact | Mode::AnyQuery | Mode::HostPath, _) => comparison(observable),
        _ => None,
    }
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
    use crate::matching::read;

    #[test]
    fn what_is_meant_stands_in_the_comparison() {
        for (said, meant) in [
            ("203.0.113.7", "ipv4-addr:value = '203.0.113.7'"),
            ("203.0.113.0/24", "ipv4-addr:value ISSUBSET '203.0.113.0/24'"),
            ("*.evil.example", "domain-name:value LIKE '%.evil.example'"),
            (
                ".evil.example",
                "domain-name:value = 'evil.example' OR domain-name:value LIKE '%.evil.example'",
            ),
            ("@evil.example", "email-addr:value LIKE '%@evil.example'"),
            ("hxxp://evil.example/it's", "url:value = 'http://evil.example/it\\'s'"),
        ] {
            let (value, mode) = read(None, said).unwrap();
            assert_eq!(comparison_of(&value, mode).as_deref(), Some(meant), "{said}");
        }
        let (value, mode) = read(None, "*.a_b.example").unwrap();
        assert_eq!(comparison_of(&value, mode), None);
    }
}
