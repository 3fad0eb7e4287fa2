//! When something that failed is tried again: after a while, each time after twice as long, up to a bound.

use std::time::Duration;

use model::Timestamp;

/// So soon it is tried again at first.
pub const FIRST: Duration = Duration::from_secs(10);
/// However often it failed, no later than this.
pub const MOST: Duration = Duration::from_secs(600);

/// How something failed of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    failed: u32,
    next: Timestamp,
}

impl BackOff {
    /// It failed now, and so it did before.
    #[must_use]
    pub fn after(before: Option<BackOff>, now: Timestamp) -> BackOff {
        let failed = before.map_or(0, |before| before.failed).saturating_add(1);
        // Twice ten times is more than the bound.
        let pause = FIRST.saturating_mul(1 << (failed - 1).min(10)).min(MOST);
        BackOff { failed, next: Timestamp(now.0.saturating_add(micros(pause))) }
    }

    /// How often it failed, one after the other.
    #[must_use]
    pub fn failed(&self) -> u32 {
        self.failed
    }

    /// When it is tried again.
    #[must_use]
    pub fn next(&self) -> Timestamp {
        self.next
    }

    /// How long it waits yet; `None` when it is due. A clock that was set back keeps it from nothing.
    #[must_use]
    pub fn pause(&self, now: Timestamp) -> Option<Duration> {
        let left = self.next.0.saturating_sub(now.0);
        let pause = Duration::from_micros(u64::try_from(left).ok().filter(|left| *left > 0)?);
        Some(pause).filter(|pause| *pause <= MOST)
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_788_220_800_000_000);

    #[test]
    fn each_time_it_waits_twice_as_long_and_never_longer_than_the_bound() {
        let (mut waits, mut now) = (None, NOW);
        for seconds in [10, 20, 40, 80, 160, 320, 600, 600, 600] {
            let next = BackOff::after(waits, now);
            assert_eq!(next.pause(now), Some(Duration::from_secs(seconds)));
            assert_eq!(next.pause(now.plus_seconds(seconds as i64 - 1)), Some(Duration::from_secs(1)));
            assert_eq!(next.pause(now.plus_seconds(seconds as i64)), None);
            now = now.plus_seconds(seconds as i64);
            waits = Some(next);
        }
        let often = BackOff { failed: u32::MAX, next: NOW };
        assert_eq!(BackOff::after(Some(often), NOW).pause(NOW), Some(MOST));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait() {
        let waits = BackOff::after(None, NOW);
        assert_eq!(waits.pause(NOW.plus_seconds(-86_400)), None);
        assert_eq!(waits.pause(Timestamp(i64::MIN)), None);
    }
}
