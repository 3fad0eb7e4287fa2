//! Running the node's verbs, which block, from handlers, which must not.

use crate::Failure;

/// Runs what takes well under a few milliseconds, on this thread: a look in memory, a page, a lookup.
///
/// Handing the thread's other tasks to another thread first, as the runtime offers, costs two switches of context, which
/// is as much as a page of 100 objects. Idle threads take over what waits here anyway.
pub fn brief<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Runs what may take long on a thread for that.
///
/// # Errors
/// An internal failure when the work panicked or the runtime is stopping.
pub async fn long<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::internal(format!("a blocking task did not end well: {error}")))
}
