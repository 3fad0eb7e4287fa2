//! Logs of Zeek, as columns and as JSON.

use super::cases::{Seen, Sort};
use super::{Line, Place};
use crate::bench::scan::made_up::{CONN, DNS, FILES, HTTP, as_json};

const SSL: &str = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p version cipher curve server_name resumed last_alert next_protocol established ssl_history cert_chain_fps client_cert_chain_fps sni_matches_cert ja3 ja3s";
const SMTP: &str = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth helo mailfrom rcptto date from to cc reply_to msg_id in_reply_to subject x_originating_ip first_received second_received last_reply path user_agent tls fuids is_webmail";

/// A name that is nobody's.
const GOOD: &str = "time.example.com";

pub const TSV: &[Place] = &[
    Place { head: CONN, ..Place::new(&[Sort::Endpoint], |line, out| columns(CONN, line, out)) },
    Place { head: DNS, ..Place::new(&[Sort::Name, Sort::Address], |line, out| columns(DNS, line, out)) },
    Place { head: HTTP, ..Place::new(&[Sort::Url], |line, out| columns(HTTP, line, out)) },
    Place { head: FILES, ..Place::new(&[Sort::Hash, Sort::Address], |line, out| columns(FILES, line, out)) },
    Place { head: SSL, ..Place::new(&[Sort::Name, Sort::Ja3], |line, out| columns(SSL, line, out)) },
    Place { head: SMTP, ..Place::new(&[Sort::Mail], |line, out| columns(SMTP, line, out)) },
];

pub const JSON: &[Place] = &[
    Place::new(&[Sort::Endpoint], |line, out| json(CONN, line, out)),
    Place::new(&[Sort::Name, Sort::Address], |line, out| json(DNS, line, out)),
    Place::new(&[Sort::Url], |line, out| json(HTTP, line, out)),
    Place::new(&[Sort::Hash, Sort::Address], |line, out| json(FILES, line, out)),
    Place::new(&[Sort::Name, Sort::Ja3], |line, out| json(SSL, line, out)),
    Place::new(&[Sort::Mail], |line, out| json(SMTP, line, out)),
];

/// What stands in front of lines with these columns.
pub fn head(fields: &str) -> String {
    let fields = fields.replace(' ', "\t");
    format!(
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#fields\t{fields}\n"
    )
}

fn columns(fields: &str, line: &mut Line<'_, '_>, out: &mut String) {
    let uid = format!("C{:x}", line.cases.random.next() >> 8);
    let good = line.cases.good_address();
    let (mut resp, mut port) = (good.clone(), 443);
    let mut said: Vec<(&str, String)> = Vec::new();
    match &line.seen {
        Seen::Endpoint(address, of_it) => (resp, port) = (address.clone(), *of_it),
        Seen::Name(name) if fields == DNS && line.cases.random.one_in(3) => {
            said.extend([("query", GOOD.to_owned()), ("answers", format!("{name},{good}"))]);
        }
        Seen::Name(name) if fields == DNS => said.push(("query", name.clone())),
        Seen::Name(name) => said.push(("server_name", name.clone())),
        Seen::Address(address) if fields == DNS => said.push(("answers", format!("{good},{address}"))),
        Seen::Address(address) => said.push(("tx_hosts", address.clone())),
        Seen::Url(url) => {
            port = url.port;
            // Clients name the port in the head or not.
            let host = if line.cases.random.one_in(2) { url.authority() } else { url.host.clone() };
            said.extend([("host", host), ("uri", url.target.clone()), ("method", "GET".to_owned())]);
        }
        Seen::Hash(hash) => {
            let name = match hash.len() {
                32 => "md5",
                40 => "sha1",
                _ => "sha256",
            };
            said.push((name, hash.clone()));
        }
        Seen::Mail(mail) => {
            let other = "postmaster@example.com".to_owned();
            match line.cases.random.below(4) {
                0 => said.extend([("mailfrom", mail.clone()), ("rcptto", other)]),
                1 => said.extend([("mailfrom", other.clone()), ("rcptto", format!("{other},{mail}"))]),
                2 => said.extend([("from", format!("The Shop <{mail}>")), ("to", other)]),
                _ => said.extend([("from", other), ("reply_to", mail.clone())]),
            }
        }
        Seen::Ja3(hash) => {
            said.extend([("ja3", hash.clone()), ("server_name", "www.example.com".to_owned())])
        }
    }
    let at = line.at.unwrap_or_default();
    let client = line.client();
    said.extend([("ts", format!("{at}.000000")), ("uid", uid.clone()), ("fuid", uid)]);
    said.extend([("id.orig_h", client.clone()), ("id.orig_p", line.port().to_string())]);
    said.extend([("id.resp_h", resp), ("id.resp_p", port.to_string())]);
    said.extend([("proto", "tcp".to_owned()), ("rx_hosts", client)]);
    for (nth, field) in fields.split(' ').enumerate() {
        if nth > 0 {
            out.push('\t');
        }
        let found = said.iter().find(|(name, _)| *name == field);
        out.push_str(found.map_or("-", |(_, value)| value));
    }
}

fn json(fields: &str, line: &mut Line<'_, '_>, out: &mut String) {
    let mut row = String::new();
    columns(fields, line, &mut row);
    let names: Vec<&str> = fields.split(' ').collect();
    let mut bytes = Vec::new();
    as_json(&names, &row, &mut bytes);
    out.push_str(String::from_utf8_lossy(&bytes).trim_end());
}
