//! What stands before us: whose address a request has, and by which address its client knows us.

use std::net::IpAddr;

use http::{HeaderMap, Version, header, request};

use crate::WebSettings;
use crate::request::{Arrival, Road};
use crate::settings::Network;

/// What headers and connection say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The client's address.
    pub client: Option<IpAddr>,
    /// The address of the base path, no slash at its end.
    pub base_url: String,
    /// What passes between the client and us is encrypted, or does not leave this machine.
    pub is_confidential: bool,
    /// The request says by no address that could be one whom it is for: RFC 9112 §3.2 wants it refused.
    pub is_misaddressed: bool,
}

/// Works out who the client is and how he addresses us. Forwarding headers count when the peer is a trusted proxy, and
/// then only as far back as trusted proxies wrote them: a client can put anything before.
pub(crate) fn seen(settings: &WebSettings, arrival: &Arrival, parts: &request::Parts) -> Seen {
    let headers = &parts.headers;
    let trusted = |address: IpAddr| settings.trusted_proxies.iter().any(|network| network.holds(address));
    let forwarded = match arrival.peer {
        Some(peer) if trusted(peer) => forwarded(headers, &settings.trusted_proxies),
        _ => Forwarded::default(),
    };
    let (named, is_misaddressed) = match named(arrival, parts) {
        Ok(named) => (named, false),
        Err(NoHost) => (None, true),
    };
    let base_url = match settings.public_url.as_deref() {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => {
            let scheme = match (&arrival.road, forwarded.scheme) {
                (_, Some(scheme)) => scheme,
                (Road::Tls(_), None) => "https",
                _ => "http",
            };
            let host = forwarded.host.as_deref().or(named).unwrap_or("localhost");
            format!("{scheme}://{host}{}", settings.base())
        }
    };
    let client = forwarded.client.or(arrival.peer).map(|address| address.to_canonical());
    let is_confidential = match (forwarded.scheme, &arrival.road) {
        (Some(scheme), _) => scheme == "https",
        (None, Road::Tcp) => is_local(arrival, headers),
        (None, _) => true,
    };
    Seen { client, base_url, is_confidential, is_misaddressed }
}

/// A process on this machine itself, and not what a proxy on this machine passes on for somebody else.
pub(crate) fn is_local(arrival: &Arrival, headers: &HeaderMap) -> bool {
    let passed_on =
        ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];
    let from_here = arrival.peer.is_some_and(|peer| peer.to_canonical().is_loopback());
    matches!(arrival.road, Road::Tcp | Road::Tls(_))
        && from_here
        && !passed_on.iter().any(|name| headers.contains_key(*name))
}

/// What stands where a host should is none.
struct NoHost;

// The host that a request names, in its target or in `Host`. HTTP/1.0 clients name none, and those of this machine need none;
// from HTTP/1.1 it is required (RFC 9112 §3.2).
fn named<'a>(arrival: &Arrival, parts: &'a request::Parts) -> Result<Option<&'a str>, NoHost> {
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    let must_name = matches!(arrival.road, Road::Tcp | Road::Tls(_)) && parts.version == Version::HTTP_11;
    let mut lines = parts.headers.get_all(header::HOST).iter();
    let line = match (lines.next(), lines.next()) {
        (None, _) if must_name && authority.is_none() => return Err(NoHost),
        (None, _) => None,
        (Some(line), None) => Some(line.to_str().map_err(|_| NoHost)?),
        (Some(_), Some(_)) => return Err(NoHost),
    };
    match authority.or(line) {
        Some(host) if !is_host(host) => Err(NoHost),
        host => Ok(host),
    }
}

#[derive(Debug, Default)]
struct Forwarded {
    client: Option<IpAddr>,
    scheme: Option<&'static str>,
    host: Option<String>,
}

