//! What is asked for a value that was seen.

use super::url::Cut;
use super::{Nearness, Scheme};
use crate::observable::{
    Keys, Kind, Observable, PrefixLengths, Relation, account, address, domain, key_of, normalise, path,
};

/// A key to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The key.
    pub key: Vec<u8>,
    /// What it is to the value that was seen.
    pub nearness: Nearness,
    /// The scheme that was seen, where the key leaves it out.
    pub scheme: Option<Scheme>,
}

/// The keys to ask for when a value was seen, most specific first, each once. Of networks those of the given lengths
/// alone are asked for, longest first.
///
/// For a URL of a deep path on a deep host these are some dozens, for a domain one for each label below the public
/// suffix, for an address one for each length, for all else one to four.
#[must_use]
pub fn asks(seen: &Observable, prefixes: &PrefixLengths<'_>) -> Vec<Ask> {
    let mut asks = Vec::new();
    match seen.kind() {
        Kind::Url => of_url(seen, prefixes, &mut asks),
        Kind::CardRange => of_card(seen, &mut asks),
        kind => {
            push(&mut asks, Nearness::Same, seen.key().to_vec());
            match kind {
                Kind::FilePath => of_path(seen, &mut asks),
                Kind::RegistryKey => {
                    let others =
                        hives(seen.text()).into_iter().filter_map(|text| normalise(kind, &text).ok());
                    others.for_each(|other| push(&mut asks, Nearness::Alias, other.key().to_vec()));
                }
                Kind::IpPort => of_host(seen, Nearness::Host, prefixes, &mut asks),
                Kind::Email => of_host(seen, Nearness::MailDomain, prefixes, &mut asks),
                _ => around(seen, prefixes, &mut asks),
            }
        }
    }
    asks
}

fn push(asks: &mut Vec<Ask>, nearness: Nearness, key: Vec<u8>) {
    if !asks.iter().any(|ask| ask.key == key) {
        asks.push(Ask { key, nearness, scheme: None });
    }
}

/// The networks around an address or a network, longest first, and the domains above a domain, nearest first.
fn around(seen: &Observable, prefixes: &PrefixLengths<'_>, asks: &mut Vec<Ask>) {
    match seen.kind() {
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr4 | Kind::Cidr6 => {
            for probe in seen.lookup_keys(prefixes) {
                if let (Relation::Network, Keys::One(key)) = (probe.relation, probe.keys) {
                    push(asks, Nearness::Network, key);
                }
            }
        }
        Kind::Domain => {
            let above = domain::parents(seen.text()).filter_map(|name| normalise(Kind::Domain, name).ok());
            above.for_each(|name| push(asks, Nearness::Parent, name.key().to_vec()));
        }
        _ => {}
    }
}

fn of_host(seen: &Observable, nearness: Nearness, prefixes: &PrefixLengths<'_>, asks: &mut Vec<Ask>) {
    if let Some(host) = seen.host() {
        push(asks, nearness, host.key().to_vec());
        around(&host, prefixes, asks);
    }
}

fn of_url(seen: &Observable, prefixes: &PrefixLengths<'_>, asks: &mut Vec<Ask>) {
    let cut = Cut::new(seen.text());
    let own = [(Nearness::Same, vec![cut.whole()])];
    let forms = own.into_iter().chain([
        (Nearness::WithoutQuery, cut.without_query().into_iter().collect()),
        (Nearness::Folder, cut.own_folders()),
        (Nearness::HostAbove, cut.above()),
    ]);
    for (nearness, forms) in forms {
        for form in forms {
            push(asks, nearness, key_of(Kind::Url, form.as_bytes()));
        }
    }
    asks.iter_mut().for_each(|ask| ask.scheme = cut.scheme);
    let host = seen.host().filter(|host| host.kind() != Kind::Domain);
    if let (Some(host), Some(port)) = (host, cut.port_number()) {
        push(asks, Nearness::Port, address::of_port(&host, port).key().to_vec());
    }
    of_host(seen, Nearness::Host, prefixes, asks);
}

/// Fewer and fewer of the first digits. A range is asked for as the digits that make it up, and as those that all of it begins with.
fn of_card(seen: &Observable, asks: &mut Vec<Ask>) {
    for prefix in account::card_prefixes(seen.text()) {
        push(asks, Nearness::Same, key_of(Kind::CardRange, prefix.as_bytes()));
    }
    let (first, last) = seen.text().split_once('-').unwrap_or((seen.text(), seen.text()));
    let common = first.bytes().zip(last.bytes()).take_while(|(one, other)| one == other).count();
    for length in (1..=common).rev() {
        let around = first.get(..length).unwrap_or("");
        push(asks, Nearness::Range, key_of(Kind::CardRange, around.as_bytes()));
    }
}

fn of_path(seen: &Observable, asks: &mut Vec<Ask>) {
    let on_drive = path::of_volume(seen.text());
    let any_user = path::of_any_user(on_drive.as_deref().unwrap_or(seen.text()));
    let others = [on_drive, any_user].into_iter().flatten();
    let others = others.filter_map(|text| normalise(Kind::FilePath, &text).ok());
    others.for_each(|other| push(asks, Nearness::Alias, other.key().to_vec()));
    if let Ok(name) = normalise(Kind::FileName, seen.text()) {
        push(asks, Nearness::FileName, name.key().to_vec());
    }
}

/// Names that indicators are written with for the same key of the registry: a user's hive is seen under his number, the
/// classes under who has them, and the current set of controls under its own number.
fn hives(text: &str) -> Vec<String> {
    const NAMES: [(&str, &str); 2] = [
        (r"hkey_local_machine\software\classes\", r"hkey_classes_root\"),
        (r"hkey_current_user\software\classes\", r"hkey_classes_root\"),
    ];
    let mut found: Vec<String> = Vec::new();
    let mut last = text.to_owned();
    // Each name leads to one that is nearer to what people write.
    while found.len() <= NAMES.len() {
        let renamed = NAMES
            .iter()
            .find_map(|(name, stands_for)| last.strip_prefix(name).map(|rest| format!("{stands_for}{rest}")))
            .or_else(|| of_current(&last));
        let Some(renamed) = renamed else { break };
        found.push(renamed.clone());
        last = renamed;
    }
    found
}

/// `hkey_users\s-1-5-21-…\` as `hkey_current_user\`, and `controlset001` as `currentcontrolset`.
fn of_current(text: &str) -> Option<String> {
    if let Some((user, rest)) = text.strip_prefix(r"hkey_users\").and_then(|rest| rest.split_once('\\')) {
        // Of a domain or a machine, or of a directory in a cloud ([MS-DTYP] §2.4.2.4).
        let user = user.strip_prefix("s-1-5-21-").or_else(|| user.strip_prefix("s-1-12-1-"))?;
        return Some(match user.ends_with("_classes") {
            true => format!(r"hkey_classes_root\{rest}"),
            false => format!(r"hkey_current_user\{rest}"),
        });
    }
    let rest = text.strip_prefix(r"hkey_local_machine\system\controlset")?;
    let (number, rest) = rest.split_at_checked(3)?;
    let numbered = number.bytes().all(|b| b.is_ascii_digit());
    numbered.then(|| format!(r"hkey_local_machine\system\currentcontrolset{rest}"))
}
