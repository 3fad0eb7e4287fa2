//! Text that people write and read: the values in it.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use model::observable::{Kind, refang_text};

use crate::observe::{Holds, digest_kind};
use crate::screen::octets;

/// What ends a word wherever it stands; a URL holds none of these.
const fn is_border(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b'"' | b'\'' | b'<' | b'>' | b'`' | 0x7F)
}

/// What also ends a word that is no URL.
const fn is_edge(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b','
            | b';'
            | b'|'
            | b'='
            | b'/'
            | b'\\'
            | b'#'
            | b'!'
            | b'*'
            | b'&'
            | b'?'
    )
}

/// How long a sign is that people set around words, or between them, and that is no ASCII: blanks, quotation marks, brackets, dashes, commas.
fn sign(rest: &[u8]) -> Option<usize> {
    match rest {
        // No-break space, guillemets.
        [0xC2, 0xA0 | 0xAB | 0xBB, ..] => Some(2),
        // General punctuation, but for the two that join letters of some scripts.
        [0xE2, 0x80, 0x80..=0x8B | 0x8E..=0xBF, ..] | [0xE2, 0x81, 0x80..=0xAF, ..] => Some(3),
        // Brackets of East Asia, the comma, and the wide forms of ours. The full stop is a dot of names.
        [0xE3, 0x80, 0x80 | 0x81 | 0x88..=0x91 | 0x94..=0x9B, ..] => Some(3),
        [0xEF, 0xBC, 0x82 | 0x87..=0x89 | 0x8C | 0x9A..=0x9C | 0x9E | 0xBB | 0xBD, ..] => Some(3),
        // The byte order mark.
        [0xEF, 0xBB, 0xBF, ..] => Some(3),
        _ => None,
    }
}

/// Gives the words of a text that may be values, with what each may be: a URL, an email address, a digest, an address or a name.
pub(crate) fn words(text: &[u8], mut take: impl FnMut(Holds, &[u8])) {
    let (mut start, mut at) = (0, 0);
    while let Some(byte) = text.get(at) {
        let length = match byte {
            0x80.. => sign(text.get(at..).unwrap_or_default()).unwrap_or(0),
            byte => usize::from(is_border(*byte)),
        };
        if length > 0 {
            chunk(text.get(start..at).unwrap_or_default(), &mut take);
            start = at + length;
        }
        at += length.max(1);
    }
    chunk(text.get(start..).unwrap_or_default(), &mut take);
}

/// What stands between two borders.
fn chunk(chunk: &[u8], take: &mut impl FnMut(Holds, &[u8])) {
    // The shortest of all is an address of IPv6, `::1`.
    if chunk.len() < 3 {
        return;
    }
    let chunk = with_plain_slashes(chunk);
    if memchr::memmem::find(&chunk, b"://").is_some() {
        return urls(&chunk, take);
    }
    match refanged(&chunk) {
        Some(plain) if plain.contains("://") => urls(plain.as_bytes(), take),
        Some(plain) => pieces(plain.as_bytes(), take),
        None => pieces(&chunk, take),
    }
}

/// JSON within a text may have a backslash in front of each slash.
fn with_plain_slashes(chunk: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memmem::find(chunk, b"\\/") {
        None => Cow::Borrowed(chunk),
        Some(_) => {
            let next = chunk.iter().skip(1).copied().chain([0]);
            let kept = chunk.iter().copied().zip(next).filter(|pair| *pair != (b'\\', b'/'));
            Cow::Owned(kept.map(|(byte, _)| byte).collect())
        }
    }
}

/// Undone what keeps people from following a value by accident; `None` where nothing of it is there. Of a URL it is undone where it is read.
fn refanged(chunk: &[u8]) -> Option<String> {
    let opens = |pair: &[u8]| {
        matches!(pair, [b'[' | b'(' | b'{', b'.' | b':' | b'/' | b'@' | b' ' | b'd' | b'D' | b'a' | b'A'])
    };
    if chunk.len() > WORD_BYTES || !chunk.windows(2).any(opens) {
        return None;
    }
    std::str::from_utf8(chunk).ok().map(refang_text)
}

