//! Digests of files, and hashes of similarity.

use super::{Kind, Observable, Unfit};

/// The kinds of digest and their lengths in bytes. Where lengths agree, the first is the one to guess.
pub(super) const LENGTHS: [(Kind, usize); 8] = [
    (Kind::Md5, 16),
    (Kind::Sha1, 20),
    (Kind::Sha224, 28),
    (Kind::Sha256, 32),
    (Kind::Sha384, 48),
    (Kind::Sha512, 64),
    (Kind::Sha3_256, 32),
    (Kind::Sha3_512, 64),
];

/// Takes hexadecimal digits of either case.
pub(super) fn normalise(kind: Kind, raw: &str) -> Result<Observable, Unfit> {
    let text = raw.trim().to_ascii_lowercase();
    let bytes = decode(&text).ok_or(Unfit::Not(kind, "not pairs of hexadecimal digits"))?;
    if !LENGTHS.contains(&(kind, bytes.len())) {
        return Err(Unfit::Not(kind, "not of the digest's length"));
    }
    Ok(Observable::new(kind, text, &bytes))
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
