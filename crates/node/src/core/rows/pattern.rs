//! Observables as STIX patterns.

pub use model::observable::comparison;

/// The pattern that matches any of these comparisons; `None` for none.
#[must_use]
pub fn any_of(comparisons: &[String]) -> Option<String> {
    let observations: Vec<String> = comparisons.iter().map(|comparison| format!("[{comparison}]")).collect();
    (!observations.is_empty()).then(|| observations.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::observable::{Kind, normalise};

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
