//! What a pasted value is.

use super::{
    Kind, Observable, RAW_BYTES_MAX, Unfit, account, address, bounded, digest, domain, email, fingerprint,
    normalise, path, refang, wallet, word,
};

/// Names of a digest's algorithm as people write them in front of it, with `:` or `=` behind.
const ALGORITHMS: [(&str, Kind); 11] = [
    ("sha-1", Kind::Sha1),
    ("sha-224", Kind::Sha224),
    ("sha-256", Kind::Sha256),
    ("sha-384", Kind::Sha384),
    ("sha-512", Kind::Sha512),
    ("bitcoin", Kind::Bitcoin),
    ("ethereum", Kind::Ethereum),
    ("monero", Kind::Monero),
    ("tron", Kind::Tron),
    ("solana", Kind::Solana),
    ("spki", Kind::Spki),
];

/// Kinds whose own name may stand in front as well: none that is written with blanks, for the first of them would end it.
const NAMED: [Kind; 34] = [
    Kind::Domain,
    Kind::Md5,
    Kind::Sha1,
    Kind::Sha224,
    Kind::Sha256,
    Kind::Sha384,
    Kind::Sha512,
    Kind::Sha3_224,
    Kind::Sha3_256,
    Kind::Sha3_384,
    Kind::Sha3_512,
    Kind::Ssdeep,
    Kind::Tlsh,
    Kind::Imphash,
    Kind::Bitcoin,
    Kind::Ethereum,
    Kind::Monero,
    Kind::Tron,
    Kind::Litecoin,
    Kind::Dogecoin,
    Kind::Ripple,
    Kind::Solana,
    Kind::Ja3,
    Kind::Ja3s,
    Kind::Ja4,
    Kind::Ja4s,
    Kind::Ja4h,
    Kind::Ja4x,
    Kind::Ja4ssh,
    Kind::Hassh,
    Kind::HasshServer,
    Kind::CertSha1,
    Kind::CertSha256,
    Kind::Spki,
];

/// Ends of names that no public suffix has and that are domains all the same (RFC 6761, RFC 6762, ICANN's `internal`,
/// and what routers and offices use).
const PRIVATE_ENDS: [&str; 10] =
    ["local", "internal", "lan", "corp", "home", "localdomain", "test", "example", "invalid", "localhost"];

/// Finds out what a pasted value is and brings it into normal form. Defanged values, quotes and brackets around and
/// punctuation behind them are understood. Names of mutexes and user agents are never guessed.
///
/// # Errors
/// When it looks like nothing known, or like more than one thing to nobody's use (a wildcard, a regular expression).
pub fn guess(raw: &str) -> Result<Observable, Unfit> {
    if raw.len() > RAW_BYTES_MAX {
        return Err(Unfit::TooLong);
    }
    let bare = unwrapped(raw);
    if bare.is_empty() {
        return Err(Unfit::Empty);
    }
    let value = refang(bare);
    let value = &*value;
    let found = named(value)
        // Behind `pkg:` slashes mean nothing, so `pkg://npm/x` is no URL (the purl specification, "Rules for each component").
        .or_else(|| normalise(Kind::Purl, value).ok())
        .or_else(|| normalise(Kind::Url, value).ok())
        .or_else(|| address_with_port(value))
        .or_else(|| mail(value))
        .or_else(|| word::cve(value).ok())
        .or_else(|| by_length(value))
        .or_else(|| first_of(&wallet::TOLD_BY_CHECKSUM, value))
        .or_else(|| first_of(&fingerprint::TOLD_BY_FORM, value))
        .or_else(|| first_of(&[Kind::Cpe, Kind::Credential], value))
        .or_else(|| account::iban(value).ok().filter(|found| is_of_known_country(found.text())))
        .or_else(|| account::phone(value).ok().filter(|_| is_phone(value)))
        .or_else(|| digest::ssdeep(value).ok().filter(|found| found.text().len() >= SSDEEP_GUESS_BYTES_MIN))
        .or_else(|| word::mac(value).ok().filter(|_| value.len() > 12))
        .or_else(|| autonomous_system(value))
        .or_else(|| word::hived_key(value))
        .or_else(|| value.starts_with("sha256/").then(|| normalise(Kind::Spki, value).ok()).flatten())
        .or_else(|| name(value))
        .or_else(|| schemeless(value))
        .or_else(|| checksum(value))
        .or_else(|| file(value))
        .ok_or(Unfit::Unknown)?;
    bounded(found)
}