/// URLs, and what stands before the first.
fn urls(chunk: &[u8], take: &mut impl FnMut(Holds, &[u8])) {
    let starts = memchr::memmem::find_iter(chunk, b"://").map(|at| {
        let scheme = chunk.get(..at).unwrap_or_default();
        at - scheme.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count()
    });
    let before = |start: usize| start.checked_sub(1).and_then(|at| chunk.get(at)).copied();
    let divides =
        |start: usize| matches!(before(start), Some(b',' | b';' | b'|' | b'(' | b')' | b'[' | b']'));
    // What stands in a URL behind `=` or `/` is part of it, and one of its own; what stands behind these signs is another.
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for start in starts {
        match groups.last_mut().filter(|_| !divides(start)) {
            Some(group) if group.len() < NESTED_MAX => group.push(start),
            Some(_) => {}
            None => groups.push(vec![start]),
        }
    }
    let first_of = |group: &Vec<usize>| group.first().copied();
    pieces(chunk.get(..groups.first().and_then(first_of).unwrap_or(0)).unwrap_or_default(), take);
    let ends = groups.iter().skip(1).filter_map(first_of).chain([chunk.len()]);
    for (group, end) in groups.iter().zip(ends) {
        for (nth, start) in group.iter().enumerate() {
            let url = chunk.get(*start..end).unwrap_or_default();
            if nth > 0 && url.len() > WORD_BYTES {
                continue;
            }
            take(Holds::Value(Kind::Url), without_end(url));
            // A parameter of the URL around it ends where the next begins.
            if nth > 0
                && before(*start) == Some(b'=')
                && let Some(end) = memchr::memchr(b'&', url)
            {
                take(Holds::Value(Kind::Url), without_end(url.get(..end).unwrap_or_default()));
            }
        }
    }
}

/// How long what stands between two borders is that more than its first URL is looked for in, or that is undone: no value is longer.
const WORD_BYTES: usize = 8 << 10;
/// URLs that are looked for within one another.
const NESTED_MAX: usize = 8;

/// Words, and addresses of IPv6 in brackets with a port behind them, which are one value.
fn pieces(chunk: &[u8], take: &mut impl FnMut(Holds, &[u8])) {
    let mut from = 0;
    for close in memchr::memchr_iter(b']', chunk) {
        let Some((open, end)) = endpoint_in_brackets(chunk, close) else { continue };
        parts(chunk.get(from..open).unwrap_or_default(), take);
        take(Holds::Host, chunk.get(open..end).unwrap_or_default());
        from = end;
    }
    parts(chunk.get(from..).unwrap_or_default(), take);
}

/// Where an address of IPv6 with its port begins and ends whose bracket is closed here.
fn endpoint_in_brackets(chunk: &[u8], close: usize) -> Option<(usize, usize)> {
    let behind = chunk.get(close + 1..)?.strip_prefix(b":")?;
    let digits = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
    // What is greater than all ports says nothing of the address.
    std::str::from_utf8(behind.get(..digits)?).ok()?.parse::<u16>().ok()?;
    let first = close.saturating_sub(V6_BYTES + 1);
    let before = chunk.get(first..close)?;
    let open = memchr::memrchr(b'[', before)?;
    is_v6(before.get(open + 1..)?).then_some((first + open, close + 2 + digits))
}

fn parts(chunk: &[u8], take: &mut impl FnMut(Holds, &[u8])) {
    for piece in chunk.split(|byte| is_edge(*byte)) {
        let piece = without_beginning(without_end(piece));
        if let Some(at) = memchr::memrchr(b'@', piece) {
            mail(piece, at, take);
        } else if is_digest(piece) {
            take(Holds::Digest, piece);
        } else if memchr::memchr(b':', piece).is_some() {
            with_colons(piece, take);
        } else if memchr::memchr(b'.', piece).is_some() {
            dotted(piece, take);
        }
    }
}

