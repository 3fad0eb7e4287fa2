//! The index: one sorted set of byte strings that leads from ids, terms, words and references to where they stand.
//!
//! Keys arrive in no order, and a tree of rows would write a page of the disk for each. So new keys gather in a small
//! table, [`fresh`](write), and leave it sorted, as *runs* that are never changed: blocks of keys, a page each, with a
//! filter that says which keys a run cannot have. Runs of a level are merged into one of the next, a piece with each
//! commit. All of it lies in tables and changes in the transactions of the record, so a crash leaves nothing to mend.
//!
//! - [`keys`]: how keys are made. [`changes`]: those of a batch. [`block`]: keys in a page. [`filter`]: what a run cannot have. [`run`]: what memory
//!   keeps of one.
//! - [`write`]: new keys, new runs. [`merge`]: runs of a level into one. [`scan`]: reading.
//! - [`free`]: what an erasure leaves in free pages.

pub(crate) mod block;
pub(crate) mod changes;
pub(crate) mod filter;
pub(crate) mod free;
pub(crate) mod keys;
pub(crate) mod merge;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod write;
