//! JA4 and its kin (FoxIO's JA4+, as printed by its tools, never the raw forms): parts of fixed forms, `_` between them.
//! They are kept in lower case.

use super::{Kind, Observable, Unfit};

/// Digits of a digest that was cut to 12.
const HASH: &str = "hhhhhhhhhhhh";

/// The parts of each kind: `h` is a hexadecimal digit, `9` a decimal one, `a` a letter or digit, `q` one of `tqd`,
/// `i` one of `di`, `c` one of `cn`, `r` one of `rn`.
const FORMS: [(Kind, &[&str]); 4] = [
    (Kind::Ja4, &["qaai9999aa", HASH, HASH]),
    (Kind::Ja4s, &["qaa99aa", "hhhh", HASH]),
    (Kind::Ja4h, &["aa99cr99aaaa", HASH, HASH, HASH]),
    (Kind::Ja4x, &[HASH, HASH, HASH]),
];

/// The kinds whose form tells them.
pub(super) const TOLD_BY_FORM: [Kind; 5] = [Kind::Ja4, Kind::Ja4s, Kind::Ja4h, Kind::Ja4x, Kind::Ja4ssh];

pub(super) fn normalise(kind: Kind, raw: &str) -> Result<Observable, Unfit> {
    let text = raw.trim().to_ascii_lowercase();
    let fits = match FORMS.iter().find(|(of_kind, _)| *of_kind == kind) {
        Some((_, forms)) => {
            let parts: Vec<&str> = text.split('_').collect();
            parts.len() == forms.len() && parts.iter().zip(*forms).all(|(part, form)| has_form(part, form))
        }
        None => is_ssh(&text),
    };
    if !fits {
        return Err(Unfit::Not(kind, "not of the fingerprint's form"));
    }
    Ok(Observable::of_text(kind, text))
}

fn has_form(part: &str, form: &str) -> bool {
    let fits = |(byte, sign): (u8, u8)| match sign {
        b'h' => byte.is_ascii_hexdigit(),
        b'9' => byte.is_ascii_digit(),
        b'q' => b"tqd".contains(&byte),
        b'i' => b"di".contains(&byte),
        b'c' => b"cn".contains(&byte),
        b'r' => b"rn".contains(&byte),
        _ => byte.is_ascii_alphanumeric(),
    };
    part.len() == form.len() && part.bytes().zip(form.bytes()).all(fits)
}

/// `c36s36_c51s80_c69s0`: what client and server said, three times.
fn is_ssh(text: &str) -> bool {
    let is_number =
        |digits: &str| (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let is_pair = |part: &str| {
        let pair = part.strip_prefix('c').and_then(|rest| rest.split_once('s'));
        pair.is_some_and(|(client, server)| is_number(client) && is_number(server))
    };
    text.split('_').count() == 3 && text.split('_').all(is_pair)
}
