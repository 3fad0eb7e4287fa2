//! Which observables an object mentions, and where: what the lookup index is made from.
//!
//! Cyber-observable objects by their properties, also those within `observed-data` of STIX 2.0; indicators by the
//! comparisons of their pattern that say what a value is; vulnerabilities by their name; any object by external
//! references to a CVE.

pub(crate) mod of_pattern;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use model::observable::{Kind, Observable, Unfit, normalise};
use stix::pattern::Reading;
use strictjson::{Node, Pointer};

pub use of_pattern::read_pattern;

/// How many observables are taken from one object, and how many of its values may be unfit.
pub const MENTIONS_MAX: usize = 10_000;

/// What an object mentions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Each observable once, in the order of the object's properties.
    pub observables: Vec<Mention>,
    /// Values that stand where an observable of a kind is expected and have no normal form.
    pub unfit: Vec<UnfitValue>,
    /// There were more than [`MENTIONS_MAX`] of either; the others are left out.
    pub cut: bool,
    seen: HashSet<Vec<u8>>,
}

/// An observable and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// What is mentioned.
    pub observable: Observable,
    /// RFC 6901 pointer to the property: to the whole pattern for what an indicator's pattern mentions.
    pub pointer: String,
}

/// A value without normal form and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfitValue {
    /// RFC 6901 pointer to the property.
    pub pointer: String,
    /// What is wrong with it.
    pub reason: Unfit,
}

impl Mentions {
    /// Notes a value that is of one of `kinds`, the first that it fits; the reason of the first is told when none.
    fn add(&mut self, kinds: &[Kind], raw: &str, pointer: &Pointer) {
        let mut reason = None;
        for &kind in kinds {
            match normalise(kind, raw) {
                Ok(observable) => return self.add_observable(observable, pointer),
                Err(unfit) => reason = reason.or(Some(unfit)),
            }
        }
        let Some(reason) = reason else { return };
        if self.unfit.len() >= MENTIONS_MAX {
            self.cut = true;
            return;
        }
        self.unfit.push(UnfitValue { pointer: pointer.as_str().to_owned(), reason });
    }

    fn add_observable(&mut self, observable: Observable, pointer: &Pointer) {
        if self.seen.contains(observable.key()) {
            return;
        }
        if self.observables.len() >= MENTIONS_MAX {
            self.cut = true;
            return;
        }
        self.seen.insert(observable.key().to_vec());
        self.observables.push(Mention { observable, pointer: pointer.as_str().to_owned() });
    }
}

/// Values each of which alone stands for an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alone {
    /// Each once, in the order of the object.
    pub values: Vec<Observable>,
    /// The object says nothing beside them.
    pub whole: bool,
}

/// The values that each stand for an object alone: those by each of which an indicator matches, and of other objects all that
/// they mention. What an address and a port, or a folder and a name, say together is one value; a digest stands for its file,
/// whatever else is said of that.
#[must_use]
pub fn alone(object: &Node<'_>) -> Alone {
    if object.get("type").and_then(Node::as_str) == Some("indicator") {
        return of_pattern::alone::of_indicator(object);
    }
    let mentions = observables(object);
    let is_own = |mention: &Mention| !mention.pointer.starts_with("/external_references");
    let mut values: Vec<Observable> =
        mentions.observables.into_iter().filter(is_own).map(|mention| mention.observable).collect();
    let certificates: Vec<String> = (values.iter())
        .filter(|value| matches!(value.kind(), Kind::CertSha1 | Kind::CertSha256))
        .map(|value| value.text().to_owned())
        .collect();
    // The digest of a certificate is told as that alone.
    let is_twin = |value: &Observable| {
        matches!(value.kind(), Kind::Sha1 | Kind::Sha256)
            && certificates.iter().any(|text| text == value.text())
    };
    values.retain(|value| !is_twin(value));
    Alone { values, whole: !mentions.cut && mentions.unfit.is_empty() }
}

/// What an object mentions. It may be of STIX 2.1 or 2.0, and need not be valid.
#[must_use]
pub fn observables(object: &Node<'_>) -> Mentions {
    observables_with(object, read_pattern(object).as_ref())
}

/// The same, of an object whose pattern was read.
#[must_use]
pub fn observables_with(object: &Node<'_>, pattern: Option<&Reading>) -> Mentions {
    let mut mentions = Mentions::default();
    let root = Pointer::root();
    match object.get("type").and_then(Node::as_str) {
        Some("indicator") => {
            pattern.iter().for_each(|pattern| of_pattern::add(pattern, &root, &mut mentions))
        }
        Some("vulnerability") => {
            // A name is free text, and only some are identifiers.
            if let Some(name) = object.get("name").and_then(Node::as_str)
                && let Ok(cve) = normalise(Kind::Cve, name)
            {
                mentions.add_observable(cve, &root.key("name"));
            }
        }
        Some("observed-data") => {
            let within = object.get("objects").and_then(Node::as_object);
            for member in within.into_iter().flat_map(|objects| objects.iter()) {
                add_cyber_observable(&member.node, &root.key("objects").key(&member.key), &mut mentions);
            }
        }
        Some(_) => add_cyber_observable(object, &root, &mut mentions),
        None => {}
    }
    add_external_references(object, &root, &mut mentions);
    mentions
}

