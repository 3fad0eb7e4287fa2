//! Observables: raw value to normal form, keys, and what is asked of an index.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "the helpers of tests fail as tests do")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use model::observable::{
    Keys, Kind, Observable, PrefixLengths, RAW_BYTES_MAX, Relation, Unfit, defang, guess, is_public_suffix,
    normalise, refang, refang_text,
};

/// `\t`, `\r`, `\n`, `\\` and `\xNN`.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, characters.clone().next()) {
            ('\\', Some(escaped @ ('t' | 'r' | 'n' | '\\'))) => {
                characters.next();
                out.push(match escaped {
                    't' => '\t',
                    'r' => '\r',
                    'n' => '\n',
                    other => other,
                });
            }
            ('\\', Some('x')) => {
                let digits: String = characters.by_ref().skip(1).take(2).collect();
                out.push(char::from(u8::from_str_radix(&digits, 16).unwrap()));
            }
            _ => out.push(character),
        }
    }
    out
}

/// What holds for every observable: its normal form is one, it survives being shown defanged, and its key is bounded.
fn check_properties(found: &Observable) {
    let text: String = found.text().chars().take(200).collect();
    assert!(normalise(found.kind(), found.text()).as_ref() == Ok(found), "{} {text}", found.kind());
    assert!(
        normalise(found.kind(), &found.defanged()).as_ref() == Ok(found),
        "{} {text}, defanged",
        found.kind()
    );
    assert_eq!(found.key().first().copied().and_then(Kind::from_byte), Some(found.kind()));
    assert!(found.key().len() <= 257);
}

