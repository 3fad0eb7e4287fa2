//! Names of products and packages: CPE and package URLs.

use super::{Kind, Observable, Unfit};

/// Attributes of a CPE name (NISTIR 7695 §5.2).
const CPE_ATTRIBUTES: usize = 11;

/// A CPE name as a formatted string (NISTIR 7695 §6.2) in lower case. One bound to a URI (`cpe:/a:…`, §6.1) is written
/// anew; attributes that are left out are `*`.
pub(super) fn cpe(raw: &str) -> Result<Observable, Unfit> {
    let not = |reason| Unfit::Not(Kind::Cpe, reason);
    let lower = raw.trim().to_ascii_lowercase();
    let attributes = match (lower.strip_prefix("cpe:2.3:"), lower.strip_prefix("cpe:/")) {
        (Some(formatted), _) => split_unescaped(formatted).into_iter().map(quoted).collect(),
        (None, Some(uri)) => of_uri(uri),
        (None, None) => return Err(not("it begins with neither `cpe:2.3:` nor `cpe:/`")),
    };
    let mut attributes: Vec<String> =
        attributes.into_iter().collect::<Option<_>>().ok_or(not("a character that no name has"))?;
    let part = attributes.first().is_some_and(|part| matches!(part.as_str(), "a" | "h" | "o" | "*" | "-"));
    if !part || attributes.len() < 2 || attributes.len() > CPE_ATTRIBUTES {
        return Err(not("not a part of `a`, `h` or `o`, and up to ten more attributes"));
    }
    attributes.resize(CPE_ATTRIBUTES, "*".to_owned());
    Ok(Observable::of_text(Kind::Cpe, format!("cpe:2.3:{}", attributes.join(":"))))
}

/// Cuts at colons that no backslash stands before.
fn split_unescaped(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\\' => {
                escaped = !escaped;
                continue;
            }
            b':' if !escaped => {
                parts.push(text.get(start..at).unwrap_or(""));
                start = at + 1;
            }
            _ => {}
        }
        escaped = false;
    }
    parts.push(text.get(start..).unwrap_or(""));
    parts
}

/// An attribute with a backslash before each sign that needs one, and before no other.
fn quoted(attribute: &str) -> Option<String> {
    if matches!(attribute, "" | "*") {
        return Some("*".to_owned());
    }
    if attribute == "-" {
        return Some("-".to_owned());
    }
    let mut out = String::with_capacity(attribute.len());
    let mut escaped = false;
    for c in attribute.chars() {
        match c {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '*' | '?' if !escaped => out.push(c),
            _ => push_quoted(&mut out, c)?,
        }
        escaped = false;
    }
    finished(out).filter(|_| !escaped)
}

fn push_quoted(out: &mut String, c: char) -> Option<()> {
    if !c.is_ascii_graphic() {
        return None;
    }
    if !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')) {
        out.push('\\');
    }
    out.push(c);
    Some(())
}

/// A hyphen that is all of an attribute is one, and not "does not apply".
fn finished(attribute: String) -> Option<String> {
    Some(if attribute == "-" { "\\-".to_owned() } else { attribute })
}

/// The attributes of a URI: seven, of which the sixth may hold five that are packed between `~`.
fn of_uri(uri: &str) -> Vec<Option<String>> {
    let parts: Vec<&str> = uri.split(':').collect();
    let mut attributes: Vec<Option<String>> = Vec::new();
    let mut extended: Vec<Option<String>> = Vec::new();
    for (nth, part) in parts.iter().enumerate() {
        match part.strip_prefix('~').filter(|_| nth == 5) {
            Some(packed) => {
                let mut fields = packed.split('~').map(of_uri_part);
                attributes.push(fields.next().unwrap_or_else(|| of_uri_part("")));
                extended = fields.collect();
            }
            None => attributes.push(of_uri_part(part)),
        }
    }
    if !extended.is_empty() && attributes.len() <= 7 {
        attributes.resize(7, Some("*".to_owned()));
        attributes.extend(extended);
    }
    attributes
}

/// Undoes the escapes of a URI: `%01` stands for `?`, `%02` for `*`.
fn of_uri_part(part: &str) -> Option<String> {
    if matches!(part, "" | "-") {
        return quoted(part);
    }
    let bytes = percent_decoded(part)?;
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            0x01 => out.push('?'),
            0x02 => out.push('*'),
            _ => push_quoted(&mut out, char::from(byte).to_ascii_lowercase())?,
        }
    }
    finished(out)
}

