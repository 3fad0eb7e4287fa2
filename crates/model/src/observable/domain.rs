//! Domain names: UTS 46, A-labels, and where the public suffix ends.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::{Kind, Observable, Unfit, refang};

/// All that is visible in ASCII but letters, digits, hyphen, dot and underscore, which names of services have.
const DENIED: AsciiDenyList = AsciiDenyList::new(true, "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~");

/// More than any name has before it is mapped, so that long texts cost nothing.
const RAW_DOMAIN_BYTES_MAX: usize = 2048;

pub(super) fn normalise(raw: &str) -> Result<Observable, Unfit> {
    Ok(of_normal(to_ascii(&refang(raw.trim()))?))
}

/// The domain whose normal form this is.
pub(super) fn of_normal(name: String) -> Observable {
    let mut form = String::with_capacity(name.len() + 1);
    for label in name.rsplit('.') {
        form.push_str(label);
        form.push('.');
    }
    Observable::new(Kind::Domain, name, form.as_bytes())
}

/// The lower-case A-label form without the dot of the root.
pub(super) fn to_ascii(raw: &str) -> Result<String, Unfit> {
    let not = |reason| Unfit::Not(Kind::Domain, reason);
    if raw.len() > RAW_DOMAIN_BYTES_MAX {
        return Err(not("more than 253 bytes"));
    }
    // UTS 46 maps the full stops of other scripts as well, so the dot of the root is cut off behind it.
    let map = || Uts46::new().to_ascii(raw.as_bytes(), DENIED, Hyphens::Allow, DnsLength::Ignore);
    // Most names are as they should be, and are asked for by the million: what is nothing but small letters, digits, hyphens and
    // underscores stays as it is, but for what says that it is encoded.
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
    let stays = raw.bytes().fold(true, |all, byte| all & is_plain(byte)) && !raw.contains("xn--");
    debug_assert!(!stays || map().is_ok_and(|name| name == raw), "{raw}");
    let name = match if stays { Ok(Cow::Borrowed(raw)) } else { map() } {
        Ok(name) => name.into_owned(),
        // A label that starts with `xn--` and decodes to nothing is still asked for and answered in the DNS.
        Err(_) if raw.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) => {
            raw.to_ascii_lowercase()
        }
        Err(_) => return Err(not("a character that no domain name has")),
    };
    let name = name.strip_suffix('.').unwrap_or(&name);
    if name.split('.').any(str::is_empty) {
        return Err(not("an empty label"));
    }
    if name.split('.').any(|label| label.len() > 63) {
        return Err(not("a label of more than 63 bytes"));
    }
    if name.len() > 253 {
        return Err(not("more than 253 bytes"));
    }
    if ends_in_number(name) {
        return Err(not("a number as the last label"));
    }
    Ok(name.to_owned())
}

/// Whether software takes a host for an IPv4 address: its last label is a number.
pub(crate) fn ends_in_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or("");
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let digits = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    digits || hexadecimal.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a domain in normal form is a public suffix itself (ICANN's part of the list and the private one), such as
/// `co.uk` or `github.io`: a name under which strangers register. A single label that the list does not have is one.
#[must_use]
pub fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.as_bytes().len() == domain.len())
}

/// Whether the list of public suffixes has the end of this name.
pub(super) fn has_known_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

/// The domains above one in normal form, nearest first, those at or above the public suffix left out.
pub(crate) fn parents(domain: &str) -> impl Iterator<Item = &str> {
    let suffix = psl::suffix(domain.as_bytes()).map_or(domain.len(), |suffix| suffix.as_bytes().len());
    domain
        .match_indices('.')
        .filter_map(move |(at, _)| domain.get(at + 1..))
        .take_while(move |parent| parent.len() > suffix)
}
