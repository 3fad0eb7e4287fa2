//! §6: the STIX cyber-observable objects, in the order of the standard.

pub mod email;
pub mod file;
pub mod host;
pub mod network;
