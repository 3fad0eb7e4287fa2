//! What must hold for every input of `model`.

use model::matching::{self, Mode, Nearness};
use model::observable::{self, Keys, Kind, Observable, PrefixLengths, Relation};
use model::{Label, Timestamp, inert, token};

/// A target: its name, which is also its folder of seeds, and what must not panic.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of this crate.
pub const TARGETS: &[Target] = &[
    ("model_label", labels_are_canonical),
    ("model_observable", normal_forms_are_stable),
    ("model_matching", values_match_themselves),
    ("model_inert", inert_text_is_inert),
    ("model_text", small_texts),
];

/// A label that is read is written as the same bytes.
pub fn labels_are_canonical(data: &[u8]) {
    if let Some(label) = Label::from_canonical(data) {
        assert_eq!(label.canonical(), data);
    }
}

/// An instant that is read is written as one that is read as the same; only tokens that we write are well formed.
pub fn small_texts(data: &[u8]) {
    if let Some(random) = data.first_chunk::<32>() {
        assert!(token::is_well_formed(&token::text(random)));
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(instant) = text.parse::<Timestamp>() {
        assert!((Timestamp::MIN..=Timestamp::MAX).contains(&instant));
        assert_eq!(instant.to_string().parse(), Ok(instant));
        assert!(instant.millis_text().parse::<Timestamp>().is_ok());
    }
    if token::is_well_formed(text) {
        assert!(text.starts_with(token::PREFIX) && text.is_ascii());
    }
}

/// The normal form of a normal form is itself, defanged or not; what is guessed is in normal form.
pub fn normal_forms_are_stable(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for kind in Kind::all() {
        if let Ok(found) = observable::normalise(kind, text) {
            assert_normal(&found);
        }
    }
    if let Ok(found) = observable::guess(text) {
        assert_normal(&found);
    }
}

fn assert_normal(found: &Observable) {
    let kind = found.kind();
    assert_eq!(observable::normalise(kind, found.text()).as_ref(), Ok(found));
    let defanged = found.defanged();
    assert_eq!(observable::normalise(kind, &defanged).as_ref(), Ok(found), "{defanged}");
    assert_eq!(found.key().first().copied().and_then(Kind::from_byte), Some(kind));
    let lengths = PrefixLengths { v4: &[0, 8, 24, 31], v6: &[0, 32, 64, 127] };
    let probes = found.lookup_keys(&lengths);
    let own = Keys::One(found.key().to_vec());
    assert!(probes.first().is_some_and(|probe| probe.relation == Relation::Same && probe.keys == own));
    for probe in &probes {
        if let Keys::Range { start, end } = &probe.keys {
            assert!(start < end);
        }
    }
}

/// What an indicator says stands where it is asked for when the same is seen; refanging twice is refanging once; nothing at
/// or above a public suffix is asked for as a parent.
pub fn values_match_themselves(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let once = observable::refang(text);
    assert_eq!(observable::refang(&once), once);
    let lengths = PrefixLengths { v4: &[0, 8, 24, 31], v6: &[0, 32, 64, 127] };
    for kind in Kind::all().map(Some).chain([None]) {
        let Ok((value, mode)) = matching::read(kind, text) else { continue };
        let asked = matching::asks(&value, &lengths);
        for other in Mode::all() {
            let Ok(standing) = matching::stand(&value, other) else { continue };
            assert!(
                !standing.keys.is_empty()
                    && standing.keys.iter().all(|key| key.len() <= 1 + observable::KEY_BYTES_MAX)
            );
            // A range is seen as first digits, and neither a parent nor a mail domain is the value itself.
            let itself =
                !matches!(other, Mode::Wildcard | Mode::MailDomain) && value.kind() != Kind::CardRange;
            let is_met =
                |key: &Vec<u8>| asked.iter().any(|ask| ask.key == *key && other.admits(ask.nearness));
            assert!(!itself || standing.keys.iter().any(is_met), "{} {}", other.name(), value.text());
        }
        assert!(mode.fits(value.kind()));
        for ask in asked.iter().filter(|ask| ask.nearness == Nearness::Parent) {
            let above = observable::text_of_key(&ask.key);
            assert!(above.is_some_and(|above| !observable::is_public_suffix(&above)));
        }
        assert!(matching::url_expressions(&value).len() <= 30);
    }
    let mut parts = text.split('\n');
    if let (Some(host), Some(target)) = (parts.next(), parts.next())
        && let Ok(url) = matching::seen_url(None, host, Some(8080), target)
    {
        assert_eq!(observable::normalise(Kind::Url, url.text()), Ok(url));
    }
}

/// Text made inert stays as it is when that is done again.
pub fn inert_text_is_inert(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let safe = inert::inert(&text);
    assert!(!safe.chars().any(char::is_control));
    assert_eq!(inert::inert(&safe), safe);
    assert!(!inert::defanged(&text).contains("http://"));
}
