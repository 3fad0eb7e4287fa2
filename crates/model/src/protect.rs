//! What may block, alert or only inform at a receiver, and why.
//!
//! An indicator's value acts at a receiver as far as everything in its way lets it: its own times, what its label permits
//! (IEP 2.0 §8), the receiver's [`Policy`], how sure its author is and how long ago that was ([`decay`]), how much its author says
//! in a day, how many others say the same by themselves, what everybody's traffic has ([`innocent`], warning lists), and what
//! this receiver's own hosts did lately. [`judge`] asks all of it in this order; each [`Gate`] is told with what it went by, so
//! that the answer to "why" and the decision are one.
//!
//! Nobody's motive, victim or country is among what is asked.

pub mod decay;
mod falling;
mod innocent;
mod policy;
mod verdict;

use crate::circle::words;
use crate::matching::Mode;
use crate::{CircleId, MemberId, PermittedActions, Timestamp, Tlp};

pub use falling::{Does, FALLS, Falling, falling};
pub use innocent::innocent;
pub use policy::{From, ListGrade, MistakenBy, Policy, Prevalence, Rule, Share, Sharing};
pub use verdict::{Gate, GateKind, Local, Seen, Verdict, Warned, ends_by_itself, judge};

words! {
    /// What a value does where it is seen, the least first.
    Action {
        /// It is told beside what was seen.
        #[default]
        Context = "context",
        /// It raises an alert.
        Alert = "alert",
        /// What has it is stopped.
        Block = "block",
    }
}

impl Action {
    /// The most that a policy for the exchange of information permits (IEP 2.0 §8). To block is visible outside, without reaching
    /// out: whoever is blocked notices. An alert is seen inside alone.
    #[must_use]
    pub fn permitted(permits: PermittedActions) -> Option<Action> {
        match permits {
            PermittedActions::None | PermittedActions::ContactForInstruction => None,
            PermittedActions::InternallyVisible => Some(Action::Alert),
            PermittedActions::ExternallyVisibleIndirect | PermittedActions::ExternallyVisibleDirect => {
                Some(Action::Block)
            }
        }
    }
}

/// An indicator that says a value by itself, as its receiver sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Who says it.
    pub source: MemberId,
    /// It is of the receiver's own organisation.
    pub own: bool,
    /// A curator let it in, or the desk said it for a member that is not named.
    pub released: bool,
    /// The circles that it is for, among those that the receiver is in.
    pub circles: Vec<CircleId>,
    /// Its label.
    pub tlp: Tlp,
    /// What its label lets recipients do.
    pub permits: PermittedActions,
    /// How the value is meant.
    pub mode: Mode,
    /// When it entered.
    pub entered: Timestamp,
    /// From when it is valid, where it says so.
    pub valid_from: Option<Timestamp>,
    /// Until when it is valid, where it says so.
    pub valid_until: Option<Timestamp>,
    /// How sure its author is, 0 to 100, where he says so.
    pub confidence: Option<u8>,
    /// A print of the feed that it is copied from, where it names one. Copies of one feed count once.
    pub origin: Option<u64>,
    /// Its author says that it is harmless.
    pub benign: bool,
    /// Its source had said more values than its rule lets block on the day on which it entered.
    pub beyond: bool,
    /// When it was seen last, where anybody says so.
    pub sighted: Option<Timestamp>,
    /// Who says that it was a mistake.
    pub mistaken: Mistaken,
}

/// Who calls an indicator a mistake, each member once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mistaken {
    /// So many members, the receiver's own among them.
    pub members: u32,
    /// The receiver's own does.
    pub here: bool,
    /// When the last of them said so.
    pub last: Option<Timestamp>,
}
