//! What fraud is done with: phone numbers, accounts, ranges of payment cards.

use super::{Kind, Observable, Unfit};

/// How many digits a phone number has: E.164 §6.2.1 says at most; the least is ours.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A number with its country code: behind `+` or `00`, with the usual signs between its digits, `tel:` before it and
/// parameters behind it (RFC 3966 §3). A `(0)` for calls from within the country is dropped.
pub(super) fn phone(raw: &str) -> Result<Observable, Unfit> {
    let not = |reason| Unfit::Not(Kind::Phone, reason);
    let text = raw.trim();
    let text = match text.split_at_checked(4) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel:") => rest.split(';').next().unwrap_or(rest),
        _ => text,
    };
    let plain = text.replace("(0)", "");
    let plain = plain.trim();
    let national = "no country code: it begins with neither `+` nor `00`";
    let rest = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00")).ok_or(not(national))?;
    let mut digits = String::with_capacity(16);
    for character in rest.chars() {
        match character {
            '0'..='9' => digits.push(character),
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '\u{2011}' => {}
            _ => return Err(not("a character that no phone number has")),
        }
    }
    if digits.starts_with('0') {
        return Err(not("no country code begins with 0"));
    }
    if !PHONE_DIGITS.contains(&digits.len()) {
        return Err(not("not 7 to 15 digits"));
    }
    Ok(Observable::of_text(Kind::Phone, format!("+{digits}")))
}

/// Lengths of IBANs by country (the registry of ISO 13616-2).
#[rustfmt::skip]
pub const IBAN_LENGTHS: &[(&str, usize)] = &[
    ("AD", 24), ("AE", 23), ("AL", 28), ("AT", 20), ("AZ", 28), ("BA", 20), ("BE", 16), ("BG", 22), ("BH", 22), ("BI", 27),
    ("BR", 29), ("BY", 28), ("CH", 21), ("CR", 22), ("CY", 28), ("CZ", 24), ("DE", 22), ("DJ", 27), ("DK", 18), ("DO", 28),
    ("EE", 20), ("EG", 29), ("ES", 24), ("FI", 18), ("FK", 18), ("FO", 18), ("FR", 27), ("GB", 22), ("GE", 22), ("GI", 23),
    ("GL", 18), ("GR", 27), ("GT", 28), ("HN", 28), ("HR", 21), ("HU", 28), ("IE", 22), ("IL", 23), ("IQ", 23), ("IS", 26),
    ("IT", 27), ("JO", 30), ("KW", 30), ("KZ", 20), ("LB", 28), ("LC", 32), ("LI", 21), ("LT", 20), ("LU", 20),
    ("LV", 21), ("LY", 25), ("MC", 27), ("MD", 24), ("ME", 22), ("MK", 19), ("MN", 20), ("MR", 27), ("MT", 31), ("MU", 30),
    ("NI", 28), ("NL", 18), ("NO", 15), ("OM", 23), ("PK", 24), ("PL", 28), ("PS", 29), ("PT", 25), ("QA", 29), ("RO", 24), ("RS", 22), ("RU", 33),
    ("SA", 24), ("SC", 31), ("SD", 18), ("SE", 24), ("SI", 19), ("SK", 24), ("SM", 27), ("SO", 23), ("ST", 25), ("SV", 28), ("TL", 23),
    ("TN", 24), ("TR", 26), ("UA", 29), ("VA", 22), ("VG", 24), ("XK", 20), ("YE", 30),
];

/// Whether the check digits of an account number are right (ISO 7064 mod 97-10): capitals and digits, no spaces.
#[must_use]
pub fn has_iban_check(iban: &str) -> bool {
    let Some((first, rest)) = iban.split_at_checked(4) else { return false };
    let sum = rest.chars().chain(first.chars()).try_fold(0_u32, |sum, c| {
        // The country and its check digits come last, and letters count as 10 to 35.
        let value = c.to_digit(36)?;
        Some((sum * if value > 9 { 100 } else { 10 } + value) % 97)
    });
    sum == Some(1) && first.get(2..).is_some_and(|check| check.bytes().all(|b| b.is_ascii_digit()))
}

