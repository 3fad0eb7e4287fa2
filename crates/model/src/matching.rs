//! What an indicator's value matches, and what is asked for a value that was seen: the same normal form and the same
//! keys on both sides.
//!
//! An indicator's value *stands* under keys ([`stand`]), in a [`Mode`] that says how it is meant. For a value that was
//! seen there are keys to *ask* for ([`asks`]), most specific first, each with its [`Nearness`]. Whoever holds knowledge
//! keeps a table from key to mode, and an indicator matches where a key is asked for whose nearness its mode admits
//! ([`Mode::admits`]). Nothing else is needed: no text is searched, and what one may match can be told beforehand.
//!
//! # The keys
//! They are the keys of [`Observable::key`], but for two kinds. The key of a URL leaves out `http` or `https`, which
//! stands beside it as a [`Scheme`]: the same page is mostly there under both. Ranges of cards stand under the first
//! digits that make them up. These keys are made anew with each compiled set and are not stored.
//!
//! # Never above a public suffix
//! A name stands for those below it only if it is below a public suffix itself, of ICANN's part of the list or of its
//! private part ([`stand`] refuses it otherwise), and no name at or above a public suffix is ever asked for as a parent.
//! So neither `co.uk` nor `github.io` nor `duckdns.org` can match what strangers have below it; each can match itself.

mod asked;
mod url;

use crate::observable::{
    Kind, Observable, Unfit, account, guess, is_public_suffix, key_of, normalise, refang,
};

pub use asked::{Ask, asks};
pub use url::{seen_url, url_expressions};

/// How an indicator's value is meant. The one that matches least comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// The value itself: of an address or a domain also where it is the host of a URL, before a port or behind an `@`;
    /// of a file's name any path that ends with it; of a range of cards any first digits within.
    Exact,
    /// An email address for all addresses of its domain, or a domain for those addresses and for nothing else.
    MailDomain,
    /// A URL with any query.
    AnyQuery,
    /// A URL and all below its path, at borders between folders, with any query.
    PathPrefix,
    /// A URL as Safe Browsing means it: its path as a prefix where it ends with a slash, on its host and on hosts below
    /// that, on any port.
    HostPath,
    /// A network and all in it.
    Network,
    /// All below a domain and not itself: `*.example.com`.
    Wildcard,
    /// A domain and all below it.
    Subdomains,
}

/// The modes and what they are called.
const MODES: [(Mode, &str); 8] = [
    (Mode::Exact, "exact"),
    (Mode::MailDomain, "mail-domain"),
    (Mode::AnyQuery, "any-query"),
    (Mode::PathPrefix, "path-prefix"),
    (Mode::HostPath, "host-path"),
    (Mode::Network, "network"),
    (Mode::Wildcard, "wildcard"),
    (Mode::Subdomains, "subdomains"),
];

impl Mode {
    /// All modes.
    pub fn all() -> impl Iterator<Item = Mode> {
        MODES.into_iter().map(|(mode, _)| mode)
    }

