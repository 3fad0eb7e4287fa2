//! What happens by the clock alone: values end, knowledge becomes too old, alarms are raised, the status is written.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::child;
use crate::follow::age;
use crate::known::{Shared, Touched};
use crate::status::Status;

/// How often all of it is looked at.
const EVERY: Duration = Duration::from_millis(500);
/// How long an alarm's command may take.
const ALARM: Duration = Duration::from_secs(30);
/// What comes and goes is told not more often than this: what is wrong again sooner waits, and is told then if it still is.
const HOLD: Duration = Duration::from_secs(600);

/// Watches until all is to end.
pub(crate) fn run(shared: &Shared) {
    let mut raised = Raised::default();
    let mut written = String::new();
    while !shared.is_stopping() {
        expire(shared);
        look_at_age(shared);
        let status = Status::of(shared);
        raise(shared, &status, &mut raised);
        // It is written each time: that it is new says that the edge runs.
        match status.write(&shared.config.state) {
            Ok(()) => written.clear(),
            Err(error) if written != error.to_string() => {
                written = error.to_string();
                tracing::error!(error = written, "the status cannot be written");
            }
            Err(_) => {}
        }
        shared.pause(EVERY);
    }
}

fn expire(shared: &Shared) {
    let now = shared.now();
    if !shared.read(|view| view.set().may_have_ended(now)) {
        return;
    }
    shared.write(|known| {
        let gone = known.set.expire(now);
        if !gone.is_empty() {
            tracing::info!(values = gone.len(), "values have ended");
        }
        Touched::Keys(gone)
    });
}

/// Whether the knowledge is older than it should be; where blocks are to be taken away then, every sensor is filled anew.
fn look_at_age(shared: &Shared) {
    let now = shared.now();
    let is_old = shared.read(|view| {
        let old = |knowledge| age(knowledge, now) > shared.config.max_age;
        view.known().knowledge.is_some_and(old)
    });
    if shared.read(|view| view.known().is_old) == is_old {
        return;
    }
    shared.write(|known| {
        known.is_old = is_old;
        match shared.config.fail {
            crate::core::config::Fail::Open => Touched::All,
            crate::core::config::Fail::Closed => Touched::Nothing,
        }
    });
}

/// What is wrong, and when each was told.
#[derive(Debug, Default)]
struct Raised(BTreeMap<String, Stands>);

#[derive(Debug)]
struct Stands {
    is_wrong: bool,
    is_told: bool,
    told: Option<Instant>,
}

impl Raised {
    /// Takes what is wrong now; answers what of it is to be told.
    fn take<'a>(&mut self, alarms: &'a [String], now: Instant) -> Vec<&'a String> {
        let is_new = |told: Instant| now.saturating_duration_since(told) >= HOLD;
        let wrong: BTreeSet<String> = alarms.iter().map(|alarm| plain(alarm)).collect();
        for (name, stands) in &mut self.0 {
            stands.is_wrong = wrong.contains(name);
            stands.is_told &= stands.is_wrong;
        }
        self.0.retain(|_, stands| stands.is_wrong || stands.told.is_some_and(|told| !is_new(told)));
        let mut tell = Vec::new();
        for alarm in alarms {
            let new = Stands { is_wrong: true, is_told: false, told: None };
            let stands = self.0.entry(plain(alarm)).or_insert(new);
            if !stands.is_told && stands.told.is_none_or(is_new) {
                (stands.is_told, stands.told) = (true, Some(now));
                tell.push(alarm);
            }
        }
        tell
    }

    /// Whether something of what was told is wrong still.
    fn is_any(&self) -> bool {
        self.0.values().any(|stands| stands.is_told)
    }
}

/// Of an age the seconds change; it is one alarm.
fn plain(alarm: &str) -> String {
    alarm.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Says what is newly wrong, and runs the owner's command for it; says what is no more.
fn raise(shared: &Shared, status: &Status, raised: &mut Raised) {
    let was_any = raised.is_any();
    for alarm in raised.take(&status.alarms, Instant::now()) {
        tracing::error!(alarm = alarm.as_str(), "something is wrong");
        if shared.config.alarm.is_empty() {
            continue;
        }
        let (words, text, name) = (shared.config.alarm.clone(), alarm.clone(), status.name.clone());
        // One that hangs holds up nothing.
        std::thread::spawn(move || {
            if let Err(why) = child::run(&words, &[&name, &text], b"", ALARM) {
                tracing::error!(error = why, "the alarm's command did not do");
            }
        });
    }
    if was_any && !raised.is_any() {
        tracing::info!("nothing is wrong any more");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_flaps_is_told_once_until_a_while_has_gone_by() {
        let (begin, mut raised) = (Instant::now(), Raised::default());
        let at = |seconds| begin + Duration::from_secs(seconds);
        let wrong = ["sensor a: hangs".to_owned(), "the knowledge is 61 s old".to_owned()];
        let mut told = |alarms: &[String], seconds| raised.take(alarms, at(seconds)).len();
        assert_eq!(told(&wrong, 0), 2);
        // It goes on, another second old.
        assert_eq!(told(&["the knowledge is 62 s old".to_owned()], 1), 0);
        for second in (2..600).step_by(2) {
            assert_eq!((told(&[], second), told(&wrong, second + 1)), (0, 0), "{second}");
        }
        // It is wrong still, and a while has gone by since it was told.
        assert_eq!((told(&wrong, 601), told(&wrong, 5_000)), (2, 0));
        // What was well for long is new.
        assert_eq!((told(&[], 5_001), told(&wrong, 5_002)), (0, 2));
        assert_eq!(told(&["another".to_owned()], 5_003), 1);
    }
}
