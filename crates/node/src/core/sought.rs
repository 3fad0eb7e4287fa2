//! From what an indicator stands under to where it is found in an index of what was seen, and back.
//!
//! An indicator stands under keys of matching ([`model::matching::stand`]); what was seen stands under the keys of its own values, of
//! their hosts and of the names of files ([`super::event::touched`]). Where a key and its mode lead may be more than it stands for:
//! [`nearness`] says whether it does.

use model::matching::{Mode, Nearness, asks, stand};
use model::observable::{
    Keys, Kind, Observable, PrefixLengths, Relation, normalise, url_of_form, value_of_key,
};
use store::seen::Common;

/// The lengths of prefixes of all networks that anybody has: of IPv4 from 8 on, of IPv6 from 16 on.
const LENGTHS: [u8; 120] = {
    let mut lengths = [0; 120];
    let mut at = 0;
    while at < lengths.len() {
        #[expect(clippy::indexing_slicing, reason = "it is below the length, when it is compiled")]
        {
            lengths[at] = at as u8 + 8;
        }
        at += 1;
    }
    lengths
};

/// The networks that are asked for around an address: which of them there are is not for every reader to feel.
#[must_use]
pub fn lengths() -> PrefixLengths<'static> {
    PrefixLengths { v4: LENGTHS.get(..24).unwrap_or_default(), v6: LENGTHS.get(8..).unwrap_or_default() }
}

/// What a key that an indicator stands under is to a value that was seen; `None` where it is nothing to it in this mode.
#[must_use]
pub fn nearness(value: &Observable, key: &[u8], mode: Mode) -> Option<Nearness> {
    let asked = asks(value, &lengths()).into_iter().find(|ask| ask.key == key)?;
    mode.admits(asked.nearness).then_some(asked.nearness)
}

/// Where to look for what an indicator stands for that stands under this key in this mode.
///
/// A URL for whose long form a digest stands is looked for by nothing, nor are addresses of a mail domain, and hosts below
/// and other ports for [`Mode::HostPath`].
#[must_use]
pub fn looks(key: &[u8], mode: Mode) -> Vec<Keys> {
    let kind = key.first().and_then(|byte| Kind::from_byte(*byte));
    match (kind, mode) {
        (Some(Kind::Url), _) => of_url(key, mode),
        (Some(Kind::Domain), Mode::MailDomain) => Vec::new(),
        (Some(Kind::Domain), Mode::Subdomains | Mode::Wildcard) => {
            // The last byte is a dot, and `/` follows it.
            let mut end = key.to_vec();
            end.pop();
            end.push(b'/');
            vec![Keys::Range { start: key.to_vec(), end }]
        }
        (Some(Kind::Cidr4 | Kind::Cidr6), Mode::Network) => {
            let probes = value_of_key(key).map(|network| network.lookup_keys(&PrefixLengths::default()));
            let within = probes.unwrap_or_default().into_iter();
            within
                .filter(|probe| matches!(probe.relation, Relation::Same | Relation::Within))
                .map(|probe| probe.keys)
                .collect()
        }
        _ => vec![Keys::One(key.to_vec())],
    }
}

// Keys of matching leave `http` and `https` out; what was seen has its scheme.
fn of_url(key: &[u8], mode: Mode) -> Vec<Keys> {
    let form = key.get(1..).and_then(|form| std::str::from_utf8(form).ok()).unwrap_or_default();
    if form.is_empty() {
        return Vec::new();
    }
    let is_whole = form.contains("://");
    if mode == Mode::Exact
        && !is_whole
        && let (Some(one), Some(other)) = (url_of_form("http", form), url_of_form("https", form))
    {
        return [one, other].map(|url| Keys::One(url.key().to_vec())).to_vec();
    }
    let texts = match is_whole {
        true => vec![form.to_owned()],
        false => ["http://", "https://"].map(|scheme| format!("{scheme}{form}")).to_vec(),
    };
    let looked = |text: String| -> Option<Keys> {
        if mode == Mode::Exact {
            return normalise(Kind::Url, &text).ok().map(|url| Keys::One(url.key().to_vec()));
        }
        let start = [&[Kind::Url.byte()], text.as_bytes()].concat();
        let end = [start.as_slice(), &[0xFF]].concat();
        Some(Keys::Range { start, end })
    };
    texts.into_iter().filter_map(looked).collect()
}

