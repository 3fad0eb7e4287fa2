//! What the columns of Zeek's logs are, by their names.

use model::observable::Kind;

use super::{Field, Layout, Lines, Unlaid};
use crate::observe::Escapes;

/// Names of columns and what they are. Of a name that means something else in two logs the more telling one counts: what is no value
/// of its kind matches nothing.
const COLUMNS: &[(&str, &[Field])] = &[
    ("ts", &[Field::Time]),
    ("id.orig_h", &[Field::Address(0)]),
    ("id.orig_p", &[Field::Port(0)]),
    ("id.resp_h", &[Field::Address(1)]),
    ("id.resp_p", &[Field::Port(1), Field::UrlPort]),
    ("query", &[Field::Value(Kind::Domain)]),
    ("answers", &[Field::Host]),
    ("host", &[Field::UrlHost]),
    ("uri", &[Field::UrlTarget]),
    ("referrer", &[Field::Value(Kind::Url)]),
    ("user_agent", &[Field::Value(Kind::UserAgent)]),
    ("server_name", &[Field::Value(Kind::Domain)]),
    ("tx_hosts", &[Field::Address(2)]),
    ("rx_hosts", &[Field::Address(3)]),
    ("filename", &[Field::Value(Kind::FileName)]),
    ("md5", &[Field::Value(Kind::Md5)]),
    ("sha1", &[Field::Value(Kind::Sha1)]),
    ("sha256", &[Field::Value(Kind::Sha256)]),
    ("ja3", &[Field::Value(Kind::Ja3)]),
    ("ja3s", &[Field::Value(Kind::Ja3s)]),
    ("ja4", &[Field::Value(Kind::Ja4)]),
    ("ja4s", &[Field::Value(Kind::Ja4s)]),
    ("hassh", &[Field::Value(Kind::Hassh)]),
    ("hasshServer", &[Field::Value(Kind::HasshServer)]),
    ("mailfrom", &[Field::Value(Kind::Email)]),
    ("rcptto", &[Field::Value(Kind::Email)]),
    ("x_originating_ip", &[Field::Address(4)]),
    ("mac", &[Field::Value(Kind::Mac)]),
    ("assigned_addr", &[Field::Address(5)]),
    ("client_addr", &[Field::Address(6)]),
    ("server_addr", &[Field::Address(7)]),
    ("src", &[Field::Address(8)]),
    ("dst", &[Field::Address(9)]),
    ("cert_chain_fps", &[Field::Value(Kind::CertSha256)]),
    ("fingerprint", &[Field::Value(Kind::CertSha256)]),
];

/// Columns of several values, with commas between.
const LISTS: &[&str] = &["answers", "tx_hosts", "rx_hosts", "rcptto", "cert_chain_fps"];

pub(super) fn layout(fields: &str) -> Result<Layout, Unlaid> {
    let names: Vec<&str> = fields.trim_end_matches(['\r', '\n']).split('\t').collect();
    let known = |name: &str| COLUMNS.iter().find(|(known, _)| *known == name).map(|(_, fields)| *fields);
    let has_target = names.contains(&"uri");
    let (mut columns, mut all) = (Vec::new(), Vec::new());
    for (at, name) in names.iter().enumerate() {
        for field in known(name).unwrap_or_default() {
            // Without a target a host is no part of a URL.
            let field = match field {
                Field::UrlHost if !has_target => Field::Host,
                Field::UrlPort if !has_target => continue,
                field => *field,
            };
            let list = LISTS.contains(name).then_some(b',');
            columns.push(at);
            all.push(((*name).to_owned(), field, list));
        }
    }
    let shape = Lines::Columns { separator: b'\t', columns, comment: Some(b'#') };
    Layout::of(shape, Escapes::Zeek, &all)
}

pub(super) fn json() -> Result<Layout, Unlaid> {
    let all = COLUMNS.iter().flat_map(|(name, fields)| fields.iter().map(move |field| (*name, *field)));
    Layout::json(&all.collect::<Vec<_>>())
}
