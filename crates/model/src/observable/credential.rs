//! Leaked credentials, as far as they may be told: a salted hash that is slow to make, never the credential.
//!
//! The form is the PHC string format: `$argon2id$v=19$m=19456,t=2,p=1$SALT$DIGEST`, `$scrypt$ln=17,r=8,p=1$SALT$DIGEST`,
//! `$pbkdf2-sha256$i=600000$SALT$DIGEST` or `$pbkdf2-sha512$i=210000$SALT$DIGEST`, salt and digest in Base64 without
//! padding.
//!
//! **What is hashed**: the account in its normal form with its letters in lower case (an email address as its key has
//! it; any other name in lower case), a byte 0x00, and the secret as it is typed, in UTF-8.
//!
//! **What is compared with what**: who holds the leak draws one salt for a set and hashes each pair; who runs a sign-in
//! takes the salts that he was given, hashes what somebody just signed in with under each, and looks for equal texts. He
//! learns of the accounts that he has anyway, and nobody learns of another. So entries of one set share algorithm, cost
//! and salt, and stand next to each other in an ordered index. The node compares texts and never sees an account or a
//! secret; a hash that is cheap to make, or has no salt of its own, is as good as the secret and is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{Kind, Observable, Unfit};

/// Bytes of a salt.
const SALT_BYTES: std::ops::RangeInclusive<usize> = 16..=64;
/// Bytes of a digest.
const DIGEST_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// The algorithms with the names of their costs, in the order in which they are written, and the greatest that each may
/// be, so that nobody makes a receiver work for ever.
const ALGORITHMS: [(&str, &[(&str, u64)]); 4] = [
    ("argon2id", &[("m", 1 << 22), ("t", 64), ("p", 64)]),
    ("scrypt", &[("ln", 22), ("r", 64), ("p", 64)]),
    ("pbkdf2-sha256", &[("i", 100_000_000)]),
    ("pbkdf2-sha512", &[("i", 100_000_000)]),
];

pub(super) fn normalise(raw: &str) -> Result<Observable, Unfit> {
    let not = |reason| Unfit::Not(Kind::Credential, reason);
    let text = raw.trim();
    let Some(rest) = text.strip_prefix('$') else {
        return Err(not("no salted hash, such as `$argon2id$…`: nobody may be sent the credential itself"));
    };
    let mut parts: Vec<&str> = rest.split('$').collect();
    let known = parts.first().and_then(|name| ALGORITHMS.iter().find(|(known, _)| known == name));
    let (algorithm, names) =
        known.ok_or(not("a hash of another algorithm than argon2id, scrypt and PBKDF2 of SHA-2"))?;
    let version = match *algorithm {
        "argon2id" if parts.get(1) == Some(&"v=19") => {
            parts.remove(1);
            "$v=19"
        }
        "argon2id" => return Err(not("argon2id of another version than 19")),
        _ => "",
    };
    let [_, costs, salt, digest] = parts.as_slice() else {
        return Err(not("not of the form `$algorithm$costs$salt$digest`"));
    };
    let costs = costs_of(costs, names).ok_or(not("its costs are not what its algorithm has"))?;
    if !is_slow(algorithm, &costs) {
        return Err(not("a hash that is so quick to make that the secret can be guessed from it"));
    }
    let bytes = |part: &str, length: std::ops::RangeInclusive<usize>| {
        STANDARD_NO_PAD.decode(part).ok().filter(|bytes| length.contains(&bytes.len()))
    };
    let salt = bytes(salt, SALT_BYTES).ok_or(not("no salt of 16 to 64 bytes in Base64 without padding"))?;
    let digest =
        bytes(digest, DIGEST_BYTES).ok_or(not("no digest of 16 to 64 bytes in Base64 without padding"))?;
    let costs: Vec<String> =
        names.iter().zip(costs).map(|((name, _), cost)| format!("{name}={cost}")).collect();
    let (salt, digest) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(digest));
    let text = format!("${algorithm}{version}${}${salt}${digest}", costs.join(","));
    Ok(Observable::of_text(Kind::Credential, text))
}

/// The costs in the order of their names, whatever order they are written in.
fn costs_of(text: &str, names: &[(&str, u64)]) -> Option<Vec<u64>> {
    let written: Vec<(&str, &str)> = text.split(',').map(|one| one.split_once('=')).collect::<Option<_>>()?;
    if written.len() != names.len() {
        return None;
    }
    let cost = |(name, most): &(&str, u64)| {
        let (_, digits) = written.iter().find(|(written, _)| written == name)?;
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|cost| plain && (1..=*most).contains(cost))
    };
    names.iter().map(cost).collect()
}

/// Whether a hash costs at least about what OWASP's sheet on storing passwords (2023) asks for.
fn is_slow(algorithm: &str, costs: &[u64]) -> bool {
    match (algorithm, costs) {
        ("argon2id", [memory, rounds, _]) => *memory >= 7_168 && memory * rounds >= 35_840,
        ("scrypt", [logarithm, blocks, lanes]) => {
            *logarithm >= 13 && *blocks >= 8 && (1 << logarithm) * blocks * lanes >= 10 << 16
        }
        ("pbkdf2-sha256", [rounds]) => *rounds >= 600_000,
        (_, [rounds]) => *rounds >= 210_000,
        _ => false,
    }
}
