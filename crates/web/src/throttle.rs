//! Failed sign-ins, counted by address, in bounded memory.
//!
//! A token has 256 random bits, so nobody guesses one: this keeps noise from costing us, and holds back guesses at what
//! is weaker. A good credential is always taken, also from an address that is held back, since whole organisations
//! stand behind one address and a stranger among them must not lock the others out.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Addresses that are told apart; those that fall into one slot share it.
const SLOTS: usize = 8192;
/// Failures before an address is held back.
const BURST: u32 = 20;
/// After this long one more failure is free again.
const REFILL: Duration = Duration::from_secs(3);

/// Counts failures by address.
#[derive(Debug)]
pub struct Throttle {
    slots: Mutex<Vec<Slot>>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    failures: u32,
    since: Instant,
}

impl Default for Throttle {
    fn default() -> Self {
        let empty = Slot { failures: 0, since: Instant::now() };
        Throttle { slots: Mutex::new(vec![empty; SLOTS]), hasher: RandomState::new() }
    }
}

impl Throttle {
    /// Notes a failure from this address at this time. How long to wait, when there were too many.
    #[must_use]
    pub fn failed(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let at = (self.hasher.hash_one(network(address)) % SLOTS as u64) as usize;
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
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

    #[test]
    fn an_address_is_held_back_and_let_go() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let six: IpAddr = "2001:db8::1".parse().unwrap();
        for _ in 0..BURST {
            assert_eq!(throttle.failed(six, now), None);
        }
        assert_eq!(throttle.failed(six, now), Some(REFILL));
        assert_eq!(throttle.failed("2001:db8::2".parse().unwrap(), now), Some(REFILL), "the same /64");
        let later = now + REFILL;
        assert_eq!(throttle.failed(six, later), None);
        assert_eq!(throttle.failed(six, later), Some(REFILL));
        let much_later = later + REFILL * (BURST + 1);
        for _ in 0..BURST {
            assert_eq!(throttle.failed(six, much_later), None);
        }
        assert_eq!(throttle.failed(six, much_later), Some(REFILL));
    }

    #[test]
    fn another_address_is_another_matter() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..=BURST {
            let _counted = throttle.failed("192.0.2.1".parse().unwrap(), now);
        }
        // One of ten may share the slot by chance, not all.
        let free = (2..12).filter(|last| throttle.failed(IpAddr::from([192, 0, 2, *last]), now).is_none());
        assert!(free.count() >= 9);
    }
}