fn is_digest(piece: &[u8]) -> bool {
    digest_kind(piece.len()).is_some() && piece.iter().all(u8::is_ascii_hexdigit)
}

fn is_number(piece: &[u8]) -> bool {
    !piece.is_empty() && piece.iter().all(u8::is_ascii_digit)
}

/// `a@b`, `mailto:a@b`, `git@host:path`, `root@203.0.113.7`: an address of mail, or a user at a host.
fn mail(piece: &[u8], at: usize, take: &mut impl FnMut(Holds, &[u8])) {
    let (local, host) = piece.split_at(at);
    let local_at = memchr::memrchr(b':', local).map_or(0, |colon| colon + 1);
    let host = host.get(1..).unwrap_or_default();
    let host_end = memchr::memchr(b':', host).unwrap_or(host.len());
    take(Holds::Value(Kind::Email), piece.get(local_at..at + 1 + host_end).unwrap_or_default());
    with_colons(host, take);
}

/// An address of IPv6, a name or an address with a port, or one of them behind the name of what it is: `outside:203.0.113.7`.
fn with_colons(piece: &[u8], take: &mut impl FnMut(Holds, &[u8])) {
    let colon = memchr::memchr(b':', piece).unwrap_or(piece.len());
    let behind = piece.get(colon + 1..).unwrap_or_default();
    for piece in [piece, behind] {
        if is_v6(piece) {
            return take(Holds::Host, piece);
        }
        // So it is written with its port by programs that look at what is on the wire.
        let dot = memchr::memrchr(b'.', piece).unwrap_or(piece.len());
        let (address, port) = piece.split_at(dot);
        let port = port.get(1..).unwrap_or_default();
        if is_number(port) && is_v6(address) {
            return take(Holds::Host, &[b"[", address, b"]:", port].concat());
        }
    }
    let mut at = 0;
    while let Some(rest) = piece.get(at..).filter(|rest| !rest.is_empty()) {
        let (part, behind) = parted(rest);
        let (port, _) = parted(behind);
        at += part.len() + 1;
        if is_digest(part) {
            take(Holds::Digest, part);
        } else if memchr::memchr(b'.', part).is_some() {
            if is_number(port) {
                take(Holds::Host, rest.get(..part.len() + 1 + port.len()).unwrap_or_default());
                at += port.len() + 1;
            } else {
                dotted(part, take);
            }
        }
    }
}

fn is_v6(piece: &[u8]) -> bool {
    let address = piece.split(|byte| *byte == b'%').next().unwrap_or_default();
    let is_one = memchr::memchr_iter(b':', address).count() >= 2 && address.len() <= V6_BYTES;
    is_one && std::str::from_utf8(address).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// How long an address of IPv6 is at most.
const V6_BYTES: usize = 45;

/// An address of IPv4 or a name; behind a further dot a port, as `203.0.113.7.443`, which is how `tcpdump` writes it.
fn dotted(piece: &[u8], take: &mut impl FnMut(Holds, &[u8])) {
    let dot = memchr::memrchr(b'.', piece).unwrap_or(piece.len());
    let (before, last) = piece.split_at(dot);
    let last = last.get(1..).unwrap_or_default();
    if !is_number(last) {
        return take(Holds::Host, piece);
    }
    let name_at = memchr::memrchr(b'.', before).map(|dot| dot + 1);
    if octets(piece).is_some() {
        take(Holds::Host, piece);
    } else if octets(before).is_some() {
        take(Holds::Host, &[before, b":", last].concat());
    } else if piece.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-')) {
        // From one address to another.
        piece
            .split(|byte| *byte == b'-')
            .filter(|one| octets(one).is_some())
            .for_each(|one| take(Holds::Host, one));
    } else if name_at.and_then(|at| before.get(at..)).is_some_and(|label| !is_number(label)) {
        take(Holds::Host, before);
    }
}

/// Before the first colon, and behind it.
fn parted(piece: &[u8]) -> (&[u8], &[u8]) {
    let colon = memchr::memchr(b':', piece).unwrap_or(piece.len());
    (piece.get(..colon).unwrap_or_default(), piece.get(colon + 1..).unwrap_or_default())
}

