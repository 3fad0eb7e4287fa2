//! Keys, tokens, passwords.

use super::stands_alone;

/// A prefix, what follows it, and how much of that at least.
const TOKENS: &[(&str, Alphabet, usize)] = &[
    ("AKIA", Alphabet::Capitals, 16),
    ("ASIA", Alphabet::Capitals, 16),
    ("ghp_", Alphabet::Plain, 36),
    ("gho_", Alphabet::Plain, 36),
    ("ghu_", Alphabet::Plain, 36),
    ("ghs_", Alphabet::Plain, 36),
    ("ghr_", Alphabet::Plain, 36),
    ("github_pat_", Alphabet::Wide, 22),
    ("glpat-", Alphabet::Wide, 20),
    ("AIza", Alphabet::Wide, 35),
    ("npm_", Alphabet::Plain, 36),
    ("pypi-", Alphabet::Wide, 50),
    ("SG.", Alphabet::Dotted, 60),
    ("xoxb-", Alphabet::Wide, 20),
    ("xoxp-", Alphabet::Wide, 20),
    ("xoxa-", Alphabet::Wide, 20),
    ("xoxs-", Alphabet::Wide, 20),
    ("sk_live_", Alphabet::Plain, 16),
    ("rk_live_", Alphabet::Plain, 16),
    ("hvs.", Alphabet::Wide, 24),
    ("acc_", Alphabet::Wide, 40),
];

#[derive(Debug, Clone, Copy)]
enum Alphabet {
    /// Capital letters and digits.
    Capitals,
    /// Letters and digits.
    Plain,
    /// And `_` and `-`.
    Wide,
    /// And dots.
    Dotted,
}

impl Alphabet {
    fn has(self, c: char) -> bool {
        match self {
            Alphabet::Capitals => c.is_ascii_uppercase() || c.is_ascii_digit(),
            Alphabet::Plain => c.is_ascii_alphanumeric(),
            Alphabet::Wide => c.is_ascii_alphanumeric() || "_-".contains(c),
            Alphabet::Dotted => c.is_ascii_alphanumeric() || "_-.".contains(c),
        }
    }
}

pub(super) fn tokens<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    for &(prefix, alphabet, least) in TOKENS {
        for (from, _) in text.match_indices(prefix) {
            let rest = text.get(from + prefix.len()..).unwrap_or_default();
            let length = rest.find(|c| !alphabet.has(c)).unwrap_or(rest.len());
            let to = from + prefix.len() + length;
            if length >= least && stands_alone(text, from, to) {
                tell(text.get(from..to).unwrap_or_default());
            }
        }
    }
}

pub(super) fn private_keys<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "PRIVATE KEY-----";
    for (from, _) in text.match_indices(BEGIN) {
        let label = text.get(from + BEGIN.len()..).unwrap_or_default();
        // Labels are short: `RSA `, `OPENSSH `, `ENCRYPTED `.
        let Some(at) = label.find(END).filter(|at| *at <= 16) else { continue };
        tell(text.get(from..from + BEGIN.len() + at + END.len()).unwrap_or_default());
    }
}

pub(super) fn signed_tokens<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    for (from, _) in text.match_indices("eyJ") {
        let rest = text.get(from..).unwrap_or_default();
        let end = rest.find(|c| !Alphabet::Dotted.has(c)).unwrap_or(rest.len());
        let token = rest.get(..end).unwrap_or_default();
        let mut parts = token.split('.');
        let (header, claims, signature) = (parts.next(), parts.next(), parts.next());
        let is_long = |part: Option<&str>| part.is_some_and(|part| part.len() >= 10);
        let is_whole =
            is_long(header) && is_long(signature) && claims.is_some_and(|part| part.starts_with("eyJ"));
        if is_whole && parts.next().is_none() && stands_alone(text, from, from + end) {
            tell(token);
        }
    }
}

pub(super) fn passwords<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    for (at, _) in text.match_indices("://") {
        let rest = text.get(at + 3..).unwrap_or_default();
        let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'<>".contains(c)).unwrap_or(rest.len());
        let authority = rest.get(..end).unwrap_or_default();
        let Some((user, _)) = authority.rsplit_once('@') else { continue };
        if user.split_once(':').is_some_and(|(_, password)| !password.is_empty()) {
            tell(user);
        }
    }
}
