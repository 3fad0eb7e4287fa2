//! Addresses of wallets, taken only with their checksum right where their form has one, so that no other word is taken
//! for one.

use sha2::{Digest as _, Sha256};
use sha3::Keccak256;

use super::{Kind, Observable, Unfit};

/// Longer texts are no address; what reading one costs grows with the square of its length.
const ADDRESS_BYTES_MAX: usize = 128;

/// The kinds of wallets whose addresses have a checksum, so that they can be told by their form.
pub(super) const TOLD_BY_CHECKSUM: [Kind; 7] =
    [Kind::Bitcoin, Kind::Litecoin, Kind::Dogecoin, Kind::Tron, Kind::Ripple, Kind::Monero, Kind::Ethereum];

/// An address of a wallet of this kind.
pub(super) fn normalise(kind: Kind, raw: &str) -> Result<Observable, Unfit> {
    let not = Unfit::Not(kind, "not an address with a right checksum");
    let text = raw.trim();
    if text.len() > ADDRESS_BYTES_MAX {
        return Err(not);
    }
    let found = match kind {
        Kind::Bitcoin => base58_check(text, BITCOIN, &[0x00, 0x05]).or_else(|| segwit(text, "bc")),
        // What begins with `3` may be either's, and is taken for Bitcoin's.
        Kind::Litecoin => base58_check(text, BITCOIN, &[0x30, 0x32]).or_else(|| segwit(text, "ltc")),
        Kind::Dogecoin => base58_check(text, BITCOIN, &[0x1e, 0x16]),
        Kind::Tron => base58_check(text, BITCOIN, &[0x41]),
        Kind::Ripple => base58_check(text, RIPPLE, &[0x00]),
        Kind::Monero => monero(text),
        Kind::Ethereum => return ethereum(text),
        _ => return solana(text),
    };
    found.map(|text| Observable::of_text(kind, text)).ok_or(not)
}

/// The alphabet of Base58 as Bitcoin has it, and most others.
const BITCOIN: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// The same as the XRP Ledger has it.
const RIPPLE: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

/// The bytes that a text in Base58 stands for; each leading digit of the value 0 stands for one byte of 0.
fn base58(text: &str, alphabet: &[u8; 58]) -> Option<Vec<u8>> {
    let digit = |character| alphabet.iter().position(|&known| known == character);
    // Least byte first.
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    for character in text.bytes() {
        let mut carry = u32::try_from(digit(character)?).ok()?;
        for byte in &mut bytes {
            let value = u32::from(*byte) * 58 + carry;
            let [.., low] = value.to_be_bytes();
            *byte = low;
            carry = value >> 8;
        }
        if carry > 0 {
            bytes.push(u8::try_from(carry).ok()?);
        }
    }
    bytes.extend(text.bytes().take_while(|&character| digit(character) == Some(0)).map(|_| 0));
    bytes.reverse();
    Some(bytes)
}

/// Base58Check: a version, 20 bytes, and four bytes of two rounds of SHA-256.
fn base58_check(text: &str, alphabet: &[u8; 58], versions: &[u8]) -> Option<String> {
    let bytes = base58(text, alphabet).filter(|bytes| bytes.len() == 25)?;
    let (payload, check) = bytes.split_at_checked(21)?;
    let digest = Sha256::digest(Sha256::digest(payload));
    let version = payload.first()?;
    (digest.starts_with(check) && versions.contains(version)).then(|| text.to_owned())
}

const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// An address of segregated witness: Bech32 of version 0, Bech32m of later ones (BIP 173, BIP 350); lower case in
/// normal form.
fn segwit(text: &str, prefix: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if text != lower && text != text.to_ascii_uppercase() {
        return None;
    }
    let data = lower.strip_prefix(prefix)?.strip_prefix('1')?;
    if data.len() < 8 || lower.len() > 90 {
        return None;
    }
    // The prefix, spread as BIP 173 says.
    let mut values: Vec<u32> = prefix.bytes().map(|byte| u32::from(byte) >> 5).collect();
    values.push(0);
    values.extend(prefix.bytes().map(|byte| u32::from(byte) & 31));
    let behind = values.len();
    for character in data.bytes() {
        let value = BECH32.iter().position(|&known| known == character)?;
        values.push(u32::try_from(value).ok()?);
    }
    let constant = if values.get(behind) == Some(&0) { 1 } else { 0x2bc8_30a3 };
    let payload = values.get(behind..values.len() - 6)?;
    (polymod(&values) == constant && is_witness(payload)).then_some(lower)
}

