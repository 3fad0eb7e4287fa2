//! The threads of an edge, from its start to its end.

use std::sync::Arc;
use std::time::Duration;

use crate::core::config::Config;
use crate::known::{Clock, Shared, Touched};
use crate::status::{Status, query};
use crate::store::Store;
use crate::upstream::Ways;
use crate::{follow, report, sensor, watch};

/// How long threads may take to end; one that waits for a sensor that hangs is left behind.
const ENDING: Duration = Duration::from_secs(3);

/// An edge that runs.
#[derive(Debug)]
pub struct Edge {
    shared: Arc<Shared>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Edge {
    /// Reads the local copy, which acts from then on, and goes to the node.
    ///
    /// # Errors
    /// The folder cannot be used, or another edge has it.
    pub fn start(config: Config, clock: Clock, ways: Arc<dyn Ways>) -> std::io::Result<Edge> {
        let query = query(config.least(), config.tlp);
        let shared = Arc::new(Shared::new(config, clock));
        let now = shared.now();
        let mut opened = None;
        shared.write(|known| {
            opened = Some(Store::open(&shared.config.state, known, now));
            Touched::Nothing
        });
        let (mut store, found) = opened.ok_or_else(|| std::io::Error::other("nothing was opened"))??;
        if let Some(damaged) = found.damaged {
            tracing::error!(error = damaged, "the local copy was damaged");
            shared.link().damaged = Some(damaged);
        }
        tracing::info!(values = found.values, "the local copy is read");
        // No time lies before what the node said last: a machine that lost its own goes on from there, so that what it holds ages and ends.
        if let Some(knowledge) = shared.read(|view| view.known().knowledge)
            && knowledge > now
        {
            shared.node_time(knowledge);
        }
        let mut edge = Edge { shared, threads: Vec::new() };
        for slot in 0..edge.shared.slots.len() {
            let ways = Arc::clone(&ways);
            edge.thread("sensor", move |shared| {
                if let Some(slot) = shared.slots.get(slot) {
                    sensor::run(shared, slot, &ways);
                }
            })?;
        }
        for slot in 0..edge.shared.slots.len() {
            let ways = Arc::clone(&ways);
            edge.thread("rules", move |shared| {
                if let Some(slot) = shared.slots.get(slot) {
                    sensor::shared_rules::run(shared, slot, ways.node());
                }
            })?;
        }
        edge.thread("watch", watch::run)?;
        let reporting = Arc::clone(&ways);
        edge.thread("report", move |shared| report::run(shared, reporting.node()))?;
        edge.thread("follow", move |shared| follow::run(shared, ways.node(), &mut store, &query))?;
        Ok(edge)
    }

    fn thread(&mut self, name: &str, run: impl FnOnce(&Shared) + Send + 'static) -> std::io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(&shared))?;
        self.threads.push(thread);
        Ok(())
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::of(&self.shared)
    }

    /// Ends it; sensors keep what they hold.
    pub fn stop(self) {
        self.shared.stop();
        let until = std::time::Instant::now() + ENDING;
        while self.threads.iter().any(|thread| !thread.is_finished()) && std::time::Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
