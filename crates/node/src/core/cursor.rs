//! Cursors: where the next page begins, sealed so that a client can neither read nor make one.
//!
//! A cursor is stateless: position, filters and limit are inside, encrypted and authenticated (AES-256-GCM-SIV) together
//! with what the cursor is for and whose it is. So it is good after a restart and on every instance that has the key,
//! and in nobody else's hands. Positions are encrypted because their gaps would tell how much a reader does not see.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{Principal, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::opened::{Place, Within};

use crate::{Error, Kind};

/// The first byte of what is sealed; another number is another layout.
const LAYOUT: u8 = 3;
/// Of before: what was opened to a reader went label by label then, so a place within it is none any more. Any other goes on.
const LABEL_BY_LABEL: u8 = 2;
/// Layout, position, moment, how far within it, and limit.
const HEAD: usize = 1 + 8 + 8 + 8 + 4;
/// The moment of a place that is not within what was opened.
const NOT_OPENED: Timestamp = Timestamp::MIN;
/// Longest cursor that is looked at, in characters. A request line holds no more.
const MAX_CHARACTERS: usize = 16 << 10;

/// The key of a node's cursors. Instances of one node share it.
pub struct Key(LessSafeKey);

impl Key {
    /// A key from 32 secret bytes.
    ///
    /// # Errors
    /// [`Kind::Internal`] when the cipher refuses the key.
    pub fn new(secret: &[u8; 32]) -> Result<Key, Error> {
        let key = UnboundKey::new(&AES_256_GCM_SIV, secret)
            .map_err(|_| Error::new(Kind::Internal, "the cipher refused the cursor key"))?;
        Ok(Key(LessSafeKey::new(key)))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// What a cursor is for. It is authenticated with the cursor and not kept in it: a cursor that is shown elsewhere does
/// not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// The verb.
    pub purpose: Purpose,
    /// The collection, for what is read through one.
    pub collection: Option<model::CollectionId>,
}

/// The verbs that page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Entries in the order in which they were added.
    List,
    /// The versions of one object.
    Versions,
    /// Search, newest first.
    Search,
    /// The ledger of one object.
    Ledger,
    /// Claims under a member's own ids.
    Claims,
    /// A member's own claims.
    OwnClaims,
    /// What a member saw and is known.
    Hits,
    /// The stream of changes.
    Stream,
}

/// What is in a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor<F> {
    /// Where the next page begins.
    pub place: Place,
    /// The limit of the page before, if one was asked for.
    pub limit: Option<u32>,
    /// The filters, in normal form.
    pub filters: F,
}

/// Seals a cursor. `nonce` is random.
///
/// # Errors
/// [`Kind::Internal`] when the cipher fails.
pub fn seal<F: Serialize>(
    key: &Key,
    nonce: [u8; NONCE_LEN],
    binding: Binding,
    principal: &Principal,
    cursor: &Cursor<F>,
) -> Result<String, Error> {
    let failed = |_| Error::new(Kind::Internal, "a cursor could not be sealed");
    let mut sealed = Vec::with_capacity(HEAD + 64);
    sealed.push(LAYOUT);
    sealed.extend_from_slice(&cursor.place.position.to_le_bytes());
    let nowhere = Within { until: NOT_OPENED, before: 0 };
    let within = cursor.place.opened.unwrap_or(nowhere);
    sealed.extend_from_slice(&within.until.0.to_le_bytes());
    sealed.extend_from_slice(&within.before.to_le_bytes());
    sealed.extend_from_slice(&cursor.limit.unwrap_or(0).to_le_bytes());
    serde_json::to_writer(&mut sealed, &cursor.filters)
        .map_err(|_| Error::new(Kind::Internal, "filters could not be written"))?;
    let aad = Aad::from(bound(binding, principal));
    key.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).map_err(failed)?;
    let mut text = String::with_capacity((NONCE_LEN + sealed.len()) * 4 / 3 + 4);
    // Twelve bytes make sixteen characters without a rest, so the two parts may be encoded one after the other.
    URL_SAFE_NO_PAD.encode_string(nonce, &mut text);
    URL_SAFE_NO_PAD.encode_string(&sealed, &mut text);
    Ok(text)
}

/// Seals where in a submission something was refused, for who is not told how much came before it. The same place has the same
/// text, so it can be asked for again: the cipher needs no nonce of its own for that (RFC 8452 §9).
///
/// # Errors
/// [`Kind::Internal`] when the cipher fails.
pub fn seal_place(key: &Key, submission: &[u8; 16], ordinal: u64) -> Result<String, Error> {
    let mut sealed = ordinal.to_le_bytes().to_vec();
    let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
    key.0
        .seal_in_place_append_tag(nonce, Aad::from(refused(submission)), &mut sealed)
        .map_err(|_| Error::new(Kind::Internal, "a place could not be sealed"))?;
    Ok(URL_SAFE_NO_PAD.encode(&sealed))
}

