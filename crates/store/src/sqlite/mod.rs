//! The engine: everything that speaks SQL.
//!
//! - [`connect`]: how connections are set up; [`migrate`]: the numbered list of schemas.
//! - [`writer`]: the one thread that writes, and group commit; [`sequencer`]: what it writes with.
//! - [`append`], [`act`], [`intern`], [`views`]: the steps of sequencing; [`enlist`]: a list made later; [`claims`]: lists of claims.
//! - [`sealed`]: when entries were added, for each reader.
//! - [`find`], [`search`]: lookup and search.
//! - [`seen`]: the file of what was seen lately.
//! - [`span`]: rows that pages are served from; [`strip`]: a copy of them in plain files.
//! - [`gaps`]: what rows that moved left in the file.
//! - [`page`], [`merge`], [`resolve`], [`owner`], [`lend`]: lists; [`status`], [`directory`], [`circles`]: the rest of
//!   reading.

pub(crate) mod act;
pub(crate) mod append;
pub(crate) mod arrivals;
pub(crate) mod beside;
pub(crate) mod changes;
pub(crate) mod circles;
pub(crate) mod claims;
pub(crate) mod connect;
pub(crate) mod copy;
mod counted;
pub(crate) mod directory;
pub(crate) mod disclosed;
pub(crate) mod dump;
pub(crate) mod enlist;
pub(crate) mod erasures;
pub(crate) mod find;
pub(crate) mod gaps;
pub(crate) mod head;
pub(crate) mod index;
pub(crate) mod intern;
pub(crate) mod kept;
pub(crate) mod known;
pub(crate) mod leb128;
pub(crate) mod ledger;
pub(crate) mod lend;
pub(crate) mod merge;
pub(crate) mod migrate;
pub(crate) mod names;
pub(crate) mod owner;
pub(crate) mod packed;
pub(crate) mod page;
pub(crate) mod pool;
pub(crate) mod purge;
pub(crate) mod queue;
pub(crate) mod reads;
pub(crate) mod rebuild;
pub(crate) mod resolve;
pub(crate) mod revocations;
pub(crate) mod row;
pub(crate) mod sealed;
pub(crate) mod search;
pub(crate) mod seen;
pub(crate) mod sequencer;
pub(crate) mod small;
pub(crate) mod span;
pub(crate) mod spoken;
pub(crate) mod stands;
pub(crate) mod stored;
pub(crate) mod streams;
pub(crate) mod strip;
pub(crate) mod sweep;
pub(crate) mod verify;
pub(crate) mod views;
pub(crate) mod writer;
