//! Content codings, both ways: gzip and zstd (RFC 9110 §8.4, §12.5.3).

use std::io::{self, Read, Write};

use bytes::Bytes;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::media::quality;
use crate::{Failure, blocking};

/// Content shorter than this is sent as it is, in bytes.
const MIN_BYTES: usize = 1024;
/// Levels at which an answer costs little more than its copy.
const GZIP_LEVEL: u32 = 2;
const ZSTD_LEVEL: i32 = 1;
/// How much content may grow when inflated, beyond a first MiB that may come from anything.
const MAX_RATIO: usize = 100;
const FREE_BYTES: usize = 1 << 20;
/// The largest window of zstd that is taken, as a power of two: 8 MiB, what RFC 8878 §3.1.1.1.2 recommends.
const WINDOW_LOG_MAX: u32 = 23;

/// A coding of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// gzip, RFC 1952.
    Gzip,
    /// Zstandard, RFC 8878.
    Zstd,
}

impl Coding {
    /// Its name in headers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Zstd => "zstd",
        }
    }

    fn named(name: &str) -> Option<Coding> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Coding::Gzip),
            "zstd" => Some(Coding::Zstd),
            _ => None,
        }
    }
}

/// The coding of a request's content.
///
/// # Errors
/// 415 for one that is not taken, or several on top of each other; `Accept-Encoding` says which are (RFC 9110
/// §15.5.16).
pub fn of_content(headers: &HeaderMap) -> Result<Option<Coding>, Failure> {
    let lines = headers.get_all(header::CONTENT_ENCODING).iter().map(|value| value.to_str().unwrap_or("?"));
    let mut names = lines.flat_map(|line| line.split(',')).map(str::trim);
    let Some(name) = names.find(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity")) else {
        return Ok(None);
    };
    match Coding::named(name) {
        Some(coding) if names.next().is_none() => Ok(Some(coding)),
        _ => {
            let detail = format!("content coded as `{name}` is not taken");
            Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-coding", detail)
                .header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd")))
        }
    }
}

/// Undoes a coding, to at most `limit` bytes and a hundred times the length.
///
/// # Errors
/// 413 above the limit or the ratio, 400 for content that is not of the coding.
pub fn decoded(content: Bytes, coding: Option<Coding>, limit: usize) -> Result<Bytes, Failure> {
    let Some(coding) = coding else { return Ok(content) };
    let most = limit.min(content.len().saturating_mul(MAX_RATIO).max(FREE_BYTES));
    let mut plain = Vec::new();
    let broken = |error: io::Error| Failure::invalid(format!("the content is no {}: {error}", coding.name()));
    let read = || match coding {
        Coding::Gzip => {
            flate2::bufread::MultiGzDecoder::new(&content[..]).take(most as u64 + 1).read_to_end(&mut plain)
        }
        Coding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(&content[..])?;
            decoder.window_log_max(WINDOW_LOG_MAX)?;
            decoder.take(most as u64 + 1).read_to_end(&mut plain)
        }
    };
    blocking::in_proportion(content.len().saturating_mul(MAX_RATIO), read).map_err(broken)?;
    if plain.len() > most {
        let detail = format!("the content inflates to more than {most} bytes");
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail));
    }
    Ok(Bytes::from(plain))
}

/// The coding that the client wants for an answer, the tighter where it wants both alike.
#[must_use]
pub fn wanted(headers: &HeaderMap) -> Option<Coding> {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut best: Option<(u16, Coding)> = None;
    for item in lines.flat_map(|line| line.split(',')) {
        let (name, rest) = item.split_once(';').unwrap_or((item, ""));
        let quality = match rest.trim().strip_prefix("q=").or_else(|| rest.trim().strip_prefix("Q=")) {
            Some(text) => quality(text.trim()).unwrap_or(0),
            None => 1000,
        };
        let Some(coding) = Coding::named(name.trim()) else { continue };
        let better = best.is_none_or(|(than, other)| {
            quality > than || (quality == than && other == Coding::Gzip && coding == Coding::Zstd)
        });
        if quality > 0 && better {
            best = Some((quality, coding));
        }
    }
    best.map(|(_, coding)| coding)
}

/// Whether content of this type and length is worth coding.
#[must_use]
pub fn is_worthwhile(content_type: Option<&HeaderValue>, length: usize) -> bool {
    let media = content_type.and_then(|value| value.to_str().ok()).unwrap_or("");
    let media = media.split(';').next().unwrap_or("").trim();
    // Events are small and come one by one.
    let text = media.starts_with("text/") && media != "text/event-stream"
        || media.ends_with("+json")
        || matches!(media, "application/json" | "application/x-ndjson" | "image/svg+xml");
    text && length >= MIN_BYTES
}

