//! Tests of the crate from outside, in one binary.

#[cfg(test)]
mod files;
mod fuzz;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod records;
#[cfg(test)]
mod shapes;
