//! Tests of the crate from outside, in one binary.

mod corpus;
mod fixtures;
mod fuzz;
mod pattern;
mod upgrade;
