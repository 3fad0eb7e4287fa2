//! What the writers of sensors' files must hold.

#[cfg(test)]
mod formats;
#[cfg(test)]
mod injection;
#[cfg(test)]
mod owner;
#[cfg(test)]
mod shared;