// The older headers where there are any, else RFC 7239. Most proxies write only the older ones and pass on whatever a client
// put into `Forwarded`, so that counts only where nothing else was written. The proxy next to us wrote the last element; its word on
// scheme and host is the one that counts.
fn forwarded(headers: &HeaderMap, trusted: &[Network]) -> Forwarded {
    let list = |name: &str| -> Vec<String> {
        let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        lines.flat_map(|line| line.split(',')).map(|item| item.trim().to_owned()).collect()
    };
    let elements = list("forwarded");
    let older = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];
    let (addresses, scheme, host) =
        if elements.is_empty() || older.iter().any(|name| headers.contains_key(*name)) {
            let last = |name: &str| list(name).pop();
            (list("x-forwarded-for"), last("x-forwarded-proto"), last("x-forwarded-host"))
        } else {
            let field = |element: &String, name: &str| {
                element.split(';').find_map(|pair| {
                    let (key, value) = pair.trim().split_once('=')?;
                    key.eq_ignore_ascii_case(name).then(|| value.trim_matches('"').to_owned())
                })
            };
            let last = |name: &str| elements.last().and_then(|element| field(element, name));
            let addresses = elements.iter().map(|element| field(element, "for").unwrap_or_default());
            (addresses.collect(), last("proto"), last("host"))
        };
    let scheme = scheme.and_then(|scheme| match scheme.to_ascii_lowercase().as_str() {
        "https" => Some("https"),
        "http" => Some("http"),
        _ => None,
    });
    Forwarded { client: client(&addresses, trusted), scheme, host: host.filter(|host| is_host(host)) }
}

// From the end: the first address that is no trusted proxy's. One that cannot be read ends the walk, for what stands
// before it was not written by anybody we trust.
fn client(addresses: &[String], trusted: &[Network]) -> Option<IpAddr> {
    let mut client = None;
    for text in addresses.iter().rev() {
        let Some(address) = address(text) else { break };
        client = Some(address);
        if !trusted.iter().any(|network| network.holds(address)) {
            break;
        }
    }
    client
}

// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        return rest.split_once(']')?.0.parse().ok();
    }
    text.parse().ok().or_else(|| text.rsplit_once(':')?.0.parse().ok())
}

/// The longest name in the DNS, in characters.
const NAME_LENGTH: usize = 253;

