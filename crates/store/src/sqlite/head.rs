//! What a page tells of an entry, packed into one value: a scan pays for each column that it reads.
//!
//! It repeats columns that never change. What changes (state, label, flags) is not in it.

use uuid::Uuid;

use super::row::damaged;
use crate::Error;

/// Bytes of a head.
pub(crate) const LENGTH: usize = 8 + 8 + 16 + 4 + 4 + 1 + 1;
const TEXT: u8 = 1;

/// The head of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its place among the entries of its label, from 0; 0 too of what is no entry.
    pub(crate) ordinal: i64,
    pub(crate) version: i64,
    pub(crate) uuid: Uuid,
    pub(crate) kind: i64,
    pub(crate) source: i64,
    pub(crate) media: i64,
    /// Its version is written in a form that only `version_text` has.
    pub(crate) text: bool,
}

impl Head {
    pub(crate) fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let number = |number: i64| (number as u32).to_le_bytes();
        let parts = (self.ordinal.to_le_bytes().into_iter())
            .chain(self.version.to_le_bytes())
            .chain(*self.uuid.as_bytes())
            .chain(number(self.kind))
            .chain(number(self.source))
            .chain([self.media as u8, if self.text { TEXT } else { 0 }]);
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Head, Error> {
        read(bytes).ok_or_else(|| damaged("head"))
    }
}

fn read(bytes: &[u8]) -> Option<Head> {
    let (ordinal, rest) = bytes.split_first_chunk()?;
    let (version, rest) = rest.split_first_chunk()?;
    let (uuid, rest) = rest.split_first_chunk()?;
    let (kind, rest) = rest.split_first_chunk()?;
    let (source, rest) = rest.split_first_chunk()?;
    let &[media, text] = rest else { return None };
    Some(Head {
        ordinal: i64::from_le_bytes(*ordinal),
        version: i64::from_le_bytes(*version),
        uuid: Uuid::from_bytes(*uuid),
        kind: i64::from(u32::from_le_bytes(*kind)),
        source: i64::from(u32::from_le_bytes(*source)),
        media: i64::from(media),
        text: text == TEXT,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_round() {
        let head = Head {
            ordinal: i64::MAX,
            version: -1,
            uuid: Uuid::from_u128(7),
            kind: 65_536,
            source: 1,
            media: 3,
            text: true,
        };
        assert_eq!(Head::decode(&head.encode()).unwrap(), head);
        assert!(Head::decode(&head.encode()[1..]).is_err());
    }
}
