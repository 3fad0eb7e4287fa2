//! Logs read against compiled knowledge: what format they are in, what was found in them, and how it is told.
//!
//! [`shield`] matches; this crate knows what logs look like and what to make of many hits. It reads what it is given and opens
//! nothing by itself.

mod blocks;
mod events;
mod format;
mod known;
mod map;
pub mod out;
mod records;
mod run;
mod seen;
mod tally;
mod turn;

pub use blocks::{LINE_MAX, Unended, Unpacked, unpacked};
pub use format::{Clock, Format, sniff};
pub use known::{Known, Made, Named, Part, Unknown, Unopened};
pub use map::Map;
pub use run::{Asked, End, Hit, Input, Place, Start, Told, Way, run, run_until};
pub use seen::{Left, events};
pub use shield::{Source, Unreadable};
pub use tally::{Row, Tally};