/// `None` when a percent sign does not begin an escape.
fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            _ => byte,
        });
    }
    Some(out)
}

/// Types of packages whose namespace and name know no case (the purl specification's definitions of types).
const CASELESS: [&str; 15] = [
    "alpm",
    "apk",
    "bitbucket",
    "bitnami",
    "composer",
    "deb",
    "github",
    "gitlab",
    "golang",
    "hex",
    "luarocks",
    "npm",
    "oci",
    "pub",
    "pypi",
];

/// A package URL in canonical form (ECMA-427 §5): `pkg:type/namespace/name@version?qualifiers#subpath`.
pub(super) fn purl(raw: &str) -> Result<Observable, Unfit> {
    let not = |reason| Unfit::Not(Kind::Purl, reason);
    let text = raw.trim();
    let rest = match text.split_at_checked(4) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("pkg:") => rest.trim_start_matches('/'),
        _ => return Err(not("it does not begin with `pkg:`")),
    };
    let broken = not("an escape that is none, or bytes that are not UTF-8");
    let (rest, subpath) = rest.split_once('#').map_or((rest, ""), |(rest, subpath)| (rest, subpath));
    let (rest, qualifiers) = rest.split_once('?').map_or((rest, ""), |(rest, qualifiers)| (rest, qualifiers));
    let (kind, rest) = rest.split_once('/').ok_or(not("no name behind its type"))?;
    let kind = kind.to_ascii_lowercase();
    let of_type = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-');
    if !kind.starts_with(|c: char| c.is_ascii_alphabetic()) || !kind.bytes().all(of_type) {
        return Err(not("a type that is none"));
    }
    // The `@` of a scope that nobody escaped has a slash behind it.
    let (path, version) = match rest.rsplit_once('@') {
        Some((path, version)) if !version.contains('/') => (path, version),
        _ => (rest, ""),
    };
    let caseless = CASELESS.contains(&kind.as_str());
    // The vendor, and not the name.
    let vendor =
        path.trim_end_matches('/').rsplit_once('/').map_or(0, |(vendor, _)| vendor.matches('/').count() + 1);
    let caseless_parts = if kind == "rpm" { vendor } else { 0 };
    let mut parts: Vec<String> = Vec::new();
    for (nth, part) in path.split('/').enumerate().filter(|(_, part)| !part.is_empty()) {
        let mut part = decoded(part).ok_or(broken)?;
        if caseless || nth < caseless_parts {
            part = part.to_lowercase();
        }
        if kind == "pypi" {
            part = part.replace('_', "-");
        }
        parts.push(encoded(&part));
    }
    if parts.iter().all(String::is_empty) {
        return Err(not("no name behind its type"));
    }
    let mut out = format!("pkg:{kind}/{}", parts.join("/"));
    let version = decoded(version).ok_or(broken)?;
    if !version.is_empty() {
        out.push('@');
        out.push_str(&encoded(&version));
    }
    push_qualifiers(&mut out, qualifiers).ok_or(broken)?;
    let subpath: Vec<String> = subpath
        .split('/')
        .map(|part| decoded(part).map(|part| encoded(&part)))
        .filter(|part| !matches!(part.as_deref(), Some("" | "." | "..")))
        .collect::<Option<_>>()
        .ok_or(broken)?;
    if !subpath.is_empty() {
        out.push('#');
        out.push_str(&subpath.join("/"));
    }
    Ok(Observable::of_text(Kind::Purl, out))
}

/// Qualifiers sorted by name, the empty ones left out.
fn push_qualifiers(out: &mut String, text: &str) -> Option<()> {
    let mut qualifiers: Vec<(String, String)> = Vec::new();
    for one in text.split('&').filter(|one| !one.is_empty()) {
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        let value = decoded(value)?;
        if !value.is_empty() {
            qualifiers.push((encoded(&decoded(name)?.to_lowercase()), encoded(&value)));
        }
    }
    qualifiers.sort();
    qualifiers.dedup_by(|one, other| one.0 == other.0);
    for (nth, (name, value)) in qualifiers.into_iter().enumerate() {
        out.push(if nth == 0 { '?' } else { '&' });
        out.push_str(&format!("{name}={value}"));
    }
    Some(())
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(percent_decoded(text)?).ok()
}

/// Escapes all but letters, digits and `.-_~:` (ECMA-427 §5.4).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
