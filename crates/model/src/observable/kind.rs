//! The kinds of observables, and what they are called.

use std::fmt;

/// What an observable is. The numbers are stored: none is ever used again for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// An IPv4 address.
    Ipv4 = 0x01,
    /// An IPv6 address that stands for no IPv4 address.
    Ipv6 = 0x02,
    /// An IPv4 network of more than one address.
    Cidr4 = 0x03,
    /// An IPv6 network of more than one address.
    Cidr6 = 0x04,
    /// An address of either family with a port.
    IpPort = 0x05,
    /// A domain name.
    Domain = 0x10,
    /// A URL with a host.
    Url = 0x11,
    /// An email address.
    Email = 0x12,
    /// An MD5 digest.
    Md5 = 0x20,
    /// A SHA-1 digest.
    Sha1 = 0x21,
    /// A SHA-224 digest.
    Sha224 = 0x22,
    /// A SHA-256 digest.
    Sha256 = 0x23,
    /// A SHA-384 digest.
    Sha384 = 0x24,
    /// A SHA-512 digest.
    Sha512 = 0x25,
    /// A SHA3-256 digest.
    Sha3_256 = 0x26,
    /// A SHA3-512 digest.
    Sha3_512 = 0x27,
    /// An ssdeep hash, compared as text only.
    Ssdeep = 0x28,
    /// A TLSH hash, compared as text only.
    Tlsh = 0x29,
    /// A SHA3-224 digest.
    Sha3_224 = 0x2a,
    /// A SHA3-384 digest.
    Sha3_384 = 0x2b,
    /// The MD5 of the imports of a Windows program.
    Imphash = 0x2c,
    /// A number of an autonomous system.
    Asn = 0x30,
    /// A MAC address.
    Mac = 0x31,
    /// A name of a mutex; its case counts.
    Mutex = 0x40,
    /// The name of a file without its folders, in lower case.
    FileName = 0x41,
    /// A key of the Windows registry, in lower case, the hive in full.
    RegistryKey = 0x42,
    /// A user agent; its case counts.
    UserAgent = 0x43,
    /// A file or folder with all folders above it; in lower case where it is of Windows.
    FilePath = 0x44,
    /// The command line of a process, found in any case.
    CommandLine = 0x45,
    /// A CVE identifier.
    Cve = 0x50,
    /// An address of a Bitcoin wallet.
    Bitcoin = 0x51,
    /// A name of a product (CPE 2.3, as formatted string).
    Cpe = 0x52,
    /// A package URL.
    Purl = 0x53,
    /// An address of Ethereum and of the chains that took over its form, in lower case.
    Ethereum = 0x54,
    /// An address of a Monero wallet.
    Monero = 0x55,
    /// An address of a Tron wallet.
    Tron = 0x56,
    /// An address of a Litecoin wallet that is none of Bitcoin's.
    Litecoin = 0x57,
    /// An address of a Dogecoin wallet.
    Dogecoin = 0x58,
    /// An address of the XRP Ledger.
    Ripple = 0x59,
    /// An address of Solana, which has no checksum.
    Solana = 0x5a,
    /// A JA3 fingerprint: the MD5 of a TLS client's greeting.
    Ja3 = 0x60,
    /// A JA3S fingerprint: the same of a server.
    Ja3s = 0x61,
    /// A JA4 fingerprint of a TLS client.
    Ja4 = 0x62,
    /// A JA4S fingerprint of a TLS server.
    Ja4s = 0x63,
    /// A JA4H fingerprint of an HTTP client.
    Ja4h = 0x64,
    /// A JA4X fingerprint of a certificate.
    Ja4x = 0x65,
    /// A JA4SSH fingerprint of a session of SSH.
    Ja4ssh = 0x66,
    /// A HASSH fingerprint of an SSH client.
    Hassh = 0x67,
    /// A HASSH fingerprint of an SSH server.
    HasshServer = 0x68,
    /// The SHA-1 of a certificate in DER.
    CertSha1 = 0x69,
    /// The SHA-256 of a certificate in DER.
    CertSha256 = 0x6a,
    /// The SHA-256 of a certificate's public key (`SubjectPublicKeyInfo` in DER), as pins have it.
    Spki = 0x6b,
    /// A phone number with its country code (E.164).
    Phone = 0x70,
    /// An account number (IBAN).
    Iban = 0x71,
    /// First digits of payment cards, or a range of such; never a whole number.
    CardRange = 0x72,
    /// A leaked credential as a salted, slow hash; never the credential.
    Credential = 0x73,
    /// Rules of Suricata that members share, by the SHA-256 of their text.
    SuricataRule = 0x80,
    /// Rules of Sigma, likewise.
    SigmaRule = 0x81,
    /// Rules of YARA, likewise.
    YaraRule = 0x82,
}

