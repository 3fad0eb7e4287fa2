//! What texts bear that mostly was not meant to leave: personal data, names from inside, secrets. One table of rules, each by a
//! form that is written down somewhere, and by its check digits where it has some, so that an alarm means something. What has no
//! such form (a name in a sentence, a number of social security without check digits) is not found.

mod inside;
mod numbers;
mod persons;
mod secrets;

/// What kind of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// About a person.
    Personal,
    /// About the inside of an organisation: hosts, accounts, addresses.
    Inside,
    /// Lets in whoever reads it.
    Secret,
}

/// One form.
#[derive(Debug)]
pub struct Rule {
    /// Its word.
    pub name: &'static str,
    /// What kind of thing it is.
    pub class: Class,
    /// What it is, in words behind "is".
    pub is: &'static str,
    /// Where the form is written down.
    pub source: &'static str,
    find: Find,
}

/// Hands out each place in a text that has the form.
type Find = for<'t> fn(&'t str, &mut dyn FnMut(&'t str));

/// A place in a text.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'t> {
    /// Which form it has.
    pub rule: &'static Rule,
    /// The text there.
    pub text: &'t str,
}

/// The rules, in the order in which they are told.
pub const RULES: &[Rule] = &[
    Rule {
        name: "email",
        class: Class::Personal,
        is: "an email address",
        source: "RFC 5322 §3.4.1, with a domain of two labels or more",
        find: persons::emails,
    },
    Rule {
        name: "addressed-name",
        class: Class::Personal,
        is: "a name behind a form of address",
        source: "forms of address: Mr, Mrs, Ms, Dr, Herr, Frau, Mme, Sr.",
        find: persons::addressed,
    },
    Rule {
        name: "phone",
        class: Class::Personal,
        is: "a phone number",
        source: "ITU-T E.164: `+`, at most 15 digits; less than 8 are none here",
        find: persons::phones,
    },
    Rule {
        name: "iban",
        class: Class::Personal,
        is: "an account number (IBAN)",
        source: "ISO 13616-1: lengths by country, check digits by ISO 7064 mod 97-10",
        find: numbers::ibans,
    },
    Rule {
        name: "payment-card",
        class: Class::Personal,
        is: "the number of a payment card",
        source: "ISO/IEC 7812-1: known prefixes with their lengths, check digit by its Annex B (Luhn)",
        find: numbers::cards,
    },
    Rule {
        name: "national-id",
        class: Class::Personal,
        is: "a national identifier",
        source: "with check digits alone: Belgium, Brazil (CPF), Finland, France (NIR), Italy, Norway, Sweden",
        find: numbers::national,
    },
    Rule {
        name: "user-path",
        class: Class::Inside,
        is: "the folder of a user",
        source: "`C:\\Users\\NAME`, `C:\\Documents and Settings\\NAME`, `/home/NAME`, `/Users/NAME`",
        find: inside::user_paths,
    },
    Rule {
        name: "host-path",
        class: Class::Inside,
        is: "a path on a host by its name",
        source: "UNC paths ([MS-DTYP] §2.2.57): `\\\\HOST\\SHARE`",
        find: inside::host_paths,
    },
    Rule {
        name: "private-address",
        class: Class::Inside,
        is: "a private address",
        source: "RFC 1918 §3, RFC 4193 §3, RFC 6598 §7",
        find: inside::private_addresses,
    },
    Rule {
        name: "private-key",
        class: Class::Secret,
        is: "a private key",
        source: "RFC 7468 §10, §11, and the older labels with the same ends",
        find: secrets::private_keys,
    },
    Rule {
        name: "token",
        class: Class::Secret,
        is: "what looks like an access token",
        source: "prefixes that their issuers document: AWS, GitHub, GitLab, Google, npm, PyPI, SendGrid, Slack, Stripe, Vault, Accord",
        find: secrets::tokens,
    },
    Rule {
        name: "signed-token",
        class: Class::Secret,
        is: "a signed token (JWT)",
        source: "RFC 7519 §3, RFC 7515 §3.1",
        find: secrets::signed_tokens,
    },
    Rule {
        name: "password-in-url",
        class: Class::Secret,
        is: "a password in a URL",
        source: "RFC 3986 §3.2.1, the form that it deprecates",
        find: secrets::passwords,
    },
];

/// What of a text has one of the forms; each place once for each rule.
#[must_use]
pub fn sensitive_in(text: &str) -> Vec<Hit<'_>> {
    let mut found = Vec::new();
    for rule in RULES {
        (rule.find)(text, &mut |text| found.push(Hit { rule, text }));
    }
    found
}

/// Whether the number of a payment card may be in a text, however it is written there: looked for more widely than by the rule
/// that tells of one, for what is not to be kept.
#[must_use]
pub fn may_hold_card(text: &str) -> bool {
    numbers::may_hold_card(text)
}

/// As much of what was found as tells where to look, where it is kept or shown to others.
#[must_use]
pub fn veiled(text: &str) -> String {
    let count = text.chars().count();
    if count < 7 {
        return "…".to_owned();
    }
    let first: String = text.chars().take(2).collect();
    let last: String = text.chars().skip(count - 2).collect();
    format!("{first}…{last}")
}

// Whether what stands at these places stands by itself: no letter or digit before or behind it.
fn stands_alone(text: &str, from: usize, to: usize) -> bool {
    let before = text.get(..from).and_then(|text| text.chars().next_back());
    let behind = text.get(to..).and_then(|text| text.chars().next());
    !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
}

// The words of a text without the punctuation around them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let cut = |c: char| c.is_whitespace() || "\"'`<>()[]{},;=|".contains(c);
    text.split(cut)
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
