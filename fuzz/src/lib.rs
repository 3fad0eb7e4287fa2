//! What must hold for every input of every parser: one function per target, called by the fuzzers here, by
//! `cargo xtask fuzz`, and by the tests of each crate with the inputs in `seeds`.

pub mod model;
pub mod rules;
pub mod scan;
pub mod shield;
pub mod stix;
pub mod strictjson;