/// The kinds and what they are called, in the order of their bytes.
const NAMES: [(Kind, &str); 59] = [
    (Kind::Ipv4, "ipv4"),
    (Kind::Ipv6, "ipv6"),
    (Kind::Cidr4, "cidr4"),
    (Kind::Cidr6, "cidr6"),
    (Kind::IpPort, "ip-port"),
    (Kind::Domain, "domain"),
    (Kind::Url, "url"),
    (Kind::Email, "email"),
    (Kind::Md5, "md5"),
    (Kind::Sha1, "sha1"),
    (Kind::Sha224, "sha224"),
    (Kind::Sha256, "sha256"),
    (Kind::Sha384, "sha384"),
    (Kind::Sha512, "sha512"),
    (Kind::Sha3_256, "sha3-256"),
    (Kind::Sha3_512, "sha3-512"),
    (Kind::Ssdeep, "ssdeep"),
    (Kind::Tlsh, "tlsh"),
    (Kind::Sha3_224, "sha3-224"),
    (Kind::Sha3_384, "sha3-384"),
    (Kind::Imphash, "imphash"),
    (Kind::Asn, "asn"),
    (Kind::Mac, "mac"),
    (Kind::Mutex, "mutex"),
    (Kind::FileName, "file-name"),
    (Kind::RegistryKey, "registry-key"),
    (Kind::UserAgent, "user-agent"),
    (Kind::FilePath, "file-path"),
    (Kind::CommandLine, "command-line"),
    (Kind::Cve, "cve"),
    (Kind::Bitcoin, "btc"),
    (Kind::Cpe, "cpe"),
    (Kind::Purl, "purl"),
    (Kind::Ethereum, "eth"),
    (Kind::Monero, "xmr"),
    (Kind::Tron, "trx"),
    (Kind::Litecoin, "ltc"),
    (Kind::Dogecoin, "doge"),
    (Kind::Ripple, "xrp"),
    (Kind::Solana, "sol"),
    (Kind::Ja3, "ja3"),
    (Kind::Ja3s, "ja3s"),
    (Kind::Ja4, "ja4"),
    (Kind::Ja4s, "ja4s"),
    (Kind::Ja4h, "ja4h"),
    (Kind::Ja4x, "ja4x"),
    (Kind::Ja4ssh, "ja4ssh"),
    (Kind::Hassh, "hassh"),
    (Kind::HasshServer, "hassh-server"),
    (Kind::CertSha1, "cert-sha1"),
    (Kind::CertSha256, "cert-sha256"),
    (Kind::Spki, "spki-sha256"),
    (Kind::Phone, "phone"),
    (Kind::Iban, "iban"),
    (Kind::CardRange, "card-range"),
    (Kind::Credential, "credential"),
    (Kind::SuricataRule, "suricata-rule"),
    (Kind::SigmaRule, "sigma-rule"),
    (Kind::YaraRule, "yara-rule"),
];

/// How many of them are rules, the last ones.
const RULES: usize = 3;

impl Kind {
    /// All kinds, in the order of their bytes.
    #[expect(clippy::indexing_slicing, reason = "in a constant, where the compiler would see it")]
    pub const ALL: &[Kind] = &{
        let mut all = [Kind::Ipv4; NAMES.len()];
        let mut nth = 0;
        while nth < NAMES.len() {
            all[nth] = NAMES[nth].0;
            nth += 1;
        }
        all
    };

    /// All kinds but those of rules: what is seen on hosts and networks, and asked for.
    pub const VALUES: &[Kind] = match Kind::ALL.split_at_checked(Kind::ALL.len() - RULES) {
        Some((values, _)) => values,
        None => &[],
    };

    /// Whether it is one of rules, which stand for their whole text and are no value of anything that is seen.
    #[must_use]
    pub fn is_rule(self) -> bool {
        matches!(self, Kind::SuricataRule | Kind::SigmaRule | Kind::YaraRule)
    }

    /// How many bytes a digest of this kind has; `None` for what is no digest.
    #[must_use]
    pub fn digest_bytes(self) -> Option<usize> {
        super::digest::LENGTHS.iter().find(|(kind, _)| *kind == self).map(|(_, length)| *length)
    }

    /// All kinds, in the order of their bytes.
    pub fn all() -> impl Iterator<Item = Kind> {
        Kind::ALL.iter().copied()
    }

    /// The first byte of its keys.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The kind of a key, from its first byte.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Kind> {
        Kind::all().find(|kind| kind.byte() == byte)
    }

    /// What it is called in settings, columns and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Kind> {
        NAMES.iter().find(|(_, of_kind)| *of_kind == name).map(|(kind, _)| *kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
