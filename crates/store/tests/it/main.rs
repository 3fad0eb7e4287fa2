//! The store, driven from outside in folders that go away.

#[cfg(test)]
mod append;
#[cfg(test)]
mod endures;
#[cfg(test)]
mod erasures;
#[cfg(test)]
mod find;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod held;
#[cfg(test)]
mod history;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod measure;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod openings;
#[cfg(test)]
mod page;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod seen;
#[cfg(test)]
mod strip;
#[cfg(test)]
mod support;
#[cfg(test)]
mod times;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod upkeep;