/// What somebody asks about: `KIND:VALUE`, with the name of any kind, says what it is, so that what is never guessed can be asked about too;
/// everything else is guessed.
///
/// # Errors
/// Says why the value is not of the kind that is named, or as [`guess`] does.
pub fn asked(raw: &str) -> Result<Observable, Unfit> {
    let kind_of = |name: &str| Kind::from_name(&name.trim().to_ascii_lowercase());
    let named = raw.split_once(':').and_then(|(name, value)| Some((kind_of(name)?, value.trim_start())));
    match named {
        Some((kind, value)) => normalise(kind, value).or_else(|unfit| guess(raw).map_err(|_| unfit)),
        None => guess(raw),
    }
}

/// Shorter texts of the form of an ssdeep hash are times of day and the like.
const SSDEEP_GUESS_BYTES_MIN: usize = 16;

/// Pairs that people put around values.
const AROUND: [(char, char); 10] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('<', '>'),
    ('(', ')'),
    ('[', ']'),
    ('“', '”'),
    ('‘', '’'),
    ('«', '»'),
    ('„', '“'),
];

/// Cuts off white space, pairs around and punctuation behind, as long as there are any.
fn unwrapped(raw: &str) -> &str {
    let mut bare = raw.trim();
    loop {
        let before = bare;
        for (open, close) in AROUND {
            let inside = bare.strip_prefix(open).and_then(|inside| inside.strip_suffix(close));
            // Brackets at both ends may belong to two tokens.
            if let Some(inside) = inside.filter(|inside| open == close || balanced(inside, open, close)) {
                bare = inside.trim();
            }
        }
        bare = bare.trim_end_matches([',', ';', '!', '…']).trim_end();
        // The end of `2001:db8::` is no punctuation.
        // And that of `http://example.com/a/..` is a folder.
        let is_part = |cut: &&str| cut.ends_with([':', '/']) || cut.ends_with("/.");
        bare = bare.strip_suffix(['.', '?', ':']).filter(|cut| !is_part(cut)).unwrap_or(bare);
        if let Some((open, close)) = AROUND.into_iter().find(|(_, close)| bare.ends_with(*close))
            && open != close
            && !balanced(bare, open, close)
        {
            bare = bare.strip_suffix(close).unwrap_or(bare);
        }
        if bare == before {
            return bare;
        }
    }
}

/// Whether every closing bracket has its opening one before it.
fn balanced(text: &str, open: char, close: char) -> bool {
    let mut depth = 0_usize;
    for character in text.chars() {
        if character == open {
            depth += 1;
        } else if character == close {
            match depth.checked_sub(1) {
                Some(left) => depth = left,
                None => return false,
            }
        }
    }
    depth == 0
}

/// A digest, a fingerprint or a wallet with the name of its algorithm in front.
fn named(value: &str) -> Option<Observable> {
    let (algorithm, rest) = value.split_once([':', '='])?;
    let lower = algorithm.trim().to_ascii_lowercase();
    let own = Kind::from_name(&lower).filter(|kind| NAMED.contains(kind));
    let also = || ALGORITHMS.into_iter().find(|(name, _)| *name == lower).map(|(_, kind)| kind);
    normalise(own.or_else(also)?, rest).ok()
}

/// The first of some kinds that a value is of.
fn first_of(kinds: &[Kind], value: &str) -> Option<Observable> {
    kinds.iter().find_map(|kind| normalise(*kind, value).ok())
}

/// Whether the registry has the length of this account number, so that not its check digits alone speak for it.
fn is_of_known_country(iban: &str) -> bool {
    account::IBAN_LENGTHS.iter().any(|(country, _)| iban.starts_with(country))
}

/// Whether a number is written so that it is one to call; without a `+` it may be any number.
fn is_phone(value: &str) -> bool {
    let scheme = value.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:"));
    scheme
        || (value.starts_with('+')
            && value.bytes().filter(u8::is_ascii_digit).count() >= PHONE_GUESS_DIGITS_MIN)
}

