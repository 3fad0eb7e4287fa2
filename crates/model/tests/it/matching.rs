//! What matches what: a table of knowledge, filled by `stand` and asked by `asks`, as any that holds knowledge is.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use model::matching::{Mode, Nearness, Refused, Scheme, asks, read, seen_url, stand, url_expressions};
use model::observable::{Kind, Observable, PrefixLengths, guess, normalise};

/// Every length, so that no test depends on which are listed.
static LENGTHS: LazyLock<Vec<u8>> = LazyLock::new(|| (0..128).collect());

fn lengths() -> PrefixLengths<'static> {
    PrefixLengths { v4: LENGTHS.get(..32).unwrap(), v6: &LENGTHS }
}

/// Knowledge: what stands under each key.
#[derive(Default)]
struct Table(BTreeMap<Vec<u8>, Vec<(String, Mode)>>);

impl Table {
    fn add(&mut self, value: &Observable, mode: Mode) -> Result<(), Refused> {
        let standing = stand(value, mode)?;
        for key in standing.keys {
            self.0.entry(key).or_default().push((format!("{} {}", mode.name(), value.text()), mode));
        }
        Ok(())
    }

    /// What matches, most specific first.
    fn ask(&self, seen: &Observable) -> Vec<(Nearness, &str)> {
        let mut found = Vec::new();
        for ask in asks(seen, &lengths()) {
            let here = self.0.get(&ask.key).into_iter().flatten();
            let admitted = here.filter(|(_, mode)| mode.admits(ask.nearness));
            found.extend(admitted.map(|(name, _)| (ask.nearness, name.as_str())));
        }
        found
    }
}

/// The nearness of an indicator, as people write it, to a value that was seen; `-` when it does not match.
fn near(kind: Option<Kind>, mode: Option<Mode>, indicator: &str, seen: &Observable) -> String {
    let (value, read) = read(kind, indicator).unwrap();
    let mut table = Table::default();
    if let Err(refused) = table.add(&value, mode.unwrap_or(read)) {
        return format!("! {refused}");
    }
    table.ask(seen).first().map_or("-", |(nearness, _)| nearness.name()).to_owned()
}

fn of(kind: Kind, raw: &str) -> Observable {
    normalise(kind, raw).unwrap()
}