    /// What it is called in settings and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        MODES.iter().find(|(mode, _)| *mode == self).map_or("", |(_, name)| name)
    }

    /// The mode of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Mode> {
        MODES.iter().find(|(_, of_mode)| *of_mode == name).map(|(mode, _)| *mode)
    }

    /// The mode that a value is meant in when nobody says another.
    #[must_use]
    pub fn of_kind(kind: Kind) -> Mode {
        if matches!(kind, Kind::Cidr4 | Kind::Cidr6) { Mode::Network } else { Mode::Exact }
    }

    /// Whether a value of this kind can be meant so.
    #[must_use]
    pub fn fits(self, kind: Kind) -> bool {
        match self {
            Mode::Exact => true,
            Mode::MailDomain => matches!(kind, Kind::Domain | Kind::Email),
            Mode::AnyQuery | Mode::PathPrefix | Mode::HostPath => kind == Kind::Url,
            Mode::Network => matches!(kind, Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr4 | Kind::Cidr6),
            Mode::Wildcard | Mode::Subdomains => kind == Kind::Domain,
        }
    }

    /// Whether what stands in this mode matches all that would match if it stood in that one.
    #[must_use]
    pub fn covers(self, other: Mode) -> bool {
        self == other
            || match self {
                Mode::Subdomains => matches!(other, Mode::Exact | Mode::Wildcard | Mode::MailDomain),
                Mode::HostPath => matches!(other, Mode::PathPrefix | Mode::AnyQuery | Mode::Exact),
                Mode::PathPrefix => matches!(other, Mode::AnyQuery | Mode::Exact),
                Mode::AnyQuery | Mode::Network => other == Mode::Exact,
                Mode::Exact | Mode::MailDomain | Mode::Wildcard => false,
            }
    }

    /// Whether what stands in this mode stands for other values too, that lie below it or in it.
    #[must_use]
    pub fn reaches_below(self) -> bool {
        matches!(self, Mode::HostPath | Mode::Network | Mode::Wildcard | Mode::Subdomains)
    }

    /// Whether what stands in this mode matches where it is asked for so.
    #[must_use]
    pub fn admits(self, nearness: Nearness) -> bool {
        use Nearness as N;
        match self {
            Mode::Exact => {
                matches!(
                    nearness,
                    N::Same | N::Alias | N::Port | N::Host | N::MailDomain | N::FileName | N::Range
                )
            }
            Mode::MailDomain => nearness == N::MailDomain,
            Mode::AnyQuery => matches!(nearness, N::Same | N::WithoutQuery),
            Mode::PathPrefix => matches!(nearness, N::Same | N::WithoutQuery | N::Folder),
            Mode::HostPath => matches!(nearness, N::Same | N::WithoutQuery | N::Folder | N::HostAbove),
            Mode::Network => matches!(nearness, N::Same | N::Host | N::Network),
            Mode::Wildcard => nearness == N::Parent,
            Mode::Subdomains => matches!(nearness, N::Same | N::Host | N::MailDomain | N::Parent),
        }
    }
}

/// What a key that is asked for is to the value that was seen, most specific first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nearness {
    /// The value itself.
    Same,
    /// Another name of the same place: a path as it is under any user, a registry key by the name that people use.
    Alias,
    /// The URL without its query.
    WithoutQuery,
    /// A folder of the URL's path on the same host.
    Folder,
    /// An expression of the URL on its host whatever the port, or on a host above it.
    HostAbove,
    /// The address and the port that the URL leads to.
    Port,
    /// The host of the URL, or the address before the port.
    Host,
    /// The domain of the email address.
    MailDomain,
    /// The last part of the path.
    FileName,
    /// A network around the address, longest prefix first.
    Network,
    /// Fewer first digits of the card.
    Range,
    /// A domain above, nearest first; never one at or above a public suffix.
    Parent,
}

impl Nearness {
    /// What it is called in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Nearness::Same => "same",
            Nearness::Alias => "alias",
            Nearness::WithoutQuery => "without-query",
            Nearness::Folder => "folder",
            Nearness::HostAbove => "host-above",
            Nearness::Port => "port",
            Nearness::Host => "host",
            Nearness::MailDomain => "mail-domain",
            Nearness::FileName => "file-name",
            Nearness::Network => "network",
            Nearness::Range => "range",
            Nearness::Parent => "parent",
        }
    }
}

/// The scheme of a URL whose key leaves it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

/// What an indicator's value stands under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The keys: one, two for [`Mode::PathPrefix`], and for ranges of cards as many as make them up.
    pub keys: Vec<Vec<u8>>,
    /// How it is meant.
    pub mode: Mode,
    /// The scheme that a URL of `http` or `https` was said with. Whether another one counts is for who matches to say.
    pub scheme: Option<Scheme>,
}

/// Why a value cannot be meant so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// No value of this kind is meant so.
    Mode(Mode, Kind),
    /// It is at or above a public suffix, and what is below it belongs to strangers.
    PublicSuffix,
    /// It is a network that is nobody's, so that most of it is strangers'.
    TooWide,
    /// The path has more folders than are asked for.
    TooDeep,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refused::Mode(mode, kind) => {
                write!(f, "nothing of kind {kind} is matched in mode {}", mode.name())
            }
            Refused::PublicSuffix => {
                f.write_str("at or above a public suffix: strangers' names are below it")
            }
            Refused::TooWide => {
                let (v4, v6) = WIDEST;
                write!(f, "a network wider than /{v4} of IPv4 or /{v6} of IPv6")
            }
            Refused::TooDeep => write!(f, "a path of more than {} folders", url::FOLDERS_MAX),
        }
    }
}

impl std::error::Error for Refused {}

