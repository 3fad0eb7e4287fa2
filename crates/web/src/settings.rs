//! What an operator sets about the way in.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::proxy::is_host;

/// A network, as `10.0.0.0/8` or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// Its first address.
    pub address: IpAddr,
    /// How many leading bits count.
    pub prefix: u8,
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let wrong = || {
            format!("`{text}` is not a network: use an address, or one with a length such as `10.0.0.0/8`")
        };
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = length.map_or(Ok(widest), str::parse).map_err(|_| wrong())?;
        if prefix > widest { Err(wrong()) } else { Ok(Network { address, prefix }) }
    }
}

impl Network {
    /// Whether an address lies in it; an IPv4 address written as IPv6 counts as what it is.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let shift = 32u32.saturating_sub(u32::from(self.prefix.min(32)));
                (u32::from(net) ^ u32::from(ip)).checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let shift = 128u32.saturating_sub(u32::from(self.prefix));
                (u128::from(net) ^ u128::from(ip)).checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// What an operator sets about the way in.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// The address that clients use, such as `https://ti.example.org/accord`; absolute addresses are made from it.
    /// `None` takes the request's own.
    pub public_url: Option<String>,
    /// The path below which everything lies, such as `/accord`; taken from `public_url` when `None`. Requests are
    /// understood with it and without it, so that a proxy may strip it or not.
    pub base_path: Option<String>,
    /// Networks of proxies whose `Forwarded` and `X-Forwarded-*` headers count.
    pub trusted_proxies: Vec<Network>,
    /// The certificate chain (PEM). With `tls_key`, the node speaks TLS.
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key (PEM).
    pub tls_key: Option<PathBuf>,
    /// The authorities whose client certificates are verified (PEM).
    pub tls_client_authorities: Option<PathBuf>,
    /// Another header that carries a token, beside `Authorization` and `X-API-Key`.
    pub token_header: Option<String>,
    /// `/metrics` answers a peer on the loopback interface without a token.
    pub metrics_on_loopback: bool,
    /// Connections at the same time; more wait to be accepted.
    pub max_connections: usize,
    /// From the first byte of a request to the end of its headers.
    pub header_timeout: Duration,
    /// The longest silence inside a request's content, and the longest wait for a client to take what we send.
    pub idle_timeout: Duration,
    /// From the wish to stop to the end of the last answer.
    pub drain_timeout: Duration,
}

impl Default for WebSettings {
    fn default() -> Self {
        WebSettings {
            public_url: None,
            base_path: None,
            trusted_proxies: Vec::new(),
            tls_certificate: None,
            tls_key: None,
            tls_client_authorities: None,
            token_header: None,
            metrics_on_loopback: false,
            max_connections: 1024,
            header_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(10),
        }
    }
}

impl WebSettings {
    /// The path below which everything lies, without a slash at its end; empty for none.
    #[must_use]
    pub fn base(&self) -> &str {
        let of_url = || {
            let (_, rest) = self.public_url.as_deref()?.split_once("://")?;
            rest.find('/').and_then(|at| rest.get(at..))
        };
        self.base_path.as_deref().or_else(of_url).unwrap_or("").trim_end_matches('/')
    }

    /// Whether links and addresses can be made from `public_url` and `base_path`.
    ///
    /// # Errors
    /// Which of the two cannot be used, and what it must be.
    pub fn check_addresses(&self) -> Result<(), (&'static str, String)> {
        if let Some(url) = &self.public_url {
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            let (host, path) =
                rest.map_or(("", ""), |rest| rest.split_at(rest.find('/').unwrap_or(rest.len())));
            if !is_host(host) || !is_path(path) {
                let why = format!("`{url}` is no address such as `https://ti.example.org/accord`");
                return Err(("public_url", why));
            }
        }
        match &self.base_path {
            Some(path) if !is_path(path) => {
                Err(("base_path", format!("`{path}` is no path such as `/accord`")))
            }
            _ => Ok(()),
        }
    }
}

// Segments of plain characters, so that it stands in links as it is. Two slashes at its beginning would name a host.
fn is_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    path.is_empty() || path.starts_with('/') && !path.contains("//") && path.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_what_lies_in_them() {
        for (network, address, holds) in [
            ("10.0.0.0/8", "10.200.3.4", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "fe80::1", true),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.holds(address.parse().unwrap()), holds, "{network:?} {address}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0.0/x", "::/129", "ten"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_base_path_comes_from_the_address_unless_it_is_set() {
        let base = |url: Option<&str>, path: Option<&str>| {
            WebSettings {
                public_url: url.map(str::to_owned),
                base_path: path.map(str::to_owned),
                ..WebSettings::default()
            }
            .base()
            .to_owned()
        };
        assert_eq!(base(None, None), "");
        assert_eq!(base(Some("https://a.example"), None), "");
        assert_eq!(base(Some("https://a.example/x/y/"), None), "/x/y");
        assert_eq!(base(Some("https://a.example/x"), Some("/z/")), "/z");
    }

    #[test]
    fn addresses_are_made_from_addresses() {
        let check = |url: Option<&str>, path: Option<&str>| {
            let settings = WebSettings {
                public_url: url.map(str::to_owned),
                base_path: path.map(str::to_owned),
                ..WebSettings::default()
            };
            settings.check_addresses().map_err(|(key, _)| key)
        };
        for url in
            ["https://a.example", "http://a.example:8470/", "https://[::1]/x/y/", "https://a.example/x"]
        {
            assert_eq!(check(Some(url), None), Ok(()), "{url}");
        }
        for url in [
            "a.example",
            "ftp://a.example",
            "https://",
            "https:///x",
            "https://a b",
            "https://a//b",
            "https://a/?x",
            "https://u@a",
        ] {
            assert_eq!(check(Some(url), None), Err("public_url"), "{url}");
        }
        assert_eq!(check(None, Some("/accord")), Ok(()));
        for path in ["accord", "//evil.example", "/a b", "/a\"", "/a?b"] {
            assert_eq!(check(None, Some(path)), Err("base_path"), "{path}");
        }
    }
}
