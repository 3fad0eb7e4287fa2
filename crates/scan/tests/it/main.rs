//! Tests of the crate from outside, in one binary.

#[cfg(test)]
mod formats;
#[cfg(test)]
mod hard;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod resumed;

#[cfg(test)]
mod truth;
