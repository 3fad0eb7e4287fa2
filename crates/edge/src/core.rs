//! The pure half of the edge: what it holds, what it is told, and what sensors are to be told. No clock, no file, no network.

pub mod config;
pub mod counts;
pub mod dns;
pub mod elastic;
pub mod files;
pub mod ipset;
pub mod nftables;
pub mod rpz;
pub mod set;
pub mod shared_rules;
pub mod suricata;
pub mod tsig;
pub mod unbound;
pub mod wire;
