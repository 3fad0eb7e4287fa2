//! What acts, as the edge holds it: values in the order of their keys, each with what may be done and until when.
//!
//! One copy, some 220 bytes a value: 240 MB at most for a million domains. A whole set is taken in value by value over the one that is held,
//! and what was not in it is let go at the end ([`Set::begin`], [`Set::end`]), so two are never held.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use model::matching::Mode;
use model::observable::{Kind, normalise, text_of_key};
use model::protect::{Action, Does};
use model::{Observable, Timestamp, Tlp};
use sensors::Item;

use super::counts::Counts;

/// Where a value stands: its key, and how it is meant; of one key the mode that matches most comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The key of the observable.
    pub key: Box<[u8]>,
    mode: Reverse<Mode>,
}

impl Place {
    /// The place of a value in a mode.
    #[must_use]
    pub fn new(key: &[u8], mode: Mode) -> Place {
        Place { key: key.into(), mode: Reverse(mode) }
    }

    /// How it is meant.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode.0
    }

    /// What kind of value it is.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.key.first().and_then(|byte| Kind::from_byte(*byte))
    }
}

/// What is held of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What may be done.
    pub action: Action,
    /// Until when; [`Timestamp::MAX`] is until it is taken back.
    pub until: Timestamp,
    /// What may be done when that ends.
    then: Option<Box<Next>>,
    /// The indicator that says it: the number of its id.
    indicator: Option<[u8; 16]>,
    /// The normal form, where the key does not tell it.
    text: Option<Box<str>>,
    /// The whole set that named it last.
    round: u32,
}

/// What may be done when what was before it ends, and what follows on that.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Next {
    action: Action,
    until: Timestamp,
    then: Option<Box<Next>>,
}

/// What is told of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which value.
    pub value: Observable,
    /// How it is meant.
    pub mode: Mode,
    /// What may be done; `None` takes it away.
    pub action: Option<Action>,
    /// Until when; `None` is until it is taken back.
    pub until: Option<Timestamp>,
    /// What may be done when that ends, and until when, one behind the other.
    pub then: Vec<Does>,
    /// The id of the indicator that says it.
    pub indicator: Option<String>,
}

impl Told {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::new(self.value.key(), self.mode)
    }

    fn entry(&self, action: Action, round: u32) -> Entry {
        let text = self.value.text();
        let is_told = text_of_key(self.value.key()).as_deref() == Some(text);
        Entry {
            action,
            until: self.until.unwrap_or(Timestamp::MAX),
            then: self.then.iter().rev().fold(None, |then, (action, until)| {
                let (action, until) = (*action, until.unwrap_or(Timestamp::MAX));
                Some(Box::new(Next { action, until, then }))
            }),
            indicator: self.indicator.as_deref().and_then(number_of),
            text: (!is_told).then(|| text.into()),
            round,
        }
    }
}

/// The number in `indicator--UUID`.
fn number_of(id: &str) -> Option<[u8; 16]> {
    let digits: String = id.strip_prefix("indicator--")?.chars().filter(|c| *c != '-').collect();
    u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32).map(u128::to_be_bytes)
}

