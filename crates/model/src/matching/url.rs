//! Expressions of URLs.

use super::{Mode, Refused, Scheme};
use crate::observable::{Kind, Observable, Unfit, domain, is_public_suffix, normalise};

/// How many folders of a path are asked for on the URL's own host, the root among them.
pub(super) const FOLDERS_MAX: usize = 16;
/// The same on hosts above it, and in Safe Browsing's expressions.
const FOLDERS_OF_EXPRESSIONS: usize = 4;
/// Hosts above the URL's own (Safe Browsing, "Suffix/Prefix Expressions").
const HOSTS_ABOVE: usize = 4;

/// A URL in normal form, cut up.
pub(super) struct Cut<'u> {
    /// What stands before the host in a key: nothing for `http` and `https`.
    before: &'u str,
    pub(super) scheme: Option<Scheme>,
    host: &'u str,
    /// With its colon, or nothing.
    port: &'u str,
    path: &'u str,
    /// With its question mark, or nothing.
    query: &'u str,
}

impl<'u> Cut<'u> {
    pub(super) fn new(text: &'u str) -> Cut<'u> {
        let behind = text.find("://").map_or(0, |at| at + 3);
        let (before, rest) = text.split_at_checked(behind).unwrap_or(("", text));
        let scheme = match before {
            "http://" => Some(Scheme::Http),
            "https://" => Some(Scheme::Https),
            _ => None,
        };
        let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(authority_end).unwrap_or((rest, ""));
        let port_start =
            authority.rfind(':').filter(|_| !authority.ends_with(']')).unwrap_or(authority.len());
        let (host, port) = authority.split_at_checked(port_start).unwrap_or((authority, ""));
        let (path, query) = tail.split_at_checked(tail.find('?').unwrap_or(tail.len())).unwrap_or((tail, ""));
        Cut { before: if scheme.is_some() { "" } else { before }, scheme, host, port, path, query }
    }

    /// The port that it leads to, where that is known.
    pub(super) fn port_number(&self) -> Option<u16> {
        let known = match (self.scheme, self.before) {
            (Some(Scheme::Http), _) | (None, "ws://") => Some(80),
            (Some(Scheme::Https), _) | (None, "wss://") => Some(443),
            (None, "ftp://") => Some(21),
            _ => None,
        };
        self.port.strip_prefix(':').map_or(known, |digits| digits.parse().ok())
    }

    fn form(&self, host: &str, port: &str, path: &str, query: &str) -> String {
        format!("{}{host}{port}{path}{query}", self.before)
    }

    /// The form of the URL itself.
    pub(super) fn whole(&self) -> String {
        self.form(self.host, self.port, self.path, self.query)
    }

    /// The form without the query; `None` where there is none.
    pub(super) fn without_query(&self) -> Option<String> {
        (!self.query.is_empty()).then(|| self.form(self.host, self.port, self.path, ""))
    }

    /// The forms of the folders that the path is in, deepest first; at most so many, counted from the root.
    fn folders(&self, host: &str, port: &str, most: usize) -> Vec<String> {
        let ends = self.path.match_indices('/').map(|(at, _)| at + 1).take(most);
        let folders = ends.filter_map(|end| self.path.get(..end)).filter(|folder| *folder != self.path);
        let mut folders: Vec<String> = folders.map(|folder| self.form(host, port, folder, "")).collect();
        folders.reverse();
        folders
    }

    /// The same on its own host.
    pub(super) fn own_folders(&self) -> Vec<String> {
        self.folders(self.host, self.port, FOLDERS_MAX)
    }

    /// The hosts above, nearest first, from the one below the public suffix on; of an address there are none.
    fn hosts_above(&self) -> Vec<&'u str> {
        if self.is_address() {
            return Vec::new();
        }
        let all: Vec<&str> = domain::parents(self.host).collect();
        all.get(all.len().saturating_sub(HOSTS_ABOVE)..).unwrap_or(&[]).to_vec()
    }

    /// The forms on hosts above, and on its own host without its port.
    pub(super) fn above(&self) -> Vec<String> {
        let own = (!self.port.is_empty()).then_some(self.host);
        own.into_iter().chain(self.hosts_above()).flat_map(|host| self.expressions_on(host)).collect()
    }

    /// The expressions on one host: the path with the query, without it, and its first folders.
    fn expressions_on(&self, host: &str) -> Vec<String> {
        let mut forms = vec![self.form(host, "", self.path, self.query)];
        if !self.query.is_empty() {
            forms.push(self.form(host, "", self.path, ""));
        }
        forms.extend(self.folders(host, "", FOLDERS_OF_EXPRESSIONS));
        forms
    }

