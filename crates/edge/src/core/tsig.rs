//! Signatures of messages by a shared secret (RFC 8945), HMAC-SHA256 alone.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::dns::{Query, Signature, name};

/// By how much clocks may differ, in seconds (RFC 8945, 10).
const FUDGE_S: u16 = 300;
/// The shortest secret that is taken, in bytes.
const SECRET_BYTES: usize = 16;

/// A key.
#[derive(Debug)]
pub struct Secret {
    name: Vec<u8>,
    key: Key,
}

fn algorithm() -> Vec<u8> {
    name("hmac-sha256").unwrap_or_default()
}

impl Secret {
    /// A key of this name, whose secret is in Base64.
    #[must_use]
    pub fn new(of_name: &str, secret: &str) -> Option<Secret> {
        let secret = STANDARD.decode(secret.trim()).ok().filter(|secret| secret.len() >= SECRET_BYTES)?;
        Some(Secret { name: name(of_name)?, key: Key::new(HMAC_SHA256, &secret) })
    }

    /// Whether a query was signed with it, not long ago. Answers the signature's code, which the answer's is made over.
    ///
    /// # Errors
    /// It was not (RFC 8945, 5.2: the key, then the code, then the time).
    pub fn verified(&self, bytes: &[u8], query: &Query, now_s: u64) -> Result<Vec<u8>, Unverified> {
        let Some((signature, begin)) = query.signature.as_ref() else { return Err(Unverified::Unsigned) };
        if signature.key != self.name || signature.algorithm != algorithm() {
            return Err(Unverified::Key);
        }
        let signed = self.signed(bytes, signature, *begin).ok_or(Unverified::Code)?;
        verify(&self.key, &signed, &signature.mac).map_err(|_| Unverified::Code)?;
        if signature.time_s.abs_diff(now_s) > u64::from(signature.fudge_s.min(FUDGE_S)) {
            return Err(Unverified::Time);
        }
        Ok(signature.mac.clone())
    }

    /// What a query's code was made over.
    fn signed(&self, bytes: &[u8], signature: &Signature, begin: usize) -> Option<Vec<u8>> {
        let mut signed = bytes.get(..begin)?.to_vec();
        signed.get_mut(..2)?.copy_from_slice(&signature.original_id.to_be_bytes());
        let additions = signed.get_mut(10..12)?;
        let count = u16::from_be_bytes([*additions.first()?, *additions.get(1)?]).checked_sub(1)?;
        additions.copy_from_slice(&count.to_be_bytes());
        signed.extend(self.variables((signature.time_s, signature.fudge_s), Told::default()));
        Some(signed)
    }

    /// Says in an answer what was wrong with a query's signature. Of a time it is signed, and tells ours, so that who asked knows that it is
    /// the clock (5.2.3); of a key or a code it cannot be (5.2.1, 5.2.2).
    pub fn refuse(&self, message: &mut Vec<u8>, query: &Query, why: Unverified, now_s: u64) {
        let Some((signature, _)) = query.signature.as_ref() else { return };
        let ours = now_s.to_be_bytes();
        let (told, mac) = match why {
            Unverified::Unsigned => return,
            Unverified::Key => (Told { error: 17, other: &[] }, Vec::new()),
            Unverified::Code => (Told { error: 16, other: &[] }, Vec::new()),
            Unverified::Time => {
                let told = Told { error: 18, other: ours.get(2..).unwrap_or_default() };
                let mut signed = u16::try_from(signature.mac.len()).unwrap_or(0).to_be_bytes().to_vec();
                signed.extend_from_slice(&signature.mac);
                signed.extend_from_slice(message);
                signed.extend(self.variables((signature.time_s, FUDGE_S), told));
                (told, sign(&self.key, &signed).as_ref().to_vec())
            }
        };
        append(message, (&signature.key, &signature.algorithm), &mac, (signature.time_s, told));
    }

    /// Signs a message, over the code of the one before: of the query, or of the last message of a transfer (5.3.1). Answers its code.
    pub fn sign(&self, message: &mut Vec<u8>, before: Option<&[u8]>, is_later: bool, now_s: u64) -> Vec<u8> {
        let mut signed = Vec::with_capacity(message.len() + 128);
        if let Some(before) = before {
            signed.extend_from_slice(&u16::try_from(before.len()).unwrap_or(0).to_be_bytes());
            signed.extend_from_slice(before);
        }
        signed.extend_from_slice(message);
        if is_later {
            signed.extend(timers(now_s, FUDGE_S));
        } else {
            signed.extend(self.variables((now_s, FUDGE_S), Told::default()));
        }
        let mac = sign(&self.key, &signed).as_ref().to_vec();
        append(message, (&self.name, &algorithm()), &mac, (now_s, Told::default()));
        mac
    }

    /// What is signed besides the message (4.3.3).
    fn variables(&self, (time_s, fudge_s): (u64, u16), told: Told<'_>) -> Vec<u8> {
        let mut variables = self.name.clone();
        variables.extend_from_slice(&[0, 255, 0, 0, 0, 0]);
        variables.extend(algorithm());
        variables.extend(timers(time_s, fudge_s));
        variables.extend(told.bytes());
        variables
    }
}

/// Why a query's signature is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unverified {
    /// It has none.
    Unsigned,
    /// Of another key, or by another algorithm.
    Key,
    /// The code is not this message's.
    Code,
    /// It was signed too long ago, or too far ahead.
    Time,
}

/// What a signature says besides its code.
#[derive(Debug, Clone, Copy, Default)]
struct Told<'a> {
    error: u16,
    other: &'a [u8],
}

