//! Kinds that are a word: numbers, names and identifiers.

use super::{Kind, Observable, Unfit};

/// `AS64496`, `ASN 64496`, `AS1.10` (its two halves, RFC 5396 §2) or the number alone.
pub(super) fn asn(raw: &str) -> Result<Observable, Unfit> {
    let lower = raw.trim().to_ascii_lowercase();
    let digits =
        lower.strip_prefix("asn").or_else(|| lower.strip_prefix("as")).unwrap_or(&lower).trim_start();
    let is_plain = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    let half = |digits: &str| digits.parse::<u16>().ok().filter(|_| is_plain(digits)).map(u32::from);
    let number = match digits.split_once('.').filter(|_| digits != lower) {
        Some((high, low)) => half(high).zip(half(low)).map(|(high, low)| high << 16 | low),
        None => digits.parse().ok().filter(|_| is_plain(digits)),
    };
    let number: u32 = number.ok_or(Unfit::Not(Kind::Asn, "not a number of 32 bits"))?;
    Ok(Observable::new(Kind::Asn, format!("AS{number}"), &number.to_be_bytes()))
}

/// Six pairs of hexadecimal digits: with `:` or `-` between them, with a `.` between four digits each, or with nothing.
pub(super) fn mac(raw: &str) -> Result<Observable, Unfit> {
    let text = raw.trim();
    let (separator, group) = match text.len() {
        12 => (None, 12),
        14 => (Some('.'), 4),
        _ => (text.chars().find(|c| !c.is_ascii_hexdigit()).filter(|c| matches!(c, ':' | '-')), 2),
    };
    let joined: String = match separator {
        Some(separator) if text.split(separator).all(|part| part.len() == group) => {
            text.replace(separator, "")
        }
        Some(_) => String::new(),
        None => text.to_owned(),
    };
    let hexadecimal = joined.len() == 12 && joined.bytes().all(|b| b.is_ascii_hexdigit());
    let number = u64::from_str_radix(&joined, 16).ok().filter(|_| hexadecimal);
    let number = number.ok_or(Unfit::Not(Kind::Mac, "not six pairs of hexadecimal digits"))?;
    let bytes = number.to_be_bytes();
    let bytes = bytes.get(2..).unwrap_or(&[]);
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Observable::new(Kind::Mac, pairs.join(":"), bytes))
}

/// The last part of a path, in lower case, since Windows takes any case and much of what is looked for ran there.
pub(super) fn file_name(raw: &str) -> Result<Observable, Unfit> {
    // No name has quotes around it.
    let ends = |c: char| c == '"' || c.is_whitespace();
    let name = raw.trim_matches(ends).rsplit(['\\', '/']).next().unwrap_or("").trim_matches(ends);
    if name.is_empty() {
        return Err(Unfit::Not(Kind::FileName, "a folder"));
    }
    Ok(Observable::of_text(Kind::FileName, name.to_lowercase()))
}

/// The hives, in lower case, and what they are shortened to.
const HIVES: [(&str, &str); 6] = [
    ("hklm", "hkey_local_machine"),
    ("hkcu", "hkey_current_user"),
    ("hkcr", "hkey_classes_root"),
    ("hku", "hkey_users"),
    ("hkcc", "hkey_current_config"),
    ("hkpd", "hkey_performance_data"),
];

/// Lower case, the hive in full, one backslash between the parts, none at the end. What programs write before a hive falls
/// away: `Computer\`, `Registry::`, and the brackets of its files; the system's own `\REGISTRY\MACHINE` is a hive, too.
pub(super) fn registry_key(raw: &str) -> Result<Observable, Unfit> {
    let lower = raw.trim().to_lowercase();
    let inner = lower.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    let text = inner.filter(|inner| starts_with_hive(inner)).unwrap_or(&lower);
    let parts: Vec<&str> = text.split('\\').map(str::trim).filter(|part| !part.is_empty()).collect();
    let (first, rest) = match parts.as_slice() {
        ["registry", "machine", rest @ ..] => ("hkey_local_machine", rest),
        ["registry", "user", rest @ ..] => ("hkey_users", rest),
        ["computer", first, rest @ ..] if hive(first).is_some() => (*first, rest),
        ["microsoft.powershell.core", first, rest @ ..] if first.starts_with("registry::") => (*first, rest),
        [first, rest @ ..] => (*first, rest),
        [] => return Err(Unfit::Not(Kind::RegistryKey, "no part between its backslashes")),
    };
    let named = first.strip_prefix("registry::").and_then(hive).or_else(|| hive(first));
    let all = [&[named.unwrap_or(first)], rest].concat();
    Ok(Observable::of_text(Kind::RegistryKey, all.join("\\")))
}

/// The hive that a word in lower case names, in full.
fn hive(word: &str) -> Option<&'static str> {
    let bare = word.strip_suffix(':').unwrap_or(word);
    HIVES.iter().find(|(short, full)| *short == bare || *full == bare).map(|(_, full)| *full)
}

/// Whether a text in lower case starts with a hive of the registry and goes on.
fn starts_with_hive(text: &str) -> bool {
    text.split_once('\\').is_some_and(|(first, _)| hive(first).is_some())
}

/// A key of the registry that begins with a hive, so that nothing else is taken for one.
pub(super) fn hived_key(raw: &str) -> Option<Observable> {
    registry_key(raw).ok().filter(|found| starts_with_hive(found.text()))
}

/// `CVE-`, a year and four digits or more; with the hyphens that typesetters use, too.
pub(super) fn cve(raw: &str) -> Result<Observable, Unfit> {
    let upper = raw.trim().to_ascii_uppercase().replace(['\u{2010}', '\u{2011}', '\u{2013}'], "-");
    let fits =
        upper.strip_prefix("CVE-").and_then(|rest| rest.split_once('-')).is_some_and(|(year, number)| {
            let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
            year.len() == 4 && digits(year) && (4..=19).contains(&number.len()) && digits(number)
        });
    if !fits {
        return Err(Unfit::Not(Kind::Cve, "not of the form `CVE-2021-44228`"));
    }
    Ok(Observable::of_text(Kind::Cve, upper))
}