fn id_of(number: [u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(number));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("indicator--{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// All that acts.
#[derive(Debug, Default)]
pub struct Set {
    entries: BTreeMap<Place, Entry>,
    counts: Counts,
    round: u32,
    /// Nothing ends before.
    ends: Option<Timestamp>,
}

impl Set {
    /// How many values it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many values of each kind do what.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Begins to take in a whole set.
    pub fn begin(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    /// Lets go of what the whole set did not name. Answers the keys of that.
    pub fn end(&mut self) -> Vec<Box<[u8]>> {
        let round = self.round;
        let gone: Vec<Place> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.round != round)
            .map(|(place, _)| place.clone())
            .collect();
        gone.into_iter().filter_map(|place| self.remove(&place).then_some(place.key)).collect()
    }

    /// Takes in what is told of a value. Answers whether that changes anything.
    pub fn take(&mut self, told: &Told, now: Timestamp) -> bool {
        let place = told.place();
        let entry = told.action.map(|action| told.entry(action, self.round)).and_then(|entry| entry.at(now));
        let Some(entry) = entry else { return self.remove(&place) };
        let action = entry.action;
        self.ends = Some(self.ends.map_or(entry.until, |ends| ends.min(entry.until)));
        let kind = told.value.kind();
        let before = self.entries.insert(place, entry.clone());
        self.counts.add(kind, action);
        let Some(before) = before else { return true };
        self.counts.subtract(kind, before.action);
        // An indicator may be another one: sensors tell it on.
        (before.action, before.until, before.indicator) != (entry.action, entry.until, entry.indicator)
    }

    fn remove(&mut self, place: &Place) -> bool {
        let Some(entry) = self.entries.remove(place) else { return false };
        if let Some(kind) = place.kind() {
            self.counts.subtract(kind, entry.action);
        }
        true
    }

    /// Whether something may have ended.
    #[must_use]
    pub fn may_have_ended(&self, now: Timestamp) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    /// Lets go of what has ended, and goes on to what follows on it. Answers the keys of that. Costs a look at every value, but nothing before one ends.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Box<[u8]>> {
        if !self.may_have_ended(now) {
            return Vec::new();
        }
        let mut ends = Timestamp::MAX;
        let mut ended = Vec::new();
        for (place, entry) in &self.entries {
            if entry.until <= now {
                ended.push(place.clone());
            } else {
                ends = ends.min(entry.until);
            }
        }
        for place in &ended {
            let left = self.entries.get(place).cloned().and_then(|entry| entry.at(now));
            self.remove(place);
            if let (Some(left), Some(kind)) = (left, place.kind()) {
                ends = ends.min(left.until);
                self.counts.add(kind, left.action);
                self.entries.insert(place.clone(), left);
            }
        }
        self.ends = Some(ends);
        ended.into_iter().map(|place| place.key).collect()
    }

    /// Everything, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Place, &Entry)> {
        self.entries.iter()
    }

    /// Everything of the kinds, in order.
    pub fn of_kinds<'a>(&'a self, kinds: &[Kind]) -> impl Iterator<Item = (&'a Place, &'a Entry)> {
        let mut bytes: Vec<u8> = kinds.iter().map(|kind| kind.byte()).collect();
        bytes.sort_unstable();
        bytes.into_iter().flat_map(|byte| {
            let from = Place::new(&[byte], Mode::Subdomains);
            self.entries.range(from..).take_while(move |(place, _)| place.key.first() == Some(&byte))
        })
    }

    /// What stands under a key, the mode that matches most first.
    pub fn under<'a>(&'a self, key: &'a [u8]) -> impl Iterator<Item = (&'a Place, &'a Entry)> {
        self.entries
            .range(Place::new(key, Mode::Subdomains)..)
            .take_while(move |(place, _)| *place.key == *key)
    }

    /// The keys of all that lies below a domain or within a network, and that key itself: what is to be looked at again when what is
    /// held of the key changes.
    #[must_use]
    pub fn below(&self, key: &[u8]) -> Vec<Box<[u8]>> {
        let mut keys: Vec<Box<[u8]>> = vec![key.into()];
        let Some((from, to)) = span(key) else { return keys };
        let from = Place::new(&from, Mode::Subdomains);
        for (place, _) in self.entries.range(from..).take_while(|(place, _)| *place.key <= *to) {
            if keys.last().is_none_or(|last| *last != place.key) && *place.key != *key {
                keys.push(place.key.clone());
            }
        }
        keys
    }

    /// Whether something wider that `stands` (it is held, and the sensor holds it) says the key already: a domain for all below, a
    /// network for all in it.
    pub fn is_within(&self, key: &[u8], stands: &mut dyn FnMut(&Place, &Entry) -> bool) -> bool {
        around(key).iter().any(|wider| self.under(wider).any(|(place, entry)| stands(place, entry)))
    }
}