#[test]
fn indicators_match_what_they_say_and_nothing_else() {
    let cases = [
        // addresses and networks
        ("192.0.2.7", "192.0.2.7", "same"),
        ("192.0.2.7", "192.0.2.8", "-"),
        ("192.0.2.7", "192.0.2.7:443", "host"),
        ("192.0.2.7", "http://192.0.2.7:8080/a", "host"),
        ("192.0.2.0/24", "192.0.2.7", "network"),
        ("192.0.2.0/24", "192.0.2.128/25", "network"),
        ("192.0.2.0/24", "192.0.2.0/24", "same"),
        ("192.0.2.0/24", "192.0.0.0/16", "-"),
        ("192.0.2.0/24", "http://192.0.2.7/", "network"),
        ("192.0.2.7/32", "192.0.2.7", "same"),
        ("2001:db8::/32", "2001:db8:1::2", "network"),
        ("2001:db8::/32", "http://[2001:db8::1]/", "network"),
        ("2001:db8::/32", "2001:db9::2", "-"),
        ("10.0.0.0/8", "10.1.2.3", "network"),
        ("0.0.0.0/0", "192.0.2.7", "! a network wider than /8 of IPv4 or /16 of IPv6"),
        ("128.0.0.0/7", "128.0.0.1", "! a network wider than /8 of IPv4 or /16 of IPv6"),
        ("2000::/3", "2001:db8::1", "! a network wider than /8 of IPv4 or /16 of IPv6"),
        ("10.0.0.0/8", "2001:db8::1", "-"),
        ("::ffff:192.0.2.7", "192.0.2.7", "same"),
        ("192.0.2.7:443", "192.0.2.7:443", "same"),
        ("192.0.2.7:443", "192.0.2.7", "-"),
        ("192.0.2.7:443", "192.0.2.7:80", "-"),
        ("192.0.2.7:443", "https://192.0.2.7/", "port"),
        ("192.0.2.7:8080", "http://192.0.2.7:8080/x", "port"),
        ("192.0.2.7:80", "https://192.0.2.7/", "-"),
        // domains
        ("example.com", "EXAMPLE.com.", "same"),
        ("example.com", "www.example.com", "-"),
        ("example.com", "http://example.com/a", "host"),
        ("example.com", "http://www.example.com/a", "-"),
        ("example.com", "bob@example.com", "mail-domain"),
        (".example.com", "example.com", "same"),
        (".example.com", "a.b.example.com", "parent"),
        (".example.com", "badexample.com", "-"),
        (".example.com", "example.com.evil.net", "-"),
        (".example.com", "http://a.example.com/", "parent"),
        (".example.com", "bob@mail.example.com", "parent"),
        ("*.example.com", "example.com", "-"),
        ("*[.]example[.]com", "a.b.example.com", "parent"),
        ("*[dot]example[dot]com", "a.example.com", "parent"),
        ("*.co.uk", "a.co.uk", "! at or above a public suffix: strangers' names are below it"),
        (".com", "a.com", "! at or above a public suffix: strangers' names are below it"),
        (".github.io", "x.github.io", "! at or above a public suffix: strangers' names are below it"),
        (".duckdns.org", "x.duckdns.org", "! at or above a public suffix: strangers' names are below it"),
        ("duckdns.org", "duckdns.org", "same"),
        ("duckdns.org", "x.duckdns.org", "-"),
        (".x.github.io", "a.x.github.io", "parent"),
        // email
        ("Bob@example.com", "bob@EXAMPLE.com", "same"),
        ("bob@example.com", "alice@example.com", "-"),
        ("@example.com", "alice@example.com", "mail-domain"),
        ("@example.com", "example.com", "-"),
        ("@example.com", "alice@mail.example.com", "-"),
        // URLs
        ("http://example.com/a", "https://example.com/a", "same"),
        ("http://example.com/a", "http://example.com/a?q", "-"),
        ("http://example.com/a?q", "http://example.com/a", "-"),
        ("http://example.com/", "http://example.com/a", "-"),
        ("http://example.com:8080/", "http://example.com/", "-"),
        ("http://example.com/a/*", "http://example.com/a/b/c.php?x=1", "folder"),
        ("http://example.com/a/*", "http://example.com/a", "same"),
        ("http://example.com/a/*", "http://example.com/a/", "same"),
        ("http://example.com/a/*", "http://example.com/a?x", "without-query"),
        ("http://example.com/a/*", "http://example.com/ab", "-"),
        ("http://example.com/a/*", "http://www.example.com/a/b", "-"),
        ("http://example.com/*", "http://example.com/", "same"),
        ("example.com/a/*", "http://example.com/a/b", "folder"),
        ("192.0.2.7/*", "http://192.0.2.7/a/b", "folder"),
        ("http://example.com/*", "http://example.com/a/b?c", "folder"),
        ("ftp://example.com/a", "http://example.com/a", "-"),
        ("ftp://example.com/a", "ftp://example.com/a", "same"),
        // files and the like
        ("evil.exe", r"C:\Users\bob\EVIL.exe", "file-name"),
        (r"%TEMP%\evil.exe", r"C:\Users\bob\AppData\Local\Temp\evil.exe", "alias"),
        (r"%SystemRoot%\evil.exe", r"\\?\c:\windows\Evil.EXE", "same"),
        (r"C:\Users\bob\evil.exe", r"C:\Users\eve\evil.exe", "-"),
        (r"%UserProfile%\evil.exe", r"C:\Documents and Settings\bob\evil.exe", "alias"),
        (r"C:\Windows\evil.exe", r"\Device\HarddiskVolume3\Windows\evil.exe", "alias"),
        (r"%TEMP%\evil.exe", r"\Device\HarddiskVolume2\Users\b\AppData\Local\Temp\evil.exe", "alias"),
        (r"C:\Windows\evil.exe", r"\Device\Harddisk\Windows\evil.exe", "-"),
        ("~/.x/run.sh", "/home/bob/.x/run.sh", "alias"),
        (r"HKLM\Software\X", r"HKEY_LOCAL_MACHINE\software\x", "same"),
        (r"HKLM\Software\X", r"\REGISTRY\MACHINE\SOFTWARE\X", "same"),
        (r"HKCU\Software\X", r"HKU\S-1-12-1-7-8-9-10\Software\X", "alias"),
        (r"HKCR\.x", r"HKU\S-1-5-21-1-2-3-1001\Software\Classes\.x", "alias"),
        (r"HKCR\.x", r"HKLM\Software\Classes\.x", "alias"),
        (r"HKCU\Software\X", r"\REGISTRY\USER\S-1-5-21-1-2-3-1001\Software\X", "alias"),
        (r"HKCU\Software\X", r"HKU\S-1-5-18\Software\X", "-"),
        (r"HKLM\System\CurrentControlSet\Services\x", r"HKLM\SYSTEM\ControlSet001\Services\X", "alias"),
        ("CVE-2021-44228", "cve-2021-44228", "same"),
    ];
    for (indicator, seen, expected) in cases {
        let registry = indicator.starts_with("HK").then_some(Kind::RegistryKey);
        let seen = registry.map_or_else(|| guess(seen).unwrap(), |kind| of(kind, seen));
        assert_eq!(near(None, None, indicator, &seen), expected, "{indicator} and {}", seen.text());
    }
}

