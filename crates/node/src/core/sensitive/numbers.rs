//! Numbers with check digits: accounts, payment cards, national identifiers.

use model::observable::{IBAN_LENGTHS, has_iban_check};

use super::{stands_alone, words};

/// First digits of payment cards, from and to, of the same length, and how many digits such a card has.
const CARDS: &[(&str, &str, &[usize])] = &[
    ("4", "4", &[13, 16, 19]),
    ("51", "55", &[16]),
    ("2221", "2720", &[16]),
    ("34", "34", &[15]),
    ("37", "37", &[15]),
    ("6011", "6011", &[16]),
    ("644", "659", &[16]),
    ("3528", "3589", &[16]),
    ("300", "305", &[14]),
    ("36", "36", &[14]),
    ("38", "39", &[14]),
    ("62", "62", &[16, 17, 18, 19]),
];
/// Digits of a group where a card's number is written in groups.
const GROUP: usize = 4;

pub(super) fn ibans<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    for &(country, length) in IBAN_LENGTHS {
        for (from, _) in text.match_indices(country) {
            let Some(to) = characters(text, from, length) else { continue };
            let Some(found) = text.get(from..to).filter(|_| stands_alone(text, from, to)) else { continue };
            let plain: String = found.chars().filter(|c| *c != ' ').collect();
            if has_iban_check(&plain) {
                tell(found);
            }
        }
    }
}

// Where so many capital letters and digits end, single spaces between them.
fn characters(text: &str, from: usize, count: usize) -> Option<usize> {
    let (mut seen, mut spaced) = (0, false);
    for (at, c) in text.get(from..)?.char_indices() {
        match c {
            'A'..='Z' | '0'..='9' => (seen, spaced) = (seen + 1, false),
            ' ' if !spaced => spaced = true,
            _ => return None,
        }
        if seen == count {
            return Some(from + at + 1);
        }
    }
    None
}

/// Digits with single spaces or hyphens between them.
struct Run<'t> {
    text: &'t str,
    digits: String,
    groups: Vec<usize>,
}

fn runs(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut rest = 0;
    while let Some(from) = text.get(rest..).and_then(|text| text.find(|c: char| c.is_ascii_digit())) {
        let from = rest + from;
        let (mut digits, mut groups, mut end, mut spaced) = (String::new(), vec![0], from, false);
        for (at, c) in text.get(from..).unwrap_or_default().char_indices() {
            if c.is_ascii_digit() {
                if spaced {
                    groups.push(0);
                }
                digits.push(c);
                groups.last_mut().into_iter().for_each(|count| *count += 1);
                (end, spaced) = (from + at + 1, false);
            } else if matches!(c, ' ' | '-') && !spaced {
                spaced = true;
            } else {
                break;
            }
        }
        // A decimal or a dotted number is none of these.
        let dotted = |c: Option<char>| matches!(c, Some('.' | ',' | '_' | ':'));
        let before = text.get(..from).and_then(|text| text.chars().next_back());
        let mut behind = text.get(end..).unwrap_or_default().chars();
        let goes_on = dotted(behind.next()) && behind.next().is_some_and(|c| c.is_ascii_digit());
        if stands_alone(text, from, end) && !dotted(before) && !goes_on {
            runs.push(Run { text: text.get(from..end).unwrap_or_default(), digits, groups });
        }
        rest = end;
    }
    runs
}

pub(super) fn cards<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    for run in runs(text) {
        if run.groups.iter().all(|count| *count >= GROUP) && is_card(&run.digits) {
            tell(run.text);
        }
    }
}

fn is_card(digits: &str) -> bool {
    let is_issued = CARDS.iter().any(|(from, to, lengths)| {
        let first = digits.get(..from.len()).unwrap_or_default();
        lengths.contains(&digits.len()) && (*from..=*to).contains(&first)
    });
    is_issued && luhn(digits)
}

/// Most characters between two groups of a number.
const GAP: usize = 3;
/// Digits of the longest number.
const CARD_DIGITS: usize = 19;

/// Whether digits that stand next to each other, or in groups with little between them, may be a card's number, whatever
/// stands before and behind them: what must not be kept is looked for more widely than what is pointed at.
pub(super) fn may_hold_card(text: &str) -> bool {
    let mut groups: Vec<&str> = Vec::new();
    let mut gap = 0;
    for part in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = part.trim_end_matches(|c: char| !c.is_ascii_digit());
        if !digits.is_empty() {
            if gap > GAP {
                groups.clear();
            }
            groups.push(digits);
            if ends_in_card(&groups) {
                return true;
            }
            gap = 0;
        }
        match part.chars().next_back() {
            Some(c) if c.is_alphanumeric() && !c.is_ascii_digit() => groups.clear(),
            _ => gap += 1,
        }
        // Beyond these no number reaches back.
        if groups.len() > CARD_DIGITS / GROUP + 1 {
            groups.remove(0);
        }
    }
    false
}

fn ends_in_card(groups: &[&str]) -> bool {
    let mut number = String::new();
    for (back, group) in groups.iter().rev().enumerate() {
        // Only the last group is a short one.
        if (back > 0 && group.len() < GROUP) || number.len() + group.len() > CARD_DIGITS {
            return false;
        }
        number.insert_str(0, group);
        if is_card(&number) {
            return true;
        }
    }
    false
}

