//! Logs of JSON lines: Suricata, Elastic Common Schema, OCSF, CloudTrail.

use serde_json::{Value, json};

use super::cases::{Seen, Sort, Url};
use super::indicators::stamp;
use super::{Line, Place};

const ALL: &[Sort] =
    &[Sort::Address, Sort::Endpoint, Sort::Name, Sort::Url, Sort::Hash, Sort::Mail, Sort::Ja3];

pub const EVE: &[Place] = &[Place::new(ALL, eve)];
pub const ECS: &[Place] = &[Place::new(ALL, ecs)];
pub const OCSF: &[Place] = &[Place::new(ALL, ocsf)];
pub const CLOUDTRAIL: &[Place] = &[Place::new(&[Sort::Address, Sort::Name], cloudtrail)];

/// Puts one document's members into another.
fn put(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

fn hash_name(hash: &str) -> &'static str {
    match hash.len() {
        32 => "md5",
        40 => "sha1",
        _ => "sha256",
    }
}

fn eve(line: &mut Line<'_, '_>, out: &mut String) {
    let at = line.at.unwrap_or_default();
    let zone = line.cases.random.one_of(&[("+0000", 0), ("+0100", 1), ("-0500", -5)]);
    let good = line.cases.good_address();
    let mut event = json!({
        "timestamp": format!("{}.000000{}", stamp(at + zone.1 * 3600), zone.0), "flow_id": line.cases.random.next() >> 12,
        "src_ip": line.client(), "src_port": line.port(), "dest_ip": good, "dest_port": 443, "proto": "TCP",
    });
    let form = line.cases.random.below(4);
    let more = match line.seen.clone() {
        Seen::Address(address) if form == 0 => {
            json!({"event_type": "dns", "dns": {"version": 2, "type": "answer",
            "rrname": "time.example.com", "grouped": {"A": [good, address]}}})
        }
        Seen::Address(address) if form == 1 => {
            json!({"event_type": "dns", "dns": {"version": 3, "type": "response",
            "queries": [{"rrname": "time.example.com"}], "answers": [{"rrname": "time.example.com", "rdata": address}]}})
        }
        Seen::Address(address) => json!({"event_type": "flow", "dest_ip": address}),
        Seen::Endpoint(address, port) => {
            json!({"event_type": "flow", "dest_ip": address, "dest_port": port})
        }
        Seen::Name(name) if form == 0 => {
            json!({"event_type": "tls", "tls": {"sni": name, "version": "TLS 1.3"}})
        }
        Seen::Name(name) if form == 1 => json!({"event_type": "dns", "dns": {"version": 3, "type": "request",
            "queries": [{"rrname": name, "rrtype": "A"}]}}),
        Seen::Name(name) => json!({"event_type": "dns", "dns": {"type": "query", "rrname": name}}),
        Seen::Url(url) if form == 0 => json!({"event_type": "http", "dest_port": 80, "http": {
            "hostname": "www.example.com", "url": "/", "http_refer": url.whole()}}),
        Seen::Url(url) => {
            let mut http = json!({"hostname": url.host, "url": url.target, "http_method": "GET"});
            // It stands there where the client names it.
            if url.authority() != url.host || url.scheme == "https" {
                put(&mut http, json!({"http_port": url.port}));
            }
            json!({"event_type": "http", "dest_port": url.port, "http": http})
        }
        Seen::Hash(hash) => {
            json!({"event_type": "fileinfo", "fileinfo": {"filename": "/a", hash_name(&hash): hash}})
        }
        Seen::Mail(mail) if form == 0 => {
            json!({"event_type": "smtp", "smtp": {"helo": "mx.example.com", "mail_from": format!("<{mail}>")}})
        }
        Seen::Mail(mail) => json!({"event_type": "smtp", "email": {"from": "a@example.com", "to": [
            "b@example.com", format!("\"Shop\" <{mail}>")]}}),
        Seen::Ja3(hash) => {
            json!({"event_type": "tls", "tls": {"sni": "www.example.com", "ja3": {"hash": hash}}})
        }
    };
    put(&mut event, more);
    out.push_str(&event.to_string());
}

/// The parts of a URL, under these names.
fn in_parts(url: &Url, [scheme, host, port, path, query]: [&str; 5]) -> Value {
    let (path_is, query_is) = url.parts();
    let mut parts = json!({scheme: url.scheme, host: url.host, port: url.port, path: path_is});
    if let Some(said) = query_is {
        put(&mut parts, json!({query: said}));
    }
    parts
}