/// Without the signs that lead to a word.
fn without_beginning(mut word: &[u8]) -> &[u8] {
    loop {
        word = match word {
            [b':', b':', ..] => return word,
            [b'.' | b':' | b'-' | b'+' | b'~' | b'^' | b'$' | b'%' | b'@', rest @ ..] => rest,
            _ => return word,
        };
    }
}

/// Without the marks that end a sentence, or something that was put in brackets. A bracket that is opened in it is closed in it.
fn without_end(mut word: &[u8]) -> &[u8] {
    // Of each kind of bracket, how many more are closed than opened; counted once, where one is closed at the end.
    let mut unopened: Option<[i64; 3]> = None;
    while let [rest @ .., last] = word {
        let bracket = match last {
            b')' => 0,
            b']' => 1,
            b'}' => 2,
            b'.' | b',' | b';' | b':' | b'!' | b'?' | b'-' | b'|' | b'\\' => {
                word = rest;
                continue;
            }
            _ => return word,
        };
        let unopened = unopened.get_or_insert_with(|| {
            let count = |byte: u8| memchr::memchr_iter(byte, word).count() as i64;
            [(b'(', b')'), (b'[', b']'), (b'{', b'}')].map(|(open, close)| count(close) - count(open))
        });
        match unopened.get_mut(bracket) {
            Some(count) if *count > 0 => *count -= 1,
            _ => return word,
        }
        word = rest;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Holds, String)> {
        let mut found = Vec::new();
        words(text.as_bytes(), |holds, word| found.push((holds, String::from_utf8(word.to_vec()).unwrap())));
        found
    }

    const URL: Holds = Holds::Value(Kind::Url);
    const EMAIL: Holds = Holds::Value(Kind::Email);
    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    fn check(text: &str, expected: &[(Holds, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(holds, word)| (*holds, (*word).to_owned())).collect();
        assert_eq!(found(text), expected, "{text}");
    }

    #[test]
    fn values_in_text() {
        let host = |word| [(Holds::Host, word)];
        check("Failed password from 203.0.113.7 port 4", &host("203.0.113.7"));
        check(
            "got (http://evil.example/a?b=c,d), see evil.example.",
            &[(URL, "http://evil.example/a?b=c,d"), (Holds::Host, "evil.example")],
        );
        check("url=https://evil.example/x", &[(URL, "https://evil.example/x")]);
        check(
            "to=<a@evil.example>, tcp/203.0.113.7:443",
            &[(EMAIL, "a@evil.example"), (Holds::Host, "evil.example"), (Holds::Host, "203.0.113.7:443")],
        );
        check(
            &format!("md5={MD5};[2001:db8::1]:53 sha:{MD5}"),
            &[(Holds::Digest, MD5), (Holds::Host, "[2001:db8::1]:53"), (Holds::Digest, MD5)],
        );
        check("nothing to see here 12:30 ok 12:34:56,123 12:34:56.123 v1.2 3.14", &[]);
        check(
            "http://evil.example/a_(b) (http://evil.example/c)",
            &[(URL, "http://evil.example/a_(b)"), (URL, "http://evil.example/c")],
        );
    }

    #[test]
    fn addresses_of_ipv6_in_brackets_with_and_without_ports() {
        let host = |word| [(Holds::Host, word)];
        check("upstream=[2001:db8::1]:443,", &host("[2001:db8::1]:443"));
        check("\"[2001:db8::1]:443\"", &host("[2001:db8::1]:443"));
        check("[2001:db8::1]", &host("2001:db8::1"));
        check("[2001:db8::1]: refused", &host("2001:db8::1"));
        check("[2001:db8::1]:99999", &host("2001:db8::1"));
        check(
            "192.0.2.1->[2001:db8::1]:1|[::2]:2,x.example",
            &[
                (Holds::Host, "192.0.2.1"),
                (Holds::Host, "[2001:db8::1]:1"),
                (Holds::Host, "[::2]:2"),
                (Holds::Host, "x.example"),
            ],
        );
        check("[12]:34 a[x]:1 ]:1 [2001:db8::1:2:3:4:5:6:7:8:9:10:11:12:13:14:15]:1", &[]);
    }

    #[test]
    fn what_stands_behind_the_name_of_what_it_is() {
        let host = |word| [(Holds::Host, word)];
        check("ip:203.0.113.7", &host("203.0.113.7"));
        check("ip:203.0.113.7:443", &host("203.0.113.7:443"));
        check("outside:1.2.3.4/443", &host("1.2.3.4"));
        check("src:2001:db8::1", &host("2001:db8::1"));
        check("client:evil.example:8080,", &host("evil.example:8080"));
        check("7:203.0.113.7:80", &host("203.0.113.7:80"));
        check(
            "203.0.113.7.443 > 192.0.2.1.5000:",
            &[(Holds::Host, "203.0.113.7:443"), (Holds::Host, "192.0.2.1:5000")],
        );
        check(
            "2001:db8::1.443 > evil.example.53:",
            &[(Holds::Host, "[2001:db8::1]:443"), (Holds::Host, "evil.example")],
        );
        check("203.0.113.7-198.51.100.1", &[(Holds::Host, "203.0.113.7"), (Holds::Host, "198.51.100.1")]);
        check("1.3.6.1.4.1.2", &[]);
        let mail = [(EMAIL, "git@evil.example"), (Holds::Host, "evil.example")];
        check("git@evil.example:a/b", &mail[..2]);
        check("mailto:git@evil.example", &mail);
        check("root@203.0.113.7", &[(EMAIL, "root@203.0.113.7"), (Holds::Host, "203.0.113.7")]);
    }

    #[test]
    fn urls_beside_and_within_one_another() {
        let both = [(URL, "http://a.example/x"), (URL, "http://b.example/y")];
        check("http://a.example/x,http://b.example/y", &both);
        check("http://a.example/x|http://b.example/y", &both);
        check(
            "http://a.example/r?u=http://b.example/y&z=1",
            &[
                (URL, "http://a.example/r?u=http://b.example/y&z=1"),
                (URL, "http://b.example/y&z=1"),
                (URL, "http://b.example/y"),
            ],
        );
        check(r#"{"u":"http:\/\/a.example\/x"}"#, &both[..1]);
    }

    #[test]
    fn long_words_of_signs_take_no_longer_for_that() {
        for sign in ["http://a.example/?u=", "http://a.example/,", "[.]", ")", "a:", "a@", "\\/", "1.2.3.4-"]
        {
            let long = format!("http://evil.example/{}", sign.repeat((1 << 20) / sign.len()));
            let mut bytes = 0;
            words(long.as_bytes(), |_, word| bytes += word.len());
            // Of each byte at most a handful are given.
            assert!(bytes < 4 << 20, "{sign}: {bytes}");
        }
        let many = "http://a.example/x,".repeat(1_000);
        assert_eq!(found(&many).len(), 1_000);
    }

    #[test]
    fn signs_of_typography_and_values_that_are_defanged() {
        check(
            "“evil.example”, «http://evil.example/x»—203.0.113.7…",
            &[(Holds::Host, "evil.example"), (URL, "http://evil.example/x"), (Holds::Host, "203.0.113.7")],
        );
        check(
            "「evil.example」（bücher.example）",
            &[(Holds::Host, "evil.example"), (Holds::Host, "bücher.example")],
        );
        check(
            "evil[.]example 203.0.113(.)7 a[@]evil[dot]example",
            &[
                (Holds::Host, "evil.example"),
                (Holds::Host, "203.0.113.7"),
                (EMAIL, "a@evil.example"),
                (Holds::Host, "evil.example"),
            ],
        );
        check(
            "hxxp://evil.example/x hxxps[:]//evil[.]example/x",
            &[(URL, "hxxp://evil.example/x"), (URL, "https://evil.example/x")],
        );
    }
}
