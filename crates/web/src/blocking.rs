//! Running the node's verbs, which block, from handlers, which must not.

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::Failure;

/// So many bytes are coded or decoded in about a millisecond.
const LITTLE: usize = 64 << 10;

/// Runs what takes well under a few milliseconds, on this thread: a look in memory, a page, a lookup.
///
/// Handing the thread's other tasks to another thread first, as the runtime offers, costs two switches of context, which
/// is as much as a page of 100 objects.
pub fn brief<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Runs what takes the longer, the more `bytes` it is given: on this thread, whose other tasks go to another one first
/// where it is much.
pub fn in_proportion<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes <= LITTLE || !may_hand_over() {
        return work();
    }
    tokio::task::block_in_place(work)
}

/// Runs what may wait for the disk within [`brief`]: the other tasks of a runtime's thread go to another one first.
pub fn in_place(work: &mut dyn FnMut()) {
    if may_hand_over() {
        return tokio::task::block_in_place(work);
    }
    work();
}

// Only threads of such a runtime have another to hand their tasks to.
fn may_hand_over() -> bool {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    flavor.is_ok_and(|flavor| flavor == RuntimeFlavor::MultiThread)
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

#[cfg(test)]
mod tests {
    use super::*;

    // Only one thread runs tasks: one that waits in place must not hold up the others.
    #[test]
    fn what_waits_in_place_holds_up_nobody() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let waits = runtime.spawn(async move {
            let mut heard = false;
            in_place(&mut || heard = told.recv_timeout(std::time::Duration::from_secs(20)).is_ok());
            heard
        });
        let tells = runtime.spawn(async move { tell.send(()).is_ok() });
        assert!(runtime.block_on(async { waits.await.unwrap() && tells.await.unwrap() }));
    }

    #[test]
    fn it_runs_outside_of_any_runtime_and_in_one_of_one_thread() {
        let mut runs = 0;
        in_place(&mut || runs += 1);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { in_place(&mut || runs += 1) });
        assert_eq!(runs, 2);
    }
}