/// An IBAN, spaces and hyphens between its characters or not. Of countries that the registry has, the length counts; of
/// others, the check digits alone.
pub(super) fn iban(raw: &str) -> Result<Observable, Unfit> {
    let not = |reason| Unfit::Not(Kind::Iban, reason);
    let text = raw.trim();
    let text = match text.split_at_checked(4) {
        Some((word, rest)) if word.eq_ignore_ascii_case("iban") => rest.trim_start_matches([':', ' ']),
        _ => text,
    };
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).collect();
    let plain = plain.to_ascii_uppercase();
    let country = plain.get(..2).filter(|country| country.bytes().all(|b| b.is_ascii_uppercase()));
    let country = country.ok_or(not("it does not begin with a country"))?;
    let of_country = IBAN_LENGTHS.iter().find(|(known, _)| *known == country).map(|(_, length)| *length);
    if !plain.bytes().all(|b| b.is_ascii_alphanumeric())
        || !(15..=34).contains(&plain.len())
        || of_country.is_some_and(|length| length != plain.len())
    {
        return Err(not("not of the length that its country's have"));
    }
    if !has_iban_check(&plain) {
        return Err(not("its check digits are wrong"));
    }
    Ok(Observable::of_text(Kind::Iban, plain))
}

/// How many first digits of payment cards are taken: ISO/IEC 7812-1:2017 §4.2 has issuers at 8, before they were at 6.
/// What is longer would begin to name a single card.
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 4..=8;
/// How many digits a whole number of a card has (ISO/IEC 7812-1 §4.1).
const WHOLE_CARD: std::ops::RangeInclusive<usize> = 12..=19;

/// First digits (`411111`, `4111 11** **** ****`), or a range of such (`41111100-41111149`). A range that is all of what
/// begins with some digits is written as these.
pub(super) fn card_range(raw: &str) -> Result<Observable, Unfit> {
    const FORM: &str = "not 4 to 8 first digits, or two such numbers with `-` between them";
    let not = |reason| Unfit::Not(Kind::CardRange, reason);
    let plain: String = raw
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| if matches!(c, '\u{2013}' | '\u{2011}') { '-' } else { c })
        .collect();
    let is_masked = plain.contains(MASKS);
    let unmasked = match is_masked {
        // Hyphens between groups, of which the last are hidden.
        true => plain.trim_end_matches(|c| c == '-' || MASKS.contains(&c)).replace('-', ""),
        false => plain,
    };
    let digits = unmasked.bytes().filter(u8::is_ascii_digit).count();
    if unmasked.contains(MASKS) {
        return Err(not("digits behind the mask name a single card: leave them out"));
    }
    let sides: Vec<&str> = unmasked.split('-').collect();
    let longest = sides.iter().map(|side| side.len()).max().unwrap_or(0);
    if WHOLE_CARD.contains(&digits) && (sides.len() != 2 || longest > *CARD_DIGITS.end()) {
        return Err(not("a whole card number, which nobody may be sent: give its first six or eight digits"));
    }
    let is_side = |side: &str| CARD_DIGITS.contains(&side.len()) && side.bytes().all(|b| b.is_ascii_digit());
    match sides.as_slice() {
        [prefix] if is_side(prefix) => Ok(Observable::of_text(Kind::CardRange, (*prefix).to_owned())),
        [first, last] if is_side(first) && is_side(last) && first.len() == last.len() => {
            if first > last {
                return Err(not("a range that ends before it begins"));
            }
            Ok(Observable::of_text(Kind::CardRange, shortest(first, last)))
        }
        _ => Err(not(FORM)),
    }
}

/// What stands for digits that are not told.
const MASKS: [char; 5] = ['x', 'X', '*', '#', '\u{2022}'];

/// A range with the digits left out in which it is whole.
fn shortest(first: &str, last: &str) -> String {
    let (mut first, mut last) = (first, last);
    while first.len() > *CARD_DIGITS.start()
        && let (Some(shorter_first), Some(shorter_last)) = (first.strip_suffix('0'), last.strip_suffix('9'))
    {
        (first, last) = (shorter_first, shorter_last);
    }
    if first == last { first.to_owned() } else { format!("{first}-{last}") }
}

/// The first digits that make up a range in normal form, the fewest there are: what a card's number is asked for by.
pub(crate) fn card_prefixes(text: &str) -> Vec<String> {
    let Some((first, last)) = text.split_once('-') else { return vec![text.to_owned()] };
    let width = first.len();
    let (Ok(mut next), Ok(last)) = (first.parse::<u64>(), last.parse::<u64>()) else { return Vec::new() };
    let mut prefixes = Vec::new();
    while next <= last {
        let mut cut = 0_u32;
        // As many last digits go as are whole from here on; one stays.
        while usize::try_from(cut + 1).is_ok_and(|cut| cut < width)
            && next % 10_u64.pow(cut + 1) == 0
            && next + 10_u64.pow(cut + 1) - 1 <= last
        {
            cut += 1;
        }
        let block = 10_u64.pow(cut);
        let digits = width - usize::try_from(cut).unwrap_or(0);
        prefixes.push(format!("{:0digits$}", next / block));
        next += block;
    }
    prefixes
}