#[test]
fn raw_values_become_normal_forms() {
    let mut wrong = String::new();
    let mut cases = 0;
    for line in
        include_str!("observable/normal.txt").lines().filter(|it| !it.is_empty() && !it.starts_with('#'))
    {
        let (kind, rest) = line.split_once(" | ").unwrap();
        let (raw, expected) = rest.rsplit_once(" | ").unwrap();
        let answer = match normalise(Kind::from_name(kind).unwrap(), &unescaped(raw)) {
            Ok(found) => {
                check_properties(&found);
                found.text().to_owned()
            }
            Err(Unfit::Not(_, reason)) => format!("! {reason}"),
            Err(other) => format!("! {other}"),
        };
        let expected = if expected.starts_with('!') { expected.to_owned() } else { unescaped(expected) };
        if answer != expected {
            writeln!(wrong, "{kind} | {raw} | {answer}").unwrap();
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "these answer differently:\n{wrong}");
    assert!(cases > 200, "the table was not read");
}

#[test]
fn pasted_values_are_guessed() {
    let mut wrong = String::new();
    let mut cases = 0;
    for line in include_str!("observable/guess.txt").lines().skip(2) {
        let parts: Vec<&str> = line.split(" | ").collect();
        let (raw, expected) = parts.split_first().unwrap();
        let answer = match guess(raw) {
            Ok(found) => {
                check_properties(&found);
                format!("{} | {}", found.kind(), found.text())
            }
            Err(_) => "!".to_owned(),
        };
        if answer != expected.join(" | ") {
            writeln!(wrong, "{raw} | {answer}").unwrap();
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "these answer differently:\n{wrong}");
    assert!(cases > 60, "the table was not read");
}

#[test]
fn long_and_empty_values_are_refused() {
    for kind in Kind::all() {
        assert_eq!(normalise(kind, ""), Err(Unfit::Empty));
        assert_eq!(normalise(kind, " \t\n"), Err(Unfit::Empty));
        assert_eq!(normalise(kind, &"a".repeat(RAW_BYTES_MAX + 1)), Err(Unfit::TooLong));
    }
    assert_eq!(guess(&"a".repeat(RAW_BYTES_MAX + 1)), Err(Unfit::TooLong));
}

#[test]
fn costly_values_are_answered() {
    for unit in
        ["%25", "%", "(", "[.]", "{{.}}", "a.", "../", "/", "xn--", "ü", "@", ":", "[", "\\", "\"", "0"]
    {
        let long = unit.repeat(RAW_BYTES_MAX / unit.len() - 10);
        for value in [
            long.clone(),
            format!("http://{}", long.get(..long.len() - 8).unwrap_or("")),
            format!("http://a/{long}"),
        ] {
            if let Ok(found) = guess(&value) {
                check_properties(&found);
            }
        }
    }
}

#[test]
fn kinds_keep_their_bytes_and_names() {
    let listed: Vec<String> = Kind::all().map(|kind| format!("{:02x} {kind}", kind.byte())).collect();
    let expected = "01 ipv4,02 ipv6,03 cidr4,04 cidr6,05 ip-port,10 domain,11 url,12 email,20 md5,21 sha1,22 sha224,\
                    23 sha256,24 sha384,25 sha512,26 sha3-256,27 sha3-512,28 ssdeep,29 tlsh,2a sha3-224,2b sha3-384,\
                    2c imphash,30 asn,31 mac,40 mutex,41 file-name,42 registry-key,43 user-agent,44 file-path,\
                    45 command-line,50 cve,51 btc,52 cpe,53 purl,54 eth,55 xmr,56 trx,57 ltc,58 doge,59 xrp,5a sol,\
                    60 ja3,61 ja3s,62 ja4,63 ja4s,64 ja4h,65 ja4x,66 ja4ssh,67 hassh,68 hassh-server,69 cert-sha1,\
                    6a cert-sha256,6b spki-sha256,70 phone,71 iban,72 card-range,73 credential,80 suricata-rule,81 sigma-rule,82 yara-rule";
    assert_eq!(listed.join(","), expected, "these are stored and never change");
    for kind in Kind::all() {
        assert_eq!((Kind::from_byte(kind.byte()), Kind::from_name(kind.name())), (Some(kind), Some(kind)));
    }
}

/// The first cells of the rows of a table, in backquotes, below the line that begins so.
fn documented(header: &str) -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/observables.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with(header)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|line| line.split('`').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn the_page_of_observables_lists_all_kinds_and_modes() {
    assert_eq!(
        documented("| kind |"),
        Kind::VALUES.iter().map(|kind| kind.name().to_owned()).collect::<Vec<_>>()
    );
    let modes = model::matching::Mode::all().map(|mode| mode.name().to_owned());
    assert_eq!(documented("| mode |"), modes.collect::<Vec<_>>());
}

#[test]
fn keys_have_the_form_that_is_stored() {
    let key = |kind, raw: &str| normalise(kind, raw).unwrap().key().to_vec();
    assert_eq!(key(Kind::Ipv4, "192.0.2.1"), [1, 192, 0, 2, 1]);
    assert_eq!(key(Kind::Cidr4, "192.0.2.1/24"), [3, 192, 0, 2, 0, 24]);
    assert_eq!(key(Kind::Ipv6, "2001:db8::1")[..6], [2, 0x20, 1, 0x0d, 0xb8, 0]);
    assert_eq!(key(Kind::Cidr6, "2001:db8::/32").len(), 18);
    assert_eq!(key(Kind::Domain, "www.example.com"), b"\x10com.example.www.");
    assert_eq!(key(Kind::Url, "http://example.com"), b"\x11http://example.com/");
    assert_eq!(key(Kind::Email, "Bob@Example.com"), b"\x12bob@example.com");
    assert_eq!(key(Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e")[..3], [0x20, 0xd4, 0x1d]);
    assert_eq!(key(Kind::Asn, "AS64496"), [0x30, 0, 0, 0xfb, 0xf0]);
    assert_eq!(key(Kind::Mac, "d2-fb-49-24-37-18"), [0x31, 0xd2, 0xfb, 0x49, 0x24, 0x37, 0x18]);
    assert_eq!(key(Kind::Mutex, &"m".repeat(1024)).len(), 1025);
    let long = key(Kind::Mutex, &"m".repeat(1025));
    assert_eq!((long.len(), &long[..2]), (34, &[0x40, 0xFF][..]));
    assert_ne!(long, key(Kind::Mutex, &"m".repeat(1026)));
    // A local part is kept as it was, and found in any case.
    assert_eq!(normalise(Kind::Email, "Bob@Example.com").unwrap().text(), "Bob@example.com");
}

/// The keys as text: relation and the observable or range meant.
fn asked(kind: Kind, raw: &str) -> Vec<String> {
    let prefixes = PrefixLengths { v4: &[8, 24, 16, 32, 24], v6: &[32, 64] };
    let show = |key: &[u8]| key.escape_ascii().to_string();
    let probes = normalise(kind, raw).unwrap().lookup_keys(&prefixes);
    let of = |probe: model::observable::Probe| match probe.keys {
        Keys::One(key) => format!("{} {}", probe.relation.name(), show(&key)),
        Keys::Range { start, end } => format!("{} {}..{}", probe.relation.name(), show(&start), show(&end)),
    };
    probes.into_iter().map(of).collect()
}

#[test]
fn lookups_ask_for_the_value_and_what_is_around_it() {
    assert_eq!(
        asked(Kind::Ipv4, "10.1.2.3"),
        [
            r"same \x01\n\x01\x02\x03",
            r"network \x03\n\x01\x02\x00\x18",
            r"network \x03\n\x01\x00\x00\x10",
            r"network \x03\n\x00\x00\x00\x08",
        ]
    );
    assert_eq!(
        asked(Kind::Cidr4, "10.1.2.0/23"),
        [
            r"same \x03\n\x01\x02\x00\x17",
            r"network \x03\n\x01\x00\x00\x10",
            r"network \x03\n\x00\x00\x00\x08",
            r"within \x01\n\x01\x02\x00..\x01\n\x01\x03\xff\x00",
            r"within \x03\n\x01\x02\x00\x18..\x03\n\x01\x03\xff\xff",
        ]
    );
    assert_eq!(
        asked(Kind::Domain, "a.b.example.co.uk"),
        [
            r"same \x10uk.co.example.b.a.",
            r"parent \x10uk.co.example.b.",
            r"parent \x10uk.co.example.",
            r"within \x10uk.co.example.b.a.\x00..\x10uk.co.example.b.a/",
        ]
    );
    assert_eq!(asked(Kind::Domain, "co.uk"), [r"same \x10uk.co."]);
    assert_eq!(
        asked(Kind::Domain, "x.github.io"),
        [r"same \x10io.github.x.", r"within \x10io.github.x.\x00..\x10io.github.x/"]
    );
    assert_eq!(
        asked(Kind::Url, "http://www.example.com:8080/a"),
        [
            r"same \x11http://www.example.com:8080/a",
            r"other-scheme \x11https://www.example.com:8080/a",
            r"host \x10com.example.www.",
            r"parent \x10com.example.",
        ]
    );
    assert_eq!(
        asked(Kind::Url, "ftp://[2001:db8::1]/"),
        [
            r"same \x11ftp://[2001:db8::1]/",
            r"host \x02 \x01\r\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01",
            r"network \x04 \x01\r\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00@",
            r"network \x04 \x01\r\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00 ",
        ]
    );
    assert_eq!(
        asked(Kind::Email, "Bob@mail.example.com"),
        [r"same \x12bob@mail.example.com", r"mail-domain \x10com.example.mail."]
    );
    assert_eq!(
        asked(Kind::IpPort, "10.1.2.3:443"),
        [
            r"same \x05\n\x01\x02\x03\x01\xbb",
            r"host \x01\n\x01\x02\x03",
            r"network \x03\n\x01\x02\x00\x18",
            r"network \x03\n\x01\x00\x00\x10",
            r"network \x03\n\x00\x00\x00\x08",
        ]
    );
    assert_eq!(asked(Kind::FilePath, "/tmp/Evil.sh"), [r"same D/tmp/Evil.sh", r"file-name Aevil.sh"]);
    let kinds: Vec<String> = asked(Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e")
        .iter()
        .map(|line| line.split(r"\xd4").next().unwrap().to_owned())
        .collect();
    let same = "same-digits ";
    assert_eq!(
        kinds,
        [
            "same  ".to_owned(),
            format!("{same},"),
            format!("{same}`"),
            format!("{same}a"),
            format!("{same}g"),
            format!("{same}h")
        ]
    );
    assert_eq!(asked(Kind::Cve, "CVE-2021-44228"), [r"same \x50CVE-2021-44228".replace(r"\x50", "P")]);
}

#[test]
fn the_networks_around_a_value_have_the_keys_of_their_texts() {
    let lengths: Vec<u8> = (0..=130).collect();
    let values = [
        (Kind::Ipv4, "255.254.129.77"),
        (Kind::Cidr4, "203.0.113.128/27"),
        (Kind::Ipv6, "2001:db8:ffff:aaaa:5555:f0f0:0ff0:1"),
        (Kind::Cidr6, "2001:db8:ffff:ff00::/57"),
        (Kind::Ipv6, "::ffff:192.0.2.1"),
        (Kind::Cidr6, "::ffff:0:0/96"),
        (Kind::Cidr6, "::ffff:0:0/95"),
    ];
    for (kind, raw) in values {
        let value = normalise(kind, raw).unwrap();
        let probes = value.lookup_keys(&PrefixLengths { v4: &lengths, v6: &lengths });
        let found: Vec<_> = probes.into_iter().filter(|probe| probe.relation == Relation::Network).collect();
        let (address, own) = value.text().split_once('/').unwrap_or((value.text(), "255"));
        let (network, bits) = if address.contains(':') { (Kind::Cidr6, 128) } else { (Kind::Cidr4, 32) };
        let lengths = (0..bits.min(own.parse().unwrap())).rev();
        let expected = lengths.map(|length: u8| normalise(network, &format!("{address}/{length}")).unwrap());
        let keys: Vec<_> = expected.map(|network| Keys::One(network.key().to_vec())).collect();
        assert_eq!(found.into_iter().map(|probe| probe.keys).collect::<Vec<_>>(), keys, "{raw}");
    }
}

/// The relations that a lookup of `raw` finds in an index of `stored` values.
fn finds(stored: &[(Kind, &str)], kind: Kind, raw: &str) -> BTreeSet<(Relation, String)> {
    let index: std::collections::BTreeMap<Vec<u8>, String> = stored
        .iter()
        .map(|(kind, raw)| normalise(*kind, raw).unwrap())
        .map(|it| (it.key().to_vec(), it.text().to_owned()))
        .collect();
    let prefixes = PrefixLengths { v4: &[0, 8, 16, 24, 25, 26, 31], v6: &[0, 32, 48] };
    let mut found = BTreeSet::new();
    for probe in normalise(kind, raw).unwrap().lookup_keys(&prefixes) {
        let texts: Vec<String> = match probe.keys {
            Keys::One(key) => index.get(&key).into_iter().cloned().collect(),
            Keys::Range { start, end } => index.range(start..end).map(|(_, text)| text.clone()).collect(),
        };
        found.extend(texts.into_iter().map(|text| (probe.relation, text)));
    }
    found
}

#[test]
fn an_ordered_index_gives_subdomains_and_networks() {
    let domain = |raw| (Kind::Domain, raw);
    let stored = [
        "example.com",
        "www.example.com",
        "a.b.example.com",
        "example-x.com",
        "xexample.com",
        "example.com.evil.net",
        "com",
    ];
    let stored: Vec<_> = stored.into_iter().map(domain).collect();
    let expected = [
        (Relation::Same, "example.com"),
        (Relation::Within, "a.b.example.com"),
        (Relation::Within, "www.example.com"),
    ];
    let found = finds(&stored, Kind::Domain, "example.com");
    assert_eq!(found, expected.map(|(relation, text)| (relation, text.to_owned())).into());

    let network = |raw| (Kind::Ipv4, raw);
    let stored = [
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.2.0/24",
        "10.1.2.0/25",
        "10.1.2.128/25",
        "10.1.2.128/26",
        "10.1.3.0/24",
        "10.1.2.0",
        "10.1.2.255",
        "10.1.1.255",
        "10.1.3.0",
        "0.0.0.0/0",
    ];
    let stored: Vec<_> = stored.into_iter().map(network).collect();
    let found = finds(&stored, Kind::Cidr4, "10.1.2.0/24");
    let texts = |relation| {
        found.iter().filter(|it| it.0 == relation).map(|it| it.1.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(texts(Relation::Same), "10.1.2.0/24");
    assert_eq!(texts(Relation::Network), "0.0.0.0/0 10.0.0.0/8 10.1.0.0/16");
    assert_eq!(texts(Relation::Within), "10.1.2.0 10.1.2.0/25 10.1.2.128/25 10.1.2.128/26 10.1.2.255");
}

#[test]
fn public_suffixes_are_known() {
    for suffix in ["com", "co.uk", "github.io", "example", "xn--p1ai", "compute.amazonaws.com"] {
        // The last of these is only below a suffix of the private part.
        assert_eq!(is_public_suffix(suffix), suffix != "compute.amazonaws.com", "{suffix}");
    }
    for name in ["example.com", "example.co.uk", "x.github.io"] {
        assert!(!is_public_suffix(name), "{name}");
    }
}

#[test]
fn what_is_asked_about_may_say_its_kind() {
    let told =
        |raw: &str| model::observable::asked(raw).map(|found| format!("{}|{}", found.kind(), found.text()));
    assert_eq!(told("mutex: Global\\A").as_deref(), Ok("mutex|Global\\A"));
    assert_eq!(told("card-range:4111 11").as_deref(), Ok("card-range|411111"));
    assert_eq!(told("URL:hxxp://a[.]example/x").as_deref(), Ok("url|http://a.example/x"));
    assert_eq!(told("http://url:80/x").as_deref(), Ok("url|http://url/x"));
    // A host of that name, and one that is no kind.
    assert_eq!(told("email.example.com:25").as_deref(), Ok("domain|email.example.com"));
    assert!(matches!(model::observable::asked("phone:030 901820"), Err(Unfit::Not(Kind::Phone, _))));
    assert_eq!(model::observable::asked("mutexes:a"), Err(Unfit::Unknown));
}

#[test]
fn refanging_undoes_and_leaves_alone() {
    let cases = [
        ("hxxp://a[.]b/c", "http://a.b/c"),
        ("HXXPS://a[.]b/c", "https://a.b/c"),
        ("a[.]b(.)c{.}d[dot]e(DOT)f", "a.b.c.d.e.f"),
        ("a[ . ]b", "a.b"),
        ("x[@]a(at)b[AT]c", "x@a@b@c"),
        ("http[:]//a[:]80[/]b", "http://a:80/b"),
        ("a[://]b", "a://b"),
        ("{{.}}", "{{.}}"),
        ("a{{.}}b[.]c", "a{{.}}b.c"),
        ("[[.]]", "[[.]]"),
        ("^a[.]b$", "^a[.]b$"),
        ("(?i)a[.]b", "(?i)a[.]b"),
        ("*[.]a[.]b", "*[.]a[.]b"),
        ("a\\.b[.]c", "a\\.b[.]c"),
        ("http://a.b/c[.]d", "http://a.b/c[.]d"),
        ("hxxp://a.b/c[.]d?e=(at)f", "http://a.b/c.d?e=@f"),
        ("1[.]2(.)3{.}4[dot]5", "1.2.3.4.5"),
        ("hXXps[://]a[.]b[:]80[/]c[/]d", "https://a.b:80/c/d"),
        ("see (dot) notation", "see (dot) notation"),
        ("see [dot] (at) and [.] too", "see [dot] (at) and [.] too"),
        ("a[.]", "a[.]"),
        ("a[.];", "a[.];"),
        ("evil[.]com[.]", "evil.com."),
        ("evil[dot]com[dot]", "evil.com."),
        ("hxxp://evil[.]com[.]/a", "http://evil.com./a"),
        ("evil[.]com[.][:]80", "evil.com.:80"),
        ("[.]a", "[.]a"),
        ("${.}x", "${.}x"),
        ("{{ .Host }}", "{{ .Host }}"),
        ("{{.}}.example[.]com", "{{.}}.example.com"),
        ("f(at)", "f(at)"),
        ("'(.)'", "'(.)'"),
        ("xs[0][.]y", "xs[0].y"),
        ("a[[:]//]b", "a://b"),
        ("[://]", "[://]"),
        ("http://a[.]b/c[.]d", "http://a.b/c.d"),
        ("http://a.b/", "http://a.b/"),
        ("a[..]b[x]c[]d(", "a[..]b[x]c[]d("),
        ("[", "["),
        ("[.", "[."),
        ("é[.]é", "é.é"),
        ("", ""),
    ];
    for (raw, expected) in cases {
        assert_eq!(refang(raw), expected);
        assert_eq!(refang(expected), expected, "twice");
    }
    assert_eq!(
        defang("http://user.example.com:80/a.b?c=d.e"),
        "hxxp[://]user[.]example[.]com[:]80/a.b?c=d.e"
    );
    assert_eq!(defang("192.0.2.0/24"), "192[.]0[.]2[.]0/24");
    assert_eq!(defang("2001:db8::1"), "2001[:]db8[:][:]1");
    assert_eq!(defang("a.b@example.com"), "a[.]b[@]example[.]com");
    assert_eq!(defang("http://a.b/x(.)y"), "hxxp[://]a[.]b/x%28.)y");
}

#[test]
fn defanged_text_refangs_to_itself() {
    let values = [
        "http://example.com/",
        "https://example.com:8443/a/b.c?d=e.f",
        "ftp://[2001:db8::1]:21/x",
        "http://[::1]/",
        "http://[::]/",
        "192.0.2.1",
        "192.0.2.0/24",
        "::",
        "::1",
        "2001:db8::/32",
        "example.com",
        "_a.b-c.example",
        "bob.smith+x@example.com",
        "tcp://192.0.2.1:4444/",
        "http://example.com/{{.}}",
        "http://a/[x]()",
        "a/b@example.com",
    ];
    for value in values {
        assert_eq!(refang(&defang(value)), value);
        assert_ne!(defang(value), value);
    }
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

#[test]
fn any_text_is_answered_and_normal_forms_are_stable() {
    let pieces = [
        "registry::",
        "registry\\",
        "machine\\",
        "computer\\",
        "microsoft.powershell.core\\",
        "hklm",
        "hku\\",
        "${env:",
        "$env:temp",
        "\\device\\harddiskvolume1\\",
        "sha256/",
        "domain:",
        "pkg:",
        "rpm/",
        "AS1",
        "/255.255.255.0",
        "http://",
        "hxxp://",
        "[.]",
        "(dot)",
        "{.}",
        "[at]",
        "@",
        ".",
        ":",
        "/",
        "%2e",
        "%25",
        "%",
        "#",
        "?",
        "\\",
        "a",
        "Ä",
        "xn--",
        "example.com",
        "0x7f",
        "192.0.2.1",
        "::",
        "1",
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        "\t",
        " ",
        "<",
        ">",
        "\"",
        "-",
        "_",
        "*",
        "..",
        "ß",
        "\u{200d}",
        "\u{3002}",
        "HKLM\\",
        "CVE-2021-44228",
        "ı",
        "İ",
        "Σ",
        "[:]",
        "[/]",
        "[://]",
        "//",
        "c:\\",
        "%temp%",
        "~",
        "..",
        "pkg:",
        "cpe:2.3:a:",
        "$",
        "+49",
        "'",
    ];
    let mut dice = Dice(0xACC0);
    let kinds: Vec<Kind> = Kind::all().collect();
    let mut fit = 0;
    for _ in 0..80_000 {
        let raw: String = (0..=dice.below(7)).map(|_| pieces[dice.below(pieces.len())]).collect();
        let found =
            [guess(&raw), normalise(kinds[dice.below(kinds.len())], &raw), normalise(Kind::Url, &raw)];
        for found in found.into_iter().flatten() {
            check_properties(&found);
            fit += 1;
        }
    }
    assert!(fit > 10_000, "only {fit} were observables");
}

#[test]
fn refanging_twice_is_refanging_once_and_prose_stays() {
    let pieces = [
        "[.]", "(.)", "{.}", "[dot]", "(DOT)", "[at]", "[@]", "[:]", "[://]", "[/]", "[", "]", "(", ")", "{",
        "}", ".", ":", "/", "@", "a", "b1", "hxxp", "http", "ftp", "://", "//", " ", "*", "$", "dot", "at",
        "é", "-", "?", "\"",
    ];
    let mut dice = Dice(0x5EED);
    for _ in 0..50_000 {
        let raw: String = (0..=dice.below(8)).map(|_| pieces[dice.below(pieces.len())]).collect();
        let once = refang(&raw).into_owned();
        assert_eq!(refang(&once), once, "{raw}");
    }
    // However deep tokens stand within each other, and whatever they leave.
    for _ in 0..20_000 {
        let mut raw = String::from(pieces[dice.below(pieces.len())]);
        for _ in 0..dice.below(40) {
            let (open, close) = [("[", "]"), ("(", ")"), ("{", "}")][dice.below(3)];
            let (before, behind) = (pieces[dice.below(pieces.len())], pieces[dice.below(pieces.len())]);
            raw = match dice.below(4) {
                3 => format!("{open}{raw} {close}"),
                0 => format!("{open}{raw}{close}"),
                1 => format!("{open}{raw}{close}{behind}"),
                _ => format!("{before}{open}{raw}{close}"),
            };
        }
        let once = refang(&raw).into_owned();
        assert_eq!(refang(&once), once, "{raw}");
        let text = refang_text(&raw);
        assert_eq!(refang_text(&text), text, "{raw}");
    }
    for depth in 0..100 {
        let raw = format!("a{}:{}//b", "[".repeat(depth), "]".repeat(depth));
        let blanks = format!("a{}:]{}//b", "[".repeat(depth + 1), " ]".repeat(depth));
        for raw in [raw, blanks, format!("a{}:{}b", "([{".repeat(depth), "}])".repeat(depth))] {
            let once = refang(&raw).into_owned();
            assert_eq!(refang(&once), once, "{raw}");
        }
    }
    // Words of prose, with brackets between them as people set them.
    let words = [
        "see", "the", "(dot)", "[at]", "notation", "(.)", "item", "x[0]", "f(a)", "{{.}}", "a[.]", "[:]", ".",
    ];
    for _ in 0..20_000 {
        let text: Vec<&str> = (0..=dice.below(8)).map(|_| words[dice.below(words.len())]).collect();
        let text = text.join(" ");
        assert_eq!(refang(&text), text);
    }
}

/// The folder of real data; tests that need it are skipped where it is not there.
fn corpus() -> Option<String> {
    let folder = std::env::var("ACCORD_CORPUS").ok();
    if folder.is_none() {
        println!("skipped: ACCORD_CORPUS is not set");
    }
    folder
}

#[test]
fn every_address_of_ipsum_has_a_normal_form() {
    let Some(corpus) = corpus() else { return };
    let feed = std::fs::read_to_string(format!("{corpus}/feeds/ipsum/ipsum.txt")).unwrap();
    let mut addresses = 0;
    for line in feed.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let address = line.split('\t').next().unwrap();
        let found = guess(address).unwrap();
        assert_eq!((found.kind(), found.text()), (Kind::Ipv4, address));
        addresses += 1;
    }
    assert_eq!(addresses, 120_430);
}

#[test]
fn the_warninglists_have_normal_forms() {
    let Some(corpus) = corpus() else { return };
    let (mut networks, mut hosts, mut unfit) = (0, 0, Vec::new());
    for folder in std::fs::read_dir(format!("{corpus}/warninglists")).unwrap() {
        let Ok(list) = std::fs::read_to_string(folder.unwrap().path().join("list.json")) else { continue };
        let of_networks = list.contains("\"type\": \"cidr\"");
        if !of_networks && !list.contains("\"type\": \"hostname\"") {
            continue;
        }
        let (_, values) = list.split_once("\"list\": [").unwrap();
        for value in values.split(']').next().unwrap().split(',') {
            let value = value.trim().trim_matches('"').trim_start_matches('.');
            let kind = match of_networks {
                true if value.contains(':') => Kind::Ipv6,
                true => Kind::Ipv4,
                false => Kind::Domain,
            };
            match normalise(kind, value) {
                Ok(found) => {
                    check_properties(&found);
                    if of_networks { networks += 1 } else { hosts += 1 }
                }
                Err(_) => unfit.push(value.to_owned()),
            }
        }
    }
    assert!(networks > 140_000 && hosts > 70_000, "{networks} {hosts}");
    assert!(unfit.len() < 60, "{} such as {:?}", unfit.len(), unfit.get(..100));
}
