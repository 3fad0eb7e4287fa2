//! The real binary in folders of its own: what people and programs see of it.

// The attributes tell clippy that helpers are tests, too.
#[cfg(test)]
mod bench;
#[cfg(test)]
mod circles;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod disclose;
#[cfg(test)]
mod edge;
#[cfg(test)]
mod events;
#[cfg(test)]
mod exits;
#[cfg(test)]
mod follow;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod manners;
#[cfg(test)]
mod night;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod recalls;
#[cfg(test)]
mod retro;
#[cfg(test)]
mod scan;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod shield;
#[cfg(test)]
mod story;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod transports;