/// Kinds of wallets: by their checksums, and what has none last.
const WALLETS: &[Kind] = &[
    Kind::Bitcoin,
    Kind::Litecoin,
    Kind::Dogecoin,
    Kind::Tron,
    Kind::Ripple,
    Kind::Monero,
    Kind::Ethereum,
    Kind::Solana,
];

/// Properties that hold one observable, by the type of the object (STIX 2.1 §6), and the kinds that it may be of. A pattern
/// names them by the same words. The last are types and properties that STIX does not have: those of OpenCTI and of the
/// extensions in use, and for what nobody has a name for, properties that begin with `x_`.
const PROPERTIES: [(&str, &str, &[Kind]); 29] = [
    ("artifact", "url", &[Kind::Url]),
    ("autonomous-system", "number", &[Kind::Asn]),
    ("directory", "path", &[Kind::FilePath]),
    ("domain-name", "value", &[Kind::Domain]),
    ("email-addr", "value", &[Kind::Email]),
    ("file", "name", &[Kind::FileName]),
    ("ipv4-addr", "value", &[Kind::Ipv4]),
    ("ipv6-addr", "value", &[Kind::Ipv6]),
    ("mac-addr", "value", &[Kind::Mac]),
    ("mutex", "name", &[Kind::Mutex]),
    ("process", "command_line", &[Kind::CommandLine]),
    ("software", "cpe", &[Kind::Cpe]),
    ("url", "value", &[Kind::Url]),
    ("windows-registry-key", "key", &[Kind::RegistryKey]),
    ("bank-account", "iban", &[Kind::Iban]),
    ("bank-account", "value", &[Kind::Iban]),
    ("cryptocurrency-wallet", "address", WALLETS),
    ("cryptocurrency-wallet", "value", WALLETS),
    ("hostname", "value", &[Kind::Domain]),
    ("payment-card", "x_range", &[Kind::CardRange]),
    ("phone-number", "number", &[Kind::Phone]),
    ("phone-number", "value", &[Kind::Phone]),
    ("process", "x_path", &[Kind::FilePath]),
    ("file", "x_path", &[Kind::FilePath]),
    ("software", "purl", &[Kind::Purl]),
    ("software", "x_purl", &[Kind::Purl]),
    ("user-account", "x_credential_hash", &[Kind::Credential]),
    ("user-agent", "value", &[Kind::UserAgent]),
    ("user-agent", "string", &[Kind::UserAgent]),
];

/// Types with a property `hashes`.
const HASHED: [&str; 3] = ["artifact", "file", "x509-certificate"];
/// The one whose hashes are of a certificate.
const CERTIFICATE: &str = "x509-certificate";
/// Types with properties or extensions that hold fingerprints of traffic, which STIX has no name for.
const FINGERPRINTED: [&str; 2] = ["network-traffic", CERTIFICATE];
/// How deep in the extensions a fingerprint is looked for.
const EXTENSION_DEPTH: usize = 3;

/// Where a user agent stands in network traffic (STIX 2.1 §6.12.2); the names of headers know no case.
const REQUEST_HEADER: [&str; 3] = ["extensions", "http-request-ext", "request_header"];
/// Where the hash of its imports stands in a Windows program (STIX 2.1 §6.7.6).
const IMPHASH: [&str; 3] = ["extensions", "windows-pebinary-ext", "imphash"];

fn add_cyber_observable(object: &Node<'_>, at: &Pointer, mentions: &mut Mentions) {
    let Some(object_type) = object.get("type").and_then(Node::as_str) else { return };
    for (_, property, kinds) in PROPERTIES.iter().filter(|(of_type, _, _)| *of_type == object_type) {
        let Some(value) = object.get(property) else { continue };
        match (value.as_str(), value.as_i64()) {
            (Some(text), _) => mentions.add(kinds, text, &at.key(property)),
            (None, Some(number)) => mentions.add(kinds, &number.to_string(), &at.key(property)),
            (None, None) => {}
        }
    }
    if HASHED.contains(&object_type) {
        let hashes = object.get("hashes").and_then(Node::as_object);
        for member in hashes.into_iter().flat_map(|hashes| hashes.iter()) {
            if let (Some(kind), Some(text)) = (hash_kind(&member.key), member.node.as_str()) {
                for kind in hash_kinds(object_type, kind) {
                    mentions.add(&[kind], text, &at.key("hashes").key(&member.key));
                }
            }
        }
    }
    if object_type == "file" {
        let imphash = IMPHASH.iter().try_fold(object, |node, key| node.get(key)).and_then(Node::as_str);
        if let Some(text) = imphash {
            let pointer = IMPHASH.iter().fold(at.clone(), |pointer, key| pointer.key(key));
            mentions.add(&[Kind::Imphash], text, &pointer);
        }
    }
    if FINGERPRINTED.contains(&object_type) {
        add_fingerprints(object, at, EXTENSION_DEPTH, mentions);
    }
    if object_type == "network-traffic" {
        add_user_agents(object, at, mentions);
    }
}

