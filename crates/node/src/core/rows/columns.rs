//! What the columns of CSV mean.

use std::collections::{HashMap, HashSet};

use model::observable::{self, Kind, Observable};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Values, of this kind or to be guessed. A row may have several.
    Value(Option<Kind>),
    /// The kind of the row's values.
    Kind,
    /// The row's TLP.
    Tlp,
    /// From when it is valid.
    ValidFrom,
    /// Until when it is valid.
    ValidUntil,
    /// How sure the source is, 0 to 100.
    Confidence,
    /// What it is about.
    Description,
    /// Tags.
    Labels,
    /// Where the source has it from.
    Source,
    /// What it is called.
    Name,
    /// A page about it.
    Reference,
    /// Nothing that STIX has a place for: kept in the extension.
    Kept,
    /// Not wanted.
    Ignored,
}

/// A column: its name, for what is kept, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub role: Role,
}

/// What columns are called in the feeds of the world, after [`plain`].
const NAMES: [(&str, Role); 56] = [
    ("value", Role::Value(None)),
    ("indicator", Role::Value(None)),
    ("indicator_value", Role::Value(None)),
    ("ioc", Role::Value(None)),
    ("ioc_value", Role::Value(None)),
    ("observable", Role::Value(None)),
    ("ip", Role::Value(Some(Kind::Ipv4))),
    ("ip_address", Role::Value(Some(Kind::Ipv4))),
    ("ipaddress", Role::Value(Some(Kind::Ipv4))),
    ("src_ip", Role::Value(Some(Kind::Ipv4))),
    ("dst_ip", Role::Value(Some(Kind::Ipv4))),
    ("cidr", Role::Value(Some(Kind::Cidr4))),
    ("network", Role::Value(Some(Kind::Cidr4))),
    ("fqdn", Role::Value(Some(Kind::Domain))),
    ("hostname", Role::Value(Some(Kind::Domain))),
    ("host", Role::Value(None)),
    ("uri", Role::Value(Some(Kind::Url))),
    ("hash", Role::Value(None)),
    ("md5_hash", Role::Value(Some(Kind::Md5))),
    ("sha1_hash", Role::Value(Some(Kind::Sha1))),
    ("sha256_hash", Role::Value(Some(Kind::Sha256))),
    ("email_address", Role::Value(Some(Kind::Email))),
    ("type", Role::Kind),
    ("kind", Role::Kind),
    ("ioc_type", Role::Kind),
    ("indicator_type", Role::Kind),
    ("tlp", Role::Tlp),
    ("valid_from", Role::ValidFrom),
    ("first_seen", Role::ValidFrom),
    ("first_seen_utc", Role::ValidFrom),
    ("firstseen", Role::ValidFrom),
    ("valid_until", Role::ValidUntil),
    ("expires", Role::ValidUntil),
    ("expiration", Role::ValidUntil),
    ("expiry", Role::ValidUntil),
    ("confidence", Role::Confidence),
    ("confidence_level", Role::Confidence),
    ("description", Role::Description),
    ("comment", Role::Description),
    ("comments", Role::Description),
    ("notes", Role::Description),
    ("tags", Role::Labels),
    ("tag", Role::Labels),
    ("labels", Role::Labels),
    ("label", Role::Labels),
    ("source", Role::Source),
    ("feed", Role::Source),
    ("name", Role::Name),
    ("title", Role::Name),
    ("reference", Role::Reference),
    ("references", Role::Reference),
    ("link", Role::Reference),
    ("ref", Role::Reference),
    ("ignore", Role::Ignored),
    ("keep", Role::Kept),
    ("kept", Role::Kept),
];

/// What a column of this name holds, or what a role of this name is; `None` for a name that says nothing.
#[must_use]
pub fn role_named(name: &str) -> Option<Role> {
    let plain = plain(name);
    let known = NAMES.iter().find(|(known, _)| *known == plain).map(|(_, role)| *role);
    known.or_else(|| kind_named(&plain).map(|kind| Role::Value(Some(kind))))
}

