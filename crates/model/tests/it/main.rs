//! Tests of the crate from outside, in one binary.

mod access;
mod fuzz;
mod matching;
mod observable;
#[cfg(test)]
mod protect;