/// Less digits behind a `+` are a sum or an offset.
const PHONE_GUESS_DIGITS_MIN: usize = 8;

/// An address or network, or an address with a port; of the port 0, which stands for none that is known, the address.
fn address_with_port(value: &str) -> Option<Observable> {
    address::parse(value).or_else(|| address::with_port(value)).or_else(|| {
        let address = value.strip_suffix(":0").or_else(|| value.strip_suffix("|0"))?;
        // Of an IPv6 address without brackets nobody knows where it ends.
        let is_whole = |found: &Observable| match found.kind() {
            Kind::Ipv4 => true,
            kind => kind == Kind::Ipv6 && address.starts_with('['),
        };
        address::parse(address).filter(is_whole)
    })
}

/// An email address, with `mailto:` in front or a name before its angle brackets.
fn mail(value: &str) -> Option<Observable> {
    let inside = value.rsplit_once('<').map_or(value, |(_, inside)| inside.trim_end_matches('>'));
    let address = match inside.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => inside.get(7..)?.split('?').next()?,
        _ => inside,
    };
    email::normalise(address)
        .ok()
        .filter(|found| found.text().rsplit_once('@').is_some_and(|(_, host)| host.contains('.')))
}

/// A digest by its length.
fn by_length(value: &str) -> Option<Observable> {
    digest::tlsh(value).ok().or_else(|| {
        let (kind, _) = digest::LENGTHS.into_iter().find(|(_, bytes)| bytes * 2 == value.len())?;
        digest::normalise(kind, value).ok()
    })
}

/// An autonomous system; a bare number is none.
fn autonomous_system(value: &str) -> Option<Observable> {
    word::asn(value).ok().filter(|_| value.starts_with(['a', 'A']))
}

/// A domain with an end that is known to be one; the port behind it is dropped.
fn name(value: &str) -> Option<Observable> {
    let host = match value.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => value,
    };
    let found = domain::normalise(host).ok()?;
    let (_, end) = found.text().rsplit_once('.')?;
    (PRIVATE_ENDS.contains(&end) || domain::has_known_suffix(found.text())).then_some(found)
}

/// A URL without scheme: a domain or an address, and a path behind it.
fn schemeless(value: &str) -> Option<Observable> {
    let (host, tail) = value.split_once(['/', '?'])?;
    // `192.0.2.0/33` is a network gone wrong, and so is one with a mask that is none.
    let has_path = || tail.bytes().any(|b| !b.is_ascii_digit() && b != b'.');
    name(host).or_else(|| address_with_port(host).filter(|_| has_path()))?;
    normalise(Kind::Url, &format!("http://{value}")).ok()
}

/// A digest as programs print it before the name of its file: two blanks, or one and a star, between the two.
fn checksum(value: &str) -> Option<Observable> {
    let (digits, name) = value.split_once(' ')?;
    by_length(digits).filter(|_| name.starts_with([' ', '*']))
}

/// The path or the name of a file: something with an extension of letters and digits.
fn file(value: &str) -> Option<Observable> {
    // `.example.com` is a domain and all below it, which is no value.
    if value.strip_prefix('.').is_some_and(|rest| name(rest).is_some()) {
        return None;
    }
    let found = word::file_name(value).ok()?;
    let (stem, extension) = found.text().rsplit_once('.')?;
    let letters = extension.bytes().all(|b| b.is_ascii_alphanumeric())
        && extension.bytes().any(|b| b.is_ascii_alphabetic());
    // Half a bracket around a dot is a domain badly defanged.
    let half_defanged = ["[.", ".]", "(.", ".)"].iter().any(|half| found.text().contains(half));
    let plain = !half_defanged
        && !stem.is_empty()
        && !found.text().contains(['*', '?', '<', '>', '|', '"', ':', '{', '}', '^', '$']);
    let whole = || {
        let found = path::file_path(value).ok().filter(|_| path::is_whole(value))?;
        (!found.text().contains(['*', '?'])).then_some(found)
    };
    (letters && plain && extension.len() <= 8).then(|| whole().unwrap_or(found))
}
