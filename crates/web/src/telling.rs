//! Who is told what on a connection. What he was told when he asked may not be for him any more before all of it has left: then
//! the connection is broken off, with what still waits in it.
//!
//! Reading verbs look again by themselves between two pages. This is about what they have made already and a client has not
//! taken yet: a page, the last pieces of an export, what the system holds to send.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use node::{Caller, Node};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Notify;
use tokio_rustls::server::TlsStream;

/// How often it is looked whether everybody may still see what he is being told.
const EVERY: Duration = Duration::from_millis(250);

/// The connections that are open.
#[derive(Debug, Default)]
pub struct Connections(Mutex<Vec<Weak<Account>>>);

/// What is being told on one connection.
#[derive(Debug, Default)]
pub(crate) struct Account {
    told: Mutex<Told>,
    cut: Notify,
    is_cut: AtomicBool,
}

#[derive(Debug, Default)]
struct Told {
    answers: Vec<Answer>,
    begun: u64,
}

/// An answer that somebody is given. It counts until the next request comes after all of it was handed to the system: what the
/// system has to send still can be taken back.
#[derive(Debug)]
struct Answer {
    number: u64,
    to: Option<Caller>,
    handed_over: bool,
}

/// One answer, for as long as some of it is here.
#[derive(Debug)]
pub(crate) struct Telling {
    account: Arc<Account>,
    number: u64,
}

impl Connections {
    fn all(&self) -> MutexGuard<'_, Vec<Weak<Account>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more.
    pub(crate) fn open(&self) -> Arc<Account> {
        let account = Arc::default();
        self.all().push(Arc::downgrade(&account));
        account
    }

    /// Breaks off, from now on, each on which somebody is told what is not for him any more.
    pub(crate) async fn watch(&self, node: &Node) {
        loop {
            tokio::time::sleep(EVERY).await;
            let mut open = Vec::new();
            self.all().retain(|account| account.upgrade().map(|account| open.push(account)).is_some());
            open.iter().filter(|account| !account.stands(node)).for_each(|account| account.break_off());
        }
    }
}

impl Account {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has come.
    pub(crate) fn begin(self: &Arc<Account>) -> Arc<Telling> {
        let mut told = self.told();
        told.answers.retain(|answer| !answer.handed_over);
        told.begun += 1;
        let number = told.begun;
        told.answers.push(Answer { number, to: None, handed_over: false });
        Arc::new(Telling { account: Arc::clone(self), number })
    }

    fn stands(&self, node: &Node) -> bool {
        self.told().answers.iter().filter_map(|answer| answer.to.as_ref()).all(|to| node.still_sees(to))
    }

    fn break_off(&self) {
        if !self.is_cut.swap(true, Ordering::SeqCst) {
            self.cut.notify_one();
        }
    }

    /// Whether it is broken off.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::SeqCst)
    }

    /// Ready when it is to be broken off.
    pub(crate) async fn broken_off(&self) {
        self.cut.notified().await;
    }
}

impl Telling {
    /// It is for him.
    pub(crate) fn to(&self, caller: &Caller) {
        let mut told = self.account.told();
        if let Some(answer) = told.answers.iter_mut().find(|answer| answer.number == self.number) {
            answer.to = Some(caller.clone());
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        let mut told = self.account.told();
        if let Some(answer) = told.answers.iter_mut().find(|answer| answer.number == self.number) {
            answer.handed_over = true;
        }
    }
}

/// A stream that can be dropped with all that was handed to it and has not left yet.
pub(crate) trait Abort {
    /// From now on, dropping it takes back what has not left.
    fn abort(&self);
}

impl Abort for TcpStream {
    fn abort(&self) {
        if let Err(error) = self.set_zero_linger() {
            tracing::warn!(%error, "a connection is closed with what waits in it");
        }
    }
}

impl Abort for TlsStream<TcpStream> {
    fn abort(&self) {
        self.get_ref().0.abort();
    }
}

impl Abort for UnixStream {
    // Only the folder's owner is at the other end, and nothing is withdrawn from him.
    fn abort(&self) {}
}