    fn is_address(&self) -> bool {
        domain::ends_in_number(self.host) || self.host.ends_with(']')
    }

    fn depth(&self) -> usize {
        self.path.matches('/').count()
    }
}

/// What the keys of a URL are made from when it is meant in a mode, and the scheme that is left out.
pub(super) fn forms(value: &Observable, mode: Mode) -> Result<(Vec<String>, Option<Scheme>), Refused> {
    let cut = Cut::new(value.text());
    let forms = match mode {
        Mode::AnyQuery => vec![cut.form(cut.host, cut.port, cut.path, "")],
        Mode::PathPrefix => {
            let folder = cut.path.strip_suffix('/').unwrap_or(cut.path);
            if cut.depth() > FOLDERS_MAX {
                return Err(Refused::TooDeep);
            }
            let below = cut.form(cut.host, cut.port, &format!("{folder}/"), "");
            // A path without its slash is asked for as it is, and never as a folder.
            let itself = (!folder.is_empty()).then(|| cut.form(cut.host, cut.port, folder, ""));
            std::iter::once(below).chain(itself).collect()
        }
        Mode::HostPath => {
            if !cut.is_address() && is_public_suffix(cut.host) {
                return Err(Refused::PublicSuffix);
            }
            if cut.path.ends_with('/') && cut.depth() > FOLDERS_OF_EXPRESSIONS {
                return Err(Refused::TooDeep);
            }
            vec![cut.form(cut.host, "", cut.path, cut.query)]
        }
        _ => vec![cut.whole()],
    };
    Ok((forms, cut.scheme))
}

/// The expressions of Safe Browsing for a URL, without scheme: its host and up to four above it, from the one below the
/// public suffix on, each with the path and its query, the path alone, and up to four folders from the root on
/// (Safe Browsing v5, "Suffix/Prefix Expressions"). At most 30; empty for what is no URL. Lists of prefixes hold the SHA-256 of each.
#[must_use]
pub fn url_expressions(url: &Observable) -> Vec<String> {
    if url.kind() != Kind::Url {
        return Vec::new();
    }
    let cut = Cut { before: "", ..Cut::new(url.text()) };
    std::iter::once(cut.host).chain(cut.hosts_above()).flat_map(|host| cut.expressions_on(host)).collect()
}

/// Makes the URL whole that a log cuts in two: Zeek's `http.log` and the logs of web servers and proxies have the host
/// (perhaps with its port) and the target of the request (RFC 9112 §3.2) apart. A target that is a URL itself, as
/// proxies see it, counts alone. Without a scheme it is `http`.
///
/// # Errors
/// When there is no host, or no URL comes of it.
pub fn seen_url(
    scheme: Option<&str>,
    host: &str,
    port: Option<u16>,
    target: &str,
) -> Result<Observable, Unfit> {
    let (host, target) = (host.trim(), target.trim());
    let is_absolute = target.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    });
    if is_absolute {
        return normalise(Kind::Url, target);
    }
    // `-` is how Zeek writes nothing, and `host:port` alone is the target of CONNECT.
    let is_none = |text: &str| matches!(text, "" | "-");
    // CONNECT names host and port (RFC 9112 §3.2.3), and the log has the host once more.
    let is_authority = |target: &str| {
        let port = target.rsplit_once(':').map(|(name, port)| (name.strip_prefix(host).is_some(), port));
        port.is_some_and(|(is_host, port)| {
            is_host && !target.contains(['/', '?']) && port.bytes().all(|b| b.is_ascii_digit())
        })
    };
    let host = if !is_none(host) && (target == host || is_authority(target)) { "" } else { host };
    // What is asked of a proxy so is TLS where its port is.
    let is_tls = is_none(host) && !target.contains('/') && target.ends_with(":443");
    let scheme = scheme.unwrap_or(if is_tls { "https" } else { "http" });
    let (host, target) = match (is_none(host), is_none(target) || target == "*") {
        (true, true) => return Err(Unfit::Not(Kind::Url, "no domain or address as host")),
        (true, false) if target.starts_with(['/', '?']) => {
            return Err(Unfit::Not(Kind::Url, "no domain or address as host"));
        }
        (true, false) => (target, "/"),
        (false, true) => (host, "/"),
        (false, false) => (host, target),
    };
    let bare_v6 = !host.starts_with('[') && host.matches(':').count() > 1;
    let host = if bare_v6 { format!("[{host}]") } else { host.to_owned() };
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
    let port = port.filter(|_| !has_port).map_or_else(String::new, |port| format!(":{port}"));
    let slash = if target.starts_with(['/', '?']) { "" } else { "/" };
    normalise(Kind::Url, &format!("{scheme}://{host}{port}{slash}{target}"))
}
