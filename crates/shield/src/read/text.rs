//! Text that people write and read: the values in it.

use model::observable::Kind;

use crate::observe::{Holds, digest_kind};

/// What ends a word wherever it stands; a URL holds none of these.
const fn is_border(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | 0x7F)
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
            | b'#'
            | b'!'
            | b'*'
            | b'&'
            | b'?'
    )
}

/// Gives the words of a text that may be values, with what each may be: a URL, an email address, a digest, an address or a name.
pub(crate) fn words<'l>(text: &'l [u8], mut take: impl FnMut(Holds, &'l [u8])) {
    for chunk in text.split(|byte| is_border(*byte)) {
        // The shortest of all is an address of IPv6, `::1`.
        if chunk.len() < 3 {
            continue;
        }
        match memchr::memmem::find(chunk, b"://") {
            Some(at) => {
                let scheme = chunk.get(..at).unwrap_or_default();
                let letters = scheme.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
                let (before, url) = chunk.split_at(at - letters);
                pieces(before, &mut take);
                take(Holds::Value(Kind::Url), without_end(url));
            }
            None => pieces(chunk, &mut take),
        }
    }
}

fn pieces<'l>(chunk: &'l [u8], take: &mut impl FnMut(Holds, &'l [u8])) {
    // Addresses of IPv6 with a port stand in brackets; what is in them is a piece of its own.
    for piece in chunk.split(|byte| is_edge(*byte)) {
        let piece = without_end(piece);
        let count = |wanted: u8| piece.iter().filter(|byte| **byte == wanted).count();
        if memchr::memchr(b'@', piece).is_some() {
            take(Holds::Value(Kind::Email), piece);
        } else if digest_kind(piece.len()).is_some() && piece.iter().all(u8::is_ascii_hexdigit) {
            take(Holds::Digest, piece);
        } else if memchr::memchr(b'.', piece).is_some() || count(b':') >= 2 {
            take(Holds::Host, piece);
        }
    }
}

/// Without the marks that end a sentence, or something that was put in brackets.
fn without_end(mut word: &[u8]) -> &[u8] {
    while let [rest @ .., b'.' | b',' | b';' | b':' | b'!' | b'?' | b')' | b']' | b'}' | b'-'] = word {
        word = rest;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Holds, &str)> {
        let mut found = Vec::new();
        words(text.as_bytes(), |holds, word| found.push((holds, std::str::from_utf8(word).unwrap())));
        found
    }

    #[test]
    fn values_in_text() {
        let url = Holds::Value(Kind::Url);
        let email = Holds::Value(Kind::Email);
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        assert_eq!(found("Failed password from 203.0.113.7 port 4"), [(Holds::Host, "203.0.113.7")]);
        assert_eq!(
            found("got (http://evil.example/a?b=c,d), see evil.example."),
            [(url, "http://evil.example/a?b=c,d"), (Holds::Host, "evil.example")]
        );
        assert_eq!(found("url=https://evil.example/x"), [(url, "https://evil.example/x")]);
        assert_eq!(
            found("to=<a@evil.example>, tcp/203.0.113.7:443"),
            [(email, "a@evil.example"), (Holds::Host, "203.0.113.7:443")]
        );
        assert_eq!(
            found(&format!("md5={md5};[2001:db8::1]:53")),
            [(Holds::Digest, md5), (Holds::Host, "2001:db8::1")]
        );
        assert!(found("nothing to see here 12:30 ok").is_empty());
    }
}
