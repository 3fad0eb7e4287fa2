//! Observables in one normal form, so that what one member reports and what another one asks for meet.
//!
//! [`normalise`] takes a value of a known kind, [`guess`] a pasted one. Both give an [`Observable`]: its kind, its text
//! and its key. [`Observable::lookup_keys`] says which keys of an index answer a question about it.
//!
//! # The key
//! Keys are stored, so their form stays: one byte for the kind ([`Kind::byte`]), then
//!
//! | kind | bytes |
//! |---|---|
//! | address | 4 or 16 bytes, most significant first |
//! | network | the same with the host bits cleared, then the prefix length in one byte |
//! | domain | the labels of the A-label form in reverse, a `.` behind each: `com.example.www.` |
//! | digest | its bytes |
//! | autonomous system | 4 bytes, most significant first |
//! | MAC address | 6 bytes |
//! | email address | its text with the local part in lower case |
//! | all others | the text |
//!
//! Addresses sort by value, and a domain stands right before its subdomains: the keys from `com.example.` up to,
//! but without, `com.example/` are the domain and all below it. When more than 256 bytes would follow the kind, a
//! byte 0xFF and the SHA-256 of those bytes follow instead; only texts get so long, and no UTF-8 holds 0xFF.

mod address;
mod digest;
mod domain;
mod email;
mod guess;
mod probe;
mod read_key;
mod refang;
mod url;
mod wallet;
mod word;

use std::fmt;

pub use domain::is_public_suffix;
pub use guess::guess;
pub use probe::{Keys, PrefixLengths, Probe, Relation};
pub use read_key::text_of_key;
pub use refang::{defang, refang, refang_text};

/// The longest value taken, in bytes.
pub const RAW_BYTES_MAX: usize = 64 << 10;

/// The longest normal form, in bytes: escapes make a text longer, and so does showing it defanged.
const TEXT_BYTES_MAX: usize = RAW_BYTES_MAX / 2;

/// How many bytes of a normal form stand in a key before its digest takes their place.
const KEY_BYTES_MAX: usize = 256;

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
    /// A CVE identifier.
    Cve = 0x50,
    /// An address of a Bitcoin wallet.
    Bitcoin = 0x51,
}

/// The kinds and what they are called.
const NAMES: [(Kind, &str); 25] = [
    (Kind::Ipv4, "ipv4"),
    (Kind::Ipv6, "ipv6"),
    (Kind::Cidr4, "cidr4"),
    (Kind::Cidr6, "cidr6"),
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
    (Kind::Asn, "asn"),
    (Kind::Mac, "mac"),
    (Kind::Mutex, "mutex"),
    (Kind::FileName, "file-name"),
    (Kind::RegistryKey, "registry-key"),
    (Kind::UserAgent, "user-agent"),
    (Kind::Cve, "cve"),
    (Kind::Bitcoin, "btc"),
];

impl Kind {
    /// All kinds, in the order of their bytes.
    pub fn all() -> impl Iterator<Item = Kind> {
        NAMES.into_iter().map(|(kind, _)| kind)
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

/// A value in normal form. Equal values have equal keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Observable {
    kind: Kind,
    text: String,
    key: Vec<u8>,
}

impl Observable {
    fn new(kind: Kind, text: String, form: &[u8]) -> Observable {
        let mut key = vec![kind.byte()];
        if form.len() > KEY_BYTES_MAX {
            use sha2::Digest as _;
            key.push(0xFF);
            key.extend_from_slice(&sha2::Sha256::digest(form));
        } else {
            key.extend_from_slice(form);
        }
        Observable { kind, text, key }
    }

    /// A kind whose key is its text.
    fn of_text(kind: Kind, text: String) -> Observable {
        let form = text.clone();
        Observable::new(kind, text, form.as_bytes())
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The normal form to read: never defanged. Normalising it again gives an equal observable.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its key in an index; see the module's documentation.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Its text so that nobody follows it by accident. Normalising that gives an equal observable.
    #[must_use]
    pub fn defanged(&self) -> String {
        match self.kind {
            Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr4 | Kind::Cidr6 | Kind::Domain | Kind::Url | Kind::Email => {
                defang(&self.text)
            }
            _ => self.text.clone(),
        }
    }
}

/// Why a value has no normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfit {
    /// There is nothing in it.
    Empty,
    /// It is longer than [`RAW_BYTES_MAX`], or its normal form than half of that.
    TooLong,
    /// It is not of the kind asked for; says why.
    Not(Kind, &'static str),
    /// It looks like nothing known.
    Unknown,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Empty => f.write_str("an empty value"),
            Unfit::TooLong => f.write_str("a value that is too long"),
            Unfit::Not(kind, reason) => write!(f, "not of kind {kind}: {reason}"),
            Unfit::Unknown => f.write_str("a value of no known kind"),
        }
    }
}

impl std::error::Error for Unfit {}

/// Brings a value of a known kind into normal form. Defanged addresses, domains, URLs and email addresses are
/// understood. An address may turn out a network and the other way round, and an IPv6 address one of IPv4.
///
/// # Errors
/// Says why the value is not of this kind.
pub fn normalise(kind: Kind, raw: &str) -> Result<Observable, Unfit> {
    if raw.len() > RAW_BYTES_MAX {
        return Err(Unfit::TooLong);
    }
    if raw.trim().is_empty() {
        return Err(Unfit::Empty);
    }
    let found = match kind {
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr4 | Kind::Cidr6 => address::normalise(kind, raw),
        Kind::Domain => domain::normalise(raw),
        Kind::Url => url::normalise(raw),
        Kind::Email => email::normalise(raw),
        Kind::Md5
        | Kind::Sha1
        | Kind::Sha224
        | Kind::Sha256
        | Kind::Sha384
        | Kind::Sha512
        | Kind::Sha3_256
        | Kind::Sha3_512 => digest::normalise(kind, raw),
        Kind::Ssdeep => digest::ssdeep(raw),
        Kind::Tlsh => digest::tlsh(raw),
        Kind::Asn => word::asn(raw),
        Kind::Mac => word::mac(raw),
        Kind::Mutex => Ok(Observable::of_text(kind, raw.to_owned())),
        Kind::FileName => word::file_name(raw),
        Kind::RegistryKey => word::registry_key(raw),
        Kind::UserAgent => Ok(Observable::of_text(kind, raw.trim().to_owned())),
        Kind::Cve => word::cve(raw),
        Kind::Bitcoin => wallet::bitcoin(raw),
    }?;
    bounded(found)
}

fn bounded(found: Observable) -> Result<Observable, Unfit> {
    if found.text.len() > TEXT_BYTES_MAX { Err(Unfit::TooLong) } else { Ok(found) }
}