#[test]
fn signs_that_would_widen_what_is_said_are_none() {
    // The star belongs to a query, and no path below it.
    assert!(read(None, "http://example.com/a?b/*").is_ok_and(|(_, mode)| mode == Mode::Exact));
    for raw in ["*", "*.", "*.*.example.com", "http://*.example.com/*", "@", "*@*", "."] {
        assert!(read(None, raw).is_err(), "{raw}");
    }
}

#[test]
fn modes_that_have_no_sign_of_their_own() {
    let url = |raw| of(Kind::Url, raw);
    let cases = [
        (Mode::AnyQuery, "http://example.com/a?q", "http://example.com/a?r=1", "without-query"),
        (Mode::AnyQuery, "http://example.com/a", "https://example.com/a", "same"),
        (Mode::AnyQuery, "http://example.com/a", "https://example.com/a/b", "-"),
        (Mode::HostPath, "http://example.com/a/", "http://x.example.com:81/a/b", "host-above"),
        (Mode::HostPath, "http://example.com:90/a/", "http://example.com:81/a/b", "host-above"),
        (Mode::HostPath, "http://example.com/a/", "http://example.com/a/b", "folder"),
        (Mode::HostPath, "http://example.com/a", "http://example.com/ab", "-"),
        (Mode::HostPath, "http://example.com/a", "http://y.example.com/a?b", "host-above"),
        (Mode::HostPath, "http://192.0.2.1/a/", "http://192.0.2.1/a/b", "folder"),
        (Mode::HostPath, "http://[2001:db8::1]/a/", "http://[2001:db8::1]/a/b", "folder"),
        (
            Mode::HostPath,
            "http://github.io/",
            "http://x.github.io/",
            "! at or above a public suffix: strangers' names are below it",
        ),
        (
            Mode::HostPath,
            "http://a.example/1/2/3/4/",
            "http://a.example/",
            "! a path of more than 16 folders",
        ),
        (
            Mode::Subdomains,
            "http://a.example/",
            "http://a.example/",
            "! nothing of kind url is matched in mode subdomains",
        ),
    ];
    for (mode, indicator, seen, expected) in cases {
        let found = near(Some(Kind::Url), Some(mode), indicator, &url(seen));
        assert_eq!(found, expected, "{indicator} and {seen}");
    }
    let domain_only =
        near(None, Some(Mode::MailDomain), "bob@example.com", &of(Kind::Email, "eve@example.com"));
    assert_eq!(domain_only, "mail-domain");
    // A digest is matched by its declared type alone, whatever others have its length.
    let digest = "d41d8cd98f00b204e9800998ecf8427e";
    for one in [Kind::Md5, Kind::Ja3, Kind::Ja3s, Kind::Imphash, Kind::Hassh] {
        for other in [Kind::Md5, Kind::Ja3, Kind::Ja3s, Kind::Imphash, Kind::Hassh] {
            let expected = if one == other { "same" } else { "-" };
            assert_eq!(near(Some(one), None, digest, &of(other, digest)), expected);
        }
    }
}