/// Where to look for a value itself: of a network all in it, of a URL it by either scheme.
#[must_use]
pub fn of_value(value: &Observable) -> Vec<Keys> {
    let mode = Mode::of_kind(value.kind());
    let standing = stand(value, mode).map(|standing| standing.keys);
    standing.unwrap_or_else(|_| vec![value.key().to_vec()]).iter().flat_map(|key| looks(key, mode)).collect()
}

/// Whether what an indicator stands for may be seen as widely as a set of what is common was made for. `false` is certain but for
/// what [`looks`] does not look for.
#[must_use]
pub fn may_be_common(common: &Common, key: &[u8], mode: Mode) -> bool {
    // Where nothing is, nothing is looked for.
    !common.is_empty()
        && looks(key, mode).iter().any(|keys| match keys {
            Keys::One(key) => common.has(key, false),
            Keys::Range { .. } if key.first() == Some(&Kind::Domain.byte()) => common.has(key, true),
            // Of other ranges nothing is counted beforehand.
            Keys::Range { .. } => !common.is_empty(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::matching::read;
    use model::observable::text_of_key;

    /// Whether an indicator that is written so is found in what a sensor saw, and by which nearness.
    fn found(said: &str, seen: &str) -> Option<Nearness> {
        let (value, mode) = read(None, said).unwrap();
        let seen = normalise_any(seen);
        let stored = super::super::event::touched(std::slice::from_ref(&seen));
        let stored: Vec<Vec<u8>> = stored.iter().map(|value| value.key().to_vec()).collect();
        let is_in = |keys: &Keys, key: &[u8]| match keys {
            Keys::One(one) => one == key,
            Keys::Range { start, end } => start.as_slice() <= key && key < end.as_slice(),
        };
        stand(&value, mode).unwrap().keys.iter().find_map(|key| {
            let looks = looks(key, mode);
            let mut reached = stored.iter().filter(|stored| looks.iter().any(|keys| is_in(keys, stored)));
            reached.find_map(|stored| {
                let kind = Kind::from_byte(stored[0]).unwrap();
                let value = normalise(kind, &text_of_key(stored)?).unwrap();
                nearness(&value, key, mode)
            })
        })
    }

    fn normalise_any(text: &str) -> Observable {
        model::observable::guess(text).unwrap()
    }

    #[test]
    fn what_was_seen_is_found_by_what_an_indicator_stands_under() {
        use Nearness as N;
        for (said, seen, how) in [
            ("www.example.com", "www.example.com", Some(N::Same)),
            ("www.example.com", "https://www.example.com:8443/a?b", Some(N::Same)),
            ("www.example.com", "a.www.example.com", None),
            (".example.com", "a.www.example.com", Some(N::Parent)),
            ("*.example.com", "example.com", None),
            (".example.com", "http://www.example.com/", Some(N::Parent)),
            ("198.51.100.0/24", "198.51.100.7", Some(N::Network)),
            ("198.51.100.0/24", "http://198.51.100.7/x", Some(N::Network)),
            ("198.51.100.0/24", "198.51.101.7", None),
            ("198.51.100.7", "198.51.100.7:443", Some(N::Same)),
            ("http://example.com/a", "https://example.com/a", Some(N::Same)),
            ("http://example.com/a", "https://example.com/a/b", None),
            ("http://example.com/a/*", "https://example.com/a/b?c", Some(N::Folder)),
            ("http://example.com/a/*", "https://example.com/ab", None),
        ] {
            assert_eq!(found(said, seen), how, "{said} {seen}");
        }
    }

    #[test]
    fn every_length_that_a_network_has_is_asked_for() {
        let lengths = lengths();
        assert_eq!((lengths.v4.first(), lengths.v4.last()), (Some(&8), Some(&31)));
        assert_eq!((lengths.v6.first(), lengths.v6.last()), (Some(&16), Some(&127)));
    }
}