/// Opens such a place; `None` for what is none of this submission.
#[must_use]
pub fn open_place(key: &Key, submission: &[u8; 16], text: &str) -> Option<u64> {
    let mut sealed = URL_SAFE_NO_PAD.decode(text.get(..text.len().min(64))?).ok()?;
    let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
    let plain = key.0.open_in_place(nonce, Aad::from(refused(submission)), &mut sealed).ok()?;
    plain.first_chunk::<8>().filter(|_| plain.len() == 8).map(|bytes| u64::from_le_bytes(*bytes))
}

// No cursor is bound to this.
fn refused(submission: &[u8; 16]) -> [u8; 23] {
    let mut bound = *b"refused................";
    for (to, from) in bound.iter_mut().skip(7).zip(submission) {
        *to = *from;
    }
    bound
}

/// Opens a cursor that was sealed with this key, for this verb and collection, for this principal.
///
/// # Errors
/// [`Kind::Invalid`], the same for whatever is wrong.
pub fn open<F: DeserializeOwned>(
    key: &Key,
    binding: Binding,
    principal: &Principal,
    text: &str,
) -> Result<Cursor<F>, Error> {
    opened(key, binding, principal, text).ok_or_else(|| {
        Error::new(Kind::Invalid, "`next` is not a cursor of this list").hint("ask again without `next`")
    })
}

fn opened<F: DeserializeOwned>(
    key: &Key,
    binding: Binding,
    principal: &Principal,
    text: &str,
) -> Option<Cursor<F>> {
    if text.len() > MAX_CHARACTERS {
        return None;
    }
    let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (nonce, sealed) = bytes.split_first_chunk_mut::<NONCE_LEN>()?;
    let aad = Aad::from(bound(binding, principal));
    let plain: &[u8] = key.0.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, sealed).ok()?;
    let (&[layout], rest) = plain.split_first_chunk::<1>()?;
    let (position, rest) = rest.split_first_chunk::<8>()?;
    let (until, rest) = rest.split_first_chunk::<8>()?;
    let until = Timestamp(i64::from_le_bytes(*until));
    let rest = match layout {
        LAYOUT => rest,
        // A label and a count were there.
        LABEL_BY_LABEL if until == NOT_OPENED => rest.split_first_chunk::<4>()?.1,
        _ => return None,
    };
    let (before, rest) = rest.split_first_chunk::<8>()?;
    let (limit, filters) = rest.split_first_chunk::<4>()?;
    let limit = u32::from_le_bytes(*limit);
    let within = Within { until, before: u64::from_le_bytes(*before) };
    let opened = Some(within).filter(|within| within.until != NOT_OPENED);
    Some(Cursor {
        place: Place { position: u64::from_le_bytes(*position), opened },
        limit: (limit > 0).then_some(limit),
        filters: serde_json::from_slice(filters).ok()?,
    })
}