#[test]
fn ranges_of_cards_match_first_digits_within() {
    for (indicator, seen, expected) in [
        ("411111", "41111100", "range"),
        ("41111100", "411111", "-"),
        ("411111", "411112", "-"),
        ("411100-411149", "41112345", "range"),
        ("411100-411149", "41115000", "-"),
        ("41111101-41111149", "41111101", "same"),
        ("41111101-41111149", "41111125", "range"),
        ("41111101-41111149", "41111100", "-"),
        ("4000-4999", "45123456", "range"),
        ("0999-1000", "0999", "same"),
        ("0999-1000", "1000", "same"),
    ] {
        let found = near(Some(Kind::CardRange), None, indicator, &of(Kind::CardRange, seen));
        assert_eq!(found, expected, "{indicator} and {seen}");
    }
    // A range stands under no more than it takes: each number within under one of its keys, none without.
    let (first, last) = (41_110_987, 41_114_321);
    let standing = stand(&of(Kind::CardRange, &format!("{first}-{last}")), Mode::Exact).unwrap();
    let keys: BTreeSet<Vec<u8>> = standing.keys.iter().cloned().collect();
    assert!(keys.len() == standing.keys.len() && keys.len() < 60);
    for number in first - 500..last + 500 {
        let asked = asks(&of(Kind::CardRange, &number.to_string()), &lengths());
        let hits = asked.iter().filter(|ask| keys.contains(&ask.key)).count();
        assert_eq!(hits, usize::from((first..=last).contains(&number)), "{number}");
    }
}

#[test]
fn the_most_specific_is_asked_for_first() {
    let mut table = Table::default();
    for (raw, mode) in [
        ("192.0.0.0/16", None),
        ("192.0.2.0/24", None),
        ("192.0.2.7", None),
        ("192.0.2.7:80", None),
        ("http://192.0.2.7/a/b?c", None),
        ("http://192.0.2.7/a/b", Some(Mode::AnyQuery)),
        ("http://192.0.2.7/a/*", None),
        ("http://192.0.2.7/*", None),
    ] {
        let (value, read) = read(None, raw).unwrap();
        table.add(&value, mode.unwrap_or(read)).unwrap();
    }
    let found: Vec<&str> =
        table.ask(&of(Kind::Url, "http://192.0.2.7/a/b?c")).into_iter().map(|(_, name)| name).collect();
    assert_eq!(
        found,
        [
            "exact http://192.0.2.7/a/b?c",
            "any-query http://192.0.2.7/a/b",
            "path-prefix http://192.0.2.7/a/",
            "path-prefix http://192.0.2.7/",
            "exact 192.0.2.7:80",
            "exact 192.0.2.7",
            "network 192.0.2.0/24",
            "network 192.0.0.0/16",
        ]
    );
    // Only the lengths that are listed are asked for.
    let few = PrefixLengths { v4: &[24], v6: &[] };
    assert_eq!(asks(&of(Kind::Ipv4, "192.0.2.7"), &few).len(), 2);
}

#[test]
fn schemes_stand_beside_the_key() {
    let scheme = |raw| stand(&of(Kind::Url, raw), Mode::Exact).unwrap();
    let (http, https) = (scheme("http://example.com/a"), scheme("https://example.com/a"));
    assert_eq!((http.scheme, https.scheme), (Some(Scheme::Http), Some(Scheme::Https)));
    assert_eq!(http.keys, https.keys);
    assert_eq!(scheme("ftp://example.com/a").scheme, None);
    let asked = asks(&of(Kind::Url, "https://example.com/a"), &lengths());
    assert_eq!(asked.first().map(|ask| ask.scheme), Some(Some(Scheme::Https)));
    assert_eq!(asked.last().map(|ask| (ask.nearness, ask.scheme)), Some((Nearness::Host, None)));
}