/// The widest networks that anybody has, as lengths of prefixes: of IPv4, of IPv6.
const WIDEST: (u8, u8) = (8, 16);

/// Under which keys an indicator's value stands when it is meant in this mode.
///
/// # Errors
/// When no value of its kind can be meant so, or this one must not be.
pub fn stand(value: &Observable, mode: Mode) -> Result<Standing, Refused> {
    if !mode.fits(value.kind()) {
        return Err(Refused::Mode(mode, value.kind()));
    }
    let mut scheme = None;
    let keys = match (value.kind(), mode) {
        (Kind::Domain, Mode::Wildcard | Mode::Subdomains) if is_public_suffix(value.text()) => {
            return Err(Refused::PublicSuffix);
        }
        (Kind::Cidr4, _) if value.key().last().is_none_or(|length| *length < WIDEST.0) => {
            return Err(Refused::TooWide);
        }
        (Kind::Cidr6, _) if value.key().last().is_none_or(|length| *length < WIDEST.1) => {
            return Err(Refused::TooWide);
        }
        (Kind::Email, Mode::MailDomain) => value.host().into_iter().map(|host| host.key().to_vec()).collect(),
        (Kind::Url, _) => {
            let (forms, said) = url::forms(value, mode)?;
            scheme = said;
            forms.iter().map(|form| key_of(Kind::Url, form.as_bytes())).collect()
        }
        (Kind::CardRange, _) => {
            let prefixes = account::card_prefixes(value.text());
            prefixes.iter().map(|prefix| key_of(Kind::CardRange, prefix.as_bytes())).collect()
        }
        _ => vec![value.key().to_vec()],
    };
    Ok(Standing { keys, mode, scheme })
}

/// Reads the value of an indicator as people write it, and how they mean it: `*.example.com` is all below, `.example.com`
/// also itself, `@example.com` its mail alone, `http://example.com/a/*` all below the path, a network all in it, and
/// everything else the value itself. Without a kind it is guessed.
///
/// # Errors
/// When the value has no normal form. Whether it may be meant so is for [`stand`] to say.
pub fn read(kind: Option<Kind>, raw: &str) -> Result<(Observable, Mode), Unfit> {
    let text = raw.trim();
    let value = |kind: Option<Kind>, text: &str| match kind {
        Some(kind) => normalise(kind, text),
        None => guess(text),
    };
    if matches!(kind, None | Some(Kind::Domain)) {
        const DOTS: [&str; 6] = [".", "[.]", "(.)", "{.}", "[dot]", "(dot)"];
        let behind = |text: &str| DOTS.iter().find_map(|dot| text.strip_prefix(dot)).map(str::to_owned);
        if let Some(name) = text.strip_prefix('*').and_then(behind) {
            return Ok((normalise(Kind::Domain, &name)?, Mode::Wildcard));
        }
        // `.bashrc` is a file.
        let is_end = |name: &str| guess(&format!("a.{name}")).is_ok_and(|found| found.kind() == Kind::Domain);
        let is_name = |name: &String| kind.is_some() || refang(name).contains('.') || is_end(name);
        if let Some(name) = behind(text).filter(is_name) {
            return Ok((normalise(Kind::Domain, &name)?, Mode::Subdomains));
        }
    }
    if matches!(kind, None | Some(Kind::Email | Kind::Domain)) {
        let mail = ["@", "*@", "[@]", "*[@]"].iter().find_map(|sign| text.strip_prefix(sign));
        if let Some(name) = mail {
            return Ok((normalise(Kind::Domain, name)?, Mode::MailDomain));
        }
    }
    if matches!(kind, None | Some(Kind::Url))
        && let Some(folder) = text.strip_suffix("/*").filter(|folder| !folder.contains('?'))
    {
        if refang(folder).contains("://") {
            return Ok((normalise(Kind::Url, &format!("{folder}/"))?, Mode::PathPrefix));
        }
        // Without a scheme it is a URL where anything below it is one.
        let below = guess(&format!("{folder}/a")).ok().filter(|found| found.kind() == Kind::Url);
        if let Some(url) = below.and_then(|found| found.text().strip_suffix('a').map(str::to_owned)) {
            return Ok((normalise(Kind::Url, &url)?, Mode::PathPrefix));
        }
    }
    let found = value(kind, text)?;
    let mode = Mode::of_kind(found.kind());
    Ok((found, mode))
}