/// The checksum of BIP 173.
fn polymod(values: &[u32]) -> u32 {
    const GENERATORS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    values.iter().fold(1, |sum, value| {
        let top = sum >> 25;
        let shifted = ((sum & 0x01ff_ffff) << 5) ^ value;
        let taken = GENERATORS.iter().enumerate().filter(|(bit, _)| top >> bit & 1 == 1);
        taken.fold(shifted, |sum, (_, generator)| sum ^ generator)
    })
}

/// A version of 0 to 16 and a program of 2 to 40 bytes, of 20 or 32 in version 0, padded with less than 5 bits of 0.
fn is_witness(payload: &[u32]) -> bool {
    let Some((version, groups)) = payload.split_first() else { return false };
    let (bytes, padding) = (groups.len() * 5 / 8, groups.len() * 5 % 8);
    let padded = groups.last().is_some_and(|last| padding < 5 && last & ((1 << padding) - 1) == 0);
    let fits = if *version == 0 { matches!(bytes, 20 | 32) } else { (2..=40).contains(&bytes) };
    padded && fits && *version <= 16
}

/// `0x` and 40 hexadecimal digits; where both cases occur, they are the checksum of EIP-55.
fn ethereum(text: &str) -> Result<Observable, Unfit> {
    let not = |reason| Unfit::Not(Kind::Ethereum, reason);
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or("");
    if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(not("not `0x` and 40 hexadecimal digits"));
    }
    let lower = digits.to_ascii_lowercase();
    if digits != lower && digits != digits.to_ascii_uppercase() {
        let digest = Keccak256::digest(lower.as_bytes());
        let halves = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        // A letter is a capital where the same place of the digest is 8 or more.
        let right = digits
            .bytes()
            .zip(halves)
            .all(|(b, half)| b.is_ascii_digit() || b.is_ascii_uppercase() == (half >= 8));
        if !right {
            return Err(not("not an address with a right checksum"));
        }
    }
    Ok(Observable::of_text(Kind::Ethereum, format!("0x{lower}")))
}

/// Base58 in blocks of 11 digits for 8 bytes: a network, two keys, perhaps a payment's number, and four bytes of Keccak.
fn monero(text: &str) -> Option<String> {
    if !text.is_ascii() || !matches!(text.len(), 95 | 106) {
        return None;
    }
    let mut bytes = Vec::with_capacity(77);
    for block in text.as_bytes().chunks(11) {
        let length = if block.len() == 11 { 8 } else { 5 }; // the last has 7 digits
        let value = base58(std::str::from_utf8(block).ok()?, BITCOIN)?;
        let value: Vec<u8> = value.into_iter().skip_while(|byte| *byte == 0).collect();
        let missing = usize::checked_sub(length, value.len())?;
        bytes.extend(std::iter::repeat_n(0, missing).chain(value));
    }
    let (payload, check) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    let network = match payload.len() {
        65 => [18, 42],
        _ => [19, 19], // with the number of a payment
    };
    let right = Keccak256::digest(payload).starts_with(check);
    (right && network.contains(payload.first()?)).then(|| text.to_owned())
}

/// 32 bytes in Base58. There is no checksum, so this is never guessed.
fn solana(text: &str) -> Result<Observable, Unfit> {
    match base58(text, BITCOIN) {
        Some(bytes) if bytes.len() == 32 => Ok(Observable::of_text(Kind::Solana, text.to_owned())),
        _ => Err(Unfit::Not(Kind::Solana, "not 32 bytes in Base58")),
    }
}
