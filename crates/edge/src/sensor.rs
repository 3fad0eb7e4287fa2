//! Sensors: each with a thread of its own that makes it hold what is known, tries again where it does not take it, and looks now
//! and then whether it still holds it.

mod elastic;
mod files;
mod ipset;
mod nftables;
mod rpz;
pub(crate) mod shared_rules;
mod suricata;
mod unbound;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::core::config::{Sensor as Settings, SensorKind};
use crate::known::Shared;
use crate::slot::{Slot, Work};
use crate::upstream::Ways;

/// How often a sensor is asked whether it still holds what it was told.
const CHECK_EVERY: Duration = Duration::from_secs(15);
/// After so long it is filled anew, whatever it says: timeouts that the kernel cannot hold, and what went astray.
const FILL_EVERY: Duration = Duration::from_secs(86_400);
/// How often one that waits for a moment is looked at.
const WAITS_STEP: Duration = Duration::from_millis(200);
/// Between two tries with one that does not take what it is told: from, and up to.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What a sensor does.
pub(crate) trait Sensor: Send {
    /// Makes it hold just what is known.
    fn fill(&mut self, shared: &Shared) -> Result<(), String>;

    /// Makes it hold what is known of these keys.
    fn change(&mut self, shared: &Shared, keys: &BTreeSet<Box<[u8]>>) -> Result<(), String>;

    /// Whether it still holds what it was told, as far as that can be seen for little.
    fn holds(&mut self, _: &Shared) -> Result<bool, String> {
        Ok(true)
    }

    /// Whether part of what it was told waits for a moment that has not come: it holds less than it was told until then.
    fn waits(&self) -> bool {
        false
    }

    /// Does what waits, if its moment has come.
    fn catch_up(&mut self, _: &Shared) -> Result<(), String> {
        Ok(())
    }

    /// So long what changed is gathered before it is told.
    fn gathers(&self) -> Duration {
        Duration::ZERO
    }
}

/// Where a sensor keeps what is its own: beside nothing that the edge calls by a name.
fn own_folder(state: &Path, settings: &Settings) -> PathBuf {
    state.join("sensors").join(&settings.name)
}

fn of(slot: &Slot, state: &Path, ways: &Arc<dyn Ways>) -> Box<dyn Sensor> {
    let settings: &Settings = &slot.sensor;
    let timeout = settings.timeout;
    match &settings.kind {
        SensorKind::File { format, folder, reload, every } => {
            Box::new(files::Files::new(*format, folder.clone(), reload.clone(), (*every, timeout)))
        }
        SensorKind::Rules { reload, .. } => {
            let new_rules = Arc::clone(&slot.rules_are_new);
            Box::new(files::RulesFile::new(reload.clone(), timeout, new_rules))
        }
        SensorKind::Nftables { command } => {
            Box::new(nftables::Nftables::new(command.clone(), own_folder(state, settings), timeout))
        }
        SensorKind::Ipset { command } => {
            Box::new(ipset::Ipset::new(command.clone(), own_folder(state, settings), timeout))
        }
        SensorKind::Suricata { socket, folder, every, .. } => {
            let new_rules = Arc::clone(&slot.rules_are_new);
            Box::new(suricata::Suricata::new(socket.clone(), folder.clone(), (*every, timeout), new_rules))
        }
        SensorKind::Unbound { command, folder } => {
            Box::new(unbound::Unbound::new(command.clone(), folder.clone(), timeout))
        }
        SensorKind::Rpz { listen, zone, secondaries, key } => Box::new(rpz::Rpz::new(rpz::Setup {
            listen: listen.clone(),
            zone: zone.clone(),
            secondaries: secondaries.clone(),
            key: key.clone(),
            folder: own_folder(state, settings),
            timeout,
        })),
        SensorKind::Elastic { .. } => Box::new(elastic::Elastic::new(
            settings.kind.clone(),
            Arc::clone(ways),
            own_folder(state, settings),
            timeout,
        )),
    }
}

/// Serves a sensor until all is to end.
pub(crate) fn run(shared: &Shared, slot: &Slot, ways: &Arc<dyn Ways>) {
    let mut sensor = of(slot, &shared.config.state, ways);
    let (mut failures, mut looked, mut filled) = (0_u32, Instant::now(), Instant::now());
    let (mut is_to_come, mut awaited) = (false, None::<(String, u64)>);
    loop {
        slot.wait(if is_to_come { WAITS_STEP } else { CHECK_EVERY });
        if shared.is_stopping() {
            return;
        }
        shared.pause(sensor.gathers());
        let Some(mut work) = slot.take(shared) else { continue };
        work.all |= failures > 0 || filled.elapsed() > FILL_EVERY;
        let mut done = Ok(());
        if !work.all && looked.elapsed() >= CHECK_EVERY {
            looked = Instant::now();
            match sensor.holds(shared) {
                Ok(holds) => work.all = !holds,
                Err(why) => done = Err(why),
            }
        }
        done = done.and_then(|()| apply(sensor.as_mut(), shared, &work));
        done = done.and_then(|()| sensor.catch_up(shared));
        // Not all of it is there: where it stands is told later. It is told of the first that is awaited, however much comes meanwhile.
        let cursor = work.cursor.take().filter(|_| done.is_ok() && !sensor.waits());
        let now = cursor.map(|cursor| (cursor, work.changes));
        work.cursor = match (now, awaited.take()) {
            (Some((cursor, changes)), _) if !slot.rules_lag(changes) => Some(cursor),
            (now, Some((cursor, changes))) if !slot.rules_lag(changes) => {
                awaited = now;
                Some(cursor)
            }
            (now, before) => {
                awaited = before.or(now);
                None
            }
        };
        is_to_come = sensor.waits() || awaited.is_some();
        if work.all && done.is_ok() {
            filled = Instant::now();
        }
        failures = if done.is_ok() { 0 } else { failures.saturating_add(1) };
        note(shared, slot, work, done);
        if failures > 0 {
            shared.pause(BACKOFF.0.saturating_mul(1 << failures.min(6)).min(BACKOFF.1));
        }
    }
}

fn apply(sensor: &mut dyn Sensor, shared: &Shared, work: &Work) -> Result<(), String> {
    if work.all {
        sensor.fill(shared)
    } else if work.keys.is_empty() {
        Ok(())
    } else {
        sensor.change(shared, &work.keys)
    }
}

fn note(shared: &Shared, slot: &Slot, work: Work, done: Result<(), String>) {
    let (kinds, least) = (slot.sensor.kind.kinds(), slot.sensor.kind.format().least_action());
    let (entries, blocks) = shared.read(|view| {
        let counts = view.set().counts();
        (counts.of(&kinds, least), counts.of(&kinds, model::protect::Action::Block))
    });
    let mut state = slot.state();
    match done {
        Ok(()) => {
            if state.error.take().is_some() {
                tracing::info!(sensor = slot.sensor.name, "the sensor takes changes again");
            }
            if work.cursor.is_some() {
                state.cursor = work.cursor;
                state.applied = Some(shared.machine_time());
            }
            // Whoever fetches rules counts them.
            if !matches!(slot.sensor.kind, SensorKind::Rules { .. }) {
                (state.entries, state.blocks) = (entries, blocks);
            }
        }
        Err(why) => {
            if state.error.as_deref() != Some(why.as_str()) {
                tracing::error!(
                    sensor = slot.sensor.name,
                    error = why,
                    "the sensor does not take what it is told"
                );
            }
            state.error = Some(why);
            drop(state);
            // Nobody knows what it took of it: it is filled anew.
            slot.touch(&crate::known::Touched::All);
        }
    }
}
