//! Observables as STIX patterns.

use model::observable::{Kind, Observable};

/// The comparison that matches an observable, or the comparisons that do so together; `None` for what is no trace of
/// anything. Kinds that STIX has no property for stand where other software has them, else in properties of ours that begin
/// with `x_`; what is made here is read again by [`observables`](crate::core::observables).
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

    /// What is made of a value says that value when it is read again.
    #[test]
    fn what_a_pattern_was_made_of_is_found_in_it() {
        for (kind, value) in [
            (Kind::Ipv4, "198.51.100.3"),
            (Kind::IpPort, "198.51.100.3:443"),
            (Kind::IpPort, "[2001:db8::1]:443"),
            (Kind::Sha3_384, &"ab".repeat(48)),
            (Kind::Imphash, &"ab".repeat(16)),
            (Kind::FilePath, r"C:\Temp\X.exe"),
            (Kind::FilePath, "C:\\"),
            (Kind::FilePath, r"\\Host\Share\x"),
            (Kind::FilePath, r"%TEMP%\x.exe"),
            (Kind::FilePath, "/tmp/X.sh"),
            (Kind::FilePath, "/x"),
            (Kind::FilePath, "~/x"),
            (Kind::CommandLine, "powershell -enc ABC"),
            (Kind::CertSha1, &"ab".repeat(20)),
            (Kind::CertSha256, &"ab".repeat(32)),
            (Kind::Spki, &"ab".repeat(32)),
            (Kind::Ja3, &"ab".repeat(16)),
            (Kind::Ja3s, &"ab".repeat(16)),
            (Kind::Ja4, "t13d1516h2_8daaf6152771_b186095e22b6"),
            (Kind::Ja4s, "t120400_c030_4e8089b08790"),
            (Kind::Ja4h, "ge11cn20enus_60a2e9c5e0b5_52d195ce1d92_d2d1e3d0b5a1"),
            (Kind::Ja4x, "a373a9f83c6b_2bab15409345_7bf9a7bf7029"),
            (Kind::Ja4ssh, "c36s36_c51s80_c69s0"),
            (Kind::Hassh, &"ab".repeat(16)),
            (Kind::HasshServer, &"ab".repeat(16)),
            (Kind::Cpe, "cpe:2.3:a:v:p'x:1:*:*:*:*:*:*:*"),
            (Kind::Purl, "pkg:npm/%40a/b@1"),
            (Kind::Bitcoin, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
            (Kind::Ethereum, "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359"),
            (Kind::Tron, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
            (Kind::Ripple, "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"),
            (Kind::Solana, "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
            (Kind::Phone, "+49301234567"),
            (Kind::Iban, "DE89370400440532013000"),
            (Kind::CardRange, "411111-411115"),
            (
                Kind::Credential,
                "$pbkdf2-sha256$i=600000$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            ),
        ] {
            let value = normalise(kind, value).unwrap();
            let pattern = any_of(&[comparison(&value).unwrap()]).unwrap();
            let escaped = pattern.replace('\\', "\\\\");
            let json = format!(
                r#"{{"type":"indicator","spec_version":"2.1","pattern_type":"stix","pattern":"{escaped}"}}"#
            );
            let node = strictjson::parse(json.as_bytes(), &strictjson::Limits::default()).unwrap();
            let found = crate::core::observables::observables(&node);
            assert!(found.observables.iter().any(|it| it.observable == value), "{pattern} {found:?}");
        }
    }

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
        for (kind, value, pattern) in [
            (
                Kind::IpPort,
                "[2001:db8::1]:443",
                "network-traffic:dst_ref.value = '2001:db8::1' AND network-traffic:dst_port = 443",
            ),
            (
                Kind::FilePath,
                r"C:\Temp\X.exe",
                r"file:parent_directory_ref.path = 'c:\\temp' AND file:name = 'x.exe'",
            ),
            (Kind::FilePath, r"C:\x", r"file:parent_directory_ref.path = 'c:\\' AND file:name = 'x'"),
            (Kind::FilePath, "/x", "file:parent_directory_ref.path = '/' AND file:name = 'x'"),
            (Kind::FilePath, "C:", r"directory:path = 'c:\\'"),
        ] {
            assert_eq!(comparison(&normalise(kind, value).unwrap()).unwrap(), pattern);
        }
        assert_eq!(comparison(&normalise(Kind::Cve, "CVE-2026-1234").unwrap()), None);
    }
}