// What is authenticated beside the cursor: purpose, collection, principal. A token's cursor is that token's; a caller
// without a token is known by his member; visitors are all one.
fn bound(binding: Binding, principal: &Principal) -> [u8; 34] {
    let purpose = match binding.purpose {
        Purpose::List => 1,
        Purpose::Versions => 2,
        Purpose::Search => 3,
        Purpose::Ledger => 4,
        Purpose::Claims => 5,
        Purpose::OwnClaims => 6,
        Purpose::Hits => 7,
        Purpose::Stream => 8,
    };
    let (kind, who) = match (principal.token, principal.reader.member) {
        (Some(token), _) => (1, token.0),
        (None, Some(member)) => (2, member.0),
        (None, None) => (3, uuid::Uuid::nil()),
    };
    let collection = binding.collection.map(|id| id.0).unwrap_or_default();
    let mut bytes = [0; 34];
    let parts = [&[purpose][..], collection.as_bytes(), &[kind], who.as_bytes()];
    for (slot, byte) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
        *slot = *byte;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{CollectionId, MemberId, Reader, TokenId};
    use uuid::Uuid;

    fn principal(token: Option<u128>, member: Option<u128>) -> Principal {
        let mut principal = Principal::anonymous();
        principal.token = token.map(|n| TokenId(Uuid::from_u128(n)));
        principal.reader =
            Reader { member: member.map(|n| MemberId(Uuid::from_u128(n))), ..Reader::anonymous() };
        principal
    }

    fn key(byte: u8) -> Key {
        Key::new(&[byte; 32]).unwrap()
    }

    const LIST: Binding = Binding { purpose: Purpose::List, collection: None };

    fn sealed(who: &Principal, binding: Binding) -> (String, Cursor<Vec<String>>) {
        let cursor =
            Cursor { place: (u64::MAX - 1).into(), limit: Some(100), filters: vec!["é".to_owned()] };
        (seal(&key(7), [9; 12], binding, who, &cursor).unwrap(), cursor)
    }

    #[test]
    fn a_cursor_goes_round_for_the_one_it_was_made_for() {
        for who in [principal(Some(1), Some(2)), principal(None, Some(2)), principal(None, None)] {
            let (text, cursor) = sealed(&who, LIST);
            assert_eq!(open(&key(7), LIST, &who, &text).unwrap(), cursor);
            // Another instance with the same key is the same key made again: `key` makes one each time.
        }
    }

    #[test]
    fn a_cursor_does_not_open_elsewhere() {
        let who = principal(Some(1), Some(2));
        let (text, _) = sealed(&who, LIST);
        let refused = |key: &Key, binding, who: &Principal| {
            let error = open::<Vec<String>>(key, binding, who, &text).unwrap_err();
            assert_eq!(
                (error.kind, error.message.as_str()),
                (Kind::Invalid, "`next` is not a cursor of this list")
            );
        };
        refused(&key(8), LIST, &who);
        refused(&key(7), Binding { purpose: Purpose::Search, ..LIST }, &who);
        refused(&key(7), Binding { purpose: Purpose::Versions, ..LIST }, &who);
        refused(&key(7), Binding { collection: Some(CollectionId(Uuid::from_u128(1))), ..LIST }, &who);
        refused(&key(7), LIST, &principal(Some(3), Some(2)));
        refused(&key(7), LIST, &principal(None, Some(2)));
        refused(&key(7), LIST, &principal(None, Some(1)));
        refused(&key(7), LIST, &principal(None, None));
    }

    #[test]
    fn a_changed_cursor_does_not_open() {
        let who = principal(Some(1), Some(2));
        let (text, _) = sealed(&who, LIST);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(open::<Vec<String>>(&key(7), LIST, &who, &changed).is_err(), "character {at}");
            assert!(open::<Vec<String>>(&key(7), LIST, &who, &text[..at]).is_err(), "cut at {at}");
        }
        for garbage in ["", "A", "next", "====", &"A".repeat(MAX_CHARACTERS + 1), &format!("{text}A")] {
            assert!(open::<Vec<String>>(&key(7), LIST, &who, garbage).is_err());
        }
    }

    #[test]
    fn two_cursors_for_one_place_do_not_look_alike() {
        let who = principal(Some(1), Some(2));
        let within = Within { until: Timestamp(7), before: 4 };
        let place = Place { position: 5, opened: Some(within) };
        let cursor = Cursor { place, limit: None, filters: () };
        let one = seal(&key(7), [1; 12], LIST, &who, &cursor).unwrap();
        let two = seal(&key(7), [2; 12], LIST, &who, &cursor).unwrap();
        assert_eq!(open::<()>(&key(7), LIST, &who, &one).unwrap(), cursor);
        assert_ne!(one.get(16..), two.get(16..));
    }

    // Sealed as the release before did.
    fn label_by_label(who: &Principal, position: u64, until: i64) -> String {
        let mut sealed = vec![2];
        sealed.extend(position.to_le_bytes());
        sealed.extend(until.to_le_bytes());
        sealed.extend([0; 12]);
        sealed.extend(100_u32.to_le_bytes());
        sealed.extend(b"null");
        let nonce = Nonce::assume_unique_for_key([9; 12]);
        let aad = Aad::from(bound(LIST, who));
        key(7).0.seal_in_place_append_tag(nonce, aad, &mut sealed).unwrap();
        URL_SAFE_NO_PAD.encode([9; 12]) + &URL_SAFE_NO_PAD.encode(&sealed)
    }

    #[test]
    fn a_cursor_of_the_release_before_goes_on_unless_it_is_within_what_was_opened() {
        let who = principal(Some(1), Some(2));
        let text = label_by_label(&who, 8, NOT_OPENED.0);
        let expected = Cursor { place: 8.into(), limit: Some(100), filters: () };
        assert_eq!(open::<()>(&key(7), LIST, &who, &text).unwrap(), expected);
        let error = open::<()>(&key(7), LIST, &who, &label_by_label(&who, 8, 7)).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("ask again without `next`"));
    }
}