/// From where to where lie the keys below a domain or within a network; `None` for all that has nothing below.
fn span(key: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (kind, form) = key.split_first()?;
    match Kind::from_byte(*kind)? {
        Kind::Domain => {
            // A key ends with a dot, and what is below goes on behind it.
            let mut to = key.to_vec();
            to.push(0xFF);
            Some((key.to_vec(), to))
        }
        Kind::Cidr4 | Kind::Cidr6 => {
            let (length, address) = form.split_last()?;
            let last = address.iter().zip((0_u32..).step_by(8)).map(|(byte, at)| {
                let kept = u32::from(*length).saturating_sub(at).min(8);
                byte | 0xFF_u8.checked_shr(kept).unwrap_or(0)
            });
            let from = [&[*kind], address, &[0]].concat();
            let to = [*kind].into_iter().chain(last).chain([0xFF]).collect();
            Some((from, to))
        }
        _ => None,
    }
}

/// The keys of what is wider than this, if it is held: the domains above, the networks around.
fn around(key: &[u8]) -> Vec<Vec<u8>> {
    let Some((kind, form)) = key.split_first() else { return Vec::new() };
    match Kind::from_byte(*kind) {
        Some(Kind::Domain) => {
            let ends = form.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at + 2);
            ends.filter(|end| *end < key.len()).filter_map(|end| key.get(..end).map(<[u8]>::to_vec)).collect()
        }
        Some(Kind::Cidr4 | Kind::Cidr6) => {
            let Some((length, address)) = form.split_last() else { return Vec::new() };
            (1..*length).map(|shorter| network(*kind, address, shorter)).collect()
        }
        _ => Vec::new(),
    }
}

fn network(kind: u8, address: &[u8], length: u8) -> Vec<u8> {
    let kept = address.iter().zip((0_u32..).step_by(8)).map(|(byte, at)| {
        let bits = u32::from(length).saturating_sub(at).min(8);
        byte & !0xFF_u8.checked_shr(bits).unwrap_or(0)
    });
    [kind].into_iter().chain(kept).chain([length]).collect()
}

/// A value as the writers of sensors' files take it.
#[derive(Debug)]
pub struct Shown {
    value: Observable,
    mode: Mode,
    action: Action,
    until: Option<Timestamp>,
    object: String,
    tlp: Tlp,
    modified: Timestamp,
}

impl Shown {
    /// What is held of a value; `None` where its normal form cannot be told, which is never.
    #[must_use]
    pub fn of(place: &Place, entry: &Entry, action: Action, tlp: Tlp) -> Option<Shown> {
        let value = entry.observable(place)?;
        Some(Shown {
            value,
            mode: place.mode(),
            action,
            until: entry.until(),
            object: entry.indicator().unwrap_or_default(),
            tlp,
            modified: Timestamp(0),
        })
    }

    /// A value of which nothing is known: to say which element of a sensor would be its.
    #[must_use]
    pub fn alone(value: Observable) -> Shown {
        let mode = Mode::of_kind(value.kind());
        let object = String::new();
        let (action, tlp, modified) = (Action::Block, Tlp::Red, Timestamp(0));
        Shown { value, mode, action, until: None, object, tlp, modified }
    }

    /// The same as it is written.
    #[must_use]
    pub fn item(&self) -> Item<'_> {
        Item {
            value: &self.value,
            mode: self.mode,
            action: self.action,
            until: self.until,
            confidence: None,
            object: &self.object,
            source: "",
            note: "",
            tlp: self.tlp,
            modified: self.modified,
            rules: "",
            sid: None,
            then: &[],
        }
    }
}

