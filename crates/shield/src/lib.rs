//! Knowledge compiled for matching, and matching it.
#![doc = include_str!("../README.md")]
//!
//! # Where to begin reading
//! [`Builder`] and [`Knowledge`] are the set, [`Layout`] and [`Scanner`] the logs, [`Hit`] and [`Found`] what comes of it. The form of the file
//! stands in `file.rs`, and in `screen.rs` what must never be passed over.

mod build;
mod entry;
mod file;
mod hash;
mod knowledge;
mod observe;
pub mod read;
mod record;
mod scan;
mod screen;
mod shape;
mod table;

pub use build::{Builder, Unmade};
pub use entry::Entry;
pub use file::{Fault, Source, Unreadable};
pub use knowledge::{Found, Knowledge, Unbuilt};
pub use model::Timestamp;
pub use model::observable::Kind;
pub use read::{Column, Cut, Field, Layout, Unlaid};
pub use scan::{Hit, Observer, Scanned, Scanner, Seen};
