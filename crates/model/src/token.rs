//! The secret that a client carries.
//!
//! `acc_` + 43 base62 digits (256 random bits) + `_` + 6 base62 digits of CRC-32, so that secret scanners can tell one
//! from noise without asking us. A node stores the SHA-256 of the whole text and nothing else.

use sha2::{Digest, Sha256};

/// What every token begins with.
pub const PREFIX: &str = "acc_";
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BODY_DIGITS: usize = 43;
const CHECK_DIGITS: usize = 6;

/// Writes the token for 32 random bytes.
#[must_use]
pub fn text(random: &[u8; 32]) -> String {
    let body = base62(random, BODY_DIGITS);
    let check = base62(&crc32(body.as_bytes()).to_be_bytes(), CHECK_DIGITS);
    format!("{PREFIX}{body}_{check}")
}

/// Whether a text has the shape and the check of a token. Says nothing about its being known.
#[must_use]
pub fn is_well_formed(text: &str) -> bool {
    let Some((body, check)) = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')) else {
        return false;
    };
    body.len() == BODY_DIGITS && base62(&crc32(body.as_bytes()).to_be_bytes(), CHECK_DIGITS) == check
}

/// What is stored in place of a token.
#[must_use]
pub fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

// Big-endian long division, most significant digit first, left-padded to `digits`.
fn base62(bytes: &[u8], digits: usize) -> String {
    let mut number = bytes.to_vec();
    let mut text = vec![b'0'; digits];
    for slot in text.iter_mut().rev() {
        let mut remainder = 0u32;
        for byte in &mut number {
            let value = (remainder << 8) | u32::from(*byte);
            *byte = (value / 62) as u8;
            remainder = value % 62;
        }
        *slot = ALPHABET.get(remainder as usize).copied().unwrap_or(b'0');
    }
    String::from_utf8(text).unwrap_or_default()
}

// CRC-32 (IEEE 802.3), bit by bit: it runs over 43 bytes once per sign-in.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_the_known_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_token_is_well_formed_and_a_changed_one_is_not() {
        for seed in [[0; 32], [255; 32], [7; 32]] {
            let token = text(&seed);
            assert_eq!(token.len(), 4 + 43 + 1 + 6);
            assert!(is_well_formed(&token), "{token}");
            let mut changed = token.clone().into_bytes();
            changed[10] = if changed[10] == b'x' { b'y' } else { b'x' };
            assert!(!is_well_formed(std::str::from_utf8(&changed).unwrap()));
        }
        assert!(!is_well_formed("acc_") && !is_well_formed("") && !is_well_formed("ghp_abc_def"));
    }

    #[test]
    fn distinct_secrets_have_distinct_texts() {
        let mut one = [0; 32];
        one[31] = 1;
        assert_ne!(text(&one), text(&[0; 32]));
        assert_ne!(digest(&text(&one)), digest(&text(&[0; 32])));
    }
}
