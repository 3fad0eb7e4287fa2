//! Kinds that are a word: numbers, names and identifiers.

use super::{Kind, Observable, Unfit};

/// `AS64496`, `ASN 64496` or the number alone.
pub(super) fn asn(raw: &str) -> Result<Observable, Unfit> {
    let lower = raw.trim().to_ascii_lowercase();
    let digits =
        lower.strip_prefix("asn").or_else(|| lower.strip_prefix("as")).unwrap_or(&lower).trim_start();
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    let number: u32 =
        digits.parse().ok().filter(|_| plain).ok_or(Unfit::Not(Kind::Asn, "not a number of 32 bits"))?;
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
    let name = raw.trim().rsplit(['\\', '/']).next().unwrap_or("").trim();
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

/// Lower case, the hive in full, one backslash between the parts, none at the end.
pub(super) fn registry_key(raw: &str) -> Result<Observable, Unfit> {
    let lower = raw.trim().to_lowercase();
    let mut parts = lower.split('\\').map(str::trim).filter(|part| !part.is_empty());
    let first = parts.next().ok_or(Unfit::Not(Kind::RegistryKey, "no part between its backslashes"))?;
    let bare = first.strip_suffix(':').unwrap_or(first);
    let hive =
        HIVES.iter().find(|(short, full)| *short == bare || *full == bare).map_or(first, |(_, full)| full);
    let all: Vec<&str> = std::iter::once(hive).chain(parts).collect();
    Ok(Observable::of_text(Kind::RegistryKey, all.join("\\")))
}

/// Whether a text starts with a hive of the registry.
pub(super) fn starts_with_hive(text: &str) -> bool {
    let first = text.trim().split('\\').next().unwrap_or("").to_ascii_lowercase();
    let first = first.strip_suffix(':').unwrap_or(&first);
    text.contains('\\') && HIVES.iter().any(|(short, full)| *short == first || *full == first)
}

/// `CVE-`, a year and four digits or more.
pub(super) fn cve(raw: &str) -> Result<Observable, Unfit> {
    let upper = raw.trim().to_ascii_uppercase();
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
