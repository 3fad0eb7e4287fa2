//! The policy zone, as who transfers it sees it, and in Unbound where it is here.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use edge::core::dns::{AXFR, IXFR, SOA, name};
use serde_json::json;

use crate::double::{NOW, Node, Running, free_port, start, until, value};

fn query(of_type: u16, serial: Option<u32>, of_name: &str) -> Vec<u8> {
    let authorities = u8::from(serial.is_some());
    let mut bytes = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, authorities, 0, 0];
    bytes.extend(name(of_name).unwrap());
    bytes.extend(of_type.to_be_bytes());
    bytes.extend([0, 1]);
    if let Some(serial) = serial {
        bytes.extend([0xC0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0]);
        bytes.extend(serial.to_be_bytes());
        bytes.extend([0; 16]);
    }
    bytes
}

fn label(bytes: &[u8], mut at: usize) -> (String, usize) {
    let (mut text, mut end) = (String::new(), None);
    loop {
        let length = usize::from(bytes[at]);
        if length >= 0xC0 {
            end.get_or_insert(at + 2);
            at = (length & 0x3F) << 8 | usize::from(bytes[at + 1]);
        } else if length == 0 {
            return (text, end.unwrap_or(at + 1));
        } else {
            text.push_str(std::str::from_utf8(&bytes[at + 1..=at + length]).unwrap());
            text.push('.');
            at += length + 1;
        }
    }
}

/// The owners and types of a message's answers, and the serials of its starts of authority.
fn records(bytes: &[u8]) -> Vec<(String, u16, u32)> {
    let count = u16::from_be_bytes([bytes[6], bytes[7]]);
    let (_, mut at) = label(bytes, 12);
    at += 4;
    (0..count)
        .map(|_| {
            let (owner, behind) = label(bytes, at);
            let of_type = u16::from_be_bytes([bytes[behind], bytes[behind + 1]]);
            let length = usize::from(u16::from_be_bytes([bytes[behind + 8], bytes[behind + 9]]));
            let data = &bytes[behind + 10..behind + 10 + length];
            at = behind + 10 + length;
            let serial = if of_type == SOA { &data[length - 20..length - 16] } else { &[0; 4] };
            (owner, of_type, u32::from_be_bytes(serial.try_into().unwrap()))
        })
        .collect()
}

/// A transfer up to its last start of authority.
fn transfer(port: u16, query: &[u8]) -> Vec<(String, u16, u32)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(&u16::try_from(query.len()).unwrap().to_be_bytes()).unwrap();
    stream.write_all(query).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let (mut at, mut found) = (0, Vec::new());
    while at < all.len() {
        let length = usize::from(u16::from_be_bytes([all[at], all[at + 1]]));
        found.extend(records(&all[at + 2..at + 2 + length]));
        at += 2 + length;
    }
    found
}

fn sensor(port: u16, more: &str) -> String {
    format!(
        "[[sensor]]\nname = \"zone\"\nkind = \"rpz\"\nzone = \"rpz.accord\"\nlisten = [\"127.0.0.1:{port}\"]\n{more}"
    )
}

#[test]
fn whole_zones_and_changes_are_given() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[
        value("domain", "subdomains", "evil.example", "block", None),
        value("domain", "exact", "a.evil.example", "block", None),
        value("domain", "exact", "told.example", "alert", None),
        value("domain", "wildcard", "below.example", "block", None),
    ]);
    let port = free_port();
    let edge = start(&node, folder.path(), &sensor(port, ""));
    until("it listens", || edge.status().sensors[0].cursor.is_some());
    let whole = transfer(port, &query(AXFR, None, "rpz.accord"));
    let serial = whole[0].2;
    let owners: Vec<&str> =
        whole.iter().filter(|(_, of_type, _)| *of_type == 5).map(|(owner, ..)| &**owner).collect();
    assert_eq!(
        owners,
        ["*.below.example.rpz.accord.", "evil.example.rpz.accord.", "*.evil.example.rpz.accord."]
    );
    assert_eq!(whole.last().unwrap(), &("rpz.accord.".to_owned(), SOA, serial));

    node.says("value", &value("domain", "exact", "new.example", "block", None));
    node.says("value", &value("domain", "subdomains", "evil.example", "nothing", None));
    // In one step or in two.
    until("a change", || transfer(port, &query(IXFR, Some(serial), "rpz.accord")).len() >= 8);
    let changes = transfer(port, &query(IXFR, Some(serial), "rpz.accord"));
    let last = changes[0].2;
    assert_eq!((changes[1].2, changes.last().unwrap().2), (serial, last));
    let has = |owner: &str| changes.iter().any(|(of, ..)| of == owner);
    // What the wider one covered is back in the same step.
    assert!(
        has("new.example.rpz.accord.")
            && has("*.evil.example.rpz.accord.")
            && has("a.evil.example.rpz.accord.")
    );
    assert_eq!(transfer(port, &query(IXFR, Some(last), "rpz.accord")).len(), 1, "nothing has changed since");
    let unknown = transfer(port, &query(IXFR, Some(7), "rpz.accord"));
    assert_eq!(unknown[1].1, 2, "who comes from elsewhere is given the whole zone");

    // Over UDP the serial is told, and nothing of other names.
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let ask = |query: &[u8]| {
        let mut buffer = [0; 512];
        socket.send_to(query, ("127.0.0.1", port)).unwrap();
        let length = socket.recv(&mut buffer).unwrap();
        buffer[..length].to_vec()
    };
    assert_eq!(records(&ask(&query(SOA, None, "rpz.accord")))[0].2, last);
    assert_eq!(ask(&query(SOA, None, "example.com"))[3] & 15, 9);
    edge.stop();
    // Another process goes on behind the serial that was given.
    let port = free_port();
    let edge = start(&node, folder.path(), &sensor(port, ""));
    until("it listens", || edge.status().sensors[0].cursor.is_some());
    assert!(transfer(port, &query(AXFR, None, "rpz.accord"))[0].2 > last);
    edge.stop();
}