/// Fingerprints among the properties of an object and of its extensions, by their names.
fn add_fingerprints(object: &Node<'_>, at: &Pointer, depth: usize, mentions: &mut Mentions) {
    let members = object.as_object().into_iter().flat_map(|members| members.iter());
    for member in members {
        match (fingerprint_kind(&member.key), member.node.as_str()) {
            (Some(kind), Some(text)) => mentions.add(&[kind], text, &at.key(&member.key)),
            // Of the object's own properties only the extensions lead further.
            _ if depth > 0 && (depth < EXTENSION_DEPTH || member.key == "extensions") => {
                add_fingerprints(&member.node, &at.key(&member.key), depth - 1, mentions);
            }
            _ => {}
        }
    }
}

/// The kind of fingerprint that a property is named for: `ja3`, `x_ja3_hash`, `JA4-fingerprint`.
fn fingerprint_kind(name: &str) -> Option<Kind> {
    let plain = name.to_ascii_lowercase().replace('_', "-");
    let plain = plain.strip_prefix("x-").unwrap_or(&plain);
    let ends = ["-hash", "-md5", "-fingerprint"];
    let bare = ends.iter().find_map(|end| plain.strip_suffix(end)).unwrap_or(plain);
    let kind = Kind::from_name(bare).filter(|kind| !kind.is_rule())?;
    let is_one = matches!(
        kind,
        Kind::Ja3
            | Kind::Ja3s
            | Kind::Ja4
            | Kind::Ja4s
            | Kind::Ja4h
            | Kind::Ja4x
            | Kind::Ja4ssh
            | Kind::Hassh
            | Kind::HasshServer
            | Kind::Spki
    );
    is_one.then_some(kind)
}

/// What a hash of an object of this type is. That of a certificate is the digest of its bytes in DER, so it is the digest
/// of such a file as well.
fn hash_kinds(object_type: &str, kind: Kind) -> impl Iterator<Item = Kind> {
    let of_certificate = match kind {
        Kind::Sha1 => Some(Kind::CertSha1),
        Kind::Sha256 => Some(Kind::CertSha256),
        _ => None,
    };
    std::iter::once(kind).chain(of_certificate.filter(|_| object_type == CERTIFICATE))
}

/// Headers hold a list of texts in STIX 2.1 and one text in 2.0.
fn add_user_agents(object: &Node<'_>, at: &Pointer, mentions: &mut Mentions) {
    let mut pointer = at.clone();
    let mut headers = object;
    for key in REQUEST_HEADER {
        let Some(inner) = headers.get(key) else { return };
        pointer.push_key(key);
        headers = inner;
    }
    let members = headers.as_object().into_iter().flat_map(|members| members.iter());
    for member in members.filter(|member| member.key.eq_ignore_ascii_case("user-agent")) {
        let at = pointer.key(&member.key);
        if let Some(text) = member.node.as_str() {
            mentions.add(&[Kind::UserAgent], text, &at);
        }
        for (nth, text) in member.node.as_array().into_iter().flatten().enumerate() {
            if let Some(text) = text.as_str() {
                mentions.add(&[Kind::UserAgent], text, &at.index(nth));
            }
        }
    }
}

/// The kind of digest that a key of `hashes` names (STIX 2.1 §10.6), however its parts are joined.
fn hash_kind(name: &str) -> Option<Kind> {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    Some(match plain.to_ascii_uppercase().as_str() {
        "MD5" => Kind::Md5,
        "SHA1" => Kind::Sha1,
        "SHA224" => Kind::Sha224,
        "SHA256" => Kind::Sha256,
        "SHA384" => Kind::Sha384,
        "SHA512" => Kind::Sha512,
        "SHA3224" => Kind::Sha3_224,
        "SHA3256" => Kind::Sha3_256,
        "SHA3384" => Kind::Sha3_384,
        "SHA3512" => Kind::Sha3_512,
        "SSDEEP" => Kind::Ssdeep,
        "TLSH" => Kind::Tlsh,
        "IMPHASH" => Kind::Imphash,
        _ => return None,
    })
}

/// CVE identifiers among the external references; whoever gives them, their form is plain.
fn add_external_references(object: &Node<'_>, at: &Pointer, mentions: &mut Mentions) {
    let references = object.get("external_references").and_then(Node::as_array);
    for (nth, reference) in references.into_iter().flatten().enumerate() {
        let id = reference.get("external_id").and_then(Node::as_str);
        if let Some(Ok(cve)) = id.map(|id| normalise(Kind::Cve, id)) {
            mentions.add_observable(cve, &at.key("external_references").index(nth).key("external_id"));
        }
    }
}
