//! Names and addresses from inside: folders of users, hosts in paths, private addresses.

use std::net::IpAddr;

/// Folders of nobody in particular.
const NOBODY: &[&str] = &[
    "public",
    "default",
    "defaultuser0",
    "all",
    "user",
    "users",
    "username",
    "administrator",
    "admin",
    "root",
    "guest",
    "test",
    "sandbox",
    "ubuntu",
    "ec2-user",
    "shared",
    "me",
    "name",
];

pub(super) fn user_paths<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    // Only ASCII changes, so places stay what they are.
    let lower = text.to_ascii_lowercase();
    for folder in ["users", "documents and settings"] {
        for (at, _) in lower.match_indices(folder) {
            let Some(from) = drive(&lower, at) else { continue };
            let name = at + folder.len();
            // A backslash is doubled in patterns.
            let slashes =
                lower.get(name..).map_or(0, |rest| rest.len() - rest.trim_start_matches('\\').len());
            if (1..=2).contains(&slashes) {
                told(text, from, name + slashes, tell);
            }
        }
    }
    for folder in ["/home/", "/Users/"] {
        for (at, _) in text.match_indices(folder) {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let begins = before.is_none_or(|c| c.is_whitespace() || "\"'`=:(<,/".contains(c));
            // `file:///home/…` has one more before it; what has a host there is an address on the web.
            if begins && (before != Some('/') || text.get(..at).is_some_and(|text| text.ends_with("file://")))
            {
                told(text, at, at + folder.len(), tell);
            }
        }
    }
}

// Where `C:\` before this place begins.
fn drive(lower: &str, at: usize) -> Option<usize> {
    let before = lower.get(..at)?;
    let colon = before.trim_end_matches('\\');
    let slashes = before.len() - colon.len();
    let drive = colon.strip_suffix(':')?;
    let letter = drive.chars().next_back().filter(char::is_ascii_lowercase)?;
    (1..=2).contains(&slashes).then_some(drive.len() - letter.len_utf8())
}

fn told<'t>(text: &'t str, from: usize, name: usize, tell: &mut dyn FnMut(&'t str)) {
    let rest = text.get(name..).unwrap_or_default();
    let end = rest.find(|c: char| c.is_whitespace() || "\\/\"'`<>|:;,()[]".contains(c)).unwrap_or(rest.len());
    let user = rest.get(..end).unwrap_or_default().trim_end_matches('.');
    let is_meant =
        user.starts_with(char::is_alphanumeric) && !NOBODY.contains(&user.to_ascii_lowercase().as_str());
    if is_meant {
        tell(text.get(from..name + user.len()).unwrap_or_default());
    }
}

pub(super) fn host_paths<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    for (at, _) in text.match_indices("\\\\") {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        if !before.is_none_or(|c| c.is_whitespace() || "\"'`=(<,".contains(c)) {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let host = rest.trim_start_matches('\\');
        let slashes = rest.len() - host.len();
        let end = host.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).unwrap_or(host.len());
        let (host, behind) = host.split_at(end);
        let share = behind.trim_start_matches('\\');
        // `\\HOST\SHARE`, or with each backslash doubled, as in patterns.
        let is_path = matches!((slashes, behind.len() - share.len()), (2, 1) | (4, 2));
        let is_name = host.starts_with(|c: char| c.is_ascii_alphabetic()) && host.parse::<IpAddr>().is_err();
        let is_share = share.starts_with(|c: char| c.is_alphanumeric() || c == '$');
        if is_path && is_name && is_share && !host.eq_ignore_ascii_case("localhost") {
            tell(text.get(at..at + slashes + end).unwrap_or_default());
        }
    }
}

pub(super) fn private_addresses<'t>(text: &'t str, tell: &mut dyn FnMut(&'t str)) {
    let cut = |c: char| c.is_whitespace() || "\"'`<>()[]{},;=/|@".contains(c);
    for word in text.split(cut).map(|word| word.trim_end_matches(['.', ':'])) {
        let of_port =
            word.rsplit_once(':').map(|(address, _)| address).filter(|address| address.contains('.'));
        let address = of_port.unwrap_or(word);
        if address.parse().is_ok_and(is_private) {
            tell(address);
        }
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}
