//! The crate's tests: bytes in, the expected value or error out.

// The attributes tell clippy that helpers are tests, too.
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod data;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod parse;
#[cfg(test)]
mod split;
#[cfg(test)]
mod tree;
