//! The agent beside sensors, `accord edge`: it holds what acts at its member, and makes each sensor hold it.
//!
//! The node tells the whole set once and then each change ([`core::wire`]). A copy lies on the disk ([`store`]), so that the
//! node's absence and an end of the process change nothing. Each sensor has a thread of its own (`sensor`): one that hangs holds up
//! no other. What has ended goes by the edge's own clock.
//!
//! # What is believed
//! A whole set with its last line, its count and its digest, and nothing else: an answer that is empty, torn or of somebody else changes
//! nothing, and is told. A sensor is not touched before a whole set was held once.
//!
//! # What connects
//! Nothing here: [`upstream::Upstream`] is given by whoever runs it.

pub mod agent;
mod child;
pub mod core;
mod follow;
pub mod known;
mod report;
mod sensor;
mod slot;
pub mod status;
pub mod store;
pub mod upstream;
mod watch;
