//! How much an indicator is worth after a time: the polynomial model that MISP has, as a pure function.

use crate::Timestamp;
use crate::observable::Kind;

/// How values of a kind lose their worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// After so many days without being seen nothing is left of it; at least 1.
    pub days: u32,
    /// How fast at the beginning, in hundredths: 100 is a straight line, more is slower at first, less is faster. At least 1.
    pub speed: u32,
}

/// Whoever gives no confidence is taken at this.
pub const UNSAID: u8 = 50;
const DAY_US: i64 = 86_400_000_000;

impl Model {
    /// What fits a kind, as nobody said otherwise: an address changes hands within weeks, a file stays what it is.
    #[must_use]
    pub fn of(kind: Kind) -> Model {
        let days = match kind {
            Kind::Ipv4 | Kind::Ipv6 | Kind::IpPort | Kind::Cidr4 | Kind::Cidr6 => 60,
            Kind::Url => 90,
            Kind::Domain | Kind::Email | Kind::Phone => 180,
            _ => 3_650,
        };
        Model { days, speed: 300 }
    }
}

/// What is left at a time of 0 to 100, of something that its author is so sure of and that was last known to hold at `since`.
///
/// `base * (1 - (age / days)^(1 / (speed / 100)))` would fall at once with a large speed; MISP's parameter is its inverse, so
/// here a larger speed keeps it longer: `base * (1 - (age / days)^(speed / 100))`. Each member that says that it was a mistake
/// takes a quarter of what is left.
#[must_use]
pub fn score(confidence: Option<u8>, since: Timestamp, mistaken: u32, model: Model, now: Timestamp) -> u8 {
    let base = f64::from(confidence.unwrap_or(UNSAID).min(100));
    let age = now.0.saturating_sub(since.0).max(0) as f64 / DAY_US as f64;
    let spent = (age / f64::from(model.days.max(1))).min(1.0);
    let left = base * (1.0 - spent.powf(f64::from(model.speed.max(1)) / 100.0));
    let left = left * 0.75f64.powi(mistaken.min(64).cast_signed());
    // Between 0 and 100 by the lines above.
    left.round().clamp(0.0, 100.0) as u8
}

/// Until when [`score`] is at least `least`, if nothing else happens; `None` without an end, where `least` is 0.
#[must_use]
pub fn lasts(
    confidence: Option<u8>,
    since: Timestamp,
    mistaken: u32,
    model: Model,
    least: u8,
) -> Option<Timestamp> {
    if least == 0 {
        return None;
    }
    let full =
        f64::from(confidence.unwrap_or(UNSAID).min(100)) * 0.75f64.powi(mistaken.min(64).cast_signed());
    // A score is rounded, so half a point less is as much.
    let spent = 1.0 - (f64::from(least) - 0.5) / full;
    if spent <= 0.0 || !spent.is_finite() {
        return Some(since);
    }
    let days = f64::from(model.days.max(1)) * spent.powf(100.0 / f64::from(model.speed.max(1)));
    Some(since.plus_seconds((days * 86_400.0) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Timestamp {
        Timestamp(1_788_220_800_000_000 + days * DAY_US)
    }

    #[test]
    fn falls_from_its_confidence_to_nothing_and_never_rises() {
        let model = Model { days: 60, speed: 300 };
        let scores: Vec<u8> = (0..70).map(|day| score(Some(80), at(0), 0, model, at(day))).collect();
        assert_eq!((scores[0], scores[30], scores[59], scores[60], scores[69]), (80, 70, 4, 0, 0));
        assert!(scores.is_sorted_by(|one, next| one >= next));
    }

    #[test]
    fn is_sure_of_half_where_nothing_is_said_and_of_all_before_it_began() {
        let model = Model { days: 10, speed: 100 };
        assert_eq!(score(None, at(0), 0, model, at(5)), 25);
        assert_eq!(
            score(Some(100), at(3), 0, model, at(0)),
            100,
            "a clock that runs behind makes nothing worth more"
        );
        assert_eq!(score(Some(255), at(0), 0, model, at(0)), 100);
    }

    #[test]
    fn it_is_known_beforehand_when_too_little_is_left() {
        for (confidence, mistaken, days, speed, least) in
            [(80, 0, 60, 300, 20), (50, 1, 90, 100, 30), (100, 0, 10, 30, 99), (60, 2, 180, 300, 1)]
        {
            let model = Model { days, speed };
            let of = |now| score(Some(confidence), at(0), mistaken, model, now);
            let end = lasts(Some(confidence), at(0), mistaken, model, least).unwrap();
            assert!(of(end.plus_seconds(-60)) >= least && of(end.plus_seconds(60)) < least, "{end}");
        }
        let model = Model { days: 60, speed: 300 };
        assert_eq!(lasts(Some(10), at(0), 0, model, 20), Some(at(0)), "never was");
        assert_eq!(lasts(Some(0), at(0), 0, model, 20), Some(at(0)));
        assert_eq!(lasts(Some(10), at(0), 0, model, 0), None);
    }

    #[test]
    fn each_who_calls_it_a_mistake_takes_a_quarter() {
        let model = Model { days: 10, speed: 100 };
        let of = |mistaken| score(Some(100), at(0), mistaken, model, at(0));
        assert_eq!([of(0), of(1), of(2), of(1_000_000)], [100, 75, 56, 0]);
    }
}
