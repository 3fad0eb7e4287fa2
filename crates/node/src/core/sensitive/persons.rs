//! Email addresses, names behind a form of address, phone numbers.

use super::{stands_alone, words};

const FORMS: [&str; 12] =
    ["Mr", "Mr.", "Mrs", "Mrs.", "Ms", "Ms.", "Dr", "Dr.", "Herr", "Frau", "Mme", "Sr."];
/// How many digits a phone number has: E.164 §6.2.1 says at most; the least is ours.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

pub(super) fn emails<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    if !text.contains('@') {
        return;
    }
    for word in words(text) {
        let word = word.strip_prefix("mailto:").unwrap_or(word);
        let is_email = word.split_once('@').is_some_and(|(local, domain)| {
            let plain = |c: char| c.is_alphanumeric() || ".-".contains(c);
            !local.is_empty()
                && !local.contains([':', '/'])
                && domain.contains('.')
                && domain.chars().all(plain)
        });
        if is_email {
            tell(word);
        }
    }
}

pub(super) fn addressed<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    let is_name = |word: &str| {
        let mut chars = word.chars();
        chars.next().is_some_and(char::is_uppercase) && chars.next().is_some_and(char::is_lowercase)
    };
    let mut before = "";
    for word in text.split_whitespace() {
        if FORMS.contains(&before) && is_name(word) {
            tell(word.trim_end_matches(|c: char| !c.is_alphanumeric()));
        }
        before = word;
    }
}

pub(super) fn phones<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    for (plus, _) in text.match_indices('+') {
        let rest = text.get(plus + 1..).unwrap_or_default();
        if !rest.starts_with(|c: char| matches!(c, '1'..='9')) {
            continue;
        }
        let (mut digits, mut end, mut between) = (0, 0, 0);
        for (at, c) in rest.char_indices() {
            if c.is_ascii_digit() {
                (digits, end, between) = (digits + 1, at + 1, 0);
            } else if " -./()".contains(c) && between < 2 {
                between += 1;
            } else {
                break;
            }
        }
        let to = plus + 1 + end;
        if PHONE_DIGITS.contains(&digits) && stands_alone(text, plus, to) {
            tell(text.get(plus..to).unwrap_or_default());
        }
    }
}
