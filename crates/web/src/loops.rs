//! The threads that serve connections, each with a loop of its own.
//!
//! A connection stays with one thread: what it asks for is read, answered and sent there, and no other is woken for it.
//! Threads that share one queue of tasks wake each other for nearly every page instead, which costs more than the page.
//! What takes long, or waits for the disk, leaves the thread ([`crate::blocking`]), so that the other connections of its
//! loop go on.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

/// Threads for what takes long, of all loops together.
const LONG: usize = 512;

/// Loops for connections.
#[derive(Debug)]
pub struct Loops(Vec<Runtime>);

impl Loops {
    /// As many as the process has processors.
    ///
    /// # Errors
    /// Those of the system, which starts no thread.
    pub fn start() -> io::Result<Loops> {
        let count = available_parallelism()?.get();
        let start = |number| {
            // One worker, but of the kind that hands its tasks to another thread before it waits.
            Builder::new_multi_thread()
                .worker_threads(1)
                .max_blocking_threads(LONG.div_ceil(count).max(2))
                .thread_name(format!("connections-{number}"))
                .enable_all()
                .build()
        };
        (0..count).map(start).collect::<io::Result<_>>().map(Loops)
    }

    /// Ends them. What still runs is waited for as long as `patience`.
    pub fn stop(self, patience: Duration) {
        for runtime in self.0 {
            runtime.shutdown_timeout(patience);
        }
    }

    /// What deals connections out to them.
    pub(crate) fn dealer(&self) -> Dealer {
        let open = |runtime: &Runtime| (runtime.handle().clone(), Arc::default());
        Dealer(self.0.iter().map(open).collect())
    }
}

/// Deals connections out to loops, with how many each has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dealer(Arc<[(Handle, Arc<AtomicUsize>)]>);

impl Dealer {
    /// Serves a connection on the loop that has the fewest; where there are none, on the runtime that asks.
    pub(crate) fn spawn(&self, serve: impl Future<Output = ()> + Send + 'static) {
        let fewest = self.0.iter().min_by_key(|(_, open)| open.load(Ordering::Relaxed));
        let Some((runtime, open)) = fewest else {
            let _detached = tokio::spawn(serve);
            return;
        };
        let place = Place::take(open);
        let _detached = runtime.spawn(async move {
            let _place = place;
            serve.await;
        });
    }
}

/// A connection's place on a loop, given back also by a panic.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(open: &Arc<AtomicUsize>) -> Place {
        open.fetch_add(1, Ordering::Relaxed);
        Place(Arc::clone(open))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::mpsc;

    use super::*;

    // Each holds its place until all have told where they are, and half of them leave before the rest come.
    #[test]
    fn each_loop_has_as_many_as_the_others() {
        let loops = Loops::start().unwrap();
        let count = loops.0.len();
        let dealer = loops.dealer();
        let (tell, told) = mpsc::channel();
        let (leave, _) = tokio::sync::broadcast::channel::<()>(1);
        let come = |number: usize, leave: &tokio::sync::broadcast::Sender<()>| {
            for _ in 0..number {
                let (tell, mut stay) = (tell.clone(), leave.subscribe());
                dealer.spawn(async move {
                    tell.send(Handle::current().id()).unwrap();
                    let _left = stay.recv().await;
                });
            }
        };
        let each = |number: usize| {
            let mut each = HashMap::new();
            for _ in 0..number {
                *each.entry(told.recv_timeout(Duration::from_secs(20)).unwrap()).or_insert(0) += 1;
            }
            each
        };
        come(3 * count, &leave);
        let first = each(3 * count);
        assert_eq!((first.len(), first.values().max()), (count, Some(&3)));
        leave.send(()).unwrap();
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while dealer.0.iter().any(|(_, open)| open.load(Ordering::Relaxed) > 0) {
            assert!(std::time::Instant::now() < end, "those who left still hold their places");
            std::thread::sleep(Duration::from_millis(1));
        }
        come(count, &leave);
        assert_eq!(each(count).len(), count);
        drop((dealer, leave));
        loops.stop(Duration::from_secs(20));
    }

    #[test]
    fn one_that_ends_by_a_panic_gives_its_place_back() {
        let loops = Loops::start().unwrap();
        let dealer = loops.dealer();
        dealer.spawn(async { panic!("on purpose") });
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while dealer.0.iter().any(|(_, open)| open.load(Ordering::Relaxed) > 0) {
            assert!(std::time::Instant::now() < end, "its place is still taken");
            std::thread::sleep(Duration::from_millis(1));
        }
        loops.stop(Duration::from_secs(20));
    }
}
