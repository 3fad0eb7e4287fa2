//! What happens by the clock alone: values end, knowledge becomes too old, alarms are raised, the status is written.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::child;
use crate::follow::age;
use crate::known::{Shared, Touched};
use crate::status::Status;

/// How often all of it is looked at.
const EVERY: Duration = Duration::from_millis(500);
/// How long an alarm's command may take.
const ALARM: Duration = Duration::from_secs(30);

/// Watches until all is to end.
pub(crate) fn run(shared: &Shared) {
    let mut raised: BTreeSet<String> = BTreeSet::new();
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

/// Says what is newly wrong, and runs the owner's command for it; says what is no more.
fn raise(shared: &Shared, status: &Status, raised: &mut BTreeSet<String>) {
    // Of an age the seconds change; it is one alarm.
    let plain = |alarm: &String| alarm.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let now: BTreeSet<String> = status.alarms.iter().map(plain).collect();
    for alarm in status.alarms.iter().filter(|alarm| !raised.contains(&plain(alarm))) {
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
    if now.is_empty() && !raised.is_empty() {
        tracing::info!("nothing is wrong any more");
    }
    *raised = now;
}