/// Whether a text can stand as `host[:port]` in an address that we give out: a name, an IPv4 address, or an IPv6 address
/// in brackets.
pub(crate) fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((six, rest)) if six.parse::<std::net::Ipv6Addr>().is_ok() => {
                ("six", rest.strip_prefix(':').or((!rest.is_empty()).then_some("no port")))
            }
            _ => return false,
        },
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let is_name = !host.is_empty()
        && host.len() <= NAME_LENGTH
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    is_name
        && port
            .is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, lines: &[(&'static str, &'static str)]) -> (String, String) {
        let settings = WebSettings {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            base_path: Some("/x".to_owned()),
            ..WebSettings::default()
        };
        let mut request = http::Request::get("/").header("host", "inner:80");
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let arrival = Arrival { road: Road::Tcp, peer: Some(peer.parse().unwrap()) };
        let seen = seen(&settings, &arrival, &parts);
        (seen.client.unwrap().to_string(), seen.base_url)
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_a_port() {
        for host in
            ["a", "ti.example", "ti.example:8470", "192.0.2.1:80", "[2001:db8::1]", "[::1]:8470", "a_b.c."]
        {
            assert!(is_host(host), "{host}");
        }
        let long = "a".repeat(254);
        for host in [
            "",
            ":80",
            "a:",
            "a:x",
            "a:99999",
            "a:+8",
            "a b",
            "a/b",
            "a@b",
            "a\"><b>",
            "::1",
            "[::1",
            "[]",
            "[::1]x",
            "[::1]:",
            "[a]",
            "a:80:80",
            "é.example",
            "a,b",
            "a?b",
            "a#b",
            "a\\b",
            long.as_str(),
        ] {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn a_request_over_the_network_says_whom_it_is_for_from_http_1_1_on() {
        let misaddressed = |road: Road, version: Version, target: &str| {
            let request = http::Request::get(target).version(version).body(()).unwrap();
            let arrival = Arrival { road, peer: None };
            seen(&WebSettings::default(), &arrival, &request.into_parts().0).is_misaddressed
        };
        assert!(misaddressed(Road::Tcp, Version::HTTP_11, "/livez"));
        assert!(misaddressed(Road::Tls(None), Version::HTTP_11, "/livez"));
        assert!(!misaddressed(Road::Tcp, Version::HTTP_11, "http://ti.example/livez"));
        assert!(!misaddressed(Road::Tcp, Version::HTTP_10, "/livez"));
        assert!(!misaddressed(Road::AdminSocket, Version::HTTP_11, "/livez"));
    }

    #[test]
    fn a_way_is_confidential_that_is_encrypted_or_does_not_leave_the_machine() {
        let settings =
            WebSettings { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..WebSettings::default() };
        let is_confidential = |road: Road, peer: &str, header: (&'static str, &'static str)| {
            let request = http::Request::get("/").header("host", "inner").header(header.0, header.1);
            let arrival = Arrival { road, peer: Some(peer.parse().unwrap()) };
            seen(&settings, &arrival, &request.body(()).unwrap().into_parts().0).is_confidential
        };
        let none = ("x-other", "");
        let (http, https) = (("x-forwarded-proto", "http"), ("x-forwarded-proto", "https"));
        for (road, peer, header, expected) in [
            (Road::Tls(None), "192.0.2.1", none, true),
            (Road::AdminSocket, "192.0.2.1", none, true),
            (Road::Tcp, "192.0.2.1", none, false),
            (Road::Tcp, "192.0.2.1", https, false),
            (Road::Tcp, "10.0.0.1", none, false),
            (Road::Tcp, "10.0.0.1", https, true),
            (Road::Tcp, "10.0.0.1", ("forwarded", "proto=https"), true),
            (Road::Tls(None), "10.0.0.1", http, false),
            (Road::Tcp, "127.0.0.1", none, true),
            (Road::Tcp, "::1", none, true),
            (Road::Tcp, "127.0.0.1", ("x-forwarded-for", "192.0.2.1"), false),
            (Road::Tcp, "127.0.0.1", https, false),
        ] {
            assert_eq!(is_confidential(road.clone(), peer, header), expected, "{road:?} {peer} {header:?}");
        }
    }

    #[test]
    fn forwarding_headers_count_from_trusted_proxies_only() {
        let inner = |client: &str| (client.to_owned(), "http://inner:80/x".to_owned());
        let outer = |client: &str| (client.to_owned(), "https://ti.example/x".to_owned());
        let old = [
            ("x-forwarded-for", "6.6.6.6, 192.0.2.9, 10.0.0.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "ti.example"),
        ];
        assert_eq!(check("192.0.2.1", &old), inner("192.0.2.1"));
        assert_eq!(check("10.0.0.1", &old), outer("192.0.2.9"));
        let new = [("forwarded", "for=6.6.6.6, for=\"[2001:db8::1]:99\";proto=https;host=ti.example")];
        assert_eq!(check("10.0.0.1", &new), outer("2001:db8::1"));
        assert_eq!(check("10.0.0.1", &[("x-forwarded-for", "junk, 192.0.2.9:4711")]), inner("192.0.2.9"));
        assert_eq!(check("10.0.0.1", &[("x-forwarded-for", "192.0.2.9, unknown")]), inner("10.0.0.1"));
        assert_eq!(check("10.0.0.1", &[("x-forwarded-host", "evil\"><b>")]), inner("10.0.0.1"));
        assert_eq!(check("10.0.0.1", &[]), inner("10.0.0.1"));
    }
}