// What a column holds by its name alone. Of values that many innocent things share, or that are somebody's own, the caller
// has to say that they are indicators: an `imphash` beside a file's digests is none, and a `phone` may be the reporter's.
fn role_of_column(name: &str) -> Option<Role> {
    let by_request = |kind: Kind| {
        matches!(
            kind,
            Kind::Imphash
                | Kind::CommandLine
                | Kind::Cpe
                | Kind::Purl
                | Kind::Phone
                | Kind::Iban
                | Kind::CardRange
        ) || matches!(kind, Kind::Credential | Kind::CertSha1 | Kind::CertSha256 | Kind::Spki)
            || (Kind::Ethereum..=Kind::Solana).contains(&kind)
            || (Kind::Ja3..=Kind::HasshServer).contains(&kind)
    };
    role_named(name).filter(|role| !matches!(role, Role::Value(Some(kind)) if by_request(*kind)))
}

/// The kind that a word in a column of kinds means, or a role that is a kind.
#[must_use]
pub fn kind_named(word: &str) -> Option<Kind> {
    let plain = plain(word);
    Some(match plain.as_str() {
        "ip" | "ipv4" | "ipv4_addr" | "ip_src" | "ip_dst" => Kind::Ipv4,
        "ip:port" | "ip_src|port" | "ip_dst|port" => Kind::IpPort,
        "ipv6_addr" => Kind::Ipv6,
        "cidr" | "network" => Kind::Cidr4,
        "domain_name" | "hostname" | "fqdn" => Kind::Domain,
        "uri" => Kind::Url,
        "email_addr" | "email_src" | "email_dst" => Kind::Email,
        "sha_1" | "filehash_sha1" | "sha1_hash" => Kind::Sha1,
        "sha_256" | "filehash_sha256" | "sha256_hash" => Kind::Sha256,
        "sha_512" => Kind::Sha512,
        "filehash_md5" | "md5_hash" => Kind::Md5,
        "filename" | "file" => Kind::FileName,
        "mac_addr" | "mac_address" => Kind::Mac,
        "regkey" => Kind::RegistryKey,
        "filepath" => Kind::FilePath,
        "commandline" | "cmdline" => Kind::CommandLine,
        // A page of fraud is a URL; what it does is for the indicator to say (`indicator_types`, labels).
        "scam_page" | "phishing_url" => Kind::Url,
        "ja3_fingerprint_md5" | "ja3_hash" => Kind::Ja3,
        "ja3s_hash" => Kind::Ja3s,
        "hassh_md5" => Kind::Hassh,
        "hasshserver_md5" => Kind::HasshServer,
        "x509_fingerprint_sha1" => Kind::CertSha1,
        "x509_fingerprint_sha256" => Kind::CertSha256,
        "spki" => Kind::Spki,
        "phone_number" => Kind::Phone,
        "cc_bin" => Kind::CardRange,
        "bitcoin" => Kind::Bitcoin,
        "ethereum" => Kind::Ethereum,
        "monero" => Kind::Monero,
        "tron" => Kind::Tron,
        "solana" => Kind::Solana,
        "package_url" => Kind::Purl,
        _ => return Kind::from_name(&plain.replace('_', "-")).filter(|kind| !kind.is_rule()),
    })
}

// `First Seen (UTC)` and `first-seen-utc` are one name.
fn plain(name: &str) -> String {
    let letters = name.trim().chars().filter(|character| !matches!(character, '(' | ')' | '"' | '\''));
    let same = letters.flat_map(char::to_lowercase);
    same.map(|character| if matches!(character, ' ' | '-') { '_' } else { character }).collect()
}

/// The columns that are kept though they are named for a kind of values, each with that kind.
pub fn kept_by_name(columns: &[Column]) -> impl Iterator<Item = (Kind, &str)> {
    columns.iter().filter(|column| column.role == Role::Kept).filter_map(|column| {
        match role_named(&column.name)? {
            Role::Value(Some(kind)) => Some((kind, column.name.as_str())),
            _ => None,
        }
    })
}