fn luhn(digits: &str) -> bool {
    let digits = digits.chars().rev().filter_map(|c| c.to_digit(10));
    let sum: u32 = digits
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

pub(super) fn national<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    for word in words(text) {
        if [belgium, brazil, finland, italy, sweden].into_iter().any(|is| is(word)) {
            tell(word);
        }
    }
    for run in runs(text) {
        if france(&run.digits) || norway(&run) {
            tell(run.text);
        }
    }
}

// Whether a word is written so: `0` for a digit, `A` for a capital letter, anything else for itself.
fn is_written(word: &str, form: &str) -> bool {
    let fits = |(c, as_in): (char, char)| match as_in {
        '0' => c.is_ascii_digit(),
        'A' => c.is_ascii_uppercase(),
        other => c == other,
    };
    word.chars().count() == form.chars().count() && word.chars().zip(form.chars()).all(fits)
}

fn number(digits: impl Iterator<Item = char>) -> Option<u64> {
    let digits: String = digits.filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn at(word: &str, from: usize, to: usize) -> u64 {
    word.get(from..to).and_then(|part| part.parse().ok()).unwrap_or(0)
}

fn is_day(day: u64, month: u64) -> bool {
    (1..=31).contains(&day) && (1..=12).contains(&month)
}

// Number of the national register: 97 less the rest of the first nine digits by 97, a 2 before them from 2000 on.
fn belgium(word: &str) -> bool {
    if !is_written(word, "00.00.00-000.00") || at(word, 3, 5) > 12 {
        return false;
    }
    let first = number(word.chars().take(13)).unwrap_or(0);
    let check = at(word, 13, 15);
    97 - first % 97 == check || 97 - (2_000_000_000 + first) % 97 == check
}

// CPF: two check digits, each by the rest of a weighted sum by 11.
fn brazil(word: &str) -> bool {
    if !is_written(word, "000.000.000-00") {
        return false;
    }
    let digits: Vec<u32> = word.chars().filter_map(|c| c.to_digit(10)).collect();
    let check = |count: usize| {
        let weights = (2..=count as u32 + 1).rev();
        let sum: u32 = digits.iter().take(count).zip(weights).map(|(digit, weight)| digit * weight).sum();
        sum * 10 % 11 % 10
    };
    let differ = digits.iter().any(|digit| digits.first() != Some(digit));
    differ && digits.get(9) == Some(&check(9)) && digits.get(10) == Some(&check(10))
}

// Personal identity code: the rest of date and number by 31.
fn finland(word: &str) -> bool {
    const CHECK: &str = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    let (Some(date), Some(sign), Some(rest), Some(check)) =
        (word.get(..6), word.chars().nth(6), word.get(7..10), word.chars().nth(10))
    else {
        return false;
    };
    let plain = format!("{date}{rest}");
    if word.chars().count() != 11 || !"+-ABCDEFUVWXY".contains(sign) || !is_written(&plain, "000000000") {
        return false;
    }
    let wanted = number(plain.chars()).and_then(|number| CHECK.chars().nth((number % 31) as usize));
    is_day(at(date, 0, 2), at(date, 2, 4)) && wanted == Some(check)
}

// Codice fiscale: characters at odd and at even places have other values.
fn italy(word: &str) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    if !is_written(word, "AAAAAA00A00A000A") {
        return false;
    }
    let value = |(place, c): (usize, char)| {
        let plain = c.to_digit(10).or_else(|| c.to_digit(36).map(|value| value - 10)).unwrap_or(0);
        if place % 2 == 0 { ODD.get(plain as usize).copied().unwrap_or(0) } else { plain }
    };
    let sum: u32 = word.chars().take(15).enumerate().map(value).sum();
    word.chars().nth(15) == char::from_digit(sum % 26 + 10, 36).map(|c| c.to_ascii_uppercase())
}

// Personnummer: a date, and the check digit of a card's number over the last ten.
fn sweden(word: &str) -> bool {
    let short = if is_written(word, "00000000-0000") { word.get(2..).unwrap_or_default() } else { word };
    let digits: String = short.chars().filter(char::is_ascii_digit).collect();
    let day = at(short, 4, 6);
    // Coordination numbers have 60 more.
    is_written(short, "000000-0000")
        && is_day(if day > 60 { day - 60 } else { day }, at(short, 2, 4))
        && luhn(&digits)
}

// Numéro d'inscription au répertoire: 97 less the rest of the first thirteen digits by 97.
fn france(digits: &str) -> bool {
    let month = at(digits, 3, 5);
    digits.len() == 15
        && digits.starts_with(['1', '2'])
        && (1..=12).contains(&month)
        && 97 - at(digits, 0, 13) % 97 == at(digits, 13, 15)
}

// Fødselsnummer: a date, and two check digits by weighted sums by 11.
fn norway(run: &Run<'_>) -> bool {
    const FIRST: [u32; 10] = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
    const SECOND: [u32; 11] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
    let digits = run.digits.as_str();
    let is_divided = |weights: &[u32]| {
        let digits = digits.chars().filter_map(|c| c.to_digit(10));
        let sum: u32 = digits.zip(weights).map(|(digit, weight)| digit * weight).sum();
        sum.is_multiple_of(11)
    };
    digits.len() == 11
        && matches!(run.groups.as_slice(), [11] | [6, 5])
        && is_day(at(digits, 0, 2), at(digits, 2, 4))
        && is_divided(&FIRST)
        && is_divided(&SECOND)
}
