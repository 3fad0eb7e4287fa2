//! Failed attempts to sign in, counted by address and by account, each factor by itself, in bounded memory and by a clock that
//! never runs back.
//!
//! A token has 256 random bits, so nobody guesses one: this keeps noise from costing us, and holds back guesses at what
//! is weaker. A good credential is always taken, also from an address that is held back, since whole organisations
//! stand behind one address and a stranger among them must not lock the others out; nor can anybody lock an account.
//!
//! An account is counted however it is written and by whichever header, form or verb it is shown. What reaches no credential is
//! no attempt: the answer to a method that an address does not take, to `OPTIONS`, and to a cookie that is not known, which is as
//! none, is the same with a good one.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Addresses that are told apart, and accounts; those that fall into one slot share it.
const SLOTS: usize = 8192;
/// Failures before an address, or an account, is held back.
const BURST: u32 = 20;
/// After this long one more failure is free again.
const REFILL: Duration = Duration::from_secs(3);
/// Of a token so many characters are its account: guesses at the rest are guesses at the same one.
const TOKEN_ACCOUNT: usize = 12;

/// What is shown to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Factor {
    /// A token or the one-time secret, in any header or form.
    Token,
    /// A client certificate.
    Certificate,
    /// The secret of an invitation, shown by somebody who is known.
    Invitation,
}

/// A failed attempt.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// What was shown.
    pub factor: Factor,
    /// Where from, if that is known.
    pub address: Option<IpAddr>,
    /// For which account, as far as what was shown says so: a token or a part of it, a user name.
    pub account: Option<&'a str>,
}

/// Counts failures.
#[derive(Debug)]
pub struct Throttle {
    addresses: Mutex<Vec<Slot>>,
    accounts: Mutex<Vec<Slot>>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    failures: u32,
    since: Instant,
}

impl Default for Throttle {
    fn default() -> Self {
        let empty = || Mutex::new(vec![Slot { failures: 0, since: Instant::now() }; SLOTS]);
        Throttle { addresses: empty(), accounts: empty(), hasher: RandomState::new() }
    }
}

impl Throttle {
    /// Notes a failure at this time. How long to wait, when there were too many from its address or for its account.
    #[must_use]
    pub fn failed(&self, attempt: Attempt<'_>, now: Instant) -> Option<Duration> {
        let Attempt { factor, address, account } = attempt;
        // Both are counted, whichever of them is over.
        let by_address = address.and_then(|from| self.count(&self.addresses, (factor, network(from)), now));
        let by_account = account.and_then(|one| self.count(&self.accounts, (factor, folded(one)), now));
        by_address.or(by_account)
    }

    fn count(&self, slots: &Mutex<Vec<Slot>>, key: impl Hash, now: Instant) -> Option<Duration> {
        let at = (self.hasher.hash_one(key) % SLOTS as u64) as usize;
        let mut slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get_mut(at)?;
        let passed = now.saturating_duration_since(slot.since);
        let refilled = (passed.as_millis() / REFILL.as_millis()).min(u128::from(u32::MAX)) as u32;
        if refilled >= slot.failures {
            *slot = Slot { failures: 0, since: now };
        } else {
            slot.failures -= refilled;
            slot.since += REFILL * refilled;
        }
        if slot.failures >= BURST {
            return Some(REFILL);
        }
        slot.failures += 1;
        None
    }
}

// An account however it is written: letters of one case, no white space around, and of a token its beginning.
fn folded(account: &str) -> String {
    let folded = account.trim().to_lowercase();
    match folded.starts_with(model::token::PREFIX) {
        true => folded.chars().take(TOKEN_ACCOUNT).collect(),
        false => folded,
    }
}

// An IPv6 client has a whole /64 to itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX))),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> Attempt<'static> {
        let address = Some(address.parse().unwrap());
        Attempt { factor: Factor::Token, address, account: None }
    }

    fn account(account: &str) -> Attempt<'_> {
        Attempt { factor: Factor::Token, address: None, account: Some(account) }
    }

    #[test]
    fn an_address_is_held_back_and_let_go() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let six = from("2001:db8::1");
        for _ in 0..BURST {
            assert_eq!(throttle.failed(six, now), None);
        }
        assert_eq!(throttle.failed(six, now), Some(REFILL));
        assert_eq!(throttle.failed(from("2001:db8::2"), now), Some(REFILL), "the same /64");
        let other = Attempt { factor: Factor::Certificate, ..six };
        assert_eq!(throttle.failed(other, now), None, "another factor");
        let later = now + REFILL;
        assert_eq!(throttle.failed(six, later), None);
        assert_eq!(throttle.failed(six, later), Some(REFILL));
        let much_later = later + REFILL * (BURST + 1);
        for _ in 0..BURST {
            assert_eq!(throttle.failed(six, much_later), None);
        }
        assert_eq!(throttle.failed(six, much_later), Some(REFILL));
        // A clock that is asked out of turn lets nobody go.
        assert_eq!(throttle.failed(six, now), Some(REFILL));
    }

    #[test]
    fn another_address_is_another_matter() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..=BURST {
            let _counted = throttle.failed(from("192.0.2.1"), now);
        }
        // One of ten may share the slot by chance, not all.
        let free = (2..12).filter(|last| throttle.failed(from(&format!("192.0.2.{last}")), now).is_none());
        assert!(free.count() >= 9);
    }

    #[test]
    fn an_account_is_one_from_every_address_and_in_every_spelling() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let spellings = ["admin", "Admin", " ADMIN ", "admin\t"];
        for at in 0..BURST {
            let address = Some(IpAddr::from([198, 51, 100, at as u8]));
            let attempt = Attempt { address, ..account(spellings[at as usize % spellings.len()]) };
            assert_eq!(throttle.failed(attempt, now), None, "{at}");
        }
        assert_eq!(throttle.failed(account("aDmIn"), now), Some(REFILL));
        let certificate = Attempt { factor: Factor::Certificate, ..account("admin") };
        assert_eq!(throttle.failed(certificate, now), None, "another factor");
        // Guesses at the rest of one token.
        for at in 0..BURST {
            assert_eq!(throttle.failed(account(&format!("acc_0123abcd{at:035}_aaaaaa")), now), None);
        }
        assert_eq!(throttle.failed(account("ACC_0123ABCDxyz"), now), Some(REFILL));
        assert_eq!(throttle.failed(account("acc_0123abcE000"), now), None);
    }
}