/// What a row says: of the kinds that its columns have, or it says itself, or that they look like. What is nothing known is
/// left out.
pub fn values_of(columns: &[Column], row: &[String]) -> Vec<Observable> {
    let cells = || columns.iter().zip(row);
    let said = cells().find(|(column, _)| column.role == Role::Kind).and_then(|(_, word)| kind_named(word));
    let value = |(column, field): (&Column, &String)| {
        let Role::Value(own) = column.role else { return None };
        let kind = own.or(said);
        let typed = kind.and_then(|kind| observable::normalise(kind, field).ok());
        let is_guessed = !matches!(kind, Some(Kind::CardRange | Kind::Credential));
        typed.or_else(|| is_guessed.then(|| observable::guess(field).ok()).flatten())
    };
    cells().filter_map(value).collect()
}

/// Whether a first record names columns: no field of it is an observable, and some field has a name that is known, or that
/// the caller says ([`assign`]).
#[must_use]
pub fn is_header(fields: &[&str], said: &[(String, String)]) -> bool {
    let observable = |field: &&str| observable::guess(field).is_ok();
    !fields.iter().any(observable) && fields.iter().any(|field| is_named(field, said))
}

/// Whether a name is known, or said by the caller.
#[must_use]
pub fn is_named(name: &str, said: &[(String, String)]) -> bool {
    let own = plain(name);
    // A number says which column, and not what it is called.
    let is_said = |word: &str| own == plain(word) && word.trim().parse::<usize>().is_err();
    role_named(name).is_some() || said.iter().any(|(role, column)| is_said(role) || is_said(column))
}

/// The columns that a header names. Where several columns could be the values, typed ones and `value` count, and a
/// `host` or a `hash` beside them too; what has no known name is kept. The second column of a name is called `name (2)`:
/// what is kept stands in a JSON object, where a name stands once.
#[must_use]
pub fn from_header(fields: &[&str]) -> Vec<Column> {
    let mut taken = HashSet::new();
    let mut last_number = HashMap::new();
    let mut columns = Vec::with_capacity(fields.len());
    for (place, name) in fields.iter().enumerate() {
        let role = role_of_column(name).unwrap_or(Role::Kept);
        let said = match name.trim() {
            "" => format!("column {}", place + 1),
            name => name.to_owned(),
        };
        let mut name = said.clone();
        while !taken.insert(name.clone()) {
            let number = last_number.entry(said.clone()).or_insert(1_u32);
            *number += 1;
            name = format!("{said} ({number})");
        }
        columns.push(Column { name, role });
    }
    columns
}

/// The columns of rows without a header: the first that holds observables in most of the rows is the value.
#[must_use]
pub fn from_rows(rows: &[Vec<&str>]) -> Vec<Column> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let hits = |place: usize| {
        let fields = rows.iter().filter_map(|row| row.get(place));
        fields.filter(|field| observable::guess(field).is_ok()).count()
    };
    let best = (0..width).find(|place| hits(*place) * 2 > rows.len());
    let role = |place| if Some(place) == best { Role::Value(None) } else { Role::Kept };
    (0..width).map(|place| Column { name: format!("column {}", place + 1), role: role(place) }).collect()
}

/// Applies what the caller says of columns: pairs of a role and a column, by its name or its number from 1.
///
/// # Errors
/// A column that is not there, or a word that is no role.
pub fn assign(columns: &mut Vec<Column>, said: &[(String, String)]) -> Result<(), String> {
    for (role, name) in said {
        // `ip=addr` is what is asked for; `addr=ip` is what some write, and means nothing else.
        let (place, role) = match (place(columns, name), role_named(role)) {
            (Some(place), Some(role)) => (place, role),
            _ => match (place(columns, role), role_named(name)) {
                (Some(place), Some(role)) => (place, role),
                _ if role_named(role).is_none() => {
                    return Err(format!("`{role}` is nothing that a column can hold"));
                }
                _ => return Err(format!("there is no column `{name}`")),
            },
        };
        while columns.len() <= place {
            let name = format!("column {}", columns.len() + 1);
            columns.push(Column { name, role: Role::Kept });
        }
        if let Some(column) = columns.get_mut(place) {
            column.role = role;
        }
    }
    Ok(())
}