/// Content in a coding.
///
/// # Errors
/// Those of the coding, which has none for bytes in memory.
pub fn encoded(content: &[u8], coding: Coding) -> io::Result<Bytes> {
    let coded = blocking::in_proportion(content.len(), || match coding {
        Coding::Gzip => {
            let mut encoder =
                GzEncoder::new(Vec::with_capacity(content.len() / 4), flate2::Compression::new(GZIP_LEVEL));
            encoder.write_all(content).and_then(|()| encoder.finish())
        }
        Coding::Zstd => zstd::bulk::compress(content, ZSTD_LEVEL),
    });
    coded.map(Bytes::from)
}

/// Writes `write`'s bytes to `to` in a coding. What it flushes can be read at once.
///
/// # Errors
/// Those of both.
pub fn write_encoded(
    coding: Coding,
    to: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(to, flate2::Compression::new(GZIP_LEVEL));
            write(&mut encoder)?;
            encoder.finish().map(|_| ())
        }
        Coding::Zstd => {
            let mut encoder = zstd::stream::write::Encoder::new(to, ZSTD_LEVEL)?;
            write(&mut encoder)?;
            encoder.finish().map(|_| ())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&name, line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn content_goes_round_in_both_codings() {
        let text = Bytes::from("sightings and indicators, ".repeat(1000));
        for coding in [Coding::Gzip, Coding::Zstd] {
            let coded = encoded(&text, coding).unwrap();
            assert!(coded.len() < text.len() / 10);
            assert_eq!(decoded(coded.clone(), Some(coding), 1 << 20).unwrap(), text);
            assert_eq!(decoded(coded.clone(), Some(coding), 100).unwrap_err().status, 413);
            let cut = coded.slice(..coded.len() / 2);
            assert_eq!(decoded(cut, Some(coding), 1 << 20).unwrap_err().status, 400);
            assert_eq!(decoded(Bytes::from("{}"), Some(coding), 1 << 20).unwrap_err().status, 400);
            let mut streamed = Vec::new();
            write_encoded(coding, &mut streamed, |to| to.write_all(&text)).unwrap();
            assert_eq!(decoded(Bytes::from(streamed), Some(coding), 1 << 20).unwrap(), text);
        }
        assert_eq!(decoded(text.clone(), None, 1).unwrap(), text);
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let bomb = Bytes::from(zstd::bulk::compress(&vec![b' '; 64 << 20], 19).unwrap());
        assert!(bomb.len() < 10_000);
        assert_eq!(decoded(bomb, Some(Coding::Zstd), 256 << 20).unwrap_err().status, 413);
    }

    #[test]
    fn the_coding_of_content_is_one_that_is_known() {
        let of = |lines: &[&str]| of_content(&headers(header::CONTENT_ENCODING, lines)).map_err(|f| f.status);
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["identity"]), Ok(None));
        assert_eq!(of(&["GZIP"]), Ok(Some(Coding::Gzip)));
        assert_eq!(of(&["zstd"]), Ok(Some(Coding::Zstd)));
        for wrong in [&["br"][..], &["gzip, gzip"], &["gzip", "zstd"], &["deflate"]] {
            assert_eq!(of(wrong), Err(StatusCode::UNSUPPORTED_MEDIA_TYPE), "{wrong:?}");
        }
    }

    #[test]
    fn the_client_chooses_the_coding_of_an_answer() {
        for (lines, coding) in [
            (&[][..], None),
            (&["gzip, deflate"], Some(Coding::Gzip)),
            (&["gzip, deflate, br, zstd"], Some(Coding::Zstd)),
            (&["zstd;q=0.1, gzip;q=0.5"], Some(Coding::Gzip)),
            (&["gzip;q=0"], None),
            (&["identity", "zstd"], Some(Coding::Zstd)),
            (&["*"], None),
        ] {
            assert_eq!(wanted(&headers(header::ACCEPT_ENCODING, lines)), coding, "{lines:?}");
        }
        let worth =
            |media: &'static str, length| is_worthwhile(Some(&HeaderValue::from_static(media)), length);
        assert!(worth("application/taxii+json;version=2.1", 5000));
        assert!(worth("text/html; charset=utf-8", 5000));
        assert!(!worth("application/json", 100));
        assert!(!worth("application/octet-stream", 5000));
    }
}
