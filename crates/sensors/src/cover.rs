//! What is said already by what was written before, as items go by in the order of their keys.

use model::observable::Kind;

use super::Item;

/// The last value that was written for itself and all below it, or all in it.
#[derive(Debug, Default)]
pub(super) struct Cover {
    key: Vec<u8>,
}

impl Cover {
    /// Whether a domain is below the last one that was kept, or that one itself.
    pub(super) fn has_domain(&self, key: &[u8]) -> bool {
        // A key ends with a dot, so a beginning of it ends between labels.
        !self.key.is_empty() && key.starts_with(&self.key)
    }

    /// Whether this very key was kept.
    pub(super) fn is(&self, key: &[u8]) -> bool {
        self.key == key
    }

    /// Whether a network is within the last one that was kept, or that one itself.
    pub(super) fn has_network(&self, item: &Item<'_>) -> bool {
        within(&self.key, item.value.key())
    }

    /// What is to be remembered where a file goes on from a key; nothing where that is covered by nothing.
    pub(super) fn rest(&self, next: &[u8]) -> Vec<u8> {
        let covers = self.has_domain(next) || within(&self.key, next);
        if covers { self.key.clone() } else { Vec::new() }
    }

    /// What was written for all below or in it.
    pub(super) fn keep(&mut self, key: &[u8]) {
        self.key.clear();
        self.key.extend_from_slice(key);
    }
}

/// Whether a network, by its key, is within another one, or that one itself.
fn within(around: &[u8], key: &[u8]) -> bool {
    let Some((kind, base, length)) = network(around) else { return false };
    let Some((of_kind, address, of_length)) = network(key) else { return false };
    let whole = usize::from(length / 8);
    let mask = !(0xFF_u8.checked_shr(u32::from(length % 8)).unwrap_or(0));
    kind == of_kind
        && length <= of_length
        && address.get(..whole) == base.get(..whole)
        && (length % 8 == 0
            || address.get(whole).zip(base.get(whole)).is_some_and(|(a, b)| a & mask == b & mask))
}

/// The kind, the address and the length of the prefix of a network's key.
fn network(key: &[u8]) -> Option<(u8, &[u8], u8)> {
    let (kind, form) = key.split_first()?;
    let is_network = [Kind::Cidr4.byte(), Kind::Cidr6.byte()].contains(kind);
    let (length, address) = form.split_last()?;
    is_network.then_some((*kind, address, *length))
}

#[cfg(test)]
mod tests {
    use model::matching::Mode;
    use model::observable::guess;

    use super::*;
    use crate::{Action, Timestamp, Tlp};

    #[test]
    fn networks_are_within_networks_bit_by_bit() {
        for (around, within, is_within) in [
            ("10.0.0.0/8", "10.1.0.0/16", true),
            ("10.0.0.0/8", "10.0.0.0/8", true),
            ("10.0.0.0/8", "11.0.0.0/16", false),
            ("10.0.0.0/9", "10.128.0.0/16", false),
            ("10.0.0.0/9", "10.127.255.0/24", true),
            ("10.0.0.0/16", "10.0.0.0/8", false),
            ("192.0.2.0/31", "192.0.2.0/31", true),
            ("2001:db8::/33", "2001:db8:7fff::/48", true),
            ("2001:db8::/33", "2001:db8:8000::/48", false),
            ("32.1.0.0/16", "2001::/24", false),
        ] {
            let mut cover = Cover::default();
            cover.keep(guess(around).unwrap().key());
            let value = guess(within).unwrap();
            let item = Item {
                value: &value,
                mode: Mode::Network,
                action: Action::Block,
                until: None,
                confidence: None,
                object: "",
                source: "",
                note: "",
                tlp: Tlp::Clear,
                modified: Timestamp(0),
                rules: "",
                sid: None,
                then: &[],
            };
            assert_eq!(cover.has_network(&item), is_within, "{within} in {around}");
        }
    }
}