impl Entry {
    // What is left of it at a time.
    fn at(mut self, now: Timestamp) -> Option<Entry> {
        while self.until <= now {
            let Next { action, until, then } = *self.then?;
            (self.action, self.until, self.then) = (action, until, then);
        }
        Some(self)
    }

    /// What may be done when that ends, and until when, one behind the other.
    #[must_use]
    pub fn then(&self) -> Vec<Does> {
        let behind = std::iter::successors(self.then.as_deref(), |next| next.then.as_deref());
        let does = |next: &Next| (next.action, Some(next.until).filter(|until| *until < Timestamp::MAX));
        behind.map(does).collect()
    }

    /// Until when; `None` is until it is taken back.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        Some(self.until).filter(|until| *until < Timestamp::MAX)
    }

    /// The id of the indicator that says it.
    #[must_use]
    pub fn indicator(&self) -> Option<String> {
        self.indicator.map(id_of)
    }

    /// The value.
    #[must_use]
    pub fn observable(&self, place: &Place) -> Option<Observable> {
        let text = match &self.text {
            Some(text) => text.to_string(),
            None => text_of_key(&place.key)?,
        };
        normalise(place.kind()?, &text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_780_272_000_000_000);

    pub(crate) fn told(kind: Kind, text: &str, mode: Mode, seconds: Option<i64>) -> Told {
        Told {
            value: normalise(kind, text).unwrap(),
            mode,
            action: Some(Action::Block),
            until: seconds.map(|seconds| NOW.plus_seconds(seconds)),
            then: Vec::new(),
            indicator: Some("indicator--161519c2-e921-5360-b1d6-29521cc448ab".to_owned()),
        }
    }

    fn key(kind: Kind, text: &str) -> Vec<u8> {
        normalise(kind, text).unwrap().key().to_vec()
    }

    #[test]
    fn what_ends_goes_and_nothing_else() {
        let mut set = Set::default();
        assert!(set.take(&told(Kind::Ipv4, "192.0.2.1", Mode::Exact, Some(10)), NOW));
        assert!(set.take(&told(Kind::Ipv4, "192.0.2.2", Mode::Exact, None), NOW));
        assert!(!set.take(&told(Kind::Ipv4, "192.0.2.2", Mode::Exact, None), NOW), "it is held already");
        assert!(!set.take(&told(Kind::Ipv4, "192.0.2.3", Mode::Exact, Some(-1)), NOW), "it has ended");
        assert_eq!(set.expire(NOW.plus_seconds(9)).len(), 0);
        assert_eq!(set.expire(NOW.plus_seconds(10)), [key(Kind::Ipv4, "192.0.2.1").into_boxed_slice()]);
        assert_eq!((set.len(), set.counts().of(&[Kind::Ipv4], Action::Block)), (1, 1));
    }

    #[test]
    fn what_falls_goes_on_with_what_follows() {
        let mut set = Set::default();
        let falls = Told {
            then: vec![
                (Action::Alert, Some(NOW.plus_seconds(20))),
                (Action::Context, Some(NOW.plus_seconds(30))),
                (Action::Alert, Some(NOW.plus_seconds(40))),
            ],
            ..told(Kind::Ipv4, "192.0.2.1", Mode::Exact, Some(10))
        };
        assert!(set.take(&falls, NOW));
        let does = |set: &Set| set.iter().map(|(_, entry)| entry.action).collect::<Vec<_>>();
        assert_eq!(set.expire(NOW.plus_seconds(9)).len(), 0);
        assert_eq!(set.expire(NOW.plus_seconds(10)).len(), 1);
        assert_eq!(does(&set), [Action::Alert]);
        let counts = |set: &Set, action| set.counts().of(&[Kind::Ipv4], action);
        assert_eq!((counts(&set, Action::Alert), counts(&set, Action::Block)), (1, 0));
        assert_eq!(set.expire(NOW.plus_seconds(15)).len(), 0);
        assert_eq!(set.expire(NOW.plus_seconds(20)).len(), 1);
        assert_eq!((does(&set), counts(&set, Action::Alert)), (vec![Action::Context], 0));
        // After a long sleep, what it missed is not done any more.
        let then = set.iter().next().unwrap().1.then();
        assert_eq!(then, falls.then[2..]);
        assert_eq!(set.expire(NOW.plus_seconds(40)).len(), 1);
        assert!(set.is_empty() && counts(&set, Action::Context) == 0);
        // Told late, it does what is left of it, or nothing.
        for (seconds, action) in [(12, Action::Alert), (25, Action::Context), (30, Action::Alert)] {
            assert!(set.take(&falls, NOW.plus_seconds(seconds)));
            assert_eq!(does(&set), [action]);
        }
        assert!(set.take(&falls, NOW.plus_seconds(45)) && set.is_empty());
    }

    #[test]
    fn a_whole_set_takes_the_place_of_what_was_held() {
        let mut set = Set::default();
        for last in 1..=3 {
            set.take(&told(Kind::Ipv4, &format!("192.0.2.{last}"), Mode::Exact, None), NOW);
        }
        set.begin();
        assert!(!set.take(&told(Kind::Ipv4, "192.0.2.2", Mode::Exact, None), NOW));
        assert!(set.take(&told(Kind::Ipv4, "192.0.2.9", Mode::Exact, None), NOW));
        assert_eq!(set.end().len(), 2);
        assert_eq!(set.len(), 2);
    }

    #[test]
    fn domains_and_networks_know_what_is_around_them() {
        let mut set = Set::default();
        set.take(&told(Kind::Domain, "evil.example", Mode::Subdomains, None), NOW);
        set.take(&told(Kind::Domain, "a.b.evil.example", Mode::Exact, None), NOW);
        set.take(&told(Kind::Domain, "evil.example.com", Mode::Exact, None), NOW);
        set.take(&told(Kind::Domain, "notevil.example", Mode::Exact, None), NOW);
        set.take(&told(Kind::Cidr4, "10.0.0.0/9", Mode::Network, None), NOW);
        set.take(&told(Kind::Cidr4, "10.127.1.0/24", Mode::Network, None), NOW);
        set.take(&told(Kind::Cidr4, "10.128.1.0/24", Mode::Network, None), NOW);
        for (kind, text, within) in [
            (Kind::Domain, "a.b.evil.example", true),
            (Kind::Domain, "evil.example", false),
            (Kind::Domain, "evil.example.com", false),
            (Kind::Domain, "notevil.example", false),
            (Kind::Cidr4, "10.127.1.0/24", true),
            (Kind::Cidr4, "10.128.1.0/24", false),
        ] {
            let is = set.is_within(&key(kind, text), &mut |place, _| {
                matches!(place.mode(), Mode::Subdomains | Mode::Network)
            });
            assert_eq!(is, within, "{text}");
        }
        assert_eq!(set.below(&key(Kind::Domain, "evil.example")).len(), 2);
        assert_eq!(set.below(&key(Kind::Cidr4, "10.0.0.0/9")).len(), 2);
        assert_eq!(set.below(&key(Kind::Ipv4, "10.0.0.1")).len(), 1);
    }

    #[test]
    fn a_value_comes_out_as_it_went_in() {
        let mut set = Set::default();
        for (kind, text) in [
            (Kind::Email, "Some.One@Example.com"),
            (Kind::Url, "http://evil.example/a%20b?q=1"),
            (Kind::Ipv6, "2001:db8::1"),
            (Kind::Sha256, &"ab".repeat(32)),
        ] {
            let value = told(kind, text, Mode::Exact, None);
            set.take(&value, NOW);
            let under = value.place();
            let (place, entry) = set.under(&under.key).next().unwrap();
            assert_eq!(entry.observable(place).unwrap(), value.value);
            assert_eq!(entry.indicator(), value.indicator);
        }
    }
}