/// The rules of Safe Browsing's page on URLs and hashing, on URLs of ours.
#[test]
fn urls_are_canonical_as_safe_browsing_has_it() {
    let cases = [
        ("http://host/%25%32%35", "http://host/%25"),
        ("http://host/%25%32%35%25%32%35", "http://host/%25%25"),
        ("http://host/%2525252525252525", "http://host/%25"),
        ("http://host/asdf%25%32%35asd", "http://host/asdf%25asd"),
        ("http://host/%%%25%32%35asd%%", "http://host/%25%25%25asd%25%25"),
        ("http://www.example.com/", "http://www.example.com/"),
        (
            "http://%31%39%32%2e%30%2e%32%2e%32%36/%2E%73%65%63%75%72%65/%77%77%77%2E%61%2E%63%6F%6D/",
            "http://192.0.2.26/.secure/www.a.com/",
        ),
        (
            "http://192.0.2.11/uploads/%20%20%20%20/.verify/.x=y-z/",
            "http://192.0.2.11/uploads/%20%20%20%20/.verify/.x=y-z/",
        ),
        (
            "http://host.example/%257Ea%2521b%2540c%2523d%2524e%25f%255E00%252611%252A22%252833%252944_55%252B",
            "http://host.example/~a!b@c%23d$e%25f^00&11*22(33)44_55+",
        ),
        ("http://3221225995/blah", "http://192.0.2.11/blah"),
        ("http://www.example.com/blah/..", "http://www.example.com/"),
        ("http://www.example.com/blah#frag", "http://www.example.com/blah"),
        ("http://www.EXAmple.com/", "http://www.example.com/"),
        ("http://www.example.com.../", "http://www.example.com/"),
        ("http://www.example.com/foo\tbar\rbaz\n2", "http://www.example.com/foobarbaz2"),
        ("http://www.example.com/q?", "http://www.example.com/q?"),
        ("http://www.example.com/q?r?", "http://www.example.com/q?r?"),
        ("http://www.example.com/q?r?s", "http://www.example.com/q?r?s"),
        ("http://example.com/foo#bar#baz", "http://example.com/foo"),
        ("http://example.com/foo;", "http://example.com/foo;"),
        ("http://example.com/foo?bar;", "http://example.com/foo?bar;"),
        ("http://notrailingslash.example", "http://notrailingslash.example/"),
        ("http://www.port.example:1234/", "http://www.port.example:1234/"),
        ("  http://www.example.com/  ", "http://www.example.com/"),
        ("https://www.example.com/", "https://www.example.com/"),
        ("http://host.example/ab%23cd", "http://host.example/ab%23cd"),
        ("http://host.example//twoslashes?more//slashes", "http://host.example/twoslashes?more//slashes"),
        ("http://host.example/a/./b/../c", "http://host.example/a/c"),
        ("http://[2001:0db8:0000::1]/", "http://[2001:db8::1]/"),
        ("http://[::ffff:1.2.3.4]/", "http://1.2.3.4/"),
    ];
    for (raw, canonical) in cases {
        assert_eq!(of(Kind::Url, raw).text(), canonical, "{raw}");
    }
}

#[test]
fn expressions_are_those_of_safe_browsing() {
    let cases: [(&str, &[&str]); 7] = [
        (
            "http://a.b.example/1/2.html?param=1",
            &[
                "a.b.example/",
                "a.b.example/1/",
                "a.b.example/1/2.html",
                "a.b.example/1/2.html?param=1",
                "b.example/",
                "b.example/1/",
                "b.example/1/2.html",
                "b.example/1/2.html?param=1",
            ],
        ),
        (
            "http://a.b.c.d.e.f.example/1.html",
            &[
                "a.b.c.d.e.f.example/",
                "a.b.c.d.e.f.example/1.html",
                "c.d.e.f.example/",
                "c.d.e.f.example/1.html",
                "d.e.f.example/",
                "d.e.f.example/1.html",
                "e.f.example/",
                "e.f.example/1.html",
                "f.example/",
                "f.example/1.html",
            ],
        ),
        ("http://1.2.3.4/1/", &["1.2.3.4/", "1.2.3.4/1/"]),
        ("http://example.co.uk/1", &["example.co.uk/", "example.co.uk/1"]),
        ("http://x.github.io/1", &["x.github.io/", "x.github.io/1"]),
        ("http://a.example:8080/", &["a.example/"]),
        (
            "http://a.example/1/2/3/4/5/6?x",
            &[
                "a.example/",
                "a.example/1/",
                "a.example/1/2/",
                "a.example/1/2/3/",
                "a.example/1/2/3/4/5/6",
                "a.example/1/2/3/4/5/6?x",
            ],
        ),
    ];
    for (url, expected) in cases {
        let mut found = url_expressions(&of(Kind::Url, url));
        found.sort();
        assert_eq!(found, expected, "{url}");
    }
    let most = url_expressions(&of(Kind::Url, "http://a.b.c.d.e.f.g.example/1/2/3/4/5?x"));
    assert_eq!(most.len(), 30);
    assert!(url_expressions(&of(Kind::Domain, "example.com")).is_empty());
}

