//! Randomness from the system, for the shell only: `core` gets values.

use uuid::Uuid;

use crate::{Error, Kind};

/// 32 random bytes.
pub(crate) fn bytes() -> Result<[u8; 32], Error> {
    filled()
}

/// A random UUID (version 4).
pub(crate) fn uuid() -> Result<Uuid, Error> {
    let mut half = [0; 16];
    half.copy_from_slice(bytes()?.first_chunk::<16>().unwrap_or(&[0; 16]));
    Ok(uuid::Builder::from_random_bytes(half).into_uuid())
}

/// 12 random bytes, for sealing. Every page needs some, so they come from the cipher library's own generator, which the
/// system seeds: a call into the system for each costs a fortieth of a page.
pub(crate) fn nonce() -> Result<[u8; 12], Error> {
    let mut bytes = [0; 12];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| Error::new(Kind::Internal, "the cipher library gives no randomness"))?;
    Ok(bytes)
}

fn filled<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(Kind::Internal, format!("the system gives no randomness: {error}")))?;
    Ok(bytes)
}