impl Told<'_> {
    fn bytes(self) -> Vec<u8> {
        let length = u16::try_from(self.other.len()).unwrap_or(0);
        [&self.error.to_be_bytes(), &length.to_be_bytes(), self.other].concat()
    }
}

fn append(
    message: &mut Vec<u8>,
    (key, algorithm): (&[u8], &[u8]),
    mac: &[u8],
    (time_s, told): (u64, Told<'_>),
) {
    let id = message.get(..2).map(<[u8]>::to_vec).unwrap_or_default();
    let mut data = algorithm.to_vec();
    data.extend(timers(time_s, FUDGE_S));
    data.extend_from_slice(&u16::try_from(mac.len()).unwrap_or(0).to_be_bytes());
    data.extend_from_slice(mac);
    data.extend(id);
    data.extend(told.bytes());
    message.extend_from_slice(key);
    message.extend_from_slice(&[0, 250, 0, 255, 0, 0, 0, 0]);
    message.extend_from_slice(&u16::try_from(data.len()).unwrap_or(0).to_be_bytes());
    message.extend(data);
    if let Some([high, low]) = message.get_mut(10..12) {
        (*high, *low) = (0, 1);
    }
}

fn timers(time_s: u64, fudge_s: u16) -> Vec<u8> {
    let mut timers = time_s.to_be_bytes().get(2..).unwrap_or_default().to_vec();
    timers.extend_from_slice(&fudge_s.to_be_bytes());
    timers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::dns::{Code, Message, read};

    /// As dnspython 2 signs a query for the start of authority at 2026-06-01T00:00:00Z.
    const SIGNED: &str = "1234000000010000000000010372707a066163636f7264000006000104656467650000fa00ff00000000003d0b\
         686d61632d7368613235360000006a1ccb80012c002023050f40bf7a70b5da9aab45c96d86893608ad2b0d0951\
         676ff6b76f52859625123400000000";
    /// The answer to it 301 s later.
    const BAD_TIME: &str = "1234840900010000000000010372707a066163636f7264000006000104656467650000fa00ff0000000000430b\
         686d61632d7368613235360000006a1ccb80012c0020980422479bfd8807771bda64a6945268b8a92b774d1e1eb44a760143c394e97612340012000600006a1cccad";
    const NOW_S: u64 = 1_780_272_000;

    fn bytes() -> Vec<u8> {
        let digits: String = SIGNED.split_whitespace().collect();
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn a_signature_is_verified_and_nothing_else() {
        let secret = Secret::new("Edge.", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=").unwrap();
        let signed = bytes();
        let judged = |secret: &Secret, now_s| secret.verified(&signed, &read(&signed).unwrap(), now_s);
        let verified =
            |secret: &Secret, bytes: &[u8], now_s| secret.verified(bytes, &read(bytes)?, now_s).ok();
        assert!(judged(&secret, NOW_S).is_ok() && judged(&secret, NOW_S + 300).is_ok());
        assert_eq!(judged(&secret, NOW_S + 301), Err(Unverified::Time), "too old");
        assert_eq!(judged(&secret, NOW_S - 301), Err(Unverified::Time), "too far ahead");
        let other = Secret::new("edge", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTE=").unwrap();
        assert_eq!(judged(&other, NOW_S + 301), Err(Unverified::Code), "another secret, whatever the time");
        let other = Secret::new("other", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=").unwrap();
        assert_eq!(judged(&other, NOW_S), Err(Unverified::Key), "another key");
        for at in 0..signed.len() {
            let mut changed = signed.clone();
            changed[at] ^= 1;
            // What a name's length or a record's does not change, the code covers, but for the number, the class and time to live of the record itself.
            if verified(&secret, &changed, NOW_S).is_some() {
                let begin = read(&signed).unwrap().signature.unwrap().1 + 6;
                assert!(at < 2 || (begin..begin + 10).contains(&at) || at >= signed.len() - 4, "byte {at}");
            }
        }
        assert!(Secret::new("edge", "c2hvcnQ=").is_none(), "a secret that is too short");
    }

    fn hexadecimal(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_signature_of_another_time_is_answered_with_ours() {
        let secret = Secret::new("edge", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=").unwrap();
        let signed = bytes();
        let query = read(&signed).unwrap();
        let refused = |why| {
            let mut message = Message::answer(&query, Code::NotAuthoritative).end();
            secret.refuse(&mut message, &query, why, NOW_S + 301);
            hexadecimal(&message)
        };
        // dnspython raises `PeerBadTime` of this one; its code was made anew from the bytes of RFC 8945, 5.2.3, by other hands.
        assert_eq!(refused(Unverified::Time), BAD_TIME);
        let behind = |error: &str| format!("0000123400{error}0000");
        assert!(
            refused(Unverified::Key).ends_with(&behind("11"))
                && refused(Unverified::Code).ends_with(&behind("10"))
        );
        assert_eq!(
            refused(Unverified::Unsigned),
            hexadecimal(&Message::answer(&query, Code::NotAuthoritative).end())
        );
    }

    #[test]
    fn whatever_comes_is_read_or_refused() {
        let signed = bytes();
        for end in 0..signed.len() {
            let _read = read(&signed[..end]);
        }
        for at in 0..signed.len() {
            for byte in [0, 1, 0x3F, 0xC0, 0xFF] {
                let mut changed = signed.clone();
                changed[at] = byte;
                let _read = read(&changed);
            }
        }
    }
}
