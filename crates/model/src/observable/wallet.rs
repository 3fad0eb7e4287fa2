//! Addresses of wallets, taken only with their checksum right, so that no other word is taken for one.

use sha2::{Digest as _, Sha256};

use super::{Kind, Observable, Unfit};

/// An address of Bitcoin: Base58Check of the older forms, or Bech32 and Bech32m (BIP 173, BIP 350), which are lower
/// case in normal form.
pub(super) fn bitcoin(raw: &str) -> Result<Observable, Unfit> {
    let text = raw.trim();
    if is_base58_address(text) {
        return Ok(Observable::of_text(Kind::Bitcoin, text.to_owned()));
    }
    let lower = text.to_ascii_lowercase();
    let one_case = text == lower || text == text.to_ascii_uppercase();
    if one_case && is_bech32_address(&lower) {
        return Ok(Observable::of_text(Kind::Bitcoin, lower));
    }
    Err(Unfit::Not(Kind::Bitcoin, "not an address with a right checksum"))
}

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// A version of 0 or 5, 20 bytes, and four bytes of checksum.
fn is_base58_address(text: &str) -> bool {
    if !(26..=35).contains(&text.len()) {
        return false;
    }
    let mut bytes = [0_u8; 25];
    for character in text.bytes() {
        let Some(digit) = BASE58.iter().position(|&known| known == character) else { return false };
        let mut carry = u32::try_from(digit).unwrap_or(0);
        for byte in bytes.iter_mut().rev() {
            let value = u32::from(*byte) * 58 + carry;
            let [.., low] = value.to_be_bytes();
            *byte = low;
            carry = value >> 8;
        }
        if carry > 0 {
            return false;
        }
    }
    let (payload, check) = bytes.split_at(21);
    let digest = Sha256::digest(Sha256::digest(payload));
    // Each leading zero byte is written as one `1`.
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    let ones = text.bytes().take_while(|&byte| byte == b'1').count();
    digest.starts_with(check) && matches!(payload.first(), Some(0 | 5)) && zeros == ones
}

const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// `bc1`, and a checksum over all of it.
fn is_bech32_address(lower: &str) -> bool {
    const GENERATORS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let Some(data) = lower.strip_prefix("bc1") else { return false };
    if !(14..=87).contains(&data.len()) {
        return false;
    }
    let mut values: Vec<u32> = vec![3, 3, 0, 2, 3]; // the prefix `bc`, spread as BIP 173 says
    for character in data.bytes() {
        let Some(value) = BECH32.iter().position(|&known| known == character) else { return false };
        values.push(u32::try_from(value).unwrap_or(0));
    }
    let check = values.iter().fold(1_u32, |sum, value| {
        let top = sum >> 25;
        let shifted = ((sum & 0x01ff_ffff) << 5) ^ value;
        let taken = GENERATORS.iter().enumerate().filter(|(bit, _)| top >> bit & 1 == 1);
        taken.fold(shifted, |sum, (_, generator)| sum ^ generator)
    });
    matches!(check, 1 | 0x2bc8_30a3)
}
