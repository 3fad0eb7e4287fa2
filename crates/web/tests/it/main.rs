//! The real router over the real node and store.

// The attributes tell clippy that helpers are tests, too.
#[cfg(test)]
mod authentication;
#[cfg(test)]
mod circles;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod following;
#[cfg(test)]
mod house;
#[cfg(test)]
mod information;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod probes;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod reply;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod roads;
#[cfg(test)]
mod transport;
#[cfg(test)]
mod why;
#[cfg(test)]
mod withdrawing;
#[cfg(test)]
mod writing;