#[test]
fn split_urls_are_made_whole() {
    let cases = [
        (None, "example.com", None, "/a?b", "http://example.com/a?b"),
        (Some("https"), "example.com", Some(443), "/a", "https://example.com/a"),
        (None, "example.com", Some(8080), "/a", "http://example.com:8080/a"),
        (None, "example.com:8080", Some(3128), "/a", "http://example.com:8080/a"),
        (None, "example.com", None, "http://other.example/x", "http://other.example/x"),
        (
            None,
            "example.com",
            None,
            "/r?u=http://other.example/",
            "http://example.com/r?u=http://other.example/",
        ),
        (None, "-", None, "http://other.example/x", "http://other.example/x"),
        (Some("https"), "", None, "example.com:443", "https://example.com/"),
        (None, "example.com", Some(443), "example.com:443", "https://example.com/"),
        (None, "example.com:8443", None, "example.com:8443", "http://example.com:8443/"),
        (None, "example.com", None, "-", "http://example.com/"),
        (None, "example.com", None, "*", "http://example.com/"),
        (None, "example.com", None, "?q", "http://example.com/?q"),
        (None, "example.com", None, "a/b", "http://example.com/a/b"),
        (None, "2001:db8::1", Some(80), "/", "http://[2001:db8::1]/"),
        (None, "[2001:db8::1]:81", Some(80), "/", "http://[2001:db8::1]:81/"),
        (None, "EXAMPLE.com", None, "//x/%2e%2e/y", "http://example.com/y"),
        // What a log says stands as it was sent; nobody defanged it.
        (None, "example.com", None, "/a[.]php", "http://example.com/a[.]php"),
    ];
    for (scheme, host, port, target, expected) in cases {
        let found = seen_url(scheme, host, port, target).unwrap();
        assert_eq!(found.text(), expected);
    }
    for (host, target) in [("-", "/a"), ("", ""), ("-", "-"), ("exa mple", "/"), ("", "?x")] {
        assert!(seen_url(None, host, None, target).is_err(), "{host} {target}");
    }
}

#[test]
fn modes_have_names_and_each_value_one_of_its_own() {
    for mode in Mode::all() {
        assert_eq!(Mode::from_name(mode.name()), Some(mode));
    }
    for kind in Kind::all() {
        assert!(Mode::of_kind(kind).fits(kind));
    }
}

/// Every address of a real feed matches itself and its own network, and nothing in it matches a neighbour.
#[test]
fn a_real_feed_matches_itself_alone() {
    let Ok(corpus) = std::env::var("ACCORD_CORPUS") else { return };
    let feed = std::fs::read_to_string(format!("{corpus}/feeds/ipsum/ipsum.txt")).unwrap();
    let mut table = BTreeSet::new();
    let addresses =
        feed.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split('\t').next());
    let addresses: Vec<Observable> = addresses.filter_map(|raw| guess(raw).ok()).collect();
    for address in &addresses {
        table.extend(stand(address, Mode::Exact).unwrap().keys);
    }
    assert_eq!(table.len(), 120_430);
    let few = PrefixLengths { v4: &[24], v6: &[] };
    for address in addresses.iter().step_by(7) {
        let url = seen_url(None, address.text(), Some(8080), "/x").unwrap();
        let hits = asks(&url, &few).into_iter().filter(|ask| table.contains(&ask.key));
        assert_eq!(hits.map(|ask| ask.nearness).collect::<Vec<_>>(), [Nearness::Host]);
    }
}

/// No public suffix of the warning list of popular names is ever a parent, whatever is asked.
#[test]
fn no_popular_name_is_matched_by_what_is_above_it() {
    let Ok(corpus) = std::env::var("ACCORD_CORPUS") else { return };
    let list = std::fs::read_to_string(format!("{corpus}/warninglists/cisco_top5k/list.json")).unwrap();
    let mut names = 0;
    for value in list.split('"').filter(|part| part.contains('.')) {
        let Ok(name) = normalise(Kind::Domain, value) else { continue };
        names += 1;
        for ask in asks(&name, &lengths()).iter().filter(|ask| ask.nearness == Nearness::Parent) {
            let above = model::observable::text_of_key(&ask.key).unwrap();
            assert!(stand(&of(Kind::Domain, &above), Mode::Subdomains).is_ok(), "{above}");
        }
    }
    assert!(names > 4_000, "{names}");
}

#[test]
fn a_dot_before_what_ends_no_name_makes_no_domain_of_it() {
    for (text, expected) in [
        (".bashrc", None),
        (".example.com", Some("example.com")),
        (".com", Some("com")),
        ("[.]example[.]com", Some("example.com")),
    ] {
        let found = read(None, text).ok();
        let found = found.as_ref().map(|(found, mode)| (found.text(), *mode));
        assert_eq!(found, expected.map(|name| (name, Mode::Subdomains)), "{text}");
    }
}