fn place(columns: &[Column], name: &str) -> Option<usize> {
    let by_name = columns.iter().position(|column| plain(&column.name) == plain(name));
    by_name
        .or_else(|| name.parse::<usize>().ok().filter(|number| (1..=1_000).contains(number)).map(|n| n - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_share_or_is_somebodys_own_is_kept_unless_the_caller_says() {
        let header = from_header(&["sha256_hash", "imphash", "phone", "ja3_hash"]);
        let roles: Vec<&Role> = header.iter().map(|column| &column.role).collect();
        assert_eq!(roles, [&Role::Value(Some(Kind::Sha256)), &Role::Kept, &Role::Kept, &Role::Kept]);
        assert_eq!(role_named("imphash"), Some(Role::Value(Some(Kind::Imphash))));
    }

    #[test]
    fn names_of_columns_are_understood() {
        for (name, role) in [
            ("IP", Role::Value(Some(Kind::Ipv4))),
            ("First Seen (UTC)", Role::ValidFrom),
            ("ioc_value", Role::Value(None)),
            ("SHA256", Role::Value(Some(Kind::Sha256))),
            ("domain", Role::Value(Some(Kind::Domain))),
            ("Tags", Role::Labels),
            ("tlp", Role::Tlp),
        ] {
            assert_eq!(role_named(name), Some(role), "{name}");
        }
        assert_eq!(role_named("malware_printable"), None);
        assert!(is_header(&["first_seen", "ip", "malware"], &[]));
        assert!(!is_header(&["198.51.100.1", "ip"], &[]));
        assert!(!is_header(&["a", "b"], &[]));
    }

    #[test]
    fn a_header_is_what_the_caller_names_a_column_of() {
        let said = |role: &str, name: &str| vec![(role.to_owned(), name.to_owned())];
        for fields in [["sha", "family"], ["Sha", "x"]] {
            assert!(!is_header(&fields, &[]));
            assert!(is_header(&fields, &said("sha256", "sha")));
            assert!(is_header(&fields, &said("sha", "sha256")), "either order");
        }
        assert!(!is_header(&["7", "x"], &said("value", "7")), "a number is a place");
        assert!(!is_header(&["198.51.100.1", "x"], &said("name", "x")), "a value is no name");
    }

    #[test]
    fn columns_are_assigned_by_name_and_number_in_either_order() {
        for said in [("ip", "addr"), ("ip", "1"), ("addr", "ip"), ("1", "ip")] {
            let mut columns = from_header(&["addr", "what"]);
            assign(&mut columns, &[(said.0.to_owned(), said.1.to_owned())]).unwrap();
            assert_eq!(columns[0].role, Role::Value(Some(Kind::Ipv4)), "{said:?}");
        }
        let mut columns = from_header(&["addr"]);
        let said = |role: &str, name: &str| vec![(role.to_owned(), name.to_owned())];
        assert!(assign(&mut columns, &said("ip", "nothing")).unwrap_err().contains("no column `nothing`"));
        assert!(assign(&mut columns, &said("colour", "addr")).unwrap_err().contains("`colour`"));
        assign(&mut columns, &said("description", "3")).unwrap();
        assert_eq!(columns.len(), 3);
        // Where both words are both, the role comes first.
        let mut columns = from_header(&["value", "ip"]);
        assign(&mut columns, &said("value", "ip")).unwrap();
        assert_eq!((columns[0].role, columns[1].role), (Role::Value(None), Role::Value(None)));
    }

    #[test]
    fn the_value_is_found_without_a_header() {
        let rows = vec![vec!["7", "198.51.100.1", "x"], vec!["8", "198.51.100.2", "y"]];
        let columns = from_rows(&rows);
        assert_eq!(columns[1].role, Role::Value(None));
        assert_eq!(columns[0].role, Role::Kept);
    }
}