#[test]
fn who_does_not_sign_is_given_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
    let node = Node::new(&[value("domain", "exact", "evil.example", "block", None)]);
    let port = free_port();
    let key =
        format!("tsig-name = \"edge\"\ntsig-secret-file = \"{}\"\n", folder.path().join("secret").display());
    let edge = start(&node, folder.path(), &sensor(port, &key));
    until("it listens", || edge.status().sensors[0].cursor.is_some());
    assert_eq!(transfer(port, &query(AXFR, None, "rpz.accord")).len(), 0);
    edge.stop();
}

const SECRET: &str = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=";

/// Whether a resolver says that there is no such name. Other names are asked for at a port where nobody is, which is another code.
fn is_blocked(resolver: u16, of_name: &str) -> bool {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut buffer = [0; 512];
    socket.send_to(&query(1, None, of_name), ("127.0.0.1", resolver)).unwrap();
    socket.recv(&mut buffer).is_ok() && buffer[3] & 15 == 3
}

/// What a resolver that is a secondary of the zone shows, as values come and go.
fn is_followed(node: &Node, resolver: u16) {
    until("the whole zone", || is_blocked(resolver, "www.evil.example"));
    node.says("value", &value("domain", "exact", "new.example", "block", None));
    until("an addition", || is_blocked(resolver, "new.example"));
    until("the node is told", || node.report().unwrap()["sensors"][0]["cursor"] == json!(node.cursor()));
    node.says("value", &value("domain", "subdomains", "evil.example", "nothing", None));
    until("a recall", || !is_blocked(resolver, "www.evil.example"));
    assert!(is_blocked(resolver, "new.example"));
}

#[test]
fn unbound_follows_the_zone() {
    let folder = tempfile::tempdir().unwrap();
    let (primary, resolver, nobody) = (free_port(), free_port(), free_port());
    let at = folder.path().display();
    let config = format!(
        "server:\n  interface: 127.0.0.1@{resolver}\n  do-daemonize: no\n  chroot: \"\"\n  username: \"\"\n  directory: \"{at}\"\n  \
         pidfile: \"{at}/pid\"\n  use-syslog: no\n  logfile: \"{at}/log\"\n  module-config: \"respip iterator\"\n  \
         do-not-query-localhost: no\nrpz:\n  name: rpz.accord\n  primary: 127.0.0.1@{primary}\n  allow-notify: 127.0.0.1\n\
         forward-zone:\n  name: \".\"\n  forward-addr: 127.0.0.1@{nobody}\n"
    );
    std::fs::write(folder.path().join("unbound.conf"), config).unwrap();
    let node = Node::new(&[value("domain", "subdomains", "evil.example", "block", None)]);
    let more = format!("secondaries = [\"127.0.0.1:{resolver}\"]\n");
    let edge = start(&node, folder.path(), &sensor(primary, &more));
    let mut command = Command::new("unbound");
    command.args(["-d", "-c"]).arg(folder.path().join("unbound.conf")).stderr(Stdio::null());
    let Ok(child) = command.spawn() else {
        println!("NOT JUDGED: no unbound here");
        return;
    };
    let _unbound = Running(child);
    is_followed(&node, resolver);
    edge.stop();
}

#[test]
fn bind_follows_the_signed_zone() {
    let folder = tempfile::tempdir().unwrap();
    let (primary, resolver, nobody) = (free_port(), free_port(), free_port());
    let at = folder.path().display();
    let config = format!(
        "key \"edge\" {{ algorithm hmac-sha256; secret \"{SECRET}\"; }};\ncontrols {{ }};\n\
         options {{ directory \"{at}\"; pid-file \"{at}/pid\"; session-keyfile \"{at}/session\"; recursion yes;\n\
         listen-on port {resolver} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; dnssec-validation no; notify no;\n\
         forward only; forwarders {{ 127.0.0.1 port {nobody}; }};\n\
         response-policy {{ zone \"rpz.accord\" min-update-interval 0; }} qname-wait-recurse no; }};\n\
         zone \"rpz.accord\" {{ type secondary; file \"{at}/zone\"; primaries {{ 127.0.0.1 port {primary} key edge; }};\n\
         allow-notify {{ 127.0.0.1; }}; allow-query {{ none; }}; }};\n"
    );
    std::fs::write(folder.path().join("named.conf"), config).unwrap();
    std::fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
    let node = Node::new(&[value("domain", "subdomains", "evil.example", "block", None)]);
    // Signatures go by the clock that BIND has.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    node.later(i64::try_from(now).unwrap() - NOW.0 / 1_000_000);
    let more = format!(
        "secondaries = [\"127.0.0.1:{resolver}\"]\ntsig-name = \"edge\"\ntsig-secret-file = \"{at}/secret\"\n"
    );
    let edge = start(&node, folder.path(), &sensor(primary, &more));
    let mut command = Command::new("named");
    command.args(["-g", "-c"]).arg(folder.path().join("named.conf")).stderr(Stdio::null());
    let Ok(child) = command.spawn() else {
        println!("NOT JUDGED: no named here");
        return;
    };
    let _named = Running(child);
    is_followed(&node, resolver);
    // It went by what changed, and not by the whole again: only then does it keep a journal.
    until("a journal", || folder.path().join("zone.jnl").exists());
    edge.stop();
}
