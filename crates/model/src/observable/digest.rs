//! Digests of files, and hashes of similarity.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, PAD};

use super::read_key::hexadecimal;
use super::{Kind, Observable, Unfit};

/// The kinds of digest and their lengths in bytes. Where lengths agree, the first is the one to guess.
pub(super) const LENGTHS: [(Kind, usize); 18] = [
    (Kind::Md5, 16),
    (Kind::Sha1, 20),
    (Kind::Sha224, 28),
    (Kind::Sha256, 32),
    (Kind::Sha384, 48),
    (Kind::Sha512, 64),
    (Kind::Sha3_224, 28),
    (Kind::Sha3_256, 32),
    (Kind::Sha3_384, 48),
    (Kind::Sha3_512, 64),
    (Kind::Imphash, 16),
    (Kind::Ja3, 16),
    (Kind::Ja3s, 16),
    (Kind::Hassh, 16),
    (Kind::HasshServer, 16),
    (Kind::CertSha1, 20),
    (Kind::CertSha256, 32),
    (Kind::Spki, 32),
];

/// Base64 of either alphabet, padded or not.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// Takes hexadecimal digits of either case, or Base64; of certificates and their keys also with colons or blanks
/// between the digits, or behind `sha256/` as pins are written.
pub(super) fn normalise(kind: Kind, raw: &str) -> Result<Observable, Unfit> {
    let not = |reason| Unfit::Not(kind, reason);
    let mut text = raw.trim().to_owned();
    if matches!(kind, Kind::CertSha1 | Kind::CertSha256 | Kind::Spki) {
        text = without_pin(&text).replace([':', ' '], "");
    }
    let is_right = |bytes: &Vec<u8>| LENGTHS.contains(&(kind, bytes.len()));
    if let Some(bytes) = decode(&text.to_ascii_lowercase()) {
        return Some(bytes)
            .filter(is_right)
            .map(|bytes| of(kind, &bytes))
            .ok_or(not("not of the digest's length"));
    }
    // What is hexadecimal is never Base64: the digits of a shorter digest would be those of a longer one.
    let encoded = text.replace('-', "+").replace('_', "/");
    let bytes = BASE64.decode(encoded).ok().filter(is_right);
    bytes.map(|bytes| of(kind, &bytes)).ok_or(not("not pairs of hexadecimal digits"))
}

/// Takes the hexadecimal digits of a SHA-256. It is among no digests of files, so nobody who asks for those is asked for it.
pub(super) fn of_rules(kind: Kind, raw: &str) -> Result<Observable, Unfit> {
    let bytes = decode(&raw.trim().to_ascii_lowercase()).filter(|bytes| bytes.len() == 32);
    bytes.map(|bytes| of(kind, &bytes)).ok_or(Unfit::Not(kind, "not the 64 digits of a SHA-256"))
}

/// What stands behind `sha256/`, or behind `sha256//` as curl writes it, where that is no digit of Base64.
fn without_pin(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("sha256/") else { return text };
    let digits = rest.trim_end_matches('=').len();
    rest.strip_prefix('/').filter(|_| digits > PIN_DIGITS).unwrap_or(rest)
}

/// Digits of Base64 that a SHA-256 has.
const PIN_DIGITS: usize = 43;

pub(super) fn of(kind: Kind, bytes: &[u8]) -> Observable {
    Observable::new(kind, hexadecimal(bytes, ""), bytes)
}

/// Kinds that a digest of this length may be as well, in the order to ask for them: nobody can tell them apart.
pub(super) fn same_length(kind: Kind) -> impl Iterator<Item = Kind> {
    let length = LENGTHS.iter().find(|(of_kind, _)| *of_kind == kind).map(|(_, length)| *length);
    LENGTHS
        .into_iter()
        .filter(move |(other, other_length)| *other != kind && Some(*other_length) == length)
        .map(|(other, _)| other)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

/// `blocksize:hash:hash`, with the file name that ssdeep prints behind it cut off.
pub(super) fn ssdeep(raw: &str) -> Result<Observable, Unfit> {
    let text = raw.trim().split_once(",\"").map_or(raw.trim(), |(hash, _)| hash);
    let mut parts = text.split(':');
    let (size, one, two) = (parts.next(), parts.next(), parts.next());
    let of_hash = |part: Option<&str>| {
        part.is_some_and(|part| {
            part.len() <= 64 && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        })
    };
    let of_size = size.is_some_and(|size| !size.is_empty() && size.bytes().all(|b| b.is_ascii_digit()));
    if !of_size || !of_hash(one) || !of_hash(two) || parts.next().is_some() {
        return Err(Unfit::Not(Kind::Ssdeep, "not of the form `size:hash:hash`"));
    }
    Ok(Observable::of_text(Kind::Ssdeep, text.to_owned()))
}

/// 70 hexadecimal digits, `T1` in front or not.
pub(super) fn tlsh(raw: &str) -> Result<Observable, Unfit> {
    let upper = raw.trim().to_ascii_uppercase();
    let digits = upper.strip_prefix("T1").unwrap_or(&upper);
    if digits.len() != 70 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Unfit::Not(Kind::Tlsh, "not 70 hexadecimal digits"));
    }
    Ok(Observable::of_text(Kind::Tlsh, format!("T1{digits}")))
}
