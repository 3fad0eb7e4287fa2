//! Email addresses: the local part as it is, the domain as a domain.

use super::refang::tokens_undone;
use super::{Kind, Observable, Unfit, domain};

/// The longest local part, in bytes (RFC 5321 §4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;

/// Takes `local@domain`; a local part in quotes and an address as domain are refused.
pub(super) fn normalise(raw: &str) -> Result<Observable, Unfit> {
    let not = |reason| Unfit::Not(Kind::Email, reason);
    // `*` and `^` are letters of a local part, so none of them makes this an expression whose brackets are kept.
    let refanged = tokens_undone(raw.trim());
    let (local, host) = refanged.rsplit_once('@').ok_or(not("no `@`"))?;
    if local.is_empty() || local.len() > LOCAL_BYTES_MAX {
        return Err(not("a local part of 1 to 64 bytes is needed"));
    }
    if !local.chars().all(is_local) {
        return Err(not("a character that no local part has"));
    }
    let host = domain::to_ascii(host).map_err(|_| not("no domain behind the `@`"))?;
    let folded = format!("{}@{host}", local.to_lowercase());
    Ok(Observable::new(Kind::Email, format!("{local}@{host}"), folded.as_bytes()))
}

/// `atext` and the dot (RFC 5321 §4.1.2) without the braces, which defanged values have, and letters of other scripts
/// (RFC 6531 §3.3).
fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`|~.".contains(c)
        || (!c.is_ascii() && !c.is_control() && !c.is_whitespace())
}
