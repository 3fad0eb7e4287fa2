//! Tests of the crate from outside, in one binary.

mod corpus;
mod fixtures;
mod fuzz;
mod pattern;
#[cfg(test)]
mod redact;
mod upgrade;