fn ecs(line: &mut Line<'_, '_>, out: &mut String) {
    let at = line.at.unwrap_or_default();
    let good = line.cases.good_address();
    let form = line.cases.random.below(3);
    let mut event = json!({"@timestamp": format!("{}.000Z", stamp(at)), "host": {"name": "gate"},
        "source": {"ip": line.client(), "port": line.port()}});
    let more = match line.seen.clone() {
        Seen::Address(address) if form == 0 => {
            json!({"dns": {"question": {"name": "time.example.com"}, "resolved_ip": [good, address]}})
        }
        Seen::Address(address) if form == 1 => json!({"destination.ip": address}),
        Seen::Address(address) => json!({"destination": {"address": address}}),
        Seen::Endpoint(address, port) => json!({"destination": {"ip": address, "port": port}}),
        Seen::Name(name) if form == 0 => json!({"tls": {"client": {"server_name": name}}}),
        Seen::Name(name) if form == 1 => json!({"dns.question.name": name}),
        Seen::Name(name) => json!({"destination": {"domain": name, "ip": good}}),
        Seen::Url(url) if form == 0 => json!({"url": {"full": url.whole()}}),
        Seen::Url(url) if form == 1 => json!({"url": {"original": url.whole()}}),
        Seen::Url(url) => json!({"url": in_parts(&url, ["scheme", "domain", "port", "path", "query"])}),
        Seen::Hash(hash) if form == 0 => json!({"process": {"hash": {hash_name(&hash): hash}}}),
        Seen::Hash(hash) => json!({"file": {"hash": {hash_name(&hash): hash}}}),
        Seen::Mail(mail) => json!({"email": {"from": {"address": [mail]}}}),
        Seen::Ja3(hash) => json!({"tls": {"client": {"ja3": hash}}}),
    };
    put(&mut event, more);
    out.push_str(&event.to_string());
}

fn ocsf(line: &mut Line<'_, '_>, out: &mut String) {
    let at = line.at.unwrap_or_default();
    let good = line.cases.good_address();
    let form = line.cases.random.below(3);
    let mut event = json!({"class_uid": 4001, "time": at * 1000, "src_endpoint": {"ip": line.client(), "port": line.port()}});
    let more = match line.seen.clone() {
        Seen::Address(address) if form == 0 => {
            json!({"query": {"hostname": "time.example.com"}, "answers": [{"rdata": good}, {"rdata": address}]})
        }
        Seen::Address(address) if form == 1 => {
            json!({"observables": [{"name": "dst_endpoint.ip", "type_id": 2, "value": address}]})
        }
        Seen::Address(address) => json!({"dst_endpoint": {"ip": address}}),
        Seen::Endpoint(address, port) => json!({"dst_endpoint": {"ip": address, "port": port}}),
        Seen::Name(name) if form == 0 => json!({"tls": {"sni": name}}),
        Seen::Name(name) if form == 1 => json!({"evidences": [{"query": {"hostname": name}}]}),
        Seen::Name(name) => json!({"query": {"hostname": name, "type": "A"}}),
        Seen::Url(url) if form == 0 => json!({"http_request": {"url": {"url_string": url.whole()}}}),
        Seen::Url(url) => json!({"http_request": {"http_method": "GET",
            "url": in_parts(&url, ["scheme", "hostname", "port", "path", "query_string"])}}),
        Seen::Hash(hash) if form == 0 => {
            json!({"process": {"file": {"hashes": [{"algorithm_id": 3, "value": hash}]}}})
        }
        Seen::Hash(hash) => json!({"file": {"hashes": [{"algorithm_id": 3, "value": hash}]}}),
        Seen::Mail(mail) => json!({"email": {"from": mail, "to": ["a@example.com"]}}),
        Seen::Ja3(hash) => json!({"tls": {"ja3_hash": {"algorithm_id": 1, "value": hash}}}),
    };
    put(&mut event, more);
    out.push_str(&event.to_string());
}

fn cloudtrail(line: &mut Line<'_, '_>, out: &mut String) {
    let at = line.at.unwrap_or_default();
    let mut event = json!({"eventVersion": "1.09", "eventTime": format!("{}Z", stamp(at)),
        "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "recipientAccountId": "111122223333"});
    let more = match line.seen.clone() {
        Seen::Address(address) => json!({"sourceIPAddress": address}),
        Seen::Name(name) if line.cases.random.one_in(2) => {
            json!({"sourceIPAddress": line.client(), "requestParameters": {"host": [name]}})
        }
        Seen::Name(name) => {
            json!({"sourceIPAddress": line.client(), "tlsDetails": {"clientProvidedHostHeader": name}})
        }
        _ => json!({}),
    };
    put(&mut event, more);
    out.push_str(&event.to_string());
}
