//! What an edge must hold, against a double of its node that speaks as the contract has it.

#[cfg(test)]
mod chaos;
#[cfg(test)]
mod double;
#[cfg(test)]
mod kernel;
#[cfg(test)]
mod resolver;
mod returns;
mod rule_files;
#[cfg(test)]
mod shared_rules;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod story;
#[cfg(test)]
mod suricata;
