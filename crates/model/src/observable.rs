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
//! | address with port | the same 4 or 16 bytes, then the port in 2 |
//! | domain | the labels of the A-label form in reverse, a `.` behind each: `com.example.www.` |
//! | digest, and what is one (rules by that of their text, JA3, HASSH, imphash, certificate, pin) | its bytes |
//! | autonomous system | 4 bytes, most significant first |
//! | MAC address | 6 bytes |
//! | email address | its text with the local part in lower case |
//! | command line | its text in lower case, the quotes around a program without blanks fallen away |
//! | all others | the text |
//!
//! Addresses sort by value, and a domain stands right before its subdomains: the keys from `com.example.` up to,
//! but without, `com.example/` are the domain and all below it. When more than 1,024 bytes would follow the kind, a
//! byte 0xFF and the SHA-256 of those bytes follow instead; only texts get so long, and no UTF-8 holds 0xFF.

pub(crate) mod account;
pub(crate) mod address;
mod credential;
mod digest;
pub(crate) mod domain;
mod email;
mod fingerprint;
mod guess;
mod kind;
pub(crate) mod path;
mod pattern;
pub(crate) mod probe;
mod product;
mod read_key;
mod refang;
mod url;
mod wallet;
mod word;

use std::fmt;

pub use account::{IBAN_LENGTHS, has_iban_check};
pub use domain::is_public_suffix;
pub use guess::{asked, guess};
pub use kind::Kind;
pub use pattern::{comparison, comparison_of};
pub use probe::{Keys, PrefixLengths, Probe, Relation};
pub use read_key::{text_of_key, url_of_form, value_of_key};
pub use refang::{defang, refang, refang_text};

/// The longest value taken, in bytes.
pub const RAW_BYTES_MAX: usize = 64 << 10;

/// The longest normal form, in bytes: escapes make a text longer, and so does showing it defanged.
const TEXT_BYTES_MAX: usize = RAW_BYTES_MAX / 2;

/// How many bytes of a normal form stand in a key before its digest takes their place: of what is longer a key does not tell the text, so
/// that no sensor is told of it.
pub const KEY_BYTES_MAX: usize = 1024;

/// A value in normal form. Equal values have equal keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Observable {
    kind: Kind,
    text: String,
    key: Vec<u8>,
}

/// A key: the kind, and the form or what stands for a long one.
pub(crate) fn key_of(kind: Kind, form: &[u8]) -> Vec<u8> {
    let mut key = vec![kind.byte()];
    if form.len() > KEY_BYTES_MAX {
        use sha2::Digest as _;
        key.push(0xFF);
        key.extend_from_slice(&sha2::Sha256::digest(form));
    } else {
        key.extend_from_slice(form);
    }
    key
}

impl Observable {
    fn new(kind: Kind, text: String, form: &[u8]) -> Observable {
        Observable { kind, text, key: key_of(kind, form) }
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

    /// The keys that what mentions it stands under in an index: its own, and for a range of cards the first digits that make it up, so that
    /// it is found by a card within.
    #[must_use]
    pub fn mentioned_under(&self) -> Vec<Vec<u8>> {
        let mut keys = vec![self.key.clone()];
        if self.kind == Kind::CardRange && self.text.contains('-') {
            let prefixes = account::card_prefixes(&self.text);
            keys.extend(prefixes.iter().map(|prefix| key_of(self.kind, prefix.as_bytes())));
        }
        keys
    }

    /// The host of a URL, the address before a port, the domain of an email address; `None` for all else.
    #[must_use]
    pub fn host(&self) -> Option<Observable> {
        match self.kind {
            Kind::Url => url::host(&self.text),
            Kind::IpPort => self.text.rsplit_once(':').and_then(|(address, _)| address::parse(address)),
            Kind::Email => normalise(Kind::Domain, self.text.rsplit_once('@')?.1).ok(),
            _ => None,
        }
    }

    /// Its text so that nobody follows it by accident. Normalising that gives an equal observable.
    #[must_use]
    pub fn defanged(&self) -> String {
        match self.kind {
            Kind::Ipv4
            | Kind::Ipv6
            | Kind::Cidr4
            | Kind::Cidr6
            | Kind::IpPort
            | Kind::Domain
            | Kind::Url
            | Kind::Email => defang(&self.text),
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

/// Rules as what they are known by: the digest of their text.
#[must_use]
pub fn of_rules(kind: Kind, text: &str) -> Observable {
    use sha2::Digest as _;
    digest::of(kind, &sha2::Sha256::digest(text))
}

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
        Kind::IpPort => address::ip_port(raw),
        Kind::Domain => domain::normalise(raw),
        Kind::Url => url::normalise(raw),
        Kind::Email => email::normalise(raw),
        Kind::Ssdeep => digest::ssdeep(raw),
        Kind::Tlsh => digest::tlsh(raw),
        Kind::Asn => word::asn(raw),
        Kind::Mac => word::mac(raw),
        Kind::Mutex => Ok(Observable::of_text(kind, raw.to_owned())),
        Kind::FileName => word::file_name(raw),
        Kind::RegistryKey => word::registry_key(raw),
        Kind::UserAgent => Ok(Observable::of_text(kind, raw.trim().to_owned())),
        Kind::FilePath => path::file_path(raw),
        Kind::CommandLine => path::command_line(raw),
        Kind::Cve => word::cve(raw),
        Kind::Cpe => product::cpe(raw),
        Kind::Purl => product::purl(raw),
        Kind::Phone => account::phone(raw),
        Kind::Iban => account::iban(raw),
        Kind::CardRange => account::card_range(raw),
        Kind::Credential => credential::normalise(raw),
        Kind::Ja4 | Kind::Ja4s | Kind::Ja4h | Kind::Ja4x | Kind::Ja4ssh => fingerprint::normalise(kind, raw),
        Kind::Bitcoin
        | Kind::Ethereum
        | Kind::Monero
        | Kind::Tron
        | Kind::Litecoin
        | Kind::Dogecoin
        | Kind::Ripple
        | Kind::Solana => wallet::normalise(kind, raw),
        Kind::Md5
        | Kind::Sha1
        | Kind::Sha224
        | Kind::Sha256
        | Kind::Sha384
        | Kind::Sha512
        | Kind::Sha3_224
        | Kind::Sha3_256
        | Kind::Sha3_384
        | Kind::Sha3_512
        | Kind::Imphash
        | Kind::Ja3
        | Kind::Ja3s
        | Kind::Hassh
        | Kind::HasshServer
        | Kind::CertSha1
        | Kind::CertSha256
        | Kind::Spki => digest::normalise(kind, raw),
        Kind::SuricataRule | Kind::SigmaRule | Kind::YaraRule => digest::of_rules(kind, raw),
    }?;
    bounded(found)
}

fn bounded(found: Observable) -> Result<Observable, Unfit> {
    if found.text.len() > TEXT_BYTES_MAX { Err(Unfit::TooLong) } else { Ok(found) }
}
